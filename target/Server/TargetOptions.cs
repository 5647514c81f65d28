using System.Net;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Server;

/// <summary>What a server of targets is told: one target in few words, or <see cref="Targets"/> in as many as it takes.</summary>
public sealed record TargetOptions
{
    /// <summary>The port IANA gave iSCSI.</summary>
    public const int DefaultPort = 3260;

    /// <summary>Where to listen; port 0 takes a free one.</summary>
    public IReadOnlyList<IPEndPoint> Portals { get; init; } = [new IPEndPoint(IPAddress.Loopback, DefaultPort)];

    /// <summary>The target's iSCSI name.</summary>
    public string Name { get; init; } = "iqn.2026-01.io.github.iscsitop:target";

    /// <summary>Its logical units.</summary>
    public IReadOnlyList<LunSpec> Luns { get; init; } = [];

    /// <summary>Directory in which persistent reservations and a SANITIZE outlive the process; null when they need not.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>What a login to the target must prove.</summary>
    public Authentication Authentication { get; init; } = Authentication.None;

    /// <summary>What a discovery session's login must prove.</summary>
    public Authentication DiscoveryAuthentication { get; init; } = Authentication.None;

    /// <summary>Targets; when empty the one of <see cref="Name"/>, <see cref="Luns"/> and <see cref="Authentication"/>.</summary>
    public IReadOnlyList<TargetSpec> Targets { get; init; } = [];

    /// <summary>Portal groups; when empty one with tag 1 and the <see cref="Portals"/>.</summary>
    public IReadOnlyList<PortalGroup> PortalGroups { get; init; } = [];

    /// <summary>Connections of one session at most (MC/S): our MaxConnections.</summary>
    public int MaxConnectionsPerSession { get; init; } = 1;

    /// <summary>Connections at most.</summary>
    public int MaxConnections { get; init; } = 256;

    /// <summary>Sessions of one initiator at most.</summary>
    public int MaxSessionsPerInitiator { get; init; } = 32;

    /// <summary>Time a login may take before its connection counts as half open: a burst of logins is no attack.</summary>
    public TimeSpan HalfOpenGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Connections that are half open at most; the oldest gives way to a new one.</summary>
    public int MaxHalfOpen { get; init; } = 64;

    /// <summary>The same of one address.</summary>
    public int MaxHalfOpenPerAddress { get; init; } = 16;

    /// <summary>Commands of one session that may be outstanding.</summary>
    public int MaxCommands { get; init; } = 128;

    /// <summary>Bytes of text in one negotiation at most, no fewer than 8192 (RFC 7143 §6.2).</summary>
    public int MaxText { get; init; } = Text.MaxLength;

    /// <summary>Bytes of buffers that all commands together may hold; beyond it they are answered TASK SET FULL.</summary>
    public long MaxBuffers { get; init; } = BufferPool.DefaultLimit;

    /// <summary>
    /// Bytes of them that the commands of one connection may hold, no fewer than the 16 MiB of the longest transfer. By default
    /// twice what an initiator takes that keeps 32 commands of 1 MiB under way, as real ones do.
    /// </summary>
    public long MaxBuffersPerConnection { get; init; } = 64L << 20;

    /// <summary>Persistent reservation registrations of one unit at most, up to 4096.</summary>
    public int MaxRegistrations { get; init; } = Scsi.Reservations.DefaultMaxRegistrations;

    /// <summary>Extended copies of one unit at a time at most, up to 255.</summary>
    public int MaxCopies { get; init; } = Scsi.LogicalUnit.DefaultMaxCopies;

    /// <summary>Log messages about one peer in a second at most.</summary>
    public int LogsPerSecond { get; init; } = 10;

    /// <summary>Time a login may take.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Idle time after which the target pings (NOP-In); zero for never.</summary>
    public TimeSpan NopInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time an initiator has to answer a ping.</summary>
    public TimeSpan NopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time in which data an R2T asked for must come, and the rest of a PDU after its begin.</summary>
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time in which an initiator must take something of what is sent to it.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time initiators get to log out when they are asked to.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The targets, however they were given.</summary>
    public IReadOnlyList<TargetSpec> AllTargets =>
        Targets.Count > 0 ? Targets : [new TargetSpec(Name) { Luns = Luns, Authentication = Authentication }];

    /// <summary>The portal groups, however they were given.</summary>
    public IReadOnlyList<PortalGroup> AllPortalGroups => PortalGroups.Count > 0 ? PortalGroups : [new PortalGroup(1, Portals)];
}
