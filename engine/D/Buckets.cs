using System.Numerics;

namespace Iscsitop.Engine.D;

/// <summary>
/// The buckets of a distribution, in the order of their values. quantize: -2^62 ... -1, 0, 1 ... 2^62. lquantize and llquantize: one below
/// the first level, the levels, one above the last.
/// </summary>
internal sealed class Buckets
{
    private const int QuantizeZero = 63;
    private const int QuantizeCount = 127;
    private const int MostLevels = 1 << 16;

    private readonly long[] _labels;

    private Buckets(AggregatingFunction function, long[] labels, long step)
    {
        Function = function;
        _labels = labels;
        Step = step;
    }

    /// <summary>Which of the three.</summary>
    public AggregatingFunction Function { get; }

    /// <summary>lquantize's step.</summary>
    public long Step { get; }

    /// <summary>How many there are.</summary>
    public int Count => _labels.Length;

    /// <summary>The number beside a bucket. The first of a linear one is what values there are below.</summary>
    public long Label(int bucket) => _labels[bucket];

    /// <summary>Whether values below the label are counted here.</summary>
    public bool IsUnderflow(int bucket) => bucket == 0 && Function != AggregatingFunction.Quantize;

    /// <summary>Whether all values from the label on are counted here.</summary>
    public bool IsOverflow(int bucket) => bucket == Count - 1 && Function != AggregatingFunction.Quantize;

    /// <summary>The first bucket that is printed of a distribution without data.</summary>
    public int EmptyFirst => Function == AggregatingFunction.Quantize ? QuantizeZero - 1 : 0;

    /// <summary>The last bucket that is printed of a distribution without data.</summary>
    public int EmptyLast => Function switch
    {
        AggregatingFunction.Quantize => QuantizeZero + 1,
        AggregatingFunction.Lquantize => 2,
        _ => 1,
    };

    /// <summary>The smallest value of a bucket; null when it has none.</summary>
    public long? Lowest(int bucket)
    {
        if (Function != AggregatingFunction.Quantize) return bucket == 0 ? null : _labels[bucket];
        if (bucket >= QuantizeZero) return _labels[bucket];
        return bucket == 0 ? null : _labels[bucket - 1] + 1;
    }

    /// <summary>The value after the greatest of a bucket; null when it has none.</summary>
    public long? End(int bucket)
    {
        if (bucket == Count - 1) return null;
        if (Function != AggregatingFunction.Quantize) return bucket == 0 ? _labels[0] : _labels[bucket + 1];
        return bucket < QuantizeZero ? _labels[bucket] + 1 : _labels[bucket + 1];
    }

    /// <summary>What values in a bucket count as when two distributions are compared.</summary>
    public long Weight(int bucket)
    {
        if (Function == AggregatingFunction.Quantize) return _labels[bucket];
        if (bucket == 0) return _labels[0] - 1;
        return Function == AggregatingFunction.Lquantize && bucket == Count - 1 ? _labels[bucket] + 1 : _labels[bucket];
    }

    /// <summary>The bucket whose counts decide between distributions of equal sums; -1 for none.</summary>
    public int Zero
    {
        get
        {
            if (Function == AggregatingFunction.Quantize) return QuantizeZero;
            if (Function == AggregatingFunction.Llquantize) return 0;
            for (int bucket = 0; bucket < Count; bucket++)
            {
                if (Weight(bucket) == 0) return bucket;
            }
            return -1;
        }
    }

    /// <summary>The bucket of a value.</summary>
    public int Of(long value) => Function switch
    {
        AggregatingFunction.Quantize => Power(value),
        AggregatingFunction.Lquantize => Level((int)value),
        _ => Search(value),
    };

    /// <summary>The buckets of a function; null when it has none.</summary>
    public static Buckets? Of(AggregatingFunction function, IReadOnlyList<long> parameters) => function switch
    {
        AggregatingFunction.Quantize => new Buckets(function, Powers(), 1),
        AggregatingFunction.Lquantize => new Buckets(function, Levels(parameters[0], parameters[1], parameters[2]), Math.Max(parameters[2], 1)),
        AggregatingFunction.Llquantize => new Buckets(function, Orders(parameters[0], parameters[1], parameters[2], parameters[3]), 1),
        _ => null,
    };

    private static int Power(long value)
    {
        if (value > 0) return QuantizeZero + 1 + BitOperations.Log2((ulong)value);
        if (value == 0) return QuantizeZero;
        return Math.Max(QuantizeZero - 1 - BitOperations.Log2((ulong)-value), 0);
    }

    // Only 32 bits of a value count, as in the original.
    private int Level(int value)
    {
        if (value < _labels[0]) return 0;
        long level = (value - _labels[0]) / Step;
        return (int)Math.Min(level + 1, Count - 1);
    }

    private int Search(long value)
    {
        if (value < _labels[0]) return 0;
        int at = Array.BinarySearch(_labels, 1, Count - 1, value);
        return at >= 0 ? at : ~at - 1;
    }

    private static long[] Powers()
    {
        var labels = new long[QuantizeCount];
        for (int power = 0; power < QuantizeZero; power++)
        {
            labels[QuantizeZero + 1 + power] = 1L << power;
            labels[QuantizeZero - 1 - power] = -(1L << power);
        }
        return labels;
    }

    private static long[] Levels(long from, long to, long step)
    {
        step = Math.Max(step, 1);
        int levels = (int)Math.Clamp((to - from) / step, 1, MostLevels);
        var labels = new long[levels + 2];
        labels[0] = from;
        for (int level = 0; level <= levels; level++) labels[level + 1] = from + level * step;
        return labels;
    }

    private static long[] Orders(long factor, long low, long high, long steps)
    {
        (factor, steps) = (Math.Max(factor, 2), Math.Max(steps, 1));
        long value = 1;
        for (long order = 0; order < low; order++) value *= factor;
        List<long> labels = [value];
        for (long order = low; order <= high && value <= long.MaxValue / factor; order++)
        {
            long next = value * factor;
            long step = next > steps ? next / steps : 1;
            for (; value < next && labels.Count < MostLevels; value += step) labels.Add(value);
            value = next;
        }
        labels.Add(value);
        return [.. labels];
    }
}
