using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// What one engine has told. The reading thread fills it; a snapshot's frames are kept as bytes until its status
/// arrives, so that a viewer never takes half of one, and its cells until they are taken: a viewer that takes each snapshot
/// has one set of them. What <see cref="TakeInto"/> hands out is the viewer's until it takes again. In the steady state
/// nothing is allocated: deltas are reused.
/// </summary>
internal sealed partial class Mirror(Lock gate, int pid)
{
    private const int MaxConnections = 1 << 16;

    // What an engine has at most, and what connections beyond that count apart.
    private const int MaxCells = CellTable.DefaultCapacity + 3 * MaxConnections;
    private const int MaxClosed = 1 << 16;
    private const int ManyCells = 8192;
    private const int QuietSnapshots = 10;

    private static readonly ConnectionInfo s_nobody = new(0, "", "");

    // Cells of connections that ended and are listed with what they did: when there are more, fewer are listed.
    private const int MaxEndedCells = 4096;

    private readonly Dictionary<CellKey, CellDelta> _pending = [];
    private readonly Dictionary<(uint Target, ulong Lun), UnitMirror> _units = [];
    private readonly Dictionary<uint, InitiatorDelta> _initiators = [];
    private readonly Dictionary<(string Target, ulong Lun), UnitInfo> _unitInfos = [];
    private readonly Dictionary<uint, ConnectionMirror> _connections = [];
    private readonly Queue<uint> _ended = new();
    private readonly ConnectionFacts _unknown = new();
    private readonly Queue<(uint Connection, long Statuses)> _closed = new();
    private readonly FoldedCells _folded = new();
    private readonly Shelf<CellKey, CellDelta> _shelf = new(d => d.Cell.Key);
    private readonly Happenings _happenings = new();
    private readonly Stack<Histogram> _spare = new();
    private readonly Cell _scratch = new();
    private List<CellDelta> _taken = [];
    private int _made;
    private int _quiet;
    private KeptFrames _incoming = new();
    private KeptFrames _untaken = new();
    private ConnectionInfo? _last;
    private StatusRecord _status;
    private long _interval;
    private long _foldInterval;
    private long _statuses;
    private long _maxOutstanding;
    private int _peakStarts = -1;
    private long _busyTaken;
    private string _problem = "";

    /// <summary>Names by id. The reading thread's.</summary>
    public List<string> Names { get; } = [];

    /// <summary>Connections by id. The reading thread's, which changes them under the lock.</summary>
    public Dictionary<uint, ConnectionInfo> Connections { get; } = [];

    /// <summary>ns since 1970 minus the engine's time. The reading thread's.</summary>
    public long WallOffset { get; private set; }

    /// <summary>The viewer's picture of the engine, renewed by <see cref="TakeInto"/>.</summary>
    public EngineStatus Status { get; } = new() { Pid = pid };

    /// <summary>Whether a snapshot came since the last one was taken.</summary>
    public bool Fresh { get; private set; }

    /// <summary>
    /// For how many statuses after its end the cells of a connection are kept: the first may be of a snapshot that began before, unless
    /// a snapshot is never under way while the engine does anything else.
    /// </summary>
    public int StatusesKept { get; set; } = 2;

    /// <summary>Cells of single commands, when those are asked for instead of the engine's own.</summary>
    public CommandFold OfCommands { get; } = new();

    /// <summary>Whether the engine is still there.</summary>
    public bool Alive { get; private set; } = true;

    /// <summary>End of the last interval, ns since 1970; 0 before the first.</summary>
    public long WallTime { get; private set; }

    /// <summary>hello came.</summary>
    public void Greet(Hello hello)
    {
        WallOffset = hello.WallOffset;
        lock (gate)
        {
            Status.Source = hello.Source;
            Status.Version = hello.Program;
        }
    }

    /// <summary>A connection came, changed or went. Its cells are kept for <see cref="StatusesKept"/>.</summary>
    public void Connect(ConnectionInfo connection)
    {
        lock (gate)
        {
            // What is beyond all bounds stays without a name.
            if (Connections.Count < MaxConnections + MaxClosed || Connections.ContainsKey(connection.Id)) Connections[connection.Id] = connection;
            _last = null;
            if (connection.Closed != 0) _closed.Enqueue((connection.Id, _statuses + StatusesKept));
            // Without a status for so long nothing is taken in that would need them.
            if (_closed.Count > MaxClosed) Connections.Remove(_closed.Dequeue().Connection);
            List(connection);
        }
    }

    // What has ended stays listed until too much has.
    private void List(ConnectionInfo connection)
    {
        bool known = _connections.TryGetValue(connection.Id, out ConnectionMirror? mirror);
        bool ends = connection.Closed != 0 && mirror is not { Connection.Closed: not 0 };
        if (known) mirror!.Connection = connection;
        else if (_connections.Count < MaxConnections) _connections.Add(connection.Id, new ConnectionMirror(connection, Status));
        if (!ends) return;
        _ended.Enqueue(connection.Id);
        if (_ended.Count > Roster.MostEnded) _connections.Remove(_ended.Dequeue());
    }

    /// <summary>A unit came or changed; what is beyond the bound stays without a name.</summary>
    public void Know(UnitInfo unit)
    {
        lock (gate)
            if (_unitInfos.Count < Roster.MostUnits || _unitInfos.ContainsKey((unit.Target, unit.Lun)))
                _unitInfos[(unit.Target, unit.Lun)] = unit;
    }

    /// <summary>How many units are known by what they call themselves.</summary>
    internal int KnownUnits => _unitInfos.Count;

    /// <summary>Keeps a frame of a snapshot until its status comes.</summary>
    /// <exception cref="StreamFormatException">The snapshot is too big to be one.</exception>
    public void Keep(FrameType type, ReadOnlySpan<byte> payload)
    {
        lock (gate) _incoming.Add(type, payload);
    }

    /// <summary>The status came: what was kept is valid.</summary>
    public void Commit(in StatusRecord status)
    {
        WallOffset = status.WallOffset;
        lock (gate)
        {
            if (!_untaken.IsEmpty) AddUp();
            ForgetClosed();
            while (_incoming.Next(out FrameType type, out ReadOnlySpan<byte> payload)) Add(type, new FrameReader(payload));
            (_incoming, _untaken) = (_untaken, _incoming);
            _status = status;
            _interval += Math.Max(0, status.Interval);
            if (OfCommands.Commit()) _foldInterval += Math.Max(0, status.Interval);
            _maxOutstanding = Math.Max(_maxOutstanding, status.MaxOutstanding);
            _peakStarts = Math.Max(_peakStarts, status.PeakStarts);
            WallTime = status.Time + status.WallOffset;
            Fresh = true;
            _statuses++;
        }
    }

    /// <summary>The engine has gone.</summary>
    public void End(string problem)
    {
        lock (gate)
        {
            Alive = false;
            _problem = problem;
        }
    }

    /// <summary>Hands out what happened since the last call. The caller holds the lock.</summary>
    public void TakeInto(Snapshot snapshot)
    {
        _shelf.PutBack(ref _taken);
        _patterns.Begin();
        TakeCells();
        _folded.MoveTo(_taken);
        if (OfCommands.Filter is null) snapshot.Cells.AddRange(_taken);
        else OfCommands.TakeInto(snapshot.Cells);
        foreach (UnitMirror unit in _units.Values)
        {
            UnitInfo? info = _unitInfos.GetValueOrDefault((unit.Delta.Target, unit.Delta.Lun));
            snapshot.Units.Add(unit.Take(info));
        }
        snapshot.Initiators.AddRange(_initiators.Values);
        _initiators.Clear();
        TakeFailuresAndPatterns(snapshot);
        foreach (ConnectionMirror connection in _connections.Values) snapshot.Connections.Add(connection.Take(_status.Time));
        _happenings.TakeInto(snapshot);
        TakeStatus();
        snapshot.Engines.Add(Status);
        snapshot.Seconds = Math.Max(snapshot.Seconds, Status.Seconds);
        GiveBack();
    }

    private void TakeStatus()
    {
        Status.Alive = Alive;
        Status.Problem = _problem;
        Status.RingDrops = _status.RingDrops;
        Status.OutboxDrops = _status.OutboxDrops;
        Status.Folded = _status.Folded + OfCommands.Folded;
        Status.Unmatched = _status.Unmatched;
        Status.Lost = _status.Lost;
        Status.Connections = _status.Connections;
        Status.Sessions = _status.Sessions;
        Status.Coverage = _status.Coverage;
        Status.Subscribers = _status.Subscribers;
        Status.Seconds = (OfCommands.Filter is null ? _interval : _foldInterval) / 1e9;
        Status.PeakIops = _peakStarts < 0 ? -1 : _peakStarts * 10.0;
        Status.MaxOutstanding = _maxOutstanding;
        Status.BusyTime = _status.BusyTime - _busyTaken;
        _busyTaken = _status.BusyTime;
        _interval = _foldInterval = _maxOutstanding = 0;
        _peakStarts = -1;
        Fresh = false;
    }

    private void Add(FrameType type, FrameReader frame)
    {
        if (type is FrameType.Cells or FrameType.Patterns) return;   // they are read when they are taken
        if (type == FrameType.Facts) AddFacts(frame);
        else if (type == FrameType.Failures) _failures.Add(frame, WallOffset, Listed);
        else if (type is FrameType.Task or FrameType.SessionEnd or FrameType.Reservation) _happenings.Add(type, frame, Status, WallOffset);
        else if (type == FrameType.Initiators) AddInitiators(frame);
        else AddUnits(frame);
    }

    private void AddFacts(FrameReader frame)
    {
        while (!frame.AtEnd) frame.Facts(_connections.TryGetValue(frame.FactsConnection(), out ConnectionMirror? mirror) ? mirror.Latest : _unknown);
    }

    private void TakeCells()
    {
        try
        {
            if (_pending.Count == 0 && !_patterns.Waits) ReadCells();
            else if (!_untaken.IsEmpty) AddUp();
        }
        catch (StreamFormatException e)
        {
            _untaken.Clear();
            End(e.Message);
        }
        foreach (CellDelta delta in _pending.Values) _taken.Add(delta);
        _pending.Clear();
        // The memory of what was taken is that of what comes next.
        if (_incoming.IsEmpty) (_incoming, _untaken) = (_untaken, _incoming);
    }

    // One snapshot has a cell, and a pattern, once: what it says need not be added to anything.
    private void ReadCells()
    {
        _untaken.Begin();
        while (_untaken.Next(out FrameType type, out ReadOnlySpan<byte> payload))
        {
            var frame = new FrameReader(payload);
            if (type == FrameType.Patterns) _patterns.Read(frame, Listed, Status);
            while (type == FrameType.Cells && !frame.AtEnd)
            {
                if (_taken.Count >= MaxCells) throw new StreamFormatException("more cells than an engine keeps");
                CellKey key = frame.CellKey();
                CellDelta delta = Rent(key);
                _taken.Add(delta);
                frame.RestOfCell(key, delta.Cell, _spare);
                delta.Connection = Find(delta);
            }
        }
        _untaken.Clear();
    }

    // The viewer has not taken the snapshot before the last one yet.
    private void AddUp()
    {
        _untaken.Begin();
        while (_untaken.Next(out FrameType type, out ReadOnlySpan<byte> payload))
        {
            var frame = new FrameReader(payload);
            if (type == FrameType.Patterns) _patterns.AddUp(frame, Listed, Status);
            while (type == FrameType.Cells && !frame.AtEnd)
            {
                frame.Cell(_scratch);
                AddToPending();
            }
        }
        _untaken.Clear();
    }

    private void AddToPending()
    {
        if (!_pending.TryGetValue(_scratch.Key, out CellDelta? delta))
        {
            if (_pending.Count >= MaxCells) throw new StreamFormatException("more cells than an engine keeps");
            _pending.Add(_scratch.Key, delta = Rent(_scratch.Key));
            delta.Cell.Clear();
            (delta.Cell.Key, delta.Cell.Kind) = (_scratch.Key, _scratch.Kind);
        }
        delta.Connection = Find(delta);
        delta.Cell.Add(_scratch);
        delta.Cell.Outstanding = _scratch.Outstanding;
    }

    private ConnectionInfo Find(CellDelta delta)
    {
        uint id = delta.Cell.Key.Connection;
        if (_last?.Id != id) Connections.TryGetValue(id, out _last);
        return _last ?? (delta.Connection.Id == id ? delta.Connection : new ConnectionInfo(id, "", ""));
    }

    private CellDelta Rent(in CellKey key)
    {
        if (_shelf.Take(key) is { } delta) return delta;
        _made++;
        _quiet = 0;
        return new CellDelta { Cell = new Cell(), Connection = s_nobody, Engine = Status };
    }

    // What very many cells needed while they came is garbage that nothing would collect once nothing is allocated any more, and so are
    // those of snapshots that had to wait: when no cell was new for some snapshots, both are given back, once.
    private void GiveBack()
    {
        if (_made < ManyCells || ++_quiet < QuietSnapshots) return;
        _made = 0;
        _shelf.Trim(_taken.Count);
        _spare.Clear();
        _spare.TrimExcess();
        _patterns.GiveBack();
        if (_pending.Count == 0) _pending.TrimExcess();
        if (_untaken.IsEmpty) _untaken = new KeptFrames();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private void AddUnits(FrameReader frame)
    {
        while (!frame.AtEnd)
        {
            UnitRecord record = frame.UnitRecord();
            if (!_units.TryGetValue((record.Target, record.Lun), out UnitMirror? unit))
            {
                if (record.Target >= Names.Count) throw new StreamFormatException($"a unit's target has the unknown name {record.Target}");
                if (_units.Count >= Roster.MostUnits) throw new StreamFormatException("more units than an engine keeps");
                unit = new UnitMirror(Names[(int)record.Target], record.Lun, Status);
                _units.Add((record.Target, record.Lun), unit);
            }
            unit.Add(in record);
        }
    }

    private void AddInitiators(FrameReader frame)
    {
        while (!frame.AtEnd)
        {
            InitiatorRecord record = frame.InitiatorRecord();
            if (record.Initiator >= Names.Count) throw new StreamFormatException($"an initiator has the unknown name {record.Initiator}");
            if (_initiators.Count >= UnitTable.MaxInitiators && !_initiators.ContainsKey(record.Initiator)) throw new StreamFormatException("more initiators than an engine keeps");
            long before = _initiators.GetValueOrDefault(record.Initiator).MaxOutstanding;
            _initiators[record.Initiator] = new InitiatorDelta(Names[(int)record.Initiator], Status, Math.Max(before, record.MaxOutstanding));
        }
    }

    // What the statuses before this one were the last for: their cells have been read.
    private void ForgetClosed()
    {
        bool over = false;
        while (_closed.TryPeek(out (uint Connection, long Statuses) first) && first.Statuses <= _statuses)
        {
            _closed.Dequeue();
            Connections.Remove(first.Connection);
            over = true;
        }
        if (!over) return;
        _last = null;
        Fold();
        FoldFailuresAndPatterns();
    }

    // What is neither open nor listed any more is told in sums, so that what waits is bounded however late it is taken.
    private void Fold()
    {
        while (FoldUnlisted() > MaxEndedCells && _ended.Count > 0)
            for (int i = _ended.Count / 2; i >= 0; i--) _connections.Remove(_ended.Dequeue());
    }

    // How many cells of connections are left that ended.
    private int FoldUnlisted()
    {
        int left = 0;
        foreach ((CellKey key, CellDelta delta) in _pending)
        {
            if (Connections.ContainsKey(key.Connection)) continue;
            if (_connections.ContainsKey(key.Connection))
            {
                left++;
                continue;
            }
            _pending.Remove(key);
            if (!_folded.Add(delta)) _shelf.PutBack(delta);
        }
        return left;
    }
}

/// <summary>One unit of one engine.</summary>
internal sealed class UnitMirror(string target, ulong lun, EngineStatus engine)
{
    private long _busy;
    private long _busyTaken;
    private long _maxOutstanding;
    private int _peakStarts = -1;

    /// <summary>What the viewer sees.</summary>
    public UnitDelta Delta { get; } = new() { Target = target, Lun = lun, Engine = engine };

    /// <summary>Adds an interval.</summary>
    public void Add(in UnitRecord record)
    {
        _busy = record.BusyTime;
        _maxOutstanding = Math.Max(_maxOutstanding, record.MaxOutstanding);
        _peakStarts = Math.Max(_peakStarts, record.PeakStarts);
    }

    /// <summary>Hands out the intervals since the last call.</summary>
    public UnitDelta Take(UnitInfo? info)
    {
        Delta.Name = info?.Name ?? "";
        Delta.Identity = info?.Identity ?? "";
        Delta.BlockSize = info?.BlockSize ?? 0;
        Delta.BusyTime = _busy - _busyTaken;
        Delta.MaxOutstanding = _maxOutstanding;
        Delta.PeakIops = _peakStarts < 0 ? -1 : _peakStarts * 10.0;
        _busyTaken = _busy;
        _maxOutstanding = 0;
        _peakStarts = -1;
        return Delta;
    }
}
