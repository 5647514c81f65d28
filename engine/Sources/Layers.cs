using System.Buffers.Binary;

namespace Iscsitop.Engine.Sources;

/// <summary>
/// Where the parts of a captured packet are, for who changes them. What is not IP, or is cut in its headers, has no network part: whatever is
/// behind the link header is unknown.
/// </summary>
internal ref struct Layers
{
    public const byte Tcp = 6, Udp = 17;

    private const ushort IPv4Type = 0x0800, IPv6Type = 0x86dd;

    /// <summary>Offset of the IP header, or of what nobody knows.</summary>
    public int Network;

    /// <summary>4 or 6, 0 for not IP.</summary>
    public int Version;

    /// <summary>Offset of what IP carries, behind its options and extension headers.</summary>
    public int Transport;

    /// <summary>Offset behind the transport's header; <see cref="Transport"/> when that is not known or not here.</summary>
    public int Payload;

    /// <summary>Offset of the end of the IP packet, or of what was captured.</summary>
    public int End;

    /// <summary>What IP carries.</summary>
    public byte Protocol;

    /// <summary>Whether it is a fragment but the first, which has no transport header.</summary>
    public bool LaterFragment;

    public static Layers Of(LinkType link, ReadOnlySpan<byte> bytes)
    {
        var layers = new Layers { End = bytes.Length };
        int type = layers.Link(link, bytes);
        layers.Network = Math.Min(layers.Network, bytes.Length);
        ReadOnlySpan<byte> ip = bytes[layers.Network..];
        if (type is 0 or IPv4Type && ip.Length >= 20 && ip[0] >> 4 == 4) layers.IPv4(ip);
        else if (type is 0 or IPv6Type && ip.Length >= 40 && ip[0] >> 4 == 6) layers.IPv6(ip);
        if (layers.Version != 0) layers.Ports(bytes);
        return layers;
    }

    // Returns the EtherType, 0 when the first nibble decides, -1 for something else.
    private int Link(LinkType link, ReadOnlySpan<byte> bytes)
    {
        (int header, int type) = link switch
        {
            LinkType.Ethernet => (14, 12),
            LinkType.LinuxSll => (16, 14),
            LinkType.LinuxSll2 => (20, 0),
            LinkType.Null or LinkType.Loop => (4, -1),
            _ => (0, -1),
        };
        Network = header;
        if (type < 0) return 0;
        if (bytes.Length < header) return -1;
        int found = BinaryPrimitives.ReadUInt16BigEndian(bytes[type..]);
        for (int tags = 0; found is 0x8100 or 0x88a8 or 0x9100 && tags < 4 && bytes.Length >= Network + 4; tags++)
        {
            found = BinaryPrimitives.ReadUInt16BigEndian(bytes[(Network + 2)..]);
            Network += 4;
        }
        return found is IPv4Type or IPv6Type ? found : -1;
    }

    private void IPv4(ReadOnlySpan<byte> ip)
    {
        int header = (ip[0] & 15) * 4, total = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        if (header < 20 || header > ip.Length || (total != 0 && total < header)) return;
        Version = 4;
        Protocol = ip[9];
        LaterFragment = (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x1fff) != 0;
        Transport = Network + header;
        if (total != 0) End = Math.Min(End, Network + total); // 0: a super-frame
    }

    private void IPv6(ReadOnlySpan<byte> ip)
    {
        int total = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        if (total != 0) End = Math.Min(End, Network + 40 + total); // 0: a jumbogram
        ip = ip[..(End - Network)];
        int at = 40;
        byte next = ip[6];
        while (next is 0 or 43 or 44 or 51 or 60 or 135 or 139 or 140)
        {
            if (ip.Length < at + 8) return;
            int length = next switch { 44 => 8, 51 => (ip[at + 1] + 2) * 4, _ => (ip[at + 1] + 1) * 8 };
            if (next == 44) LaterFragment = (BinaryPrimitives.ReadUInt16BigEndian(ip[(at + 2)..]) & 0xfff8) != 0;
            next = ip[at];
            at += length;
            if (at > ip.Length) return;
        }
        Version = 6;
        Protocol = next;
        Transport = Network + at;
    }

    private void Ports(ReadOnlySpan<byte> bytes)
    {
        Payload = Transport;
        if (LaterFragment) return;
        if (Protocol == Udp) Payload = Math.Min(Transport + 8, End);
        if (Protocol != Tcp || End < Transport + 13) return;
        int header = (bytes[Transport + 12] >> 4) * 4;
        if (header >= 20) Payload = Math.Min(Transport + header, End);
    }
}
