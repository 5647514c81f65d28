using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>What a viewer takes of what an engine told, however often it takes.</summary>
[TestFixture]
public sealed class MirrorTests
{
    private readonly FrameWriter _writer = new();
    private Mirror _mirror = null!;

    [SetUp]
    public void SetUp()
    {
        _mirror = new Mirror(new Lock(), 1);
        for (uint id = 1; id <= 3; id++) _mirror.Connect(new ConnectionInfo(id, "l", "r", "t", $"i{id}"));
    }

    [Test]
    public void Snapshots_that_were_not_taken_add_up_and_outstanding_is_that_of_the_last()
    {
        for (int i = 1; i <= 3; i++)
        {
            Tell((1, 10, 4), (2, i, 0));
            Assert.That(_mirror.Fresh, Is.True);
        }
        Assert.That(Take(), Is.EquivalentTo(((string, long, long, long)[])[("i1", 30, 4, 30), ("i2", 6, 0, 6)]));
        Tell((3, 5, 1));
        Assert.That(Take(), Is.EqualTo(((string, long, long, long)[])[("i3", 5, 1, 5)]));
        Assert.That(Take(), Is.Empty);
        Tell((2, 1, 0), (1, 2, 0));
        Assert.That(Take(), Is.EqualTo(((string, long, long, long)[])[("i2", 1, 0, 1), ("i1", 2, 0, 2)]));
    }

    [Test]
    public void Nothing_is_taken_of_a_snapshot_without_its_status()
    {
        Tell((1, 10, 0));
        Keep((2, 7, 0));
        Assert.That(Take().Single().Initiator, Is.EqualTo("i1"));
        Assert.That(Take(), Is.Empty);
        _mirror.Commit(new StatusRecord { Interval = 1 });
        Assert.That(Take().Single().Initiator, Is.EqualTo("i2"));
    }

    [Test]
    public void A_cell_of_a_connection_that_ended_still_has_its_names()
    {
        _mirror.Connect(new ConnectionInfo(1, "l", "r", "t", "i1", Closed: 5));
        Tell((1, 1, 0));
        Tell((1, 2, 0));
        Assert.That(Take().Single(), Is.EqualTo(("i1", 3L, 0L, 3L)));
        Assert.That(_mirror.Connections, Does.ContainKey(1u));
        Tell();
        Assert.That(_mirror.Connections, Does.Not.ContainKey(1u));
    }

    [Test]
    public void Connections_without_end_stay_without_a_name()
    {
        for (uint id = 1; id <= 200_000; id++) _mirror.Connect(new ConnectionInfo(id, "l", "r"));
        Assert.That(_mirror.Connections, Has.Count.EqualTo(1 << 17));
    }

    [Test]
    public void What_cannot_be_read_ends_it()
    {
        _mirror.Keep(FrameType.Cells, [1, 2, 3, 4]);
        _mirror.Commit(default);
        var snapshot = new Snapshot();
        _mirror.TakeInto(snapshot);
        Assert.That((_mirror.Alive, snapshot.Engines.Single().Problem), Is.EqualTo((false, "a frame ends before its fields do")));
    }

    [Test]
    public void Frames_are_kept_whole_and_their_memory_is_given_back()
    {
        var kept = new KeptFrames();
        byte[] longest = new byte[StreamFormat.MaxFrame - StreamFormat.HeaderLength];
        for (int i = 0; i < 40; i++)
        {
            longest[^1] = (byte)i;
            kept.Add(FrameType.Cells, longest);
            kept.Add(FrameType.Units, [(byte)i]);
        }
        for (int round = 0; round < 2; round++)
        {
            kept.Begin();
            int n = 0;
            for (; kept.Next(out FrameType type, out ReadOnlySpan<byte> payload); n++)
                Assert.That((type, payload.Length, payload[^1]), Is.EqualTo(n % 2 == 0 ? (FrameType.Cells, longest.Length, (byte)(n / 2)) : (FrameType.Units, 1, (byte)(n / 2))));
            Assert.That(n, Is.EqualTo(80));
        }
        kept.Clear();
        Assert.That((kept.IsEmpty, kept.Next(out _, out _)), Is.EqualTo((true, false)));
        kept.Add(FrameType.Facts, []);
        kept.Clear();
        Assert.That(kept.Pieces, Is.LessThan(8));
    }

    private void Tell(params ReadOnlySpan<(int Connection, int Completed, int Outstanding)> cells)
    {
        Keep(cells);
        _mirror.Commit(new StatusRecord { Interval = 1 });
    }

    private void Keep(params ReadOnlySpan<(int Connection, int Completed, int Outstanding)> cells)
    {
        _writer.Begin(FrameType.Cells);
        foreach ((int connection, int completed, int outstanding) in cells)
        {
            var cell = new Cell { Key = new CellKey((uint)connection, 0, 0x2800), Completed = completed, Outstanding = outstanding };
            for (int i = 0; i < completed; i++) cell.Ensure(Phase.Latency).Add(50_000);
            _writer.TryAdd(cell, 0);
        }
        _mirror.Keep(FrameType.Cells, _writer.Frame[StreamFormat.HeaderLength..]);
    }

    private (string Initiator, long Completed, long Outstanding, long Latencies)[] Take()
    {
        var snapshot = new Snapshot();
        _mirror.TakeInto(snapshot);
        return [.. snapshot.Cells.Select(c => (c.Connection.Initiator, c.Cell.Completed, c.Cell.Outstanding, c.Cell.Of(Phase.Latency)!.Count))];
    }
}
