namespace Iscsitop.Cli.Top;

/// <summary>The characters that are no letters: those of UTF-8 terminals, and their 7-bit twins.</summary>
internal sealed class Glyphs
{
    internal static readonly Glyphs Unicode = new();

    internal static readonly Glyphs Ascii = new()
    {
        Bars = "#",
        Columns = "_=#",
        Line = '-',
        Ellipsis = '*',
        Descending = 'v',
        Ascending = '^',
        MoreLeft = '<',
        MoreRight = '>',
        Crumb = '>',
        Dot = '-',
        Cursor = '_',
        BoxSide = '|',
        Corners = "++++",
    };

    /// <summary>Bars of 1/n to n/n of a cell, growing to the right.</summary>
    public string Bars { get; private init; } = "▏▎▍▌▋▊▉█";

    /// <summary>The same growing upwards.</summary>
    public string Columns { get; private init; } = "▁▂▃▄▅▆▇█";

    /// <summary>The steps of a heat map, each darker than the one before: it can be read without colours. The same in both sets.</summary>
    public string Heat { get; } = ".:-=+*#@";

    public char Line { get; private init; } = '─';

    public char Ellipsis { get; private init; } = '…';

    public char Descending { get; private init; } = '▼';

    public char Ascending { get; private init; } = '▲';

    public char MoreLeft { get; private init; } = '◂';

    public char MoreRight { get; private init; } = '▸';

    public char Crumb { get; private init; } = '›';

    public char Dot { get; private init; } = '·';

    public char Cursor { get; private init; } = '▏';

    public char BoxSide { get; private init; } = '│';

    /// <summary>Top left, top right, bottom left, bottom right.</summary>
    public string Corners { get; private init; } = "╭╮╰╯";

    /// <summary>Draws a bar from the left, share 1 being the full width; anything above 0 is seen.</summary>
    public void Bar(Canvas canvas, Area row, double share, Style style)
    {
        int steps = Steps(share, row.Width, Bars.Length);
        int full = steps / Bars.Length;
        canvas.Fill(row with { Width = full }, Bars[^1], style);
        if (steps % Bars.Length is var rest and > 0) canvas.Put(row.X + full, row.Y, Bars[rest - 1], style);
    }

    /// <summary>Draws a column from the bottom, share 1 being the full height; anything above 0 is seen.</summary>
    public void Column(Canvas canvas, Area column, double share, Style style)
    {
        int steps = Steps(share, column.Height, Columns.Length);
        for (int y = column.Bottom - 1; steps > 0; y--, steps -= Columns.Length)
            canvas.Put(column.X, y, Columns[Math.Min(steps, Columns.Length) - 1], style);
    }

    /// <summary>Draws a cell of a heat map, share 1 being the hottest; anything above 0 is seen, 0 and unknown are blank.</summary>
    public void Warmth(Canvas canvas, int x, int y, double share)
    {
        int steps = Steps(share, 1, Heat.Length);
        if (steps > 0) canvas.Put(x, y, Heat[steps - 1], Style.Heat0 + (byte)(steps - 1));
        else canvas.Put(x, y, ' ', Style.Text);
    }

    private static int Steps(double share, int cells, int perCell) =>
        share > 0 ? Math.Clamp((int)Math.Round(share * cells * perCell), 1, cells * perCell) : 0;
}
