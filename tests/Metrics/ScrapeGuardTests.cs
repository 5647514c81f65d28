using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Iscsitop.Cli.Metrics;
using Iscsitop.Tests.Cli;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Metrics;

/// <summary>Whoever comes to scrape: what they get, and that none keeps the others from it.</summary>
[TestFixture]
[NonParallelizable]
public sealed class ScrapeGuardTests
{
    private const string Scrape = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

    private MetricBook _book = null!;
    private ScrapeServer _server = null!;

    [SetUp]
    public void Start()
    {
        _book = new MetricBook();
        _book.Take(MetricBookTests.Crowd(initiators: 2, units: 100));
        _server = new ScrapeServer(_book, new IPEndPoint(IPAddress.Loopback, 0));
    }

    [TearDown]
    public void Stop() => _server.Dispose();

    [TestCase(Scrape, "200 OK")]
    [TestCase("GET /metrics HTTP/1.0\r\n\r\n", "200 OK")]
    [TestCase("GET http://storage.example.com/metrics?x=1 HTTP/1.1\r\nHost: y\r\n\r\n", "200 OK")]
    [TestCase("GET /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "200 OK")]
    [TestCase("GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "200 OK")]
    [TestCase(Scrape + Scrape + Scrape, "200 OK")]
    [TestCase("HEAD /metrics HTTP/1.1\r\n\r\n", "200 OK")]
    [TestCase("HEAD /no HTTP/1.1\r\n\r\n", "404 Not Found")]
    [TestCase("GET /metrics/no HTTP/1.1\r\n\r\n", "404 Not Found")]
    [TestCase("DELETE /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed")]
    [TestCase("GET /metrics\r\n\r\n", "400 Bad Request")]
    [TestCase("\u0016\u0003\u0001\u0002\r\n\r\n", "400 Bad Request")]
    public void A_request_has_one_answer(string request, string status)
    {
        string answer = Ask(request);
        int end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.That(answer, Does.StartWith($"HTTP/1.1 {status}\r\n").And.Contain("\r\nConnection: close\r\n"));
        int length = int.Parse(answer.Split("Content-Length: ")[1].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(length, Is.Positive);
        Assert.That(answer.Length - end - 4, Is.EqualTo(request.StartsWith("HEAD", StringComparison.Ordinal) ? 0 : length));
    }

    [Test]
    public void A_header_that_is_too_long_is_refused()
    {
        string answer = Ask("GET /metrics HTTP/1.1\r\nX: " + new string('a', 3 * ScrapeServer.LongestRequest) + "\r\n\r\n");
        Assert.That(answer, Does.StartWith("HTTP/1.1 431 "));
    }

    [TestCase("application/openmetrics-text", true)]
    [TestCase("Application/OpenMetrics-Text; version=1.0.0", true)]
    [TestCase("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", true)]
    [TestCase("application/openmetrics-text;q=0.3, */*;q=0.9", false)]
    [TestCase("application/openmetrics-text;q=0.3, text/*;q=0.9, text/plain;q=0.1", true)]
    [TestCase("application/openmetrics-text;q=0, text/plain;q=0", false)]
    [TestCase("*/*", false)]
    [TestCase("", false)]
    public void The_format_is_the_one_preferred(string accept, bool openMetrics) =>
        Assert.That(ScrapeRequest.Parse(Encoding.ASCII.GetBytes($"GET /metrics HTTP/1.1\r\naccept: {accept}\r\n")).OpenMetrics, Is.EqualTo(openMetrics));

    [TestCase("gzip, deflate", true)]
    [TestCase("br, *", true)]
    [TestCase("GZIP;q=0.1", true)]
    [TestCase("gzip;q=0, *", false)]
    [TestCase("identity", false)]
    public void It_is_gzipped_for_whom_that_is_right(string encoding, bool gzip) =>
        Assert.That(ScrapeRequest.Parse(Encoding.ASCII.GetBytes($"GET /metrics HTTP/1.1\r\nAccept-Encoding: {encoding}\r\n")).Gzip, Is.EqualTo(gzip));

    [Test]
    public void What_is_gzipped_is_the_page()
    {
        var pages = new ScrapePages(_book);
        using var gzip = new GZipStream(new MemoryStream(pages.Get(true, true)), CompressionMode.Decompress);
        using var page = new MemoryStream();
        gzip.CopyTo(page);
        Assert.That(page.ToArray(), Is.EqualTo(pages.Get(true, false)));
        Assert.That(pages.Get(true, true), Has.Length.LessThan(page.Length / 8));
    }

    [Test]
    public void Many_at_once_share_one_page()
    {
        var pages = new ScrapePages(_book);
        byte[] first = pages.Get(false, false);
        Assert.That(pages.Get(false, false), Is.SameAs(first));
        _book.Take(Samples.Two());
        Assert.That(pages.Get(false, false), Is.Not.SameAs(first));

        Task<string>[] all = [.. Enumerable.Range(0, 50).Select(_ => Task.Run(() => Ask(Scrape)))];
        Assert.That(Task.WaitAll(all, Client.Patience), "50 scrapes did not end");
        Assert.That(all.Select(t => t.Result).Distinct().Count(), Is.LessThanOrEqualTo(2));
    }

    [Test]
    public void Who_is_silent_or_does_not_read_gives_way()
    {
        // Nobody's time is over before this ends.
        using var server = new ScrapeServer(_book, new IPEndPoint(IPAddress.Loopback, 0)) { Patience = TimeSpan.FromHours(1) };
        var idle = new List<Socket>();
        try
        {
            for (int i = 0; i < ScrapeServer.MostAtOnce; i++)
            {
                Socket socket = Connect(server.Address);
                idle.Add(socket);
                socket.Send("GET /met"u8);
            }
            // As many again are served while those wait: each newcomer has the place of the oldest.
            for (int i = 0; i < ScrapeServer.MostAtOnce; i++) Assert.That(Ask(Scrape, server.Address), Does.StartWith("HTTP/1.1 200 OK"));
            // The first was sent away.
            idle[0].ReceiveTimeout = (int)Client.Patience.TotalMilliseconds;
            try
            {
                Assert.That(idle[0].Receive(new byte[16]), Is.Zero);
            }
            catch (SocketException e)
            {
                Assert.That(e.SocketErrorCode, Is.EqualTo(SocketError.ConnectionReset));
            }
        }
        finally
        {
            foreach (Socket socket in idle) socket.Dispose();
        }
    }

    [Test]
    public void It_listens_where_it_is_told_and_nowhere_twice()
    {
        Assert.That(() => new ScrapeServer(_book, _server.Address), Throws.TypeOf<SocketException>().With.Property("SocketErrorCode").EqualTo(SocketError.AddressAlreadyInUse));
        using (var any = new ScrapeServer(_book, new IPEndPoint(IPAddress.Any, 0)))
            Assert.That(Ask(Scrape, new IPEndPoint(IPAddress.Loopback, any.Address.Port)), Does.StartWith("HTTP/1.1 200 OK"));
        Client.NeedThat(Socket.OSSupportsIPv6, "IPv6");
        using var six = new ScrapeServer(_book, new IPEndPoint(IPAddress.IPv6Loopback, 0));
        Assert.That(Ask(Scrape, six.Address), Does.StartWith("HTTP/1.1 200 OK"));
    }

    private Socket Connect(IPEndPoint? to = null)
    {
        to ??= _server.Address;
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Client.Patience.TotalMilliseconds };
        socket.Connect(to);
        return socket;
    }

    private string Ask(string request, IPEndPoint? of = null)
    {
        using Socket socket = Connect(of);
        socket.Send(Encoding.Latin1.GetBytes(request));
        using var answer = new MemoryStream();
        byte[] buffer = new byte[65536];
        for (int n; (n = socket.Receive(buffer)) > 0;) answer.Write(buffer, 0, n);
        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
