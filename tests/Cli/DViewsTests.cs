using Iscsitop.Cli;
using Iscsitop.Cli.Commands;
using Iscsitop.Cli.Configuration;

namespace Iscsitop.Tests.Cli;

/// <summary>D programs that are kept by name.</summary>
[TestFixture]
public sealed class DViewsTests
{
    private const string Who = "@[args[0]->ci_remote, \"a\\n\"] = count()";

    private string _directory = "";

    private string Config => Path.Combine(_directory, "config.toml");

    private string Kept => Path.Combine(_directory, "views.toml");

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("its").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, true);

    private Settings Load(string config = "", string? kept = null)
    {
        File.WriteAllText(Config, config);
        if (kept is not null) File.WriteAllText(Kept, kept);
        return SettingsFile.Load(Config, _ => null);
    }

    [Test]
    public void Both_files_have_them_and_say_so()
    {
        Settings settings = Load("[d]\nwho = \"@ = count()\"\n", "# mine\n[d]\nwho = \"@[1] = count()\"\nq2 = '''\nscsi-command\n{ @ = count(); }'''\n");
        Assert.Multiple(() =>
        {
            Assert.That(settings.DViews, Is.EquivalentTo(new Dictionary<string, string> { ["who"] = "@ = count()", ["q2"] = "scsi-command { @ = count(); }" }));
            Assert.That(ConfigCommand.Effective(settings), Does.Contain($"[d]\nwho = \"@ = count()\"  # {Config}:2\nq2 = \"scsi-command {{ @ = count(); }}\"  # {Kept}:4\n"));
        });
    }

    [Test]
    public void What_is_kept_can_be_read_again()
    {
        Settings settings = Load("unit = \"us\"  # mine\n");
        Assert.That(DViews.Save(settings, "who", Who), Is.Empty);
        Assert.That(DViews.Save(settings, "who-2", "@ = sum(1)"), Is.Empty);
        Assert.That(SettingsFile.Load(Config, _ => null).DViews, Is.EquivalentTo(new Dictionary<string, string> { ["who"] = Who, ["who-2"] = "@ = sum(1)" }));
        Assert.That(File.ReadAllText(Config), Is.EqualTo("unit = \"us\"  # mine\n"));
        Assert.That(Directory.GetFiles(_directory), Is.EquivalentTo(new[] { Config, Kept }));
    }

    [Test]
    public void Whatever_else_stands_in_the_file_stays()
    {
        Settings settings = Load(kept: "# first\n\n[d]\n# second\nold = \"@ = count()\" # a \"third\"\nlast = '''\n@ = sum(1)'''");
        Assert.That(DViews.Save(settings, "old", "@[\"#\"] = max(1)"), Is.Empty);
        Assert.That(DViews.Save(settings, "new", "@ = min(1)"), Is.Empty);
        Assert.That(File.ReadAllText(Kept), Is.EqualTo("# first\n\n[d]\n# second\nold = \"@[\\\"#\\\"] = max(1)\"  # a \"third\"\nlast = '''\n@ = sum(1)'''\nnew = \"@ = min(1)\"\n"));
    }

    [Test]
    public void What_would_be_lost_is_not_replaced()
    {
        Settings settings = Load("[d]\nmine = \"@ = count()\"\n", "[d]\nlong = '''\n@ = sum(1)'''\n");
        Assert.That(DViews.Save(settings, "mine", "@ = sum(1)"), Is.EqualTo($"mine stands in {Config}:2: change it there, or take another name"));
        Assert.That(DViews.Save(settings, "long", "@ = sum(2)"), Is.EqualTo($"long is more than a line in {Kept}: change it there"));
        Assert.That(DViews.Save(settings with { ViewsFile = "" }, "x", "@ = sum(2)"), Is.EqualTo("there is no configuration to keep it in"));
        File.WriteAllText(Kept, "no TOML");
        Assert.That(DViews.Save(settings, "x", "@ = sum(2)"), Does.StartWith($"{Kept}:1: "));
        Assert.That(File.ReadAllText(Kept), Is.EqualTo("no TOML"));
    }

    [TestCase("[d]\nlun = \"@ = count()\"", ":2: d.lun: lun is a view already")]
    [TestCase("[d]\nsort = \"@ = count()\"", ":2: d.sort: sort is a command already")]
    [TestCase("[d]\n\"a b\" = \"@ = count()\"", ":2: d.a b: a name of letters, digits, - and _ is wanted, of at most 32")]
    [TestCase("[d]\nx = \" \"", ":2: d.x: \" \" is wrong (an aggregation or a program of D in quotes is wanted)")]
    [TestCase("[d]\nx = 1", ":2: d.x: 1 is wrong (a text in quotes, of at most 4000 bytes is wanted)")]
    public void What_is_wrong_is_told_with_its_place(string text, string message)
    {
        Assert.That(() => Load(text), Throws.TypeOf<UsageException>().With.Message.EqualTo(Config + message));
        Assert.That(() => Load(kept: text), Throws.TypeOf<UsageException>().With.Message.EqualTo(Kept + message));
    }

    [Test]
    public void Nothing_else_may_stand_beside_the_table() =>
        Assert.That(() => Load(kept: "unit = \"us\"\n"), Throws.TypeOf<UsageException>().With.Message.EqualTo($"{Kept}:1: unit: there is no such key here ([d] is the only table)"));

    [Test]
    public void A_link_stays_one()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("links need a right there");
        Directory.CreateDirectory(Path.Combine(_directory, "dotfiles"));
        string real = Path.Combine(_directory, "dotfiles", "v.toml");
        File.WriteAllText(real, "[d]\n");
        File.CreateSymbolicLink(Kept, real);
        Assert.That(DViews.Save(Load(), "x", "@ = count()"), Is.Empty);
        Assert.That((File.ReadAllText(real), new FileInfo(Kept).LinkTarget), Is.EqualTo(("[d]\nx = \"@ = count()\"\n", real)));
    }
}
