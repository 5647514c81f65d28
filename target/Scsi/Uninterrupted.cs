using System.Runtime.InteropServices;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

/// <summary>Commands between whose reading and writing no other write comes: COMPARE AND WRITE, ORWRITE, WRITE ATOMIC.</summary>
internal static class Uninterrupted
{
    /// <summary>Most blocks of a COMPARE AND WRITE (VPD page B0h).</summary>
    public const uint MaxCompareBlocks = 255;

    private const int Piece = 1 << 20;

    /// <summary>COMPARE AND WRITE (SBC-4 §5.3): the first half of the data is compared, the second written.</summary>
    public static ScsiStatus CompareAndWrite(ScsiTask task)
    {
        ReadOnlySpan<byte> data = task.DataOut;
        // One byte counts the blocks: who sends data for 256 has asked for 0.
        if (task.Blocks == 0 && task.Expected > 0) return task.FailField(13);
        if (data.Length != task.OutLength || task.Expected != task.OutLength) return task.Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        if (data.IsEmpty) return ScsiStatus.Good;
        if (Medium.MustWait(task)) return ScsiTask.Deferred;
        int half = data.Length / 2;
        Store store = task.Unit!.Store;
        byte[] buffer = BufferPool.Rent(half);
        try
        {
            using WriteGate.Solitude _ = store.Alone();
            Span<byte> actual = buffer.AsSpan(0, half);
            store.Read(Medium.Offset(task), actual);
            int same = actual.CommonPrefixLength(data[..half]);
            // INFORMATION is an offset into the Data-Out buffer.
            if (same < half) return task.Fail(SenseCode.MiscompareDuringVerify, (ulong)same);
            store.Put(Medium.Offset(task), data[half..]);
        }
        finally
        {
            BufferPool.Return(buffer);
        }
        if (Medium.MustReachMedium(task)) store.Flush();
        return ScsiStatus.Good;
    }

    /// <summary>ORWRITE (SBC-4 §5.16): sets bits.</summary>
    public static ScsiStatus OrWrite(ScsiTask task)
    {
        ReadOnlySpan<byte> data = task.DataOut;
        if (data.Length != task.OutLength) return task.Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        if (data.IsEmpty) return ScsiStatus.Good;
        if (Medium.MustWait(task)) return ScsiTask.Deferred;
        Store store = task.Unit!.Store;
        byte[] buffer = BufferPool.Rent(Math.Min(data.Length, Piece));
        try
        {
            for (int at = 0; at < data.Length && !task.IsVoid; at += Piece)
            {
                Span<byte> piece = buffer.AsSpan(0, Math.Min(Piece, data.Length - at));
                using WriteGate.Solitude _ = store.Alone();
                store.Read(Medium.Offset(task) + at, piece);
                Or(piece, data.Slice(at, piece.Length));
                store.Put(Medium.Offset(task) + at, piece);
            }
        }
        finally
        {
            BufferPool.Return(buffer);
        }
        if (Medium.MustReachMedium(task)) store.Flush();
        return ScsiStatus.Good;
    }

    /// <summary>WRITE ATOMIC (SBC-4 §5.41): all of the data, or nothing.</summary>
    public static ScsiStatus WriteAtomic(ScsiTask task)
    {
        if (task.DataOut.Length != task.OutLength) return task.Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        if (task.DataOut.IsEmpty) return ScsiStatus.Good;
        if (Medium.MustWait(task)) return ScsiTask.Deferred;
        Store store = task.Unit!.Store;
        using (store.Alone()) store.Put(Medium.Offset(task), task.DataOut);
        if (Medium.MustReachMedium(task)) store.Flush();
        return ScsiStatus.Good;
    }

    // Blocks are whole numbers of words.
    private static void Or(Span<byte> into, ReadOnlySpan<byte> bits)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(into);
        ReadOnlySpan<ulong> more = MemoryMarshal.Cast<byte, ulong>(bits);
        for (int i = 0; i < words.Length; i++) words[i] |= more[i];
    }
}
