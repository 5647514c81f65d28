using System.Text.Json;
using Iscsitop.Cli.Metrics;
using Iscsitop.Tests.Conformance;
using OpenTelemetry.Exporter;

namespace Iscsitop.Tests.Metrics;

[TestFixture]
public sealed class OtlpTests
{
    private const string Package = "aspire.dashboard.sdk.linux-x64/13.6.5/tools";

    private static readonly string s_capture = Path.Combine(MetricDocsTests.Home(), "tests", "Captures", "reads.pcap");

    [Test]
    public void Nothing_is_put_by_for_a_receiver_that_is_away_and_then_it_gets_the_sums()
    {
        using var receiver = new OtlpReceiver(refusals: 5);
        using var metrics = Push(receiver.Url, null);
        IReadOnlyList<OtlpMetric> taken = receiver.Taken();
        Assert.That(receiver.Refused, Has.Count.EqualTo(5));
        // The first may have come before the file was read to its end.
        Assert.That(receiver.Refused.Skip(2).Distinct().Count(), Is.EqualTo(1), string.Join(' ', receiver.Refused));

        OtlpMetric commands = taken.Single(m => m.Name == "iscsi.server.commands");
        Assert.That((commands.Field, commands.Monotonic, commands.Temporality, commands.Unit), Is.EqualTo((OtlpMetric.SumField, true, 2, "{command}")));
        Assert.That(commands.Points.Single(p => p.Attributes["disk.io.direction"] == "read").Value, Is.EqualTo(4));
        OtlpMetric durations = taken.Single(m => m.Name == "iscsi.server.command.duration");
        Assert.That((durations.Field, durations.Unit), Is.EqualTo((OtlpMetric.ExponentialHistogram, "s")));
        OtlpPoint reads = durations.Points.Single();
        Assert.That((reads.Count, reads.InBuckets), Is.EqualTo((4, 4)));
        Assert.That(reads.Sum, Is.EqualTo(0.002842).Within(1e-6));
        Assert.That(reads.Attributes, Is.EquivalentTo(new Dictionary<string, string> { ["iscsi.target.name"] = "iqn.2026-11.example.captures:disk", ["scsi.lun"] = "0", ["disk.io.direction"] = "read" }));

        foreach (OtlpMetric metric in taken)
        {
            MetricRow row = MetricTable.Find(metric.Name)!;
            int field = row.Kind switch { InstrumentKind.Histogram => OtlpMetric.ExponentialHistogram, InstrumentKind.Gauge => OtlpMetric.Gauge, _ => OtlpMetric.SumField };
            Assert.That((metric.Field, metric.Unit, metric.Monotonic), Is.EqualTo((field, row.Unit, row.Kind == InstrumentKind.Counter)), metric.Name);
        }
        Assert.That(taken.Select(m => m.Name), Has.Member("iscsitop.build_info").And.No.Member("iscsitop.scrape.duration"));
        Assert.That(receiver.Resource(), Does.ContainKey("host.name").And.ContainKey("service.name").WithValue("iscsitop").And.ContainKey("site").WithValue("lab"));
        Output ended = metrics.Stop();
        Assert.That(ended.ExitCode, Is.Zero, ended.Error);
    }

    [TestCase("grpc")]
    [TestCase("http/protobuf")]
    public void A_receiver_of_others_takes_it(string protocol)
    {
        string dashboard = Path.Combine(Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"), Package, "Aspire.Dashboard");
        Client.NeedThat(OperatingSystem.IsLinux() && File.Exists(dashboard), "Aspire.Dashboard is not restored here (tests/run.sh)");
        using var scratch = new Scratch();
        int page = PrometheusProcess.FreePort(), otlp = PrometheusProcess.FreePort();
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = scratch.Path,
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{page}",
            [protocol == "grpc" ? "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL" : "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = $"http://127.0.0.1:{otlp}",
            ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true",
            ["Dashboard__Api__Enabled"] = "true",
            ["Dashboard__Api__AuthMode"] = "Unsecured",
        };
        using var receiver = new Subscriber(Client.Start(dashboard, [], environment));
        Assert.That(receiver.Out.WaitFor(t => t.Contains("OTLP server is unsecured", StringComparison.Ordinal), Client.Patience), receiver.Out.Text + receiver.Error.Text);
        using Subscriber metrics = Push($"http://127.0.0.1:{otlp}", protocol);
        using var client = new HttpClient();
        string said = "";
        DateTime end = DateTime.UtcNow + Client.Patience;
        while (!HasMetrics(said) && DateTime.UtcNow < end)
        {
            Thread.Sleep(100);
            said = client.GetStringAsync($"http://127.0.0.1:{page}/api/telemetry/resources").Result;
        }
        Assert.That(HasMetrics(said), $"the receiver has no metrics after {Client.Patience.TotalSeconds} s: {said}\n{metrics.Error.Text}");
    }

    [TestCase("http://h:4317", OtlpExportProtocol.Grpc, "http://h:4317/")]
    [TestCase("http://h:4318", OtlpExportProtocol.HttpProtobuf, "http://h:4318/v1/metrics")]
    [TestCase("https://h/otlp/v1/metrics", OtlpExportProtocol.HttpProtobuf, "https://h/otlp/v1/metrics")]
    public void An_url_says_how(string url, OtlpExportProtocol protocol, string endpoint)
    {
        var options = new OtlpExporterOptions();
        Providers.Direct(options, new Uri(url));
        Assert.That((options.Protocol, options.Endpoint.ToString()), Is.EqualTo((protocol, endpoint)));
    }

    private static bool HasMetrics(string resources) => resources.StartsWith('[') && JsonDocument.Parse(resources).RootElement.EnumerateArray()
        .Any(r => r.GetProperty("name").GetString() == "iscsitop" && r.GetProperty("hasMetrics").GetBoolean());

    private static Subscriber Push(string url, string? protocol)
    {
        var environment = new Dictionary<string, string> { ["OTEL_METRIC_EXPORT_INTERVAL"] = "200", ["OTEL_RESOURCE_ATTRIBUTES"] = "site=lab" };
        if (protocol is not null) environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol;
        return new Subscriber(Client.Start(Binary.Path, ["metrics", "--otlp", url, "-r", s_capture], environment));
    }
}
