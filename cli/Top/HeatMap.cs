using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>
/// Durations over time: a column an interval, the newest at the right, a line a step of time, a cell as hot as the step was frequent. Steps
/// are 1-2-5, or as much finer as there is room.
/// </summary>
internal sealed class HeatMap(Glyphs glyphs, State state, TimeZoneInfo zone)
{
    private const int LabelWidth = 7;
    private const int TotalWidth = 7;
    private const int MarkWidth = 4;
    private const int ClockEvery = 12;
    private const int AllModes = 72;

    private readonly Histogram _all = new();
    private readonly long[] _totals = new long[LatencyScale.MostSteps];
    private readonly long[] _column = new long[LatencyScale.MostSteps];
    private LatencyScale _scale = LatencyScale.All[0];
    private bool _less;
    private readonly ShowNumber _latency = state.Options.Units.Latency;

    /// <summary>Intervals seen at once.</summary>
    public int Columns { get; private set; }

    public void Draw(Canvas canvas, Area area, Frame frame)
    {
        HeatHistory history = frame.Heat;
        Columns = Math.Max(1, area.Width - LabelWidth - TotalWidth - MarkWidth - 1);
        state.HeatBack = Math.Clamp(state.HeatBack, 0, Math.Max(0, history.Count - Columns));
        int shown = Math.Min(Columns, history.Count - state.HeatBack);
        Gather(history, shown);
        Title(canvas, area.Row(0), frame);
        var map = new Area(area.X + LabelWidth, area.Y + 1, Columns, area.Height - 2);
        int bottom = map.Bottom - 1;
        if (_all.Count == 0)
        {
            new Pen(canvas, map.Row(map.Height / 2)).Text(frame.Snapshot is null ? "waiting for the first interval" : "nothing of the kind in these intervals", Style.Dim);
        }
        else bottom = Lines(canvas, map, history, shown);
        Clocks(canvas, new Area(map.X, bottom + 1, map.Width, 1), history, shown);
    }

    private void Gather(HeatHistory history, int shown)
    {
        _all.Clear();
        for (int i = 0; i < shown; i++)
        {
            ReadOnlySpan<int> counts = history[state.HeatBack + i].Of(state.Heat);
            for (int b = 0; b < counts.Length; b++)
                if (counts[b] > 0)
                    _all.AddBucket(b, counts[b]);
        }
        // What took no measurable time counts as 1 us at most: sums are not kept.
        _all.AddSum(long.MaxValue / 2);
    }

    private void Title(Canvas canvas, Area row, Frame frame)
    {
        var pen = new Pen(canvas, row);
        for (int i = 0; i < HeatColumns.Modes.Length; i++)
        {
            if (row.Width < AllModes && i != (int)state.Heat) continue;
            pen.Text(HeatColumns.Modes[i].Header, i == (int)state.Heat ? Style.SortHeader : Style.Dim);
            pen.Skip(1);
        }
        pen.Text(" n ", Style.Dim);
        pen.Number(Numbers.Integer, _all.Count, 0);
        Figure(ref pen, " p50 ", _all.Percentile(0.50, Cli.Columns.MedianNeeds));
        Figure(ref pen, " p99 ", _all.Percentile(0.99, Cli.Columns.TailNeeds));
        Figure(ref pen, " max ", _all.Max());
        if (pen.Left > state.LatencyUnit.Length)
        {
            pen.Skip(1);
            pen.Text(state.LatencyUnit, Style.Dim);
        }
        if (frame.Losses[0] > 0)
        {
            pen.Skip(1);
            pen.Text(" drops ", Style.WarnBadge);
            pen.Number(Numbers.Integer, frame.Losses[0], 0, Style.WarnBadge);
        }
        if (pen.Left > HeatColumns.Modes[(int)state.Heat].Help.Length + 3)
        {
            pen.Skip(2);
            pen.Text(HeatColumns.Modes[(int)state.Heat].Help, Style.Dim);
        }
        Legend(canvas, row, pen.X + 2);
    }

    private void Figure(ref Pen pen, string name, long ns)
    {
        pen.Text(name, Style.Dim);
        pen.Number(_latency, ns < 0 ? double.NaN : ns / 1e3, 0);
    }

    // What the colours and characters stand for, from few to many.
    private void Legend(Canvas canvas, Area row, int from)
    {
        int x = row.Right - glyphs.Heat.Length - 10;
        if (x < from) return;
        var pen = new Pen(canvas, row with { X = x });
        pen.Text("few ", Style.Dim);
        for (int i = 1; i <= glyphs.Heat.Length; i++) pen.Text([glyphs.Heat[i - 1]], StyleOf(i));
        pen.Text(" many", Style.Dim);
    }

    // Returns where the lowest line is.
    private int Lines(Canvas canvas, Area map, HeatHistory history, int shown)
    {
        int low = 0, high = Histogram.BucketCount - 1;
        while (_all.Buckets[low] == 0) low++;
        while (_all.Buckets[high] == 0) high--;
        _scale = LatencyScale.For(low, high, map.Height);
        (int first, int last) = (_scale.Of(low), _scale.Of(high));
        // The slow end matters: what is too fast for the map is in its lowest line. What is left over shows more of the axis, on both sides.
        first = Math.Max(first, last - map.Height + 1);
        last = Math.Min(_scale.Count - 1, last + (map.Height - (last - first + 1)) / 2);
        first = Math.Max(0, last - map.Height + 1);
        last = Math.Min(_scale.Count - 1, first + map.Height - 1);
        int bottom = map.Y + last - first;
        _less = first > _scale.Of(low);
        Array.Clear(_totals);
        Fold(_all.Buckets, _totals, first);
        long most = Most(history, shown, first);
        for (int i = 0; i < shown; i++)
        {
            Array.Clear(_column);
            Fold(history[state.HeatBack + i].Of(state.Heat), _column, first);
            for (int step = first; step <= last; step++)
            {
                int level = HeatColumns.Level(_column[step], most, glyphs.Heat.Length + 1);
                if (level > 0) canvas.Put(map.Right - 1 - i, bottom - (step - first), glyphs.Heat[level - 1], StyleOf(level));
            }
        }
        int p50 = StepOf(_all.Percentile(0.50, Cli.Columns.MedianNeeds)), p99 = StepOf(_all.Percentile(0.99, Cli.Columns.TailNeeds));
        // While there is little past, its scale stands beside it and not at the other end of the screen.
        Area seen = map with { X = map.Right - Math.Max(shown, Math.Min(ClockEvery, map.Width)), Width = Math.Max(shown, Math.Min(ClockEvery, map.Width)) };
        for (int step = first; step <= last; step++) Beside(canvas, seen, bottom - (step - first), step, step == first, Math.Max(p50, first) == step && p50 >= 0, Math.Max(p99, first) == step && p99 >= 0);
        return bottom;
    }

    // Where a line begins at its left, how many it has in all at its right.
    private void Beside(Canvas canvas, Area map, int y, int step, bool lowest, bool isMedian, bool isTail)
    {
        var left = new Pen(canvas, new Area(map.X - LabelWidth, y, LabelWidth - 1, 1));
        if (lowest && _less) left.Right("less", LabelWidth - 1, Style.Dim);
        else if (_scale.BeginsCoarse(step)) left.Right(LatencySteps.Label(_scale.CoarseOf(step)), LabelWidth - 1, Style.Dim);
        var right = new Pen(canvas, new Area(map.Right, y, TotalWidth + MarkWidth + 1, 1));
        right.Number(Numbers.Integer, _totals[step], TotalWidth, _totals[step] == 0 ? Style.Dim : Style.Text);
        right.Skip(1);
        if (isMedian) right.Text("p50", Style.Accent);
        else if (isTail) right.Text("p99", Style.Accent);
    }

    private long Most(HeatHistory history, int shown, int first)
    {
        long most = 0;
        for (int i = 0; i < shown; i++)
        {
            Array.Clear(_column);
            Fold(history[state.HeatBack + i].Of(state.Heat), _column, first);
            foreach (long count in _column) most = Math.Max(most, count);
        }
        return most;
    }

    private void Fold(ReadOnlySpan<int> counts, long[] into, int first)
    {
        for (int b = 0; b < counts.Length; b++)
            if (counts[b] > 0)
                into[Math.Max(first, _scale.Of(b))] += counts[b];
    }

    private void Fold(ReadOnlySpan<long> counts, long[] into, int first)
    {
        for (int b = 0; b < counts.Length; b++)
            if (counts[b] > 0)
                into[Math.Max(first, _scale.Of(b))] += counts[b];
    }

    private int StepOf(long ns) => ns < 0 ? -1 : _scale.Of(Histogram.BucketOf(ns));

    private void Clocks(Canvas canvas, Area row, HeatHistory history, int shown)
    {
        for (int i = 0; i < shown && row.Right - 8 - i >= row.X; i += ClockEvery)
        {
            long time = history[state.HeatBack + i].Time;
            if (time <= 0) continue;
            var pen = new Pen(canvas, row with { X = row.Right - 8 - i, Width = 8 });
            pen.Number(TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(time / 100), zone), "HH:mm:ss", style: Style.Dim);
        }
        if (state.HeatBack > 0) canvas.Put(row.Right, row.Y, glyphs.MoreRight, Style.Accent);
        if (history.Count - state.HeatBack > shown) canvas.Put(row.X - 1, row.Y, glyphs.MoreLeft, Style.Accent);
    }

    private static Style StyleOf(int level) => (Style)((int)Style.Heat0 + level - 1);
}
