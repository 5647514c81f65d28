using System.Globalization;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>A figure of a comparison, as a column of CSV has it.</summary>
/// <param name="Field">Name, unit and meaning.</param>
/// <param name="Value">Its value; NaN when it is not known.</param>
internal sealed record ComparedFigure(FieldRow Field, Func<ComparedRow, double> Value);

/// <summary>The fields of <c>iscsitop diff</c>, flat as CSV has them; JSON has objects within objects, <c>read.p50_us.a</c> for <c>read_p50_us_a</c>.</summary>
internal static class ComparisonFields
{
    private static readonly ComparedLatency s_none = new("", new Histogram(), new Histogram());

    /// <summary>What is compared for each direction.</summary>
    public static readonly string[] Directions = ["read", "write", "other"];

    /// <summary>What is compared of each row as a whole.</summary>
    public static readonly (string Name, string Unit, string Help, Func<ComparedRow, Pair> Of)[] Rates =
    [
        ("iops", "1/s", "commands completed a second", r => r.Iops),
        ("bytes_per_s", "B/s", "bytes moved a second", r => r.Bytes),
        ("errors_per_s", "1/s", "commands that ended neither GOOD nor CONDITION MET", r => r.Errors),
    ];

    /// <summary>All figures, in their order.</summary>
    public static IReadOnlyList<ComparedFigure> Figures { get; } =
        [.. Rates.SelectMany(r => Both(r.Name, r.Unit, r.Help, r.Of)), .. Directions.SelectMany(Latency)];

    /// <summary>All fields of a view: what a row is, and its figures.</summary>
    public static IEnumerable<FieldRow> Of(View view) => Comparison.IdentityOf(view).Select(FieldList.Column).Select(f => f with { Header = "" }).Concat(Figures.Select(f => f.Field));

    /// <summary>What a quantile is called: <c>p99_9</c>.</summary>
    public static string Quantile(string name) => name.Replace('.', '_');

    private static IEnumerable<ComparedFigure> Both(string name, string unit, string help, Func<ComparedRow, Pair> of) =>
    [
        new(new FieldRow(name + "_a", "", unit, false, help + ", in A"), r => of(r).A),
        new(new FieldRow(name + "_b", "", unit, false, help + ", in B"), r => of(r).B),
        new(new FieldRow(name + "_change_pct", "", "%", false, help + ": the change, in percent of A"), r => of(r).Change),
    ];

    private static IEnumerable<ComparedFigure> Latency(string direction)
    {
        string of = direction == "other" ? "other commands" : direction + "s";
        yield return new(new FieldRow(direction + "_n_a", "", "", false, of + " in A"), r => In(r).A.Count);
        yield return new(new FieldRow(direction + "_n_b", "", "", false, of + " in B"), r => In(r).B.Count);
        foreach ((string name, double p, int needs) in ComparedLatency.Quantiles)
            foreach (ComparedFigure figure in Both($"{direction}_{Quantile(name)}_us", "us", string.Create(CultureInfo.InvariantCulture, $"latency that {100 * p:0.#} % of {of} do not exceed"), r => In(r).At(p, needs)))
                yield return figure;
        yield return new(new FieldRow(direction + "_distance", "", "", false, $"largest difference of the distributions of latencies of {of} (Kolmogorov and Smirnov), 0 to 1"), r => In(r).Distance);
        yield return new(new FieldRow(direction + "_distance_by_chance", "", "", false, "distance that chance exceeds once in a hundred times"), r => In(r).Chance);

        ComparedLatency In(ComparedRow row) => row.Latencies.FirstOrDefault(l => l.Name == direction) ?? s_none;
    }
}
