using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenTelemetry.Metrics;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// Answers <c>GET /metrics</c>, under whatever name it is asked: one request a connection, one collection at a time. Whoever asks is bounded:
/// so many at once, so many bytes, so long.
/// </summary>
internal sealed class ScrapeServer : IDisposable
{
    /// <summary>The port unless told otherwise.</summary>
    public const int DefaultPort = 9260;

    /// <summary>The metric of how long it takes.</summary>
    public static readonly MetricRow Duration = MetricTable.Find("iscsitop.scrape.duration")!;

    private const int MostAtOnce = 16;
    private const int LongestRequest = 16384;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly MetricBook _book;
    private readonly PrometheusText _text = new();
    private readonly BaseExportingMetricReader _reader;
    private readonly MeterProvider _provider;
    private readonly Socket _socket;
    private readonly SemaphoreSlim _places = new(MostAtOnce);
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _collecting = new();

    /// <summary>Begins to listen.</summary>
    /// <param name="book">What is told.</param>
    /// <param name="at">Where; port 0 for any free one.</param>
    /// <exception cref="SocketException">It cannot be had.</exception>
    public ScrapeServer(MetricBook book, IPEndPoint at)
    {
        _book = book;
        _socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _socket.Bind(at);
        _socket.Listen(MostAtOnce);
        _reader = new BaseExportingMetricReader(_text);
        _provider = Providers.ForPrometheus(book, _reader);
        _ = Task.Run(Accept);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>What a scrape gets.</summary>
    public byte[] Scrape(bool openMetrics)
    {
        lock (_collecting)
        {
            long begun = Stopwatch.GetTimestamp();
            _text.OpenMetrics = openMetrics;
            _reader.Collect();
            byte[] answer = _text.Written.ToArray();
            _book.Set(Duration, Stopwatch.GetElapsedTime(begun).TotalSeconds);
            return answer;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _socket.Dispose();
        lock (_collecting) _provider.Dispose();
    }

    private async Task Accept()
    {
        while (!_end.IsCancellationRequested)
        {
            Socket? peer = null;
            try
            {
                await _places.WaitAsync(_end.Token).ConfigureAwait(false);
                peer = await _socket.AcceptAsync(_end.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The peer has gone already, or there are no descriptors: the next may do better.
                await Task.Delay(100).ConfigureAwait(false);
            }
            if (peer is null) _places.Release();
            else _ = Task.Run(() => Serve(peer));
        }
    }

    private async Task Serve(Socket peer)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        patience.CancelAfter(s_patience);
        try
        {
            using (peer)
            {
                string request = await Request(peer, patience.Token).ConfigureAwait(false);
                byte[] answer = Answer(request);
                for (int sent = 0; sent < answer.Length;)
                    sent += await peer.SendAsync(answer.AsMemory(sent), patience.Token).ConfigureAwait(false);
                peer.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It has gone, or is too slow: it will ask again.
        }
        finally
        {
            _places.Release();
        }
    }

    // The header of a request; what is longer is cut, and answered as what it begins with.
    private static async Task<string> Request(Socket peer, CancellationToken cancellation)
    {
        byte[] buffer = new byte[LongestRequest];
        int length = 0;
        while (length < buffer.Length)
        {
            int n = await peer.ReceiveAsync(buffer.AsMemory(length), cancellation).ConfigureAwait(false);
            length += n;
            if (n == 0 || buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0) break;
        }
        return Encoding.Latin1.GetString(buffer, 0, length);
    }

    private byte[] Answer(string request)
    {
        string[] lines = request.Split("\r\n");
        string[] words = lines[0].Split(' ');
        if (words.Length != 3 || !words[2].StartsWith("HTTP/1.", StringComparison.Ordinal)) return Http("400 Bad Request", PrometheusText.TextType, "not HTTP/1\n"u8);
        if (words[0] is not ("GET" or "HEAD")) return Http("405 Method Not Allowed", PrometheusText.TextType, "GET /metrics\n"u8);
        string path = words[1].Split('?')[0];
        if (path is not ("/metrics" or "/")) return Http("404 Not Found", PrometheusText.TextType, "metrics are at /metrics\n"u8);
        bool head = words[0] == "HEAD";
        if (path == "/") return Http("200 OK", "text/html; charset=utf-8", "<!DOCTYPE html><title>iscsitop</title><a href=\"/metrics\">metrics</a>\n"u8, head);
        bool openMetrics = lines.Any(l => l.StartsWith("Accept:", StringComparison.OrdinalIgnoreCase) && Prefers(l));
        byte[] answer = Scrape(openMetrics);
        return Http("200 OK", openMetrics ? PrometheusText.OpenMetricsType : PrometheusText.TextType, answer, head);
    }

    // Who takes OpenMetrics, and does not take the text format more gladly.
    private static bool Prefers(string accept)
    {
        double metrics = 0, text = 0;
        foreach (string item in accept["Accept:".Length..].Split(','))
        {
            string[] parts = item.Split(';', StringSplitOptions.TrimEntries);
            double weight = 1;
            foreach (string part in parts)
                if (part.StartsWith("q=", StringComparison.Ordinal) && double.TryParse(part[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double q)) weight = q;
            if (parts[0] == "application/openmetrics-text") metrics = Math.Max(metrics, weight);
            else if (parts[0] == "text/plain") text = Math.Max(text, weight);
        }
        return metrics > 0 && metrics >= text;
    }

    private static byte[] Http(string status, string type, ReadOnlySpan<byte> body, bool headOnly = false)
    {
        string header = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        return headOnly ? Encoding.ASCII.GetBytes(header) : [.. Encoding.ASCII.GetBytes(header), .. body];
    }
}
