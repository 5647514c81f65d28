using Iscsitop.Cli;
using Iscsitop.Cli.Top;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class ControlsTests
{
    private static Seen Load(TopOptions? options = null, int width = 120, int height = 40) =>
        new Seen(width, height, options).With(new SyntheticLoad().Take());

    private static string[] Names(Seen seen) => [.. seen.Frame.Rows.Select(r => $"{r.Target[^4..]}:{r.Lun}")];

    private static string Selected(Seen seen)
    {
        Iscsitop.Engine.Row row = seen.Frame.Rows[seen.Frame.SelectedIndex];
        return $"{row.Target[^4..]}:{row.Lun}";
    }

    [TestCase("q")]
    [TestCase("Ctrl-C")]
    public void Quits(string key) => Assert.That(Load().Press(key).State.Quit, Is.True);

    [TestCase("Esc")]
    [TestCase("Q")]
    [TestCase("Enter")]
    public void Does_not_quit(string key) => Assert.That(Load().Press(key).State.Quit, Is.False);

    [Test]
    public void The_footer_has_no_key_that_does_nothing_in_the_view()
    {
        foreach (View view in Views.All)
        {
            if (view.Key == View.Heat) continue;
            string footer = new Seen(140, 40).With(new SyntheticLoad().Take()).Press(":").Type(view.Key).Press("Enter").Lines[^1];
            Assert.That(footer.Contains(" split  ", StringComparison.Ordinal), Is.EqualTo(view.OfCommands), view.Key);
            Assert.That(footer, Does.Contain("x more  w save"), view.Key);
        }
    }

    [Test]
    public void Ctrl_C_quits_from_every_mode()
    {
        foreach (Mode mode in Enum.GetValues<Mode>())
        {
            Seen seen = Load();
            seen.State.Mode = mode;
            Assert.That(seen.Press("Ctrl-C").State.Quit, Is.True, mode.ToString());
        }
    }

    [Test]
    public void The_selection_begins_on_top_and_follows_its_row_once_moved()
    {
        Seen seen = Load();
        Assert.That(Selected(seen), Is.EqualTo(Names(seen)[0]));
        seen.Press("Down");
        string row = Selected(seen);
        seen.Press("I");
        Assert.Multiple(() =>
        {
            Assert.That(Selected(seen), Is.EqualTo(row));
            Assert.That(seen.Frame.SelectedIndex, Is.Not.EqualTo(1));
            Assert.That(Selected(seen.Press("g")), Is.EqualTo(Names(seen)[0]));
        });
    }

    [Test]
    public void Movement_stops_at_the_ends()
    {
        Seen seen = Load();
        Assert.Multiple(() =>
        {
            Assert.That(seen.Press("Up", "k", "PgUp").Frame.SelectedIndex, Is.Zero);
            Assert.That(seen.Press("End").Frame.SelectedIndex, Is.EqualTo(4));
            Assert.That(seen.Press("Down", "j", "PgDn").Frame.SelectedIndex, Is.EqualTo(4));
            Assert.That(seen.Press("Home").Frame.SelectedIndex, Is.Zero);
        });
    }

    [Test]
    public void The_table_scrolls_to_the_selection()
    {
        Seen seen = Load(width: 60, height: 16).Press("End");
        Assert.That(seen.Screen.Table.FirstRow + seen.Screen.Table.PageSize, Is.GreaterThan(4));
    }

    [Test]
    public void Sorts_by_the_columns_beside_and_inverts()
    {
        Seen seen = Load();
        seen.Press("<");
        Assert.That(seen.State.SortBy.Field, Is.EqualTo("errors_per_s"));
        Assert.That(Names(seen)[0], Is.EqualTo("hive:0"));
        seen.Press(">");
        Assert.That(seen.State.SortBy.Field, Is.EqualTo("bytes_share_pct"));
        string[] before = Names(seen);
        Assert.That(Names(seen.Press("I")), Is.EqualTo(before.Reverse()));
    }

    [Test]
    public void The_menu_sorts_names_upwards_and_numbers_downwards()
    {
        Seen seen = Load().Press("s", "Home", "Enter");
        Assert.That((seen.State.SortBy.Field, seen.State.Ascending, seen.State.Mode), Is.EqualTo(("target", true, Mode.Table)));
        seen.Press("F6", "Down", "Down", "Down", "Enter");
        Assert.That((seen.State.SortBy.Field, seen.State.Ascending), Is.EqualTo(("reads_per_s", false)));
    }

    [Test]
    public void Each_view_keeps_its_sort_order()
    {
        Seen seen = Load().Press("<", "Tab", "Shift-Tab");
        Assert.That((seen.State.View.Key, seen.State.SortBy.Field), Is.EqualTo(("lun", "errors_per_s")));
    }

    [TestCase("fast", 2)]
    [TestCase("!fast", 3)]
    [TestCase("FAST:1$", 1)]
    [TestCase("backup", 2)]
    [TestCase("192\\.0\\.2\\.22", 2)]
    [TestCase("nothing", 0)]
    [TestCase("!", 5)]
    public void Filters_as_it_is_typed(string filter, int rows) =>
        Assert.That(Load().Press("/").Type(filter).Frame.Rows, Has.Count.EqualTo(rows));

    [Test]
    public void A_filter_is_kept_by_Enter_and_cleared_by_Esc()
    {
        Seen seen = Load().Press("/").Type("fast").Press("Enter");
        Assert.That((seen.State.Mode, seen.State.Filter), Is.EqualTo((Mode.Table, "fast")));
        seen.Press("Esc");
        Assert.That((seen.State.Filter, seen.Frame.Rows.Count), Is.EqualTo(("", 5)));
        seen.Press("/").Type("fast").Press("Esc");
        Assert.That((seen.State.Mode, seen.State.Filter), Is.EqualTo((Mode.Table, "")));
    }

    [Test]
    public void While_a_filter_is_no_expression_the_last_one_holds()
    {
        Seen seen = Load().Press("/").Type("fast(");
        Assert.That((seen.State.Filter, seen.Frame.Rows.Count), Is.EqualTo(("fast", 2)));
        Assert.That(seen.State.Complaint, Is.Not.Empty);
        seen.Controls.Press(Keys.Backspace);
        Assert.That((seen.State.Prompt, seen.State.Complaint), Is.EqualTo(("fast", "")));
    }

    [Test]
    public void Drilling_goes_from_lun_to_initiators_to_operations_to_sessions_and_back()
    {
        Seen seen = Load().Press("Down", "Down");
        string lun = Selected(seen);
        seen.Press("Enter");
        Assert.That((seen.State.View.Key, seen.Frame.Rows.Count), Is.EqualTo(("initiator", 2)));
        seen.Press("Enter");
        Assert.That((seen.State.View.Key, seen.State.Steps.Count), Is.EqualTo(("opcode", 2)));
        seen.Press("Enter");
        Assert.That((seen.State.View.Key, seen.State.Steps.Count), Is.EqualTo(("session", 3)));
        seen.Press("Enter");
        Assert.That((seen.State.View.Key, seen.State.Steps.Count), Is.EqualTo(("heat", 4)), "nothing else is left to tell apart");
        seen.Press("Enter");
        Assert.That(seen.State.Steps, Has.Count.EqualTo(4));
        seen.Press("Esc", "Esc", "Esc", "Esc");
        Assert.That((seen.State.View.Key, seen.State.Steps.Count, Selected(seen)), Is.EqualTo(("lun", 0, lun)));
    }

    [Test]
    public void The_interval_is_set_and_stepped()
    {
        Seen seen = Load().Press("i").Type("2.5").Press("Enter");
        Assert.That(seen.State.Interval, Is.EqualTo(TimeSpan.FromSeconds(2.5)));
        Assert.That(seen.Press("+").State.Interval, Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(seen.Press("-", "-").State.Interval, Is.EqualTo(TimeSpan.FromSeconds(1)));
        foreach (string bad in (string[])["0", "x", "-1", "1e9", "NaN"])
        {
            seen.Press("i").Type(bad).Press("Enter");
            Assert.That((seen.State.Mode, seen.State.Interval), Is.EqualTo((Mode.Interval, TimeSpan.FromSeconds(1))), bad);
            seen.Press("Esc");
        }
    }

    [Test]
    public void Clicks_sort_and_select_and_the_wheel_moves()
    {
        Seen seen = Load();
        int x = seen.Lines[5].IndexOf("RMB/s", StringComparison.Ordinal);
        seen.Controls.Click(x, 5);
        Assert.That((seen.State.SortBy.Field, seen.State.Ascending), Is.EqualTo(("read_bytes_per_s", false)));
        seen.Controls.Click(x, 5);
        Assert.That(seen.State.Ascending, Is.True);
        seen.Controls.Click(x, 8);
        Assert.That(seen.Frame.SelectedIndex, Is.EqualTo(2));
        seen.Controls.Wheel(1);
        Assert.That(seen.Frame.SelectedIndex, Is.EqualTo(3));
        seen.Controls.Click(x, 30);
        Assert.That(seen.Frame.SelectedIndex, Is.EqualTo(3), "below the rows");
    }

    [Test]
    public void Columns_scroll_when_they_do_not_fit()
    {
        Seen seen = Load(width: 60, height: 16);
        Assert.That(seen.Lines[3], Does.Not.Contain("QDmx"));
        for (int i = 0; i < 12; i++) seen.Press("Right");
        Assert.That(seen.Lines[3], Does.Contain("QDmx"));
        Assert.That(seen.Lines[3], Does.StartWith("TARGET"));
    }

    [Test]
    public void The_panel_goes_round()
    {
        Seen seen = Load();
        string both = seen.Text;
        Assert.That(seen.Press("e").Text, Does.Contain("latency").And.Not.Contain("commands"));
        Assert.That(seen.Press("e").Text, Does.Contain("commands").And.Not.Contain("latency"));
        Assert.That(seen.Press("e").Text, Does.Not.Contain("commands").And.Not.Contain("latency"));
        Assert.That(seen.Press("e").Text, Is.EqualTo(both));
    }

    [Test]
    public void Extended_columns_come_and_go()
    {
        Seen seen = new Seen(220, 40).With(new SyntheticLoad().Take());
        Assert.That(seen.Press("x").Lines[5], Does.Contain("RP95").And.Contain("WMAX"));
        Assert.That(seen.Press("x").Lines[5], Does.Not.Contain("RP95"));
    }

    [Test]
    public void The_lists_of_the_command_line_hold_whatever_is_typed()
    {
        var options = new TopOptions { Filter = new RowFilter([0], [], []) };
        Assert.That(Names(Load(options)), Is.EquivalentTo(["hive:0", "fast:0"]));
        Assert.That(Names(Load(options).Press("/").Type("fast")), Is.EqualTo(["fast:0"]));
    }

    [Test]
    public void A_row_that_went_leaves_the_selection_where_it_stood()
    {
        Seen seen = Load().Press("2", "End");
        Assert.That(seen.Frame.SelectedIndex, Is.EqualTo(2));
        seen.Press("/").Type("backup");
        Assert.That(seen.Frame.SelectedIndex, Is.Zero);
    }

    [Test]
    public void Every_key_of_the_table_does_something_and_is_bound_once()
    {
        foreach (KeyBinding row in Keys.Table)
            foreach (string key in row.Keys)
                Assert.That(KeyMap.Default.ActionOf(Keys.Parse(key)), Is.EqualTo(row.Action), key);
        KeyAction[] bound = [.. Keys.Table.Select(r => r.Action)];
        Assert.That(bound, Is.Unique);
        Assert.That(bound, Is.EquivalentTo(Enum.GetValues<KeyAction>().Where(a => a != KeyAction.None)));
    }

    [Test]
    public void Every_action_of_the_table_is_used()
    {
        foreach (KeyBinding row in Keys.Table)
            foreach (string key in row.Keys)
                Assert.That(Load().Controls.Press(Keys.Parse(key)), Is.True, key);
    }
}
