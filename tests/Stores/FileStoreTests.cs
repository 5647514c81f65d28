using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;
using Iscsitop.Tests.Scsi;

namespace Iscsitop.Tests.Stores;

[TestFixture]
public sealed class FileStoreTests
{
    private string _directory = "";

    private string FilePath => Path.Combine(_directory, "disk.img");

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("filestore").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void Agrees_with_an_array() => StoreOracle.Check(() =>
    {
        File.Delete(FilePath);
        return FileStore.Open(FilePath, StoreOracle.Length, 512, readOnly: false);
    });

    [Test]
    public void Written_bytes_are_in_the_file()
    {
        using (FileStore store = FileStore.Open(FilePath, 8192, 4096, readOnly: false))
        {
            store.Write(4095, [1, 2]);
            store.Flush();
        }
        byte[] bytes = File.ReadAllBytes(FilePath);
        Assert.That((bytes.Length, bytes[4094], bytes[4095], bytes[4096], bytes[4097]), Is.EqualTo((8192, 0, 1, 2, 0)));
    }

    [Test]
    public void An_existing_file_is_taken_as_it_is([Values(0, 8192)] int size)
    {
        File.WriteAllBytes(FilePath, [.. Enumerable.Repeat((byte)7, 8192)]);
        using FileStore store = FileStore.Open(FilePath, size, 512, readOnly: true);
        byte[] data = new byte[4];
        store.Read(8188, data);
        Assert.Multiple(() =>
        {
            Assert.That((store.Length, store.ReadOnly, store.WriteCache), Is.EqualTo((8192L, true, false)));
            Assert.That(data, Is.All.EqualTo(7));
        });
    }

    [Test]
    public void It_is_the_same_when_it_is_opened_again_and_another_in_its_place_is_not()
    {
        string first = Identity(8192);
        using (FileStream grown = File.OpenWrite(FilePath)) grown.SetLength(16384);
        string again = Identity(0);
        File.Move(FilePath, FilePath + ".old");
        string other = Identity(8192);
        Assert.Multiple(() =>
        {
            Assert.That(first, Does.StartWith(FilePath + " "));
            Assert.That(again, Is.EqualTo(first));
            if (OperatingSystem.IsLinux()) Assert.That(other, Is.Not.EqualTo(first));
        });

        string Identity(long size)
        {
            using FileStore store = FileStore.Open(FilePath, size, 512, readOnly: false);
            return store.Identity;
        }
    }

    [TestCase(8192, 4096, false, "has 8192 bytes, not the size=4096 that is asked for")]
    [TestCase(1000, 0, false, "has 1000 bytes, which is no multiple of the block size 512")]
    [TestCase(0, 0, false, "is empty or no regular file")]
    [TestCase(0, 4096, false, "is empty or no regular file")]
    [TestCase(-1, 0, false, "there is no file '")]
    [TestCase(-1, 4096, true, "ro does not make one")]
    public void Wrong_files_are_refused_with_the_reason(int exists, long size, bool readOnly, string reason)
    {
        if (exists >= 0) File.WriteAllBytes(FilePath, new byte[exists]);
        Assert.That(() => FileStore.Open(FilePath, size, 512, readOnly), Throws.InstanceOf<IOException>().With.Message.Contains(reason).And.Message.Contains(FilePath));
        Assert.That(File.Exists(FilePath), Is.EqualTo(exists >= 0));
    }

    [Test]
    public void A_new_file_of_no_whole_blocks_is_not_left_behind()
    {
        Assert.That(() => FileStore.Open(FilePath, 1000, 512, readOnly: false), Throws.InstanceOf<IOException>());
        Assert.That(File.Exists(FilePath), Is.False);
    }

    [Test]
    public void Directories_are_refused() => Assert.Multiple(() =>
    {
        Assert.That(() => FileStore.Open(_directory, 0, 512, false), Throws.InstanceOf<IOException>().With.Message.Contains("is a directory"));
        Assert.That(() => FileStore.Open(Path.Combine(_directory, "no", "x"), 512, 512, false), Throws.InstanceOf<IOException>().With.Message.Contains("there is no directory"));
    });

    [Test]
    public void One_target_at_a_time_writes_a_file()
    {
        using FileStore store = FileStore.Open(FilePath, 4096, 512, readOnly: false);
        Assert.That(() => FileStore.Open(FilePath, 0, 512, readOnly: true), Throws.InstanceOf<IOException>().With.Message.Contains("cannot be opened"));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "a file that is open cannot be cut there")]
    public void A_file_that_was_cut_gives_errors_and_no_zeros()
    {
        File.WriteAllBytes(FilePath, new byte[8192]);
        using var rig = new Rig(new FileStore(File.OpenHandle(FilePath, access: FileAccess.ReadWrite, share: FileShare.ReadWrite), FilePath, 8192, readOnly: false));
        using (var cut = new FileStream(FilePath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) cut.SetLength(4096);
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run(MediumTests.Cdb(0x28, 7, 2)), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That((rig.Code, rig.Task.Sense.Information), Is.EqualTo((SenseCode.UnrecoveredReadError, 8ul)));
            Assert.That(rig.Run(MediumTests.Cdb(0x28, 0, 8)), Is.EqualTo(ScsiStatus.Good));
            Assert.That(rig.Run(MediumTests.Cdb(0x2a, 15, 1), new byte[512]), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That(rig.Code, Is.EqualTo(SenseCode.WriteError));
            Assert.That(new FileInfo(FilePath).Length, Is.EqualTo(4096));
        });
    }

    [Test]
    [Platform("Linux", Reason = "/dev/full is a device of Linux")]
    public void A_full_device_is_an_allocation_failure()
    {
        using var store = new FileStore(File.OpenHandle("/dev/full", access: FileAccess.Write, share: FileShare.ReadWrite), "/dev/full", 0, readOnly: false);
        var e = Assert.Throws<StoreException>(() => store.Write(0, new byte[512]));
        Assert.That(e!.Code, Is.EqualTo(SenseCode.SpaceAllocationFailed));
    }

    [Test]
    public void A_closed_file_is_a_lost_unit()
    {
        using var rig = new Rig(FileStore.Open(FilePath, 8192, 512, readOnly: false));
        rig.Unit.Store.Dispose();
        foreach (byte opcode in new byte[] { 0x28, 0x2a, 0x35 })
        {
            rig.Run(MediumTests.Cdb(opcode, 0, 1), new byte[512]);
            Assert.That(rig.Code, Is.EqualTo(SenseCode.LogicalUnitCommunicationFailure));
        }
    }

    [Test]
    public void Nothing_is_allocated_per_read_and_write()
    {
        using var rig = new Rig(FileStore.Open(FilePath, 1 << 20, 512, readOnly: false));
        byte[] read = MediumTests.Cdb(0x28, 0, 64), write = MediumTests.Cdb(0x2a, 0, 64), data = new byte[64 * 512];
        void Both()
        {
            MediumTests.Execute(rig, write, data);
            MediumTests.Execute(rig, read, data);
        }

        Assert.That(Allocated.By(Both), Is.Zero);
    }

    [Test]
    public void Unmapped_bytes_are_zeros_and_the_rest_stays()
    {
        using FileStore store = FileStore.Open(FilePath, 1 << 20, 512, readOnly: false);
        byte[] data = [.. Enumerable.Repeat((byte)7, 1 << 20)];
        store.Write(0, data);
        store.Unmap(65536 + 512, 131072);
        data.AsSpan(65536 + 512, 131072).Clear();
        byte[] read = new byte[1 << 20];
        store.Read(0, read);
        Assert.That(read.AsSpan().SequenceEqual(data));
        Assert.That(new FileInfo(FilePath).Length, Is.EqualTo(1 << 20));
    }

    [Test]
    [Platform("Linux", Reason = "only Linux tells and makes holes")]
    public void Holes_are_told_and_made()
    {
        using FileStore store = FileStore.Open(FilePath, 1 << 20, 512, readOnly: false);
        Assert.That((store.Extent(512, out bool mapped), mapped), Is.EqualTo(((1L << 20) - 512, false)), "a new file is a hole");
        store.Write(0, new byte[1 << 20]);
        Assert.That((store.Extent(0, out mapped), mapped), Is.EqualTo((1L << 20, true)));
        store.Unmap(1 << 18, 1 << 18);
        Assert.That((store.Extent(4096, out mapped), mapped), Is.EqualTo(((1L << 18) - 4096, true)));
        Assert.That((store.Extent(1 << 18, out mapped), mapped), Is.EqualTo((1L << 18, false)));
    }

    [Test]
    public void After_a_failed_flush_no_write_succeeds()
    {
        int flushes = 0;
        using var rig = new Rig(WithSync(() =>
        {
            if (flushes++ == 0) throw new IOException("the disk is gone");
        }));
        Assert.That(rig.Run(MediumTests.Cdb(0x2a, 0, 1), new byte[512]), Is.EqualTo(ScsiStatus.Good));
        foreach (byte opcode in new byte[] { 0x35, 0x35, 0x2a, 0x8b })
        {
            rig.Run(MediumTests.Cdb(opcode, 0, 1), new byte[512]);
            Assert.That(rig.Code, Is.EqualTo(SenseCode.WriteError), $"{opcode:x2}");
        }
        Assert.That(rig.Run(MediumTests.Cdb(0x28, 0, 1)), Is.EqualTo(ScsiStatus.Good));
        Assert.That(flushes, Is.EqualTo(1), "the system is not asked again");
    }

    [Test]
    public void A_flush_beside_one_that_fails_fails_too()
    {
        int flushes = 0;
        using var begun = new ManualResetEventSlim();
        using var mayFail = new ManualResetEventSlim();
        using FileStore store = WithSync(() =>
        {
            if (Interlocked.Increment(ref flushes) > 1) return; // the system has told somebody, and tells nobody else
            begun.Set();
            mayFail.Wait();
            throw new IOException("the disk is gone");
        });
        SenseCode? first = null, other = null;
        var second = new Thread(() => other = FlushFailure(store));
        var thread = new Thread(() => first = FlushFailure(store));
        thread.Start();
        begun.Wait();
        second.Start();
        Assert.That(SpinWait.SpinUntil(() => store.FlushesAsked == 2, TimeSpan.FromSeconds(60)));
        mayFail.Set();
        thread.Join();
        second.Join();
        Assert.That((first, other, flushes), Is.EqualTo(((SenseCode?)SenseCode.WriteError, (SenseCode?)SenseCode.WriteError, 1)));
    }

    [Test]
    public void Flushes_that_wait_for_one_share_the_next()
    {
        int flushes = 0;
        using var begun = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        using FileStore store = WithSync(() =>
        {
            if (Interlocked.Increment(ref flushes) > 1) return;
            begun.Set();
            mayEnd.Wait();
        });
        var thread = new Thread(store.Flush);
        thread.Start();
        begun.Wait();
        Thread[] started = [.. Enumerable.Range(0, 8).Select(_ => new Thread(store.Flush))];
        foreach (Thread t in started) t.Start();
        Assert.That(SpinWait.SpinUntil(() => store.FlushesAsked == 9, TimeSpan.FromSeconds(60)));
        mayEnd.Set();
        foreach (Thread t in started) t.Join();
        thread.Join();
        Assert.That(flushes, Is.EqualTo(2), "what came after the first began is not in it, and all of it is in the second");
        store.Flush();
        Assert.That(flushes, Is.EqualTo(3));
    }

    private FileStore WithSync(Action sync)
    {
        File.WriteAllBytes(FilePath, new byte[8192]);
        return new FileStore(File.OpenHandle(FilePath, access: FileAccess.ReadWrite), FilePath, 8192, readOnly: false) { Sync = sync };
    }

    private static SenseCode? FlushFailure(FileStore store)
    {
        try
        {
            store.Flush();
            return null;
        }
        catch (StoreException e)
        {
            return e.Code;
        }
    }

    [Test]
    [Platform("Linux", Reason = "block devices of Linux")]
    public void What_is_no_block_device_is_refused()
    {
        File.WriteAllBytes(FilePath, new byte[4096]);
        foreach ((string path, string reason) in new[]
        {
            (FilePath, "it is no block device; file:PATH serves a file"), ("/dev/null", "it is no block device"),
            (_directory, "is a directory"), (FilePath + "x", "No such file"),
        })
            Assert.That(() => FileStore.OpenDevice(path, 512, readOnly: true), Throws.InstanceOf<IOException>().With.Message.Contains(reason).And.Message.Contains(path));
    }
}
