using System.Globalization;
using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class PatternPanelTests
{
    private const int Width = 120;

    [Test]
    public void Every_command_is_in_a_line_of_sizes_and_one_of_distances_however_low_the_panel_is()
    {
        Row row = Recorded.Play(new Seen(140, 40), ["8"]).Frame.Rows[0];
        Pattern pattern = PatternColumns.Whole(row.Extras.Pattern!);
        var panel = new PatternPanel(Glyphs.Ascii);
        for (int height = 3; height <= 24; height++)
        {
            var canvas = new Canvas();
            canvas.Resize(Width, height);
            canvas.Clear();
            panel.Draw(canvas, new Area(0, 0, Width, height), row);
            string[] lines = [.. Enumerable.Range(1, height - 1).Select(y => canvas.Line(y).PadRight(Width))];
            Assert.That(lines.Sum(l => Count(l[..(Width / 2)])), Is.EqualTo(pattern.Count), $"sizes, {height} lines");
            Assert.That(lines.Sum(l => Count(l[(Width / 2)..])), Is.EqualTo(pattern.Count - pattern.Unplaced), $"distances, {height} lines");
        }
    }

    // The last number of a line.
    private static long Count(string line) =>
        line.Split([' ', '#', '_', '='], StringSplitOptions.RemoveEmptyEntries) is { Length: > 1 } words && long.TryParse(words[^1], NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : 0;
}
