namespace Iscsitop.Engine.Checking;

/// <summary>The metrics there are: parser, help and man page are loops over them.</summary>
public static class CheckMetrics
{
    /// <summary>All of them, in the order of help and man page.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        Percentile("p50", 0.50, 20, "median latency, command to status"),
        Percentile("p90", 0.90, 20, "90th percentile latency"),
        Percentile("p95", 0.95, 20, "95th percentile latency"),
        Percentile("p99", 0.99, 100, "99th percentile latency"),
        Percentile("p999", 0.999, 1000, "99.9th percentile latency") with { Alias = "p99.9" },
        new("max", Quantity.Duration, "longest latency") { Directed = true, Needs = 1, Value = (m, d) => Known(m.Latency(d).Max()) },
        new("avg", Quantity.Duration, "mean latency") { Directed = true, Needs = 1, Value = (m, d) => m.Latency(d) is { Count: > 0 } h ? (double)h.Sum / h.Count : double.NaN },
        new("iops", Quantity.Rate, "commands completed a second") { Directed = true, Value = (m, d) => m.Told(Untold.Commands, m.Rate(m.Sum(d, s => s.OpsPerSecond))) },
        new("bandwidth", Quantity.Bandwidth, "bytes moved a second") { Alias = "throughput", Directed = true, Value = (m, d) => m.Told(Untold.Bytes, m.Rate(m.Sum(d, s => s.BytesPerSecond))) },
        new("size", Quantity.Size, "mean bytes of a command") { Directed = true, Needs = 1, Value = (m, d) => m.Sum(d, s => s.Ops) is > 0 and var ops ? m.Told(Untold.Bytes, m.Sum(d, s => s.Bytes) / ops) : double.NaN },
        Count("commands", "commands completed", m => m.Told(Untold.Commands, m.Sum(null, s => s.Ops))),
        Count("errors", "commands that ended neither GOOD nor CONDITION MET", m => m.Told(Untold.Errors, m.Errors)),
        new("errors_pct", Quantity.Percent, "share of the commands that failed") { Needs = 1, Value = (m, _) => m.Sum(null, s => s.Ops) is > 0 and var ops ? m.Told(Untold.Errors, 100 * m.Errors / ops) : double.NaN },
        Count("aborted", "commands that ended without a status", m => m.Told(Untold.Rest, m.Aborted)),
        Count("conflicts", "commands that ended RESERVATION CONFLICT", m => m.Told(Untold.Rest, m.Conflicts)),
        Count("queue_full", "commands that ended TASK SET FULL or BUSY", m => m.Told(Untold.Rest, m.QueueFull)),
        Count("rejects", "Reject PDUs", m => m.Told(Untold.Rest, m.Rejects)),
        Count("digest_errors", "digests that did not match", m => m.Told(Untold.Rest, m.DigestErrors)),
        Count("login_failures", "logins that were rejected", m => m.Told(Untold.Rest, m.LoginFailures)),
        Count("nop_unanswered", "pings without an answer for 5 s", m => m.Told(Untold.Rest, m.PingsLost)),
        Count("outstanding", "commands outstanding at the end", m => m.OfCommands ? double.NaN : m.Told(Untold.Outstanding, m.Outstanding)),
        Count("queue_depth", "mean number of commands outstanding", m => m.OfCommands ? double.NaN : m.Told(Untold.Rest, m.Rate(m.QueueDepth))) with { Alias = "qd" },
        new("busy", Quantity.Percent, "share of the time with a command outstanding, of the busiest unit") { Value = (m, _) => m.OfCommands ? double.NaN : m.Busy },
        Count("sessions", "sessions that are open, discovery left out", m => m.Told(Untold.Rest, m.Sessions)),
        Count("connections", "connections that are open", m => m.Told(Untold.Rest, m.Connections)),
        Count("drops", "events and packets that were lost on their way here", m => m.Told(Untold.Rest, m.Drops)),
        new("coverage", Quantity.Percent, "share of the packets that the kernel did not lose, since the engine began to look") { Value = (m, _) => m.Coverage },
    ];

    /// <summary>Every name there is.</summary>
    public static IEnumerable<string> Names => All.SelectMany(m => m.Alias.Length > 0 ? new[] { m.Name, m.Alias } : [m.Name]);

    /// <summary>The metric of a name, null when there is none.</summary>
    public static Metric? Find(string name)
    {
        foreach (Metric metric in All)
            if (metric.Is(name))
                return metric;
        return null;
    }

    private static double Known(long ns) => ns < 0 ? double.NaN : ns;

    private static Metric Percentile(string name, double p, int needs, string help) =>
        new(name, Quantity.Duration, help) { Directed = true, Needs = needs, Value = (m, d) => Known(m.Latency(d).Percentile(p)) };

    private static Metric Count(string name, string help, Func<Measured, double> value) => new(name, Quantity.Count, help) { Value = (m, _) => value(m) };
}
