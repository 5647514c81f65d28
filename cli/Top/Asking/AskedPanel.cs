using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Top.Asking;

/// <summary>The selected row of a D view: its keys in full, and its distribution with a bar for each bucket.</summary>
internal sealed class AskedPanel(Glyphs glyphs)
{
    private const int CountWidth = 9;
    private const int MarkWidth = 8;
    private const int Widest = 100;

    public void Draw(Canvas canvas, Area area, WatchedKey key)
    {
        int keys = key.Of.IsDistribution ? Math.Min(key.Texts.Count, Math.Max(1, area.Height / 4)) : Math.Min(key.Texts.Count, area.Height);
        for (int i = 0; i < keys; i++) Key(canvas, area.Row(i), key.Of.Keys[i], key.Texts[i]);
        Area rest = area with { Y = area.Y + keys, Height = area.Height - keys, Width = Math.Min(area.Width, Widest) };
        if (rest.Height <= 0) return;
        if (key.Of.IsDistribution) Distribution(canvas, rest, key);
        else Value(canvas, rest.Row(0), key);
    }

    private void Key(Canvas canvas, Area row, string title, string text)
    {
        var pen = new Pen(canvas, row with { X = row.X + 2, Width = row.Width - 2 });
        pen.Text(title, Style.Dim);
        pen.Text("  ", Style.Dim);
        pen.Field(text.Length > 0 ? text : "-", Math.Max(pen.Left, 1), glyphs.Ellipsis, Style.Strong, keepEnd: false);
    }

    private static void Value(Canvas canvas, Area row, WatchedKey key)
    {
        var pen = new Pen(canvas, row with { X = row.X + 2, Width = row.Width - 2 });
        pen.Text(key.Of.Function, Style.Dim);
        pen.Text("  ", Style.Dim);
        pen.Number(Numbers.Exact, key.Value, 0, Style.Strong);
        if (double.IsNaN(key.PerSecond)) return;
        pen.Text("  a second  ", Style.Dim);
        pen.Number(Numbers.Short, key.PerSecond, 0, Style.Strong);
    }

    // When there are more buckets than lines, neighbours share one: the shape is kept, and both ends are seen.
    private void Distribution(Canvas canvas, Area area, WatchedKey key)
    {
        ReadOnlySpan<long> buckets = key.Buckets;
        int first = buckets.IndexOfAnyExcept(0), last = buckets.LastIndexOfAnyExcept(0);
        if (first < 0)
        {
            new Pen(canvas, area.Row(0) with { X = area.X + 2 }).Text("no value yet", Style.Dim);
            return;
        }
        int perLine = (last - first) / area.Height + 1;
        long most = 1;
        int label = 0;
        for (int from = first; from <= last; from += perLine)
        {
            most = Math.Max(most, Sum(buckets, from, perLine));
            label = Math.Max(label, key.Of.Label(from).Length);
        }
        int p50 = key.BucketOf(0.5, Columns.MedianNeeds), p99 = key.BucketOf(0.99, Columns.TailNeeds);
        for (int from = first, y = 0; from <= last; from += perLine, y++)
            Line(canvas, area.Row(y), key.Of.Label(from), label + 2, Sum(buckets, from, perLine), most, Within(p50, from, perLine), Within(p99, from, perLine));
    }

    private void Line(Canvas canvas, Area row, string label, int width, long count, long most, bool median, bool tail)
    {
        new Pen(canvas, row).Right(label, width, Style.Dim);
        int bar = Math.Max(0, row.Width - width - 1 - CountWidth - MarkWidth);
        glyphs.Bar(canvas, new Area(row.X + width + 1, row.Y, bar, 1), (double)count / most, Style.Accent);
        var pen = new Pen(canvas, row with { X = row.X + width + 1 + bar, Width = row.Width - width - 1 - bar });
        pen.Number(AskedColumns.Whole, count, CountWidth, count == 0 ? Style.Dim : Style.Text);
        if (median) pen.Text(" p50", Style.Accent);
        if (tail) pen.Text(" p99", Style.Accent);
    }

    private static bool Within(int bucket, int from, int count) => bucket >= from && bucket < from + count;

    private static long Sum(ReadOnlySpan<long> buckets, int from, int count)
    {
        long sum = 0;
        foreach (long bucket in buckets[from..Math.Min(from + count, buckets.Length)]) sum += bucket;
        return sum;
    }
}
