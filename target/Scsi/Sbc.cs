namespace Iscsitop.Target.Scsi;

/// <summary>Rows and handlers of SBC-4: block commands.</summary>
internal static class Sbc
{
    internal static readonly CommandRow[] Rows =
    [
        new("08 1F FF FF FF 00", "READ(6)", CommandKind.Read, Transfer.In, CdbLayout.Six, Access.Medium, null),
        new("0A 1F FF FF FF 00", "WRITE(6)", CommandKind.Write, Transfer.Out, CdbLayout.Six, Access.Write, null),
        new("28 1A FF FF FF FF 00 FF FF 00", "READ(10)", CommandKind.Read, Transfer.In, CdbLayout.Ten, Access.Medium, null),
        new("2A 1A FF FF FF FF 00 FF FF 00", "WRITE(10)", CommandKind.Write, Transfer.Out, CdbLayout.Ten, Access.Write, null),
    ];
}
