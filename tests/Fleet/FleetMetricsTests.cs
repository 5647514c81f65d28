using Iscsitop.Cli.Metrics;
using Iscsitop.Engine.Fleet;

namespace Iscsitop.Tests.Fleet;

/// <summary>What is read back is what is exported.</summary>
[TestFixture]
public sealed class FleetMetricsTests
{
    [Test]
    public void Every_metric_that_is_read_is_exported()
    {
        string[] parts = ["_bucket", "_sum", "_count"];
        IEnumerable<string> exported = MetricTable.Rows.SelectMany(r => r.Kind == InstrumentKind.Histogram ? parts.Select(p => r.Prometheus + p) : [r.Prometheus]);
        Assert.That(FleetMetrics.Names, Is.SubsetOf(exported));
    }

    [Test]
    public void Every_label_that_is_looked_at_is_one_of_theirs()
    {
        IEnumerable<string> exported = MetricTable.Rows.SelectMany(r => r.Labels).Append(MetricLabels.InitiatorName).Distinct().Select(MetricLabels.Prometheus);
        Assert.That(FleetMetrics.Labels, Is.SubsetOf(exported));
    }
}
