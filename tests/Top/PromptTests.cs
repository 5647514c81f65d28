using Iscsitop.Cli;
using Iscsitop.Cli.Configuration;
using Iscsitop.Cli.Top;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Top;

/// <summary>What is typed on the screen: expressions, the command line, presets, names, other keys.</summary>
[TestFixture]
public sealed class PromptTests
{
    private static Seen Load(Settings? settings = null, int width = 120) =>
        new Seen(width, 40, new TopOptions { Settings = settings ?? new Settings() }).With(new SyntheticLoad().Take());

    private static string[] Units(Seen seen) => [.. seen.Frame.Rows.Select(r => $"{r.Target[^4..]}:{r.Lun}")];

    [Test]
    public void An_expression_narrows_the_rows_while_it_is_typed()
    {
        Seen seen = Load().Press("/").Type("initiator~esx-01 && op==write");
        Assert.That(Units(seen), Is.EqualTo(new[] { "fast:0" }));
        Assert.That(seen.Press("Enter").Text, Does.Contain("/initiator~esx-01 && op==write"));
        Assert.That(Units(seen.Press("/", "Esc")), Has.Length.EqualTo(5));
    }

    [Test]
    public void A_unit_that_did_nothing_stands_when_the_expression_is_true_of_it()
    {
        Assert.That(Units(Load().Press("/").Type("lun==7")), Is.EqualTo(new[] { "hive:7" }));
        Assert.That(Units(Load().Press("/").Type("lun==7 && op==read")), Is.Empty);
    }

    [Test]
    public void Single_commands_are_asked_for_at_Enter_and_nothing_is_shown_before_they_come()
    {
        var load = new SyntheticLoad();
        Seen seen = new Seen(120, 40).With(load.Take()).Press("/").Type("lat>20ms");
        Assert.That((seen.State.Expression, Units(seen).Length), Is.EqualTo(((Iscsitop.Engine.Filtering.Filter?)null, 5)));
        seen.Press("Enter");
        Assert.That((seen.State.Expression!.NeedsCommands, seen.Frame.Rows.Count), Is.EqualTo((true, 0)));
        Snapshot snapshot = load.Take();
        snapshot.OfCommands = true;
        seen.With(snapshot);
        Assert.That((Units(seen).Length, seen.Frame.Rows[0].QueueDepth), Is.EqualTo((4, double.NaN)));
    }

    [Test]
    public void An_error_has_a_caret_under_its_character()
    {
        Seen seen = Load().Press("/").Type("lun==3 && initator~x");
        string[] lines = seen.Lines;
        Assert.That(lines[^2], Does.StartWith("filter /lun==3 && initator~x"));
        Assert.That(lines[^1].TrimEnd(), Is.EqualTo("                  ^ there is no field initator (initiator?)"));
        Assert.That(Units(seen), Has.Length.EqualTo(5), "what was there stays");
        Assert.That(seen.Press("Enter").State.Mode, Is.EqualTo(Mode.Filter));
    }

    [Test]
    public void Where_there_is_no_room_the_error_stands_before_its_caret()
    {
        Seen seen = Load(width: 80).Press("/").Type("lun==3 && target==aaaaaaaaaaaaaaaaaaaaaaa && initator~x");
        string line = seen.Lines[^1].TrimEnd();
        Assert.That(line, Does.EndWith("there is no field initator (initiator?) ^"));
        Assert.That(seen.Lines[^2].AsSpan(line.Length - 1).ToString(), Does.StartWith("initator"));
    }

    [TestCase(60)]
    [TestCase(80)]
    public void An_error_that_is_wider_than_the_screen_stands_whole_below_its_caret(int width)
    {
        const string Long = "/srv/recordings/of/last/night.rec is a recording without events: those of a recording made with --events can be asked, and nothing else can";
        Seen seen = Load(width: width).Press(":").Type("@[probename] = count()");
        (seen.State.Complaint, seen.State.ComplaintAt) = (Long, 0);
        string[] lines = seen.Press("Left").Lines;
        int prompt = Array.FindIndex(lines, l => l.StartsWith(":@[probename] = count()", StringComparison.Ordinal));
        Assert.That(lines[prompt + 1].TrimEnd(), Is.EqualTo(" ^"));
        Assert.That(string.Join(' ', lines[(prompt + 2)..].Select(l => l.Trim())), Is.EqualTo(Long));
        seen.State.ComplaintAt = -1;
        lines = seen.Press("Left").Lines;
        Assert.That(string.Join(' ', lines[(Array.FindIndex(lines, l => l.StartsWith(':')) + 1)..].Select(l => l.Trim())), Is.EqualTo(Long));
    }

    [Test]
    public void Tab_after_a_whole_name_goes_on_to_its_arguments()
    {
        Seen seen = Load(width: 60).Press(":").Type("view").Press("Tab");
        Assert.That((seen.State.Prompt, seen.State.Candidates), Is.EqualTo(("view ", Array.Empty<string>())));
        seen.Press("Tab");
        Assert.That(seen.State.Candidates, Is.EquivalentTo(Views.All.Select(v => v.Key)));
        Assert.That(seen.Lines[^1].TrimEnd(), Does.EndWith("…"), "there are more than fit");
        Assert.That(Load().Press(":").Type("help").Press("Tab").State.Prompt, Is.EqualTo("help"));
    }

    [Test]
    public void Tab_completes_names_of_fields_and_values()
    {
        Seen seen = Load().Press("/").Type("ini").Press("Tab");
        Assert.That(seen.State.Prompt, Is.EqualTo("initiator"));
        seen = Load().Press("/").Type("lun==3 && s").Press("Tab");
        Assert.That(seen.State.Candidates, Is.EquivalentTo(new[] { "state", "source", "status", "sense", "size", "svc", "severity" }));
        Assert.That(seen.Lines[^1], Does.Contain("state source status"));
        seen.Type("tatu").Press("Tab").Type("==task").Press("Tab");
        Assert.That((seen.State.Prompt, seen.State.Candidates), Is.EqualTo(("lun==3 && status==task_", new[] { "task_set_full", "task_aborted" })));
        Assert.That(Load().Press("/").Type("op==wri").Press("Tab").State.Candidates, Does.Contain("write").And.Contain("WRITE(10)"));
        Assert.That(Load().Press("/").Type("kind in {read, o").Press("Tab").State.Prompt, Is.EqualTo("kind in {read, other"));
    }

    [TestCase(":view initiator", "initiator")]
    [TestCase(":initiator", "initiator")]
    [TestCase(":session", "session")]
    [TestCase(": opcode  ", "opcode")]
    public void Views_are_shown(string line, string view) => Assert.That(Do(Load(), line).State.View.Key, Is.EqualTo(view));

    [Test]
    public void A_view_with_a_text_is_filtered()
    {
        Seen seen = Do(Load(), ":initiator esx");
        Assert.That((seen.State.View.Key, seen.State.Filter, seen.Frame.Rows.Count), Is.EqualTo(("initiator", "esx", 2)));
        Assert.That(Do(seen, ":filter").State.Filter, Is.Empty);
        Assert.That(Do(seen, ":lun target~archive && lun<2").Frame.Rows, Has.Count.EqualTo(2));
    }

    [Test]
    public void Sort_interval_alias_set_and_quit()
    {
        Seen seen = Do(Load(), ":sort +lun");
        Assert.That((seen.State.SortBy.Field, seen.State.Ascending), Is.EqualTo(("lun", true)));
        Assert.That(Do(seen, ":sort WP99").State.SortBy.Field, Is.EqualTo("write_p99_us"));
        Assert.That(Do(seen, ":interval 2.5").State.Interval, Is.EqualTo(TimeSpan.FromSeconds(2.5)));
        Assert.That(Do(seen, $":alias {SyntheticLoad.Fast}=quick").Text, Does.Contain("quick"));
        Assert.That(Do(seen, $":alias {SyntheticLoad.Fast}=").Text, Does.Not.Contain("quick"));
        Assert.That(Do(seen, ":set names ip").Text, Does.Contain("192.0.2.10"));
        Assert.That(Do(seen, ":set extended on").State.Extended, Is.True);
        Assert.That(Do(seen, ":set panel none").State.Panel, Is.EqualTo(Panel.None));
        Assert.That(Do(seen, ":help").State.Mode, Is.EqualTo(Mode.Help));
        Assert.That(Do(Load(), ":q").State.Quit, Is.True);
        Assert.That(Do(Load(), ":quit").State.Quit, Is.True);
    }

    [TestCase(":vew lun", "there is no command vew (view?)", 1)]
    [TestCase(":view luns", "one of lun, ", 6)]
    [TestCase(":filter lun=3", "'=' is no operator (== is wanted)", 11)]
    [TestCase(":lun  lat>3", "3 is no value of lat", 10)]
    [TestCase(":sort wp98", "a field of this view is wanted", 6)]
    [TestCase(":interval x", "0.1 to 3600", 10)]
    [TestCase(":set names x", "one of iqn", 11)]
    [TestCase(":alias x", "NAME=ALIAS is wanted", 7)]
    [TestCase(":save f", "the name must end in .txt .csv .json .svg .png .ansi", 6)]
    [TestCase(":go 12:03", "there is no history to go to", 4)]
    public void What_is_wrong_is_said_below_its_place(string line, string complaint, int column)
    {
        Seen seen = Do(Load(), line);
        Assert.That(seen.State.Mode, Is.EqualTo(Mode.Command));
        Assert.That(seen.Lines[^1].TrimEnd(), Does.StartWith(new string(' ', column) + "^ " + complaint));
    }

    [Test]
    public void Save_and_go_are_somebody_elses()
    {
        Seen seen = Load();
        var asked = new List<string>();
        seen.State.Save = f => { asked.Add("save " + f); return ""; };
        seen.State.Go = t => { asked.Add("go " + t); return "there is nothing before 12:00"; };
        Do(seen, ":save a b.svg");
        Assert.That(seen.State.Mode, Is.EqualTo(Mode.Table));
        Do(seen, ":go 11:03");
        Assert.That((asked, seen.State.Complaint), Is.EqualTo((new List<string> { "save a b.svg", "go 11:03" }, "there is nothing before 12:00")));
    }

    [Test]
    public void Lines_are_completed_and_recalled()
    {
        Seen seen = Load().Press(":").Type("vi").Press("Tab");
        Assert.That(seen.State.Prompt, Is.EqualTo("view"));
        seen.Type(" ini").Press("Tab");
        Assert.That(seen.State.Prompt, Is.EqualTo("view initiator"));
        seen.Press("Enter");
        Do(seen, ":set names iqn");
        seen.Press(":", "Up", "Up");
        Assert.That(seen.State.Prompt, Is.EqualTo("view initiator"));
        Assert.That(seen.Press("Down").State.Prompt, Is.EqualTo("set names iqn"));
        Assert.That(seen.Press("Down").State.Prompt, Is.Empty);
        Assert.That(seen.Type("se").Press("Tab").State.Candidates, Is.EquivalentTo(new[] { "set", "session" }));
        Assert.That(seen.Press("Esc", ":").Type("set n").Press("Tab").Type("i").Press("Tab").State.Candidates, Is.EquivalentTo(new[] { "iqn", "ip" }));
        Assert.That(Load().Press(":").Type("filter lun==1 && initi").Press("Tab").State.Prompt, Is.EqualTo("filter lun==1 && initiator"));
    }

    [Test]
    public void Every_command_is_explained_by_the_help()
    {
        Seen seen = Load().Press("?");
        string text = "";
        for (int i = 0; i < 12; i++) text += seen.Press("PgDn").Text;
        foreach (ScreenCommand command in CommandLineTable.Table) Assert.That(text, Does.Contain("│ " + command.Name + " "));
    }

    [Test]
    public void Presets_are_taken_up_one_after_another_and_given_back()
    {
        var settings = new Settings
        {
            Presets = [new("one") { View = "initiator", Sort = "+reads_per_s", Columns = ["initiator", "reads_per_s"], Filter = "esx" }, new("two") { View = "lun", Filter = "op==write" }],
        };
        Seen seen = Load(settings).Press("p");
        Assert.Multiple(() =>
        {
            Assert.That((seen.State.View.Key, seen.State.SortBy.Field, seen.State.Ascending, seen.State.Filter), Is.EqualTo(("initiator", "reads_per_s", true, "esx")));
            Assert.That(seen.State.Columns.Select(c => c.Field), Is.EqualTo(new[] { "initiator", "reads_per_s" }));
            Assert.That(seen.Text, Does.Contain(" one "));
        });
        seen.Press("p");
        Assert.That((seen.State.View.Key, seen.State.Filter, seen.State.Expression?.Text), Is.EqualTo(("lun", "op==write", "op==write")));
        seen.Press("p");
        Assert.That((seen.State.Preset, seen.State.Filter, seen.State.Expression), Is.EqualTo(((Preset?)null, "", (Iscsitop.Engine.Filtering.Filter?)null)));
        seen.Press("2");
        Assert.That((seen.State.SortBy.Field, seen.State.Columns.Length > 2), Is.EqualTo(("bytes_share_pct", true)));
        Assert.That(Do(seen, ":preset two").State.Preset!.Name, Is.EqualTo("two"));
        Assert.That(Do(seen, ":preset").State.Preset, Is.Null);
    }

    [Test]
    public void The_presets_there_are_can_be_taken_up() =>
        Assert.That(() => Load().Press("p", "p", "p", "p", "p"), Throws.Nothing);

    [Test]
    public void A_followed_row_keeps_the_selection_though_it_goes()
    {
        var load = new SyntheticLoad();
        Seen seen = new Seen(120, 40).With(load.Take()).Press("2", "Down", "F");
        string followed = seen.Frame.Rows[seen.Frame.SelectedIndex].Initiator;
        Assert.That(seen.Text, Does.Contain(" following"));
        seen.Press("I");
        Assert.That(seen.Frame.Rows[seen.Frame.SelectedIndex].Initiator, Is.EqualTo(followed));
        seen.Press("/").Type("!" + followed).Press("Enter");
        Assert.That(seen.Frame.SelectedIndex, Is.EqualTo(-1));
        Assert.That(seen.Text, Does.Contain(" followed row is gone "));
        seen.Press("/", "Esc");
        Assert.That(seen.Frame.Rows[seen.Frame.SelectedIndex].Initiator, Is.EqualTo(followed));
        Assert.That(seen.Press("F").State.Following, Is.False);
        Assert.That(seen.Press("F", "Down").State.Following, Is.False, "moving ends it");
        Assert.That(seen.Press("F", "Enter").State.Following, Is.False, "drilling ends it");
    }

    [Test]
    public void N_goes_through_names()
    {
        Seen seen = Load(new Settings { Aliases = new Dictionary<string, string> { [SyntheticLoad.Fast] = "quick" } });
        Assert.That(seen.Text, Does.Contain("quick"));
        Assert.That(seen.Press("n").Text, Does.Contain("storage.fast").And.Not.Contain("quick"));
        Assert.That(seen.Press("n").Text, Does.Contain("iqn.2026-01.com"));
        Assert.That(seen.Press("n").Text, Does.Contain("192.0.2.10 ").And.Contain("192.0.2.11 "));
        Assert.That(seen.Press("n").Text, Does.Contain("quick"));
    }

    [Test]
    public void Thresholds_of_the_configuration_mark_numbers()
    {
        Seen before = Load(), after = Load(new Settings { Thresholds = new Dictionary<string, Threshold> { ["read_p50_us"] = new(100, 150) } });
        Column column = before.State.View.Find("read_p50_us")!;
        Span<char> text = stackalloc char[Numbers.MaxWidth];
        string shown = " " + text[..column.Show!(column.Value!(before.Frame.Rows[0]), text)].ToString();
        Assert.That((StyleOf(before, shown), StyleOf(after, shown)), Is.EqualTo((Style.Text, Style.Hot)));

        static Style StyleOf(Seen seen, string text)
        {
            int y = Array.FindIndex(seen.Lines, l => l.StartsWith("TARGET", StringComparison.Ordinal)) + 1;
            return seen.Screen.Canvas[seen.Lines[y].IndexOf(text, StringComparison.Ordinal) + 1, y].Style & ~Style.Selected;
        }
    }

    [Test]
    public void Other_keys_do_it_and_are_shown()
    {
        KeyMap keys = KeyMap.With(new Dictionary<KeyAction, string[]> { [KeyAction.Quit] = ["Q"], [KeyAction.ViewNumber] = ["A", "B"] }, (_, _, _) => new InvalidOperationException());
        Seen seen = Load(new Settings { Keys = keys });
        Assert.That(seen.Press("q").State.Quit, Is.False);
        Assert.That(seen.Press("B").State.View.Key, Is.EqualTo("initiator"));
        Assert.That(seen.Press("1").State.View.Key, Is.EqualTo("initiator"));
        Assert.That(seen.Lines[^1], Does.StartWith("Q quit"));
        Assert.That(seen.Press("?").Text, Does.Contain("│ Q            quit"));
        Assert.That(seen.Press("?", "Q").State.Quit, Is.True);
    }

    [Test]
    public void Y_is_what_the_filter_begins_with()
    {
        var seen = new Seen(120, 40, new TopOptions { Expression = Iscsitop.Engine.Filtering.Filter.Parse("lun==1") });
        seen.With(new SyntheticLoad().Take());
        Assert.That(Units(seen), Is.EquivalentTo(new[] { "fast:1", "hive:1" }));
        Assert.That(seen.Press("/").State.Prompt, Is.EqualTo("lun==1"));
    }

    private static Seen Do(Seen seen, string line)
    {
        if (seen.State.Mode != Mode.Table) seen.Press("Esc");
        return seen.Press(":").Type(line[1..]).Press("Enter");
    }
}
