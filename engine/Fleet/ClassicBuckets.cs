namespace Iscsitop.Engine.Fleet;

/// <summary>
/// From the few cumulative buckets of a classic histogram to ours: the durations of a bucket are taken to be spread evenly over it, as
/// histogram_quantile does it. What is beyond the highest bound is taken to be of that bound.
/// </summary>
internal static class ClassicBuckets
{
    /// <summary>Adds what came to a cell's LAT.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="buckets">Cumulative counts by their bounds, in any order.</param>
    /// <param name="sums">The sums, in seconds.</param>
    /// <param name="current">Set when one of them is as new as its host.</param>
    public static void Add(Cell cell, List<Track> buckets, List<Track> sums, ref bool current)
    {
        if (buckets.Count == 0) return;
        buckets.Sort(static (a, b) => a.Bound.CompareTo(b.Bound));
        Histogram? durations = null;
        double below = 0, lower = 0;
        for (int i = 0; i < buckets.Count; i++)
        {
            double bound = buckets[i].Bound;
            double upTo = 0;
            // Several may have the same bound: they add up.
            for (; ; i++)
            {
                current |= buckets[i].Current;
                upTo += buckets[i].Take();
                if (i + 1 == buckets.Count || buckets[i + 1].Bound != bound) break;
            }
            long count = upTo > below && upTo < long.MaxValue ? (long)Math.Round(upTo) - (long)Math.Round(below) : 0;
            below = Math.Max(below, upTo);
            if (count > 0) Spread(durations ??= cell.Ensure(Phase.Latency), lower, bound, count);
            if (double.IsFinite(bound)) lower = Math.Max(0, bound);
        }
        long sum = FleetCell.Nanoseconds(sums, ref current);
        durations?.AddSum(sum);
    }

    /// <summary>Adds so many durations between two bounds in seconds; the upper may be infinite.</summary>
    public static void Spread(Histogram into, double lower, double upper, long count)
    {
        long low = Ns(lower), high = Ns(upper);
        int first = Histogram.BucketOf(low), last = Histogram.BucketOf(Math.Max(low, high - 1));
        if (!double.IsFinite(upper) || high <= low || first >= last)
        {
            into.AddBucket(first, count);
            return;
        }
        long done = 0;
        for (int bucket = first; bucket <= last; bucket++)
        {
            double share = bucket == last ? 1 : Math.Min(1, (double)(Histogram.UpperBound(bucket) - low) / (high - low));
            long upTo = (long)Math.Round(share * count);
            if (upTo > done) into.AddBucket(bucket, upTo - done);
            done = Math.Max(done, upTo);
        }
    }

    private static long Ns(double seconds) => seconds * 1e9 is < 1e18 and var ns ? (long)Math.Round(Math.Max(0, ns)) : (long)1e18;
}
