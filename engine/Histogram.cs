using System.Numerics;

namespace Iscsitop.Engine;

/// <summary>
/// Counts of durations in exponential buckets, 16 a doubling (growth 4.4 %: OpenTelemetry's scale 4), from 1.024 µs to
/// 137 s; what is shorter falls in the first, what is longer in the last bucket. Mergeable and subtractable, so one
/// histogram serves a screen's interval, a recording and a metric.
/// </summary>
public sealed class Histogram
{
    /// <summary>Buckets, the first and the last being open.</summary>
    public const int BucketCount = (MaxExponent - MinExponent) * PerDoubling + 2;

    private const int PerDoubling = 16;
    private const int MinExponent = 10;
    private const int MaxExponent = 37;

    // s_steps[k] = 2^(k/16) as a 32-bit fraction above 1: where bucket k of a doubling begins.
    private static readonly uint[] s_steps = [.. Enumerable.Range(0, PerDoubling).Select(k => (uint)((Math.Pow(2, k / 16.0) - 1) * 4294967296.0))];

    private readonly long[] _buckets = new long[BucketCount];

    /// <summary>How many durations were added.</summary>
    public long Count { get; private set; }

    /// <summary>Their sum in ns.</summary>
    public long Sum { get; private set; }

    /// <summary>The counts, shortest first.</summary>
    public ReadOnlySpan<long> Buckets => _buckets;

    /// <summary>The bucket of a duration in ns.</summary>
    public static int BucketOf(long ns)
    {
        if (ns < 1L << MinExponent) return 0;
        int exponent = BitOperations.Log2((ulong)ns);
        if (exponent >= MaxExponent) return BucketCount - 1;
        uint fraction = (uint)(((ulong)ns << (63 - exponent) << 1) >> 32);
        int k = (int)(fraction >> 28);               // a linear guess is never too high: 2^x is convex
        while (k + 1 < PerDoubling && fraction >= s_steps[k + 1]) k++;
        return 1 + (exponent - MinExponent) * PerDoubling + k;
    }

    /// <summary>The duration in ns at which the next bucket begins; <see cref="long.MaxValue"/> for the last.</summary>
    public static long UpperBound(int bucket) =>
        bucket >= BucketCount - 1 ? long.MaxValue : (long)Math.Ceiling(Math.Pow(2, MinExponent + bucket / (double)PerDoubling));

    /// <summary>The duration in ns at which a bucket begins.</summary>
    public static long LowerBound(int bucket) => bucket == 0 ? 0 : UpperBound(bucket - 1);

    /// <summary>Adds one duration in ns.</summary>
    public void Add(long ns) => Add(BucketOf(ns), ns);

    /// <summary>Adds one duration in ns whose bucket is known.</summary>
    internal void Add(int bucket, long ns)
    {
        _buckets[bucket]++;
        Count++;
        Sum += ns;
    }

    /// <summary>Adds <paramref name="count"/> durations of one bucket whose sum is counted apart (<see cref="AddSum"/>).</summary>
    public void AddBucket(int bucket, long count)
    {
        _buckets[bucket] += count;
        Count += count;
    }

    /// <summary>Adds to the sum what <see cref="AddBucket"/> leaves out.</summary>
    public void AddSum(long ns) => Sum += ns;

    /// <summary>Adds another's counts.</summary>
    public void Add(Histogram other)
    {
        for (int i = 0; i < BucketCount; i++) _buckets[i] += other._buckets[i];
        Count += other.Count;
        Sum += other.Sum;
    }

    /// <summary>Adds the difference of two states of one cumulative histogram.</summary>
    public void AddDifference(Histogram later, Histogram earlier)
    {
        for (int i = 0; i < BucketCount; i++) _buckets[i] += later._buckets[i] - earlier._buckets[i];
        Count += later.Count - earlier.Count;
        Sum += later.Sum - earlier.Sum;
    }

    /// <summary>Makes this the difference of two states of one cumulative histogram.</summary>
    public void SetDifference(Histogram later, Histogram earlier)
    {
        for (int i = 0; i < BucketCount; i++) _buckets[i] = later._buckets[i] - earlier._buckets[i];
        Count = later.Count - earlier.Count;
        Sum = later.Sum - earlier.Sum;
    }

    /// <summary>Makes this equal to another.</summary>
    public void CopyFrom(Histogram other)
    {
        other._buckets.CopyTo(_buckets, 0);
        Count = other.Count;
        Sum = other.Sum;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_buckets);
        Count = 0;
        Sum = 0;
    }

    /// <summary>The duration in ns below which the share <paramref name="p"/> (0–1) lies: the middle of its bucket, ±2.2 %, in the first no more than the sum.</summary>
    /// <returns>-1 when <see cref="Count"/> is below <paramref name="atLeast"/>.</returns>
    public long Percentile(double p, int atLeast = 1)
    {
        if (Count < Math.Max(atLeast, 1)) return -1;
        long rank = Math.Max(1, (long)Math.Ceiling(p * Count));
        long seen = 0;
        int i = 0;
        for (; i < BucketCount; i++)
        {
            seen += _buckets[i];
            if (seen >= rank) break;
        }
        return Typical(Math.Min(i, BucketCount - 1));
    }

    /// <summary>The highest bucket's middle in ns, -1 when empty.</summary>
    public long Max()
    {
        for (int i = BucketCount - 1; i >= 0; i--)
            if (_buckets[i] > 0)
                return Typical(i);
        return -1;
    }

    // No duration is longer than all together, so that those that took no measurable time took 0.
    private long Typical(int bucket) => bucket == 0 ? Math.Clamp(Sum, 0, Middle(0)) : Middle(bucket);

    private static long Middle(int bucket)
    {
        if (bucket == 0) return 1L << (MinExponent - 1);
        if (bucket == BucketCount - 1) return 1L << MaxExponent;
        return (long)Math.Pow(2, MinExponent + (bucket - 0.5) / PerDoubling);
    }
}
