using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

/// <summary>Failures and patterns from an engine to a viewer of the same process, however late that takes.</summary>
[TestFixture]
public sealed class KeptFailuresTests
{
    private const string Host = "iqn.2026-11.example:i";

    private Provider _provider = null!;
    private FrameWriter _writer = null!;
    private Mirror _mirror = null!;
    private Subscriber _subscriber = null!;
    private Observation _observation = null!;
    private long _now;
    private uint _itt;
    private uint _target;

    [SetUp]
    public void SetUp()
    {
        _provider = new Provider("test", 1 << 14);
        _writer = new FrameWriter();
        _now = 1_000_000_000;
        _itt = 0;
        var reception = new Reception(new Lock(), 1, null, null);
        _mirror = reception.Mirror;
        _subscriber = new Subscriber(new LocalOutbox(reception), new Wants(0, Feed.WholeFile), _now);
        _observation = new Observation(_provider, [_subscriber], _writer);
        _observation.Want(_subscriber, null, _now);
        _target = _provider.Intern("iqn.2026-11.example:t");
        _provider.UnitChanges.Enqueue(new UnitInfo("iqn.2026-11.example:t", 0, "serial", 512) { Identity = "naa.6001" });
    }

    [TearDown]
    public void TearDown() => _subscriber.Dispose();

    private ConnectionInfo Open(string initiator = Host)
    {
        uint id = _provider.NextConnection();
        var info = new ConnectionInfo(id, "192.0.2.1:3260", $"192.0.2.7:{id}", "iqn.2026-11.example:t", initiator, $"{id:x12}", (ushort)(id % 60_000 + 1), 0, _now) { PortalGroup = 1 };
        _provider.ConnectionChanges.Enqueue(info);
        return info;
    }

    // A read of eight blocks, of which each goes on where the one before ended.
    private void Read(ConnectionInfo on, ScsiStatus status = ScsiStatus.Good)
    {
        ProbeEvent e = Events.Command(_now, on.Id, 0, ++_itt, Events.Read10, 4096);
        Events.Put(ref e, 34, _itt * 8);
        e.Header[40] = 8;
        Fire(e);
        Fire(Events.Response(_now += 1000, on.Id, 0, _itt, status));
    }

    private void Close(ConnectionInfo info)
    {
        _provider.ConnectionChanges.Enqueue(info with { Closed = _now });
        _observation.Take(_now);
    }

    private void Fire(ProbeEvent e) => _provider.Fire(e.Bhs.Bytes, e.TailSpan, e.LunNumber, e.Connection, _target, _target, e.Time);

    private Snapshot Take()
    {
        _observation.Take(_now);
        _observation.PublishLast(_subscriber, _now);
        var snapshot = new Snapshot();
        _mirror.TakeInto(snapshot);
        return snapshot;
    }

    [Test]
    public void An_interval_has_its_own_counts_and_totals_stay()
    {
        ConnectionInfo on = Open();
        Read(on, ScsiStatus.Busy);
        Read(on);
        _provider.Tell(new Fault(FaultKind.DataDigest, on.Id, _now));
        Snapshot first = Take();
        Assert.That(first.Failures.Select(f => (f.Key.Kind, f.Count, f.Total)), Is.EquivalentTo(new[] { (FailureKind.Status, 1L, 1L), (FailureKind.Digest, 1L, 1L) }));
        FailureDelta busy = first.Failures.Single(f => f.Key.Kind == FailureKind.Status);
        Assert.That((busy.Connection.Initiator, busy.Key.Lun, busy.Key.Operation, busy.Engine.Pid), Is.EqualTo((Host, 0ul, (ushort)0x2800, 1)));
        Assert.That(busy.First, Is.EqualTo(1_000_001_000 + _mirror.WallOffset));
        PatternDelta pattern = first.Patterns.Single();
        Assert.That((pattern.Pattern.Count, pattern.Pattern.Sequential, pattern.Pattern.Unplaced, pattern.Connection.Initiator), Is.EqualTo((2L, 1L, 1L, Host)));
        Assert.That(first.Units.Single().Identity, Is.EqualTo("naa.6001"));

        Read(on, ScsiStatus.Busy);
        Snapshot second = Take();
        Assert.That(second.Failures.Single(f => f.Key.Kind == FailureKind.Digest).Count, Is.Zero);
        Assert.That(second.Failures.Where(f => f.Key.Kind == FailureKind.Status).Select(f => (f.Count, f.Total)), Is.EqualTo(new[] { (1L, 2L) }));
        Assert.That((second.Patterns.Single().Pattern.Count, second.Patterns.Single().Pattern.Interarrival!.Count), Is.EqualTo((1L, 1L)));
        Assert.That(second.Patterns.Single().Pattern.Sizes[12], Is.EqualTo(1));

        Snapshot third = Take();
        Assert.That(third.Failures.Select(f => f.Count), Is.All.Zero);
        Assert.That(third.Patterns, Is.Empty);
    }

    [Test]
    public void What_failed_stays_when_its_connection_has_ended()
    {
        ConnectionInfo on = Open();
        Read(on, ScsiStatus.Busy);
        Close(on);
        for (int i = 0; i < 5; i++) _observation.Take(_now);
        Take();
        FailureDelta kept = Take().Failures.Single();
        Assert.That((kept.Total, kept.Count, kept.Connection.Id, kept.Connection.Closed), Is.EqualTo((1L, 0L, on.Id, _now)));
    }

    [Test]
    public void Very_many_connections_lose_no_failure_and_no_pattern()
    {
        const int Connections = 20_000;
        for (int i = 0; i < Connections; i++)
        {
            ConnectionInfo on = Open($"iqn.2026-11.example:i{i % 3}");
            Read(on, ScsiStatus.Busy);
            Read(on, i % 2 == 0 ? ScsiStatus.CheckCondition : ScsiStatus.Good);
            Close(on);
        }
        Snapshot snapshot = Take();
        Assert.Multiple(() =>
        {
            Assert.That(snapshot.Failures.Sum(f => f.Total), Is.EqualTo(Connections * 3 / 2));
            Assert.That(snapshot.Failures.Sum(f => f.Count), Is.EqualTo(Connections * 3 / 2));
            Assert.That(snapshot.Failures, Has.Count.AtMost(2 * FailureTable.Capacity));
            Assert.That(snapshot.Failures.Where(f => f.Key.Connection == 0).Select(f => f.Connection.Initiator).Distinct().Count(), Is.EqualTo(3));
            Assert.That(snapshot.Failures.Where(f => f.Key.Code == FailureKey.Others), Is.Empty, "room was made in time");
            Assert.That(snapshot.Patterns.Sum(p => p.Pattern.Count), Is.EqualTo(2 * Connections));
            Assert.That(snapshot.Patterns.Sum(p => p.Pattern.Interarrival!.Count), Is.EqualTo(Connections));
            Assert.That(snapshot.Patterns, Has.Count.AtMost(8192));
        });
        Assert.That(Take().Failures.Sum(f => f.Count), Is.Zero);
    }

    [Test]
    public void A_login_in_the_place_of_a_session_there_was_counts_with_the_newer()
    {
        ConnectionInfo old = Open();
        _now += 1000;
        uint id = _provider.NextConnection();
        ConnectionInfo newer = old with { Id = id, Tsih = 50_000, Opened = _now };
        _provider.ConnectionChanges.Enqueue(newer);
        _provider.ConnectionChanges.Enqueue(newer);
        ConnectionInfo elsewhere = old with { Id = _provider.NextConnection(), Tsih = 50_001, Opened = _now, PortalGroup = 2 };
        _provider.ConnectionChanges.Enqueue(elsewhere);
        Close(old);
        Snapshot snapshot = Take();
        Assert.That(snapshot.Connections.ToDictionary(c => c.Connection.Id, c => c.Total[Fact.Reinstatements]), Is.EquivalentTo(new Dictionary<uint, long>
        {
            [old.Id] = 0,
            [newer.Id] = 1,
            [elsewhere.Id] = 0,
        }));
    }

    [Test]
    public void More_faults_than_fit_are_counted()
    {
        ConnectionInfo on = Open();
        for (int i = 0; i < Provider.MaxFaults + 10; i++) _provider.Tell(Fault.Reject(on.Id, _now, 4, default));
        Snapshot snapshot = Take();
        Assert.That(snapshot.Failures.Select(f => (f.Key.Connection, f.Key.Code, f.Total)), Is.EquivalentTo(new[] { (on.Id, 4u, (long)Provider.MaxFaults), (0u, FailureKey.Others, 10L) }));
    }
}
