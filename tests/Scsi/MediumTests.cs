using System.Buffers.Binary;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class MediumTests
{
    private const ulong Capacity = 8192;

    private static readonly (ulong Lba, uint Blocks, bool Good)[] s_ranges =
    [
        (0, 0, true), (0, 1, true), (0, 256, true), (Capacity - 1, 1, true), (Capacity - 256, 256, true), (Capacity, 0, true),
        (Capacity, 1, false), (Capacity - 1, 2, false), (Capacity + 1, 0, false), (1ul << 31, 0, false), (1ul << 31, 1, false),
        (uint.MaxValue, 1, false), (uint.MaxValue, 0, false),
    ];

    // Beyond 32 bits; times 512 some of them are small again in 64.
    private static readonly ulong[] s_far = [1ul << 63, ulong.MaxValue, 1ul << 55, 1ul << 54, 1ul << 32, (1ul << 55) - 1];

    private static readonly byte[] s_opcodes = [0x28, 0xa8, 0x88, 0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e, 0x2f, 0xaf, 0x8f, 0x34, 0x90, 0x35, 0x91];

    private static IEnumerable<object[]> Ranges()
    {
        foreach (byte opcode in s_opcodes)
        {
            foreach ((ulong lba, uint blocks, bool good) in s_ranges) yield return [opcode, lba, blocks, good];
            if (opcode >> 4 is not (8 or 9)) continue;
            foreach (ulong lba in s_far)
                for (uint blocks = 0; blocks < 3; blocks++)
                    yield return [opcode, lba, blocks, false];
        }
    }

    [TestCaseSource(nameof(Ranges))]
    public void The_range_must_lie_on_the_medium(byte opcode, ulong lba, uint blocks, bool good)
    {
        using var rig = new Rig();
        ScsiStatus status = rig.Run(Cdb(opcode, lba, blocks), new byte[blocks * 512]);
        Assert.Multiple(() =>
        {
            Assert.That(status, Is.EqualTo(good ? ScsiStatus.Good : ScsiStatus.CheckCondition));
            Assert.That(rig.Code, Is.EqualTo(good ? SenseCode.NoSense : SenseCode.LbaOutOfRange));
        });
    }

    [Test]
    public void What_was_written_is_read([Values(512, 4096)] int blockSize, [Values("ram", "file")] string kind)
    {
        string path = Path.GetTempFileName();
        using (var rig = new Rig(kind == "ram" ? new MemoryStore(4 << 20) : Sized(path), blockSize))
        {
            byte[] data = Random(3 * blockSize);
            Assert.Multiple(() =>
            {
                Assert.That(rig.Run(Cdb(0x2a, 100, 3), data), Is.EqualTo(ScsiStatus.Good));
                Assert.That(rig.Run(Cdb(0x88, 100, 3)), Is.EqualTo(ScsiStatus.Good));
                Assert.That(rig.DataIn, Is.EqualTo(data));
                Assert.That(rig.Run(Cdb(0xa8, 99, 1)), Is.EqualTo(ScsiStatus.Good));
                Assert.That(rig.DataIn, Is.EqualTo(new byte[blockSize]));
            });
        }
        File.Delete(path);
    }

    [Test]
    public void Zero_means_256_blocks_in_read_6()
    {
        using var rig = new Rig();
        rig.Run("08 00 00 10 00 00");
        Assert.That(rig.DataIn, Has.Length.EqualTo(256 * 512));
    }

    [Test]
    public void Lba_bits_of_write_6_are_not_fua()
    {
        using var rig = new Rig(new MemoryStore(1L << 30));
        byte[] data = Random(512);
        rig.Run("0A 08 00 00 01 00", data);
        rig.Run(Cdb(0x28, 0x80000, 1));
        Assert.That(rig.DataIn, Is.EqualTo(data));
    }

    [TestCase(0x2a, 1024, 1024, TestName = "less, whole blocks: those are written")]
    [TestCase(0x2a, 0, 0, TestName = "nothing: nothing is written")]
    [TestCase(0x8a, 200, -1, TestName = "no whole block: refused")]
    [TestCase(0x8a, 1100, -1, TestName = "not whole blocks: refused")]
    [TestCase(0x2e, 512, 512, TestName = "WRITE AND VERIFY, whole blocks")]
    [TestCase(0xae, 513, -1, TestName = "WRITE AND VERIFY, not whole blocks")]
    public void Fewer_data_than_the_cdb_asks_for(int opcode, int sent, int written)
    {
        using var rig = new Rig();
        byte[] data = Random(sent);
        ScsiStatus status = rig.Run(Cdb((byte)opcode, 0, 4), data);
        Assert.That((status, rig.Code), Is.EqualTo(written >= 0
            ? (ScsiStatus.Good, SenseCode.NoSense)
            : (ScsiStatus.CheckCondition, SenseCode.InvalidFieldInCommandInformationUnit)));
        rig.Run(Cdb(0x28, 0, 4));
        Assert.That(rig.DataIn, Is.EqualTo(data.Take(Math.Max(written, 0)).Concat(new byte[2048 - Math.Max(written, 0)])));
    }

    [TestCase((byte)0x2f)]
    [TestCase((byte)0xaf)]
    [TestCase((byte)0x8f)]
    public void Verify_compares(byte opcode)
    {
        using var rig = new Rig();
        byte[] data = Random(8 * 512);
        rig.Run(Cdb(0x2a, 5, 8), data);
        byte[] cdb = Cdb(opcode, 5, 8);
        Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good), "BYTCHK 0 wants no data");
        cdb[1] = 0x02;
        Assert.That(rig.Run(cdb, data), Is.EqualTo(ScsiStatus.Good));
        data[1027] ^= 1;
        Assert.That(rig.Run(cdb, data), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((rig.Code, rig.Task.Sense.Information), Is.EqualTo((SenseCode.MiscompareDuringVerify, 1027ul)));
        Assert.That(rig.Run(cdb, data.AsSpan(0, 512)), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That(rig.Code, Is.EqualTo(SenseCode.InvalidFieldInCommandInformationUnit));
        cdb[1] = 0x04;
        Assert.That(rig.Run(cdb, data), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "1.2")));
    }

    [Test]
    public void Verify_compares_every_block_to_one()
    {
        using var rig = new Rig();
        byte[] block = Random(512);
        rig.Run(Cdb(0x2a, 0, 4096), [.. Enumerable.Repeat(block, 4096).SelectMany(b => b)]);
        byte[] cdb = Cdb(0x8f, 0, 4096);
        cdb[1] = 0x06;
        Assert.That(rig.Run(cdb, block), Is.EqualTo(ScsiStatus.Good));
        byte[] other = [.. block];
        other[511] ^= 0x80;
        rig.Run(Cdb(0x2a, 4000, 1), other);
        Assert.That(rig.Run(cdb, block), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((rig.Code, rig.Task.Sense.Information), Is.EqualTo((SenseCode.MiscompareDuringVerify, 511ul)));
    }

    [Test]
    public void A_long_verify_finds_a_difference_in_its_last_byte()
    {
        using var rig = new Rig();
        byte[] data = Random(6144 * 512);
        rig.Run(Cdb(0x2a, 0, 6144), data);
        byte[] cdb = Cdb(0x8f, 0, 6144);
        cdb[1] = 0x02;
        Assert.That(rig.Run(cdb, data), Is.EqualTo(ScsiStatus.Good));
        data[^1] ^= 1;
        rig.Run(cdb, data);
        Assert.That((rig.Code, rig.Task.Sense.Information), Is.EqualTo((SenseCode.MiscompareDuringVerify, (ulong)data.Length - 1)));
    }

    [TestCase((byte)0x2e)]
    [TestCase((byte)0xae)]
    [TestCase((byte)0x8e)]
    public void Write_and_verify_reads_back(byte opcode)
    {
        using var rig = new Rig(new ForgetfulStore());
        byte[] cdb = Cdb(opcode, 0, 1);
        Assert.That(rig.Run(cdb, Random(512)), Is.EqualTo(ScsiStatus.Good), "BYTCHK 0 only reads");
        cdb[1] = 0x02;
        Assert.That(rig.Run(cdb, new byte[512]), Is.EqualTo(ScsiStatus.Good));
        byte[] data = new byte[512];
        data[9] = 1;
        Assert.That(rig.Run(cdb, data), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((rig.Code, rig.Task.Sense.Information), Is.EqualTo((SenseCode.MiscompareDuringVerify, 9ul)));
        cdb[1] = 0x06;
        Assert.That(rig.Run(cdb, data), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That(rig.Pointer, Is.EqualTo("1.2"));
    }

    [TestCase("2A 08 00 00 00 00 00 00 01 00", 1, TestName = "FUA of a write")]
    [TestCase("28 08 00 00 00 00 00 00 01 00", 1, TestName = "FUA of a read")]
    [TestCase("2A 10 00 00 00 00 00 00 01 00", 0, TestName = "DPO of a write")]
    [TestCase("28 00 00 00 00 00 00 00 01 00", 0, TestName = "a plain read")]
    [TestCase("35 00 00 00 00 00 00 00 00 00", 1, TestName = "SYNCHRONIZE CACHE(10)")]
    [TestCase("91 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00", 1, TestName = "SYNCHRONIZE CACHE(16) IMMED")]
    [TestCase("2F 00 00 00 00 00 00 00 01 00", 1, TestName = "VERIFY")]
    [TestCase("2E 00 00 00 00 00 00 00 01 00", 1, TestName = "WRITE AND VERIFY")]
    [TestCase("1B 00 00 00 00 00", 1, TestName = "STOP")]
    [TestCase("1B 00 00 00 04 00", 0, TestName = "STOP with NO_FLUSH")]
    [TestCase("1B 00 00 00 01 00", 0, TestName = "START")]
    public void The_cache_is_flushed_when_a_command_says_so(string cdb, int flushes)
    {
        var store = new ForgetfulStore();
        using var rig = new Rig(store);
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run(cdb, new byte[512]), Is.EqualTo(ScsiStatus.Good));
            Assert.That(store.Flushes, Is.EqualTo(flushes));
        });
    }

    [Test]
    public void What_would_wait_is_deferred_and_has_done_nothing([Values("28", "2A", "2E", "2F", "35")] string opcode)
    {
        var store = new ForgetfulStore();
        using var rig = new Rig(store);
        rig.Task.Reset(Convert.FromHexString(opcode + "000000000000000100000000000000"), []);
        rig.Task.Nexus = rig.Nexus;
        rig.Task.Unit = rig.Unit;
        Assert.That(DeviceServer.Prepare(rig.Task), Is.EqualTo(ScsiStatus.Good));
        rig.Task.SetDataOut(new byte[rig.Task.OutLength]);
        Assert.Multiple(() =>
        {
            Assert.That(DeviceServer.Execute(rig.Task), Is.EqualTo(ScsiTask.Deferred));
            Assert.That((store.Calls, rig.Task.DataInCount), Is.EqualTo((0, 0)));
        });
        rig.Task.MayBlock = true;
        Assert.That(DeviceServer.Execute(rig.Task), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void A_write_protected_unit_is_read_only([Values(0x0a, 0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e)] int opcode)
    {
        using var rig = new Rig(readOnly: true);
        rig.Run(opcode == 0x0a ? [0x0a, 0, 0, 0, 1, 0] : Cdb((byte)opcode, 0, 1), new byte[512]);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.WriteProtected));
        Assert.That(rig.Run(Cdb(0x28, 0, 1)), Is.EqualTo(ScsiStatus.Good));
    }

    [TestCase(4L << 20, "00001FFF00000200", "0000000000001FFF00000200")]
    [TestCase(2L << 40, "FFFFFFFF00000200", "00000000FFFFFFFF00000200")]
    [TestCase((2L << 40) + 512, "FFFFFFFF00000200", "000000010000000000000200")]
    public void Capacity_is_the_last_block(long length, string ten, string sixteen)
    {
        using var rig = new Rig(new MemoryStore(length));
        rig.Run("25");
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(ten));
        rig.Run("9E 10 00 00 00 00 00 00 00 00 00 00 00 FF");
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(sixteen + new string('0', 40)));
    }

    [Test]
    public void Reads_and_writes_of_memory_allocate_nothing()
    {
        using var rig = new Rig();
        byte[] read = Cdb(0x28, 2000, 256), write = Cdb(0x2a, 2000, 256);
        byte[] data = new byte[256 * 512];
        void Both()
        {
            Execute(rig, write, data);
            Execute(rig, read, data);
        }

        Assert.That(Allocated.By(Both), Is.Zero);
    }

    internal static void Execute(Rig rig, byte[] cdb, byte[] data)
    {
        rig.Task.Reset(cdb, []);
        rig.Task.Nexus = rig.Nexus;
        rig.Task.Unit = rig.Nexus.Find(0);
        if (DeviceServer.Prepare(rig.Task) != ScsiStatus.Good) throw new InvalidOperationException("not prepared");
        rig.Task.SetDataOut(new ArraySegment<byte>(data, 0, (int)rig.Task.OutLength));
        ScsiStatus status = DeviceServer.Execute(rig.Task);
        if (status == ScsiTask.Deferred)
        {
            rig.Task.MayBlock = true;
            status = DeviceServer.Execute(rig.Task);
        }
        if (status != ScsiStatus.Good) throw new InvalidOperationException(rig.Code.ToString());
    }

    /// <summary>A CDB of 10, 12 or 16 bytes; an LBA that does not fit a shorter one keeps its low bytes.</summary>
    internal static byte[] Cdb(byte opcode, ulong lba, uint blocks)
    {
        byte[] cdb = new byte[16];
        cdb[0] = opcode;
        CdbLayout layout = Command.Find(cdb)!.Layout;
        if (layout.LbaBytes == 8) BinaryPrimitives.WriteUInt64BigEndian(cdb.AsSpan(layout.Lba), lba);
        else BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(layout.Lba), (uint)lba);
        if (layout.LengthBytes == 2) BinaryPrimitives.WriteUInt16BigEndian(cdb.AsSpan(layout.Length), (ushort)blocks);
        else BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(layout.Length), blocks);
        return cdb;
    }

    private static byte[] Random(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    private static FileStore Sized(string path)
    {
        File.WriteAllBytes(path, new byte[4 << 20]);
        return FileStore.Open(path, 0, 512, readOnly: false);
    }

    /// <summary>Zeros behind a write cache; forgets writes and counts calls.</summary>
    private sealed class ForgetfulStore : Store
    {
        private readonly MemoryStore _zeros = new(1 << 20);

        public int Calls { get; private set; }

        public int Flushes { get; private set; }

        public override long Length => _zeros.Length;

        public override bool MayBlock => true;

        public override bool WriteCache => true;

        public override bool TryReadNow(long offset, int length, ScsiTask task) => false;

        public override void Read(long offset, int length, ScsiTask task)
        {
            Calls++;
            _zeros.Read(offset, length, task);
        }

        public override void Read(long offset, Span<byte> into)
        {
            Calls++;
            _zeros.Read(offset, into);
        }

        public override void Put(long offset, ReadOnlySpan<byte> from) => Calls++;

        public override void Flush()
        {
            Calls++;
            Flushes++;
        }
    }
}
