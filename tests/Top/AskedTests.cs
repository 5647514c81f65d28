using Iscsitop.Cli;
using Iscsitop.Cli.Configuration;
using Iscsitop.Cli.Top;
using Iscsitop.Cli.Top.Asking;
using Iscsitop.Cli.Top.Saving;
using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Top;

/// <summary>D programs that are asked on the screen, and their views.</summary>
[TestFixture]
public sealed class AskedTests
{
    public const string Who = "@[args[0]->ci_remote, probename] = count()";

    public const string Latency =
        "scsi-command { t[args[0]->ci_remote, args[1]->ii_itt] = timestamp; } "
        + "scsi-response /t[args[0]->ci_remote, args[1]->ii_itt]/ { this->t = timestamp - t[args[0]->ci_remote, args[1]->ii_itt]; "
        + "@q[args[1]->ii_initiator] = quantize(this->t); @avg[args[0]->ci_remote] = avg(this->t); @l[args[1]->ii_lun] = lquantize(this->t / 1000, 0, 1000, 100); }";

    private static Seen Open(string line, int width = 120, TopOptions? options = null) =>
        new Seen(width, 40, options).With(new SyntheticLoad().Take()).Press(":").Type(line).Press("Enter");

    private static string[] Texts(Seen seen) => [.. seen.Frame.Rows.Select(r => string.Join(' ', r.Extras.Watched!.Texts))];

    [Test]
    public void An_aggregation_alone_is_of_every_probe()
    {
        Seen seen = Open(Who);
        Assert.Multiple(() =>
        {
            Assert.That(seen.State.Mode, Is.EqualTo(Mode.Table));
            Assert.That(seen.State.View.Columns.Select(c => c.Header), Is.EqualTo(new[] { "args[0]->ci_remote", "probename", "COUNT/s", "COUNT" }));
            Assert.That(seen.State.View.Columns.Select(c => c.Field), Is.EqualTo(new[] { "ci_remote", "probename", "per_s", "count" }));
            Assert.That(Texts(seen), Has.Length.EqualTo(6).And.Contain("2001:db8::7 scsi-response"));
            Assert.That(seen.Frame.Rows.Sum(r => r.Extras.Watched!.Value), Is.EqualTo(1200));
            Assert.That(seen.Frame.Rows.Sum(r => r.Extras.Watched!.PerSecond), Is.EqualTo(1200).Within(1e-6));
            Assert.That(seen.Lines.Single(l => l.StartsWith(": @  ", StringComparison.Ordinal)), Does.Contain(Who).And.Contain("6 rows"));
        });
    }

    [Test]
    public void Values_a_second_are_of_the_interval_and_totals_of_all()
    {
        Seen seen = Open("scsi-command { @ = count(); @bytes = sum(args[2]->ic_len); @most = max(args[2]->ic_len); }");
        SyntheticEvents.Fire(seen.State.Asked!, 1);
        SyntheticEvents.Fire(seen.State.Asked!, 3);
        seen.With(new SyntheticLoad().Take());
        Assert.That((Only(seen).Value, Only(seen).PerSecond), Is.EqualTo((1800.0, 300.0)), "its third second took two");
        seen.Press("m");
        Assert.That(Only(seen).Value, Is.GreaterThan(0));
        seen.Press("m");
        Assert.That((Only(seen).Value, double.IsNaN(Only(seen).PerSecond), seen.State.View.Columns.Count), Is.EqualTo((16.0, true, 1)), "of the longest CDB");

        static WatchedKey Only(Seen seen) => seen.Frame.Rows.Single().Extras.Watched!;
    }

    [Test]
    public void A_distribution_has_a_row_a_key_with_percentiles_of_its_buckets()
    {
        Seen seen = Open(Latency);
        Assert.That(seen.State.View.InTable(extended: false).Select(c => c.Header), Is.EqualTo(new[] { "args[1]->ii_initiator", "N", "N/s", "P50", "P99", "DISTRIBUTION" }));
        Assert.That(seen.Frame.Rows.Sum(r => r.Extras.Watched!.Value), Is.EqualTo(600));
        WatchedKey first = seen.Frame.Rows[0].Extras.Watched!;
        long below = 0;
        int half = 0;
        while ((below += first.Buckets[half]) * 2 < first.Value) half++;
        Assert.That(seen.State.View.Find("p50")!.Value!(seen.Frame.Rows[0]), Is.EqualTo(double.Parse(first.Of.Label(half))));
        Assert.That(seen.Text, Does.Contain("@q quantize, n ").And.Contain(" p50").And.Match("[▁▂▃▄▅▆▇█]{3}"));
    }

    [Test]
    public void M_goes_through_the_aggregations_in_the_order_of_the_program()
    {
        Seen seen = Open(Latency);
        Assert.That(seen.Text, Does.Contain(": @q 1/3 "));
        Assert.That(seen.Press("m").Text, Does.Contain(": @avg 2/3 "));
        Assert.That(seen.Press("m").State.View.Columns[0].Field, Is.EqualTo("ii_lun"));
        Assert.That(seen.Press("m").Text, Does.Contain(": @q 1/3 "));
    }

    [Test]
    public void Columns_sort_and_the_filter_is_of_keys()
    {
        Seen seen = Open(Who).Press("<", "<", "<");
        Assert.That((seen.State.SortBy.Field, seen.State.Ascending), Is.EqualTo(("ci_remote", true)));
        Assert.That(Texts(seen)[0], Does.StartWith("192.0.2.10 "));
        Assert.That(Texts(seen.Press("I"))[0], Does.StartWith("2001:"));
        seen.Press("/").Type("response").Press("Enter");
        Assert.That(Texts(seen), Has.Length.EqualTo(3));
        Assert.That(seen.Text, Does.Contain(" /response ").And.Contain("3 of 6 rows"));
        Assert.That(Texts(seen.Press("/", "Ctrl-U").Type("!lun==3 && x").Press("Enter")), Has.Length.EqualTo(6), "a text, not an expression");
    }

    [Test]
    public void A_filter_of_other_views_stays_with_them()
    {
        Seen seen = new Seen(120, 40).With(new SyntheticLoad().Take()).Press("2", "/").Type("esx").Press("Enter", ":").Type(Who).Press("Enter");
        Assert.That((seen.State.Filter, seen.Frame.Rows.Count), Is.EqualTo(("", 6)));
        seen.Press("/").Type("7").Press("Enter", "2");
        Assert.That((seen.State.View.Key, seen.State.Filter), Is.EqualTo(("initiator", "esx")));
        Assert.That(seen.Press("0", "Tab").State.Filter, Is.EqualTo("7"));
        Assert.That(seen.Press("Esc").State.InAsked, "Esc takes the filter first");
        Assert.That(seen.Press("Esc").State, Has.Property("Asked").Null.And.Property("Filter").EqualTo("esx"));
        Assert.That(seen.State.View.Key, Is.EqualTo("initiator"));
    }

    [Test]
    public void R_clears_the_values_and_keeps_the_keys()
    {
        Seen seen = Open(Who).Press("r");
        Assert.That(seen.Frame.Rows.Select(r => (r.Extras.Watched!.Value, r.Extras.Watched.PerSecond)), Is.All.EqualTo((0.0, double.NaN)).And.Exactly(6).Items);
        SyntheticEvents.Fire(seen.State.Asked!, 1);
        Assert.That(seen.With(new SyntheticLoad().Take()).Frame.Rows.Sum(r => r.Extras.Watched!.Value), Is.EqualTo(1200));
    }

    [Test]
    public void The_view_stands_among_the_others_until_it_is_closed()
    {
        Seen seen = Open(Who).Press("1");
        Assert.That(seen.Lines, Has.Some.Contain("0 Findings  : @").Or.Some.Contain("0 : "));
        Assert.That(seen.Press("Shift-Tab").State.InAsked);
        Assert.That(seen.Press("Esc").State.View.Key, Is.EqualTo("lun"));
        Assert.That(seen.State.Views, Has.Count.EqualTo(Views.All.Count));
        Assert.That(seen.Press("Shift-Tab").State.View.Key, Is.EqualTo("findings"));
    }

    [Test]
    public void The_past_has_no_events()
    {
        Seen seen = Open(Who);
        seen.State.Past = 1;
        seen.Frame.Refresh();
        Assert.That(seen.Press("Home").Text, Does.Contain("the past has no events: Z goes back to now"));
    }

    [TestCase("@[args[0]->ci_remot] = count()", "ci_remot is not a member of struct conninfo_t", "ci_remot")]
    [TestCase("@[probename] = cont()", "@ must be assigned the result of an aggregating function", "@[")]
    [TestCase("@[probename = count()", "syntax error near \"}\"", "")]
    [TestCase("scsi-comand { @ = count(); }", "probe description :::scsi-comand does not match any probes", "scsi-comand")]
    [TestCase("scsi-command { @a = count(); @a = sum(1) }", "aggregation redefined: @a current: @a = sum( ) previous: @a = count( )", "@a")]
    [TestCase("scsi-command { trace(1); }", "no aggregation in it", "scsi-command")]
    public void What_is_wrong_is_said_in_the_words_of_dtrace_below_its_place(string line, string complaint, string place)
    {
        Seen seen = Open(line, 160);
        int column = 1 + (place.Length == 0 ? line.Length : line.IndexOf(place, StringComparison.Ordinal));
        Assert.That(seen.State.Mode, Is.EqualTo(Mode.Command));
        Assert.That(seen.Lines[^1].TrimEnd(), Does.StartWith(new string(' ', column) + "^ " + complaint));
        Assert.That(seen.State.Asked, Is.Null);
    }

    [Test]
    public void Faults_and_drops_stand_in_the_title()
    {
        Seen seen = Open("@[args[1]->ii_itt / (args[1]->ii_itt % 2)] = count()");
        Assert.That(seen.Text, Does.Contain(" faults 600  divide-by-zero in action #1"));
        seen = Open("@[args[1]->ii_itt, timestamp, \"" + new string('x', 200) + "\"] = count()", 160);
        Assert.That(seen.Text, Does.Not.Contain("drops"));
        for (int i = 1; i < 20; i++) SyntheticEvents.Fire(seen.State.Asked!, i);
        Assert.That(seen.Press("Down").Text, Does.Match(@" aggregation drops \d+ "));
    }

    [Test]
    public void Only_the_probes_it_names_are_asked_for()
    {
        var events = new SyntheticEvents(Glyphs.Unicode);
        Assert.That(events.Ask("scsi-command, nop-receive { @ = count(); }", "", out Asked? asked), Is.EqualTo(Reply.Done));
        asked!.Dispose();
        Assert.That(events.Wanted, Is.EqualTo(new[] { Probe.ScsiCommand.Bit() | Probe.NopReceive.Bit() }));
    }

    [Test]
    public void Standard_input_cannot_be_read_twice() =>
        Assert.That(new SyntheticEvents(Glyphs.Unicode, new Origin([], new CaptureOptions { File = "-" })).Ask(Who, "", out _).Complaint, Does.StartWith("standard input can be read only once"));

    [Test]
    public void A_capture_is_run_over_from_its_beginning_to_its_end()
    {
        var options = new TopOptions { Origin = new Origin([], new CaptureOptions { File = Path.Combine(Captures, "reads.pcap") }) };
        Seen seen = new Seen(100, 30, options).With(new SyntheticLoad().Take());
        Feed? feed = null;
        using var read = new ManualResetEventSlim();
        var asker = new Asker(options.Origin, () => [], Glyphs.Unicode, (wants, onEvent) => feed = options.Origin.Open(wants, onEvent));
        seen.State.OnAskedRead = () =>
        {
            if (feed!.Ended) read.Set();
        };
        Assert.That(asker.Ask("scsi-command { @[args[1]->ii_itt] = count(); }", "", out Asked? asked), Is.EqualTo(Reply.Done));
        asked!.WaitForEnd();
        seen.State.Open(asked);
        Assert.That(read.Wait(TimeSpan.FromSeconds(60)), "one hears of the end, however early it was");
        asked.Look();
        seen.Frame.Refresh();
        Assert.That(seen.Frame.Rows, Is.Not.Empty);
        Assert.That(seen.Frame.Rows.Sum(r => r.Extras.Watched!.PerSecond) * asked.Watch.Seconds, Is.EqualTo(seen.Frame.Rows.Sum(r => r.Extras.Watched!.Value)).Within(1e-6));
        seen.State.CloseAsked();
    }

    [Test]
    public void It_is_saved_as_other_views_are()
    {
        string directory = Directory.CreateTempSubdirectory("its").FullName;
        try
        {
            Seen seen = Open(Latency);
            seen.Press(":").Type($"save {directory}/a.csv").Press("Enter", ":").Type($"save {directory}/a.json").Press("Enter");
            string csv = File.ReadAllText(Path.Combine(directory, "a.csv"));
            Assert.That(csv, Does.StartWith("time,ii_initiator,n,per_s,p50,p99,buckets\r\n"));
            Assert.That(csv, Does.Match(@"\d+:\d+ \d+:\d+"));
            Assert.That(File.ReadAllText(Path.Combine(directory, "a.json")), Does.Contain("\"view\":\"d\"").And.Contain("\"ii_initiator\":\"" + SyntheticLoad.Esx1));
            Assert.That(Saver.DefaultName(seen.State.View.Key, 0, TimeZoneInfo.Utc), Does.StartWith("iscsitop-d-"));
        }
        finally
        {
            Directory.Delete(directory, true);
        }
    }

    [Test]
    public void It_is_kept_under_a_name_and_opened_by_it()
    {
        string directory = Directory.CreateTempSubdirectory("its").FullName;
        try
        {
            string file = Path.Combine(directory, "iscsitop", "config.toml");
            Settings settings = Load();
            Seen seen = Open(Who, options: new TopOptions { Settings = settings }).Press(":").Type("save-view lun").Press("Enter");
            Assert.That(seen.State.Complaint, Is.EqualTo("lun is a view already"));
            seen.Press("Esc", ":").Type("save-view who").Press("Enter");
            Assert.That(seen.Text, Does.Contain(": who  ").And.Contain("kept as who: :who opens it"));
            Assert.That(Load().DViews["who"], Is.EqualTo(Who));
            seen = new Seen(120, 40, new TopOptions { Settings = Load() }).With(new SyntheticLoad().Take());
            Assert.That(seen.Press(":").Type("wh").Press("Tab").State.Prompt, Is.EqualTo("who"));
            Assert.That(seen.Press("Enter").State.View.Title, Is.EqualTo("who"));
            Assert.That(Texts(seen), Has.Length.EqualTo(6));
            Assert.That(seen.Press("Esc", ":").Type("view w").Press("Tab", "Enter").State.InAsked);
            Assert.That(seen.Press("Esc", ":").Type("who response").Press("Enter").Frame.Rows, Has.Count.EqualTo(3));

            Settings Load() => SettingsFile.Load(null, name => name == "XDG_CONFIG_HOME" ? directory : null) with { ViewsFile = DViews.FileBeside(file) };
        }
        finally
        {
            Directory.Delete(directory, true);
        }
    }

    [Test]
    public void There_must_be_one_to_be_kept() =>
        Assert.That(new Seen(100, 30).With(new SyntheticLoad().Take()).Press(":").Type("save-view x").Press("Enter").State.Complaint, Does.StartWith("there is no D view"));

    private static string Captures => Path.Combine(Home(), "..", "Captures");

    private static string Home([System.Runtime.CompilerServices.CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
