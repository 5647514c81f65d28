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
        {
            if (row.Footer.Length == 0 || row.Keys.Length == 0 || !state.Does(row.Action)) continue;
            if (pen.Left > row.Keys[0].Length + row.Footer.Length) Key(ref pen, row.Keys[0], row.Footer);
            if (row.Action == KeyAction.Pause) KeysOfTime(ref pen);
        }
    }

    // What plays a recording, and leads back from the past, matters more there than what stands behind it.
    private void KeysOfTime(ref Pen pen)
    {
        if (state.Speed is null && state.Past == 0) return;
        if (state.Past != 0) Pair(ref pen, KeyAction.None, KeyAction.Live, "now");
        Pair(ref pen, KeyAction.PreviousSample, KeyAction.NextSample, "step");
        if (state.Speed is not null) Pair(ref pen, KeyAction.Faster, KeyAction.Slower, "speed");
        Pair(ref pen, KeyAction.None, KeyAction.GoToTime, "time");
    }

    private void Pair(ref Pen pen, KeyAction first, KeyAction second, string text)
    {
        string one = FirstKey(first), two = FirstKey(second);
        if (two.Length == 0 || pen.Left <= one.Length + 1 + two.Length + text.Length) return;
        if (one.Length > 0)
        {
            pen.Text(one, Style.Key);
            pen.Skip(1);
        }
        Key(ref pen, two, text);
    }

    private string FirstKey(KeyAction action)
    {
        foreach (KeyBinding row in state.Keys.Table)
            if (row.Action == action)
                return row.Keys.Length > 0 ? row.Keys[0] : "";
        return "";
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

    // What is wrong stands below with a caret under its character, or where there is no room beside it; then the prompt goes up.
    private void Prompt(Canvas canvas, Area row, string label, string hint)
    {
        // The end of a long text is what is being typed.
        int room = Math.Max(8, row.Width - label.Length - 12), cut = Math.Max(0, state.Prompt.Length - room);
        bool points = state.ComplaintAt >= 0 && row.Y > 0;
        if (points) cut = Math.Min(cut, state.ComplaintAt);
        int at = label.Length + state.ComplaintAt - cut, beside = row.Width - label.Length - (state.Prompt.Length - cut) - 3;
        bool below = points ? Math.Max(at - 1, row.Width - at - 2) < state.Complaint.Length : beside < state.Complaint.Length;
        int lines = (points ? 1 : 0) + (below ? Lines(state.Complaint, row.Width) : 0);
        lines = Math.Min(lines, row.Y);
        for (int y = row.Y - lines; lines > 0 && y <= row.Y; y++) canvas.Fill(row with { Y = y }, ' ', Style.Text);
        var pen = new Pen(canvas, row with { Y = row.Y - lines });
        pen.Text(label, Style.Key);
        pen.Text(state.Prompt.AsSpan(cut), Style.Strong);
        pen.Text([glyphs.Cursor], Style.Accent);
        pen.Skip(2);
        if (points) Point(new Pen(canvas, row with { Y = row.Y - lines + 1 }), at, below ? "" : state.Complaint);
        else if (!below && state.Complaint.Length > 0) pen.Text(state.Complaint, Style.Warn);
        if (below) Below(canvas, row, row.Y - lines + (points ? 2 : 1));
        if (state.Complaint.Length > 0) return;
        if (state.Candidates.Count == 0) Hint(ref pen, hint);
        foreach (string candidate in state.Candidates)
        {
            bool fits = pen.Left > candidate.Length + 1;
            pen.Text(fits ? candidate : [glyphs.Ellipsis], Style.Dim);
            if (!fits) break;
            pen.Skip(1);
        }
    }

    private static int Lines(ReadOnlySpan<char> text, int width)
    {
        int lines = 0;
        for (; text.Length > 0; lines++) text = text[Wrap.Length(text, width)..].TrimStart();
        return lines;
    }

    private void Below(Canvas canvas, Area row, int y)
    {
        ReadOnlySpan<char> text = state.Complaint;
        for (; text.Length > 0 && y <= row.Y; y++)
        {
            int length = Wrap.Length(text, row.Width);
            new Pen(canvas, row with { Y = y }).Text(text[..length], Style.Warn);
            text = text[length..].TrimStart();
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
    private static void Point(Pen pen, int at, string complaint)
    {
        bool left = at + 2 + complaint.Length > pen.Left && at > complaint.Length;
        pen.Skip(left ? at - complaint.Length - 1 : at);
        if (left && complaint.Length > 0)
        {
            pen.Text(complaint, Style.Warn);
            pen.Skip(1);
        }
        else if (left) pen.Skip(1);
        pen.Text("^", Style.Hot);
        pen.Skip(1);
        if (!left) pen.Text(complaint, Style.Warn);
    }
}
