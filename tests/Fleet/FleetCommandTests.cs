using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Fleet;
using Iscsitop.Tests.Top;

namespace Iscsitop.Tests.Fleet;

/// <summary><c>iscsitop --prometheus</c>: its reports, its screen, and what it says of what is wrong.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class FleetCommandTests
{
    [TestCase("lun", "json")]
    [TestCase("initiator", "csv")]
    [TestCase("target", "ndjson")]
    [TestCase("host", "table")]
    public void Every_view_and_format_has_the_hosts(string view, string format)
    {
        using var server = new FakePrometheus();
        (int code, string output, string error) = Run("--prometheus", server.Url, "-b", "-o", format, "--view", view, "1", "2");
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.Contain("gw1:9287").And.Contain("gw2:9287"));
    }

    [Test]
    public void A_report_has_exact_counts_over_measured_time_and_who_is_asked()
    {
        using var server = new FakePrometheus();
        (_, string output, _) = Run("--prometheus", server.Url.Replace("//", "//who:s%40cret@", StringComparison.Ordinal), "-o", "json", "1", "1");
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement report = document.RootElement[0];
        Assert.That(report.GetProperty("prometheus").GetProperty("url").GetString(), Is.EqualTo(server.Url));
        Assert.That(report.GetProperty("engines").EnumerateArray().Select(e => e.GetProperty("host").GetString()), Is.EqualTo(new[] { "gw1:9287", "gw2:9287" }));
        Assert.That(report.GetProperty("rows").EnumerateArray().Select(r => (r.GetProperty("reads").GetInt64(), r.GetProperty("interval_s").GetDouble(), r.GetProperty("queue_depth").ValueKind)),
            Has.All.EqualTo((200, 2.0, JsonValueKind.Null)));
        Assert.That(server.Questions.Select(q => q.Authorization), Has.All.EqualTo("Basic " + Convert.ToBase64String("who:s@cret"u8)));
        Assert.That(output, Does.Not.Contain("cret"));
    }

    [Test]
    public void A_token_comes_from_its_file()
    {
        using var server = new FakePrometheus();
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "abc.def\n");
            Assert.That(Run("--prometheus", server.Url, "--prometheus-token-file", file, "-b", "1", "1").Code, Is.Zero);
        }
        finally
        {
            File.Delete(file);
        }
        Assert.That(server.Questions.Select(q => q.Authorization), Has.All.EqualTo("Bearer abc.def"));
    }

    [TestCase("--prometheus ftp://a", "invalid URL of a Prometheus server -- ftp://a")]
    [TestCase("--prometheus gw1:9090", "invalid URL")]
    [TestCase("--prometheus http://u:p@", "invalid URL of a Prometheus server (")]
    [TestCase("--prometheus http://a --view opcode", "invalid view -- opcode (with --prometheus one of lun, initiator, target, host)")]
    [TestCase("--prometheus http://a -r x.pcap", "--prometheus cannot go with")]
    [TestCase("--prometheus http://a --prometheus-timeout 0", "invalid timeout -- 0")]
    [TestCase("--prometheus http://a -Y lat>20ms", "is nothing that a Prometheus server tells")]
    [TestCase("--prometheus http://a -Y op==read", "is nothing that a Prometheus server tells")]
    [TestCase("--prometheus http://u:p@a --prometheus-token-file /dev/null", "", 3)]
    [TestCase("--host gw1", "--host needs --prometheus")]
    [TestCase("--view host", "invalid view -- host")]
    public void What_makes_no_sense_is_refused(string arguments, string said, int code = 2)
    {
        (int ended, _, string error) = Run(["-b", .. arguments.Split(' ')]);
        Assert.That(error, Does.Contain(said));
        Assert.That(ended, Is.EqualTo(code), error);
    }

    [TestCase(401, "the server wants to know who asks")]
    [TestCase(404, "this is no Prometheus server")]
    public void What_cannot_be_read_at_the_start_ends_with_3(int status, string said)
    {
        using var server = new FakePrometheus { Fault = c => FakePrometheus.Answer(c, status, "") };
        (int code, _, string error) = Run("--prometheus", server.Url, "-b", "1", "1");
        Assert.That((code, error), Is.EqualTo((3, error)));
        Assert.That(error, Does.StartWith($"iscsitop: {server.Url}: {said}"));
    }

    [Test]
    public void Filters_narrow_by_host()
    {
        using var server = new FakePrometheus();
        (_, string output, _) = Run("--prometheus", server.Url, "-o", "csv", "-F", "host,reads", "-Y", "source==\"gw2:9287\"", "1", "1");
        Assert.That(output.Split("\r\n")[1], Does.EndWith(",gw2:9287,200"));
        Assert.That(output, Does.Not.Contain("gw1"));
    }

    [Test]
    public void The_screen_says_who_is_silent_and_how_old_it_is()
    {
        var state = new FleetState();
        state.AddHeartbeats(Exposed.Answer(Exposed.Heartbeat("gw1", "1@85 1@100"), Exposed.Heartbeat("gw2", "1@85 1@100")));
        state.Read(116, Exposed.Commands("gw1", "0", "read", "0@100 150@115"), Exposed.Commands("gw2", "3", "read", "0@100 150@115"));
        Snapshot snapshot = state.Read(164, Exposed.Commands("gw1", "0", "read", "150@115 300@145 450@160"));
        Seen seen = new Seen(140, 30, Options()).With(snapshot);
        Assert.That(seen.Lines[0], Does.Contain("2 hosts, 4.0s old").And.Contain("gw2 silent since 00:01:55").And.Contain(" silent 1 "));
        Assert.That(seen.Lines.Single(l => l.StartsWith("gw1", StringComparison.Ordinal)), Does.Contain("6.67"));
        string silent = seen.Lines.Single(l => l.StartsWith("gw2", StringComparison.Ordinal));
        Assert.That(silent, Does.Not.Match(@"\b0\.?0*\b"));
        // Enter goes from the host's unit to its initiators, and from the hosts to their units.
        seen.Press("4", "Enter");
        Assert.That(seen.State.View.Key, Is.EqualTo("lun"));
        Assert.That(seen.Frame.Rows.Select(r => r.Portal).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public void The_screen_says_that_the_server_does_not_answer()
    {
        var state = new FleetState();
        Snapshot snapshot = state.Read(116, Exposed.Commands("gw1", "0", "read", "0@100 150@115"));
        snapshot.Fleet = new FleetStatus("http://prometheus.example:9090", "no answer within 10 s", 115_000_000_000);
        Assert.That(new Seen(140, 30, Options()).With(snapshot).Lines[0], Does.Contain("no answer since 00:01:55: no answer within 10 s"));
    }

    [Test]
    public void A_moment_of_the_past_is_shown_like_the_present()
    {
        var state = new FleetState();
        var history = new Iscsitop.Engine.Recording.SnapshotHistory();
        history.Add(state.Read(116, Exposed.Commands("gw1", "0", "read", "0@100 150@115")));
        history.Add(state.Read(131, Exposed.Commands("gw1", "0", "read", "150@115 450@130")));
        Row row = FleetStateTests.Rows("lun", history.Before(131_000_000_000)!).Single();
        Assert.That((row.Portal, row.Read.OpsPerSecond), Is.EqualTo(("gw1", 10)));
    }

    private static TopOptions Options() => new()
    {
        Origin = Origin.Engines with { Fleet = new PrometheusOptions(new Uri("http://prometheus.example:9090")) },
        View = FleetViews.All[0],
        AllViews = FleetViews.All,
        SortBy = FleetViews.All[0].SortBy,
        Interval = TimeSpan.FromSeconds(15),
    };

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(arguments, new Streams(output, error, false, false));
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
