using System.Globalization;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>Integers as C writes them, where they come as text: -D, strtoll's kin.</summary>
internal static class Literals
{
    /// <summary>Decimal, octal with 0, hexadecimal with 0x; a sign may stand before.</summary>
    public static bool TryInteger(ReadOnlySpan<char> text, out long value)
    {
        text = text.Trim();
        bool minus = text.StartsWith("-");
        if (minus || text.StartsWith("+")) text = text[1..];
        ulong whole;
        bool good;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            good = ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out whole);
        else if (text.Length > 1 && text[0] == '0')
            good = TryOctal(text, out whole);
        else
            good = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out whole);
        value = minus ? -(long)whole : (long)whole;
        return good;
    }

    private static bool TryOctal(ReadOnlySpan<char> text, out ulong value)
    {
        value = 0;
        foreach (char c in text)
        {
            if (c is < '0' or > '7') return false;
            value = value << 3 | (uint)(c - '0');
        }
        return true;
    }
}
