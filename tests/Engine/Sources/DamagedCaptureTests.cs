using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine;

/// <summary>Captures that are wrong in one place: what is right of them is read, and what is wrong is said.</summary>
[TestFixture]
public sealed class DamagedCaptureTests
{
    private const uint Now = 1_700_000_000;

    private static readonly byte[] s_a = [1, 2, 3, 4, 5, 6, 7, 8];

    private static readonly TestCaseData[] s_pcaps =
    [
        Case("cut in a packet", b => b.Record(Now, 3, s_a, captured: 100, original: 100), 2, "cut short: it ends in the record that begins at byte 72"),
        Case("cut in a header", b => b.Raw(1, 2, 3), 2, "cut short: it ends in the record that begins at byte 72"),
        Case("a record of 2 GiB", b => b.Record(Now, 3, s_a, captured: 1u << 31).Record(Now, 4, s_a).Record(Now, 5, s_a), 4, "damaged at byte 72: a record of 2147483648 bytes"),
        Case("a record longer than the rest", b => b.Record(Now, 3, s_a, captured: 200_000).Record(Now, 4, s_a).Record(Now, 5, s_a), 4, "damaged at byte 72: a record of more bytes than there are"),
        Case("bytes between", b => b.Raw([.. Enumerable.Repeat((byte)0xff, 37)]).Record(Now, 4, s_a).Record(Now, 5, s_a), 4, "damaged at byte 72: a record of 4294967295 bytes"),
        Case("two places", b => b.Record(Now, 3, s_a, captured: 1u << 31).Record(Now, 4, s_a).Record(Now, 5, s_a).Record(Now, 6, s_a, captured: 1u << 30).Record(Now, 7, s_a).Record(Now, 8, s_a), 6, "damaged in 2 places, first at byte 72: a record of 2147483648 bytes"),
        Case("nothing but rubbish behind", b => b.Raw([.. Enumerable.Repeat((byte)0xee, 5000)]), 2, "damaged at byte 72: a record of 4008636142 bytes"),
    ];

    private static readonly TestCaseData[] s_pcapngs =
    [
        Damaged("length 0", b => b.Block(6, _ => { }, length: 0), 2, "damaged at byte LAST: a block of 0 bytes"),
        Damaged("length 8", b => b.Block(6, _ => { }, length: 8), 2, "damaged at byte LAST: a block of 8 bytes"),
        Damaged("length 33", b => b.Block(6, x => x.Raw(new byte[24]), length: 33), 2, "damaged at byte LAST: a block of 33 bytes"),
        Damaged("length of 64 MiB and more", b => b.Block(99, x => x.Raw(new byte[24]), length: (64 << 20) + 4), 2, "damaged at byte LAST: a block of 67108868 bytes"),
        Damaged("a block longer than the rest", b => b.Block(99, x => x.Raw(new byte[24]), length: 4096), 2, "damaged at byte LAST: a record of more bytes than there are"),
        Damaged("another length behind", b => b.Block(6, x => x.Raw(new byte[24]), trailer: 40), 2, "damaged at byte LAST: a block of 36 bytes that ends with another length"),
        Damaged("too short for its type", b => b.Block(6, x => x.Raw(new byte[8])), 2, "damaged at byte LAST: a block of 20 bytes, too short for its type"),
        Damaged("an interface too short", b => b.Block(1, x => x.Raw(new byte[4])), 2, "damaged at byte LAST: a block of 16 bytes, too short for its type"),
        Damaged("a packet too long for its block", b => b.Enhanced(0, 7, s_a, captured: 60), 2, "damaged at byte LAST: a packet of 60 bytes in a block with less room"),
        Damaged("an interface not described", b => b.Enhanced(5, 7, s_a), 2, "damaged at byte LAST: a packet of interface 5, which is not described"),
        Damaged("a section without byte order", b => b.Section(order: 0x11111111), 2, "damaged at byte LAST: a section without its byte-order magic"),
        Damaged("an option longer than its block", b => b.Interface(1, hugeOption: 60000), 2, ""),
    ];

    [TestCaseSource(nameof(s_pcaps))]
    public void Pcap(byte[] bytes, int packets, string problem)
    {
        (List<Sample> read, string said) = Captured.Read(bytes);
        Assert.That((read.Count, said), Is.EqualTo((packets, problem)));
        Assert.That(read, Has.All.Matches<Sample>(p => p!.Bytes.AsSpan().SequenceEqual(s_a)));
    }

    [TestCaseSource(nameof(s_pcapngs))]
    public void Pcapng(byte[] bytes, int packets, string problem)
    {
        (List<Sample> read, string said) = Captured.Read(bytes);
        Assert.That((read.Count, said), Is.EqualTo((packets, problem)));
        Assert.That(read, Has.All.Matches<Sample>(p => p!.Bytes.AsSpan().SequenceEqual(s_a)));
    }

    [Test]
    public void A_packet_before_its_interface_is_passed_over()
    {
        byte[] bytes = new CaptureBuilder().Section().Enhanced(0, 1, s_a).Simple(s_a).Interface().Enhanced(0, 2, s_a).Bytes;
        (List<Sample> packets, string problem) = Captured.Read(bytes);
        Assert.That(packets, Has.Count.EqualTo(1));
        Assert.That(problem, Does.StartWith("damaged in 2 places, first at byte 40: a packet of interface 0, which is not described"));
    }

    [Test]
    public void A_later_section_of_another_version_ends_it()
    {
        byte[] bytes = new CaptureBuilder().Section().Interface().Enhanced(0, 1, s_a).Section(major: 2).Interface().Enhanced(0, 1, s_a).Bytes;
        (List<Sample> packets, string problem) = Captured.Read(bytes);
        Assert.That(packets, Has.Count.EqualTo(1));
        Assert.That(problem, Does.Contain("a section of version 2, where 1 would be right; the rest is not read"));
    }

    [Test]
    public void What_is_before_the_65537th_interface_is_read()
    {
        byte[] one = new CaptureBuilder().Interface().Bytes;
        byte[] packet = new CaptureBuilder().Enhanced(0, 1, s_a).Bytes;
        byte[] Many(int count) => [.. new CaptureBuilder().Section().Bytes, .. one, .. packet, .. Enumerable.Repeat(one, count - 1).SelectMany(b => b), .. packet];
        (List<Sample> packets, string problem) = Captured.FromFile(Many(65536));
        Assert.That((packets.Count, problem), Is.EqualTo((2, "")));
        (packets, problem) = Captured.FromFile(Many(100_000));
        Assert.That((packets.Count, problem), Is.EqualTo((1, $"damaged at byte {new CaptureBuilder().Section().Bytes.Length + packet.Length + 65536 * one.Length}: more than 65536 interfaces; the rest is not read")));
    }

    [Test]
    public void Compressed_data_that_is_cut_or_damaged_ends_quietly()
    {
        var builder = new CaptureBuilder().Pcap();
        var random = new Random(1);
        for (uint i = 0; i < 100; i++)
        {
            byte[] bytes = new byte[1000];
            random.NextBytes(bytes);
            builder.Record(Now, i, bytes);
        }
        byte[] whole = CaptureBuilder.Gzip(builder.Bytes);
        (List<Sample> packets, string problem) = Captured.FromFile(whole[..(whole.Length / 2)]);
        Assert.That(packets, Has.Count.InRange(30, 60));
        Assert.That(problem, Does.StartWith("cut short: it ends in the record"));
        whole[^6] ^= 1; // the checksum of what was compressed
        Assert.That(Captured.FromFile(whole).Problem, Does.Contain("its compressed data is damaged"));
    }

    // 64 MiB, says a file of a few bytes.
    [Test]
    public void Memory_is_not_taken_by_a_lengths_say_so()
    {
        byte[] bytes = new CaptureBuilder().Section().Interface().Block(99, b => b.Raw(new byte[100]), length: 64 << 20).Bytes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        using (CaptureFile file = CaptureFile.OpenStream(new MemoryStream(bytes), "f")) Assert.That(file.MoveNext(0), Is.EqualTo(Moved.End));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(4 << 20));
    }

    private static TestCaseData Case(string name, Action<CaptureBuilder> wrong, int packets, string problem)
    {
        CaptureBuilder builder = new CaptureBuilder().Pcap().Record(Now, 1, s_a).Record(Now, 2, s_a);
        wrong(builder);
        return new TestCaseData(builder.Bytes, packets, problem).SetName(name);
    }

    private static TestCaseData Damaged(string name, Action<CaptureBuilder> wrong, int packets, string problem)
    {
        CaptureBuilder builder = new CaptureBuilder().Section().Interface().Enhanced(0, 1, s_a);
        int at = builder.Length;
        wrong(builder);
        builder.Enhanced(0, 2, s_a);
        return new TestCaseData(builder.Bytes, packets, problem.Replace("LAST", $"{at}", StringComparison.Ordinal)).SetName(name);
    }
}
