using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>
/// The latency histogram of the selected row: reads and writes side by side, one line a 1-2-5 step. An engine's bucket
/// counts where its middle lies, so a step's edge is true to half a bucket (2.2 %), as percentiles are.
/// </summary>
internal sealed class LatencyPanel(Glyphs glyphs)
{
    private const int LabelWidth = 6;
    private const int CountWidth = 6;
    private const int MarkWidth = 7;
    private const int Gap = 2;

    // Step 0 is what takes less than 1 us, step i begins at Begin(i); the last begins at 100 s.
    private const int Steps = 26;

    private static readonly string[] s_labels = [.. Enumerable.Range(0, Steps).Select(Label)];
    private static readonly byte[] s_stepOf = [.. Enumerable.Range(0, Histogram.BucketCount).Select(StepOf)];

    private readonly Side _left = new();
    private readonly Side _right = new();

    /// <summary>One direction's counts by step.</summary>
    private sealed class Side
    {
        public readonly long[] Counts = new long[Steps];
        public Histogram Latency = null!;
        public string Name = "";
        public Style Style;
        public long Highest;
        public int P50;
        public int P99;

        public void Set(string name, Style style, Histogram latency)
        {
            (Name, Style, Latency) = (name, style, latency);
            Array.Clear(Counts);
            ReadOnlySpan<long> buckets = latency.Buckets;
            for (int i = 0; i < buckets.Length; i++) Counts[s_stepOf[i]] += buckets[i];
            Highest = Counts.Max();
            P50 = StepOfPercentile(latency.Percentile(0.50, Columns.MedianNeeds));
            P99 = StepOfPercentile(latency.Percentile(0.99, Columns.TailNeeds));
        }

        private static int StepOfPercentile(long ns) => ns < 0 ? -1 : s_stepOf[Histogram.BucketOf(ns)];
    }

    public void Draw(Canvas canvas, Area area, Row row)
    {
        bool other = row.Read.Ops + row.Write.Ops == 0 && row.Other.Ops > 0;
        _left.Set(other ? "other" : "read", Style.Read, (other ? row.Other : row.Read).Latency);
        _right.Set("write", Style.Write, row.Write.Latency);
        int side = (area.Width - LabelWidth - 2 * Gap) / 2;
        Area left = area with { X = area.X + LabelWidth + Gap, Width = side };
        Area right = left with { X = left.Right + Gap };
        new Pen(canvas, area.Row(0)).Right("from", LabelWidth, Style.Dim);
        Title(canvas, left.Row(0), _left);
        Title(canvas, right.Row(0), _right);
        if (_left.Highest + _right.Highest == 0) new Pen(canvas, left.Row(1)).Text("no command in this interval", Style.Dim);
        else Lines(canvas, area, left, right);
    }

    // The slow end matters: when the range is higher than the area, its fast end is folded into the first line.
    private void Lines(Canvas canvas, Area area, Area left, Area right)
    {
        int low = 0, high = Steps - 1;
        while (_left.Counts[low] + _right.Counts[low] == 0) low++;
        while (_left.Counts[high] + _right.Counts[high] == 0) high--;
        int lines = area.Height - 1;
        int first = Math.Max(low, high - lines + 1);
        if (first > low) Fold(first);
        for (int step = first, y = 1; step <= high && y < area.Height; step++, y++)
        {
            var pen = new Pen(canvas, area.Row(y));
            if (first > low && step == first) pen.Right("less", LabelWidth, Style.Dim);
            else pen.Right(s_labels[step], LabelWidth, Style.Dim);
            Line(canvas, left.Row(y), _left, step);
            Line(canvas, right.Row(y), _right, step);
        }
    }

    private void Fold(int into)
    {
        foreach (Side side in (ReadOnlySpan<Side>)[_left, _right])
        {
            for (int i = 0; i < into; i++) side.Counts[into] += side.Counts[i];
            side.Highest = Math.Max(side.Highest, side.Counts[into]);
            if (side.P50 >= 0) side.P50 = Math.Max(side.P50, into);
            if (side.P99 >= 0) side.P99 = Math.Max(side.P99, into);
        }
    }

    private static void Title(Canvas canvas, Area row, Side side)
    {
        var pen = new Pen(canvas, row);
        pen.Text(side.Name, side.Style);
        pen.Text("  n ", Style.Dim);
        pen.Number(Numbers.Integer, side.Latency.Count, 0);
    }

    private void Line(Canvas canvas, Area row, Side side, int step)
    {
        bool marks = row.Width >= CountWidth + MarkWidth + 8;
        int bar = row.Width - CountWidth - (marks ? MarkWidth + 1 : 0) - 1;
        long count = side.Counts[step];
        if (side.Highest > 0) glyphs.Bar(canvas, row with { Width = bar }, (double)count / side.Highest, side.Style);
        var pen = new Pen(canvas, row with { X = row.X + bar, Width = row.Width - bar });
        if (side.Highest > 0) pen.Number(Numbers.Integer, count, CountWidth + 1, count == 0 ? Style.Dim : Style.Text);
        if (!marks) return;
        pen.Skip(1);
        if (step == side.P50) pen.Text("p50 ", Style.Accent);
        if (step == side.P99) pen.Text("p99", Style.Accent);
    }

    // In ns: 1 us, 2 us, 5 us, 10 us and so on.
    private static long Begin(int step)
    {
        if (step == 0) return 0;
        (int decade, int third) = Math.DivRem(step - 1, 3);
        return (long)Math.Pow(10, 3 + decade) * (third == 0 ? 1 : third == 1 ? 2 : 5);
    }

    private static byte StepOf(int bucket)
    {
        double low = Histogram.LowerBound(bucket);
        double high = bucket == Histogram.BucketCount - 1 ? low : Histogram.UpperBound(bucket);
        double middle = low == 0 ? high / 2 : Math.Sqrt(low * high);
        int step = Steps - 1;
        while (step > 0 && Begin(step) > middle) step--;
        return (byte)step;
    }

    private static string Label(int step) => Begin(step) switch
    {
        0 => "0",
        < 1_000_000 and long us => $"{us / 1000}us",
        < 1_000_000_000 and long ms => $"{ms / 1_000_000}ms",
        long s => $"{s / 1_000_000_000}s",
    };
}
