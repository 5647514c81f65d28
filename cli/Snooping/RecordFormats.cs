using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Snooping;

/// <summary>The records of <c>-o csv</c>: those of NDJSON, comma-separated (RFC 4180); unknown is empty.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The writer holds nothing but the buffer it is given.")]
internal sealed class CsvRecords<T>(RecordField<T>[] fields)
{
    private readonly ArrayBufferWriter<byte> _value = new(64);
    private readonly Utf8JsonWriter _json = new(Stream.Null);
    private bool _begun;

    /// <summary>Writes the names of the fields once, before any record.</summary>
    public void WriteHeader(ArrayBufferWriter<byte> into)
    {
        if (_begun) return;
        _begun = true;
        Encoding.UTF8.GetBytes(string.Join(',', fields.Select(f => f.Name)) + "\r\n", into);
    }

    /// <summary>Writes a record, but for the last character of its end.</summary>
    public void Write(ArrayBufferWriter<byte> into, in T line, in EventContext context)
    {
        WriteHeader(into);
        for (int i = 0; i < fields.Length; i++)
        {
            if (i > 0) into.Write(","u8);
            _value.ResetWrittenCount();
            _json.Reset(_value);
            fields[i].Value.Write(_json, line, context);
            _json.Flush();
            if (!fields[i].Value.IsText) Number(into);
            else Text(into);
        }
        into.Write("\r"u8);
    }

    private void Number(ArrayBufferWriter<byte> into)
    {
        if (!_value.WrittenSpan.SequenceEqual("null"u8)) into.Write(_value.WrittenSpan);
    }

    private void Text(ArrayBufferWriter<byte> into)
    {
        var reader = new Utf8JsonReader(_value.WrittenSpan);
        if (!reader.Read() || reader.GetString() is not { } text) return;
        text = TerminalText.Escape(text);
        Encoding.UTF8.GetBytes(text.AsSpan().IndexOfAny(',', '"') < 0 ? text : '"' + text.Replace("\"", "\"\"", StringComparison.Ordinal) + '"', into);
    }
}

/// <summary>The records of <c>-o json</c>: those of NDJSON as one array, which <see cref="Close"/> ends.</summary>
internal sealed class JsonRecords<T>(RecordField<T>[] fields)
{
    private readonly Records<T> _records = new(fields);
    private bool _begun, _more;

    /// <summary>Begins the array once.</summary>
    public void Open(ArrayBufferWriter<byte> into)
    {
        if (!_begun) into.Write("[\n"u8);
        _begun = true;
    }

    /// <summary>Writes a record without its end.</summary>
    public void Write(ArrayBufferWriter<byte> into, in T line, in EventContext context)
    {
        Open(into);
        if (_more) into.Write(","u8);
        _more = true;
        _records.Write(into, line, context);
    }

    /// <summary>Ends the array.</summary>
    public void Close(ArrayBufferWriter<byte> into)
    {
        Open(into);
        into.Write("]\n"u8);
    }
}

/// <summary>The columns of a listing as a table of Markdown.</summary>
internal sealed class MarkdownLines<T>(IReadOnlyList<LineColumn<T>> columns)
{
    private readonly LineText _text = new();
    private readonly string[] _cells = new string[columns.Count];
    private readonly StringBuilder _line = new();
    private bool _begun;

    /// <summary>Writes the titles once.</summary>
    public void WriteHeader(ArrayBufferWriter<byte> into)
    {
        if (_begun) return;
        _begun = true;
        var text = new StringBuilder();
        MarkdownWriter.Heading(text, [.. columns.Select(c => c.Header)], [.. columns.Select(c => c.Left)]);
        Encoding.UTF8.GetBytes(text.ToString(), into);
    }

    /// <summary>Writes a line without its end.</summary>
    public void Write(ArrayBufferWriter<byte> into, in T line, in EventContext context)
    {
        WriteHeader(into);
        for (int i = 0; i < columns.Count; i++)
        {
            _text.Clear();
            columns[i].Cell(_text, line, context);
            _cells[i] = _text.Text.Trim().ToString();
        }
        _line.Clear();
        MarkdownWriter.Line(_line, _cells);
        Encoding.UTF8.GetBytes(_line.ToString(0, _line.Length - 1), into);
    }
}
