using System.Diagnostics;
using Iscsitop.Cli.Checking;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Top.Asking;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Commands;

/// <summary>Reports one after another: what <c>iscsitop</c> does without a full screen.</summary>
internal static class Batch
{
    // How long a report waits for engines that are late before it is made of what has come.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Reports from the engines there are until the count is reached or a signal comes.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="streams">Where they go.</param>
    /// <param name="asked">The D program whose view they are of; null for none.</param>
    public static int Run(TopOptions options, Streams streams, Asked? asked = null)
    {
        if (asked is { IsFile: true } && options.Interval < Feed.WholeFile) throw new UsageException("the view of a D program is of a whole file: no interval can be given");
        using var stop = new Stop();
        using Feed feed = options.Origin.Open(new Wants(0, options.Interval) { Filter = options.Expression });
        options = options.With(feed);
        // What an engine has seen before, it cannot tell command by command.
        if (options is { Expression.NeedsCommands: true, Origin.Capture: null }) options = options with { SkipFirst = true };
        // Nor was its program there before it began.
        if (asked is { IsFile: false }) options = options with { SkipFirst = true };
        if (asked is not null && options.Output != OutputFormat.Table && options.Fields.Count == 0) options = options with { Fields = AskedColumns.OfFiles(options.View) };
        stop.Listen();
        using ProgressLine? progress = ProgressLine.For(streams, () => feed.Progress);
        int code = Run(options, streams, feed.WaitForSnapshot, Take, stop.Token, () => feed.Ended);
        Origin.Close(feed, streams);
        return code;

        Snapshot Take()
        {
            progress?.Dispose();
            asked?.WaitForEnd();
            asked?.Look();
            return feed.Take();
        }
    }

    /// <summary>The loop, with what it waits for and takes from as parameters.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(
        TopOptions options, Streams streams, Func<TimeSpan, CancellationToken, bool> wait, Func<Snapshot> take, CancellationToken cancellation, Func<bool>? ended = null)
    {
        ReportWriter writer = ReportWriter.For(options.Output, streams, options.Color);
        var report = new Report(options);
        var summary = new Summary();
        Failing? failing = options.FailIf is { } check ? new Failing(check, report.Narrowing, streams) : null;
        int taken = 0, written = 0;
        string problem = "";
        while (failing?.Stopped != true && written < (options.Count ?? int.MaxValue) && ended?.Invoke() != true && (Wait(wait, taken, options.Interval, cancellation) || taken == 0))
        {
            report.Build(take());
            foreach (EngineStatus engine in report.Snapshot.Engines)
                if (engine is { Alive: false, Problem.Length: > 0 }) streams.Complain($"engine {engine.Pid} has ended: {engine.Problem}");
            if (report.Snapshot.Fleet is { } fleet && fleet.Problem != problem)
                streams.Complain((problem = fleet.Problem).Length > 0 ? $"{fleet.Server}: {problem}" : $"{fleet.Server}: answers again");
            if (report.Snapshot is { Fleet: not null, Engines.Count: 0 } && taken == 0) streams.Complain(options.View.Nothing);
            if (taken++ == 0 && report.Snapshot.Engines.Count == 0 && options.Origin is { Capture: null, Fleet: null })
                streams.Complain("no engine is running here yet; waiting for one (see iscsitop list)");
            // What an engine has seen before it was asked is no interval.
            if (taken == 1 && (options.SkipFirst || !options.Origin.IsFile)) failing?.Begin(report.Snapshot);
            else failing?.Add(report.Snapshot);
            if (taken == 1 && options.SkipFirst) continue;
            try
            {
                writer.Write(report);
            }
            catch (IOException e) when (failing?.Stopped == true && Streams.IsBrokenPipe(e))
            {
                // Who reads no more has not made it untrue.
                return failing.End();
            }
            summary.Add(report);
            written++;
        }
        writer.End();
        if (cancellation.IsCancellationRequested && options.Output == OutputFormat.Table)
            streams.Print(summary.Line(options.Units.Latency, options.Units.LatencyUnit));
        else if (ReportWriter.Losses(report.Snapshot.Engines) is { Length: > 0 } losses)
            streams.Complain(losses);
        return failing?.End() ?? ExitCode.Success;
    }

    // False when it is time to end. A report is due at the interval's end whether all engines delivered or not.
    internal static bool Wait(Func<TimeSpan, CancellationToken, bool> wait, int taken, TimeSpan interval, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        try
        {
            TimeSpan due = taken == 0 ? TimeSpan.Zero : interval;
            if (!wait(due + s_patience, cancellation)) cancellation.WaitHandle.WaitOne(Max(due - waited.Elapsed));
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        return !cancellation.IsCancellationRequested;
    }

    private static TimeSpan Max(TimeSpan left) => left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
