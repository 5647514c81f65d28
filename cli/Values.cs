using System.Globalization;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Cli;

/// <summary>From the words of the command line to values; what is wrong becomes a <see cref="UsageException"/>.</summary>
internal static class Values
{
    /// <summary>Longest interval: a day.</summary>
    public const double MaxSeconds = 86400;

    /// <summary>Shortest interval: a tenth of a second.</summary>
    public const double MinSeconds = 0.1;

    private static readonly (string Suffix, double Nanoseconds)[] s_durations = [("us", 1e3), ("ms", 1e6), ("s", 1e9)];

    /// <summary>Fractional seconds from <see cref="MinSeconds"/> to <see cref="MaxSeconds"/>.</summary>
    public static TimeSpan Interval(string text)
    {
        return TryNumber(text, out double s) && s is >= MinSeconds and <= MaxSeconds
            ? TimeSpan.FromSeconds(s)
            : throw Wrong("interval", text, "seconds from 0.1 to 86400");
    }

    /// <summary>A whole number from 1.</summary>
    public static int Count(string what, string text)
    {
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0
            ? n
            : throw Wrong(what, text, "a whole number from 1");
    }

    /// <summary>A power of two.</summary>
    public static long PowerOfTwo(string what, string text, long low, long high)
    {
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long n) && long.IsPow2(n) && n >= low && n <= high
            ? n
            : throw Wrong(what, text, string.Create(CultureInfo.InvariantCulture, $"a power of two from {low} to {high}"));
    }

    /// <summary>Process ids.</summary>
    public static IReadOnlyList<int> Pids(IEnumerable<string> lists) =>
        [.. Items(lists).Select(t => Count("process id", t))];

    /// <summary>Logical unit numbers, 0 to <see cref="Lun.Max"/>.</summary>
    public static IReadOnlyList<ulong> Luns(IEnumerable<string> lists) =>
        [.. Items(lists).Select(t => ulong.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out ulong lun) && lun <= Lun.Max
            ? lun
            : throw Wrong("LUN", t, $"a whole number from 0 to {Lun.Max}"))];

    /// <summary>The items of comma lists, without empty ones.</summary>
    public static IReadOnlyList<string> Items(IEnumerable<string> lists) =>
        [.. lists.SelectMany(l => l.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    /// <summary>One of the words of a table.</summary>
    public static T Choice<T>(string what, string text, params ReadOnlySpan<(string Word, T Value)> among)
    {
        foreach ((string word, T value) in among)
            if (word == text)
                return value;
        var words = new List<string>();
        foreach ((string word, _) in among) words.Add(word);
        throw Wrong(what, text, "one of " + string.Join(", ", words));
    }

    /// <summary>A duration such as <c>20ms</c>, <c>500us</c> or <c>1.5s</c>, in ns.</summary>
    public static long Duration(string what, string text)
    {
        foreach ((string suffix, double nanoseconds) in s_durations)
            if (text.EndsWith(suffix, StringComparison.Ordinal) && TryNumber(text[..^suffix.Length], out double n) && n <= 1e9)
                return (long)(n * nanoseconds);
        throw Wrong(what, text, "a number with us, ms or s, like 20ms");
    }

    /// <summary>The message of a wrong value, in prstat's words.</summary>
    public static UsageException Wrong(string what, string text, string right) => new($"invalid {what} -- {text} ({right})");

    /// <summary>A positional argument; System.CommandLine makes one of an option that it does not know.</summary>
    public static string Positional(string text) =>
        text.StartsWith('-') ? throw new UsageException($"unknown option -- {text} (see iscsitop --help)") : text;

    /// <summary>A positional file, - being standard input or output.</summary>
    public static string FileName(string text) => text == "-" ? text : Positional(text);

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
