using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class ProbeEngineTests
{
    private Rig _rig = null!;

    [SetUp]
    public void SetUp() => _rig = new Rig();

    [TearDown]
    public void TearDown() => _rig.Dispose();

    [Test]
    public void The_mask_is_the_union_of_what_subscribers_want()
    {
        Assert.That(_rig.Provider.Enabled, Is.Zero);
        using Feed cells = _rig.Open();
        Assert.That(_rig.Provider.Enabled, Is.EqualTo(ProbeSet.Commands));
        Feed text = _rig.Open(interval: 0, events: Probe.TextCommand.Bit());
        Assert.That(_rig.Provider.Enabled, Is.EqualTo(ProbeSet.Commands | Probe.TextCommand.Bit()));
        text.Dispose();
        Rig.Until(() => _rig.Provider.Enabled == ProbeSet.Commands, "text-command goes off");
        cells.Dispose();
        Rig.Until(() => _rig.Provider.Enabled == 0, "everything goes off");
        Rig.Until(() => _rig.Engine.Subscribers == 0, "nobody is left");
    }

    [Test]
    public void Events_alone_enable_only_their_probes()
    {
        using Feed feed = _rig.Open(interval: 0, events: Probe.NopReceive.Bit());
        Assert.That(_rig.Provider.Enabled, Is.EqualTo(Probe.NopReceive.Bit()));
    }

    [Test]
    public void Xfer_probes_need_the_probes_of_commands()
    {
        var seen = new System.Collections.Concurrent.ConcurrentQueue<Probe>();
        uint connection = _rig.Connect();
        using Feed feed = _rig.Open(interval: 0, events: ProbeSet.Match("xfer-*"), onEvent: (in ProbeEvent e, in EventContext _) => seen.Enqueue(e.Probe));
        _rig.Read(connection);
        Rig.Until(() => seen.Count == 2, "a start and a done");
        Assert.That(seen, Is.EqualTo((Probe[])[Probe.XferStart, Probe.XferDone]));
    }

    [Test]
    public void Every_command_is_counted_once_by_unit_and_operation()
    {
        _rig.Provider.UnitChanges.Enqueue(new UnitInfo("iqn.2026-11.example:t", 3, "disk", 512));
        uint connection = _rig.Connect();
        using Feed feed = _rig.Open();
        for (int i = 0; i < 300; i++) _rig.Read(connection, (ulong)(i % 3));
        uint open = _rig.Begin(connection, 2, Events.Write10);
        var tally = new Tally();
        tally.AddUntil(feed, () => tally.Completed >= 300 && tally.Cells.ContainsKey((2, 0x2a00)), "300 commands");
        Assert.Multiple(() =>
        {
            for (ulong lun = 0; lun < 3; lun++) Assert.That(tally.Cells[(lun, 0x2800)], Is.EqualTo((100L, 100L, 0L, 409600L, 0L)));
            Assert.That(tally.Cells[(2, 0x2a00)], Is.EqualTo((1L, 0L, 0L, 0L, 1L)));
        });
        Snapshot last = tally.Add(feed);
        EngineStatus engine = last.Engines.Single();
        Assert.Multiple(() =>
        {
            Assert.That((engine.Source, engine.Pid, engine.Alive, engine.Version), Is.EqualTo(("test", 4711, true, ProbeEngine.Version)));
            Assert.That((engine.Connections, engine.Sessions, engine.Subscribers), Is.EqualTo((1, 1, 1)));
            Assert.That((engine.RingDrops, engine.OutboxDrops, engine.Folded), Is.EqualTo((0L, 0L, 0L)));
            Assert.That(last.Units.Select(u => u.Lun), Is.EquivalentTo((ulong[])[0, 1, 2, 3]));
            Assert.That(last.Units.Single(u => u.Lun == 3), Has.Property("Name").EqualTo("disk").And.Property("BlockSize").EqualTo(512));
        });
        _rig.Fire(Events.Response(Clock.Now, connection, 2, open));
        tally.AddUntil(feed, () => tally.Completed == 301, "the write");
    }

    [Test]
    public void A_delta_knows_its_connection_and_the_time_it_stands_for()
    {
        uint connection = _rig.Connect("[2001:db8::7]:4000", 9);
        using Feed feed = _rig.Open();
        feed.Take();
        _rig.Read(connection);
        CellDelta? delta = null;
        double seconds = 0;
        Rig.Until(() =>
        {
            feed.WaitForSnapshot(Rig.Patience, default);
            Snapshot s = feed.Take();
            delta = s.Cells.FirstOrDefault() ?? delta;
            seconds = s.Seconds;
            return delta is not null;
        }, "the command");
        Assert.That(delta!.Connection, Has.Property("Remote").EqualTo("[2001:db8::7]:4000").And.Property("Tsih").EqualTo(9).And.Property("Initiator").EqualTo("iqn.2026-11.example:i"));
        Assert.That(seconds, Is.GreaterThan(0));
        Assert.That(delta.Engine.Seconds, Is.EqualTo(seconds));
        Assert.That(delta.Cell.Of(Phase.Latency)!.Count, Is.EqualTo(1));
    }

    [Test]
    public void What_began_before_anybody_looked_is_not_counted()
    {
        uint connection = _rig.Connect();
        uint itt = _rig.Begin(connection);
        using Feed feed = _rig.Open();
        _rig.Fire(Events.DataIn(Clock.Now, connection, 0, itt, 4096, BhsFlags.Final | BhsFlags.Status));
        _rig.Read(connection);
        var tally = new Tally();
        tally.AddUntil(feed, () => tally.Completed > 0, "the second command");
        Assert.That(tally.Cells[(0, 0x2800)], Is.EqualTo((1L, 1L, 0L, 4096L, 0L)));
        Assert.That(tally.Add(feed).Engines[0].Unmatched, Is.EqualTo(1));
    }

    [Test]
    public void A_later_subscriber_first_gets_what_there_was_since_the_start()
    {
        uint connection = _rig.Connect();
        using Feed first = _rig.Open();
        for (int i = 0; i < 50; i++) _rig.Read(connection);
        var early = new Tally();
        early.AddUntil(first, () => early.Completed == 50, "50 commands");
        using Feed second = _rig.Open();
        var late = new Tally();
        Snapshot snapshot = late.Add(second);
        Assert.That(late.Completed, Is.EqualTo(50));
        Assert.That(snapshot.Seconds, Is.GreaterThanOrEqualTo(early.Seconds));
        Assert.That(snapshot.Units[0].PeakIops, Is.EqualTo(-1), "it was not there when they peaked");
        _rig.Read(connection);
        late.AddUntil(second, () => late.Completed == 51, "one more");
        early.AddUntil(first, () => early.Completed == 51, "one more");
    }

    [Test]
    public void When_nobody_looks_the_next_one_starts_from_nothing()
    {
        uint connection = _rig.Connect();
        using (Feed feed = _rig.Open())
        {
            _rig.Read(connection);
            var tally = new Tally();
            tally.AddUntil(feed, () => tally.Completed == 1, "a command");
        }
        Rig.Until(() => _rig.Provider.Enabled == 0, "nobody looks");
        using Feed again = _rig.Open();
        var fresh = new Tally();
        fresh.Add(again);
        Assert.That(fresh.Cells, Is.Empty);
        _rig.Read(connection);
        fresh.AddUntil(again, () => fresh.Completed == 1, "a command");
    }

    [Test]
    public void A_closed_connection_aborts_its_commands_and_its_cells_go()
    {
        using Feed feed = _rig.Open();
        var tally = new Tally();
        for (int i = 0; i < 100; i++)
        {
            uint connection = _rig.Connect();
            _rig.Read(connection);
            _rig.Begin(connection);
            _rig.Close(connection);
        }
        tally.AddUntil(feed, () => tally.Aborted == 100, "100 aborted commands");
        Assert.That(tally.Completed, Is.EqualTo(100));
        Assert.That(tally.Add(feed).Engines[0].Connections, Is.Zero);
        uint last = _rig.Connect();
        _rig.Read(last);
        tally.AddUntil(feed, () => tally.Completed == 101, "life goes on");
        Assert.That(tally.Aborted, Is.EqualTo(100));
    }

    [Test]
    public void Commands_and_events_come_in_order_with_their_names()
    {
        var lines = new System.Collections.Concurrent.ConcurrentQueue<string>();
        uint connection = _rig.Connect();
        using Feed feed = _rig.Open(
            interval: 0, events: Probe.NopReceive.Bit() | Probe.NopSend.Bit(),
            onEvent: (in ProbeEvent e, in EventContext c) => lines.Enqueue($"{e.Probe.Name()} {e.Bhs.Itt} {c.Initiator} {c.Connection.Remote}"),
            onCommand: (in CompletedCommand k, in EventContext c) => lines.Enqueue($"{k.Itt} {c.Target} {c.Connection.Id == k.Connection} {c.WallTime - k.Time > 0} {c.Engine.Source}"));
        Assert.That(_rig.Provider.Enabled, Is.EqualTo(ProbeSet.Commands));
        for (uint i = 0; i < 100; i++) _rig.Fire(Events.Of(Opcode.NopOut, Clock.Now, connection, 0, i));
        for (int i = 0; i < 100; i++) _rig.Read(connection);
        Rig.Until(() => lines.Count == 200, "200 lines");
        Assert.That(lines.Where(l => l.StartsWith("nop", StringComparison.Ordinal)),
            Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"nop-receive {i} iqn.2026-11.example:i 192.0.2.7:4000")));
        Assert.That(lines.Where(l => !l.StartsWith("nop", StringComparison.Ordinal)),
            Is.EqualTo(Enumerable.Range(1, 100).Select(i => $"{i} iqn.2026-11.example:t True True test")));
    }

    [Test]
    public void Snapshots_of_many_cells_span_frames_and_lose_nothing()
    {
        uint connection = _rig.Connect();
        using Feed feed = _rig.Open(interval: 0.05);
        var tally = new Tally();
        for (int round = 0; round < 3; round++)
        {
            for (ulong lun = 0; lun < 3000; lun++) _rig.Read(connection, lun);
            long expected = 3000 * (round + 1);
            tally.AddUntil(feed, () => tally.Completed == expected, $"round {round}");
        }
        Assert.That(tally.Cells, Has.Count.EqualTo(3000));
        Assert.That(tally.Cells.Values, Is.All.EqualTo((3L, 3L, 0L, 12288L, 0L)));
    }

    [Test]
    public void Events_the_ring_lost_are_shown()
    {
        using var rig = new Rig(4712, ring: 64);
        uint connection = rig.Connect();
        using Feed feed = rig.Open();
        long drops = 0;
        Rig.Until(() =>
        {
            for (int i = 0; i < 1000; i++) rig.Read(connection);
            feed.WaitForSnapshot(Rig.Patience, default);
            drops = feed.Take().Engines[0].RingDrops;
            return drops > 0;
        }, "drops");
        Assert.That(drops, Is.LessThanOrEqualTo(rig.Provider.Drops));
    }

    [Test]
    public void The_interval_can_be_changed()
    {
        using Feed feed = _rig.Open(interval: 3600);
        feed.Take();
        feed.SetInterval(TimeSpan.FromMilliseconds(20));
        Assert.That(feed.WaitForSnapshot(Rig.Patience, default), Is.True);
        Assert.That(feed.Take().Seconds, Is.GreaterThan(0));
    }
}
