using System.Net;

namespace Iscsitop.Target.Server;

/// <summary>What a target is told.</summary>
public sealed class TargetOptions
{
    /// <summary>The port IANA gave iSCSI.</summary>
    public const int DefaultPort = 3260;

    /// <summary>Where to listen; port 0 takes a free one.</summary>
    public IReadOnlyList<IPEndPoint> Portals { get; init; } = [new IPEndPoint(IPAddress.Loopback, DefaultPort)];

    /// <summary>The target's iSCSI name.</summary>
    public string Name { get; init; } = "iqn.2026-01.io.github.iscsitop:target";

    /// <summary>Its logical units.</summary>
    public IReadOnlyList<LunSpec> Luns { get; init; } = [];

    /// <summary>Directory in which persistent reservations outlive the process; null when they need not.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>What a login to the target must prove.</summary>
    public Authentication Authentication { get; init; } = Authentication.None;

    /// <summary>What a discovery session's login must prove.</summary>
    public Authentication DiscoveryAuthentication { get; init; } = Authentication.None;

    /// <summary>Connections at most.</summary>
    public int MaxConnections { get; init; } = 256;

    /// <summary>Connections from one address that have not logged in yet, at most; the oldest gives way to a new one.</summary>
    public int MaxHalfOpenPerAddress { get; init; } = 64;

    /// <summary>Time a login may take.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Idle time after which the target pings (NOP-In); zero for never.</summary>
    public TimeSpan NopInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time an initiator has to answer a ping.</summary>
    public TimeSpan NopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time in which data an R2T asked for must come.</summary>
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
