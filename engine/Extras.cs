using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What is joined to a row, or what a row is when it is none of commands. Null where there is none.</summary>
public sealed class Extras
{
    // Few rows need them, and they are large: made when they are first wanted, then kept.
    private Links? _links;
    private Pattern? _pattern, _shared;
    private HashSet<(string Target, ulong Lun)>? _units;
    private bool _linked, _patterned;

    /// <summary>The connections behind the row.</summary>
    public Links? Links => _linked ? _links : null;

    /// <summary>Sizes and places of its reads and writes.</summary>
    public Pattern? Pattern => _patterned ? _shared ?? _pattern : null;

    /// <summary>Whether <see cref="Pattern"/> is one of writes alone.</summary>
    public bool Writes { get; set; }

    /// <summary>Distinct logical units addressed in the interval.</summary>
    public int Units => _units?.Count ?? 0;

    /// <summary>Most commands of the initiator outstanding at once, on all units; below 0 when not known.</summary>
    public long MaxOutstanding { get; internal set; } = -1;

    /// <summary>Commands of the interval that ended with sense key MISCOMPARE.</summary>
    public long Miscompares { get; internal set; }

    /// <summary>The failure it is, or the most frequent of the interval.</summary>
    public FailureDelta? Failure { get; set; }

    /// <summary>The task management request it is.</summary>
    public TaskRecord? Task { get; set; }

    /// <summary>The reservation it is.</summary>
    public ReservationState? Reservation { get; set; }

    /// <summary>Whom the reservation stopped.</summary>
    public Conflicts? Conflicts { get; set; }

    /// <summary>The finding it is.</summary>
    public Finding? Finding { get; set; }

    /// <summary>How its connection ended; null while it lasts, and after a logout.</summary>
    public SessionEnd? End { get; set; }

    /// <summary>The host of a fleet it is.</summary>
    public EngineStatus? Host { get; set; }

    /// <summary>The durations it is.</summary>
    public Histogram? Durations { get; set; }

    /// <summary>The key of an aggregation it is.</summary>
    public D.WatchedKey? Watched { get; internal set; }

    /// <summary>How deep it stands in a tree; 0 outside one.</summary>
    public int Depth { get; set; }

    /// <summary>What several rows have in common that this one heads; "" when it heads none.</summary>
    public string Heads { get; set; } = "";

    /// <summary>The row that heads it; null when none does.</summary>
    public Row? Head { get; set; }

    /// <summary>How many rows it heads.</summary>
    public int Headed { get; set; }

    internal Links EnsureLinks()
    {
        _linked = true;
        return _links ??= new Links();
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
        if (delta.Cell.Started + delta.Cell.Completed > 0) (_units ??= []).Add((delta.Connection.Target, delta.Cell.Key.Lun));
    }

    internal void Clear()
    {
        _linked = _patterned = Writes = false;
        _links?.Clear();
        _pattern?.Clear();
        _shared = null;
        _units?.Clear();
        (Failure, Task, Reservation, Conflicts, Finding, End, Durations) = (null, null, null, null, null, null, null);
        Watched = null;
        Host = null;
        (Depth, Heads, Headed, Head) = (0, "", 0, null);
        (MaxOutstanding, Miscompares) = (-1, 0);
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

    /// <summary>Whether a count of the interval is known.</summary>
    public bool Knows(Fact fact) => (_unknown & 1L << (int)fact) == 0;

    /// <summary>Round trips of pings, of the connections that are open.</summary>
    public Histogram Pings { get; } = new();

    /// <summary>UNIT ATTENTIONs of the interval.</summary>
    public long UnitAttentions { get; private set; }

    /// <summary>A count of the interval, over all connections.</summary>
    public long this[Fact fact] => _facts[(int)fact];

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
        Known = KnowsUnitAttentions = true;
        UnitAttentions = 0;
        PortalGroup = -1;
    }
}
