using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>What keys mean at the moment.</summary>
internal enum Mode : byte
{
    Table,
    Help,
    SortMenu,
    Filter,
    Interval,
    Time,
}

/// <summary>What the lower part of the screen shows of the selected row. On a narrow screen both is the histogram.</summary>
internal enum Panel : byte
{
    Both,
    Latency,
    Commands,
    None,
}

/// <summary>A row by what it is, not by where it stands: rows are reused and change places.</summary>
internal readonly record struct RowId(string Target, ulong Lun, string Initiator, string Session, ushort Operation, int Engine, uint Connection)
{
    public RowId(Row row)
        : this(row.Target, row.Lun, row.Initiator, row.Session, row.Operation, row.Connection?.Engine.Pid ?? 0, row.Connection?.Connection.Id ?? 0)
    {
    }

    public bool Is(Row row) => row.Connection is { } c ? c.Connection.Id == Connection && c.Engine.Pid == Engine : row.Lun == Lun && row.Operation == Operation && row.Target == Target
        && row.Initiator == Initiator && row.Session == Session;
}

/// <summary>One step of a drill: only the cells of this row count, and Esc goes back to this view.</summary>
internal sealed record Step(RowId Id, Dimensions Group, int View, string Label)
{
    public bool Keeps(CellDelta delta) =>
        ((Group & Dimensions.Target) == 0 || delta.Connection.Target == Id.Target)
        && ((Group & Dimensions.Lun) == 0 || delta.Cell.Key.Lun == Id.Lun)
        && ((Group & Dimensions.Initiator) == 0 || delta.Connection.Initiator == Id.Initiator)
        && ((Group & Dimensions.Operation) == 0 || delta.Cell.Key.Operation == Id.Operation)
        && ((Group & Dimensions.Connection) == 0 || (delta.Connection.Id == Id.Connection && delta.Engine.Pid == Id.Engine));

    /// <summary>Whether a connection without cells is part of it; units and operations it has none.</summary>
    public bool Keeps(ConnectionDelta delta) =>
        (Group & (Dimensions.Lun | Dimensions.Operation)) == 0
        && ((Group & Dimensions.Target) == 0 || delta.Connection.Target == Id.Target)
        && ((Group & Dimensions.Initiator) == 0 || delta.Connection.Initiator == Id.Initiator)
        && ((Group & Dimensions.Connection) == 0 || (delta.Connection.Id == Id.Connection && delta.Engine.Pid == Id.Engine));
}

/// <summary>What the viewer has chosen. Keys change it, <see cref="Frame"/> and <see cref="Screen"/> read it.</summary>
internal sealed class State
{
    private readonly TopOptions _options;
    private readonly (Column By, bool Ascending)[] _sort;
    private Column[]? _columns;
    private string _filter = "";

    public State(TopOptions options)
    {
        _options = options;
        _sort = [.. Views.Select(v => (v.Find(v.SortBy) ?? v.Columns[0], false))];
        ViewIndex = Math.Max(0, Views.ToList().FindIndex(v => v.Key == options.View.Key));
        _sort[ViewIndex] = (View.Find(options.SortBy) ?? _sort[ViewIndex].By, options.Ascending);
        Extended = options.Extended;
        Interval = options.Interval;
    }

    public IReadOnlyList<View> Views => _options.AllViews;

    /// <summary>The lists of the command line; they hold for the whole run.</summary>
    public RowFilter Lists => _options.Filter;

    /// <summary>Rows at most, from the command line.</summary>
    public int MaxRows => _options.Rows ?? int.MaxValue;

    /// <summary>Intervals until the end, from the command line.</summary>
    public int? Count => _options.Count;

    public string LatencyUnit => _options.Units.LatencyUnit;

    public int ViewIndex { get; private set; }

    public View View => Views[ViewIndex];

    /// <summary>The columns there are to show; what fits is the table's business.</summary>
    public Column[] Columns => _columns ??=
        _options.Fields.Count > 0 && View.Key == _options.View.Key ? [.. _options.Fields] : [.. View.InTable(Extended)];

    public Column SortBy => _sort[ViewIndex].By;

    public bool Ascending => _sort[ViewIndex].Ascending;

    public bool Extended { get; private set; }

    /// <summary>Columns scrolled out to the left of the numbers.</summary>
    public int FirstColumn { get; set; }

    public bool NamesFromStart { get; set; }

    public Panel Panel { get; set; }

    public bool Paused { get; set; }

    public TimeSpan Interval { get; set; }

    /// <summary>The moment of the past that is shown, ns since 1970; 0 for what happens now.</summary>
    public long Past { get; set; }

    /// <summary>The moment of the newest snapshot.</summary>
    public long Newest { get; set; }

    /// <summary>How many times as fast as it was a recording is played, 0 for as fast as can be; null when none is.</summary>
    public double? Speed { get; set; }

    /// <summary>The row the panels are about; null for whichever stands on top.</summary>
    public RowId? Selected { get; set; }

    /// <summary>The steps drilled down so far.</summary>
    public List<Step> Steps { get; } = [];

    public Mode Mode { get; set; }

    /// <summary>What has been typed into the prompt.</summary>
    public string Prompt { get; set; } = "";

    /// <summary>Why the prompt's text is not taken, "" when it is.</summary>
    public string Complaint { get; set; } = "";

    /// <summary>The selected line of the sort menu, the first line of the help.</summary>
    public int MenuIndex { get; set; }

    /// <summary>Set when the viewer wants to leave.</summary>
    public bool Quit { get; set; }

    /// <summary>The filter as it was typed, "" for none.</summary>
    public string Filter => _filter;

    /// <summary>The filter as it is matched; null for none.</summary>
    public NameFilter? NameFilter { get; private set; }

    /// <summary>Changes the filter; one that is no regular expression (yet) changes nothing but <see cref="Complaint"/>.</summary>
    public void SetFilter(string text)
    {
        Complaint = "";
        if (text.TrimStart('!').Length == 0) (NameFilter, _filter) = (null, "");
        else if (NameFilter.TryParse(text, out NameFilter? filter)) (NameFilter, _filter) = (filter, text);
        else Complaint = "no regular expression yet";
    }

    public void Show(int view)
    {
        if ((uint)view >= (uint)Views.Count || view == ViewIndex) return;
        ViewIndex = view;
        Selected = null;
        FirstColumn = 0;
        _columns = null;
    }

    public void Sort(Column by, bool ascending) => _sort[ViewIndex] = (by, ascending);

    /// <summary>Sorts by a column; by the same one again, the other way round.</summary>
    public void SortOrInvert(Column by) => Sort(by, by.Field == SortBy.Field ? !Ascending : by.Value is null);

    public void ToggleExtended()
    {
        Extended = !Extended;
        _columns = null;
    }

    /// <summary>Goes into a row: to the first view that tells apart what the steps so far do not.</summary>
    public void DrillInto(Row row)
    {
        Dimensions known = View.Group;
        foreach (Step step in Steps) known |= step.Group;
        for (int i = 0; i < Views.Count; i++)
        {
            if ((Views[i].Group & ~known) == 0) continue;
            Steps.Add(new Step(new RowId(row), View.Group, ViewIndex, Label(row)));
            Show(i);
            return;
        }
    }

    /// <summary>Takes the last step back; without one, the filter.</summary>
    public void Back()
    {
        if (Steps.Count == 0)
        {
            SetFilter("");
            return;
        }
        Step step = Steps[^1];
        Steps.RemoveAt(Steps.Count - 1);
        Show(step.View);
        Selected = step.Id;
    }

    /// <summary>What a row is called: the text of its identity columns.</summary>
    public string Label(Row row) => View.Group switch
    {
        Dimensions.Operation => Cli.Columns.Op.Text!(row),
        Dimensions.Initiator or Dimensions.Connection => row.Initiator.Length == 0 ? "-" : row.Initiator,
        _ => $"{(row.Target.Length == 0 ? "-" : row.Target)}:{row.Lun}",
    };
}
