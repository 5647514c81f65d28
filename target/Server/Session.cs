using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Server;

/// <summary>A session: an I_T nexus, its negotiated parameters and its command numbering (RFC 7143 §4.2.2.1).</summary>
internal sealed class Session
{
    /// <summary>Commands an initiator may have outstanding: the most MaxCmdSN runs ahead of ExpCmdSN.</summary>
    public const int QueueDepth = 128;

    /// <summary>The SCSI side of the nexus; null in a discovery session.</summary>
    public Nexus? Nexus { get; init; }

    public required string Initiator { get; init; }

    /// <summary>Target name, "" in a discovery session.</summary>
    public required string Target { get; init; }

    /// <summary>ISID as 12 hex digits.</summary>
    public required string Isid { get; init; }

    public ushort Tsih { get; set; }

    public required Parameters Parameters { get; init; }

    public bool Discovery => Nexus is null;

    /// <summary>The one connection: MaxConnections is 1.</summary>
    public required Connection Connection { get; init; }

    /// <summary>The next CmdSN to execute.</summary>
    public uint ExpCmdSn { get; set; }

    /// <summary>The last CmdSN the initiator may send.</summary>
    public uint MaxCmdSn { get; private set; }

    /// <summary>Whether two sessions are between the same SCSI ports (RFC 7143 §6.3.1); discovery sessions have none (§7.4.2).</summary>
    public bool HasPortsOf(Session other) =>
        Nexus is { } mine && other.Nexus is { } theirs && Initiator == other.Initiator && Isid == other.Isid
        && Target == other.Target && mine.PortalGroup == theirs.PortalGroup;

    /// <summary>Opens the window as far as the tasks in hand allow; it never closes again (RFC 7143 §4.2.2.1).</summary>
    public void OpenWindow(int tasks)
    {
        uint max = ExpCmdSn + (uint)Math.Max(QueueDepth - tasks, 0) - 1;
        if (Sn.After(max, MaxCmdSn)) MaxCmdSn = max;
    }

    /// <summary>Starts the numbering at the CmdSN of the leading login.</summary>
    public void StartNumbering(uint cmdSn)
    {
        ExpCmdSn = cmdSn;
        MaxCmdSn = cmdSn + QueueDepth - 1;
    }
}
