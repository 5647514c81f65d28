using System.Net;
using System.Net.Sockets;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using OpenTelemetry.Metrics;

namespace Iscsitop.Cli.Metrics;

/// <summary>What is served where.</summary>
/// <param name="Listen">Where Prometheus finds it; null for nowhere.</param>
/// <param name="Otlp">Whether it is pushed.</param>
/// <param name="Endpoint">Where to; null for what the environment says.</param>
internal sealed record MetricsOptions(IPEndPoint? Listen, bool Otlp = false, Uri? Endpoint = null)
{
    /// <summary>Series at most.</summary>
    public int MostSeries { get; init; } = MetricBook.DefaultSeries;

    /// <summary>Whether initiators are told apart.</summary>
    public bool ByInitiator { get; init; }

    /// <summary>Whether PDUs are counted, which takes every event.</summary>
    public bool Pdus { get; init; }

    /// <summary>Time between snapshots.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Metrics being served: the book, who reads it, and the loop that fills it.</summary>
internal sealed class MetricsRun : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly MetricsOptions _options;
    private readonly MetricBook _book;
    private readonly Instruments? _instruments;
    private readonly ScrapeServer? _server;
    private readonly MeterProvider? _otlp;

    /// <summary>Begins to serve.</summary>
    /// <exception cref="InputException">Its address cannot be had.</exception>
    public MetricsRun(MetricsOptions options)
    {
        _options = options;
        _book = new MetricBook(options.MostSeries, options.ByInitiator);
        try
        {
            if (options.Listen is not null) _server = new ScrapeServer(_book, options.Listen);
        }
        catch (SocketException e)
        {
            throw new InputException($"cannot serve metrics at {options.Listen}: {e.Message}", e);
        }
        if (!options.Otlp) return;
        _instruments = new Instruments(_book);
        _otlp = Providers.ForOtlp(_book, options.Endpoint);
    }

    /// <summary>Says where.</summary>
    public void Announce(Streams streams)
    {
        if (_server is not null) streams.Error.WriteLine($"metrics at http://{_server.Address}/metrics");
        if (_otlp is not null) streams.Error.WriteLine($"pushing metrics to {_options.Endpoint?.ToString() ?? "where OTEL_EXPORTER_OTLP_ENDPOINT says"}");
    }

    /// <summary>Subscribes as these metrics need it.</summary>
    public Feed Open(Origin origin) => _options.Pdus
        ? origin.Open(new Wants(ProbeSet.Pdus, _options.Interval), onEvent: _book.Count)
        : origin.Open(new Wants(0, _options.Interval));

    /// <summary>Takes snapshots until there are no more, or it is time to end. Without an engine it waits for one.</summary>
    public void Follow(Feed feed, Streams streams, CancellationToken cancellation)
    {
        bool first = true;
        while (!feed.Ended && !cancellation.IsCancellationRequested)
        {
            bool news;
            try
            {
                news = feed.WaitForSnapshot(first ? s_patience : _options.Interval + s_patience, cancellation);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            Snapshot snapshot = feed.Take();
            _book.Take(snapshot);
            foreach (EngineStatus engine in snapshot.Engines)
                if (engine is { Alive: false, Problem.Length: > 0 }) streams.Complain($"engine {engine.Pid} has ended: {engine.Problem}");
            first = false;
            if (snapshot.Engines.Count == 0 && !news) cancellation.WaitHandle.WaitOne(_options.Interval);
        }
    }

    /// <summary>Ends, and pushes what has not been yet.</summary>
    public void Dispose()
    {
        _otlp?.Dispose();
        _server?.Dispose();
        _instruments?.Dispose();
    }
}
