using System.Globalization;

namespace Iscsitop.Cli.Top;

/// <summary>Writes from left to right within one row of the canvas, never past its end, without allocating.</summary>
internal struct Pen(Canvas canvas, Area row)
{
    private const int LongestNumber = 32;

    /// <summary>Where the next character goes.</summary>
    public int X { get; private set; } = row.X;

    /// <summary>Cells left.</summary>
    public readonly int Left => row.Right - X;

    /// <summary>Writes a text.</summary>
    public void Text(ReadOnlySpan<char> text, Style style = Style.Text)
    {
        foreach (char c in text)
        {
            if (X >= row.Right) return;
            canvas.Put(X++, row.Y, c, style);
        }
    }

    /// <summary>Goes to a column, at least one cell on.</summary>
    public void To(int x) => X = Math.Max(X, x);

    /// <summary>Leaves cells free.</summary>
    public void Skip(int cells) => X += cells;

    /// <summary>Writes a text against the right edge of a field; what is too long loses its end.</summary>
    public void Right(ReadOnlySpan<char> text, int width, Style style = Style.Text)
    {
        if (text.Length > width) text = text[..width];
        X += width - text.Length;
        Text(text, style);
    }

    /// <summary>Writes a number as a column does, against the right edge of a field; width 0 is as wide as it is.</summary>
    public void Number(ShowNumber show, double value, int width, Style style = Style.Text)
    {
        Span<char> buffer = stackalloc char[LongestNumber];
        int n = show(value, buffer);
        Right(buffer[..n], width == 0 ? n : width, style);
    }

    /// <summary>Writes a number as it is, with <paramref name="format"/>.</summary>
    public void Number<T>(T value, ReadOnlySpan<char> format = default, int width = 0, Style style = Style.Text) where T : ISpanFormattable
    {
        Span<char> buffer = stackalloc char[LongestNumber];
        if (!value.TryFormat(buffer, out int n, format, CultureInfo.InvariantCulture)) n = 0;
        Right(buffer[..n], Math.Max(width, n), style);
    }

    /// <summary>
    /// Writes a text into a field of fixed width; what is too long is cut at its beginning (which names have in common) or
    /// its end, where an ellipsis takes the place.
    /// </summary>
    public void Field(ReadOnlySpan<char> text, int width, char ellipsis, Style style = Style.Text, bool keepEnd = true)
    {
        int end = X + width;
        if (text.Length <= width) Text(text, style);
        else if (width > 0 && keepEnd)
        {
            Text([ellipsis], style);
            Text(text[^(width - 1)..], style);
        }
        else if (width > 0)
        {
            Text(text[..(width - 1)], style);
            Text([ellipsis], style);
        }
        X = end;
    }
}
