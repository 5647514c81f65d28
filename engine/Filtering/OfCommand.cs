using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Filtering;

/// <summary>What the CDB of a command and the header of a PDU say; NaN where they say nothing.</summary>
internal static class OfCommand
{
    private const int CdbOffset = 32;

    public static double Lba(in Subject s) => RowOf(in s, out ReadOnlySpan<byte> cdb)?.Lba(cdb) ?? double.NaN;

    public static double Blocks(in Subject s) => RowOf(in s, out ReadOnlySpan<byte> cdb)?.Blocks(cdb) ?? double.NaN;

    public static double Bytes(in Subject s) => s.IsCommand ? s.Command.ReadBytes + s.Command.WriteBytes
        : s.IsEvent ? IsXfer(s.Event.Probe) ? Own(in s).Xfer.Length : s.Event.Bhs.DataLength : double.NaN;

    public static double Itt(in Subject s) => s.IsCommand ? s.Command.Itt
        : s.IsEvent ? IsXfer(s.Event.Probe) ? Own(in s).Xfer.Itt : s.Event.Bhs.Itt : double.NaN;

    public static double CmdSn(in Subject s) => s.IsCommand ? s.Command.CmdSn
        : s.IsEvent && !IsXfer(s.Event.Probe) && Pdu.TryGetRow(s.Event.Header[0], out PduRow row) && row.CmdSn != 0 ? s.Event.Bhs.CmdSn : double.NaN;

    /// <summary>Operation of a CDB, -1 without one.</summary>
    public static int Operation(in CompletedCommand command) => command.CdbLength == 0 ? -1 : Command.Operation(command.Cdb);

    /// <summary>Operation of a scsi-command, -1 of other probes.</summary>
    public static int Operation(in ProbeEvent e) => e.Probe != Probe.ScsiCommand ? -1 : Command.Operation(((ReadOnlySpan<byte>)e.Header)[CdbOffset..]);

    /// <summary>Kind of an operation, -1 of none.</summary>
    public static int Kind(int operation) => operation < 0 ? -1 : (int)(Command.Find((ushort)operation)?.Kind ?? CommandKind.Other);

    /// <summary>SCSI status, -1 of what ended without one.</summary>
    public static int Status(in CompletedCommand command) => command.Response == 0 ? (int)command.Status : -1;

    /// <summary>SCSI status that a PDU carries, -1 of none.</summary>
    public static int Status(in ProbeEvent e) => e.Probe switch
    {
        Probe.ScsiResponse when e.Bhs.Bytes[2] == 0 => e.Bhs.Bytes[3],
        Probe.DataSend when (e.Bhs.Flags & BhsFlags.Status) != 0 => e.Bhs.Bytes[3],
        _ => -1,
    };

    /// <summary>Sense key, ASC and ASCQ (SPC-4 §4.5.2, §4.5.3), -1 when there are none.</summary>
    public static int Sense(ReadOnlySpan<byte> sense) => sense.Length == 0 ? -1 : (sense[0] & 0x7f) switch
    {
        0x70 or 0x71 when sense.Length >= 14 => (sense[2] & 0xf) << 16 | sense[12] << 8 | sense[13],
        0x72 or 0x73 when sense.Length >= 4 => (sense[1] & 0xf) << 16 | sense[2] << 8 | sense[3],
        _ => -1,
    };

    private static bool IsXfer(Probe probe) => probe is Probe.XferStart or Probe.XferDone;

    // The view over xfer fields also writes, so it wants an event of its own.
    private static ProbeEvent Own(in Subject s) => s.Event;

    private static CommandRow? RowOf(in Subject s, out ReadOnlySpan<byte> cdb)
    {
        cdb = s.IsCommand && s.Command.CdbLength > 0 ? s.Command.Cdb
            : s.IsEvent && s.Event.Probe == Probe.ScsiCommand ? ((ReadOnlySpan<byte>)s.Event.Header)[CdbOffset..] : default;
        return cdb.Length == 0 ? null : Command.Find(cdb);
    }
}
