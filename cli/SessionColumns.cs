using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli;

/// <summary>
/// The columns of the session view, whose rows are connections. Rates and shares are of the interval; what is counted is counted since
/// the engine began to look, for most of it is rare. What needs packets is unknown where events come from a target.
/// </summary>
internal static class SessionColumns
{
    internal static readonly Column Portal = new("portal", "PORTAL", 21, "", "address and port of the target", null, r => r.Portal);

    internal static readonly Column[] All =
    [
        Columns.Initiator with { Text = Name },
        Text("isid", "ISID", 12, "initiator part of the session id, 12 hexadecimal digits", c => c.Isid) with { Shown = Shown.Extended },
        Agreed("tsih", "TSIH", 5, "target session identifying handle", c => c.Tsih == 0 ? double.NaN : c.Tsih),
        Agreed("cid", "CID", 5, "connection id within the session", c => c.Tsih == 0 ? double.NaN : c.Cid),
        Portal,
        Text("remote", "FROM", 21, "address and port of the initiator", c => c.Remote) with { Shown = Shown.Extended },
        Columns.Target,
        new("state", "STATE", 9, "", "login, open, discovery or ended", null, r => r.Connection is { } d ? State(d.Connection) : Top.SessionTree.Count(r)),
        new("age_s", "AGE", 6, "s", "time since the connection was opened, or how long it lasted", Age, null, Numbers.Age),
        Text("via", "VIA", 4, "how it is carried: tcp; iSER is not seen", _ => "tcp") with { Identifies = false, Shown = Shown.Extended },
        Key("header_digest", "HD", 6, "header digest, crc32c or none", p => p.HeaderDigest ? "crc32c" : "none") with { Shown = Shown.Always },
        Key("data_digest", "DD", 6, "data digest, crc32c or none", p => p.DataDigest ? "crc32c" : "none") with { Shown = Shown.Always },
        Key("immediate_data", "IMM", 3, "ImmediateData: whether data may come with the command", p => p.ImmediateData ? "yes" : "no"),
        Key("initial_r2t", "I-R2T", 5, "InitialR2T: whether further data waits for an R2T", p => p.InitialR2T ? "yes" : "no"),
        Value("max_outstanding_r2t", "MOR2T", 5, "", "MaxOutstandingR2T", p => p.MaxOutstandingR2T),
        Value("first_burst_bytes", "FBL", 8, "B", "FirstBurstLength", p => p.FirstBurstLength),
        Value("max_burst_bytes", "MBL", 8, "B", "MaxBurstLength", p => p.MaxBurstLength),
        Value("max_recv_bytes", "MRDSL", 8, "B", "MaxRecvDataSegmentLength of the target", p => p.TargetMaxRecv),
        Value("initiator_max_recv_bytes", "IMRDSL", 8, "B", "MaxRecvDataSegmentLength of the initiator", p => p.InitiatorMaxRecv),
        new("r2ts_per_s", "R2T/s", 5, "1/s", "R2Ts a second", R2ts, null, Numbers.Short),
        Gauge("window", "WIN", 5, "", "commands the initiator might send by the last answer (MaxCmdSN - ExpCmdSN + 1); 0 is a closed window", d => d.Total.Window, Numbers.Integer),
        new("window_stall_pct", "WSTALL%", 7, "%", "share of the interval in which commands waited for the window; - when it closed and nobody knows whether any did", Stall, null, Numbers.Percent),
        new("retransmits_pct", "RTX%", 5, "%", "share of the bytes that were sent again, of the direction where it is higher", Retransmits, null, Numbers.Percent),
        Count("zero_windows", "ZWIN", "times a receiver closed its TCP window", Fact.ZeroWindows) with { Shown = Shown.Extended },
        Count("delayed_acks", "DACK", "acknowledgements delayed by 40 or 200 ms while data waited", Fact.DelayedAcks) with { Shown = Shown.Extended },
        Count("nop_outs", "NOPo", "NOP-Outs", Fact.NopOuts) with { Shown = Shown.Extended },
        Count("nop_ins", "NOPi", "NOP-Ins", Fact.NopIns) with { Shown = Shown.Extended },
        new("nop_p50_us", "NOPms", 5, "us", "median round trip of pings, both ways, of all there were", Nop, null, Numbers.Milliseconds),
        Count("nops_lost", "NOPlost", "pings without an answer for 5 s, or until the connection ended", Fact.NopsLost) with { Width = 7, Shown = Shown.Always },
        Gauge("itts", "ITTs", 4, "", "initiator task tags in use: commands outstanding", d => d.Total.Outstanding, Numbers.Integer),
        Gauge("last_s", "LAST", 6, "s", "time since the last PDU", d => d.Total.LastPdu == 0 ? -1 : Math.Max(0, d.Time - d.Total.LastPdu) / 1e9, Numbers.Age),
        Text("end", "END", 14, "why it ended: logout, login-rejected, reinstated, digest, nop-unanswered, tmf-escalation, target-fin, initiator-fin, target-rst, initiator-rst or silence", c => c.End.Name()),
        Count("window_closed_us", "CLOSED", "time in which the initiator might send no command", Fact.WindowClosed) with { Unit = "us", Value = r => Known(r, Fact.WindowClosed) / 1e3 },
        Count("beyond_window", "BEYOND", "requests whose CmdSN lay beyond MaxCmdSN", Fact.BeyondWindow),
        Count("logins", "LOGINS", "logins that succeeded", Fact.Logins),
        Count("login_failures", "LFAIL", "logins that were rejected", Fact.LoginFailures),
        Count("tmfs", "TMF", "task management requests", Fact.TaskRequests),
        Count("tmfs_complete", "TMFok", "task management requests answered with function complete", Fact.TasksComplete),
        Count("tmfs_refused", "TMFno", "task management requests answered with anything else", Fact.TasksRefused),
        Count("tmfs_unanswered", "TMFlost", "task management requests without an answer when the connection ended", Fact.TasksUnanswered) with { Width = 7 },
        Count("async_messages", "ASYNC", "Asynchronous Messages", Fact.AsyncMessages),
        Count("tcp_bytes_to_target", "TCPin", "TCP payload bytes to the target", Fact.BytesToTarget) with { Unit = "B" },
        Count("tcp_bytes_to_initiator", "TCPout", "TCP payload bytes to the initiator", Fact.BytesToInitiator) with { Unit = "B" },
        Count("resent_bytes_to_target", "RTXin", "those of them that were sent again, to the target", Fact.ResentToTarget) with { Unit = "B" },
        Count("resent_bytes_to_initiator", "RTXout", "those of them that were sent again, to the initiator", Fact.ResentToInitiator) with { Unit = "B" },
        Count("duplicate_packets", "DUP", "packets that were captured twice", Fact.Duplicates),
        Count("missing_bytes", "MISS", "payload bytes that the capture lacks", Fact.MissingBytes) with { Unit = "B" },
        Count("resyncs", "RESYNC", "times a PDU's start was looked for anew", Fact.Resyncs),
        Count("header_digest_errors", "HDERR", "header digests that did not match", Fact.HeaderDigestErrors),
        Count("data_digest_errors", "DDERR", "data digests that did not match", Fact.DataDigestErrors),
        Count("rejects", "REJECT", "Reject PDUs", Fact.Rejects),
        Count("snacks", "SNACK", "SNACK PDUs", Fact.Snacks),
        Columns.Interval,
    ];

    // What stands below a head is named by what tells it apart there.
    private static string Name(Row row) => row.Extras.Heads.Length > 0 ? row.Extras.Heads
        : row is { Extras.Depth: > 0, Connection: { } d } ? Top.SessionTree.Name(d.Connection, row.Extras.Depth) : row.Initiator;

    private static string State(ConnectionInfo c) =>
        c.Closed != 0 ? "ended" : c.Discovery ? "discovery" : c.Tsih == 0 && !c.MidStream ? "login" : "open";

    private static double Age(Row row) => row.Connection is not { } d ? double.NaN
        : d.Connection.Closed != 0 ? (d.Connection.Closed - d.Connection.Opened) / 1e9
        : d.Time > 0 ? Math.Max(0, d.Time - d.Connection.Opened) / 1e9 : double.NaN;

    private static double R2ts(Row row) =>
        row is { Seconds: > 0, Connection.Facts: var facts } && facts[Fact.R2ts] >= 0 ? facts[Fact.R2ts] / row.Seconds : double.NaN;

    private static double Stall(Row row)
    {
        if (row is not { Seconds: > 0, Connection.Facts: { Window: >= 0 } facts }) return double.NaN;
        if (facts[Fact.WindowStalled] > 0) return Math.Min(100, facts[Fact.WindowStalled] / (row.Seconds * 1e7));
        return facts[Fact.WindowClosed] > 0 ? double.NaN : 0;
    }

    private static double Retransmits(Row row)
    {
        if (row.Connection?.Facts is not { } facts) return double.NaN;
        double toTarget = Share(facts[Fact.ResentToTarget], facts[Fact.BytesToTarget]);
        double toInitiator = Share(facts[Fact.ResentToInitiator], facts[Fact.BytesToInitiator]);
        return double.IsNaN(toTarget) || toInitiator > toTarget ? toInitiator : toTarget;
    }

    private static double Share(long part, long whole) => whole > 0 ? 100.0 * part / whole : double.NaN;

    private static double Nop(Row row) => row.Connection?.Total.NopTime is { Count: > 0 } times ? times.Percentile(0.5) / 1e3 : double.NaN;

    private static double Known(Row row, Fact fact) => row.Connection?.Total[fact] is >= 0 and var count ? count : double.NaN;

    private static Column Text(string field, string header, int width, string help, Func<ConnectionInfo, string> text) =>
        new(field, header, width, "", help, null, r => r.Connection is { } d ? text(d.Connection) : "");

    private static Column Key(string field, string header, int width, string help, Func<SessionParameters, string> text) =>
        Text(field, header, width, help, c => c.Parameters is { } p ? text(p) : "") with { Identifies = false, Shown = Shown.Extended };

    private static Column Agreed(string field, string header, int width, string help, Func<ConnectionInfo, double> value) =>
        new(field, header, width, "", help, r => r.Connection is { } d ? value(d.Connection) : double.NaN, null, Numbers.Exact, Shown.Extended);

    private static Column Value(string field, string header, int width, string unit, string help, Func<SessionParameters, double> value) =>
        Agreed(field, header, width, help, c => c.Parameters is { } p ? value(p) : double.NaN) with { Unit = unit };

    private static Column Gauge(string field, string header, int width, string unit, string help, Func<ConnectionDelta, double> value, ShowNumber show) =>
        new(field, header, width, unit, help, r => r.Connection is { Connection.Closed: 0 } d && value(d) is >= 0 and var known ? known : double.NaN, null, show);

    private static Column Count(string field, string header, string help, Fact fact) =>
        new(field, header, Math.Max(4, header.Length), "", help, r => Known(r, fact), null, Numbers.Integer, Shown.InFiles);
}
