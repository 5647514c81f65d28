using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Metrics;

/// <summary>What metrics take from failures.</summary>
internal static class FailureReadings
{
    private const string TargetFailure = "target_failure";

    public static void Errors(Observed observed, MetricSeries into)
    {
        foreach (FailureDelta failure in observed.Snapshot.Failures)
        {
            FailureKey key = failure.Key;
            if (failure.Count == 0 || key.Kind is not (FailureKind.Status or FailureKind.Response)) continue;
            string error = key.Kind == FailureKind.Response ? TargetFailure : MetricWords.Status(key.Code);
            into.Add(failure.Count, new SeriesKey(MetricWords.Name(failure.Connection.Target), MetricWords.Lun(key.Lun), error, MetricWords.Operation(key.Operation)));
        }
    }

    public static void Conflicts(Observed observed, MetricSeries into)
    {
        foreach (UnitDelta unit in observed.Snapshot.Units) into.Add(0, new SeriesKey(MetricWords.Name(unit.Target), MetricWords.Lun(unit.Lun)));
        foreach (FailureDelta failure in observed.Snapshot.Failures)
            if (failure is { Count: > 0, Key: { Kind: FailureKind.Status, Code: not FailureKey.Others } key } && key.Code >> 24 == (uint)ScsiStatus.ReservationConflict)
                into.Add(failure.Count, new SeriesKey(MetricWords.Name(failure.Connection.Target), MetricWords.Lun(key.Lun)));
    }

    public static void Digests(Observed observed, MetricSeries into)
    {
        foreach (string target in observed.Targets)
        {
            into.Add(0, new SeriesKey(target, "header"));
            into.Add(0, new SeriesKey(target, "data"));
        }
        foreach (FailureDelta failure in observed.Snapshot.Failures)
            if (failure is { Count: > 0, Key: { Kind: FailureKind.Digest } key })
                into.Add(failure.Count, new SeriesKey(MetricWords.Name(failure.Connection.Target), key.Code switch { 0 => "header", 1 => "data", _ => MetricLabels.Other }));
    }

    public static void Rejects(Observed observed, MetricSeries into)
    {
        foreach (FailureDelta failure in observed.Snapshot.Failures)
            if (failure is { Count: > 0, Key: { Kind: FailureKind.Reject } key })
                into.Add(failure.Count, new SeriesKey(MetricWords.Name(failure.Connection.Target), MetricWords.Reject(key.Code)));
    }
}

/// <summary>What metrics take from engines.</summary>
internal static class EngineReadings
{
    public static void Packets(Observed observed, MetricSeries into)
    {
        foreach ((EngineStatus engine, EngineSums sums) in observed.Engines)
            if (sums.OfPackets)
                into.Add(sums.Packets, new SeriesKey(engine.Source));
    }

    public static void Dropped(Observed observed, MetricSeries into)
    {
        foreach ((EngineStatus engine, EngineSums sums) in observed.Engines)
            if (sums.Dropped >= 0)
                into.Add(sums.Dropped, new SeriesKey(engine.Source));
    }

    public static void Resyncs(Observed observed, MetricSeries into)
    {
        foreach ((_, EngineSums sums) in observed.Engines)
            if (sums.OfPackets)
                into.Add(sums.Resyncs, SeriesKey.None);
    }

    public static void MidStream(Observed observed, MetricSeries into)
    {
        foreach ((_, EngineSums sums) in observed.Engines)
            if (sums.OfPackets)
                into.Add(0, SeriesKey.None);
        foreach (ConnectionDelta delta in observed.Snapshot.Connections)
            if (delta.Connection is { MidStream: true, Closed: 0 })
                into.Add(1, SeriesKey.None);
    }

    public static void Uncounted(Observed observed, MetricSeries into)
    {
        foreach ((_, EngineSums sums) in observed.Engines)
        {
            into.Add(sums.Unmatched, new SeriesKey("unmatched"));
            into.Add(sums.Lost, new SeriesKey("lost"));
        }
    }

    public static void Lost(Observed observed, MetricSeries into)
    {
        foreach ((_, EngineSums sums) in observed.Engines)
        {
            into.Add(sums.RingDrops, new SeriesKey("ring"));
            into.Add(sums.OutboxDrops, new SeriesKey("outbox"));
        }
    }

    public static void Engines(Observed observed, MetricSeries into)
    {
        into.Add(0, SeriesKey.None);
        foreach ((EngineStatus engine, _) in observed.Engines)
            if (engine.Alive)
                into.Add(1, SeriesKey.None);
    }

    public static void Pdus(Observed observed, MetricSeries into)
    {
        foreach ((string target, Probe probe, long count) in observed.Pdus)
            into.Add(count, new SeriesKey(MetricWords.Name(target), probe.Name(), IsReceived(probe) ? "receive" : "transmit"));
    }

    public static void Folds(Observed observed, MetricSeries into) => into.Add(observed.Folds, SeriesKey.None);

    public static void Build(Observed observed, MetricSeries into) => into.Add(1, new SeriesKey(CommandLine.Version));

    private static bool IsReceived(Probe probe)
    {
        foreach (ref readonly PduRow row in Pdu.Rows)
            if (row.Probe == probe)
                return row.Direction == Direction.ToTarget;
        return false;
    }
}
