using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>The columns of the view of findings: what an expert would say of the traffic.</summary>
internal static class FindingColumns
{
    private static readonly string[] s_severities = ["notice", "warning", "problem"];

    internal static readonly Column[] All =
    [
        Text("severity", "SEVERITY", 8, "how much it matters: notice, warning or problem", f => s_severities[(int)f.Severity]),
        Text("rule", "RULE", 20, "name of the rule that found it", f => f.Rule),
        Text("subject", "SUBJECT", 24, "whom it is about", f => f.Subject) with { NamedAtEnd = true, Least = 16 },
        Text("evidence", "EVIDENCE", 40, "the figures it rests on", f => f.Evidence) with { Least = 26 },
        Text("advice", "ADVICE", 40, "what to do", f => f.Advice) with { Least = 26 },
        Columns.Initiator with { Shown = Shown.Extended },
        Columns.Target with { Shown = Shown.Extended },
        Columns.Lun with { Shown = Shown.Extended },
        new("severity_level", "LEVEL", 5, "", "severity as a number, from 0", r => r.Extras.Finding is { } f ? (int)f.Severity : double.NaN, null, Numbers.Integer, Shown.InFiles),
        Columns.Time("first", "FIRST", "when it was first seen", r => r.Extras.Finding?.First ?? 0) with { Shown = Shown.Extended },
        Columns.Time("last", "LAST", "when it was last seen", r => r.Extras.Finding?.Last ?? 0),
    ];

    private static Column Text(string field, string header, int width, string help, Func<Finding, string> text) =>
        new(field, header, width, "", help, null, r => r.Extras.Finding is { } f ? text(f) : "") { Prose = true };
}
