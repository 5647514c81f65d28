using System.Buffers;
using System.Text.Json;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>The pieces that both JSON formats are made of. Unknown is null.</summary>
internal static class JsonPieces
{
    /// <summary>Whether a name is one that stands for what nobody knows, as a connection has whose login was not seen: <c>?192.0.2.7</c>.</summary>
    public static bool IsStandIn(string name) => name.StartsWith('?');

    /// <summary>A name, null when it is not known.</summary>
    public static void Name(Utf8JsonWriter json, string field, string text)
    {
        if (text.Length == 0 || IsStandIn(text)) json.WriteNull(field);
        else json.WriteString(field, text);
    }

    /// <summary>A number, null for NaN, without a fraction when it has none.</summary>
    public static void Number(Utf8JsonWriter json, string field, double value)
    {
        const double exact = 1L << 53;
        if (!double.IsFinite(value)) json.WriteNull(field);
        else if (Math.Abs(value) <= exact && value == Math.Floor(value)) json.WriteNumber(field, (long)value);
        else json.WriteNumber(field, value);
    }

    /// <summary>A point in time in seconds since 1970 with nine decimals.</summary>
    public static void Time(Utf8JsonWriter json, long ns)
    {
        json.WritePropertyName("time");
        json.WriteRawValue(ReportWriter.EpochSeconds(ns), skipInputValidation: true);
    }

    /// <summary>The columns of a row.</summary>
    public static void Row(Utf8JsonWriter json, IReadOnlyList<Column> columns, Row row, bool total = false, string? except = null)
    {
        foreach (Column column in columns)
            if (column.Field == except || (total && column.Identifies)) continue;
            else if (column.Value is { } value) Number(json, column.Field, value(row));
            else Name(json, column.Field, column.Text!(row));
    }

    /// <summary>How a row's connection ended, behind all its columns.</summary>
    public static void Card(Utf8JsonWriter json, Report report, Row row)
    {
        if (row.Extras.End is { } end && report.Options.Fields.Count == 0) SessionCard.Write(json, end);
    }

    /// <summary>What an engine says of itself.</summary>
    public static void Engine(Utf8JsonWriter json, EngineStatus engine)
    {
        if (engine.Host is { } host)
        {
            Host(json, engine, host);
            return;
        }
        json.WriteNumber("pid", engine.Pid);
        Name(json, "source", engine.Source);
        Name(json, "version", engine.Version);
        json.WriteBoolean("alive", engine.Alive);
        json.WriteNumber("connections", engine.Connections);
        json.WriteNumber("sessions", engine.Sessions);
        json.WriteNumber("ring_drops", engine.RingDrops);
        json.WriteNumber("outbox_drops", engine.OutboxDrops);
        json.WriteNumber("folded", engine.Folded);
        if (engine.Coverage.Packets == 0) return;
        json.WriteNumber("packets", engine.Coverage.Packets);
        Number(json, "packets_dropped", engine.Coverage.Dropped < 0 ? double.NaN : engine.Coverage.Dropped);
        json.WriteNumber("packets_undecodable", engine.Coverage.Undecodable);
        json.WriteNumber("packets_foreign", engine.Coverage.Foreign);
        json.WriteNumber("fragments", engine.Coverage.Fragments);
        json.WriteNumber("pdus", engine.Coverage.Pdus);
        json.WriteNumber("resyncs", engine.Coverage.Resyncs);
        json.WriteNumber("missing_bytes", engine.Coverage.MissingBytes);
        json.WriteNumber("midstream", engine.Coverage.MidStream);
        json.WriteNumber("evicted", engine.Coverage.Evicted);
    }

    private static void Host(Utf8JsonWriter json, EngineStatus engine, HostStatus host)
    {
        Name(json, "host", engine.Source);
        Name(json, "version", engine.Version);
        if (host.Up is { } up) json.WriteBoolean("up", up);
        else json.WriteNull("up");
        Number(json, "sample_time", host.Sampled > 0 ? host.Sampled / 1e9 : double.NaN);
        Number(json, "sample_age_s", host.Age);
        Number(json, "sample_step_s", host.Step > 0 ? host.Step : double.NaN);
        Number(json, "silent_since", host.SilentSince > 0 ? host.SilentSince / 1e9 : double.NaN);
        json.WriteNumber("told_twice", host.Doubles);
        json.WriteNumber("resets", host.Resets);
    }

    /// <summary>What is known of the server of a fleet.</summary>
    public static void Fleet(Utf8JsonWriter json, FleetStatus fleet)
    {
        json.WriteStartObject("prometheus");
        json.WriteString("url", fleet.Server);
        Name(json, "problem", fleet.Problem);
        Number(json, "problem_since", fleet.Since > 0 ? fleet.Since / 1e9 : double.NaN);
        json.WriteEndObject();
    }
}

/// <summary>All reports as one JSON array, which is closed on every orderly end, Ctrl-C included.</summary>
internal sealed class JsonReports(Stream output) : ReportWriter(output)
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private bool _begun;

    public override void Write(Report report)
    {
        _buffer.ResetWrittenCount();
        _buffer.Write(_begun ? ",\n"u8 : "[\n"u8);
        _begun = true;
        using (var json = new Utf8JsonWriter(_buffer)) Object(json, report);
        Output.Write(_buffer.WrittenSpan);
        Output.Flush();
    }

    public override void End()
    {
        Output.Write(_begun ? "\n]\n"u8 : "[]\n"u8);
        Output.Flush();
    }

    private static void Object(Utf8JsonWriter json, Report report)
    {
        IReadOnlyList<Column> columns = report.Options.FileColumns;
        json.WriteStartObject();
        json.WriteNumber("schema", Schema);
        JsonPieces.Time(json, report.Snapshot.Time);
        JsonPieces.Number(json, "interval_s", report.Snapshot.Seconds > 0 ? report.Snapshot.Seconds : double.NaN);
        json.WriteString("view", report.Options.View.Key);
        if (report.Snapshot.Fleet is { } fleet) JsonPieces.Fleet(json, fleet);
        json.WriteStartArray("engines");
        foreach (EngineStatus engine in report.Snapshot.Engines)
        {
            json.WriteStartObject();
            JsonPieces.Engine(json, engine);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("rows");
        foreach (Row row in report.Rows)
        {
            json.WriteStartObject();
            JsonPieces.Row(json, columns, row);
            JsonPieces.Card(json, report, row);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Total(json, report);
        json.WriteEndObject();
    }

    private static void Total(Utf8JsonWriter json, Report report)
    {
        if (!report.Options.View.HasTotal)
        {
            json.WriteNull("total");
            return;
        }
        json.WriteStartObject("total");
        JsonPieces.Row(json, report.Options.FileColumns, report.Total, total: true);
        json.WriteEndObject();
    }
}
