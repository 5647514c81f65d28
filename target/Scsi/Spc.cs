using System.Buffers.Binary;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>Rows and handlers of SPC-4: the commands every device type has.</summary>
internal static class Spc
{
    private const Access Any = Access.AnyLun | Access.IgnoresAttention | Access.PassesAny;
    private const Access Passes = Access.PassesPersistent;
    private const CommandKind Other = CommandKind.Other;
    private const Transfer In = Transfer.In;
    private const Transfer Out = Transfer.Out;

    internal static readonly CommandRow[] Rows =
    [
        //  opcode and usage mask, name, kind, data, length, access, handler
        new("00 00 00 00 00 00", "TEST UNIT READY", Other, Transfer.None, CdbLayout.None, Access.Medium | Passes, TestUnitReady),
        new("03 01 00 00 FF 00", "REQUEST SENSE", Other, In, CdbLayout.Bytes(4, 1), Any, RequestSense),
        new("12 01 FF FF FF 00", "INQUIRY", Other, In, CdbLayout.Bytes(3, 2), Any, Inquiry.Answer),
        new("15 10 00 00 FF 00", "MODE SELECT(6)", Other, Out, CdbLayout.Bytes(4, 1), Access.Changes, ModeSelect.Execute),
        new("16 00 00 00 00 00", "RESERVE(6)", Other, Transfer.None, CdbLayout.None, Passes, PersistentReserve.Reserve6),
        new("17 00 00 00 00 00", "RELEASE(6)", Other, Transfer.None, CdbLayout.None, Access.PassesAny, PersistentReserve.Release6),
        new("1A 08 FF FF FF 00", "MODE SENSE(6)", Other, In, CdbLayout.Bytes(4, 1), Access.None, ModePages.Sense),
        new("1C 01 FF FF FF 00", "RECEIVE DIAGNOSTIC RESULTS", Other, In, CdbLayout.Bytes(3, 2), Access.None, null),
        new("1D 17 00 FF FF 00", "SEND DIAGNOSTIC", Other, Out, CdbLayout.Bytes(3, 2), Access.Changes, SendDiagnostic),
        new("1E 00 00 00 01 00", "PREVENT ALLOW MEDIUM REMOVAL", Other, Transfer.None, CdbLayout.None, Access.Changes, RemovableMedium.PreventAllow),
        new("3B FF FF FF FF FF FF FF FF 00", "WRITE BUFFER", Other, Out, CdbLayout.Bytes(6, 3), Access.None, null),
        new("3C FF FF FF FF FF FF FF FF 00", "READ BUFFER(10)", Other, In, CdbLayout.Bytes(6, 3), Access.None, null),
        new("4C 03 FF FF 00 00 00 FF FF 00", "LOG SELECT", Other, Out, CdbLayout.Bytes(7, 2), Access.None, null),
        new("4D 01 FF FF 00 FF FF FF FF 00", "LOG SENSE", Other, In, CdbLayout.Bytes(7, 2), Access.None, null),
        new("55 10 00 00 00 00 00 FF FF 00", "MODE SELECT(10)", Other, Out, CdbLayout.Bytes(7, 2), Access.Changes, ModeSelect.Execute),
        new("56 00 00 00 00 00 00 FF FF 00", "RESERVE(10)", Other, Out, CdbLayout.Bytes(7, 2), Passes, PersistentReserve.Reserve6),
        new("57 00 00 00 00 00 00 FF FF 00", "RELEASE(10)", Other, Out, CdbLayout.Bytes(7, 2), Access.PassesAny, PersistentReserve.Release6),
        new("5A 18 FF FF 00 00 00 FF FF 00", "MODE SENSE(10)", Other, In, CdbLayout.Bytes(7, 2), Access.None, ModePages.Sense),
        new("5E 00 00 00 00 00 00 FF FF 00", "PERSISTENT RESERVE IN READ KEYS", Other, In, CdbLayout.Bytes(7, 2), Passes, PersistentReserve.ReadKeys),
        new("5E 01 00 00 00 00 00 FF FF 00", "PERSISTENT RESERVE IN READ RESERVATION", Other, In, CdbLayout.Bytes(7, 2), Passes, PersistentReserve.ReadReservation),
        new("5E 02 00 00 00 00 00 FF FF 00", "PERSISTENT RESERVE IN REPORT CAPABILITIES", Other, In, CdbLayout.Bytes(7, 2), Passes, PersistentReserve.ReportCapabilities),
        new("5E 03 00 00 00 00 00 FF FF 00", "PERSISTENT RESERVE IN READ FULL STATUS", Other, In, CdbLayout.Bytes(7, 2), Passes, PersistentReserve.ReadFullStatus),
        new("5F 00 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT REGISTER", Other, Out, CdbLayout.Bytes(5, 4), Passes, PersistentReserve.Register),
        new("5F 01 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT RESERVE", Other, Out, CdbLayout.Bytes(5, 4), Passes, PersistentReserve.Reserve),
        new("5F 02 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT RELEASE", Other, Out, CdbLayout.Bytes(5, 4), Passes, PersistentReserve.Release),
        new("5F 03 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT CLEAR", Other, Out, CdbLayout.Bytes(5, 4), Passes, PersistentReserve.Clear),
        new("5F 04 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT PREEMPT", Other, Out, CdbLayout.Bytes(5, 4), Passes, PersistentReserve.Preempt),
        new("5F 05 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT PREEMPT AND ABORT", Other, Out, CdbLayout.Bytes(5, 4), Passes, PersistentReserve.PreemptAndAbort),
        new("5F 06 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT REGISTER AND IGNORE EXISTING KEY", Other, Out, CdbLayout.Bytes(5, 4), Passes, PersistentReserve.RegisterAndIgnore),
        new("5F 07 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT REGISTER AND MOVE", Other, Out, CdbLayout.Bytes(5, 4), Passes, PersistentReserve.RegisterAndMove),
        new("5F 08 FF 00 00 FF FF FF FF 00", "PERSISTENT RESERVE OUT REPLACE LOST RESERVATION", Other, Out, CdbLayout.Bytes(5, 4), Access.None, null),
        new("83 00 00 00 00 00 00 00 00 00 FF FF FF FF 00 00", "EXTENDED COPY(LID1)", Other, Out, CdbLayout.Bytes(10, 4), Access.None, ExtendedCopy.Copy),
        new("83 01 00 00 00 00 00 00 00 00 FF FF FF FF 00 00", "EXTENDED COPY(LID4)", Other, Out, CdbLayout.Bytes(10, 4), Access.None, null),
        new("83 10 00 00 00 00 FF FF FF FF FF FF FF FF 3F 00", "POPULATE TOKEN", Other, Out, CdbLayout.Bytes(10, 4), Access.None, null),
        new("83 11 00 00 00 00 FF FF FF FF FF FF FF FF 3F 00", "WRITE USING TOKEN", Other, Out, CdbLayout.Bytes(10, 4), Access.None, null),
        new("83 1C FF FF FF FF 00 00 00 00 00 00 00 00 00 00", "COPY OPERATION ABORT", Other, Transfer.None, CdbLayout.None, Access.None, null),
        new("84 00 FF 00 00 00 00 00 00 00 FF FF FF FF 00 00", "RECEIVE COPY STATUS(LID1)", Other, In, CdbLayout.Bytes(10, 4), Passes, ExtendedCopy.Status),
        new("84 01 FF 00 00 00 00 00 00 00 FF FF FF FF 00 00", "RECEIVE COPY DATA(LID1)", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("84 03 00 00 00 00 00 00 00 00 FF FF FF FF 00 00", "RECEIVE COPY OPERATING PARAMETERS", Other, In, CdbLayout.Bytes(10, 4), Passes, ExtendedCopy.OperatingParameters),
        new("84 04 FF 00 00 00 00 00 00 00 FF FF FF FF 00 00", "RECEIVE COPY FAILURE DETAILS(LID1)", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("84 05 FF FF FF FF 00 00 00 00 FF FF FF FF 00 00", "RECEIVE COPY STATUS(LID4)", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("84 06 FF FF FF FF 00 00 00 00 FF FF FF FF 00 00", "RECEIVE COPY DATA(LID4)", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("84 07 FF FF FF FF 00 00 00 00 FF FF FF FF 00 00", "RECEIVE ROD TOKEN INFORMATION", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("84 08 00 00 00 00 00 00 00 00 FF FF FF FF 00 00", "REPORT ALL ROD TOKENS", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("86 1F FF FF FF FF FF FF FF FF FF FF FF FF FF 00", "ACCESS CONTROL IN", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("87 1F 00 00 00 00 00 00 00 00 FF FF FF FF 00 00", "ACCESS CONTROL OUT", Other, Out, CdbLayout.Bytes(10, 4), Access.None, null),
        new("8C 1F 00 00 00 FF 00 FF FF FF FF FF FF FF 01 00", "READ ATTRIBUTE", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("8D 01 00 00 00 FF 00 FF 00 00 FF FF FF FF 00 00", "WRITE ATTRIBUTE", Other, Out, CdbLayout.Bytes(10, 4), Access.None, null),
        new("9B FF FF FF FF FF FF FF FF FF FF FF FF FF FF 00", "READ BUFFER(16)", Other, In, CdbLayout.Bytes(10, 4), Access.None, null),
        new("A0 00 FF 00 00 00 FF FF FF FF 00 00", "REPORT LUNS", Other, In, CdbLayout.Bytes(6, 4), Any, ReportLuns),
        new("A2 FF FF FF 80 00 FF FF FF FF 00 00", "SECURITY PROTOCOL IN", Other, In, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A3 05 00 00 00 00 FF FF FF FF FE 00", "REPORT IDENTIFYING INFORMATION", Other, In, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A3 EA 00 00 00 00 FF FF FF FF 00 00", "REPORT TARGET PORT GROUPS", Other, In, CdbLayout.Bytes(6, 4), Passes, TargetPortGroups.Report),
        new("A3 0B 00 00 00 00 FF FF FF FF 00 00", "REPORT ALIASES", Other, In, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A3 0C 87 FF FF FF FF FF FF FF 00 00", "REPORT SUPPORTED OPERATION CODES", Other, In, CdbLayout.Bytes(6, 4), Access.None, OperationCodes.Report),
        new("A3 0D 80 00 00 00 FF FF FF FF 00 00", "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS", Other, In, CdbLayout.Bytes(6, 4), Access.None, ReportTaskManagement),
        new("A3 0E C0 00 00 00 FF FF FF FF 00 00", "REPORT PRIORITY", Other, In, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A3 0F 00 00 00 00 FF FF FF FF 00 00", "REPORT TIMESTAMP", Other, In, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A3 10 FF 00 00 00 FF FF FF FF 00 00", "MANAGEMENT PROTOCOL IN", Other, In, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A4 06 00 00 00 00 FF FF FF FF FE 00", "SET IDENTIFYING INFORMATION", Other, Out, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A4 0A 00 00 00 00 FF FF FF FF 00 00", "SET TARGET PORT GROUPS", Other, Out, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A4 0B 00 00 00 00 FF FF FF FF 00 00", "CHANGE ALIASES", Other, Out, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A4 0E C0 00 00 00 FF FF FF FF 00 00", "SET PRIORITY", Other, Out, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A4 0F 00 00 00 00 FF FF FF FF 00 00", "SET TIMESTAMP", Other, Out, CdbLayout.Bytes(6, 4), Access.None, null),
        new("A4 10 FF 00 00 00 FF FF FF FF 00 00", "MANAGEMENT PROTOCOL OUT", Other, Out, CdbLayout.Bytes(6, 4), Access.None, null),
        new("B5 FF FF FF 80 00 FF FF FF FF 00 00", "SECURITY PROTOCOL OUT", Other, Out, CdbLayout.Bytes(6, 4), Access.None, null),
    ];

    private static ScsiStatus TestUnitReady(ScsiTask task) => ScsiStatus.Good;

    // SPC-4 §6.40: the default self-test finds nothing wrong, and no page of parameters is known.
    private static ScsiStatus SendDiagnostic(ScsiTask task) => task.OutLength == 0 ? ScsiStatus.Good : task.FailField(3);

    // SPC-4 §6.39: a pending unit attention, and what a LUN without a unit has to say, are data here.
    private static ScsiStatus RequestSense(ScsiTask task)
    {
        task.Sense.Set(task.Unit is { } unit ? task.Nexus.Attentions(unit).Take() : SenseCode.LunNotSupported);
        if (task.Sense.Code == SenseCode.NoSense && task.Unit!.NotReady != SenseCode.NoSense) task.Unit.FailNotReady(task);
        int length = task.Sense.Write(task.ReplyArea(), descriptorFormat: (task.Cdb[1] & 0x01) != 0);
        task.Sense.Clear();
        return task.Reply(length);
    }

    // SPC-4 §6.33. SELECT REPORT 1 asks for well-known units only: we have none.
    private static ScsiStatus ReportLuns(ScsiTask task)
    {
        byte select = task.Cdb[2];
        if (select > 2) return task.FailField(2);
        ReadOnlySpan<int> luns = select == 1 ? [] : task.Nexus.Luns;
        int length = 8 + luns.Length * 8;
        Span<byte> area = task.ReplyArea(length);
        BinaryPrimitives.WriteUInt32BigEndian(area, (uint)length - 8);
        for (int i = 0; i < luns.Length; i++) BinaryPrimitives.WriteUInt64BigEndian(area[(8 + i * 8)..], Iscsi.Lun.Encode(luns[i]));
        task.Nexus.RemoveAttention(SenseCode.ReportedLunsDataChanged);
        return task.Reply(length);
    }

    // SPC-4 §6.36: ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET, TARGET RESET.
    private static ScsiStatus ReportTaskManagement(ScsiTask task)
    {
        bool extended = (task.Cdb[2] & 0x80) != 0;
        Span<byte> area = task.ReplyArea();
        area[0] = 0x80 | 0x40 | 0x10 | 0x08 | 0x02;
        area[3] = (byte)(extended ? 0x0c : 0);
        return task.Reply(extended ? 16 : 4);
    }
}
