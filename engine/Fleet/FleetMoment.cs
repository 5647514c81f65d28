using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Fleet;

/// <summary>
/// What a snapshot of a fleet says beside its cells, as the past keeps it: of the server, of the hosts, and of the targets on them. What is
/// as it was in the moment before is there once.
/// </summary>
internal sealed class FleetMoment
{
    private const int HostBytes = 100, PlaceBytes = 120, ReferenceBytes = 8;

    private readonly FleetStatus _server;
    private readonly (int Engine, HostStatus Status)[] _hosts;
    private readonly KeptPlace[] _places;

    private FleetMoment(FleetStatus server, (int, HostStatus)[] hosts, KeptPlace[] places) => (_server, _hosts, _places) = (server, hosts, places);

    /// <summary>About how many bytes it takes.</summary>
    public long Bytes { get; private init; }

    /// <summary>That of a snapshot; null when it is of no fleet.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="before">The moment before, null for none.</param>
    public static FleetMoment? Of(Snapshot snapshot, FleetMoment? before)
    {
        if (snapshot.Fleet is not { } server) return null;
        int shared = 0;
        var places = new KeptPlace[snapshot.Places.Count];
        for (int i = 0; i < places.Length; i++)
        {
            var place = KeptPlace.Of(snapshot.Places[i]);
            bool same = before is not null && i < before._places.Length && before._places[i] == place;
            places[i] = same ? before!._places[i] : place;
            if (same) shared++;
        }
        (int, HostStatus)[] hosts = [.. snapshot.Engines.Where(e => e.Host is not null).Select(e => (e.Number, e.Host!.Copy()))];
        return new FleetMoment(server, hosts, places) { Bytes = HostBytes * hosts.Length + ReferenceBytes * places.Length + PlaceBytes * (places.Length - shared) };
    }

    /// <summary>Two moments in one: counts are added, what stands is as it was in the later.</summary>
    public static FleetMoment? Merge(FleetMoment? earlier, FleetMoment? later)
    {
        if (earlier is null || later is null) return later ?? earlier;
        var hosts = earlier._hosts.ToDictionary(h => h.Engine, h => h.Status);
        foreach ((int engine, HostStatus status) in later._hosts) hosts[engine] = status;
        Dictionary<(int, string), KeptPlace> places = earlier._places.ToDictionary(p => p.Key);
        foreach (KeptPlace place in later._places) places[place.Key] = places.TryGetValue(place.Key, out KeptPlace? before) ? place.After(before) : place;
        return new FleetMoment(later._server, [.. hosts.Select(h => (h.Key, h.Value))], [.. places.Values]) { Bytes = HostBytes * hosts.Count + (ReferenceBytes + PlaceBytes) * places.Count };
    }

    /// <summary>Gives it back to what was read of the snapshot.</summary>
    public void Restore(Snapshot snapshot)
    {
        snapshot.Fleet = _server;
        Dictionary<int, EngineStatus> engines = snapshot.Engines.ToDictionary(e => e.Number);
        foreach ((int engine, HostStatus status) in _hosts)
            if (engines.TryGetValue(engine, out EngineStatus? host)) host.Host = status;
        foreach (KeptPlace place in _places)
            if (engines.TryGetValue(place.Engine, out EngineStatus? host)) snapshot.Places.Add(place.On(host));
    }

    /// <summary>What is told of a target on a host.</summary>
    private sealed record KeptPlace(int Engine, ConnectionInfo Connection, long Sessions, long Connections, long UnitAttentions, PlaceCounts Counts)
    {
        public (int, string) Key => (Engine, Connection.Target);

        public static KeptPlace Of(PlaceDelta place) => new(place.Engine.Number, place.Connection, place.Sessions, place.Connections, place.UnitAttentions, PlaceCounts.Of(place.Facts));

        public KeptPlace After(KeptPlace earlier) => this with { UnitAttentions = PlaceCounts.Sum(earlier.UnitAttentions, UnitAttentions), Counts = Counts.After(earlier.Counts) };

        public PlaceDelta On(EngineStatus engine)
        {
            var place = new PlaceDelta { Connection = Connection, Engine = engine, Sessions = Sessions, Connections = Connections, UnitAttentions = UnitAttentions };
            Counts.CopyTo(place.Facts);
            return place;
        }
    }

    /// <summary>Counts of an interval, -1 for what is not known.</summary>
    private readonly record struct PlaceCounts(long Logins, long Failures, long Redirections, long Logouts, long Reinstatements, long Tasks)
    {
        public static PlaceCounts Of(ConnectionFacts f) =>
            new(f[Fact.Logins], f[Fact.LoginFailures], f[Fact.Redirections], f[Fact.Logouts], f[Fact.Reinstatements], f[Fact.TaskRequests]);

        // Of an interval in which nothing was told nothing is known, but of both together what the other tells.
        public static long Sum(long a, long b) => a < 0 ? b : b < 0 ? a : a + b;

        public PlaceCounts After(PlaceCounts e) => new(
            Sum(e.Logins, Logins), Sum(e.Failures, Failures), Sum(e.Redirections, Redirections), Sum(e.Logouts, Logouts), Sum(e.Reinstatements, Reinstatements), Sum(e.Tasks, Tasks));

        public void CopyTo(ConnectionFacts f) =>
            (f[Fact.Logins], f[Fact.LoginFailures], f[Fact.Redirections], f[Fact.Logouts], f[Fact.Reinstatements], f[Fact.TaskRequests]) = (Logins, Failures, Redirections, Logouts, Reinstatements, Tasks);
    }
}
