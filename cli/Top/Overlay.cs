using System.Globalization;

namespace Iscsitop.Cli.Top;

/// <summary>What lies over the table: the help and the sort menu, both loops over the tables they are about.</summary>
internal sealed class Overlay(Glyphs glyphs, State state, Frame frame, TimeZoneInfo zone)
{
    private const int CardName = 12;
    private const int KeyWidth = 12;

    private readonly List<(string Name, string Text)> _card = [];
    private (Engine.SessionEnd?, int) _cardOf;

    private const int Widest = 92;
    private const int WidestCard = 150;
    private const int BoxSides = 4;

    // The help's lines, made when it is opened; a line without a key is a title.
    private static readonly (string, string)[] s_verdicts =
    [
        ("storage", "the target's own time (SVC and R2W) is half of the latency of 100 reads and writes or more"),
        ("network", "data on its way (HST and RDX) is, more of it to the initiator, or packets are in trouble"),
        ("host", "data on its way is, most of it late from the initiator, and its packets are well"),
        ("host/net", "the same, but there were no packets to tell by"),
    ];

    private readonly List<(string Left, string Right)> _lines = [];
    private (View?, int) _linesOf;
    private int _fixed;

    public void Draw(Canvas canvas, Area area)
    {
        if (state.Mode == Mode.Help) Help(canvas, area);
        else if (state.Mode == Mode.SortMenu) SortMenu(canvas, area);
        else if (state is { Mode: Mode.Card, Card: { } card }) Card(canvas, area, card);
    }

    private void Card(Canvas canvas, Area area, Engine.SessionEnd card)
    {
        int width = Math.Min(area.Width, WidestCard);
        if (_cardOf != (card, width))
        {
            _cardOf = (card, width);
            _card.Clear();
            foreach ((string name, string text) in SessionCard.Lines(card, zone)) Wrap.Add(_card, name, text, CardName, width - BoxSides);
        }
        Area box = Box(canvas, area, _card.Count, width, "how the session ended");
        int first = state.MenuIndex = Math.Clamp(state.MenuIndex, 0, Math.Max(0, _card.Count - box.Height));
        for (int i = 0; i < box.Height && first + i < _card.Count; i++)
        {
            (string name, string text) = _card[first + i];
            var pen = new Pen(canvas, box.Row(i));
            if (text.Length == 0) pen.Text(name, Style.Accent);
            else
            {
                pen.Right(name, CardName, Style.Dim);
                pen.Skip(1);
                pen.Text(text, first + i == 0 ? Style.Strong : Style.Text);
            }
        }
        More(canvas, box, first > 0, first + box.Height < _card.Count);
    }

    private void Help(Canvas canvas, Area area)
    {
        int width = Math.Min(area.Width, Widest);
        if (_linesOf != (state.View, width - BoxSides)) Compose(width - BoxSides);
        ComposeMeasured();
        Area box = Box(canvas, area, _lines.Count, width, "help");
        int first = state.MenuIndex = Math.Clamp(state.MenuIndex, 0, Math.Max(0, _lines.Count - box.Height));
        for (int i = 0; i < box.Height && first + i < _lines.Count; i++)
        {
            (string left, string right) = _lines[first + i];
            var pen = new Pen(canvas, box.Row(i));
            if (right.Length == 0) pen.Text(left, Style.Accent);
            else
            {
                pen.Field(left, KeyWidth, glyphs.Ellipsis, Style.Key, keepEnd: false);
                pen.Skip(1);
                pen.Text(right);
            }
        }
        More(canvas, box, first > 0, first + box.Height < _lines.Count);
    }

    private void Compose(int width)
    {
        _linesOf = (state.View, width);
        _lines.Clear();
        Add("Keys", "");
        foreach (KeyBinding row in state.Keys.Table) Add(string.Join(' ', row.Keys), row.Help);
        Add("", "");
        Add("Commands of the : line", "");
        foreach (ScreenCommand row in CommandLineTable.Table) Add(row.Name, row.Arguments.Length > 0 ? $"{row.Arguments}: {row.Help}" : row.Help);
        Add("@[K] = F()", "a view of an aggregation of D, of every probe of the provider; so do whole clauses, PROBE /PREDICATE/ { ... }");
        Add("", "");
        Add($"Columns of {state.View.Title}", "");
        foreach (Column column in state.View.InTable(extended: true)) if (column.Header.Length < 12) Add(column.Header, Explain(column));
        Add("", "");
        Add("- is unknown (p50 and p95 need 20 commands, p99 needs 100), 0 is a measured zero", "");
        Add("", "");
        Add("Verdicts (d)", "");
        foreach ((string verdict, string when) in s_verdicts) Add(verdict, when);
        _fixed = _lines.Count;
    }

    // What is anew at each look.
    private void ComposeMeasured()
    {
        _lines.RemoveRange(_fixed, _lines.Count - _fixed);
        Add("", "");
        Add("What these numbers lack", "");
        for (int i = 0; i < Losses.Kinds.Length; i++) Add(Losses.Kinds[i].Word, string.Create(CultureInfo.InvariantCulture, $"{frame.Losses[i]} {Losses.Kinds[i].Help}"));
        Add("sampling", "none: every PDU that comes is counted");
        Add("", "");
        Add("What this process takes", "");
        Add("processor", double.IsNaN(frame.Cost.CpuPercent) ? "-" : string.Create(CultureInfo.InvariantCulture, $"{frame.Cost.CpuPercent:0.0} % of a core over the last interval"));
        Add("memory", string.Create(CultureInfo.InvariantCulture, $"{OwnCost.Memory / 1e6:0.0} MB resident"));
    }

    private void Add(string left, string right) => Wrap.Add(_lines, left, right, KeyWidth, _linesOf.Item2);

    private string Explain(Column column) => column.Help + StandsOut(column) + column.Shown switch
    {
        Shown.Extended => " (x)",
        Shown.Decomposed => " (d)",
        _ => "",
    };

    // From when on its numbers stand out, in the units of the screen.
    private string StandsOut(Column column)
    {
        if (column.Show is null || state.Thresholds.Find(column.Field) is not { } row) return "";
        string unit = column.Unit switch { "us" => " " + state.LatencyUnit, "%" => " %", _ => "" };
        return row.Warn == row.Hot ? $"; hot above {Shown(row.Hot)}"
            : double.IsPositiveInfinity(row.Hot) ? $"; stands out above {Shown(row.Warn)}" : $"; stands out above {Shown(row.Warn)}, hot above {Shown(row.Hot)}";

        string Shown(double value) => column.Unit == "us"
            ? (value / 1000 / (state.LatencyUnit switch { "us" => 0.001, "s" => 1000, _ => 1 })).ToString("0.###", CultureInfo.InvariantCulture) + unit
            : value.ToString("0.##", CultureInfo.InvariantCulture) + unit;
    }

    private void SortMenu(Canvas canvas, Area area)
    {
        Column[] columns = state.Columns;
        Area box = Box(canvas, area, columns.Length, Math.Min(area.Width, 66), "sort by");
        state.MenuIndex = Math.Clamp(state.MenuIndex, 0, columns.Length - 1);
        int first = Math.Clamp(state.MenuIndex - box.Height / 2, 0, Math.Max(0, columns.Length - box.Height));
        for (int i = 0; i < box.Height && first + i < columns.Length; i++)
        {
            Column column = columns[first + i];
            var pen = new Pen(canvas, box.Row(i));
            pen.Field(column.Header, 10, glyphs.Ellipsis, Style.Key);
            pen.Field(column.Help, box.Width - 10, glyphs.Ellipsis, Style.Text, keepEnd: false);
            if (first + i == state.MenuIndex) canvas.Restyle(box.Row(i), Style.Selected);
        }
        More(canvas, box, first > 0, first + box.Height < columns.Length);
    }

    // A frame in the middle of the area; returns what is inside.
    private Area Box(Canvas canvas, Area area, int lines, int width, string title)
    {
        int height = Math.Min(lines, area.Height - 2);
        var box = new Area(area.X + (area.Width - width) / 2, area.Y + (area.Height - height - 2) / 2, width, height + 2);
        canvas.Fill(box, ' ', Style.Text);
        canvas.Fill(box.Row(0), glyphs.Line, Style.Dim);
        canvas.Fill(box.Row(box.Height - 1), glyphs.Line, Style.Dim);
        for (int y = 1; y < box.Height - 1; y++)
        {
            canvas.Put(box.X, box.Y + y, glyphs.BoxSide, Style.Dim);
            canvas.Put(box.Right - 1, box.Y + y, glyphs.BoxSide, Style.Dim);
        }
        for (int i = 0; i < 4; i++)
            canvas.Put(i % 2 == 0 ? box.X : box.Right - 1, i < 2 ? box.Y : box.Bottom - 1, glyphs.Corners[i], Style.Dim);
        var pen = new Pen(canvas, box.Row(0) with { X = box.X + 2 });
        pen.Skip(1);
        pen.Text(title, Style.Accent);
        return new Area(box.X + 2, box.Y + 1, width - BoxSides, height);
    }

    private void More(Canvas canvas, Area box, bool above, bool below)
    {
        if (above) canvas.Put(box.Right - 1, box.Y - 1, glyphs.Ascending, Style.Accent);
        if (below) canvas.Put(box.Right - 1, box.Bottom, glyphs.Descending, Style.Accent);
    }
}
