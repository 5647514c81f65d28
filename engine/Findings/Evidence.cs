using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Findings;

/// <summary>
/// What the last snapshots showed, as rules look at it: sums of the last 30 to 60 s of measured time, failures of the last 5 to
/// 10 minutes, and the snapshot itself. An interval that is longer is a window of its own, as a whole capture is.
/// </summary>
internal sealed class Evidence
{
    /// <summary>Half of the window of sums, in seconds of measured time.</summary>
    public const double Half = 30;

    /// <summary>Half of the window of failures.</summary>
    public const double LongHalf = 300;

    /// <summary>Places kept of each kind; what comes beyond is left out.</summary>
    public const int Most = 16384;

    private const long Events = 600_000_000_000;
    private const ushort Unmap = 0x4200;
    private const double LongestWithUnmaps = 5;

    private readonly Dictionary<(int Engine, uint Connection), ConnectionTally> _connections = [];
    private readonly Dictionary<(int Engine, uint Connection, ulong Lun), PathTally> _paths = [];
    private readonly Dictionary<(string Target, ulong Lun), UnitTally> _units = [];
    private readonly Dictionary<FailurePlace, FailureTally> _failures = [];
    private readonly List<UnitTally> _interval = [];
    private readonly List<ConnectionDelta> _ended = [];
    private readonly List<ConnectionDelta> _open = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _several = new(StringComparer.Ordinal);
    private readonly HashSet<(int, uint)> _listed = [];
    private readonly Dictionary<int, Losses> _losses = [];
    private readonly Dictionary<int, Losses> _lost = [];
    private double _half, _halfBefore, _longHalf, _longHalfBefore;

    /// <summary>The last snapshot.</summary>
    public Snapshot Snapshot { get; private set; } = new();

    /// <summary>Measured seconds of the window of sums.</summary>
    public double Seconds => _half + _halfBefore;

    /// <summary>Measured seconds of the window of failures.</summary>
    public double LongSeconds => _longHalf + _longHalfBefore;

    /// <summary>How far back events count, in ns: 10 minutes, or as long as the last interval.</summary>
    public long Horizon => Math.Max(Events, (long)(Snapshot.Seconds * 1e9));

    /// <summary>Snapshots taken since the begin.</summary>
    public long Intervals { get; private set; }

    /// <summary>Connections of full-feature sessions that did something in the window or are open.</summary>
    public Dictionary<(int Engine, uint Connection), ConnectionTally>.ValueCollection Connections => _connections.Values;

    /// <summary>Connections on units.</summary>
    public Dictionary<(int Engine, uint Connection, ulong Lun), PathTally>.ValueCollection Paths => _paths.Values;

    /// <summary>Units that did something in the window.</summary>
    public Dictionary<(string Target, ulong Lun), UnitTally> Units => _units;

    /// <summary>Failures of the longer window.</summary>
    public Dictionary<FailurePlace, FailureTally> Failures => _failures;

    /// <summary>Connections of full-feature sessions with a known name that ended in the last 10 minutes.</summary>
    public List<ConnectionDelta> Ended => _ended;

    /// <summary>Those that are open.</summary>
    public List<ConnectionDelta> Open => _open;

    /// <summary>Initiators that have several of them.</summary>
    public HashSet<string> Several => _several;

    /// <summary>What a connection did on a unit; null when that is not known.</summary>
    public PathTally? Path(ConnectionDelta connection, ulong lun) => _paths.GetValueOrDefault((connection.Engine.Number, connection.Connection.Id, lun));

    /// <summary>Rules are about to look.</summary>
    public void Look()
    {
        _names.Clear();
        _several.Clear();
        foreach (ConnectionDelta c in _open)
            if (!_names.Add(c.Connection.Initiator))
                _several.Add(c.Connection.Initiator);
    }

    /// <summary>Rules have looked: what is lost counts anew.</summary>
    public void Looked() => _lost.Clear();

    /// <summary>What an engine lost since rules last looked.</summary>
    public Losses Lost(EngineStatus engine) => _lost.GetValueOrDefault(engine.Number);

    /// <summary>Wall time of a moment on a connection's clock.</summary>
    public long WallTime(ConnectionDelta connection, long time) => connection.Time == 0 ? Snapshot.Time : Snapshot.Time - (connection.Time - time);

    /// <summary>The address without the port.</summary>
    public static string Host(string address) => address.LastIndexOf(':') is > 0 and int colon ? address[..colon] : address;

    /// <summary>Takes in an interval.</summary>
    public void Take(Snapshot snapshot)
    {
        Snapshot = snapshot;
        Intervals++;
        if (_half >= Half) Turn();
        if (_longHalf >= LongHalf) TurnLong();
        _half += snapshot.Seconds;
        _longHalf += snapshot.Seconds;
        foreach (ConnectionDelta connection in snapshot.Connections) Take(connection);
        _interval.Clear();
        foreach (CellDelta delta in snapshot.Cells) Take(delta);
        if (snapshot.Seconds <= LongestWithUnmaps) TakeUnmaps((long)(snapshot.Seconds * 1e9));
        foreach (PatternDelta pattern in snapshot.Patterns) Take(pattern);
        foreach (FailureDelta failure in snapshot.Failures) Take(failure);
        foreach (EngineStatus engine in snapshot.Engines) Take(engine);
        _ended.Clear();
        _open.Clear();
        foreach (ConnectionDelta c in snapshot.Connections)
        {
            if (!Whole(c.Connection)) continue;
            if (c.Connection is { Closed: 0, Tsih: not 0 }) _open.Add(c);
            if (c.Connection.Closed != 0 && snapshot.Time - WallTime(c, c.Connection.Closed) <= Horizon) _ended.Add(c);
        }
    }

    private static bool Whole(ConnectionInfo c) => c is { Discovery: false, MidStream: false, Initiator.Length: > 0, Target.Length: > 0 };

    private static T? Find<TKey, T>(Dictionary<TKey, T> all, TKey key) where TKey : notnull where T : class, new()
    {
        if (all.TryGetValue(key, out T? found)) return found;
        if (all.Count >= Most) return null;
        return all[key] = new T();
    }

    private ConnectionTally? Of(int engine, ConnectionInfo info)
    {
        if (info.Discovery || info.Target.Length == 0) return null;
        if (Find(_connections, (engine, info.Id)) is not { } tally) return null;
        tally.Info = info;
        return tally;
    }

    private PathTally? Of(int engine, ConnectionInfo info, ulong lun)
    {
        if (_paths.TryGetValue((engine, info.Id, lun), out PathTally? path) && path.Target == info.Target) return path;
        if (_paths.Count >= Most || Of(engine, info) is not { } connection || Find(_units, (info.Target, lun)) is not { } unit) return null;
        path?.Forget();
        return _paths[(engine, info.Id, lun)] = new PathTally(this, connection, unit, info.Target, lun);
    }

    // A cell or a pattern is mostly of the path it was of the last time.
    private PathTally? Of(PathTally? last, EngineStatus engine, ConnectionInfo info, ulong lun) =>
        last is not null && last.Owner == this && last.Lun == lun && ReferenceEquals(last.Connection.Info, info) && last.Target == info.Target ? last : Of(engine.Number, info, lun);

    private void Take(ConnectionDelta delta)
    {
        if (delta.Connection.Closed != 0 && !_connections.ContainsKey((delta.Engine.Number, delta.Connection.Id)) && Intervals > 1) return;
        if (Of(delta.Engine.Number, delta.Connection) is not { } tally) return;
        for (int i = 0; i < ConnectionFacts.Count; i++)
            if (delta.Facts[(Fact)i] is > 0 and long count)
                tally.Facts.Add(i, count);
    }

    private void Take(CellDelta delta)
    {
        Cell cell = delta.Cell;
        bool unmap = cell.Key.Operation == Unmap;
        if (cell.Completed == 0 || (!unmap && cell.Kind is not (CommandKind.Read or CommandKind.Write))) return;
        if ((delta.Path = Of(delta.Path, delta.Engine, delta.Connection, cell.Key.Lun)) is not { } path) return;
        UnitTally unit = path.Unit;
        if (unit.Interval != Intervals)
        {
            (unit.Interval, unit.Unmaps, unit.IntervalOps, unit.IntervalTime) = (Intervals, false, 0, 0);
            _interval.Add(unit);
        }
        Histogram? latencies = cell.Of(Phase.Latency);
        long time = latencies?.Sum ?? 0;
        if (unmap)
        {
            unit.Unmaps = true;
            unit.Add(Sum.Unmaps, cell.Completed);
            unit.Add(Sum.UnmapTime, time);
            return;
        }
        unit.IntervalOps += cell.Completed;
        unit.IntervalTime += time;
        path.Add(Way.Ops, cell.Completed);
        path.Add(Way.Time, time);
        bool writes = cell.Kind == CommandKind.Write;
        if (latencies is { Count: > 0 }) unit.Add(latencies, writes);
        long service = cell.Of(Phase.Service)?.Sum ?? 0;
        Histogram? waits = writes ? cell.Of(Phase.R2tWait) : null, data = writes ? cell.Of(Phase.HostData) : null;
        TakeData(path.Connection);
        TakeData(unit);

        void TakeData(CommandTally tally)
        {
            tally.Add(writes ? Sum.Writes : Sum.Reads, cell.Completed);
            tally.Add(writes ? Sum.WriteBytes : Sum.ReadBytes, writes ? cell.WriteBytes : cell.ReadBytes);
            tally.Add(writes ? Sum.WriteTime : Sum.ReadTime, time);
            tally.Add(Sum.ServiceTime, service);
            if (waits is not null)
            {
                tally.Add(Sum.Waits, waits.Count);
                tally.Add(Sum.WaitTime, waits.Sum);
            }
            if (data is not null) tally.Add(Sum.DataTime, data.Sum);
        }
    }

    private void TakeUnmaps(long length)
    {
        foreach (UnitTally unit in _interval)
        {
            if (unit.IntervalOps == 0) continue;
            unit.Unmapping.Add((int)(unit.Unmaps ? Beside.With : Beside.Without), length);
            unit.Unmapping.Add((int)(unit.Unmaps ? Beside.WithOps : Beside.WithoutOps), unit.IntervalOps);
            unit.Unmapping.Add((int)(unit.Unmaps ? Beside.WithTime : Beside.WithoutTime), unit.IntervalTime);
        }
    }

    private void Take(PatternDelta delta)
    {
        if (delta.Pattern.Count == 0 || (delta.Path = Of(delta.Path, delta.Engine, delta.Connection, delta.Key.Lun)) is not { } path) return;
        path.Add(Way.Placed, delta.Pattern.Count);
        path.Add(Way.Misaligned, delta.Pattern.Count - (long)Math.Round(delta.Pattern.AlignedTo(4096) * delta.Pattern.Count));
    }

    private void Take(FailureDelta failure)
    {
        if (failure.Count == 0) return;
        ConnectionInfo c = failure.Connection;
        var place = new FailurePlace(failure.Key.Kind, failure.Key.Code, failure.Key.Operation, c.Target, failure.Key.Lun, c.Initiator.Length == 0 ? Host(c.Remote) : c.Initiator);
        Find(_failures, place)?.Add(failure);
    }

    // Engines that have gone do not come again.
    private void Take(EngineStatus engine)
    {
        Losses before = _losses.GetValueOrDefault(engine.Number);
        var now = new Losses(Math.Max(0, engine.Coverage.Dropped), engine.RingDrops + engine.OutboxDrops, engine.Coverage.Resyncs, engine.Folded, engine.Coverage.Evicted);
        Losses lost = Lost(engine);
        _lost[engine.Number] = new Losses(lost.Packets + now.Packets - before.Packets, lost.Events + now.Events - before.Events, lost.Resyncs + now.Resyncs - before.Resyncs, lost.Folded + now.Folded - before.Folded, lost.Evicted + now.Evicted - before.Evicted);
        if (engine.Alive) _losses[engine.Number] = now;
        else _losses.Remove(engine.Number);
    }

    private void Turn()
    {
        (_half, _halfBefore) = (0, _half);
        _listed.Clear();
        foreach (ConnectionDelta c in Snapshot.Connections)
            if (c.Connection.Closed == 0)
                _listed.Add((c.Engine.Number, c.Connection.Id));
        foreach ((var key, PathTally path) in _paths)
        {
            if (path.Turn()) continue;
            path.Forget();
            _paths.Remove(key);
        }
        foreach ((var key, ConnectionTally connection) in _connections)
            if (!connection.Turn() && !_listed.Contains(key))
                _connections.Remove(key);
        foreach (UnitTally unit in _units.Values) unit.Turn();
    }

    // A unit is kept as long as something is known of it in either window, and never while a path leads to it.
    private void TurnLong()
    {
        (_longHalf, _longHalfBefore) = (0, _longHalf);
        foreach ((FailurePlace place, FailureTally failures) in _failures)
            if (!failures.Turn())
                _failures.Remove(place);
        foreach (UnitTally unit in _units.Values) unit.Used = false;
        foreach (PathTally path in _paths.Values) path.Unit.Used = true;
        foreach ((var key, UnitTally unit) in _units)
            if (!unit.Unmapping.Turn() && !unit.Used)
                _units.Remove(key);
    }
}
