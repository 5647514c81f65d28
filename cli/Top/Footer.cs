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
                Prompt(ref pen, "filter /", "Enter keep, Esc clear");
                break;
            case Mode.Interval:
                Prompt(ref pen, "interval in seconds: ", "Enter set, Esc cancel");
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
            default:
                MainKeys(ref pen);
                break;
        }
    }

    private static void MainKeys(ref Pen pen)
    {
        foreach (KeyBinding row in Cli.Keys.Table)
            if (row.Footer.Length > 0 && pen.Left > row.Keys[0].Length + row.Footer.Length)
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

    private void Prompt(ref Pen pen, string label, string hint)
    {
        pen.Text(label, Style.Key);
        pen.Text(state.Prompt, Style.Strong);
        pen.Text([glyphs.Cursor], Style.Accent);
        pen.Skip(2);
        if (state.Complaint.Length > 0) pen.Text(state.Complaint, Style.Warn);
        else pen.Text(hint, Style.Dim);
    }
}
