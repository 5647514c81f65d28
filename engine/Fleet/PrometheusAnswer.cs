using System.Buffers.Text;
using System.Text.Json;

namespace Iscsitop.Engine.Fleet;

/// <summary>A value and when it was sampled, ms since 1970. NaN for what is no finite number.</summary>
internal readonly record struct Sample(long Time, double Value);

/// <summary>A series of an answer: where its labels stand in the answer's bytes, and its samples among all.</summary>
internal readonly record struct AnsweredSeries(int Labels, int LabelBytes, int First, int Count);

/// <summary>
/// An answer of the HTTP API's queries, as much of it as is needed. Keeps its memory. Labels stay the bytes they came as: a series that is
/// known needs no look into them.
/// </summary>
internal sealed class PrometheusAnswer
{
    private ReadOnlyMemory<byte> _body;

    public List<AnsweredSeries> Series { get; } = [];

    public List<Sample> Samples { get; } = [];

    /// <summary>What the server said was wrong, "" for nothing.</summary>
    public string Error { get; private set; } = "";

    /// <summary>The labels of a series, a JSON object; valid until the next answer is read.</summary>
    public ReadOnlySpan<byte> LabelsOf(in AnsweredSeries series) => _body.Span.Slice(series.Labels, series.LabelBytes);

    /// <summary>Reads an answer.</summary>
    /// <exception cref="JsonException">It is not one, or not all of one.</exception>
    public void Read(ReadOnlyMemory<byte> body)
    {
        _body = body;
        Series.Clear();
        Samples.Clear();
        Error = "";
        bool success = false, any = false;
        var json = new Utf8JsonReader(body.Span);
        Begin(ref json, JsonTokenType.StartObject);
        while (Property(ref json))
        {
            if (json.ValueTextEquals("status"u8))
            {
                success = Next(ref json) == JsonTokenType.String && json.ValueTextEquals("success"u8);
                any = true;
            }
            else if (json.ValueTextEquals("error"u8)) Error = Next(ref json) == JsonTokenType.String ? json.GetString()! : "";
            else if (json.ValueTextEquals("data"u8)) Data(ref json);
            else json.Skip();
        }
        if (!any) throw new JsonException("it has no status");
        if (!success && Error.Length == 0) Error = "it does not say what";
        if (success) Error = "";
    }

    /// <summary>The names and values of labels.</summary>
    public static void ReadLabels(ReadOnlySpan<byte> labels, Dictionary<string, string> into)
    {
        into.Clear();
        var json = new Utf8JsonReader(labels);
        Begin(ref json, JsonTokenType.StartObject);
        while (Property(ref json))
        {
            string name = json.GetString()!;
            if (Next(ref json) != JsonTokenType.String) throw new JsonException("a label is no text");
            into[name] = json.GetString()!;
        }
    }

    private void Data(ref Utf8JsonReader json)
    {
        Begin(ref json, JsonTokenType.StartObject);
        while (Property(ref json))
        {
            if (!json.ValueTextEquals("result"u8))
            {
                json.Skip();
                continue;
            }
            Begin(ref json, JsonTokenType.StartArray);
            while (Next(ref json) == JsonTokenType.StartObject) OneSeries(ref json);
            if (json.TokenType != JsonTokenType.EndArray) throw new JsonException("a result is no series");
        }
    }

    private void OneSeries(ref Utf8JsonReader json)
    {
        int labels = -1, bytes = 0, first = Samples.Count;
        while (Property(ref json))
        {
            if (json.ValueTextEquals("metric"u8))
            {
                Begin(ref json, JsonTokenType.StartObject);
                labels = (int)json.TokenStartIndex;
                json.Skip();
                bytes = (int)json.BytesConsumed - labels;
            }
            else if (json.ValueTextEquals("value"u8))
            {
                Begin(ref json, JsonTokenType.StartArray);
                OneSample(ref json);
            }
            else if (json.ValueTextEquals("values"u8))
            {
                Begin(ref json, JsonTokenType.StartArray);
                while (Next(ref json) == JsonTokenType.StartArray) OneSample(ref json);
            }
            else json.Skip();
        }
        if (labels >= 0) Series.Add(new AnsweredSeries(labels, bytes, first, Samples.Count - first));
    }

    // [1435781451.781,"1"]
    private void OneSample(ref Utf8JsonReader json)
    {
        const double Far = 1e13;
        if (Next(ref json) != JsonTokenType.Number || !json.TryGetDouble(out double time) || time is <= 0 or > Far) throw new JsonException("a sample has no time");
        if (Next(ref json) != JsonTokenType.String) throw new JsonException("a sample has no value");
        ReadOnlySpan<byte> text = json.ValueSpan;
        bool number = Utf8Parser.TryParse(text, out double value, out int read) && read == text.Length && double.IsFinite(value);
        Samples.Add(new Sample((long)Math.Round(time * 1000), number ? value : double.NaN));
        Begin(ref json, JsonTokenType.EndArray);
    }

    private static JsonTokenType Next(ref Utf8JsonReader json) => json.Read() ? json.TokenType : throw new JsonException("it ends early");

    private static void Begin(ref Utf8JsonReader json, JsonTokenType type)
    {
        if (Next(ref json) != type) throw new JsonException("it is built otherwise");
    }

    private static bool Property(ref Utf8JsonReader json) => Next(ref json) == JsonTokenType.PropertyName;
}
