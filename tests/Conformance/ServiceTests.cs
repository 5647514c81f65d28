using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Tests.Server;

namespace Iscsitop.Tests.Conformance;

/// <summary>The target as a service: its configuration, reload, drain, and what a service manager hears of it.</summary>
[TestFixture]
public sealed class ServiceTests
{
    private const string Name = "iqn.2026-11.example.iscsitop:served";
    private const string Group = "[[portal_group]]\ntag = 1\nportals = [\"127.0.0.1:0\"]\n";

    [OneTimeSetUp]
    public void NeedSignals() => Client.NeedThat(!OperatingSystem.IsWindows(), "Windows has no signals");

    [Test]
    public void A_reload_adds_a_unit_and_a_target_and_the_session_goes_on()
    {
        Client.Need("iscsi-ls");
        using TargetProcess target = TargetProcess.StartConfigured(Configuration("0=ram:8MiB"));
        using Initiator session = Login(target);

        target.Reconfigure(Configuration("0=ram:8MiB", "1=ram:1MiB") + "[[target]]\nname = \"iqn.2026-11.example.iscsitop:second\"\n");
        Assert.That(target.Log.WaitForText("reloaded, serving 2 targets", Client.Patience), target.Log.Text);

        ScsiResult told = session.Execute(Cdb.TestUnitReady(0));
        Assert.That((told.Sense[12], told.Sense[13]), Is.EqualTo(((byte)0x3f, (byte)0x0e)), "REPORTED LUNS DATA HAS CHANGED");
        Assert.That(TargetsTests.Reported(session), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(Client.RunWell("iscsi-ls", target.Portal).Out.Split('\n').Count(l => l.StartsWith("Target:", StringComparison.Ordinal)), Is.EqualTo(2));
    }

    [Test]
    public void A_wrong_configuration_is_complained_about_and_changes_nothing()
    {
        using TargetProcess target = TargetProcess.StartConfigured(Configuration("0=ram:8MiB"));
        using Initiator session = Login(target);

        target.Reconfigure(Configuration("0=ram:8MiB", "1=ram:1MiB") + "lunz = 3\n");
        Assert.That(target.Log.WaitFor(t => t.Contains("not reloaded", StringComparison.Ordinal) && t.EndsWith('\n'), Client.Patience), target.Log.Text);

        Assert.That(target.Log.Lines.Single(l => l.Contains("not reloaded", StringComparison.Ordinal)),
            Does.Match(@"^iscsitop: not reloaded, nothing has changed: \S+target\.conf:7: target\.lunz: there is no such key \(name, "));
        Assert.That(session.Execute(Cdb.TestUnitReady(0)).Status, Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void A_configuration_is_checked_without_serving_it()
    {
        using var scratch = new Scratch();
        File.WriteAllText(scratch.File("c"), Configuration($"0=file:{scratch.File("disk")},size=1MiB"));
        File.WriteAllText(scratch.File("wrong"), Configuration("0=ram:8MiB,block=3"));

        Output right = Client.Run(Binary.Path, "target", "--config", scratch.File("c"), "--check-config");
        Output wrong = Client.Run(Binary.Path, "target", "--config", scratch.File("wrong"), "--check-config");

        Assert.Multiple(() =>
        {
            Assert.That((right.ExitCode, right.Error), Is.EqualTo((0, "the configuration is right, 1 target\n")));
            Assert.That(File.Exists(scratch.File("disk")), Is.False, "nothing is made");
            Assert.That((wrong.ExitCode, wrong.Error), Is.EqualTo((3, $"iscsitop: {scratch.File("wrong")}:6: target.luns: LUN '0=ram:8MiB,block=3': the block size '3' should be 512, 1024, 2048 or 4096\n")));
            Assert.That(Client.Run(Binary.Path, "target", "--check-config").ExitCode, Is.EqualTo(2));
            Assert.That(Client.Run(Binary.Path, "target", "--config", scratch.File("c"), "--lun", "0=ram:1MiB").ExitCode, Is.EqualTo(2));
            Assert.That(Client.Run(Binary.Path, "target", "--lun", "0=ram:1MiB", "--drain", "soon").ExitCode, Is.EqualTo(2));
        });
    }

    [TestCase("", 2)]
    [TestCase("unlisted = \"refuse\"\n", 0)]
    public void Other_machines_reach_only_targets_that_ask_who_comes(string guard, int exit)
    {
        using var scratch = new Scratch();
        File.WriteAllText(scratch.File("c"), $"[[portal_group]]\ntag = 1\nportals = [\"0.0.0.0\"]\n[[target]]\nname = \"{Name}\"\n{guard}");

        Output output = Client.Run(Binary.Path, "target", "--config", scratch.File("c"), "--check-config");

        Assert.That((output.ExitCode, output.Error.Contains($"could log in to {Name}: list its initiators", StringComparison.Ordinal)), Is.EqualTo((exit, exit != 0)), output.Error);
    }

    [Test]
    public void Who_logs_out_when_asked_ends_the_target_with_all_writes_done()
    {
        using var scratch = new Scratch();
        using TargetProcess target = TargetProcess.StartWith([$"0=file:{scratch.File("disk")},size=1MiB,delay=200ms"], "--drain", "60");
        using Initiator session = Login(target, TargetProcess.Iqn);
        ArraySegment<byte>[] blocks = [.. Enumerable.Range(1, 16).Select(i => Cdb.Buffer(4096, seed: i))];
        for (int i = 0; i < blocks.Length; i++) session.Submit(Cdb.Write10(0, (uint)i * 8, 8, blocks[i]));
        session.Send();

        target.Signal("TERM");
        ScsiStatus[] ends = [.. blocks.Select(_ => session.Complete().Status)];
        while (!session.LogoutRequested) session.Execute(Cdb.TestUnitReady(0));
        session.Logout();

        Assert.That(target.WaitForExit(), Is.Zero);
        Assert.That(ends, Has.All.EqualTo(ScsiStatus.Good));
        Assert.That(File.ReadAllBytes(scratch.File("disk")).AsSpan(0, 16 * 4096).SequenceEqual(blocks.SelectMany(b => b).ToArray()));
    }

    [Test]
    public void Who_does_not_is_told_goodbye_when_the_time_is_over()
    {
        using TargetProcess target = TargetProcess.StartWith(["0=ram:1MiB"], "--drain", "1");
        using RawPeer peer = Connect(target);

        target.Signal("TERM");
        (byte[] asked, _) = peer.Expect(Opcode.AsyncMessage);
        (byte[] dropped, _) = peer.Expect(Opcode.AsyncMessage);

        Assert.That((asked[36], asked[43], dropped[36]), Is.EqualTo(((byte)1, (byte)1, (byte)3)), "logout within a second, then the session is dropped");
        peer.ExpectClosed();
        Assert.That(target.WaitForExit(), Is.Zero);
    }

    [Test]
    public void A_second_signal_ends_at_once()
    {
        using TargetProcess target = TargetProcess.StartWith(["0=ram:1MiB"], "--drain", "3600");
        using RawPeer peer = Connect(target);

        target.Signal("TERM");
        peer.Expect(Opcode.AsyncMessage);
        target.Signal("TERM");

        Assert.That(target.WaitForExit(), Is.EqualTo(128 + 15), "as SIGTERM ends a program");
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_service_manager_is_told(bool isAbstract)
    {
        Client.NeedThat(!isAbstract || OperatingSystem.IsLinux(), "only Linux has abstract sockets");
        using var scratch = new Scratch();
        string path = isAbstract ? $"\0iscsitop-test-{Guid.NewGuid():n}" : scratch.File("notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = (int)Client.Patience.TotalMilliseconds };
        manager.Bind(new UnixDomainSocketEndPoint(path));
        using TargetProcess target = TargetProcess.StartConfigured(Configuration("0=ram:8MiB"), ("NOTIFY_SOCKET", path.Replace('\0', '@')));

        Assert.That(Told(manager), Is.EqualTo($"READY=1\nSTATUS=serving {Name}"));
        target.Reconfigure(Configuration("0=ram:8MiB") + "[[target]]\nname = \"iqn.2026-11.example.iscsitop:second\"\n");
        Assert.That(Told(manager), Does.Match("^RELOADING=1\nMONOTONIC_USEC=[0-9]+$"));
        Assert.That(Told(manager), Is.EqualTo("READY=1\nSTATUS=serving 2 targets"));
        target.Signal("TERM");
        Assert.That(Told(manager), Is.EqualTo("STOPPING=1\nSTATUS=asking 0 sessions to log out"));
        Assert.That(target.WaitForExit(), Is.Zero);
    }

    [Test]
    public void The_unit_file_is_right()
    {
        Client.Need("systemd-analyze");
        using var scratch = new Scratch();
        string unit = File.ReadAllText(Path.Combine(Home(), "systemd", "iscsitop-target.service"));
        File.WriteAllText(scratch.File("iscsitop-target.service"), unit.Replace("/usr/local/bin/iscsitop", Binary.Path, StringComparison.Ordinal));

        Output output = Client.Run("systemd-analyze", "verify", "--man=no", scratch.File("iscsitop-target.service"));

        Assert.That((output.ExitCode, output.All.Split('\n').Where(l => l.Contains("iscsitop", StringComparison.Ordinal))), Is.EqualTo((0, Enumerable.Empty<string>())), output.All);
    }

    private static string Configuration(params string[] luns) =>
        $"{Group}[[target]]\nname = \"{Name}\"\nluns = [{string.Join(", ", luns.Select(l => $"\"{l}\""))}]\n";

    private static IPEndPoint Portal(TargetProcess target) => new(IPAddress.Loopback, target.Port);

    private static Initiator Login(TargetProcess target, string name = Name)
    {
        var session = new Initiator(Portal(target), "iqn.2026-01.test.example:host");
        session.Login(name);
        while (session.Execute(Cdb.TestUnitReady(0)).Status != ScsiStatus.Good)
        {
        }
        return session;
    }

    private static RawPeer Connect(TargetProcess target)
    {
        var peer = new RawPeer(Portal(target));
        peer.Send(RawPeer.LoginRequest($"InitiatorName=iqn.2026-01.test.example:raw\0TargetName={TargetProcess.Iqn}\0"));
        peer.Expect(Opcode.LoginResponse);
        return peer;
    }

    private static string Told(Socket manager)
    {
        byte[] datagram = new byte[4096];
        return Encoding.UTF8.GetString(datagram, 0, manager.Receive(datagram));
    }

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", ".."));
}
