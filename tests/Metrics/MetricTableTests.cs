using System.Text.RegularExpressions;
using Iscsitop.Cli.Metrics;

namespace Iscsitop.Tests.Metrics;

[TestFixture]
public sealed partial class MetricTableTests
{
    // Names that are not what the translation makes of OpenTelemetry's; promtool keeps _count for histograms.
    private static readonly Dictionary<string, string> s_own = new()
    {
        ["iscsi.server.window.stall.time"] = "iscsi.server.window.stall",
        ["iscsi.server.session.count"] = "iscsi.server.sessions",
        ["iscsi.server.connection.count"] = "iscsi.server.connections",
    };

    [Test]
    public void A_name_to_prometheus_is_the_translation_of_the_one_to_opentelemetry()
    {
        foreach (MetricRow row in MetricTable.Rows)
        {
            string unit = row.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            string name = s_own.GetValueOrDefault(row.Name, row.Name);
            string expected = name.Replace('.', '_') + unit + (row.Kind == InstrumentKind.Counter ? "_total" : "");
            Assert.That(row.Prometheus, Is.EqualTo(expected));
            Assert.That(row.Prometheus, Does.Match(Legal()));
        }
    }

    [Test]
    public void Every_name_is_there_once_and_says_what_it_is()
    {
        Assert.That(MetricTable.Rows.Select(r => r.Name), Is.Unique);
        Assert.That(MetricTable.Rows.Select(r => r.Prometheus), Is.Unique);
        foreach (MetricRow row in MetricTable.Rows)
        {
            Assert.That(row.Help, Does.Match("^[A-Z].*[^.]$"), row.Name);
            Assert.That(row.Bounds, row.Kind == InstrumentKind.Histogram ? Has.Count.EqualTo(14).And.Ordered : Is.Empty, row.Name);
            Assert.That(MetricTable.Find(row.Name), Is.SameAs(MetricTable.Find(row.Prometheus)));
        }
    }

    [GeneratedRegex("^(iscsi_server|iscsitop)_[a-z_]+$")]
    private static partial Regex Legal();
}
