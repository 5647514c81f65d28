using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>What only some operations have: UNMAP its blocks, COMPARE AND WRITE its miscompares.</summary>
internal static class OperationColumns
{
    private const ushort CompareAndWrite = 0x8900;

    internal static readonly Column[] All =
    [
        new("unmap_blocks_per_s", "BLK/s", 5, "1/s", "blocks that UNMAPs asked for, a second; - when a parameter list was not seen", r => IsWhole(r) && r.Seconds > 0 ? r.UnmappedPerSecond : double.NaN, null, Numbers.Short, Shown.Extended),
        new("unmap_descriptor_blocks", "BLK/D", 5, "", "mean blocks of an UNMAP's descriptor", r => IsUnmap(r) && r.Unmapped.Descriptors > 0 ? (double)r.Unmapped.Blocks / r.Unmapped.Descriptors : double.NaN, null, Numbers.Short, Shown.Extended),
        new("miscompare_pct", "MISC%", 5, "%", "share of the COMPARE AND WRITEs that ended with sense key MISCOMPARE", Miscompares, null, Numbers.Percent, Shown.Extended),
    ];

    internal static readonly Column Blocks = new("unmap_blocks", "BLOCKS", 6, "", "blocks that UNMAPs asked for in the interval", r => IsWhole(r) ? r.Unmapped.Blocks : double.NaN, null, Numbers.Integer, Shown.InFiles);

    private static bool IsUnmap(Row row) => row is { Operation: Reclaimed.Operation, Ops: > 0 };

    private static bool IsWhole(Row row) => IsUnmap(row) && row.Unmapped.Unseen == 0;

    // Failures are counted of all commands, whichever a filter keeps.
    private static double Miscompares(Row row) =>
        row is { Operation: CompareAndWrite, Ops: > 0, OfCommands: false } ? 100.0 * row.Extras.Miscompares / row.Ops : double.NaN;
}
