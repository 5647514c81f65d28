using System.Text;

namespace Iscsitop.Engine.D.Syntax;

/// <summary>Integers, characters and strings.</summary>
internal sealed partial class Lexer
{
    private Token Number()
    {
        int start = _at, end = start;
        bool hex = _text[start] == '0' && Peek(1) is 'x' or 'X' && char.IsAsciiHexDigit(Peek(2));
        if (hex) end += 2;
        while (end < _text.Length && (hex ? char.IsAsciiHexDigit(_text[end]) : char.IsAsciiDigit(_text[end]))) end++;
        if (!hex && IsFloating(end)) throw Error("D_SYNTAX", "floating-point constants are not permitted");
        if (end < _text.Length && _text[end] is 'u' or 'U') end++;
        for (int i = 0; i < 2 && end < _text.Length && _text[end] is 'l' or 'L'; i++) end++;
        string written = _text[start..end];
        (ulong value, DType type) = IntegerOf(written, negative: false, "D_INT_OFLOW", $"constant {written} results in integer overflow");
        return Made(TokenKind.Integer, written, end - start) with { Value = value, Type = type };
    }

    private bool IsFloating(int end)
    {
        if (end == _text.Length) return false;
        if (_text[end] == '.') return true;
        if (_text[end] is not ('e' or 'E') || end + 1 == _text.Length) return false;
        int digit = _text[end + 1] is '+' or '-' ? end + 2 : end + 1;
        return digit < _text.Length && char.IsAsciiDigit(_text[digit]);
    }

    // C's rule: the first of int, long and unsigned long that holds it; octal and hexadecimal also unsigned int.
    private (ulong Value, DType Type) IntegerOf(ReadOnlySpan<char> written, bool negative, string tag, string overflow)
    {
        ReadOnlySpan<char> suffix = written[written.TrimEnd("uUlL").Length..];
        ReadOnlySpan<char> digits = written[..^suffix.Length];
        bool hex = digits is ['0', 'x' or 'X', ..], octal = !hex && digits is ['0', _, ..];
        uint radix = hex ? 16u : octal ? 8u : 10u;
        UInt128 value = 0;
        foreach (char c in digits[(hex ? 2 : 0)..])
        {
            uint digit = c <= '9' ? (uint)c - '0' : (uint)(c | 0x20) - 'a' + 10;
            if (digit >= radix) throw Error("D_INT_DIGIT", $"constant {written} contains invalid digit {c}");
            value = value * radix + digit;
            if (value > ulong.MaxValue) throw Error(tag, overflow);
        }
        bool unsigned = suffix.ContainsAny('u', 'U'), big = suffix.ContainsAny('l', 'L');
        ulong v = (ulong)value, most = negative ? 1u : 0u;
        DType type = !unsigned && !big && v <= int.MaxValue + most ? DType.Int
            : !big && v <= uint.MaxValue && (unsigned || radix != 10) ? DType.UInt
            : !unsigned && v <= long.MaxValue + most ? DType.Long
            : DType.ULong;
        return (negative ? 0 - v : v, type);
    }

    private Token String()
    {
        int end = Quoted('"', "D_STR_NL", "newline encountered in string literal");
        byte[] bytes = Unescape(_text.AsSpan((_at + 1)..end));
        return Made(TokenKind.String, TextOf(bytes), end + 1 - _at);
    }

    // Several characters are one integer, the first the highest.
    private Token Character()
    {
        int end = Quoted('\'', "D_CHR_NL", "newline encountered in character constant");
        byte[] bytes = Unescape(_text.AsSpan((_at + 1)..end));
        if (bytes.Length == 0) throw Error("D_CHR_NULL", "empty character constant");
        if (bytes.Length > 8) throw Error("D_CHR_OFLOW", "character constant is too long");
        ulong value = 0;
        foreach (byte b in bytes) value = value << 8 | b;
        DType type = value <= int.MaxValue ? DType.Int : value <= long.MaxValue ? DType.Long : DType.ULong;
        return Made(TokenKind.Integer, _text[_at..(end + 1)], end + 1 - _at) with { Value = value, Type = type };
    }

    // Where the closing quote is.
    private int Quoted(char quote, string tag, string newline)
    {
        for (int i = _at + 1; i < _text.Length; i++)
        {
            if (_text[i] == quote) return i;
            if (_text[i] == '\n') throw Error(tag, newline);
            if (_text[i] == '\\' && i + 1 < _text.Length && _text[i + 1] != '\n') i++;
        }
        throw Near(quote.ToString());
    }

    // A string of D is a string of C: it ends at a NUL.
    private static string TextOf(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    // What is no escape keeps its backslash.
    private static byte[] Unescape(ReadOnlySpan<char> written)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(written.Length)];
        int length = 0;
        while (!written.IsEmpty)
        {
            int plain = written.IndexOf('\\');
            if (plain < 0) plain = written.Length;
            length += Encoding.UTF8.GetBytes(written[..plain], bytes.AsSpan(length));
            written = written[plain..];
            if (written.Length == 1) bytes[length++] = (byte)'\\';
            if (written.Length < 2) break;
            written = written[(1 + Escape(written[1..], bytes, ref length))..];
        }
        return bytes[..length];
    }

    // How many characters after the backslash were read.
    private static int Escape(ReadOnlySpan<char> rest, byte[] bytes, ref int length)
    {
        int digits = 0, value = 0;
        if (rest[0] == 'x')
        {
            for (digits = 1; digits < rest.Length && char.IsAsciiHexDigit(rest[digits]); digits++) value = value << 4 | Convert.ToInt32(rest[digits].ToString(), 16);
        }
        else
        {
            for (; digits < 3 && digits < rest.Length && rest[digits] is >= '0' and <= '7'; digits++) value = value << 3 | (rest[digits] - '0');
        }
        if (digits > (rest[0] == 'x' ? 1 : 0))
        {
            bytes[length++] = (byte)value;
            return digits;
        }
        int simple = "abfnrtv\"\\'?".IndexOf(rest[0]);
        if (simple >= 0)
        {
            bytes[length++] = (byte)"\a\b\f\n\r\t\v\"\\'?"[simple];
            return 1;
        }
        bytes[length++] = (byte)'\\';
        return 0;
    }
}
