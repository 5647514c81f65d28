using Iscsitop.Cli;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class RowOrderTests
{
    [TestCase("read_p50_us", false, "2 0 1")]
    [TestCase("read_p50_us", true, "0 2 1")]
    [TestCase("lun", true, "0 1 2")]
    [TestCase("lun", false, "2 1 0")]
    [TestCase("name", true, "0 1 2")]
    [TestCase("name", false, "1 0 2")]
    [TestCase("errors", false, "0 1 2")]
    public void The_unknown_stands_last_and_equals_keep_their_names_order(string field, bool ascending, string luns)
    {
        Iscsitop.Engine.Snapshot s = Samples.Two();
        s.Cells.Add(Samples.Delta(Samples.Connection, 2, 0x2800, CommandKind.Read, 30, 512, 9_000_000));
        var report = new Report(new TopOptions { SortBy = field, Ascending = ascending });
        report.Build(s);
        Assert.That(string.Join(' ', report.Rows.Select(r => r.Lun)), Is.EqualTo(luns));
    }
}
