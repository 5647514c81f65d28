using CsCheck;
using Iscsitop.Engine.D;

namespace Iscsitop.Tests.D;

[TestFixture]
public sealed class QuantizeTests
{
    private const string Header = "\n           value  ------------- Distribution ------------- count    \n";
    private const string Empty = "                                        ";
    private const string Full = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
    private static readonly DType[] None = [];

    [Test]
    public void A_block_goes_from_one_before_the_first_to_one_after_the_last()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, [DType.Int]);
        aggregation.Add([0L], 0);
        Assert.That(DRig.Print(aggregation), Is.EqualTo("        0" + Header
            + $"              -1 |{Empty} 0        \n"
            + $"               0 |{Full} 1        \n"
            + $"               1 |{Empty} 0        \n\n"));
    }

    [Test]
    public void A_bar_is_rounded_to_the_nearest_cell()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, None);
        aggregation.Add([], 100, 79);
        aggregation.Add([], 300, 1);
        Assert.That(DRig.Print(aggregation), Is.EqualTo(Header
            + $"              32 |{Empty} 0        \n"
            + $"              64 |{Full} 79       \n"
            + $"             128 |{Empty} 0        \n"
            + $"             256 |@{Empty[1..]} 1        \n"
            + $"             512 |{Empty} 0        \n\n"));
    }

    [Test]
    public void Without_data_the_buckets_around_zero_are_printed()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, None);
        aggregation.Add([], 5);
        aggregation.Clear();
        Assert.That(DRig.Print(aggregation), Is.EqualTo(Header
            + $"              -1 |{Empty} 0        \n"
            + $"               0 |{Empty} 0        \n"
            + $"               1 |{Empty} 0        \n\n"));
    }

    [Test]
    public void Negative_counts_draw_to_the_left()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, None);
        aggregation.Add([], 1, -3);
        aggregation.Add([], 2, -1);
        Assert.That(DRig.Print(aggregation), Is.EqualTo(Header
            + $"               0 {Empty}| 0        \n"
            + $"               1 {Empty[..10]}{Full[..30]}| -3       \n"
            + $"               2 {Empty[..30]}{Full[..10]}| -1       \n"
            + $"               4 {Empty}| 0        \n\n"));
    }

    [Test]
    public void Counts_of_both_signs_draw_from_the_middle()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, None);
        aggregation.Add([], 1, -3);
        aggregation.Add([], 2, 1);
        Assert.That(DRig.Print(aggregation), Is.EqualTo(Header
            + $"               0 {Empty[..20]}|{Empty[..20]} 0        \n"
            + $"               1 {Empty[..5]}{Full[..15]}|{Empty[..20]} -3       \n"
            + $"               2 {Empty[..20]}|{Full[..5]}{Empty[..15]} 1        \n"
            + $"               4 {Empty[..20]}|{Empty[..20]} 0        \n\n"));
    }

    [Test]
    public void Normalize_divides_counts_and_leaves_bars()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, None);
        aggregation.Add([], 1, 1000);
        aggregation.Normalize(300);
        Assert.That(DRig.Print(aggregation), Is.EqualTo(Header
            + $"               0 |{Empty} 0        \n"
            + $"               1 |{Full} 3        \n"
            + $"               2 |{Empty} 0        \n\n"));
    }

    [Test]
    public void The_outermost_buckets_have_nothing_beyond()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, None);
        aggregation.Add([], long.MinValue);
        aggregation.Add([], long.MaxValue);
        string[] lines = DRig.Print(aggregation).Split('\n');
        Assert.That(lines, Has.Length.EqualTo(2 + 127 + 2));
        Assert.That(lines[2], Is.EqualTo($"-4611686018427387904 |{Full[..20]}{Empty[..20]} 1        "));
        Assert.That(lines[128], Is.EqualTo($"4611686018427387904 |{Full[..20]}{Empty[..20]} 1        "));
    }

    [Test]
    public void An_lquantize_has_what_is_below_and_above()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Lquantize, None, -10, 30, 20);
        foreach (long value in (long[])[-11, -10, 9, 10, 29, 30, 1000]) aggregation.Add([], value);
        Assert.That(DRig.Print(aggregation), Is.EqualTo(Header
            + $"           < -10 |@@@@@@{Empty[6..]} 1        \n"
            + $"             -10 |@@@@@@@@@@@{Empty[11..]} 2        \n"
            + $"              10 |@@@@@@@@@@@{Empty[11..]} 2        \n"
            + $"           >= 30 |@@@@@@@@@@@{Empty[11..]} 2        \n\n"));
    }

    [Test]
    public void An_lquantize_without_data_shows_its_beginning()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Lquantize, None, 0, 10, 1);
        aggregation.Add([], 1, 0);
        Assert.That(DRig.Print(aggregation), Is.EqualTo(Header
            + $"             < 0 |{Empty} 0        \n"
            + $"               0 |{Empty} 0        \n"
            + $"               1 |{Empty} 0        \n\n"));
    }

    [Test]
    public void An_llquantize_has_steps_in_each_order()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Llquantize, None, 10, 1, 2, 20);
        foreach (long value in (long[])[9, 10, 14, 99, 100, 149, 150, 999, 1000]) aggregation.Add([], value);
        string[] lines = DRig.Print(aggregation).Split('\n');
        Assert.That(lines.Where(line => line.EndsWith(" 1        ", StringComparison.Ordinal) || line.EndsWith(" 2        ", StringComparison.Ordinal))
            .Select(line => line[..16].Trim() + " " + line[59..].Trim()),
            Is.EqualTo(new[] { "< 10 1", "10 2", "95 1", "100 2", "150 1", "950 1", ">= 1000 1" }));
        Assert.That(lines, Has.Length.EqualTo(2 + 1 + 18 + 18 + 1 + 2));
    }

    [TestCase(10, 0, 3, 10, "< 1|1|2|3|4|5|6|7|8|9|10|20|30|40|50|60|70|80|90|100|200|300|400|500|600|700|800|900|1000|2000|3000|4000|5000|6000|7000|8000|9000|>= 10000")]
    [TestCase(2, 3, 4, 4, "< 8|8|12|16|24|>= 32")]
    [TestCase(10, 17, 30, 10, "< 100000000000000000|100000000000000000|200000000000000000|300000000000000000|400000000000000000|500000000000000000|600000000000000000|700000000000000000|800000000000000000|900000000000000000|>= 1000000000000000000")]
    public void An_llquantize_has_the_levels_that_its_arguments_say(int factor, int low, int high, int steps, string labels)
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Llquantize, None, factor, low, high, steps);
        aggregation.Add([], 0);
        aggregation.Add([], long.MaxValue);
        IEnumerable<string> lines = DRig.Print(aggregation).Split('\n')[2..^2].Select(line => line[..line.IndexOf('|')].Trim());
        Assert.That(string.Join('|', lines), Is.EqualTo(labels));
    }

    [Test]
    public void A_value_is_in_the_bucket_that_its_number_says()
        => Gen.Select(Gen.Enum<AggregatingFunction>().Where(function => function >= AggregatingFunction.Quantize), Values).Sample((function, value) =>
        {
            Buckets buckets = Buckets.Of(function, AggregationTests.Parameters(function))!;
            long seen = function == AggregatingFunction.Lquantize ? (int)value : value;
            int expected = Enumerable.Range(0, buckets.Count).Single(bucket => !(seen < buckets.Lowest(bucket)) && !(seen >= buckets.End(bucket)));
            Assert.That(buckets.Of(value), Is.EqualTo(expected));
            if (function == AggregatingFunction.Quantize) Assert.That(buckets.Label(expected), Is.EqualTo(Power(value)));
        });

    [Test]
    public void Distributions_are_ordered_by_the_sum_of_their_buckets()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, [DType.String]);
        aggregation.Add(["heavy"], 9);
        aggregation.Add(["many"], 1, 7);
        aggregation.Add(["none"], 0);
        aggregation.Add(["zeroes"], 0, 2);
        aggregation.Add(["alike"], 8);
        IEnumerable<string> keys = DRig.Print(aggregation).Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal) && char.IsAsciiLetterLower(line[2]))
            .Select(line => line.Trim());
        Assert.That(keys, Is.EqualTo(new[] { "none", "zeroes", "many", "alike", "heavy" }));
    }

    private static readonly Gen<long> Values = Gen.OneOf(Gen.Long, Gen.Long[-20, 120], Gen.Select(Gen.Int[0, 62], Gen.Long[-1, 1], Gen.Bool)
        .Select(t => (t.Item3 ? -1 : 1) * ((1L << t.Item1) + t.Item2)));

    private static long Power(long value)
    {
        if (value == 0) return 0;
        Int128 magnitude = Int128.Abs(value);
        long power = 1;
        while (power < 1L << 62 && power * 2 <= magnitude) power *= 2;
        return value < 0 ? -power : power;
    }
}
