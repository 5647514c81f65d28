using System.Buffers.Binary;
using System.Text;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>Vital product data: the table of pages (SPC-4 §7.8, SBC-4 §6.6) and their content.</summary>
internal static class Vpd
{
    private const int HeaderLength = 4;
    private const int OptimalTransfer = 1 << 20;
    private const int PageCacheGranule = 4096;
    private const byte Iscsi = 0x50; // protocol identifier 5h, in the high half

    private static readonly Page[] s_pages =
    [
        new(0x00, SupportedPages),
        new(0x80, UnitSerialNumber),
        new(0x83, DeviceIdentification),
        new(0x86, ExtendedInquiryData),
        new(0x87, ModePagePolicy),
        new(0x8f, ExtendedCopy.Page),
        new(0xb0, BlockLimits),
        new(0xb1, BlockDeviceCharacteristics),
        new(0xb2, LogicalBlockProvisioning),
    ];

    private delegate int Fill(LogicalUnit unit, Nexus nexus, Span<byte> page);

    /// <summary>Answers INQUIRY with EVPD. A LUN without a unit has page 00h only, listing itself.</summary>
    public static ScsiStatus Answer(ScsiTask task)
    {
        byte code = task.Cdb[2];
        Span<byte> data = task.ReplyArea();
        data[1] = code;
        if (task.Unit is not { } unit)
        {
            if (code != 0) return task.FailField(2);
            data[0] = Inquiry.NoUnit;
            data[3] = 1;
            return task.Reply(HeaderLength + 1);
        }
        int row = Array.FindIndex(s_pages, p => p.Code == code);
        if (row < 0) return task.FailField(2);
        int length = s_pages[row].Fill(unit, task.Nexus, data[HeaderLength..]);
        BinaryPrimitives.WriteUInt16BigEndian(data[2..], (ushort)length);
        return task.Reply(HeaderLength + length);
    }

    private static int SupportedPages(LogicalUnit unit, Nexus nexus, Span<byte> page)
    {
        for (int i = 0; i < s_pages.Length; i++) page[i] = s_pages[i].Code;
        return s_pages.Length;
    }

    private static int UnitSerialNumber(LogicalUnit unit, Nexus nexus, Span<byte> page) => Encoding.ASCII.GetBytes(unit.Serial, page);

    /// <summary>SPC-4 §7.8.6. The unit's own designators come first: some initiators read no more than 255 bytes.</summary>
    public static int DeviceIdentification(LogicalUnit unit, Nexus nexus, Span<byte> page)
    {
        ReadOnlySpan<byte> port = [0, 0, (byte)(nexus.RelativePort >> 8), (byte)nexus.RelativePort];
        int length = Designator(page, 0x01, 0x03, unit.Designator); // binary; unit; NAA
        length += Designator(page[length..], 0x02, 0x01, Encoding.ASCII.GetBytes(unit.Vendor.PadRight(8) + unit.Serial)); // ASCII; unit; T10 vendor ID
        length += Designator(page[length..], Iscsi | 0x01, 0x94, port); // binary; port; relative target port
        length += Designator(page[length..], Iscsi | 0x01, 0x95, [0, 0, (byte)(nexus.PortalGroup >> 8), (byte)nexus.PortalGroup]); // binary; port; target port group
        length += Designator(page[length..], Iscsi | 0x03, 0x98, Name($"{nexus.Target},t,0x{nexus.PortalGroup:x4}")); // UTF-8; port; SCSI name
        length += Designator(page[length..], Iscsi | 0x03, 0xa8, Name(nexus.Target)); // UTF-8; device; SCSI name
        return length;
    }

    // SPC-4 §7.8.7.
    private static int ExtendedInquiryData(LogicalUnit unit, Nexus nexus, Span<byte> page)
    {
        page[1] = 0x07; // HEADSUP, ORDSUP, SIMPSUP
        page[2] = (byte)(unit.Store.WriteCache ? 0x01 : 0); // V_SUP
        page[3] = 0x01; // LUICLR: REPORT LUNS clears its unit attention on all units of the nexus
        return 0x3c;
    }

    // SPC-4 §7.8.10: all mode pages and subpages of the unit are shared by its nexuses, and none with another unit (MLUS=0).
    private static int ModePagePolicy(LogicalUnit unit, Nexus nexus, Span<byte> page)
    {
        (page[0], page[1]) = (0x3f, 0xff);
        return 4;
    }

    // SBC-4 §6.6.4, in the words of what the handlers enforce. What is zero is not limited or, for UNMAP and atomic writes,
    // not supported.
    private static int BlockLimits(LogicalUnit unit, Nexus nexus, Span<byte> page)
    {
        page[0] = (byte)(unit.RefusesWriteSameOfNoBlocks ? 0x01 : 0); // WSNZ
        page[1] = (byte)Uninterrupted.MaxCompareBlocks;
        BinaryPrimitives.WriteUInt16BigEndian(page[2..], (ushort)(Math.Max(PageCacheGranule, unit.PhysicalBlockSize) / unit.BlockSize));
        BinaryPrimitives.WriteUInt32BigEndian(page[4..], unit.MaxTransferBlocks);
        BinaryPrimitives.WriteUInt32BigEndian(page[8..], (uint)(OptimalTransfer / unit.BlockSize));
        BinaryPrimitives.WriteUInt64BigEndian(page[32..], unit.MaxTransferBlocks); // WRITE SAME
        if ((unit.Features & Feature.Atomic) != 0) BinaryPrimitives.WriteUInt32BigEndian(page[40..], unit.MaxAtomicBlocks);
        if (!unit.Thin) return 0x3c;
        BinaryPrimitives.WriteUInt32BigEndian(page[16..], Provisioning.MaxUnmapBlocks);
        BinaryPrimitives.WriteUInt32BigEndian(page[20..], Provisioning.MaxUnmapDescriptors);
        BinaryPrimitives.WriteUInt32BigEndian(page[24..], (uint)(Math.Max(unit.Store.UnmapGranularity, unit.PhysicalBlockSize) / unit.BlockSize));
        return 0x3c;
    }

    // SBC-4 §6.6.2.
    private static int BlockDeviceCharacteristics(LogicalUnit unit, Nexus nexus, Span<byte> page)
    {
        BinaryPrimitives.WriteUInt16BigEndian(page, unit.Store.RotationRate);
        if ((unit.Features & Feature.Sanitize) != 0) page[3] = (byte)((unit.Thin ? 0x40 : 0) | 0x10); // WABEREQ, WACEREQ: what SANITIZE has erased is read without error
        return 0x3c;
    }

    // SBC-4 §6.6.6: all zero when no unmapping and no provisioning type is claimed, as READ CAPACITY(16) says with LBPME=0.
    private static int LogicalBlockProvisioning(LogicalUnit unit, Nexus nexus, Span<byte> page)
    {
        if (!unit.Thin) return 4;
        page[1] = 0x80 | 0x40 | 0x20 | 0x04; // LBPU, LBPWS, LBPWS10, LBPRZ
        page[2] = 0x02; // thin
        return 4;
    }

    private static int Designator(Span<byte> into, byte codeSet, byte kind, ReadOnlySpan<byte> value)
    {
        into[0] = codeSet;
        into[1] = kind;
        into[3] = (byte)value.Length;
        value.CopyTo(into[4..]);
        return 4 + value.Length;
    }

    // A SCSI name string ends in NUL and is a multiple of four bytes (SPC-4 §7.8.6.12).
    private static byte[] Name(string name)
    {
        byte[] value = new byte[Encoding.UTF8.GetByteCount(name) / 4 * 4 + 4];
        Encoding.UTF8.GetBytes(name, value);
        return value;
    }

    private sealed record Page(byte Code, Fill Fill);
}
