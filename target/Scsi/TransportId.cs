using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Target.Scsi;

/// <summary>An I_T nexus as it is called in every session: what a registration belongs to (SPC-4 §5.13.7).</summary>
/// <param name="Initiator">The initiator port, <c>name,i,0xISID</c>.</param>
/// <param name="Port">Relative target port identifier, 0 for every target port (ALL_TG_PT).</param>
internal readonly record struct NexusName(string Initiator, ushort Port);

/// <summary>A TransportID of iSCSI (SPC-4 §7.6.4.6): an initiator device, or one of its ports.</summary>
/// <param name="Device">iSCSI name.</param>
/// <param name="Isid">The port's 12 hex digits; null when the whole device is meant (TPID FORMAT 00b).</param>
internal readonly record struct TransportId(string Device, string? Isid)
{
    private const int HeaderLength = 4;
    private const int MinName = 20;
    private const byte Protocol = 0x05;
    private const byte PortFormat = 0x40;
    private const string Separator = ",i,0x";

    /// <summary>The initiator port of a name and an ISID.</summary>
    public static string Port(string device, ReadOnlySpan<byte> isid) => device + Separator + Convert.ToHexStringLower(isid);

    /// <summary>The name and the ISID of an initiator port.</summary>
    public static (string Device, string Isid) Split(string port) => port.LastIndexOf(Separator, StringComparison.Ordinal) is var at and >= 0
        ? (port[..at], port[(at + Separator.Length)..])
        : (port, "");

    /// <summary>Reads the first of a list.</summary>
    /// <param name="list">The list.</param>
    /// <param name="id">What it says.</param>
    /// <param name="length">Bytes it takes.</param>
    /// <returns>False when it is no TransportID of iSCSI, or not wholly there.</returns>
    public static bool TryRead(ReadOnlySpan<byte> list, out TransportId id, out int length)
    {
        id = default;
        length = 0;
        if (list.Length < HeaderLength + MinName || list[0] is not (Protocol or (PortFormat | Protocol))) return false;
        int name = BinaryPrimitives.ReadUInt16BigEndian(list[2..]);
        if (name < MinName || name % 4 != 0 || name > list.Length - HeaderLength) return false;
        length = HeaderLength + name;
        ReadOnlySpan<byte> text = list.Slice(HeaderLength, name);
        int end = text.IndexOf((byte)0);
        if (end <= 0) return false;
        id = Parse(Encoding.UTF8.GetString(text[..end]), isPort: list[0] != Protocol);
        return id.Device is not null;
    }

    /// <summary>Bytes of the TransportID of an initiator port.</summary>
    public static int Length(string port) => HeaderLength + Math.Max(MinName, Encoding.UTF8.GetByteCount(port) / 4 * 4 + 4);

    /// <summary>Writes the TransportID of an initiator port into a cleared area.</summary>
    public static void Write(Span<byte> into, string port)
    {
        into[0] = PortFormat | Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(into[2..], (ushort)(Length(port) - HeaderLength));
        Encoding.UTF8.GetBytes(port, into[HeaderLength..]);
    }

    /// <summary>Whether a nexus is one that it speaks of.</summary>
    public bool Means(Nexus nexus) => nexus.Initiator == Device && (Isid is null || nexus.Name.Initiator == Device + Separator + Isid);

    /// <summary>The initiator port it names; only when it names one.</summary>
    public string ToPort() => Device + Separator + Isid;

    private static TransportId Parse(string text, bool isPort)
    {
        int at = isPort ? text.IndexOf(Separator, StringComparison.Ordinal) : text.Length;
        if (at < 0 || !IscsiName.IsAcceptable(text[..at])) return default;
        if (!isPort) return new TransportId(text, null);
        string digits = text[(at + Separator.Length)..];
        return digits.Length is > 0 and <= 12 && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong isid)
            ? new TransportId(text[..at], isid.ToString("x12", CultureInfo.InvariantCulture))
            : default;
    }
}
