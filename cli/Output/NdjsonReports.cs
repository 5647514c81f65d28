using System.Buffers;
using System.Text.Json;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>
/// One JSON object a row and line, for pipes and log stores. The first record carries the schema; a first report without
/// rows is a record of its own, so that a reader knows that we are attached. Losses are a record of view "drops".
/// </summary>
internal sealed class NdjsonReports(Stream output) : ReportWriter(output)
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private bool _begun;

    public override void Write(Report report)
    {
        _buffer.ResetWrittenCount();
        foreach (Row row in report.Rows)
            Line(report, report.Options.View.Key, row.Seconds, json =>
            {
                JsonPieces.Row(json, report.Options.FileColumns, row, except: "interval_s");
                JsonPieces.Card(json, report, row);
            });
        if (!_begun)
            Line(report, report.Options.View.Key, report.Snapshot.Seconds, json => json.WriteNumber("n", 0));
        foreach (EngineStatus engine in report.Snapshot.Engines)
            if (Incomplete(engine))
                Line(report, "drops", engine.Seconds, json => JsonPieces.Engine(json, engine));
        Output.Write(_buffer.WrittenSpan);
        Output.Flush();
    }

    private void Line(Report report, string view, double seconds, Action<Utf8JsonWriter> body)
    {
        using (var json = new Utf8JsonWriter(_buffer))
        {
            json.WriteStartObject();
            if (!_begun) json.WriteNumber("schema", Schema);
            _begun = true;
            JsonPieces.Time(json, report.Snapshot.Time);
            JsonPieces.Number(json, "interval_s", seconds > 0 ? seconds : double.NaN);
            json.WriteString("view", view);
            body(json);
            json.WriteEndObject();
        }
        _buffer.Write("\n"u8);
    }
}
