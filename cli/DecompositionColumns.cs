using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>The columns that say where the time of reads and writes went (docs/measures.md).</summary>
internal static class DecompositionColumns
{
    internal static readonly Column[] All =
    [
        new("verdict", "VERDICT", 8, "", "who keeps reads and writes waiting: storage, network, host, or host/net when no packets tell which; needs 100 of them", null, r => r.Phases.Verdict.Name(), null, Shown.Decomposed) { Identifies = false },
        new("phases_n", "PHn", 6, "", "reads and writes whose phases are added up", r => r.Phases.Count, null, Numbers.Integer, Shown.Decomposed),
        Share("svc_pct", "SVC%", "share of their latency that was the target's own time, once it had the data", Phase.Service),
        Share("r2t_pct", "R2W%", "share that went by until the target asked for data (first R2T)", Phase.R2tWait),
        Share("host_pct", "HST%", "share in which an R2T waited for the initiator's data", Phase.HostData),
        Share("xfer_pct", "RDX%", "share between the first and the last Data-In", Phase.Transfer),
        Mean("svc_mean_us", "SVC", "mean of the target's own time", Phase.Service),
        Mean("r2t_mean_us", "R2W", "mean time to the first R2T, of writes that had one", Phase.R2tWait),
        Mean("host_mean_us", "HST", "mean time of waiting for the initiator's data, of writes that had R2Ts", Phase.HostData),
        Mean("xfer_mean_us", "RDX", "mean time from the first to the last Data-In", Phase.Transfer),
        Mean("first_byte_mean_us", "RD1", "mean time to the first Data-In", Phase.FirstByte),
    ];

    private static Column Share(string field, string header, string help, Phase phase) =>
        new(field, header, 4, "%", help, r => 100 * r.Phases.Share(phase), null, Numbers.Percent, Shown.Decomposed);

    private static Column Mean(string field, string header, string help, Phase phase) =>
        new(field, header, 5, "us", help, r => r.Phases.Mean(phase) / 1e3, null, Numbers.Milliseconds, Shown.Decomposed);
}
