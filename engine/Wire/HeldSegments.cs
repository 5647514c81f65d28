namespace Iscsitop.Engine.Wire;

/// <summary>What came out of order on one direction, by its place in the stream; no two overlap.</summary>
internal sealed class HeldSegments(HeldMemory memory, int limit)
{
    /// <summary>Holes between them at most.</summary>
    public const int MaxGaps = 64;

    /// <summary>Segments at most.</summary>
    public const int MaxCount = 4096;

    // An array that has grown beyond this is not kept for its own sake.
    private const int Lasting = 64;

    private Held[] _held = [];
    private int _head;
    private int _tail;
    private int _gaps;
    private long _used;

    /// <summary>How many there are.</summary>
    public int Count => _tail - _head;

    /// <summary>How many there is room for without growing.</summary>
    public int Room => _held.Length;

    /// <summary>Holes between them, the one before the first apart.</summary>
    public int Gaps => _gaps;

    /// <summary>The first.</summary>
    public ref readonly Held First => ref _held[_head];

    /// <summary>Holds those bytes that are not held already; false when the bounds do not allow it, with what is left to do.</summary>
    /// <param name="at">Place of the first byte.</param>
    /// <param name="bytes">What was captured of them.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="time">When they were seen.</param>
    /// <param name="again">Adds up the bytes held already.</param>
    public bool TryAdd(ref long at, ref ReadOnlySpan<byte> bytes, ref int length, long time, ref long again)
    {
        while (length > 0)
        {
            int i = IndexOf(at);
            bool known = i < _tail && _held[i].At <= at;
            long to = known ? _held[i].End : i < _tail ? _held[i].At : long.MaxValue;
            int part = (int)Math.Min(length, to - at), captured = Math.Min(part, bytes.Length);
            if (known) again += part;
            else if (!Insert(i, at, bytes[..captured], part, time)) return false;
            at += part;
            length -= part;
            bytes = bytes[captured..];
        }
        return true;
    }

    /// <summary>Gives up the first.</summary>
    public void RemoveFirst()
    {
        ref Held first = ref _held[_head];
        if (Count > 1 && _held[_head + 1].At > first.End) _gaps--;
        _used -= first.Buffer.Length;
        memory.Return(first.Buffer);
        first = default;
        if (++_head < _tail) return;
        _head = _tail = 0;
        if (_held.Length > Lasting) _held = [];
    }

    // The first that ends beyond a place. Nearly always what comes belongs at the end.
    private int IndexOf(long at)
    {
        if (_head == _tail || _held[_tail - 1].End <= at) return _tail;
        int low = _head, high = _tail - 1;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_held[middle].End > at) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private bool Insert(int index, long at, ReadOnlySpan<byte> bytes, int length, long time)
    {
        bool gapBefore = index > _head && _held[index - 1].End < at, gapAfter = index < _tail && at + length < _held[index].At;
        bool gapNow = index > _head && index < _tail && _held[index - 1].End < _held[index].At;
        int gaps = _gaps + (gapBefore ? 1 : 0) + (gapAfter ? 1 : 0) - (gapNow ? 1 : 0);
        if (gaps > MaxGaps || Count == MaxCount || _used + HeldMemory.Size(bytes.Length) > limit || memory.Rent(bytes.Length) is not { } buffer) return false;
        bytes.CopyTo(buffer);
        _used += buffer.Length;
        _gaps = gaps;
        index -= MakeRoom();
        Array.Copy(_held, index, _held, index + 1, _tail - index);
        _tail++;
        _held[index] = new Held(at, length, bytes.Length, time, buffer);
        return true;
    }

    // By how much indexes have become less.
    private int MakeRoom()
    {
        int moved = _head;
        if (_tail < _held.Length) return 0;
        if (moved == 0 || moved < _held.Length / 2)
        {
            Array.Resize(ref _held, Math.Max(16, 2 * _held.Length));
            return 0;
        }
        Array.Copy(_held, moved, _held, 0, Count);
        Array.Clear(_held, Count, moved);
        (_head, _tail) = (0, Count);
        return moved;
    }
}

/// <summary>Bytes that came out of order.</summary>
/// <param name="At">Place of the first in the stream.</param>
/// <param name="Length">Bytes on the wire.</param>
/// <param name="Captured">Those of them that were captured.</param>
/// <param name="Time">When they were seen.</param>
/// <param name="Buffer">Holds them.</param>
internal readonly record struct Held(long At, int Length, int Captured, long Time, byte[] Buffer)
{
    /// <summary>Place of the first byte after them.</summary>
    public long End => At + Length;

    /// <summary>What was captured.</summary>
    public ReadOnlySpan<byte> Bytes => Buffer.AsSpan(0, Captured);
}
