using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class SanitizerTests
{
    private const string BlockErase = "48 02 00 00 00 00 00 00 00 00";
    private const string CryptographicErase = "48 03 00 00 00 00 00 00 00 00";
    private const string Exit = "48 1F 00 00 00 00 00 00 00 00";
    private const string Ready = "00 00 00 00 00 00";

    [TestCase("01000001A5", "A5A5", "A5A5")]
    [TestCase("01000003010203", "010203", "0102")]
    [TestCase("83000001F0", "F0F0", "F0F0", TestName = "three passes, each inverted")]
    [TestCase("82000001F0", "F0F0", "F0F0", TestName = "two passes, the first inverted")]
    public void Overwrite_repeats_its_pattern_from_the_begin_of_each_block(string list, string begin, string end)
    {
        using var rig = new Rig();
        Assert.That(Overwrite(rig, list), Is.EqualTo(ScsiStatus.Good));
        rig.Run(MediumTests.Cdb(0x28, 8191, 1));
        string block = Convert.ToHexString(rig.DataIn);
        Assert.That((block[..begin.Length], block[^end.Length..]), Is.EqualTo((begin, end)));
        rig.Run(MediumTests.Cdb(0x28, 0, 1));
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(block));
    }

    // What aborts it may be among the others that it waits for.
    [Test]
    public void One_that_is_aborted_while_it_waits_for_others_does_not_begin()
    {
        using var rig = new Rig();
        rig.Run(MediumTests.Cdb(0x2a, 0, 1), (byte[])[1, .. new byte[511]]);
        rig.Unit.Enter(0);
        rig.Unit.Enter(0);
        rig.Task.Void = true;
        rig.Run(CryptographicErase);
        rig.Task.Void = false;
        Assert.That(rig.Run(MediumTests.Cdb(0x28, 0, 1)), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.DataIn[0], Is.EqualTo(1));
    }

    [Test]
    public void A_unit_that_is_not_thin_has_no_block_erase()
    {
        using var rig = new Rig();
        rig.Run(BlockErase);
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "1.4")));
    }

    [TestCase(BlockErase, true)]
    [TestCase(CryptographicErase, true)]
    [TestCase(CryptographicErase, false)]
    public void Erases_leave_nothing(string cdb, bool thin)
    {
        using var rig = new Rig(thin: thin);
        byte[] data = new byte[8192 * 512];
        data.AsSpan().Fill(1);
        rig.Run(MediumTests.Cdb(0x2a, 0, 8192), data);
        Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good));
        rig.Run(MediumTests.Cdb(0x28, 0, 8192));
        Assert.That(rig.DataIn.AsSpan().ContainsAnyExcept((byte)0), Is.False);
        Assert.That(((MemoryStore)rig.Unit.Store).Allocated, Is.EqualTo(thin ? 0 : 4 << 20));
    }

    [TestCase("48 01 00 00 00 00 00 00 00 00", "", "7.7")]
    [TestCase("48 01 00 00 00 00 00 00 04 00", "01000001", "7.7")]
    [TestCase("48 01 00 00 00 00 00 02 05 00", "01000001", "7.7")]
    [TestCase("48 01 00 00 00 00 00 00 05 00", "00000001A5", "list 0.4")]
    [TestCase("48 01 00 00 00 00 00 00 05 00", "01000000A5", "list 2.7")]
    [TestCase("48 01 00 00 00 00 00 00 05 00", "01000002A5", "list 2.7")]
    [TestCase("48 02 00 00 00 00 00 00 08 00", "0000000000000000", "7.7")]
    [TestCase("48 03 00 00 00 00 00 00 08 00", "0000000000000000", "7.7")]
    [TestCase("48 1F 00 00 00 00 00 00 08 00", "0000000000000000", "7.7")]
    [TestCase("48 42 00 00 00 00 00 00 00 00", "", "1.6")]
    [TestCase("48 02 00 00 00 00 01 00 00 00", "", "6.0")]
    [TestCase("48 04 00 00 00 00 00 00 00 00", "", "1.4")]
    public void Wrong_fields_are_pointed_to(string cdb, string list, string pointer)
    {
        using var rig = new Rig(thin: true);
        Assert.That(rig.Run(cdb, Convert.FromHexString(list)), Is.EqualTo(ScsiStatus.CheckCondition));
        bool inList = pointer.StartsWith("list ", StringComparison.Ordinal);
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo(inList
            ? (SenseCode.InvalidFieldInParameterList, pointer[5..])
            : (SenseCode.InvalidFieldInCdb, pointer)));
    }

    [Test]
    public void While_it_runs_the_medium_is_out_of_reach_and_a_reset_does_not_end_it()
    {
        var store = new SlowStore();
        using var rig = new Rig(store);
        Assert.That(Overwrite(rig, "01000001A5", immediate: true), Is.EqualTo(ScsiStatus.Good));
        store.Writing.Wait();
        foreach (string cdb in new[] { Ready, "28 00 00 00 00 00 00 00 01 00", "2A 00 00 00 00 00 00 00 01 00", "1B 00 00 00 01 00", "48 03 00 00 00 00 00 00 00 00" })
        {
            rig.Run(cdb, new byte[512]);
            Assert.That(rig.Code, Is.EqualTo(SenseCode.SanitizeInProgress), cdb);
        }
        Assert.That(rig.Run("12 00 00 00 60 00"), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.Run("03 00 00 00 12 00"), Is.EqualTo(ScsiStatus.Good));
        Assert.That((rig.DataIn[2], rig.DataIn[12], rig.DataIn[13], rig.DataIn[15] & 0x80), Is.EqualTo(((byte)2, (byte)0x04, (byte)0x1b, 0x80)), "with progress");
        rig.Unit.Reset();
        rig.Nexus.Attentions(rig.Unit).Take();
        rig.Run(Ready);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.SanitizeInProgress));
        store.MayWrite.Set();
        Assert.That(SpinWait.SpinUntil(() => !rig.Unit.Sanitizer.InProgress, TimeSpan.FromSeconds(60)));
        Assert.That(rig.Run(Ready), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void A_failure_lasts_until_it_may_be_left([Values] bool unrestricted)
    {
        var store = new SlowStore { Fails = true };
        store.MayWrite.Set();
        using var rig = new Rig(store);
        Overwrite(rig, "01000001A5", unrestricted: unrestricted);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.SanitizeCommandFailed));
        rig.Run("28 00 00 00 00 00 00 00 01 00");
        Assert.That(rig.Code, Is.EqualTo(SenseCode.SanitizeCommandFailed));
        Assert.That(rig.Run(Exit), Is.EqualTo(unrestricted ? ScsiStatus.Good : ScsiStatus.CheckCondition));
        Assert.That(rig.Run(Ready), Is.EqualTo(unrestricted ? ScsiStatus.Good : ScsiStatus.CheckCondition));
        store.Fails = false;
        Assert.That(Overwrite(rig, "01000001A5"), Is.EqualTo(ScsiStatus.Good), "one that succeeds ends it");
        Assert.That(rig.Run(Ready), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void What_nobody_foresaw_fails_it_and_nothing_else()
    {
        var store = new SlowStore { Failure = new InvalidOperationException("as asked for") };
        store.MayWrite.Set();
        using var rig = new Rig(store);
        Overwrite(rig, "01000001A5");
        Assert.That(rig.Code, Is.EqualTo(SenseCode.SanitizeCommandFailed));
    }

    [Test]
    public void One_that_cannot_begin_is_not_in_progress()
    {
        var store = new SlowStore { Outlives = true, Nameless = true };
        using var directory = new Scratch();
        using var rig = new Rig(store, stateDirectory: directory.Path);
        Overwrite(rig, "01000001A5");
        Assert.That((rig.Code, store.Writing.IsSet), Is.EqualTo((SenseCode.InternalTargetFailure, false)));
        Assert.That(rig.Run(Ready), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void One_that_a_restart_interrupts_is_resumed()
    {
        using var directory = new Scratch();
        var before = new SlowStore { Outlives = true };
        var after = new SlowStore { Outlives = true };
        using var rig = new Rig(before, stateDirectory: directory.Path);
        Assert.That(Overwrite(rig, "02000001A5", immediate: true), Is.EqualTo(ScsiStatus.Good));
        before.Writing.Wait();

        // The first one waits still, as if it had been killed.
        using var next = new Rig(after, stateDirectory: directory.Path);
        foreach (string cdb in new[] { Ready, "28 00 00 00 00 00 00 00 01 00" })
        {
            next.Run(cdb);
            Assert.That(next.Code, Is.EqualTo(SenseCode.SanitizeInProgress), cdb);
        }
        after.MayWrite.Set();
        AwaitEnd(next);
        Assert.That(next.Run("28 00 00 00 00 00 00 00 01 00"), Is.EqualTo(ScsiStatus.Good));
        Assert.That(next.DataIn, Is.All.EqualTo(0xa5));

        using var last = new Rig(new SlowStore { Outlives = true }, stateDirectory: directory.Path);
        Assert.That(last.Run(Ready), Is.EqualTo(ScsiStatus.Good), "nothing is left to do");
        before.MayWrite.Set();
        AwaitEnd(rig);
    }

    [Test]
    public void A_failure_outlives_a_restart([Values] bool unrestricted)
    {
        using var directory = new Scratch();
        var store = new SlowStore { Outlives = true, Fails = true };
        store.MayWrite.Set();
        using var rig = new Rig(store, stateDirectory: directory.Path);
        Overwrite(rig, "01000001A5", unrestricted: unrestricted);
        using var next = new Rig(new SlowStore { Outlives = true }, stateDirectory: directory.Path);
        next.Run(Ready);
        Assert.That(next.Code, Is.EqualTo(SenseCode.SanitizeCommandFailed));
        Assert.That(next.Run(Exit), Is.EqualTo(unrestricted ? ScsiStatus.Good : ScsiStatus.CheckCondition));
        using var last = new Rig(new SlowStore { Outlives = true }, stateDirectory: directory.Path);
        Assert.That(last.Run(Ready), Is.EqualTo(unrestricted ? ScsiStatus.Good : ScsiStatus.CheckCondition));
    }

    [Test]
    public void A_run_that_may_not_write_leaves_it_to_the_next()
    {
        using var directory = new Scratch();
        var store = new SlowStore { Outlives = true };
        using var rig = new Rig(store, stateDirectory: directory.Path);
        Overwrite(rig, "01000001A5", immediate: true);
        store.Writing.Wait();
        using var looks = new Rig(new SlowStore { Outlives = true, Protected = true }, stateDirectory: directory.Path);
        looks.Run("28 00 00 00 00 00 00 00 01 00");
        Assert.That(looks.Code, Is.EqualTo(SenseCode.SanitizeCommandFailed));
        var after = new SlowStore { Outlives = true };
        after.MayWrite.Set();
        using var next = new Rig(after, stateDirectory: directory.Path);
        AwaitEnd(next);
        Assert.That(next.Run(Ready), Is.EqualTo(ScsiStatus.Good));
        store.MayWrite.Set();
        AwaitEnd(rig);
    }

    [TestCase(2 << 20, "disk")]
    [TestCase(1 << 20, "another")]
    public void Another_medium_in_its_place_is_not_erased_and_not_called_clean(int length, string identity)
    {
        using var directory = new Scratch();
        var store = new SlowStore { Outlives = true };
        using var rig = new Rig(store, stateDirectory: directory.Path);
        Overwrite(rig, "01000001A5", immediate: true);
        store.Writing.Wait();
        var other = new SlowStore(length, identity) { Outlives = true };
        using var next = new Rig(other, stateDirectory: directory.Path);
        next.Run(Ready);
        Assert.That((next.Code, other.Writing.IsSet), Is.EqualTo((SenseCode.SanitizeCommandFailed, false)));
        store.MayWrite.Set();
        AwaitEnd(rig);
    }

    [Test]
    public void A_restart_that_would_forget_about_it_does_not_let_it_begin()
    {
        using var without = new Rig(new SlowStore { Outlives = true });
        without.Run(CryptographicErase);
        Assert.That(without.Code, Is.EqualTo(SenseCode.InvalidOpcode));
        without.Run("12 01 B1 00 FF 00");
        Assert.That(without.DataIn[7], Is.Zero, "WABEREQ, WACEREQ");

        using var directory = new Scratch();
        var store = new SlowStore { Outlives = true };
        using var rig = new Rig(store, stateDirectory: Path.Combine(directory.Path, "state"));
        Directory.Delete(Path.Combine(directory.Path, "state"));
        rig.Run(CryptographicErase);
        Assert.That((rig.Code, store.Writing.IsSet), Is.EqualTo((SenseCode.InternalTargetFailure, false)));
        Assert.That(rig.Run(Ready), Is.EqualTo(ScsiStatus.Good));
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("""{"length":1048576,"pattern":null,"passes":1,"invert":false,"mayExit":false,"failed":false}""")]
    [TestCase("""{"medium":"disk","length":1048576,"pattern":"","passes":1,"invert":false,"mayExit":false,"failed":false}""")]
    [TestCase("""{"medium":"disk","length":1048576,"pattern":null,"passes":0,"invert":false,"mayExit":false,"failed":false}""")]
    public void A_file_that_makes_no_sense_keeps_the_unit_away(string content)
    {
        using var directory = new Scratch();
        using var rig = new Rig();
        string file = directory.File($"naa.{rig.Unit.NaaId:x16}.sanitize.json");
        File.WriteAllText(file, content);
        Assert.That(() => new Rig(new SlowStore { Outlives = true }, stateDirectory: directory.Path), Throws.InstanceOf<IOException>().With.Message.Contains(file));
    }

    [Test]
    public void One_that_is_aborted_while_it_waits_does_not_end_a_failure()
    {
        var store = new SlowStore { Fails = true };
        store.MayWrite.Set();
        using var rig = new Rig(store);
        Overwrite(rig, "01000001A5");
        rig.Unit.Enter(0);
        rig.Unit.Enter(0);
        rig.Task.Void = true;
        rig.Run(CryptographicErase);
        rig.Task.Void = false;
        rig.Run(Ready);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.SanitizeCommandFailed));
    }

    [Test]
    public void A_protected_unit_is_not_sanitized([Values(BlockErase, CryptographicErase)] string cdb)
    {
        using var rig = new Rig(readOnly: true, thin: true);
        rig.Run(cdb);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.WriteProtected));
    }

    private static ScsiStatus Overwrite(Rig rig, string list, bool immediate = false, bool unrestricted = false)
    {
        byte[] data = Convert.FromHexString(list);
        return rig.Run([0x48, (byte)(0x01 | (immediate ? 0x80 : 0) | (unrestricted ? 0x20 : 0)), 0, 0, 0, 0, 0, 0, (byte)data.Length, 0], data);
    }

    private static void AwaitEnd(Rig rig) => Assert.That(SpinWait.SpinUntil(() => !rig.Unit.Sanitizer.InProgress, TimeSpan.FromSeconds(60)));

    /// <summary>Memory that waits with its writes until it may, and then perhaps fails.</summary>
    private sealed class SlowStore(int length = 1 << 20, string identity = "disk") : Store
    {
        private readonly MemoryStore _memory = new(length);

        public bool Outlives { get; init; }

        public override bool OutlivesProcess => Outlives;

        public override string Identity => Nameless ? throw new InvalidOperationException("as asked for") : identity;

        public bool Nameless { get; init; }

        public Exception? Failure { get; init; }

        public bool Protected { get; init; }

        public override bool ReadOnly => Protected;

        public ManualResetEventSlim Writing { get; } = new();

        public ManualResetEventSlim MayWrite { get; } = new();

        public bool Fails { get; set; }

        public override long Length => _memory.Length;

        public override bool MayBlock => true;

        public override bool TryReadNow(long offset, int length, ScsiTask task) => false;

        public override void Read(long offset, int length, ScsiTask task) => _memory.Read(offset, length, task);

        public override void Read(long offset, Span<byte> into) => _memory.Read(offset, into);

        public override void Put(long offset, ReadOnlySpan<byte> from)
        {
            Writing.Set();
            MayWrite.Wait();
            if (Protected) throw new StoreException(SenseCode.WriteError, "it may only be read");
            if (Failure is { } failure) throw failure;
            if (Fails) throw new StoreException(SenseCode.WriteError, "as asked for");
            _memory.Put(offset, from);
        }

        public override void Flush()
        {
        }
    }
}
