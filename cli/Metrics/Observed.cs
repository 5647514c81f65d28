using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// A snapshot, and what is new in it of that which snapshots tell as it stands: ends, requests, round trips and sums of engines. What it
/// remembers for that is bounded as snapshots are.
/// </summary>
/// <param name="byInitiator">Whether initiators are told apart.</param>
internal sealed class Observed(bool byInitiator = false)
{
    private readonly Dictionary<(int Engine, uint Connection), (Histogram Both, Histogram Target)> _pings = [];
    private readonly Dictionary<int, EngineSums> _engines = [];
    private readonly HashSet<(int Engine, long Task)> _tasks = [];
    private HashSet<(int Engine, uint Connection)> _ended = [], _ending = [];
    private readonly HashSet<(int, long)> _listedTasks = [];
    private readonly HashSet<(int, uint)> _listed = [];

    /// <summary>The snapshot.</summary>
    public Snapshot Snapshot { get; private set; } = new();

    /// <summary>What its cells and patterns add up to.</summary>
    public Tally Tally { get; } = new(byInitiator);

    /// <summary>Names of the targets that are known.</summary>
    public HashSet<string> Targets { get; } = [];

    /// <summary>Connections that have ended since the one before.</summary>
    public List<ConnectionInfo> Ends { get; } = [];

    /// <summary>Task management requests that were answered since, or lost the connection they came on.</summary>
    public List<TaskRecord> Tasks { get; } = [];

    /// <summary>Round trips of pings since, by connection and who asked: <c>target</c>, <c>initiator</c>, <c>_OTHER</c> when nobody knows.</summary>
    public List<(ConnectionInfo Connection, string Origin, Histogram Times)> Pings { get; } = [];

    /// <summary>What engines have counted since.</summary>
    public List<(EngineStatus Engine, EngineSums Sums)> Engines { get; } = [];

    /// <summary>PDUs by target and probe since, when they are counted.</summary>
    public List<(string Target, Probe Probe, long Count)> Pdus { get; } = [];

    /// <summary>Times a value was folded, all in all.</summary>
    public long Folds { get; set; }

    /// <summary>Takes the next one.</summary>
    public void Take(Snapshot snapshot)
    {
        Snapshot = snapshot;
        Tally.Take(snapshot);
        Targets.Clear();
        foreach (UnitDelta unit in snapshot.Units)
            if (unit.Target.Length > 0) Targets.Add(unit.Target);
        foreach (ConnectionDelta connection in snapshot.Connections)
            if (IsSession(connection.Connection) && connection.Connection.Closed == 0) Targets.Add(connection.Connection.Target);
        TakeEnds();
        TakeTasks();
        TakePings();
        TakeEngines();
    }

    /// <summary>Whether a connection is, or was, of a session that is no discovery.</summary>
    public static bool IsSession(ConnectionInfo c) => !c.Discovery && c.Target.Length > 0 && (c.Tsih != 0 || c.MidStream);

    private void TakeEnds()
    {
        Ends.Clear();
        _ending.Clear();
        foreach (ConnectionDelta delta in Snapshot.Connections)
        {
            if (delta.Connection.Closed == 0 || !_ending.Add((delta.Engine.Number, delta.Connection.Id))) continue;
            if (!_ended.Contains((delta.Engine.Number, delta.Connection.Id)) && IsSession(delta.Connection)) Ends.Add(delta.Connection);
        }
        (_ended, _ending) = (_ending, _ended);
    }

    private void TakeTasks()
    {
        Tasks.Clear();
        _listedTasks.Clear();
        foreach (TaskRecord task in Snapshot.Tasks)
        {
            _listedTasks.Add((task.Engine.Number, task.Id));
            if ((task.Response >= 0 || task.After == TaskAftermath.ConnectionEnded) && _tasks.Add((task.Engine.Number, task.Id))) Tasks.Add(task);
        }
        _tasks.IntersectWith(_listedTasks);
    }

    private void TakePings()
    {
        Pings.Clear();
        _listed.Clear();
        foreach (ConnectionDelta delta in Snapshot.Connections)
        {
            if (delta.Total.NopTime is not { Count: > 0 } now) continue;
            (int, uint) key = (delta.Engine.Number, delta.Connection.Id);
            _listed.Add(key);
            if (!_pings.TryGetValue(key, out (Histogram Both, Histogram Target) before)) _pings.Add(key, before = (new Histogram(), new Histogram()));
            if (now.Count <= before.Both.Count) continue;
            Histogram both = Difference(now, before.Both);
            before.Both.CopyFrom(now);
            if (delta.Total.TargetNopTime is not { } asked)
            {
                Pings.Add((delta.Connection, MetricLabels.Other, both));
                continue;
            }
            Histogram byTarget = Difference(asked, before.Target);
            before.Target.CopyFrom(asked);
            if (byTarget.Count > 0) Pings.Add((delta.Connection, "target", byTarget));
            if (both.Count > byTarget.Count) Pings.Add((delta.Connection, "initiator", Difference(both, byTarget)));
        }
        foreach ((int, uint) key in _pings.Keys)
            if (!_listed.Contains(key)) _pings.Remove(key);
    }

    private static Histogram Difference(Histogram all, Histogram some)
    {
        var others = new Histogram();
        others.SetDifference(all, some);
        return others;
    }

    private void TakeEngines()
    {
        Engines.Clear();
        foreach (EngineStatus engine in Snapshot.Engines)
        {
            EngineSums now = EngineSums.Of(engine);
            Engines.Add((engine, now.Since(_engines.GetValueOrDefault(engine.Number))));
            if (engine.Alive) _engines[engine.Number] = now;
            else _engines.Remove(engine.Number);
        }
    }
}

/// <summary>What an engine counts since it began. <c>Dropped</c> is -1 where nobody knows.</summary>
internal readonly record struct EngineSums(long Packets, long Dropped, long Resyncs, long Unmatched, long Lost, long RingDrops, long OutboxDrops, bool OfPackets)
{
    public static EngineSums Of(EngineStatus engine)
    {
        bool packets = engine.Coverage.Dropped >= 0 || engine.Coverage.Packets > 0;
        return new(engine.Coverage.Packets, engine.Coverage.Dropped, engine.Coverage.Resyncs, engine.Unmatched, engine.Lost, engine.RingDrops, engine.OutboxDrops, packets);
    }

    public EngineSums Since(EngineSums before) => new(
        More(Packets, before.Packets), Dropped < 0 ? -1 : More(Dropped, before.Dropped), More(Resyncs, before.Resyncs), More(Unmatched, before.Unmatched),
        More(Lost, before.Lost), More(RingDrops, before.RingDrops), More(OutboxDrops, before.OutboxDrops), OfPackets);

    private static long More(long now, long before) => Math.Max(0, now - Math.Max(0, before));
}
