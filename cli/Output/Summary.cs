using System.Globalization;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>What all reports said together, for the line that closes a table at Ctrl-C.</summary>
internal sealed class Summary
{
    private readonly Histogram _reads = new();
    private readonly Histogram _writes = new();
    private double _seconds;
    private long _readOps, _writeOps, _otherOps, _readBytes, _writeBytes, _errors;
    private Untold _untold;

    /// <summary>Adds a report.</summary>
    public void Add(Report report)
    {
        Row total = report.Total;
        _seconds += report.Snapshot.Seconds;
        _readOps += total.Read.Ops;
        _writeOps += total.Write.Ops;
        _otherOps += total.Other.Ops;
        _readBytes += total.Read.Bytes;
        _writeBytes += total.Write.Bytes;
        _errors += total.Errors;
        _untold |= total.Untold;
        _reads.Add(total.Read.Latency);
        _writes.Add(total.Write.Latency);
    }

    /// <summary>The line.</summary>
    /// <param name="latency">How latencies are shown.</param>
    /// <param name="unit">The unit that makes.</param>
    public string Line(ShowNumber latency, string unit) => string.Create(CultureInfo.InvariantCulture,
        $"summary: {_seconds:0.0} s; {Direction("reads", _untold, _readOps, _readBytes, _reads, latency, unit)}; {Direction("writes", _untold, _writeOps, _writeBytes, _writes, latency, unit)}; {Told(_untold, Untold.Commands, _otherOps)} others; {Told(_untold, Untold.Errors, _errors)} errors\n");

    private static string Direction(string what, Untold untold, long ops, long bytes, Histogram h, ShowNumber latency, string unit) => string.Create(CultureInfo.InvariantCulture,
        $"{Told(untold, Untold.Commands, ops)} {what}, {Told(untold, Untold.Bytes, bytes)} bytes, p50 {Percentile(h, 0.5, Columns.MedianNeeds, latency)} p99 {Percentile(h, 0.99, Columns.TailNeeds, latency)} {unit}");

    private static string Told(Untold untold, Untold needs, long count) => (untold & needs) == 0 ? count.ToString(CultureInfo.InvariantCulture) : "-";

    private static string Percentile(Histogram h, double p, int needs, ShowNumber latency)
    {
        long ns = h.Percentile(p, needs);
        Span<char> into = stackalloc char[Numbers.MaxWidth];
        return new string(into[..latency(ns < 0 ? double.NaN : ns / 1e3, into)]);
    }
}
