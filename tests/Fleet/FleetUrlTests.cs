using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Fleet;

/// <summary>URLs of Prometheus servers, those that lead to one and those that do not: what is said, and that nobody waits for ever.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class FleetUrlTests
{
    [TestCase("", "")]
    [TestCase("", "/")]
    [TestCase("/prometheus", "/prometheus")]
    [TestCase("/a%20b/prometheus", "/a%20b/prometheus//")]
    public void A_path_stands_before_the_api(string prefix, string path)
    {
        using var server = new FakePrometheus { Prefix = prefix };
        Assert.That(Run(server.Url + path), Is.EqualTo((0, "")));
    }

    [TestCase("/prometheus", "this is no Prometheus server, or it has another path (404")]
    [TestCase("/api/v1/query", "this is no Prometheus server, or it has another path (404")]
    public void A_path_that_is_wrong_is_said(string path, string said)
    {
        using var server = new FakePrometheus();
        Refused(server.Url + path, said);
    }

    [Test]
    public void An_address_of_IPv6_stands_in_brackets()
    {
        Client.NeedThat(Socket.OSSupportsIPv6, "there is no IPv6 here");
        using var server = new Dripping("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", false, IPAddress.IPv6Loopback);
        Refused($"http://[::1]:{server.Port}", "the server wants to know who asks (401 Unauthorized)");
        Assert.That(Run($"http://::1:{server.Port}").Error, Does.StartWith("iscsitop: invalid URL of a Prometheus server"));
    }

    [TestCase("http:/127.0.0.1:1")]
    [TestCase("127.0.0.1:9090")]
    [TestCase("//127.0.0.1:9090")]
    [TestCase("prometheus://127.0.0.1:9090")]
    [TestCase("http://127.0.0.1:99999")]
    [TestCase("http://")]
    [TestCase("")]
    [TestCase("http://a b/")]
    public void What_is_no_url_is_refused(string url)
    {
        (int code, string error) = Run(url);
        Assert.That((code, error), Is.EqualTo((2, error)));
        Assert.That(error, Does.StartWith("iscsitop: invalid URL of a Prometheus server"));
    }

    [Test]
    public void Where_it_redirects_to_is_said_without_a_password()
    {
        using var server = new FakePrometheus
        {
            Fault = c =>
            {
                c.Response.RedirectLocation = "https://who:secret@elsewhere.example/prometheus?x=secret";
                FakePrometheus.Answer(c, 308, "");
            },
        };
        Assert.That(Refused(server.Url, "the server is elsewhere (308 "), Does.EndWith(", https://elsewhere.example/prometheus)\n").And.Not.Contain("secret"));
    }

    [TestCase("HTTP/1.1 200 OK\r\nX-Slow: ", "no answer within 0.5 s", true)]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{", "no answer within 0.5 s", true)]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0000000000", "no answer within 0.5 s", true)]
    [TestCase("", "no answer within 0.5 s", true)]
    [TestCase("SSH-2.0-OpenSSH_9.2\r\n", "it does not speak HTTP", false)]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{", "the answer ended early", false)]
    [TestCase("", "the answer ended early", false)]
    [TestCase("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "the server answers 400 Bad Request: Client sent an HTTP request to an HTTPS server.", false)]
    [TestCase("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>", "the server answers 502 Bad Gateway", false)]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n# HELP iscsitop_build_info", "the answer is not that of a Prometheus server", false)]
    public void What_answers_otherwise_is_said(string answer, string said, bool drips)
    {
        using var server = new Dripping(answer, drips);
        var watch = Stopwatch.StartNew();
        Refused($"http://127.0.0.1:{server.Port}", said, "--prometheus-timeout", "0.5");
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(60)), "a machine may be slow, but this would never end");
    }

    [TestCase("127.0.0.1", 10, "its certificate is not trusted: it is signed by itself (")]
    [TestCase("other.example", 10, "its certificate is of another name: other.example")]
    [TestCase("127.0.0.1", -2, "its certificate is valid from 20")]
    public void A_certificate_that_is_not_believed_is_said(string name, int days, string said)
    {
        using var server = new FakePrometheus();
        using var front = new TlsFront(server.Port, TlsFront.Certificate(name, null, days));
        Refused(front.Url, said);
        Assert.That(server.Questions, Is.Empty);
    }

    [Test]
    public void Http_and_https_are_told_apart()
    {
        using var server = new FakePrometheus();
        using var front = new TlsFront(server.Port, TlsFront.Certificate("127.0.0.1"));
        Refused($"https://127.0.0.1:{server.Port}", "is it an http: server?");
        Refused($"http://127.0.0.1:{front.Port}", "", "--prometheus-timeout", "2");
    }

    // The system's library reads it once, so that it takes a process of its own.
    [TestCase(true)]
    [TestCase(false)]
    public void Ssl_cert_file_says_who_is_trusted(bool authority)
    {
        Client.NeedThat(OperatingSystem.IsLinux(), "other systems have stores of their own");
        using var server = new FakePrometheus();
        using X509Certificate2 signer = TlsFront.Certificate("authority.example");
        using X509Certificate2 own = TlsFront.Certificate("127.0.0.1", authority ? signer : null);
        using var front = new TlsFront(server.Port, own);
        using var scratch = new Scratch();
        string[] arguments = ["--prometheus", front.Url, "-b", "-o", "csv", "-F", "host,reads", "1", "1"];
        Output without = Client.Run(Binary.Path, arguments);
        Assert.That((without.ExitCode, without.Error), Is.EqualTo((3, without.Error)));
        Assert.That(without.Error, Does.Contain(authority ? "nobody here knows CN=authority.example (SSL_CERT_FILE" : "it is signed by itself (SSL_CERT_FILE"));
        File.WriteAllText(scratch.File("trusted.pem"), (authority ? signer : own).ExportCertificatePem());
        Output with = Client.Run(Binary.Path, arguments, new Dictionary<string, string> { ["SSL_CERT_FILE"] = scratch.File("trusted.pem") });
        Assert.That((with.ExitCode, with.Error), Is.EqualTo((0, "")));
        Assert.That(with.Out, Does.Contain(",gw1:9287,200"));
    }

    private static string Refused(string url, string said, params string[] more)
    {
        (int code, string error) = Run(url, more);
        Assert.That((code, error), Is.EqualTo((3, error)));
        Assert.That(error, Does.StartWith($"iscsitop: {url}: ").And.Contain(said));
        Assert.That(error.TrimEnd(), Does.Not.Contain('\n'));
        return error.ReplaceLineEndings("\n");
    }

    private static (int Code, string Error) Run(string url, params string[] more)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(["--prometheus", url, "-b", "1", "1", .. more], new Streams(output, error, false, false));
        return (code, error.ToString());
    }

    /// <summary>A server that sends the same to everybody, and then a byte now and then, or nothing more.</summary>
    private sealed class Dripping : IDisposable
    {
        private readonly TcpListener _listener;
        private readonly CancellationTokenSource _end = new();
        private readonly Task _serving;

        public Dripping(string answer, bool drips, IPAddress? address = null)
        {
            _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
            _listener.Start();
            _serving = Serve(Encoding.ASCII.GetBytes(answer), drips && answer.Length > 0, drips);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose()
        {
            _end.Cancel();
            _listener.Stop();
            _serving.Wait(TimeSpan.FromSeconds(10));
            _end.Dispose();
        }

        private async Task Serve(byte[] answer, bool drips, bool stays)
        {
            while (true)
                try
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                    NetworkStream stream = client.GetStream();
                    byte[] question = new byte[4096];
                    await stream.ReadAtLeastAsync(question, 16, throwOnEndOfStream: false, _end.Token);
                    await stream.WriteAsync(answer, _end.Token);
                    while (drips)
                    {
                        await stream.WriteAsync("0"u8.ToArray(), _end.Token);
                        await Task.Delay(20, _end.Token);
                    }
                    // Until it is left, or all was read of what it says.
                    if (stays)
                    {
                        while (await stream.ReadAsync(question, _end.Token) > 0)
                        {
                        }
                    }
                    client.Client.Shutdown(SocketShutdown.Send);
                    while (await stream.ReadAsync(question, _end.Token) > 0)
                    {
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or IOException or InvalidOperationException)
                {
                    if (_end.IsCancellationRequested) return;
                }
        }
    }
}
