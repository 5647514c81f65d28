using Iscsitop.Engine;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class PatternMemoryTests
{
    [Test]
    public void Counts_are_the_same_however_they_are_kept([Values(3, 40, 150)] int places)
    {
        var random = new Random(places);
        Pattern few = new(), all = new(), sum = new(), dense = new();
        all.Sizes.Clear();
        dense.Sizes.Clear();
        for (int i = 0; i < 1000; i++)
        {
            int place = random.Next(places) * (Pattern.End / places);
            few.AddAt(place, i);
            all.AddAt(place, i);
            if (i != 500) continue;
            sum.Add(few);
            dense.Add(all);
        }
        Pattern difference = new(), other = new();
        difference.AddDifference(few, sum);
        other.AddDifference(all, dense);
        double aligned = few.AlignedTo(4096);
        Assert.That(aligned, Is.EqualTo(all.AlignedTo(4096)));
        Assert.That((Counts(few), Counts(sum), Counts(difference)), Is.EqualTo((Counts(all), Counts(dense), Counts(other))));
        sum.Add(difference);
        Assert.That(Counts(sum), Is.EqualTo(Counts(all)));
        few.Clear();
        Assert.That(Counts(few), Is.EqualTo(Counts(new Pattern())));
    }

    [Test]
    public void What_shrinks_is_less_than_nothing()
    {
        Pattern little = new(), much = new(), difference = new();
        little.AddAt(3, 1);
        much.AddAt(3, 5);
        much.AddAt(4, 2);
        difference.AddDifference(little, much);
        Assert.That((difference.Sizes[3], difference.Sizes[4]), Is.EqualTo((-4L, -2L)));
    }

    private static string Counts(Pattern p) => string.Join(',', [.. p.Sizes, .. p.Exact, .. p.Aligned, .. p.Seeks]);
}
