using System.Globalization;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>
/// The top of the screen: who is watched, and everything they do in three lines with its recent past beside it. On a low
/// or narrow screen two lines.
/// </summary>
internal sealed class Header(Glyphs glyphs, State state, TimeZoneInfo zone)
{
    private const int NumberWidth = 6;
    private const int FullWidth = 90;
    private const int FullFrom = 22;
    private const int SparklineX = 56;
    private const int NamesNeed = 28;
    private const int SessionsWidth = 12;
    private const int MoreWidth = 4;

    private static readonly string s_version = " " + typeof(Header).Assembly.GetName().Version?.ToString(3);

    private readonly ShowNumber _latency = Of(state, "read_p99_us").Show!;
    private readonly ShowNumber _throughput = Of(state, "read_bytes_per_s").Show!;
    private readonly string _throughputUnit = Of(state, "read_bytes_per_s").Header[1..];

    /// <summary>Lines it takes on a screen of this size.</summary>
    public static int HeightFor(int width, int height) => width >= FullWidth && height >= FullFrom ? 4 : 2;

    public void Draw(Canvas canvas, Area area, Frame frame)
    {
        Title(canvas, area.Row(0), frame);
        if (area.Height < 4)
        {
            Summary(canvas, area.Row(1), frame);
            return;
        }
        Direction(canvas, area.Row(1), "read", frame.Total, frame.Total.Read, Style.Read);
        Direction(canvas, area.Row(2), "write", frame.Total, frame.Total.Write, Style.Write);
        Everything(canvas, area.Row(3), frame);
        Sparkline(canvas, new Area(SparklineX, area.Y + 1, area.Width - SparklineX - 8, 3), frame);
        Scale(canvas, new Area(area.Right - 7, area.Y + 1, 7, 3), frame);
    }

    private void Title(Canvas canvas, Area row, Frame frame)
    {
        int right = Status(canvas, row, frame);
        var pen = new Pen(canvas, row with { Width = right - row.X });
        pen.Text("iscsitop", Style.Accent);
        if (pen.Left >= s_version.Length + NamesNeed / 2) pen.Text(s_version, Style.Dim);
        pen.Skip(2);
        if (state.Options.Origin.Fleet is not null)
        {
            if (frame.Snapshot is { } fleet) FleetTitle.Draw(ref pen, fleet, Local);
            return;
        }
        int named = 0, left = 0;
        if (frame.Snapshot is { } snapshot)
        {
            foreach (EngineStatus engine in snapshot.Engines)
                if (engine.Alive)
                    left++;
            foreach (EngineStatus engine in snapshot.Engines)
            {
                if (!engine.Alive) continue;
                int more = left > 1 ? MoreWidth : 0;
                if (named > 0 && pen.Left < engine.Source.Length + more) break;
                Engine(ref pen, engine, more);
                named++;
                left--;
            }
        }
        if (left > 0)
        {
            pen.Text("+", Style.Dim);
            pen.Number(left, style: Style.Dim);
            pen.Skip(2);
        }
        if (named == 0 && frame.Snapshot is not null)
        {
            pen.Text("no engine", Style.Warn);
            pen.Skip(2);
        }
        for (int i = frame.Gone.Count - 1; i >= 0; i--) Gone(ref pen, frame.Gone[i]);
    }

    private void Engine(ref Pen pen, EngineStatus engine, int more)
    {
        if (pen.Left < engine.Source.Length + Length(engine.Pid) + Length(engine.Sessions) + SessionsWidth + more)
        {
            pen.Field(engine.Source, Math.Clamp(pen.Left - more, 0, engine.Source.Length), glyphs.Ellipsis);
            pen.Skip(2);
            return;
        }
        pen.Text(engine.Source);
        // Of a file it is our own: nobody else can look at it.
        if (!state.Options.Origin.IsFile || engine.Pid != Environment.ProcessId)
        {
            pen.Skip(1);
            pen.Number(engine.Pid, style: Style.Dim);
        }
        pen.Text([' ', glyphs.Dot, ' '], Style.Dim);
        pen.Number(engine.Sessions);
        pen.Text(engine.Sessions == 1 ? " session" : " sessions", Style.Dim);
        pen.Skip(2);
    }

    private static int Length(int number) => number.TryFormat(stackalloc char[12], out int length) ? length : 0;

    private void Gone(ref Pen pen, GoneEngine engine)
    {
        pen.Text(engine.Source, Style.Warn);
        pen.Skip(1);
        pen.Number(engine.Pid, style: Style.Dim);
        pen.Text(" gone since ", Style.Warn);
        pen.Number(Local(engine.Time), "HH:mm:ss", style: Style.Warn);
        if (engine.Problem.Length > 0)
        {
            pen.Text(": ", Style.Warn);
            pen.Text(engine.Problem, Style.Warn);
        }
        pen.Skip(2);
    }

    private DateTime Local(long time) => TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(time / 100), zone);

    // Written from the right: clock, interval, badges. Returns where it begins.
    private int Status(Canvas canvas, Area row, Frame frame)
    {
        int x = row.Right - 8;
        if (frame.Snapshot is { Time: > 0 } snapshot)
            new Pen(canvas, row with { X = x, Width = 8 }).Number(Local(snapshot.Time), "HH:mm:ss", style: Style.Strong);
        x -= 9;
        var pen = new Pen(canvas, row with { X = x, Width = 8 });
        if (state.Interval < Feed.WholeFile) pen.Number(state.Interval.TotalSeconds, "0.##", 6, Style.Dim);
        else pen.Number(Numbers.Short, frame.Snapshot?.Seconds ?? double.NaN, 6, Style.Dim);
        pen.Text(" s", Style.Dim);
        if (state.Speed is { } speed) x = Badge(canvas, row, x, speed == 0 ? " max " : string.Create(CultureInfo.InvariantCulture, $" {speed}x "), Style.Badge);
        if (state.Past != 0 && frame.Snapshot is { } past) x = Badge(canvas, row, x, Ago(past.Time), Style.Badge);
        else if (state.Paused) x = Badge(canvas, row, x, " paused ", Style.Badge);
        return Missing(canvas, row, x, frame) - 1;
    }

    private string Ago(long time)
    {
        Span<char> age = stackalloc char[Numbers.MaxWidth];
        age = age[..Numbers.Age(Math.Max(0, state.Newest - time) / 1e9, age)];
        return string.Create(CultureInfo.InvariantCulture, $" HISTORY {TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(time / 100), zone):HH:mm:ss}, {age} ago ");
    }

    // What the numbers lack, the worst at the right; the engines' names keep some room.
    private static int Missing(Canvas canvas, Area row, int right, Frame frame)
    {
        Span<char> text = stackalloc char[48];
        for (int i = 0; i < Losses.Kinds.Length; i++)
        {
            if (!Losses.Kinds[i].Badge || frame.Losses[i] == 0) continue;
            if (!text.TryWrite(CultureInfo.InvariantCulture, $" {Losses.Kinds[i].Word} {frame.Losses[i]} ", out int n) || right - n < row.X + NamesNeed) break;
            right = Badge(canvas, row, right, text[..n], Style.WarnBadge);
        }
        return right;
    }

    private static int Badge(Canvas canvas, Area row, int right, ReadOnlySpan<char> text, Style style)
    {
        int x = right - text.Length;
        new Pen(canvas, row with { X = x, Width = text.Length }).Text(text, style);
        return x - 1;
    }

    private void Direction(Canvas canvas, Area row, string name, Row total, Sums sums, Style style)
    {
        var pen = new Pen(canvas, row);
        pen.Field(name, 6, glyphs.Ellipsis, style);
        bool measured = total.Seconds > 0;
        Quantity(ref pen, Numbers.Short, measured ? sums.OpsPerSecond : double.NaN, "/s");
        Quantity(ref pen, _throughput, measured ? sums.BytesPerSecond : double.NaN, _throughputUnit);
        Latency(ref pen, "p50", sums, 0.50, Columns.MedianNeeds);
        Latency(ref pen, "p99", sums, 0.99, Columns.TailNeeds);
        pen.Skip(1);
        pen.Text(state.LatencyUnit, Style.Dim);
    }

    private void Latency(ref Pen pen, string name, Sums sums, double p, int needs)
    {
        pen.Skip(2);
        pen.Text(name, Style.Dim);
        double us = Us(sums.Latency.Percentile(p, needs));
        pen.Number(_latency, us, NumberWidth, state.Thresholds.Of(p < 0.9 ? "p50_us" : "p99_us", us));
    }

    private void Everything(Canvas canvas, Area row, Frame frame)
    {
        Row total = frame.Total;
        bool measured = total.Seconds > 0;
        var pen = new Pen(canvas, row);
        pen.Field("total", 6, glyphs.Ellipsis, Style.Strong);
        Quantity(ref pen, Numbers.Short, Iops(total), "/s", Style.Strong);
        Quantity(ref pen, _throughput, BytesPerSecond(total), _throughputUnit, Style.Strong);
        pen.Text("  QD ", Style.Dim);
        pen.Number(Numbers.Short, measured && state.Options.Origin.Fleet is null ? total.QueueDepth : double.NaN, 5);
        pen.Text("  err", Style.Dim);
        pen.Number(Numbers.Short, Errors(total), 5, total.ErrorsPerSecond > 0 ? Style.Hot : Style.Dim);
        pen.Text(" /s", Style.Dim);
    }

    private void Summary(Canvas canvas, Area row, Frame frame)
    {
        Row total = frame.Total;
        bool measured = total.Seconds > 0;
        var pen = new Pen(canvas, row);
        Quantity(ref pen, Numbers.Short, Iops(total), "IOPS", Style.Strong);
        Quantity(ref pen, _throughput, BytesPerSecond(total), _throughputUnit, Style.Strong);
        pen.Text(" QD ", Style.Dim);
        pen.Number(Numbers.Short, measured && state.Options.Origin.Fleet is null ? total.QueueDepth : double.NaN, 4);
        pen.Text("  err ", Style.Dim);
        pen.Number(Numbers.Short, Errors(total), 0, total.ErrorsPerSecond > 0 ? Style.Hot : Style.Dim);
        pen.Text(" /s", Style.Dim);
        if (pen.Left > 31) Tails(ref pen, total);
        pen.Skip(2);
        Sparkline(canvas, row with { X = pen.X, Width = Math.Max(0, row.Right - pen.X) }, frame);
    }

    private void Tails(ref Pen pen, Row total)
    {
        pen.Text("  p99", Style.Dim);
        Tail(ref pen, " r ", total.Read, Style.Read);
        Tail(ref pen, " w ", total.Write, Style.Write);
        pen.Skip(1);
        pen.Text(state.LatencyUnit, Style.Dim);
    }

    private void Tail(ref Pen pen, string name, Sums sums, Style style)
    {
        double us = Us(sums.Latency.Percentile(0.99, Columns.TailNeeds));
        pen.Text(name, style);
        pen.Number(_latency, us, 0, state.Thresholds.Of("p99_us", us));
    }

    private static void Quantity(ref Pen pen, ShowNumber show, double value, string unit, Style style = Style.Text)
    {
        pen.Number(show, value, NumberWidth, style);
        pen.Skip(1);
        pen.Text(unit, Style.Dim);
        pen.Skip(1);
    }

    private void Sparkline(Canvas canvas, Area area, Frame frame)
    {
        double max = frame.Iops.Max(area.Width);
        if (max <= 0) return;
        for (int i = 0; i < Math.Min(area.Width, frame.Iops.Count); i++)
            glyphs.Column(canvas, area with { X = area.Right - 1 - i, Width = 1 }, frame.Iops[i] / max, Style.Accent);
    }

    // What the full height of the sparkline stands for.
    private static void Scale(Canvas canvas, Area area, Frame frame)
    {
        if (frame.Iops.Count == 0) return;
        new Pen(canvas, area.Row(0)).Number(Numbers.Short, frame.Iops.Max(area.X - SparklineX - 1), 6, Style.Dim);
        new Pen(canvas, area.Row(1)).Right("IOPS", 6, Style.Dim);
        new Pen(canvas, area.Row(2)).Right("0", 6, Style.Dim);
    }

    private static double Iops(Row row) => Told(row, Untold.Commands, row.Read.OpsPerSecond + row.Write.OpsPerSecond + row.Other.OpsPerSecond);

    private static double Errors(Row row) => Told(row, Untold.Errors, row.ErrorsPerSecond);

    private static double BytesPerSecond(Row row) => Told(row, Untold.Bytes, row.Read.BytesPerSecond + row.Write.BytesPerSecond + row.Other.BytesPerSecond);

    private static double Told(Row row, Untold needs, double value) => row.Seconds > 0 && (row.Untold & needs) == 0 ? value : double.NaN;

    private static double Us(long ns) => ns < 0 ? double.NaN : ns / 1e3;

    private static Column Of(State state, string field) => state.Views[0].Find(field)!;
}
