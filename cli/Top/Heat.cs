using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>From which value on a number stands out. Nothing depends on these: they are where admins begin to look.</summary>
internal static class Heat
{
    private const double Millisecond = 1000;

    private static readonly (string FieldEnd, double Warn, double Hot)[] s_table =
    [
        ("p50_us", 10 * Millisecond, 50 * Millisecond),
        ("p95_us", 20 * Millisecond, 100 * Millisecond),
        ("p99_us", 20 * Millisecond, 100 * Millisecond),
        ("max_us", 100 * Millisecond, 1000 * Millisecond),
        ("busy_pct", 90, double.PositiveInfinity),
        ("errors_per_s", 0, 0),
        ("errors_pct", 0, 0),
        ("aborted", 0, 0),
        ("failures_per_s", 0, 0),
        ("conflicts_per_s", 0, 0),
        ("failures", 0, double.PositiveInfinity),
        ("reinstated_per_s", 0, double.PositiveInfinity),
    ];

    /// <summary>The style of a text that says how bad things are; heads of groups stand out.</summary>
    public static Style OfText(string field, Row row) => field switch
    {
        "severity" => row.Extras.Finding?.Severity switch { Severity.Problem => Style.Hot, Severity.Warning => Style.Warn, _ => Style.Text },
        "verdict" => row.Phases.Verdict == Verdict.None ? Style.Text : Style.Accent,
        _ => row.Extras.Heads.Length > 0 ? Style.Strong : Style.Text,
    };

    /// <summary>The style of a column's value: dim for zero and unknown, so that what happens is what is seen.</summary>
    public static Style Of(string field, double value)
    {
        if (value == 0 || double.IsNaN(value)) return Style.Dim;
        foreach ((string end, double warn, double hot) in s_table)
            if (field.EndsWith(end, StringComparison.Ordinal))
                return value > hot ? Style.Hot : value > warn ? Style.Warn : Style.Text;
        return Style.Text;
    }
}
