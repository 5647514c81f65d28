using System.Buffers.Binary;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

/// <summary>Commands of logical block provisioning (SBC-4 §4.7): UNMAP, WRITE SAME, GET LBA STATUS.</summary>
internal static class Provisioning
{
    /// <summary>Most blocks of one UNMAP (VPD page B0h).</summary>
    public const uint MaxUnmapBlocks = 1 << 20;

    /// <summary>Most descriptors of one UNMAP (VPD page B0h).</summary>
    public const uint MaxUnmapDescriptors = 256;

    private const int HeaderLength = 8;
    private const int DescriptorLength = 16;
    private const int Piece = 1 << 20;

    /// <summary>UNMAP (SBC-4 §5.35). All descriptors are checked before one is followed.</summary>
    public static ScsiStatus Unmap(ScsiTask task)
    {
        ReadOnlySpan<byte> list = task.DataOut;
        if (list.Length != task.OutLength) return task.Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        task.Unmapped = new UnmapSum(0, 0);
        if (list.IsEmpty) return ScsiStatus.Good;
        if (list.Length < HeaderLength) return task.Fail(SenseCode.ParameterListLengthError);
        int described = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(list[2..]), list.Length - HeaderLength);
        ReadOnlySpan<byte> descriptors = list.Slice(HeaderLength, described / DescriptorLength * DescriptorLength);
        ScsiStatus status = Check(task, descriptors);
        if (status != ScsiStatus.Good) return status;
        if (Medium.MustWait(task)) return ScsiTask.Deferred;
        for (; !descriptors.IsEmpty && !task.IsVoid; descriptors = descriptors[DescriptorLength..])
        {
            (ulong lba, uint blocks) = Descriptor(descriptors);
            if (blocks > 0) task.Unit!.Store.Unmap((long)lba * task.Unit.BlockSize, (long)blocks * task.Unit.BlockSize);
        }
        if (Medium.MustReachMedium(task)) task.Unit!.Store.Flush();
        return ScsiStatus.Good;
    }

    /// <summary>
    /// WRITE SAME (SBC-4 §5.51). Zeros that may be unmapped are; NDOB means zeros. Without any data UNMAP is taken for it in
    /// WRITE SAME(10) too, as initiators do.
    /// </summary>
    public static ScsiStatus WriteSame(ScsiTask task)
    {
        const byte anchor = 0x10, unmap = 0x08;
        LogicalUnit unit = task.Unit!;
        bool unmaps = (task.Cdb[1] & unmap) != 0;
        if (unmaps && !unit.Thin) return task.FailField(1, 3);
        if ((task.Cdb[1] & anchor) != 0) return task.FailField(1, 4); // ANC_SUP is 0
        ReadOnlySpan<byte> block = task.DataOut;
        bool noData = task.OutLength == 0 || unmaps && task.Expected == 0;
        if (!noData && (block.Length != unit.BlockSize || task.Expected != unit.BlockSize)) return task.Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        if (Medium.MustWait(task)) return ScsiTask.Deferred;
        long offset = (long)task.Lba * unit.BlockSize;
        long length = (long)task.Blocks * unit.BlockSize;
        bool zeros = noData || !block.ContainsAnyExcept((byte)0);
        if (zeros && unmaps) unit.Store.Unmap(offset, length);
        else Fill(task, unit.Store, offset, length, zeros ? [] : block);
        if (Medium.MustReachMedium(task)) unit.Store.Flush();
        return ScsiStatus.Good;
    }

    /// <summary>GET LBA STATUS (SBC-4 §5.6): extents from the LBA on, the first always one.</summary>
    public static ScsiStatus GetLbaStatus(ScsiTask task)
    {
        const byte deallocated = 1;
        LogicalUnit unit = task.Unit!;
        ulong lba = task.Row!.Lba(task.Cdb)!.Value;
        if (lba >= unit.BlockCount) return task.Fail(SenseCode.LbaOutOfRange);
        if (Medium.MustWait(task)) return ScsiTask.Deferred;
        Span<byte> area = task.ReplyArea();
        int length = HeaderLength;
        do
        {
            uint blocks = Extent(unit, lba, out bool mapped);
            Span<byte> descriptor = area[length..];
            BinaryPrimitives.WriteUInt64BigEndian(descriptor, lba);
            BinaryPrimitives.WriteUInt32BigEndian(descriptor[8..], blocks);
            descriptor[12] = mapped ? (byte)0 : deallocated;
            length += DescriptorLength;
            lba += blocks;
        }
        while (lba < unit.BlockCount && length + DescriptorLength <= Math.Min((uint)area.Length, task.Row.Length(task.Cdb)));
        BinaryPrimitives.WriteUInt32BigEndian(area, (uint)length - 4);
        return task.Reply(length);
    }

    private static ScsiStatus Check(ScsiTask task, ReadOnlySpan<byte> descriptors)
    {
        int count = descriptors.Length / DescriptorLength;
        if (count > MaxUnmapDescriptors) return task.FailParameter(2);
        ulong total = 0;
        for (int at = HeaderLength; !descriptors.IsEmpty; descriptors = descriptors[DescriptorLength..], at += DescriptorLength)
        {
            (ulong lba, uint blocks) = Descriptor(descriptors);
            ulong there = task.Unit!.BlockCount;
            if (lba > there || blocks > there - lba) return task.Fail(SenseCode.LbaOutOfRange);
            total += blocks;
            if (total > MaxUnmapBlocks) return task.FailParameter(at + 8);
        }
        task.Unmapped = new UnmapSum((long)total, count);
        return ScsiStatus.Good;
    }

    private static (ulong Lba, uint Blocks) Descriptor(ReadOnlySpan<byte> descriptor) =>
        (BinaryPrimitives.ReadUInt64BigEndian(descriptor), BinaryPrimitives.ReadUInt32BigEndian(descriptor[8..]));

    // Blocks of one state; a block that is mapped in part is mapped.
    private static uint Extent(LogicalUnit unit, ulong lba, out bool mapped)
    {
        long at = (long)lba * unit.BlockSize;
        long length = unit.Store.Extent(at, out mapped);
        long blocks = mapped ? (length + unit.BlockSize - 1) / unit.BlockSize : length / unit.BlockSize;
        if (blocks == 0) (mapped, blocks) = (true, 1);
        return (uint)Math.Min(blocks, uint.MaxValue);
    }

    // The block many times over, a piece at a time; none is zeros. A reset ends it.
    private static void Fill(ScsiTask task, Store store, long offset, long length, ReadOnlySpan<byte> block)
    {
        byte[] buffer = BufferPool.Rent((int)Math.Min(length, Piece));
        try
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(length, Piece));
            if (block.IsEmpty) piece.Clear();
            else for (int at = 0; at < piece.Length; at += block.Length) block.CopyTo(piece[at..]);
            for (long end = offset + length; offset < end && !task.IsVoid; offset += piece.Length)
                store.Write(offset, piece[..(int)Math.Min(piece.Length, end - offset)]);
        }
        finally
        {
            BufferPool.Return(buffer);
        }
    }
}
