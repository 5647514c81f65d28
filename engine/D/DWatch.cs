using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.D;

/// <summary>
/// A program that runs so that somebody may look at its aggregations: events come on the threads of feeds, looks on that of a screen. What
/// it prints is thrown away.
/// </summary>
public sealed class DWatch
{
    private readonly Lock _lock = new();
    private readonly ProbeCatalog _catalog;
    private readonly DSession _session;
    private readonly bool _file;
    private int _known = -1;
    private bool _begun;
    private long _looked, _first, _last;

    /// <param name="program">What runs.</param>
    /// <param name="catalog">The probes it was compiled with; those of engines that come are added.</param>
    /// <param name="file">Whether events are of a file, whose time is theirs.</param>
    public DWatch(DProgram program, ProbeCatalog catalog, bool file = false)
    {
        ArgumentNullException.ThrowIfNull(program);
        (_catalog, _file) = (catalog, file);
        _session = new DSession(program, new OutputBuffer()) { OnError = OnFault };
        Aggregations = [.. program.Aggregations.OrderBy(a => a.Shape.Id).Select(a => new WatchedAggregation(a))];
    }

    /// <summary>Its aggregations, in the order they come in the program. Their rows change by <see cref="Look"/> only.</summary>
    public IReadOnlyList<WatchedAggregation> Aggregations { get; }

    /// <summary>What stands for the engine in its provider's name; null for its process id. Changed only before the first event.</summary>
    public int? Instance { get; set; }

    /// <summary>Whether it has ended itself, at the last look.</summary>
    public bool Exited { get; private set; }

    /// <summary>Values that found no room in aggregations, at the last look.</summary>
    public long AggregationDrops { get; private set; }

    /// <summary>Dynamic variables that found no room, at the last look.</summary>
    public long DynamicDrops { get; private set; }

    /// <summary>Clauses that were given up, at the last look.</summary>
    public long Faults { get; private set; }

    /// <summary>Why the last of them was; "" without any.</summary>
    public string Fault { get; private set; } = "";

    /// <summary>Seconds that values a second are of, at the last look; 0 before time was measured.</summary>
    public double Seconds { get; private set; }

    /// <summary>BEGIN fires; a file's at its first event.</summary>
    /// <param name="time">Monotonic ns.</param>
    /// <param name="wall">ns since 1970.</param>
    public void Begin(long time, long wall)
    {
        lock (_lock) Start(time, wall);
    }

    /// <summary>An event; a handler of a feed.</summary>
    public void OnEvent(in ProbeEvent e, in EventContext context)
    {
        lock (_lock)
        {
            if (!_begun && !_file) return;
            if (!_begun) Start(e.Time, context.WallTime);
            int instance = Instance ?? context.Engine.Pid;
            if (instance != _known) Know(instance);
            _session.OnEvent(instance, in e, in context);
            // Nobody reads what it prints.
            if (_session.Output.Length > 0) _session.Output.Clear();
            _last = Math.Max(_last, e.Time);
        }
    }

    /// <summary>Time goes on, and rows become what their keys are now.</summary>
    /// <param name="time">Monotonic ns; of a file its events tell.</param>
    /// <param name="wall">ns since 1970.</param>
    public void Look(long time, long wall)
    {
        lock (_lock)
        {
            if (_begun && !_file && !_session.Exited)
            {
                _session.Advance(time, wall);
                _session.Output.Clear();
            }
            Seconds = _file ? (_last - _first) / 1e9 : _begun ? (time - _looked) / 1e9 : 0;
            _looked = time;
            foreach (WatchedAggregation aggregation in Aggregations) aggregation.Look(Seconds, whole: _file);
            (Exited, AggregationDrops, DynamicDrops) = (_session.Exited, _session.AggregationDrops, _session.DynamicDrops);
        }
    }

    /// <summary>clear() of every aggregation.</summary>
    public void Clear()
    {
        lock (_lock)
            foreach (WatchedAggregation aggregation in Aggregations) aggregation.Clear();
    }

    private void Start(long time, long wall)
    {
        if (_begun) return;
        (_begun, _first, _last, _looked) = (true, time, time, time);
        _session.Begin(time, wall);
        _session.Output.Clear();
    }

    private void Know(int instance)
    {
        _known = instance;
        int before = _catalog.Entries.Count;
        _catalog.AddEngine(instance);
        if (_catalog.Entries.Count != before) _session.Program.MatchNew();
    }

    private void OnFault(string message)
    {
        Faults++;
        Fault = message;
    }
}
