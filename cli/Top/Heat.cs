using Iscsitop.Cli.Configuration;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>From which value on a number stands out: where admins begin to look, or what the configuration says.</summary>
internal sealed class Heat
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

    private Heat((string FieldEnd, double Warn, double Hot)[] table) => Table = table;

    /// <summary>What holds without a configuration.</summary>
    public static Heat Default { get; } = new(s_table);

    /// <summary>Ends of field names and their values; the first that fits counts.</summary>
    public (string FieldEnd, double Warn, double Hot)[] Table { get; }

    /// <summary>The default with what a configuration says, longer ends first.</summary>
    public static Heat With(IReadOnlyDictionary<string, Threshold> thresholds) => thresholds.Count == 0 ? Default : new(
        [.. thresholds.Select(t => (t.Key, t.Value.Warn, t.Value.Hot)).Concat(s_table.Where(r => !thresholds.ContainsKey(r.FieldEnd))).OrderByDescending(r => r.Item1.Length)]);

    /// <summary>The style of a text that says how bad things are; heads of groups stand out.</summary>
    public static Style OfText(string field, Row row) => field switch
    {
        "severity" => row.Extras.Finding?.Severity switch { Severity.Problem => Style.Hot, Severity.Warning => Style.Warn, _ => Style.Text },
        "verdict" => row.Phases.Verdict == Verdict.None ? Style.Text : Style.Accent,
        _ => row.Extras.Heads.Length > 0 ? Style.Strong : Style.Text,
    };

    /// <summary>The row of the table that counts for a field; null when none does.</summary>
    public (string FieldEnd, double Warn, double Hot)? Find(string field)
    {
        foreach ((string FieldEnd, double, double) row in Table)
            if (field.EndsWith(row.FieldEnd, StringComparison.Ordinal))
                return row;
        return null;
    }

    /// <summary>The style of a column's value: dim for zero and unknown, so that what happens is what is seen.</summary>
    public Style Of(string field, double value)
    {
        if (value == 0 || double.IsNaN(value)) return Style.Dim;
        return Find(field) is not { } row ? Style.Text : value > row.Hot ? Style.Hot : value > row.Warn ? Style.Warn : Style.Text;
    }
}
