using System.Text.Json;

namespace Iscsitop.Tests.Conformance;

/// <summary>Why sessions end, as a watcher of the packets says, when it happens for real.</summary>
[TestFixture]
public sealed class SessionEndTests
{
    private TargetProcess _target = null!;
    private Scratch _scratch = null!;

    [SetUp]
    public void StartTarget()
    {
        Client.NeedThat(Capture.Obstacle is null, Capture.Obstacle ?? "");
        Client.Need("iscsi-perf");
        _scratch = new Scratch();
        _target = TargetProcess.Start("0=ram:8MiB");
    }

    [TearDown]
    public void Stop()
    {
        _target?.Dispose();
        _scratch?.Dispose();
    }

    [Test]
    public void A_logout() => Assert.That(Ends(() => Client.RunWell("iscsi-inq", _target.Url(0))), Is.EqualTo(new[] { "logout" }));

    [Test]
    public void A_target_killed_under_load() =>
        Assert.That(Ends(() => UnderLoad(_ => _target.Kill())), Has.Some.EqualTo("target-fin").Or.Some.EqualTo("target-rst"));

    [Test]
    public void An_initiator_killed_under_load() =>
        Assert.That(Ends(() => UnderLoad(client => client.Kill())), Has.Some.EqualTo("initiator-fin").Or.Some.EqualTo("initiator-rst"));

    // Runs a client until it has read for a while, and does something to it.
    private void UnderLoad(Action<System.Diagnostics.Process> act)
    {
        using Subscriber events = _target.Attach("snoop", "-n", "2000");
        using System.Diagnostics.Process client = Client.Start("iscsi-perf", ["-m", "8", "-b", "8", "-t", "60", "-x", "0", _target.Url(0)]);
        events.Out.WaitFor(t => t.Contains("READ", StringComparison.Ordinal), Client.Patience);
        act(client);
        if (!client.HasExited) client.Kill();
        client.WaitForExit();
    }

    private string[] Ends(Action act)
    {
        string file = _scratch.File("ends.pcap");
        using System.Diagnostics.Process tcpdump = Client.Start("tcpdump", ["-i", "lo", "-s", "512", "-B", "65536", "-U", "-w", file, "tcp", "port", $"{_target.Port}"]);
        var log = new Reader(tcpdump.StandardError);
        Assert.That(log.WaitFor(t => t.Contains("listening on", StringComparison.Ordinal), Client.Patience), log.Text);
        act();
        DateTime end = DateTime.UtcNow + Client.Patience;
        string[] ends;
        do ends = [.. Sessions(file).Select(s => s.GetProperty("end").GetString() ?? "")];
        while ((ends.Length == 0 || ends.Contains("")) && DateTime.UtcNow < end);
        Client.Interrupt(tcpdump);
        log.ToEnd();
        tcpdump.WaitForExit();
        return ends;
    }

    private IEnumerable<JsonElement> Sessions(string file)
    {
        Output output = Client.Run(Binary.Path, "sessions", "-r", file, "--port", $"{_target.Port}", "-o", "ndjson");
        return Tally.Json(output.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Where(l => l.TryGetProperty("end", out _));
    }
}
