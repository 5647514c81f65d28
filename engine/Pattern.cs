using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>Sizes, places and times of the reads or of the writes of one connection on one unit: cumulative, or of an interval.</summary>
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

    private readonly long[] _sizes = new long[SizeClasses];
    private readonly long[] _exact = new long[SizeClasses];
    private readonly long[] _aligned = new long[Alignments];
    private readonly long[] _seeks = new long[SeekClasses];

    /// <summary>Commands begun whose place and length are known.</summary>
    public long Count { get; set; }

    /// <summary>Windowed distance 0: the command goes on where one of the last 16 on this I_T_L ended (views: SEQ%).</summary>
    public long Sequential { get; set; }

    /// <summary>Windowed distance above 1 MiB (RND%).</summary>
    public long Random { get; set; }

    /// <summary>Commands that have no distance: there was no other before, or it is not known how long the unit's blocks are.</summary>
    public long Unplaced { get; set; }

    /// <summary>Commands by size class.</summary>
    public Span<long> Sizes => _sizes;

    /// <summary>Those of a class whose size is exactly 2^i bytes.</summary>
    public Span<long> Exact => _exact;

    /// <summary>Commands whose offset and length in bytes are both multiples of 2^(9 + i), but not of the next; of units whose blocks' length is known.</summary>
    public Span<long> Aligned => _aligned;

    /// <summary>
    /// Commands by signed distance in bytes from the end of the one before on this I_T_L, whatever its direction: <see cref="NoSeek"/> for 0,
    /// <c>NoSeek + 1 + log2 d</c> ahead, <c>NoSeek - 1 - log2 d</c> back, the outermost for all beyond.
    /// </summary>
    public Span<long> Seeks => _seeks;

    /// <summary>Times between the begin of one command and the next of the same direction; null while there are none.</summary>
    public Histogram? Interarrival { get; set; }

    /// <summary>The share (0-1) of commands whose offset and length are multiples of <paramref name="bytes"/>, a power of two from 512; NaN without any of which that is known.</summary>
    public double AlignedTo(long bytes)
    {
        int least = Math.Clamp(System.Numerics.BitOperations.Log2((ulong)Math.Max(512, bytes)) - 9, 0, Alignments - 1);
        long aligned = 0, known = 0;
        for (int i = 0; i < Alignments; i++)
        {
            known += _aligned[i];
            if (i >= least) aligned += _aligned[i];
        }
        return known == 0 ? double.NaN : (double)aligned / known;
    }

    /// <summary>Adds another's counts.</summary>
    public void Add(Pattern other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Count += other.Count;
        Sequential += other.Sequential;
        Random += other.Random;
        Unplaced += other.Unplaced;
        Add(_sizes, other._sizes);
        Add(_exact, other._exact);
        Add(_aligned, other._aligned);
        Add(_seeks, other._seeks);
        if (other.Interarrival is { Count: > 0 } times) (Interarrival ??= new Histogram()).Add(times);
    }

    /// <summary>Adds the difference of two states.</summary>
    public void AddDifference(Pattern later, Pattern earlier)
    {
        ArgumentNullException.ThrowIfNull(later);
        ArgumentNullException.ThrowIfNull(earlier);
        Count += later.Count - earlier.Count;
        Sequential += later.Sequential - earlier.Sequential;
        Random += later.Random - earlier.Random;
        Unplaced += later.Unplaced - earlier.Unplaced;
        AddDifference(_sizes, later._sizes, earlier._sizes);
        AddDifference(_exact, later._exact, earlier._exact);
        AddDifference(_aligned, later._aligned, earlier._aligned);
        AddDifference(_seeks, later._seeks, earlier._seeks);
        if (later.Interarrival is not { Count: > 0 } times) return;
        if (earlier.Interarrival is { Count: > 0 } before) (Interarrival ??= new Histogram()).AddDifference(times, before);
        else (Interarrival ??= new Histogram()).Add(times);
    }

    /// <summary>Sets everything to 0, keeping the memory.</summary>
    public void Clear()
    {
        Count = Sequential = Random = Unplaced = 0;
        _sizes.AsSpan().Clear();
        _exact.AsSpan().Clear();
        _aligned.AsSpan().Clear();
        _seeks.AsSpan().Clear();
        Interarrival?.Clear();
    }

    /// <summary>Adds to a count by its place in the stream.</summary>
    internal void AddAt(int place, long count) =>
        (place < ExactAt ? ref _sizes[place] : ref place < AlignedAt ? ref _exact[place - ExactAt] : ref place < SeeksAt ? ref _aligned[place - AlignedAt] : ref _seeks[place - SeeksAt]) += count;

    private static void Add(long[] sum, long[] part)
    {
        for (int i = 0; i < sum.Length; i++) sum[i] += part[i];
    }

    private static void AddDifference(long[] sum, long[] later, long[] earlier)
    {
        for (int i = 0; i < sum.Length; i++) sum[i] += later[i] - earlier[i];
    }
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
}
