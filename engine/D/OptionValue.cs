using System.Globalization;

namespace Iscsitop.Engine.D;

/// <summary>Reads the values of options.</summary>
internal static class OptionValue
{
    private static readonly string[] s_yes = ["yes", "enable", "enabled", "true", "on", "set"];
    private static readonly string[] s_no = ["no", "disable", "disabled", "false", "off", "unset"];

    // ns; hertz is a rate.
    private static readonly (string Suffix, long Unit)[] s_times =
    [
        ("", 1), ("ns", 1), ("nsec", 1), ("us", 1_000), ("usec", 1_000), ("ms", 1_000_000), ("msec", 1_000_000),
        ("s", 1_000_000_000), ("sec", 1_000_000_000), ("m", 60_000_000_000), ("min", 60_000_000_000),
        ("h", 3_600_000_000_000), ("hour", 3_600_000_000_000), ("d", 86_400_000_000_000), ("day", 86_400_000_000_000), ("hz", 0),
    ];

    /// <summary>A value as a number: 0 and 1 of a boolean, bytes, ns, the index of a choice, 0 of text. Null when the option cannot have it.</summary>
    /// <param name="row">The option.</param>
    /// <param name="value">What was written, null for nothing.</param>
    public static long? Read(OptionRow row, string? value) => row.Kind switch
    {
        OptionKind.Boolean => Boolean(value),
        OptionKind.Size => value is null ? null : Size(value),
        OptionKind.Time => value is null ? null : Time(value),
        OptionKind.Number => value is null ? null : Number(value) is (long n, "") ? n : null,
        OptionKind.Choice => value is null || Array.IndexOf(row.Choices, value) is not (>= 0 and int i) ? null : i,
        _ => value is null ? null : 0,
    };

    private static long? Boolean(string? value)
    {
        if (value is null || s_yes.Contains(value, StringComparer.OrdinalIgnoreCase)) return 1;
        if (s_no.Contains(value, StringComparer.OrdinalIgnoreCase)) return 0;
        return Number(value) is (long n, "") ? n == 0 ? 0 : 1 : null;
    }

    private static long? Size(string value)
    {
        if (Number(value) is not (long number, string suffix)) return null;
        int shift = suffix.Length == 0 ? 0 : suffix.Length > 1 ? -1 : 10 * ("kmgt".IndexOf(char.ToLowerInvariant(suffix[0])) + 1);
        if (shift < 0 || (shift == 0 && suffix.Length > 0) || number > long.MaxValue >> shift) return null;
        return number << shift;
    }

    private static long? Time(string value)
    {
        if (Number(value) is not (long number, string suffix)) return null;
        foreach ((string name, long unit) in s_times)
        {
            if (!suffix.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            if (unit == 0) return number == 0 ? 0 : 1_000_000_000 / number;
            return number > long.MaxValue / unit ? null : number * unit;
        }
        return null;
    }

    // Decimal, octal or hexadecimal as in C, and what follows it.
    private static (long Number, string Suffix)? Number(string value)
    {
        bool hex = value.StartsWith("0x", StringComparison.OrdinalIgnoreCase), octal = !hex && value.Length > 1 && value[0] == '0' && char.IsAsciiDigit(value[1]);
        int start = hex ? 2 : 0, end = start;
        while (end < value.Length && (hex ? char.IsAsciiHexDigit(value[end]) : char.IsAsciiDigit(value[end]))) end++;
        if (end == start) return null;
        Int128 number = 0;
        foreach (char c in value.AsSpan(start..end))
        {
            int digit = int.Parse([c], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (octal && digit > 7) return null;
            number = number * (hex ? 16 : octal ? 8 : 10) + digit;
            if (number > long.MaxValue) return null;
        }
        return ((long)number, value[end..]);
    }
}
