using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Web;
using Iscsitop.Engine.Fleet;

namespace Iscsitop.Tests.Fleet;

/// <summary>What speaks Prometheus's HTTP API in this process, well or ill: two hosts that read 100 commands between their samples.</summary>
internal sealed class FakePrometheus : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;
    private int _asked;

    public FakePrometheus()
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Port = ((IPEndPoint)free.LocalEndpoint).Port;
        }
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _serving = Task.Run(Serve);
    }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>What stands before /api/v1.</summary>
    public string Prefix { get; set; } = "";

    public PrometheusOptions Options => new(new Uri(Url)) { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Answers in its place; null for the usual. Returns after the answer is complete, or was broken off.</summary>
    public Action<HttpListenerContext>? Fault { get; set; }

    /// <summary>The hosts that are scraped.</summary>
    public string[] Hosts { get; set; } = ["gw1:9287", "gw2:9287"];

    /// <summary>Each question, with who asked.</summary>
    public ConcurrentQueue<(string Query, string? Authorization)> Questions { get; } = new();

    /// <summary>Most questions that were open at once.</summary>
    public int MostOpen { get; private set; }

    public static void Answer(HttpListenerContext context, int status, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        context.Response.StatusCode = status;
        context.Response.OutputStream.Write(bytes);
        context.Response.Close();
    }

    public void Dispose()
    {
        _listener.Close();
        _serving.Wait(TimeSpan.FromSeconds(10));
    }

    private void Serve()
    {
        int open = 0;
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = _listener.GetContext();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            MostOpen = Math.Max(MostOpen, Interlocked.Increment(ref open));
            Task.Run(() =>
            {
                try
                {
                    One(context);
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
                {
                    // It did not wait for the answer.
                }
                finally
                {
                    Interlocked.Decrement(ref open);
                }
            });
        }
    }

    private void One(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        string query = HttpUtility.ParseQueryString(reader.ReadToEnd())["query"] ?? "";
        Questions.Enqueue((query, context.Request.Headers["Authorization"]));
        if (Fault is { } fault) fault(context);
        else if (context.Request.Url!.AbsolutePath != Prefix + "/api/v1/query") Answer(context, 404, "404 page not found");
        else Answer(context, 200, Exposed.Json(SeriesOf(query)));
    }

    private IEnumerable<string> SeriesOf(string query)
    {
        double now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        string Times(Func<int, double> value) => string.Join(' ', Enumerable.Range(-2, 3).Select(i => FormattableString.Invariant($"{value(i)}@{now + i:0.000}")));
        int round = query.StartsWith("{__name__", StringComparison.Ordinal) ? Interlocked.Increment(ref _asked) : 0;
        foreach (string host in Hosts)
            if (query.StartsWith("up", StringComparison.Ordinal)) yield return Exposed.Of("up", host, "", Times(_ => 1));
            else
            {
                yield return Exposed.Heartbeat(host, Times(_ => 1));
                if (round > 0) yield return Exposed.Commands(host, "0", "read", Times(i => 1000 + 100 * (3 * round + i)));
            }
    }
}
