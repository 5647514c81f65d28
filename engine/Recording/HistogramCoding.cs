using System.Numerics;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// Histograms in a record: how many, from which bucket on, then each bucket's count by how full those before it were; or, where one
/// follows another (the service time of reads without a transfer is their latency), by its differences from that.
/// </summary>
internal sealed class HistogramCoding(Coder coder)
{
    private const int Absent = 0, Same = 1, Different = 2, Own = 3;

    // Of a sum the bits below a 512th of what the buckets say are left out: 0.1 % at most. Where they say little, below a 16th.
    private const int SumBits = 9;
    private const int CoarseSumBits = 4;

    // A record's weight in what is expected of the next: an eighth.
    private const int PastBits = 3;

    private const int MostTimes = 8;
    private const int Weight = 6000;
    private const int Few = 8;

    // 1024 by the fifth root of 2^n: the more is known, the less is smoothed.
    private static readonly long[] s_narrower = [1024, 891, 776, 675, 588, 512, 445, 388, 337, 294, 256, 222, 194, 168, 147, 128, 111, 97, 84, 73, 64];

    private static readonly double[] s_middles = [.. Enumerable.Range(0, Histogram.BucketCount).Select(MiddleOf)];

    private readonly long[] _counts = new long[Histogram.BucketCount];
    private readonly long[] _copy = new long[Histogram.BucketCount];
    private readonly long[] _weights = new long[Histogram.BucketCount];
    private readonly long[] _box = new long[Histogram.BucketCount];
    private readonly long[] _rest = new long[Histogram.BucketCount + 1];

    /// <summary>The version of the block (docs/recording.md).</summary>
    public int Version { get; set; } = BlockHeader.Version;

    /// <summary>What a histogram's place remembers from record to record.</summary>
    public sealed class Memory
    {
        public int Mode { get; set; }

        /// <summary>The lowest bucket that had any.</summary>
        public int Low { get; set; }

        /// <summary>Buckets of a group, where not all are told apart; what was of another size says nothing.</summary>
        public int Size { get; set; }

        /// <summary>How often it was told, <see cref="MostTimes"/> at most.</summary>
        public int Times { get; set; }

        /// <summary>The buckets of the last records, the older the less.</summary>
        public ushort[] Past { get; set; } = [];

        /// <summary>Their sum.</summary>
        public long Total { get; set; }

        /// <summary>Bytes that a reader was told of: what the histogram took most.</summary>
        public int Held { get; set; }
    }

    /// <summary>Codes a histogram.</summary>
    /// <param name="kind">Which it is, for the models.</param>
    /// <param name="histogram">What is written; read into, cleared before. Null for one that has nothing.</param>
    /// <param name="make">Gives the one to read into.</param>
    /// <param name="expected">Count it probably has.</param>
    /// <param name="like">One it may follow, null for none.</param>
    /// <param name="slot">What its place remembers; made when it has something.</param>
    /// <returns>What a reader has: null for nothing.</returns>
    public Histogram? Code(int kind, Histogram? histogram, Func<Histogram> make, long expected, Histogram? like, ref Memory? slot)
    {
        int mode = coder.Decoding ? 0 : ModeOf(histogram, like), last = slot?.Mode ?? Absent;
        int high = Choose(kind, last, 0, mode >= Different) ? 2 : 0;
        mode = high + (Choose(kind, last, 1 + high / 2, (mode & 1) != 0) ? 1 : 0);
        if (mode == Absent && slot is null) return null;
        Memory memory = slot ??= new Memory();
        memory.Mode = mode;
        if (mode == Absent) return null;
        if ((mode is Same or Different) && like is null) throw new RecordingFormatException("a histogram that follows none");
        Histogram into = coder.Decoding ? make() : histogram!;
        int models = Kinds.Histogram + 6 * kind;
        if (mode == Same)
        {
            long sum = into.Sum;
            if (coder.Decoding) into.CopyFrom(like!);
            Sum(models, into, sum, like!.Sum, Estimate(like), like.Sum);
            Hold(memory, into);
            return into;
        }
        long count = coder.Near(models, into.Count, expected);
        if (count <= 0) throw new RecordingFormatException("a histogram of nothing");
        Span<long> counts = _counts;
        if (coder.Decoding) counts.Clear();
        else into.Buckets.CopyTo(counts);
        if (mode == Different) Differences(models, counts, Copied(like!), count);
        else Counts(kind, counts, count, memory);
        if (coder.Decoding) AddTo(into, counts);
        long estimate = Estimate(counts);
        Sum(models, into, into.Sum, estimate, estimate, 0);
        Hold(memory, into);
        return into;
    }

    /// <summary>Codes one that need not be finer than chance: a bucket a doubling for tens, two for hundreds, four for thousands.</summary>
    public Histogram? Coarse(int kind, Histogram? histogram, Func<Histogram> make, long expected, Memory memory)
    {
        bool any = Choose(kind, memory.Mode, 0, histogram is { Count: > 0 });
        memory.Mode = any ? Own : Absent;
        if (!any) return null;
        Histogram into = coder.Decoding ? make() : histogram!;
        long count = coder.Near(Kinds.Histogram + 6 * kind, into.Count, expected);
        if (count <= 0) throw new RecordingFormatException("a histogram of nothing");
        int size = count switch { < 64 => 16, < 512 => 8, < 8192 => 4, _ => 1 };
        Span<long> counts = _counts, groups = stackalloc long[Histogram.BucketCount];
        groups.Clear();
        if (!coder.Decoding)
            for (int i = 0; i < counts.Length; i++) groups[GroupOf(i, size)] += into.Buckets[i];
        if (memory.Size != size) (memory.Size, memory.Times) = (size, 0);
        Grouped(kind, groups[..(GroupOf(counts.Length - 1, size) + 1)], count, memory);
        counts.Clear();
        for (int i = 0; i < groups.Length; i++)
            if (groups[i] != 0) counts[BucketOf(i, size)] += groups[i];
        if (coder.Decoding) AddTo(into, counts);
        long estimate = Estimate(counts);
        Sum(Kinds.Histogram + 6 * kind, into, into.Sum, estimate, estimate, 0, CoarseSumBits);
        Hold(memory, into);
        return into;
    }

    // What a reader keeps of it.
    private void Hold(Memory memory, Histogram histogram)
    {
        if (!coder.Decoding) return;
        int bytes = 96 + 2 * memory.Past.Length + histogram.Size;
        if (bytes <= memory.Held) return;
        coder.Hold(bytes - memory.Held);
        memory.Held = bytes;
    }

    private static int GroupOf(int bucket, int size) => (bucket + size - 1) / size;

    // Where the middle of a group is.
    private static int BucketOf(int group, int size) => group == 0 ? 0 : Math.Min(1 + (group - 1) * size + size / 2, Histogram.BucketCount - 1);

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

    /// <summary>What the buckets let one expect of the sum.</summary>
    internal long Estimate(Histogram histogram) => Estimate(Copied(histogram));

    // Its buckets; who asks it for them makes it keep room for all.
    private ReadOnlySpan<long> Copied(Histogram histogram)
    {
        histogram.CopyTo(_copy);
        return _copy;
    }

    // What the buckets let one expect of the sum.
    private static long Estimate(ReadOnlySpan<long> counts)
    {
        double sum = 0;
        for (int i = 1; i < counts.Length; i++)
            if (counts[i] != 0)
                sum += counts[i] * s_middles[i];
        return (long)Math.Min(sum, 1L << 60);
    }

    private void Sum(int models, Histogram histogram, long sum, long expected, long estimate, long known, int bits = SumBits)
    {
        long unit = Math.Max(1, estimate >> bits), off = sum - expected;
        off = coder.Signed(models + 1, coder.Decoding ? 0 : (off + Math.Sign(off) * (unit / 2)) / unit);
        if (coder.Decoding) histogram.AddSum(expected - known + off * unit);
    }

    // From the lowest that ever had any, or from one below.
    private void Counts(int kind, Span<long> counts, long count, Memory memory)
    {
        int first = coder.Decoding ? 0 : counts.IndexOfAnyExcept(0);
        if (memory.Times == 0 || Choose(kind, 0, 3, first < memory.Low))
            memory.Low = first = (int)coder.Near(Kinds.Histogram + 6 * kind + 2, first, memory.Low);
        if ((uint)memory.Low >= (uint)counts.Length) throw new RecordingFormatException("a histogram that begins behind its end");
        Expected(counts, count, memory, memory.Low);
    }

    private void Grouped(int kind, Span<long> groups, long count, Memory memory)
    {
        int first = (int)coder.Near(Kinds.Histogram + 6 * kind + 2, coder.Decoding ? 0 : groups.IndexOfAnyExcept(0), 110 / memory.Size);
        if ((uint)first >= (uint)groups.Length) throw new RecordingFormatException("a histogram that begins behind its end");
        Expected(groups, count, memory, first);
    }

    // Each bucket's count by what the last records and the buckets before it let one expect. The sum of all is known.
    private void Expected(Span<long> counts, long count, Memory memory, int first)
    {
        // Of a few the past says little, and would take more room than they do.
        if (memory.Past.Length < counts.Length && count >= Few) (memory.Past, memory.Times) = (new ushort[counts.Length], 0);
        if (memory.Times == 0)
        {
            Array.Clear(memory.Past);
            memory.Total = 0;
        }
        if (Version >= 3 && memory.Total > 0) Weigh(memory, counts.Length, count);
        ReadOnlySpan<ushort> past = memory.Past;
        long left = count, last = 0, density = Math.Min(count, 64) << 2;
        for (int i = first; left > 0; i++)
        {
            if (i >= counts.Length) throw new RecordingFormatException("a histogram that goes on behind its end");
            long expected = density;
            if (memory.Total > 0 && Version >= 3) expected = ((_rest[i] > 0 ? 64 * left * _weights[i] / _rest[i] : 4 * left) * 8 * memory.Times + density) / (8 * memory.Times + 1);
            else if (memory.Total > 0) expected = (Around(past, i) * 64 * count / (9 * memory.Total) * memory.Times + 2 * density) / (memory.Times + 2);
            int context = (Version < 3 ? (int)Math.Min(last, 2) : memory.Times == 0 ? 0 : memory.Times < 4 ? 1 : 2) * 3 + (left < 3 ? 0 : left < 10 ? 1 : 2);
            long n = coder.Expected(Decisions.Expected + context * Decisions.Levels * Decisions.Unary, counts[i], Math.Max(expected, 1));
            if ((ulong)n > (ulong)left) throw new RecordingFormatException("a bucket with more than there are");
            counts[i] = n;
            density += (n << 6) - density >> 3;
            (last, left) = (n, left - n);
        }
        if (memory.Past.Length >= counts.Length) Remember(memory, counts, count);
    }

    // What the last records let one expect of each bucket, smoothed the more the fewer they are of, and the sum of all from each on.
    private void Weigh(Memory memory, int buckets, long count)
    {
        ReadOnlySpan<ushort> past = memory.Past.AsSpan(0, buckets);
        int last = past.LastIndexOfAnyExcept((ushort)0);
        long sum = 0, of = memory.Total;
        int from = 0, to = 0;
        for (int i = 0; i < buckets; i++)
        {
            if (sum * 4 < of) from = i;
            if (sum * 4 < 3 * of) to = i;
            sum += past[i];
        }
        int half = Math.Min((int)((to - from + 1) * s_narrower[Math.Min(BitOperations.Log2((ulong)(count * memory.Times)), s_narrower.Length - 1)] * 54 >> 16), 24);
        int end = Math.Min(buckets, last + 2 * half + 16);
        for (int i = 0; i < end; i++) _weights[i] = past[i];
        Box(_weights, _box, half, end);
        Box(_box, _weights, half, end);
        long floor = Math.Max(1, of * (2 * half + 1) * (2 * half + 1) / 4096);
        _weights.AsSpan(end, buckets - end).Clear();
        _rest.AsSpan(end, buckets - end + 1).Clear();
        for (int i = end - 1; i >= 0; i--)
        {
            _weights[i] += floor;
            _rest[i] = _rest[i + 1] + _weights[i];
        }
    }

    private static void Box(ReadOnlySpan<long> of, Span<long> into, int half, int end)
    {
        long sum = 0;
        for (int i = 0; i < Math.Min(half, end); i++) sum += of[i];
        for (int i = 0; i < end; i++)
        {
            if (i + half < end) sum += of[i + half];
            into[i] = sum;
            if (i - half >= 0) sum -= of[i - half];
        }
    }

    private static long Around(ReadOnlySpan<ushort> past, int i)
    {
        long sum = 3 * past[i];
        if (i > 0) sum += 2 * past[i - 1];
        if (i > 1) sum += past[i - 2];
        if (i + 1 < past.Length) sum += 2 * past[i + 1];
        if (i + 2 < past.Length) sum += past[i + 2];
        return sum;
    }

    private static void Remember(Memory memory, ReadOnlySpan<long> counts, long count)
    {
        ushort[] past = memory.Past;
        long total = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            past[i] = (ushort)(past[i] - (past[i] >> PastBits) + counts[i] * Weight / count);
            total += past[i];
        }
        (memory.Total, memory.Times) = (total, Math.Min(memory.Times + 1, MostTimes));
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
            long coded = coder.Unary(Decisions.Differences + context * Decisions.Unary, off << 1 ^ off >> 63);
            off = coded >> 1 ^ -(coded & 1);
            long n = like[i] + off;
            if ((ulong)n > (ulong)left) throw new RecordingFormatException("a bucket with more than there are");
            counts[i] = n;
            (ahead, last, left) = (ahead + off, off, left - n);
        }
    }
}
