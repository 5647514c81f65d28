using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;

namespace Iscsitop.Engine.Fleet;

/// <summary>Asks a Prometheus server, one question at a time.</summary>
internal sealed class PrometheusClient : IDisposable
{
    private readonly PrometheusOptions _options;
    private readonly HttpClient _http;
    private readonly Uri _query;
    private byte[] _body = new byte[64 << 10];
    private string _mistrust = "";

    public PrometheusClient(PrometheusOptions options)
    {
        _options = options;
        _query = new Uri(new Uri(options.Url.AbsoluteUri.TrimEnd('/') + "/"), "api/v1/query");
        // A redirection would lose who asks, or tell it to another server.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.GZip, UseCookies = false, ConnectTimeout = options.Timeout };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            _mistrust = errors == SslPolicyErrors.None ? "" : Certificates.Mistrust(certificate, chain, errors);
            return errors == SslPolicyErrors.None;
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = options.Authorization;
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("iscsitop", null));
    }

    /// <summary>The server's clock minus ours, as far as its answers tell.</summary>
    public TimeSpan Ahead { get; private set; }

    /// <summary>Asks.</summary>
    /// <param name="query">In PromQL.</param>
    /// <param name="into">The answer.</param>
    /// <param name="cancellation">Ends it before its time.</param>
    /// <exception cref="PrometheusException">There is no answer, or none that can be read.</exception>
    public async Task AskAsync(string query, PrometheusAnswer into, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.Timeout);
        try
        {
            await AskNowAsync(query, into, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new PrometheusException(string.Create(CultureInfo.InvariantCulture, $"no answer within {_options.Timeout.TotalSeconds:0.###} s"));
        }
        catch (HttpRequestException e)
        {
            throw new PrometheusException(Why(e), e);
        }
        catch (IOException e) when (e is not PrometheusException)
        {
            throw new PrometheusException("the answer ended early: " + e.Message, e);
        }
        catch (JsonException e)
        {
            throw new PrometheusException("the answer is not that of a Prometheus server", e);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task AskNowAsync(string query, PrometheusAnswer into, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _query)
        {
            Content = new FormUrlEncodedContent(
            [
                new("query", query),
                new("timeout", string.Create(CultureInfo.InvariantCulture, $"{(long)_options.Timeout.TotalMilliseconds}ms")),
            ]),
        };
        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        Refuse(response);
        // To the second, so that less says nothing.
        if (response.Headers.Date is { } date && (date - DateTimeOffset.UtcNow) is var ahead) Ahead = ahead.Duration() > TimeSpan.FromSeconds(2) ? ahead : TimeSpan.Zero;
        int length = await ReadAsync(response, cancellation).ConfigureAwait(false);
        bool failed = !response.IsSuccessStatusCode;
        try
        {
            into.Read(_body.AsMemory(0, length));
        }
        catch (JsonException) when (failed)
        {
            throw new PrometheusException($"the server answers {(int)response.StatusCode} {response.ReasonPhrase}{Said(response, _body.AsSpan(0, length))}");
        }
        if (into.Error.Length > 0) throw new PrometheusException("the server says: " + into.Error);
        if (failed) throw new PrometheusException($"the server answers {(int)response.StatusCode} {response.ReasonPhrase}");
    }

    // In words that say what to do, where there are such.
    private string Why(HttpRequestException e) => e switch
    {
        { InnerException: AuthenticationException } when _mistrust.Length > 0 => _mistrust,
        { InnerException: AuthenticationException } or { HttpRequestError: HttpRequestError.SecureConnectionError } => $"it does not speak TLS as we do ({e.InnerException?.Message ?? e.Message}); is it an http: server?",
        { HttpRequestError: HttpRequestError.InvalidResponse } when _options.Url.Scheme == "http" => "it does not speak HTTP; is it an https: server?",
        { HttpRequestError: HttpRequestError.InvalidResponse } => "it does not speak HTTP",
        { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => "its answer has too many headers",
        { HttpRequestError: HttpRequestError.ResponseEnded } => "the answer ended early",
        _ => e.InnerException?.Message ?? e.Message,
    };

    // What a server or what stands before it says in plain text, as of http to a port of https.
    private static string Said(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        const int Most = 160;
        if (response.Content.Headers.ContentType?.MediaType is not (null or "text/plain")) return "";
        string line = Encoding.UTF8.GetString(body[..Math.Min(body.Length, Most)]).Split('\n')[0].Trim();
        return line.Length > 0 ? ": " + line : "";
    }

    private void Refuse(HttpResponseMessage response)
    {
        string status = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        switch (response.StatusCode)
        {
            case HttpStatusCode.Unauthorized:
                throw new PrometheusException(_options.Authorization is null ? $"the server wants to know who asks ({status})" : $"the server does not know who asks ({status})");
            case HttpStatusCode.Forbidden:
                throw new PrometheusException($"the server does not let us ask ({status})");
            case HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed:
                throw new PrometheusException($"this is no Prometheus server, or it has another path ({status})");
            case >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest:
                throw new PrometheusException($"the server is elsewhere ({status}, {(response.Headers.Location is { IsAbsoluteUri: true } to ? to.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : "it does not say where")})");
        }
    }

    private async Task<int> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        using Stream stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        int length = 0;
        while (true)
        {
            if (length == _body.Length)
            {
                if (length >= _options.MostBytes) throw new PrometheusException($"the answer has more than {_options.MostBytes >> 20} MiB: --host asks for fewer hosts");
                Array.Resize(ref _body, (int)Math.Min(2L * length, _options.MostBytes));
            }
            int read = await stream.ReadAsync(_body.AsMemory(length), cancellation).ConfigureAwait(false);
            if (read == 0) return length;
            length += read;
        }
    }
}
