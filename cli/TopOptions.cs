using Iscsitop.Cli.Configuration;
using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli;

/// <summary>How reports are written when they do not go to the full screen.</summary>
public enum OutputFormat : byte
{
    /// <summary>Columns for people.</summary>
    Table,

    /// <summary>RFC 4180, one header line.</summary>
    Csv,

    /// <summary>One JSON document.</summary>
    Json,

    /// <summary>One JSON object a line.</summary>
    Ndjson,

    /// <summary>Tables in Markdown.</summary>
    Markdown,
}

/// <summary>The line above a report (<c>-d</c>).</summary>
public enum Stamp : byte
{
    /// <summary>None.</summary>
    None,

    /// <summary>Seconds since 1970.</summary>
    Unix,

    /// <summary>Local date and time.</summary>
    Date,
}

/// <summary>Whether colours and styles are used.</summary>
public enum ColorChoice : byte
{
    /// <summary>When the output is a terminal, and NO_COLOR is not set.</summary>
    Auto,

    /// <summary>Always.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,

    /// <summary>Always, the 16 of the terminal's palette.</summary>
    Sixteen,

    /// <summary>Always, of the fixed table of 256.</summary>
    Indexed,

    /// <summary>Always, of 24 bits.</summary>
    Full,
}

/// <summary>What <c>iscsitop [options] [interval [count]]</c> was asked for; the full screen and the reports read it.</summary>
public sealed record TopOptions
{
    /// <summary>Where the snapshots come from.</summary>
    public Origin Origin { get; init; } = Origin.Engines;

    /// <summary>Time between reports; zero for that of a fleet's samples, until its feed is there.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Reports until the end, null for no end.</summary>
    public int? Count { get; init; }

    /// <summary>The view, its columns in the units asked for.</summary>
    public View View { get; init; } = Views.All[0];

    /// <summary>All views, their columns in the units asked for.</summary>
    public IReadOnlyList<View> AllViews { get; init; } = Views.All;

    /// <summary>The units asked for; the columns of the views have them already.</summary>
    public DisplayUnits Units { get; init; } = DisplayUnits.Default;

    /// <summary>The columns of <c>-F</c> in its order; empty when the view decides.</summary>
    public IReadOnlyList<Column> Fields { get; init; } = [];

    /// <summary>Field of the sort column.</summary>
    public string SortBy { get; init; } = Views.All[0].SortBy;

    /// <summary>Lowest first (<c>-S</c>).</summary>
    public bool Ascending { get; init; }

    /// <summary>Rows shown at most, null for all.</summary>
    public int? Rows { get; init; }

    /// <summary>Extended columns too (<c>-X</c>).</summary>
    public bool Extended { get; init; }

    /// <summary>The columns of the decomposition too (<c>--decompose</c>).</summary>
    public bool Decomposed { get; init; }

    /// <summary>Which durations the heat map is of (<c>--heat</c>).</summary>
    public HeatMode Heat { get; init; }

    /// <summary>Writes how sessions ended below their table (<c>--card</c>).</summary>
    public bool Cards { get; init; }

    /// <summary>What of the load is looked at.</summary>
    public RowFilter Filter { get; init; } = RowFilter.None;

    /// <summary>The expression of <c>-Y</c>, null for none; on the screen what <c>/</c> begins with.</summary>
    public Filter? Expression { get; init; }

    /// <summary>What tables call initiators and targets.</summary>
    public NameStyle Names { get; init; }

    /// <summary>Colours.</summary>
    public ColorChoice Color { get; init; }

    /// <summary>7-bit characters only (<c>--ascii</c>).</summary>
    public bool Ascii { get; init; }

    /// <summary>How reports are written.</summary>
    public OutputFormat Output { get; init; }

    /// <summary>The line above a report.</summary>
    public Stamp Stamp { get; init; }

    /// <summary>Leaves out the first report, which covers the time since the engine began to look.</summary>
    public bool SkipFirst { get; init; }

    /// <summary>What ends the reports with an exit status of its own (<c>--fail-if</c>); null for nothing.</summary>
    public Engine.Checking.Check? FailIf { get; init; }

    /// <summary>The same with an interval that a feed can serve.</summary>
    internal TopOptions With(Feed feed) => Interval < feed.Period ? this with { Interval = feed.Period } : this;

    /// <summary>The columns a table has.</summary>
    public IReadOnlyList<Column> TableColumns => Fields.Count > 0 ? Fields : ColumnsOf(View) is { Count: > 0 } configured ? configured : View.InTable(Extended, Decomposed);

    /// <summary>What the configuration says beside the above: columns, sort keys, thresholds, aliases, keys, presets.</summary>
    internal Settings Settings { get; init; } = new();

    /// <summary>The columns that the configuration gives a view; empty when it says nothing.</summary>
    internal IReadOnlyList<Column> ColumnsOf(View view) =>
        Settings.Columns.TryGetValue(view.Key, out IReadOnlyList<string>? fields) ? [.. fields.Select(f => view.Find(f)!)] : [];

    /// <summary>The columns a file has.</summary>
    public IReadOnlyList<Column> FileColumns => Fields.Count > 0 ? Fields : View.Columns;
}
