using CsCheck;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using static Iscsitop.Tests.Engine.Wire.WireBytes;

namespace Iscsitop.Tests.Engine.Wire;

[TestFixture]
public sealed class FrameTests
{
    private static readonly byte[] s_payload = [1, 2, 3, 4, 5];
    private static readonly byte[] s_v4 = IPv4(Tcp(s_payload));
    private static readonly byte[] s_v6 = IPv6(Tcp(s_payload));
    private static readonly LinkType[] s_links = Enum.GetValues<LinkType>();

    private static IEnumerable<TestCaseData> Readable()
    {
        static TestCaseData Case(string name, LinkType link, byte[] bytes) => new TestCaseData(link, bytes).SetArgDisplayNames(name);
        byte[] sll = new byte[14], sll2 = new byte[18];
        yield return Case("Ethernet, IPv4", LinkType.Ethernet, Ethernet(s_v4));
        yield return Case("Ethernet, IPv6", LinkType.Ethernet, Ethernet(s_v6));
        yield return Case("a VLAN", LinkType.Ethernet, Ethernet(s_v4, 0x8100));
        yield return Case("four VLANs", LinkType.Ethernet, Ethernet(s_v6, 0x88a8, 0x9100, 0x8100, 0x8100));
        yield return Case("trailer", LinkType.Ethernet, [.. Ethernet(s_v4), 0, 0, 0, 0, 0, 0]);
        yield return Case("trailer, IPv6", LinkType.Ethernet, [.. Ethernet(s_v6), 9, 9]);
        yield return Case("SLL", LinkType.LinuxSll, [.. sll, 8, 0, .. s_v4]);
        yield return Case("SLL, VLAN", LinkType.LinuxSll, [.. sll, 0x81, 0, 0, 5, 0x86, 0xdd, .. s_v6]);
        yield return Case("SLL2", LinkType.LinuxSll2, [8, 0, .. sll2, .. s_v4]);
        yield return Case("SLL2, VLAN", LinkType.LinuxSll2, [0x81, 0, .. sll2, 0, 5, 8, 0, .. s_v4]);
        yield return Case("NULL, little-endian", LinkType.Null, [2, 0, 0, 0, .. s_v4]);
        yield return Case("NULL, big-endian", LinkType.Null, [0, 0, 0, 2, .. s_v4]);
        yield return Case("NULL, IPv6 of NetBSD", LinkType.Null, [24, 0, 0, 0, .. s_v6]);
        yield return Case("NULL, IPv6 of FreeBSD", LinkType.Null, [28, 0, 0, 0, .. s_v6]);
        yield return Case("NULL, IPv6 of macOS", LinkType.Null, [0, 0, 0, 30, .. s_v6]);
        yield return Case("LOOP", LinkType.Loop, [0, 0, 0, 2, .. s_v4]);
        foreach (LinkType raw in new[] { LinkType.Raw, LinkType.RawBsd, LinkType.RawOpenBsd })
        {
            yield return Case($"{raw}, IPv4", raw, s_v4);
            yield return Case($"{raw}, IPv6", raw, s_v6);
        }
        yield return Case("IPv4", LinkType.IPv4, s_v4);
        yield return Case("IPv6", LinkType.IPv6, s_v6);
        yield return Case("IPv4 options", LinkType.Raw, IPv4(Tcp(s_payload), options: 40));
        yield return Case("offload, IPv4", LinkType.Raw, IPv4(Tcp(s_payload), total: 0));
        yield return Case("offload, IPv6", LinkType.Raw, IPv6(Tcp(s_payload), length: 0));
        yield return Case("authentication, IPv4", LinkType.Raw, IPv4([6, 1, .. new byte[10], .. Tcp(s_payload)], 51));
        foreach (byte next in new byte[] { 0, 43, 60, 135, 139, 140 })
            yield return Case($"extension {next}", LinkType.Raw, IPv6([6, 1, .. new byte[14], .. Tcp(s_payload)], next));
        yield return Case("authentication, IPv6", LinkType.Raw, IPv6([6, 4, .. new byte[22], .. Tcp(s_payload)], 51));
        yield return Case("atomic fragment", LinkType.Raw, IPv6([6, 0, 0, 0, 1, 2, 3, 4, .. Tcp(s_payload)], 44));
        yield return Case("chain", LinkType.Raw, IPv6([43, 0, .. new byte[6], 60, 0, .. new byte[6], 6, 0, .. new byte[6], .. Tcp(s_payload)], 0));
        yield return Case("TCP options", LinkType.Raw, IPv4(Tcp(s_payload, options: new byte[40])));
    }

    [TestCaseSource(nameof(Readable))]
    public void It_finds_the_segment(LinkType link, byte[] bytes)
    {
        bool found = Frame.TryParse(new Packet(link, 1, bytes.Length, bytes), out Segment segment);
        Assert.That(found, Is.True);
        string ends = $"{segment.Source.WithPort(segment.SourcePort)} {segment.Destination.WithPort(segment.DestinationPort)}";
        Assert.That(ends, Is.EqualTo("192.0.2.1:40000 192.0.2.2:3260").Or.EqualTo("[fd00::1]:40000 [fd00::2]:3260"));
        Assert.That(segment.Payload.ToArray(), Is.EqualTo(s_payload));
        Assert.That((segment.Length, segment.Sequence, segment.Acknowledged, segment.Window, segment.Flags), Is.EqualTo((5, 1000u, 2000u, (ushort)500, TcpFlags.Ack)));
    }

    private static IEnumerable<TestCaseData> Unreadable()
    {
        static TestCaseData Case(string name, LinkType link, byte[] bytes) => new TestCaseData(link, bytes).SetArgDisplayNames(name);
        byte[] tcp = Tcp(s_payload), chain = [.. Enumerable.Repeat(new byte[8], 1000).SelectMany(b => b), .. tcp];
        yield return Case("five VLANs", LinkType.Ethernet, Ethernet(s_v4, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100));
        yield return Case("LLC", LinkType.Ethernet, [.. new byte[12], 0, 60, 0xaa, 0xaa, 3, .. s_v4]);
        yield return Case("ARP", LinkType.Ethernet, [.. new byte[12], 8, 6, .. s_v4]);
        yield return Case("address family", LinkType.Null, [7, 0, 0, 0, .. s_v4]);
        yield return Case("IPv6 as IPv4", LinkType.IPv4, s_v6);
        yield return Case("IPv4 as IPv6", LinkType.IPv6, s_v4);
        yield return Case("link type", (LinkType)105, s_v4);
        yield return Case("UDP", LinkType.Raw, IPv4(tcp, 17));
        yield return Case("ESP", LinkType.Raw, IPv6(tcp, 50));
        yield return Case("no next header", LinkType.Raw, IPv6(tcp, 59));
        yield return Case("chain of 1000", LinkType.Raw, IPv6(chain, 0));
        yield return Case("header beyond the packet", LinkType.Raw, IPv6([6, 255, .. new byte[6], .. tcp], 0));
        yield return Case("IHL 4", LinkType.Raw, [0x44, .. s_v4[1..]]);
        yield return Case("total below IHL", LinkType.Raw, IPv4(tcp, total: 19));
        yield return Case("data offset 4", LinkType.Raw, IPv4([.. tcp[..12], 0x40, .. tcp[13..]]));
        yield return Case("data offset beyond", LinkType.Raw, IPv4([.. tcp[..12], 0xf0, .. tcp[13..]]));
    }

    [TestCaseSource(nameof(Unreadable))]
    public void It_refuses_what_has_none(LinkType link, byte[] bytes) =>
        Assert.That(Frame.Parse(new Packet(link, 1, bytes.Length, bytes), out _, out _), Is.EqualTo(FrameKind.Other));

    [Test]
    public void A_cut_packet_keeps_the_length_it_had()
    {
        byte[] whole = Ethernet(IPv4(Tcp(new byte[1000])));
        bool found = Frame.TryParse(new Packet(LinkType.Ethernet, 1, whole.Length, whole.AsSpan(0, 128)), out Segment segment);
        Assert.That((found, segment.Length, segment.Payload.Length), Is.EqualTo((true, 1000, 128 - 54)));
    }

    [Test]
    public void An_offloaded_packet_longer_than_64_KiB_keeps_its_length()
    {
        byte[] tcp = Tcp(new byte[100_000]);
        byte[] v6 = IPv6(tcp, length: 0), v4 = IPv4(tcp, total: 0);
        Assert.That(Frame.TryParse(new Packet(LinkType.Raw, 1, v6.Length, v6), out Segment segment), Is.True);
        Assert.That(segment.Payload.Length, Is.EqualTo(100_000));
        Assert.That(Frame.TryParse(new Packet(LinkType.Raw, 1, v4.Length, v4.AsSpan(0, 60)), out segment), Is.True);
        Assert.That((segment.Length, segment.Payload.Length), Is.EqualTo((100_000, 20)));
    }

    private static readonly TestCaseData[] s_options =
    [
        new TestCaseData(new byte[] { 1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 0, 0 }, 0x102u, (byte)0).SetArgDisplayNames("as systems write it"),
        new TestCaseData(new byte[] { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 2, 0, 0, 0, 0, 1, 3, 3, 7 }, 0x102u, (byte)7).SetArgDisplayNames("SYN"),
        new TestCaseData(new byte[] { 3, 3, 200, 0 }, 0u, (byte)14).SetArgDisplayNames("scale too large"),
        new TestCaseData(new byte[] { 5, 0, 3, 3 }, 0u, (byte)0).SetArgDisplayNames("length 0"),
        new TestCaseData(new byte[] { 5, 1, 3, 3 }, 0u, (byte)0).SetArgDisplayNames("length 1"),
        new TestCaseData(new byte[] { 8, 10, 0, 0 }, 0u, (byte)0).SetArgDisplayNames("longer than there are"),
    ];

    [TestCaseSource(nameof(s_options))]
    public void It_reads_the_options(byte[] options, uint timestamp, byte scale)
    {
        byte[] bytes = IPv4(Tcp([], flags: TcpFlags.Syn, options: options));
        Assert.That(Frame.TryParse(new Packet(LinkType.Raw, 1, bytes.Length, bytes), out Segment segment), Is.True);
        Assert.That((segment.Timestamp, segment.WindowScale, segment.First), Is.EqualTo((timestamp, scale, 1001u)));
    }

    [TestCaseSource(nameof(Readable))]
    public void Cut_anywhere_it_gives_what_is_there_or_nothing(LinkType link, byte[] bytes)
    {
        for (int length = 0; length < bytes.Length; length++)
            if (Frame.TryParse(new Packet(link, 1, bytes.Length, bytes.AsSpan(0, length)), out Segment segment))
                Assert.That(segment.Payload.Length, Is.LessThanOrEqualTo(segment.Length));
    }

    [Test]
    public void Whatever_the_bytes_are_it_does_not_throw() =>
        Gen.Select(Gen.Int[0, s_links.Length - 1], Gen.Byte.Array[0, 120], Gen.Int[0, 5000], Gen.Int[0, 3]).Sample((link, bytes, length, kind) =>
        {
            // Headers that lead further in than chance does.
            if (bytes.Length > 60 && kind > 0)
            {
                int at = s_links[link] switch { LinkType.Ethernet => 14, LinkType.LinuxSll => 16, LinkType.LinuxSll2 => 20, LinkType.Null or LinkType.Loop => 4, _ => 0 };
                bytes[at] = kind == 1 ? (byte)0x45 : (byte)0x60;
                if (kind == 3) bytes[at + 6] = 44;
                if (at >= 14) (bytes[at == 20 ? 0 : at - 2], bytes[at == 20 ? 1 : at - 1]) = kind == 1 ? ((byte)8, (byte)0) : ((byte)0x86, (byte)0xdd);
            }
            FrameKind found = Frame.Parse(new Packet(s_links[link], 1, length, bytes), out Segment segment, out Fragment fragment);
            return found != FrameKind.Segment || (segment.Length >= segment.Payload.Length && fragment.Length == 0);
        });
}
