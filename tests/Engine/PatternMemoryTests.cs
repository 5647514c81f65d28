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
        Assert.That(few.AlignedTo(4096), Is.EqualTo(all.AlignedTo(4096)));
        sum.Add(few);
        dense.Add(all);
        Assert.That((Counts(few), Counts(sum)), Is.EqualTo((Counts(all), Counts(dense))));
        var copy = new Pattern();
        copy.CopyCounts(few);
        Assert.That(Counts(copy), Is.EqualTo(Counts(all)));
        few.Clear();
        Assert.That(Counts(few), Is.EqualTo(Counts(new Pattern())));
    }

    private static string Counts(Pattern p) => string.Join(',', [.. p.Sizes, .. p.Exact, .. p.Aligned, .. p.Seeks]);
}
