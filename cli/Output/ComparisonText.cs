using System.Globalization;
using System.Numerics;
using System.Text;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>A comparison for people: the figures of each row, and both distributions beside each other.</summary>
internal static class ComparisonText
{
    private const int BarWidth = 22;
    private const string Gap = "  ";

    /// <summary>Writes it.</summary>
    public static void Write(Comparison c, Stream output)
    {
        var text = new StringBuilder();
        Span(text, "A", c.A);
        Span(text, "B", c.B);
        Row(text, "all", c.Total);
        foreach (ComparedRow row in c.Rows) Row(text, Name(c, row), row);
        if (c.All > c.Rows.Count) text.Append(CultureInfo.InvariantCulture, $"\n{c.All - c.Rows.Count} rows with fewer commands are left out (-n)\n");
        output.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void Span(StringBuilder text, string name, CompareSpan span) => text.Append(CultureInfo.InvariantCulture,
        $"{name}  {TerminalText.Escape(span.File)}  {Clock(span.Began):yyyy-MM-dd HH:mm:ss} to {Clock(span.All.Time):HH:mm:ss}, {Format(Numbers.Digits, span.All.Seconds)} s measured\n");

    private static DateTime Clock(long ns) => DateTime.UnixEpoch.AddTicks(ns / 100).ToLocalTime();

    private static string Name(Comparison c, ComparedRow row) => string.Join(' ', c.Identity.Select(column =>
        column.Text is { } name ? TerminalText.Escape(name(row.Identity)) is { Length: > 0 } known ? known : "-"
        : string.Create(CultureInfo.InvariantCulture, $"LUN {column.Value!(row.Identity)}")));

    private static void Row(StringBuilder text, string name, ComparedRow row)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n{name,-30}{"A",10}{"B",10}{"change",10}\n");
        Figure(text, "IOPS", row.Iops, Numbers.Short);
        Figure(text, "MB/s", row.Bytes, Numbers.Megabytes);
        Figure(text, "errors/s", row.Errors, Numbers.Short);
        foreach (ComparedLatency latency in row.Latencies)
        {
            foreach ((string quantile, double p, int needs) in ComparedLatency.Quantiles)
                if (p is 0.5 or 0.95 or 0.99) Figure(text, $"{latency.Name} {quantile}, ms", latency.At(p, needs), Numbers.Milliseconds);
            Distribution(text, latency);
        }
    }

    private static void Figure(StringBuilder text, string name, Pair pair, ShowNumber show) =>
        text.Append(CultureInfo.InvariantCulture, $"{Gap}{name,-28}{Format(show, pair.A),10}{Format(show, pair.B),10}{Change(pair.Change),10}\n");

    private static string Change(double percent) => double.IsNaN(percent) ? "-"
        : Math.Abs(percent) < 0.05 ? "0 %" : string.Create(CultureInfo.InvariantCulture, $"{(percent > 0 ? "+" : "")}{percent.ToString(Math.Abs(percent) < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture)} %");

    // Shares of each side, so that what ran longer is no taller.
    private static void Distribution(StringBuilder text, ComparedLatency latency)
    {
        text.Append(CultureInfo.InvariantCulture, $"{Gap}{latency.Name + " from",-12}{$"A  n {latency.A.Count}",-(BarWidth + 7)}B  n {latency.B.Count}\n");
        (double[] a, double[] b) = (Shares(latency.A), Shares(latency.B));
        double most = Math.Max(a.Max(), b.Max());
        int first = Math.Min(First(a), First(b)), last = Math.Max(Last(a), Last(b));
        for (int i = first; i <= last; i++)
            text.Append(CultureInfo.InvariantCulture, $"{Gap}{Step(i),10}  {Bar(a[i], most),-BarWidth}{Share(a[i]),5}  {Bar(b[i], most),-BarWidth}{Share(b[i]),5}\n");
        text.Append(Gap).Append("shift at");
        foreach ((string quantile, double p, int needs) in ComparedLatency.Quantiles)
            text.Append(CultureInfo.InvariantCulture, $"  {quantile} {Change(latency.At(p, needs).Change)}");
        text.Append(CultureInfo.InvariantCulture, $"\n{Gap}distance {Figure(latency.Distance)} (Kolmogorov-Smirnov; {Figure(latency.Chance)} by chance)\n");
    }

    private static string Figure(double value) => double.IsNaN(value) ? "-" : value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Share(double share) => share == 0 ? "" : Format(Numbers.Percent, share * 100) + "%";

    private static string Bar(double share, double most) => new('#', most > 0 ? (int)Math.Ceiling(share / most * BarWidth) : 0);

    // Steps of 1, 2, 5 from a microsecond on; what is below stands in the first.
    private static double[] Shares(Histogram histogram)
    {
        var shares = new double[26];
        if (histogram.Count == 0) return shares;
        for (int i = 0; i < Histogram.BucketCount; i++)
            if (histogram.Buckets[i] != 0)
                shares[StepOf(Histogram.LowerBound(i) / 2 + Math.Min(Histogram.UpperBound(i), 1L << 38) / 2)] += (double)histogram.Buckets[i] / histogram.Count;
        return shares;
    }

    private static int StepOf(long ns)
    {
        int step = 0;
        while (step < 25 && ns >= Begin(step + 1)) step++;
        return step;
    }

    private static long Begin(int step) => step == 0 ? 0 : (long)BigInteger.Pow(10, (step - 1) / 3) * 1000 * ((step - 1) % 3 is 0 ? 1 : (step - 1) % 3 is 1 ? 2 : 5);

    private static string Step(int step) => Begin(step) switch
    {
        0 => "0",
        < 1_000_000 and var ns => string.Create(CultureInfo.InvariantCulture, $"{ns / 1000}us"),
        < 1_000_000_000 and var ns => string.Create(CultureInfo.InvariantCulture, $"{ns / 1_000_000}ms"),
        var ns => string.Create(CultureInfo.InvariantCulture, $"{ns / 1_000_000_000}s"),
    };

    private static int First(double[] shares) => Array.FindIndex(shares, s => s > 0) is >= 0 and var i ? i : int.MaxValue;

    private static int Last(double[] shares) => Array.FindLastIndex(shares, s => s > 0);

    private static string Format(ShowNumber show, double value)
    {
        Span<char> text = stackalloc char[Numbers.MaxWidth];
        return text[..show(value, text)].ToString();
    }
}
