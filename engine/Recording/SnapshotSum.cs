using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// Several intervals in one: counts are added, maxima are the highest, what stands is as it was at the end, and the measured time is
/// all of theirs. An engine that was there for a part only counts as having done nothing in the rest.
/// </summary>
public sealed class SnapshotSum
{
    /// <summary>Cells at most; what others did is summed up by kind.</summary>
    internal const int MostCells = CellTable.DefaultCapacity;

    private static readonly ConnectionInfo s_nameless = new(0, "", "");

    private const int MostListed = 1 << 15;

    private readonly Dictionary<EngineStatus, Sum> _engines = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(EngineStatus, CellKey, bool Nameless), CellDelta> _cells = [];
    private readonly Dictionary<(EngineStatus, string, ulong), UnitDelta> _units = [];
    private readonly Dictionary<(EngineStatus, string), InitiatorDelta> _initiators = [];
    private readonly OrderedDictionary<(EngineStatus, uint), ConnectionDelta> _connections = [];
    private readonly OrderedDictionary<(EngineStatus, FailureKey, Whose), FailureDelta> _failures = [];
    private readonly Dictionary<(EngineStatus, PatternKey, Whose), PatternDelta> _patterns = [];
    private readonly OrderedDictionary<(EngineStatus, long), TaskRecord> _tasks = [];
    private readonly OrderedDictionary<(EngineStatus, uint, long), SessionEnd> _ends = [];
    private readonly OrderedDictionary<(EngineStatus, string, ulong), ReservationState> _reservations = [];
    private readonly HashSet<(EngineStatus, FailureKey, Whose)> _listed = [];
    private readonly Stack<Cell> _spare = new();
    private readonly List<Cell> _given = [];
    private readonly Snapshot _result = new();
    private double _seconds;
    private long _time;

    private sealed class Sum(EngineStatus status)
    {
        public EngineStatus Status => status;

        /// <summary>What the status will say.</summary>
        public EngineStatus Next { get; } = new() { Pid = status.Pid, Number = status.Number };

        public int Intervals { get; set; }
    }

    /// <summary>Snapshots added since the last <see cref="Take"/>.</summary>
    public int Count { get; private set; }

    /// <summary>End of the last interval, ns since 1970.</summary>
    public long Time => _time;

    /// <summary>Measured seconds so far.</summary>
    public double Seconds => _seconds;

    /// <summary>Adds an interval, which comes after those before.</summary>
    public void Add(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (Count == 0) Begin();
        Count++;
        _seconds += snapshot.Seconds;
        _time = snapshot.Time;
        foreach (EngineStatus status in snapshot.Engines) Add(status);
        foreach (CellDelta delta in _cells.Values) delta.Cell.Outstanding = 0; // what stands is no sum
        foreach (CellDelta delta in snapshot.Cells) Add(delta);
        foreach (UnitDelta delta in snapshot.Units) Add(delta);
        foreach (InitiatorDelta delta in snapshot.Initiators) Add(delta);
        foreach (ConnectionDelta delta in snapshot.Connections) Add(delta);
        _listed.Clear();
        foreach (FailureDelta delta in snapshot.Failures) Add(delta);
        if (_failures.Count > _listed.Count) FoldFailures(snapshot);
        foreach (PatternDelta delta in snapshot.Patterns) Add(delta);
        foreach (TaskRecord task in snapshot.Tasks) Put(_tasks, (task.Engine, task.Id), task with { Engine = Of(task.Engine).Status });
        foreach (SessionEnd end in snapshot.Ends) Put(_ends, (end.Engine, end.Connection.Id, end.Time), end with { Engine = Of(end.Engine).Status });
        foreach (ReservationState state in snapshot.Reservations)
            Put(_reservations, (state.Engine, state.Target, state.Lun), state with { Engine = Of(state.Engine).Status });
    }

    /// <summary>What happened since the last call; valid until the next: a feed reads on while it is looked at.</summary>
    public Snapshot Take()
    {
        if (Count == 0) Begin();
        foreach (Cell cell in _given)
            if (_spare.Count < MostListed) _spare.Push(cell);
        _given.Clear();
        foreach (CellDelta delta in _cells.Values) _given.Add(delta.Cell);
        _result.Clear();
        (_result.Time, _result.Seconds) = (_time, _seconds);
        foreach (Sum sum in _engines.Values)
        {
            if (sum.Intervals == 0) continue;
            Copy(sum.Next, sum.Status);
            if (sum.Intervals < Count) sum.Status.Seconds = _seconds;
            _result.Engines.Add(sum.Status);
        }
        _result.Cells.AddRange(_cells.Values);
        _result.Units.AddRange(_units.Values);
        _result.Initiators.AddRange(_initiators.Values);
        _result.Connections.AddRange(_connections.Values);
        _result.Failures.AddRange(_failures.Values);
        _result.Patterns.AddRange(_patterns.Values);
        _result.Tasks.AddRange(_tasks.Values);
        _result.Ends.AddRange(_ends.Values);
        _result.Reservations.AddRange(_reservations.Values);
        Count = 0;
        return _result;
    }

    private void Begin()
    {
        // Whoever tells engines apart by their status knows them again in the next sum.
        foreach ((EngineStatus engine, Sum sum) in _engines)
        {
            if (sum.Intervals == 0) _engines.Remove(engine);
            sum.Intervals = 0;
        }
        _cells.Clear();
        _units.Clear();
        _initiators.Clear();
        _connections.Clear();
        _failures.Clear();
        _patterns.Clear();
        _tasks.Clear();
        _ends.Clear();
        _reservations.Clear();
        _seconds = 0;
    }

    private static void Put<TKey, T>(OrderedDictionary<TKey, T> into, TKey key, T what) where TKey : notnull
    {
        into[key] = what;
        if (into.Count > MostListed) into.RemoveAt(0);
    }

    // Its own status, for the measured time is another.
    private Sum Of(EngineStatus engine)
    {
        if (!_engines.TryGetValue(engine, out Sum? sum)) _engines.Add(engine, sum = new Sum(new EngineStatus { Pid = engine.Pid, Number = engine.Number }));
        return sum;
    }

    private void Add(EngineStatus from)
    {
        Sum sum = Of(from);
        EngineStatus to = sum.Next;
        bool first = sum.Intervals++ == 0;
        (double seconds, double peak, long most, long busy) = first ? (0, from.PeakIops, from.MaxOutstanding, 0) : (to.Seconds, to.PeakIops, to.MaxOutstanding, to.BusyTime);
        Copy(from, to);
        to.Seconds = seconds + from.Seconds;
        to.PeakIops = Math.Max(peak, from.PeakIops);
        to.MaxOutstanding = Math.Max(most, from.MaxOutstanding);
        to.BusyTime = busy + from.BusyTime;
    }

    private static void Copy(EngineStatus from, EngineStatus to)
    {
        (to.Source, to.Version, to.Alive, to.Problem) = (from.Source, from.Version, from.Alive, from.Problem);
        (to.RingDrops, to.OutboxDrops, to.Folded, to.Unmatched, to.Lost) = (from.RingDrops, from.OutboxDrops, from.Folded, from.Unmatched, from.Lost);
        (to.Subscribers, to.Connections, to.Sessions, to.Coverage) = (from.Subscribers, from.Connections, from.Sessions, from.Coverage);
        (to.Seconds, to.PeakIops, to.MaxOutstanding, to.BusyTime) = (from.Seconds, from.PeakIops, from.MaxOutstanding, from.BusyTime);
    }

    private void Add(CellDelta from)
    {
        (EngineStatus, CellKey Key, bool) key = (from.Engine, from.Cell.Key, from.Connection.Local.Length == 0);
        if (!_cells.TryGetValue(key, out CellDelta? to) && _cells.Count >= MostCells)
        {
            // As an engine does whose table is full.
            key = (from.Engine, new CellKey(0, Target.Iscsi.Lun.Unknown, CellTable.Overflow(from.Cell.Kind)), true);
            Of(from.Engine).Next.Folded += from.Cell.Completed;
            from = new CellDelta { Cell = from.Cell, Connection = s_nameless, Engine = from.Engine };
            _cells.TryGetValue(key, out to);
        }
        if (to is null)
        {
            if (!_spare.TryPop(out Cell? cell)) cell = new Cell();
            cell.Clear();
            (cell.Key, cell.Kind) = (key.Key, from.Cell.Kind);
            _cells.Add(key, to = new CellDelta { Cell = cell, Connection = from.Connection, Engine = Of(from.Engine).Status });
        }
        to.Connection = from.Connection;
        to.Cell.Add(from.Cell);
    }

    private void Add(UnitDelta from)
    {
        var key = (from.Engine, from.Target, from.Lun);
        if (!_units.TryGetValue(key, out UnitDelta? to))
            _units.Add(key, to = new UnitDelta { Target = from.Target, Lun = from.Lun, Engine = Of(from.Engine).Status });
        (to.Name, to.Identity, to.BlockSize) = (from.Name, from.Identity, from.BlockSize);
        to.MaxOutstanding = Math.Max(to.MaxOutstanding, from.MaxOutstanding);
        to.BusyTime += from.BusyTime;
        to.PeakIops = Math.Max(to.PeakIops, from.PeakIops);
    }

    private void Add(InitiatorDelta from)
    {
        var key = (from.Engine, from.Initiator);
        if (_initiators.Count >= MostListed && !_initiators.ContainsKey(key)) return;
        long most = Math.Max(from.MaxOutstanding, _initiators.GetValueOrDefault(key).MaxOutstanding);
        _initiators[key] = new InitiatorDelta(from.Initiator, Of(from.Engine).Status, most);
    }

    private void Add(ConnectionDelta from)
    {
        var key = (from.Engine, from.Connection.Id);
        bool known = _connections.TryGetValue(key, out ConnectionDelta? to);
        if (!known) Put(_connections, key, to = new ConnectionDelta { Connection = from.Connection, Engine = Of(from.Engine).Status });
        (to!.Connection, to.Time) = (from.Connection, from.Time);
        ConnectionFacts sum = to.Facts;
        for (int i = 0; i < ConnectionFacts.Count; i++)
        {
            long more = from.Facts[(Fact)i];
            sum[(Fact)i] = more < 0 ? sum[(Fact)i] : Math.Max(0, sum[(Fact)i]) + more;
        }
        if (from.Facts.Retransmits >= 0) sum.Retransmits = Math.Max(0, sum.Retransmits) + from.Facts.Retransmits;
        (sum.Window, sum.Outstanding, sum.LastPdu) = (from.Facts.Window, from.Facts.Outstanding, from.Facts.LastPdu);
        to.Total.CopyFrom(from.Total);
        to.Total.CopyPings(from.Total);
    }

    private void Add(FailureDelta from)
    {
        var key = (from.Engine, from.Key, Whose.Of(from.Connection));
        _listed.Add(key);
        if (!_failures.TryGetValue(key, out FailureDelta? to))
            Put(_failures, key, to = new FailureDelta { Key = from.Key, Connection = from.Connection, Engine = Of(from.Engine).Status });
        to.Connection = from.Connection;
        to.Count += from.Count;
        (to.Total, to.First, to.Last) = (from.Total, from.First, from.Last);
    }

    // What is listed no more was summed up with others, whose totals have it by now; what it did in these intervals goes to them, too.
    private void FoldFailures(Snapshot snapshot)
    {
        foreach (((EngineStatus Engine, FailureKey Key, Whose) key, FailureDelta gone) in _failures.ToArray())
        {
            if (_listed.Contains(key) || !snapshot.Engines.Contains(key.Engine)) continue;
            _failures.Remove(key);
            FailureKey folded = key.Key with { Connection = 0 };
            if (_failures.TryGetValue((key.Engine, folded, new Whose(gone.Connection.Target, gone.Connection.Initiator)), out FailureDelta? sum)
                || _failures.TryGetValue((key.Engine, folded.Folded(), new Whose("", "")), out sum)) sum.Count += gone.Count;
        }
    }

    private void Add(PatternDelta from)
    {
        var key = (from.Engine, from.Key, Whose.Of(from.Connection));
        if (!_patterns.TryGetValue(key, out PatternDelta? to))
            _patterns.Add(key, to = new PatternDelta { Key = from.Key, Connection = from.Connection, Engine = Of(from.Engine).Status });
        to.Connection = from.Connection;
        to.Pattern.Add(from.Pattern);
    }
}
