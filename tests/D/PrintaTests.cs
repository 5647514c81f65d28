using CsCheck;
using Iscsitop.Engine.D;

namespace Iscsitop.Tests.D;

[TestFixture]
public sealed class PrintaTests
{
    private static readonly DType[] Name = [DType.String];
    private static readonly DType[] NameNumber = [DType.String, DType.Int];
    private const string Full = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
    private const string Empty = "                                        ";

    [TestCase("%-6s %@4d\n", "b         1\na         2\n")]
    [TestCase("%@-4d|", "1   |2   |")]
    [TestCase("%-@4d|", "1   |2   |")]
    [TestCase("%4@d|", "   1|   2|")]
    [TestCase("%@04x|%@d;", "0001|1;0002|2;")]
    [TestCase("%s %@c", null)]
    [TestCase("x", "xx")]
    public void A_format_is_printed_once_a_key(string format, string? expected)
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Count, Name);
        foreach (string key in (string[])["a", "b", "a"]) aggregation.Add([key]);
        if (expected is null) Assert.Throws<DCompileException>(() => DRig.Printa(format, aggregation));
        else Assert.That(DRig.Printa(format, aggregation), Is.EqualTo(expected));
    }

    [Test]
    public void Keys_are_taken_from_left_to_right()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Sum, NameNumber);
        aggregation.Add(["x", 7L], -5);
        Assert.That(DRig.Printa("%@d %s %x\n", aggregation), Is.EqualTo("-5 x 7\n"));
        Assert.That(DRig.Printa("%s %@5d\n", aggregation), Is.EqualTo("x    -5\n"));
        Assert.That(DRig.Printa("%@+d %@u", aggregation), Is.EqualTo("-5 18446744073709551611"));
    }

    [Test]
    public void A_key_may_be_a_width()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Sum, [DType.Int, DType.String]);
        aggregation.Add([6L, "x"], 1);
        Assert.That(DRig.Printa("%*s|%@d", aggregation), Is.EqualTo("     x|1"));
    }

    [TestCase(nameof(AggregatingFunction.Avg), "15")]
    [TestCase(nameof(AggregatingFunction.Min), "10")]
    [TestCase(nameof(AggregatingFunction.Max), "20")]
    [TestCase(nameof(AggregatingFunction.Stddev), "5")]
    public void Any_value_has_a_number(string function, string expected)
    {
        Aggregation aggregation = DRig.New(Enum.Parse<AggregatingFunction>(function), []);
        aggregation.Add([], 10);
        aggregation.Add([], 20);
        Assert.That(DRig.Printa("%@d", aggregation), Is.EqualTo(expected));
    }

    [Test]
    public void A_distribution_prints_its_block_in_place()
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Quantize, Name);
        aggregation.Add(["k"], 1);
        Assert.That(DRig.Printa("key %s:%@8d\n", aggregation), Is.EqualTo("key k:\n           value  ------------- Distribution ------------- count    \n"
            + $"               0 |{Empty} 0        \n               1 |{Full} 1        \n               2 |{Empty} 0        \n\n"));
    }

    [Test]
    public void Several_are_joined_on_their_keys()
    {
        (Aggregation counts, Aggregation sums) = Two();
        Assert.That(DRig.Printa("%s %@d %@d\n", counts, sums), Is.EqualTo("c 0 9\nb 1 0\na 2 5\n"));
        Assert.That(DRig.Printa("%s %@d %@d %@d\n", counts, sums), Is.EqualTo("c 0 9 9\nb 1 0 0\na 2 5 5\n"));
        Assert.That(DRig.Printa("%s %@d\n", sums, counts), Is.EqualTo("b 0\na 5\nc 9\n"));
        string pad = new(' ', 49);
        Assert.That(DRig.Print(counts, sums), Is.EqualTo(
            $"  c{pad}                0                9\n  b{pad}                1                0\n  a{pad}                2                5\n"));
    }

    [TestCase(1, false, false, "b 1 0|a 2 5|c 0 9")]
    [TestCase(9, false, false, "c 0 9|b 1 0|a 2 5")]
    [TestCase(0, true, false, "a 2 5|b 1 0|c 0 9")]
    [TestCase(0, true, true, "c 0 9|b 1 0|a 2 5")]
    [TestCase(0, false, true, "a 2 5|b 1 0|c 0 9")]
    public void Options_change_the_order(int position, bool byKey, bool reverse, string expected)
    {
        (Aggregation counts, Aggregation sums) = Two();
        var options = new DOptions { AggSortPos = position, AggSortKey = byKey, AggSortRev = reverse };
        Assert.That(Lines(DRig.Print(options, counts, sums)), Is.EqualTo(expected));
    }

    [TestCase(0, "a 2 1|b 1 1|b 3 1")]
    [TestCase(1, "b 1 1|a 2 1|b 3 1")]
    [TestCase(2, "a 2 1|b 1 1|b 3 1")]
    public void Sorting_may_begin_with_any_key(int position, string expected)
    {
        Aggregation aggregation = DRig.New(AggregatingFunction.Count, NameNumber);
        aggregation.Add(["b", 3L]);
        aggregation.Add(["a", 2L]);
        aggregation.Add(["b", 1L]);
        Assert.That(Lines(DRig.Print(new DOptions { AggSortKey = true, AggSortKeyPos = position }, aggregation)), Is.EqualTo(expected));
    }

    [Test]
    public void Printing_a_line_marks_what_was_printed()
    {
        (Aggregation counts, Aggregation sums) = Two();
        Aggregation empty = DRig.New(AggregatingFunction.Count, Name);
        DRig.Printa("%s", empty);
        DRig.Printa("%s", counts);
        Assert.That((empty.Printed, counts.Printed, sums.Printed), Is.EqualTo((false, true, false)));
    }

    [TestCase("%s %s %@d", "D_PRINTF_ARG_PROTO", "printa( ) prototype mismatch: conversion #2 (%s) is missing a corresponding value argument")]
    [TestCase("%@s", "D_PRINTF_ARG_TYPE", "printa( ) aggregating action is incompatible with conversion #1 prototype:\n\tconversion: %s\n\t prototype: char [] or string (or use stringof)\n\t  argument: uint64_t")]
    [TestCase("%d", "D_PRINTF_ARG_TYPE", "printa( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: %d\n\t prototype: char, short, int, long, or long long\n\t  argument: string")]
    public void A_format_that_is_wrong_says_why(string format, string tag, string message)
    {
        AggregationShape shape = DRig.Shape("@a", AggregatingFunction.Count, Name);
        DCompileException wrong = Assert.Throws<DCompileException>(() => Format.OfPrinta(format, [shape], 3))!;
        Assert.That((wrong.Tag, wrong.Message, wrong.Line), Is.EqualTo((tag, message, 3)));
    }

    [Test]
    public void Aggregations_with_other_keys_cannot_be_joined()
    {
        AggregationShape one = DRig.Shape("@a", AggregatingFunction.Count, Name);
        AggregationShape two = DRig.Shape("@bb", AggregatingFunction.Count, NameNumber);
        AggregationShape number = DRig.Shape("@n", AggregatingFunction.Count, [DType.Int]);
        DCompileException count = Assert.Throws<DCompileException>(() => Format.CheckJoin([one, two], 3))!;
        Assert.That((count.Tag, count.Message), Is.EqualTo(("D_PRINTA_AGGKEY", "printa( ): @a and @bb do not have matching key signatures: @a has 1 key, @bb has 2 keys")));
        DCompileException kind = Assert.Throws<DCompileException>(() => Format.CheckJoin([one, number], 3))!;
        Assert.That((kind.Tag, kind.Message), Is.EqualTo(("D_PRINTA_AGGPROTO", "printa( ): @n[ ] key #1 is incompatible with @a:\n        a key #1: string\n        n key #1: int")));
    }

    [Test]
    public void A_distribution_that_is_missing_in_a_join_is_empty()
    {
        (Aggregation counts, _) = Two();
        counts.Truncate(-1);
        Aggregation levels = DRig.New(AggregatingFunction.Lquantize, Name, 0, 10, 5);
        Assert.That(DRig.Printa("%s %@d%@d", counts, levels), Is.EqualTo("b 1\n           value  ------------- Distribution ------------- count    \n"
            + $"             < 0 |{Empty} 0        \n               0 |{Empty} 0        \n               5 |{Empty} 0        \n"));
        Assert.That(DRig.Printa("%@d;", counts, counts, levels), Is.EqualTo("1;"));
    }

    [Test]
    public void Keys_of_other_sizes_are_printed_but_never_equal()
    {
        Aggregation narrow = DRig.New(AggregatingFunction.Count, [DType.Int]);
        Aggregation wide = DRig.New(AggregatingFunction.Count, [DType.Int64]);
        narrow.Add([1L]);
        wide.Add([1L]);
        Assert.That(DRig.Print(narrow, wide), Is.EqualTo("                1                0                1\n        1                1                0\n"));
        Assert.That(DRig.Printa("%d %@d %@d\n", narrow, wide), Is.EqualTo("1 0 1\n1 1 0\n"));
    }

    [Test]
    public void A_join_has_every_key_once_in_order()
    {
        Gen<(int Key, long Value)[]> values = Gen.Select(Gen.Int[-2, 5], Gen.Long[-2, 2]).Array[0, 12];
        Gen.Select(values, values).Sample((left, right) =>
        {
            Aggregation first = DRig.New(AggregatingFunction.Sum, [DType.Int]);
            Aggregation second = DRig.New(AggregatingFunction.Max, [DType.Int]);
            foreach ((int key, long value) in left) first.Add([(long)key], value);
            foreach ((int key, long value) in right) second.Add([(long)key], value);
            IEnumerable<string> expected = left.Concat(right).Select(pair => pair.Key).Distinct()
                .Select(key => (Key: key, Sum: left.Where(pair => pair.Key == key).Sum(pair => pair.Value),
                    Max: right.Where(pair => pair.Key == key).Select(pair => pair.Value).DefaultIfEmpty().Max()))
                .OrderBy(row => row.Sum).ThenBy(row => row.Max).ThenBy(row => (uint)row.Key).Select(row => $"{row.Key} {row.Sum} {row.Max}");
            Assert.That(DRig.Printa("%d %@d %@d|", first, second), Is.EqualTo(string.Concat(expected.Select(row => row + "|"))));
        });
    }

    [Test]
    public void Any_text_is_a_format_or_is_refused()
    {
        const string letters = "%%%@@dxsY*-0.3c %";
        Gen<string> texts = Gen.Int[0, letters.Length - 1].Array[0, 16].Select(which => string.Concat(which.Select(at => letters[at])));
        Gen.Select(texts, Gen.Enum<AggregatingFunction>(), Gen.Long).Sample((text, function, value) =>
        {
            Aggregation aggregation = DRig.New(function, [DType.Int, DType.String], AggregationTests.Parameters(function));
            aggregation.Add([value, "k"], value);
            try
            {
                Assert.That(DRig.Printa(text, aggregation), Has.Length.LessThan(3 * FormatPart.Most + 16 * 128 * 72));
            }
            catch (DCompileException wrong)
            {
                Assert.That(wrong.Tag, Does.StartWith("D_"));
            }
        }, iter: 5_000);
    }

    [Test]
    public void Json_has_an_object_a_key()
    {
        (Aggregation counts, _) = Two();
        counts.Add(["q\"\n"], 0);
        Aggregation numbers = DRig.New(AggregatingFunction.Quantize, [DType.Int, DType.UInt32]);
        foreach (long value in (long[])[-5, 0, 1, 3, long.MinValue, long.MaxValue]) numbers.Add([-1L, -1L], value);
        Aggregation linear = DRig.New(AggregatingFunction.Lquantize, [], 0, 20, 10);
        foreach (long value in (long[])[-1, 5, 15, 30]) linear.Add([], value);
        Assert.That(DRig.Text(output => AggregationText.PrintJson(output, [counts, numbers, linear], new DOptions())), Is.EqualTo(
            """
            {"aggregation":"@a","function":"count","keys":["b"],"value":1}
            {"aggregation":"@a","function":"count","keys":["q\"\n"],"value":1}
            {"aggregation":"@a","function":"count","keys":["a"],"value":2}
            {"aggregation":"@a","function":"quantize","keys":[-1,4294967295],"buckets":[{"lt":-4611686018427387903,"count":1},{"ge":-7,"lt":-3,"count":1},{"ge":0,"lt":1,"count":1},{"ge":1,"lt":2,"count":1},{"ge":2,"lt":4,"count":1},{"ge":4611686018427387904,"count":1}]}
            {"aggregation":"@a","function":"lquantize","keys":[],"buckets":[{"lt":0,"count":1},{"ge":0,"lt":10,"count":1},{"ge":10,"lt":20,"count":1},{"ge":20,"count":1}]}

            """));
    }

    private static (Aggregation Counts, Aggregation Sums) Two()
    {
        Aggregation counts = DRig.New(AggregatingFunction.Count, Name);
        foreach (string key in (string[])["a", "b", "a"]) counts.Add([key]);
        Aggregation sums = DRig.New(AggregatingFunction.Sum, Name);
        sums.Add(["a"], 5);
        sums.Add(["c"], 9);
        return (counts, sums);
    }

    private static string Lines(string text) => string.Join('|', text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
}
