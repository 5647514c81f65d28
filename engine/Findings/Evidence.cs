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
    private readonly Dictionary<UnitTally, (bool Unmaps, long Ops, long Time)> _interval = [];
    private readonly List<ConnectionDelta> _ended = [];
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
    public IReadOnlyCollection<ConnectionTally> Connections => _connections.Values;

    /// <summary>Connections on units.</summary>
    public IReadOnlyCollection<PathTally> Paths => _paths.Values;

    /// <summary>Units that did something in the window.</summary>
    public IReadOnlyDictionary<(string Target, ulong Lun), UnitTally> Units => _units;

    /// <summary>Failures of the longer window.</summary>
    public IReadOnlyDictionary<FailurePlace, FailureTally> Failures => _failures;

    /// <summary>Connections of full-feature sessions with a known name that ended in the last 10 minutes.</summary>
    public IReadOnlyList<ConnectionDelta> Ended => _ended;

    /// <summary>Those that are open.</summary>
    public IEnumerable<ConnectionDelta> Open => Snapshot.Connections.Where(c => c.Connection is { Closed: 0, Tsih: not 0 } info && Whole(info));

    /// <summary>Rules have looked: what is lost counts anew.</summary>
    public void Looked() => _lost.Clear();

    /// <summary>What an engine lost since rules last looked.</summary>
    public Losses Lost(EngineStatus engine) => _lost.GetValueOrDefault(engine.Pid);

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
        foreach (ConnectionDelta c in snapshot.Connections)
            if (c.Connection.Closed != 0 && Whole(c.Connection) && snapshot.Time - WallTime(c, c.Connection.Closed) <= Horizon)
                _ended.Add(c);
    }

    private static bool Whole(ConnectionInfo c) => c is { Discovery: false, MidStream: false, Initiator.Length: > 0, Target.Length: > 0 };

    private static T? Find<TKey, T>(Dictionary<TKey, T> all, TKey key, Func<T> make) where TKey : notnull where T : class
    {
        if (all.TryGetValue(key, out T? found)) return found;
        if (all.Count >= Most) return null;
        return all[key] = make();
    }

    private ConnectionTally? Of(int engine, ConnectionInfo info)
    {
        if (info.Discovery || info.Target.Length == 0) return null;
        if (Find(_connections, (engine, info.Id), () => new ConnectionTally { Info = info }) is not { } tally) return null;
        tally.Info = info;
        return tally;
    }

    private PathTally? Of(int engine, ConnectionInfo info, ulong lun)
    {
        if (_paths.TryGetValue((engine, info.Id, lun), out PathTally? path) && path.Target == info.Target) return path;
        if (_paths.Count >= Most || Of(engine, info) is not { } connection) return null;
        return Find(_units, (info.Target, lun), () => new UnitTally()) is { } unit ? _paths[(engine, info.Id, lun)] = new PathTally(connection, unit, info.Target, lun) : null;
    }

    private void Take(ConnectionDelta delta)
    {
        if (delta.Connection.Closed != 0 && !_connections.ContainsKey((delta.Engine.Pid, delta.Connection.Id)) && Intervals > 1) return;
        if (Of(delta.Engine.Pid, delta.Connection) is not { } tally) return;
        for (int i = 0; i < ConnectionFacts.Count; i++)
            if (delta.Facts[(Fact)i] is > 0 and long count)
                tally.Facts.Add(i, count);
    }

    private void Take(CellDelta delta)
    {
        Cell cell = delta.Cell;
        if (cell.Completed == 0 || Of(delta.Engine.Pid, delta.Connection, cell.Key.Lun) is not { } path) return;
        long time = cell.Of(Phase.Latency)?.Sum ?? 0;
        bool unmap = cell.Key.Operation == Unmap;
        if (unmap)
        {
            Add(path, Sum.Unmaps, cell.Completed);
            Add(path, Sum.UnmapTime, time);
        }
        else if (cell.Kind is CommandKind.Read or CommandKind.Write) TakeData(path, cell, cell.Kind == CommandKind.Write, time);
        else return;
        (bool unmaps, long ops, long sum) = _interval.GetValueOrDefault(path.Unit);
        _interval[path.Unit] = (unmaps || unmap, ops + (unmap ? 0 : cell.Completed), sum + (unmap ? 0 : time));
    }

    private static void TakeData(PathTally path, Cell cell, bool writes, long time)
    {
        Add(path, writes ? Sum.Writes : Sum.Reads, cell.Completed);
        Add(path, writes ? Sum.WriteBytes : Sum.ReadBytes, writes ? cell.WriteBytes : cell.ReadBytes);
        Add(path, writes ? Sum.WriteTime : Sum.ReadTime, time);
        Add(path, Sum.ServiceTime, cell.Of(Phase.Service)?.Sum ?? 0);
        if (cell.Of(Phase.Latency) is { Count: > 0 } latencies) path.Unit.Add(latencies, writes);
        if (!writes) return;
        Add(path, Sum.Waits, cell.Of(Phase.R2tWait)?.Count ?? 0);
        Add(path, Sum.WaitTime, cell.Of(Phase.R2tWait)?.Sum ?? 0);
        Add(path, Sum.DataTime, cell.Of(Phase.HostData)?.Sum ?? 0);
    }

    private static void Add(PathTally path, Sum sum, long by)
    {
        path.Add(sum, by);
        path.Connection.Add(sum, by);
        path.Unit.Add(sum, by);
    }

    private void TakeUnmaps(long length)
    {
        foreach ((UnitTally unit, (bool unmaps, long ops, long time)) in _interval)
        {
            if (ops == 0) continue;
            unit.Unmapping.Add((int)(unmaps ? Beside.With : Beside.Without), length);
            unit.Unmapping.Add((int)(unmaps ? Beside.WithOps : Beside.WithoutOps), ops);
            unit.Unmapping.Add((int)(unmaps ? Beside.WithTime : Beside.WithoutTime), time);
        }
    }

    private void Take(PatternDelta delta)
    {
        if (delta.Pattern.Count == 0 || Of(delta.Engine.Pid, delta.Connection, delta.Key.Lun) is not { } path) return;
        path.Add(Sum.Placed, delta.Pattern.Count);
        path.Add(Sum.Misaligned, delta.Pattern.Count - (long)Math.Round(delta.Pattern.AlignedTo(4096) * delta.Pattern.Count));
    }

    private void Take(FailureDelta failure)
    {
        if (failure.Count == 0) return;
        ConnectionInfo c = failure.Connection;
        var place = new FailurePlace(failure.Key.Kind, failure.Key.Code, failure.Key.Operation, c.Target, failure.Key.Lun, c.Initiator.Length == 0 ? Host(c.Remote) : c.Initiator);
        Find(_failures, place, () => new FailureTally())?.Add(failure);
    }

    // Engines that have gone are forgotten: their process ids may come again.
    private void Take(EngineStatus engine)
    {
        Losses before = _losses.GetValueOrDefault(engine.Pid);
        var now = new Losses(Math.Max(0, engine.Coverage.Dropped), engine.RingDrops + engine.OutboxDrops, engine.Coverage.Resyncs, engine.Folded, engine.Coverage.Evicted);
        Losses lost = Lost(engine);
        _lost[engine.Pid] = new Losses(lost.Packets + now.Packets - before.Packets, lost.Events + now.Events - before.Events, lost.Resyncs + now.Resyncs - before.Resyncs, lost.Folded + now.Folded - before.Folded, lost.Evicted + now.Evicted - before.Evicted);
        if (engine.Alive) _losses[engine.Pid] = now;
        else _losses.Remove(engine.Pid);
    }

    private void Turn()
    {
        (_half, _halfBefore) = (0, _half);
        HashSet<(int, uint)> listed = [.. Snapshot.Connections.Where(c => c.Connection.Closed == 0).Select(c => (c.Engine.Pid, c.Connection.Id))];
        foreach (var key in _paths.Where(p => !p.Value.Turn()).Select(p => p.Key).ToList()) _paths.Remove(key);
        foreach (var key in _connections.Where(c => !c.Value.Turn() && !listed.Contains(c.Key)).Select(c => c.Key).ToList()) _connections.Remove(key);
        foreach (UnitTally unit in _units.Values) unit.Turn();
    }

    // A unit is kept as long as something is known of it in either window, and never while a path leads to it.
    private void TurnLong()
    {
        (_longHalf, _longHalfBefore) = (0, _longHalf);
        foreach (var key in _failures.Where(f => !f.Value.Turn()).Select(f => f.Key).ToList()) _failures.Remove(key);
        HashSet<UnitTally> used = [.. _paths.Values.Select(p => p.Unit)];
        foreach (var key in _units.Where(u => !u.Value.Unmapping.Turn() && !used.Contains(u.Value)).Select(u => u.Key).ToList()) _units.Remove(key);
    }
}
