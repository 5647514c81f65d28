using System.Globalization;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Conformance;

/// <summary><c>iscsitop record</c> against our target, and what is read back.</summary>
[TestFixture]
public sealed class RecordTests
{
    [Test]
    public void What_was_recorded_is_what_was_done_and_a_kill_loses_the_tail_only()
    {
        Client.Need("iscsi-inq");
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using (Subscriber recorder = target.Attach("record", path, "0.2"))
        {
            Assert.That(recorder.Error.WaitFor(t => t.Contains("recording to ", StringComparison.Ordinal), Client.Patience), recorder.Error.Text);
            for (int i = 0; i < 5; i++) Client.RunWell("iscsi-inq", target.Url(0));
            Assert.That(Wait(() => new FileInfo(path).Length > 0), "no block within a minute");
        }
        // The recorder was killed. Another goes on with its file.
        using (Subscriber recorder = target.Attach("record", path, "0.2"))
        {
            Assert.That(recorder.Error.WaitFor(t => t.Contains("recording to ", StringComparison.Ordinal), Client.Patience), recorder.Error.Text);
            for (int i = 0; i < 3; i++) Client.RunWell("iscsi-inq", target.Url(0));
            // As many reports as make some snapshots of another subscriber.
            using (Subscriber clock = target.Attach("-b", "-o", "csv", "0.2", "4")) clock.Out.ToEnd();
            Output said = recorder.Stop();
            Assert.That((said.ExitCode, said.Out), Is.EqualTo((0, "")), said.All);
            Assert.That(said.Error, Does.Match(@"(?m)^\d+ snapshots? in \d+ blocks?, [0-9.]+ (bytes|kB) written$"));
        }
        Output read = Client.Run(Binary.Path, "-b", "-r", path, "-o", "json", "--view", "opcode");
        Assert.That(read.ExitCode, Is.Zero, read.All);
        Assert.That(read.Out, Does.Contain("INQUIRY"));
        Output snoop = Client.Run(Binary.Path, "snoop", "-r", path);
        Assert.That((snoop.ExitCode, snoop.Error.TrimEnd()), Is.EqualTo((3, $"iscsitop: {path} is a recording without events: those of iscsitop record --events have them; iscsitop -r shows it")));
        Output list = Client.Run(Binary.Path, "list", "-r", path);
        Assert.That(list.Out, Does.Contain(target.Pid.ToString(CultureInfo.InvariantCulture)), list.All);
    }

    [Test]
    public void A_torn_tail_costs_nothing_before_it_and_alone_is_an_error()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec"), torn = scratch.File("torn.rec"), alone = scratch.File("alone.rec");
        Client.RunWell(Binary.Path, "record", path, "-r", Corpus.PathOf("reads.pcap"));
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(torn, [.. whole, .. whole[..^7]]);
        File.WriteAllBytes(alone, whole[..^7]);
        string[] report = ["-b", "-o", "csv", "-F", "target,lun,reads,writes", "-r"];
        Output good = Client.Run(Binary.Path, [.. report, path]), cut = Client.Run(Binary.Path, [.. report, torn]);
        Assert.That((cut.ExitCode, cut.Out, cut.Error.TrimEnd()), Is.EqualTo((0, good.Out, "iscsitop: cut short: its last block is not whole")));
        Output nothing = Client.Run(Binary.Path, [.. report, alone]);
        Assert.That((nothing.ExitCode, nothing.Out, nothing.Error.TrimEnd()),
            Is.EqualTo((3, "", $"iscsitop: {alone} is a recording without a snapshot: cut short: its last block is not whole")));
        Output piped = Client.Run("sh", "-c", $"cat {alone} | {Binary.Path} {string.Join(' ', report)} -");
        Assert.That((piped.ExitCode, piped.Error.TrimEnd()), Is.EqualTo((3, "iscsitop: standard input is a recording without a snapshot: cut short: its last block is not whole")));
    }

    [TestCase("-TERM")]
    [TestCase("-INT")]
    public void What_is_no_whole_block_yet_is_written_at_the_end(string signal)
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using Subscriber recorder = target.Attach("record", path, "0.1");
        Assert.That(recorder.Error.WaitFor(t => t.Contains("recording to ", StringComparison.Ordinal), Client.Patience), recorder.Error.Text);
        // As many reports as make some snapshots of another subscriber.
        using (Subscriber clock = target.Attach("-b", "-o", "csv", "0.1", "12")) clock.Out.ToEnd();
        recorder.Signal(signal);
        Assert.That(recorder.Error.ToEnd(), Does.Match(@"(?m)^[1-9]\d* snapshots? in 1 block, \d+ bytes written$"));
        Output read = Client.Run(Binary.Path, "-b", "-r", path);
        Assert.That((read.ExitCode, read.Error), Is.EqualTo((0, "")), read.All);
    }

    [Test]
    public void A_signal_that_comes_twice_at_once_is_one()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using Subscriber recorder = target.Attach("record", path, "0.1");
        Assert.That(recorder.Error.WaitFor(t => t.Contains("recording to ", StringComparison.Ordinal), Client.Patience), recorder.Error.Text);
        using (Subscriber clock = target.Attach("-b", "-o", "csv", "0.1", "12")) clock.Out.ToEnd();
        Output second = Client.Run(Binary.Path, "record", path, "-r", Corpus.PathOf("reads.pcap"));
        Assert.That((second.ExitCode, second.Error.TrimEnd()), Is.EqualTo((3, $"iscsitop: {path}: another recorder writes it; name another file")));
        string pid = recorder.Pid.ToString(CultureInfo.InvariantCulture);
        Client.RunWell("sh", "-c", $"kill -TERM {pid}; kill -TERM {pid}");
        Assert.That(recorder.Error.ToEnd(), Does.Match(@"(?m)^[1-9]\d* snapshots? in 1 block, \d+ bytes written$"));
    }

    [TestCase("", 2, "a file is wanted: name one to record to, or - for standard output")]
    [TestCase("/nowhere/a.rec", 3, "/nowhere/a.rec: there is no directory /nowhere: make it, or name another file")]
    [TestCase("/dev", 3, "/dev is a directory: name a file in it")]
    [TestCase("/dev/full", 1, "/dev/full cannot be written any more: No space left on device : '/dev/full'; what is in it can be read. Make room, or bound recordings with --max-size")]
    public void What_cannot_be_written_is_said_with_its_name_and_what_to_do(string path, int code, string message)
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("its paths are those of Linux");
        Output output = Client.Run(Binary.Path, "record", path, "-r", Corpus.PathOf("reads.pcap"));
        Assert.That((output.ExitCode, output.Error.TrimEnd().Split('\n')[^1]), Is.EqualTo((code, "iscsitop: " + message)));
    }

    [Test]
    public void A_capture_is_recorded_and_a_recording_read_from_a_pipe()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec"), capture = Corpus.PathOf("reads.pcap");
        Output written = Client.Run(Binary.Path, "record", path, "-r", capture);
        Assert.That(written.ExitCode, Is.Zero, written.All);
        string[] report = ["-b", "-o", "csv", "-F", "target,lun,reads,writes"];
        Output direct = Client.Run(Binary.Path, [.. report, "-r", capture]);
        Output recorded = Client.Run(Binary.Path, [.. report, "-r", path]);
        Output piped = Client.Run("sh", "-c", $"cat {path} | {Binary.Path} {string.Join(' ', report)} -r -");
        Assert.That(recorded.All, Is.EqualTo(direct.All));
        Assert.That(piped.All, Is.EqualTo(direct.All));
        Output cut = Client.Run(Binary.Path, "record", "-", "--rotate", "1M");
        Assert.That((cut.ExitCode, cut.Error.TrimEnd()), Is.EqualTo((2, "iscsitop: --rotate, --max-size and --max-age need a file")));
    }

    private static bool Wait(Func<bool> until)
    {
        DateTime end = DateTime.UtcNow + Client.Patience;
        while (!until() && DateTime.UtcNow < end) Thread.Sleep(50);
        return until();
    }
}
