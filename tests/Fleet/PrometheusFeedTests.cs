using System.Net;
using System.Text;
using Iscsitop.Engine;
using Iscsitop.Engine.Fleet;

namespace Iscsitop.Tests.Fleet;

/// <summary>The feed and a server that fails it: the feed says so, goes on, and gets over it.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class PrometheusFeedTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static IEnumerable<TestCaseData> Faults()
    {
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 500, "oops"), "the server answers 500").SetArgDisplayNames("500");
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 401, ""), "the server wants to know who asks (401").SetArgDisplayNames("401");
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 403, ""), "the server does not let us ask (403").SetArgDisplayNames("403");
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 404, ""), "this is no Prometheus server, or it has another path (404").SetArgDisplayNames("404");
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 200, "<html>hello</html>"), "not that of a Prometheus server").SetArgDisplayNames("garbage");
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 200, ""), "not that of a Prometheus server").SetArgDisplayNames("nothing");
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 200, Exposed.Json(Exposed.Heartbeat("a", "1@1"))[..^3]), "not that of a Prometheus server").SetArgDisplayNames("partial JSON");
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":7},"values":[]}]}}"""), "not that of a Prometheus server").SetArgDisplayNames("label that is no text");
        yield return new TestCaseData((HttpListenerContext c) => FakePrometheus.Answer(c, 422, """{"status":"error","errorType":"execution","error":"query processing would load too many samples"}"""), "the server says: query processing would load too many samples").SetArgDisplayNames("422");
        yield return new TestCaseData((HttpListenerContext c) =>
        {
            c.Response.RedirectLocation = "https://elsewhere.example/";
            FakePrometheus.Answer(c, 302, "");
        }, "the server is elsewhere (302").SetArgDisplayNames("redirection");
        yield return new TestCaseData((HttpListenerContext c) =>
        {
            c.Response.ContentLength64 = 1000;
            c.Response.OutputStream.Write("{\"status\""u8);
            c.Response.OutputStream.Flush();
            c.Response.Abort();
        }, "").SetArgDisplayNames("broken off");
        yield return new TestCaseData((HttpListenerContext c) =>
        {
            byte[] much = Encoding.ASCII.GetBytes(new string(' ', 1 << 20));
            for (int i = 0; i < 3; i++) c.Response.OutputStream.Write(much);
            c.Response.Close();
        }, "the answer has more than 2 MiB").SetArgDisplayNames("huge");
    }

    [TestCaseSource(nameof(Faults))]
    public void A_fault_is_said_and_gone_when_the_server_is_well_again(Action<HttpListenerContext> fault, string said)
    {
        using var server = new FakePrometheus();
        using Feed feed = Feed.Open(server.Options with { MostBytes = 2 << 20 }, new Wants(0, TimeSpan.FromMilliseconds(200)));
        Assert.That(feed.WaitForSnapshot(s_patience, default), Is.True);
        Assert.That(feed.Take().Cells.Select(c => c.Cell.Completed), Has.All.EqualTo(200));
        server.Fault = fault;
        Snapshot snapshot = Until(feed, s => s.Fleet!.Problem.Length > 0);
        Assert.That(snapshot.Fleet!.Problem, Does.Contain(said));
        Assert.That(snapshot.Fleet.Since, Is.GreaterThan(0));
        Assert.That(snapshot.Engines, Has.Count.EqualTo(2));
        Assert.That(feed.Problem, Does.StartWith(server.Url + ": "));
        server.Fault = null;
        Assert.That(Until(feed, s => s.Seconds > 0).Fleet!.Problem, Is.Empty);
    }

    [Test]
    public void Nobody_waits_for_a_server_that_does_not_answer()
    {
        using var server = new FakePrometheus();
        using var hung = new ManualResetEventSlim();
        using var asked = new ManualResetEventSlim();
        using Feed feed = Feed.Open(server.Options with { Timeout = TimeSpan.FromSeconds(1) }, new Wants(0, TimeSpan.FromMilliseconds(200)));
        server.Fault = _ =>
        {
            asked.Set();
            hung.Wait(s_patience);
        };
        Assert.That(asked.Wait(s_patience), Is.True);
        Assert.That(feed.Take().Engines, Has.Count.EqualTo(2), "while a question is open");
        Assert.That(Until(feed, s => s.Fleet!.Problem.Length > 0).Fleet!.Problem, Is.EqualTo("no answer within 1 s"));
        hung.Set();
        server.Fault = null;
        Until(feed, s => s.Seconds > 0);
    }

    [Test]
    public void A_silent_host_holds_nobody_up()
    {
        using var server = new FakePrometheus();
        using Feed feed = Feed.Open(server.Options, new Wants(0, TimeSpan.FromMilliseconds(200)));
        feed.Take();
        server.Hosts = ["gw1:9287"];
        Snapshot snapshot = Until(feed, s => s.Engines.Any(e => e.Host!.SilentSince > 0));
        Assert.That(snapshot.Engines.Single(e => e.Host!.SilentSince > 0).Source, Is.EqualTo("gw2:9287"));
        Assert.That(Until(feed, s => s.Engines[0].Seconds > 0).Engines[1].Seconds, Is.Zero);
        server.Hosts = ["gw1:9287", "gw2:9287"];
        Assert.That(Until(feed, s => s.Engines[1].Seconds > 0).Engines[1].Host!.SilentSince, Is.Zero);
    }

    [Test]
    public void One_question_is_open_at_a_time_and_asks_for_the_hosts_wanted()
    {
        using var server = new FakePrometheus();
        using (Feed feed = Feed.Open(server.Options with { Hosts = ["gw?", "a.b*"] }, new Wants(0, TimeSpan.FromMilliseconds(200))))
            for (int i = 0; i < 3; i++)
                Until(feed, s => s.Seconds > 0);
        Assert.That(server.MostOpen, Is.EqualTo(1));
        Assert.That(server.Questions.Select(q => q.Query), Has.All.Contains("""instance=~"(gw.|a\\.b.*)(:[0-9]+)?" """.TrimEnd()));
        Assert.That(server.Questions.Select(q => q.Authorization), Has.All.Null);
    }

    [Test]
    public void It_follows_the_samples_and_ends_when_it_is_not_wanted()
    {
        using var server = new FakePrometheus();
        using Feed feed = Feed.Open(server.Options, new Wants(0, TimeSpan.Zero));
        Assert.That(feed.Period, Is.EqualTo(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public void A_server_that_is_not_there_is_said_at_once()
    {
        string url;
        using (var server = new FakePrometheus()) url = server.Url;
        Assert.That(() => Feed.Open(new PrometheusOptions(new Uri(url)), new Wants(0, TimeSpan.Zero)), Throws.InstanceOf<PrometheusException>());
    }

    private static Snapshot Until(Feed feed, Func<Snapshot, bool> holds)
    {
        DateTime end = DateTime.UtcNow + s_patience;
        while (true)
        {
            feed.WaitForSnapshot(TimeSpan.FromSeconds(1), default);
            Snapshot snapshot = feed.Take();
            if (holds(snapshot)) return snapshot;
            if (DateTime.UtcNow > end) Assert.Fail($"never came; {snapshot.Fleet?.Problem} {string.Join(' ', snapshot.Engines.Select(e => $"{e.Source} {e.Seconds} {e.Host!.Age}"))}");
        }
    }
}
