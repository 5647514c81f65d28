using System.Buffers.Binary;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class ExtendedCopyTests
{
    private const int Block = 512;

    private readonly List<LogicalUnit> _units = [];
    private Rig _rig = null!;

    [SetUp]
    public void Start()
    {
        _rig = new Rig();
        _units.Clear();
        _units.AddRange([_rig.Unit, Unit(1), Unit(2, readOnly: true), Unit(3, blockSize: 4096), Unit(4)]);
        // The last one is a unit of the target that this nexus does not see.
        _rig.Nexus = Open("a", 4);
    }

    [TearDown]
    public void Stop()
    {
        _rig.Dispose();
        foreach (LogicalUnit unit in _units.Skip(1)) unit.Store.Dispose();
    }

    [Test]
    public void Blocks_are_copied_between_units()
    {
        Fill(0, 10, 3000, seed: 1);
        byte[] before = Read(1, 0, 5000);
        Assert.That(Copy([Cscd(0), Cscd(1)], [Move(0, 1, 10, 100, 2000), Move(0, 1, 2010, 4000, 1000)]), Is.EqualTo(ScsiStatus.Good));
        Assert.Multiple(() =>
        {
            Assert.That(Read(1, 100, 2000), Is.EqualTo(Read(0, 10, 2000)));
            Assert.That(Read(1, 4000, 1000), Is.EqualTo(Read(0, 2010, 1000)));
            Assert.That(Read(1, 0, 100), Is.EqualTo(before[..(100 * Block)]));
            Assert.That(Read(1, 2100, 1900), Is.EqualTo(before[(2100 * Block)..(4000 * Block)]));
        });
    }

    [TestCase(0, 5)]
    [TestCase(5, 0)]
    [TestCase(7, 7)]
    public void Ranges_may_overlap(int from, int to)
    {
        const int blocks = 5000; // several pieces
        Fill(0, 0, blocks + 10, seed: 2);
        byte[] expected = Read(0, from, blocks);
        Assert.That(Copy([Cscd(0)], [Move(0, 0, from, to, blocks)]), Is.EqualTo(ScsiStatus.Good));
        Assert.That(Read(0, to, blocks), Is.EqualTo(expected));
    }

    [Test]
    public void An_initiator_that_may_not_write_may_not_copy()
    {
        Fill(0, 0, 8, seed: 4);
        byte[] before = Read(1, 0, 8);
        _rig.Nexus = Open("reader", 4, readOnly: true);
        Assert.That(Code([Cscd(0), Cscd(1)], [Move(0, 1, 0, 0, 8)]), Is.EqualTo(SenseCode.CopyAborted).Or.EqualTo(SenseCode.WriteProtected));
        Assert.That(Read(1, 0, 8), Is.EqualTo(before));
    }

    [Test]
    public void Nothing_is_copied_when_a_segment_cannot_be()
    {
        byte[] beyond = Move(0, 1, 0, 8190, 3), wrongIndex = Move(0, 2, 0, 0, 1), good = Move(0, 1, 0, 0, 8);
        Fill(0, 0, 8, seed: 3);
        Assert.Multiple(() =>
        {
            foreach ((string what, byte[][] cscds, byte[] segment, SenseCode code) in new[]
            {
                ("beyond the end", [Cscd(0), Cscd(1)], beyond, SenseCode.CopyAborted),
                ("beyond the end, wrapping", [Cscd(0), Cscd(1)], Move(0, 1, -1, 0, 2), SenseCode.CopyAborted),
                ("no such descriptor", [Cscd(0), Cscd(1)], wrongIndex, SenseCode.CopyAborted),
                ("write-protected", [Cscd(0), Cscd(1), Cscd(2)], wrongIndex, SenseCode.CopyAborted),
                ("other blocks", [Cscd(0), Cscd(1), Cscd(3)], wrongIndex, SenseCode.CopyAborted),
                ("not for this nexus", [Cscd(0), Cscd(1), Cscd(4)], wrongIndex, SenseCode.CopyTargetDeviceNotReachable),
                ("no such unit", new[] { Cscd(0), Cscd(1), Cscd(1, spoil: 8) }, wrongIndex, SenseCode.CopyTargetDeviceNotReachable),
                ("a shorter designator", [Cscd(0), Cscd(1), Cscd(1, spoil: 7)], wrongIndex, SenseCode.CopyTargetDeviceNotReachable),
                ("segment type", [Cscd(0), Cscd(1)], [0x00, .. good[1..]], SenseCode.UnsupportedSegmentDescriptorType),
                ("segment length", [Cscd(0), Cscd(1)], [0x02, 0, 0, 0x1c, .. good[4..]], SenseCode.InvalidFieldInParameterList),
                ("descriptor type", [[0xe0, .. Cscd(0)[1..]], Cscd(1)], good, SenseCode.UnsupportedTargetDescriptorType),
            })
            {
                Assert.That(Copy(cscds, [good, segment]), Is.EqualTo(ScsiStatus.CheckCondition), what);
                Assert.That(_rig.Code, Is.EqualTo(code), what);
            }
            Assert.That(Read(1, 0, 8), Is.EqualTo(new byte[8 * Block]));
        });
    }

    [Test]
    public void Reservations_hold_for_copies([Values] bool source)
    {
        Nexus other = Open("b", 4);
        Assert.That(_units[source ? 0 : 1].Reservations.TryReserve(other));
        // The copy is asked of a unit that nobody has reserved.
        Assert.That(Copy([Cscd(0), Cscd(1)], [Move(0, 1, 0, 0, 1)], lun: 2), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That(_rig.Code, Is.EqualTo(SenseCode.CopyAborted));
    }

    [Test]
    public void A_unit_that_is_not_ready_takes_part_in_no_copy([Values] bool source)
    {
        Assert.That(_units[source ? 0 : 1].Medium.TryMove(eject: true, out _));
        // The copy is asked of a unit that is ready.
        Assert.That(Copy([Cscd(0), Cscd(1)], [Move(0, 1, 0, 0, 1)], lun: 2), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That(_rig.Code, Is.EqualTo(SenseCode.CopyAborted));
    }

    [Test]
    public void A_copy_ends_when_its_destination_is_ejected_or_its_nexus_preempted([Values] bool preempted)
    {
        (Watched store, LogicalUnit unit) = Watch();
        store.Written = () =>
        {
            if (preempted) _rig.Nexus.TasksOf(unit).Next();
            else unit.Medium.TryMove(eject: true, out _);
        };
        // Between two segments, too.
        Assert.That(Copy([Cscd(0), Cscd(_units.Count - 1)], [Move(0, 1, 0, 0, 1), Move(0, 1, 0, 0, 1)]), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((_rig.Code, store.Writes), Is.EqualTo((SenseCode.CopyAborted, 1)));
        Assert.That(_rig.Nexus.TasksOf(unit).InHand, Is.Zero);
    }

    [Test]
    public void Without_a_write_cache_a_copy_is_on_the_medium_before_its_status()
    {
        var store = new CachedStore();
        var unit = new LogicalUnit(store, Rig.TargetName, 9);
        See(unit);
        Copy([Cscd(0), Cscd(_units.Count - 1)], [Move(0, 1, 0, 0, 8)]);
        Assert.That(store.Flushes, Is.Zero);
        byte[] page = [0x08, 0x12, .. new byte[18]];
        unit.Modes.Select([page, null, null, null]);
        int before = store.Flushes;
        Assert.That(Copy([Cscd(0), Cscd(_units.Count - 1)], [Move(0, 1, 0, 0, 8)]), Is.EqualTo(ScsiStatus.Good));
        Assert.That(store.Flushes, Is.EqualTo(before + 1));
    }

    [Test]
    public void Lists_have_limits_and_whole_descriptors()
    {
        byte[][] one = [Cscd(0)];
        byte[] segment = Move(0, 0, 0, 0, 1);
        Assert.Multiple(() =>
        {
            Assert.That(Code([.. Enumerable.Repeat(Cscd(0), 17)], [segment]), Is.EqualTo(SenseCode.TooManyTargetDescriptors));
            Assert.That(Code([.. Enumerable.Repeat(Cscd(0), 16)], [.. Enumerable.Repeat(segment, 64)]), Is.EqualTo(SenseCode.NoSense));
            Assert.That(Code(one, [.. Enumerable.Repeat(segment, 65)]), Is.EqualTo(SenseCode.TooManySegmentDescriptors));
            Assert.That(Code([.. Enumerable.Repeat(Cscd(0), 2000)], [segment]), Is.EqualTo(SenseCode.ParameterListLengthError));
            byte[] whole = List(0, one, [segment]);
            for (int length = 1; length < whole.Length; length++)
            {
                Send(whole[..length]);
                Assert.That(_rig.Code, Is.EqualTo(SenseCode.ParameterListLengthError), $"{length} bytes");
            }
            Send([]);
            Assert.That(_rig.Code, Is.EqualTo(SenseCode.NoSense));
            byte[] inline = List(0, one, [segment]);
            inline.AsSpan(12, 4).Fill(0xff);
            Send(inline);
            Assert.That(_rig.Code, Is.EqualTo(SenseCode.InvalidFieldInParameterList));
            inline = List(0, one, [segment]);
            inline.AsSpan(8, 4).Fill(0xff);
            Send(inline);
            Assert.That(_rig.Code, Is.EqualTo(SenseCode.ParameterListLengthError));
        });
    }

    [Test]
    public void What_became_of_a_copy_is_held()
    {
        Send(List(7, [Cscd(0), Cscd(1)], [Move(0, 1, 0, 0, 8), Move(0, 1, 0, 0, 8)]));
        Assert.Multiple(() =>
        {
            Assert.That(_rig.Run("84 00 07 00 00 00 00 00 00 00 00 00 00 FF"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(Convert.ToHexString(_rig.DataIn), Is.EqualTo("00000008" + "01" + "0002" + "01" + "00000008"));
            Assert.That(_rig.Run("84 00 08 00 00 00 00 00 00 00 00 00 00 FF"), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That((_rig.Code, _rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "2.7")));
            byte[] discarded = List(8, [Cscd(0)], [Move(0, 0, 0, 0, 1)]);
            discarded[1] = 0x10;
            Assert.That(Send(discarded), Is.EqualTo(ScsiStatus.Good));
            Assert.That(_rig.Run("84 00 08 00 00 00 00 00 00 00 00 00 00 FF"), Is.EqualTo(ScsiStatus.CheckCondition));
            byte[] nameless = List(8, [Cscd(0)], [Move(0, 0, 0, 0, 1)]);
            nameless[1] = 0x18;
            Assert.That(Send(nameless), Is.EqualTo(ScsiStatus.CheckCondition), "no list, but an identifier");
        });
        for (int id = 20; id < 60; id++) Send(List((byte)id, [Cscd(0)], [Move(0, 0, 0, 0, 1)]));
        Assert.That(_rig.Run("84 00 07 00 00 00 00 00 00 00 00 00 00 FF"), Is.EqualTo(ScsiStatus.CheckCondition), "but not for ever");
    }

    [Test]
    public void A_list_identifier_is_one_copy_at_a_time()
    {
        Assert.That(_rig.Nexus.Copies.TryBegin(7));
        Send(List(7, [Cscd(0)], [Move(0, 0, 0, 0, 1)]));
        Assert.That(_rig.Code, Is.EqualTo(SenseCode.OperationInProgress));
    }

    [Test]
    public void There_is_an_end_to_copies_at_once()
    {
        byte[] nameless = List(0, [Cscd(0)], [Move(0, 0, 0, 0, 1)]);
        Send(nameless);
        nameless[1] = 0x18;
        for (int i = 0; i < LogicalUnit.DefaultMaxCopies; i++) Assert.That(_rig.Unit.TryBeginCopy());
        Assert.That(Send(nameless), Is.EqualTo(ScsiStatus.Busy));
        Assert.That(_rig.Nexus.Copies.Find(0), Is.Not.Null, "a copy without a list says nothing of the one that had this identifier");
        Assert.That(Copy([Cscd(0)], [Move(0, 0, 0, 0, 1)]), Is.EqualTo(ScsiStatus.Busy));
        _rig.Unit.EndCopy();
        Assert.That(Copy([Cscd(0)], [Move(0, 0, 0, 0, 1)]), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void A_reset_of_the_destination_ends_a_copy()
    {
        (Watched store, LogicalUnit unit) = Watch();
        store.Written = unit.Reset;
        Assert.That(Copy([Cscd(0), Cscd(_units.Count - 1)], [Move(0, 1, 0, 0, 8000)]), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((_rig.Code, store.Writes), Is.EqualTo((SenseCode.CopyAborted, 1)));
        Assert.That(unit.IsQuietBefore(unit.Generation));
    }

    [Test]
    public void Limits_are_reported_as_they_are_enforced()
    {
        _rig.Run("84 03 00 00 00 00 00 00 00 00 00 00 00 FF");
        Assert.That(Convert.ToHexString(_rig.DataIn), Is.EqualTo(
            "0000002A" + "01000000" + "0010" + "0040" + "00000900" + "0FFFF000" + "00000000" + "00000000" + "00000000" + "0000" + "0004" + "04" + "09" + "0000000000" + "02" + "02E4"));
    }

    private (Watched Store, LogicalUnit Unit) Watch()
    {
        var store = new Watched(8 << 20);
        var unit = new LogicalUnit(store, Rig.TargetName, 9);
        See(unit);
        return (store, unit);
    }

    // The nexus sees the first unit and this one, which is the last from now on.
    private void See(LogicalUnit unit)
    {
        _units.Add(unit);
        _rig.Nexus = new Nexus("iqn.2026-01.test:c", new byte[6], Rig.TargetName, 1, new Dictionary<int, LogicalUnit> { [0] = _rig.Unit, [9] = unit });
        foreach (LogicalUnit u in _rig.Nexus.Units) _rig.Nexus.Attentions(u).Take();
    }

    private static byte[] Move(int source, int destination, long from, long to, int blocks)
    {
        byte[] d = new byte[28];
        (d[0], d[3], d[5], d[7]) = (0x02, 0x18, (byte)source, (byte)destination);
        BinaryPrimitives.WriteUInt16BigEndian(d.AsSpan(10), (ushort)blocks);
        BinaryPrimitives.WriteInt64BigEndian(d.AsSpan(12), from);
        BinaryPrimitives.WriteInt64BigEndian(d.AsSpan(20), to);
        return d;
    }

    private static byte[] List(byte id, byte[][] cscds, byte[][] segments)
    {
        byte[] header = new byte[16];
        header[0] = id;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)cscds.Sum(c => c.Length));
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), segments.Sum(s => s.Length));
        return [.. header, .. cscds.SelectMany(c => c), .. segments.SelectMany(s => s)];
    }

    private static LogicalUnit Unit(int lun, bool readOnly = false, int blockSize = Block) => new(new MemoryStore(4 << 20), Rig.TargetName, lun, blockSize, readOnly);

    private Nexus Open(string host, int luns, bool readOnly = false)
    {
        var nexus = new Nexus($"iqn.2026-01.test:{host}", new byte[6], Rig.TargetName, 1, Enumerable.Range(0, luns).ToDictionary(l => l, l => _units[l])) { ReadOnly = readOnly };
        foreach (LogicalUnit unit in nexus.Units) nexus.Attentions(unit).Take();
        return nexus;
    }

    // By NAA; spoil changes one byte.
    private byte[] Cscd(int unit, int spoil = 0)
    {
        byte[] d = new byte[32];
        (d[0], d[4], d[5], d[7]) = (0xe4, 0x01, 0x03, 8);
        BinaryPrimitives.WriteUInt64BigEndian(d.AsSpan(8), _units[unit].NaaId);
        if (spoil > 0) d[spoil]--;
        return d;
    }

    private ScsiStatus Copy(byte[][] cscds, byte[][] segments, ulong lun = 0) => Send(List(1, cscds, segments), lun);

    private SenseCode Code(byte[][] cscds, byte[][] segments)
    {
        Copy(cscds, segments);
        return _rig.Code;
    }

    private ScsiStatus Send(byte[] list, ulong lun = 0)
    {
        byte[] cdb = new byte[16];
        cdb[0] = 0x83;
        BinaryPrimitives.WriteInt32BigEndian(cdb.AsSpan(10), list.Length);
        return _rig.Run(cdb, list, lun);
    }

    private void Fill(int unit, int lba, int blocks, int seed)
    {
        byte[] data = new byte[blocks * Block];
        new Random(seed).NextBytes(data);
        _units[unit].Store.Write((long)lba * Block, data);
    }

    private byte[] Read(int unit, int lba, int blocks)
    {
        byte[] data = new byte[blocks * Block];
        _units[unit].Store.Read((long)lba * Block, data);
        return data;
    }

    /// <summary>Says when it is written.</summary>
    private sealed class Watched(long length) : Store
    {
        public Action Written { get; set; } = () => { };

        public int Writes { get; private set; }

        public override long Length => length;

        public override bool MayBlock => true;

        public override bool TryReadNow(long offset, int length, Target.Server.ScsiTask task) => false;

        public override void Read(long offset, int length, Target.Server.ScsiTask task) => throw new NotSupportedException();

        public override void Read(long offset, Span<byte> into) => into.Clear();

        public override void Put(long offset, ReadOnlySpan<byte> from)
        {
            Writes++;
            Written();
        }

        public override void Flush()
        {
        }
    }
}
