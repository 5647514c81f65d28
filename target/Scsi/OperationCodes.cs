using System.Buffers.Binary;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>REPORT SUPPORTED OPERATION CODES (SPC-4 §6.35): the command table as parameter data.</summary>
internal static class OperationCodes
{
    private const int DescriptorLength = 8;
    private const int TimeoutsLength = 12;
    private const byte TimeoutsFollow = 0x80;
    private const byte NotSupported = 0x01;
    private const byte SupportedAsStandard = 0x03;

    public static ScsiStatus Report(ScsiTask task)
    {
        ReadOnlySpan<byte> cdb = task.Cdb;
        bool timeouts = (cdb[2] & 0x80) != 0;
        byte opcode = cdb[3];
        ushort action = BinaryPrimitives.ReadUInt16BigEndian(cdb[4..]);
        bool hasActions = Command.HasServiceActions(opcode);
        bool supported = Command.Supports(task.Unit, opcode);
        switch (cdb[2] & 0x07)
        {
            case 0:
                return ReportAll(task, timeouts);
            case 1 when supported && hasActions:
            case 2 when supported && !hasActions:
                return task.FailField(2, 2);
            case 1:
                return ReportOne(task, opcode, 0, timeouts);
            case 2 or 3:
                return ReportOne(task, opcode, action, timeouts);
            default:
                return task.FailField(2, 2);
        }
    }

    private static ScsiStatus ReportAll(ScsiTask task, bool timeouts)
    {
        Span<byte> area = task.ReplyArea();
        int length = 4;
        foreach (CommandRow row in Command.Rows)
        {
            if (!Command.Supports(task.Unit, row)) continue;
            Span<byte> descriptor = area[length..];
            descriptor[0] = row.Opcode;
            BinaryPrimitives.WriteUInt16BigEndian(descriptor[2..], row.ServiceAction);
            descriptor[5] = (byte)((timeouts ? 0x02 : 0) | (row.HasServiceAction ? 0x01 : 0));
            BinaryPrimitives.WriteUInt16BigEndian(descriptor[6..], (ushort)row.Usage.Length);
            length += DescriptorLength;
            if (timeouts) length += WriteTimeouts(area[length..]);
        }
        BinaryPrimitives.WriteUInt32BigEndian(area, (uint)length - 4);
        return task.Reply(length);
    }

    private static ScsiStatus ReportOne(ScsiTask task, byte opcode, ushort action, bool timeouts)
    {
        Span<byte> area = task.ReplyArea();
        CommandRow? row = action > byte.MaxValue ? null : Command.Find((ushort)(opcode << 8 | action));
        if (row is null || !Command.Supports(task.Unit, row))
        {
            area[1] = NotSupported;
            return task.Reply(4);
        }
        area[1] = (byte)(SupportedAsStandard | (timeouts ? TimeoutsFollow : 0));
        BinaryPrimitives.WriteUInt16BigEndian(area[2..], (ushort)row.Usage.Length);
        row.Usage.CopyTo(area[4..]);
        int length = 4 + row.Usage.Length;
        if (timeouts) length += WriteTimeouts(area[length..]);
        return task.Reply(length);
    }

    // All zero: no nominal or recommended time is claimed (SPC-4 §6.35.4).
    private static int WriteTimeouts(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt16BigEndian(into, TimeoutsLength - 2);
        return TimeoutsLength;
    }
}
