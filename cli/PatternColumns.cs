using System.Globalization;
using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>Sizes, places and times of reads and writes.</summary>
internal static class PatternColumns
{
    internal static readonly Column Aligned = Share("aligned_pct", "ALN%", "share of reads and writes whose place and length are multiples of 4096 bytes, or of --align", p => 100 * p.AlignedTo(DisplayUnits.StandardAlignment));
    internal static readonly Column Sequential = Share("sequential_pct", "SEQ%", "share that begin where one of the last 16 commands of the same initiator and unit ended", p => Placed(p, p.Sequential));

    // The size classes files tell: 4 KiB to 1 MiB, and what is below and beyond.
    private const int SmallestClass = 12;
    private const int LargestClass = 20;

    [ThreadStatic]
    private static Pattern? s_whole;

    private static readonly string[] s_powers = [.. Enumerable.Range(0, Pattern.SizeClasses).Select(Power)];
    private static readonly string[] s_ranges = [.. s_powers.Select(p => p + "+")];

    internal static readonly Column[] All =
    [
        Columns.Target,
        Columns.Lun,
        Columns.Initiator,
        new("direction", "DIR", 5, "", "read or write", null, r => r.Extras.Writes ? "write" : "read") { Bounded = true },
        Count("begun", "BEGUN", "reads or writes begun whose place and length are known", p => p.Count) with { Shown = Shown.Always },
        new("size_mode", "SIZE", 6, "", "most frequent size, in powers of two; with a + it is a range up to the next one", null, r => r.Extras.Pattern is { Count: > 0 } p ? Mode(p) : "") { Identifies = false, Bounded = true },
        Share("size_mode_pct", "SIZE%", "share of the commands of that size", p => ModeShare(p)) with { Width = 5 },
        Sequential,
        Share("near_pct", "NEAR%", "share that begin elsewhere, but within 1 MiB of there", p => Placed(p, p.Count - p.Unplaced - p.Sequential - p.Random)) with { Width = 5 },
        Share("random_pct", "RND%", "share that begin more than 1 MiB away from there", p => Placed(p, p.Random)),
        new("seek_p50_bytes", "SEEK", 6, "B", "median distance from the end of the command before", r => r.Extras.Pattern is { } p ? MedianSeek(p) : double.NaN, null, Numbers.Bytes),
        Share("seek_back_pct", "BACK%", "share that go back", p => Placed(p, Back(p))) with { Width = 5, Shown = Shown.Extended },
        Aligned,
        Gap("interarrival_p50_us", "GAP50", "median time from one command to the next of the same direction", 0.50, Columns.MedianNeeds),
        Gap("interarrival_p99_us", "GAP99", "99th percentile of that time", 0.99, Columns.TailNeeds),
        Count("size_below_4k", "B4K", "commands of fewer than 4096 bytes", p => Sum(Whole(p).Sizes[..SmallestClass])),
        .. Enumerable.Range(SmallestClass, LargestClass - SmallestClass).Select(i =>
            Count("size_" + s_powers[i], "S" + s_powers[i].ToUpperInvariant(), $"commands of {1 << i} to {(2 << i) - 1} bytes", p => Whole(p).Sizes[i])),
        Count("size_from_1m", "S1M", "commands of 1048576 bytes or more", p => Sum(Whole(p).Sizes[LargestClass..])),
        Columns.Interval,
    ];

    /// <summary>The share of a row's commands that are aligned, in percent.</summary>
    public static double AlignedShare(Row row, long to) => row.Extras.Pattern is { } p ? 100 * p.AlignedTo(to) : double.NaN;

    /// <summary>A power of two as people say it: <c>512</c>, <c>4k</c>, <c>1m</c>.</summary>
    public static string Power(int exponent) => exponent < 10 ? (1 << exponent).ToString(CultureInfo.InvariantCulture)
        : exponent < 20 ? (1 << exponent - 10).ToString(CultureInfo.InvariantCulture) + "k"
        : exponent < 30 ? (1 << exponent - 20).ToString(CultureInfo.InvariantCulture) + "m"
        : (1 << exponent - 30).ToString(CultureInfo.InvariantCulture) + "g";

    /// <summary>A pattern with room for all of its counts, valid until the next is asked for: there may be very many, which are to stay small.</summary>
    internal static Pattern Whole(Pattern pattern)
    {
        Pattern whole = s_whole ??= new Pattern();
        if (!ReferenceEquals(whole, pattern)) whole.CopyCounts(pattern);
        return whole;
    }

    /// <summary>The most frequent size class; -1 without any.</summary>
    public static int ModeOf(Pattern pattern)
    {
        int mode = -1;
        Span<long> sizes = Whole(pattern).Sizes;
        for (int i = 0; i < Pattern.SizeClasses; i++)
            if (sizes[i] > (mode < 0 ? 0 : sizes[mode]))
                mode = i;
        return mode;
    }

    private static string Mode(Pattern pattern)
    {
        pattern = Whole(pattern);
        int mode = ModeOf(pattern);
        return mode < 0 ? "" : IsExact(pattern, mode) ? s_powers[mode] : s_ranges[mode];
    }

    private static double ModeShare(Pattern pattern)
    {
        pattern = Whole(pattern);
        int mode = ModeOf(pattern);
        return mode < 0 ? double.NaN : 100.0 * (IsExact(pattern, mode) ? pattern.Exact[mode] : pattern.Sizes[mode]) / pattern.Count;
    }

    private static bool IsExact(Pattern pattern, int size) => 2 * pattern.Exact[size] >= pattern.Sizes[size];

    private static double Placed(Pattern pattern, long part) => pattern.Count > pattern.Unplaced ? 100.0 * part / (pattern.Count - pattern.Unplaced) : double.NaN;

    private static long Back(Pattern pattern) => Sum(Whole(pattern).Seeks[..Pattern.NoSeek]);

    // By distance, whichever way: the lower end of the class it lies in.
    private static double MedianSeek(Pattern pattern)
    {
        Span<long> seeks = Whole(pattern).Seeks;
        long placed = Sum(seeks);
        if (placed < Columns.MedianNeeds) return double.NaN;
        long seen = seeks[Pattern.NoSeek];
        for (int i = 1; i <= Pattern.NoSeek; i++)
        {
            if (2 * seen >= placed) return i == 1 ? 0 : Math.Pow(2, i - 2);
            seen += seeks[Pattern.NoSeek + i] + seeks[Pattern.NoSeek - i];
        }
        return Math.Pow(2, Pattern.NoSeek - 1);
    }

    private static long Sum(ReadOnlySpan<long> counts)
    {
        long sum = 0;
        foreach (long count in counts) sum += count;
        return sum;
    }

    private static Column Share(string field, string header, string help, Func<Pattern, double> share) =>
        new(field, header, 4, "%", help, r => r.Extras.Pattern is { Count: > 0 } p ? share(p) : double.NaN, null, Numbers.Percent);

    private static Column Count(string field, string header, string help, Func<Pattern, long> count) =>
        new(field, header, 6, "", help, r => r.Extras.Pattern is { } p ? count(p) : double.NaN, null, Numbers.Integer, Shown.InFiles);

    private static Column Gap(string field, string header, string help, double p, int needs) =>
        new(field, header, 5, "us", help, r => r.Extras.Pattern?.Interarrival?.Percentile(p, needs) is >= 0 and long ns ? ns / 1e3 : double.NaN, null, Numbers.Milliseconds);
}
