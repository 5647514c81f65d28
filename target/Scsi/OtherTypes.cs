namespace Iscsitop.Target.Scsi;

/// <summary>
/// Rows of SSC, SMC and MMC: tapes, changers and optical drives of other targets, so that their commands have names.
/// Where an opcode means something else on a disk, the disk has it.
/// </summary>
internal static class OtherTypes
{
    private const CommandKind Other = CommandKind.Other;
    private const Transfer None = Transfer.None;
    private const Transfer In = Transfer.In;

    internal static readonly CommandRow[] Rows =
    [
        new("01 01 00 00 00 00", "REWIND", Other, None, CdbLayout.None, Access.None, null),
        new("05 01 00 00 00 00", "READ BLOCK LIMITS", Other, In, CdbLayout.None, Access.None, null),
        new("10 03 FF FF FF 00", "WRITE FILEMARKS(6)", Other, None, CdbLayout.None, Access.None, null),
        new("11 0F FF FF FF 00", "SPACE(6)", Other, None, CdbLayout.None, Access.None, null),
        new("19 03 00 00 00 00", "ERASE(6)", Other, None, CdbLayout.None, Access.None, null),
        new("23 00 00 00 00 00 00 FF FF 00", "READ FORMAT CAPACITIES", Other, In, CdbLayout.Bytes(7, 2), Access.None, null),
        new("43 02 0F 00 00 00 FF FF FF C0", "READ TOC/PMA/ATIP", Other, In, CdbLayout.Bytes(7, 2), Access.None, null),
        new("44 03 00 00 00 00 00 FF FF 00", "REPORT DENSITY SUPPORT", Other, In, CdbLayout.Bytes(7, 2), Access.None, null),
        new("46 03 FF FF 00 00 00 FF FF 00", "GET CONFIGURATION", Other, In, CdbLayout.Bytes(7, 2), Access.None, null),
        new("4A 01 00 00 FF 00 00 FF FF 00", "GET EVENT STATUS NOTIFICATION", Other, In, CdbLayout.Bytes(7, 2), Access.None, null),
        new("51 07 00 00 00 00 00 FF FF 00", "READ DISC INFORMATION", Other, In, CdbLayout.Bytes(7, 2), Access.None, null),
        new("52 07 FF FF FF FF 00 FF FF 00", "READ TRACK INFORMATION", Other, In, CdbLayout.Bytes(7, 2), Access.None, null),
        new("A5 00 FF FF FF FF FF FF 00 00 01 00", "MOVE MEDIUM", Other, None, CdbLayout.None, Access.None, null),
        new("A6 00 FF FF FF FF FF FF FF FF 03 00", "EXCHANGE MEDIUM", Other, None, CdbLayout.None, Access.None, null),
        new("AC 1F FF FF FF FF 00 00 FF FF FF 00", "GET PERFORMANCE", Other, In, CdbLayout.None, Access.None, null),
        new("AD 0F FF FF FF FF FF FF FF FF C0 00", "READ DISC STRUCTURE", Other, In, CdbLayout.Bytes(8, 2), Access.None, null),
        new("B8 1F FF FF FF FF 03 FF FF FF 00 00", "READ ELEMENT STATUS", Other, In, CdbLayout.Bytes(7, 3), Access.None, null),
        new("BE 1E FF FF FF FF FF FF FF FF 07 00", "READ CD", Other, In, CdbLayout.None, Access.None, null),
    ];
}
