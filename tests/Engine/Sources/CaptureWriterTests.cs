using System.Buffers.Binary;
using System.Net;
using System.Text;
using CsCheck;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class CaptureWriterTests
{
    private const string Name = "iqn.2026-01.com.example:disk";
    private static readonly byte[] s_secret = "user-data-is-nobodys-business"u8.ToArray();
    private static readonly uint[] s_magics = [CaptureBuilder.Micro, CaptureBuilder.Nano, CaptureBuilder.Kuznetzov];
    private static readonly LinkType[] s_links = Enum.GetValues<LinkType>();

    [Test]
    public void What_is_written_is_read() => Samples.Sample(
        packets => Assert.That(Captured.Read(Write(null, packets)).Packets.Select(p => p.ToString()), Is.EqualTo(packets.Select(p => p.ToString()))), iter: 100);

    [Test]
    public void What_a_pcap_of_any_kind_holds_survives_the_way_through_us() =>
        Gen.Select(Samples, Gen.Bool, Gen.Int[0, 2].Select(i => s_magics[i])).Sample((packets, big, magic) =>
        {
            CaptureBuilder builder = new CaptureBuilder(big).Pcap(magic);
            long unit = magic == CaptureBuilder.Nano ? 1 : 1000;
            foreach (Sample packet in packets)
                builder.Record((uint)(packet.Time / 1_000_000_000), (uint)(packet.Time % 1_000_000_000 / unit), packet.Bytes, (uint)packet.Length, kuznetzov: magic == CaptureBuilder.Kuznetzov);
            Assert.That(Captured.FromFile(builder.Bytes).Packets.Select(p => p.ToString()),
                Is.EqualTo(packets.Select(p => (p with { Time = p.Time / unit * unit, Link = LinkType.Ethernet }).ToString())));
        }, iter: 100);

    [Test]
    public void What_a_pcapng_of_any_resolution_holds_is_read() =>
        Gen.Select(Samples, Gen.Bool, Gen.Int[0, 9]).Sample((packets, big, resolution) =>
        {
            CaptureBuilder builder = new CaptureBuilder(big).Section().Interface(resolution: resolution);
            long unit = (long)Math.Pow(10, 9 - resolution);
            foreach (Sample packet in packets) builder.Enhanced(0, (ulong)(packet.Time / unit), packet.Bytes, (uint)packet.Length);
            Assert.That(Captured.FromFile(builder.Bytes).Packets.Select(p => p.ToString()),
                Is.EqualTo(packets.Select(p => (p with { Time = p.Time / unit * unit, Link = LinkType.Ethernet }).ToString())));
        }, iter: 100);

    [Test]
    public void Of_a_payload_only_headers_and_harmless_text_stay([Values] bool six, [Values] bool anonymize)
    {
        byte[] header = [.. Enumerable.Range(1, 48).Select(i => (byte)i)];
        byte[] text = Encoding.ASCII.GetBytes($"InitiatorName={Name}\0CHAP_N=admin\0CHAP_R=0x1234\0X-vendor=key\0MaxBurstLength=262144\0");
        byte[] payload = [.. s_secret, .. header, .. text, .. s_secret];
        byte[] packet = TcpPacket(payload, six);
        byte[] written = One(new CaptureWriterOptions { HeadersOnly = true, Anonymize = anonymize }, packet, (kept, bytes) =>
        {
            int at = bytes.Length - payload.Length;
            kept.Keep(bytes.Slice(at + s_secret.Length, 48));
            kept.KeepText(bytes.Slice(at + s_secret.Length + 48, text.Length), continued: false);
        });
        ReadOnlySpan<byte> rest = written.AsSpan(packet.Length - payload.Length);
        Assert.That(written, Has.Length.EqualTo(packet.Length));
        Assert.That(Contains(written, s_secret), Is.False);
        Assert.That(rest[..s_secret.Length].ToArray(), Is.All.Zero);
        Assert.That(rest.Slice(s_secret.Length, 48).ToArray(), Is.EqualTo(header));
        string kept = Encoding.ASCII.GetString(rest.Slice(s_secret.Length + 48, text.Length));
        Assert.That(kept, Does.EndWith("\0CHAP_N=xxxxx\0CHAP_R=xxxxxx\0X-vendor=xxx\0MaxBurstLength=262144\0"));
        Assert.That(kept.Contains(Name, StringComparison.Ordinal), Is.Not.EqualTo(anonymize));
        Assert.That(kept, Does.StartWith(anonymize ? "InitiatorName=iqn.2000-01." : "InitiatorName=iqn.2026-01."));
        Assert.That(ChecksumsAreRight(written, six), "checksums");
    }

    [Test]
    public void Text_that_began_elsewhere_is_blanked_to_its_first_NUL()
    {
        byte[] payload = "34deadbeef\0CHAP_A=5\0Target"u8.ToArray();
        byte[] written = One(new CaptureWriterOptions { HeadersOnly = true }, TcpPacket(payload, false), (kept, bytes) => kept.KeepText(bytes[^payload.Length..], continued: true));
        Assert.That(Encoding.ASCII.GetString(written.AsSpan(written.Length - payload.Length)), Is.EqualTo("xxxxxxxxxx\0CHAP_A=5\0xxxxxx"));
    }

    [Test]
    public void Bytes_of_another_packet_are_not_kept()
    {
        byte[] other = GC.AllocateArray<byte>(4096, pinned: true);
        byte[] written = One(new CaptureWriterOptions { HeadersOnly = true }, TcpPacket(s_secret, false), (kept, _) => kept.Keep(other));
        Assert.That(written.AsSpan(written.Length - s_secret.Length).ToArray(), Is.All.Zero);
    }

    [Test]
    public void What_is_not_TCP_keeps_no_more_than_its_headers([Values] bool anonymize)
    {
        var options = new CaptureWriterOptions { HeadersOnly = !anonymize, Anonymize = anonymize };
        byte[] arp = [.. Enumerable.Repeat((byte)2, 12), 8, 6, .. s_secret];
        byte[] udp = TcpPacket([.. new byte[12], .. s_secret], false);
        udp[14 + 9] = 17;
        byte[] fragment = TcpPacket(s_secret, false);
        fragment[14 + 7] = 5;
        foreach (byte[] packet in new[] { arp, udp, fragment, [.. TcpPacket([], false), .. s_secret] })
            Assert.That(Contains(One(options, packet, (_, _) => { }), s_secret), Is.False);
    }

    [Test]
    public void Addresses_change_alike_and_keep_their_prefixes()
    {
        var pseudonyms = new Pseudonyms(new byte[32]);
        byte[] Mapped(string address)
        {
            byte[] bytes = IPAddress.Parse(address).GetAddressBytes();
            pseudonyms.Address(bytes);
            return bytes;
        }
        byte[] once = Mapped("10.0.0.1"), again = Mapped("10.0.0.1");
        Assert.That(again, Is.EqualTo(once).And.Not.EqualTo(IPAddress.Parse("10.0.0.1").GetAddressBytes()));
        Gen.Select(Gen.UInt, Gen.UInt).Sample((a, b) =>
        {
            uint x = BinaryPrimitives.ReadUInt32BigEndian(Mapped(new IPAddress(BinaryPrimitives.ReverseEndianness(a)).ToString()));
            uint y = BinaryPrimitives.ReadUInt32BigEndian(Mapped(new IPAddress(BinaryPrimitives.ReverseEndianness(b)).ToString()));
            return uint.LeadingZeroCount(a ^ b) == uint.LeadingZeroCount(x ^ y);
        }, iter: 200, threads: 1);
        byte[] six = Mapped("fd00::1"), neighbour = Mapped("fd00::2");
        Assert.That(six[..15], Is.EqualTo(neighbour[..15]));
        Assert.That(six[15] ^ neighbour[15], Is.InRange(2, 3));
    }

    [TestCase("iqn.2026-01.com.example:disk-0", "^iqn\\.2000-01\\.[a-z]{3}\\.[a-z]{7}:[a-z]{4}-[0-9]$")]
    [TestCase("eui.02004567A425678D", "^eui\\.[0-9a-f]{16}$")]
    [TestCase("naa.52004567BA64678D", "^naa\\.[0-9a-f]{16}$")]
    [TestCase("My alias", "^[a-z]{2} [a-z]{5}$")]
    public void A_name_keeps_its_form_and_case_does_not_matter(string name, string form)
    {
        var pseudonyms = new Pseudonyms(new byte[32]);
        byte[] one = Encoding.UTF8.GetBytes(name), two = Encoding.UTF8.GetBytes(name.ToUpperInvariant());
        pseudonyms.Name(one);
        pseudonyms.Name(two);
        Assert.That(Encoding.UTF8.GetString(one), Does.Match(form).And.Not.EqualTo(name));
        Assert.That(two, Is.EqualTo(one));
    }

    [Test]
    public void Anonymizing_alone_replaces_names_in_data_as_in_text()
    {
        byte[] text = Encoding.ASCII.GetBytes($"TargetName={Name}\0TargetAddress=10.1.2.3:3260,1\0");
        byte[] data = [.. s_secret, .. Encoding.ASCII.GetBytes($"\0{Name},i,0x400000000001\0iqn.no-name")];
        byte[] payload = [.. text, .. data];
        byte[] packet = TcpPacket(payload, false);
        byte[] written = One(new CaptureWriterOptions { Anonymize = true }, packet, (kept, bytes) =>
        {
            kept.KeepText(bytes.Slice(bytes.Length - payload.Length, text.Length), false);
            kept.KeepData(bytes[^data.Length..]);
        });
        string all = Encoding.ASCII.GetString(written.AsSpan(packet.Length - payload.Length));
        string pseudonym = all.Substring("TargetName=".Length, Name.Length);
        Assert.That(all, Does.Not.Contain(Name).And.Not.Contain("10.1.2.3").And.EndWith($"\0{pseudonym},i,0x400000000001\0iqn.no-name").And.Contain(Encoding.ASCII.GetString(s_secret)).And.Match(@"TargetAddress=\d\d\.\d\.\d\.\d:3260,1"));
        Assert.That(ChecksumsAreRight(written, false));
        Assert.That(written.AsSpan(26, 8).SequenceEqual(packet.AsSpan(26, 8)), Is.False, "addresses");
        Assert.That(written.AsSpan(0, 6).SequenceEqual(packet.AsSpan(0, 6)), Is.False, "MAC");
    }

    [Test]
    public void Redaction_bears_any_bytes() => Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, s_links.Length - 1].Select(i => s_links[i]), Gen.Bool).Sample((bytes, link, six) =>
    {
        if (bytes.Length > 60) TcpPacket([], six).AsSpan(0, 20 + bytes[0] % 34).CopyTo(bytes);
        byte[] once = [.. bytes];
        new Redaction(new Pseudonyms(new byte[32])).Apply(link, once, [new KeptRange(bytes.Length / 2, 5, KeptKind.Text), new KeptRange(3, 900, KeptKind.Header)]);
        return once.Length == bytes.Length;
    }, iter: 5000);

    [Test]
    public void Nothing_is_allocated_for_a_packet()
    {
        byte[] packet = Pinned(TcpPacket(s_secret, true));
        using var writer = new CaptureWriter(Stream.Null, "null", new CaptureWriterOptions { HeadersOnly = true, Anonymize = true });
        long packets = 0;
        long allocated = Allocated.By(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                var p = new Packet(LinkType.Ethernet, packets++, packet.Length, packet);
                writer.Kept!.Begin(p);
                writer.Kept.Keep(p.Bytes[^8..]);
                writer.Write(p);
            }
        });
        Assert.That((writer.Packets, allocated), Is.EqualTo((packets, 0L)));
    }

    [Test]
    public void A_full_disk_is_said_with_the_files_name()
    {
        var writer = new CaptureWriter(new FullStream(), "out.pcapng");
        Assert.That(writer.Flush, Throws.TypeOf<IOException>().With.Message.EqualTo("out.pcapng cannot be written: No space left on device").And.Property("HResult").EqualTo(28));
        writer.Dispose();
    }

    [Test]
    public void A_file_that_is_being_read_is_not_written_over()
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, Write(null, [new Sample(1, 3, [1, 2, 3])]));
        using (CaptureFile.Open(path)) Assert.That(() => CaptureWriter.Create(path), Throws.InstanceOf<IOException>());
        Assert.That(Captured.FromFile(File.ReadAllBytes(path)).Packets, Has.Count.EqualTo(1));
        File.Delete(path);
    }

    private static Gen<Sample[]> Samples =>
        Gen.Select(Gen.Long[0, 4_000_000_000_000_000_000], Gen.Int[0, 3000], Gen.Byte.Array[0, 300], Gen.Int[0, s_links.Length - 1].Select(i => s_links[i]))
            .Select((time, more, bytes, link) => new Sample(time, bytes.Length + more, bytes, link)).Array[0, 20];

    private static byte[] Write(CaptureWriterOptions? options, Sample[] packets)
    {
        var to = new MemoryStream();
        using (var writer = new CaptureWriter(to, "memory", options))
            foreach (Sample p in packets) writer.Write(new Packet(p.Link, p.Time, p.Length, p.Bytes));
        return to.ToArray();
    }

    private delegate void Decode(KeptBytes kept, ReadOnlySpan<byte> packet);

    private static byte[] One(CaptureWriterOptions options, byte[] packet, Decode decode)
    {
        var to = new MemoryStream();
        using (var writer = new CaptureWriter(to, "memory", options))
        {
            var p = new Packet(LinkType.Ethernet, 1, packet.Length, Pinned(packet));
            writer.Kept!.Begin(p);
            decode(writer.Kept, p.Bytes);
            writer.Write(p);
        }
        return Captured.FromFile(to.ToArray()).Packets.Single().Bytes;
    }

    private static byte[] Pinned(byte[] bytes)
    {
        byte[] pinned = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned, 0);
        return pinned;
    }

    private static bool Contains(byte[] all, byte[] part) => all.AsSpan().IndexOf(part) >= 0;

    private static byte[] TcpPacket(byte[] payload, bool six)
    {
        byte[] ip = six ? [0x60, 0, 0, 0, 0, 0, 6, 64, .. Enumerable.Repeat((byte)0xfd, 16), .. Enumerable.Repeat((byte)0xfe, 16)] : [0x45, 0, 0, 0, 1, 2, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        byte[] tcp = [0x0c, 0xbc, 0x80, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(six ? 4 : 2), (ushort)(tcp.Length + (six ? 0 : 20)));
        if (!six) BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(10), (ushort)~Sum(ip));
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(16), (ushort)~Sum([.. ip[(six ? 8 : 12)..], 0, 6, (byte)(tcp.Length >> 8), (byte)tcp.Length, .. tcp]));
        return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, (byte)(six ? 0x86 : 8), (byte)(six ? 0xdd : 0), .. ip, .. tcp];
    }

    private static bool ChecksumsAreRight(byte[] packet, bool six)
    {
        byte[] ip = packet[14..(14 + (six ? 40 : 20))], tcp = packet[(14 + ip.Length)..];
        return (six || Sum(ip) == 0xffff) && Sum([.. ip[(six ? 8 : 12)..], 0, 6, (byte)(tcp.Length >> 8), (byte)tcp.Length, .. tcp]) == 0xffff;
    }

    // RFC 1071, word by word: not the way the code does it.
    private static int Sum(byte[] bytes)
    {
        int sum = 0;
        for (int i = 0; i < bytes.Length; i++) sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return sum;
    }

    private sealed class FullStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (count > 0) throw new IOException("No space left on device", 28);
        }
    }
}
