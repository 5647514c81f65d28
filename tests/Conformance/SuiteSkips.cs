namespace Iscsitop.Tests.Conformance;

/// <summary>What the tests of libiscsi's suites find missing, and then skip themselves.</summary>
internal static class SuiteSkips
{
    private const string Alignment = "it needs physical blocks of several logical ones";
    private const string Allocation = "the unit is fully provisioned";
    private const string State = "SANITIZE of a file needs a state directory";
    private const string Halves = "a file may be written by halves, so there is no WRITE ATOMIC";

    public static readonly Unfit[] NoAlignment =
    [
        new("CompareAndWrite", "InvalidDataOutSize", Alignment),
        new("WriteSame10", "UnmapUnaligned InvalidDataOutSize", Alignment),
        new("WriteSame16", "UnmapUnaligned InvalidDataOutSize", Alignment),
    ];

    public static readonly Unfit[] NotRemovable =
    [
        new("PreventAllow", "Simple Eject ITNexusLoss Logout WarmReset ColdReset LUNReset 2ITNexuses", "the medium cannot be removed"),
        new("StartStopUnit", "Simple", "the medium cannot be removed"),
    ];

    public static readonly Unfit[] NotProtected = [new("ReadOnly", "ReadOnlySBC", "the unit can be written to")];

    public static readonly Unfit[] NotOfNoBlocks =
    [
        new("WriteSame10", "ZeroBlocks", "a thin unit refuses WRITE SAME of no blocks (WSNZ)"),
        new("WriteSame16", "ZeroBlocks", "a thin unit refuses WRITE SAME of no blocks (WSNZ)"),
    ];

    public static readonly Unfit[] OnePath = [new("MultipathIO", "Simple Reset CompareAndWrite CompareAndWriteAsync", "there is one path")];

    /// <summary>A file that has all its space, and no state directory.</summary>
    public static readonly Unfit[] Thick =
    [
        new("CompareAndWrite", "InvalidDataOutSize", Allocation),
        new("GetLBAStatus", "UnmapSingle", Allocation),
        new("Inquiry", "BlockLimits", Allocation),
        new("Unmap", "Simple VPD ZeroBlocks", Allocation),
        new("WriteSame10", "Unmap UnmapUnaligned UnmapUntilEnd InvalidDataOutSize", Allocation),
        new("WriteSame16", "Unmap UnmapUnaligned UnmapUntilEnd InvalidDataOutSize", Allocation),
        new("Sanitize", "BlockErase BlockEraseReserved CryptoErase CryptoEraseReserved ExitFailureMode InvalidServiceAction Overwrite OverwriteReserved Readonly Reservations", State),
        new("WriteAtomic16", "Simple BeyondEol ZeroBlocks WriteProtect DpoFua VPD", Halves),
    ];

    /// <summary>A unit in memory that has nothing special.</summary>
    public static readonly Unfit[] Plain = [.. NoAlignment, .. NotRemovable, .. NotProtected, .. NotOfNoBlocks, .. OnePath];
}
