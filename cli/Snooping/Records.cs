using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Snooping;

/// <summary>A field of a record.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="Help">What it says, for the man page.</param>
/// <param name="Value">Its value.</param>
internal sealed record RecordField<T>(string Name, string Help, RecordValue<T> Value)
{
    /// <summary>What <c>--list-fields</c> says of it.</summary>
    public FieldRow Row => new(Name, "", Name.EndsWith("_us", StringComparison.Ordinal) ? "us" : Name switch { "time" => Column.SinceEpoch, "bytes" or "datalen" => "B", _ => "" }, Value.IsText, Help);

    /// <summary>The name, escaped once.</summary>
    public JsonEncodedText Encoded { get; } = JsonEncodedText.Encode(Name);
}

/// <summary>The records of <c>-o ndjson</c>. Unknown is null; the first record says which schema they follow.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The writer holds nothing but the buffer it is given.")]
internal sealed class Records<T>(RecordField<T>[] fields)
{
    private readonly Utf8JsonWriter _json = new(Stream.Null);
    private bool _begun;

    /// <summary>Writes a record without its end.</summary>
    public void Write(ArrayBufferWriter<byte> into, in T line, in EventContext context)
    {
        _json.Reset(into);
        _json.WriteStartObject();
        if (!_begun) _json.WriteNumber("schema", ReportWriter.Schema);
        _begun = true;
        foreach (RecordField<T> field in fields)
        {
            _json.WritePropertyName(field.Encoded);
            field.Value.Write(_json, line, context);
        }
        _json.WriteEndObject();
        _json.Flush();
    }
}
