using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>The columns of the errors view, whose rows are failures, and what other views say of failures.</summary>
internal static class FailureColumns
{
    internal static readonly Column Top = new("top_error", "TOP-ERR", 20, "", "most frequent failure of the interval: status, and sense key, code and qualifier", null,
        r => r.Extras.Failure is not { } f ? "" : FailureWords.Brief(f.Key))
    { Identifies = false };

    internal static readonly Column[] All =
    [
        Time("last", "LAST", "when it was last seen", f => f.Last),
        Text("class", "CLASS", 5, "whose fault it likely is: I informational, T target, D transient, C connectivity", FailureWords.Class),
        Columns.Initiator with { Least = 13 },
        Columns.Target,
        Columns.Lun,
        Columns.Op with { Text = r => (r.Group & Dimensions.Operation) != 0 ? OperationNames.Of(r.Operation) : "", Prose = true, Whole = false },
        Text("status", "STATUS", 20, "SCSI status, or what else failed", FailureWords.Status) with { Least = 15 },
        Text("sense", "SENSE", 8, "sense key, code and qualifier; reason of a Reject; class and detail of a login", FailureWords.Number),
        Text("meaning", "MEANING", 36, "what that says", FailureWords.Detail),
        Count("failures", "CNT", "times in the interval", f => f.Count),
        Count("failures_total", "TOTAL", "times since the engine began to look", f => f.Total),
        Time("first", "FIRST", "when it was first seen", f => f.First) with { Shown = Shown.Extended },
        Columns.Interval,
    ];

    private static Column Text(string field, string header, int width, string help, Func<FailureKey, string> text) =>
        new(field, header, width, "", help, null, r => r.Extras.Failure is { } f ? text(f.Key) : "") { Prose = true };

    private static Column Count(string field, string header, string help, Func<FailureDelta, long> count) =>
        new(field, header, 6, "", help, r => r.Extras.Failure is { } f ? count(f) : double.NaN, null, Numbers.Integer);

    private static Column Time(string field, string header, string help, Func<FailureDelta, long> time) =>
        Columns.Time(field, header, help, r => r.Extras.Failure is { } f ? time(f) : 0);
}
