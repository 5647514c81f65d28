namespace Iscsitop.Engine;

/// <summary>Which durations a heat map shows.</summary>
public enum HeatMode : byte
{
    /// <summary>LAT: command to status.</summary>
    Latency,

    /// <summary>RD1: command to first Data-In.</summary>
    FirstByte,

    /// <summary>HST: waiting for the initiator's data.</summary>
    HostData,

    /// <summary>SVC: the target's own time.</summary>
    Service,

    /// <summary>Round trips of pings.</summary>
    Ping,
}

/// <summary>The durations of each interval, of one kind, of what counts.</summary>
/// <param name="mode">Which durations.</param>
public sealed class Durations(HeatMode mode)
{
    private static readonly Phase[] s_phases = [Phase.Latency, Phase.FirstByte, Phase.HostData, Phase.Service];

    private readonly Histogram _before = new();
    private readonly Histogram _now = new();
    // The first interval is all there was before it.
    private bool _begun = true;

    /// <summary>Which durations.</summary>
    public HeatMode Mode => mode;

    /// <summary>Those of the last interval.</summary>
    public Histogram Interval { get; } = new();

    /// <summary>Forgets what was; the pings of the next interval are then unknown.</summary>
    public void Restart() => _begun = false;

    /// <summary>Takes an interval.</summary>
    public void Take(Snapshot snapshot, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(by);
        Interval.Clear();
        if (mode == HeatMode.Ping) TakePings(snapshot, by);
        else
            foreach (CellDelta delta in snapshot.Cells)
                if (delta.Cell.Of(s_phases[(int)mode]) is { Count: > 0 } durations && by.Cells?.Invoke(delta) != false)
                    Interval.Add(durations);
    }

    // What is told of pings is their sum since the engine began; a connection that is no longer listed takes its own away.
    private void TakePings(Snapshot snapshot, Narrowing by)
    {
        _now.Clear();
        foreach (ConnectionDelta delta in snapshot.Connections)
            if (delta.Total.NopTime is { Count: > 0 } pings && by.Keeps(Scope.Of(delta.Connection, delta.Engine) with { Item = delta }))
                _now.Add(pings);
        if (_begun && Covers()) Interval.SetDifference(_now, _before);
        _begun = true;
        _before.CopyFrom(_now);
    }

    private bool Covers()
    {
        for (int i = 0; i < Histogram.BucketCount; i++)
            if (_now.Buckets[i] < _before.Buckets[i])
                return false;
        return true;
    }
}

/// <summary>One row an interval: its durations.</summary>
/// <param name="mode">Which durations.</param>
public sealed class DurationRows(HeatMode mode) : RowSource
{
    private readonly Durations _durations = new(mode);
    private readonly Row _row = new();

    /// <inheritdoc/>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        _durations.Take(snapshot, by);
        Rows.Clear();
        _row.Clear();
        _row.Seconds = Total.Seconds = snapshot.Seconds;
        _row.Extras.Durations = _durations.Interval;
        _row.Item = (long)mode;
        Rows.Add(_row);
    }
}
