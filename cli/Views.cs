using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>A table: what its rows are, which columns it shows, how it is sorted at first.</summary>
/// <param name="Key">What <c>--view</c> takes.</param>
/// <param name="Title">What the screen says.</param>
/// <param name="Group">What rows are told apart by; none where they are no sums of commands.</param>
/// <param name="Columns">The columns in order.</param>
/// <param name="SortBy">Field of the column it is sorted by, highest first.</param>
public sealed record View(string Key, string Title, Dimensions Group, IReadOnlyList<Column> Columns, string SortBy)
{
    /// <summary>The view of durations over time, which the screen draws as a map.</summary>
    public const string Heat = "heat";

    /// <summary>Whether a table closes with a row for all: connections do not add up.</summary>
    public bool HasTotal { get; init; } = true;

    /// <summary>What is joined to rows of commands.</summary>
    public Joins Joins { get; init; }

    /// <summary>Makes its rows, of those views whose rows are no sums of commands.</summary>
    public Func<TopOptions, RowSource>? Rows { get; init; }

    /// <summary>How its rows are arranged below heads on the screen; null where they are not.</summary>
    internal Func<Top.Tree>? Tree { get; init; }

    /// <summary>Where a drill goes: the first of these views that tells apart what is not yet known.</summary>
    public IReadOnlyList<string> Next { get; init; } = [];

    /// <summary>What the screen says when there is no row, "" for the usual.</summary>
    public string Nothing { get; init; } = "";

    /// <summary>Whether its rows are sums of commands.</summary>
    public bool OfCommands => Rows is null;

    /// <summary>What makes its rows.</summary>
    public RowSource Source(TopOptions options) => Rows?.Invoke(options) ?? new Rollup(Group, Joins);

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
    /// <param name="decomposed">Those of <c>--decompose</c> behind what tells rows apart.</param>
    public IReadOnlyList<Column> InTable(bool extended, bool decomposed = false)
    {
        bool split = decomposed && Columns.Any(c => c.Shown == Shown.Decomposed);
        IEnumerable<Column> shown = Columns.Where(c => c.Shown == Shown.Always || (c.Shown == Shown.Extended && extended) || (c.Shown == Shown.Decomposed && (extended || split)));
        return split ? [.. shown.OrderBy(c => c.Identifies ? 0 : c.Shown == Shown.Decomposed ? 1 : 2)] : [.. shown];
    }

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
            Columns.Initiators, Columns.Paths, Columns.Share, Columns.OpsShare, Columns.Peak, .. DecompositionColumns.All, .. Columns.Counts,
        ], "bytes_share_pct") { Joins = Joins.Evidence, Next = ["initiator", "opcode", View.Heat] },
        new("initiator", "Initiators", Dimensions.Initiator,
        [
            Columns.Initiator, Columns.Sessions, LinkColumns.Connections, .. Columns.Rates, .. Columns.Sizes, .. Columns.Latencies,
            Columns.QueueDepth, LinkColumns.QueueDepthMax, Columns.Outstanding, PatternColumns.Aligned, PatternColumns.Sequential, LinkColumns.Units, LinkColumns.Pings,
            Columns.ErrorRate, LinkColumns.Tasks, Columns.Aborted, Columns.Share, Columns.OpsShare, .. DecompositionColumns.All, .. Columns.Counts,
        ], "bytes_share_pct") { Joins = Joins.Evidence | Joins.Links | Joins.Patterns | Joins.Units | Joins.Initiators, Next = ["lun", "opcode", "session", View.Heat] },
        new("session", "Sessions", Dimensions.Connection, [.. SessionColumns.All, .. DecompositionColumns.All], "state")
        {
            HasTotal = false, Joins = Joins.Evidence | Joins.Ends, Tree = () => new Top.SessionTree(), Next = ["lun", "opcode", View.Heat],
        },
        new("target", "Targets", Dimensions.Target | Dimensions.Portal,
        [
            Columns.Target, SessionColumns.Portal, LinkColumns.PortalGroup, LinkColumns.OpenSessions, LinkColumns.Connections, .. Columns.Rates, .. Columns.Latencies,
            Columns.QueueDepth, Columns.Outstanding, Columns.ErrorRate, .. LinkColumns.OfTargets, Columns.Aborted, Columns.Share, Columns.OpsShare,
            .. DecompositionColumns.All, .. Columns.Counts,
        ], "bytes_share_pct") { Joins = Joins.Evidence | Joins.Links | Joins.Failures, Next = ["lun", "initiator", "opcode", View.Heat] },
        new("opcode", "Opcodes", Dimensions.Operation,
        [
            Columns.Op, Columns.Opcode, .. Columns.Operations, FailureColumns.Top, .. OperationColumns.All, Columns.QueueDepth with { Shown = Shown.Extended },
            Columns.Outstanding, Columns.Aborted, .. DecompositionColumns.All, OperationColumns.Blocks, .. Columns.OperationCounts,
        ], "latency_sum_s") { Joins = Joins.Evidence | Joins.Failures, Tree = () => new Top.OperationTree(), Next = ["lun", "initiator", "session", View.Heat] },
        new(View.Heat, "Heat", Dimensions.None, HeatColumns.All, "durations") { HasTotal = false, Rows = o => new DurationRows(o.Heat) },
        new("errors", "Errors", Dimensions.None, FailureColumns.All, "last")
        {
            HasTotal = false, Rows = _ => new FailureRows(), Next = ["session", "opcode", View.Heat], Nothing = "nothing has failed yet",
        },
        new("pattern", "Pattern", Dimensions.None, PatternColumns.All, "begun")
        {
            HasTotal = false, Rows = _ => new PatternRows(), Next = ["opcode", View.Heat], Nothing = "no reads or writes in this interval",
        },
        new("tmf", "TMF", Dimensions.None, HappeningColumns.All, "since")
        {
            HasTotal = false, Rows = _ => new HappeningRows(), Next = ["errors", "session"], Nothing = "no task management, no reservations yet",
        },
        new("findings", "Findings", Dimensions.None, FindingColumns.All, "severity_level")
        {
            HasTotal = false, Rows = _ => new FindingRows(), Next = ["session", "lun", "initiator"], Nothing = "nothing to say about this traffic so far",
        },
    ];

    /// <summary>The view of a key, null when there is none.</summary>
    public static View? Find(string key) => All.FirstOrDefault(v => v.Key == key);
}
