namespace Iscsitop.Cli.Top;

/// <summary>The last line: the main keys, or the prompt.</summary>
internal sealed class Footer(Glyphs glyphs, State state)
{
    public void Draw(Canvas canvas, Area row)
    {
        var pen = new Pen(canvas, row);
        switch (state.Mode)
        {
            case Mode.Filter:
                Prompt(canvas, row, "filter /", "Enter keep, Tab complete, Esc clear");
                break;
            case Mode.Interval:
                Prompt(canvas, row, "interval in seconds: ", "Enter set, Esc cancel");
                break;
            case Mode.Command:
                Prompt(canvas, row, ":", "Enter do, Tab complete, Up recall, Esc cancel");
                break;
            case Mode.Save:
                Prompt(canvas, row, "save to ", "Enter save, Tab other kind, Esc cancel");
                break;
            case Mode.Time:
                Prompt(canvas, row, "go to time: ", "HH:MM[:SS], -5m, +30s; Enter go, Esc cancel");
                break;
            case Mode.Help or Mode.Card:
                Keys(ref pen, [("Up Down", "scroll"), ("Esc", "close")]);
                break;
            case Mode.SortMenu:
                Keys(ref pen, [("Up Down", "choose"), ("Enter", "sort"), ("Esc", "close")]);
                break;
            case Mode.Table when state.InHeat:
                Keys(ref pen, [("q", "quit"), ("?", "help"), ("Tab", "view"), ("m", "LAT RD1 HST SVC NOP"), ("Left Right", "time"), ("Esc", "back"), ("Space", "pause")]);
                break;
            case Mode.Table when state.InAsked && state.Notice.Length == 0:
                Keys(ref pen, [("q", "quit"), ("?", "help"), ("Esc", "close"), ("Tab", "view"), ("m", "next aggregation"), ("s", "sort"), ("/", "filter"), ("r", "clear"), ("Space", "pause"), ("w", "save"), (":save-view", "keep")]);
                break;
            default:
                if (state.Notice.Length > 0) pen.Text(state.Notice, Style.Strong);
                else MainKeys(ref pen);
                break;
        }
    }

    private void MainKeys(ref Pen pen)
    {
        foreach (KeyBinding row in state.Keys.Table)
            if (row.Footer.Length > 0 && row.Keys.Length > 0 && pen.Left > row.Keys[0].Length + row.Footer.Length)
                Key(ref pen, row.Keys[0], row.Footer);
    }

    private static void Keys(ref Pen pen, ReadOnlySpan<(string Key, string Text)> keys)
    {
        foreach ((string key, string text) in keys)
            if (pen.Left > key.Length + text.Length)
                Key(ref pen, key, text);
    }

    private static void Key(ref Pen pen, string key, string text)
    {
        pen.Text(key, Style.Key);
        pen.Skip(1);
        pen.Text(text, Style.Dim);
        pen.Skip(2);
    }

    // What is wrong stands below with a caret under its character; then the prompt goes a line up.
    private void Prompt(Canvas canvas, Area row, string label, string hint)
    {
        bool points = state.ComplaintAt >= 0 && row.Y > 0;
        var pen = new Pen(canvas, points ? row with { Y = row.Y - 1 } : row);
        if (points) canvas.Fill(row with { Y = row.Y - 1 }, ' ', Style.Text);
        // The end of a long text is what is being typed.
        int room = Math.Max(8, row.Width - label.Length - 12), cut = Math.Max(0, state.Prompt.Length - room);
        if (points) cut = Math.Min(cut, state.ComplaintAt);
        pen.Text(label, Style.Key);
        pen.Text(state.Prompt.AsSpan(cut), Style.Strong);
        pen.Text([glyphs.Cursor], Style.Accent);
        pen.Skip(2);
        if (points) Point(new Pen(canvas, row), label.Length + state.ComplaintAt - cut);
        else if (state.Complaint.Length > 0) pen.Text(state.Complaint, Style.Warn);
        else if (state.Candidates.Count == 0) Hint(ref pen, hint);
        foreach (string candidate in state.Candidates)
        {
            if (points) break;
            pen.Text(candidate, Style.Dim);
            pen.Skip(1);
        }
    }

    // As many of its parts as there is room for.
    private static void Hint(ref Pen pen, ReadOnlySpan<char> hint)
    {
        for (int from = 0, end; from < hint.Length; from = end)
        {
            int length = hint[(from + 1)..].IndexOf(',');
            end = length < 0 ? hint.Length : from + 1 + length;
            if (pen.Left < end - from) return;
            pen.Text(hint[from..end], Style.Dim);
        }
    }

    // To the left of the caret where there is no room to its right.
    private void Point(Pen pen, int at)
    {
        if (at + 2 + state.Complaint.Length > pen.Left && at > state.Complaint.Length) pen.Skip(at - state.Complaint.Length - 1);
        else pen.Skip(at);
        bool left = pen.X < at;
        if (left)
        {
            pen.Text(state.Complaint, Style.Warn);
            pen.Skip(1);
        }
        pen.Text("^", Style.Hot);
        pen.Skip(1);
        if (!left) pen.Text(state.Complaint, Style.Warn);
    }
}
