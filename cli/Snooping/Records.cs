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

/// <summary>The fields of both kinds of records.</summary>
internal static class RecordFields
{
    /// <summary>Of a completed command.</summary>
    public static readonly RecordField<CompletedCommand>[] OfCommand =
    [
        new("time", "when the status was seen, seconds since 1970 with nine decimals", (j, in c, in x) => Time(j, x)),
        new("initiator", "initiator name", (j, in c, in x) => Text(j, x.Initiator)),
        new("remote", "address and port of the initiator", (j, in c, in x) => Text(j, x.Connection.Remote)),
        new("target", "target name", (j, in c, in x) => Text(j, x.Target)),
        new("local", "address and port of the target", (j, in c, in x) => Text(j, x.Connection.Local)),
        new("tsih", "target session identifying handle", (j, in c, in x) => Number(j, x.Connection.Tsih == 0 ? null : x.Connection.Tsih)),
        new("cid", "connection id within the session", (j, in c, in x) => Number(j, x.Connection.Tsih == 0 ? null : x.Connection.Cid)),
        new("lun", "logical unit number", (j, in c, in x) => Lun(j, c.Lun)),
        new("itt", "initiator task tag", (j, in c, in x) => j.WriteNumberValue(c.Itt)),
        new("op", "name of the SCSI command", (j, in c, in x) => Text(j, Marks.Row(c)?.Name ?? "")),
        new("opcode", "its operation code, with service action after a slash", (j, in c, in x) => Text(j, Marks.Operation(c) is { } op ? OperationNames.Number(op) : "")),
        new("lba", "first logical block", (j, in c, in x) => Number(j, Marks.Row(c)?.Lba(Marks.Cdb(c)))),
        new("blocks", "logical blocks the CDB asks for, or the descriptors of an UNMAP", (j, in c, in x) => Number(j, Marks.Blocks(c))),
        new("descriptors", "descriptors of an UNMAP that ended GOOD and whose parameter list was seen", (j, in c, in x) => Number(j, Marks.Descriptors(c))),
        new("bytes", "data bytes really moved", (j, in c, in x) => j.WriteNumberValue(c.ReadBytes + c.WriteBytes)),
        new("lat_us", "command to status", (j, in c, in x) => Microseconds(j, c.Latency)),
        new("svc_us", "the target's own time once it had the data", (j, in c, in x) => Microseconds(j, c.Service)),
        new("r2t_us", "command to first R2T", (j, in c, in x) => Microseconds(j, c.R2tWait)),
        new("host_us", "time in which an R2T waited for the initiator's data", (j, in c, in x) => Microseconds(j, c.HostData)),
        new("xfer_us", "first to last Data-In", (j, in c, in x) => Microseconds(j, c.Transfer)),
        new("first_byte_us", "command to first Data-In", (j, in c, in x) => Microseconds(j, c.FirstByte)),
        new("r2ts", "R2Ts the command needed", (j, in c, in x) => j.WriteNumberValue(c.R2ts)),
        new("status", "SCSI status; null when the command ended without one", (j, in c, in x) => Text(j, c.Response == 0 ? c.Status.Name() : "")),
        new("sense", "sense key, code and qualifier", (j, in c, in x) => Text(j, Marks.Sense(c) is >= 0 and var sense ? Marks.SenseText(sense) : "")),
        new("residual", "residual count: positive underflow, negative overflow", (j, in c, in x) => j.WriteNumberValue(c.Residual)),
    ];

    /// <summary>Of a probe firing.</summary>
    public static readonly RecordField<ProbeEvent>[] OfPdu =
    [
        new("time", "when the probe fired, seconds since 1970 with nine decimals", (j, in e, in x) => Time(j, x)),
        new("probe", "name of the probe", (j, in e, in x) => Text(j, e.Probe.Name())),
        new("remote", "address and port of the initiator", (j, in e, in x) => Text(j, x.Connection.Remote)),
        new("local", "address and port of the target", (j, in e, in x) => Text(j, x.Connection.Local)),
        new("initiator", "initiator name", (j, in e, in x) => Text(j, x.Initiator)),
        new("target", "target name", (j, in e, in x) => Text(j, x.Target)),
        new("lun", "logical unit number", (j, in e, in x) => Lun(j, e.LunNumber)),
        new("itt", "initiator task tag", (j, in e, in x) => Number(j, PduFields.Itt(e))),
        new("ttt", "target transfer tag", (j, in e, in x) => Number(j, PduFields.Ttt(e))),
        new("cmdsn", "CmdSN of a request, ExpCmdSN of a response", (j, in e, in x) => Number(j, PduFields.CmdSn(e))),
        new("statsn", "ExpStatSN of a request, StatSN of a response", (j, in e, in x) => Number(j, PduFields.StatSn(e))),
        new("datasn", "DataSN, R2TSN or ExpDataSN", (j, in e, in x) => Number(j, PduFields.DataSn(e))),
        new("datalen", "bytes of the data segment, or of the transfer", (j, in e, in x) => Number(j, PduFields.DataLength(e))),
        new("flags", "byte 1 of the header; 0 for task-command", (j, in e, in x) => Number(j, PduFields.Flags(e))),
        new("cdb", "the CDB of a scsi-command in hex", (j, in e, in x) => Cdb(j, e)),
    ];

    private static void Time(Utf8JsonWriter json, in EventContext x)
    {
        Span<byte> text = stackalloc byte[32];
        (x.WallTime / 1_000_000_000).TryFormat(text, out int seconds, default, System.Globalization.CultureInfo.InvariantCulture);
        text[seconds] = (byte)'.';
        (x.WallTime % 1_000_000_000).TryFormat(text[(seconds + 1)..], out int fraction, "d9", System.Globalization.CultureInfo.InvariantCulture);
        json.WriteRawValue(text[..(seconds + 1 + fraction)], skipInputValidation: true);
    }

    private static void Text(Utf8JsonWriter json, string text)
    {
        if (text.Length == 0 || JsonPieces.IsStandIn(text)) json.WriteNullValue();
        else json.WriteStringValue(text);
    }

    private static void Number(Utf8JsonWriter json, ulong? value)
    {
        if (value is { } known) json.WriteNumberValue(known);
        else json.WriteNullValue();
    }

    private static void Lun(Utf8JsonWriter json, ulong lun) => Number(json, lun == LunNumber.Unknown ? null : lun);

    private static void Microseconds(Utf8JsonWriter json, long ns)
    {
        if (ns < 0) json.WriteNullValue();
        else json.WriteNumberValue(ns / 1e3);
    }

    private static void Cdb(Utf8JsonWriter json, in ProbeEvent e)
    {
        Span<byte> cdb = stackalloc byte[PduFields.MaxCdb];
        Span<char> hex = stackalloc char[2 * PduFields.MaxCdb];
        int length = PduFields.Cdb(e, cdb);
        if (length == 0 || !Convert.TryToHexStringLower(cdb[..length], hex, out int written)) json.WriteNullValue();
        else json.WriteStringValue(hex[..written]);
    }
}
