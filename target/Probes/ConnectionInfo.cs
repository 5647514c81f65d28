namespace Iscsitop.Target.Probes;

/// <summary>What is known of a connection; a new record for each change.</summary>
/// <param name="Id">The connection's id, never used again in this process.</param>
/// <param name="Local">Address and port of the target's side: <c>192.0.2.1:3260</c>, <c>[::1]:3260</c>.</param>
/// <param name="Remote">Address and port of the initiator's side.</param>
/// <param name="Target">Target name, "" before login and in discovery sessions.</param>
/// <param name="Initiator">Initiator name, "" before login.</param>
/// <param name="Isid">Initiator part of the session id, 12 hex digits, "" before login.</param>
/// <param name="Tsih">Target session identifying handle, 0 before login.</param>
/// <param name="Cid">Connection id within the session.</param>
/// <param name="Opened">Monotonic ns of its begin.</param>
/// <param name="Closed">Monotonic ns of its end, 0 while it lasts.</param>
public sealed record ConnectionInfo(
    uint Id, string Local, string Remote, string Target = "", string Initiator = "", string Isid = "",
    ushort Tsih = 0, ushort Cid = 0, long Opened = 0, long Closed = 0)
{
    /// <summary>Whether it is a discovery session's.</summary>
    public bool Discovery { get; init; }

    /// <summary>Whether its login was not seen, so that <see cref="Target"/> and <see cref="Initiator"/> are stand-ins: <c>?</c> and an address.</summary>
    public bool MidStream { get; init; }

    /// <summary>
    /// Whether packets of one direction only were captured so far, so that nothing can be said of answers: to the engine it has no
    /// outstanding commands and pings. Not told to subscribers.
    /// </summary>
    public bool OneSided { get; init; }

    /// <summary>Tag of the target portal group it logged in to, -1 when not known.</summary>
    public int PortalGroup { get; init; } = -1;

    /// <summary>What its login agreed upon; null before that, and when it was not seen.</summary>
    public SessionParameters? Parameters { get; init; }

    /// <summary>Why it ended, as far as its source can tell; what the engine makes of it may say more.</summary>
    public ConnectionEnd End { get; init; }
}

/// <summary>What a login agreed upon (RFC 7143 §13). A value that was not negotiated is the standard's default.</summary>
/// <param name="HeaderDigest">CRC32C protects headers.</param>
/// <param name="DataDigest">CRC32C protects data segments.</param>
/// <param name="ImmediateData">Data may come with the command.</param>
/// <param name="InitialR2T">Data beyond that waits for an R2T.</param>
/// <param name="MaxConnections">Connections of the session at most.</param>
/// <param name="ErrorRecoveryLevel">0, 1 or 2.</param>
/// <param name="MaxOutstandingR2T">R2Ts of a command at most at once.</param>
/// <param name="FirstBurstLength">Unsolicited bytes of a command at most.</param>
/// <param name="MaxBurstLength">Bytes of a sequence at most.</param>
/// <param name="TargetMaxRecv">Longest data segment the target takes (MaxRecvDataSegmentLength).</param>
/// <param name="InitiatorMaxRecv">Longest data segment the initiator takes.</param>
public sealed record SessionParameters(
    bool HeaderDigest = false, bool DataDigest = false, bool ImmediateData = true, bool InitialR2T = true, ushort MaxConnections = 1,
    byte ErrorRecoveryLevel = 0, ushort MaxOutstandingR2T = 1, uint FirstBurstLength = 65536, uint MaxBurstLength = 262144,
    uint TargetMaxRecv = 8192, uint InitiatorMaxRecv = 8192);

/// <summary>Why a connection ended. The names of files and screens are in <see cref="ConnectionEnds"/>.</summary>
public enum ConnectionEnd : byte
{
    /// <summary>It lasts, or nobody knows.</summary>
    None,

    /// <summary>An orderly Logout.</summary>
    Logout,

    /// <summary>The login was rejected.</summary>
    LoginRejected,

    /// <summary>Another login with the same initiator name, ISID and target took its place.</summary>
    Reinstated,

    /// <summary>A digest did not match.</summary>
    Digest,

    /// <summary>A ping had no answer.</summary>
    NopUnanswered,

    /// <summary>Task management was asked for first: commands took too long for the initiator.</summary>
    TaskEscalation,

    /// <summary>The target closed it.</summary>
    TargetFin,

    /// <summary>The initiator closed it.</summary>
    InitiatorFin,

    /// <summary>The target reset it.</summary>
    TargetReset,

    /// <summary>The initiator reset it.</summary>
    InitiatorReset,

    /// <summary>Its addresses were taken by a new one, or too many had to be followed and it was not heard of for longest.</summary>
    Silence,
}

/// <summary>The names of the causes.</summary>
public static class ConnectionEnds
{
    private static readonly string[] s_names =
    [
        "", "logout", "login-rejected", "reinstated", "digest", "nop-unanswered", "tmf-escalation",
        "target-fin", "initiator-fin", "target-rst", "initiator-rst", "silence",
    ];

    /// <summary>The name in files and on screens; "" while it lasts.</summary>
    public static string Name(this ConnectionEnd end) => (int)end < s_names.Length ? s_names[(int)end] : "";
}
