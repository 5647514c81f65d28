namespace Iscsitop.Engine.D;

/// <summary>A key of a watched aggregation and what it was at the last look.</summary>
public sealed class WatchedKey
{
    private readonly double[] _numbers;
    private long[] _buckets = [];

    internal WatchedKey(WatchedAggregation of, string[] texts, double[] numbers) => (Of, Texts, _numbers) = (of, texts, numbers);

    /// <summary>The aggregation it is a key of.</summary>
    public WatchedAggregation Of { get; }

    /// <summary>The parts of the key, integers in decimal.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>The value as dtrace prints it; of a distribution how many values are in it.</summary>
    public double Value { get; private set; }

    /// <summary>What a count, a sum or a distribution gained a second, over the time between the last two looks; of a file over all of it. NaN before time was measured, and of other functions.</summary>
    public double PerSecond { get; private set; } = double.NaN;

    /// <summary>How many values are in each bucket of a distribution, as <see cref="WatchedAggregation.Label"/> has them; else empty.</summary>
    public ReadOnlySpan<long> Buckets => _buckets;

    /// <summary>A part of the key that is an integer; NaN for another.</summary>
    public double Number(int part) => _numbers[part];

    /// <summary>The bucket that a share of the values, from 0 to 1, does not go beyond; -1 when there are fewer values than are needed to say so.</summary>
    public int BucketOf(double share, int needs)
    {
        if (Value < Math.Max(needs, 1)) return -1;
        double rank = Math.Ceiling(share * Value), sum = 0;
        for (int i = 0; i < _buckets.Length; i++)
            if ((sum += Math.Max(0, _buckets[i])) >= rank)
                return i;
        return -1;
    }

    internal void Take(double value, double seconds, bool accumulates)
    {
        // A program that clears what it counts begins anew.
        double before = value < Value && Of.Counts ? 0 : Value;
        PerSecond = accumulates && seconds > 0 ? (value - before) / seconds : double.NaN;
        Value = value;
    }

    internal void Take(ReadOnlySpan<long> counts, long normal, double seconds)
    {
        if (_buckets.Length != counts.Length) _buckets = new long[counts.Length];
        double sum = 0;
        for (int i = 0; i < counts.Length; i++) sum += Math.Max(0, _buckets[i] = counts[i] == 0 ? 0 : Aggregates.Divide(counts[i], normal));
        Take(sum, seconds, accumulates: true);
    }

    internal void Forget()
    {
        (Value, PerSecond) = (0, double.NaN);
        Array.Clear(_buckets);
    }
}
