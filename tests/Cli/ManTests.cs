using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Iscsitop.Cli;
using Iscsitop.Cli.Configuration;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Cli.Top;
using Iscsitop.Engine.Checking;
using Iscsitop.Engine.Filtering;
using Iscsitop.Tests.Conformance;
using SysCommand = System.CommandLine.Command;

namespace Iscsitop.Tests.Cli;

/// <summary>What stands twice, in the tables and in man pages or completions, must say the same.</summary>
[TestFixture]
public sealed partial class ManTests
{
    private static readonly (string Command, string Page)[] s_pages =
        [("", "iscsitop.8"), ("snoop", "iscsisnoop.8"), ("trace", "iscsitrace.8"), ("sessions", "iscsitop-sessions.8"), ("list", "iscsitop-list.8"), ("engine", "iscsitop-engine.8"), ("record", "iscsitop-record.8"), ("metrics", "iscsitop-metrics.8"), ("diff", "iscsitop-diff.8"), ("check", "iscsitop-check.8"), ("target", "iscsitop-target.8"), ("config", "iscsitop-config.8"), ("demo", "iscsitop-demo.8")];

    private static IEnumerable<TestCaseData> Pages => s_pages.Select(p => new TestCaseData(Find(p.Command), p.Page).SetArgDisplayNames(p.Page));

    [Test]
    public void Every_command_has_a_page() =>
        Assert.That(Root().Subcommands.Select(c => c.Name).Append(""), Is.EquivalentTo(s_pages.Select(p => p.Command)));

    [TestCaseSource(nameof(Pages))]
    public void A_page_has_the_options_of_its_command_and_no_others(SysCommand command, string page)
    {
        IEnumerable<string> documented = Item().Matches(Page(page)).SelectMany(m => Flag().Matches(m.Value)).Select(m => "-" + m.Groups[1].Value);
        Assert.That(documented, Is.EquivalentTo(Options(command).SelectMany(Names)));
    }

    [TestCaseSource(nameof(Pages))]
    public void A_page_explains_options_as_the_help_does(SysCommand command, string page)
    {
        foreach (Option option in Options(command))
        {
            string names = string.Join(" , ", Names(option).OrderBy(n => n.Length).Select(n => "Fl " + n[1..]));
            string value = option.HelpName is { } ar ? " Ar " + ar : "";
            Assert.That(Page(page), Does.Contain($"\n.It {names}{value}\n{Sentence(option.Description!)}\n"));
        }
    }

    [TestCaseSource(nameof(Pages))]
    public void A_page_has_its_sections(SysCommand command, string page)
    {
        Assert.That(command.Description, Is.Not.Empty);
        foreach (string section in new[] { "NAME", "SYNOPSIS", "DESCRIPTION", "FIELDS", "OVERHEAD", "EXIT STATUS", "EXAMPLES", "SEE ALSO" })
            Assert.That(Page(page), Does.Contain($"\n.Sh {section}\n"));
    }

    // troff finds what it cannot set, mandoc what it does not understand.
    [TestCase("man", "--warnings -E UTF-8 -l")]
    [TestCase("mandoc", "-T lint -W warning")]
    public void Every_page_is_well_formed(string program, string options)
    {
        Client.Need(program);
        string[] pages = [.. Directory.EnumerateFiles(Path.Combine(Home(), "man")).Order(StringComparer.Ordinal)];
        Assert.That(pages, Has.Length.GreaterThanOrEqualTo(s_pages.Length));
        var environment = new Dictionary<string, string> { ["MANWIDTH"] = "100", ["MANPAGER"] = "cat" };
        foreach (string page in pages)
        {
            Output output = Client.Run(program, [.. options.Split(' '), page], environment);
            // How wide a table is depends on the terminal.
            string said = string.Join('\n', output.Error.Split('\n').Where(l => !l.EndsWith("can't break line", StringComparison.Ordinal)));
            Assert.That((output.ExitCode, said, program == "man" ? "" : output.Out), Is.EqualTo((0, "", "")), page);
        }
    }

    [Test]
    public void Every_field_of_every_view_is_explained()
    {
        string page = Page("iscsitop.8");
        foreach (Column c in Views.All.Concat(FleetViews.All).SelectMany(v => v.Columns).DistinctBy(c => c.Field))
        {
            string unit = c.Unit.Length == 0 ? "" : " , in " + c.Unit;
            Assert.That(page, Does.Contain($"\n.It Cm {c.Field} Pq Li {c.Header}{unit}\n{Sentence(c.Help)}\n"));
        }
        Assert.That(Regex.Count(page, @"(?m)^\.It Cm "), Is.EqualTo(Views.All.Concat(FleetViews.All).SelectMany(v => v.Columns).DistinctBy(c => c.Field).Count()));
    }

    [Test]
    public void Every_key_is_explained()
    {
        string page = Page("iscsitop.8");
        foreach (KeyBinding key in Keys.Table)
            Assert.That(page, Does.Contain($"\n.It Ic {string.Join(" , Ic ", key.Keys.Select(Escaped))}\n{Sentence(key.Help)}\n"));
        Assert.That(Regex.Count(page, @"(?m)^\.It Ic "), Is.EqualTo(Keys.Table.Length));

        // Alone on its line's end these would be taken for punctuation, mdoc(7).
        static string Escaped(string key) => key is "?" or "." or "," or "!" or ":" ? @"\&" + key : key == "-" ? @"\-" : key;
    }

    [Test]
    public void Every_field_of_a_record_is_explained()
    {
        string page = Page("iscsisnoop.8");
        IEnumerable<(string Name, string Help)> fields = RecordFields.OfCommand.Select(f => (f.Name, f.Help)).Concat(RecordFields.OfPdu.Select(f => (f.Name, f.Help)));
        foreach ((string name, string help) in fields)
            Assert.That(page, Does.Contain($"\n.It Cm {name}\n{Sentence(help)}\n"));
    }

    [Test]
    public void Every_command_of_the_screens_line_is_explained()
    {
        string page = Page("iscsitop.8");
        foreach (ScreenCommand c in CommandLineTable.Table)
            Assert.That(page, Does.Contain($"\n.It Li \\&:{c.Name}{(c.Arguments.Length > 0 ? " " + c.Arguments : "")}\n{Sentence(c.Help)}\n"));
        Assert.That(Regex.Count(page, @"(?m)^\.It Li \\&:"), Is.EqualTo(CommandLineTable.Table.Length));
    }

    [Test]
    public void Every_key_of_the_configuration_is_explained()
    {
        string page = Page("iscsitop-config.5");
        foreach ((string name, string help) in SettingRows.Plain.Select(r => (r.Name, r.Help)).Concat(SettingRows.Tables.Select(t => (t.Name, t.Help))))
            Assert.That(page, Does.Contain($"\n.It Cm {name}\n{Sentence(help)}\n"));
        Assert.That(Regex.Count(page, @"(?m)^\.It Cm "), Is.EqualTo(SettingRows.Plain.Length + SettingRows.Tables.Length));
    }

    [Test]
    public void Every_field_of_the_filter_language_is_explained()
    {
        string page = Page("iscsitop-filter.7");
        foreach (FilterField f in FilterFields.All)
            Assert.That(page, Does.Match($@"\n\.It Cm {f.Name}{(f.Alias.Length > 0 ? $" , Cm {f.Alias}" : "")} Pq \w+, {f.Level.ToString().ToLowerInvariant()}\n{Regex.Escape(Sentence(f.Help))}\n"));
        Assert.That(Regex.Count(page, @"(?m)^\.It Cm "), Is.EqualTo(FilterFields.All.Count));
    }

    [Test]
    public void Every_metric_is_explained()
    {
        string page = Page("iscsitop-check.8");
        foreach (Metric m in CheckMetrics.All)
            Assert.That(page, Does.Contain($"\n.It Cm {m.Name}{(m.Alias.Length > 0 ? $" , Cm {m.Alias}" : "")}{(m.Unit.Length > 0 ? $" Pq {m.Unit}" : "")}\n{Sentence(m.Help)}\n"));
        Assert.That(Regex.Count(page, @"(?m)^\.It Cm "), Is.EqualTo(CheckMetrics.All.Count));
    }

    [TestCase("iscsitop.bash")]
    [TestCase("_iscsitop")]
    [TestCase("iscsitop.fish")]
    public void Completions_know_every_command_and_option(string file)
    {
        string text = File.ReadAllText(Path.Combine(Home(), "completions", file));
        foreach (SysCommand command in Root().Subcommands) Assert.That(text, Does.Match($@"\b{command.Name}\b"));
        bool fish = file.EndsWith(".fish", StringComparison.Ordinal);
        foreach (SysCommand command in Root().Subcommands.Append(Root()))
            foreach (string name in Options(command).SelectMany(Names))
                Assert.That(text, Does.Match(fish ? $@" -[lso] {name.TrimStart('-')} " : $@"(?<![\w-]){name}(?![\w-])"), command.Name);
    }

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..] + ".";

    private static IEnumerable<string> Names(Option option) => option.Aliases.Append(option.Name);

    // --help goes with every command.
    private static IEnumerable<Option> Options(SysCommand command) =>
        command is RootCommand ? command.Options : command.Options.Concat(Root().Options.Where(o => o.Recursive));

    private static SysCommand Find(string name) => name.Length == 0 ? Root() : Root().Subcommands.Single(c => c.Name == name);

    private static RootCommand Root() => CommandLine.Root(new Streams(Stream.Null, TextWriter.Null, false, false));

    private static string Page(string file) => File.ReadAllText(Path.Combine(Home(), "man", file)).ReplaceLineEndings("\n");

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", ".."));

    [GeneratedRegex(@"(?m)^\.It .*Fl .*$")]
    private static partial Regex Item();

    [GeneratedRegex(@"Fl (\S+)")]
    private static partial Regex Flag();
}
