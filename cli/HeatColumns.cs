using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>The columns of the heat map in reports: an interval is a row, and a line of the map.</summary>
internal static class HeatColumns
{
    /// <summary>The ramp of a map in 7-bit characters, from nothing to most.</summary>
    internal const string Ramp = " .:-=+*#@";

    // A single command is few, even where there are no more.
    private const int Many = 16;

    /// <summary>The words of <c>--heat</c>, in the order of <see cref="HeatMode"/>, and what the durations are.</summary>
    internal static readonly (string Word, string Header, string Help)[] Modes =
    [
        ("lat", "LAT", "command to status"),
        ("rd1", "RD1", "command to first data"),
        ("hst", "HST", "waiting for the initiator's data"),
        ("svc", "SVC", "the target's own time"),
        ("nop", "NOP", "round trips of pings"),
    ];

    internal static readonly Column[] All =
    [
        new("mode", "MODE", 4, "", "which durations: lat, rd1, hst, svc or nop", null, r => Modes[r.Item].Word),
        new("durations", "DURs", 6, "", "durations in the interval", r => r.Extras.Durations?.Count ?? double.NaN, null, Numbers.Integer),
        Percentile("duration_p50_us", "P50", "median duration", 0.50, Columns.MedianNeeds),
        Percentile("duration_p95_us", "P95", "95th percentile of the durations", 0.95, Columns.MedianNeeds),
        Percentile("duration_p99_us", "P99", "99th percentile of the durations", 0.99, Columns.TailNeeds),
        new("duration_max_us", "MAX", 5, "us", "longest duration", r => r.Extras.Durations?.Max() is >= 0 and long ns ? ns / 1e3 : double.NaN, null, Numbers.Milliseconds),
        new("heat", "<1u_10u.1m1m_10m.1s1s_10s+", LatencySteps.Count, "", "how many there are in each 1-2-5 step of time, as characters from few to many: .:-=+*#@", null, Line) { Identifies = false },
        .. Enumerable.Range(0, LatencySteps.Count).Select(Step),
        Columns.Interval,
    ];

    private static Column Percentile(string field, string header, string help, double p, int needs) =>
        new(field, header, 5, "us", help, r => r.Extras.Durations?.Percentile(p, needs) is >= 0 and long ns ? ns / 1e3 : double.NaN, null, Numbers.Milliseconds);

    private static Column Step(int step)
    {
        string from = step == 0 ? "0" : LatencySteps.Label(step);
        return new("from_" + from, "F" + from.ToUpperInvariant(), 6, "", step == LatencySteps.Count - 1 ? $"durations from {from}" : $"durations from {from} to {LatencySteps.Label(step + 1)}",
            r => r.Extras.Durations is { } d ? LatencySteps.CountIn(d, step) : double.NaN, null, Numbers.Integer, Shown.InFiles);
    }

    private static string Line(Row row)
    {
        if (row.Extras.Durations is not { Count: > 0 } durations) return "";
        Span<long> counts = stackalloc long[LatencySteps.Count];
        LatencySteps.Add(durations, counts);
        long most = 0;
        foreach (long count in counts) most = Math.Max(most, count);
        Span<char> text = stackalloc char[LatencySteps.Count];
        for (int i = 0; i < text.Length; i++) text[i] = Ramp[Level(counts[i], most, Ramp.Length)];
        return new string(text.TrimEnd(' '));
    }

    /// <summary>How hot a count is: 0 for none, up to <paramref name="levels"/> - 1 for the most there are; each level is a multiple of the one below.</summary>
    public static int Level(long count, long most, int levels) =>
        count <= 0 ? 0 : Math.Clamp((int)Math.Ceiling((levels - 1) * Math.Log(1 + count) / Math.Log(1 + Math.Max(most, Many))), 1, levels - 1);
}
