using System.Buffers.Binary;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>The table of mode pages (SPC-4 §7.5, SBC-4 §6.5) and MODE SENSE.</summary>
internal static class ModePages
{
    /// <summary>The control mode page.</summary>
    public const byte Control = 0x0a;

    /// <summary>The caching mode page.</summary>
    public const byte CachingCode = 0x08;

    /// <summary>D_SENSE, in byte 2 of the control mode page.</summary>
    public const byte DSense = 0x04;

    /// <summary>SWP, in byte 4 of it.</summary>
    public const byte Swp = 0x08;

    /// <summary>WCE, in byte 2 of the caching mode page.</summary>
    public const byte Wce = 0x04;

    private const byte AllPages = 0x3f;
    private const byte AllSubpages = 0xff;
    private const int ChangeableValues = 1;
    private const int DefaultValues = 2;
    private const int SavedValues = 3;

    /// <summary>The pages in the order of page 3Fh.</summary>
    public static readonly ModePage[] Rows =
    [
        new(CachingCode, 0x00, 0x12, Caching, Caching), // WCE
        new(Control, 0x00, 0x0a, (_, page) => page[3] = 0x10, (_, mask) => (mask[2], mask[4]) = (DSense, Swp)), // QAM 1: workers finish in any order
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
        byte deviceSpecific = (byte)((unit.WriteProtected || task.Nexus.ReadOnly ? 0x80 : 0) | 0x10); // WP, DPOFUA
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
            ReadOnlySpan<byte> page = (cdb[2] >> 6) switch
            {
                ChangeableValues => unit.Modes.Changeable(i),
                DefaultValues => unit.Modes.Default(i),
                _ => unit.Modes.Current(i),
            };
            page.CopyTo(into[length..]);
            length += page.Length;
        }
        return length;
    }

    private static ScsiStatus InvalidPage(ScsiTask task)
    {
        int code = task.Cdb[2] & 0x3f;
        return code == AllPages || Array.Exists(Rows, r => r.Code == code) ? task.FailField(3) : task.FailField(2, 5);
    }

    private static void Caching(LogicalUnit unit, byte[] page) => page[2] = unit.Store.WriteCache ? Wce : (byte)0;
}

/// <summary>One row of the mode page table.</summary>
/// <param name="Code">Page code.</param>
/// <param name="Subpage">Subpage code, 0 for the page itself.</param>
/// <param name="Length">PAGE LENGTH: bytes behind the header.</param>
/// <param name="Defaults">Sets the default values, at the offsets the standard gives.</param>
/// <param name="Changeable">Sets the bits MODE SELECT may change; null when there are none.</param>
internal sealed record ModePage(byte Code, byte Subpage, int Length, Action<LogicalUnit, byte[]> Defaults, Action<LogicalUnit, byte[]>? Changeable = null)
{
    /// <summary>2 bytes, 4 for a subpage.</summary>
    public int HeaderLength => Subpage == 0 ? 2 : 4;

    /// <summary>The page with its default values.</summary>
    public byte[] Build(LogicalUnit unit) => Build(unit, Defaults);

    /// <summary>The page with the mask of what can be changed.</summary>
    public byte[] BuildMask(LogicalUnit unit) => Build(unit, Changeable);

    private byte[] Build(LogicalUnit unit, Action<LogicalUnit, byte[]>? fill)
    {
        byte[] page = new byte[HeaderLength + Length];
        fill?.Invoke(unit, page);
        page[0] = (byte)(Code | (Subpage == 0 ? 0 : 0x40));
        page[1] = Subpage == 0 ? (byte)Length : Subpage;
        if (Subpage != 0) BinaryPrimitives.WriteUInt16BigEndian(page.AsSpan(2), (ushort)Length);
        return page;
    }
}

/// <summary>The mode parameters of one unit. Pages are replaced as a whole, so who reads one needs no lock.</summary>
internal sealed class ModeValues(LogicalUnit unit)
{
    private static readonly int s_control = Array.FindIndex(ModePages.Rows, r => r is { Code: ModePages.Control, Subpage: 0 });
    private static readonly int s_caching = Array.FindIndex(ModePages.Rows, r => r is { Code: ModePages.CachingCode, Subpage: 0 });

    private readonly byte[][] _default = [.. ModePages.Rows.Select(r => r.Build(unit))];
    private readonly byte[][] _changeable = [.. ModePages.Rows.Select(r => r.BuildMask(unit))];
    private readonly byte[][] _current = [.. ModePages.Rows.Select(r => r.Build(unit))];
    private readonly Lock _lock = new();

    /// <summary>D_SENSE: sense data of failed commands is in descriptor format.</summary>
    public bool DescriptorSense => (Volatile.Read(ref _current[s_control])[2] & ModePages.DSense) != 0;

    /// <summary>SWP: writes are refused.</summary>
    public bool SoftwareWriteProtect => (Volatile.Read(ref _current[s_control])[4] & ModePages.Swp) != 0;

    /// <summary>WCE=0: every write goes through a cache the store may have.</summary>
    public bool WriteThrough => (Volatile.Read(ref _current[s_caching])[2] & ModePages.Wce) == 0;

    /// <summary>The current values of a row of the table, with the page's header.</summary>
    public Span<byte> Current(int row) => Volatile.Read(ref _current[row]);

    /// <summary>The default values.</summary>
    public ReadOnlySpan<byte> Default(int row) => _default[row];

    /// <summary>A mask of the bits that can be changed, behind the page's header.</summary>
    public ReadOnlySpan<byte> Changeable(int row) => _changeable[row];

    /// <summary>Takes pages that have been checked, null where a page stays.</summary>
    /// <returns>Whether anything is different now.</returns>
    public bool Select(byte[]?[] pages)
    {
        bool changed = false;
        lock (_lock)
        {
            bool through = WriteThrough;
            for (int i = 0; i < pages.Length; i++)
            {
                if (pages[i] is not { } page || page.AsSpan().SequenceEqual(_current[i])) continue;
                Volatile.Write(ref _current[i], page);
                changed = true;
            }
            // What is in the cache now was written without it having to reach the medium.
            if (WriteThrough && !through) unit.Store.Flush();
        }
        return changed;
    }

    /// <summary>A reset: nothing is saved, so the defaults come back.</summary>
    public void Reset()
    {
        lock (_lock)
            for (int i = 0; i < _default.Length; i++)
                Volatile.Write(ref _current[i], [.. _default[i]]);
    }
}
