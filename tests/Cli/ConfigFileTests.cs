using System.Net;
using System.Runtime.CompilerServices;
using Iscsitop.Cli;
using Iscsitop.Cli.Configuration;
using Iscsitop.Target.Server;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class ConfigFileTests
{
    private const string Minimal = "[[target]]\nname = \"iqn.2026-01.test.example:t\"\nluns = [\"0=ram:1MiB\"]\n";
    private const string Secret = "correct horse battery";
    private Scratch _scratch = null!;

    [SetUp]
    public void MakeFiles()
    {
        _scratch = new Scratch();
        WriteSecret("a.secret", Secret + "\n");
        WriteSecret("b.secret", "another secret");
        WriteSecret("short.secret", "hunter2");
        WriteSecret("empty.secret", "");
    }

    [TearDown]
    public void Remove() => _scratch.Dispose();

    [Test]
    public void The_example_is_right_and_says_what_it_seems_to()
    {
        TargetOptions options = ConfigFile.Read(Path.Combine(Home(), "docs", "iscsitop-target.conf"));
        TargetSpec archive = options.Targets[1];

        Assert.Multiple(() =>
        {
            Assert.That(options.Targets.Select(t => t.Name[24..]), Is.EqualTo(new[] { "scratch", "archive", "old" }));
            Assert.That(options.PortalGroups.Single().Portals.Select(p => p.ToString()), Is.EqualTo(new[] { "127.0.0.1:3260", "[::1]:3260" }));
            Assert.That((options.Targets[0].IsGuarded, archive.IsGuarded), Is.EqualTo((false, true)));
            Assert.That(archive.Initiators.Select(i => (i.Name[4..11], i.ReadOnly, i.Luns?[0])), Is.EqualTo(new (string, bool, int?)[] { ("1998-01", false, null), ("1993-08", false, 1), ("1991-05", true, null) }));
            Assert.That(options.Targets[2].Redirection, Is.EqualTo(new Redirection(IPEndPoint.Parse("192.0.2.7:3260"), Permanent: true)));
            Assert.That(options.Targets[0].Luns[1].BlockSize, Is.EqualTo(4096));
        });
    }

    [Test]
    public void The_examples_numbers_are_the_defaults()
    {
        TargetOptions example = ConfigFile.Read(Path.Combine(Home(), "docs", "iscsitop-target.conf"));
        TargetOptions plain = new();

        Assert.That(Numbers(example), Is.EqualTo(Numbers(plain)));

        static object Numbers(TargetOptions o) => (o.MaxConnections, o.MaxSessionsPerInitiator, o.MaxHalfOpen, o.MaxHalfOpenPerAddress, o.LogsPerSecond, o.MaxConnectionsPerSession, (o.MaxCommands, o.MaxText, o.MaxBuffers, o.MaxBuffersPerConnection, o.MaxRegistrations, o.MaxCopies),
            (o.LoginTimeout, o.NopInterval, o.NopTimeout, o.DataTimeout, o.SendTimeout, o.Drain));
    }

    [Test]
    public void The_page_explains_every_key()
    {
        string page = File.ReadAllText(Path.Combine(Home(), "man", "iscsitop-target.conf.5")).ReplaceLineEndings("\n");
        IEnumerable<string> keys = ConfigFile.Root.Select(k => k.Name).Concat(ConfigFile.Limits.Select(k => k.Name)).Concat(ConfigFile.Timeouts.Select(k => k.Name))
            .Concat(ConfigFile.PortalGroups.Select(k => k.Name)).Concat(ConfigFile.Discovery.Select(k => k.Name)).Concat(ConfigFile.Targets.Select(k => k.Name))
            .Concat(ConfigFile.Initiators.Select(k => k.Name)).Concat(Secrets.Keys);
        string[] explained = [.. page.Split('\n').Where(l => l.StartsWith(".It Cm ", StringComparison.Ordinal)).Select(l => l.Split(' ')[2])];

        Assert.That(explained.Distinct(), Is.EquivalentTo(keys.Distinct()));
    }

    [Test]
    public void Accounts_come_from_files_and_are_never_shown()
    {
        TargetOptions options = Read(Minimal + Account("a.secret") + "[target.mutual]\nuser = \"us\"\nsecret_file = \"b.secret\"\n"
            + "[discovery]\naccount = [{ user = \"d\", secret_file = \"a.secret\" }]\n");
        Authentication proof = options.Targets[0].Authentication;

        Assert.Multiple(() =>
        {
            Assert.That((proof.Required, proof.Incoming.Single().User, proof.Outgoing!.User), Is.EqualTo((true, "alice", "us")));
            Assert.That(proof.Incoming[0].Secret, Is.EqualTo(System.Text.Encoding.ASCII.GetBytes(Secret)), "without the line's end");
            Assert.That(options.DiscoveryAuthentication.Required);
            Assert.That(options.Targets[0].IsGuarded);
            Assert.That($"{options} {options.Targets[0]} {proof} {proof.Incoming[0]}", Does.Not.Contain(Secret));
        });
    }

    [Test]
    public void A_secret_that_others_may_read_is_refused()
    {
        Client.NeedThat(!OperatingSystem.IsWindows(), "Windows has no modes");
        string path = _scratch.File("a.secret");
#pragma warning disable CA1416 // guarded above
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
#pragma warning restore CA1416

        Assert.That(() => Read(Minimal + Account("a.secret")), Throws.TypeOf<InputException>().With.Message.EqualTo(
            $"{_scratch.File("t.conf")}:6: target.account.secret_file: '{path}' has mode 0440, so that others may read it (chmod 600 '{path}')"));
    }

    [TestCase("x = 1\n", 1, "x: there is no such key (limits, timeouts, portal_group, discovery, target are)")]
    [TestCase("[limits]\nconections = 1\n", 2, "limits.conections: there is no such key (connections, ")]
    [TestCase("[limits]\nconnections = 0\n", 2, "limits.connections: 0 is wrong (a whole number from 1 to 65535 is wanted)")]
    [TestCase("[limits]\nconnections = \"many\"\n", 2, "limits.connections: \"many\" is wrong (a whole number from 1 to 65535 is wanted)")]
    [TestCase("limits = 3\n", 1, "limits: 3 is wrong (a table [limits] is wanted)")]
    [TestCase("[timeouts]\nlogin = 3601\n", 2, "timeouts.login: 3601 is wrong (seconds, a whole number from 1 to 3600 is wanted)")]
    [TestCase("[timeouts]\n\nlogin = 1.5\n", 3, "timeouts.login: 1.5 is wrong (seconds")]
    [TestCase("[[portal_group]]\ntag = 1\n", 1, "portal_group: the key portals is missing")]
    [TestCase("[[portal_group]]\ntag = 1\nportals = [\"localhost\"]\n", 3, "portal_group.portals: invalid portal -- localhost (an address and no name")]
    [TestCase("[[portal_group]]\ntag = 1\nportals = []\n", 3, "portal_group.portals: a portal at least is wanted")]
    [TestCase("[[portal_group]]\ntag = 70000\nportals = []\n", 2, "portal_group.tag: 70000 is wrong")]
    [TestCase("[[portal_group]]\ntag = 1\nportals = [\"::1\"]\n[[portal_group]]\ntag = 1\nportals = [\"127.0.0.1\"]\n", 5, "portal_group.tag: there is a group 1 already")]
    [TestCase("[[portal_group]]\ntag = 1\nportals = [\"::1\"]\n[[portal_group]]\ntag = 2\nportals = [\"::1\"]\n", 6, "portal_group.portals: [::1]:3260 is given twice")]
    [TestCase("[discovery]\nuser = \"x\"\n", 2, "discovery.user: there is no such key (account, mutual are)")]
    [TestCase("nonsense\n", 1, "TOML is wanted")]
    [TestCase("[limits]\nconnections = 1\nconnections = 2\n", 3, "connections")]
    public void What_is_wrong_before_the_targets_has_its_place(string text, int line, string says) => Wrong(text + Minimal, line, says);

    [TestCase("lun = [\"0=ram:1MiB\"]\n", 4, "target.lun: there is no such key (name, alias, luns, ")]
    [TestCase("alias = 7\n", 4, "target.alias: 7 is wrong (a text in quotes, of at most 255 bytes is wanted)")]
    [TestCase("portal_groups = [2]\n", 4, "target.portal_groups: there is no portal group 2 (1 there are)")]
    [TestCase("unlisted = \"perhaps\"\n", 4, "target.unlisted: \"perhaps\" is wrong (\"allow\" or \"refuse\" is wanted)")]
    [TestCase("redirect = \"elsewhere\"\n", 4, "target.redirect: invalid portal -- elsewhere (")]
    [TestCase("redirect_permanent = true\n", 4, "target.redirect_permanent: says nothing without redirect")]
    [TestCase("[[target.initiator]]\nread_only = true\n", 4, "target.initiator: the key name is missing")]
    [TestCase("[[target.initiator]]\nname = \"iqn.2026-01.com.Example\"\n", 5, "target.initiator.name: \"iqn.2026-01.com.Example\" is wrong (an iSCSI name in lower case")]
    [TestCase("[[target.initiator]]\nname = \"iqn.*.x\"\n", 5, "target.initiator.name: \"iqn.*.x\" is wrong")]
    [TestCase("[[target.initiator]]\nname = \"iqn.2026-01.x:*\"\nluns = { 0 = 5 }\n", 6, "target.initiator.luns: LUN 0 is to be unit 5, which luns of the target does not have")]
    [TestCase("[[target.initiator]]\nname = \"iqn.2026-01.x:*\"\nluns = { a = 0 }\n", 6, "target.initiator.luns.a: a LUN from 0 to 16383 is wanted as the key")]
    [TestCase("[[target.initiator]]\nname = \"iqn.2026-01.x:*\"\nread_only = \"yes\"\n", 6, "target.initiator.read_only: \"yes\" is wrong (true or false is wanted)")]
    [TestCase("[[target.account]]\nuser = \"alice\"\nsecret = \"hidden and long\"\n", 6, "target.account.secret: a secret does not stand here (secret_file = \"PATH\" names")]
    [TestCase("[[target.account]]\nuser = \"alice\"\n", 4, "target.account: the key secret_file is missing")]
    [TestCase("[[target.account]]\nuser = \"\"\nsecret_file = \"a.secret\"\n", 5, "target.account.user: \"\" is wrong (a name of 1 to 255 characters is wanted)")]
    [TestCase("[[target.account]]\nuser = \"alice\"\nsecret_file = \"missing\"\n", 6, "target.account.secret_file: there is no file '")]
    [TestCase("[[target.account]]\nuser = \"alice\"\nsecret_file = \"empty.secret\"\n", 6, "is empty or no regular file")]
    [TestCase("[[target.account]]\nuser = \"alice\"\nsecret_file = \"short.secret\"\n", 6, "should have 12 to 255 bytes")]
    [TestCase("[target.mutual]\nuser = \"us\"\nsecret_file = \"b.secret\"\n", 4, "target.mutual: says nothing without an account")]
    [TestCase("[[target.account]]\nuser = \"alice\"\nsecret_file = \"a.secret\"\n[target.mutual]\nuser = \"us\"\nsecret_file = \"a.secret\"\n", 7, "target.mutual: its secret is an account's too")]
    [TestCase("[[target]]\nluns = []\n", 4, "target: the key name is missing")]
    [TestCase("[[target]]\nname = \"nonsense\"\n", 5, "target.name: \"nonsense\": no iSCSI name: expected iqn.")]
    [TestCase("[[target]]\nname = \"iqn.2026-01.test.example:t\"\n", 5, "target.name: there is a target iqn.2026-01.test.example:t already")]
    [TestCase("[[target]]\nname = \"iqn.2026-01.test.example:u\"\nluns = [\n \"0=ram:1MiB\",\n \"1=ram\"\n]\n", 8, "target.luns: LUN '1=ram': should look like")]
    [TestCase("[[target]]\nname = \"iqn.2026-01.test.example:u\"\nluns = [\"0=ram:1MiB\", \"0=ram:2MiB\"]\n", 6, "target.luns: LUN 0 is given twice")]
    public void What_is_wrong_in_a_target_has_its_place(string text, int line, string says) => Wrong(Minimal + text, line, says);

    [Test]
    public void No_error_shows_a_secret() =>
        Assert.That(() => Read(Minimal + Account("short.secret")), Throws.TypeOf<InputException>().With.Message.Not.Contains("hunter2"));

    [Test]
    public void A_file_that_is_not_there_or_empty_is_refused()
    {
        Assert.That(() => ConfigFile.Read(_scratch.File("nothing.conf")), Throws.TypeOf<InputException>().With.Message.EndsWith("nothing.conf: there is no such file"));
        Assert.That(() => Read(""), Throws.TypeOf<InputException>().With.Message.Contains("is empty"));
        Assert.That(() => Read("# nothing\n"), Throws.TypeOf<InputException>().With.Message.EndsWith("t.conf:1: there is no [[target]]"));
    }

    [Test]
    public void Whether_unlisted_initiators_may_log_in_depends_on_the_list_unless_said()
    {
        const string Entry = "[[target.initiator]]\nname = \"iqn.2026-01.x:*\"\n";
        Assert.Multiple(() =>
        {
            Assert.That(Read(Minimal).Targets[0].AllowsUnlisted, Is.True);
            Assert.That(Read(Minimal + Entry).Targets[0].AllowsUnlisted, Is.False);
            Assert.That(Read(Minimal + "unlisted = \"allow\"\n" + Entry).Targets[0].AllowsUnlisted, Is.True);
            Assert.That(Read(Minimal + "unlisted = \"refuse\"\n").Targets[0].AllowsUnlisted, Is.False);
        });
    }

    private static string Account(string file) => $"[[target.account]]\nuser = \"alice\"\nsecret_file = \"{file}\"\n";

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", ".."));

    private void Wrong(string text, int line, string says) =>
        Assert.That(() => Read(text), Throws.TypeOf<InputException>().With.Message.StartsWith($"{_scratch.File("t.conf")}:{line}: ").And.Message.Contains(says));

    private TargetOptions Read(string text)
    {
        File.WriteAllText(_scratch.File("t.conf"), text);
        return ConfigFile.Read(_scratch.File("t.conf"));
    }

    private void WriteSecret(string name, string text)
    {
        File.WriteAllText(_scratch.File(name), text);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_scratch.File(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
