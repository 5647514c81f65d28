using System.Net;
using Iscsitop.Cli.Metrics;
using Iscsitop.Engine;
using Iscsitop.Tests.Cli;

namespace Iscsitop.Tests.Metrics;

[TestFixture]
[NonParallelizable]
public sealed class ScrapeServerTests
{
    private MetricBook _book = null!;
    private ScrapeServer _server = null!;
    private HttpClient _client = null!;

    [SetUp]
    public void Start()
    {
        _book = new MetricBook();
        _server = new ScrapeServer(_book, new IPEndPoint(IPAddress.Loopback, 0));
        _client = new HttpClient { BaseAddress = new Uri($"http://{_server.Address}/") };
    }

    [TearDown]
    public void Stop()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Test]
    public void The_text_is_prometheus_s()
    {
        _book.Take(Samples.Two());
        string text = _client.GetStringAsync("metrics").Result;
        Assert.That(text, Does.Contain("""
            # HELP iscsi_server_commands_total Commands that got their status
            # TYPE iscsi_server_commands_total counter
            iscsi_server_commands_total{disk_io_direction="read",iscsi_target_name="iqn.2026-01.com.example:a",scsi_lun="0"} 200
            iscsi_server_commands_total{disk_io_direction="write",iscsi_target_name="iqn.2026-01.com.example:a",scsi_lun="0"} 20

            """.ReplaceLineEndings("\n")));
        // All 200 reads took a millisecond, which its bucket has with those up to 4.4 % longer.
        string reads = "iscsi_server_command_duration_seconds_bucket{disk_io_direction=\"read\",iscsi_target_name=\"iqn.2026-01.com.example:a\",scsi_lun=\"0\",le=";
        Assert.That(text, Does.Contain(reads + "\"0.0005\"} 0\n").And.Contain(reads + "\"0.0025\"} 200\n").And.Contain(reads + "\"+Inf\"} 200\n"));
        Assert.That(text, Does.Contain("\niscsitop_build_info{version=\""));
        Assert.That(text, Does.Not.Contain("# EOF").And.Not.Contain("otel_scope"));
    }

    [Test]
    public void Whoever_prefers_openmetrics_gets_it()
    {
        _book.Take(Samples.Two());
        HttpResponseMessage answer = Get("metrics", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1");
        string text = answer.Content.ReadAsStringAsync().Result;
        Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/openmetrics-text"));
        Assert.That(text, Does.Contain("""
            # HELP iscsi_server_io_bytes Bytes of SCSI data moved by completed commands
            # TYPE iscsi_server_io_bytes counter
            # UNIT iscsi_server_io_bytes bytes
            iscsi_server_io_bytes_total{
            """.ReplaceLineEndings("\n")).And.Contain("le=\"1.0\"").And.EndWith("\n# EOF\n"));
        Assert.That(Get("metrics", "text/plain,application/openmetrics-text;q=0.5").Content.Headers.ContentType!.MediaType, Is.EqualTo("text/plain"));
    }

    [Test]
    public void It_answers_under_any_name_and_to_what_is_no_scrape()
    {
        _book.Take(Samples.Two());
        using var request = new HttpRequestMessage(HttpMethod.Get, "metrics") { Headers = { Host = "storage.example.com" } };
        Assert.That(_client.Send(request).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(Get("").StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(Get("other").StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(_client.PostAsync("metrics", null).Result.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        using var head = new HttpRequestMessage(HttpMethod.Head, "metrics");
        HttpResponseMessage answer = _client.Send(head);
        Assert.That((answer.StatusCode, answer.Content.Headers.ContentLength > 0, answer.Content.ReadAsStringAsync().Result), Is.EqualTo((HttpStatusCode.OK, true, "")));
    }

    [Test]
    public void Names_that_peers_make_up_are_escaped()
    {
        _book.Take(Samples.One("iqn.a\"b\\c\nd", "iqn.x", 1, 512, 1_000_000));
        Assert.That(_client.GetStringAsync("metrics").Result, Does.Contain("""
            iscsi_server_commands_total{disk_io_direction="read",iscsi_target_name="iqn.a\"b\\c\nd",scsi_lun="5"} 1
            """));
    }

    [Test]
    public void What_has_gone_is_not_told_any_more()
    {
        _book.Take(Samples.Two());
        Assert.That(_client.GetStringAsync("metrics").Result, Does.Contain("\niscsi_server_command_outstanding{"));
        _book.Take(new Snapshot());
        string text = _client.GetStringAsync("metrics").Result;
        Assert.That(text, Does.Not.Contain("\niscsi_server_command_outstanding{").And.Contain("\niscsitop_engines 0\n").And.Contain("\niscsi_server_commands_total{"));
    }

    [Test]
    public void A_scrape_has_no_more_series_than_there_may_be_and_says_how_long_it_took()
    {
        _book.Take(MetricBookTests.Crowd(initiators: 100, units: 200));
        string[] lines = _client.GetStringAsync("metrics").Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines.Count(l => l[0] != '#'), Is.LessThanOrEqualTo(MetricBook.DefaultSeries).And.GreaterThan(MetricBook.DefaultSeries / 2));
        Assert.That(lines.Any(l => l.Contains("otel_metric_overflow", StringComparison.Ordinal)), Is.False);
        _book.Take(MetricBookTests.Crowd(initiators: 1, units: 1));
        Assert.That(_client.GetStringAsync("metrics").Result, Does.Match(@"\niscsitop_scrape_duration_seconds 0\.\d+\n"));
    }

    private HttpResponseMessage Get(string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        return _client.Send(request);
    }
}
