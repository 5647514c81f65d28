using Iscsitop.Cli.Top;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class CanvasTests
{
    private static List<string> Changes(Canvas canvas)
    {
        var changes = new List<string>();
        int from = 0;
        while (canvas.NextChange(ref from, out int x, out int y, out ReadOnlySpan<Cell> run))
            changes.Add($"{x},{y} {string.Concat(run.ToArray().Select(c => c.Glyph))}");
        return changes;
    }

    private static Canvas Sized(int width, int height)
    {
        var canvas = new Canvas();
        canvas.Resize(width, height);
        return canvas;
    }

    [Test]
    public void At_first_every_cell_changes() => Assert.That(Changes(Sized(3, 2)), Is.EqualTo(["0,0    ", "0,1    "]));

    [Test]
    public void What_was_sent_is_not_sent_again()
    {
        Canvas canvas = Sized(10, 2);
        Changes(canvas);
        canvas.Clear();
        Assert.That(Changes(canvas), Is.Empty);
    }

    [Test]
    public void Only_what_changed_is_sent()
    {
        Canvas canvas = Sized(20, 3);
        Changes(canvas);
        new Pen(canvas, new Area(2, 1, 18, 1)).Text("ab");
        canvas.Put(19, 2, 'z', Style.Hot);
        Assert.That(Changes(canvas), Is.EqualTo(["2,1 ab", "19,2 z"]));
    }

    [Test]
    public void A_new_style_alone_is_a_change()
    {
        Canvas canvas = Sized(5, 1);
        canvas.Put(2, 0, 'x', Style.Text);
        Changes(canvas);
        canvas.Restyle(new Area(0, 0, 5, 1), Style.Selected);
        Assert.That(Changes(canvas), Is.EqualTo(["0,0   x  "]));
    }

    [Test]
    public void Close_changes_are_one_run_and_rows_never_join()
    {
        Canvas canvas = Sized(12, 2);
        Changes(canvas);
        foreach (int x in (int[])[0, 4, 10, 11]) canvas.Put(x, 0, 'x', Style.Text);
        canvas.Put(0, 1, 'y', Style.Text);
        Assert.That(Changes(canvas), Is.EqualTo(["0,0 x   x", "10,0 xx", "0,1 y"]));
    }

    [Test]
    public void Invalidated_or_resized_everything_is_sent()
    {
        Canvas canvas = Sized(4, 1);
        Changes(canvas);
        canvas.Invalidate();
        Assert.That(Changes(canvas), Is.EqualTo(["0,0     "]));
        canvas.Resize(2, 1);
        Assert.That(Changes(canvas), Is.EqualTo(["0,0   "]));
    }

    [Test]
    public void Places_outside_are_ignored()
    {
        Canvas canvas = Sized(2, 2);
        foreach ((int x, int y) in ((int, int)[])[(-1, 0), (2, 0), (0, -1), (0, 2)]) canvas.Put(x, y, 'x', Style.Text);
        canvas.Fill(new Area(-5, -5, 100, 6), '#', Style.Text);
        Assert.That((canvas.Line(0), canvas.Line(1)), Is.EqualTo(("##", "")));
    }

    [TestCase('a', 'a')]
    [TestCase('é', 'é')]
    [TestCase('█', '█')]
    [TestCase('…', '…')]
    [TestCase('\n', '?')]
    [TestCase('\u009b', '?')]
    [TestCase('\u0301', '?')]
    [TestCase('\u200b', '?')]
    [TestCase('\u202e', '?')]
    [TestCase('界', '?')]
    [TestCase('\ud83d', '?')]
    public void Any_character_takes_one_cell(char c, char shown) => Assert.That(Canvas.OneCell(c), Is.EqualTo(shown));

    [Test]
    public void A_pen_stays_in_its_row_and_cuts_names_where_they_are_alike()
    {
        Canvas canvas = Sized(12, 1);
        var pen = new Pen(canvas, new Area(0, 0, 12, 1));
        pen.Field("iqn.2026-01.x:disk1", 6, '*');
        pen.Field("iqn.2026-01.x:disk1", 6, '*', keepEnd: false);
        pen.Text("never");
        Assert.That(canvas.Line(0), Is.EqualTo("*disk1iqn.2*"));
    }

    [Test]
    public void Bars_show_anything_above_zero()
    {
        Canvas canvas = Sized(4, 3);
        Glyphs.Unicode.Bar(canvas, new Area(0, 0, 4, 1), 0.0001, Style.Read);
        Glyphs.Unicode.Bar(canvas, new Area(0, 1, 4, 1), 1, Style.Read);
        Glyphs.Unicode.Bar(canvas, new Area(0, 2, 4, 1), 0, Style.Read);
        Assert.That((canvas.Line(0), canvas.Line(1), canvas.Line(2)), Is.EqualTo(("▏", "████", "")));
    }

    [Test]
    public void Heat_is_told_by_character_and_style_and_begins_above_zero()
    {
        Canvas canvas = Sized(6, 1);
        double[] shares = [0, double.NaN, 1e-9, 0.5, 1, 7];
        for (int x = 0; x < shares.Length; x++) Glyphs.Unicode.Warmth(canvas, x, 0, shares[x]);
        Assert.Multiple(() =>
        {
            Assert.That(canvas.Line(0), Is.EqualTo("  .=@@"));
            Assert.That(Enumerable.Range(0, 6).Select(x => canvas[x, 0].Style),
                Is.EqualTo([Style.Text, Style.Text, Style.Heat0, Style.Heat3, Style.Heat7, Style.Heat7]));
            Assert.That(Glyphs.Unicode.Heat, Has.Length.EqualTo(Style.Count - Style.Heat0));
        });
    }
}
