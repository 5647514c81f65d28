using System.Globalization;
using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>Figures as evidence has them: three digits and a unit.</summary>
internal static class Wording
{
    private static readonly string[] s_bytes = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Bytes: <c>65.5 kB</c>.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        for (; bytes >= 1000 && unit < s_bytes.Length - 1; unit++) bytes /= 1000;
        return Invariant($"{Digits(bytes)} {s_bytes[unit]}");
    }

    /// <summary>A duration in ns: <c>1.20 ms</c>.</summary>
    public static string Time(double ns) => ns switch
    {
        < 1e3 => Invariant($"{Digits(ns)} ns"),
        < 1e6 => Invariant($"{Digits(ns / 1e3)} us"),
        < 1e9 => Invariant($"{Digits(ns / 1e6)} ms"),
        _ => Invariant($"{Digits(ns / 1e9)} s"),
    };

    /// <summary>Seconds: <c>45.0 s</c>.</summary>
    public static string Seconds(double seconds) => Time(seconds * 1e9);

    /// <summary>A share (0-1): <c>12.5 %</c>.</summary>
    public static string Percent(double share) => Invariant($"{Digits(share * 100)} %");

    /// <summary>A number of something: <c>1 time</c>, <c>2 times</c>.</summary>
    public static string Count(long n, string one) => n == 1 ? "1 " + one : Invariant($"{n} {one}s");

    /// <summary>Three significant digits, no exponent.</summary>
    public static string Digits(double value) => value switch
    {
        0 => "0",
        >= 99.95 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 9.995 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}
