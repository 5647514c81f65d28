using System.Globalization;
using Iscsitop.Engine;
using Iscsitop.Engine.Wire;

namespace Iscsitop.Cli.Output;

/// <summary>Writes reports one after another; every one is complete at the reader when <see cref="Write"/> returns.</summary>
/// <param name="output">Where to; flushed after each report.</param>
internal abstract class ReportWriter(Stream output)
{
    /// <summary>Version of the field names and record shapes of the formats for programs.</summary>
    public const int Schema = 1;

    /// <summary>Where to.</summary>
    protected Stream Output => output;

    /// <summary>Writes a report.</summary>
    public abstract void Write(Report report);

    /// <summary>Closes what was begun. Also called when nothing was written.</summary>
    public virtual void End()
    {
    }

    /// <summary>The writer of a format.</summary>
    public static ReportWriter For(OutputFormat format, Streams streams, ColorChoice color) => format switch
    {
        OutputFormat.Csv => new CsvWriter(streams.Output),
        OutputFormat.Json => new JsonReports(streams.Output),
        OutputFormat.Ndjson => new NdjsonReports(streams.Output),
        OutputFormat.Markdown => new MarkdownWriter(streams.Output),
        _ => new TableWriter(streams.Output, color == ColorChoice.Auto ? streams.Styled : color != ColorChoice.Never),
    };

    /// <summary>A sentence about what was lost, "" when nothing was.</summary>
    public static string Losses(IReadOnlyList<EngineStatus> engines)
    {
        long ring = 0, outbox = 0, folded = 0;
        Coverage seen = default;
        foreach (EngineStatus e in engines)
        {
            ring += e.RingDrops;
            outbox += e.OutboxDrops;
            folded += e.Folded;
            seen.Dropped += Math.Max(0, e.Coverage.Dropped);
            seen.MissingBytes += e.Coverage.MissingBytes;
            seen.Resyncs += e.Coverage.Resyncs;
            seen.MidStream += e.Coverage.MidStream;
            seen.Evicted += e.Coverage.Evicted;
        }
        var losses = new List<string>();
        foreach (EngineStatus e in engines)
            if (e.Host is { SilentSince: > 0 and var since })
                losses.Add($"host {e.Source} is silent since {DateTimeOffset.FromUnixTimeMilliseconds(since / 1_000_000):yyyy-MM-ddTHH:mm:ssZ}");
        if (ring + outbox + folded > 0)
            losses.Add(string.Create(CultureInfo.InvariantCulture, $"drops: {ring} events in the engine, {outbox} on the way here, {folded} commands folded"));
        Add(losses, seen.Dropped, "packets dropped by the kernel");
        Add(losses, seen.MissingBytes, "bytes not in the capture");
        Add(losses, seen.Resyncs, "times a PDU was looked for anew");
        Add(losses, seen.MidStream, "connections whose login was not seen (?)");
        Add(losses, seen.Evicted, "connections given up");
        return string.Join("; ", losses);
    }

    private static void Add(List<string> losses, long count, string what)
    {
        if (count > 0) losses.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {what}"));
    }

    /// <summary>Whether an engine has not seen everything.</summary>
    public static bool Incomplete(EngineStatus engine) => Losses([engine]).Length > 0;

    /// <summary>Nanoseconds since 1970 as seconds with nine decimals.</summary>
    public static string EpochSeconds(long ns) => string.Create(CultureInfo.InvariantCulture, $"{ns / 1_000_000_000}.{ns % 1_000_000_000:d9}");
}
