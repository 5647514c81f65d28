using Iscsitop.Engine;
using Iscsitop.Engine.Fleet;

namespace Iscsitop.Tests.Fleet;

[TestFixture]
public sealed class ClassicBucketsTests
{
    // Half of 1 to 2 ms lies below 1.5 ms.
    [TestCase(0.001, 0.002, 0.5, 1_500_000)]
    [TestCase(0.001, 0.002, 0.99, 1_990_000)]
    [TestCase(0.0, 0.0001, 0.5, 50_000)]
    [TestCase(5, 30, 0.2, 10_000_000_000)]
    public void A_percentile_is_interpolated(double lower, double upper, double p, double ns)
    {
        var histogram = new Histogram();
        ClassicBuckets.Spread(histogram, lower, upper, 100_000);
        Assert.That(histogram.Count, Is.EqualTo(100_000));
        Assert.That(histogram.Percentile(p), Is.EqualTo(ns).Within(3.5).Percent);
    }

    [TestCase(1)]
    [TestCase(7)]
    public void Few_stay_few(int count)
    {
        var histogram = new Histogram();
        ClassicBuckets.Spread(histogram, 0.001, 0.0025, count);
        Assert.That(histogram.Count, Is.EqualTo(count));
        Assert.That(histogram.Max(), Is.LessThanOrEqualTo(2_500_000 * 1.03));
    }

    [Test]
    public void Beyond_the_highest_bound_the_bound_is_what_is_known()
    {
        var histogram = new Histogram();
        ClassicBuckets.Spread(histogram, 30, double.PositiveInfinity, 9);
        Assert.That(histogram.Count, Is.EqualTo(9));
        Assert.That(histogram.Percentile(0.5), Is.EqualTo(30_000_000_000L).Within(3).Percent);
    }
}
