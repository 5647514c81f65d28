namespace Iscsitop.Engine.D;

/// <summary>Text as a string literal would have it: <c>\n</c>, <c>\"</c>, octal for what cannot be printed.</summary>
internal static class Escapes
{
    /// <summary>Writes text with escapes.</summary>
    /// <param name="to">Four times as long as the text.</param>
    /// <param name="text">The text.</param>
    /// <returns>Bytes written.</returns>
    public static int Escape(Span<byte> to, ReadOnlySpan<byte> text)
    {
        int length = 0;
        foreach (byte b in text)
        {
            int letter = b switch
            {
                0 => '0',
                (byte)'\a' => 'a',
                (byte)'\b' => 'b',
                (byte)'\f' => 'f',
                (byte)'\n' => 'n',
                (byte)'\r' => 'r',
                (byte)'\t' => 't',
                (byte)'\v' => 'v',
                (byte)'"' or (byte)'\\' => b,
                _ => 0,
            };
            if (letter != 0)
            {
                to[length++] = (byte)'\\';
                to[length++] = (byte)letter;
            }
            else if (b is >= 0x20 and <= 0x7e)
            {
                to[length++] = b;
            }
            else
            {
                to[length++] = (byte)'\\';
                to[length++] = (byte)('0' + (b >> 6));
                to[length++] = (byte)('0' + ((b >> 3) & 7));
                to[length++] = (byte)('0' + (b & 7));
            }
        }
        return length;
    }
}
