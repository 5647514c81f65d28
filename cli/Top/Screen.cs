using Iscsitop.Cli.Top.Asking;

namespace Iscsitop.Cli.Top;

/// <summary>
/// The whole screen: header, table, the selected row's panels, footer, and what lies over them. Draws a frame into the
/// canvas; what changed there is somebody else's to send.
/// </summary>
internal sealed class Screen
{
    internal const int MinWidth = 60;
    internal const int MinHeight = 16;
    private const int SideBySide = 100;
    private const int CommandsShare = 46;
    private const int EnoughForPanel = 16;
    private const string FindingsKey = "findings";
    private const int LoadingWidth = 72;
    private const int LunWidth = 10;
    private const int CountedWidth = 20;

    private static readonly Column[] s_byOperation = [Columns.Op, .. Pick("ops_per_s", "ops_share_pct", "bytes_per_s", "p50_us", "p99_us", "errors_pct")];
    private static readonly Column[] s_byUnit = [Columns.Target, Columns.Lun, .. Pick("ops_per_s", "ops_share_pct", "bytes_per_s", "p50_us", "p99_us", "errors_pct")];

    private readonly State _state;
    private readonly Frame _frame;
    private readonly Glyphs _glyphs;
    private readonly Header _header;
    private readonly Footer _footer;
    private readonly Overlay _overlay;
    private readonly LatencyPanel _latency;
    private readonly HeatMap _heat;
    private readonly DetailPanel _details;
    private readonly PatternPanel _pattern;
    private readonly AskedPanel _asked;
    private readonly Table _commands;
    private readonly Column[] _byOperation;
    private readonly Column[] _byUnit;

    /// <param name="state">What the viewer has chosen.</param>
    /// <param name="frame">What there is to see.</param>
    /// <param name="glyphs">Characters to use.</param>
    /// <param name="zone">Time zone of the clock.</param>
    public Screen(State state, Frame frame, Glyphs glyphs, TimeZoneInfo zone)
    {
        (_state, _frame, _glyphs, Zone) = (state, frame, glyphs, zone);
        _header = new Header(glyphs, state, zone);
        _footer = new Footer(glyphs, state);
        _overlay = new Overlay(glyphs, state, frame, zone);
        _heat = new HeatMap(glyphs, state, zone);
        _details = new DetailPanel(glyphs, zone);
        _pattern = new PatternPanel(glyphs);
        _asked = new AskedPanel(glyphs);
        _latency = new LatencyPanel(glyphs);
        Table = new Table(glyphs, state);
        _commands = new Table(glyphs, state);
        _byOperation = [.. s_byOperation.Select(InUnits)];
        _byUnit = [.. s_byUnit.Select(InUnits)];
    }

    /// <summary>The characters of the screen.</summary>
    public Canvas Canvas { get; } = new();

    /// <summary>Time zone of what it shows.</summary>
    public TimeZoneInfo Zone { get; }

    /// <summary>The main table as it was last drawn.</summary>
    public Table Table { get; }

    /// <summary>Draws everything anew into <see cref="Canvas"/>.</summary>
    public void Draw(int width, int height)
    {
        Canvas.Resize(width, height);
        Canvas.Clear();
        if (width < MinWidth || height < MinHeight)
        {
            TooSmall(width, height);
            return;
        }
        int header = Header.HeightFor(width, height);
        var body = new Area(0, header, width, height - header - 1);
        int panel = PanelHeight(height, body.Height - 2 - _frame.Rows.Count);
        _header.Draw(Canvas, new Area(0, 0, width, header), _frame);
        if (_state.InAsked) AskedTitle(body.Row(0), _state.Asked!);
        else Title(body.Row(0));
        if (_state.InHeat) _heat.Draw(Canvas, body with { Y = body.Y + 1, Height = body.Height - 1 }, _frame);
        else MainTable(body with { Y = body.Y + 1, Height = body.Height - 1 - panel });
        if (panel > 0) Panels(new Area(0, body.Bottom - panel, width, panel));
        _footer.Draw(Canvas, new Area(0, height - 1, width, 1));
        _overlay.Draw(Canvas, body);
    }

    // Two fifths of the screen, and what the table leaves free as far as a histogram can use it.
    private int PanelHeight(int height, int free)
    {
        if (_state.Panel == Panel.None || _frame.Rows.Count == 0) return 0;
        int share = Math.Clamp(height * 2 / 5, 6, 18);
        if (_frame.Selected?.Extras.Watched is { Of.IsDistribution: false } key) return Math.Min(share, key.Texts.Count + 2);
        return Math.Max(share, Math.Min(free, EnoughForPanel));
    }

    private static IEnumerable<Column> Pick(params string[] fields) => fields.Select(f => Columns.Operations.Single(c => c.Field == f));

    // The units asked for on the command line are in the views' columns.
    private Column InUnits(Column column) => _state.Views.FirstOrDefault(v => v.Group == Engine.Dimensions.Operation)?.Find(column.Field) ?? column.In(_state.Options.Units);

    private void TooSmall(int width, int height)
    {
        const string Message = "window is too small";
        var pen = new Pen(Canvas, new Area(Math.Max(0, (width - Message.Length) / 2), height / 2, width, 1));
        pen.Text(Message, Style.Warn);
        pen = new Pen(Canvas, new Area(Math.Max(0, (width - Message.Length) / 2), height / 2 + 1, width, 1));
        pen.Number(MinWidth, style: Style.Dim);
        pen.Text("x", Style.Dim);
        pen.Number(MinHeight, style: Style.Dim);
        pen.Text(" is needed", Style.Dim);
    }

    // Which view, drilled down to where, filtered how.
    private void Title(Area row)
    {
        var pen = new Pen(Canvas, row);
        int gap = _state.Steps.Count > 0 || _state.Filter.Length > 0 ? 0 : AllTitles(2) <= row.Width ? 2 : AllTitles(1) <= row.Width ? 1 : 0;
        for (int i = 0; i < _state.Views.Count; i++)
        {
            bool here = i == _state.ViewIndex;
            if (!here && gap == 0 && _state.Steps.Count > 0) continue;
            if (here && gap == 0 && i > 0 && _state.Steps.Count == 0) pen.Skip(1);
            if (i == 10) pen.Text(":", here ? Style.Accent : Style.Dim);
            else pen.Number((i + 1) % 10, style: here ? Style.Accent : Style.Dim);
            pen.Skip(1);
            if (!here && gap == 0) continue;
            pen.Text(_state.Views[i].Title, here ? Style.Accent : Style.Dim);
            Found(ref pen, _state.Views[i]);
            pen.Skip(Math.Max(gap, here ? 2 : 1));
        }
        if (_state.Preset is { } preset)
        {
            pen.Skip(1);
            pen.Text(" ", Style.Badge);
            pen.Text(preset.Name, Style.Badge);
            pen.Text(" ", Style.Badge);
        }
        if (_state.Following)
        {
            pen.Skip(1);
            pen.Text(Followed, Style.Badge);
        }
        Crumbs(ref pen);
        if (_state.Filter.Length > 0)
        {
            pen.Text(" /", Style.Badge);
            pen.Text(_state.Filter, Style.Badge);
            pen.Text(" ", Style.Badge);
        }
        if (!_state.InHeat) Counted(row, pen.X);
    }

    // Which program, what it lacks, and what it is kept under; other views have no room beside it.
    private void AskedTitle(Area row, Asked asked)
    {
        var pen = new Pen(Canvas, row with { Width = row.Width - CountedWidth - 1 });
        pen.Text(": ", Style.Accent);
        pen.Text(_state.View.Title, Style.Accent);
        if (asked.Views.Count > 1)
        {
            pen.Skip(1);
            pen.Number(asked.Shown + 1, style: Style.Dim);
            pen.Text("/", Style.Dim);
            pen.Number(asked.Views.Count, style: Style.Dim);
        }
        pen.Skip(2);
        if (_state.Following) Badge(ref pen, Followed, 0, Style.Badge);
        if (_state.Filter.Length > 0) Badge(ref pen, $" /{_state.Filter} ", 0, Style.Badge);
        if (asked.Watch.Exited) Badge(ref pen, " ended ", 0, Style.Badge);
        Badge(ref pen, "drops", asked.Drops, Style.WarnBadge);
        Badge(ref pen, "aggregation drops", asked.Watch.AggregationDrops, Style.WarnBadge);
        Badge(ref pen, "variable drops", asked.Watch.DynamicDrops, Style.WarnBadge);
        Badge(ref pen, "faults", asked.Watch.Faults, Style.WarnBadge);
        if (asked.Watch.Fault.Length > 0)
        {
            pen.Text(asked.Watch.Fault.AsSpan(asked.Watch.Fault.LastIndexOf("): ", StringComparison.Ordinal) is >= 0 and int at ? at + 3 : 0), Style.Warn);
            pen.Skip(2);
        }
        pen.Field(asked.Text, Math.Max(pen.Left, 0), _glyphs.Ellipsis, Style.Dim, keepEnd: false);
        Counted(row, Math.Min(pen.X, row.Right - CountedWidth - 1));
    }

    private static void Badge(ref Pen pen, string text, long count, Style style)
    {
        if (count == 0 && style == Style.WarnBadge) return;
        if (style == Style.WarnBadge)
        {
            pen.Text(" ", style);
            pen.Text(text, style);
            pen.Text(" ", style);
            pen.Number(count, style: style);
            pen.Text(" ", style);
        }
        else pen.Text(text, style);
        pen.Skip(1);
    }

    private string AskedNothing(Asked asked) =>
        _state.Past != 0 ? "the past has no events: Z goes back to now"
        : asked.Reading && double.IsNaN(asked.Progress) ? "reading the file"
        : asked.Reading ? $"reading the file: {Math.Floor(100 * asked.Progress):0} %"
        : asked.IsFile ? "nothing in the file fires a probe of it"
        : _state.View.Nothing;

    private string NoCommands() =>
        _state.Speed is not null ? "a recording has no single commands, and this filter is of them"
        : _state.Options.Origin.Fleet is not null ? "a Prometheus server has no single commands, and this filter is of them"
        : _state.Options.Origin.IsFile ? "the file has been read: give -Y with this filter at the start"
        : "waiting for single commands";

    private string Followed => _frame.SelectedIndex < 0 ? " followed row is gone " : " following ";

    // Beside the findings' title: how many there are, if any.
    private void Found(ref Pen pen, View view)
    {
        if (view.Key != FindingsKey || _frame.Findings.Count == 0) return;
        pen.Skip(1);
        pen.Number(_frame.Findings.Count, style: _frame.Findings[0].Severity == Engine.Severity.Problem ? Style.Hot : Style.Warn);
    }

    private int AllTitles(int gap)
    {
        int width = (_frame.Findings.Count > 0 ? 3 : 0) + (_state.Preset is { } preset ? preset.Name.Length + 3 : 0) + (_state.Following ? Followed.Length + 1 : 0);
        for (int i = 0; i < _state.Views.Count; i++) width += _state.Views[i].Title.Length + 2 + gap;
        return width;
    }

    // Each as wide as its share of what is left, so that all are seen.
    private void Crumbs(ref Pen pen)
    {
        int left = pen.Left - (_state.Filter.Length > 0 ? Math.Min(_state.Filter.Length, 16) + 3 : 0);
        for (int i = 0; i < _state.Steps.Count; i++)
        {
            string label = _state.Steps[i].Label;
            int room = Math.Max(4, left / (_state.Steps.Count - i) - 3);
            int width = Math.Min(label.Length, room);
            pen.Text([_glyphs.Crumb, ' '], Style.Dim);
            pen.Field(label, width, _glyphs.Ellipsis, Style.Strong);
            pen.Skip(1);
            left -= width + 3;
        }
    }

    // At the right: how many rows there are, and which of them are seen.
    private void Counted(Area row, int from)
    {
        const int Width = CountedWidth;
        if (_frame.Snapshot is null || row.Right - Width < from + 1) return;
        Span<char> text = stackalloc char[48];
        int rows = _frame.Rows.Count;
        bool fits = _frame.Hidden > 0
            ? text.TryWrite($"{rows} of {rows + _frame.Hidden} rows", out int n)
            : text.TryWrite($"{rows} {(rows == 1 ? "row" : "rows")}", out n);
        if (fits) new Pen(Canvas, row with { X = row.Right - Width, Width = Width }).Right(text[..n], Width, Style.Dim);
    }

    private void MainTable(Area area)
    {
        int selected = _frame.SelectedIndex;
        Table.History = _state is { Extended: true, Past: 0, View.OfCommands: true } ? _frame.RowHistory : null;
        Table.Draw(Canvas, area, _state.Columns, _frame.Rows,
            new TableLook(_state.SortBy, _state.Ascending, selected, _state.FirstColumn, _state.NamesFromStart));
        if (_frame.Rows.Count > 0) return;
        if (_frame.Snapshot is null && !double.IsNaN(_frame.Progress))
        {
            Loading(area.Row(2) with { X = area.X + 2, Width = Math.Min(LoadingWidth, area.Width - 4) });
            return;
        }
        string hint = _frame.Snapshot is null ? "waiting for the first interval"
            : _state.InAsked && _frame.Hidden == 0 ? AskedNothing(_state.Asked!)
            : _frame.Snapshot.Engines.Count == 0 && _state.Options.Origin.Fleet is null ? "no engine is running here: start \"iscsitop target\" or \"iscsitop demo\""
            : _state.Expression is { NeedsCommands: true } && (!_frame.Snapshot.OfCommands || _frame.Snapshot.Seconds == 0)
                ? NoCommands()
            : _frame.Hidden > 0 ? "nothing matches: Esc goes back"
            : _state.View.Nothing.Length > 0 ? _state.View.Nothing : "nothing has happened yet";
        ReadOnlySpan<char> rest = hint;
        for (int y = 2; rest.Length > 0 && y < area.Height; y++)
        {
            int length = Wrap.Length(rest, area.Width - 4);
            new Pen(Canvas, area.Row(y) with { X = area.X + 2 }).Text(rest[..length], Style.Dim);
            rest = rest[length..].TrimStart();
        }
    }

    // A large file takes a while until it is known what it says.
    private void Loading(Area row)
    {
        var pen = new Pen(Canvas, row);
        pen.Text("reading the file ", Style.Dim);
        pen.Number(Math.Floor(100 * _frame.Progress), "0", 3);
        pen.Text(" % ", Style.Dim);
        _glyphs.Bar(Canvas, row with { X = pen.X, Width = pen.Left }, _frame.Progress, Style.Accent);
    }

    private void Panels(Area area)
    {
        if (!_state.View.OfCommands)
        {
            Details(area);
            return;
        }
        bool both = _state.Panel == Panel.Both && area.Width >= SideBySide;
        int split = both ? area.Width * (100 - CommandsShare) / 100 : area.Width;
        Canvas.Fill(area.Row(0), _glyphs.Line, Style.Dim);
        Area content = area with { Y = area.Y + 1, Height = area.Height - 1 };
        if (_state.Panel != Panel.Commands)
        {
            Heading(area.Row(0) with { Width = split }, "latency");
            _latency.Draw(Canvas, content with { Width = split }, _frame.Detail);
        }
        if (!both && _state.Panel != Panel.Commands) return;
        int x = both ? split + 1 : 0;
        Heading(area.Row(0) with { X = x, Width = area.Width - x }, _frame.ByUnit ? "units" : "commands");
        _commands.Draw(Canvas, content with { X = x, Width = area.Width - x }, _frame.ByUnit ? _byUnit : _byOperation, _frame.BreakdownRows,
            new TableLook(null, false, -1, 0, _state.NamesFromStart));
    }

    private void Heading(Area row, string title, string words = "")
    {
        var pen = new Pen(Canvas, row with { X = row.X + 1 });
        pen.Skip(1);
        pen.Text(" ");
        pen.Text(words.Length > 0 ? words : title, Style.Accent);
        pen.Text(" ");
        if (title == "latency" && _frame.SelectedIndex >= 0) SelectedName(ref pen, row.Right - pen.X - 2);
    }

    private void Details(Area area)
    {
        if (_frame.Selected is not { } row) return;
        Canvas.Fill(area.Row(0), _glyphs.Line, Style.Dim);
        Area content = area with { Y = area.Y + 1, Height = area.Height - 1 };
        if (row.Extras.Watched is { } key)
        {
            Heading(area.Row(0), "details", AskedWords(key));
            _asked.Draw(Canvas, content, key);
            return;
        }
        if (row.Extras.Pattern is not null)
        {
            Heading(area.Row(0), "latency", "sizes and places");
            _pattern.Draw(Canvas, content, row);
            return;
        }
        Heading(area.Row(0), "details");
        _details.Draw(Canvas, content, row);
    }

    private static string AskedWords(Engine.D.WatchedKey key) => key.Of.IsDistribution ? $"{key.Of.Name} {key.Of.Function}, n {key.Value:0}" : $"{key.Of.Name} {key.Of.Function}";

    private void SelectedName(ref Pen pen, int room)
    {
        Engine.Row row = _frame.Rows[_frame.SelectedIndex];
        Engine.Dimensions group = row.Group;
        string name = row.Extras.Heads.Length > 0 ? row.Extras.Heads.AsSpan().Trim().Length == row.Extras.Heads.Length ? row.Extras.Heads : row.Extras.Heads.Trim()
            : group == Engine.Dimensions.Operation ? OperationNames.Of(row.Operation)
            : (group & (Engine.Dimensions.Initiator | Engine.Dimensions.Connection)) != 0 && (group & Engine.Dimensions.Lun) == 0 ? _state.Naming.Of(row.Initiator, row.Connection?.Connection.Remote) : _state.Naming.Of(row.Target, null);
        int behind = (group & Engine.Dimensions.Portal) != 0 ? row.Portal.Length + 1 : LunWidth;
        pen.Field(name.Length == 0 ? "-" : name, Math.Min(Math.Max(name.Length, 1), room - behind), _glyphs.Ellipsis, Style.Strong, !_state.NamesFromStart);
        if ((group & Engine.Dimensions.Lun) != 0)
        {
            pen.Text(" LUN ", Style.Dim);
            pen.Number(row.Lun, style: Style.Strong);
        }
        if ((group & Engine.Dimensions.Portal) != 0)
        {
            pen.Text(" ");
            pen.Text(row.Portal, Style.Strong);
        }
        pen.Text(" ");
    }
}
