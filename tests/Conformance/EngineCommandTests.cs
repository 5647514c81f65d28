using System.Globalization;
using System.Text.RegularExpressions;

namespace Iscsitop.Tests.Conformance;

/// <summary><c>iscsitop engine</c> on a real interface: who sees what, what it may do, and what becomes of it when the interface goes.</summary>
[TestFixture]
public sealed partial class EngineCommandTests
{
    private Scratch _scratch = null!;
    private Dictionary<string, string> _environment = null!;

    [SetUp]
    public void Need()
    {
        Client.NeedThat(Capture.Obstacle is null, Capture.Obstacle ?? "");
        _scratch = new Scratch();
        _environment = new() { ["ISCSITOP_RUNTIME_DIR"] = _scratch.Path };
    }

    [TearDown]
    public void CleanUp() => _scratch?.Dispose();

    [Test]
    public void Viewers_see_the_traffic_and_no_thread_keeps_a_capability()
    {
        Client.Need("iscsi-inq");
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using Subscriber engine = Engine("lo", target.Port, out int pid);
        using Subscriber snoop = new(Client.Start(Binary.Path, ["snoop", "--pdu", "-o", "ndjson", "-p", $"{pid}"], _environment));
        using Subscriber top = new(Client.Start(Binary.Path, ["-b", "-o", "ndjson", "-p", $"{pid}", "0.2"], _environment));
        bool seen = false;
        for (int attempt = 0; attempt < 60 && !seen; attempt++)
        {
            Client.RunWell("iscsi-inq", target.Url(0));
            seen = snoop.Out.WaitFor(t => t.Contains("logout-response", StringComparison.Ordinal), TimeSpan.FromSeconds(1))
                && top.Out.WaitFor(t => t.Contains(TargetProcess.Iqn, StringComparison.Ordinal), TimeSpan.FromSeconds(1));
        }
        Assert.That(seen, $"{snoop.Error.Text}{top.Error.Text}{engine.Error.Text}");
        // The runtime that compiles as it goes has threads of its own that nobody can reach; then it says which.
        Client.NeedThat(!File.Exists(Path.ChangeExtension(Binary.Path, ".dll")), "only the native binary can drop the capabilities of all its threads (ISCSITOP_BIN)");
        string[] tasks = [.. Directory.EnumerateDirectories($"/proc/{pid}/task").Select(t => File.ReadAllText($"{t}/status"))];
        Assert.That(tasks, Has.Length.AtLeast(2).And.All.Match(@"CapPrm:\s+0{16}\nCapEff:\s+0{16}\n"));
        Assert.That(engine.Stop().ExitCode, Is.Zero);
    }

    [Test]
    public void It_ends_with_its_interface_and_says_so()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"it{Environment.ProcessId}");
        Client.NeedThat(Client.Run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "p").ExitCode == 0, "no interface can be made here");
        try
        {
            Client.RunWell("ip", "link", "set", name, "up");
            using Subscriber engine = Engine(name, 3260, out int pid);
            using Subscriber viewer = new(Client.Start(Binary.Path, ["-b", "-p", $"{pid}", "0.2"], _environment));
            Assert.That(viewer.Out.WaitFor(t => t.Length > 0, Client.Patience), viewer.Error.Text);
            Client.RunWell("ip", "link", "del", name);
            Output ended = engine.ToEnd();
            Assert.That(ended.Error, Does.Contain($"iscsitop: {name} can no longer be captured from: "));
            Assert.That(ended.ExitCode, Is.EqualTo(1));
            Assert.That(viewer.Error.WaitFor(t => t.Contains($"{name} can no longer be captured from", StringComparison.Ordinal), Client.Patience), viewer.Error.Text + viewer.Out.Text);
        }
        finally
        {
            Client.Run("ip", "link", "del", name);
        }
    }

    [Test]
    public void Without_privileges_it_says_what_it_needs()
    {
        Client.Need("setpriv");
        Output output = Client.Run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Binary.Path, "engine", "-i", "lo");
        Client.NeedThat(output.ExitCode != 127 && output.ExitCode != 126, "the binary is where only root may go");
        Assert.That(output.ExitCode, Is.EqualTo(3), output.All);
        Assert.That(output.Error, Does.Match("^iscsitop: lo may not be captured from: that needs CAP_NET_RAW"));
    }

    [Test]
    public void A_wrong_interface_is_answered_with_those_there_are()
    {
        Output output = Client.Run(Binary.Path, "-b", "-i", "nope");
        Assert.That((output.ExitCode, output.Error.TrimEnd().Split('\n').Length), Is.EqualTo((3, 1)), output.All);
        Assert.That(output.Error, Does.StartWith("iscsitop: ").And.Contain("nope").And.Match(@"\blo\b"));
    }

    [Test]
    public void A_wrong_filter_is_a_wrong_command_line()
    {
        Output output = Client.Run(Binary.Path, "-b", "-i", "lo", "-f", "bad filter");
        Assert.That(output.ExitCode, Is.EqualTo(2), output.All);
        Assert.That(output.Error, Does.StartWith("iscsitop: ").And.Contain("bad filter"));
    }

    private Subscriber Engine(string @interface, int port, out int pid)
    {
        var engine = new Subscriber(Client.Start(Binary.Path, ["engine", "-i", @interface, "--port", $"{port}"], _environment));
        Assert.That(engine.Error.WaitFor(t => Pipe().IsMatch(t), Client.Patience), engine.Error.Text);
        pid = int.Parse(Pipe().Match(engine.Error.Text).Groups[1].Value, CultureInfo.InvariantCulture);
        return engine;
    }

    [GeneratedRegex(@"observing \S+ at \S+iscsi(\d+)\n")]
    private static partial Regex Pipe();
}
