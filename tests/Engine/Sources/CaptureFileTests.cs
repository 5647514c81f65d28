using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class CaptureFileTests
{
    private static readonly byte[] s_a = [1, 2, 3, 4, 5], s_b = [6, 7, 8, 9, 10, 11, 12, 13];

    [Test]
    public void Pcap_is_read_in_both_byte_orders_and_all_resolutions(
        [Values] bool big, [Values(CaptureBuilder.Micro, CaptureBuilder.Nano, CaptureBuilder.Kuznetzov)] uint magic)
    {
        bool kuznetzov = magic == CaptureBuilder.Kuznetzov;
        var builder = new CaptureBuilder(big).Pcap(magic, link: 0xf400_0071).Record(1_700_000_000, 123456, s_a, 1500, kuznetzov: kuznetzov).Record(uint.MaxValue, 999_999, s_b, kuznetzov: kuznetzov).Record(0, 0, [], 60, kuznetzov: kuznetzov);
        long unit = magic == CaptureBuilder.Nano ? 1 : 1000;
        (List<Sample> packets, string problem) = Captured.Read(builder.Bytes);
        Same(packets,
            new Sample(1_700_000_000_000_000_000 + 123456 * unit, 1500, s_a, LinkType.LinuxSll),
            new Sample(4_294_967_295_000_000_000 + 999_999 * unit, 8, s_b, LinkType.LinuxSll),
            new Sample(0, 60, [], LinkType.LinuxSll));
        Assert.That(problem, Is.Empty);
    }

    [Test]
    public void Pcapng_is_read_in_both_byte_orders_with_all_kinds_of_packets([Values] bool big)
    {
        var builder = new CaptureBuilder(big).Section().Block(4, b => b.U32(0)).Interface(1, 6).Enhanced(0, 1_700_000_000_000_001, s_a, 70)
            .Block(5, b => b.U32(0).U64(0)).Simple(s_b).Obsolete(0, 1_700_000_000_000_002, s_a, 5).Block(0x4bad, b => b.U64(7)).Block(0x0a, b => b.U64(7));
        (List<Sample> packets, string problem) = Captured.Read(builder.Bytes);
        Same(packets,
            new Sample(1_700_000_000_000_001_000, 70, s_a),
            new Sample(1_700_000_000_000_001_000, 8, s_b[..6]),
            new Sample(1_700_000_000_000_002_000, 5, s_a));
        Assert.That(problem, Is.Empty);
    }

    [Test]
    public void Interfaces_of_one_pcapng_have_link_types_and_clocks_of_their_own()
    {
        var builder = new CaptureBuilder().Section().Interface(1, resolution: 9).Enhanced(0, 5, s_a).Interface(276, resolution: 3, offset: 100).Enhanced(1, 5, s_b).Enhanced(0, 6, s_a);
        Same(Captured.Read(builder.Bytes).Packets, new Sample(5, 5, s_a), new Sample(100_005_000_000, 8, s_b, LinkType.LinuxSll2), new Sample(6, 5, s_a));
    }

    [Test]
    public void Sections_number_their_interfaces_anew_and_may_differ_in_byte_order()
    {
        byte[] bytes = [.. new CaptureBuilder(true).Section(400).Interface(101).Enhanced(0, 1, s_a).Bytes, .. new CaptureBuilder().Section().Interface(0).Enhanced(0, 2, s_b).Bytes];
        Same(Captured.Read(bytes).Packets, new Sample(1000, 5, s_a, LinkType.Raw), new Sample(2000, 8, s_b, LinkType.Null));
    }

    [TestCase(0, 3ul, 0, 3_000_000_000)]
    [TestCase(9, 1_700_000_000_123_456_789ul, 0, 1_700_000_000_123_456_789)]
    [TestCase(6, 1_700_000_000_123_456ul, -1_700_000_000, 123_456_000)]
    [TestCase(12, 1_999ul, 0, 1)]
    [TestCase(12, ulong.MaxValue, 0, 18_446_744_073_709_551)]
    [TestCase(127, ulong.MaxValue, 0, 0)]
    [TestCase(127, ulong.MaxValue, 3, 3_000_000_000)]
    [TestCase(28, ulong.MaxValue, 0, 1)]
    [TestCase(128, 7ul, 0, 7_000_000_000)]
    [TestCase(128 + 1, 3ul, 0, 1_500_000_000)]
    [TestCase(128 + 32, (1ul << 32) + (1ul << 31), 0, 1_500_000_000)]
    [TestCase(128 + 63, ulong.MaxValue, 0, 1_999_999_999)]
    [TestCase(255, ulong.MaxValue, 0, 0)]
    [TestCase(0, ulong.MaxValue, 0, long.MaxValue)]
    [TestCase(6, 0ul, long.MaxValue, long.MaxValue)]
    [TestCase(6, ulong.MaxValue, long.MinValue, 0)]
    public void Time_is_exact_for_every_resolution(int resolution, ulong ticks, long offset, long expected) =>
        Assert.That(new CaptureTime((byte)resolution, offset).Nanoseconds(ticks), Is.EqualTo(expected));

    [Test]
    public void Lengths_that_do_not_fit_together_are_borne()
    {
        var builder = new CaptureBuilder().Pcap().Record(1, 0, s_b, original: 3).Record(1, 0, s_a, original: uint.MaxValue);
        Same(Captured.Read(builder.Bytes).Packets, new Sample(1_000_000_000, 8, s_b), new Sample(1_000_000_000, int.MaxValue, s_a));
    }

    [TestCase(new byte[] { 0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0 }, "f is no capture: it begins with 7f 45 4c 46; pcap (a1 b2 c3 d4, a1 b2 3c 4d), pcapng (0a 0d 0d 0a) or gzip (1f 8b) of either would be right")]
    [TestCase(new byte[0], "f is empty: a pcap or pcapng capture, or a recording, would be right")]
    [TestCase(new byte[] { 0xd4, 0xc3 }, "f has only 2 bytes: a pcap or pcapng capture would be right")]
    [TestCase(new byte[] { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0 }, "f ends in the header of its pcap: 6 bytes, where 24 would be right")]
    [TestCase(new byte[] { 0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0 }, "f begins as a pcapng but is none: its byte-order magic would be 1a2b3c4d at byte 8")]
    [TestCase(new byte[] { 0x28, 0xb5, 0x2f, 0xfd, 0 }, "f is compressed with zstd: decompress it, `zstd -dc FILE | iscsitop -r -`")]
    [TestCase(new byte[] { 0x1f, 0x8b, 8, 0, 0, 0 }, "f, decompressed, is empty: a pcap or pcapng capture, or a recording, would be right")]
    [TestCase(new byte[] { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff }, "f cannot be decompressed: its gzip data is damaged")]
    public void What_is_no_capture_is_refused_with_what_it_is(byte[] bytes, string message) => Assert.That(Refused(bytes), Is.EqualTo(message));

    [Test]
    public void Links_and_versions_we_do_not_read_are_refused_by_name()
    {
        Assert.That(Refused(new CaptureBuilder().Pcap(link: 105).Bytes), Is.EqualTo($"f has packets of link type 105 (Wi-Fi), which is not read: {LinkTypes.Right} would be right"));
        Assert.That(Refused(new CaptureBuilder().Section().Interface(247).Enhanced(0, 1, s_a).Bytes), Does.StartWith("f has packets of link type 247 (InfiniBand), which is not read"));
        Assert.That(Refused(new CaptureBuilder().Pcap(version: 3).Bytes), Is.EqualTo("f is a pcap of version 3.4, which is not read: 2.4 would be right"));
        Assert.That(Refused(new CaptureBuilder().Section(major: 2).Bytes), Is.EqualTo("f is a pcapng of version 2.0, which is not read: 1.0 would be right"));
    }

    [Test]
    public void Packets_of_an_unread_link_beside_others_are_passed_over()
    {
        var builder = new CaptureBuilder().Section().Interface(105).Interface(1).Enhanced(0, 1, s_a).Enhanced(1, 2, s_b).Simple(s_a);
        (List<Sample> packets, string problem) = Captured.Read(builder.Bytes);
        Same(packets, new Sample(2000, 8, s_b));
        Assert.That(problem, Is.EqualTo("2 packets passed over of link type 105 (Wi-Fi)"));
    }

    [Test]
    public void What_is_not_there_or_is_a_directory_is_said()
    {
        string directory = Directory.CreateTempSubdirectory("its").FullName;
        Assert.That(() => CaptureFile.Open(Path.Combine(directory, "x")), Throws.TypeOf<FileNotFoundException>());
        Assert.That(() => CaptureFile.Open(directory), Throws.TypeOf<CaptureFormatException>().With.Message.EqualTo($"{directory} is a directory: a capture file would be right"));
        Directory.Delete(directory);
    }

    [Test]
    public void Progress_counts_the_bytes_of_the_file()
    {
        byte[] plain = new CaptureBuilder().Pcap().Record(1, 0, s_a).Record(2, 0, s_b).Bytes;
        foreach (byte[] bytes in new[] { plain, CaptureBuilder.Gzip(plain) })
        {
            string path = Path.GetTempFileName();
            File.WriteAllBytes(path, bytes);
            using (CaptureFile file = CaptureFile.Open(path))
            {
                Assert.That(file.Length, Is.EqualTo(bytes.Length));
                while (file.MoveNext(0) == Moved.Packet) Assert.That(file.Position, Is.InRange(4, bytes.Length));
                Assert.That(file.Position, Is.EqualTo(bytes.Length));
                Assert.That((file.Name, file.Live, file.Dropped), Is.EqualTo((path, false, -1L)));
            }
            File.Delete(path);
        }
    }

    [Test]
    public void A_file_that_grows_ends_where_it_ended()
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, new CaptureBuilder().Pcap().Record(1, 0, s_a).Bytes);
        using (var writer = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        using (CaptureFile file = CaptureFile.Open(path))
        {
            writer.Write(new CaptureBuilder().Record(2, 0, s_b).Bytes);
            writer.Flush();
            Assert.That(file.MoveNext(0), Is.EqualTo(Moved.Packet));
            Assert.That(file.MoveNext(0), Is.EqualTo(Moved.End));
            Assert.That(file.Problem, Is.Empty);
        }
        File.Delete(path);
    }

    [Test]
    public void Nothing_is_allocated_for_a_packet_mapped_or_streamed()
    {
        var builder = new CaptureBuilder().Section().Interface();
        for (ulong i = 0; i < 1000; i++) builder.Enhanced(0, i, s_b);
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, builder.Bytes);
        foreach (Func<CaptureFile> open in new[] { () => CaptureFile.Open(path), () => CaptureFile.OpenStream(new MemoryStream(builder.Bytes), "-") })
        {
            long sum = 0;
            using CaptureFile file = open();
            void Next(int packets)
            {
                for (int i = 0; i < packets && file.MoveNext(0) == Moved.Packet; i++) sum += file.Current.Bytes.Length + file.Current.Time;
            }
            Next(10);
            long allocated = Allocated.By(() => Next(10));
            Next(int.MaxValue);
            Assert.That((sum, allocated), Is.EqualTo((8 * 1000L + 999 * 500 * 1000L, 0L)));
        }
        File.Delete(path);
    }

    // A sparse file: 75 records of 60 MiB of holes, and one behind them.
    [Test]
    public void Offsets_beyond_4_GiB_are_reached()
    {
        const int Large = 60 << 20;
        string path = Path.GetTempFileName();
        using (var file = new FileStream(path, FileMode.Create, FileAccess.Write))
        {
            file.Write(new CaptureBuilder().Pcap(snap: int.MaxValue).Bytes);
            for (uint i = 0; i < 75; i++)
            {
                file.Write(new CaptureBuilder().Record(i + 1, 0, [], Large, Large).Bytes);
                file.Seek(Large, SeekOrigin.Current);
            }
            file.Write(new CaptureBuilder().Record(1000, 0, s_a).Bytes);
        }
        int count = 0;
        using (CaptureFile file = CaptureFile.Open(path))
        {
            while (file.MoveNext(0) == Moved.Packet) count += file.Current.Bytes.Length == (count < 75 ? Large : 5) ? 1 : 1000;
            Assert.That((count, file.Problem), Is.EqualTo((76, "")));
            Assert.That(file.Position, Is.GreaterThan(1L << 32));
        }
        File.Delete(path);
    }

    private static void Same(List<Sample> packets, params Sample[] expected) =>
        Assert.That(packets.Select(p => p.ToString()), Is.EqualTo(expected.Select(p => p.ToString())));

    private static string Refused(byte[] bytes) =>
        Assert.Throws<CaptureFormatException>(() => Captured.Drain(CaptureFile.OpenStream(new MemoryStream(bytes), "f")))!.Message;
}
