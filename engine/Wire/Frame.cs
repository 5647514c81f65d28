using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Engine.Wire;

/// <summary>What a packet turned out to be.</summary>
internal enum FrameKind : byte
{
    /// <summary>Neither of the others: not IP, not TCP, encrypted or damaged.</summary>
    Other,

    /// <summary>A TCP segment.</summary>
    Segment,

    /// <summary>A part of an IP packet.</summary>
    Fragment,
}

/// <summary>
/// From a captured packet to a TCP segment. Checksums are not looked at: with offload the sender's are wrong in captures.
/// Tunnels (MPLS, GRE, VXLAN) are not entered.
/// </summary>
internal static class Frame
{
    private const int MaxTags = 4;
    private const int MaxExtensions = 16;
    private const ushort EtherIPv4 = 0x0800, EtherIPv6 = 0x86dd;
    private const byte HopByHop = 0, Tcp = 6, Routing = 43, FragmentHeader = 44, Authentication = 51, Destination = 60,
        Mobility = 135, Hip = 139, Shim6 = 140;

    /// <summary>The segment in a packet, false when there is none or only a part of one.</summary>
    public static bool TryParse(in Packet packet, out Segment segment) => Parse(packet, out segment, out _) == FrameKind.Segment;

    /// <summary>What a packet holds; only the one of the two that is named by the result has a meaning.</summary>
    [SkipLocalsInit]
    public static FrameKind Parse(in Packet packet, out Segment segment, out Fragment fragment)
    {
        segment = default;
        fragment = default;
        ReadOnlySpan<byte> bytes = packet.Bytes;
        int skip = LinkLength(packet.Link, bytes);
        if (skip < 0 || bytes.Length - skip < 20) return FrameKind.Other;
        int length = Math.Max(packet.Length, bytes.Length) - skip;
        bytes = bytes[skip..];
        return (bytes[0] >> 4) switch
        {
            4 when packet.Link != LinkType.IPv6 => ParseIPv4(bytes, length, ref segment, ref fragment),
            6 when packet.Link != LinkType.IPv4 => ParseIPv6(bytes, length, ref segment, ref fragment),
            _ => FrameKind.Other,
        };
    }

    /// <summary>What follows the IP header of a reassembled packet; the segment's addresses are its sender's and receiver's.</summary>
    /// <param name="key">Whose it is, and what it begins with.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="segment">The segment.</param>
    public static bool TryParse(in FragmentKey key, ReadOnlySpan<byte> bytes, out Segment segment) =>
        Parse(key, bytes, out segment, out _) == FrameKind.Segment;

    private static FrameKind Parse(in FragmentKey key, ReadOnlySpan<byte> bytes, out Segment segment, out Fragment fragment)
    {
        segment = default;
        fragment = default;
        segment.Source = key.Source;
        segment.Destination = key.Destination;
        segment.PacketId = (ushort)key.Id;
        return ParseUpper(key.Protocol, bytes, bytes.Length, ref segment, ref fragment);
    }

    // Bytes before the IP header, -1 when there is none.
    private static int LinkLength(LinkType link, ReadOnlySpan<byte> bytes) => link switch
    {
        LinkType.Ethernet => EtherLength(bytes, 12),
        LinkType.LinuxSll => EtherLength(bytes, 14),
        LinkType.LinuxSll2 when bytes.Length >= 20 => Sll2Length(bytes),
        LinkType.Null or LinkType.Loop when bytes.Length >= 4 => IsInternet(BinaryPrimitives.ReadUInt32BigEndian(bytes)) ? 4 : -1,
        LinkType.Raw or LinkType.RawBsd or LinkType.RawOpenBsd or LinkType.IPv4 or LinkType.IPv6 => 0,
        _ => -1,
    };

    // An EtherType below 1536 is the length of an LLC frame.
    private static int EtherLength(ReadOnlySpan<byte> bytes, int at)
    {
        for (int tags = 0; tags <= MaxTags && at + 2 <= bytes.Length; tags++, at += 4)
        {
            ushort type = BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
            if (type is EtherIPv4 or EtherIPv6) return at + 2;
            if (!IsTag(type)) return -1;
        }
        return -1;
    }

    // Its EtherType is at the front; tags, when there are any, follow the header.
    private static int Sll2Length(ReadOnlySpan<byte> bytes)
    {
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (type is EtherIPv4 or EtherIPv6) return 20;
        return IsTag(type) ? EtherLength(bytes, 22) : -1;
    }

    private static bool IsTag(ushort type) => type is 0x8100 or 0x88a8 or 0x9100;

    // AF_INET is 2 everywhere, AF_INET6 is Linux's 10, NetBSD's 24, FreeBSD's 28 or macOS's 30, in the byte order of whoever captured.
    private static bool IsInternet(uint family)
    {
        if (family > 0xffff) family = BinaryPrimitives.ReverseEndianness(family);
        return family is 2 or 10 or 24 or 28 or 30;
    }

    private static FrameKind ParseIPv4(ReadOnlySpan<byte> bytes, int length, ref Segment segment, ref Fragment fragment)
    {
        int header = (bytes[0] & 15) * 4;
        int total = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (total == 0) total = length; // segmentation offload: longer than the field can say
        if (header < 20 || total < header || bytes.Length < header) return FrameKind.Other;
        segment.Source = Address.OfIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]));
        segment.Destination = Address.OfIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));
        segment.PacketId = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        int part = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        byte protocol = bytes[9];
        bytes = bytes[header..Math.Min(total, bytes.Length)];
        if ((part & 0x3fff) == 0) return ParseUpper(protocol, bytes, total - header, ref segment, ref fragment);
        fragment.Key = new FragmentKey(segment.Source, segment.Destination, segment.PacketId, protocol);
        return OfFragment(ref fragment, (part & 0x1fff) * 8, (part & 0x2000) != 0, bytes, total - header);
    }

    private static FrameKind ParseIPv6(ReadOnlySpan<byte> bytes, int length, ref Segment segment, ref Fragment fragment)
    {
        if (bytes.Length < 40) return FrameKind.Other;
        int total = 40 + BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (total == 40) total = length; // a jumbogram (RFC 2675), or offload
        segment.Source = Address.OfIPv6(bytes[8..]);
        segment.Destination = Address.OfIPv6(bytes[24..]);
        byte next = bytes[6];
        return total < 40 ? FrameKind.Other : ParseUpper(next, bytes[40..Math.Min(total, bytes.Length)], total - 40, ref segment, ref fragment);
    }

    // The chain of headers up to TCP (RFC 8200 §4); ESP (50) ends it.
    private static FrameKind ParseUpper(byte next, ReadOnlySpan<byte> bytes, int length, ref Segment segment, ref Fragment fragment)
    {
        if (next == Tcp) return ParseTcp(bytes, length, ref segment);
        for (int i = 0; i < MaxExtensions && bytes.Length >= 8; i++)
        {
            byte protocol = bytes[0];
            int header = next switch
            {
                HopByHop or Routing or Destination or Mobility or Hip or Shim6 => (bytes[1] + 1) * 8,
                Authentication => (bytes[1] + 2) * 4,
                FragmentHeader => 8,
                _ => int.MaxValue,
            };
            if (header > bytes.Length) return FrameKind.Other;
            int part = next == FragmentHeader ? BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) : 0;
            uint id = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
            next = protocol;
            bytes = bytes[header..];
            length -= header;
            if ((part & 0xfff9) != 0)
            {
                fragment.Key = new FragmentKey(segment.Source, segment.Destination, id, next);
                return OfFragment(ref fragment, part & 0xfff8, (part & 1) != 0, bytes, length);
            }
            if (next == Tcp) return ParseTcp(bytes, length, ref segment);
        }
        return FrameKind.Other;
    }

    private static FrameKind OfFragment(ref Fragment fragment, int offset, bool more, ReadOnlySpan<byte> bytes, int length)
    {
        fragment.Offset = offset;
        fragment.More = more;
        fragment.Bytes = bytes;
        fragment.Length = length;
        return FrameKind.Fragment;
    }

    private static FrameKind ParseTcp(ReadOnlySpan<byte> bytes, int length, ref Segment segment)
    {
        if (bytes.Length < 20) return FrameKind.Other;
        int header = (bytes[12] >> 4) * 4;
        if (header < 20 || header > length) return FrameKind.Other;
        segment.SourcePort = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        segment.DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        segment.Sequence = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        segment.Acknowledged = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        segment.Flags = (TcpFlags)(bytes[13] & 31);
        segment.Window = BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        segment.Length = length - header;
        if (header > 20) ParseOptions(bytes[20..Math.Min(header, bytes.Length)], ref segment);
        segment.Payload = header < bytes.Length ? bytes[header..] : default;
        return FrameKind.Segment;
    }

    private static void ParseOptions(ReadOnlySpan<byte> options, ref Segment segment)
    {
        // Two NOPs and a timestamp are what nearly every segment has (RFC 7323 App. A).
        if (options.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(options) == 0x0101080a)
            segment.Timestamp = BinaryPrimitives.ReadUInt32BigEndian(options[4..]);
        else
            WalkOptions(options, ref segment);
    }

    private static void WalkOptions(ReadOnlySpan<byte> options, ref Segment segment)
    {
        while (options.Length >= 2 && options[0] != 0)
        {
            int length = options[0] == 1 ? 1 : options[1];
            if (length < 1 || length > options.Length || (length == 1 && options[0] != 1)) return;
            // RFC 7323 §2.3: a shift of more than 14 counts as 14.
            if (options[0] == 3 && length == 3 && (segment.Flags & TcpFlags.Syn) != 0) segment.WindowScale = Math.Min(options[2], (byte)14);
            if (options[0] == 8 && length == 10) segment.Timestamp = BinaryPrimitives.ReadUInt32BigEndian(options[2..]);
            options = options[length..];
        }
    }
}
