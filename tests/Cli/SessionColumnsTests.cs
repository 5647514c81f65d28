using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class SessionColumnsTests
{
    private const long Second = 1_000_000_000;

    private static readonly TopOptions s_options = Of(OutputFormat.Table);

    private static TopOptions Of(OutputFormat format, params string[] fields) => Samples.Fields(format, "session", fields);

    /// <summary>One that is open with all there is to know, one that has ended and of which little is known, and one that logs in.</summary>
    private static Snapshot Three()
    {
        Snapshot s = Samples.Empty();
        ConnectionDelta open = Add(s, Samples.Connection with { Opened = 10 * Second, Parameters = new SessionParameters(HeaderDigest: true, TargetMaxRecv: 262144) });
        foreach (ConnectionFacts facts in (ConnectionFacts[])[open.Facts, open.Total])
        {
            facts.Begin();
            facts.Window = 32;
            facts.LastPdu = 99 * Second;
            facts[Fact.R2ts] = 100;
            facts[Fact.BytesToTarget] = 1000;
            facts[Fact.ResentToTarget] = 25;
            facts[Fact.BytesToInitiator] = 4000;
            facts[Fact.ResentToInitiator] = 40;
        }
        open.Total[Fact.NopsLost] = 2;
        (open.Total.NopTime = new Histogram()).Add(1_000_000);
        Add(s, new ConnectionInfo(2, "127.0.0.1:3260", "192.0.2.8:50001", "?127.0.0.1:3260", "?192.0.2.8", Opened: 20 * Second, Closed: 207 * Second)
        {
            MidStream = true,
            End = ConnectionEnd.InitiatorReset,
        });
        Add(s, new ConnectionInfo(3, "127.0.0.1:3260", "192.0.2.9:50002", Opened: 99 * Second + Second / 2)).Total.Begin();
        return s;
    }

    private static ConnectionDelta Add(Snapshot s, ConnectionInfo connection)
    {
        s.Connections.Add(new ConnectionDelta { Connection = connection, Engine = Samples.Engine, Time = 100 * Second });
        return s.Connections[^1];
    }

    private static double ValueOf(string field, Action<ConnectionDelta> with)
    {
        Snapshot s = Samples.Empty();
        ConnectionDelta delta = Add(s, Samples.Connection);
        delta.Facts.Begin();
        delta.Total.Begin();
        with(delta);
        var report = new Report(s_options);
        report.Build(s);
        return s_options.View.Find(field)!.Value!(report.Rows.Single());
    }

    [Test]
    public void The_table_of_sessions()
    {
        Assert.That(Samples.Written(s_options, Three()), Is.EqualTo(
            """
            INITIATOR                    PORTAL         TARGET                    STATE    AGE HD     DD   R2T/s   WIN WSTALL%  RTX% NOPms NOPlost ITTs   LAST END
            iqn.1994-05.com.example:host 127.0.0.1:3260 iqn.2026-01.com.example:a open   1m30s crc32c none  50.0    32       0   2.5 0.983       2    0   1.0s -
            -                            127.0.0.1:3260 -                         login   0.5s -      -        -     -       -     -     -       0    0      - -
            ?192.0.2.8                   127.0.0.1:3260 ?127.0.0.1:3260           ended  3m07s -      -        -     -       -     -     -       -    -      - initiator-rst

            """));
    }

    [Test]
    public void Names_that_stand_for_the_unknown_are_null_for_programs_and_shown_to_people()
    {
        string json = Samples.Written(Of(OutputFormat.Json, "initiator", "target", "portal", "via", "header_digest", "window", "retransmits_pct", "end"), Three());
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.That(document.RootElement[0].GetProperty("rows").EnumerateArray().Select(r => r.GetRawText()), Is.EqualTo((string[])
        [
            """{"initiator":"iqn.1994-05.com.example:host","target":"iqn.2026-01.com.example:a","portal":"127.0.0.1:3260","via":"tcp","header_digest":"crc32c","window":32,"retransmits_pct":2.5,"end":null}""",
            """{"initiator":null,"target":null,"portal":"127.0.0.1:3260","via":"tcp","header_digest":null,"window":null,"retransmits_pct":null,"end":null}""",
            """{"initiator":null,"target":null,"portal":"127.0.0.1:3260","via":"tcp","header_digest":null,"window":null,"retransmits_pct":null,"end":"initiator-rst"}""",
        ]));
        Assert.That(Samples.Written(Of(OutputFormat.Csv, "initiator", "target"), Three()), Does.EndWith(",?192.0.2.8,?127.0.0.1:3260\r\n"));
    }

    [Test]
    public void Targets_and_initiators_choose_the_sessions_and_units_do_not()
    {
        static IEnumerable<uint> Kept(RowFilter filter)
        {
            var report = new Report(s_options with { Filter = filter });
            report.Build(Three());
            return report.Rows.Select(r => r.Connection!.Connection.Id);
        }
        Assert.That(Kept(new RowFilter([], ["iqn.*:a"], [])), Is.EqualTo((uint[])[1]));
        Assert.That(Kept(new RowFilter([], [], ["192.0.2.8", "*:host"])), Is.EqualTo((uint[])[1, 2]));
        Assert.That(Kept(new RowFilter([7], [], [])), Has.Exactly(3).Items);
    }

    [TestCase(0, 0, 0)]
    [TestCase(500, 0, double.NaN)]
    [TestCase(500, 400, 20)]
    [TestCase(9000, 9000, 100)]
    public void The_share_of_stalls_is_of_the_interval_and_unknown_when_nobody_came(long closedMs, long stalledMs, double expected) =>
        Assert.That(ValueOf("window_stall_pct", d =>
        {
            d.Facts.Window = 1;
            d.Facts[Fact.WindowClosed] = closedMs * 1_000_000;
            d.Facts[Fact.WindowStalled] = stalledMs * 1_000_000;
        }), Is.EqualTo(expected));

    [Test]
    public void Without_a_window_there_is_no_share_of_stalls() => Assert.That(ValueOf("window_stall_pct", _ => { }), Is.NaN);

    [TestCase(1000, 10, 0, 0, 1)]
    [TestCase(0, 0, 500, 50, 10)]
    [TestCase(1000, 10, 500, 50, 10)]
    [TestCase(1000, 0, 0, 0, 0)]
    [TestCase(0, 0, 0, 0, double.NaN)]
    [TestCase(-1, -1, -1, -1, double.NaN)]
    public void The_share_sent_again_is_of_the_worse_direction(long toTarget, long again, long toInitiator, long againToInitiator, double expected) =>
        Assert.That(ValueOf("retransmits_pct", d =>
        {
            d.Facts[Fact.BytesToTarget] = toTarget;
            d.Facts[Fact.ResentToTarget] = again;
            d.Facts[Fact.BytesToInitiator] = toInitiator;
            d.Facts[Fact.ResentToInitiator] = againToInitiator;
        }), Is.EqualTo(expected));

    [Test]
    public void A_connection_has_its_own_commands_and_no_total_is_made_of_them()
    {
        Snapshot s = Three();
        s.Cells.Add(Samples.Delta(Samples.Connection, 0, 0x2800, CommandKind.Read, 10, 512, 1000));
        var report = new Report(s_options);
        report.Build(s);
        Assert.That(report.Rows.Select(r => r.Ops), Is.EqualTo((long[])[10, 0, 0]));
        Assert.That(Samples.Written(s_options, s), Does.Not.Contain("total"));
    }
}
