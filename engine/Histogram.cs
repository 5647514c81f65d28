using System.Numerics;
using System.Runtime.CompilerServices;

namespace Iscsitop.Engine;

/// <summary>
/// Counts of durations in exponential buckets, 16 a doubling (growth 4.4 %: OpenTelemetry's scale 4), from 1.024 µs to
/// 137 s; what is shorter falls in the first, what is longer in the last bucket. Mergeable and subtractable, so one
/// histogram serves a screen's interval, a recording and a metric. It takes memory for what is in it: few durations are a
/// short list of buckets, many a window over those that occur.
/// </summary>
public sealed class Histogram
{
    /// <summary>Buckets, the first and the last being open.</summary>
    public const int BucketCount = (MaxExponent - MinExponent) * PerDoubling + 2;

    private const int PerDoubling = 16;
    private const int MinExponent = 10;
    private const int MaxExponent = 37;

    // An entry of the list: the bucket above, its count below.
    private const int CountBits = 23;
    private const uint MaxInList = (1 << CountBits) - 1;

    // Entries that need no array of their own.
    private const int Inline = 4;

    // When a list becomes a window: it has more entries, or so many durations came that finding their entry costs more than memory does.
    private const int MaxEntries = 64;
    private const int MaxListed = 1024;

    // How often in a row few durations came before what holds many is given back.
    private const int Patience = 16;
    private const int Few = 48;

    // s_steps[k] = 2^(k/16) as a 32-bit fraction above 1: where bucket k of a doubling begins.
    private static readonly uint[] s_steps = [.. Enumerable.Range(0, PerDoubling).Select(k => (uint)((Math.Pow(2, k / 16.0) - 1) * 4294967296.0))];

    // A list, in order of buckets, here or in the array; or a window that begins at _first.
    private InlineEntries _inline;
    private uint[]? _list;
    private long[]? _window;
    private short _entries;
    private short _first;
    private byte _quiet;
    private bool _whole;

    /// <summary>How many durations were added.</summary>
    public long Count { get; private set; }

    /// <summary>Their sum in ns.</summary>
    public long Sum { get; private set; }

    /// <summary>
    /// The counts of all buckets, shortest first. From then on it keeps memory for all of them: what looks into very many asks
    /// <see cref="Next"/> or <see cref="CopyTo"/>.
    /// </summary>
    public ReadOnlySpan<long> Buckets
    {
        get
        {
            if (_window is not { Length: BucketCount }) ToWindow(0, BucketCount - 1);
            _whole = true;
            return _window;
        }
    }

    /// <summary>Bytes it takes.</summary>
    internal int Size => 72 + (_list is null ? 0 : 24 + 4 * _list.Length) + (_window is null ? 0 : 24 + 8 * _window.Length);

    /// <summary>The bucket of a duration in ns.</summary>
    public static int BucketOf(long ns)
    {
        if (ns < 1L << MinExponent) return 0;
        int exponent = BitOperations.Log2((ulong)ns);
        if (exponent >= MaxExponent) return BucketCount - 1;
        uint fraction = (uint)(((ulong)ns << (63 - exponent) << 1) >> 32);
        int k = (int)(fraction >> 28);               // a linear guess is never too high: 2^x is convex
        while (k + 1 < PerDoubling && fraction >= s_steps[k + 1]) k++;
        return 1 + (exponent - MinExponent) * PerDoubling + k;
    }

    /// <summary>The duration in ns at which the next bucket begins; <see cref="long.MaxValue"/> for the last.</summary>
    public static long UpperBound(int bucket) =>
        bucket >= BucketCount - 1 ? long.MaxValue : (long)Math.Ceiling(Math.Pow(2, MinExponent + bucket / (double)PerDoubling));

    /// <summary>The duration in ns at which a bucket begins.</summary>
    public static long LowerBound(int bucket) => bucket == 0 ? 0 : UpperBound(bucket - 1);

    /// <summary>The next bucket that is not empty, shortest first.</summary>
    /// <param name="at">0 to begin; where the next call goes on.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="count">Its count.</param>
    /// <returns>False when there is none left.</returns>
    public bool Next(ref int at, out int bucket, out long count)
    {
        if (_window is { } window)
        {
            for (; at < window.Length; at++)
            {
                if (window[at] == 0) continue;
                (bucket, count) = (_first + at, window[at]);
                at++;
                return true;
            }
        }
        else
        {
            ReadOnlySpan<uint> list = List;
            for (; at < _entries; at++)
            {
                uint entry = list[at];
                if ((entry & MaxInList) == 0) continue;
                (bucket, count) = ((int)(entry >> CountBits), entry & MaxInList);
                at++;
                return true;
            }
        }
        (bucket, count) = (BucketCount, 0);
        return false;
    }

    /// <summary>The counts of all buckets, as <see cref="Buckets"/> has them, in the caller's memory.</summary>
    /// <param name="into">As long as there are buckets.</param>
    public void CopyTo(Span<long> into)
    {
        into.Clear();
        for (int at = 0; Next(ref at, out int bucket, out long count);) into[bucket] = count;
    }

    /// <summary>Adds one duration in ns.</summary>
    public void Add(long ns) => Add(BucketOf(ns), ns);

    /// <summary>Adds one duration in ns whose bucket is known.</summary>
    internal void Add(int bucket, long ns)
    {
        Count++;
        Sum += ns;
        if (_window is { } window && (uint)(bucket - _first) < (uint)window.Length) window[bucket - _first]++;
        else Increase(bucket, 1);
    }

    /// <summary>Adds <paramref name="count"/> durations of one bucket whose sum is counted apart (<see cref="AddSum"/>).</summary>
    public void AddBucket(int bucket, long count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)bucket, (uint)BucketCount, nameof(bucket));
        Count += count;
        Increase(bucket, count);
    }

    /// <summary>The same of a bucket that is mostly beyond all that are not empty.</summary>
    internal void Append(int bucket, long count)
    {
        Span<uint> list = List;
        if (_window is null && (uint)_entries < (uint)list.Length && (ulong)count <= MaxInList && Count + count <= MaxListed
            && (_entries == 0 || list[_entries - 1] >> CountBits < (uint)bucket))
        {
            list[_entries++] = (uint)bucket << CountBits | (uint)count;
            Count += count;
        }
        else AddBucket(bucket, count);
    }

    /// <summary>Adds to the sum what <see cref="AddBucket"/> leaves out.</summary>
    public void AddSum(long ns) => Sum += ns;

    /// <summary>Adds another's counts.</summary>
    public void Add(Histogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Count += other.Count;
        Sum += other.Sum;
        AddCounts(other);
    }

    /// <summary>Adds the difference of two states of one cumulative histogram.</summary>
    public void AddDifference(Histogram later, Histogram earlier)
    {
        ArgumentNullException.ThrowIfNull(later);
        ArgumentNullException.ThrowIfNull(earlier);
        Count += later.Count - earlier.Count;
        Sum += later.Sum - earlier.Sum;
        // What has not changed takes no entry, and no search for one.
        int now = 0, then = 0;
        later.Next(ref now, out int bucket, out long count);
        earlier.Next(ref then, out int before, out long counted);
        while (Math.Min(bucket, before) is < BucketCount and int first)
        {
            long more = (bucket == first ? count : 0) - (before == first ? counted : 0);
            if (more != 0) Increase(first, more);
            if (bucket == first) later.Next(ref now, out bucket, out count);
            if (before == first) earlier.Next(ref then, out before, out counted);
        }
    }

    /// <summary>Makes this the difference of two states of one cumulative histogram.</summary>
    public void SetDifference(Histogram later, Histogram earlier)
    {
        Clear();
        AddDifference(later, earlier);
    }

    /// <summary>Makes this equal to another.</summary>
    public void CopyFrom(Histogram other)
    {
        Clear();
        Add(other);
    }

    /// <summary>Forgets everything. Memory is kept for the next time, unless few durations have come for long.</summary>
    public void Clear()
    {
        _quiet = Count > Few ? (byte)0 : (byte)Math.Min(_quiet + 1, Patience);
        if (_quiet == Patience) Trim();
        if (_window is not null) Array.Clear(_window);
        _entries = 0;
        Count = 0;
        Sum = 0;
    }

    /// <summary>The duration in ns below which the share <paramref name="p"/> (0–1) lies: the middle of its bucket, ±2.2 %, in the first no more than the sum.</summary>
    /// <returns>-1 when <see cref="Count"/> is below <paramref name="atLeast"/>.</returns>
    public long Percentile(double p, int atLeast = 1)
    {
        if (Count < Math.Max(atLeast, 1)) return -1;
        long rank = Math.Max(1, (long)Math.Ceiling(p * Count));
        long seen = 0;
        int at = 0;
        while (Next(ref at, out int bucket, out long count))
            if ((seen += count) >= rank)
                return Typical(bucket);
        return Typical(BucketCount - 1);
    }

    /// <summary>The highest bucket's middle in ns, -1 when empty.</summary>
    public long Max()
    {
        int highest = -1, at = 0;
        while (Next(ref at, out int bucket, out long count))
            if (count > 0)
                highest = bucket;
        return highest < 0 ? -1 : Typical(highest);
    }

    // No duration is longer than all together, so that those that took no measurable time took 0.
    private long Typical(int bucket) => bucket == 0 ? Math.Clamp(Sum, 0, Middle(0)) : Middle(bucket);

    private static long Middle(int bucket)
    {
        if (bucket == 0) return 1L << (MinExponent - 1);
        if (bucket == BucketCount - 1) return 1L << MaxExponent;
        return (long)Math.Pow(2, MinExponent + (bucket - 0.5) / PerDoubling);
    }

    private Span<uint> List => _list is null ? _inline : _list;

    private void AddCounts(Histogram other)
    {
        if (other._window is { } theirs)
        {
            int offset = other._first - _first;
            if (_window is { } ours && offset >= 0 && offset + theirs.Length <= ours.Length)
            {
                for (int i = 0; i < theirs.Length; i++) ours[offset + i] += theirs[i];
                return;
            }
            for (int i = 0; i < theirs.Length; i++)
                if (theirs[i] != 0)
                    Increase(other._first + i, theirs[i]);
            return;
        }
        ReadOnlySpan<uint> list = other.List[..other._entries];
        if (_window is not { } window)
        {
            foreach (uint entry in list) Increase((int)(entry >> CountBits), entry & MaxInList);
            return;
        }
        foreach (uint entry in list)
        {
            int i = (int)(entry >> CountBits) - _first;
            if ((uint)i < (uint)window.Length) window[i] += entry & MaxInList;
            else
            {
                Increase((int)(entry >> CountBits), entry & MaxInList);
                window = _window!;
            }
        }
    }

    private void Increase(int bucket, long count)
    {
        if (_window is null && TryList(bucket, count)) return;
        if (_window is not { } window || (uint)(bucket - _first) >= (uint)window.Length) window = ToWindow(bucket, bucket);
        window[bucket - _first] += count;
    }

    // False when this is not for a list any more.
    private bool TryList(int bucket, long count)
    {
        Span<uint> list = List;
        int at = _entries;
        while (at > 0 && list[at - 1] >> CountBits > (uint)bucket) at--;
        if (at > 0 && list[at - 1] >> CountBits == (uint)bucket)
        {
            long sum = (list[at - 1] & MaxInList) + count;
            if (sum is < 0 or > MaxInList || Count > MaxListed) return false;
            list[at - 1] = (uint)bucket << CountBits | (uint)sum;
            return true;
        }
        if (count is < 0 or > MaxInList || _entries >= MaxEntries || Count > MaxListed) return false;
        if (_entries == list.Length) list = Lengthen();
        list[at.._entries].CopyTo(list[(at + 1)..]);
        list[at] = (uint)bucket << CountBits | (uint)count;
        _entries++;
        return true;
    }

    private Span<uint> Lengthen()
    {
        uint[] longer = new uint[_list is null ? 3 * Inline : 2 * _list.Length];
        List[.._entries].CopyTo(longer);
        return _list = longer;
    }

    // A window that has at least these buckets and all that were there.
    private long[] ToWindow(int low, int high)
    {
        if (_window is { } before)
        {
            low = Math.Min(low, _first);
            high = Math.Max(high, _first + before.Length - 1);
        }
        else if (_entries > 0)
        {
            low = Math.Min(low, (int)(List[0] >> CountBits));
            high = Math.Max(high, (int)(List[_entries - 1] >> CountBits));
        }
        low = low / PerDoubling * PerDoubling;
        high = Math.Min(BucketCount, (high / PerDoubling + 1) * PerDoubling);
        long[] window = new long[high - low];
        if (_window is { } old) old.CopyTo(window, _first - low);
        else
            foreach (uint entry in List[.._entries]) window[(int)(entry >> CountBits) - low] = entry & MaxInList;
        (_first, _entries, _list) = ((short)low, 0, null);
        return _window = window;
    }

    // What is looked into as a whole keeps its memory.
    private void Trim()
    {
        if (_whole) return;
        _window = null;
        if (_list is { Length: > 3 * Inline }) _list = null;
    }

    [InlineArray(Inline)]
    private struct InlineEntries
    {
        private uint _entry;
    }
}
