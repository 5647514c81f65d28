using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// Sizes, places and times of the reads or of the writes of one connection on one unit in an interval. It takes memory for what is in it,
/// until one of the spans is asked for.
/// </summary>
public sealed class Pattern
{
    /// <summary>Size classes: class <c>i</c> holds transfers of 2^i to 2^(i+1) - 1 bytes, the last everything beyond.</summary>
    public const int SizeClasses = 32;

    /// <summary>Alignments told apart: 2^9 bytes or less, 2^10, ... 2^20 or more.</summary>
    public const int Alignments = 12;

    /// <summary>Distance classes: see <see cref="Seeks"/>.</summary>
    public const int SeekClasses = 81;

    /// <summary>The distance class of 0 bytes.</summary>
    public const int NoSeek = SeekClasses / 2;

    // Places in the stream.
    internal const int SizesAt = 0;
    internal const int ExactAt = SizesAt + SizeClasses;
    internal const int AlignedAt = ExactAt + SizeClasses;
    internal const int SeeksAt = AlignedAt + Alignments;
    internal const int End = SeeksAt + SeekClasses;

    // Few different places are entries, in order: the place above, its count below.
    private const int CountBits = 56;
    private const int MaxEntries = 64;

    private long[] _entries = [];
    private int _used;
    private long[]? _dense;

    /// <summary>Commands begun whose place and length are known.</summary>
    public long Count { get; set; }

    /// <summary>Windowed distance 0: the command goes on where one of the last 16 on this I_T_L ended (views: SEQ%).</summary>
    public long Sequential { get; set; }

    /// <summary>Windowed distance above 1 MiB (RND%).</summary>
    public long Random { get; set; }

    /// <summary>Commands that have no distance: there was no other before, or it is not known how long the unit's blocks are.</summary>
    public long Unplaced { get; set; }

    /// <summary>Commands by size class.</summary>
    public Span<long> Sizes => Dense.AsSpan(SizesAt, SizeClasses);

    /// <summary>Those of a class whose size is exactly 2^i bytes.</summary>
    public Span<long> Exact => Dense.AsSpan(ExactAt, SizeClasses);

    /// <summary>Commands whose offset and length in bytes are both multiples of 2^(9 + i), but not of the next; of units whose blocks' length is known.</summary>
    public Span<long> Aligned => Dense.AsSpan(AlignedAt, Alignments);

    /// <summary>
    /// Commands by signed distance in bytes from the end of the one before on this I_T_L, whatever its direction: <see cref="NoSeek"/> for 0,
    /// <c>NoSeek + 1 + log2 d</c> ahead, <c>NoSeek - 1 - log2 d</c> back, the outermost for all beyond.
    /// </summary>
    public Span<long> Seeks => Dense.AsSpan(SeeksAt, SeekClasses);

    /// <summary>Times between the begin of one command and the next of the same direction; null while there are none.</summary>
    public Histogram? Interarrival { get; set; }

    /// <summary>The share (0-1) of commands whose offset and length are multiples of <paramref name="bytes"/>, a power of two from 512; NaN without any of which that is known.</summary>
    public double AlignedTo(long bytes) => CountAligned(bytes) is (var aligned, > 0 and var known) ? (double)aligned / known : double.NaN;

    /// <summary>How many commands' offset and length are multiples of <paramref name="bytes"/>, a power of two from 512, and of how many that is known.</summary>
    public (long Aligned, long Known) CountAligned(long bytes)
    {
        int least = Math.Clamp(System.Numerics.BitOperations.Log2((ulong)Math.Max(512, bytes)) - 9, 0, Alignments - 1);
        long aligned = 0, known = 0;
        for (int at = 0; Next(ref at, out int place, out long count);)
        {
            if (place is < AlignedAt or >= SeeksAt) continue;
            known += count;
            if (place - AlignedAt >= least) aligned += count;
        }
        return (aligned, known);
    }

    /// <summary>Adds another's counts.</summary>
    public void Add(Pattern other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Count += other.Count;
        Sequential += other.Sequential;
        Random += other.Random;
        Unplaced += other.Unplaced;
        for (int at = 0; other.Next(ref at, out int place, out long count);) AddAt(place, count);
        if (other.Interarrival is { Count: > 0 } times) (Interarrival ??= new Histogram()).Add(times);
    }

    /// <summary>Adds the sizes, places and alignments of another, but neither its sums nor its times.</summary>
    public void AddCounts(Pattern other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int at = 0; other.Next(ref at, out int place, out long count);) AddAt(place, count);
    }

    /// <summary>Makes this equal to another, but for the times: to look at all counts of one that is to stay small.</summary>
    public void CopyCounts(Pattern other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Clear();
        (Count, Sequential, Random, Unplaced) = (other.Count, other.Sequential, other.Random, other.Unplaced);
        for (int at = 0; other.Next(ref at, out int place, out long count);) AddAt(place, count);
    }

    /// <summary>Sets everything to 0, keeping the memory.</summary>
    public void Clear() => Clear(false);

    /// <summary>The same.</summary>
    /// <param name="giveBack">Whether the memory is given back.</param>
    internal void Clear(bool giveBack)
    {
        Count = Sequential = Random = Unplaced = 0;
        if (giveBack) (_entries, _dense, Interarrival) = ([], null, null);
        _used = 0;
        _dense?.AsSpan().Clear();
        Interarrival?.Clear();
    }

    /// <summary>Bytes it takes.</summary>
    internal int Size => 80 + 8 * (_entries.Length + (_dense?.Length ?? 0)) + (Interarrival?.Size ?? 0);

    /// <summary>Adds to a count by its place in the stream.</summary>
    internal void AddAt(int place, long count)
    {
        if (_dense is { } dense)
        {
            dense[place] += count;
            return;
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)place, (uint)End, nameof(place));
        int at = _used;
        while (at > 0 && PlaceOf(_entries[at - 1]) > place) at--;
        if (at > 0 && PlaceOf(_entries[at - 1]) == place) _entries[at - 1] = Entry(place, CountOf(_entries[at - 1]) + count);
        else if (_used >= MaxEntries) Dense[place] += count;
        else Insert(at, Entry(place, count));
    }

    /// <summary>The next count that is not 0, by its place in the stream.</summary>
    /// <param name="at">0 to begin; where the next call goes on.</param>
    /// <param name="place">The place.</param>
    /// <param name="count">The count.</param>
    /// <returns>False when there is none left.</returns>
    internal bool Next(ref int at, out int place, out long count)
    {
        int end = _dense is null ? _used : End;
        for (; at < end; at++)
        {
            (place, count) = _dense is { } dense ? (at, dense[at]) : (PlaceOf(_entries[at]), CountOf(_entries[at]));
            if (count == 0) continue;
            at++;
            return true;
        }
        (place, count) = (End, 0);
        return false;
    }

    private long[] Dense
    {
        get
        {
            if (_dense is { } there) return there;
            long[] dense = new long[End];
            foreach (long entry in _entries.AsSpan(0, _used)) dense[PlaceOf(entry)] = CountOf(entry);
            (_entries, _used) = ([], 0);
            return _dense = dense;
        }
    }

    private void Insert(int at, long entry)
    {
        if (_used == _entries.Length) Array.Resize(ref _entries, Math.Max(8, _used + _used / 2));
        _entries.AsSpan(at.._used).CopyTo(_entries.AsSpan(at + 1));
        _entries[at] = entry;
        _used++;
    }

    private static long Entry(int place, long count) => (long)place << CountBits | (count & ((1L << CountBits) - 1));

    private static int PlaceOf(long entry) => (int)((ulong)entry >> CountBits);

    private static long CountOf(long entry) => entry << 64 - CountBits >> 64 - CountBits;
}

/// <summary>Where a pattern belongs.</summary>
/// <param name="Connection">Id of the connection.</param>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Writes">The pattern of writes; else of reads.</param>
public readonly record struct PatternKey(uint Connection, ulong Lun, bool Writes);

/// <summary>The pattern of an interval, and whose it is.</summary>
public sealed class PatternDelta
{
    /// <summary>Where it belongs.</summary>
    public PatternKey Key { get; set; }

    /// <summary>What happened in the interval.</summary>
    public Pattern Pattern { get; } = new();

    /// <summary>The connection it happened on.</summary>
    public required ConnectionInfo Connection { get; set; }

    /// <summary>The engine that saw it.</summary>
    public required EngineStatus Engine { get; set; }

    /// <inheritdoc cref="CellDelta.Path"/>
    internal Findings.PathTally? Path { get; set; }
}
