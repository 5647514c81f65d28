using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>One report: the rows of a snapshot that were asked for, in order, and their total.</summary>
/// <param name="options">What was asked for.</param>
internal sealed class Report(TopOptions options)
{
    private const string Findings = "findings";

    private readonly RowSource _source = options.View.Source(options);
    private readonly Examiner _examiner = new();
    private readonly RowFilter _filter = options.Filter with { Expression = options.Expression };
    private readonly RowOrder _order = new(options.View.Find(options.SortBy) ?? options.View.Columns[0], options.Ascending);
    private Row? _total;

    /// <summary>What tables call initiators and targets.</summary>
    public Naming Naming { get; } = new(options.Names, options.Settings.Aliases);

    /// <summary>The snapshot it is made of.</summary>
    public Snapshot Snapshot { get; private set; } = new();

    /// <summary>What was asked for.</summary>
    public TopOptions Options => options;

    /// <summary>What of a snapshot counts.</summary>
    public Narrowing Narrowing => Commands.CheckCommand.Narrowed(_filter);

    /// <summary>The rows shown, sorted.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>All rows in one, those beyond <c>-n</c> too.</summary>
    public Row Total => _total ?? _source.Total;

    /// <summary>A report of rows that are there, in their order.</summary>
    public static Report Of(TopOptions options, Snapshot snapshot, IEnumerable<Row> rows, Row total)
    {
        var report = new Report(options) { Snapshot = snapshot, _total = total };
        report.Rows.AddRange(rows);
        return report;
    }

    /// <summary>Makes it of a snapshot; valid until the next one.</summary>
    public void Build(Snapshot snapshot)
    {
        Snapshot = snapshot;
        Naming.Learn(snapshot);
        if (options.View.Key == Findings) _examiner.Examine(snapshot);
        _source.Build(snapshot, _examiner.Findings, Narrowing);
        Rows.Clear();
        foreach (Row row in _source.Rows)
            if (!options.View.OfCommands || _filter.Keeps(row))
                Rows.Add(row);
        Rows.Sort(_order);
        if (options.Rows is int most && Rows.Count > most) Rows.RemoveRange(most, Rows.Count - most);
    }
}
