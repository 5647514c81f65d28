using System.Globalization;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D;

/// <summary>A probe description, ready to be matched against the probes there are.</summary>
internal sealed class ProbePattern
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    // More often than this no timer fires, as in the original.
    private const long ShortestPeriod = NanosecondsPerSecond / 5000;

    // In ns; of hertz a number is a rate.
    private static readonly (string Suffix, long Unit)[] s_units =
    [
        ("ns", 1), ("nsec", 1), ("us", 1_000), ("usec", 1_000), ("ms", 1_000_000), ("msec", 1_000_000),
        ("s", NanosecondsPerSecond), ("sec", NanosecondsPerSecond), ("m", 60 * NanosecondsPerSecond), ("min", 60 * NanosecondsPerSecond),
        ("h", 3600 * NanosecondsPerSecond), ("hour", 3600 * NanosecondsPerSecond),
        ("d", 86400 * NanosecondsPerSecond), ("day", 86400 * NanosecondsPerSecond),
        ("hz", 0), ("", 0),
    ];

    private readonly ProbeDescription _description;
    private readonly bool _anything;

    /// <summary>Prepares.</summary>
    public ProbePattern(ProbeDescription description)
    {
        _description = description;
        _anything = description.Id is null && description.Full == ":::";
    }

    /// <summary>
    /// Whether a probe is meant. A field with <c>* ? [ \</c> is a glob over the whole field, an empty one is anything; four empty ones are
    /// the probes that have a function. The provider <c>iscsi</c> is every engine's.
    /// </summary>
    public bool Matches(ProbeEntry probe)
    {
        if (_description.Id is int id) return probe.Id == id;
        if (_anything) return probe.Function.Length > 0;
        return Provider(probe) && Field(_description.Module, probe.Module)
            && Field(_description.Function, probe.Function) && Field(_description.Name, probe.Name);
    }

    /// <summary>The probes that are meant, by id. A timer that is named comes into the catalog.</summary>
    public ProbeEntry[] In(ProbeCatalog catalog)
    {
        // Who names a timer exactly asks for it; a glob finds those that somebody asked for.
        if (_description.Id is null && _description.Module.Length == 0 && _description.Function.Length == 0
            && Field(_description.Provider, "profile") && PeriodOf(_description.Name) is long period)
            _ = catalog.AddTimer(_description.Name, period);
        return [.. catalog.Entries.Where(Matches)];
    }

    /// <summary>Time between two firings of <c>tick-n</c> or <c>profile-n</c>, ns; null when that is no name of a timer.</summary>
    public static long? PeriodOf(string name)
    {
        int dash = name.IndexOf('-');
        if (dash < 0 || name[..dash] is not ("tick" or "profile")) return null;
        int end = dash + 1;
        while (end < name.Length && char.IsAsciiDigit(name[end])) end++;
        if (!long.TryParse(name.AsSpan((dash + 1)..end), NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number == 0) return null;
        foreach ((string suffix, long unit) in s_units)
        {
            if (!name.AsSpan(end).Equals(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            if (unit > 0 && number > long.MaxValue / unit) return null;
            long period = unit == 0 ? NanosecondsPerSecond / number : number * unit;
            return period < ShortestPeriod ? null : period;
        }
        return null;
    }

    /// <summary>Whether a text is what a glob says; the whole of it.</summary>
    public static bool Glob(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        // What follows the last star, and how much of the text it has taken: a match that fails goes on with one more.
        ReadOnlySpan<char> again = default, againText = default;
        bool starred = false;
        while (true)
        {
            if (pattern is ['*', ..])
            {
                pattern = pattern[1..];
                again = pattern;
                againText = text;
                starred = true;
                continue;
            }
            if (text.IsEmpty && pattern.IsEmpty) return true;
            if (!text.IsEmpty && One(ref pattern, text[0]))
            {
                text = text[1..];
                continue;
            }
            if (!starred || againText.IsEmpty) return false;
            againText = againText[1..];
            pattern = again;
            text = againText;
        }
    }

    // Scripts for the later, kernel's provider call it "iscsi", which is all targets of the host: here all engines.
    private bool Provider(ProbeEntry probe) =>
        Field(_description.Provider, probe.Provider) || (_description.Provider == "iscsi" && probe.Source == ProbeSource.Engine);

    private static bool Field(string pattern, string text)
    {
        if (pattern.Length == 0) return true;
        return pattern.AsSpan().ContainsAny("*?[\\") ? Glob(pattern, text) : pattern == text;
    }

    // Whether the character is what stands next in the pattern, which then is gone from it.
    private static bool One(ref ReadOnlySpan<char> pattern, char c)
    {
        switch (pattern)
        {
            case []:
                return false;
            case ['?', ..]:
                pattern = pattern[1..];
                return true;
            case ['\\', char quoted, ..]:
                pattern = pattern[2..];
                return quoted == c;
            case ['[', ..] when Class(pattern, c, out int length) is bool matches && length > 0:
                pattern = pattern[length..];
                return matches;
            default:
                bool same = pattern[0] == c;
                pattern = pattern[1..];
                return same;
        }
    }

    // [abc], [a-z], [!x]: length 0 when it is not closed and so is a bracket.
    private static bool Class(ReadOnlySpan<char> pattern, char c, out int length)
    {
        int i = 1;
        bool not = i < pattern.Length && pattern[i] == '!', found = false;
        if (not) i++;
        for (int first = i; i < pattern.Length; i++)
        {
            if (pattern[i] == ']' && i > first)
            {
                length = i + 1;
                return found != not;
            }
            if (pattern[i] == '\\' && i + 1 < pattern.Length) i++;
            char low = pattern[i], high = low;
            if (i + 2 < pattern.Length && pattern[i + 1] == '-' && pattern[i + 2] != ']') high = pattern[i += 2];
            found |= c >= low && c <= high;
        }
        length = 0;
        return false;
    }
}
