namespace Iscsitop.Tests.Conformance;

/// <summary>install.sh: what it puts down works, twice is as once, and it takes away exactly that.</summary>
[TestFixture]
public sealed class InstallTests
{
    private static readonly TimeSpan s_buildTime = TimeSpan.FromMinutes(8);

    [OneTimeSetUp]
    public void NeedShell() => Client.NeedThat(!OperatingSystem.IsWindows(), "install.sh is for systems with a POSIX shell");

    [Test]
    public void Install_is_idempotent_and_uninstall_leaves_what_it_did_not_bring()
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(scratch.File("bin"));
        File.WriteAllText(scratch.File("bin/other"), "not ours");

        Assert.That(Install("--prefix", scratch.Path).ExitCode, Is.Zero);
        string[] once = Files(scratch.Path);
        Assert.That(Install("--prefix", scratch.Path).ExitCode, Is.Zero);
        Assert.That(Files(scratch.Path), Is.EqualTo(once));
        Assert.That(once, Does.Contain("bin/iscsitop").And.Contain("bin/iscsisnoop").And.Contain("bin/iscsitrace").And.Contain("share/man/man8/iscsitop.8"));
        Assert.That(once, Does.Contain("share/man/man5/iscsitop-target.conf.5").And.Contain("share/iscsitop/iscsitop-target.conf"));
        Assert.That(once, Does.Contain("share/iscsitop/d/who.d").And.Contain("share/iscsitop/d/errors.d"));
        Assert.That(Client.RunWell(scratch.File("bin/iscsitrace"), "-q", "-e", "-Z", "-s", "who.d").Out, Is.Empty);
        bool service = Client.Find("systemctl") is not null && Client.RunWell("id", "-u").Out == "0\n";
        Assert.That(once.Contains("lib/systemd/system/iscsitop-target.service"), Is.EqualTo(service));
        Assert.That(once.Contains("lib/sysusers.d/iscsitop.conf") && once.Contains("lib/tmpfiles.d/iscsitop.conf"), Is.EqualTo(service));
        if (service) Assert.That(File.ReadAllText(scratch.File("lib/systemd/system/iscsitop-target.service")), Does.Contain($"ExecStart={scratch.File("bin/iscsitop")} target"));
        Assert.That(Client.RunWell(scratch.File("bin/iscsitop"), "--version").Out, Does.Match(@"^iscsitop [0-9]+\.[0-9]+\.[0-9]+ \(commit \S+, (aot|single-file|framework), [a-z0-9.-]+\)\n$"));
        Assert.That(once, Does.Contain("share/bash-completion/completions/iscsisnoop").And.Contain("share/fish/vendor_completions.d/iscsitrace.fish").And.Contain("share/zsh/site-functions/_iscsitop"));
        Assert.That(Client.RunWell(scratch.File("bin/iscsisnoop"), "--help").Out, Does.Contain("--pdu"));
        Assert.That(Client.RunWell(scratch.File("bin/iscsitrace"), "--help").Out, Does.Contain("-x OPTION[=VALUE]"));

        Assert.That(Install("--uninstall", "--prefix", scratch.Path).ExitCode, Is.Zero);
        Assert.That(Files(scratch.Path), Is.EqualTo("bin/other".Split(' ')));
    }

    [Test]
    public void Without_an_sdk_it_says_what_to_do()
    {
        using var scratch = new Scratch();
        string[] tools = ["sh", "awk", "basename", "cat", "dirname", "id", "sed", "tr", "uname"];
        foreach (string tool in tools) File.CreateSymbolicLink(scratch.File(tool), Client.Find(tool)!);
        var environment = new Dictionary<string, string> { ["PATH"] = scratch.Path, ["HOME"] = scratch.Path, ["DOTNET_ROOT"] = "" };

        Output output = Client.Run(scratch.File("sh"), [Path.Combine(Repository, "install.sh"), "--demo"], environment);

        Assert.Multiple(() =>
        {
            Assert.That(output.ExitCode, Is.EqualTo(1));
            Assert.That(output.Error, Does.Contain(".NET 10 SDK").And.Contain("dotnet-install.sh").And.Contain("--channel 10.0"));
        });
    }

    [TestCase("--bogus", 2, "usage:")]
    [TestCase("--prefix", 1, "--prefix needs a directory")]
    [TestCase("--build=wasm", 1, "wasm")]
    public void A_wrong_option_is_refused(string option, int exit, string says)
    {
        Output output = Install(option);

        Assert.That((output.ExitCode, output.Error.Contains(says, StringComparison.Ordinal)), Is.EqualTo((exit, true)), output.Error);
    }

    [Test]
    public void A_demo_without_a_terminal_prints_five_reports()
    {
        Output output = Client.RunWell(Binary.Path, "demo");

        Assert.That(output.Out.Split('\n').Count(l => l.Contains("R/s", StringComparison.Ordinal)), Is.EqualTo(5).Or.EqualTo(1), output.Out);
    }

    private static string Repository
    {
        get
        {
            string? directory = AppContext.BaseDirectory;
            while (directory is not null && !File.Exists(Path.Combine(directory, "install.sh"))) directory = Path.GetDirectoryName(directory);
            return directory ?? throw new DirectoryNotFoundException("install.sh is in no directory above the tests");
        }
    }

    private static Output Install(params string[] arguments) =>
        Client.Run("sh", [Path.Combine(Repository, "install.sh"), .. arguments], null, s_buildTime);

    private static string[] Files(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(directory, f)).Order(StringComparer.Ordinal)];
}
