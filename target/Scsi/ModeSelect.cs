using System.Buffers.Binary;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>MODE SELECT(6) and (10) (SPC-4 §6.11, §6.12): all of the list is checked before any of it counts.</summary>
internal static class ModeSelect
{
    private const byte Ten = 0x55;

    public static ScsiStatus Execute(ScsiTask task)
    {
        if ((task.Cdb[1] & 0x10) == 0) return task.FailField(1, 4); // PF: we know no other format
        if (task.Nexus.ReadOnly) return task.Fail(SenseCode.WriteProtected); // who may not write does not say how others write
        ReadOnlySpan<byte> list = task.DataOut;
        if (list.Length != task.OutLength) return task.Fail(SenseCode.ParameterListLengthError);
        if (list.IsEmpty) return ScsiStatus.Good;
        if (Medium.MustWait(task)) return ScsiTask.Deferred; // giving up the write cache empties it first
        ScsiStatus status = CheckHeader(task, list, out int at);
        if (status != ScsiStatus.Good) return status;
        byte[]?[] selected = new byte[]?[ModePages.Rows.Length];
        while (at < list.Length)
        {
            status = CheckPage(task, list, ref at, selected);
            if (status != ScsiStatus.Good) return status;
        }
        if (task.Unit!.Modes.Select(selected)) task.Unit.Raise(SenseCode.ModeParametersChanged, except: task.Nexus);
        return ScsiStatus.Good;
    }

    // The header's other fields are reserved or not evaluated; a block descriptor must tell what is so.
    private static ScsiStatus CheckHeader(ScsiTask task, ReadOnlySpan<byte> list, out int at)
    {
        bool ten = task.Cdb[0] == Ten;
        at = ten ? 8 : 4;
        if (list.Length < at) return task.Fail(SenseCode.ParameterListLengthError);
        int length = ten ? BinaryPrimitives.ReadUInt16BigEndian(list[6..]) : list[3];
        bool longLba = ten && (list[4] & 0x01) != 0;
        if (length != 0 && length != (longLba ? 16 : 8)) return task.FailParameter(ten ? 6 : 3);
        if (list.Length < at + length) return task.Fail(SenseCode.ParameterListLengthError);
        if (length == 0) return ScsiStatus.Good;
        ReadOnlySpan<byte> descriptor = list.Slice(at, length);
        ulong blocks = longLba ? BinaryPrimitives.ReadUInt64BigEndian(descriptor) : BinaryPrimitives.ReadUInt32BigEndian(descriptor);
        uint size = BinaryPrimitives.ReadUInt32BigEndian(descriptor[(length - 4)..]) & (longLba ? uint.MaxValue : 0xffffff);
        ulong all = longLba ? task.Unit!.BlockCount : Math.Min(task.Unit!.BlockCount, uint.MaxValue);
        if (blocks != 0 && blocks != all) return task.FailParameter(at);
        if (size != task.Unit.BlockSize) return task.FailParameter(at + length - (longLba ? 4 : 3));
        at += length;
        return ScsiStatus.Good;
    }

    private static ScsiStatus CheckPage(ScsiTask task, ReadOnlySpan<byte> list, ref int at, byte[]?[] selected)
    {
        ReadOnlySpan<byte> page = list[at..];
        bool subpage = (page[0] & 0x40) != 0;
        int header = subpage ? 4 : 2;
        if (page.Length < header) return task.Fail(SenseCode.ParameterListLengthError);
        int row = Array.FindIndex(ModePages.Rows, new PageKey((byte)(page[0] & 0x3f), subpage ? page[1] : (byte)0).Matches);
        if ((page[0] & 0x80) != 0 || row < 0) return task.FailParameter(at);
        int length = subpage ? BinaryPrimitives.ReadUInt16BigEndian(page[2..]) : page[1];
        if (length != ModePages.Rows[row].Length) return task.FailParameter(at + header - (subpage ? 2 : 1));
        if (page.Length < header + length) return task.Fail(SenseCode.ParameterListLengthError);
        ReadOnlySpan<byte> current = selected[row] ?? task.Unit!.Modes.Current(row);
        ReadOnlySpan<byte> changeable = task.Unit!.Modes.Changeable(row);
        for (int i = header; i < header + length; i++)
            if (((page[i] ^ current[i]) & ~changeable[i]) != 0)
                return task.FailParameter(at + i);
        selected[row] = page[..(header + length)].ToArray();
        at += header + length;
        return ScsiStatus.Good;
    }

    private readonly record struct PageKey(byte Code, byte Subpage)
    {
        public bool Matches(ModePage row) => row.Code == Code && row.Subpage == Subpage;
    }
}
