using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Iscsitop.Cli.Output;
using Iscsitop.Engine.Checking;

namespace Iscsitop.Cli.Checking;

/// <summary>A result for monitoring systems: the status line of the Monitoring Plugins' guidelines, or JSON.</summary>
internal static class Plugin
{
    /// <summary>What a status line begins with.</summary>
    public const string Name = "ISCSITOP";

    /// <summary>One line: <c>ISCSITOP OK - text|label=value[UOM];warn;crit;min;max ...</c>, which may have no other | and no line end.</summary>
    public static string Line(State state, string message, string data = "") =>
        $"{Name} {state.ToString().ToUpperInvariant()} - {Plain(message)}{(data.Length > 0 ? "|" + data : "")}\n";

    /// <summary>The status line of a result.</summary>
    public static string Line(Result result) => Line(result.State, result.Message, Data(result));

    /// <summary>The performance data.</summary>
    public static string Data(Result result)
    {
        var data = new Dictionary<string, (Seen Seen, string Warning, string Critical)>(StringComparer.Ordinal);
        foreach ((State state, Watch watch) in result.Watches)
            foreach (Seen seen in watch.Seen)
            {
                string label = Label(seen.Term);
                (Seen first, string warning, string critical) = data.GetValueOrDefault(label, (seen, "", ""));
                if (state == State.Warning && warning.Length == 0) warning = Range(seen.Term);
                if (state == State.Critical && critical.Length == 0) critical = Range(seen.Term);
                data[label] = (first, warning, critical);
            }
        return string.Join(' ', data.Select(d => string.Create(CultureInfo.InvariantCulture,
            $"{d.Key}={Value(d.Value.Seen)};{d.Value.Warning};{d.Value.Critical};0;{(d.Value.Seen.Term.Metric.Quantity == Quantity.Percent ? "100" : "")}").TrimEnd(';')));
    }

    /// <summary>One JSON object with all that the line says.</summary>
    public static string Json(Result result)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", ReportWriter.Schema);
            JsonPieces.Time(json, result.Time);
            json.WriteString("state", result.State.ToString().ToLowerInvariant());
            json.WriteString("message", result.Message);
            json.WriteStartArray("conditions");
            foreach ((State state, Watch watch) in result.Watches) Condition(json, state, watch);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static void Condition(Utf8JsonWriter json, State state, Watch watch)
    {
        json.WriteStartObject();
        json.WriteString("level", state.ToString().ToLowerInvariant());
        json.WriteString("expression", watch.Check.Text);
        Truth(json, "holds", watch.Verdict);
        json.WriteNumber("watched_s", Math.Round(watch.Watched.TotalSeconds, 9));
        json.WriteStartArray("comparisons");
        foreach (Seen seen in watch.Seen)
        {
            Term c = seen.Term;
            json.WriteStartObject();
            json.WriteString("metric", c.Metric.Name);
            JsonPieces.Name(json, "direction", c.Direction?.ToString().ToLowerInvariant() ?? "");
            JsonPieces.Name(json, "selector", c.Selector?.Text ?? "");
            json.WriteString("unit", c.Metric.Unit);
            JsonPieces.Number(json, "value", seen.Value / c.Metric.Scale);
            json.WriteString("operator", c.Sign);
            JsonPieces.Number(json, "limit", c.Limit / c.Metric.Scale);
            JsonPieces.Number(json, "for_s", c.For.TotalSeconds);
            JsonPieces.Number(json, "held_s", Math.Round(seen.Held.TotalSeconds, 9));
            Truth(json, "holds", seen.Holds);
            JsonPieces.Number(json, "n", seen.Commands < 0 ? double.NaN : seen.Commands);
            JsonPieces.Number(json, "at", seen.Time == 0 ? double.NaN : seen.Time / 1e9);
            JsonPieces.Name(json, "why", seen.Why);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Truth(Utf8JsonWriter json, string field, bool? truth)
    {
        if (truth is { } known) json.WriteBoolean(field, known);
        else json.WriteNull(field);
    }

    // A label has neither = nor a quote, and needs no quotes itself without blanks.
    private static string Label(Term c)
    {
        var label = new StringBuilder();
        foreach (char letter in c.Figure)
            if (char.IsAsciiLetterOrDigit(letter) || letter is '.' or ':' or '-') label.Append(letter);
            else if (label.Length > 0 && label[^1] != '_') label.Append('_');
        return label.ToString().TrimEnd('_');
    }

    private static string Value(Seen seen) => double.IsNaN(seen.Value) ? "U" : Number(seen.Term, seen.Value) + seen.Term.Metric.Quantity switch
    {
        Quantity.Duration => "us",
        Quantity.Bandwidth or Quantity.Size => "B",
        Quantity.Percent => "%",
        _ => "",
    };

    // The range outside of which it is alerted, or with @ inside.
    private static string Range(Term c)
    {
        string limit = Number(c, c.Limit);
        return c.Sign[0] switch { '>' => limit, '<' => limit + ":", '=' => $"@{limit}:{limit}", _ => $"{limit}:{limit}" };
    }

    private static string Number(Term c, double value) => Math.Round(value / c.Metric.Scale, 6).ToString("0.######", CultureInfo.InvariantCulture);

    private static string Plain(string message) => TerminalText.Escape(message.ReplaceLineEndings(" ").Replace("||", "or", StringComparison.Ordinal).Replace('|', '/'));
}
