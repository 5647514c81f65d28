using System.Numerics;

namespace Iscsitop.Engine.Wire;

/// <summary>Buffers for what came out of order: used again and again, and never more than a number of bytes in all.</summary>
internal sealed class HeldMemory(long limit)
{
    private const int SmallestBits = 8;

    // By length, a power of two each, from 256 bytes on.
    private readonly Stack<byte[]>[] _free = [.. Enumerable.Range(SmallestBits, 31 - SmallestBits).Select(_ => new Stack<byte[]>())];

    /// <summary>Bytes that were made, in use or not.</summary>
    public long Made { get; private set; }

    /// <summary>Bytes in use.</summary>
    public long Used { get; private set; }

    /// <summary>Bytes that a buffer for so many has.</summary>
    public static int Size(int length) => 1 << Bits(length);

    /// <summary>A buffer of <see cref="Size"/> bytes; null when the limit does not allow it.</summary>
    public byte[]? Rent(int length)
    {
        int size = Size(length);
        if (size <= 0 || Used + size > limit) return null;
        Stack<byte[]> free = _free[Bits(length) - SmallestBits];
        if (free.Count == 0 && Made + size > limit) Drop();
        if (!free.TryPop(out byte[]? buffer))
        {
            buffer = new byte[size];
            Made += size;
        }
        Used += size;
        return buffer;
    }

    /// <summary>Takes a buffer back.</summary>
    public void Return(byte[] buffer)
    {
        Used -= buffer.Length;
        _free[Bits(buffer.Length) - SmallestBits].Push(buffer);
    }

    private static int Bits(int length) => length <= 1 ? SmallestBits : Math.Max(SmallestBits, 32 - BitOperations.LeadingZeroCount((uint)length - 1));

    private void Drop()
    {
        foreach (Stack<byte[]> free in _free) free.Clear();
        Made = Used;
    }
}
