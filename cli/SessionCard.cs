using System.Globalization;
using System.Text.Json;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli;

/// <summary>What happened before a session was lost, on one card: for people, and for scripts.</summary>
internal static class SessionCard
{
    // Who closed the connection, and in a sentence what that means.
    private static readonly (ConnectionEnd End, string Who, string Words)[] s_causes =
    [
        (ConnectionEnd.None, "unknown", "it lasts, or nobody knows"),
        (ConnectionEnd.Logout, "initiator", "an orderly logout"),
        (ConnectionEnd.LoginRejected, "target", "its login was rejected"),
        (ConnectionEnd.Reinstated, "initiator", "the same initiator name and ISID logged in again while it was open"),
        (ConnectionEnd.Digest, "unknown", "a digest did not match"),
        (ConnectionEnd.NopUnanswered, "unknown", "a ping had no answer: one side was gone or too busy"),
        (ConnectionEnd.TaskEscalation, "initiator", "commands took too long: the initiator aborted or reset, then gave up"),
        (ConnectionEnd.TargetFin, "target", "the target closed the TCP connection"),
        (ConnectionEnd.InitiatorFin, "initiator", "the initiator closed the TCP connection"),
        (ConnectionEnd.TargetReset, "target", "the target reset the TCP connection"),
        (ConnectionEnd.InitiatorReset, "initiator", "the initiator reset the TCP connection"),
        (ConnectionEnd.Silence, "nobody", "its addresses were taken by a new connection, or it was not heard of any more"),
    ];

    /// <summary>The lines of the card; those that begin a part have no value.</summary>
    /// <param name="end">How the connection ended.</param>
    /// <param name="zone">Time zone of the clock.</param>
    public static IReadOnlyList<(string Name, string Text)> Lines(SessionEnd end, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(end);
        ConnectionInfo c = end.Connection;
        (_, string who, string words) = Cause(c.End);
        List<(string, string)> lines =
        [
            ("cause", $"{c.End.Name()}: {words}"),
            ("closed by", who),
            ("when", Clock(end.Time, zone)),
            ("initiator", $"{Known(c.Initiator)} at {c.Remote}"),
            ("target", $"{Known(c.Target)} at {c.Local}"),
            ("session", string.Create(CultureInfo.InvariantCulture, $"ISID {Known(c.Isid)} TSIH {c.Tsih} CID {c.Cid}, lasted {Age((c.Closed - c.Opened) / 1e9)}")),
            ("last heard", $"initiator {Before(end.Quiet)}, target {Before(end.QuietTarget)}"),
            ("pings", end.UnansweredPings == 0 ? "all answered" : string.Create(CultureInfo.InvariantCulture, $"{end.UnansweredPings} without an answer, the oldest waited {Age(end.OldestPing / 1e9)}")),
            ("window", end.Window switch { < 0 => "-", 0 => "closed: the initiator might send no command", _ => string.Create(CultureInfo.InvariantCulture, $"{end.Window} commands") }),
            ("TMFs", string.Create(CultureInfo.InvariantCulture, $"{end.Tasks} in the last 60 s")),
            ("next login", end.LoginAgain < 0 ? "none since" : "after " + Age(end.LoginAgain / 1e9)),
            (string.Create(CultureInfo.InvariantCulture, $"{end.Outstanding} {(end.Outstanding == 1 ? "command" : "commands")} outstanding"), ""),
            .. end.Commands.Select(Outstanding),
            (string.Create(CultureInfo.InvariantCulture, $"last {end.Pdus.Count} PDUs, seconds before the end; > to the target"), ""),
            .. end.Pdus.Select(p => (string.Create(CultureInfo.InvariantCulture, $"{(p.Time - end.Time) / 1e9:0.000000}"), (PduWords.ToTarget(p.Header) ? "> " : "< ") + PduWords.Line(p.Header))),
        ];
        return lines;
    }

    /// <summary>The card as an object of the field <c>card</c>.</summary>
    public static void Write(Utf8JsonWriter json, SessionEnd end)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(end);
        json.WriteStartObject("card");
        json.WriteString("cause", end.Connection.End.Name());
        json.WriteString("closed_by", Cause(end.Connection.End).Who);
        json.WritePropertyName("ended");
        json.WriteRawValue(ReportWriter.EpochSeconds(end.Time), skipInputValidation: true);
        Seconds(json, "initiator_quiet_s", end.Quiet);
        Seconds(json, "target_quiet_s", end.QuietTarget);
        json.WriteNumber("pings_unanswered", end.UnansweredPings);
        Seconds(json, "oldest_ping_s", end.OldestPing);
        JsonPieces.Number(json, "window", end.Window < 0 ? double.NaN : end.Window);
        json.WriteNumber("tmfs", end.Tasks);
        Seconds(json, "login_again_s", end.LoginAgain);
        json.WriteNumber("outstanding", end.Outstanding);
        json.WriteStartArray("commands");
        foreach (LeftCommand command in end.Commands) Write(json, command);
        json.WriteEndArray();
        json.WriteStartArray("pdus");
        foreach (KeptPdu pdu in end.Pdus)
        {
            json.WriteStartObject();
            Seconds(json, "before_s", end.Time - pdu.Time);
            json.WriteBoolean("to_target", PduWords.ToTarget(pdu.Header));
            json.WriteString("pdu", PduWords.Line(pdu.Header));
            json.WriteString("header", Convert.ToHexStringLower(pdu.Header));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, LeftCommand command)
    {
        json.WriteStartObject();
        json.WriteNumber("itt", command.Tag);
        JsonPieces.Number(json, "lun", command.Lun == Lun.Unknown ? double.NaN : command.Lun);
        json.WriteString("op", OperationNames.Of(command.Operation));
        JsonPieces.Number(json, "lba", command.Lba < 0 ? double.NaN : command.Lba);
        json.WriteNumber("length", command.Length);
        Seconds(json, "age_s", command.Age);
        json.WriteEndObject();
    }

    private static (ConnectionEnd End, string Who, string Words) Cause(ConnectionEnd end) => Array.Find(s_causes, c => c.End == end);

    private static (string, string) Outstanding(LeftCommand command) => (Age(command.Age / 1e9), string.Create(CultureInfo.InvariantCulture,
        $"{OperationNames.Of(command.Operation)}{(command.Lba < 0 ? "" : " lba " + command.Lba.ToString(CultureInfo.InvariantCulture))} len {command.Length} LUN {(command.Lun == Lun.Unknown ? "-" : command.Lun.ToString(CultureInfo.InvariantCulture))} ITT {command.Tag:x8}"));

    private static void Seconds(Utf8JsonWriter json, string field, long ns) => JsonPieces.Number(json, field, ns < 0 ? double.NaN : ns / 1e9);

    private static string Known(string name) => name.Length == 0 ? "-" : name;

    private static string Before(long ns) => ns < 0 ? "never" : Age(ns / 1e9) + " before";

    private static string Age(double seconds)
    {
        Span<char> text = stackalloc char[Numbers.MaxWidth];
        return new string(text[..Numbers.Age(seconds, text)]);
    }

    private static string Clock(long ns, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(ns / 100), zone).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
