using System.Globalization;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Engine.Checking;

/// <summary>From the words of a condition to what figures are compared with.</summary>
internal static class Limits
{
    /// <summary>ns a condition can have to hold: a day.</summary>
    public const double LongestTime = 86400e9;

    /// <summary>What a time looks like, for a message.</summary>
    public const string RightTime = "like 30s or 5m, a day at most";

    /// <summary>What a value looks like, for a message.</summary>
    public static string Right(Quantity quantity) => quantity switch
    {
        Quantity.Duration => "a time with its unit, like 500us, 20ms or 1.5s",
        Quantity.Rate => "so many a second, like 1000 or 1000/s",
        Quantity.Bandwidth => "bytes a second with their unit, like 100MB/s or 64MiB/s",
        Quantity.Size => "bytes, like 4096, 64k or 1Mi",
        Quantity.Percent => "a share, like 90 or 90%",
        _ => "a number, like 3",
    };

    /// <summary>A value in the units of the language: ns, bytes, a number; NaN for what is none.</summary>
    public static double Value(Quantity quantity, string text) => quantity switch
    {
        Quantity.Duration => Literals.Number(FilterType.Duration, text),
        Quantity.Rate => Literals.Number(FilterType.Number, Without(text, "/s")),
        Quantity.Bandwidth => Without(text, "/s") is var bytes && (bytes.EndsWith('B') || bytes == "0") ? Literals.Number(FilterType.Size, bytes) : double.NaN,
        Quantity.Size => Literals.Number(FilterType.Size, text),
        Quantity.Percent => Literals.Number(FilterType.Number, Without(text, "%")),
        _ => Literals.Number(FilterType.Number, text),
    };

    /// <summary>Whether it is a change: +20%, -5%.</summary>
    public static bool IsChange(string text) => text.Length > 2 && text[0] is '+' or '-' && text[^1] == '%';

    /// <summary>A change in percent; NaN for what is none.</summary>
    public static double Change(string text) =>
        double.TryParse(text[..^1], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) && double.IsFinite(percent) ? percent : double.NaN;

    /// <summary>A time in ns, minutes and hours too; NaN for what is none.</summary>
    public static double Time(string text) => text switch
    {
        [.. var minutes, 'm'] => 60e9 * Literals.Number(FilterType.Number, minutes),
        [.. var hours, 'h'] => 3600e9 * Literals.Number(FilterType.Number, hours),
        _ => Literals.Number(FilterType.Duration, text),
    };

    private static string Without(string text, string end) => text.EndsWith(end, StringComparison.Ordinal) ? text[..^end.Length] : text;
}
