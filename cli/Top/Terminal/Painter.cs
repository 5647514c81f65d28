using System.Buffers.Text;
using System.Text;

namespace Iscsitop.Cli.Top.Terminal;

/// <summary>
/// Makes the bytes of a frame: what changed on the canvas since the last one, between the marks of a synchronized update,
/// which a terminal that knows them shows at once. Keeps its memory.
/// </summary>
/// <param name="ascii">Whether the terminal has 7-bit characters only; others are then shown as ?.</param>
internal sealed class Painter(bool ascii)
{
    private const int LongestMove = 16;

    private byte[] _bytes = new byte[16 * 1024];
    private int _length;
    private byte[][] _looks = [];
    private int _look;

    private static ReadOnlySpan<byte> Begin => "\e[?2026h"u8;

    private static ReadOnlySpan<byte> End => "\e[?2026l"u8;

    /// <summary>Sets what styles look like; the canvas must be sent anew.</summary>
    public void Use(ReadOnlySpan<Look> looks) => _looks = [.. looks.ToArray().Select(Sequence)];

    /// <summary>The frame; empty when nothing changed. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Paint(Canvas canvas)
    {
        _length = 0;
        _look = -1;
        int from = 0;
        while (canvas.NextChange(ref from, out int x, out int y, out ReadOnlySpan<Cell> run))
        {
            if (_length == 0) Add(Begin);
            Move(x, y);
            foreach (Cell cell in run) Put(cell);
        }
        if (_length > 0) Add(End);
        return _bytes.AsSpan(0, _length);
    }

    /// <summary>Select Graphic Rendition (ECMA-48 §8.3.117) of a look, from whatever was before.</summary>
    internal static byte[] Sequence(Look look)
    {
        var text = new StringBuilder("\e[0");
        if (look.Weight.HasFlag(Weight.Bold)) text.Append(";1");
        if (look.Weight.HasFlag(Weight.Faint)) text.Append(";2");
        if (look.Weight.HasFlag(Weight.Underline)) text.Append(";4");
        if (look.Weight.HasFlag(Weight.Reverse)) text.Append(";7");
        Color(text, look.Foreground, 30);
        Color(text, look.Background, 40);
        return Encoding.ASCII.GetBytes(text.Append('m').ToString());
    }

    private static void Color(StringBuilder text, Tint tint, int first)
    {
        const int Bright = 60;
        if (tint.IsOwn) return;
        text.Append(';').Append(tint.Index switch
        {
            >= 16 => $"{first + 8};5;{tint.Index}",
            >= 8 => $"{first + Bright + tint.Index - 8}",
            >= 0 => $"{first + tint.Index}",
            _ => $"{first + 8};2;{tint.Red};{tint.Green};{tint.Blue}",
        });
    }

    private void Move(int x, int y)
    {
        Room(LongestMove);
        Add("\e["u8);
        Number(y + 1);
        _bytes[_length++] = (byte)';';
        Number(x + 1);
        _bytes[_length++] = (byte)'H';
    }

    private void Put(Cell cell)
    {
        int look = Palette.Index(cell.Style);
        if (look != _look) Add(_looks[_look = look]);
        Room(4);
        // A glyph of the canvas is one cell and no surrogate (Canvas.OneCell).
        _length += new Rune(ascii && cell.Glyph > '~' ? '?' : cell.Glyph).EncodeToUtf8(_bytes.AsSpan(_length));
    }

    private void Number(int value)
    {
        Utf8Formatter.TryFormat(value, _bytes.AsSpan(_length), out int n);
        _length += n;
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Room(int bytes)
    {
        if (_length + bytes > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
    }
}
