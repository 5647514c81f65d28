using Iscsitop.Cli;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class TableWriterTests
{
    private static readonly string[] s_few = ["target", "lun", "name", "reads_per_s", "read_p50_us", "read_p99_us", "write_p99_us"];

    [Test]
    public void The_default_table_of_two_units()
    {
        Assert.That(Samples.Written(new TopOptions(), Samples.Two()), Is.EqualTo(
            """
            TARGET                      LUN NAME     R/s   W/s OTH/s RMB/s WMB/s   RSZ   WSZ  RP50  RP99  WP50  WP99    QD QDmx BSY% ERR/s INIs PTHs  %IO   PK
            iqn.2026-01.com.example:a     0 disk-0   100  10.0     0  0.41  0.08  4.10  8.19 0.983 0.983 1.965     -  0.12    7   50     0    1    1  100  150
            iqn.2026-01.com.example:a     1 disk-1     0     0     0     0     0     -     -     -     -     -     -     0    0    0     0    0    0    0    0
            total                                    100  10.0     0  0.41  0.08  4.10  8.19 0.983 0.983 1.965     -  0.12    -    -     0    1    1    -    -

            """));
    }

    [Test]
    public void A_long_name_and_a_huge_number_push_nothing_out_of_line()
    {
        Snapshot s = Samples.One(Samples.LongName, "i", 12_345_678, 1_000_000_000_000, 200_000_000_000);
        s.Cells.Add(Samples.Delta(Samples.Connection, 1, 0x2800, Iscsitop.Target.Scsi.CommandKind.Read, 1, 512, 1));
        string[] lines = Samples.Written(Samples.Fields(OutputFormat.Table, "lun", s_few), s).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(4));
        Assert.That(lines.Select(l => l.Length).Distinct().Count(), Is.EqualTo(1), string.Join('\n', lines));
        Assert.That(lines[1], Does.StartWith(Samples.LongName + "     5 "));
    }

    [Test]
    public void Unknown_is_a_dash_and_names_cannot_steer_the_terminal()
    {
        string text = Samples.Written(Samples.Fields(OutputFormat.Table, "lun", s_few), Samples.One("evil\e[2J\n\u202e", "i", 3, 0, 5_000));
        Assert.That(text, Is.EqualTo(
            """
            TARGET                  LUN NAME   R/s  RP50  RP99  WP99
            evil\x1b[2J\x0a\u202e     5 -     1.50     -     -     -

            """));
    }

    [Test]
    public void A_report_of_one_row_repeats_its_header_only_once_a_screenful()
    {
        Snapshot one = Samples.One("t", "i", 1, 0, 1);
        string[] lines = Samples.Written(Samples.Fields(OutputFormat.Table, "lun", s_few), [.. Enumerable.Repeat(one, 21)]).Split('\n');
        Assert.That(lines.Count(l => l.StartsWith("TARGET", StringComparison.Ordinal)), Is.EqualTo(2));
    }

    [Test]
    public void Drops_are_told_with_every_report()
    {
        Snapshot s = Samples.Empty();
        s.Engines.Clear();
        s.Engines.Add(new EngineStatus { RingDrops = 5, OutboxDrops = 6, Folded = 7 });
        Assert.That(Samples.Written(new TopOptions(), s), Does.EndWith("\ndrops: 5 events in the engine, 6 on the way here, 7 commands folded\n"));
    }

    [TestCase(Stamp.Unix, "^1795420800\nTARGET")]
    [TestCase(Stamp.Date, @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d\nTARGET")]
    public void The_time_stands_above(Stamp stamp, string expected) =>
        Assert.That(Samples.Written(new TopOptions { Stamp = stamp }, Samples.Two()), Does.Match(expected));

    [Test]
    public void Colour_only_when_asked_for()
    {
        Assert.That(Samples.Written(new TopOptions(), Samples.Two()), Does.Not.Contain("\e"));
        Assert.That(Samples.Written(new TopOptions { Color = ColorChoice.Always }, Samples.Two()), Does.StartWith("\e[1mTARGET").And.Contain("PK\e[0m\n"));
    }

    [Test]
    public void Fewer_rows_keep_the_whole_total()
    {
        Snapshot s = Samples.Two();
        s.Cells.Add(Samples.Delta(Samples.Connection, 1, 0x2800, Iscsitop.Target.Scsi.CommandKind.Read, 2, 512, 1));
        TopOptions options = Samples.Fields(OutputFormat.Csv, "lun", "lun", "reads") with { Rows = 1, SortBy = "reads", Ascending = true };
        Assert.That(Samples.Written(options, s), Does.EndWith(",1,2\r\n").And.Not.Contain(",0,200"));
        var report = new Report(options);
        report.Build(s);
        Assert.That(report.Total.Read.Ops, Is.EqualTo(202));
    }
}
