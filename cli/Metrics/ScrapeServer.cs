using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// Answers <c>GET /metrics</c>, under whatever name it is asked: one request a connection. Whoever asks is bounded: so many at once, so many
/// bytes, so long. When there are too many, the one that has been there longest gives way: who only wants to read is done in milliseconds.
/// </summary>
internal sealed class ScrapeServer : IDisposable
{
    /// <summary>The port unless told otherwise.</summary>
    public const int DefaultPort = 9260;

    /// <summary>Connections at once.</summary>
    public const int MostAtOnce = 64;

    /// <summary>Bytes of a request's header.</summary>
    public const int LongestRequest = 16384;

    private const int Backlog = 256;
    private static readonly TimeSpan s_lingering = TimeSpan.FromSeconds(1);

    private readonly ScrapePages _pages;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _end = new();

    // Oldest first.
    private readonly LinkedList<Socket> _peers = new();

    /// <summary>Begins to listen.</summary>
    /// <param name="book">What is told.</param>
    /// <param name="at">Where; port 0 for any free one.</param>
    /// <exception cref="SocketException">It cannot be had.</exception>
    public ScrapeServer(MetricBook book, IPEndPoint at)
    {
        _pages = new ScrapePages(book);
        _socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _socket.Bind(at);
            _socket.Listen(Backlog);
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }
        _ = Task.Run(Accept);
    }

    /// <summary>How long a request may take.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _socket.Dispose();
    }

    private async Task Accept()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                Socket peer = await _socket.AcceptAsync(_end.Token).ConfigureAwait(false);
                LinkedListNode<Socket> place = Enter(peer);
                _ = Task.Run(() => Serve(peer, place));
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
        }
    }

    private LinkedListNode<Socket> Enter(Socket peer)
    {
        lock (_peers)
        {
            if (_peers.Count >= MostAtOnce && _peers.First is { } oldest)
            {
                _peers.Remove(oldest);
                oldest.Value.Dispose();
            }
            return _peers.AddLast(peer);
        }
    }

    private void Leave(LinkedListNode<Socket> place)
    {
        lock (_peers)
            if (place.List is not null) _peers.Remove(place);
        place.Value.Dispose();
    }

    private async Task Serve(Socket peer, LinkedListNode<Socket> place)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        patience.CancelAfter(Patience);
        try
        {
            byte[] buffer = new byte[LongestRequest];
            int length = await Receive(peer, buffer, patience.Token).ConfigureAwait(false);
            if (length == 0) return;
            bool whole = length > 0;
            (byte[] head, byte[] body) = whole ? Answer(ScrapeRequest.Parse(buffer.AsSpan(0, length))) : Simple("431 Request Header Fields Too Large", "the header is too long\n");
            await Send(peer, head, patience.Token).ConfigureAwait(false);
            await Send(peer, body, patience.Token).ConfigureAwait(false);
            peer.Shutdown(SocketShutdown.Send);
            // What was not read makes an end of it that takes the answer away from the peer.
            patience.CancelAfter(s_lingering);
            while (!whole || peer.Available > 0)
                if (await peer.ReceiveAsync(buffer, patience.Token).ConfigureAwait(false) == 0)
                    return;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It has gone, or is too slow: it will ask again.
        }
        finally
        {
            Leave(place);
        }
    }

    // The length of a request's header; 0 when it ended before, -1 when it is too long.
    private static async Task<int> Receive(Socket peer, byte[] buffer, CancellationToken cancellation)
    {
        for (int length = 0; length < buffer.Length;)
        {
            int n = await peer.ReceiveAsync(buffer.AsMemory(length), cancellation).ConfigureAwait(false);
            if (n == 0) return 0;
            int from = Math.Max(0, length - 3);
            length += n;
            int end = buffer.AsSpan(from, length - from).IndexOf("\r\n\r\n"u8);
            if (end >= 0) return from + end;
        }
        return -1;
    }

    private static async Task Send(Socket peer, byte[] bytes, CancellationToken cancellation)
    {
        for (int sent = 0; sent < bytes.Length;)
            sent += await peer.SendAsync(bytes.AsMemory(sent), cancellation).ConfigureAwait(false);
    }

    private (byte[] Head, byte[] Body) Answer(ScrapeRequest request)
    {
        bool head = request.Method == "HEAD";
        if (request.Method.Length == 0) return Simple("400 Bad Request", "not HTTP/1\n");
        if (!head && request.Method != "GET") return Simple("405 Method Not Allowed", "GET /metrics\n", "Allow: GET, HEAD\r\n");
        if (request.Path == "/") return Http("200 OK", "text/html; charset=utf-8", "<!DOCTYPE html><title>iscsitop</title><a href=\"/metrics\">metrics</a>\n"u8.ToArray(), head);
        if (request.Path != "/metrics") return Simple("404 Not Found", "metrics are at /metrics\n", head: head);
        string type = request.OpenMetrics ? PrometheusText.OpenMetricsType : PrometheusText.TextType;
        return Http("200 OK", type, _pages.Get(request.OpenMetrics, request.Gzip), head, "Vary: Accept, Accept-Encoding\r\n" + (request.Gzip ? "Content-Encoding: gzip\r\n" : ""));
    }

    private static (byte[] Head, byte[] Body) Simple(string status, string text, string more = "", bool head = false) =>
        Http(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text), head, more);

    private static (byte[] Head, byte[] Body) Http(string status, string type, byte[] body, bool headOnly, string more = "") =>
        (Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n{more}Connection: close\r\n\r\n")), headOnly ? [] : body);
}
