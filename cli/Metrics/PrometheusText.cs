using System.Buffers;
using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// Writes what a reader collects as Prometheus's text format 0.0.4 or as OpenMetrics 1.0. Names are those of <see cref="MetricTable"/>.
/// </summary>
internal sealed class PrometheusText : BaseExporter<Metric>
{
    /// <summary>What the text format is to HTTP.</summary>
    public const string TextType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>What OpenMetrics is to HTTP.</summary>
    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private readonly ArrayBufferWriter<byte> _output = new(1 << 16);

    /// <summary>Whether OpenMetrics is written.</summary>
    public bool OpenMetrics { get; set; }

    /// <summary>What was written by the last collection.</summary>
    public ReadOnlyMemory<byte> Written => _output.WrittenMemory;

    /// <inheritdoc/>
    public override ExportResult Export(in Batch<Metric> batch)
    {
        _output.ResetWrittenCount();
        foreach (Metric metric in batch)
            if (MetricTable.Find(metric.Name) is { } row)
                Write(metric, row);
        if (OpenMetrics) Put("# EOF\n");
        return ExportResult.Success;
    }

    private void Write(Metric metric, MetricRow row)
    {
        bool headed = false;
        foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
        {
            if (!headed) Head(row);
            headed = true;
            string labels = Labels(in point);
            switch (metric.MetricType)
            {
                case MetricType.Histogram:
                    Buckets(row, in point, labels);
                    break;
                case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                    Line(row.Prometheus, labels, point.GetSumLong());
                    break;
                case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                    Line(row.Prometheus, labels, point.GetSumDouble());
                    break;
                default:
                    Line(row.Prometheus, labels, point.GetGaugeLastValueDouble());
                    break;
            }
        }
    }

    // To OpenMetrics a counter's family has no _total, and the unit ends its name.
    private void Head(MetricRow row)
    {
        string type = row.Kind switch { InstrumentKind.Counter => "counter", InstrumentKind.Histogram => "histogram", _ => "gauge" };
        string family = OpenMetrics && row.Kind == InstrumentKind.Counter ? row.Prometheus[..^"_total".Length] : row.Prometheus;
        string unit = row.Unit switch { "s" => "seconds", "By" => "bytes", _ => "" };
        Put($"# HELP {family} {row.Help}\n# TYPE {family} {type}\n");
        if (OpenMetrics && unit.Length > 0) Put($"# UNIT {family} {unit}\n");
    }

    private void Buckets(MetricRow row, in MetricPoint point, string labels)
    {
        long sum = 0;
        foreach (HistogramBucket bucket in point.GetHistogramBuckets())
        {
            sum += bucket.BucketCount;
            string bound = double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : Number(bucket.ExplicitBound, OpenMetrics);
            Line(row.Prometheus + "_bucket", labels.Length == 0 ? $"le=\"{bound}\"" : $"{labels},le=\"{bound}\"", sum);
        }
        Line(row.Prometheus + "_sum", labels, point.GetHistogramSum());
        Line(row.Prometheus + "_count", labels, sum);
    }

    private void Line(string name, string labels, double value) => Line(name, labels, Number(value, false));

    private void Line(string name, string labels, long value) => Line(name, labels, value.ToString(CultureInfo.InvariantCulture));

    private void Line(string name, string labels, string value) => Put(labels.Length == 0 ? $"{name} {value}\n" : $"{name}{{{labels}}} {value}\n");

    private static string Labels(in MetricPoint point)
    {
        var text = new StringBuilder();
        foreach (KeyValuePair<string, object?> tag in point.Tags)
        {
            if (text.Length > 0) text.Append(',');
            text.Append(MetricLabels.Prometheus(tag.Key)).Append("=\"");
            foreach (char c in (string)tag.Value!)
                _ = c switch
                {
                    '\\' => text.Append(@"\\"),
                    '"' => text.Append("\\\""),
                    '\n' => text.Append(@"\n"),
                    _ => text.Append(c),
                };
            text.Append('"');
        }
        return text.ToString();
    }

    // OpenMetrics wants bounds to look like floating point.
    private static string Number(double value, bool whole)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return whole && text.AsSpan().IndexOfAny(".E") < 0 ? text + ".0" : text;
    }

    private void Put(string text) => Encoding.UTF8.GetBytes(text, _output);
}
