using Iscsitop.Target.Iscsi;

namespace Iscsitop.Target.Probes;

/// <summary>
/// The probes of the iscsi provider: one for each PDU that has one (named in <see cref="Pdu"/>'s table),
/// and the two that are derived where tasks are correlated.
/// </summary>
public enum Probe : byte
{
    NopReceive,
    ScsiCommand,
    TaskCommand,
    LoginCommand,
    TextCommand,
    DataReceive,
    LogoutCommand,
    NopSend,
    ScsiResponse,
    TaskResponse,
    LoginResponse,
    TextResponse,
    DataSend,
    LogoutResponse,
    DataRequest,
    AsyncSend,
    XferStart,
    XferDone,
    None = 255,
}

/// <summary>Names, bits and globs of probes.</summary>
public static class ProbeSet
{
    /// <summary>How many probes there are.</summary>
    public const int Count = 18;

    /// <summary>All of them.</summary>
    public const uint All = (1u << Count) - 1;

    /// <summary>The 16 that are PDUs.</summary>
    public const uint Pdus = (1u << (int)Probe.XferStart) - 1;

    /// <summary>What the correlator needs to complete commands and to keep cells.</summary>
    public const uint Commands = 1u << (int)Probe.ScsiCommand | 1u << (int)Probe.ScsiResponse | 1u << (int)Probe.DataSend
        | 1u << (int)Probe.DataReceive | 1u << (int)Probe.DataRequest | 1u << (int)Probe.TaskCommand | 1u << (int)Probe.TaskResponse
        | 1u << (int)Probe.LoginCommand | 1u << (int)Probe.LoginResponse | 1u << (int)Probe.LogoutCommand | 1u << (int)Probe.LogoutResponse
        | 1u << (int)Probe.NopReceive | 1u << (int)Probe.NopSend | 1u << (int)Probe.AsyncSend;

    private static readonly string[] s_names = BuildNames();

    /// <summary>The provider's name, as scripts write it: <c>scsi-command</c>.</summary>
    public static string Name(this Probe probe) => (int)probe < Count ? s_names[(int)probe] : "";

    /// <summary>The probe's bit in a mask, 0 for <see cref="Probe.None"/>.</summary>
    public static uint Bit(this Probe probe) => (int)probe < Count ? 1u << (int)probe : 0;

    /// <summary>The mask of the probes whose name matches a shell pattern (<c>*</c> and <c>?</c>).</summary>
    public static uint Match(string glob)
    {
        ArgumentNullException.ThrowIfNull(glob);
        uint mask = 0;
        for (int i = 0; i < Count; i++)
            if (System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(glob, s_names[i], ignoreCase: false))
                mask |= 1u << i;
        return mask;
    }

    private static string[] BuildNames()
    {
        var names = new string[Count];
        foreach (ref readonly PduRow row in Pdu.Rows)
            if (row.Probe != Probe.None)
                names[(int)row.Probe] = row.ProbeName;
        names[(int)Probe.XferStart] = "xfer-start";
        names[(int)Probe.XferDone] = "xfer-done";
        return names;
    }
}
