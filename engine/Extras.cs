using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What is joined to a row, or what a row is when it is none of commands. Null where there is none.</summary>
public sealed class Extras
{
    // Few rows need them, and they are large, or there are very many rows: made when they are first wanted, then kept.
    private Rare? _rare;
    private Pattern? _pattern, _shared;
    private bool _patterned;

    /// <summary>The connections behind the row.</summary>
    public Links? Links => _rare is { Linked: true } rare ? rare.Links : null;

    /// <summary>Sizes and places of its reads and writes.</summary>
    public Pattern? Pattern => _patterned ? _shared ?? _pattern : null;

    /// <summary>Whether <see cref="Pattern"/> is one of writes alone.</summary>
    public bool Writes { get; set; }

    /// <summary>Distinct logical units addressed in the interval.</summary>
    public int Units => _rare?.Units?.Count ?? 0;

    /// <summary>Most commands of the initiator outstanding at once, on all units; below 0 when not known.</summary>
    public long MaxOutstanding
    {
        get => _rare?.MaxOutstanding ?? -1;
        internal set => Ensure().MaxOutstanding = value;
    }

    /// <summary>Commands of the interval that ended with sense key MISCOMPARE.</summary>
    public long Miscompares
    {
        get => _rare?.Miscompares ?? 0;
        internal set => Ensure().Miscompares = value;
    }

    /// <summary>The failure it is, or the most frequent of the interval.</summary>
    public FailureDelta? Failure
    {
        get => _rare?.Failure;
        set => Ensure().Failure = value;
    }

    /// <summary>The task management request it is.</summary>
    public TaskRecord? Task
    {
        get => _rare?.Task;
        set => Ensure().Task = value;
    }

    /// <summary>The reservation it is.</summary>
    public ReservationState? Reservation
    {
        get => _rare?.Reservation;
        set => Ensure().Reservation = value;
    }

    /// <summary>Whom the reservation stopped.</summary>
    public Conflicts? Conflicts
    {
        get => _rare?.Conflicts;
        set => Ensure().Conflicts = value;
    }

    /// <summary>The finding it is.</summary>
    public Finding? Finding
    {
        get => _rare?.Finding;
        set => Ensure().Finding = value;
    }

    /// <summary>How its connection ended; null while it lasts, and after a logout.</summary>
    public SessionEnd? End
    {
        get => _rare?.End;
        set => Ensure().End = value;
    }

    /// <summary>The host of a fleet it is.</summary>
    public EngineStatus? Host
    {
        get => _rare?.Host;
        set => Ensure().Host = value;
    }

    /// <summary>The durations it is.</summary>
    public Histogram? Durations
    {
        get => _rare?.Durations;
        set => Ensure().Durations = value;
    }

    /// <summary>The key of an aggregation it is.</summary>
    public D.WatchedKey? Watched
    {
        get => _rare?.Watched;
        internal set => Ensure().Watched = value;
    }

    /// <summary>How deep it stands in a tree; 0 outside one.</summary>
    public int Depth
    {
        get => _rare?.Depth ?? 0;
        set => Ensure().Depth = value;
    }

    /// <summary>What several rows have in common that this one heads; "" when it heads none.</summary>
    public string Heads
    {
        get => _rare?.Heads ?? "";
        set => Ensure().Heads = value;
    }

    /// <summary>The row that heads it; null when none does.</summary>
    public Row? Head
    {
        get => _rare?.Head;
        set => Ensure().Head = value;
    }

    /// <summary>How many rows it heads.</summary>
    public int Headed
    {
        get => _rare?.Headed ?? 0;
        set => Ensure().Headed = value;
    }

    internal Links EnsureLinks()
    {
        Rare rare = Ensure();
        rare.Linked = true;
        return rare.Links ??= new Links();
    }

    internal Pattern EnsurePattern()
    {
        _patterned = true;
        Pattern own = _pattern ??= new Pattern();
        if (_shared is { } shared) own.Add(shared);
        _shared = null;
        return own;
    }

    /// <summary>Adds a pattern that stays as it is until the row is cleared: it is the row's own as long as it is the only one.</summary>
    internal void Add(Pattern pattern)
    {
        if (_patterned) EnsurePattern().Add(pattern);
        else (_patterned, _shared) = (true, pattern);
    }

    internal void Touch(CellDelta delta)
    {
        if (delta.Cell.Started + delta.Cell.Completed > 0) (Ensure().Units ??= []).Add((delta.Connection.Target, delta.Cell.Key.Lun));
    }

    internal void Clear()
    {
        _patterned = Writes = false;
        _pattern?.Clear();
        _shared = null;
        _rare?.Clear();
    }

    private Rare Ensure() => _rare ??= new Rare();

    private sealed class Rare
    {
        public Links? Links;
        public HashSet<(string Target, ulong Lun)>? Units;
        public bool Linked;
        public long MaxOutstanding = -1, Miscompares;
        public FailureDelta? Failure;
        public TaskRecord? Task;
        public ReservationState? Reservation;
        public Conflicts? Conflicts;
        public Finding? Finding;
        public SessionEnd? End;
        public EngineStatus? Host;
        public Histogram? Durations;
        public D.WatchedKey? Watched;
        public int Depth, Headed;
        public string Heads = "";
        public Row? Head;

        public void Clear()
        {
            Linked = false;
            Links?.Clear();
            Units?.Clear();
            (Failure, Task, Reservation, Conflicts, Finding, End, Host, Durations, Watched) = (null, null, null, null, null, null, null, null, null);
            (Depth, Heads, Headed, Head) = (0, "", 0, null);
            (MaxOutstanding, Miscompares) = (-1, 0);
        }
    }
}

/// <summary>Whom a reservation stopped.</summary>
public sealed class Conflicts
{
    private readonly Dictionary<string, long> _victims = new(StringComparer.Ordinal);

    /// <summary>RESERVATION CONFLICTs in the interval.</summary>
    public long Count { get; private set; }

    /// <summary>RESERVATION CONFLICTs since the engine began to look.</summary>
    public long Total { get; private set; }

    /// <summary>The initiator that got most of them; "" without any.</summary>
    public string Victim { get; private set; } = "";

    internal void Add(FailureDelta failure)
    {
        Count += failure.Count;
        Total += failure.Total;
        long sum = _victims[failure.Connection.Initiator] = _victims.GetValueOrDefault(failure.Connection.Initiator) + failure.Total;
        if (Victim.Length == 0 || sum > _victims[Victim]) Victim = failure.Connection.Initiator;
    }

    internal void Clear()
    {
        (Count, Total, Victim) = (0, 0, "");
        _victims.Clear();
    }
}

/// <summary>The connections behind a row: how many there are, and what happened on them in the interval.</summary>
public sealed class Links
{
    private static readonly Fact[] s_summed = [Fact.Logins, Fact.LoginFailures, Fact.TaskRequests, Fact.Logouts, Fact.Reinstatements, Fact.Redirections];

    private readonly HashSet<(int, string, string, string, ushort)> _sessions = [];
    private readonly long[] _facts = new long[ConnectionFacts.Count];
    private double _seconds;
    private int _counted;
    private long _unknown;

    /// <summary>Connections open now.</summary>
    public int Connections { get; private set; }

    /// <summary>Tag of their portal group, -1 when not known.</summary>
    public int PortalGroup { get; private set; } = -1;

    /// <summary>Sessions open now.</summary>
    public int Sessions => _sessions.Count + _counted;

    /// <summary>Whether connections and sessions are known.</summary>
    public bool Known { get; private set; } = true;

    /// <summary>Whether UNIT ATTENTIONs are known.</summary>
    public bool KnowsUnitAttentions { get; private set; } = true;

    /// <summary>What hosts of a fleet have no metric of.</summary>
    internal Untold Untold { get; private set; }

    /// <summary>Whether a count of the interval is known.</summary>
    public bool Knows(Fact fact) => (_unknown & 1L << (int)fact) == 0;

    /// <summary>Round trips of pings, of the connections that are open.</summary>
    public Histogram Pings { get; } = new();

    /// <summary>UNIT ATTENTIONs of the interval.</summary>
    public long UnitAttentions { get; private set; }

    /// <summary>A count of the interval, over all connections.</summary>
    public long this[Fact fact] => _facts[(int)fact];

    /// <summary>Measured length of the interval, s; 0 when nothing was measured.</summary>
    internal double Seconds => _seconds;

    /// <summary>A count as a rate; NaN when nothing was measured.</summary>
    public double PerSecond(long count) => _seconds > 0 ? count / _seconds : double.NaN;

    internal void Add(ConnectionDelta delta)
    {
        ConnectionInfo c = delta.Connection;
        _seconds = Math.Max(_seconds, delta.Engine.Seconds);
        foreach (Fact fact in s_summed)
            if (delta.Facts[fact] > 0)
                _facts[(int)fact] += delta.Facts[fact];
        if (PortalGroup < 0) PortalGroup = c.PortalGroup;
        if (c.Closed != 0) return;
        Connections++;
        if (c.Tsih != 0 || c.MidStream) _sessions.Add((delta.Engine.Number, c.Target, c.Initiator, c.Isid.Length == 0 ? c.Remote : c.Isid, c.Tsih));
        if (delta.Total.NopTime is { Count: > 0 } pings) Pings.Add(pings);
    }

    internal void Add(PlaceDelta delta)
    {
        _seconds = Math.Max(_seconds, delta.Engine.Seconds);
        Untold |= delta.Engine.Host?.Untold ?? Untold.None;
        Known &= delta is { Sessions: >= 0, Connections: >= 0 };
        _counted += (int)Math.Max(0, delta.Sessions);
        Connections += (int)Math.Max(0, delta.Connections);
        foreach (Fact fact in s_summed)
            if (delta.Facts[fact] >= 0) _facts[(int)fact] += delta.Facts[fact];
            else _unknown |= 1L << (int)fact;
        KnowsUnitAttentions &= delta.UnitAttentions >= 0;
        UnitAttentions += Math.Max(0, delta.UnitAttentions);
    }

    internal void Add(FailureDelta failure)
    {
        const uint CheckCondition = 0x02, UnitAttention = 6;
        uint code = failure.Key.Code;
        if (failure.Key.Kind == FailureKind.Status && code >> 24 == CheckCondition && (code >> 16 & 15) == UnitAttention) UnitAttentions += failure.Count;
    }

    internal void Clear()
    {
        _sessions.Clear();
        Array.Clear(_facts);
        Pings.Clear();
        _seconds = 0;
        Connections = _counted = 0;
        _unknown = 0;
        Untold = Untold.None;
        Known = KnowsUnitAttentions = true;
        UnitAttentions = 0;
        PortalGroup = -1;
    }
}
