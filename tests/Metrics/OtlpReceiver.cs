using System.Buffers.Binary;
using System.Net;
using System.Text;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Metrics;

/// <summary>A point of a metric as it came: attributes, its value, or what an exponential histogram has.</summary>
internal sealed record OtlpPoint(IReadOnlyDictionary<string, string> Attributes, double Value, long Count, double Sum, int Scale, long InBuckets);

/// <summary>A metric as it came.</summary>
internal sealed record OtlpMetric(string Name, string Unit, int Field, bool Monotonic, int Temporality, IReadOnlyList<OtlpPoint> Points)
{
    public const int Gauge = 5, SumField = 7, ExponentialHistogram = 10;
}

/// <summary>An OTLP receiver over HTTP that refuses so many requests with sums before it takes one. It decodes by the published field numbers.</summary>
internal sealed class OtlpReceiver : IDisposable
{
    private const int Little = 1000;

    private readonly HttpListener _listener = new();
    private readonly int _refusals;
    private readonly TaskCompletionSource<byte[]> _taken = new();

    public OtlpReceiver(int refusals)
    {
        _refusals = refusals;
        int port = PrometheusProcess.FreePort();
        Url = $"http://127.0.0.1:{port}/v1/metrics";
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
        _ = Task.Run(Receive);
    }

    public string Url { get; }

    /// <summary>Lengths of the requests that were refused.</summary>
    public List<int> Refused { get; } = [];

    /// <summary>The first that was taken.</summary>
    public IReadOnlyList<OtlpMetric> Taken()
    {
        Assert.That(_taken.Task.Wait(Client.Patience), $"no request was taken within {Client.Patience.TotalSeconds} s, {Refused.Count} were refused");
        return Decode(_taken.Task.Result);
    }

    /// <summary>Attributes of the resource of the first that was taken.</summary>
    public IReadOnlyDictionary<string, string> Resource() =>
        Attributes(Fields(Fields(Fields(_taken.Task.Result).First(f => f.Number == 1).Bytes).First(f => f.Number == 1).Bytes).Where(f => f.Number == 1));

    public void Dispose() => _listener.Close();

    private async Task Receive()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                // What comes before anything was counted is a resource and little more.
                bool empty = body.Length < Little, refused = empty || Refused.Count < _refusals;
                if (refused && !empty) Refused.Add((int)body.Length);
                context.Response.StatusCode = refused ? 503 : 200;
                context.Response.Close();
                if (!refused) _taken.TrySetResult(body.ToArray());
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
        }
    }

    // ExportMetricsServiceRequest.resource_metrics 1, ResourceMetrics.scope_metrics 2, ScopeMetrics.metrics 2.
    private static List<OtlpMetric> Decode(byte[] request) =>
    [
        .. from resource in Fields(request)
           where resource.Number == 1
           from scope in Fields(resource.Bytes)
           where scope.Number == 2
           from metric in Fields(scope.Bytes)
           where metric.Number == 2
           select Metric(Fields(metric.Bytes)),
    ];

    private static OtlpMetric Metric(List<Field> fields)
    {
        Field data = fields.Single(f => f.Number is 5 or 7 or 9 or 10);
        List<Field> of = Fields(data.Bytes);
        return new OtlpMetric(
            Text(fields, 1), Text(fields, 3), data.Number, of.Any(f => f is { Number: 3, Value: 1 }), (int)of.FirstOrDefault(f => f.Number == 2).Value,
            [.. of.Where(f => f.Number == 1).Select(p => data.Number == OtlpMetric.ExponentialHistogram ? Exponential(Fields(p.Bytes)) : Number(Fields(p.Bytes)))]);
    }

    // NumberDataPoint: attributes 7, as_double 4, as_int 6.
    private static OtlpPoint Number(List<Field> fields)
    {
        double value = fields.FirstOrDefault(f => f.Number == 4) is { Number: 4 } real ? BitConverter.UInt64BitsToDouble(real.Value) : (long)fields.Single(f => f.Number == 6).Value;
        return new OtlpPoint(Attributes(fields.Where(f => f.Number == 7)), value, 0, 0, 0, 0);
    }

    // ExponentialHistogramDataPoint: attributes 1, count 4, sum 5, scale 6 (zigzag), zero_count 7, positive 8 with bucket_counts 2 (packed).
    private static OtlpPoint Exponential(List<Field> fields)
    {
        ulong scale = fields.FirstOrDefault(f => f.Number == 6).Value;
        long buckets = (long)fields.FirstOrDefault(f => f.Number == 7).Value;
        foreach (Field positive in fields.Where(f => f.Number == 8))
            foreach (Field counts in Fields(positive.Bytes).Where(f => f.Number == 2))
                for (int at = 0; at < counts.Bytes.Length;) buckets += (long)Varint(counts.Bytes, ref at);
        return new OtlpPoint(
            Attributes(fields.Where(f => f.Number == 1)), 0, (long)fields.Single(f => f.Number == 4).Value, BitConverter.UInt64BitsToDouble(fields.Single(f => f.Number == 5).Value),
            (int)(scale >> 1) ^ -(int)(scale & 1), buckets);
    }

    // KeyValue: key 1, value 2; AnyValue: string_value 1.
    private static Dictionary<string, string> Attributes(IEnumerable<Field> pairs) => pairs.Select(p => Fields(p.Bytes)).ToDictionary(
        p => Text(p, 1), p => Text(Fields(p.Single(f => f.Number == 2).Bytes), 1));

    private static string Text(List<Field> fields, int number) => fields.FirstOrDefault(f => f.Number == number) is { Number: > 0 } field ? Encoding.UTF8.GetString(field.Bytes) : "";

    private readonly record struct Field(int Number, ulong Value, byte[] Bytes);

    private static List<Field> Fields(byte[] message)
    {
        var fields = new List<Field>();
        for (int at = 0; at < message.Length;)
        {
            ulong key = Varint(message, ref at);
            int number = (int)(key >> 3), length;
            switch (key & 7)
            {
                case 0: fields.Add(new Field(number, Varint(message, ref at), [])); break;
                case 1: fields.Add(new Field(number, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)), [])); at += 8; break;
                case 2: length = (int)Varint(message, ref at); fields.Add(new Field(number, 0, message[at..(at + length)])); at += length; break;
                case 5: fields.Add(new Field(number, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)), [])); at += 4; break;
                default: throw new InvalidDataException($"wire type {key & 7}");
            }
        }
        return fields;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = message[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
    }
}
