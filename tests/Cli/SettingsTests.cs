using Iscsitop.Cli;
using Iscsitop.Cli.Commands;
using Iscsitop.Cli.Configuration;

namespace Iscsitop.Tests.Cli;

/// <summary>The viewers' configuration: what holds, where it comes from, and what is wrong with it.</summary>
[TestFixture]
public sealed class SettingsTests
{
    private string _directory = "";

    private string File => Path.Combine(_directory, "c.toml");

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("its").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, true);

    private Settings Load(string text, params (string Name, string Value)[] environment)
    {
        System.IO.File.WriteAllText(File, text);
        return SettingsFile.Load(File, name => environment.FirstOrDefault(e => e.Name == name).Value);
    }

    [Test]
    public void Nothing_said_is_the_default()
    {
        Settings settings = Load("");
        Assert.That((settings.View, settings.Unit, settings.Names, settings.Origins.Count, settings.Keys.Table), Is.EqualTo(("lun", "ms", "alias", 0, KeyMap.Default.Table)));
    }

    [Test]
    public void The_environment_goes_over_the_file()
    {
        Settings settings = Load("unit = \"us\"\nextended = true\ninterval = 2\n", ("ISCSITOP_UNIT", "s"), ("ISCSITOP_INTERVAL", "0.5"), ("ISCSITOP_ROWS", "7"), ("ISCSITOP_VIEW", ""));
        Assert.Multiple(() =>
        {
            Assert.That((settings.Unit, settings.Extended, settings.Interval, settings.Rows, settings.View), Is.EqualTo(("s", true, 0.5, 7, "lun")));
            Assert.That(settings.Origins["unit"], Is.EqualTo("ISCSITOP_UNIT"));
            Assert.That(settings.Origins["extended"], Is.EqualTo(File + ":2"));
            Assert.That(settings.Origins.ContainsKey("view"), Is.False);
        });
    }

    [Test]
    public void The_file_is_the_users_or_the_one_that_is_named()
    {
        string user = Path.Combine(_directory, "iscsitop", "config.toml");
        Directory.CreateDirectory(Path.GetDirectoryName(user)!);
        System.IO.File.WriteAllText(user, "unit = \"s\"");
        System.IO.File.WriteAllText(File, "unit = \"us\"");
        if (OperatingSystem.IsWindows()) Assert.Ignore("a variable does not say where %APPDATA% is");
        Assert.Multiple(() =>
        {
            Assert.That(Unit(null, ("XDG_CONFIG_HOME", _directory)), Is.EqualTo("s"));
            Assert.That(Unit(null, ("XDG_CONFIG_HOME", _directory), ("ISCSITOP_CONFIG", File)), Is.EqualTo("us"));
            Assert.That(Unit(user, ("ISCSITOP_CONFIG", File)), Is.EqualTo("s"));
            Assert.That(Unit(null, ("XDG_CONFIG_HOME", _directory + "-none")), Is.EqualTo("ms"));
            Assert.That(() => Unit(File + "x"), Throws.TypeOf<InputException>().With.Message.EqualTo(File + "x: there is no such file"));
            Assert.That(() => Unit(null, ("ISCSITOP_CONFIG", File + "x")), Throws.TypeOf<InputException>());
        });

        static string Unit(string? path, params (string Name, string Value)[] environment) =>
            SettingsFile.Load(path, name => environment.FirstOrDefault(e => e.Name == name).Value).Unit;
    }

    private const string Full = """
        view = "initiator"
        interval = 1.5
        binary = true
        color = "never"
        filter = "lun==3 && initiator~\"esx\""
        [columns]
        lun = ["lun", "reads_per_s"]
        [sort]
        lun = "+lun"
        opcode = "p99_us"
        [thresholds]
        write_p99_us = ["5ms", "20ms"]
        busy_pct = [50, 60.5]
        [aliases]
        "iqn.x:y" = "a \"b\""
        "192.0.2.7" = "c"
        [keys]
        pause = ["Space"]
        down = ["Down", "j", "z", "Ctrl-N"]
        [presets]
        slow = { filter = "lat>1s" }
        [presets.mine]
        view = "session"
        columns = ["initiator", "end"]
        sort = "+initiator"
        """;

    [Test]
    public void What_is_printed_can_be_read_again_and_says_the_same()
    {
        Settings settings = Load(Full);
        string printed = ConfigCommand.Effective(settings);
        Settings again = Load(printed);
        Assert.Multiple(() =>
        {
            Assert.That(Plain(ConfigCommand.Effective(again)), Is.EqualTo(Plain(printed)));
            Assert.That(printed, Does.Contain($"binary = true  # {File}:3\n").And.Contain("unit = \"ms\"  # default\n").And.Contain($"down = [\"Down\", \"j\", \"z\", \"Ctrl-N\"]  # {File}:19\n"));
            Assert.That((settings.Filter, settings.Aliases["iqn.x:y"], settings.Thresholds["write_p99_us"], settings.Thresholds["busy_pct"]), Is.EqualTo(("lun==3 && initiator~\"esx\"", "a \"b\"", new Threshold(5000, 20000), new Threshold(50, 60.5))));
            Assert.That(settings.Presets.Select(p => p.Name), Is.EqualTo(new[] { "writes", "failures", "slow", "mine" }));
            Assert.That((settings.Keys.ActionOf('z'), settings.Keys.ActionOf(Keys.Parse("Ctrl-N")), settings.Keys.ActionOf(' ')), Is.EqualTo((KeyAction.Down, KeyAction.Down, KeyAction.Pause)));
        });

        static string Plain(string text) => string.Join('\n', text.Split('\n').Select(l => l.Split("  # ")[0]));
    }

    [Test]
    public void The_template_is_all_comment_and_right_without_its_hashes()
    {
        string template = ConfigCommand.Template();
        Assert.That(template.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.All.StartsWith("# "));
        string lines = string.Join('\n', template.Split('\n').Where(l => l.Contains(" = ", StringComparison.Ordinal) || l.StartsWith("# [", StringComparison.Ordinal)).Select(l => l[2..]));
        Assert.That(() => Load(lines), Throws.Nothing);
        foreach (SettingRow row in SettingRows.Plain) Assert.That(lines, Does.Contain($"{row.Name} = "));
        foreach (SettingTable table in SettingRows.Tables) Assert.That(lines, Does.Contain($"[{table.Name}]"));
    }

    [TestCase("vew = 1", "1: vew: there is no such key (view?)")]
    [TestCase("view = \"luns\"", "1: view: \"luns\" is wrong (\"lun\" or ")]
    [TestCase("\nview = 3", "2: view: 3 is wrong (")]
    [TestCase("interval = 0", "1: interval: 0 is wrong (seconds from 0.1 to 86400 is wanted)")]
    [TestCase("interval = \"1\"", "1: interval: \"1\" is wrong (seconds from 0.1 to 86400 is wanted)")]
    [TestCase("binary = 1", "1: binary: 1 is wrong (true or false is wanted)")]
    [TestCase("rows = -1", "1: rows: -1 is wrong (a whole number from 0 to 1000000 is wanted)")]
    [TestCase("filter = \"luns==1\"", "1: filter: there is no field luns (lun?), at character 1 of the filter")]
    [TestCase("columns = 1", "1: columns: 1 is wrong (a table [columns] is wanted)")]
    [TestCase("[columns]\nluns = []", "2: columns.luns: there is no such view (lun?)")]
    [TestCase("[columns]\nlun = []", "2: columns.lun: a list is wrong (one field at least is wanted)")]
    [TestCase("[columns]\nlun = [\"reads_per\"]", "2: columns.lun: \"reads_per\" is no field of the view lun (reads_per_s?)")]
    [TestCase("[columns]\nlun = \"lun\"", "2: columns.lun: \"lun\" is wrong (a list of fields, like [\"target\", \"lun\"] is wanted)")]
    [TestCase("[sort]\nlun = \"+nothing_of_it\"", "2: sort.lun: \"nothing_of_it\" is no field of the view lun (target, ")]
    [TestCase("[thresholds]\np99_us = [\"20ms\"]", "2: thresholds.p99_us: a list is wrong (two latencies like [\"10ms\", \"50ms\"], the lower one first is wanted)")]
    [TestCase("[thresholds]\np99_us = [\"20ms\", \"10ms\"]", "2: thresholds.p99_us: a list is wrong (two latencies like [\"10ms\", \"50ms\"], the lower one first is wanted)")]
    [TestCase("[thresholds]\nbusy_pct = [\"20ms\", 90]", "2: thresholds.busy_pct: \"20ms\" is wrong (two numbers like [90, 95], the lower one first is wanted)")]
    [TestCase("[thresholds]\np98_us = [1, 2]", "2: thresholds.p98_us: no field ends like this (p95_us?)")]
    [TestCase("[aliases]\n\"iqn.a\" = 3", "2: aliases.iqn.a: 3 is wrong (a text in quotes, of at most 255 bytes is wanted)")]
    [TestCase("[keys]\nquite = [\"q\"]", "2: keys.quite: there is no such action (quit?)")]
    [TestCase("[keys]\nquit = [\"qq\"]", "2: keys.quit: \"qq\" is no key (a character, Up, ")]
    [TestCase("[keys]\nquit = \"q\"", "2: keys.quit: \"q\" is wrong (a list of keys, like [\"q\", \"Ctrl-C\"] is wanted)")]
    [TestCase("[keys]\nquit = [\"z\"]", "2: keys.quit: \"z\" is a key of pause already (give that other keys, too)")]
    [TestCase("[keys]\npause = [\"a\"]\nquit = [\"a\"]", "3: keys.quit: \"a\" is a key of pause already (give that other keys, too)")]
    [TestCase("[keys]\npanel = [\"Ctrl-I\"]", "2: keys.panel: \"Ctrl-I\" is a key of next_view already (give that other keys, too)")]
    [TestCase("[presets.a]\nsort = \"lun\"", "2: presets.a.sort: says nothing without view: fields are those of a view")]
    [TestCase("[presets.a]\nview = \"lun\"\nsort = \"end\"", "3: presets.a.sort: \"end\" is no field of the view lun (")]
    [TestCase("[presets.a]\nfilter = \"lat>1\"", "2: presets.a.filter: 1 is no value of lat (")]
    [TestCase("[presets.a]\nvieww = 1", "2: presets.a.vieww: there is no such key (view, sort, columns, filter are)")]
    [TestCase("view = ", "1: ")]
    public void Errors_name_file_line_key_and_what_would_be_right(string text, string expected)
    {
        UsageException e = Assert.Throws<UsageException>(() => Load(text))!;
        Assert.That(e.Message, Does.StartWith(File + ":" + expected));
    }

    [Test]
    public void What_is_no_TOML_names_the_right_page() =>
        Assert.That(Assert.Throws<UsageException>(() => Load("view = "))!.Message, Does.EndWith("(TOML is wanted, see iscsitop-config(5))"));

    [TestCase("ISCSITOP_UNIT", "m", "ISCSITOP_UNIT: \"m\" is wrong (\"us\" or \"ms\" or \"s\" is wanted)")]
    [TestCase("ISCSITOP_INTERVAL", "soon", "ISCSITOP_INTERVAL: \"soon\" is wrong (seconds from 0.1 to 86400 is wanted)")]
    public void Errors_of_the_environment_name_the_variable(string name, string value, string expected) =>
        Assert.That(Assert.Throws<UsageException>(() => Load("", (name, value)))!.Message, Is.EqualTo(expected));

    [Test]
    public void The_command_line_goes_over_the_file()
    {
        System.IO.File.WriteAllText(File, "view = \"initiator\"\n[columns]\ninitiator = [\"initiator\", \"reads_per_s\"]\n[aliases]\n\"127.0.0.1\" = \"here\"\n");
        string[] capture = ["-b", "--config", File, "-r", Iscsitop.Tests.Pipeline.Corpus.PathOf("reads.pcap")];
        Assert.Multiple(() =>
        {
            Assert.That(Run(capture).Split('\n')[0], Does.Match("^INITIATOR +R/s$"));
            Assert.That(Run(capture), Does.Contain("\nhere "));
            Assert.That(Run([.. capture, "--names", "iqn"]), Does.Not.Contain("here"));
            Assert.That(Run([.. capture, "--view", "lun"]), Does.StartWith("TARGET "));
            Assert.That(Run([.. capture, "-o", "csv"]), Does.Contain("read_p99_us").And.Not.Contain("here"), "files keep their fields and names");
            Assert.That(Run(["snoop", .. capture[1..]]), Does.Contain(" here "));
            Assert.That(Run(["snoop", "-j", .. capture[1..]]), Does.Not.Contain("here"));
        });

        static string Run(string[] args)
        {
            using var output = new MemoryStream();
            int code = CommandLine.Run(args, new Iscsitop.Cli.Output.Streams(output, TextWriter.Null, false, false));
            Assert.That(code, Is.Zero);
            return System.Text.Encoding.UTF8.GetString(output.ToArray());
        }
    }
}
