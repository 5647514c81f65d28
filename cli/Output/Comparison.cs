using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>One side of a comparison.</summary>
/// <param name="File">What was read.</param>
/// <param name="Began">When its first interval began, ns since 1970.</param>
/// <param name="All">Everything in one interval.</param>
internal sealed record CompareSpan(string File, long Began, Snapshot All);

/// <summary>A figure of both sides; NaN where it is not known.</summary>
internal readonly record struct Pair(double A, double B)
{
    /// <summary>The change in percent of A; NaN where there is nothing to compare with.</summary>
    public double Change => A > 0 ? 100 * (B - A) / A : A == 0 && B == 0 ? 0 : double.NaN;
}

/// <summary>How the latencies of one direction changed.</summary>
/// <param name="name">Of the direction: read, write, other.</param>
/// <param name="a">Before.</param>
/// <param name="b">After.</param>
internal sealed class ComparedLatency(string name, Histogram a, Histogram b)
{
    /// <summary>The quantiles at which the shift is told, and how many commands each needs.</summary>
    public static readonly (string Name, double P, int Needs)[] Quantiles =
        [("p10", 0.10, 20), ("p25", 0.25, 20), ("p50", 0.50, 20), ("p75", 0.75, 20), ("p90", 0.90, 20), ("p95", 0.95, 20), ("p99", 0.99, 100), ("p99.9", 0.999, 1000)];

    private const int Enough = 20;

    public string Name => name;

    public Histogram A => a;

    public Histogram B => b;

    /// <summary>A quantile in us.</summary>
    public Pair At(double p, int needs) => new(Us(a.Percentile(p, needs)), Us(b.Percentile(p, needs)));

    /// <summary>
    /// The largest difference of the two distributions' shares below any latency (Kolmogorov and Smirnov), 0 to 1; NaN with fewer than 20
    /// commands on a side.
    /// </summary>
    public double Distance
    {
        get
        {
            if (a.Count < Enough || b.Count < Enough) return double.NaN;
            long belowA = 0, belowB = 0;
            double most = 0;
            for (int i = 0; i < Histogram.BucketCount; i++)
            {
                belowA += a.Buckets[i];
                belowB += b.Buckets[i];
                most = Math.Max(most, Math.Abs((double)belowA / a.Count - (double)belowB / b.Count));
            }
            return most;
        }
    }

    /// <summary>The distance that two samples of one distribution have once in a hundred times; NaN with too few commands.</summary>
    public double Chance => a.Count < Enough || b.Count < Enough ? double.NaN : 1.63 * Math.Sqrt(1.0 / a.Count + 1.0 / b.Count);

    private static double Us(long ns) => ns < 0 ? double.NaN : ns / 1e3;
}

/// <summary>One row of both sides, either of which may have done nothing.</summary>
internal sealed class ComparedRow
{
    private static readonly Row s_nothing = new();

    private readonly double _secondsA, _secondsB;

    public ComparedRow(Row? a, Row? b, double secondsA, double secondsB)
    {
        (A, B, _secondsA, _secondsB) = (a ?? s_nothing, b ?? s_nothing, secondsA, secondsB);
        Identity = a ?? b ?? s_nothing;
        Latencies =
        [
            .. new[] { new ComparedLatency("read", A.Read.Latency, B.Read.Latency), new ComparedLatency("write", A.Write.Latency, B.Write.Latency), new ComparedLatency("other", A.Other.Latency, B.Other.Latency) }
                .Where(l => l.A.Count + l.B.Count > 0),
        ];
    }

    public Row A { get; }

    public Row B { get; }

    /// <summary>The one that says what it is.</summary>
    public Row Identity { get; }

    public Pair Iops => Rate(A.Ops, B.Ops);

    public Pair Bytes => Rate(A.Bytes, B.Bytes);

    public Pair Errors => Rate(A.Errors, B.Errors);

    /// <summary>The directions that had commands.</summary>
    public IReadOnlyList<ComparedLatency> Latencies { get; }

    // What is not there did nothing in the time that was measured.
    private Pair Rate(long a, long b) => new(Rate(a, _secondsA), Rate(b, _secondsB));

    private static double Rate(long count, double seconds) => seconds > 0 ? count / seconds : double.NaN;
}

/// <summary>Two spans of time side by side.</summary>
internal sealed class Comparison
{
    /// <param name="view">What rows are.</param>
    /// <param name="a">Before.</param>
    /// <param name="b">After.</param>
    /// <param name="rows">How many at most: those with most commands.</param>
    public Comparison(View view, CompareSpan a, CompareSpan b, int rows)
    {
        (View, A, B) = (view, a, b);
        var before = new Rollup(view.Group);
        var after = new Rollup(view.Group);
        before.Build(a.All);
        after.Build(b.All);
        Total = new ComparedRow(before.Total, after.Total, a.All.Seconds, b.All.Seconds);
        Dictionary<(string, ulong, string, ushort), Row> others = after.Rows.ToDictionary(Key);
        var all = new List<ComparedRow>();
        foreach (Row row in before.Rows)
        {
            others.Remove(Key(row), out Row? other);
            all.Add(new ComparedRow(row, other, a.All.Seconds, b.All.Seconds));
        }
        all.AddRange(others.Values.Select(r => new ComparedRow(null, r, a.All.Seconds, b.All.Seconds)));
        all.RemoveAll(r => r.A.Ops + r.B.Ops == 0);
        All = all.Count;
        Rows = [.. all.OrderByDescending(r => r.A.Ops + r.B.Ops).ThenBy(r => r.Identity.Target, StringComparer.Ordinal)
            .ThenBy(r => r.Identity.Lun).ThenBy(r => r.Identity.Initiator, StringComparer.Ordinal).ThenBy(r => r.Identity.Operation).Take(rows)];
    }

    public View View { get; }

    public CompareSpan A { get; }

    public CompareSpan B { get; }

    public ComparedRow Total { get; }

    public IReadOnlyList<ComparedRow> Rows { get; }

    /// <summary>Rows there are.</summary>
    public int All { get; }

    /// <summary>The columns that say what a row is.</summary>
    public IEnumerable<Column> Identity => IdentityOf(View);

    /// <summary>The columns that say what a row of a view is.</summary>
    public static IEnumerable<Column> IdentityOf(View view) => view.Columns.Where(c => c.Field is "target" or "lun" or "initiator" or "op");

    private static (string, ulong, string, ushort) Key(Row row) => (row.Target, row.Lun, row.Initiator, row.Operation);
}
