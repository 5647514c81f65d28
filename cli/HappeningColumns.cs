using System.Globalization;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Cli;

/// <summary>The columns of the view of task management and reservations: a row is a request, or a unit that is or was reserved.</summary>
internal static class HappeningColumns
{
    private static readonly string[] s_functions =
        ["", "abort task", "abort task set", "clear ACA", "clear task set", "LUN reset", "target warm reset", "target cold reset", "task reassign"];

    private static readonly string[] s_responses =
        ["complete", "no such task", "no such LUN", "task still allegiant", "reassign not supported", "not supported", "not authorized"];

    private static readonly string[] s_aftermaths = ["", "recovered", "escalated", "connection ended", "logged in again"];

    // SPC-4 §6.16.3.4.
    private static readonly string[] s_types =
        ["", "write exclusive", "", "exclusive access", "", "write exclusive, registrants only", "exclusive access, registrants only", "write exclusive, all registrants", "exclusive access, all registrants"];

    internal static readonly Column[] All =
    [
        Columns.Time("since", "TIME", "when the request came, or the reservations last changed", r => r.Extras.Task?.Time ?? r.Extras.Reservation?.Changed ?? 0),
        new("record", "WHAT", 11, "", "task (a task management request) or reservation (those of a unit)", null, r => r.Extras.Task is not null ? "task" : "reservation"),
        Columns.Initiator with { Header = "WHO" },
        Columns.Target,
        Columns.Lun,
        new("function", "FUNCTION", 16, "", "what was asked for; the type of a reservation", null, Function) { Prose = true },
        Columns.Op with { Text = r => r.Extras.Task is { Operation: not 0 } t ? OperationNames.Of(t.Operation) : "", Prose = true, Whole = false },
        Text("ref_itt", "REF", 8, "task tag it refers to", t => t.ReferencedTag == Pdu.ReservedTag ? "" : Hex(t.ReferencedTag)),
        new("ref_age_s", "AGE", 6, "s", "how long that task had been outstanding; of a reset, the oldest it hit", r => r.Extras.Task is { ReferencedAge: >= 0 } t ? t.ReferencedAge / 1e9 : double.NaN, null, Numbers.Age),
        Number("tasks_hit", "HIT", 4, "outstanding tasks it was about", t => t.Hit),
        Text("response", "RESP", 12, "what the target answered", Response),
        new("elapsed_us", "ELAPS", 5, "us", "request to response", r => r.Extras.Task is { Elapsed: >= 0 } t ? t.Elapsed / 1e3 : double.NaN, null, Numbers.Milliseconds),
        Text("aftermath", "AFTER", 12, "what happened next: recovered, escalated, connection ended, logged in again", t => s_aftermaths[(int)t.After]),
        new("reservation_key", "KEY", 18, "", "key of the holder", null, r => r.Extras.Reservation?.Holder is { Key: not 0 } h ? "0x" + h.Key.ToString("x", CultureInfo.InvariantCulture) : ""),
        new("holder_isid", "HISID", 12, "", "ISID of the holder", null, r => r.Extras.Reservation?.Holder?.Isid ?? "", null, Shown.Extended),
        Reserved("generation", "GEN", 5, "", "generation of the reservations (PRGENERATION)", r => r.Extras.Reservation is { Generation: >= 0 } s ? s.Generation : double.NaN, Numbers.Integer),
        Reserved("registrants", "REGs", 4, "", "I_T nexuses that have registered a key", r => r.Extras.Reservation?.Registrants.Count ?? double.NaN, Numbers.Integer),
        Reserved("conflicts_per_s", "CONF/s", 6, "1/s", "commands a second that a reservation stopped", r => r is { Seconds: > 0, Extras.Conflicts: { } c } ? c.Count / r.Seconds : double.NaN, Numbers.Short),
        Reserved("conflicts_total", "CONFs", 6, "", "commands that a reservation stopped since the engine began to look", r => r.Extras.Conflicts?.Total ?? double.NaN, Numbers.Integer) with { Shown = Shown.Extended },
        new("victim", "VICTIM", 16, "", "initiator that was stopped most often", null, r => r.Extras.Conflicts?.Victim ?? ""),
        new("complete", "ALL", 3, "", "whether these are known to be all reservations of the unit", null, r => r.Extras.Reservation is { } s ? s.Complete ? "yes" : "no" : "", null, Shown.Extended),
    ];

    /// <summary>What a request asks for.</summary>
    public static string Name(TaskFunction function) => (int)function < s_functions.Length ? s_functions[(int)function] : "unknown";

    /// <summary>The type of a reservation.</summary>
    public static string Type(ReservationState state) => state.Kind switch
    {
        ReservationKind.None => "none",
        ReservationKind.Legacy => "RESERVE",
        _ => state.Type < s_types.Length && s_types[state.Type].Length > 0 ? s_types[state.Type] : "unknown type",
    };

    private static string Function(Row row) => row.Extras.Task is { } t ? Name(t.Function) : row.Extras.Reservation is { } s ? Type(s) : "";

    /// <summary>What the target answered.</summary>
    public static string Answer(int response) => response == 255 ? "rejected" : response < s_responses.Length ? s_responses[response] : "unknown";

    private static string Response(TaskRecord task) => task.Response < 0 ? "" : Answer(task.Response);

    private static string Hex(uint tag) => tag.ToString("x8", CultureInfo.InvariantCulture);

    private static Column Text(string field, string header, int width, string help, Func<TaskRecord, string> text) =>
        new(field, header, width, "", help, null, r => r.Extras.Task is { } t ? text(t) : "") { Prose = true };

    private static Column Number(string field, string header, int width, string help, Func<TaskRecord, double> value) =>
        new(field, header, width, "", help, r => r.Extras.Task is { } t ? value(t) : double.NaN, null, Numbers.Integer);

    private static Column Reserved(string field, string header, int width, string unit, string help, Func<Row, double> value, ShowNumber show) =>
        new(field, header, width, unit, help, value, null, show);
}
