namespace Iscsitop.Engine;

/// <summary>What is unknown of a host, and not 0, since what exports its metrics has none of that.</summary>
[Flags]
public enum Untold : byte
{
    None = 0,
    Commands = 1,
    Bytes = 2,
    Errors = 4,
    Outstanding = 8,

    /// <summary>What no host of a fleet tells, but an engine does.</summary>
    Rest = 16,
}

/// <summary>What a fleet knows of one of its hosts, by the samples that a Prometheus server has of it.</summary>
public sealed class HostStatus
{
    /// <summary>Time of its last sample, ns since 1970.</summary>
    public long Sampled { get; internal set; }

    /// <summary>Age of that in seconds, at the time of the snapshot.</summary>
    public double Age { get; internal set; }

    /// <summary>The time of its last sample, ns since 1970, when it tells nothing any more; 0 while it does.</summary>
    public long SilentSince { get; internal set; }

    /// <summary>Whether Prometheus could scrape it the last time; null when nobody knows.</summary>
    public bool? Up { get; internal set; }

    /// <summary>Seconds between its samples; 0 when not known.</summary>
    public double Step { get; internal set; }

    /// <summary>What it has no metrics of.</summary>
    public Untold Untold { get; internal set; } = Untold.Rest;

    /// <summary>Series that told the same as another, and were not counted.</summary>
    public int Doubles { get; internal set; }

    /// <summary>Times its counters began anew since we began to look.</summary>
    public long Resets { get; internal set; }

    internal HostStatus Copy() => (HostStatus)MemberwiseClone();
}

/// <summary>What a fleet knows of the server that is asked.</summary>
/// <param name="Server">Its address.</param>
/// <param name="Problem">Why it was no help the last time; "" when it was.</param>
/// <param name="Since">Since when, ns since 1970; 0 without a problem.</param>
public sealed record FleetStatus(string Server, string Problem = "", long Since = 0);

/// <summary>What belongs to a target on a host of a fleet, as gauges and counters of sessions say. Counts are -1 when not known.</summary>
public sealed class PlaceDelta
{
    /// <summary>The target, and as its own address the host.</summary>
    public required Iscsitop.Target.Probes.ConnectionInfo Connection { get; init; }

    /// <summary>The host.</summary>
    public required EngineStatus Engine { get; init; }

    /// <summary>Sessions open.</summary>
    public long Sessions { get; internal set; } = -1;

    /// <summary>Connections open.</summary>
    public long Connections { get; internal set; } = -1;

    /// <summary>UNIT ATTENTIONs of the interval.</summary>
    public long UnitAttentions { get; internal set; } = -1;

    /// <summary>What happened in the interval.</summary>
    public ConnectionFacts Facts { get; } = new();
}
