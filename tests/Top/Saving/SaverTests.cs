using System.Runtime.CompilerServices;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Top;
using Iscsitop.Cli.Top.Saving;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Top.Saving;

[TestFixture]
public sealed class SaverTests
{
    private string _directory = "";
    private Seen _seen = null!;
    private Snapshot _snapshot = null!;

    [SetUp]
    public void SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("iscsitop").FullName;
        _snapshot = new SyntheticLoad().Take();
        _seen = new Seen(100, 30).With(_snapshot);
    }

    [TearDown]
    public void TearDown() => Directory.Delete(_directory, recursive: true);

    private string Name(string file) => Path.Combine(_directory, file);

    private SavedScreen Saved => new(_seen.Screen.Canvas, _seen.State, _seen.Frame);

    private byte[] Reports(OutputFormat format)
    {
        var options = new TopOptions { Output = format, Fields = [.. Views.All[0].InTable(false)] };
        var report = new Report(options);
        report.Build(_snapshot);
        var into = new MemoryStream();
        ReportWriter writer = ReportWriter.For(format, new Streams(into, TextWriter.Null, false, false), ColorChoice.Never);
        writer.Write(report);
        writer.End();
        return into.ToArray();
    }

    private Seen Ask(string path)
    {
        _seen.Press("w");
        _seen.Controls.Press('\x15');
        return _seen.Type(path);
    }

    [Test]
    public void The_default_name_tells_view_and_time()
    {
        Assert.That(Saver.DefaultName("lun", _snapshot.Time, TimeZoneInfo.Utc), Is.EqualTo("iscsitop-lun-20260102-030406.txt"));
        Assert.That(_seen.Press("w").Lines[^1], Does.StartWith("save to iscsitop-lun-20260102-030406.txt"));
    }

    [Test]
    public void Tab_goes_through_the_kinds()
    {
        _seen.Press("w");
        var endings = new List<string>();
        foreach (SaveFormat _ in Saver.Formats) endings.Add(Path.GetExtension(_seen.Press("Tab").State.Prompt));
        Assert.That(endings, Is.EqualTo(Saver.Formats.Select(f => f.Ending).Skip(1).Append(".txt")));
        Assert.That(Saver.NextEnding("dir.d/name"), Is.EqualTo("dir.d/name.txt"));
    }

    [Test]
    public void Text_is_the_screen_without_the_prompt()
    {
        string before = _seen.Text;
        Ask(Name("a.txt")).Press("Enter");
        Assert.That(File.ReadAllText(Name("a.txt")), Is.EqualTo(before + "\n"));
        Assert.That(_seen.State.Mode, Is.EqualTo(Mode.Table));
        Assert.That(_seen.Lines[^1], Is.EqualTo("saved " + Name("a.txt")));
        Assert.That(_seen.Press("Down").Lines[^1], Does.StartWith("q quit"));
    }

    [TestCase("csv", OutputFormat.Csv)]
    [TestCase("json", OutputFormat.Json)]
    public void Rows_are_written_as_reports_are(string ending, OutputFormat format)
    {
        Assert.That(Saver.Save(Name("a." + ending), Saved), Is.Empty);
        Assert.That(File.ReadAllBytes(Name("a." + ending)), Is.EqualTo(Reports(format)));
    }

    [Test]
    public void Rows_are_those_on_screen()
    {
        _seen.Press("/").Type("archive").Press("Enter", "x");
        Assert.That(Saver.Save(Name("a.csv"), Saved), Is.Empty);
        string[] lines = File.ReadAllLines(Name("a.csv"));
        Assert.That(lines[0], Is.EqualTo("time," + string.Join(',', _seen.State.Columns.Select(c => c.Field))));
        Assert.That(lines, Has.Length.EqualTo(1 + _seen.Frame.Rows.Count));
        Assert.That(lines.Skip(1), Has.All.Contain("archive"));
    }

    [TestCase(".svg", "fill=\"#15181d\"")]
    [TestCase("-light.svg", "fill=\"#ffffff\"")]
    [TestCase(".ansi", "\e[0;1;38;2;46;148;190m")]
    public void Pictures_are_dark_or_light(string ending, string expected)
    {
        Assert.That(Saver.Save(Name("a" + ending), Saved), Is.Empty);
        Assert.That(File.ReadAllText(Name("a" + ending)), Does.Contain(expected));
    }

    [Test]
    public void A_png_is_one()
    {
        Assert.That(Saver.Save(Name("a.png"), Saved), Is.Empty);
        Assert.That(PictureTests.Decode(File.ReadAllBytes(Name("a.png"))).Width, Is.EqualTo(100 * PngPicture.CellWidth + 2 * PngPicture.Margin));
    }

    [Test]
    public void A_file_that_is_there_is_replaced_only_when_asked_twice()
    {
        File.WriteAllText(Name("a.txt"), "mine");
        Ask(Name("a.txt")).Press("Enter");
        Assert.That(File.ReadAllText(Name("a.txt")), Is.EqualTo("mine"));
        Assert.That(_seen.State.Complaint, Is.EqualTo(Saver.Exists));
        _seen.Press("Esc");
        Ask(Name("a.txt")).Press("Enter");
        Assert.That(File.ReadAllText(Name("a.txt")), Is.EqualTo("mine"), "asked anew");
        _seen.Press("Enter");
        Assert.That(File.ReadAllText(Name("a.txt")), Does.Contain("LUNs"));
        Assert.That(Directory.GetFiles(_directory), Has.Length.EqualTo(1));
    }

    [Test]
    public void What_cannot_be_saved_is_said_in_place()
    {
        Assert.That(Ask("/no-such-directory/a.txt").Press("Enter").Lines[^1], Does.Contain("there is no such directory"));
        Assert.That(Ask(Name("a.doc")).Press("Enter").State.Complaint, Does.StartWith("the name must end in .txt"));
        Directory.CreateDirectory(Name("d.txt"));
        Assert.That(Ask(Name("d.txt")).Press("Enter").State.Complaint, Is.EqualTo("it is a directory"));
        Assert.That(_seen.State.Mode, Is.EqualTo(Mode.Save));
        Assert.That(Directory.GetFiles(_directory), Is.Empty);
    }

    [Test]
    public void Only_the_owner_may_read_it()
    {
        if (OperatingSystem.IsWindows()) return;
        Assert.That(Saver.Save(Name("a.txt"), Saved), Is.Empty);
        Assert.That(File.GetUnixFileMode(Name("a.txt")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void The_man_page_has_the_kinds_and_no_others()
    {
        string page = File.ReadAllText(Path.Combine(Home(), "man", "iscsitop.8")).ReplaceLineEndings("\n");
        string kinds = string.Concat(Saver.Formats.Select(f => $".It Pa {f.Ending}\n{char.ToUpperInvariant(f.Help[0])}{f.Help[1..]}.\n"));
        Assert.That(page, Does.Contain("-compact\n" + kinds + ".El\n"));
    }

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", "..", ".."));
}
