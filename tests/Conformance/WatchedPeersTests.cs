using System.Text.Json;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Conformance;

/// <summary>
/// Targets of others under real clients, watched on the loopback interface: totals are the client's, and the PDUs those that tshark
/// finds in a capture of the same run. Loopback shows each packet twice; no event may come twice, and none be lost.
/// </summary>
[TestFixture("tgtd")]
[TestFixture("istgt")]
public sealed class WatchedPeersTests(string program)
{
    private const string Inquiry = "\"op\":\"INQUIRY\"", Logout = "\"probe\":\"logout-response\"";

    private PeerProcess _peer = null!;

    [OneTimeSetUp]
    public void StartPeer()
    {
        Client.NeedThat(Capture.Obstacle is null, Capture.Obstacle ?? "");
        _peer = program == "tgtd" ? PeerProcess.Tgtd() : PeerProcess.Istgt();
    }

    [OneTimeTearDown]
    public void StopPeer() => _peer?.Dispose();

    [TestCase(1000, 4096, "-w", TestName = "Writes_of_qemu_img_are_counted_once({0},{1})")]
    [TestCase(500, 65536, "-n", TestName = "Reads_of_qemu_img_are_counted_once({0},{1})")]
    public void Commands_of_qemu_img_are_counted_once(int count, int size, string direction)
    {
        Client.NeedQemu("qemu-img");
        using Subscriber watcher = Watch("-o", "ndjson");

        int before = Mark(watcher, Inquiry);
        Client.RunWell("qemu-img", "bench", "-f", "raw", "-t", "none", "-d", "8", "-c", $"{count}", "-s", $"{size}", direction, _peer.Url);
        Mark(watcher, Inquiry);
        string[] lines = watcher.Out.Lines[before..];
        AssertNothingDropped(watcher.Stop());

        string kind = direction == "-w" ? "WRITE(" : "READ(";
        List<JsonElement> commands = [.. Tally.Json(lines).Where(c => c.GetProperty("op").GetString()!.StartsWith(kind, StringComparison.Ordinal) && c.GetProperty("bytes").GetInt64() == size)];
        Assert.Multiple(() =>
        {
            Assert.That(commands, Has.Count.EqualTo(count));
            Assert.That(commands.Select(c => (c.GetProperty("remote").GetString(), c.GetProperty("itt").GetUInt32(), c.GetProperty("time").GetRawText())), Is.Unique);
            Assert.That(commands.Select(c => c.GetProperty("status").GetString()), Has.All.EqualTo("GOOD"));
            Assert.That(commands.Select(c => c.GetProperty("lat_us").GetDouble()), Has.All.Positive);
        });
    }

    [TestCase("iscsi-perf", "-m", "4", "-b", "1", "-t", "1", "-r")]
    [TestCase("iscsi-test-cu", "--dataloss", "-t", "SCSI.Read10.Simple")]
    [TestCase("iscsi-test-cu", "--dataloss", "-t", "SCSI.Write10.Simple")]
    public void Pdus_are_those_of_a_capture(string client, params string[] arguments)
    {
        Client.Need(client);
        using var scratch = new Scratch();
        using Subscriber watcher = Watch("--pdu", "-o", "ndjson");

        int before = Mark(watcher, Logout);
        using var capture = new Capture(_peer.Port, scratch.File("run.pcap"));
        // What the client says of the target is its own business here.
        Client.Run(client, [.. arguments, _peer.Url]);
        Mark(watcher, Logout);
        string[] lines = watcher.Out.Lines[before..];
        capture.StopAfter(lines.Count(l => l.Contains("\"logout-response\"", StringComparison.Ordinal)));
        AssertNothingDropped(watcher.Stop());

        var events = new Tally();
        foreach (JsonElement e in Tally.Json(lines))
            foreach (PduRow row in Pdu.Rows)
                if (row.Probe != Probe.None && row.ProbeName == e.GetProperty("probe").GetString())
                    events.Add($"0x{(int)row.Opcode:x2}", new Count(1, e.GetProperty("datalen").GetInt64()));
        Output decoded = Client.RunWell(Binary.Path, "snoop", "-r", scratch.File("run.pcap"), "--port", $"{_peer.Port}", "--pdu", "-o", "ndjson");
        Assert.That(events.ToString(), Is.EqualTo(capture.Pdus().ToString()), $"our own reading of the capture has {decoded.Out.Count(c => c == '\n')} events, the watcher {lines.Length}");
    }

    private Subscriber Watch(params string[] options) => new(Client.Start(Binary.Path, ["snoop", "-i", "lo", "--port", $"{_peer.Port}", .. options]));

    private static void AssertNothingDropped(Output output)
    {
        Assert.That(output.ExitCode, Is.Zero, output.Error);
        // The first session was under way when the watcher began to look.
        Assert.That(output.Error, Does.Not.Contain("drop").And.Not.Contain("not in the capture").And.Not.Contain("anew"));
    }

    // Has a session seen that nothing follows, and tells how many lines there are then.
    private int Mark(Subscriber watcher, string end)
    {
        Assert.That(Client.Mark(_peer.Url, (initiator, patience) => watcher.Out.WaitForLine(patience, end, initiator + "\"")), $"the watcher sees nothing: {watcher.Error.Text}");
        return watcher.Out.Lines.Length;
    }
}
