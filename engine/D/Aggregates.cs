namespace Iscsitop.Engine.D;

/// <summary>
/// What the aggregating functions do with the numbers they keep for a key. count, sum: the number. min, max: the number, how many values.
/// avg: how many, sum. stddev: how many, sum, sum of squares (low, high). Distributions: a number a bucket.
/// </summary>
internal static class Aggregates
{
    /// <summary>Takes a value in.</summary>
    /// <param name="shape">Whose.</param>
    /// <param name="data">The key's numbers, zeroes at first.</param>
    /// <param name="value">The value.</param>
    /// <param name="weight">How many of it, for a distribution.</param>
    public static void Add(AggregationShape shape, Span<long> data, long value, long weight)
    {
        switch (shape.Function)
        {
            case AggregatingFunction.Count:
                data[0]++;
                break;
            case AggregatingFunction.Sum:
                data[0] += value;
                break;
            case AggregatingFunction.Avg:
                data[0]++;
                data[1] += value;
                break;
            case AggregatingFunction.Min:
                if (data[1]++ == 0 || value < data[0]) data[0] = value;
                break;
            case AggregatingFunction.Max:
                if (data[1]++ == 0 || value > data[0]) data[0] = value;
                break;
            case AggregatingFunction.Stddev:
                data[0]++;
                data[1] += value;
                UInt128 squares = Squares(data) + (UInt128)((Int128)value * value);
                data[2] = (long)(ulong)squares;
                data[3] = (long)(ulong)(squares >> 64);
                break;
            default:
                data[shape.Buckets!.Of(value)] += weight;
                break;
        }
    }

    /// <summary>The number that is printed; of a distribution that of its first bucket.</summary>
    /// <param name="shape">Whose.</param>
    /// <param name="data">The key's numbers; empty for a key that is not there, whose value is 0.</param>
    /// <param name="normal">What it is divided by, not 0.</param>
    public static long Result(AggregationShape shape, ReadOnlySpan<long> data, long normal)
    {
        if (data.IsEmpty) return 0;
        return shape.Function switch
        {
            AggregatingFunction.Avg => data[0] == 0 ? 0 : Divide(Divide(data[1], normal), data[0]),
            AggregatingFunction.Stddev => data[0] == 0 ? 0 : Deviation(data, normal),
            _ => Divide(data[0], normal),
        };
    }

    /// <summary>A quotient that is never a fault: the one that does not fit in 64 bits wraps.</summary>
    public static long Divide(long value, long by) => by switch { -1 => unchecked(-value), 1 => value, _ => value / by };

    /// <summary>How two values stand to each other when aggregations are sorted; normalization does not count.</summary>
    public static int Compare(AggregationShape shape, ReadOnlySpan<long> left, ReadOnlySpan<long> right)
    {
        switch (shape.Function)
        {
            case AggregatingFunction.Stddev:
                return ((ulong)Result(shape, left, 1)).CompareTo((ulong)Result(shape, right, 1));
            case < AggregatingFunction.Quantize:
                return Result(shape, left, 1).CompareTo(Result(shape, right, 1));
        }
        Buckets buckets = shape.Buckets!;
        int order = Weight(buckets, left).CompareTo(Weight(buckets, right));
        if (order != 0) return order;
        int zero = buckets.Zero;
        return zero < 0 ? 0 : At(left, zero).CompareTo(At(right, zero));
    }

    private static long At(ReadOnlySpan<long> data, int bucket) => data.IsEmpty ? 0 : data[bucket];

    private static Int128 Weight(Buckets buckets, ReadOnlySpan<long> data)
    {
        Int128 sum = 0;
        for (int bucket = 0; bucket < data.Length; bucket++)
        {
            if (data[bucket] != 0) sum += (Int128)buckets.Weight(bucket) * data[bucket];
        }
        return sum;
    }

    private static UInt128 Squares(ReadOnlySpan<long> data) => new((ulong)data[3], (ulong)data[2]);

    // The root of the mean of the squares less the square of the mean, each cut to an integer on the way as the original does.
    private static long Deviation(ReadOnlySpan<long> data, long normal)
    {
        ulong by = (ulong)normal;
        UInt128 mean = Squares(data) / by / by / (ulong)data[0];
        Int128 average = Int128.Abs((Int128)Divide(Divide(data[1], normal), data[0]));
        UInt128 square = (UInt128)(average * average);
        return mean <= square ? 0 : (long)Root(mean - square);
    }

    private static ulong Root(UInt128 number)
    {
        ulong root = 0;
        for (int bit = 63; bit >= 0; bit--)
        {
            ulong more = root | (1UL << bit);
            if ((UInt128)more * more <= number) root = more;
        }
        return root;
    }
}
