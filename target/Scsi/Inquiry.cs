using System.Buffers.Binary;
using System.Text;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>INQUIRY and its standard data (SPC-4 §6.6).</summary>
internal static class Inquiry
{
    /// <summary>Peripheral qualifier 011b, type 1Fh: there is no unit at this LUN.</summary>
    public const byte NoUnit = 0x7f;

    private const int Length = 96;

    // SAM-5, iSCSI, SPC-4, SBC-3, each without a version of its draft (SPC-4 Annex D).
    private static readonly ushort[] s_versions = [0x00a0, 0x0960, 0x0460, 0x04c0];

    public static ScsiStatus Answer(ScsiTask task)
    {
        if ((task.Cdb[1] & 0x01) != 0) return Vpd.Answer(task);
        return task.Cdb[2] == 0 ? Standard(task) : task.FailField(2);
    }

    /// <summary>Writes text as a left-aligned field of ASCII, filled up with spaces (SPC-4 §4.4.1).</summary>
    public static void Ascii(Span<byte> field, string text)
    {
        field.Fill((byte)' ');
        Encoding.ASCII.GetBytes(text.AsSpan(0, Math.Min(text.Length, field.Length)), field);
    }

    private static ScsiStatus Standard(ScsiTask task)
    {
        Span<byte> data = task.ReplyArea();
        data[0] = task.Unit is null ? NoUnit : (byte)0;
        data[1] = (byte)(task.Unit is { Removable: true } ? 0x80 : 0); // RMB
        data[2] = 6; // SPC-4
        data[3] = 0x10 | 0x02; // HISUP: LUNs as SAM says, so Windows asks REPORT LUNS; response data format 2
        data[4] = Length - 5;
        data[5] = 0x10 | 0x08; // TPGS 01b, implicit; 3PC
        data[7] = 0x02; // CMDQUE
        Ascii(data.Slice(8, 8), task.Unit?.Vendor ?? LogicalUnit.DefaultVendor);
        Ascii(data.Slice(16, 16), task.Unit?.Product ?? LogicalUnit.DefaultProduct);
        Ascii(data.Slice(32, 4), LogicalUnit.Revision);
        for (int i = 0; i < s_versions.Length; i++) BinaryPrimitives.WriteUInt16BigEndian(data[(58 + i * 2)..], s_versions[i]);
        return task.Reply(Length);
    }
}
