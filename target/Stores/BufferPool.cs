using System.Numerics;

namespace Iscsitop.Target.Stores;

/// <summary>
/// Pinned buffers in powers of two from 4 KiB to 16 MiB, shared by all connections, so that neither a command nor a
/// gathered send allocates or pins. What comes back beyond the pool's share is left to the collector.
/// </summary>
internal static class BufferPool
{
    /// <summary>Longest buffer, and so the longest transfer of one command that needs one.</summary>
    public const int MaxLength = 16 << 20;

    /// <summary>Bytes that may be rented out unless told otherwise.</summary>
    public const long DefaultLimit = 512L << 20;

    private const int MinShift = 12;
    private const long MaxPooled = 256L << 20;

    private static readonly Stack<byte[]>[] s_free = [.. Enumerable.Range(0, 13).Select(_ => new Stack<byte[]>())];
    private static readonly Lock s_lock = new();
    private static long s_pooled;
    private static long s_rented;
    private static long s_limit = DefaultLimit;

    /// <summary>Bytes that may be rented out, by all of the process.</summary>
    public static long Limit
    {
        get => Volatile.Read(ref s_limit);
        set => Volatile.Write(ref s_limit, value);
    }

    /// <summary>Whether so much is rented out that commands which need a buffer must wait: TASK SET FULL.</summary>
    public static bool Exhausted => Volatile.Read(ref s_rented) > Limit;

    /// <summary>Bytes that are rented out.</summary>
    public static long Rented => Volatile.Read(ref s_rented);

    /// <summary>Bytes of the buffer that so many bytes get.</summary>
    public static int SizeOf(int length) => 1 << Shift(length);

    /// <summary>A buffer of at least <paramref name="length"/> bytes with undefined content.</summary>
    public static byte[] Rent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        int shift = Shift(length);
        lock (s_lock)
        {
            s_rented += 1 << shift;
            if (s_free[shift - MinShift].TryPop(out byte[]? buffer))
            {
                s_pooled -= buffer.Length;
                return buffer;
            }
        }
        return GC.AllocateUninitializedArray<byte>(1 << shift, pinned: true);
    }

    /// <summary>Gives a buffer back.</summary>
    public static void Return(byte[] buffer)
    {
        lock (s_lock)
        {
            s_rented -= buffer.Length;
            if (s_pooled + buffer.Length > MaxPooled) return;
            s_pooled += buffer.Length;
            s_free[BitOperations.Log2((uint)buffer.Length) - MinShift].Push(buffer);
        }
    }

    private static int Shift(int length) => Math.Max(MinShift, BitOperations.Log2((uint)Math.Max(length - 1, 1)) + 1);
}
