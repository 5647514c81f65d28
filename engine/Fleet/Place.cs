namespace Iscsitop.Engine.Fleet;

/// <summary>What is told of a target on a host beside its commands.</summary>
internal sealed class Place(FleetHost host, string target)
{
    private PlaceDelta? _delta;

    public FleetHost Host => host;

    public List<Track> Sessions { get; } = [];

    public List<Track> Connections { get; } = [];

    public List<Track> UnitAttentions { get; } = [];

    public Dictionary<Fact, List<Track>> Counters { get; } = new()
    {
        [Fact.Logins] = [],
        [Fact.LoginFailures] = [],
        [Fact.Redirections] = [],
        [Fact.Logouts] = [],
        [Fact.Reinstatements] = [],
        [Fact.TaskRequests] = [],
    };

    // Which metric counts what.
    private static FleetRole RoleOf(Fact fact) => fact switch { Fact.Logouts or Fact.Reinstatements => FleetRole.Ends, Fact.TaskRequests => FleetRole.Tasks, _ => FleetRole.Logins };

    /// <summary>The count that a login's result belongs to.</summary>
    public static Fact? OfLogin(string result) => result switch { "success" => Fact.Logins, "failure" => Fact.LoginFailures, "redirect" => Fact.Redirections, _ => null };

    /// <summary>The count that the reason of an end belongs to.</summary>
    public static Fact? OfEnd(string reason) => reason switch { "logout" => Fact.Logouts, "reinstated" => Fact.Reinstatements, _ => null };

    /// <summary>What came since the last time; null when the host goes on without it.</summary>
    public PlaceDelta? Take(bool silent)
    {
        PlaceDelta delta = _delta ??= new PlaceDelta { Connection = host.ConnectionOf(target, ""), Engine = host.Status };
        delta.Facts.Forget();
        (delta.Sessions, delta.Connections, delta.UnitAttentions) = (-1, -1, -1);
        if (silent || !host.Fresh) return delta;
        bool current = false;
        delta.Sessions = Gauge(Sessions, ref current);
        delta.Connections = Gauge(Connections, ref current);
        delta.UnitAttentions = Count(UnitAttentions, FleetRole.Errors, ref current);
        foreach ((Fact fact, List<Track> tracks) in Counters) delta.Facts[fact] = Count(tracks, RoleOf(fact), ref current);
        return current ? delta : null;
    }

    /// <summary>Forgets series that are older than a time; whether any is left.</summary>
    public bool Forget(long before)
    {
        bool any = false;
        foreach (List<Track> tracks in Counters.Values.Concat([Sessions, Connections, UnitAttentions]))
        {
            tracks.RemoveAll(t => t.Last < before);
            any |= tracks.Count > 0;
        }
        return any;
    }

    private long Count(List<Track> tracks, FleetRole role, ref bool current) => host.Tells(role) ? FleetCell.Whole(tracks, ref current) : -1;

    private static long Gauge(List<Track> tracks, ref bool current)
    {
        double sum = 0;
        bool any = false;
        foreach (Track track in tracks)
        {
            current |= track.Current;
            if (track.Now is not (>= 0 and < long.MaxValue and var now)) continue;
            (sum, any) = (sum + now, true);
        }
        return any ? (long)Math.Round(sum) : -1;
    }
}
