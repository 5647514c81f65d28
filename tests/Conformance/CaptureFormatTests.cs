using System.Globalization;
using Iscsitop.Engine.Sources;
using Iscsitop.Tests.Engine;

namespace Iscsitop.Tests.Conformance;

/// <summary>What we write, Wireshark's programs and tcpdump read; what they write, we read.</summary>
[TestFixture]
public sealed class CaptureFormatTests
{
    private string _directory = null!;

    [SetUp]
    public void SetUp() => _directory = Directory.CreateTempSubdirectory("its").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_directory, true);

    [Test]
    public void Tshark_and_tcpdump_see_what_we_wrote()
    {
        Client.Need("tshark");
        Client.Need("tcpdump");
        string ours = Ours();
        string[] seen = Client.RunWell("tshark", "-n", "-r", ours, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.cap_len", "-e", "frame.len").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(seen, Is.EqualTo(Packets().Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Time / 1_000_000_000}.{p.Time % 1_000_000_000:d9}\t{p.Bytes.Length}\t{p.Length}"))));
        Assert.That(Client.RunWell("tcpdump", "-n", "-r", ours).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(seen.Length));
    }

    [TestCase("pcap", 1000)]
    [TestCase("nsecpcap", 1)]
    [TestCase("pcapng", 1)]
    public void We_see_what_editcap_wrote(string format, int unit)
    {
        Client.Need("editcap");
        string theirs = Path.Combine(_directory, "theirs");
        Client.RunWell("editcap", "-F", format, Ours(), theirs);
        (List<Sample> packets, string problem) = Captured.Read(File.ReadAllBytes(theirs));
        Assert.That(packets.Select(p => p.ToString()), Is.EqualTo(Packets().Select(p => (p with { Time = p.Time / unit * unit }).ToString())));
        Assert.That(problem, Is.Empty);
    }

    [Test]
    public void We_see_what_tcpdump_wrote()
    {
        Client.Need("tcpdump");
        string theirs = Path.Combine(_directory, "theirs");
        Client.RunWell("tcpdump", "-r", Ours(), "-w", theirs);
        Assert.That(Captured.Read(File.ReadAllBytes(theirs)).Packets.Select(p => p.Time / 1000), Is.EqualTo(Packets().Select(p => p.Time / 1000)));
    }

    private string Ours()
    {
        string path = Path.Combine(_directory, "ours.pcapng");
        using CaptureWriter writer = CaptureWriter.Create(path);
        foreach (Sample p in Packets()) writer.Write(new Packet(p.Link, p.Time, p.Length, p.Bytes));
        return path;
    }

    private static IEnumerable<Sample> Packets()
    {
        for (int i = 0; i < 200; i++)
        {
            byte[] bytes = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, .. Enumerable.Repeat((byte)i, 46 + i)];
            yield return new Sample(1_700_000_000_123_456_789 + i * 1_000_000_007L, bytes.Length + i % 3, bytes);
        }
    }
}
