using System.Text;
using Iscsitop.Tests.Engine;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Conformance;

/// <summary>What <c>-w</c> writes: every packet, and with <c>--headers-only</c> and <c>--anonymize</c> nothing that is nobody's business.</summary>
[TestFixture]
public sealed class WrittenCaptureTests
{
    // What follows a cut PDU is known only by what comes after it, when its packet has been written.
    private const string Cut = "snap128.pcap";

    private readonly Scratch _scratch = new();

    [OneTimeTearDown]
    public void CleanUp() => _scratch.Dispose();

    [TestCaseSource(typeof(Corpus), nameof(Corpus.Names))]
    public void Every_packet_is_kept(string name)
    {
        byte[] written = Write(name);
        Assert.That(Packets.Of(written).Select(p => p.ToString()), Is.EqualTo(Packets.Of(Corpus.Read(name)).Select(p => p.ToString())));
        if (Client.Find("tshark") is null) return;
        Assert.That(Capture.PdusOf(_scratch.File("out"), 3260).ToString(), Is.EqualTo(Capture.PdusOf(Corpus.PathOf(name), 3260).ToString()));
    }

    [TestCaseSource(typeof(Corpus), nameof(Corpus.Names))]
    public void Headers_only_tell_the_same_events(string name)
    {
        byte[] written = Write(name, "--headers-only");
        // All but times of the text form is there; what CHAP said is not an event's.
        var told = Told.By(written);
        if (name == Cut)
        {
            Assert.That(told.Events.Select(Known), Is.SubsetOf(Told.By(Corpus.Read(name)).Events.Select(Known)));
            Assert.That(told.Events, Has.Count.GreaterThan(5));
            return;
        }
        Assert.That(Lines(_scratch.File("out")), Is.EqualTo(Lines(Corpus.PathOf(name))));
        foreach (Iscsitop.Engine.ConnectionDelta connection in told.Connections.Values)
            Assert.That((connection.Total[Iscsitop.Engine.Fact.HeaderDigestErrors], connection.Total[Iscsitop.Engine.Fact.DataDigestErrors]), Is.EqualTo((0L, 0L)));
        Assert.That(told.Coverage.Resyncs, Is.EqualTo(Told.By(Corpus.Read(name)).Coverage.Resyncs));
        Assert.That(told.Ends, Is.EqualTo(Told.By(Corpus.Read(name)).Ends));
    }

    [Test]
    public void Not_a_byte_of_user_data_or_of_a_secret_is_written()
    {
        byte[] qemu = Write("qemu.pcapng", "--headers-only");
        foreach (byte pattern in (byte[])[0xa5, 0x5a])
        {
            byte[] run = [pattern, pattern, pattern, pattern];
            Assert.That(Corpus.Read("qemu.pcapng").AsSpan().IndexOf(run), Is.Not.Negative);
            Assert.That(qemu.AsSpan().IndexOf(run), Is.Negative);
        }
        string chap = Encoding.Latin1.GetString(Write("chap.pcap", "--headers-only"));
        Assert.That(Encoding.Latin1.GetString(Corpus.Read("chap.pcap")), Does.Match("CHAP_R=0x[0-9a-f]").IgnoreCase);
        Assert.That(chap, Does.Contain("CHAP_R=xxx").And.Not.Match("CHAP_[RCN]=[^x\0]"));
    }

    [TestCaseSource(typeof(Corpus), nameof(Corpus.Names))]
    public void Anonymous_captures_tell_the_same_of_others(string name)
    {
        byte[] written = Write(name, "--headers-only", "--anonymize");
        string text = Encoding.Latin1.GetString(written);
        Assert.That(text, Does.Not.Contain("captures").And.Not.Contain("libiscsi").And.Not.Contain("sahlberg"));
        Told before = Told.By(Corpus.Read(name)), after = Told.By(written);
        if (name == Cut) return;
        Assert.That(Told.Text(after.Pdus), Is.EqualTo(Told.Text(before.Pdus)));
        Assert.That((after.Commands, after.Names.Count), Is.EqualTo((before.Commands, before.Names.Count)), "one name for each");
        string[] addresses = ["127.0.0.1", "::1"];
        foreach (Iscsitop.Engine.ConnectionDelta c in after.Connections.Values)
            foreach (string address in addresses)
                Assert.That((c.Connection.Local, c.Connection.Remote), Is.Not.EqualTo((address, address)).And.Matches<(string Local, string Remote)>(p => !p.Local.Contains(address + ":", StringComparison.Ordinal) && !p.Remote.Contains(address + ":", StringComparison.Ordinal)));
        Assert.That(written.AsSpan().IndexOf((byte[])[127, 0, 0, 1, 127, 0, 0, 1]), Is.Negative);
    }

    [Test]
    public void Checksums_that_were_right_stay_right([Values("qemu.pcapng", "chap.pcap", "vlan.pcap")] string name, [Values] bool headersOnly)
    {
        Client.Need("tshark");
        List<Sample> packets = Packets.Of(Corpus.Read(name));
        foreach (Sample packet in packets) Checksum(packet.Bytes, name == "vlan.pcap" ? 22 : 14);
        File.WriteAllBytes(_scratch.File("right.pcap"), Packets.Pcap(packets));
        string[] options = headersOnly ? ["--headers-only", "--anonymize"] : ["--anonymize"];
        Client.RunWell(Binary.Path, ["snoop", "-r", _scratch.File("right.pcap"), "-w", _scratch.File("anonymous"), .. options]);
        Assert.That((Checked("right.pcap", "1"), Checked("right.pcap", "0")), Is.EqualTo((packets.Count, 0)), "the test itself");
        Assert.That((Checked("anonymous", "1"), Checked("anonymous", "0")), Is.EqualTo((packets.Count, 0)));
    }

    // Packets whose two checksums are good (1), or one of which is bad (0).
    private int Checked(string file, string status) => Client.RunWell("tshark", "-n", "-r", _scratch.File(file), "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
        "-Y", status == "1" ? "ip.checksum.status == 1 && tcp.checksum.status == 1" : "ip.checksum.status == 0 || tcp.checksum.status == 0",
        "-T", "fields", "-e", "frame.number").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    // RFC 9293 §3.1, over the pseudo-header; loopback leaves it to a card there is not.
    private static void Checksum(byte[] packet, int ip)
    {
        int tcp = ip + 20, length = packet.Length - tcp;
        packet[tcp + 16] = packet[tcp + 17] = 0;
        long sum = 6 + length;
        for (int i = ip + 12; i < packet.Length; i++) sum += (i - ip) % 2 == 0 ? packet[i] << 8 : packet[i];
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        packet[tcp + 16] = (byte)~(sum >> 8);
        packet[tcp + 17] = (byte)~sum;
    }

    [TestCase("-b", "1")]
    [TestCase("snoop")]
    public void A_pipe_is_shown_as_it_is_written_and_left_when_asked_to(params string[] command)
    {
        Client.NeedThat(!OperatingSystem.IsWindows(), "named pipes are in the file system on Unix only");
        string fifo = _scratch.File("fifo" + command[0]);
        Client.RunWell("mkfifo", fifo);
        List<Sample> packets = Packets.Of(Corpus.Read("reads.pcap"));
        using System.Diagnostics.Process process = Client.Start(Binary.Path, [.. command, "-r", fifo]);
        var output = new Reader(process.StandardOutput);
        using var to = new FileStream(fifo, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        to.Write(Packets.Pcap([.. packets.Select((p, i) => i < packets.Count - 2 ? p : p with { Time = p.Time + 2_000_000_000 })]));
        Assert.That(output.WaitFor(t => t.Contains("iqn.", StringComparison.Ordinal) || t.Count(c => c == '\n') > 2, Client.Patience), "something is shown");
        Client.RunWell("kill", "-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.That(process.WaitForExit(Client.Patience), "it ends while the pipe is open");
        Assert.That(process.ExitCode, Is.Zero);
    }

    [Test]
    public void Sessions_of_a_file_are_those_of_all_of_it_in_real_time_too()
    {
        // Two seconds between its halves.
        List<Sample> packets = Packets.Of(Corpus.Read("reads.pcap"));
        File.WriteAllBytes(_scratch.File("slow.pcap"), Packets.Pcap([.. packets.Select((p, i) => i < packets.Count / 2 ? p : p with { Time = p.Time + 2_000_000_000 })]));
        string fast = Client.RunWell(Binary.Path, "sessions", "-r", _scratch.File("slow.pcap"), "-o", "csv").Out;
        Assert.That(Client.RunWell(Binary.Path, "sessions", "-r", _scratch.File("slow.pcap"), "--realtime", "-o", "csv").Out, Is.EqualTo(fast));
    }

    [TestCase("127.0.0.1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("[::ffff:127.0.0.1]:3260")]
    public void An_alias_in_either_form_of_an_address_names_a_target(string address)
    {
        File.WriteAllBytes(_scratch.File("late.pcap"), Packets.Pcap(Packets.Of(Corpus.Read("reads.pcap"))[12..]));
        Assert.That(Client.RunWell(Binary.Path, "sessions", "-r", _scratch.File("late.pcap"), "--alias", address + "=iqn.x:alias", "-o", "csv").Out, Does.Contain("iqn.x:alias"));
    }

    [TestCase("-b", "-o", "csv")]
    [TestCase("sessions", "-o", "csv")]
    [TestCase("snoop", "-j")]
    [TestCase("list", "-l", "-o", "ndjson")]
    public void A_full_disk_costs_no_report(params string[] command)
    {
        Client.NeedThat(OperatingSystem.IsLinux(), "/dev/full is Linux's");
        string read = _scratch.File("much.pcap");
        List<Sample> packets = Packets.Of(Corpus.Read("qemu.pcapng"));
        // The disk is full long before the end.
        File.WriteAllBytes(read, Packets.Pcap([.. packets, .. Enumerable.Repeat(packets[^1], 10_000)]));
        Output whole = Client.Run(Binary.Path, [.. command, "-r", read]), full = Client.Run(Binary.Path, [.. command, "-r", read, "-w", "/dev/full"]);
        Assert.That((whole.ExitCode, full.ExitCode), Is.EqualTo((0, 1)));
        // A list names this process.
        if (command[0] == "list") Assert.That(full.Out.Split('\n'), Has.Length.EqualTo(whole.Out.Split('\n').Length).And.Length.GreaterThan(1));
        else Assert.That(full.Out, Is.EqualTo(whole.Out));
        Assert.That(full.Error, Does.EndWith("iscsitop: /dev/full cannot be written: No space left on device : '/dev/full'\n"));
    }

    [Test]
    public void What_standard_input_is_is_not_written_over([Values] bool hardLink)
    {
        Client.NeedThat(OperatingSystem.IsLinux(), "only Linux tells what standard input is");
        string read = _scratch.File("read.pcap"), write = hardLink ? _scratch.File("link.pcap") : read;
        File.WriteAllBytes(read, Corpus.Read("reads.pcap"));
        if (hardLink) Client.RunWell("ln", "-f", read, write);
        Output result = Client.Run("sh", "-c", "exec \"$0\" snoop -r - -w \"$2\" <\"$1\"", Binary.Path, read, write);
        Assert.That((result.ExitCode, result.Error), Is.EqualTo((3, $"iscsitop: {write} is in use, maybe the very file that is read, and is not written over (name another)\n")));
        Assert.That(File.ReadAllBytes(read), Is.EqualTo(Corpus.Read("reads.pcap")));
    }

    private byte[] Write(string name, params string[] options)
    {
        Client.RunWell(Binary.Path, ["snoop", "-r", Corpus.PathOf(name), "-w", _scratch.File("out"), .. options]);
        return File.ReadAllBytes(_scratch.File("out"));
    }

    // Probe and header, without sense data.
    private static string Known(string line) => line.Split(' ') is var f ? $"{f[0]} {f[^2]}" : "";

    private static IEnumerable<string> Lines(string capture) => [.. Client.RunWell(Binary.Path, "snoop", "--pdu", "-r", capture, "-o", "ndjson").Out.Split('\n')];
}
