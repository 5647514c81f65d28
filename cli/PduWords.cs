using System.Globalization;
using System.Text;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli;

/// <summary>A PDU's header in one line.</summary>
internal static class PduWords
{
    private const int CdbOffset = 32;
    private const int StatusOffset = 3;

    /// <summary>Whether it went to the target; false also of what is no PDU we know.</summary>
    public static bool ToTarget(byte[] header) => Pdu.TryGetRow(header[0], out PduRow row) && row.Direction == Direction.ToTarget;

    /// <summary>Name, tags and numbers: <c>SCSI Command READ(10) lba 8 len 4096 LUN 0 ITT 0000001a CmdSN 7 ExpStatSN 9</c>.</summary>
    public static string Line(byte[] header)
    {
        var bhs = new Bhs(header);
        if (!Pdu.TryGetRow(header[0], out PduRow row)) return string.Create(CultureInfo.InvariantCulture, $"opcode 0x{header[0] & 0x3f:x2}");
        bool request = row.Direction == Direction.ToTarget;
        var line = new StringBuilder(row.Name);
        Meaning(line, bhs);
        if (row.Lun != 0 && Lun.Of(bhs) is not Lun.Unknown and var lun) Put(line, $" LUN {lun}");
        if (bhs.Itt != Pdu.ReservedTag) Put(line, $" ITT {bhs.Itt:x8}");
        if (bhs.Ttt != Pdu.ReservedTag) Put(line, $" TTT {bhs.Ttt:x8}");
        if (row.CmdSn != 0) Put(line, request ? $" CmdSN {bhs.CmdSn}" : (FormattableString)$" ExpCmdSN {bhs.CmdSn} MaxCmdSN {bhs.MaxCmdSn}");
        if (row.StatSn != 0) Put(line, request ? $" ExpStatSN {bhs.StatSn}" : (FormattableString)$" StatSN {bhs.StatSn}");
        if (row.DataSn != 0 && row.Opcode is Opcode.DataIn or Opcode.DataOut) Put(line, $" DataSN {bhs.DataSn}");
        if (bhs.DataLength > 0) Put(line, $" {bhs.DataLength} bytes");
        return line.ToString();
    }

    private static void Meaning(StringBuilder line, Bhs bhs)
    {
        switch (bhs.Opcode)
        {
            case Opcode.ScsiCommand:
                ReadOnlySpan<byte> cdb = bhs.Bytes.Slice(CdbOffset, 16);
                Put(line, $" {OperationNames.Of(Command.Operation(cdb))}");
                if (Command.Find(cdb)?.Lba(cdb) is { } lba) Put(line, $" lba {lba}");
                Put(line, $" len {bhs.At20}");
                break;
            case Opcode.ScsiResponse:
                Put(line, $" {((ScsiStatus)bhs.Bytes[StatusOffset]).Name()}");
                break;
            case Opcode.DataIn when (bhs.Flags & BhsFlags.Status) != 0:
                Put(line, $" {((ScsiStatus)bhs.Bytes[StatusOffset]).Name()}");
                break;
            case Opcode.TaskManagementRequest:
                Put(line, $" {HappeningColumns.Name((TaskFunction)(bhs.Flags & 0x7f))}");
                if ((TaskFunction)(bhs.Flags & 0x7f) is TaskFunction.AbortTask or TaskFunction.TaskReassign) Put(line, $" of {bhs.At20:x8}");
                break;
            case Opcode.TaskManagementResponse:
                Put(line, $" {HappeningColumns.Answer(bhs.Bytes[2])}");
                break;
            case Opcode.ReadyToTransfer:
                Put(line, $" wants {bhs.At44} at {bhs.BufferOffset}");
                break;
            case Opcode.LoginResponse:
                Put(line, $" status {bhs.U16(36):x4}");
                break;
            case Opcode.Reject:
                Put(line, $" {FailureWords.Detail(new Engine.FailureKey(0, 0, 0, Engine.FailureKind.Reject, bhs.Bytes[2]))}");
                break;
            case Opcode.AsyncMessage:
                Put(line, $" {FailureWords.Detail(new Engine.FailureKey(0, 0, 0, Engine.FailureKind.Async, (uint)bhs.Bytes[36] << 16))}");
                break;
        }
    }

    private static void Put(StringBuilder line, FormattableString text) => line.Append(text.ToString(CultureInfo.InvariantCulture));
}
