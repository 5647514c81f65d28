using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// Handlers that touch the medium: READ, WRITE, WRITE AND VERIFY, VERIFY, SYNCHRONIZE CACHE. The device server has
/// checked the range. What would wait for a device on a connection's thread is deferred to a worker.
/// </summary>
internal static class Medium
{
    private const byte ForceUnitAccess = 0x08;
    private const int ByteCheckCompare = 1;
    private const int ByteCheckReserved = 2;
    private const int ByteCheckOneBlock = 3;
    private const int Piece = 1 << 20;

    public static ScsiStatus Read(ScsiTask task)
    {
        if (task.Blocks == 0) return ScsiStatus.Good;
        LogicalUnit unit = task.Unit!;
        bool flush = unit.Store.WriteCache && ForcesUnitAccess(task);
        long offset = Offset(task);
        int length = (int)task.Blocks * unit.BlockSize;
        if (!task.MayBlock) return !flush && unit.Store.TryReadNow(offset, length, task) ? ScsiStatus.Good : ScsiTask.Deferred;
        // FUA: a block that is newer in the cache than on the medium is written first (SBC-4 §4.15).
        if (flush) unit.Store.Flush();
        unit.Store.Read(offset, length, task);
        return ScsiStatus.Good;
    }

    public static ScsiStatus Write(ScsiTask task)
    {
        if (task.DataOut.Length % task.Unit!.BlockSize != 0) return task.Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        if (task.DataOut.IsEmpty) return ScsiStatus.Good;
        if (MustWait(task)) return ScsiTask.Deferred;
        Store store = task.Unit.Store;
        store.Write(Offset(task) + task.Placed, task.DataOut[task.Placed..]);
        if (MustReachMedium(task)) store.Flush();
        return ScsiStatus.Good;
    }

    /// <summary>Whether a command is WRITE and nothing else, which may be done in pieces of whole blocks.</summary>
    public static bool IsPlainWrite(CommandRow row) => row.Opcode is 0x0a or 0x2a or 0x8a or 0xaa;

    public static ScsiStatus WriteAndVerify(ScsiTask task)
    {
        ScsiStatus status = Write(task);
        if (status != ScsiStatus.Good) return status;
        Store store = task.Unit!.Store;
        if (store.WriteCache) store.Flush();
        return ReadBack(task, task.DataOut.Length, ByteCheck(task) == ByteCheckCompare ? task.DataOut : []);
    }

    /// <summary>VERIFY. SBC-4 §5.33: BYTCHK 0 reads the blocks, 1 compares them, 3 compares each to one block.</summary>
    public static ScsiStatus Verify(ScsiTask task)
    {
        if (ByteCheck(task) == ByteCheckReserved) return task.FailField(1, 2);
        // Data that did not all come cannot be compared, and part of a VERIFY is none.
        if (task.DataOut.Length != task.OutLength) return task.Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        if (MustWait(task)) return ScsiTask.Deferred;
        Store store = task.Unit!.Store;
        if (store.WriteCache) store.Flush();
        return ReadBack(task, (int)task.Blocks * task.Unit.BlockSize, task.DataOut);
    }

    /// <summary>Bytes of Data-Out a VERIFY asks for.</summary>
    public static long VerifyLength(ScsiTask task) => ByteCheck(task) switch
    {
        ByteCheckCompare => (long)task.Blocks * task.Unit!.BlockSize,
        ByteCheckOneBlock when task.Blocks > 0 => task.Unit!.BlockSize,
        _ => 0,
    };

    /// <summary>SYNCHRONIZE CACHE: all of it, whatever the range, and before the status even with IMMED (SBC-4 §5.29).</summary>
    public static ScsiStatus SynchronizeCache(ScsiTask task)
    {
        if (MustWait(task)) return ScsiTask.Deferred;
        task.Unit!.Store.Flush();
        return ScsiStatus.Good;
    }

    // Reads the blocks piece by piece and compares them to what is expected: nothing, one block, or as many bytes.
    private static ScsiStatus ReadBack(ScsiTask task, int length, ReadOnlySpan<byte> expected)
    {
        if (length == 0) return ScsiStatus.Good;
        byte[] buffer = BufferPool.Rent(Math.Min(length, Piece));
        try
        {
            for (int at = 0; at < length; at += buffer.Length)
            {
                Span<byte> piece = buffer.AsSpan(0, Math.Min(buffer.Length, length - at));
                task.Unit!.Store.Read(Offset(task) + at, piece);
                if (expected.IsEmpty) continue;
                int from = expected.Length == length ? at : 0;
                int different = Difference(piece, expected.Length == length ? expected.Slice(at, piece.Length) : expected);
                // INFORMATION is an offset into the Data-Out buffer (SBC-4 §5.33).
                if (different >= 0) return task.Fail(SenseCode.MiscompareDuringVerify, (ulong)(from + different));
            }
            return ScsiStatus.Good;
        }
        finally
        {
            BufferPool.Return(buffer);
        }
    }

    // Where the expected bytes first differ from one of the stretches of their length; -1 when nowhere.
    private static int Difference(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected)
    {
        for (; !actual.IsEmpty; actual = actual[expected.Length..])
        {
            int same = actual.CommonPrefixLength(expected);
            if (same < expected.Length) return same;
        }
        return -1;
    }

    /// <summary>Whether a WRITE SAME has data: NDOB says it has none (SBC-4 §5.52), and only the 16-byte CDB has it.</summary>
    public static bool HasData(ScsiTask task) => task.Row!.Layout.LbaBytes != 8 || (task.Cdb[1] & 0x01) == 0;

    /// <summary>First byte of the command's blocks.</summary>
    public static long Offset(ScsiTask task) => (long)task.Lba * task.Unit!.BlockSize;

    private static int ByteCheck(ScsiTask task) => task.Cdb[1] >> 1 & 3;

    /// <summary>Whether a handler has to go to a worker.</summary>
    public static bool MustWait(ScsiTask task) => task.Unit!.Store.MayBlock && !task.MayBlock;

    /// <summary>Whether what was written has to be on the medium before the status: FUA, or no write cache (WCE=0).</summary>
    public static bool MustReachMedium(ScsiTask task) =>
        task.Unit!.Store.WriteCache && (ForcesUnitAccess(task) || task.Unit.Modes.WriteThrough);

    // READ(6) and WRITE(6) have LBA bits where the others have FUA, WRITE SAME has UNMAP there.
    private static bool ForcesUnitAccess(ScsiTask task) =>
        (task.Cdb[1] & ForceUnitAccess) != 0 && task.Row!.Layout.LbaBytes != 3 && task.Row.Transfer != Transfer.OneBlock;
}
