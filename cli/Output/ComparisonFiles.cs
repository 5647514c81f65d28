using System.Globalization;
using System.Text;
using System.Text.Json;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>A comparison for programs. Unknown is null, and an empty field.</summary>
internal static class ComparisonFiles
{
    private static readonly string[] s_directions = ["read", "write"];

    /// <summary>One object.</summary>
    public static void WriteJson(Comparison c, Stream output)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", ReportWriter.Schema);
            json.WriteString("view", c.View.Key);
            Span(json, "a", c.A);
            Span(json, "b", c.B);
            json.WriteStartObject("total");
            Row(json, c.Total);
            json.WriteEndObject();
            json.WriteStartArray("rows");
            foreach (ComparedRow row in c.Rows)
            {
                json.WriteStartObject();
                Identity(json, c, row.Identity);
                Row(json, row);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        output.Write("\n"u8);
    }

    /// <summary>An object a row and line, the total first; the spans of time and the schema are in the first.</summary>
    public static void WriteNdjson(Comparison c, Stream output)
    {
        Record(c, null, c.Total, output);
        foreach (ComparedRow row in c.Rows) Record(c, row.Identity, row, output);
    }

    private static void Record(Comparison c, Row? identity, ComparedRow row, Stream output)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            if (identity is null) json.WriteNumber("schema", ReportWriter.Schema);
            json.WriteString("view", identity is null ? "total" : c.View.Key);
            if (identity is null)
            {
                Span(json, "a", c.A);
                Span(json, "b", c.B);
            }
            else Identity(json, c, identity);
            Row(json, row);
            json.WriteEndObject();
        }
        output.Write("\n"u8);
    }

    /// <summary>The figures that the text has, as a table of Markdown: A, B and the change in percent.</summary>
    public static void WriteMarkdown(Comparison c, Stream output)
    {
        var text = new StringBuilder();
        (string Title, ShowNumber Show, Func<ComparedRow, Pair> Of)[] figures =
        [
            ("IOPS", Numbers.Short, r => r.Iops), ("MB/s", Numbers.Megabytes, r => r.Bytes), ("errors/s", Numbers.Short, r => r.Errors),
            .. s_directions.Select(d => ($"{d} p99 ms", (ShowNumber)Numbers.Milliseconds, (Func<ComparedRow, Pair>)(r => r.Latencies.FirstOrDefault(l => l.Name == d)?.At(0.99, 100) ?? new Pair(double.NaN, double.NaN)))),
        ];
        MarkdownWriter.Heading(text, [.. c.Identity.Select(i => i.Header), .. figures.SelectMany(f => Enumerable.Repeat(f.Title + " A", 1).Append("B").Append("change %"))],
            [.. c.Identity.Select(i => i.Text is not null), .. Enumerable.Repeat(false, 3 * figures.Length)]);
        foreach (ComparedRow row in c.Rows.Prepend(c.Total))
        {
            bool total = ReferenceEquals(row, c.Total);
            MarkdownWriter.Line(text, [
                .. c.Identity.Select((i, at) => total ? at == 0 ? "total" : "" : i.Text is { } name ? TerminalText.Escape(name(row.Identity)) : Shown(i.Show!, i.Value!(row.Identity))),
                .. figures.SelectMany(f => f.Of(row) is var pair ? new[] { Shown(f.Show, pair.A), Shown(f.Show, pair.B), Shown(Numbers.Digits, pair.Change) } : []),
            ]);
        }
        output.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static string Shown(ShowNumber show, double value)
    {
        Span<char> into = stackalloc char[Numbers.MaxWidth];
        return double.IsNaN(value) ? "-" : value < 0 ? "-" + new string(into[..show(-value, into)]) : new string(into[..show(value, into)]);
    }

    private static void Identity(Utf8JsonWriter json, Comparison c, Row identity)
    {
        foreach (Column column in c.Identity)
            if (column.Text is { } text) json.WriteString(column.Field, text(identity));
            else JsonPieces.Number(json, column.Field, column.Value!(identity));
    }

    /// <summary>A line for each row, the total first; the fields are those of <see cref="ComparisonFields"/>.</summary>
    public static void WriteCsv(Comparison c, Stream output)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', ComparisonFields.Of(c.View).Select(f => f.Name)).Append("\r\n");
        Line(text, c, null, c.Total);
        foreach (ComparedRow row in c.Rows) Line(text, c, row.Identity, row);
        output.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void Line(StringBuilder text, Comparison c, Row? identity, ComparedRow row)
    {
        text.AppendJoin(',', c.Identity.Select(i => identity is null ? "" : i.Text is { } name ? Quoted(TerminalText.Escape(name(identity))) : Text(i.Value!(identity))));
        foreach (ComparedFigure figure in ComparisonFields.Figures) text.Append(',').Append(Text(figure.Value(row)));
        text.Append("\r\n");
    }

    private static void Span(Utf8JsonWriter json, string name, CompareSpan span)
    {
        json.WriteStartObject(name);
        json.WriteString("file", span.File);
        json.WriteNumber("from", span.Began / 1e9);
        json.WriteNumber("to", span.All.Time / 1e9);
        json.WriteNumber("seconds", span.All.Seconds);
        json.WriteEndObject();
    }

    private static void Row(Utf8JsonWriter json, ComparedRow row)
    {
        foreach ((string name, _, _, Func<ComparedRow, Pair> of) in ComparisonFields.Rates) Both(json, name, of(row));
        foreach (ComparedLatency latency in row.Latencies)
        {
            json.WriteStartObject(latency.Name);
            json.WriteNumber("n_a", latency.A.Count);
            json.WriteNumber("n_b", latency.B.Count);
            foreach ((string quantile, double p, int needs) in ComparedLatency.Quantiles) Both(json, ComparisonFields.Quantile(quantile) + "_us", latency.At(p, needs));
            JsonPieces.Number(json, "distance", latency.Distance);
            JsonPieces.Number(json, "distance_by_chance", latency.Chance);
            json.WriteEndObject();
        }
    }

    private static void Both(Utf8JsonWriter json, string name, Pair pair)
    {
        json.WriteStartObject(name);
        JsonPieces.Number(json, "a", pair.A);
        JsonPieces.Number(json, "b", pair.B);
        JsonPieces.Number(json, "change_pct", pair.Change);
        json.WriteEndObject();
    }

    private static string Text(double value) => double.IsNaN(value) ? "" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(',', '"') < 0 ? text : '"' + text.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';
}
