using System.Globalization;
using Iscsitop.Engine;

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
        _ => new TableWriter(streams.Output, color == ColorChoice.Always || (color == ColorChoice.Auto && streams.Styled)),
    };

    /// <summary>A sentence about what was lost, "" when nothing was.</summary>
    public static string Losses(IReadOnlyList<EngineStatus> engines)
    {
        long ring = 0, outbox = 0, folded = 0;
        foreach (EngineStatus e in engines)
        {
            ring += e.RingDrops;
            outbox += e.OutboxDrops;
            folded += e.Folded;
        }
        if (ring + outbox + folded == 0) return "";
        return string.Create(CultureInfo.InvariantCulture, $"drops: {ring} events in the engine, {outbox} on the way here, {folded} commands folded");
    }

    /// <summary>Nanoseconds since 1970 as seconds with nine decimals.</summary>
    public static string EpochSeconds(long ns) => string.Create(CultureInfo.InvariantCulture, $"{ns / 1_000_000_000}.{ns % 1_000_000_000:d9}");
}
