namespace Iscsitop.Target.Scsi;

/// <summary>Rows and handlers of SPC-4: the commands every device type has.</summary>
internal static class Spc
{
    private const Access Any = Access.AnyLun | Access.IgnoresAttention;

    internal static readonly CommandRow[] Rows =
    [
        //  opcode and usage mask          name                                    kind               data           length                     access            handler
        new("00 00 00 00 00 00", "TEST UNIT READY", CommandKind.Other, Transfer.None, CdbLayout.None, Access.Medium, null),
        new("03 01 00 00 FF 00", "REQUEST SENSE", CommandKind.Other, Transfer.In, CdbLayout.Bytes(4, 1), Any, null),
        new("12 01 FF FF FF 00", "INQUIRY", CommandKind.Other, Transfer.In, CdbLayout.Bytes(3, 2), Any, null),
        new("15 11 00 00 FF 00", "MODE SELECT(6)", CommandKind.Other, Transfer.Out, CdbLayout.Bytes(4, 1), Access.None, null),
        new("1A 08 FF FF FF 00", "MODE SENSE(6)", CommandKind.Other, Transfer.In, CdbLayout.Bytes(4, 1), Access.None, null),
    ];
}
