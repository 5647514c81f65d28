using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Iscsitop.Cli.Metrics;

/// <summary>OpenTelemetry's side: which histograms there are, how many series, where they go.</summary>
internal static class Providers
{
    private const int DefaultHttpPort = 4318;
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
    private const string MetricsProtocol = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL";

    private static readonly string[] s_endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    /// <summary>Whether the environment says where to push to.</summary>
    public static bool EnvironmentHasEndpoint => s_endpoints.Any(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });

    /// <summary>Exponential buckets, pushed every minute unless OTEL_METRIC_EXPORT_INTERVAL says otherwise.</summary>
    /// <param name="book">The metrics.</param>
    /// <param name="endpoint">Where; null for what the environment says.</param>
    public static MeterProvider ForOtlp(MetricBook book, Uri? endpoint) =>
        Builder().AddView(i => Exponential(book, i)).AddOtlpExporter(options =>
        {
            if (endpoint is not null) Direct(options, endpoint);
        }).Build();

    /// <summary>Where an URL leads: with a path, or to port 4318, by HTTP; else by gRPC. The environment's word on the protocol goes first.</summary>
    internal static void Direct(OtlpExporterOptions options, Uri endpoint)
    {
        bool said = Environment.GetEnvironmentVariable(MetricsProtocol) is { Length: > 0 } || Environment.GetEnvironmentVariable(Protocol) is { Length: > 0 };
        bool path = endpoint.AbsolutePath != "/";
        if (!said) options.Protocol = path || endpoint.Port == DefaultHttpPort ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        options.Endpoint = options.Protocol == OtlpExportProtocol.HttpProtobuf && !path ? new Uri(endpoint, "v1/metrics") : endpoint;
    }

    private static MeterProviderBuilder Builder() => Sdk.CreateMeterProviderBuilder()
        .AddMeter(Instruments.Name)
        .SetResourceBuilder(ResourceBuilder.CreateEmpty()
            .AddService("iscsitop", serviceVersion: CommandLine.Version)
            .AddAttributes([new KeyValuePair<string, object>("host.name", Environment.MachineName)])
            .AddEnvironmentVariableDetector());

    private static MetricStreamConfiguration Exponential(MetricBook book, Instrument instrument)
    {
        MetricSeries series = Of(book, instrument);
        if (series.Row == ScrapePages.Duration) return MetricStreamConfiguration.Drop;
        return series.Row.Kind == InstrumentKind.Histogram
            ? new Base2ExponentialBucketHistogramConfiguration { RecordMinMax = false, CardinalityLimit = series.Most }
            : new MetricStreamConfiguration { CardinalityLimit = series.Most };
    }

    private static MetricSeries Of(MetricBook book, Instrument instrument)
    {
        foreach (MetricSeries series in book.Series)
            if (series.Row.Name == instrument.Name)
                return series;
        throw new InvalidOperationException($"{instrument.Name} is in no table");
    }
}
