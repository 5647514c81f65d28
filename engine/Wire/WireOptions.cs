namespace Iscsitop.Engine.Wire;

/// <summary>What a decoder takes for iSCSI, and how much it may hold.</summary>
public sealed record WireOptions
{
    /// <summary>The well-known port (RFC 7143 §15) and the system port.</summary>
    public static IReadOnlyList<ushort> DefaultPorts { get; } = [3260, 860];

    /// <summary>TCP ports of targets. A login is recognised on every port; a connection joined mid-stream only on these.</summary>
    public IReadOnlyList<ushort> Ports { get; init; } = DefaultPorts;

    /// <summary>
    /// Names for connections whose login was not seen, by address or address:port as <see cref="Target.Probes.ConnectionInfo"/> writes
    /// them: the target's by its own end, the initiator's by its.
    /// </summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    /// <summary>TCP connections followed at most; one silent for long gives way, and one known to be iSCSI after others.</summary>
    public int MaxFlows { get; init; } = 65536;

    /// <summary>Bytes that came out of order and wait, for one direction of a connection.</summary>
    public int MaxHeldPerFlow { get; init; } = 4 << 20;

    /// <summary>The same for all together.</summary>
    public int MaxHeld { get; init; } = 64 << 20;

    /// <summary>
    /// Time without a packet, in ns, after which a connection is over that has begun to end or that nobody has sent anything on; others
    /// when what comes next does not continue them.
    /// </summary>
    public long Silence { get; init; } = 600_000_000_000;
}
