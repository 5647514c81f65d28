using System.Globalization;
using Iscsitop.Engine.Checking;

namespace Iscsitop.Cli.Checking;

/// <summary>What is said of a condition, for people.</summary>
internal static class Words
{
    /// <summary>A figure with its unit: <c>31.2 ms</c>.</summary>
    public static string Value(Term c, double value)
    {
        if (c.IsChange) return Shown(Numbers.Short, Math.Abs(value)) is var change && value < 0 ? $"-{change} %" : $"+{change} %";
        return c.Metric.Quantity switch
        {
            Quantity.Duration => Shown(Numbers.Milliseconds, value / 1e3) + " ms",
            Quantity.Bandwidth => Shown(Numbers.Megabytes, value) + " MB/s",
            Quantity.Size => Shown(Numbers.Kilobytes, value) + " kB",
            Quantity.Rate => Shown(Numbers.Short, value) + " /s",
            Quantity.Percent => Shown(Numbers.Percent, value) + " %",
            _ when value == Math.Floor(value) => value.ToString("0", CultureInfo.InvariantCulture),
            _ => Shown(Numbers.Short, value),
        };
    }

    /// <summary>What was seen of a comparison.</summary>
    /// <param name="seen">What was seen.</param>
    /// <param name="dated">Whether it matters when.</param>
    public static string Of(Seen seen, bool dated)
    {
        Term c = seen.Term;
        if (double.IsNaN(seen.Value)) return $"{c.Figure} unknown: {seen.Why}";
        string text = $"{c.Figure} {Value(c, seen.Value)}";
        if (seen.Holds == true) text += $" {c.Sign} {c.LimitText}" + (c.ForText.Length > 0 ? " for " + c.ForText : "");
        if (seen.Commands >= 0) text += string.Create(CultureInfo.InvariantCulture, $" (n {seen.Commands})");
        return dated ? text + " at " + At(seen.Time) : text;
    }

    /// <summary>What made a condition true: those comparisons that are, else all of them.</summary>
    public static string Of(Watch watch, bool dated)
    {
        IEnumerable<Seen> all = watch.Verdict switch
        {
            true => watch.Seen.Where(s => s.Holds == true),
            null => watch.Seen.Where(s => double.IsNaN(s.Value)),
            _ => watch.Seen,
        };
        string[] said = [.. all.Select(s => Of(s, dated && watch.Verdict == true)).Distinct()];
        return said.Length > 0 ? string.Join(", ", said) : watch.Verdict switch
        {
            true => watch.Check.Text,
            null => $"{watch.Check.Text} could not be told within {watch.Watched.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s",
            _ => watch.Check.Text,
        };
    }

    /// <summary>A point of time, of this place.</summary>
    /// <param name="ns">ns since 1970.</param>
    public static string At(long ns) =>
        DateTime.UnixEpoch.AddTicks(ns / 100).ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Shown(ShowNumber show, double value)
    {
        Span<char> into = stackalloc char[Numbers.MaxWidth];
        return new string(into[..show(value, into)]);
    }
}
