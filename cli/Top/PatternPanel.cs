using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>Sizes at the left, distances at the right, of the selected row of the pattern view.</summary>
internal sealed class PatternPanel(Glyphs glyphs)
{
    private const int LabelWidth = 9;
    private const int CountWidth = 7;
    private const string LongTitle = "from the end of the command before";

    // Distances by eights, from 0 on: what is nearer than 4 KiB tells little.
    private static readonly (string Label, int From, int To)[] s_distances =
    [
        ("0", 0, 0), ("< 4k", 1, 12), ("4k", 13, 15), ("32k", 16, 18), ("256k", 19, 21), ("2m", 22, 24), ("16m", 25, 27), ("128m", 28, 30), ("1g", 31, 33), ("8g", 34, Pattern.NoSeek),
    ];

    private static readonly string[] s_ahead = [.. s_distances.Select(d => "+" + d.Label)];
    private static readonly string[] s_back = [.. s_distances.Select(d => "-" + d.Label)];
    private static readonly string[] s_sizes = [.. Enumerable.Range(0, Pattern.SizeClasses).Select(PatternColumns.Power)];

    private readonly long[] _counts = new long[2 * s_distances.Length - 1];

    public void Draw(Canvas canvas, Area area, Row row)
    {
        if (row.Extras.Pattern is not { Count: > 0 } some) return;
        Pattern pattern = PatternColumns.Whole(some);
        Style style = row.Extras.Writes ? Style.Write : Style.Read;
        int half = (area.Width - 2) / 2;
        Sizes(canvas, area with { Width = half }, pattern, style);
        Distances(canvas, area with { X = area.X + half + 2, Width = half }, pattern, style);
    }

    private void Sizes(Canvas canvas, Area area, Pattern pattern, Style style)
    {
        var title = new Pen(canvas, area.Row(0));
        title.Right("size from", LabelWidth, Style.Dim);
        title.Skip(1);
        title.Text(Writes(style), style);
        title.Text("  n ", Style.Dim);
        title.Number(Numbers.Integer, pattern.Count, 0);
        int low = 0, high = Pattern.SizeClasses - 1;
        while (low < high && pattern.Sizes[low] == 0) low++;
        while (high > low && pattern.Sizes[high] == 0) high--;
        // Large sizes move the data: what there is no room for is told as one.
        int first = Math.Max(low, high - (area.Height - 1) + 1), y = 1;
        if (first > low)
        {
            long less = 0;
            for (int i = low; i <= first; i++) less += pattern.Sizes[i];
            Line(canvas, area.Row(y++), "less", less, pattern.Count, -1, style);
            first++;
        }
        for (int i = first; i <= high; i++, y++) Line(canvas, area.Row(y), s_sizes[i], pattern.Sizes[i], pattern.Count, pattern.Exact[i], style);
    }

    private void Distances(Canvas canvas, Area area, Pattern pattern, Style style)
    {
        var title = new Pen(canvas, area.Row(0));
        title.Right("distance", LabelWidth, Style.Dim);
        title.Skip(1);
        title.Text(title.Left >= LongTitle.Length ? LongTitle : "from the end before", Style.Dim);
        long placed = Math.Max(1, pattern.Count - pattern.Unplaced);
        int zero = s_distances.Length - 1, lines = 0;
        for (int i = -zero; i <= zero; i++)
        {
            (_, int from, int to) = s_distances[Math.Abs(i)];
            _counts[zero + i] = i < 0 ? Between(pattern, -to, -from) : Between(pattern, from, to);
            if (_counts[zero + i] > 0) lines++;
        }
        // Where there is no room for all of them, the rarest are told as one.
        int room = area.Height - 1;
        long others = 0;
        for (; lines > room || (others > 0 && lines > room - 1); lines--) others += Take();
        int y = 1;
        for (int i = -zero; i <= zero; i++)
            if (_counts[zero + i] > 0)
                Line(canvas, area.Row(y++), i < 0 ? s_back[-i] : i == 0 ? "0" : s_ahead[i], _counts[zero + i], placed, -1, style);
        if (others > 0) Line(canvas, area.Row(y), "others", others, placed, -1, style);
    }

    // Takes the least of the counts.
    private long Take()
    {
        int least = -1;
        for (int i = 0; i < _counts.Length; i++)
            if (_counts[i] > 0 && (least < 0 || _counts[i] < _counts[least]))
                least = i;
        if (least < 0) return 0;
        long count = _counts[least];
        _counts[least] = 0;
        return count;
    }

    private void Line(Canvas canvas, Area row, string label, long count, long of, long exact, Style style)
    {
        new Pen(canvas, row).Right(label, LabelWidth, Style.Dim);
        int bar = row.Width - LabelWidth - 1 - CountWidth - 6;
        if (bar > 0) glyphs.Bar(canvas, new Area(row.X + LabelWidth + 1, row.Y, bar, 1), (double)count / of, style);
        var pen = new Pen(canvas, row with { X = row.X + LabelWidth + 1 + Math.Max(bar, 0), Width = row.Width - LabelWidth - 1 - Math.Max(bar, 0) });
        pen.Number(Numbers.Integer, count, CountWidth, count == 0 ? Style.Dim : Style.Text);
        if (exact > 0 && 2 * exact < count) pen.Text(" +", Style.Dim);
    }

    // Class 1 is a byte ahead, class -1 a byte back; class n is 2^(n-1) bytes.
    private static long Between(Pattern pattern, int from, int to)
    {
        long sum = 0;
        for (int i = from; i <= to; i++) sum += pattern.Seeks[Pattern.NoSeek + i];
        return sum;
    }

    private static string Writes(Style style) => style == Style.Write ? "writes" : "reads";
}
