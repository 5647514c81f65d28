using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.D;

/// <summary>
/// What programs count on captures is what others count there: tshark on ours, and on those beside the repository a reassembler of its own.
/// </summary>
[TestFixture]
public sealed class TracedTruthTests
{
    private const string ByOpcode = """
        iscsi*:::*-command, iscsi*:::*-response, iscsi*:::data-*, iscsi*:::nop-*, iscsi*:::async-send
        {
            @pdus[args[1]->ii_opcode] = count();
            @bytes[args[1]->ii_opcode] = sum(args[1]->ii_datalen);
        }
        END { printa("%d %@d %@d\n", @pdus, @bytes); }
        """;

    private const string ByUnit = "iscsi*:::scsi-command { @[args[1]->ii_lun] = count(); } END { printa(\"%d %@d\\n\", @); }";

    private static readonly string s_others = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", "shared", "captures"));

    private static IEnumerable<TestCaseData> Others =>
        Directory.Exists(s_others)
            ? Directory.EnumerateFiles(s_others, "*.walk.tsv").Order(StringComparer.Ordinal).Select(f => new TestCaseData(f).SetArgDisplayNames(Path.GetFileName(f)))
            : [new TestCaseData("").SetArgDisplayNames("none")];

    [TestCaseSource(typeof(Corpus), nameof(Corpus.Names))]
    public void Pdus_and_bytes_by_opcode_are_tsharks(string name)
    {
        var expected = Corpus.Expected(name).Where(e => HasProbe((Opcode)e.Key)).Select(e => Line(e.Key, e.Value.Pdus, e.Value.Bytes));
        Assert.That(Traced(Corpus.PathOf(name), ByOpcode), Is.EqualTo(expected.Order(StringComparer.Ordinal)));
    }

    [TestCaseSource(typeof(Corpus), nameof(Corpus.Names))]
    public void Commands_by_unit_are_tsharks(string name)
    {
        IEnumerable<string> expected = File.ReadLines(Corpus.PathOf(name) + ".luns.txt").Select(l => l.Split(' '))
            .Select(f => Line(long.Parse(f[0].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture), long.Parse(f[1], CultureInfo.InvariantCulture)));
        Assert.That(Traced(Corpus.PathOf(name), ByUnit), Is.EqualTo(expected.Order(StringComparer.Ordinal)));
    }

    [TestCaseSource(nameof(Others))]
    public void On_other_captures_they_are_the_walkers(string walk)
    {
        Client.NeedThat(walk.Length > 0, "there are no captures beside the repository");
        string capture = walk.Replace(".walk.tsv", ".pcap", StringComparison.Ordinal);
        string[][] lines = [.. File.ReadLines(walk).Skip(1).Select(l => l.Split('\t'))];
        var pdus = lines.GroupBy(f => long.Parse(f[5].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)).Where(g => HasProbe((Opcode)g.Key))
            .Select(g => Line(g.Key, g.Count(), g.Sum(f => long.Parse(f[11], CultureInfo.InvariantCulture))));
        var units = lines.Where(f => f[5] == "0x01").GroupBy(f => long.Parse(f[8], CultureInfo.InvariantCulture)).Select(g => Line(g.Key, g.Count()));
        Assert.That(Traced(capture, ByOpcode), Is.EqualTo(pdus.Order(StringComparer.Ordinal)));
        Assert.That(Traced(capture, ByUnit), Is.EqualTo(units.Order(StringComparer.Ordinal)));
    }

    private static bool HasProbe(Opcode opcode) => Pdu.Row(opcode).Probe != Probe.None;

    private static string Line(params long[] numbers) => string.Join(' ', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));

    // Lines that a program prints, in the order of their text.
    private static string[] Traced(string capture, string program)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(["trace", "-q", "--port", "3260,13260,13270,13280", "-r", capture, "-n", program], new Streams(output, error, false, false));
        Assert.That((code, error.ToString().Contains("dtrace: failed", StringComparison.Ordinal)), Is.EqualTo((0, false)), error.ToString());
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
