using System.Buffers.Binary;
using CsCheck;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>Sizes, alignment, distances and times between commands, as views define them.</summary>
[TestFixture]
public sealed class PatternTests
{
    private Script _script = null!;
    private uint _itt;
    private long _at = 1000;

    [SetUp]
    public void SetUp()
    {
        _script = new Script();
        _script.Units.Announce(2, 0, 0, 512);
    }

    // One command of that many blocks, answered at once.
    private void Go(ulong lba, uint blocks, bool write = false, uint block = 512, ulong lun = 0, uint? expected = null)
    {
        ProbeEvent e = Events.Command(_at += 10, 1, lun, ++_itt, write ? (byte)0x8a : (byte)0x88, expected ?? blocks * block);
        BinaryPrimitives.WriteUInt64BigEndian(((Span<byte>)e.Header)[34..], lba);
        Events.Put(ref e, 42, blocks);
        _script.Fire(e).Fire(Events.Response(_at, 1, lun, _itt));
    }

    private Pattern Of(bool writes = false, ulong lun = 0) => _script.Correlator.Patterns.All.Single(p => p.Key == new PatternKey(1, lun, writes)).Pattern;

    private static string Classes(Span<long> counts)
    {
        var all = new List<string>();
        for (int i = 0; i < counts.Length; i++)
            if (counts[i] > 0) all.Add($"{i}:{counts[i]}");
        return string.Join(' ', all);
    }

    [Test]
    public void Sizes_are_classes_of_two_and_what_is_exactly_that()
    {
        Go(0, 1);
        Go(0, 8);
        Go(0, 9);
        Go(0, 15);
        Go(0, 16);
        Go(0, 1 << 22);
        Go(0, 1 << 23);
        Assert.That(Classes(Of().Sizes), Is.EqualTo("9:1 12:3 13:1 31:2"));
        Assert.That(Classes(Of().Exact), Is.EqualTo("9:1 12:1 13:1 31:1"));
        Go(0, 0);
        Assert.That(Of().Count, Is.EqualTo(7), "no blocks are no transfer");
    }

    [Test]
    public void Alignment_is_of_place_and_length()
    {
        Go(0, 8);
        Go(8, 1);
        Go(1, 8);
        Go(2, 4);
        Go(16, 24);
        Go(1 << 20, 1 << 20);
        Assert.That(Classes(Of().Aligned), Is.EqualTo("0:2 1:1 3:2 11:1"));
        Assert.That(Of().AlignedTo(4096), Is.EqualTo(0.5));
        Assert.That(Of().AlignedTo(512), Is.EqualTo(1));
        Assert.That(Of().AlignedTo(1 << 20), Is.EqualTo(1 / 6.0));
        Assert.That(new Pattern().AlignedTo(4096), Is.NaN);
    }

    [Test]
    public void Streams_beside_one_another_are_sequential()
    {
        for (uint i = 0; i < 10; i++)
        {
            for (ulong stream = 0; stream < 16; stream++) Go(stream << 30 | i * 8, 8, write: stream % 2 == 1);
        }
        Assert.That((Of().Count, Of(true).Count), Is.EqualTo((80L, 80L)));
        Assert.That((Of().Unplaced, Of(true).Unplaced), Is.EqualTo((1L, 0L)), "the first of the unit");
        // The first of each stream is far from the others; what goes on finds its end among the last 16.
        Assert.That((Of().Sequential, Of().Random), Is.EqualTo((72L, 7L)));
        Assert.That((Of(true).Sequential, Of(true).Random), Is.EqualTo((72L, 8L)));
        for (ulong stream = 0; stream < 17; stream++) Go(stream << 30 | 1ul << 50, 8);
        for (ulong stream = 0; stream < 17; stream++) Go(stream << 30 | (1ul << 50) + 8, 8);
        Assert.That(Of().Sequential, Is.EqualTo(72), "17 streams are one too many");
    }

    [Test]
    public void Distances_have_a_sign_and_far_is_beyond_a_megabyte()
    {
        Go(10_000, 8);
        Go(10_008, 8);
        Go(10_017, 8);
        Go(10_025 - 1, 8);
        Go(10_032 + 2048, 8);
        Go(12_088 + 2049 + 8, 8);
        Assert.That(Classes(Of().Seeks), Is.EqualTo($"{40 - 10}:1 40:1 {40 + 10}:1 {40 + 21}:2"));
        Assert.That((Of().Sequential, Of().Random, Of().Unplaced), Is.EqualTo((1L, 1L, 1L)));
    }

    [Test]
    public void The_ends_of_what_can_be_addressed_fit()
    {
        Go(0, 8);
        Go(ulong.MaxValue, 8);
        Go(1ul << 63, uint.MaxValue);
        Assert.That(Of().Seeks[0] + Of().Seeks[^1], Is.GreaterThan(0));
        Assert.That(Of().Count, Is.EqualTo(3));
        long seeks = 0;
        foreach (long count in Of().Seeks) seeks += count;
        Assert.That(seeks, Is.EqualTo(2));
    }

    [Test]
    public void Times_between_are_of_one_direction()
    {
        Go(0, 8);
        Go(0, 8, write: true);
        Go(0, 8);
        Go(0, 8);
        Assert.That((Of().Interarrival!.Count, Of().Interarrival!.Sum), Is.EqualTo((2L, 30L)));
        Assert.That(Of(true).Interarrival, Is.Null);
    }

    [Test]
    public void Where_blocks_are_not_known_sizes_are_and_nothing_else_until_enough_commands_agree()
    {
        for (uint i = 0; i < UnitState.Agreeing - 1; i++) Go(i * 8, 8, block: 4096, lun: 1);
        Assert.That(Classes(Of(lun: 1).Sizes), Is.EqualTo("15:7"));
        Assert.That((Classes(Of(lun: 1).Aligned), Of(lun: 1).Unplaced, Of(lun: 1).AlignedTo(4096)), Is.EqualTo(("", 7L, double.NaN)));
        Go(0, 8, lun: 1, expected: 5000);
        Assert.That(_script.Units.Of(2, 1, 0)!.BlockSize, Is.Zero, "one that does not agree");
        for (uint i = 0; i < UnitState.Agreeing; i++) Go(i * 8, 8, block: 4096, lun: 1);
        Assert.That(_script.Units.Of(2, 1, 0)!.BlockSize, Is.EqualTo(4096));
        Assert.That(Classes(Of(lun: 1).Aligned), Is.EqualTo("6:1"));
        Assert.That(Of(lun: 1).Sequential, Is.EqualTo(1), "the ends before are known");
        _script.Units.Announce(2, 1, 0, 512);
        Assert.That(_script.Units.Of(2, 1, 0)!.BlockSize, Is.EqualTo(512), "what the unit says counts");
    }

    [Test]
    public void The_nearest_of_the_last_sixteen_is_that() => Gen.Select(Gen.OneOf(Gen.ULong[0, 5000], Gen.ULong[ulong.MaxValue - 5000, ulong.MaxValue]), Gen.UInt[1, 20]).List[1, 60].Sample(commands =>
    {
        var trail = new PatternTrail();
        var ends = new List<ulong>();
        bool right = true;
        foreach ((ulong lba, uint blocks) in commands)
        {
            bool placed = trail.Add(lba, blocks, 64, out long seek, out Distance distance);
            right &= placed == ends.Count > 0;
            if (placed)
                right &= seek == (long)(lba - ends[^1]) && distance == (ends.TakeLast(16).Min(e => Math.Min(e - lba, lba - e)) switch { 0 => Distance.None, <= 64 => Distance.Near, _ => Distance.Far });
            ends.Add(lba + blocks);
        }
        return right;
    });

    [Test]
    public void Those_of_forgotten_connections_go()
    {
        Go(0, 8);
        Go(0, 8, write: true);
        PatternTable table = _script.Correlator.Patterns;
        table.Forget(connection => connection == 2);
        Assert.That(table.All, Has.Count.EqualTo(2));
        PatternState was = table.All[1];
        table.Forget(connection => connection == 1);
        Assert.That(table.All, Is.Empty);
        Assert.That(table.Of(new PatternKey(5, 0, false)), Is.SameAs(was), "their memory is used again");
        Assert.That((was.Pattern.Count, was.Key.Connection), Is.EqualTo((0L, 5u)));
    }
}
