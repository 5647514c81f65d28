using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Iscsitop.Cli.Metrics;

namespace Iscsitop.Tests.Metrics;

/// <summary>The page and the manual say what the table says, and no more.</summary>
[TestFixture]
public sealed class MetricDocsTests
{
    [Test]
    public void The_page_has_every_metric_as_the_table_has_it()
    {
        string page = Read("docs", "metrics.md");
        foreach (MetricRow row in MetricTable.Rows)
        {
            string labels = string.Join(' ', row.Labels.Select(l => $"`{l}`").Concat(row.ByInitiator ? [$"[`{MetricLabels.InitiatorName}`]"] : []));
            Assert.That(page, Does.Contain($"\n| `{row.Name}` | `{row.Prometheus}` | {row.Kind} | {row.Unit} | {labels} | {Math.Round(row.Share * 100)} % | {row.Help} |\n"));
        }
        Assert.That(Regex.Count(page, @"(?m)^\| `"), Is.EqualTo(MetricTable.Rows.Count));
    }

    [Test]
    public void The_manual_has_every_metric_as_the_table_has_it()
    {
        string page = Read("man", "iscsitop-metrics.8");
        foreach (MetricRow row in MetricTable.Rows)
        {
            IEnumerable<string> labels = row.Labels.Select(MetricLabels.Prometheus).Concat(row.ByInitiator ? [$"[{MetricLabels.Prometheus(MetricLabels.InitiatorName)}]"] : []);
            string unit = row.Unit.Length == 0 ? "" : " , " + row.Unit, said = labels.Any() ? $"Labels: {string.Join(", ", labels)}.\n" : "";
            Assert.That(page, Does.Contain($"\n.It Cm {row.Prometheus} Pq Li {row.Name}{unit}\n{row.Help}.\n{said}"));
        }
        Assert.That(Regex.Count(page, @"(?m)^\.It Cm "), Is.EqualTo(MetricTable.Rows.Count));
    }

    internal static string Read(params ReadOnlySpan<string> path) => File.ReadAllText(Path.Combine([Home(), .. path])).ReplaceLineEndings("\n");

    internal static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", ".."));
}
