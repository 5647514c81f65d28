using System.Buffers.Binary;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>The table of mode pages (SPC-4 §7.5, SBC-4 §6.5) and MODE SENSE.</summary>
internal static class ModePages
{
    /// <summary>The control mode page.</summary>
    public const byte Control = 0x0a;

    private const byte AllPages = 0x3f;
    private const byte AllSubpages = 0xff;
    private const int ChangeableValues = 1;
    private const int SavedValues = 3;

    /// <summary>The pages in the order of page 3Fh.</summary>
    public static readonly ModePage[] Rows =
    [
        new(0x08, 0x00, 0x12, Caching),
        new(Control, 0x00, 0x0a, (_, page) => page[3] = 0x10), // QAM 1: workers finish in any order
        new(Control, 0x01, 0x1c, (_, _) => { }), // control extension: nothing of it
        new(0x1c, 0x00, 0x0a, (_, page) => page[2] = 0x08), // informational exceptions: DEXCPT, none are reported
    ];

    /// <summary>Answers MODE SENSE(6) and (10) (SPC-4 §6.13, §6.14).</summary>
    public static ScsiStatus Sense(ScsiTask task)
    {
        LogicalUnit unit = task.Unit!;
        ReadOnlySpan<byte> cdb = task.Cdb;
        bool ten = cdb[0] == 0x5a;
        if (cdb[2] >> 6 == SavedValues) return task.Fail(SenseCode.SavingParametersNotSupported);
        Span<byte> data = task.ReplyArea();
        int header = ten ? 8 : 4;
        bool longLba = ten && (cdb[1] & 0x10) != 0;
        bool noDescriptor = (cdb[1] & 0x08) != 0;
        int descriptor = noDescriptor ? 0 : WriteDescriptor(unit, data[header..], longLba);
        int pages = WritePages(unit, cdb, data[(header + descriptor)..]);
        if (pages == 0) return InvalidPage(task);
        int length = header + descriptor + pages;
        byte deviceSpecific = (byte)((unit.WriteProtected ? 0x80 : 0) | 0x10); // WP, DPOFUA
        if (ten)
        {
            BinaryPrimitives.WriteUInt16BigEndian(data, (ushort)(length - 2));
            data[3] = deviceSpecific;
            data[4] = (byte)(longLba && !noDescriptor ? 0x01 : 0);
            BinaryPrimitives.WriteUInt16BigEndian(data[6..], (ushort)descriptor);
        }
        else
        {
            data[0] = (byte)(length - 1);
            data[2] = deviceSpecific;
            data[3] = (byte)descriptor;
        }
        return task.Reply(length);
    }

    // SBC-4 §6.5.2: short LBA of 8 bytes, or long LBA of 16.
    private static int WriteDescriptor(LogicalUnit unit, Span<byte> into, bool longLba)
    {
        if (longLba)
        {
            BinaryPrimitives.WriteUInt64BigEndian(into, unit.BlockCount);
            BinaryPrimitives.WriteUInt32BigEndian(into[12..], (uint)unit.BlockSize);
            return 16;
        }
        BinaryPrimitives.WriteUInt32BigEndian(into, (uint)Math.Min(unit.BlockCount, uint.MaxValue));
        BinaryPrimitives.WriteUInt32BigEndian(into[4..], (uint)unit.BlockSize);
        return 8;
    }

    private static int WritePages(LogicalUnit unit, ReadOnlySpan<byte> cdb, Span<byte> into)
    {
        int code = cdb[2] & 0x3f;
        int subpage = cdb[3];
        if (code == AllPages && subpage is not (0 or AllSubpages)) return 0;
        int length = 0;
        for (int i = 0; i < Rows.Length; i++)
        {
            ModePage row = Rows[i];
            if (code != AllPages && code != row.Code || subpage != AllSubpages && subpage != row.Subpage) continue;
            ReadOnlySpan<byte> page = unit.Modes.Current(i);
            page.CopyTo(into[length..]);
            // Nothing can be changed yet: the mask of changeable bits is zero behind the page's header.
            if (cdb[2] >> 6 == ChangeableValues) into[(length + row.HeaderLength)..(length + page.Length)].Clear();
            length += page.Length;
        }
        return length;
    }

    private static ScsiStatus InvalidPage(ScsiTask task)
    {
        int code = task.Cdb[2] & 0x3f;
        return code == AllPages || Array.Exists(Rows, r => r.Code == code) ? task.FailField(3) : task.FailField(2, 5);
    }

    private static void Caching(LogicalUnit unit, byte[] page) => page[2] = (byte)(unit.Store.WriteCache ? 0x04 : 0); // WCE
}

/// <summary>One row of the mode page table.</summary>
/// <param name="Code">Page code.</param>
/// <param name="Subpage">Subpage code, 0 for the page itself.</param>
/// <param name="Length">PAGE LENGTH: bytes behind the header.</param>
/// <param name="Defaults">Sets the default values, at the offsets the standard gives.</param>
internal sealed record ModePage(byte Code, byte Subpage, int Length, Action<LogicalUnit, byte[]> Defaults)
{
    /// <summary>2 bytes, 4 for a subpage.</summary>
    public int HeaderLength => Subpage == 0 ? 2 : 4;

    /// <summary>The page with its default values.</summary>
    public byte[] Build(LogicalUnit unit)
    {
        byte[] page = new byte[HeaderLength + Length];
        Defaults(unit, page);
        page[0] = (byte)(Code | (Subpage == 0 ? 0 : 0x40));
        page[1] = Subpage == 0 ? (byte)Length : Subpage;
        if (Subpage != 0) BinaryPrimitives.WriteUInt16BigEndian(page.AsSpan(2), (ushort)Length);
        return page;
    }
}

/// <summary>The mode parameters of one unit.</summary>
internal sealed class ModeValues(LogicalUnit unit)
{
    private static readonly int s_control = Array.FindIndex(ModePages.Rows, r => r is { Code: ModePages.Control, Subpage: 0 });

    private readonly byte[][] _current = [.. ModePages.Rows.Select(r => r.Build(unit))];

    /// <summary>D_SENSE: sense data of failed commands is in descriptor format.</summary>
    public bool DescriptorSense => (_current[s_control][2] & 0x04) != 0;

    /// <summary>WCE=0 behind a store that has a cache: every write goes through it.</summary>
    public bool WriteThrough { get; private set; }

    /// <summary>The current values of a row of the table, with the page's header.</summary>
    public Span<byte> Current(int row) => _current[row];
}
