using Iscsitop.Engine;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Metrics;

/// <summary>What metrics take from cells.</summary>
internal static class CellReadings
{
    private static readonly (Phase Phase, string Word)[] s_phases =
        [(Phase.R2tWait, "r2t_wait"), (Phase.HostData, "host_data"), (Phase.Transfer, "transfer"), (Phase.Service, "service"), (Phase.FirstByte, "first_byte")];

    public static void Durations(Observed observed, MetricSeries into)
    {
        foreach (CellDelta delta in observed.Snapshot.Cells)
            if (delta.Cell is { Kind: not CommandKind.Other } cell && cell.Of(Phase.Latency) is { Count: > 0 } latency)
                into.Add(latency, Key(delta));
    }

    public static void Phases(Observed observed, MetricSeries into)
    {
        foreach (CellDelta delta in observed.Snapshot.Cells)
        {
            if (delta.Cell is not { Kind: not CommandKind.Other } cell) continue;
            foreach ((Phase phase, string word) in s_phases)
                if (cell.Of(phase) is { Count: > 0 } durations)
                    into.Add(durations, Key(delta) with { D = word });
        }
    }

    public static void Commands(Observed observed, MetricSeries into)
    {
        foreach (CellDelta delta in observed.Snapshot.Cells)
            if (delta.Cell.Completed > 0)
                into.Add(delta.Cell.Completed, Key(delta, into));
    }

    public static void Bytes(Observed observed, MetricSeries into)
    {
        foreach (CellDelta delta in observed.Snapshot.Cells)
            if (delta.Cell.Completed > 0)
                into.Add(delta.Cell.ReadBytes + delta.Cell.WriteBytes, Key(delta, into));
    }

    public static void Outstanding(Observed observed, MetricSeries into)
    {
        if (into.ByInitiator) BeginIdle(observed, into);
        else
            foreach (UnitDelta unit in observed.Snapshot.Units)
                into.Add(0, new SeriesKey(MetricWords.Name(unit.Target), MetricWords.Lun(unit.Lun)));
        foreach (CellDelta delta in observed.Snapshot.Cells)
        {
            var key = new SeriesKey(MetricWords.Name(delta.Connection.Target), MetricWords.Lun(delta.Cell.Key.Lun));
            into.Add(delta.Cell.Outstanding, into.ByInitiator ? key with { C = MetricWords.Name(delta.Connection.Initiator) } : key);
        }
    }

    // An initiator that is connected and has used a unit before has none outstanding there, unless cells say so.
    private static void BeginIdle(Observed observed, MetricSeries into)
    {
        var connected = new HashSet<(string, string)>();
        foreach (ConnectionDelta delta in observed.Snapshot.Connections)
            if (delta.Connection.Closed == 0)
                connected.Add((delta.Connection.Target, delta.Connection.Initiator));
        foreach (SeriesKey key in into.Points.Keys)
            if (connected.Contains((key.A, key.C)))
                into.Add(0, key);
    }

    public static void OperationCommands(Observed observed, MetricSeries into)
    {
        foreach (CellDelta delta in observed.Snapshot.Cells)
            if (delta.Cell.Completed > 0)
                into.Add(delta.Cell.Completed, OperationKey(delta));
    }

    public static void OperationTime(Observed observed, MetricSeries into)
    {
        foreach (CellDelta delta in observed.Snapshot.Cells)
            if (delta.Cell.Of(Phase.Latency) is { Count: > 0 } latency)
                into.Add(latency.Sum / 1e9, OperationKey(delta));
    }

    public static void Unmapped(Observed observed, MetricSeries into)
    {
        foreach (CellDelta delta in observed.Snapshot.Cells)
            if (delta.Cell.Reclaimed is { } reclaimed)
                into.Add(reclaimed.Blocks, new SeriesKey(MetricWords.Name(delta.Connection.Target), MetricWords.Lun(delta.Cell.Key.Lun)));
    }

    private static SeriesKey Key(CellDelta delta) =>
        new(MetricWords.Name(delta.Connection.Target), MetricWords.Lun(delta.Cell.Key.Lun), MetricWords.Direction(delta.Cell.Kind));

    private static SeriesKey Key(CellDelta delta, MetricSeries into) =>
        into.ByInitiator ? Key(delta) with { D = MetricWords.Name(delta.Connection.Initiator) } : Key(delta);

    private static SeriesKey OperationKey(CellDelta delta) => new(MetricWords.Name(delta.Connection.Target), MetricWords.Operation(delta.Cell.Key.Operation));
}

/// <summary>What metrics take from patterns.</summary>
internal static class PatternReadings
{
    // Offset and length in bytes that are no multiples of 2^12.
    private const int Aligned = 12 - 9;

    [ThreadStatic]
    private static Pattern? t_counts;

    public static void Sizes(Observed observed, MetricSeries into)
    {
        foreach (PatternDelta delta in observed.Snapshot.Patterns)
        {
            Pattern counts = Counts(delta.Pattern);
            for (int i = 0; i < Pattern.SizeClasses; i++)
            {
                into.Add(Math.Pow(2, i), counts.Exact[i], Key(delta));
                into.Add(1.5 * Math.Pow(2, i), counts.Sizes[i] - counts.Exact[i], Key(delta));
            }
        }
    }

    public static void Unaligned(Observed observed, MetricSeries into)
    {
        foreach (PatternDelta delta in observed.Snapshot.Patterns)
        {
            long unaligned = 0, known = 0;
            ReadOnlySpan<long> alignments = Counts(delta.Pattern).Aligned;
            for (int i = 0; i < alignments.Length; i++)
            {
                known += alignments[i];
                if (i < Aligned) unaligned += alignments[i];
            }
            SeriesKey key = Key(delta);
            if (known > 0) into.Add(unaligned, into.ByInitiator ? key with { D = MetricWords.Name(delta.Connection.Initiator) } : key);
        }
    }

    // The snapshot's own stay small.
    private static Pattern Counts(Pattern pattern)
    {
        t_counts ??= new Pattern();
        t_counts.CopyCounts(pattern);
        return t_counts;
    }

    private static SeriesKey Key(PatternDelta delta) =>
        new(MetricWords.Name(delta.Connection.Target), MetricWords.Lun(delta.Key.Lun), delta.Key.Writes ? "write" : "read");
}
