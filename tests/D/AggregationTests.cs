using CsCheck;
using Iscsitop.Engine.D;

namespace Iscsitop.Tests.D;

[TestFixture]
public sealed class AggregationTests
{
    private static readonly DType[] None = [];
    private static readonly DType[] Name = [DType.String];
    private static readonly DType[] Number = [DType.Int];

    [TestCase(nameof(AggregatingFunction.Count), "                4\n")]
    [TestCase(nameof(AggregatingFunction.Sum), "               26\n")]
    [TestCase(nameof(AggregatingFunction.Avg), "                6\n")]
    [TestCase(nameof(AggregatingFunction.Min), "               -3\n")]
    [TestCase(nameof(AggregatingFunction.Max), "               20\n")]
    [TestCase(nameof(AggregatingFunction.Stddev), "                8\n")]
    public void A_value_without_key_stands_alone(string function, string expected)
    {
        Aggregation aggregation = DRig.New(Enum.Parse<AggregatingFunction>(function), None);
        foreach (long value in (long[])[7, -3, 20, 2]) aggregation.Add([], value);
        Assert.That(DRig.Print(aggregation), Is.EqualTo(" " + expected[1..]));
    }

    private static IEnumerable<TestCaseData> Keys()
    {
        yield return new TestCaseData(DType.Int8, -2L, " 254                1\n");
        yield return new TestCaseData(DType.UInt8, 7L, "   7                1\n");
        yield return new TestCaseData(DType.Int16, -2L, " 65534                1\n");
        yield return new TestCaseData(DType.Int, -2L, "       -2                1\n");
        yield return new TestCaseData(DType.UInt32, 90L, "       90                1\n");
        yield return new TestCaseData(DType.Int64, -2L, "               -2                1\n");
        yield return new TestCaseData(DType.UInt64, 5L, "                5                1\n");
        yield return new TestCaseData(DType.String, "tick-count", "  tick-count                                                        1\n");
        yield return new TestCaseData(DType.String, "", "                                                                    1\n");
        yield return new TestCaseData(DType.String, new string('x', 60), "  " + new string('x', 60) + "                1\n");
    }

    [TestCaseSource(nameof(Keys))]
    public void A_key_has_the_width_of_its_size(object type, object key, string expected)
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Count, [(DType)type]);
        aggregation.Add([key]);
        Assert.That(DRig.Print(aggregation), Is.EqualTo(expected));
    }

    [Test]
    public void A_stddev_keeps_squares_that_take_more_than_64_bits()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Stddev, None);
        foreach (long value in (long[])[0, 6_000_000_000, 12_000_000_000]) aggregation.Add([], value);
        Assert.That(DRig.Print(aggregation), Is.EqualTo("       4898979485\n"));
        aggregation.Normalize(1000);
        Assert.That(DRig.Print(aggregation), Is.EqualTo("          4898979\n"));
    }

    [Test]
    public void Clear_keeps_keys_and_trunc_forgets_them()
    {
        Aggregation aggregation = Filled();
        aggregation.Clear();
        Assert.That(Values(aggregation), Is.EqualTo(new[] { "a 0", "b 0", "c 0", "d 0" }));
        aggregation.Truncate(null);
        Assert.That(Values(aggregation), Is.Empty);
        aggregation.Add(["a"], 3);
        Assert.That(Values(aggregation), Is.EqualTo(new[] { "a 3" }));
    }

    [Test]
    public void A_minimum_begins_anew_after_clear()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Min, Name);
        aggregation.Add(["a"], 3);
        aggregation.Clear();
        aggregation.Add(["a"], 8);
        Assert.That(Values(aggregation), Is.EqualTo(new[] { "a 8" }));
    }

    [TestCase(2L, "c 30|d 40")]
    [TestCase(-2L, "a 10|b 20")]
    [TestCase(0L, "")]
    [TestCase(9L, "a 10|b 20|c 30|d 40")]
    [TestCase(long.MinValue, "a 10|b 20|c 30|d 40")]
    public void Trunc_keeps_the_highest_or_the_lowest(long count, string expected)
    {
        Aggregation aggregation = Filled();
        aggregation.Truncate(count);
        Assert.That(string.Join('|', Values(aggregation)), Is.EqualTo(expected));
        aggregation.Add(["d"], 1);
        Assert.That(aggregation.Find(DRig.Record(Name, "d")), Is.GreaterThanOrEqualTo(0));
    }

    [Test]
    public void Normalize_divides_what_is_there_when_it_is_printed()
    {
        Aggregation aggregation = Filled();
        aggregation.Normalize(7);
        aggregation.Add(["e"], 100);
        Assert.That(Values(aggregation), Is.EqualTo(new[] { "a 1", "b 2", "c 4", "d 5", "e 100" }));
        aggregation.Normalize(0);
        Assert.That(Values(aggregation), Is.EqualTo(new[] { "a 10", "b 20", "c 30", "d 40", "e 100" }));
        aggregation.Normalize(-1);
        aggregation.Denormalize();
        Assert.That(Values(aggregation), Is.EqualTo(new[] { "a 10", "b 20", "c 30", "d 40", "e 100" }));
    }

    [Test]
    public void What_does_not_fit_in_the_budget_is_dropped()
    {
        var budget = new AggregationBudget(3 * (6 + 8 + Aggregation.Overhead));
        var aggregation = new Aggregation(DRig.Shape("@a", AggregatingFunction.Count, Name), budget);
        foreach (string key in (string[])["key1", "key2", "key3", "key4", "key1", "key5"]) aggregation.Add([key]);
        Assert.That(Values(aggregation), Is.EqualTo(new[] { "key2 1", "key3 1", "key1 2" }));
        Assert.That(budget.Drops, Is.EqualTo(2));
        aggregation.Truncate(1);
        aggregation.Add(["key5"]);
        Assert.That(Values(aggregation), Is.EqualTo(new[] { "key5 1", "key1 2" }));
        aggregation.Truncate(null);
        Assert.That(budget.Used, Is.Zero);
    }

    [Test]
    public void Adding_to_a_key_that_is_there_allocates_nothing()
    {
        Aggregation[] all = [.. Enum.GetValues<AggregatingFunction>().Select(function => DRig.New(function, [DType.String, DType.String], Parameters(function)))];
        byte[] key = DRig.Record(all[0].Shape.Keys, "iqn.2007-03.org.example:initiator", "data-send");
        int value = 0;
        Assert.That(Allocated.By(() =>
        {
            foreach (Aggregation aggregation in all) aggregation.Add(key, value++, 1);
        }), Is.Zero);
    }

    [Test]
    public void Counts_are_those_of_a_dictionary()
        => Gen.Select(Gen.String[Gen.Char['a', 'e'], 0, 9], Gen.Int[0, 3]).Array[0, 300].Sample(pairs =>
        {
            Aggregation aggregation = DRig.New(AggregatingFunction.Count, [DType.String, DType.Int]);
            foreach ((string name, int number) in pairs) aggregation.Add([name, (long)number]);
            var expected = pairs.GroupBy(pair => pair).ToDictionary(group => group.Key, group => (long)group.Count());
            Assert.That(aggregation.Count, Is.EqualTo(expected.Count));
            foreach (((string name, int number), long count) in expected)
            {
                int entry = aggregation.Find(DRig.Record(aggregation.Shape.Keys, name, (long)number));
                Assert.That(aggregation.Result(entry), Is.EqualTo(count));
            }
        });

    [Test]
    public void Lines_come_by_value_then_by_key_without_sign()
        => Gen.Select(Gen.Int[-3, 3], Gen.Long[-2, 2]).Array[0, 40].Sample(pairs =>
        {
            Aggregation aggregation = DRig.New(AggregatingFunction.Sum, Number);
            foreach ((int key, long value) in pairs) aggregation.Add([(long)key], value);
            IEnumerable<string> expected = pairs.GroupBy(pair => pair.Item1, pair => pair.Item2)
                .OrderBy(group => group.Sum()).ThenBy(group => (uint)group.Key).Select(group => $"{group.Key} {group.Sum()}");
            Assert.That(Values(aggregation), Is.EqualTo(expected));
        });

    internal static long[] Parameters(AggregatingFunction function) => function switch
    {
        AggregatingFunction.Lquantize => [0, 100, 10],
        AggregatingFunction.Llquantize => [10, 0, 6, 20],
        _ => [],
    };

    private static Aggregation Filled()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Sum, Name);
        aggregation.Add(["b"], 20);
        aggregation.Add(["d"], 40);
        aggregation.Add(["a"], 10);
        aggregation.Add(["c"], 30);
        return aggregation;
    }

    private static string[] Values(Aggregation aggregation) => [.. DRig.Print(aggregation)
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
}
