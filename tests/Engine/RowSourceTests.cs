using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class RowSourceTests
{
    private static readonly EngineStatus s_engine = new() { Pid = 1, Seconds = 2 };
    private static readonly ConnectionInfo s_first = new(1, "p:3260", "h:1", "t", "i", "isid", 1, Opened: 1) { PortalGroup = 7 };
    private static readonly ConnectionInfo s_second = new(2, "p:3260", "h:2", "t", "i", "isid", 2, Opened: 1);
    private static readonly ConnectionInfo s_other = new(3, "q:3260", "g:1", "t", "j", "isid", 3, Opened: 1);

    private static Snapshot Snapshot() => new() { Seconds = 2, Engines = { s_engine } };

    private static List<Row> Rows(RowSource source, Snapshot snapshot, Func<Scope, bool>? by = null, IReadOnlyList<Finding>? findings = null)
    {
        source.Build(snapshot, findings ?? [], new Narrowing(null, by));
        return source.Rows;
    }

    private static FailureDelta Failure(ConnectionInfo c, ulong lun, FailureKind kind, uint code, long count, long total, long first = 10, long last = 20) => new()
    {
        Key = new FailureKey(c.Id, lun, 0x2800, kind, code),
        Connection = c,
        Engine = s_engine,
        Count = count,
        Total = total,
        First = first,
        Last = last,
    };

    [Test]
    public void Failures_of_one_kind_are_one_row_whichever_connection_they_came_on()
    {
        Snapshot s = Snapshot();
        s.Failures.Add(Failure(s_first, 0, FailureKind.Status, 0x08000000, 1, 5, 10, 20));
        s.Failures.Add(Failure(s_second, 0, FailureKind.Status, 0x08000000, 2, 6, 8, 30));
        s.Failures.Add(Failure(s_other, 0, FailureKind.Status, 0x08000000, 1, 1));
        s.Failures.Add(Failure(s_first, 0, FailureKind.Status, 0x28000000, 1, 1));
        var source = new FailureRows();
        for (int i = 0; i < 2; i++)
        {
            FailureDelta sum = Rows(source, s).Single(r => r.Extras.Failure!.Total == 11).Extras.Failure!;
            Assert.That((source.Rows.Count, sum.Count, sum.First, sum.Last), Is.EqualTo((3, 3L, 8L, 30L)), "the second time as the first");
        }
    }

    [Test]
    public void A_failure_without_a_command_has_no_operation_and_one_without_a_unit_no_unit()
    {
        Snapshot s = Snapshot();
        s.Failures.Add(Failure(s_first, Lun.Unknown, FailureKind.Login, 0x0201, 1, 1));
        s.Failures.Add(Failure(s_first, 4, FailureKind.NoStatus, 0, 1, 1));
        List<Row> rows = Rows(new FailureRows(), s);
        Assert.That(rows.Select(r => r.Group), Is.EqualTo(new[] { Dimensions.Target | Dimensions.Initiator, Dimensions.Target | Dimensions.Initiator | Dimensions.Lun | Dimensions.Operation }));
    }

    [Test]
    public void What_does_not_count_has_no_row()
    {
        Snapshot s = Snapshot();
        s.Failures.Add(Failure(s_first, 0, FailureKind.Status, 0x08000000, 1, 5));
        s.Failures.Add(Failure(s_other, 0, FailureKind.Status, 0x08000000, 1, 5));
        Assert.That(Rows(new FailureRows(), s, scope => scope.Initiator == "j").Single().Initiator, Is.EqualTo("j"));
        s.Tasks.Add(new TaskRecord(1, 5, s_first, s_engine, 0, TaskFunction.AbortTask, 7, 0, -1, 0));
        Assert.That(Rows(new HappeningRows(), s, scope => scope.Initiator == "j"), Is.Empty);
        Assert.That(Rows(new FindingRows(), s, scope => scope.Initiator == "j", [new Finding("r", Severity.Notice, "s", "e", "a", "t", 0, "i", 1, 2)]), Is.Empty);
    }

    [Test]
    public void Patterns_are_added_up_over_connections_but_not_over_directions()
    {
        Snapshot s = Snapshot();
        foreach ((ConnectionInfo c, bool writes, long n) in new[] { (s_first, false, 5L), (s_second, false, 6L), (s_first, true, 7L), (s_second, true, 0L) })
        {
            var delta = new PatternDelta { Key = new PatternKey(c.Id, 0, writes), Connection = c, Engine = s_engine };
            delta.Pattern.Count = n;
            s.Patterns.Add(delta);
        }
        List<Row> rows = Rows(new PatternRows(), s);
        Assert.That(rows.Select(r => (r.Extras.Writes, r.Extras.Pattern!.Count)), Is.EqualTo(new[] { (false, 11L), (true, 7L) }));
    }

    [Test]
    public void A_reservation_names_whom_it_stopped_most_often()
    {
        Snapshot s = Snapshot();
        var holder = new Registrant("i", "isid", 1);
        s.Reservations.Add(new ReservationState("t", 0, s_engine, ReservationKind.Persistent, 1, holder, [holder], 1, 5, true));
        s.Failures.Add(Failure(s_first, 0, FailureKind.Status, 0x18000000, 1, 2));
        s.Failures.Add(Failure(s_other, 0, FailureKind.Status, 0x18000000, 4, 4));
        s.Failures.Add(Failure(s_other, 1, FailureKind.Status, 0x18000000, 50, 50));
        s.Failures.Add(Failure(s_other, 0, FailureKind.Status, 0x08000000, 50, 50));
        var source = new HappeningRows();
        for (int i = 0; i < 2; i++)
        {
            Conflicts conflicts = Rows(source, s).Single().Extras.Conflicts!;
            Assert.That((conflicts.Count, conflicts.Total, conflicts.Victim), Is.EqualTo((5L, 6L, "j")));
        }
    }

    [Test]
    public void A_reservation_is_about_all_who_registered()
    {
        Snapshot s = Snapshot();
        s.Reservations.Add(new ReservationState("t", 0, s_engine, ReservationKind.Persistent, 1, new Registrant("i", "", 1), [new Registrant("i", "", 1), new Registrant("j", "", 2)], 1, 5, true));
        Assert.Multiple(() =>
        {
            Assert.That(Rows(new HappeningRows(), s, scope => scope.Initiator == "j"), Has.Count.EqualTo(1));
            Assert.That(Rows(new HappeningRows(), s, scope => scope.Initiator == "k"), Is.Empty);
        });
    }

    [Test]
    public void A_target_has_what_its_connections_did()
    {
        Snapshot s = Snapshot();
        Link(s, s_first, logins: 2);
        Link(s, s_second, logins: 0);
        Link(s, s_other, logins: 1);
        Link(s, s_first with { Id = 4, Closed = 9_000_000_000, End = ConnectionEnd.Logout }, logins: 0, logouts: 2);
        Link(s, new ConnectionInfo(6, "p:3260", "x:1", Opened: 1) { Discovery = true }, logins: 1);
        s.Failures.Add(Failure(s_first, 0, FailureKind.Status, 0x02062900, 4, 4));
        Row row = Rows(new Rollup(Dimensions.Target | Dimensions.Portal, Joins.Links | Joins.Failures), s).Single(r => r.Portal == "p:3260");
        Links links = row.Extras.Links!;
        Assert.Multiple(() =>
        {
            Assert.That((links.Connections, links.Sessions), Is.EqualTo((2, 2)));
            Assert.That(links.PerSecond(links[Fact.Logins]), Is.EqualTo(1));
            Assert.That(links.PerSecond(links[Fact.Logouts]), Is.EqualTo(1), "connections that ended count, too");
            Assert.That((links.UnitAttentions, links.PortalGroup), Is.EqualTo((4L, 7)));
        });
    }

    private static void Link(Snapshot s, ConnectionInfo c, long logins, long logouts = 0)
    {
        var delta = new ConnectionDelta { Connection = c, Engine = s_engine, Time = 10_000_000_000 };
        delta.Facts.Begin();
        (delta.Facts[Fact.Logins], delta.Facts[Fact.Logouts]) = (logins, logouts);
        s.Connections.Add(delta);
    }

    [Test]
    public void Pings_of_an_interval_are_what_was_added_to_their_sum()
    {
        Snapshot s = Snapshot();
        var delta = new ConnectionDelta { Connection = s_first, Engine = s_engine };
        delta.Total.NopTime = new Histogram();
        delta.Total.NopTime.Add(1000);
        s.Connections.Add(delta);
        var pings = new Durations(HeatMode.Ping);
        Assert.That(Count(), Is.EqualTo(1), "all there was before");
        delta.Total.NopTime.Add(1000);
        delta.Total.NopTime.Add(5000);
        Assert.That(Count(), Is.EqualTo(2));
        Assert.That(Count(), Is.Zero);
        s.Connections.Clear();
        Assert.That(Count(), Is.Zero, "a connection that went takes nothing back");
        s.Connections.Add(delta);
        pings.Restart();
        Assert.That(Count(), Is.Zero, "of another scope nothing is known yet");

        long Count()
        {
            pings.Take(s, Narrowing.None);
            return pings.Interval.Count;
        }
    }
}
