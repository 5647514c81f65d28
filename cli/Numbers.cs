using System.Globalization;

namespace Iscsitop.Cli;

/// <summary>
/// Numbers as people read them in columns five wide. NaN is <c>-</c> (unknown); <c>0</c> is a measured zero, and what is
/// too small to show is <c>&lt;.01</c>, never 0. All write invariant text and allocate nothing.
/// </summary>
public static class Numbers
{
    /// <summary>Characters any of these may write.</summary>
    public const int MaxWidth = 24;

    // The year 9999 ends there.
    private const double LastSecond = 253402300799;

    private const string Suffixes = "kMGTPE";

    /// <summary>Three or four significant digits, then k, M, G (powers of 1000): <c>0.45 12.3 1234 12.3k</c>.</summary>
    public static int Short(double value, Span<char> into) => value switch
    {
        double.NaN => Dash(into),
        0 => Write(0, "0", into),
        < 0.005 and > 0 => Copy("<.01", into),
        < 9.995 => Write(value, "0.00", into),
        < 99.95 => Write(value, "0.0", into),
        < 9999.5 => Write(value, "0", into),
        _ => Scaled(value, into),
    };

    /// <summary>A count: exact up to 99999, then k, M, G.</summary>
    public static int Integer(double value, Span<char> into) => value switch
    {
        double.NaN => Dash(into),
        < 99999.5 => Write(value, "0", into),
        _ => Scaled(value, into),
    };

    /// <summary>As many decimals as five characters hold: <c>0.123 12.34 123.4 1234</c>.</summary>
    public static int Digits(double value, Span<char> into) => value switch
    {
        double.NaN => Dash(into),
        0 => Write(0, "0", into),
        < 0.0005 and > 0 => Copy("<.001", into),
        < 9.9995 => Write(value, "0.000", into),
        < 99.995 => Write(value, "0.00", into),
        < 999.95 => Write(value, "0.0", into),
        < 99999.5 => Write(value, "0", into),
        _ => Scaled(value, into),
    };

    /// <summary>A whole number, every digit of it.</summary>
    public static int Exact(double value, Span<char> into) => double.IsNaN(value) ? Dash(into) : Write(value, "0", into);

    /// <summary>Seconds as people tell a time: <c>0.4s 59s 3m07s 5h09m 12d03h</c>.</summary>
    public static int Age(double seconds, Span<char> into) => seconds switch
    {
        double.NaN => Dash(into),
        0 => Copy("0s", into),
        < 0.05 => Copy("<.1s", into),
        < 9.95 => Suffixed(Write(seconds, "0.0", into), 's', into),
        < 59.5 => Suffixed(Write(seconds, "0", into), 's', into),
        < 3600 - 0.5 => TwoUnits((long)Math.Round(seconds), 60, 'm', 's', into),
        < 86400 - 30 => TwoUnits((long)Math.Round(seconds / 60), 60, 'h', 'm', into),
        _ => TwoUnits((long)Math.Round(seconds / 3600), 24, 'd', 'h', into),
    };

    /// <summary>Seconds since 1970 as the time of day: <c>09:49:37</c>.</summary>
    public static int Clock(double seconds, TimeZoneInfo zone, Span<char> into)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (!(seconds > 0 && seconds < LastSecond)) return Dash(into);
        DateTime time = TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond)), zone);
        return time.TryFormat(into, out int length, "HH:mm:ss", CultureInfo.InvariantCulture) ? length : Copy("*", into);
    }

    /// <summary>The same in UTC.</summary>
    public static int Clock(double seconds, Span<char> into) => Clock(seconds, TimeZoneInfo.Utc, into);

    /// <summary>Bytes with k, M, G, T (powers of 1000): <c>512 65.5k 1.05M</c>.</summary>
    public static int Bytes(double value, Span<char> into) => value < 999.5 ? Integer(value, into) : double.IsNaN(value) ? Dash(into) : Scaled(value, into);

    /// <summary>A percentage with one decimal below 10.</summary>
    public static int Percent(double value, Span<char> into) => value switch
    {
        double.NaN => Dash(into),
        0 => Write(0, "0", into),
        < 0.05 and > 0 => Copy("<0.1", into),
        < 9.95 => Write(value, "0.0", into),
        _ => Write(value, "0", into),
    };

    /// <summary>Microseconds as such.</summary>
    public static int Microseconds(double us, Span<char> into) => Digits(us, into);

    /// <summary>Microseconds as milliseconds.</summary>
    public static int Milliseconds(double us, Span<char> into) => Digits(us / 1e3, into);

    /// <summary>Microseconds as seconds.</summary>
    public static int Seconds(double us, Span<char> into) => Digits(us / 1e6, into);

    /// <summary>Bytes as 10^6 bytes.</summary>
    public static int Megabytes(double bytes, Span<char> into) => Short(bytes / 1e6, into);

    /// <summary>Bytes as 2^20 bytes.</summary>
    public static int Mebibytes(double bytes, Span<char> into) => Short(bytes / 1048576, into);

    /// <summary>Bytes as 10^3 bytes.</summary>
    public static int Kilobytes(double bytes, Span<char> into) => Short(bytes / 1e3, into);

    /// <summary>Bytes as 2^10 bytes.</summary>
    public static int Kibibytes(double bytes, Span<char> into) => Short(bytes / 1024, into);

    private static int Scaled(double value, Span<char> into)
    {
        int i = 0;
        for (value /= 1000; value >= 999.5 && i < Suffixes.Length - 1; value /= 1000) i++;
        int length = Write(value, value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0", into);
        into[length] = Suffixes[i];
        return length + 1;
    }

    private static int Write(double value, string format, Span<char> into) =>
        value.TryFormat(into, out int length, format, CultureInfo.InvariantCulture) ? length : Copy("*", into);

    private static int TwoUnits(long small, int inBig, char big, char unit, Span<char> into)
    {
        int length = Suffixed(Write(small / inBig, "0", into), big, into);
        return Suffixed(length + Write(small % inBig, "00", into[length..]), unit, into);
    }

    private static int Suffixed(int length, char suffix, Span<char> into)
    {
        into[length] = suffix;
        return length + 1;
    }

    private static int Dash(Span<char> into) => Copy("-", into);

    private static int Copy(string text, Span<char> into)
    {
        text.CopyTo(into);
        return text.Length;
    }
}
