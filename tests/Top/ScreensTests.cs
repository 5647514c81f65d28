using System.Runtime.CompilerServices;
using Iscsitop.Cli;
using Iscsitop.Cli.Top;

namespace Iscsitop.Tests.Top;

/// <summary>
/// Every view at three sizes, as the files beside say: of a recording, and of snapshots made here where a recording cannot show it. With
/// ISCSITOP_UPDATE_SCREENS set they are written anew: look at the difference.
/// </summary>
[TestFixture]
public sealed class ScreensTests
{
    private static readonly (int Width, int Height)[] s_sizes = [(60, 16), (80, 24), (140, 40)];

    // The second before a unit is reserved: until then hosts are waited for.
    private const int Unreserved = 8;

    // A name, the keys that lead there, how many seconds before the end they are used, and how many there are.
    private static readonly (string Name, string[] Keys, int Before, int Seconds)[] s_recorded =
    [
        ("lun", ["1"], 0, Recorded.Seconds),
        ("initiator", ["2"], 0, Recorded.Seconds),
        ("session", ["3"], 0, Recorded.Seconds),
        ("target", ["4"], 0, Recorded.Seconds),
        ("opcode", ["5"], 0, Recorded.Seconds),
        ("heat", ["6"], 0, Recorded.Seconds),
        ("errors", ["7"], 0, Recorded.Seconds),
        ("pattern", ["8"], 0, Recorded.Seconds),
        ("tmf", ["9"], 0, Recorded.Seconds),
        ("findings", ["0"], 0, Recorded.Seconds),
        ("lun-split", ["d"], 0, Unreserved),
        ("initiator-split", ["2", "d"], 0, Unreserved),
        ("tmf-reservation", ["9", "Down", "Down"], 0, Recorded.Seconds),
        ("card", ["3", "Down", "Down", "Down", "Down", "Down", "Down", "Enter"], 0, Recorded.Seconds),
        ("drilled", ["Enter", "Enter", "7"], 0, Recorded.Seconds),
        ("heat-of-a-lun", ["H"], 5, Recorded.Seconds),
    ];

    // What hardly happens in half a minute: sessions seen from their middle and without a name, failures of every kind, a map that is full.
    private static readonly (string Name, string[] Keys, int Intervals)[] s_made =
    [
        ("made-session", ["3"], 1),
        ("made-target-split", ["4", "d"], 1),
        ("made-errors", ["7"], 1),
        ("made-heat", ["6"], 70),
        ("d-count", Typed(AskedTests.Who), 1),
        ("d-quantize", [.. Typed(AskedTests.Latency), "Down"], 1),
        ("d-lquantize", [.. Typed(AskedTests.Latency), "m", "m"], 1),
    ];

    private static IEnumerable<TestCaseData> Scenes =>
        from scene in s_recorded.Select(s => s.Name).Concat(s_made.Select(s => s.Name))
        from size in s_sizes
        select new TestCaseData(scene, size.Width, size.Height).SetArgDisplayNames($"{scene}-{size.Width}x{size.Height}");

    private static IEnumerable<TestCaseData> Tables =>
        from view in Views.All
        where view.Key != View.Heat
        from size in s_sizes
        select new TestCaseData(view.Key, size.Width, size.Height).SetArgDisplayNames($"{view.Key}-{size.Width}x{size.Height}");

    [TestCaseSource(nameof(Scenes))]
    public void Looks_as_its_file_says(string name, int width, int height)
    {
        string file = Path.Combine(Home(), $"{name}-{width}x{height}.txt");
        string text = string.Join('\n', Play(name, width, height, Glyphs.Unicode).Lines).TrimEnd('\n') + "\n";
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("ISCSITOP_UPDATE_SCREENS"))) File.WriteAllText(file, text);
        Assert.That(text, Is.EqualTo(File.ReadAllText(file).ReplaceLineEndings("\n")));
    }

    [TestCaseSource(nameof(Scenes))]
    public void Needs_no_more_than_seven_bits(string name, int width, int height) =>
        Assert.That(Play(name, width, height, Glyphs.Ascii).Lines, Has.All.Matches("^[ -~]*$"));

    [TestCaseSource(nameof(Tables))]
    public void Says_what_reports_of_the_same_interval_say(string view, int width, int height)
    {
        Seen seen = Play(view, width, height, Glyphs.Unicode);
        int top = Enumerable.Range(0, height).First(y => seen.Screen.Table.RowAt(0, y + 1) >= 0);
        List<Column> columns = [.. seen.Screen.Table.Fitting.Where(c => c.Text is null ? c.Unit != Column.SinceEpoch : c.Field is "severity" or "rule" or "state")];
        List<string> reported = Reported(view, columns);
        int shown = 0;
        foreach (string row in Rows(seen, top, columns))
        {
            shown++;
            Assert.That(reported.Remove(row), $"{row}\nis not in the report:\n{string.Join('\n', reported)}");
        }
        if (seen.Frame.Rows.Count <= seen.Screen.Table.PageSize) Assert.That(reported, Is.Empty);
        Assert.That(shown, Is.Positive);
    }

    [TestCase(60, 16)]
    [TestCase(140, 40)]
    public void Says_how_many_durations_the_reports_have(int width, int height)
    {
        long durations = Run("heat", ["durations"]).Where(l => long.TryParse(l, out _)).Sum(long.Parse);
        Assert.That(Play("heat", width, height, Glyphs.Unicode).Text, Does.Contain($" n {durations} "));
    }

    [Test]
    public void Every_view_is_a_scene() => Assert.That(s_recorded.Select(s => s.Name), Is.SupersetOf(Views.All.Select(v => v.Key)));

    [Test]
    public void Every_file_is_a_scene() =>
        Assert.That(Directory.GetFiles(Home()).Select(Path.GetFileNameWithoutExtension), Is.EquivalentTo(Scenes.Select(s => $"{s.Arguments[0]}-{s.Arguments[1]}x{s.Arguments[2]}")));

    [Test]
    public void Every_view_can_be_drawn_at_every_size()
    {
        foreach (string name in s_recorded.Select(s => s.Name).Concat(s_made.Select(s => s.Name)))
        {
            Seen seen = Play(name, 300, 100, Glyphs.Unicode);
            for (int width = 60; width <= 300; width += 24)
                for (int height = 16; height <= 100; height += 12)
                    Assert.That(() => seen.Screen.Draw(width, height), Throws.Nothing);
        }
    }

    private static string[] Typed(string line) => [":", .. line.Select(c => c == ' ' ? "Space" : c.ToString()), "Enter"];

    private static Seen Play(string name, int width, int height, Glyphs glyphs)
    {
        foreach ((string recorded, string[] keys, int before, int seconds) in s_recorded)
            if (recorded == name)
                return Recorded.Play(new Seen(width, height, glyphs: glyphs, examines: true), keys, before, seconds);
        (_, string[] pressed, int intervals) = s_made.Single(s => s.Name == name);
        Seen seen = new(width, height, findings: SyntheticTrouble.Findings, glyphs: glyphs);
        var load = new SyntheticLoad(steady: false);
        seen.With(SyntheticTrouble.AddTo(load.Take()));
        seen.Press(pressed);
        for (int i = 1; i < intervals; i++) seen.With(SyntheticTrouble.AddTo(load.Take()));
        return seen;
    }

    // The numbers of each row of a table as they stand on the screen; heads of groups are in no report.
    private static IEnumerable<string> Rows(Seen seen, int top, List<Column> columns)
    {
        Table table = seen.Screen.Table;
        for (int y = top + 1; table.RowAt(0, y) is >= 0 and int row && row < seen.Frame.Rows.Count; y++)
        {
            if (seen.Frame.Rows[row].Extras.Heads.Length > 0) continue;
            yield return string.Join(' ', columns.Select(c =>
                string.Concat(seen.Lines[y].Select((glyph, x) => table.HeaderAt(x, top) == c ? glyph : ' ')).Trim()));
        }
    }

    // The last of the reports that "iscsitop -r FILE --view VIEW -b" writes, without its total.
    private static List<string> Reported(string view, List<Column> columns)
    {
        List<string> lines = Run(view, columns.Select(c => c.Field));
        int header = lines.FindLastIndex(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries).SequenceEqual(columns.Select(c => c.Header)));
        List<string> rows = lines[(header + 1)..];
        if (Views.Find(view)!.HasTotal && rows.Count > 1) rows.RemoveAt(rows.Count - 1);
        return [.. rows.Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
    }

    private static List<string> Run(string view, IEnumerable<string> fields)
    {
        using var output = new MemoryStream();
        string[] args = ["-b", "-r", Recorded.Path, "--view", view, "-F", string.Join(',', fields), "1", Recorded.Seconds.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        Assert.That(CommandLine.Run(args, new Iscsitop.Cli.Output.Streams(output, TextWriter.Null, false, false)), Is.Zero);
        return [.. System.Text.Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static string Home([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Screens");
}
