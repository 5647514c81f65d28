using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Commands;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class BatchTests
{
    [Test]
    public void So_many_reports_and_an_end()
    {
        int takes = 0;
        (string output, _) = Run(new TopOptions { Output = OutputFormat.Json, Count = 3 }, () => Count(ref takes), CancellationToken.None);
        using JsonDocument document = JsonDocument.Parse(output);
        Assert.That((document.RootElement.GetArrayLength(), takes), Is.EqualTo((3, 3)));
    }

    [Test]
    public void The_first_report_can_be_left_out()
    {
        int takes = 0;
        (string output, _) = Run(new TopOptions { Output = OutputFormat.Json, Count = 2, SkipFirst = true }, () => Count(ref takes), CancellationToken.None);
        using JsonDocument document = JsonDocument.Parse(output);
        Assert.That((document.RootElement.GetArrayLength(), takes), Is.EqualTo((2, 3)));
    }

    [Test]
    public void Ctrl_C_closes_the_document()
    {
        using var interrupt = new CancellationTokenSource();
        int takes = 0;
        (string output, _) = Run(new TopOptions { Output = OutputFormat.Json }, () => Count(ref takes, interrupt), interrupt.Token);
        using JsonDocument document = JsonDocument.Parse(output);
        Assert.That(document.RootElement.GetArrayLength(), Is.EqualTo(2));
    }

    [Test]
    public void Ctrl_C_sums_the_table_up()
    {
        using var interrupt = new CancellationTokenSource();
        int takes = 0;
        (string output, _) = Run(new TopOptions(), () => Count(ref takes, interrupt), interrupt.Token);
        Assert.That(output, Does.EndWith(
            "\nsummary: 4.0 s; 400 reads, 1638400 bytes, p50 0.983 p99 0.983 ms; 40 writes, 327680 bytes, p50 1.965 p99 - ms; 0 others; 0 errors\n"));
    }

    [Test]
    public void Without_an_engine_it_says_so_and_reports_go_on()
    {
        (string output, string error) = Run(new TopOptions { Output = OutputFormat.Csv, Count = 2 }, () => new Snapshot(), CancellationToken.None);
        Assert.That(output, Does.StartWith("time,target,lun,"));
        Assert.That(error, Is.EqualTo("iscsitop: no engine is running here yet; waiting for one (see iscsitop list)" + Environment.NewLine));
    }

    [Test]
    public void Losses_are_told_at_the_end_where_the_format_has_no_place_for_them()
    {
        Snapshot s = Samples.Empty();
        s.Engines.Add(new EngineStatus { RingDrops = 8 });
        (_, string error) = Run(new TopOptions { Output = OutputFormat.Csv, Count = 1 }, () => s, CancellationToken.None);
        Assert.That(error, Is.EqualTo("iscsitop: drops: 8 events in the engine, 0 on the way here, 0 commands folded" + Environment.NewLine));
    }

    private static Snapshot Count(ref int takes, CancellationTokenSource? interrupt = null)
    {
        if (++takes == 2) interrupt?.Cancel();
        return Samples.Two();
    }

    private static (string Output, string Error) Run(TopOptions options, Func<Snapshot> take, CancellationToken cancellation)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        Batch.Run(options, new Streams(output, error, false, false), (_, _) => true, take, cancellation);
        return (Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
