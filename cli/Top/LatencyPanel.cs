using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>
/// The latency histogram of the selected row: reads and writes side by side, one line a 1-2-5 step.
/// </summary>
internal sealed class LatencyPanel(Glyphs glyphs)
{
    private const int LabelWidth = 6;
    private const int CountWidth = 6;
    private const int MarkWidth = 7;
    private const int Gap = 2;

    private const int Steps = LatencySteps.Count;

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
            LatencySteps.Add(latency, Counts);
            Highest = Counts.Max();
            P50 = StepOfPercentile(latency.Percentile(0.50, Columns.MedianNeeds));
            P99 = StepOfPercentile(latency.Percentile(0.99, Columns.TailNeeds));
        }

        private static int StepOfPercentile(long ns) => ns < 0 ? -1 : LatencySteps.Of(Histogram.BucketOf(ns));
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
            else pen.Right(LatencySteps.Label(step), LabelWidth, Style.Dim);
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
}
