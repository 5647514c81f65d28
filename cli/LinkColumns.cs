using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>What the connections behind a target or an initiator do beside commands.</summary>
internal static class LinkColumns
{
    internal static readonly Column Connections = new("connections", "CONN", 4, "", "connections open at the end", r => r.Extras.Links?.Connections ?? double.NaN, null, Numbers.Integer);
    internal static readonly Column OpenSessions = new("open_sessions", "SESS", 4, "", "sessions open at the end", r => r.Extras.Links?.Sessions ?? double.NaN, null, Numbers.Integer);
    internal static readonly Column PortalGroup = new("portal_group", "TPGT", 4, "", "tag of the target portal group", r => r.Extras.Links is { PortalGroup: >= 0 } l ? l.PortalGroup : double.NaN, null, Numbers.Exact) { Identifies = true };
    internal static readonly Column Units = new("luns", "LUNs", 4, "", "logical units addressed", r => r.Extras.Units, null, Numbers.Integer);
    internal static readonly Column Tasks = Happened("tmfs_per_s", "TMF/s", "task management requests a second", l => l[Fact.TaskRequests]);

    /// <summary>Of an initiator on all its units; nobody knows it of a part of them.</summary>
    internal static readonly Column QueueDepthMax = Columns.QueueDepthMax with
    {
        Value = r => r is { OfCommands: false, Seconds: > 0, Extras.MaxOutstanding: >= 0 } ? r.Extras.MaxOutstanding : double.NaN,
    };

    /// <summary>Round trips, where a row has connections of its own.</summary>
    internal static readonly Column Pings = SessionColumns.All.Single(c => c.Field == "nop_p50_us") with
    {
        Value = r => r.Extras.Links is { Pings.Count: > 0 } links ? links.Pings.Percentile(0.5) / 1e3 : double.NaN,
    };

    internal static readonly Column[] OfTargets =
    [
        Happened("logins_per_s", "LOGIN/s", "logins that succeeded, a second", l => l[Fact.Logins]),
        Happened("login_failures_per_s", "FAIL/s", "logins that were rejected, a second", l => l[Fact.LoginFailures]),
        Happened("logouts_per_s", "LOGOUT/s", "logouts asked for, a second", l => l[Fact.Logouts]),
        Happened("reinstated_per_s", "REINST/s", "logins that took the place of a session of the same initiator name, ISID and portal group, a second", l => l[Fact.Reinstatements]),
        Happened("redirected_per_s", "REDIR/s", "logins that were sent to another address, a second", l => l[Fact.Redirections]),
        Tasks,
        Happened("unit_attentions_per_s", "UA/s", "UNIT ATTENTIONs a second", l => l.UnitAttentions),
    ];

    private static Column Happened(string field, string header, string help, Func<Links, long> count) =>
        new(field, header, Math.Max(5, header.Length), "1/s", help, r => r.Extras.Links is { } links ? links.PerSecond(count(links)) : double.NaN, null, Numbers.Short);
}
