using System.Buffers.Text;
using System.Globalization;

namespace Iscsitop.Engine.D;

/// <summary>Numbers and text in columns, straight into the output.</summary>
internal static class Writing
{
    /// <summary>Text padded with blanks.</summary>
    /// <param name="output">Where.</param>
    /// <param name="text">UTF-8; a column is a byte, as in C.</param>
    /// <param name="width">Columns at least; negative puts the text to the left.</param>
    public static void Text(this OutputBuffer output, ReadOnlySpan<byte> text, int width)
    {
        output.Fill((byte)' ', width - text.Length);
        output.Write(text);
        output.Fill((byte)' ', -width - text.Length);
    }

    /// <summary>A number in decimal, padded with blanks.</summary>
    /// <param name="output">Where.</param>
    /// <param name="number">The number.</param>
    /// <param name="width">Columns at least; negative puts it to the left.</param>
    public static void Number(this OutputBuffer output, long number, int width)
    {
        Span<byte> digits = stackalloc byte[24];
        Utf8Formatter.TryFormat(number, digits, out int length);
        output.Text(digits[..length], width);
    }

    /// <summary>A number without sign, likewise.</summary>
    public static void Unsigned(this OutputBuffer output, ulong number, int width)
    {
        Span<byte> digits = stackalloc byte[24];
        Utf8Formatter.TryFormat(number, digits, out int length);
        output.Text(digits[..length], width);
    }

    /// <summary>A number in lower-case hex, without prefix.</summary>
    public static void Hex(this OutputBuffer output, ulong number, int digits = 1)
    {
        Span<byte> text = stackalloc byte[16];
        number.TryFormat(text, out int length, digits == 2 ? "x2" : "x", CultureInfo.InvariantCulture);
        output.Write(text[..length]);
    }
}
