using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Cli;

/// <summary><c>-Y</c> as a whole: from the command line to what is printed.</summary>
[TestFixture]
public sealed class FilterOptionTests
{
    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter { NewLine = "\n" };
        int code = CommandLine.Run(args, new Streams(output, error, false, false));
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    private static JsonElement Total(string expression, string view = "lun")
    {
        (int code, string output, string error) = Run("-b", "-o", "json", "--view", view, "-r", Corpus.PathOf("errors.pcap"), "-Y", expression);
        Assert.That(code, Is.Zero, error);
        return JsonDocument.Parse(output).RootElement[0].GetProperty("total");
    }

    [Test]
    public void Commands_that_match_and_those_that_do_not_are_all_of_them([Values("lun", "initiator", "opcode")] string view)
    {
        long all = N(Total("itt>=0", view)), failed = N(Total("status!=good", view)), good = N(Total("status==good", view));
        Assert.That((failed + good, failed > 0, good > 0), Is.EqualTo((all, true, true)));
        Assert.That(Total("status!=good", view).GetProperty("errors").GetInt64(), Is.EqualTo(failed));

        static long N(JsonElement total) => total.GetProperty("n").GetInt64();
    }

    [Test]
    public void What_it_finds_in_tables_snoop_finds_too([Values("op==read", "op==0x12 || lat>1ms", "sense==05", "bytes>=512 && lun==0")] string expression)
    {
        (int code, string lines, string error) = Run("snoop", "-j", "-r", Corpus.PathOf("errors.pcap"), "-Y", expression);
        Assert.That(code, Is.Zero, error);
        Assert.That(Total(expression).GetProperty("n").GetInt64(), Is.EqualTo(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
    }

    [Test]
    public void Sessions_are_chosen_by_how_they_ended()
    {
        (_, string output, _) = Run("-b", "-o", "csv", "--view", "session", "-F", "end", "-r", Corpus.PathOf("reinstated.pcap"), "-Y", "end==reinstated");
        Assert.That(output.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => l.Split(',')[1]), Has.All.EqualTo("reinstated").And.Not.Empty);
    }

    [Test]
    public void Pdus_are_chosen_by_their_probe()
    {
        (_, string output, _) = Run("snoop", "--pdu", "-j", "-r", Corpus.PathOf("nops.pcap"), "-Y", "probe~^nop");
        Assert.That(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.All.Contain("\"probe\":\"nop-").And.Not.Empty);
    }

    [TestCase("lun==3 && initator~x", "iscsitop: filter: there is no field initator (initiator?)\n  lun==3 && initator~x\n            ^\n")]
    [TestCase("lat>20", "iscsitop: filter: 20 is no value of lat (a time with its unit, like 500us, 20ms or 1.5s is wanted)\n  lat>20\n      ^\n")]
    [TestCase("target==\"\e\" && x", "iscsitop: filter: there is no field x (ip?)\n  target==\"\\x1b\" && x\n                    ^\n", TestName = "What would steer the terminal is spelled out")]
    [TestCase("probe==nop-send", "iscsitop: filter: probe is of single PDUs (iscsisnoop --pdu has them)\n  probe==nop-send\n  ^\n")]
    public void An_error_points_at_the_character(string expression, string expected)
    {
        (int code, string output, string error) = Run("-b", "-Y", expression);
        if (expression.EndsWith("&& x", StringComparison.Ordinal)) Assert.That((code, error.Split('\n')[1..]), Is.EqualTo((2, expected.Split('\n')[1..])));
        else Assert.That((code, output, error), Is.EqualTo((2, "", expected)));
    }

    [TestCase("--pdu", "lat>5ms", "lat is known of completed commands, not of PDUs (without --pdu it is)")]
    [TestCase("-x", "lun==0 || probe==nop-send", "probe is of single PDUs (with --pdu it is known)")]
    [TestCase("-x", "rule==x", "rule is known of the lists of iscsitop only")]
    public void Snoop_refuses_what_it_can_never_know(string option, string expression, string problem)
    {
        (int code, _, string error) = Run("snoop", option, "-Y", expression);
        Assert.That((code, error.Split('\n')[0]), Is.EqualTo((2, "iscsitop: filter: " + problem)));
    }
}
