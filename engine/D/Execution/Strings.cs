using System.Text;

namespace Iscsitop.Engine.D.Execution;

/// <summary>The string functions. What they make lies in the machine's scratch memory or is a part of what they were given.</summary>
internal static class Strings
{
    /// <summary>strjoin().</summary>
    public static ReadOnlySpan<byte> Join(Machine m, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Span<byte> joined = m.Scratch.Take(first.Length + second.Length);
        first.CopyTo(joined);
        second.CopyTo(joined[first.Length..]);
        return m.Cut(joined);
    }

    /// <summary>strchr(): from the first of a byte on; empty for none.</summary>
    public static ReadOnlySpan<byte> From(ReadOnlySpan<byte> text, byte b) => text.IndexOf(b) is >= 0 and var at ? text[at..] : default;

    /// <summary>strrchr().</summary>
    public static ReadOnlySpan<byte> FromLast(ReadOnlySpan<byte> text, byte b) => text.LastIndexOf(b) is >= 0 and var at ? text[at..] : default;

    /// <summary>strstr().</summary>
    public static ReadOnlySpan<byte> From(ReadOnlySpan<byte> text, ReadOnlySpan<byte> part) => text.IndexOf(part) is >= 0 and var at ? text[at..] : default;

    /// <summary>strtok(): the next part between separators; an empty text goes on with the last.</summary>
    public static ReadOnlySpan<byte> Token(Machine m, ReadOnlySpan<byte> text, ReadOnlySpan<byte> separators)
    {
        if (!text.IsEmpty)
        {
            m.Tokens.Set(text);
            m.TokenAt = 0;
        }
        ReadOnlySpan<byte> rest = m.Tokens.Value[Math.Min(m.TokenAt, m.Tokens.Value.Length)..];
        int start = rest.IndexOfAnyExcept(separators);
        if (start < 0)
        {
            m.TokenAt = int.MaxValue;
            return default;
        }
        int length = rest[start..].IndexOfAny(separators);
        ReadOnlySpan<byte> token = length < 0 ? rest[start..] : rest.Slice(start, length);
        m.TokenAt = length < 0 ? int.MaxValue : m.TokenAt + start + length + 1;
        Span<byte> kept = m.Scratch.Take(token.Length);
        token.CopyTo(kept);
        return kept;
    }

    /// <summary>substr(): a negative index counts from the end, a negative length leaves so many off.</summary>
    public static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> text, long index, long length)
    {
        // Nothing of a string is farther away; sums of larger numbers would wrap.
        index = Math.Clamp(index, -(1L << 40), 1L << 40);
        length = Math.Clamp(length, -(1L << 40), 1L << 40);
        if (index < 0)
        {
            index += text.Length;
            if (index < 0 && length >= 0)
            {
                length += index;
                index = 0;
                if (length <= 0) return default;
            }
        }
        if (index < 0 || index >= text.Length) return default;
        if (length < 0) length += text.Length - index;
        if (length <= 0) return default;
        return text.Slice((int)index, (int)Math.Min(length, text.Length - index));
    }

    /// <summary>index(): -1 for none.</summary>
    public static long Index(ReadOnlySpan<byte> text, ReadOnlySpan<byte> part, long start)
    {
        start = Math.Max(0, start);
        if (start > text.Length) return part.IsEmpty ? text.Length : -1;
        int at = text[(int)start..].IndexOf(part);
        return at < 0 ? -1 : at + start;
    }

    /// <summary>rindex(): the last that begins at a place or before.</summary>
    public static long LastIndex(ReadOnlySpan<byte> text, ReadOnlySpan<byte> part, long start)
    {
        if (start < 0) return part.IsEmpty ? 0 : -1;
        if (part.IsEmpty) return Math.Min(start, text.Length);
        return text[..(int)Math.Min(text.Length, Math.Min(start, text.Length) + part.Length)].LastIndexOf(part);
    }

    /// <summary>lltostr(): octal numbers begin with 0 and hexadecimal ones with 0x; a sign is written of decimal ones only.</summary>
    public static ReadOnlySpan<byte> Digits(Machine m, long number, long radix)
    {
        if (radix is < 2 or > 36) throw DFault.Operation;
        Span<byte> digits = stackalloc byte[68];
        int at = digits.Length;
        ulong rest = radix == 10 && number < 0 ? (ulong)-number : (ulong)number;
        for (; rest != 0; rest /= (ulong)radix) digits[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"u8[(int)(rest % (ulong)radix)];
        if (number == 0 && radix == 16) digits[--at] = (byte)'0';
        if (radix == 16) digits[--at] = (byte)'x';
        if (number == 0 || radix is 8 or 16) digits[--at] = (byte)'0';
        if (number < 0 && radix == 10) digits[--at] = (byte)'-';
        Span<byte> kept = m.Scratch.Take(digits.Length - at);
        digits[at..].CopyTo(kept);
        return kept;
    }

    /// <summary>tolower() and toupper(): letters of a range change their case.</summary>
    public static ReadOnlySpan<byte> Changed(Machine m, ReadOnlySpan<byte> text, char first, char last)
    {
        Span<byte> changed = m.Scratch.Take(text.Length);
        for (int i = 0; i < text.Length; i++)
            changed[i] = text[i] >= first && text[i] <= last ? (byte)(text[i] ^ 0x20) : text[i];
        return changed;
    }
}
