using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>How far a command is from where another ended.</summary>
internal enum Distance : byte
{
    /// <summary>It goes on there.</summary>
    None,

    /// <summary>Up to 1 MiB.</summary>
    Near,

    /// <summary>Further.</summary>
    Far,
}

/// <summary>Where the last commands of one connection on one unit ended, reads and writes together, in blocks.</summary>
internal sealed class PatternTrail
{
    private Window _ends;
    private int _next = -1;
    private ulong _last;

    /// <summary>The pattern of its reads, null while there were none.</summary>
    public PatternState? Reads;

    /// <summary>The pattern of its writes, null while there were none.</summary>
    public PatternState? Writes;

    /// <summary>Adds a command.</summary>
    /// <param name="lba">Its first block.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="far">Blocks beyond which a place is far from another.</param>
    /// <param name="seek">Blocks from the end of the last one.</param>
    /// <param name="distance">How far the nearest of those ends is.</param>
    /// <returns>Whether there was another before.</returns>
    public bool Add(ulong lba, uint blocks, uint far, out long seek, out Distance distance)
    {
        seek = (long)(lba - _last);
        distance = seek == 0 ? Distance.None : Nearest(lba, far);
        _last = lba + blocks;
        if (_next < 0)
        {
            ((Span<ulong>)_ends).Fill(_last);
            _next = 0;
            return false;
        }
        _ends[_next] = _last;
        _next = _next + 1 & (Window.Length - 1);
        return true;
    }

    // What is not far lies in a range that the highest bit, added to both, makes one of signed numbers: those can be compared.
    private Distance Nearest(ulong lba, uint far)
    {
        ReadOnlySpan<ulong> ends = _ends;
        ref long first = ref Unsafe.As<ulong, long>(ref MemoryMarshal.GetReference(ends));
        Vector256<long> here = Vector256.Create((long)(lba + far + (1ul << 63)));
        Vector256<long> none = Vector256.Create(long.MinValue + far), beyond = Vector256.Create(long.MinValue + 2L * far + 1);
        Vector256<long> same = Vector256<long>.Zero, near = Vector256<long>.Zero;
        for (int i = 0; i < Window.Length; i += Vector256<long>.Count)
        {
            Vector256<long> apart = here - Vector256.LoadUnsafe(ref first, (nuint)i);
            same |= Vector256.Equals(apart, none);
            near |= Vector256.LessThan(apart, beyond);
        }
        return same != Vector256<long>.Zero ? Distance.None : near != Vector256<long>.Zero ? Distance.Near : Distance.Far;
    }

    [InlineArray(Length)]
    private struct Window
    {
        public const int Length = 16;
        private ulong _first;
    }
}

/// <summary>The reads or the writes of one connection on one unit, as the engine keeps them.</summary>
internal sealed class PatternState : UntoldPattern
{
    private const int Far = 1 << 20;

    private PatternTrail _trail = null!;
    private long _begun = -1;

    /// <summary>Where it belongs.</summary>
    public PatternKey Key { get; private set; }

    /// <summary>Makes this an empty one.</summary>
    public void Reset(PatternKey key, PatternTrail trail)
    {
        Key = key;
        _trail = trail;
        _begun = -1;
        Reset();
    }

    /// <summary>A command began.</summary>
    /// <param name="command">The command.</param>
    /// <param name="row">Its row of the command table.</param>
    /// <param name="unit">Its unit, which knows how long a block is; null when there are too many.</param>
    /// <param name="time">When.</param>
    public void Begin(in CompletedCommand command, CommandRow row, UnitState? unit, long time)
    {
        ReadOnlySpan<byte> cdb = command.CdbSpan;
        if (row.Lba(cdb) is not { } lba || row.Blocks(cdb) is not ({ } blocks and > 0)) return;
        int block = unit is null ? 0 : unit.BlockSize != 0 ? unit.BlockSize : unit.Suppose(command.ExpectedLength, row.Transfer == Transfer.TwoFold ? 0 : blocks);
        ulong bytes = block > 0 ? (ulong)blocks * (uint)block : row.Transfer == Transfer.TwoFold ? command.ExpectedLength / 2 : command.ExpectedLength;
        bool placed = _trail.Add(lba, blocks, block > 0 ? (uint)(Far / block) : 0, out long seek, out Distance distance);
        if (bytes == 0) return;
        Pattern.Count++;
        if (_begun >= 0) (Pattern.Interarrival ??= new Histogram()).Add(Math.Max(0, time - _begun));
        _begun = time;
        CountSize(bytes);
        if (block > 0) Pattern.Aligned[Math.Clamp(Zeros(lba | blocks) + BitOperations.TrailingZeroCount(block) - 9, 0, Pattern.Alignments - 1)]++;
        if (placed && block > 0) CountSeek(seek, distance, (uint)block);
        else Pattern.Unplaced++;
    }

    private void CountSize(ulong bytes)
    {
        int size = Math.Min(BitOperations.Log2(bytes), Pattern.SizeClasses - 1);
        Pattern.Sizes[size]++;
        if (bytes == 1ul << size) Pattern.Exact[size]++;
    }

    private void CountSeek(long seek, Distance distance, uint block)
    {
        if (distance == Distance.None) Pattern.Sequential++;
        else if (distance == Distance.Far) Pattern.Random++;
        Pattern.Seeks[SeekClass(seek, block)]++;
    }

    // The product's logarithm; what does not fit is beyond the last class. No division, which takes longer than all the rest.
    private static int SeekClass(long seek, uint block)
    {
        if (seek == 0) return Pattern.NoSeek;
        ulong distance = seek < 0 ? 0 - (ulong)seek : (ulong)seek;
        bool fits = BitOperations.LeadingZeroCount(distance) + BitOperations.LeadingZeroCount((ulong)block) >= 64;
        int steps = fits ? Math.Min(1 + BitOperations.Log2(distance * block), Pattern.NoSeek) : Pattern.NoSeek;
        return Pattern.NoSeek + (seek < 0 ? -steps : steps);
    }

    // Both are multiples of as much as their union is.
    private static int Zeros(ulong either) => BitOperations.TrailingZeroCount(either);
}
