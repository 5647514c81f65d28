using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

// What is told once: by a writer what it has told, by a reader what it was told.
internal sealed partial class SnapshotCodec
{
    private const int MostTold = 1 << 15;
    private const int MostFailures = FailureMirror.Most + FailureMirror.MostFolded + 8;
    private const int MostTasks = 256;
    private const int MostEnds = 64;

    private readonly List<int> _changed = [];
    private readonly List<FailureDelta> _gone = [];
    private readonly HashSet<(EngineStatus, FailureKey, Whose)> _there = [];

    private readonly Dictionary<(EngineStatus, uint), ConnectionInfo> _toldConnections = [];
    private readonly Dictionary<(EngineStatus Engine, FailureKey Key, Whose Whose), (long Total, long Last)> _toldFailures = [];
    private readonly Dictionary<(EngineStatus, long), TaskRecord> _toldTasks = [];
    private readonly Dictionary<(EngineStatus, uint, long), SessionEnd> _toldEnds = [];
    private readonly Dictionary<(EngineStatus, string, ulong), ReservationState> _toldReservations = [];

    private readonly Dictionary<(int Pid, int Generation, string Source, string Version), EngineStatus> _keptEngines = [];
    private readonly Dictionary<(int Pid, int Generation, string Source, string Version), int> _numbers = [];
    private readonly Dictionary<EngineStatus, Kept> _kept = new(ReferenceEqualityComparer.Instance);

    /// <summary>What a reader remembers of an engine.</summary>
    private sealed class Kept
    {
        public OrderedDictionary<uint, ConnectionDelta> Connections { get; } = [];

        public HashSet<uint> Listed { get; } = [];

        public OrderedDictionary<(FailureKey, Whose), FailureDelta> Failures { get; } = [];

        public OrderedDictionary<long, TaskRecord> Tasks { get; } = [];

        public OrderedDictionary<(uint, long), SessionEnd> Ends { get; } = [];

        public OrderedDictionary<(string, ulong), ReservationState> Reservations { get; } = [];
    }

    /// <summary>Forgets what was told before, as before another place of the recording is read.</summary>
    /// <param name="engines">Whether engines are others from then on.</param>
    public void ForgetKept(bool engines = true)
    {
        if (engines) _keptEngines.Clear();
        _kept.Clear();
    }

    private void ForgetTold()
    {
        _toldConnections.Clear();
        _toldFailures.Clear();
        _toldTasks.Clear();
        _toldEnds.Clear();
        _toldReservations.Clear();
    }

    // What was told once and is asked about for the first time again is told again: it costs room, and nothing else.
    private bool Tells<TKey, T>(Dictionary<TKey, T> told, TKey key, T what, bool anyway = false) where TKey : notnull
    {
        if (told.TryGetValue(key, out T? last) && Equals(last, what) && !anyway) return false;
        if (told.Count >= MostTold) told.Clear();
        told[key] = what;
        return HasNews = true;
    }

    private bool TellsEnded(ConnectionDelta delta)
    {
        bool more = false;
        for (int i = 0; i < ConnectionFacts.Count; i++) more |= delta.Facts[(Fact)i] > 0;
        return Tells(_toldConnections, (delta.Engine, delta.Connection.Id), delta.Connection, more);
    }

    private bool TellsFailure(FailureDelta delta) =>
        Tells(_toldFailures, (delta.Engine, delta.Key, Whose.Of(delta.Connection)), (delta.Total, delta.Last), delta.Count != 0);

    // What was told and is listed no more, as its connection is not: summed up it is told otherwise.
    private void FindGone(Snapshot snapshot)
    {
        _gone.Clear();
        if (_toldFailures.Count <= snapshot.Failures.Count) return; // all that is listed was told by now
        _there.Clear();
        foreach (FailureDelta delta in snapshot.Failures) _there.Add((delta.Engine, delta.Key, Whose.Of(delta.Connection)));
        foreach (var told in _toldFailures.Keys)
        {
            if (_there.Contains(told)) continue;
            _toldFailures.Remove(told);
            if (!snapshot.Engines.Contains(told.Engine)) continue; // with it all it had is forgotten
            var connection = new ConnectionInfo(told.Key.Connection, told.Whose.Target is null ? "?" : "", "", told.Whose.Target ?? "", told.Whose.Initiator ?? "");
            _gone.Add(new FailureDelta { Key = told.Key, Connection = connection, Engine = told.Engine });
        }
    }

    private bool TellsTask(TaskRecord task) => Tells(_toldTasks, (task.Engine, task.Id), task);

    private bool TellsEnd(SessionEnd end) => Tells(_toldEnds, (end.Engine, end.Connection.Id, end.Time), end);

    private bool TellsReservation(ReservationState state) => Tells(_toldReservations, (state.Engine, state.Target, state.Lun), state);

    // ---- reading

    private EngineStatus KeptEngine(int pid, int generation, string source, string version)
    {
        if (_keptEngines.Count >= 4 * MostEngines) ForgetKept(); // of engines nobody told to have gone
        var key = (pid, generation, source, version);
        if (_keptEngines.TryGetValue(key, out EngineStatus? status)) return status;
        _keptEngines.Add(key, status = Numbered(key));
        return status;
    }

    // One that was forgotten, as when another place is read, is the same when it comes again.
    private EngineStatus Numbered((int Pid, int Generation, string Source, string Version) key)
    {
        if (_numbers.Count >= 4 * MostEngines) _numbers.Clear();
        bool known = _numbers.TryGetValue(key, out int number);
        if (_numbered) (known, number) = (true, key.Generation);
        EngineStatus status = known
            ? new EngineStatus { Pid = key.Pid, Source = key.Source, Version = key.Version, Number = number }
            : new EngineStatus { Pid = key.Pid, Source = key.Source, Version = key.Version };
        _numbers[key] = status.Number;
        return status;
    }

    private Kept Of(EngineStatus engine)
    {
        if (!_kept.TryGetValue(engine, out Kept? kept)) _kept.Add(engine, kept = new Kept());
        return kept;
    }

    private ConnectionDelta DeltaOf(ConnectionEntry entry) =>
        entry.Delta ?? Of(entry.Engine.Status).Connections.GetValueOrDefault(entry.Id)
            ?? new ConnectionDelta { Connection = entry.Info ?? new ConnectionInfo(entry.Id, "", ""), Engine = entry.Engine.Status };

    private void Listed(Snapshot snapshot, ConnectionDelta delta)
    {
        snapshot.Connections.Add(delta);
        if (delta.Connection.Closed == 0) return;
        Kept kept = Of(delta.Engine);
        Put(kept.Connections, delta.Connection.Id, delta, Roster.MostEnded);
        kept.Listed.Add(delta.Connection.Id);
    }

    private FailureDelta KeptFailure(ConnectionEntry connection, FailureKey key)
    {
        Kept kept = Of(connection.Engine.Status);
        (FailureKey, Whose) of = (key, Whose.Of(connection.Info!));
        if (!kept.Failures.TryGetValue(of, out FailureDelta? delta))
            Put(kept.Failures, of, delta = new FailureDelta { Key = key, Connection = connection.Info!, Engine = connection.Engine.Status }, MostFailures);
        delta.Connection = connection.Info!;
        return delta;
    }

    // Once at the most: what is summed up is elsewhere from then on.
    private void DropFailure(ConnectionEntry connection, FailureKey key) =>
        Of(connection.Engine.Status).Failures.Remove((key, Whose.Of(connection.Info!)));

    private void Keep(TaskRecord task) => Put(Of(task.Engine).Tasks, task.Id, task, MostTasks);

    private void Keep(SessionEnd end) => Put(Of(end.Engine).Ends, (end.Connection.Id, end.Time), end, MostEnds);

    private void Keep(ReservationState state) => Put(Of(state.Engine).Reservations, (state.Target, state.Lun), state, Roster.MostUnits);

    private static void Put<TKey, T>(OrderedDictionary<TKey, T> into, TKey key, T what, int most) where TKey : notnull
    {
        into[key] = what;
        if (into.Count > most) into.RemoveAt(0);
    }

    // What is remembered of the engines that are there; of those that went, nothing any more.
    private void ListKept(Snapshot snapshot)
    {
        foreach (EngineStatus engine in snapshot.Engines)
        {
            if (!_kept.TryGetValue(engine, out Kept? kept)) continue;
            foreach (ConnectionDelta delta in kept.Connections.Values)
                if (!kept.Listed.Contains(delta.Connection.Id)) snapshot.Connections.Add(Quiet(delta));
            kept.Listed.Clear();
            snapshot.Failures.AddRange(kept.Failures.Values);
            snapshot.Tasks.AddRange(kept.Tasks.Values);
            snapshot.Ends.AddRange(kept.Ends.Values);
            snapshot.Reservations.AddRange(kept.Reservations.Values);
        }
        foreach (EngineStatus engine in snapshot.Engines)
            if (!engine.Alive) Gone(engine);
    }

    private void Gone(EngineStatus engine)
    {
        _kept.Remove(engine);
        foreach (var key in _keptEngines.Keys)
            if (ReferenceEquals(_keptEngines[key], engine)) _keptEngines.Remove(key);
    }

    // Nothing happened to it in this interval.
    private ConnectionDelta Quiet(ConnectionDelta delta)
    {
        for (int i = 0; i < ConnectionFacts.Count; i++)
            if (delta.Facts[(Fact)i] > 0)
                delta.Facts[(Fact)i] = 0;
        foreach (EngineEntry engine in _engines)
            if (ReferenceEquals(engine.Status, delta.Engine)) delta.Time = engine.Time;
        return delta;
    }
}
