using Iscsitop.Engine;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>A viewer in the engine's process that takes once, however much comes before it does.</summary>
[TestFixture]
public sealed class EarlySnapshotTests
{
    private static readonly Wants s_whole = new(0, Feed.WholeFile);

    private readonly Provider _provider = new("test", 1 << 14);
    private readonly FrameWriter _writer = new();
    private Mirror _mirror = null!;
    private Subscriber _subscriber = null!;
    private Observation _observation = null!;
    private long _now;
    private uint _itt;

    [SetUp]
    public void SetUp() => Begin(s_whole);

    [TearDown]
    public void TearDown() => _subscriber.Dispose();

    private void Begin(Wants wants)
    {
        _now = 1_000_000_000;
        var reception = new Reception(new Lock(), 1, null, null);
        _mirror = reception.Mirror;
        _subscriber = new Subscriber(new LocalOutbox(reception), wants, _now);
        _observation = new Observation(_provider, [_subscriber], _writer);
        _observation.Want(_subscriber, null, _now);
    }

    // One connection that reads once of each unit.
    private void Talk(uint target, ulong units)
    {
        uint id = _provider.NextConnection();
        var info = new ConnectionInfo(id, "192.0.2.1:3260", $"192.0.2.7:{id}", "iqn.2026-11.example:t", "iqn.2026-11.example:i", "400000370000", (ushort)id, 0, _now);
        _provider.ConnectionChanges.Enqueue(info);
        for (ulong lun = 0; lun < units; lun++)
        {
            Fire(Events.Command(_now, id, lun, ++_itt, Events.Read10, 4096), target);
            Fire(Events.DataIn(_now += 1000, id, lun, _itt, 4096, BhsFlags.Final | BhsFlags.Status), target);
        }
        _provider.ConnectionChanges.Enqueue(info with { Closed = _now });
        _observation.Take(_now);
    }

    private void Fire(ProbeEvent e, uint target) => _provider.Fire(e.Bhs.Bytes, e.TailSpan, e.LunNumber, e.Connection, target, target, e.Time);

    private Snapshot Last()
    {
        _observation.Stop(_now);
        _observation.PublishLast(_subscriber, _now);
        var snapshot = new Snapshot();
        _mirror.TakeInto(snapshot);
        return snapshot;
    }

    [Test]
    public void Reconnects_lose_no_command_when_the_table_of_cells_is_full()
    {
        uint target = _provider.Intern("iqn.2026-11.example:t");
        long began = _now;
        for (int i = 0; i < 60; i++) Talk(target, 300);
        Snapshot snapshot = Last();
        Assert.Multiple(() =>
        {
            Assert.That(snapshot.Cells.Sum(c => c.Cell.Completed), Is.EqualTo(60 * 300));
            Assert.That(snapshot.Cells.Sum(c => c.Cell.ReadBytes), Is.EqualTo(60 * 300 * 4096));
            Assert.That(snapshot.Cells.Sum(c => c.Cell.Of(Phase.Latency)!.Count), Is.EqualTo(60 * 300));
            Assert.That(snapshot.Cells.Sum(c => c.Cell.OutstandingTime), Is.EqualTo(60 * 300 * 1000));
            Assert.That(snapshot.Cells, Has.Count.LessThan(16384), "sums, not every connection's own");
            Assert.That(snapshot.Cells.GroupBy(c => c.Cell.Key.Lun).Select(g => g.Sum(c => c.Cell.Completed)), Is.All.EqualTo(60).And.Exactly(300).Items);
            EngineStatus engine = snapshot.Engines.Single();
            Assert.That((engine.Folded, engine.MaxOutstanding, engine.BusyTime), Is.EqualTo((0L, 1L, _now - began)));
            Assert.That(engine.Seconds, Is.EqualTo((_now - began) / 1e9).Within(1e-9));
            Assert.That(engine.PeakIops, Is.EqualTo(60 * 300 * 10), "one slot of 100 ms");
        });
    }

    [Test]
    public void What_a_listed_connection_did_stays_its_own()
    {
        uint target = _provider.Intern("iqn.2026-11.example:t");
        for (int i = 0; i < 60; i++) Talk(target, 300);
        var rollup = new Rollup(Dimensions.Connection);
        rollup.Build(Last());
        Assert.That(rollup.Rows, Is.Not.Empty);
        Assert.That(rollup.Rows.Select(r => r.Ops), Is.All.EqualTo(300));
        Assert.That(rollup.Total.Ops, Is.EqualTo(60 * 300));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Very_many_connections_leave_only_the_last_behind(bool cells)
    {
        if (!cells) Begin(new Wants(0, TimeSpan.Zero, Commands: true));
        uint target = _provider.Intern("iqn.2026-11.example:t");
        int most = 0;
        for (int i = 0; i < 20_000; i++)
        {
            Talk(target, cells && i % 100 == 0 ? 1ul : 0);
            most = Math.Max(most, _mirror.Connections.Count);
        }
        Assert.That(_mirror.Fresh, Is.True, "it was told before the end");
        Snapshot snapshot = Last();
        Assert.That(most, Is.InRange(1, 8192));
        Assert.That(snapshot.Connections, Has.Count.EqualTo(Roster.MostEnded));
        Assert.That(snapshot.Cells.Sum(c => c.Cell.Completed), Is.EqualTo(cells ? 200 : 0));
    }

    [Test]
    public void Units_that_peers_invent_are_bounded_everywhere()
    {
        uint target = _provider.Intern("iqn.2026-11.example:t");
        var wire = new WireContext(_provider, new WireOptions());
        var units = new UnitTable();
        int told = 0;
        var roster = new Roster(_provider) { OnUnit = u => { told++; _mirror.Know(u); units.Announce(target, u.Lun, 0); } };
        for (ulong lun = 0; lun < Roster.MostUnits + 10; lun++) wire.Learn("iqn.2026-11.example:t", target, lun, new UnitAnswer("disk", false, 0));
        roster.Drain();
        Assert.That(told, Is.EqualTo(Roster.MostUnits));
        wire.Learn("iqn.2026-11.example:t", target, 5, new UnitAnswer("", false, 4096));
        _provider.UnitChanges.Enqueue(new UnitInfo("another", 0, "", 0));
        _mirror.Know(new UnitInfo("another", 0, "", 0));
        units.Announce(target, Roster.MostUnits + 3, 0);
        roster.Drain();
        Assert.That(told, Is.EqualTo(Roster.MostUnits + 1), "what is known may still be learned more of");
        Assert.That((roster.Units.Count, _mirror.KnownUnits, units.All.Count - 1), Is.EqualTo((Roster.MostUnits, Roster.MostUnits, Roster.MostUnits)));
        Assert.That(units.Of(target, Roster.MostUnits + 4, 0), Is.Null);
    }

    [Test]
    public void Beyond_the_bound_sums_are_of_initiator_and_target_and_then_of_all()
    {
        var folded = new FoldedCells();
        int kept = 0;
        for (uint i = 0; i < 3 * FoldedCells.MostSessions; i++)
            if (folded.Add(Delta(i, "i", 0))) kept++;
        Assert.That(kept, Is.EqualTo(FoldedCells.MostSessions + 1));
        for (uint i = 0; i < 3 * FoldedCells.MostSessions; i++)
            if (folded.Add(Delta(i, $"i{i}", 0))) kept++;
        Assert.That(kept, Is.EqualTo(2 * FoldedCells.MostSessions + 1));
        var sums = new List<CellDelta>();
        folded.MoveTo(sums);
        Assert.That(sums, Has.Count.EqualTo(kept));
        Assert.That(sums.Sum(c => c.Cell.Completed), Is.EqualTo(6 * FoldedCells.MostSessions));
        folded.MoveTo(sums);
        Assert.That(sums, Has.Count.EqualTo(kept), "they are handed over once");
    }

    private static CellDelta Delta(uint connection, string initiator, ulong lun) => new()
    {
        Cell = new Cell { Key = new CellKey(connection, lun, 0x2800), Completed = 1 },
        Connection = new ConnectionInfo(connection, "l", "r", "t", initiator, $"{connection:x12}"),
        Engine = new EngineStatus(),
    };
}
