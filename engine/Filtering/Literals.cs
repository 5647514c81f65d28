using System.Globalization;

namespace Iscsitop.Engine.Filtering;

/// <summary>From the words of an expression to values, by the type of the field they are compared with.</summary>
internal static class Literals
{
    // The longest that fits is taken, so that ms is not s.
    private static readonly (string Unit, double Factor)[] s_durations = [("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];

    private static readonly (string Unit, double Factor)[] s_sizes =
        [("Ki", 1024), ("Mi", 1048576), ("Gi", 1073741824), ("Ti", 1099511627776), ("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)];

    /// <summary>What a value of a type looks like, for a message.</summary>
    public static string Right(FilterField field) => field.Type switch
    {
        FilterType.Number => "a number, like 3 or 0x10",
        FilterType.Duration => "a time with its unit, like 500us, 20ms or 1.5s",
        FilterType.Size => "bytes, like 4096, 64k or 1Mi",
        FilterType.Address => "an address, like 192.0.2.7, 192.0.2.0/24 or 192.0.2.7:3260",
        FilterType.Operation => "a SCSI operation, like READ(10), 0x28 or 0x9e/0x10, or read, write, other",
        FilterType.Sense => "sense key, ASC and ASCQ in hexadecimal, like 05, 05/24 or 05/24/00",
        FilterType.Word => "one of " + string.Join(", ", field.Words.Select(w => w.Word)),
        _ => "a text",
    };

    /// <summary>A number, a time in ns or bytes; NaN for what is none.</summary>
    public static double Number(FilterType type, string text) => type switch
    {
        FilterType.Duration => Scaled(text, s_durations, needsUnit: true),
        FilterType.Size => Scaled(text.EndsWith('B') ? text[..^1] : text, s_sizes, needsUnit: false),
        _ => Scaled(text, s_sizes, needsUnit: false),
    };

    /// <summary>The range of one value or of <c>5..9</c>; NaN for what is none.</summary>
    public static (double From, double To) Range(FilterType type, string text)
    {
        if (type == FilterType.Sense) return Sense(text);
        int dots = text.IndexOf("..", StringComparison.Ordinal);
        if (dots <= 0) return (Number(type, text), Number(type, text));
        return (Number(type, text[..dots]), Number(type, text[(dots + 2)..]));
    }

    /// <summary>What a word of a field stands for, or its number; NaN for neither.</summary>
    public static double Word(FilterField field, string text)
    {
        string plain = Plain(text);
        foreach ((string word, int value) in field.Words)
            if (Plain(word) == plain)
                return value;
        return field.Name == "status" && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? Hex(text) : double.NaN;
    }

    // CHECK CONDITION, check_condition and check-condition are the same.
    private static string Plain(string word) => word.ToLowerInvariant().Replace('_', '-').Replace(' ', '-');

    private static (double, double) Sense(string text)
    {
        double from = 0;
        string[] parts = text.Split('/');
        for (int i = 0; i < 3; i++)
        {
            byte part = 0;
            bool given = i < parts.Length;
            if (given && (parts[i].Length > 2 || !byte.TryParse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out part) || (i == 0 && part > 15))) return (double.NaN, double.NaN);
            from = from * 256 + part;
        }
        return parts.Length switch { 1 => (from, from + 0xffff), 2 => (from, from + 0xff), 3 => (from, from), _ => (double.NaN, double.NaN) };
    }

    private static double Scaled(string text, (string Unit, double Factor)[] units, bool needsUnit)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) return needsUnit ? double.NaN : Hex(text);
        foreach ((string unit, double factor) in units)
            if (text.EndsWith(unit, StringComparison.Ordinal))
                return Plain10(text[..^unit.Length]) * factor;
        double plain = Plain10(text);
        return needsUnit && plain != 0 ? double.NaN : plain;
    }

    private static double Plain10(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : double.NaN;

    private static double Hex(string text) =>
        ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) ? value : double.NaN;
}
