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
    Card,
}

/// <summary>What the lower part of the screen shows of the selected row. On a narrow screen both is the histogram.</summary>
internal enum Panel : byte
{
    Both,
    Latency,
    Commands,
    None,
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
        Decomposed = options.Decomposed;
        Heat = options.Heat;
        Interval = options.Interval;
    }

    /// <summary>What was asked for on the command line.</summary>
    public TopOptions Options => _options;

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
        _options.Fields.Count > 0 && View.Key == _options.View.Key ? [.. _options.Fields] : [.. View.InTable(Extended, Decomposed)];

    public Column SortBy => _sort[ViewIndex].By;

    public bool Ascending => _sort[ViewIndex].Ascending;

    public bool Extended { get; private set; }

    /// <summary>Whether the columns of the decomposition are shown.</summary>
    public bool Decomposed { get; private set; }

    /// <summary>Whether heads alone are shown, without what is below them.</summary>
    public bool Closed { get; set; }

    /// <summary>Which durations the heat map is of.</summary>
    public HeatMode Heat { get; private set; }

    /// <summary>Whether the heat map is seen.</summary>
    public bool InHeat => View.Key == Cli.View.Heat;

    /// <summary>Intervals scrolled out of the heat map to the right.</summary>
    public int HeatBack { get; set; }

    /// <summary>The session whose end is shown.</summary>
    public SessionEnd? Card { get; private set; }

    /// <summary>Counts the changes of what narrows the views: what belongs to another scope is worth nothing then.</summary>
    public int Scope { get; private set; }

    /// <summary>Columns scrolled out to the left of the numbers.</summary>
    public int FirstColumn { get; set; }

    public bool NamesFromStart { get; set; }

    public Panel Panel { get; set; }

    public bool Paused { get; set; }

    public TimeSpan Interval { get; set; }

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

    /// <summary>Set when the viewer wants the shell back for a while.</summary>
    public bool Suspend { get; set; }

    /// <summary>Whether colours are used.</summary>
    public bool Colors { get; set; } = true;

    /// <summary>The filter as it was typed, "" for none.</summary>
    public string Filter => _filter;

    /// <summary>The filter as it is matched; null for none.</summary>
    public NameFilter? NameFilter { get; private set; }

    /// <summary>Changes the filter; one that is no regular expression (yet) changes nothing but <see cref="Complaint"/>.</summary>
    public void SetFilter(string text)
    {
        Complaint = "";
        Scope++;
        if (text.TrimStart('!').Length == 0) (NameFilter, _filter) = (null, "");
        else if (NameFilter.TryParse(text, out NameFilter? filter)) (NameFilter, _filter) = (filter, text);
        else Complaint = "no regular expression yet";
    }

    public void Show(int view)
    {
        if ((uint)view >= (uint)Views.Count || view == ViewIndex) return;
        ViewIndex = view;
        Selected = null;
        FirstColumn = HeatBack = 0;
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

    public void ToggleDecomposed()
    {
        Decomposed = !Decomposed;
        FirstColumn = 0;
        _columns = null;
    }

    /// <summary>Goes on to the next kind of durations.</summary>
    public void NextHeat() => Heat = (HeatMode)(((int)Heat + 1) % HeatColumns.Modes.Length);

    /// <summary>Shows how a session ended.</summary>
    public void Show(SessionEnd card) => (Card, Mode, MenuIndex) = (card, Mode.Card, 0);

    /// <summary>Goes into a row: to the first view of those that suit it that tells apart what the steps so far do not.</summary>
    public void DrillInto(Row row)
    {
        Dimensions known = row.Group;
        foreach (Step step in Steps) known |= step.Group;
        foreach (string key in View.Next)
        {
            int next = IndexOf(key);
            if (next < 0 || (Views[next].OfCommands && (Views[next].Group & ~known) == 0)) continue;
            Into(row, next);
            return;
        }
    }

    /// <summary>Goes from a row to its heat map; without a row, to that of what is seen.</summary>
    public void HeatOf(Row? row)
    {
        int heat = IndexOf(Cli.View.Heat);
        if (heat < 0 || ViewIndex == heat) return;
        if (row is null || row.Group == Dimensions.None) Show(heat);
        else Into(row, heat);
    }

    private void Into(Row row, int view)
    {
        if (row.Group != Dimensions.None) Steps.Add(new Step(new RowId(row), row.Group, ViewIndex, Step.LabelOf(row)));
        Scope++;
        Show(view);
    }

    private int IndexOf(string key)
    {
        for (int i = 0; i < Views.Count; i++)
            if (Views[i].Key == key)
                return i;
        return -1;
    }

    /// <summary>Takes the last step back; without one, the filter.</summary>
    public void Back()
    {
        if (Steps.Count == 0)
        {
            SetFilter("");
            return;
        }
        Scope++;
        Step step = Steps[^1];
        Steps.RemoveAt(Steps.Count - 1);
        Show(step.View);
        Selected = step.Id;
    }
}
