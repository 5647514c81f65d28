using System.Globalization;
using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>
/// The 1-2-5 steps of time that histograms and heat maps show. An engine's bucket counts where its middle lies, so a step's edge is true to
/// half a bucket (2.2 %), as percentiles are.
/// </summary>
internal static class LatencySteps
{
    /// <summary>Steps: the first is what takes less than 1 us, the last begins at 100 s.</summary>
    public const int Count = 26;

    private static readonly double[] s_begins = [.. Enumerable.Range(0, Count).Select(i => (double)Begin(i))];
    private static readonly string[] s_labels = [.. Enumerable.Range(0, Count).Select(Name)];
    private static readonly byte[] s_stepOf = [.. Enumerable.Range(0, Histogram.BucketCount).Select(b => (byte)StepOf(b, s_begins))];

    /// <summary>The step of an engine's bucket.</summary>
    public static int Of(int bucket) => s_stepOf[bucket];

    /// <summary>Where a step begins, for people: <c>5us</c>, <c>0</c> for the first.</summary>
    public static string Label(int step) => s_labels[step];

    /// <summary>Adds a histogram's counts by step.</summary>
    public static void Add(Histogram from, Span<long> into)
    {
        ReadOnlySpan<long> buckets = from.Buckets;
        for (int i = 0; i < buckets.Length; i++) into[s_stepOf[i]] += buckets[i];
    }

    /// <summary>How many durations lie in a step.</summary>
    public static long CountIn(Histogram durations, int step)
    {
        long count = 0;
        for (int i = 0; i < s_stepOf.Length; i++)
            if (s_stepOf[i] == step)
                count += durations.Buckets[i];
        return count;
    }

    /// <summary>Which of the steps that begin at these times, in ns, an engine's bucket lies in.</summary>
    public static int StepOf(int bucket, IReadOnlyList<double> begins)
    {
        double low = Histogram.LowerBound(bucket);
        double high = bucket == Histogram.BucketCount - 1 ? low : Histogram.UpperBound(bucket);
        double middle = low == 0 ? high / 2 : Math.Sqrt(low * high);
        int step = begins.Count - 1;
        while (step > 0 && begins[step] > middle) step--;
        return step;
    }

    /// <summary>Where a step begins, in ns: at 0, 1 us, 2 us, 5 us, 10 us and so on.</summary>
    public static long Begin(int step)
    {
        if (step == 0) return 0;
        (int decade, int third) = Math.DivRem(step - 1, 3);
        return (long)Math.Pow(10, 3 + decade) * (third == 0 ? 1 : third == 1 ? 2 : 5);
    }

    private static string Name(int step) => Begin(step) switch
    {
        0 => "0",
        < 1_000_000 and long us => string.Create(CultureInfo.InvariantCulture, $"{us / 1000}us"),
        < 1_000_000_000 and long ms => string.Create(CultureInfo.InvariantCulture, $"{ms / 1_000_000}ms"),
        long s => string.Create(CultureInfo.InvariantCulture, $"{s / 1_000_000_000}s"),
    };
}
