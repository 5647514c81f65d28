using System.Globalization;

namespace Iscsitop.Cli;

/// <summary>Sizes and long times on the command line.</summary>
internal static class Sizes
{
    private static readonly (char Suffix, double Factor)[] s_bytes = [('k', 1e3), ('K', 1e3), ('M', 1e6), ('G', 1e9), ('T', 1e12)];

    private static readonly (char Suffix, double Seconds)[] s_times = [('s', 1), ('m', 60), ('h', 3600), ('d', 86400)];

    /// <summary>A number of bytes, with k, M, G or T (powers of 1000) or without.</summary>
    public static long Bytes(string what, string text)
    {
        (char last, double factor) = text.Length > 0 && char.IsLetter(text[^1]) ? (text[^1], Factor(s_bytes, text[^1])) : ('\0', 1);
        return factor > 0 && TryNumber(last == '\0' ? text : text[..^1], out double n) && n * factor < 1e18
            ? (long)(n * factor)
            : throw Values.Wrong(what, text, "bytes, or a number with k, M, G or T, like 20M");
    }

    /// <summary>A time with s, m, h or d.</summary>
    public static TimeSpan Time(string what, string text) =>
        TryTime(text, out TimeSpan time) && time > TimeSpan.Zero ? time : throw Values.Wrong(what, text, "a number with s, m, h or d, like 7d");

    /// <summary>The same, for those who have another complaint.</summary>
    public static bool TryTime(string text, out TimeSpan time)
    {
        time = default;
        if (!IsTime(text) || !TryNumber(text[..^1], out double n) || n * Factor(s_times, text[^1]) >= 1e9) return false;
        time = TimeSpan.FromSeconds(n * Factor(s_times, text[^1]));
        return true;
    }

    /// <summary>Whether it is written as a time is.</summary>
    public static bool IsTime(string text) => text.Length > 1 && Factor(s_times, text[^1]) > 0;

    /// <summary>Bytes for people.</summary>
    public static string Show(double bytes) => bytes switch
    {
        < 1e3 => string.Create(CultureInfo.InvariantCulture, $"{bytes:0} bytes"),
        < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.#} kB"),
        < 1e9 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB"),
    };

    private static double Factor((char Suffix, double Factor)[] among, char suffix) => Array.Find(among, a => a.Suffix == suffix).Factor;

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
