using System.Text.Json;
using System.Text.RegularExpressions;
using Iscsitop.Cli.Metrics;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Metrics;

/// <summary>A Prometheus of others reads what we serve, and answers what our rules and our dashboard ask.</summary>
[TestFixture]
public sealed partial class PrometheusTests
{
    private const string Of = "{iscsi_target_name=\"" + TargetProcess.Iqn + "\",scsi_lun=\"0\"";

    // What a load of writes and reads of two initiators must have made: a query of these has an answer.
    private static readonly string[] s_sure =
    [
        "iscsi_server_command_duration_seconds", "iscsi_server_commands_total", "iscsi_server_io_bytes_total", "iscsi_server_command_size_bytes",
        "iscsi_server_command_phase_duration_seconds", "iscsi_server_opcode_commands_total", "iscsi_server_command_unaligned_total", "iscsi_server_session_count", "iscsi_server_connection_count",
        "iscsi_server_session_ends_total", "iscsi_server_logins_total", "iscsi_server_command_errors_total", "iscsi_server_reservation_conflicts_total", "iscsi_server_nop_unanswered_total",
        "iscsi_server_digest_errors_total", "iscsi_server_window_stall_seconds_total", "iscsitop_engines", "iscsitop_events_dropped_total", "iscsitop_scrape_duration_seconds",
    ];

    [Test]
    public void Prometheus_stores_what_the_client_did_and_answers_every_question()
    {
        Client.NeedQemu("qemu-img");
        Client.Need("prometheus");
        using TargetProcess target = TargetProcess.Start("0=ram:64MiB");
        using Subscriber metrics = target.Attach("metrics", "--listen", "0", "--metrics-by", "initiator", "0.2");
        using var prometheus = new PrometheusProcess(AddressOf(metrics));
        prometheus.WaitFor("iscsitop_engines", 1);
        for (int round = 1; round <= 2; round++)
        {
            Client.RunWell("qemu-img", "bench", "-f", "raw", "-t", "none", "-w", "-c", "500", "-d", "8", "-s", "4096", target.Url(0));
            Client.RunWell("qemu-img", "bench", "-f", "raw", "-t", "none", "-c", "300", "-d", "8", "-s", "16384", target.Url(0));
            prometheus.WaitFor($"sum(iscsi_server_commands_total{Of},disk_io_direction=\"write\"}})", 500 * round);
        }

        Assert.That(prometheus.Value($"sum(iscsi_server_io_bytes_total{Of},disk_io_direction=\"write\"}})"), Is.EqualTo(1000 * 4096));
        prometheus.WaitFor($"sum(iscsi_server_opcode_commands_total{{scsi_opcode=~\"READ.(10|16).\"}})", 600);
        Assert.That(prometheus.Value($"sum(iscsi_server_command_duration_seconds_bucket{Of},disk_io_direction=\"write\",le=\"+Inf\"}})"), Is.EqualTo(1000));
        // Of OpenMetrics, which Prometheus prefers, bounds have a point.
        Assert.That(prometheus.Value($"iscsi_server_command_size_bytes_bucket{Of},disk_io_direction=\"read\",le=\"16384.0\"}} - on() iscsi_server_command_size_bytes_bucket{Of},disk_io_direction=\"read\",le=\"8192.0\"}}"), Is.EqualTo(600));
        Assert.That(prometheus.Value($"iscsi_server_command_size_bytes_bucket{Of},disk_io_direction=\"write\",le=\"4096.0\"}}"), Is.EqualTo(1000));
        Assert.That(prometheus.Value("sum(iscsi_server_logins_total{iscsi_login_result=\"success\"})"), Is.EqualTo(4));
        prometheus.WaitFor("sum(iscsi_server_session_ends_total{iscsi_end_reason=\"logout\"})", 4);
        Assert.That(prometheus.Value("iscsitop_series_folds_total"), Is.Zero);

        foreach (string expression in Dashboard())
            Answers(prometheus, Regex.Replace(expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal), @"\$(instance|target|lun)", ".*"), hasData: true);
        JsonElement groups = prometheus.Get("api/v1/rules").GetProperty("data").GetProperty("groups");
        JsonElement[] rules = [.. groups.EnumerateArray().SelectMany(g => g.GetProperty("rules").EnumerateArray())];
        Assert.That(rules, Has.Length.EqualTo(Regex.Count(Rules(), "(?m)^ *- alert:")));
        foreach (JsonElement rule in rules)
        {
            Assert.That(rule.GetProperty("health").GetString(), Is.Not.EqualTo("err"), rule.ToString());
            Answers(prometheus, rule.GetProperty("query").GetString()!, hasData: false);
        }
        Output ended = metrics.Stop();
        Assert.That(ended.ExitCode, Is.Zero, ended.Error);
    }

    [Test]
    public void A_target_serves_its_own()
    {
        Client.Need("iscsi-inq");
        using TargetProcess target = TargetProcess.StartWith(["0=ram:1MiB"], "--metrics", "0");
        Assert.That(target.Log.WaitFor(t => Address().IsMatch(t), Client.Patience), target.Log.Text);
        using var client = new HttpClient { BaseAddress = new Uri(Address().Match(target.Log.Text).Value) };
        Client.RunWell("iscsi-inq", target.Url(0));
        PageWith(client, "", Inquired());
        Assert.That(target.Stop(), Is.Zero, target.Log.Text);
    }

    [Test]
    public void Promtool_has_nothing_to_say()
    {
        Client.Need("promtool");
        using Subscriber metrics = new(Client.Start(Binary.Path, ["metrics", "--listen", "0", "--pdus", "-r", Path.Combine(MetricDocsTests.Home(), "tests", "Captures", "errors.pcap")]));
        using var client = new HttpClient { BaseAddress = new Uri("http://" + AddressOf(metrics)) };
        string page = PageWith(client, "metrics", new Regex("iscsi_server_session_count"));
        using System.Diagnostics.Process promtool = Client.Start("promtool", ["check", "metrics"]);
        promtool.StandardInput.Write(page);
        promtool.StandardInput.Close();
        string complaints = promtool.StandardOutput.ReadToEnd() + promtool.StandardError.ReadToEnd();
        Assert.That((promtool.WaitForExit(Client.Patience), complaints), Is.EqualTo((true, "")));
        Assert.That(promtool.ExitCode, Is.Zero);
        Assert.That(page, Does.Contain("\n# TYPE iscsi_server_session_count untyped\n"));
        Assert.That(page, Does.Contain("iscsi_server_pdus_total{iscsi_pdu_type=\"scsi-command\","));
    }

    [Test]
    public void Promtool_takes_the_rules_and_they_alert_when_they_should()
    {
        Client.Need("promtool");
        using var scratch = new Scratch();
        File.WriteAllText(scratch.File("iscsitop.rules.yml"), Rules());
        File.WriteAllText(scratch.File("test.yml"), MetricDocsTests.Read("tests", "Metrics", "iscsitop.rules.test.yml"));
        Client.RunWell("promtool", "check", "rules", "--lint=all", "--lint-fatal", scratch.File("iscsitop.rules.yml"));
        Client.RunWell("promtool", "test", "rules", scratch.File("test.yml"));
    }

    [Test]
    public void Rules_and_dashboard_speak_of_metrics_that_there_are()
    {
        string[] names = [.. Dashboard().Append(Rules()).SelectMany(e => Name().Matches(e)).Select(m => Histogram().Replace(m.Value, "")).Except(MetricTable.Rows.SelectMany(r => r.Labels).Select(MetricLabels.Prometheus)).Distinct()];
        Assert.That(names, Has.Length.GreaterThan(MetricTable.Rows.Count / 2));
        Assert.That(names, Is.SubsetOf(MetricTable.Rows.Select(r => r.Prometheus)));
    }

    private static void Answers(PrometheusProcess prometheus, string expression, bool hasData)
    {
        var found = prometheus.Query(expression);
        bool sure = hasData && Name().Matches(expression).All(m => s_sure.Contains(Histogram().Replace(m.Value, "")));
        if (sure) Assert.That(found, Is.Not.Empty, expression);
    }

    // The page once it has this; it is of the last interval, so it is asked for again.
    private static string PageWith(HttpClient client, string path, Regex what)
    {
        string page = "";
        for (DateTime end = DateTime.UtcNow + Client.Patience; DateTime.UtcNow < end; Thread.Sleep(100))
        {
            page = client.GetStringAsync(path).Result;
            if (what.IsMatch(page)) return page;
        }
        throw new AssertionException($"no {what} within {Client.Patience.TotalSeconds} s; the last page:\n{page}");
    }

    /// <summary>Where an exporter says that it is.</summary>
    internal static string AddressOf(Subscriber metrics)
    {
        Assert.That(metrics.Error.WaitFor(t => Address().IsMatch(t), Client.Patience), metrics.Error.Text);
        return Address().Match(metrics.Error.Text).Groups[1].Value;
    }

    private static IEnumerable<string> Dashboard()
    {
        using JsonDocument dashboard = JsonDocument.Parse(MetricDocsTests.Read("packaging", "prometheus", "iscsitop-dashboard.json"));
        return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(p => p.TryGetProperty("targets", out _))
            .SelectMany(p => p.GetProperty("targets").EnumerateArray()).Select(t => t.GetProperty("expr").GetString()!)];
    }

    private static string Rules() => MetricDocsTests.Read("packaging", "prometheus", "iscsitop.rules.yml");

    [GeneratedRegex(@"http://(127\.0\.0\.1:\d+)/metrics")]
    private static partial Regex Address();

    [GeneratedRegex("""iscsi_server_opcode_commands_total{.*scsi_opcode="INQUIRY"} [1-9]""")]
    private static partial Regex Inquired();

    [GeneratedRegex(@"\biscsi(top|_server)_[a-z_]+")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<=_(seconds|bytes))_(bucket|sum|count)$")]
    private static partial Regex Histogram();
}
