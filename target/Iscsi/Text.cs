using System.Globalization;
using System.Text;

namespace Iscsitop.Target.Iscsi;

/// <summary>Key=value lists of RFC 7143 §6.1: each pair ends with one NUL, keys and values are case-sensitive.</summary>
internal static class Text
{
    /// <summary>Bytes of text gathered over continued PDUs at most, unless told otherwise (RFC 7143 §6.2 asks for at least 8192).</summary>
    public const int MaxLength = 65536;

    /// <summary>Pairs in one negotiation at most.</summary>
    public const int MaxPairs = 256;

    private const int MaxKeyLength = 63;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Splits a complete text; trailing padding NULs are tolerated.</summary>
    /// <returns>Null, or what is wrong, fit for a log line.</returns>
    public static string? Parse(ReadOnlySpan<byte> text, List<KeyValuePair<string, string>> into)
    {
        into.Clear();
        int used = text.LastIndexOfAnyExcept((byte)0) + 1;
        text = used == 0 ? [] : text[..Math.Min(used + 1, text.Length)];
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)0);
            if (end < 0) return "a pair without its terminating NUL";
            if (end == 0) return "an empty pair between others";
            int equals = text[..end].IndexOf((byte)'=');
            if (equals < 0) return "a pair without '='";
            if (!IsKey(text[..equals])) return "a malformed key";
            if (into.Count == MaxPairs) return $"more than {MaxPairs} pairs";
            try
            {
                into.Add(new(Encoding.ASCII.GetString(text[..equals]), s_strict.GetString(text[(equals + 1)..end])));
            }
            catch (DecoderFallbackException)
            {
                return "a value that is no UTF-8";
            }
            text = text[(end + 1)..];
        }
        return null;
    }

    /// <summary>Parses a number: decimal without leading zero, or 0x and hex digits (RFC 7143 §6.1).</summary>
    public static bool TryNumber(string value, out ulong number)
    {
        number = 0;
        if (value.StartsWith("0x", StringComparison.Ordinal) || value.StartsWith("0X", StringComparison.Ordinal))
            return value.Length > 2 && ulong.TryParse(value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
        return (value == "0" || !value.StartsWith('0'))
            && ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Makes text from a peer fit for a log line or a terminal: everything but printable characters becomes \xNN.</summary>
    public static string Escape(string text)
    {
        if (!text.Any(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e'))) return text;
        var escaped = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e'))
                escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }

    // RFC 7143 §6.1: a standard label begins with a capital letter; '#' only in X#NodeArchitecture.
    private static bool IsKey(ReadOnlySpan<byte> key)
    {
        if (key.Length is 0 or > MaxKeyLength || key[0] is < (byte)'A' or > (byte)'Z') return false;
        foreach (byte b in key)
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'.' or (byte)'+' or (byte)'-' or (byte)'@' or (byte)'_' or (byte)'#'))
                return false;
        return true;
    }
}

/// <summary>Composes a text to send.</summary>
internal sealed class TextBuilder
{
    private byte[] _bytes = new byte[1024];

    /// <summary>Bytes composed so far.</summary>
    public int Length { get; private set; }

    /// <summary>The text.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>Forgets the text.</summary>
    public void Clear() => Length = 0;

    /// <summary>Forgets the first bytes: they were sent.</summary>
    public void Drop(int count)
    {
        _bytes.AsSpan(count, Length - count).CopyTo(_bytes);
        Length -= count;
    }

    /// <summary>Adds a pair.</summary>
    public void Add(string key, string value)
    {
        int room = Encoding.UTF8.GetMaxByteCount(key.Length + value.Length) + 2;
        if (_bytes.Length - Length < room) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + room));
        Length += Encoding.UTF8.GetBytes(key, _bytes.AsSpan(Length));
        _bytes[Length++] = (byte)'=';
        Length += Encoding.UTF8.GetBytes(value, _bytes.AsSpan(Length));
        _bytes[Length++] = 0;
    }

    /// <summary>Adds a number.</summary>
    public void Add(string key, uint value) => Add(key, value.ToString(CultureInfo.InvariantCulture));
}
