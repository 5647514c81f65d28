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

    private static Histogram Of(long[] values)
    {
        var histogram = new Histogram();
        foreach (long ns in values) histogram.Add(ns);
        return histogram;
    }

    private static bool Same(Histogram a, Histogram b) => a.Count == b.Count && a.Sum == b.Sum && a.Buckets.SequenceEqual(b.Buckets);
}
