using System.Globalization;
using Iscsitop.Cli.Top.Asking;
using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;
using Language = Iscsitop.Engine.Filtering.Filter;

namespace Iscsitop.Cli.Top;

/// <summary>What keys mean at the moment.</summary>
internal enum Mode : byte
{
    Table,
    Help,
    SortMenu,
    Filter,
    Interval,
    Save,
    Command,
    Time,
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

/// <summary>Makes a D program run.</summary>
/// <param name="line">The program.</param>
/// <param name="name">What it is kept under, "" for nothing.</param>
/// <param name="asked">What runs; null when something is wrong.</param>
/// <returns>What is wrong, its place counted in the line.</returns>
internal delegate Reply AskD(string line, string name, out Asked? asked);

/// <summary>What the viewer has chosen. Keys change it, <see cref="Frame"/> and <see cref="Screen"/> read it.</summary>
internal sealed class State
{
    /// <summary>What an interval may be.</summary>
    public const string IntervalRight = "0.1 to 3600";

    private const double ShortestInterval = 0.1;
    private const double LongestInterval = 3600;

    private readonly TopOptions _options;
    private readonly List<(Column By, bool Ascending)> _sort;
    private readonly List<View> _views;
    private Column[]? _columns;
    private string _filter = "";
    private string _filterElsewhere = "";
    private int _before;
    private (NameFilter? Names, Language? Expression, string Text) _held = (null, null, "");

    public State(TopOptions options)
    {
        _options = options;
        _views = [.. options.AllViews];
        _sort = [.. Views.Select(SortOf)];
        SavedViews = new Dictionary<string, string>(options.Settings.DViews);
        Naming = new Naming(options.Names, options.Settings.Aliases);
        Thresholds = Top.Heat.With(options.Settings.Thresholds);
        (Expression, _filter) = (options.Expression, options.Expression?.Text ?? "");
        ViewIndex = Math.Max(0, Views.ToList().FindIndex(v => v.Key == options.View.Key));
        _sort[ViewIndex] = (View.Find(options.SortBy) ?? _sort[ViewIndex].By, options.Ascending);
        Extended = options.Extended;
        Decomposed = options.Decomposed;
        Heat = options.Heat;
        Interval = options.Interval;
    }

    /// <summary>What was asked for on the command line.</summary>
    public TopOptions Options => _options;

    /// <summary>The views there are; the last is the D view, if one is open.</summary>
    public IReadOnlyList<View> Views => _views;

    /// <summary>The D program whose view is open; null for none.</summary>
    public Asked? Asked { get; private set; }

    /// <summary>Whether its view is seen.</summary>
    public bool InAsked => Asked is not null && ViewIndex == Views.Count - 1;

    /// <summary>D programs by the names they are kept under.</summary>
    public Dictionary<string, string> SavedViews { get; }

    /// <summary>What a D program is to call while a file is read for it, on another thread; null for nothing.</summary>
    public Action? OnAskedRead { get; set; }

    /// <summary>Makes a D program of a line, with the name it is kept under, run; null where none can.</summary>
    public AskD? Ask { get; set; }

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
        Preset is { Columns: { Count: > 0 } fields } && Preset.View == View.Key ? [.. fields.Select(f => View.Find(f)!)]
        : _options.Fields.Count > 0 && View.Key == _options.View.Key ? [.. _options.Fields]
        : _options.ColumnsOf(View) is { Count: > 0 } configured ? [.. configured] : [.. View.InTable(Extended, Decomposed)];

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

    /// <summary>What initiators and targets are called.</summary>
    public Naming Naming { get; }

    /// <summary>From when on numbers stand out.</summary>
    public Heat Thresholds { get; }

    /// <summary>Which key does what.</summary>
    public KeyMap Keys => _options.Settings.Keys;

    public bool NamesFromStart => Naming.FromStart;

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

    /// <summary>Whether the selection keeps to its row even while that is not there.</summary>
    public bool Following { get; set; }

    /// <summary>The steps drilled down so far.</summary>
    public List<Step> Steps { get; } = [];

    public Mode Mode { get; set; }

    /// <summary>What has been typed into the prompt.</summary>
    public string Prompt { get; set; } = "";

    /// <summary>Why the prompt's text is not taken, "" when it is.</summary>
    public string Complaint { get; set; } = "";

    /// <summary>What became of the last key, until the next one; "" for nothing to say.</summary>
    public string Notice { get; set; } = "";

    /// <summary>The character of the prompt that is wrong, -1 for none.</summary>
    public int ComplaintAt { get; set; } = -1;

    /// <summary>What the prompt's text may go on with.</summary>
    public IReadOnlyList<string> Candidates { get; set; } = [];

    /// <summary>Writes what is on the screen to a file and says what went wrong, "" for nothing; null where nothing can.</summary>
    public Func<string, string>? Save { get; set; }

    /// <summary>Goes to a time in the history and says what went wrong, "" for nothing; null where there is none.</summary>
    public Func<string, string>? Go { get; set; }

    /// <summary>The presets there are.</summary>
    public IReadOnlyList<Preset> Presets => _options.Settings.Presets;

    /// <summary>The preset taken up, null for none.</summary>
    public Preset? Preset { get; private set; }

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

    /// <summary>The filter as an expression; null for none.</summary>
    public Language? Expression { get; private set; }

    /// <summary>Changes the filter; one that is no regular expression or no expression (yet) changes nothing but <see cref="Complaint"/>.</summary>
    /// <param name="text">A part of a name as a regular expression, or an expression.</param>
    /// <param name="typing">Whether it may go on: what engines must be asked for waits until it does not.</param>
    public void SetFilter(string text, bool typing = false)
    {
        (Complaint, ComplaintAt) = ("", -1);
        Scope++;
        if (text.TrimStart('!').Length == 0) (NameFilter, Expression, _filter) = (null, null, "");
        else if (!InAsked && Language.LooksLike(text)) SetExpression(text, typing);
        else if (NameFilter.TryParse(text, out NameFilter? filter)) (NameFilter, Expression, _filter) = (filter, null, text);
        else Complaint = "no regular expression yet";
    }

    /// <summary>What holds now holds while an expression is typed that is none yet.</summary>
    public void HoldFilter() => _held = (NameFilter, Expression, _filter);

    /// <summary>Whether a cell counts for the filter.</summary>
    public bool Keeps(CellDelta delta, bool ofCommands) => NameFilter?.Keeps(delta) != false
        && (Expression is null || (Expression.NeedsCommands ? ofCommands : Expression.Keeps(delta)));

    /// <summary>Takes a preset up by its place; -1 takes back what the last one changed.</summary>
    public void Take(int preset)
    {
        bool narrowed = Preset is { Filter.Length: > 0 };
        for (int i = 0; Preset is { Sort.Length: > 0 } && i < _options.AllViews.Count; i++)
            if (Views[i].Key == Preset.View) _sort[i] = SortOf(Views[i]);
        Preset = (uint)preset < (uint)Presets.Count ? Presets[preset] : null;
        _columns = null;
        if (Preset is null || Preset.Filter.Length > 0 || narrowed) SetFilter(Preset?.Filter ?? "");
        if (Preset is not { View.Length: > 0 }) return;
        int view = Views.ToList().FindIndex(v => v.Key == Preset.View);
        if (Preset.Sort.Length > 0 && view >= 0) _sort[view] = (Views[view].Find(Preset.Sort.TrimStart('+'))!, Preset.Sort.StartsWith('+'));
        Show(view);
    }

    /// <summary>Takes the next preset up, after the last one none.</summary>
    public void TakeNext()
    {
        int next = Preset is null ? 0 : Presets.ToList().IndexOf(Preset) + 1;
        Take(next < Presets.Count ? next : -1);
    }

    /// <summary>Sets the interval.</summary>
    /// <returns>False when it is none.</returns>
    public bool TrySetInterval(string text)
    {
        bool valid = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is >= ShortestInterval and <= LongestInterval;
        if (valid) Interval = TimeSpan.FromSeconds(seconds);
        return valid;
    }

    public void Show(int view)
    {
        if ((uint)view >= (uint)Views.Count || view == ViewIndex) return;
        bool asked = InAsked;
        ViewIndex = view;
        if (asked != InAsked) ExchangeFilter();
        Selected = null;
        Following = false;
        FirstColumn = HeatBack = 0;
        _columns = null;
    }

    /// <summary>Shows the view of a D program; one that was open ends.</summary>
    public void Open(Asked asked)
    {
        if (!InAsked) _before = ViewIndex;
        CloseAsked();
        Asked = asked;
        asked.OnRead = OnAskedRead;
        _views.Add(asked.Views[asked.Shown]);
        _sort.Add(SortOf(_views[^1]));
        Show(_views.Count - 1);
        // A small file may have been read before anybody could be told.
        Interlocked.MemoryBarrier();
        if (asked.IsFile && !asked.Reading) OnAskedRead?.Invoke();
    }

    /// <summary>Ends the D program, and goes back to where it was asked from.</summary>
    public void CloseAsked()
    {
        if (Asked is null) return;
        if (InAsked) Show(_before);
        _views.RemoveAt(_views.Count - 1);
        _sort.RemoveAt(_sort.Count - 1);
        Asked.Dispose();
        Asked = null;
    }

    /// <summary>Shows the next aggregation of the D program.</summary>
    public void NextAggregation()
    {
        if (Asked is null) return;
        Asked.Shown = (Asked.Shown + 1) % Asked.Views.Count;
        _views[^1] = Asked.Views[Asked.Shown];
        _sort[^1] = SortOf(_views[^1]);
        (Selected, Following, FirstColumn, _columns) = (null, false, 0, null);
    }

    /// <summary>The D program is kept under a name from now on.</summary>
    public void KeepAsked(string name)
    {
        if (Asked is null) return;
        SavedViews[name] = Asked.Text;
        Asked.Keep(name);
        _views[^1] = Asked.Views[Asked.Shown];
        _columns = null;
    }

    public void Sort(Column by, bool ascending) => _sort[ViewIndex] = (by, ascending);

    /// <summary>Sorts by a column; by the same one again, the other way round.</summary>
    public void SortOrInvert(Column by) => Sort(by, by.Field == SortBy.Field ? !Ascending : by.Value is null);

    public void ToggleExtended() => Extend(!Extended);

    public void Extend(bool extended)
    {
        Extended = extended;
        _columns = null;
    }

    public void ToggleDecomposed()
    {
        Decomposed = !Decomposed;
        FirstColumn = 0;
        _columns = null;
    }

    /// <summary>Whether a key that the footer knows does something in the view.</summary>
    public bool Does(KeyAction action)
    {
        if (action == KeyAction.DrillIn) return View.Next.Count > 0;
        if (action == KeyAction.Heat) return IndexOf(Cli.View.Heat) >= 0;
        if (action != KeyAction.Decompose) return true;
        for (int i = 0; i < View.Columns.Count; i++)
            if (View.Columns[i].Shown == Shown.Decomposed)
                return true;
        return false;
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
        if (row.Group != Dimensions.None) Steps.Add(new Step(new RowId(row), row.Group, ViewIndex, Step.LabelOf(row, Naming)));
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
        if (InAsked && _filter.Length == 0)
        {
            CloseAsked();
            return;
        }
        if (InAsked || Steps.Count == 0)
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

    // What a D view is filtered by says nothing elsewhere, and the other way round.
    private void ExchangeFilter()
    {
        string filter = _filter;
        if (filter.Length + _filterElsewhere.Length > 0) SetFilter(_filterElsewhere);
        _filterElsewhere = filter;
    }

    // As the configuration says, else as the view does.
    private (Column By, bool Ascending) SortOf(View view)
    {
        string configured = _options.Settings.Sort.GetValueOrDefault(view.Key, "");
        if (view.Key == _options.View.Key && Asked is not null && view.Find(_options.SortBy) is { } given) return (given, _options.Ascending);
        return (view.Find(configured.TrimStart('+')) ?? view.Find(view.SortBy) ?? view.Columns[0], configured.StartsWith('+'));
    }

    private void SetExpression(string text, bool typing)
    {
        if (typing) (NameFilter, Expression, _filter) = _held;
        try
        {
            Language expression = Language.Parse(text);
            expression.Refuse(f => f.Level == FilterLevel.Pdu, "is of single PDUs");
            if (!typing || !expression.NeedsCommands) (NameFilter, Expression, _filter) = (null, expression, text);
        }
        catch (FilterException e)
        {
            (Complaint, ComplaintAt) = (e.Problem, e.Position);
        }
    }
}
