using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Target.Scsi;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Engine.Recording;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class DiffTests
{
    [Test]
    public void Both_sides_stand_beside_each_other()
    {
        string text = Compare(ComparisonText.Write, Side(1000, 300_000), Side(1500, 600_000));
        foreach (string line in new[]
        {
            "\niqn.2026-01.com.example:a LUN 5         A         B    change\n",
            "\n  IOPS                               500       750     +50 %\n",
            "\n  MB/s                              2.05      3.07     +50 %\n",
            "\n  errors/s                             0         0       0 %\n",
        })
            Assert.That(text, Does.Contain(line));
        Assert.That(text, Does.Match(@"\n  read p50, ms                     0\.\d{3}     0\.\d{3}    \+\d+ %\n"));
        Assert.That(text, Does.Contain("  distance 1.000 (Kolmogorov-Smirnov; 0.067 by chance)\n"));
        Assert.That(text, Does.Match(@"\n  shift at  p10 \+(\d+) %  p25 \+\1 %  p50 \+\1 %  p75 \+\1 %  p90 \+\1 %  p95 \+\1 %  p99 \+\1 %  p99\.9 \+\1 %\n"));
    }

    [Test]
    public void Bars_are_shares()
    {
        string[] lines = Compare(ComparisonText.Write, Side(1000, 300_000), Side(20_000, 600_000, 300_000)).Split('\n');
        string[] bars = [.. lines.Where(l => l.Contains('#', StringComparison.Ordinal)).Take(2)];
        Assert.That(bars[0], Is.EqualTo("  " + "     200us  " + new string('#', 22) + " 100%  " + new string('#', 11) + new string(' ', 11) + "  50%"));
        Assert.That(bars[1], Is.EqualTo("  " + "     500us  " + new string(' ', 29) + new string('#', 11) + new string(' ', 11) + "  50%"));
    }

    [Test]
    public void Of_too_few_commands_nothing_is_said()
    {
        string text = Compare(ComparisonText.Write, Side(19, 300_000), Side(1000, 600_000));
        Assert.That(text, Does.Contain("  read p50, ms                         -").And.Contain("  distance - (Kolmogorov-Smirnov; - by chance)\n"));
    }

    [Test]
    public void What_is_there_on_one_side_only_did_nothing_on_the_other()
    {
        string csv = Compare(ComparisonFiles.WriteCsv, Side(100, 300_000), new CompareSpan("b", 0, Samples.Empty()));
        string[] lines = csv.Split("\r\n");
        Assert.That(lines[0], Does.StartWith("target,lun,iops_a,iops_b,iops_change_pct,bytes_per_s_a,"));
        Assert.That(lines[2], Does.StartWith("iqn.2026-01.com.example:a,5,50,0,-100,204800,0,-100,0,0,0,100,0,"));
        string json = Compare(ComparisonFiles.WriteJson, Side(100, 300_000), Side(100, 300_000));
        Assert.That(json, Does.Contain("\"rows\":[{\"target\":\"iqn.2026-01.com.example:a\",\"lun\":5,\"iops\":{\"a\":50,\"b\":50,\"change_pct\":0}").And.Contain("\"distance\":0,"));
    }

    [Test]
    public void Two_spans_of_a_recording_are_compared()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        File.WriteAllBytes(path, Everything.Recording(10, out _));
        (int code, string output, string error) = Run("diff", path, "--to", "+4s", "--from-b", "-4s", "-o", "csv");
        Assert.That((code, error), Is.EqualTo((0, "")));
        // Seconds 0 to 3 and 6 to 9: 806 and 830 reads.
        Assert.That(output.Split("\r\n")[1], Does.Contain(",806,830,"));
        Assert.That(Run("diff", path).Error, Is.EqualTo("iscsitop: one file has nothing to be compared with but a span of its own (--from, --to, --from-b, --to-b)" + Environment.NewLine));
        Assert.That(Run("diff", path, "--from", "noon").Error, Does.StartWith("iscsitop: invalid time -- noon ("));
    }

    private static CompareSpan Side(int ops, params long[] latencies)
    {
        Snapshot s = Samples.Empty();
        CellDelta delta = Samples.Delta(Samples.Connection, 5, 0x2800, CommandKind.Read, ops, 4096, 0);
        delta.Cell.Of(Phase.Latency)!.Clear();
        for (int i = 0; i < ops; i++) delta.Cell.Ensure(Phase.Latency).Add(latencies[i % latencies.Length]);
        s.Cells.Add(delta);
        return new CompareSpan("side", s.Time - 2_000_000_000, s);
    }

    private static string Compare(Action<Comparison, Stream> write, CompareSpan a, CompareSpan b)
    {
        using var output = new MemoryStream();
        write(new Comparison(Views.All[0], a, b, 10), output);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(args, new Streams(output, error, false, false));
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
