using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>A table: what its rows are, which columns it shows, how it is sorted at first.</summary>
/// <param name="Key">What <c>--view</c> takes.</param>
/// <param name="Title">What the screen says.</param>
/// <param name="Group">What rows are told apart by.</param>
/// <param name="Columns">The columns in order.</param>
/// <param name="SortBy">Field of the column it is sorted by, highest first.</param>
public sealed record View(string Key, string Title, Dimensions Group, IReadOnlyList<Column> Columns, string SortBy)
{
    /// <summary>Whether a table closes with a row for all: connections do not add up.</summary>
    public bool HasTotal { get; init; } = true;

    /// <summary>The column of a field name, null when the view has none.</summary>
    public Column? Find(string field)
    {
        foreach (Column column in Columns)
            if (column.Field == field)
                return column;
        return null;
    }

    /// <summary>The columns a table shows.</summary>
    /// <param name="extended">Also those of <c>-X</c>.</param>
    public IReadOnlyList<Column> InTable(bool extended) =>
        [.. Columns.Where(c => c.Shown == Shown.Always || (extended && c.Shown == Shown.Extended))];

    /// <summary>The view with its columns in other units.</summary>
    public View In(DisplayUnits units) => this with { Columns = [.. Columns.Select(c => c.In(units))] };
}

/// <summary>The views there are; the first is the default.</summary>
public static class Views
{
    /// <summary>All views, in the order of the screen's keys.</summary>
    public static IReadOnlyList<View> All { get; } =
    [
        new("lun", "LUNs", Dimensions.Target | Dimensions.Lun,
        [
            Columns.Target, Columns.Lun, Columns.UnitName, .. Columns.Rates, .. Columns.Sizes, .. Columns.Latencies,
            Columns.QueueDepth, Columns.QueueDepthMax, Columns.Outstanding, Columns.Busy, Columns.ErrorRate, Columns.Aborted,
            Columns.Initiators, Columns.Paths, Columns.Share, Columns.OpsShare, Columns.Peak, .. Columns.Counts,
        ], "bytes_share_pct"),
        new("initiator", "Initiators", Dimensions.Initiator,
        [
            Columns.Initiator, Columns.Sessions, .. Columns.Rates, .. Columns.Sizes, .. Columns.Latencies,
            Columns.QueueDepth, Columns.Outstanding, Columns.ErrorRate, Columns.Aborted, Columns.Share, Columns.OpsShare, .. Columns.Counts,
        ], "bytes_share_pct"),
        new("opcode", "SCSI operations", Dimensions.Operation,
        [
            Columns.Op, Columns.Opcode, .. Columns.Operations, Columns.QueueDepth with { Shown = Shown.Extended },
            Columns.Outstanding, Columns.Aborted, .. Columns.OperationCounts,
        ], "latency_sum_s"),
        new("session", "Sessions", Dimensions.Connection, SessionColumns.All, "state") { HasTotal = false },
    ];

    /// <summary>The view of a key, null when there is none.</summary>
    public static View? Find(string key) => All.FirstOrDefault(v => v.Key == key);
}
