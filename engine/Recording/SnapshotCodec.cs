using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// Snapshots as the records of a block (docs/recording.md). One description serves both directions: what it is given it writes, or
/// fills in. What is told of an engine once and then only remembered (connections that ended, failures, task management, drop cards)
/// a writer tells in the first block and when it changes, and a reader keeps.
/// </summary>
internal sealed partial class SnapshotCodec
{
    /// <summary>Entries of one kind in a block at most.</summary>
    public const int MostEntries = 1 << 17;

    /// <summary>Engines in a block at most.</summary>
    public const int MostEngines = 1024;

    private readonly bool _numbered;
    private readonly Coder _coder = new(Kinds.Numbers, Decisions.All);
    private readonly HistogramCoding _histograms;
    private readonly Dictionary<EngineStatus, EngineEntry> _engineIndex = new(ReferenceEqualityComparer.Instance);
    private readonly List<EngineEntry> _engines = [];
    private readonly Dictionary<EngineStatus, int> _generations = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<int, int> _nextGeneration = [];
    private readonly string[] _lastText = new string[Kinds.TextKinds];
    private readonly Func<Histogram>[] _makers;
    private readonly Func<Histogram> _makePings, _makeInterarrival;
    private long _time;
    private long _interval;
    private long _snapshots;
    private int _version = BlockHeader.Version;

    /// <param name="decoding">Whether it reads.</param>
    /// <param name="numbered">Whether engines keep their numbers, as they do in the memory of the process that gave them.</param>
    public SnapshotCodec(bool decoding, bool numbered = false)
    {
        (Decoding, _numbered) = (decoding, numbered);
        _histograms = new HistogramCoding(_coder);
        _makePings = () => _pings;
        _makeInterarrival = () => _pattern!.Interarrival ??= new Histogram();
        _makers = [.. Enumerable.Range(0, Cell.PhaseCount).Select(i => new Func<Histogram>(() => _cell!.Ensure((Phase)i)))];
    }

    /// <summary>Whether it reads.</summary>
    public bool Decoding { get; }

    /// <summary>Whether the block under way told something that later blocks do not tell again.</summary>
    public bool HasNews { get; private set; }

    /// <summary>Bytes of the block under way so far.</summary>
    public int Length => _coder.Length;

    /// <summary>Begins a block to write.</summary>
    /// <param name="restate">Whether everything is told, as in the first block of a file.</param>
    public void Begin(bool restate)
    {
        Forget();
        HasNews = false;
        if (restate) ForgetTold();
        _coder.BeginEncoding();
    }

    /// <summary>Begins a block to read, of a version; one that tells everything needs nothing of what was told before.</summary>
    public void Begin(byte[] payload, int length, bool restates = false, int version = BlockHeader.Version)
    {
        _version = _histograms.Version = version;
        Forget();
        if (restates) ForgetKept(engines: false);
        _coder.BeginDecoding(payload, length);
    }

    /// <summary>Ends a block that was written.</summary>
    /// <returns>Its payload; valid until the next begins.</returns>
    public ReadOnlyMemory<byte> End() => _coder.End();

    /// <summary>Writes a snapshot, or reads the next.</summary>
    /// <exception cref="RecordingFormatException">There is none to read.</exception>
    public void Code(Snapshot snapshot)
    {
        _snapshots++;
        snapshot.Time = _time = _coder.Near(Kinds.Time, snapshot.Time, _time + _interval);
        _interval = _coder.Near(Kinds.Seconds, Nanoseconds(snapshot.Seconds), _interval);
        snapshot.Seconds = _interval / 1e9;
        CodeEngines(snapshot);
        CodeConnections(snapshot);
        CodeUnits(snapshot);
        if (_version >= 2) CodeInitiators(snapshot);
        CodeCells(snapshot);
        CodePatterns(snapshot);
        CodeFailures(snapshot);
        CodeTasks(snapshot);
        CodeEnds(snapshot);
        CodeReservations(snapshot);
        if (Decoding) ListKept(snapshot);
    }

    /// <summary>Durations are told in ns.</summary>
    internal static long Nanoseconds(double seconds) => double.IsFinite(seconds) ? (long)Math.Round(Math.Clamp(seconds, 0, 4e9) * 1e9) : 0;

    private void Forget()
    {
        _engineIndex.Clear();
        _engines.Clear();
        _connectionIndex.Clear();
        _connections.Clear();
        _unitIndex.Clear();
        _units.Clear();
        _initiatorIndex.Clear();
        _initiators.Clear();
        _cellIndex.Clear();
        _cells.Clear();
        _patternIndex.Clear();
        _patterns.Clear();
        _places.Clear();
        Array.Fill(_lastText, "");
        _parameters = new SessionParameters();
        (_time, _interval, _opened, _lastConnection, _named, _lastId, _lastTime) = (0, 0, 0, 0, 0, 0, 0);
    }

    // Whether what a block knows is there: one decision.
    private void Presence(int kind, Entry entry) =>
        entry.Present = entry.Was = _coder.Bit(Decisions.Present + kind * 2 + (entry.Was ? 1 : 0), entry.Present);

    private int News(int kind, int count, int known) => _coder.Count(Kinds.New + kind, count, Math.Max(0, MostEntries - known));

    private string Text(int kind, string text) => _lastText[kind] = _coder.Text(Kinds.Text + 2 * kind, text, _lastText[kind]);

    private bool Flag(int kind, bool flag) => _coder.Bit(Decisions.Flag + kind, flag);

    private bool Changed(int kind, bool changed) => _coder.Bit(Decisions.Changed + kind, changed);

    // ---- engines

    private void CodeEngines(Snapshot snapshot)
    {
        int known = _engines.Count;
        foreach (EngineEntry entry in _engines) entry.Present = false;
        foreach (EngineStatus status in snapshot.Engines) EntryOf(status).Present = true;
        int news = _engines.Count - known;
        for (int i = 0; i < known; i++) Presence(0, _engines[i]);
        news = _coder.Count(Kinds.New, news, Math.Max(0, MostEngines - known));
        for (int i = 0; i < news; i++)
        {
            EngineEntry entry = Define(Decoding ? null : _engines[known + i]);
            entry.Present = entry.Was = true;
        }
        foreach (EngineEntry entry in _engines)
        {
            if (!entry.Present) continue;
            CodeStatus(entry);
            if (Decoding) snapshot.Engines.Add(entry.Status);
        }
    }

    private EngineEntry EntryOf(EngineStatus status)
    {
        if (_engineIndex.TryGetValue(status, out EngineEntry? entry)) return entry;
        int generation = status.Number;
        if (!_numbered && !_generations.TryGetValue(status, out generation))
        {
            generation = _nextGeneration.GetValueOrDefault(status.Pid);
            _generations[status] = generation;
            _nextGeneration[status.Pid] = generation + 1;
            foreach (EngineStatus gone in _generations.Keys)
                if (!gone.Alive && !ReferenceEquals(gone, status)) _generations.Remove(gone);
        }
        entry = new EngineEntry(status, _engines.Count) { Generation = generation };
        _engineIndex.Add(status, entry);
        _engines.Add(entry);
        return entry;
    }

    private EngineEntry Define(EngineEntry? entry)
    {
        int pid = _coder.Count(Kinds.Engine, entry?.Status.Pid ?? 0, int.MaxValue);
        int generation = _coder.Count(Kinds.Engine + 1, entry?.Generation ?? 0, int.MaxValue);
        string source = Text(0, entry?.Status.Source ?? ""), version = Text(1, entry?.Status.Version ?? "");
        if (entry is not null) return entry;
        _coder.Hold(1024);
        entry = new EngineEntry(KeptEngine(pid, generation, source, version), _engines.Count);
        _engines.Add(entry);
        return entry;
    }

    private void CodeStatus(EngineEntry entry)
    {
        EngineStatus s = entry.Status;
        s.Alive = Flag(0, s.Alive);
        if (Changed(0, s.Problem != entry.Problem)) s.Problem = Text(2, s.Problem);
        entry.Problem = s.Problem;
        s.RingDrops = Counter(entry, 2, s.RingDrops);
        s.OutboxDrops = Counter(entry, 3, s.OutboxDrops);
        s.Folded = Counter(entry, 4, s.Folded);
        s.Unmatched = Counter(entry, 5, s.Unmatched);
        s.Lost = Counter(entry, 6, s.Lost);
        s.Subscribers = (int)Counter(entry, 7, s.Subscribers);
        s.Connections = (int)Counter(entry, 8, s.Connections);
        s.Sessions = (int)Counter(entry, 9, s.Sessions);
        s.Seconds = Counter(entry, 10, Nanoseconds(s.Seconds)) / 1e9;
        s.PeakIops = Counter(entry, 11, (long)s.PeakIops);
        s.MaxOutstanding = Counter(entry, 12, s.MaxOutstanding);
        s.BusyTime = Counter(entry, 13, s.BusyTime);
        Wire.Coverage c = s.Coverage;
        c.Packets = Counter(entry, 14, c.Packets);
        c.Dropped = Counter(entry, 15, c.Dropped);
        c.Undecodable = Counter(entry, 16, c.Undecodable);
        c.Foreign = Counter(entry, 17, c.Foreign);
        c.Fragments = Counter(entry, 18, c.Fragments);
        c.Pdus = Counter(entry, 19, c.Pdus);
        c.Resyncs = Counter(entry, 20, c.Resyncs);
        c.MissingBytes = Counter(entry, 21, c.MissingBytes);
        c.MidStream = Counter(entry, 22, c.MidStream);
        c.Evicted = Counter(entry, 23, c.Evicted);
        s.Coverage = c;
    }

    private long Counter(EngineEntry entry, int which, long value) =>
        entry.Last[which] = _coder.Near(Kinds.Engine + which, value, entry.Last[which]);
}
