using Iscsitop.Engine;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Metrics;

/// <summary>What metrics take from cells and patterns.</summary>
internal static class CellReadings
{
    private static readonly (Phase Phase, string Word)[] s_phases =
        [(Phase.R2tWait, "r2t_wait"), (Phase.HostData, "host_data"), (Phase.Transfer, "transfer"), (Phase.Service, "service"), (Phase.FirstByte, "first_byte")];

    public static void Durations(Observed observed, MetricSeries into)
    {
        foreach ((TallyKey key, Cell cell) in observed.Tally.Durations)
            if (cell.Of(Phase.Latency) is { Count: > 0 } latency)
                into.Add(latency, Key(observed, key));
    }

    public static void Phases(Observed observed, MetricSeries into)
    {
        foreach ((TallyKey key, Cell cell) in observed.Tally.Durations)
            foreach ((Phase phase, string word) in s_phases)
                if (cell.Of(phase) is { Count: > 0 } durations)
                    into.Add(durations, Key(observed, key) with { D = word });
    }

    public static void Commands(Observed observed, MetricSeries into)
    {
        foreach ((TallyKey key, TallySum sum) in observed.Tally.Sums)
            if (sum.Completed > 0)
                into.Add(sum.Completed, Key(observed, key));
    }

    public static void Bytes(Observed observed, MetricSeries into)
    {
        foreach ((TallyKey key, TallySum sum) in observed.Tally.Sums)
            if (sum.Completed > 0)
                into.Add(sum.Bytes, Key(observed, key));
    }

    public static void Outstanding(Observed observed, MetricSeries into)
    {
        if (into.ByInitiator) BeginIdle(observed, into);
        else
            foreach (UnitDelta unit in observed.Snapshot.Units)
                into.Add(0, new SeriesKey(MetricWords.Name(unit.Target), MetricWords.Lun(unit.Lun)));
        foreach ((TallyKey key, TallySum sum) in observed.Tally.Sums)
            into.Add(sum.Outstanding, new SeriesKey(observed.Tally.Name(key.Target), MetricWords.Lun(key.Lun), Initiator(observed, key)));
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
        foreach (((int target, ushort operation), OperationSum sum) in observed.Tally.Operations)
            into.Add(sum.Completed, new SeriesKey(observed.Tally.Name(target), MetricWords.Operation(operation)));
    }

    public static void OperationTime(Observed observed, MetricSeries into)
    {
        foreach (((int target, ushort operation), OperationSum sum) in observed.Tally.Operations)
            if (sum.Timed)
                into.Add(sum.Time / 1e9, new SeriesKey(observed.Tally.Name(target), MetricWords.Operation(operation)));
    }

    public static void Unmapped(Observed observed, MetricSeries into)
    {
        foreach (((int target, ulong lun), long blocks) in observed.Tally.Unmapped)
            into.Add(blocks, new SeriesKey(observed.Tally.Name(target), MetricWords.Lun(lun)));
    }

    public static void Sizes(Observed observed, MetricSeries into)
    {
        foreach ((TallyKey of, Pattern counts) in observed.Tally.Sizes)
        {
            SeriesKey key = Key(observed, of);
            for (int i = 0; i < Pattern.SizeClasses; i++)
            {
                into.Add(Math.Pow(2, i), counts.Exact[i], key);
                into.Add(1.5 * Math.Pow(2, i), counts.Sizes[i] - counts.Exact[i], key);
            }
        }
    }

    public static void Unaligned(Observed observed, MetricSeries into)
    {
        foreach ((TallyKey key, TallySum sum) in observed.Tally.Sums)
            if (sum.Placed > 0)
                into.Add(sum.Unaligned, Key(observed, key));
    }

    private static SeriesKey Key(Observed observed, in TallyKey key) =>
        new(observed.Tally.Name(key.Target), MetricWords.Lun(key.Lun), MetricWords.Direction(key.Kind), Initiator(observed, key));

    private static string Initiator(Observed observed, in TallyKey key) => key.Initiator < 0 ? "" : observed.Tally.Name(key.Initiator);
}
