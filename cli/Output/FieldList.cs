using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Iscsitop.Engine.Checking;

namespace Iscsitop.Cli.Output;

/// <summary>A field of what is written for programs.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="Header">Its title in tables, "" for none.</param>
/// <param name="Unit">Unit of its value, "" for none.</param>
/// <param name="IsText">Whether it is a text rather than a number.</param>
/// <param name="Help">What it means.</param>
internal sealed record FieldRow(string Name, string Header, string Unit, bool IsText, string Help)
{
    /// <summary>number or string.</summary>
    public string Type => IsText ? "string" : "number";
}

/// <summary>What <c>--list-fields</c> writes.</summary>
internal static class FieldList
{
    /// <summary>The field of a column.</summary>
    public static FieldRow Column(Column c) => new(c.Field, c.Header, c.Unit, c.Text is not null, c.Help);

    /// <summary>The field of a metric.</summary>
    public static FieldRow Metric(Metric m) => new(m.Name, "", m.Unit, false, m.Help);

    /// <summary>A line a field, or one JSON object.</summary>
    /// <param name="of">What has the fields.</param>
    /// <param name="rows">The fields.</param>
    /// <param name="json">Whether a program reads it.</param>
    public static string Of(string of, IEnumerable<FieldRow> rows, bool json)
    {
        FieldRow[] all = [.. rows];
        if (json) return Json(of, all);
        int width = all.Max(r => r.Name.Length), unit = all.Max(r => r.Unit.Length);
        bool titled = all.Any(r => r.Header.Length > 0);
        return string.Concat(all.Select(r => string.Create(CultureInfo.InvariantCulture,
            $"{r.Name.PadRight(width)}  {(titled ? r.Header.PadRight(9) + "  " : "")}{(r.Unit.Length == 0 ? "-" : r.Unit).PadRight(unit)}  {r.Type}  {r.Help}\n")));
    }

    private static string Json(string of, FieldRow[] rows)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", ReportWriter.Schema);
            json.WriteString("of", of);
            json.WriteStartArray("fields");
            foreach (FieldRow row in rows)
            {
                json.WriteStartObject();
                json.WriteString("name", row.Name);
                JsonPieces.Name(json, "header", row.Header);
                JsonPieces.Name(json, "unit", row.Unit);
                json.WriteString("type", row.Type);
                json.WriteString("meaning", row.Help);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }
}
