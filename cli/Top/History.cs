namespace Iscsitop.Cli.Top;

/// <summary>The last values of one quantity, one per interval.</summary>
internal sealed class History(int capacity)
{
    private readonly double[] _values = new double[capacity];
    private readonly long[] _times = new long[capacity];
    private int _next;

    /// <summary>How many values there are.</summary>
    public int Count { get; private set; }

    /// <summary>The value <paramref name="ago"/> intervals back, 0 being the last; NaN where there is none.</summary>
    public double this[int ago] => ago < Count ? _values[(_next - 1 - ago + 2 * capacity) % capacity] : double.NaN;

    /// <summary>Adds the value of an interval.</summary>
    /// <param name="time">When the interval ended, ns since 1970.</param>
    /// <param name="value">The value.</param>
    public void Add(long time, double value)
    {
        (_times[_next], _values[_next]) = (time, value);
        _next = (_next + 1) % capacity;
        Count = Math.Min(Count + 1, capacity);
    }

    public void Clear() => Count = 0;

    /// <summary>Forgets what ended later than a time, ns since 1970.</summary>
    public void Rewind(long time)
    {
        for (; Count > 0 && _times[(_next - 1 + capacity) % capacity] > time; Count--) _next = (_next - 1 + capacity) % capacity;
    }

    /// <summary>The highest of the last values, 0 when there are none.</summary>
    public double Max(int last)
    {
        double max = 0;
        for (int i = 0; i < Math.Min(last, Count); i++)
            if (this[i] > max)
                max = this[i];
        return max;
    }
}
