using System.Globalization;

namespace Iscsitop.Cli.Top;

/// <summary>What a cell means; a palette says what that looks like.</summary>
[Flags]
internal enum Style : byte
{
    Text,
    Dim,
    Strong,
    Accent,
    Read,
    Write,
    Warn,
    Hot,
    Header,
    SortHeader,
    Badge,
    WarnBadge,
    Key,

    /// <summary>The steps of a heat map, from the coolest that is not nothing to the hottest; <see cref="Glyphs.Heat"/> has a character for each.</summary>
    Heat0,
    Heat1,
    Heat2,
    Heat3,
    Heat4,
    Heat5,
    Heat6,
    Heat7,

    /// <summary>How many of the above there are; none of them uses the bits above.</summary>
    Count,

    /// <summary>Added to another style on the selected row.</summary>
    Selected = 0x80,
}

/// <summary>One character of the screen.</summary>
internal readonly record struct Cell(char Glyph, Style Style);

/// <summary>A part of the screen, in cells.</summary>
internal readonly record struct Area(int X, int Y, int Width, int Height)
{
    public int Right => X + Width;

    public int Bottom => Y + Height;

    public Area Row(int row) => new(X, Y + row, Width, 1);

    public bool Contains(int x, int y) => x >= X && x < Right && y >= Y && y < Bottom;
}

/// <summary>
/// The screen as characters and styles, and what of it changed since it was last sent. Knows no terminal.
/// A glyph always takes one cell, so columns stay in line whatever a peer calls itself.
/// </summary>
internal sealed class Canvas
{
    private Cell[] _cells = [];
    private Cell[] _sent = [];

    /// <summary>Columns.</summary>
    public int Width { get; private set; }

    /// <summary>Rows.</summary>
    public int Height { get; private set; }

    /// <summary>The cell at a place.</summary>
    public Cell this[int x, int y] => _cells[y * Width + x];

    /// <summary>Sets the size; a new size forgets what was sent.</summary>
    public void Resize(int width, int height)
    {
        width = Math.Max(width, 0);
        height = Math.Max(height, 0);
        if (width == Width && height == Height) return;
        (Width, Height) = (width, height);
        _cells = new Cell[width * height];
        _sent = new Cell[width * height];
        Clear();
    }

    /// <summary>Makes every cell blank.</summary>
    public void Clear() => Array.Fill(_cells, new Cell(' ', Style.Text));

    /// <summary>Forgets what was sent: every cell counts as changed.</summary>
    public void Invalidate() => Array.Clear(_sent);

    /// <summary>Sets a cell; places outside are ignored.</summary>
    public void Put(int x, int y, char glyph, Style style)
    {
        if ((uint)x < (uint)Width && (uint)y < (uint)Height) _cells[y * Width + x] = new Cell(OneCell(glyph), style);
    }

    /// <summary>Sets a run of cells to one glyph.</summary>
    public void Fill(Area area, char glyph, Style style)
    {
        for (int y = Math.Max(area.Y, 0); y < Math.Min(area.Bottom, Height); y++)
            for (int x = Math.Max(area.X, 0); x < Math.Min(area.Right, Width); x++)
                _cells[y * Width + x] = new Cell(glyph, style);
    }

    /// <summary>Adds bits to the style of every cell of an area.</summary>
    public void Restyle(Area area, Style add)
    {
        for (int y = area.Y; y < Math.Min(area.Bottom, Height); y++)
            for (int x = area.X; x < Math.Min(area.Right, Width); x++)
                _cells[y * Width + x] = new Cell(this[x, y].Glyph, this[x, y].Style | add);
    }

    /// <summary>
    /// The next run of changed cells of one row, from the cell of index <paramref name="from"/> on (row by row); marks it as sent.
    /// Runs closer to each other than a cursor movement costs are one.
    /// </summary>
    /// <returns>False when nothing after <paramref name="from"/> changed.</returns>
    public bool NextChange(ref int from, out int x, out int y, out ReadOnlySpan<Cell> run)
    {
        const int Gap = 4;
        int start = from;
        while (start < _cells.Length && _cells[start] == _sent[start]) start++;
        x = y = 0;
        run = default;
        from = start;
        if (start >= _cells.Length) return false;
        (y, x) = Math.DivRem(start, Width);
        int rowEnd = (y + 1) * Width;
        int end = start + 1;
        for (int i = end; i < rowEnd && i - end <= Gap; i++)
            if (_cells[i] != _sent[i])
                end = i + 1;
        run = _cells.AsSpan(start, end - start);
        run.CopyTo(_sent.AsSpan(start));
        from = end;
        return true;
    }

    /// <summary>The text of a row without its trailing blanks.</summary>
    public string Line(int y) => string.Create(Width, (this, y), static (into, s) =>
    {
        for (int x = 0; x < into.Length; x++) into[x] = s.Item1[x, s.y].Glyph;
    }).TrimEnd();

    /// <summary>Makes any character one cell wide: what is a control, joins others or is wide becomes <c>?</c>.</summary>
    internal static char OneCell(char c)
    {
        if (c is >= ' ' and < '\x7f' or >= '\u2500' and < '\u2600') return c;
        bool wide = c is >= '\u1100' and < '\u1160' or >= '\u2e80' and < '\ua4d0' or >= '\uac00' and < '\ud7a4'
            or >= '\uf900' and < '\ufb00' or >= '\ufe30' and < '\ufe70' or >= '\uff00' and < '\uff61' or >= '\uffe0' and < '\uffe7';
        return wide || char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.PrivateUse
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned ? '?' : c;
    }
}
