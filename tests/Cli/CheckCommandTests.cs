using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Checking;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Checking;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Engine.Recording;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class CheckCommandTests
{
    [Test]
    public void The_line_is_that_of_a_plugin()
    {
        Result result = Asked("p50.write > 5ms", "p99.read(lun=0) > 900us && errors == 0");
        Assert.That(Plugin.Line(result), Is.EqualTo(
            "ISCSITOP CRITICAL - p99.read(lun=0) 0.983 ms > 900us (n 200), errors 0 == 0|p99.read_lun_0=982.603us;;900;0 errors=0;;@0:0;0 p50.write=1965.207us;5000;;0\n"));
    }

    [Test]
    public void What_is_not_there_is_unknown_and_what_is_there_is_said()
    {
        Result result = Asked(null, "p99.read(lun=7) > 1ms");
        Assert.That(Plugin.Line(result), Is.EqualTo(
            "ISCSITOP UNKNOWN - p99.read(lun=7) unknown: nothing that is lun=7 (LUNs here: 0 of iqn.2026-01.com.example:a, 1 of iqn.2026-01.com.example:a; initiators: iqn.1994-05.com.example:host)|p99.read_lun_7=U;;1000;0\n"));
    }

    [Test]
    public void A_warning_is_less_and_an_ok_tells_the_figures()
    {
        Assert.That(Plugin.Line(Asked("iops > 100", "iops > 200")), Is.EqualTo("ISCSITOP WARNING - iops 110 /s > 100|iops=110;100;200;0\n"));
        Assert.That(Plugin.Line(Asked(null, "busy > 90%")), Is.EqualTo("ISCSITOP OK - busy 50 %|busy=50%;;90;0;100\n"));
        Assert.That(Plugin.Line(Asked(null, "sessions < 1")), Is.EqualTo("ISCSITOP OK - sessions 1|sessions=1;;1:;0\n"));
    }

    [Test]
    public void A_line_has_one_bar()
    {
        string line = Plugin.Line(Asked(null, "errors(target~\"a|b\" || lun=0) >= 0"));
        Assert.That(line.Count(c => c == '|'), Is.EqualTo(1));
        Assert.That(line, Does.Not.Contain("\n\n").And.EndsWith("\n"));
    }

    [Test]
    public void Json_says_the_same()
    {
        using JsonDocument json = JsonDocument.Parse(Plugin.Json(Asked(null, "p99.write > 1ms")));
        JsonElement root = json.RootElement, seen = root.GetProperty("conditions")[0].GetProperty("comparisons")[0];
        Assert.That((root.GetProperty("state").GetString(), seen.GetProperty("value").ValueKind, seen.GetProperty("n").GetInt32(), seen.GetProperty("limit").GetInt32()),
            Is.EqualTo(("unknown", JsonValueKind.Null, 20, 1000)));
    }

    [TestCase(0, "OK - ", "iops.read > 100000")]
    [TestCase(2, "CRITICAL - ", "iops.read > 10 for 3s")]
    [TestCase(1, "WARNING - ", "-w", "iops.read > 10", "-c", "iops.read > 100000")]
    [TestCase(3, "UNKNOWN - ", "p99.read(lun=99) > 1ms")]
    [TestCase(3, "UNKNOWN - there is no metric p98 (p9", "p98 > 1ms")]
    [TestCase(3, "UNKNOWN - a condition is wanted")]
    [TestCase(3, "UNKNOWN - unknown option -- --bogus", "--bogus")]
    public void A_recording_is_checked(int code, string begin, params string[] args)
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        File.WriteAllBytes(path, Everything.Recording(10, out _));
        (int was, string output, _) = Run(["check", .. args, "-r", path]);
        Assert.That((was, output[..Math.Min(output.Length, begin.Length + 9)]), Is.EqualTo((code, "ISCSITOP " + begin)), output);
    }

    [Test]
    public void A_file_that_is_not_there_is_unknown() =>
        Assert.That(Run("check", "-r", "/nowhere/a.pcap", "iops > 3").Code, Is.EqualTo(3));

    [Test]
    public void A_wrong_condition_is_pointed_at()
    {
        string error = Run("check", "errors > 0 && p98 > 3ms").Error;
        Assert.That(error.ReplaceLineEndings("\n"), Does.EndWith("\n  errors > 0 && p98 > 3ms\n                ^\n").And.StartWith("iscsitop: condition: there is no metric p98"));
    }

    [TestCase("iops.read > 10 for 3s", 4, "iscsitop: fail-if: iops.read ")]
    [TestCase("iops.read > 100000", 0, "")]
    [TestCase("p99(lun=99) > 1s", 0, "iscsitop: fail-if is not known: p99(lun=99) unknown: nothing that is lun=99")]
    public void Reports_end_when_a_condition_holds(string condition, int code, string said)
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        File.WriteAllBytes(path, Everything.Recording(10, out _));
        (int was, string output, string error) = Run("-b", "-r", path, "-o", "json", "--fail-if", condition, "1");
        Assert.That(was, Is.EqualTo(code), error);
        if (said.Length > 0) Assert.That(error, Does.Contain(said));
        else Assert.That(error, Does.Not.Contain("fail-if"));
        using JsonDocument document = JsonDocument.Parse(output);
        Assert.That(document.RootElement.GetArrayLength(), code == 4 ? Is.EqualTo(3) : Is.GreaterThan(8));
    }

    [TestCase("iops.read > +1%", 4)]
    [TestCase("iops.read < -1%", 0)]
    public void A_comparison_ends_by_a_change(string condition, int code)
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        File.WriteAllBytes(path, Everything.Recording(10, out _));
        Assert.That(Run("diff", path, "--to", "+4s", "--from-b", "-4s", "--fail-if", condition).Code, Is.EqualTo(code));
    }

    [Test]
    public void The_metrics_can_be_listed()
    {
        string text = Run("check", "--list-fields").Output;
        foreach (Metric m in CheckMetrics.All) Assert.That(text, Does.Match($"(?m)^{m.Name} .*number  "));
        using JsonDocument json = JsonDocument.Parse(Run("check", "--list-fields", "-o", "json").Output);
        Assert.That(json.RootElement.GetProperty("fields").GetArrayLength(), Is.EqualTo(CheckMetrics.All.Count));
    }

    [Test]
    public void Markdown_is_a_table_in_which_names_are_no_markup()
    {
        string text = Samples.Written(Samples.Fields(OutputFormat.Markdown, "lun", "target", "lun", "reads", "read_p99_us"), Samples.One("a|b_c", "i", 3, 1, 1));
        Assert.That(text, Is.EqualTo("| TARGET | LUN | READS | RP99 |\n| --- | ---: | ---: | ---: |\n| a\\|b\\_c | 5 | 3 | - |\n"));
    }

    private static Result Asked(string? warning, string critical)
    {
        var result = new Result(warning is null ? null : Watch(warning), Watch(critical), dated: false);
        result.Add(Samples.Two());
        return result;

        static Watch Watch(string text) => new(Check.Parse(text), Narrowing.None);
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(args, new Streams(output, error, false, false));
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
