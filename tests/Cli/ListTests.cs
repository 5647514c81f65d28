using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Cli;

/// <summary><c>iscsitop list</c> in all its formats.</summary>
[TestFixture]
public sealed class ListTests
{
    private static readonly EngineListing[] s_engines =
    [
        new(4711, "/run/iscsitop/iscsi4711", "target", "0.1.0", 0b111, 0b1, 3, 2, 1),
        new(12, "/run/iscsitop/iscsi12", Problem: "it does not answer"),
        new(99, "/run/iscsitop/iscsi99", "a|b,c", "0.1.0-alpha.12", 0b1, 0, 1, 1, 0),
    ];

    [Test]
    public void A_table_is_as_wide_as_its_widest_line() => Assert.That(Written(OutputFormat.Table), Is.EqualTo("""
            PID  SESS  CONN  VIEW  PROBES VERSION        SOURCE
           4711     2     3     1     1/3 0.1.0          target
             12     -     -     -       - -              (it does not answer)
             99     1     1     0     0/1 0.1.0-alpha.12 a|b,c

        """));

    [Test]
    public void Csv_has_what_json_has() => Assert.That(Written(OutputFormat.Csv).Split("\r\n"), Is.EqualTo(new[]
    {
        "pid,source,version,sessions,connections,viewers,probes,probes_enabled,pipe,problem",
        "4711,target,0.1.0,2,3,1,3,1,/run/iscsitop/iscsi4711,",
        "12,,,,,,,,/run/iscsitop/iscsi12,it does not answer",
        "99,\"a|b,c\",0.1.0-alpha.12,1,1,0,1,0,/run/iscsitop/iscsi99,",
        "",
    }));

    [Test]
    public void Markdown_has_no_markup_of_others() => Assert.That(Written(OutputFormat.Markdown).Split('\n')[4], Is.EqualTo("| 99 | 1 | 1 | 0 | 0/1 | 0.1.0-alpha.12 | a\\|b,c |"));

    [Test]
    public void The_first_record_has_the_schema()
    {
        string[] lines = Written(OutputFormat.Ndjson).Split('\n');
        Assert.That(lines[0], Does.StartWith("{\"schema\":1,\"pid\":4711,"));
        Assert.That(lines[1], Is.EqualTo("""{"pid":12,"source":null,"version":null,"sessions":null,"connections":null,"viewers":null,"probes":null,"probes_enabled":null,"pipe":"/run/iscsitop/iscsi12","problem":"it does not answer"}"""));
    }

    [TestCase("table", "")]
    [TestCase("csv", "id,provider,pid,source,probe\r\n")]
    [TestCase("json", "[\n]\n")]
    [TestCase("ndjson", "")]
    public void A_recording_has_no_probes(string format, string expected)
    {
        using var scratch = new Conformance.Scratch();
        File.WriteAllBytes(scratch.File("a.rec"), Engine.Recording.Everything.Recording(2, out _));
        string output = Run("list", "-l", "-r", scratch.File("a.rec"), "-o", format).Output;
        Assert.That(output, format == "table" ? Does.Match("^ +ID +PROVIDER +MODULE NAME\n$") : Is.EqualTo(expected));
    }

    [TestCase("list", "pid             -  number  process id of the engine")]
    [TestCase("list -l", "provider  -  string  name of the provider: iscsi and the process id")]
    [TestCase("diff", "read_p99_9_us_b            us   number  latency that 99.9 % of reads do not exceed, in B")]
    [TestCase("diff --view opcode", "op                         -    string  ")]
    public void Fields_are_listed(string command, string line)
    {
        (int code, string output, string error) = Run([.. command.Split(' '), "--list-fields"]);
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output.Split('\n'), Has.Some.StartsWith(line));
    }

    private static string Written(OutputFormat format)
    {
        using var output = new MemoryStream();
        var sink = new LineSink(output, null, () => { });
        LineSink.WriteLine<EngineListing> write = Listing.Writer(format, sink, ListFields.OfEngine, ListFields.EngineColumns, s_engines);
        foreach (EngineListing engine in s_engines) sink.Add(write, engine, default);
        sink.Close();
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(arguments, new Streams(output, error, false, false));
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
