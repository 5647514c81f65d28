using System.Globalization;
using System.Net;
using Iscsitop.Target.Initiator;

namespace Iscsitop.Tests.Conformance;

/// <summary><c>iscsitrace</c> on a running target, as people use it.</summary>
[TestFixture]
public sealed class TraceTests
{
    private const string Began = "BEGIN { printf(\"begun\\n\"); }";

    private static readonly byte[] s_read = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];

    [OneTimeSetUp]
    public void NeedSignals() => Client.NeedThat(!OperatingSystem.IsWindows(), "Windows has no signals");

    [Test]
    public void What_was_counted_is_printed_at_Ctrl_C()
    {
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using Subscriber trace = Begin(target, "iscsi*:::scsi-command { @[args[1]->ii_target] = count(); } END { printf(\"end\\n\"); }");
        Read(target, 7);
        AwaitEvents(trace);
        Output said = trace.Stop();
        Assert.That((said.ExitCode, said.Error), Is.EqualTo((0, "")));
        Assert.That(said.Out, Does.Match($@"^begun\n(seen\n|done\n)+\n(done\n)?end\n\n  {TargetProcess.Iqn} +(\d+)\n$"));
        Assert.That(int.Parse(said.Out.TrimEnd().Split(' ')[^1], CultureInfo.InvariantCulture), Is.GreaterThanOrEqualTo(7));
    }

    [Test]
    public void SIGTERM_ends_it_as_Ctrl_C_does()
    {
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using Subscriber trace = target.Attach("trace", "-qn", Began + " END { printf(\"end\\n\"); }");
        Assert.That(trace.Out.WaitForText("begun", Client.Patience), trace.Out.Text);
        Assert.That(trace.Stop("TERM"), Is.EqualTo(new Output(0, "begun\n\nend\n\n", "")));
    }

    [Test]
    public void The_announcements_programs_run_on_a_target()
    {
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using Subscriber consumers = Begin(target, "iscsi*:::, http*:::, cifs::: { @[args[0]->ci_remote] = count(); }", "-Z");
        using Subscriber volume = Begin(target, "iscsi*:::data-send { @ = sum(args[1]->ii_datalen); }");
        Read(target, 4);
        AwaitEvents(consumers);
        AwaitEvents(volume);
        Assert.That(consumers.Stop().Out, Does.Match(@"\n\n  127\.0\.0\.1 +\d+\n$"));
        Assert.That(long.Parse(volume.Stop().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], CultureInfo.InvariantCulture), Is.GreaterThanOrEqualTo(3 * 512)); // the first of a session has a unit attention
    }

    [Test]
    public void Without_an_engine_it_says_what_to_do()
    {
        using var scratch = new Scratch();
        Output said = Client.Run(Binary.Path, ["trace", "-n", "iscsi*:::scsi-command"], new Dictionary<string, string> { ["ISCSITOP_RUNTIME_DIR"] = scratch.Path });
        Assert.That((said.ExitCode, said.Error.TrimEnd()), Is.EqualTo((1,
            "dtrace: invalid probe specifier iscsi*:::scsi-command: probe description iscsi*:::scsi-command does not match any probes\n"
            + "dtrace: no engine runs here, so there are no probes: start one with iscsitop target, or name an interface with -i or a file with -r")));
    }

    [Test]
    public void An_engine_that_comes_later_is_traced()
    {
        using TargetProcess first = TargetProcess.Start("0=ram:8MiB");
        using Subscriber trace = first.Run("trace", "-qn", Began + " iscsi*:::login-command { printf(\"%s\\n\", probeprov); }");
        Assert.That(trace.Out.WaitForText("begun", Client.Patience), trace.Error.Text);
        using TargetProcess second = first.StartBeside("0=ram:8MiB");
        // It is looked for once a second.
        DateTime end = DateTime.UtcNow + Client.Patience;
        while (!trace.Out.Text.Contains($"iscsi{second.Pid}\n", StringComparison.Ordinal) && DateTime.UtcNow < end) Read(second, 1);
        Assert.That(trace.Out.Text, Does.Contain($"iscsi{second.Pid}\n"));
    }

    [Test]
    public void It_ends_when_the_engine_asked_for_has()
    {
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using Subscriber trace = target.Attach("trace", "-n", "BEGIN { printf(\"%d\", $target); }");
        Assert.That(trace.Out.WaitForText(target.Pid.ToString(CultureInfo.InvariantCulture), Client.Patience), trace.Out.Text);
        target.Stop();
        Output said = trace.ToEnd();
        Assert.That(said.ExitCode, Is.Zero);
        Assert.That(said.Error, Does.EndWith($"dtrace: pid {target.Pid} has exited\n"));
    }

    [Test]
    public void A_command_is_traced_until_it_ends()
    {
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        Output said = target.Iscsitop("trace", "-c", "true x", "-qn", "BEGIN { printf(\"%d\\n\", $target > 1); } END { printf(\"end\\n\"); }");
        Assert.That((said.ExitCode, said.Out), Is.EqualTo((0, "1\nend\n\n")), said.All);
    }

    [Test]
    public void What_was_recorded_is_traced_as_it_happened()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using (Subscriber recorder = target.Attach("record", path, "--events", "0.2"))
        {
            Assert.That(recorder.Error.WaitForText("recording to ", Client.Patience), recorder.Error.Text);
            string program = $"iscsi*::: /args[1]->ii_initiator == \"{Name("counted")}\" && probename != \"login-response\"/ {{ @[probeprov, probename, args[1]->ii_datalen, args[1]->ii_lun] = count(); }}";
            using Subscriber trace = Begin(target, program);
            Read(target, 20);
            AwaitEvents(trace);
            string live = Counts(trace.Stop().Out);
            Assert.That(recorder.Stop().ExitCode, Is.Zero);
            Output replayed = Client.RunWell(Binary.Path, "trace", "-r", path, "-qn", program);
            Assert.That(Counts(replayed.Out), Is.EqualTo(live));
        }

        static string Counts(string text) => text[text.IndexOf("\n  iscsi", StringComparison.Ordinal)..];
    }

    // What is wanted of an engine it may hear after BEGIN has fired: it has when something was seen.
    private static Subscriber Begin(TargetProcess target, string program, params string[] options)
    {
        Subscriber trace = target.Attach(["trace", "-q", .. options, "-n", Began, "-n", program,
            "-n", $"iscsi*:::logout-response {{ printf(\"%s\", args[1]->ii_initiator == \"{Name("counted")}\" ? \"done\\n\" : \"seen\\n\"); }}"]);
        Assert.That(trace.Out.WaitForText("begun", Client.Patience), trace.Error.Text);
        DateTime end = DateTime.UtcNow + Client.Patience;
        while (!trace.Out.Text.Contains("seen", StringComparison.Ordinal) && DateTime.UtcNow < end) Read(target, 1, "warm");
        Assert.That(trace.Out.Text, Does.Contain("seen"));
        return trace;
    }

    private static void AwaitEvents(Subscriber trace) => Assert.That(trace.Out.WaitForText("done", Client.Patience), trace.Error.Text);

    private static string Name(string host) => "iqn.2026-11.example.iscsitop:" + host;

    private static void Read(TargetProcess target, int count, string host = "counted")
    {
        using var initiator = new Initiator(new IPEndPoint(IPAddress.Loopback, target.Port), Name(host));
        initiator.Login(TargetProcess.Iqn);
        for (int i = 0; i < count; i++) initiator.Execute(new ScsiRequest(0, s_read, new byte[512], false));
        initiator.Logout();
    }
}
