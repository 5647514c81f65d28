using System.Text.Json;
using System.Text.RegularExpressions;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Packaging;

/// <summary>The packages for Linux: what is in them, and that a bare system can install, use and remove them.</summary>
[TestFixture]
public sealed partial class PackageTests
{
    private static readonly string[] s_used =
        ["usr/bin/iscsitop", "usr/bin/iscsisnoop", "usr/bin/iscsitrace", "usr/share/man/man8/iscsitop.8.gz", "usr/share/iscsitop/d/who.d",
            "usr/share/bash-completion/completions/iscsisnoop", "usr/share/fish/vendor_completions.d/iscsitop.fish",
            "usr/lib/systemd/system/iscsitop-target.service", "usr/lib/sysusers.d/iscsitop.conf", "usr/lib/tmpfiles.d/iscsitop.conf",
            "usr/share/doc/iscsitop/copyright", "usr/share/doc/iscsitop/THIRD-PARTY-NOTICES", "usr/share/doc/iscsitop/iscsitop.cdx.json"];

    private readonly Scratch _scratch = new();
    private string _deb = "";
    private string _rpm = "";

    [OneTimeSetUp]
    public void Build()
    {
        Client.NeedThat(OperatingSystem.IsLinux(), "packages are built on Linux");
        foreach (string program in new[] { "rpmbuild", "zip" }) Client.Need(program);
        Packing.Need();
        Pack(_scratch.Path);
        _deb = Directory.EnumerateFiles(_scratch.Path, "*.deb").Single();
        _rpm = Directory.EnumerateFiles(_scratch.Path, "*.rpm").Single();
    }

    [OneTimeTearDown]
    public void Remove() => _scratch.Dispose();

    [Test]
    public void The_same_build_packs_to_the_same_bytes()
    {
        using var again = new Scratch();
        Pack(again.Path);

        string sums = File.ReadAllText(_scratch.File("SHA256SUMS"));
        Assert.That(sums.Trim().Split('\n'), Has.Length.EqualTo(3));
        Assert.That(File.ReadAllText(again.File("SHA256SUMS")), Is.EqualTo(sums));
    }

    [Test]
    public void Lintian_is_content()
    {
        Client.Need("lintian");
        Output output = Client.Run("lintian", "--allow-root", "--fail-on", "error,warning", _deb);

        Assert.That((output.ExitCode, output.Out), Is.EqualTo((0, "")), output.All);
    }

    [Test]
    public void Both_packages_have_the_same_files_but_for_the_names_of_their_systems()
    {
        string[] deb = [.. Client.RunWell("dpkg-deb", "-c", _deb).Out.Trim().Split('\n').Select(l => l[(l.IndexOf(" ./", StringComparison.Ordinal) + 3)..]).Where(f => f.Length > 0 && !f.EndsWith('/'))];
        IEnumerable<string> rpm = Client.RunWell("rpm", "-qp", "--queryformat", "[%{FILEMODES:perms} %{FILENAMES}\n]", _rpm).Out.Trim().Split('\n').Where(l => l[0] == '-').Select(l => l[(l.IndexOf('/') + 1)..]);

        Assert.That(deb.Where(f => !f.Contains("lintian", StringComparison.Ordinal) && !f.EndsWith("changelog.Debian.gz", StringComparison.Ordinal)).Select(f => f.Replace("vendor-completions", "site-functions", StringComparison.Ordinal)), Is.EquivalentTo(rpm));
        Assert.That(deb, Is.SupersetOf(s_used));
    }

    [Test]
    public void The_deb_is_installed_used_removed_and_purged_on_a_bare_system()
    {
        using CleanRoot root = Bare();
        string[] before = root.Entries();
        File.Copy(_deb, root.At("tmp/iscsitop.deb"));
        root.RunWell("dpkg", "-i", "/tmp/iscsitop.deb");
        File.Delete(root.At("tmp/iscsitop.deb"));

        Use(root);
        Assert.That(root.RunWell("dpkg", "-V", "iscsitop"), Is.Empty);
        File.AppendAllText(root.At("etc/iscsitop/target.conf"), "# ours\n");
        root.RunWell("dpkg", "-r", "iscsitop");
        Assert.That(root.Entries().Except(before), Is.EquivalentTo(new[] { "etc/iscsitop", "etc/iscsitop/target.conf" }), "a file that may have been edited stays");
        root.RunWell("dpkg", "-P", "iscsitop");
        Assert.That(root.Entries(), Is.EqualTo(before));
    }

    [Test]
    public void The_rpm_is_installed_used_and_removed_on_a_bare_system()
    {
        using CleanRoot root = Bare();
        string[] before = root.Entries();
        // What it depends on is there, by the names of another system.
        Rpm(root, "-i", "--nodeps", _rpm);

        Use(root);
        Assert.That(Rpm(root, "-V", "--nodeps", "iscsitop"), Is.Empty);
        Assert.That(Rpm(root, "-q", "--requires", "iscsitop"), Does.Contain("libssl.so.3()(64bit)").And.Contain("libc.so.6(GLIBC_2.").And.Not.Contain("libpcap"));
        Assert.That(Rpm(root, "-qc", "iscsitop"), Is.EqualTo("/etc/iscsitop/target.conf\n"));
        File.AppendAllText(root.At("etc/iscsitop/target.conf"), "# ours\n");
        Rpm(root, "-e", "iscsitop");
        Assert.That(root.Entries().Except(before), Is.EquivalentTo(new[] { "etc/iscsitop", "etc/iscsitop/target.conf.rpmsave" }));
        Assert.That(before.Except(root.Entries()), Is.Empty);
    }

    [Test]
    public void An_archive_is_a_prefix_with_the_program_and_what_goes_with_it()
    {
        string archive = Directory.EnumerateFiles(_scratch.Path, "*.tar.gz").Single();
        using var prefix = new Scratch();
        Client.RunWell("tar", "-xzf", archive, "-C", prefix.Path, "--strip-components=1");

        foreach (string file in s_used.Where(f => !f.StartsWith("usr/lib/", StringComparison.Ordinal)))
            Assert.That(File.Exists(prefix.File(file["usr/".Length..].Replace(".8.gz", ".8", StringComparison.Ordinal).Replace("copyright", "LICENSE", StringComparison.Ordinal))), file);
        Assert.That(Client.RunWell(prefix.File("bin/iscsitop"), "--version").Out, Does.StartWith("iscsitop "));
        Assert.That(Client.RunWell(prefix.File("bin/iscsitrace"), "-q", "-e", "-Z", "-s", "who.d").Out, Is.Empty);
        using var bill = JsonDocument.Parse(File.ReadAllBytes(prefix.File("share/doc/iscsitop/iscsitop.cdx.json")));
        Assert.That(bill.RootElement.GetProperty("components").EnumerateArray().Select(c => c.GetProperty("name").GetString()), Has.One.StartsWith("Microsoft.NETCore.App.Runtime."), "the runtime in the program");
        Assert.That(Client.Run("sh", ["-c", "cd \"$0\" && sha256sum -c SHA256SUMS", _scratch.Path], null).ExitCode, Is.Zero);
    }

    [Test]
    public void Archives_for_other_systems_have_a_program_of_theirs()
    {
        using var scratch = new Scratch();
        Output output = Client.Run("bash", [Packing.Script, "--output", scratch.Path, "--platform", "linux-arm64,osx-arm64,win-x64", "archive"], null, TimeSpan.FromMinutes(15));
        Assert.That(output.ExitCode, Is.Zero, output.All);
        foreach ((string platform, string program, byte[] magic) in new (string, string, byte[])[]
        {
            ("linux-arm64", "bin/iscsitop", [0x7F, (byte)'E', (byte)'L', (byte)'F']),
            ("osx-arm64", "bin/iscsitop", [0xCF, 0xFA, 0xED, 0xFE]),
            ("win-x64", "iscsitop.exe", "MZ"u8.ToArray()),
        })
        {
            string archive = Directory.EnumerateFiles(scratch.Path, $"*-{platform}.*").Single();
            if (archive.EndsWith(".zip", StringComparison.Ordinal)) System.IO.Compression.ZipFile.ExtractToDirectory(archive, scratch.Path);
            else Client.RunWell("tar", "-xzf", archive, "-C", scratch.Path);
            string directory = Directory.EnumerateDirectories(scratch.Path, $"*-{platform}").Single();
            Assert.That(File.ReadAllBytes(Path.Combine(directory, program)).AsSpan(0, magic.Length).ToArray(), Is.EqualTo(magic), platform);
            Assert.That(File.ReadAllText(Directory.EnumerateFiles(directory, "iscsitop.cdx.json", SearchOption.AllDirectories).Single()), Does.Contain("Microsoft.NETCore.App.Runtime." + platform));
            Assert.That(Directory.EnumerateFiles(directory, "who.d", SearchOption.AllDirectories).Count(), Is.EqualTo(1), platform);
            Assert.That(Directory.EnumerateFiles(directory, "*.cmd").Count(), Is.EqualTo(platform == "win-x64" ? 2 : 0), platform);
        }
    }

    // A target inside, initiators outside, and a tracer inside that sees them.
    private static void Use(CleanRoot root)
    {
        Client.Need("iscsi-inq");
        foreach (string file in s_used) Assert.That(File.Exists(root.At(file)), file);
        Assert.That(root.RunWell("iscsitop", "--version"), Does.StartWith("iscsitop "));
        Assert.That(root.RunWell("id", "-gn", "iscsitop"), Is.EqualTo("iscsitop\n"));
        Assert.That(root.Run("iscsitop", "target", "--config", "/etc/iscsitop/target.conf", "--check-config").Error, Does.Contain("1 target"));
        Assert.That(root.RunWell("zcat", "/usr/share/man/man8/iscsitop.8.gz"), Does.Contain(".Dt ISCSITOP 8"));
        Assert.That(root.RunWell("iscsitop", "demo"), Does.Contain("R/s"));

        using Subscriber target = root.Start("iscsitop", "target", "--portal", "127.0.0.1:0", "--name", "iqn.2026-11.example.iscsitop:bare", "--lun", "0=ram:1MiB");
        Assert.That(target.Error.WaitFor(Ready().IsMatch, Client.Patience), target.Error.Text);
        using Subscriber snoop = root.Start("iscsisnoop", "--op", "INQUIRY", "-c", "1");
        string url = $"iscsi://{Ready().Match(target.Error.Text).Groups[1].Value}/iqn.2026-11.example.iscsitop:bare/0";
        Assert.That(Client.Mark(url, (initiator, patience) => snoop.Out.WaitFor(text => text.Contains("INQUIRY", StringComparison.Ordinal), patience)), snoop.Error.Text);
        Assert.That((snoop.ToEnd().ExitCode, target.Stop().ExitCode), Is.EqualTo((0, 0)));
    }

    private CleanRoot Bare() => CleanRoot.With(Packing.Related(_deb, "Depends"));

    private static string Rpm(CleanRoot root, params string[] arguments) =>
        Client.RunWell("rpm", ["--root", root.Path, "--dbpath", "/var/lib/rpm", .. arguments]).Out;

    private static void Pack(string directory) => Packing.Pack(directory, "deb", "rpm", "archive");

    [GeneratedRegex(@"listening on (127\.0\.0\.1:[1-9][0-9]*)\b")]
    private static partial Regex Ready();
}
