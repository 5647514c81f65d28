using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Snooping;

/// <summary>The provider's arguments of an event, null where its PDU has no such field (the PDU table says which).</summary>
internal static class PduFields
{
    /// <summary>Bytes of a CDB that an event can hold: 16 of the header (RFC 7143 §11.3.5) and what follows in an AHS.</summary>
    public const int MaxCdb = 16 + ProbeEvent.TailBytes.Length;

    private const int CdbOffset = 32;

    public static uint? Itt(in ProbeEvent e) => IsXfer(e) ? XferOf(e).Itt : e.Bhs.Itt;

    public static uint? DataLength(in ProbeEvent e) => IsXfer(e) ? XferOf(e).Length : (uint)e.Bhs.DataLength;

    public static uint? Flags(in ProbeEvent e) => IsXfer(e) ? null : e.Flags;

    public static uint? Ttt(in ProbeEvent e) => Row(e).Ttt == 0 ? null : e.Bhs.Ttt;

    public static uint? CmdSn(in ProbeEvent e) => Row(e).CmdSn == 0 ? null : e.Bhs.CmdSn;

    public static uint? StatSn(in ProbeEvent e) => Row(e).StatSn == 0 ? null : e.Bhs.StatSn;

    public static uint? DataSn(in ProbeEvent e) => Row(e).DataSn == 0 ? null : e.Bhs.DataSn;

    /// <summary>Copies the CDB of a scsi-command.</summary>
    /// <returns>Its bytes, 0 for other probes.</returns>
    public static int Cdb(in ProbeEvent e, Span<byte> into)
    {
        if (e.Probe != Probe.ScsiCommand) return 0;
        ((ReadOnlySpan<byte>)e.Header)[CdbOffset..].CopyTo(into);
        e.TailSpan.CopyTo(into[16..]);
        return 16 + e.TailSpan.Length;
    }

    /// <summary>The operation of a scsi-command, null for other probes.</summary>
    public static ushort? Operation(in ProbeEvent e) =>
        e.Probe == Probe.ScsiCommand ? Command.Operation(((ReadOnlySpan<byte>)e.Header)[CdbOffset..]) : null;

    private static bool IsXfer(in ProbeEvent e) => e.Probe is Probe.XferStart or Probe.XferDone;

    private static PduRow Row(in ProbeEvent e) => !IsXfer(e) && Pdu.TryGetRow(e.Header[0], out PduRow row) ? row : default;

    // The view over xfer fields also writes, so it wants an event of its own.
    private static (uint Itt, uint Length) XferOf(in ProbeEvent e)
    {
        ProbeEvent own = e;
        return (own.Xfer.Itt, own.Xfer.Length);
    }
}
