using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class ManyRowsTests
{
    private static readonly string[] s_keys = ["1", "2", "3", "4", "5", "7", "8", "9", "0"];

    [TestCaseSource(nameof(s_keys))]
    public void Keys_that_make_no_rows_show_what_making_them_would(string view)
    {
        Seen seen = new Seen(200, 50, findings: SyntheticTrouble.Findings).With(new ManyRows().Next()).Press(view);
        foreach (string key in (string[])["g", ">", ">", "Down", "Down", ">", "<", "E", "I", "E", "s", "Down", "Enter", "<", "x", "X", "d", "I", "PgDn", "?", "Esc", "Right", ">", "Left", "e", "End", "<", "Ctrl-L"])
        {
            seen.Press(key);
            string[] before = Rows(seen);
            string text = seen.Text;
            seen.Frame.Refresh();
            seen.Screen.Draw(200, 50);
            Assert.That(Rows(seen), Is.EqualTo(before), key);
            Assert.That(seen.Text, Is.EqualTo(text), key);
        }
    }

    [TestCaseSource(nameof(s_keys))]
    public void A_view_that_gave_back_its_rows_shows_the_same_when_it_is_shown_again(string view)
    {
        Snapshot snapshot = new ManyRows().Next();
        Seen seen = new Seen(200, 50, findings: SyntheticTrouble.Findings).With(snapshot).Press("6", view, ">");
        string[] rows = Rows(seen);
        string text = Below(seen);
        Assert.That(rows, Is.Not.Empty);
        int most = seen.Frame.Kept;
        seen.Press("6");
        for (int i = 0; i < 12; i++) seen.With(snapshot);
        Assert.That((most, seen.Frame.Kept), Is.EqualTo((Math.Max(1, most), 0)));
        seen.Press(view);
        Assert.That(Rows(seen), Is.EqualTo(rows));
        Assert.That(Below(seen), Is.EqualTo(text));
    }

    [Test]
    public void Views_seen_lately_keep_their_rows()
    {
        Snapshot snapshot = new ManyRows().Next();
        Seen seen = new Seen(200, 50).With(snapshot).Press("8", "1");
        int kept = seen.Frame.Kept, shown = seen.Frame.Rows.Count;
        for (int i = 0; i < 5; i++) seen.With(snapshot);
        Assert.That(seen.Frame.Kept, Is.EqualTo(kept).And.GreaterThan(shown));
        seen.Press("8");
        for (int i = 0; i < 12; i++) seen.With(snapshot);
        Assert.That(seen.Frame.Kept, Is.EqualTo(seen.Frame.Rows.Count));
    }

    [Test]
    public void Rows_of_patterns_are_found_again_wherever_their_patterns_stand()
    {
        var load = new ManyRows();
        var kept = new PatternRows();
        for (int i = 0; i < 12; i++)
        {
            Snapshot snapshot = load.Next();
            // Now and then few are left, so that rows are forgotten.
            if (i % 4 == 2) snapshot.Patterns.RemoveRange(50, snapshot.Patterns.Count - 50);
            var fresh = new PatternRows();
            fresh.Build(snapshot, [], Narrowing.None);
            kept.Build(snapshot, [], Narrowing.None);
            Assert.That(kept.Rows.Select(Told), Is.EqualTo(fresh.Rows.Select(Told)));
            Assert.That(kept.Rows.Select(r => (r.Target, r.Lun, r.Initiator, r.Item)), Is.Unique);
        }
    }

    [TestCase("i1")]
    [TestCase("!read")]
    [TestCase("archive:3")]
    public void A_text_filter_remembers_what_it_matched(string text)
    {
        var load = new ManyRows();
        Seen seen = new Seen(200, 50).With(load.Next()).Press("8").Type("/" + text).Press("Enter");
        for (int i = 0; i < 3; i++)
        {
            seen.With(load.Next());
            string part = text.TrimStart('!');
            var all = new PatternRows();
            all.Build(seen.Frame.Snapshot!, [], Narrowing.None);
            string[] wanted = [.. all.Rows.Where(r => Texts(r).Contains(part, StringComparison.Ordinal) != text.StartsWith('!')).Select(Told)];
            Assert.That(seen.Frame.Rows.Select(Told), Is.EquivalentTo(wanted));
            Assert.That(wanted, Has.Length.GreaterThan(0).And.Length.LessThan(all.Rows.Count));
        }
    }

    // The header has a graph that goes on.
    private static string Below(Seen seen) => string.Join('\n', seen.Lines[Header.HeightFor(200, 50)..]);

    private static string Texts(Row row) => $"{row.Target}:{row.Lun}\n{string.Join('\n', PatternColumns.All.Where(c => c.Text is not null).Select(c => c.Text!(row)))}";

    private static string Told(Row row) => string.Join('|', PatternColumns.All.Select(c => c.Text?.Invoke(row) ?? c.Value!(row).ToString("r", System.Globalization.CultureInfo.InvariantCulture)));

    private static string[] Rows(Seen seen) => [.. seen.Frame.Rows.Select(r => string.Join('|', seen.State.View.Columns.Select(c => c.Text?.Invoke(r) ?? c.Value!(r).ToString("r", System.Globalization.CultureInfo.InvariantCulture))))];
}
