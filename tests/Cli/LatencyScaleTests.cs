using Iscsitop.Cli;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class LatencyScaleTests
{
    [Test]
    public void Each_step_lies_in_the_coarse_one_whose_label_it_bears()
    {
        foreach (LatencyScale scale in LatencyScale.All)
        {
            for (int bucket = 0; bucket < Histogram.BucketCount; bucket++)
                Assert.That(scale.CoarseOf(scale.Of(bucket)), Is.EqualTo(LatencySteps.Of(bucket)), $"{scale.Count} steps, bucket {bucket}");
            Assert.That(Enumerable.Range(0, scale.Count).Count(scale.BeginsCoarse), Is.EqualTo(LatencySteps.Count));
        }
    }

    [Test]
    public void No_step_between_the_ends_is_without_a_bucket()
    {
        foreach (LatencyScale scale in LatencyScale.All)
            Assert.That(Enumerable.Range(0, Histogram.BucketCount).Select(scale.Of).Distinct().Count(), Is.EqualTo(scale.Count));
    }

    [TestCase(210_000, 210_000_000, 33, ExpectedResult = 31)]
    [TestCase(2_000, 200_000_000, 33, ExpectedResult = 31)]
    [TestCase(2_000, 400_000_000, 12, ExpectedResult = 16)]
    [TestCase(1_080_000, 1_100_000, 33, ExpectedResult = 1)]
    public int The_finest_that_fits_is_taken(long from, long to, int lines)
    {
        (int low, int high) = (Histogram.BucketOf(from), Histogram.BucketOf(to));
        LatencyScale scale = LatencyScale.For(low, high, lines);
        return scale.Of(high) - scale.Of(low) + 1;
    }
}
