using System.Buffers;
using System.Globalization;
using System.Text;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Snooping;

/// <summary>A line being made of cells.</summary>
internal sealed class LineText
{
    private char[] _chars = new char[512];

    /// <summary>Characters so far.</summary>
    public int Length { get; private set; }

    /// <summary>The line so far.</summary>
    public ReadOnlySpan<char> Text => _chars.AsSpan(0, Length);

    /// <summary>Begins a new line.</summary>
    public void Clear() => Length = 0;

    /// <summary>Appends text of ours.</summary>
    public void Put(ReadOnlySpan<char> text)
    {
        text.CopyTo(Room(text.Length));
        Length += text.Length;
    }

    /// <summary>Appends text of a peer's, made safe; <c>-</c> when it is not known.</summary>
    public void PutName(string name) => Put(name.Length == 0 ? "-" : TerminalText.Escape(name));

    /// <summary>Appends a number.</summary>
    public void Put<T>(T value, string format = "")
        where T : ISpanFormattable
    {
        value.TryFormat(Room(40), out int length, format, CultureInfo.InvariantCulture);
        Length += length;
    }

    /// <summary>Appends nanoseconds as ms with three decimals; <c>-</c> when they are -1.</summary>
    public void PutMilliseconds(long ns)
    {
        if (ns < 0) Put("-");
        else Put(ns / 1e6, "0.000");
    }

    /// <summary>Brings the cell that began at <paramref name="start"/> to a width.</summary>
    /// <returns>The cell's own width.</returns>
    public int Pad(int start, int width, bool left)
    {
        int own = TerminalText.Width(Text[start..]);
        int gap = width - own;
        if (gap <= 0) return own;
        Span<char> cell = Room(gap)[..gap];
        if (left)
        {
            cell.Fill(' ');
        }
        else
        {
            _chars.AsSpan(start, Length - start).CopyTo(_chars.AsSpan(start + gap));
            _chars.AsSpan(start, gap).Fill(' ');
        }
        Length += gap;
        return own;
    }

    private Span<char> Room(int more)
    {
        if (Length + more > _chars.Length) Array.Resize(ref _chars, Math.Max(2 * _chars.Length, Length + more));
        return _chars.AsSpan(Length);
    }
}

/// <summary>A column of a listing.</summary>
/// <param name="Header">Its title.</param>
/// <param name="Width">Cells it takes at first.</param>
/// <param name="Left">Text is aligned left, numbers right.</param>
/// <param name="Cell">Writes the cell.</param>
internal sealed record LineColumn<T>(string Header, int Width, bool Left, WriteCell<T> Cell);

/// <summary>Writes one cell of a line.</summary>
internal delegate void WriteCell<T>(LineText text, in T line, in EventContext context);

/// <summary>
/// A listing that goes on: nothing is cut, a column grows with what it has to hold and stays so, and then the header
/// comes again above the first line of the new widths.
/// </summary>
internal sealed class LineTable<T>(IReadOnlyList<LineColumn<T>> columns)
{
    private readonly int[] _widths = [.. columns.Select(c => Math.Max(c.Width, c.Header.Length))];
    private readonly LineText _text = new();
    private readonly LineText _title = new();
    private bool _titleDue = true;

    /// <summary>Writes the header when it is due: at the beginning, before any line.</summary>
    public void WriteHeader(ArrayBufferWriter<byte> into)
    {
        if (!_titleDue) return;
        _titleDue = false;
        _title.Clear();
        for (int i = 0; i < columns.Count; i++)
        {
            int start = Begin(_title, i);
            _title.Put(columns[i].Header);
            End(_title, i, start);
        }
        _title.Put("\n");
        Encoding.UTF8.GetBytes(_title.Text, into);
    }

    /// <summary>Makes columns as wide as a line needs them.</summary>
    public void Measure(in T line, in EventContext context)
    {
        _text.Clear();
        for (int i = 0; i < columns.Count; i++)
        {
            int start = Begin(_text, i);
            columns[i].Cell(_text, line, context);
            End(_text, i, start);
        }
    }

    /// <summary>Writes a line without its end.</summary>
    public void Write(ArrayBufferWriter<byte> into, in T line, in EventContext context)
    {
        Measure(line, context);
        WriteHeader(into);
        Encoding.UTF8.GetBytes(_text.Text, into);
    }

    private static int Begin(LineText text, int column)
    {
        if (column > 0) text.Put(" ");
        return text.Length;
    }

    private void End(LineText text, int column, int start)
    {
        // Blanks at the end of a line serve nobody, so the last text column needs no width.
        bool open = column == columns.Count - 1 && columns[column].Left;
        int own = text.Pad(start, open ? 0 : _widths[column], columns[column].Left);
        if (open || own <= _widths[column]) return;
        _widths[column] = own;
        _titleDue = true;
    }
}
