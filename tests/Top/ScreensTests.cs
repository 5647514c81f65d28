using System.Runtime.CompilerServices;
using Iscsitop.Cli;
using Iscsitop.Cli.Top;

namespace Iscsitop.Tests.Top;

/// <summary>
/// Every view at three sizes, as the files beside say. With ISCSITOP_UPDATE_SCREENS set they are written anew: look at the difference.
/// </summary>
[TestFixture]
public sealed class ScreensTests
{
    private static readonly (int Width, int Height)[] s_sizes = [(60, 16), (100, 30), (140, 40)];

    // A name, the keys that lead there, and how many intervals there were.
    private static readonly (string Name, string[] Keys, int Intervals)[] s_scenes =
    [
        ("lun", ["1"], 1),
        ("initiator", ["2"], 1),
        ("session", ["3"], 1),
        ("target", ["4"], 1),
        ("opcode", ["5"], 1),
        ("heat", ["6"], 70),
        ("errors", ["7"], 1),
        ("pattern", ["8"], 1),
        ("tmf", ["9"], 1),
        ("findings", ["0"], 1),
        ("lun-split", ["d"], 1),
        ("target-split", ["4", "d"], 1),
        ("tmf-reservation", ["9", "End"], 1),
        ("card", ["3", "End", "Enter"], 1),
        ("drilled", ["Down", "Down", "Enter", "Enter", "7"], 1),
        ("heat-of-a-lun", ["Down", "Down", "H"], 3),
        ("d-count", Typed(AskedTests.Who), 1),
        ("d-quantize", [.. Typed(AskedTests.Latency), "Down"], 1),
        ("d-lquantize", [.. Typed(AskedTests.Latency), "m", "m"], 1),
    ];

    private static IEnumerable<TestCaseData> Scenes =>
        from scene in s_scenes
        from size in s_sizes
        select new TestCaseData(scene.Name, scene.Keys, scene.Intervals, size.Width, size.Height).SetArgDisplayNames($"{scene.Name}-{size.Width}x{size.Height}");

    [TestCaseSource(nameof(Scenes))]
    public void Looks_as_its_file_says(string name, string[] keys, int intervals, int width, int height)
    {
        Seen seen = Play(new Seen(width, height, findings: SyntheticTrouble.Findings), keys, intervals);
        string file = Path.Combine(Home(), $"{name}-{width}x{height}.txt");
        string text = string.Join('\n', seen.Lines).TrimEnd('\n') + "\n";
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("ISCSITOP_UPDATE_SCREENS"))) File.WriteAllText(file, text);
        Assert.That(text, Is.EqualTo(File.ReadAllText(file).ReplaceLineEndings("\n")));
    }

    [TestCaseSource(nameof(Scenes))]
    public void Needs_no_more_than_seven_bits(string name, string[] keys, int intervals, int width, int height) =>
        Assert.That(Play(new Seen(width, height, findings: SyntheticTrouble.Findings, glyphs: Glyphs.Ascii), keys, intervals).Lines, Has.All.Matches("^[ -~]*$"), name);

    [Test]
    public void Every_view_is_a_scene() => Assert.That(s_scenes.Select(s => s.Name), Is.SupersetOf(Views.All.Select(v => v.Key)));

    [Test]
    public void Every_file_is_a_scene() =>
        Assert.That(Directory.GetFiles(Home()).Select(Path.GetFileNameWithoutExtension), Is.EquivalentTo(Scenes.Select(s => $"{s.Arguments[0]}-{s.Arguments[3]}x{s.Arguments[4]}")));

    [Test]
    public void Every_view_can_be_drawn_at_every_size()
    {
        foreach ((_, string[] keys, int intervals) in s_scenes)
        {
            Seen seen = Play(new Seen(300, 100, findings: SyntheticTrouble.Findings), keys, intervals);
            for (int width = 60; width <= 300; width += 24)
                for (int height = 16; height <= 100; height += 12)
                    Assert.That(() => seen.Screen.Draw(width, height), Throws.Nothing);
        }
    }

    private static string[] Typed(string line) => [":", .. line.Select(c => c == ' ' ? "Space" : c.ToString()), "Enter"];

    private static Seen Play(Seen seen, string[] keys, int intervals)
    {
        var load = new SyntheticLoad(steady: false);
        seen.With(SyntheticTrouble.AddTo(load.Take()));
        seen.Press(keys);
        for (int i = 1; i < intervals; i++) seen.With(SyntheticTrouble.AddTo(load.Take()));
        return seen;
    }

    private static string Home([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Screens");
}
