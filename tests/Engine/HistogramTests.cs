using CsCheck;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class HistogramTests
{
    private static readonly Gen<long> s_duration = Gen.OneOf(Gen.Long[0, 1L << 40], Gen.Int[0, 42].Select(Gen.Int[-2, 2], (e, d) => Math.Max(0, (1L << e) + d)), Gen.Long[0, 5_000_000]);

    [Test]
    public void Every_duration_lies_between_the_bounds_of_its_bucket() => s_duration.Sample(ns =>
    {
        int bucket = Histogram.BucketOf(ns);
        return Histogram.LowerBound(bucket) <= ns && (ns < Histogram.UpperBound(bucket) || bucket == Histogram.BucketCount - 1);
    });

    [Test]
    public void A_bucket_begins_where_the_one_before_ends_and_is_found_there()
    {
        for (int i = 1; i < Histogram.BucketCount; i++)
        {
            Assert.That(Histogram.LowerBound(i), Is.EqualTo(Histogram.UpperBound(i - 1)));
            Assert.That(Histogram.BucketOf(Histogram.LowerBound(i)), Is.EqualTo(i));
        }
    }

    [Test]
    public void A_percentile_lies_in_the_bucket_of_the_sorted_list() => s_duration.Array[1, 200].Select(Gen.Double[0, 1]).Sample((values, p) =>
    {
        var histogram = new Histogram();
        foreach (long ns in values) histogram.Add(ns);
        Array.Sort(values);
        long exact = values[Math.Max(1, (int)Math.Ceiling(p * values.Length)) - 1];
        return Histogram.BucketOf(histogram.Percentile(p)) == Histogram.BucketOf(exact)
            && histogram.Count == values.Length && histogram.Sum == values.Sum()
            && Histogram.BucketOf(histogram.Max()) == Histogram.BucketOf(values[^1]);
    });

    [Test]
    public void What_was_added_can_be_taken_away() => s_duration.Array[0, 100].Select(s_duration.Array[0, 100]).Sample((first, second) =>
    {
        Histogram a = Of(first), b = Of(second), both = Of([.. first, .. second]), difference = new();
        difference.SetDifference(both, a);
        Histogram sum = Of(first);
        sum.AddDifference(both, a);
        return Same(difference, b) && Same(sum, both);
    });

    [TestCase(new long[] { 0, 0, 0 }, 0)]
    [TestCase(new long[] { 7 }, 7)]
    [TestCase(new long[] { 900, 900 }, 512)]
    public void What_was_measured_as_nothing_is_told_as_nothing(long[] values, long expected)
    {
        Histogram histogram = Of(values);
        Assert.That((histogram.Percentile(0.5), histogram.Percentile(0.99), histogram.Max()), Is.EqualTo((expected, expected, expected)));
    }

    [Test]
    public void Too_few_durations_have_no_percentile()
    {
        Histogram histogram = Of([5000, 6000]);
        Assert.That(histogram.Percentile(0.5, atLeast: 3), Is.EqualTo(-1));
        Assert.That(new Histogram().Percentile(0.5), Is.EqualTo(-1));
        Assert.That(new Histogram().Max(), Is.EqualTo(-1));
    }

    // What a histogram keeps is a list or a window, and it goes from one to the other at many points: against plain counts.
    [Test]
    public void However_it_is_kept_it_counts_the_same() => Gen.Select(Gen.Int[0, 6], s_duration.Array[0, 90], Gen.Int[0, Histogram.BucketCount - 1], Gen.Long[0, 1L << 26]).Array[1, 40].Sample(steps =>
    {
        var histogram = new Histogram();
        long[] plain = new long[Histogram.BucketCount];
        long sum = 0;
        foreach ((int what, long[] values, int bucket, long count) in steps)
        {
            switch (what)
            {
                case 0: histogram.Clear(); Array.Clear(plain); sum = 0; break;
                case 1: histogram.AddBucket(bucket, count); plain[bucket] += count; break;
                case 2: histogram.Append(bucket, count); plain[bucket] += count; break;
                case 3: histogram.Add(Of(values)); break;
                case 4: histogram.AddDifference(Of([.. values, .. values]), Of(values)); break;
                case 5 when bucket < 9: _ = histogram.Buckets.Length; break;
                default: foreach (long ns in values) histogram.Add(ns); break;
            }
            if (what is 0 or 1 or 2 || (what == 5 && bucket < 9)) continue;
            foreach (long ns in values) plain[Histogram.BucketOf(ns)]++;
            sum += values.Sum();
        }
        long[] copy = new long[Histogram.BucketCount], seen = new long[Histogram.BucketCount];
        histogram.CopyTo(copy);
        int last = -1;
        for (int at = 0; histogram.Next(ref at, out int bucket, out long count); last = bucket)
        {
            if (bucket <= last || count == 0) return false;
            seen[bucket] = count;
        }
        return plain.SequenceEqual(copy) && plain.SequenceEqual(seen) && histogram.Count == plain.Sum() && histogram.Sum == sum && histogram.Buckets.SequenceEqual(plain);
    }, iter: 3000);

    [Test]
    public void It_takes_the_memory_that_its_durations_need_and_gives_it_back()
    {
        Histogram few = Of([1000, 2000, 3000]), many = new();
        Assert.That(few.Size, Is.LessThan(80));
        for (int i = 0; i < 5000; i++) many.Add(100_000 + i * 10);
        Assert.That(many.Size, Is.LessThan(600));
        long[] far = [1, 1L << 40];
        many.Add(Of(far));
        Assert.That(many.Size, Is.GreaterThan(3400), "from the first bucket to the last");
        for (int i = 0; i < 20; i++)
        {
            many.Clear();
            many.Add(5000);
        }
        Assert.That(many.Size, Is.LessThan(80), "few have come for long");
        Assert.That(many.Count, Is.EqualTo(1));
        _ = many.Buckets;
        for (int i = 0; i < 20; i++) many.Clear();
        Assert.That(many.Size, Is.GreaterThan(3400), "what is looked into as a whole keeps its memory");
    }

    [Test]
    public void What_comes_again_and_again_allocates_nothing()
    {
        var histogram = new Histogram();
        void Interval(int commands)
        {
            histogram.Clear();
            for (int i = 0; i < commands; i++) histogram.Add(50_000 + i % 300 * 1000);
        }
        foreach (int commands in (int[])[3, 60, 2000])
        {
            Assert.That(Allocated.By(() => Interval(commands)), Is.Zero, $"{commands} commands an interval");
        }
    }

    private static Histogram Of(long[] values)
    {
        var histogram = new Histogram();
        foreach (long ns in values) histogram.Add(ns);
        return histogram;
    }

    private static bool Same(Histogram a, Histogram b) => a.Count == b.Count && a.Sum == b.Sum && a.Buckets.SequenceEqual(b.Buckets);
}
