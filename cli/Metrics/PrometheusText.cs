using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// Writes a book as Prometheus's text format 0.0.4 or as OpenMetrics 1.0. Names are those of <see cref="MetricTable"/>. A series makes no
/// string: its labels are kept as they are written, numbers are written where they stand.
/// </summary>
internal static class PrometheusText
{
    /// <summary>What the text format is to HTTP.</summary>
    public const string TextType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>What OpenMetrics is to HTTP.</summary>
    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private const int LongestNumber = 32;

    /// <summary>Writes all series of one moment.</summary>
    public static void Write(MetricBook book, bool openMetrics, IBufferWriter<byte> output)
    {
        lock (book.Gate)
            foreach (MetricSeries series in book.Series)
                Write(series, openMetrics, output);
        if (openMetrics) output.Write("# EOF\n"u8);
    }

    /// <summary>Attributes as labels, without braces, in the order of their names.</summary>
    public static byte[] Labels(IEnumerable<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach ((string name, object? value) in tags.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            if (text.Length > 0) text.Append(',');
            text.Append(MetricLabels.Prometheus(name)).Append("=\"");
            foreach (char c in (string)value!)
                _ = c switch
                {
                    '\\' => text.Append(@"\\"),
                    '"' => text.Append("\\\""),
                    '\n' => text.Append(@"\n"),
                    _ => text.Append(c),
                };
            text.Append('"');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(MetricSeries series, bool openMetrics, IBufferWriter<byte> output)
    {
        MetricRow row = series.Row;
        byte[] name = Encoding.UTF8.GetBytes(row.Prometheus);
        byte[][] bounds = row.Kind == InstrumentKind.Histogram ? [.. row.Bounds.Select(b => Bound(b, openMetrics)), "+Inf"u8.ToArray()] : [];
        bool headed = false, whole = row.Kind is InstrumentKind.Counter or InstrumentKind.UpDownCounter && row.Unit != "s";
        foreach (SeriesPoint point in series.Points.Values)
        {
            if (!series.Says(point)) continue;
            if (!headed) Head(row, openMetrics, output);
            headed = true;
            if (bounds.Length > 0) Buckets(name, bounds, point, output);
            else Line(name, ""u8, point.Text, ""u8, whole ? (long)point.Value : point.Value, output);
        }
    }

    // To OpenMetrics a counter's family has no _total, and the unit ends its name.
    private static void Head(MetricRow row, bool openMetrics, IBufferWriter<byte> output)
    {
        string type = row.Kind switch
        {
            InstrumentKind.Counter => "counter",
            InstrumentKind.Histogram => "histogram",
            // The conventions of OpenTelemetry end names so, and those of Prometheus keep that end for histograms: this type alone may have it.
            _ when row.Prometheus.EndsWith("_count", StringComparison.Ordinal) => openMetrics ? "unknown" : "untyped",
            _ => "gauge",
        };
        string family = openMetrics && row.Kind == InstrumentKind.Counter ? row.Prometheus[..^"_total".Length] : row.Prometheus;
        string unit = row.Unit switch { "s" => "seconds", "By" => "bytes", _ => "" };
        string head = $"# HELP {family} {row.Help}\n# TYPE {family} {type}\n" + (openMetrics && unit.Length > 0 ? $"# UNIT {family} {unit}\n" : "");
        Encoding.UTF8.GetBytes(head, output);
    }

    private static void Buckets(ReadOnlySpan<byte> name, byte[][] bounds, SeriesPoint point, IBufferWriter<byte> output)
    {
        long sum = 0;
        for (int i = 0; i < bounds.Length; i++) Line(name, "_bucket"u8, point.Text, bounds[i], sum += point.Buckets[i], output);
        Line(name, "_sum"u8, point.Text, ""u8, point.Sum, output);
        Line(name, "_count"u8, point.Text, ""u8, sum, output);
    }

    private static void Line(ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> bound, double value, IBufferWriter<byte> output)
    {
        Span<byte> line = output.GetSpan(name.Length + suffix.Length + labels.Length + bound.Length + "{,le=\"\"} \n".Length + LongestNumber);
        int at = 0;
        Put(line, ref at, name);
        Put(line, ref at, suffix);
        if (labels.Length + bound.Length > 0)
        {
            Put(line, ref at, "{"u8);
            Put(line, ref at, labels);
            if (bound.Length > 0)
            {
                Put(line, ref at, labels.Length > 0 ? ",le=\""u8 : "le=\""u8);
                Put(line, ref at, bound);
                Put(line, ref at, "\""u8);
            }
            Put(line, ref at, "}"u8);
        }
        Put(line, ref at, " "u8);
        at += Number(line[at..], value);
        Put(line, ref at, "\n"u8);
        output.Advance(at);
    }

    private static void Put(Span<byte> line, ref int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(line[at..]);
        at += text.Length;
    }

    // Sums of what is counted are whole, and exact in a double for longer than anybody counts.
    private static int Number(Span<byte> into, double value)
    {
        const double MostExact = 1L << 53;
        int written;
        bool done = Math.Abs(value) <= MostExact && value == (long)value
            ? Utf8Formatter.TryFormat((long)value, into, out written)
            : value.TryFormat(into, out written, "R", CultureInfo.InvariantCulture);
        return done ? written : throw new InvalidOperationException($"{value} is longer than a number is");
    }

    // OpenMetrics wants bounds to look like floating point.
    private static byte[] Bound(double value, bool openMetrics)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return Encoding.UTF8.GetBytes(openMetrics && text.AsSpan().IndexOfAny(".E") < 0 ? text + ".0" : text);
    }
}
