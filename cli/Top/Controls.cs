using Iscsitop.Cli.Top.Saving;

namespace Iscsitop.Cli.Top;

/// <summary>What keys and mouse do to the state. Knows no terminal: a key is a character of <see cref="Keys"/>.</summary>
internal sealed class Controls(State state, Frame frame, Screen screen, Timeline? timeline = null)
{
    private const int HeatStep = 8;

    // What + and - go through, in seconds.
    private static readonly double[] s_intervals = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

    // What the key changes of what the frame has made: everything unless it is known to be less.
    private Change _change;
    // The file that was asked about whether it may be replaced.
    private string _asked = "";

    private readonly Prompt _prompt = new(state);

    /// <summary>Does what the key says.</summary>
    /// <returns>False when the key does nothing here.</returns>
    public bool Press(char key)
    {
        if (key == Keys.Control('C'))
        {
            state.Quit = true;
            return true;
        }
        if (state.Keys.ActionOf(key) == KeyAction.Suspend)
        {
            state.Suspend = true;
            return true;
        }
        state.Notice = "";
        state.Save ??= Save;
        if (timeline is not null) state.Go ??= GoTo;
        bool used = state.Mode switch
        {
            Mode.Table => Apply(state.Keys.ActionOf(key), key),
            Mode.Help or Mode.Card => InHelp(state.Keys.ActionOf(key), key),
            Mode.SortMenu => InMenu(state.Keys.ActionOf(key), key),
            _ => _prompt.Press(key),
        };
        if (used) Show();
        return used;
    }

    private void Show()
    {
        if (_change is Change.All) frame.Refresh();
        else if (_change is Change.Order) frame.Reorder();
        _change = Change.All;
    }

    private bool Only(Change change)
    {
        _change = change;
        return true;
    }

    /// <summary>A click of the left button: a header sorts, a row is selected.</summary>
    public void Click(int x, int y)
    {
        if (state.Mode is not Mode.Table) return;
        if (screen.Table.HeaderAt(x, y) is { } column)
        {
            state.SortOrInvert(column);
            frame.Reorder();
        }
        else if (screen.Table.RowAt(x, y) is >= 0 and int row && row < frame.Rows.Count) frame.Select(row, follow: true);
    }

    /// <summary>A double click of the left button: into the row.</summary>
    public void DoubleClick(int x, int y)
    {
        Click(x, y);
        if (state.Mode is Mode.Table && screen.Table.RowAt(x, y) is >= 0 and int row && row < frame.Rows.Count) Press(Keys.Enter);
    }

    /// <summary>The wheel, down being positive.</summary>
    public void Wheel(int lines) => Press(lines > 0 ? Keys.Down : Keys.Up);

    private bool Apply(KeyAction action, char key)
    {
        switch (action)
        {
            case KeyAction.Quit: state.Quit = true; break;
            case KeyAction.Help: Open(Mode.Help, 0); return Only(Change.Look);
            case KeyAction.SortMenu: Open(Mode.SortMenu, SortColumn); return Only(Change.Look);
            case KeyAction.SortPrevious: SortBeside(-1); return Only(Change.Order);
            case KeyAction.SortNext: SortBeside(1); return Only(Change.Order);
            case KeyAction.Invert: state.Sort(state.SortBy, !state.Ascending); return Only(Change.Order);
            case KeyAction.Filter: _prompt.Ask(Mode.Filter, state.Filter); break;
            case KeyAction.Command: _prompt.Ask(Mode.Command, ""); break;
            case KeyAction.Interval: _prompt.Ask(Mode.Interval, ""); break;
            case KeyAction.Save: AskForFile(); break;
            case KeyAction.Pause: Pause(); break;
            case KeyAction.Slower: if (timeline?.ChangeSpeed(1) != true) StepInterval(1); break;
            case KeyAction.Faster: if (timeline?.ChangeSpeed(-1) != true) StepInterval(-1); break;
            case KeyAction.NextSample: timeline?.Step(1); break;
            case KeyAction.PreviousSample: timeline?.Step(-1); break;
            case KeyAction.GoToTime: _prompt.Ask(Mode.Time, ""); break;
            case KeyAction.Live: timeline?.Live(); break;
            case KeyAction.ClearHistory: timeline?.Clear(); break;
            case KeyAction.DrillIn: DrillIn(); break;
            case KeyAction.Back: state.Back(); break;
            case KeyAction.NextView: state.Show((state.ViewIndex + 1) % state.Views.Count); break;
            case KeyAction.PreviousView: state.Show((state.ViewIndex + state.Views.Count - 1) % state.Views.Count); break;
            case KeyAction.ViewNumber: state.Show(state.Keys.PlaceOf(key)); break;
            case KeyAction.Decompose: state.ToggleDecomposed(); return Only(Change.Look);
            case KeyAction.Heat: state.HeatOf(frame.Selected); break;
            case KeyAction.HeatMode when state.InAsked: state.NextAggregation(); break;
            case KeyAction.HeatMode: state.NextHeat(); break;
            case KeyAction.Groups: state.Closed = !state.Closed; break;
            case KeyAction.Panel: state.Panel = (Panel)(((int)state.Panel + 1) % 4); return Only(Change.Look);
            case KeyAction.Extended: state.ToggleExtended(); return Only(Change.Look);
            case KeyAction.Names: state.Naming.Next(); break;
            case KeyAction.Presets: state.TakeNext(); break;
            case KeyAction.Follow: Follow(); break;
            case KeyAction.Reset when state.InAsked: state.Asked!.Clear(); break;
            case KeyAction.Reset: Forget(); break;
            case KeyAction.Colors: state.Colors = !state.Colors; return Only(Change.Look);
            case KeyAction.Redraw: screen.Canvas.Invalidate(); return Only(Change.Look);
            case KeyAction.ColumnsLeft when state.InHeat: state.HeatBack += HeatStep; break;
            case KeyAction.ColumnsRight when state.InHeat: state.HeatBack = Math.Max(0, state.HeatBack - HeatStep); break;
            case KeyAction.ColumnsLeft: state.FirstColumn = Math.Max(0, state.FirstColumn - 1); return Only(Change.Look);
            case KeyAction.ColumnsRight: state.FirstColumn = Math.Min(state.FirstColumn + 1, Math.Max(0, state.Columns.Length - 4)); return Only(Change.Look);
            default: return Move(action);
        }
        return true;
    }

    private void Follow()
    {
        bool follow = !state.Following && frame.SelectedIndex >= 0;
        if (follow) frame.Select(frame.SelectedIndex, follow: true);
        state.Following = follow;
    }

    private void DrillIn()
    {
        if (frame.Selected is not { } row) return;
        if (row.Extras.End is { } end) state.Show(end);
        else state.DrillInto(row);
    }

    private void Forget()
    {
        frame.Iops.Clear();
        frame.Heat.Clear();
    }

    private bool Move(KeyAction action)
    {
        if (action is KeyAction.Up or KeyAction.Down or KeyAction.PageUp or KeyAction.PageDown or KeyAction.First or KeyAction.Last) state.Following = false;
        int page = screen.Table.PageSize;
        switch (action)
        {
            case KeyAction.Up: frame.Select(frame.SelectedIndex - 1, follow: true); break;
            case KeyAction.Down: frame.Select(frame.SelectedIndex + 1, follow: true); break;
            case KeyAction.PageUp: frame.Select(frame.SelectedIndex - page, follow: true); break;
            case KeyAction.PageDown: frame.Select(frame.SelectedIndex + page, follow: true); break;
            case KeyAction.First: frame.Select(0, follow: false); break;
            case KeyAction.Last: frame.Select(int.MaxValue, follow: true); break;
            default: return false;
        }
        return Only(Change.Look);
    }

    private int SortColumn => Array.FindIndex(state.Columns, c => c.Field == state.SortBy.Field);

    private void SortBeside(int by)
    {
        IReadOnlyList<Column> columns = screen.Table.Fitting;
        if (columns.Count == 0) return;
        int at = 0;
        while (at < columns.Count && columns[at].Field != state.SortBy.Field) at++;
        Column column = columns[Math.Clamp(at + by, 0, columns.Count - 1)];
        if (column.Field != state.SortBy.Field) state.Sort(column, column.Value is null);
    }

    private void Open(Mode mode, int index) => (state.Mode, state.MenuIndex) = (mode, Math.Max(0, index));

    private void AskForFile()
    {
        _asked = "";
        long time = frame.Snapshot?.Time ?? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000;
        _prompt.Ask(Mode.Save, Saver.DefaultName(state.View.Key, time, screen.Zone));
    }

    // The prompt is not part of what is saved.
    private string Save(string path)
    {
        Mode mode = state.Mode;
        state.Mode = Mode.Table;
        screen.Draw(screen.Canvas.Width, screen.Canvas.Height);
        state.Mode = mode;
        string problem = Saver.Save(path, new SavedScreen(screen.Canvas, state, frame), overwrite: _asked == path);
        _asked = problem == Saver.Exists ? path : "";
        if (problem.Length == 0) state.Notice = "saved " + path;
        return problem;
    }

    private bool InHelp(KeyAction action, char key)
    {
        if (key is Keys.Esc or Keys.Enter || action is KeyAction.Help or KeyAction.Quit) state.Mode = Mode.Table;
        else state.MenuIndex += Offset(action);
        return Only(Change.Look);
    }

    private bool InMenu(KeyAction action, char key)
    {
        if (key == Keys.Enter && state.MenuIndex < state.Columns.Length)
        {
            Column column = state.Columns[state.MenuIndex];
            if (column.Field != state.SortBy.Field) state.Sort(column, column.Value is null);
            _change = Change.Order;
        }
        else _change = Change.Look;
        if (key is Keys.Enter or Keys.Esc || action is KeyAction.Quit or KeyAction.SortMenu) state.Mode = Mode.Table;
        else state.MenuIndex = Math.Clamp(state.MenuIndex + Offset(action), 0, state.Columns.Length - 1);
        return true;
    }

    private static int Offset(KeyAction action) => action switch
    {
        KeyAction.Up => -1,
        KeyAction.Down => 1,
        KeyAction.PageUp => -10,
        KeyAction.PageDown or KeyAction.Pause => 10,
        KeyAction.First => -1000,
        KeyAction.Last => 1000,
        _ => 0,
    };

    private string GoTo(string text) => timeline?.GoTo(text) != false ? "" : Moments.Right;

    private void Pause()
    {
        if (timeline is null) state.Paused = !state.Paused;
        else timeline.Pause();
    }

    private void StepInterval(int by)
    {
        double now = state.Interval.TotalSeconds;
        double next = by > 0 ? s_intervals.FirstOrDefault(s => s > now, now) : s_intervals.LastOrDefault(s => s < now, now);
        state.Interval = TimeSpan.FromSeconds(next);
    }

    /// <summary>What has to be done again.</summary>
    private enum Change : byte
    {
        /// <summary>Rows are to be made anew.</summary>
        All,

        /// <summary>The same rows stand in another order.</summary>
        Order,

        /// <summary>All rows stand as they stood, or the frame has been told.</summary>
        Look,
    }
}
