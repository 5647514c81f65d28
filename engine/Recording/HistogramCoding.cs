using System.Numerics;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// Histograms in a record: how many, from which bucket on, then each bucket's count by how full those before it were; or, where one
/// follows another (the service time of reads without a transfer is their latency), by its differences from that.
/// </summary>
internal sealed class HistogramCoding(Coder coder)
{
    private const int Absent = 0, Same = 1, Different = 2, Own = 3;

    // Of a sum the bits below a 1024th of what the buckets say are left out: 0.05 % at most.
    private const int SumBits = 10;

    // Times between commands keep four buckets a doubling.
    private const int PerGroup = 4;
    private const int Groups = 2 + (Histogram.BucketCount - 2) / PerGroup;

    private static readonly double[] s_middles = [.. Enumerable.Range(0, Histogram.BucketCount).Select(MiddleOf)];

    private readonly long[] _counts = new long[Histogram.BucketCount];

    /// <summary>What a histogram's place remembers from record to record.</summary>
    public sealed class Memory
    {
        public int Mode { get; set; }

        public int Low { get; set; }
    }

    /// <summary>Codes a histogram.</summary>
    /// <param name="kind">Which it is, for the models.</param>
    /// <param name="histogram">What is written; read into, cleared before. Null for one that has nothing.</param>
    /// <param name="make">Gives the one to read into.</param>
    /// <param name="expected">Count it probably has.</param>
    /// <param name="like">One it may follow, null for none.</param>
    /// <param name="memory">Its place.</param>
    /// <returns>What a reader has: null for nothing.</returns>
    public Histogram? Code(int kind, Histogram? histogram, Func<Histogram> make, long expected, Histogram? like, Memory memory)
    {
        int mode = coder.Decoding ? 0 : ModeOf(histogram, like);
        int high = Choose(kind, memory.Mode, 0, mode >= Different) ? 2 : 0;
        mode = high + (Choose(kind, memory.Mode, 1 + high / 2, (mode & 1) != 0) ? 1 : 0);
        memory.Mode = mode;
        if (mode == Absent) return null;
        if ((mode is Same or Different) && like is null) throw new RecordingFormatException("a histogram that follows none");
        Histogram into = coder.Decoding ? make() : histogram!;
        int models = Kinds.Histogram + 6 * kind;
        if (mode == Same)
        {
            long sum = into.Sum;
            if (coder.Decoding) into.CopyFrom(like!);
            Sum(models, into, sum, like!.Sum, Estimate(like.Buckets), like.Sum);
            return into;
        }
        long count = coder.Near(models, into.Count, expected);
        if (count <= 0) throw new RecordingFormatException("a histogram of nothing");
        Span<long> counts = _counts;
        if (coder.Decoding) counts.Clear();
        else into.Buckets.CopyTo(counts);
        if (mode == Different) Differences(models, counts, like!.Buckets, count);
        else memory.Low = Counts(models, counts, count, memory.Low);
        if (coder.Decoding) AddTo(into, counts);
        long estimate = Estimate(counts);
        Sum(models, into, into.Sum, estimate, estimate, 0);
        return into;
    }

    /// <summary>Codes one of which a quarter of the resolution is enough.</summary>
    public Histogram? Coarse(int kind, Histogram? histogram, Func<Histogram> make, long expected, Memory memory)
    {
        bool any = Choose(kind, memory.Mode, 0, histogram is { Count: > 0 });
        memory.Mode = any ? Own : Absent;
        if (!any) return null;
        int models = Kinds.Histogram + 6 * kind;
        Histogram into = coder.Decoding ? make() : histogram!;
        long count = coder.Near(models, into.Count, expected);
        Span<long> counts = _counts, groups = stackalloc long[Groups];
        if (!coder.Decoding)
            for (int i = 0; i < counts.Length; i++) groups[GroupOf(i)] += into.Buckets[i];
        memory.Low = Counts(models, groups, count, memory.Low);
        counts.Clear();
        for (int i = 0; i < Groups; i++) counts[BucketOf(i)] = groups[i];
        if (coder.Decoding) AddTo(into, counts);
        long estimate = Estimate(counts);
        Sum(models, into, into.Sum, estimate, estimate, 0);
        return into;
    }

    private static int GroupOf(int bucket) => (bucket + PerGroup - 1) / PerGroup;

    // Where the middle of a group is.
    private static int BucketOf(int group) => group == 0 ? 0 : Math.Min(1 + (group - 1) * PerGroup + PerGroup / 2, Histogram.BucketCount - 1);

    // In the first is what took no measurable time.
    private static double MiddleOf(int bucket) => bucket == 0 ? 0 : (Histogram.LowerBound(bucket) + Math.Min(Histogram.UpperBound(bucket), 1L << 38)) / 2.0;

    private static void AddTo(Histogram histogram, ReadOnlySpan<long> counts)
    {
        for (int i = 0; i < counts.Length; i++)
            if (counts[i] != 0)
                histogram.AddBucket(i, counts[i]);
    }

    private static int ModeOf(Histogram? histogram, Histogram? like)
    {
        if (histogram is not { Count: > 0 }) return Absent;
        if (like is not { Count: > 0 }) return Own;
        if (histogram.Buckets.SequenceEqual(like.Buckets)) return Same;
        long apart = 0;
        ReadOnlySpan<long> one = histogram.Buckets, other = like.Buckets;
        for (int i = 0; i < one.Length; i++) apart += Math.Abs(one[i] - other[i]);
        return apart <= histogram.Count ? Different : Own;
    }

    private bool Choose(int kind, int last, int which, bool bit) => coder.Bit(Decisions.Mode + (kind * 4 + last) * 4 + which, bit);

    // What the buckets let one expect of the sum.
    internal static long Estimate(ReadOnlySpan<long> counts)
    {
        double sum = 0;
        for (int i = 1; i < counts.Length; i++)
            if (counts[i] != 0)
                sum += counts[i] * s_middles[i];
        return (long)Math.Min(sum, 1L << 60);
    }

    private void Sum(int models, Histogram histogram, long sum, long expected, long estimate, long known)
    {
        long unit = Math.Max(1, estimate >> SumBits), off = sum - expected;
        off = coder.Signed(models + 1, coder.Decoding ? 0 : (off + Math.Sign(off) * (unit / 2)) / unit);
        if (coder.Decoding) histogram.AddSum(expected - known + off * unit);
    }

    // The counts of buckets, of which the sum is known.
    private int Counts(int models, Span<long> counts, long count, int low)
    {
        int first = (int)coder.Near(models + 2, coder.Decoding ? 0 : counts.IndexOfAnyExcept(0), low);
        long left = count, before = 0, last = 0, density = 0;
        for (int i = first; left > 0; i++)
        {
            if ((uint)i >= (uint)counts.Length) throw new RecordingFormatException("a histogram that goes on behind its end");
            long n = Next(counts[i], density, last, before, left, i == first);
            if ((ulong)n > (ulong)left) throw new RecordingFormatException("a bucket with more than there are");
            counts[i] = n;
            density = i == first ? n << 6 : density + ((n << 6) - density >> 3);
            (before, last, left) = (last, n, left - n);
        }
        return first;
    }

    // density is 64 times the mean of the last eight buckets or so.
    private long Next(long n, long density, long last, long before, long left, bool first)
    {
        if (density >= 512) return (long)coder.Number(Kinds.Density + Math.Min(BitOperations.Log2((ulong)density) - 9, Kinds.Magnitudes - 1), (ulong)n);
        int slope = first ? 7 : density switch { < 8 => 0, < 20 => 1, < 38 => 2, < 64 => 3, < 102 => 4, < 166 => 5, _ => 6 };
        int tail = left switch { 1 => 0, 2 => 1, < 5 => 2, < 10 => 3, < 20 => 4, _ => 5 };
        int recent = (int)Math.Min(last, 2) * 2 + (int)Math.Min(before, 1);
        return Unary(Decisions.Buckets + ((slope * 6 + recent) * 6 + tail) * Decisions.Unary, n);
    }

    private long Unary(int kind, long n)
    {
        int i = 0;
        while (i < Decisions.Unary && coder.Bit(kind + i, i < n)) i++;
        return i < Decisions.Unary ? i : Decisions.Unary + (long)coder.Number(Kinds.Escape, (ulong)(n - Decisions.Unary));
    }

    private void Differences(int models, Span<long> counts, ReadOnlySpan<long> like, long count)
    {
        int low = like.IndexOfAnyExcept(0);
        int first = (int)coder.Near(models + 2, coder.Decoding ? 0 : counts.IndexOfAnyExcept(0), low);
        long left = count, ahead = 0, last = 0;
        for (int i = low; i < Math.Min(first, like.Length); i++) ahead -= like[i];
        for (int i = first; left > 0; i++)
        {
            if ((uint)i >= (uint)like.Length) throw new RecordingFormatException("a histogram that goes on behind its end");
            int context = ((int)Math.Min(like[i], 3) * 5 + (int)Math.Clamp(ahead, -2, 2) + 2) * 2 + (last != 0 ? 1 : 0);
            long off = counts[i] - like[i];
            long coded = Unary(Decisions.Differences + context * Decisions.Unary, off << 1 ^ off >> 63);
            off = coded >> 1 ^ -(coded & 1);
            long n = like[i] + off;
            if ((ulong)n > (ulong)left) throw new RecordingFormatException("a bucket with more than there are");
            counts[i] = n;
            (ahead, last, left) = (ahead + off, off, left - n);
        }
    }
}
