using System.CommandLine;
using System.Globalization;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop record FILE [interval]</c>: writes what a screen would show to a file, for later.</summary>
internal static class Record
{
    private const string DefaultBudget = "20M";

    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "the recording, which is gone on with when it is there; - for standard output" };
        var interval = new Argument<string?>("interval") { HelpName = "interval", Arity = ArgumentArity.ZeroOrOne, Description = "seconds between snapshots; 1 unless given" };
        var pids = new Option<string[]>("--pid", "-p") { HelpName = "PID[,PID]", Description = "attach to these engines only" };
        var budget = new Option<string>("--budget") { HelpName = "SIZE", Description = "write at most so much an hour, with longer intervals where more is needed; 20M unless given, 0 for no bound", DefaultValueFactory = _ => DefaultBudget };
        var rotate = new Option<string?>("--rotate") { HelpName = "SIZE|TIME", Description = "put the file aside when it is so large or so old, like 100M or 1h" };
        var maxSize = new Option<string?>("--max-size") { HelpName = "SIZE", Description = "keep so much of all files together; the oldest are removed" };
        var maxAge = new Option<string?>("--max-age") { HelpName = "TIME", Description = "keep files put aside for so long, like 7d" };
        var events = new Option<bool>("--events") { Description = "record each probe event, too, beside the budget: what iscsitrace and iscsisnoop need" };
        var capture = new CaptureWords();
        var command = new Command("record", "Records what engines or packets show, compactly, for iscsitop -r. Ends on Ctrl-C.") { file, interval };
        foreach (Option option in new Option[] { pids, budget, rotate, maxSize, maxAge, events }) command.Add(option);
        capture.AddTo(command);
        command.SetAction(result =>
        {
            IReadOnlyList<int> engines = Values.Pids(result.GetValue(pids) ?? []);
            var origin = new Origin(engines, capture.Options(result, engines));
            TimeSpan every = result.GetValue(interval) is { } text ? Values.Interval(Values.Positional(text)) : TimeSpan.FromSeconds(1);
            string path = Values.FileName(result.GetValue(file)!);
            Retention keep = Kept(result.GetValue(rotate), result.GetValue(maxSize), result.GetValue(maxAge));
            if (path == "-" && keep != default) throw new UsageException("--rotate, --max-size and --max-age need a file");
            using EventRecorder? each = result.GetValue(events) ? new EventRecorder(origin.Capture is null ? 0 : 1) : null;
            return Run(origin, path, every, Sizes.Bytes("budget", result.GetValue(budget)!), keep, each, streams);
        });
        return command;
    }

    private static Retention Kept(string? rotate, string? maxSize, string? maxAge)
    {
        bool timed = rotate is not null && Sizes.IsTime(rotate);
        return new Retention(
            rotate is null || timed ? 0 : Sizes.Bytes("size", rotate), timed ? Sizes.Time("time", rotate!) : default,
            maxSize is null ? 0 : Sizes.Bytes("size", maxSize), maxAge is null ? default : Sizes.Time("time", maxAge));
    }

    private static int Run(Origin origin, string path, TimeSpan interval, long budget, Retention keep, EventRecorder? events, Streams streams)
    {
        if (path.Length == 0) throw new UsageException("a file is wanted: name one to record to, or - for standard output");
        if (path == "-" && streams.Interactive) throw new UsageException("a recording is nothing for a terminal: name a file");
        if (origin.Capture?.File is { Length: > 0 } read && read != "-" && IsSame(read, path)) throw new UsageException($"{path} is what is read: name another file to record to");
        using var stop = new Stop();
        // A block ends with a snapshot, and has room for the events of seconds only.
        TimeSpan between = events is not null && interval > s_longest ? interval / Math.Ceiling(interval / s_longest) : interval;
        using Feed feed = events is null ? origin.Open(new Wants(0, interval)) : origin.Open(new Wants(ProbeSet.Pdus, between), onEvent: events.Add);
        using RecordingFile? file = path == "-" ? null : Opened(path, keep);
        if (file?.CutOff > 0) streams.Complain(string.Create(CultureInfo.InvariantCulture, $"{path}: {file.CutOff} bytes of a block that was not finished cut off"));
        bool another = false;
        Action<ReadOnlyMemory<byte>, long> write = (block, time) =>
        {
            if (file is null) streams.Output.Write(block.Span);
            else Put(b => another = file.Write(b, time), path, block);
        };
        var recorder = new Recorder(write, budget, events) { Together = (int)Math.Round(interval / between) };
        recorder.OnChanged = () => streams.Complain(recorder.Merged == 1
            ? "there is room again: recording every interval"
            : string.Create(CultureInfo.InvariantCulture, $"this load needs more than {Sizes.Show(budget)} an hour: recording every {recorder.Merged * interval.TotalSeconds:0.##} s"));
        stop.Listen();
        if (path != "-") streams.Error.WriteLine($"recording to {TerminalText.Escape(path)}");
        Write(feed, recorder, between, origin.Capture is null, () => (another, another = false).Item1, streams, stop.Token);
        if (events is not null && stop.Token.IsCancellationRequested) TakeLast(feed, recorder);
        recorder.Flush();
        (long snapshots, long blocks, long bytes) = recorder.Written;
        string files = file is { Rotated: not (0, 0) } ? string.Create(CultureInfo.InvariantCulture, $", {Of(file.Rotated.Aside, "file")} put aside, {file.Rotated.Removed} removed") : "";
        if (path != "-") streams.Error.WriteLine($"{Of(snapshots, "snapshot")} in {Of(blocks, "block")}, {Sizes.Show(bytes)} written{files}");
        if (events?.Drops > 0) streams.Complain(string.Create(CultureInfo.InvariantCulture, $"{events.Drops} events not recorded: there were more at once than a block holds"));
        if (events is not null && ReportWriter.Losses(feed.Take().Engines) is { Length: > 0 } losses) streams.Complain(losses);
        Origin.Close(feed, streams);
        return ExitCode.Success;
    }

    // What engines that are there tell first is of the time before, which another recorder may have recorded.
    private static void Write(Feed feed, Recorder recorder, TimeSpan interval, bool engines, Func<bool> another, Streams streams, CancellationToken cancellation)
    {
        int taken = 0;
        bool attached = engines;
        while (!feed.Ended && !cancellation.IsCancellationRequested)
        {
            bool news;
            try
            {
                news = feed.WaitForSnapshot(interval + s_patience, cancellation);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            Snapshot snapshot = feed.Take();
            if (taken++ == 0 && snapshot.Engines.Count == 0 && attached) streams.Complain("no engine is running here yet; waiting for one (see iscsitop list)");
            foreach (EngineStatus engine in snapshot.Engines)
                if (engine is { Alive: false, Problem.Length: > 0 }) streams.Complain($"engine {engine.Pid} has ended: {engine.Problem}");
            if (snapshot.Engines.Count == 0)
            {
                if (!news) cancellation.WaitHandle.WaitOne(interval);
                continue;
            }
            if (engines && taken <= 2)
            {
                engines = false;
                continue;
            }
            recorder.Add(snapshot);
            if (another()) recorder.BeginFile();
        }
    }

    // Events that came since the last snapshot belong to one, too.
    private static void TakeLast(Feed feed, Recorder recorder)
    {
        feed.SetInterval(s_soon);
        if (feed.WaitForSnapshot(s_patience, CancellationToken.None)) recorder.Add(feed.Take());
    }

    // It would grow as fast as it is read.
    private static bool IsSame(string read, string written)
    {
        return Resolved(read) == Resolved(written);

        static string Resolved(string path) => new FileInfo(path) is { Exists: true } file ? file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName : Path.GetFullPath(path);
    }

    private static RecordingFile Opened(string path, Retention keep)
    {
        if (Directory.Exists(path)) throw new InputException($"{path} is a directory: name a file in it");
        string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        if (!Directory.Exists(directory)) throw new InputException($"{path}: there is no directory {directory}: make it, or name another file");
        try
        {
            return RecordingFile.Open(path, keep);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InputException($"{path}: you may not write it: name another file, or run as who may", e);
        }
        catch (Exception e) when (e is IOException or CaptureFormatException)
        {
            throw new InputException(e.Message.Contains(path, StringComparison.Ordinal) ? e.Message : $"{path}: {e.Message}", e);
        }
    }

    private static string Of(long count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    // What was written before is whole, and its reader leaves out what is not.
    private static void Put(Action<ReadOnlyMemory<byte>> write, string path, ReadOnlyMemory<byte> block)
    {
        try
        {
            write(block);
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException && path != "-"))
        {
            throw new IOException($"{path} cannot be written any more: {e.Message}; what is in it can be read. Make room, or bound recordings with --max-size", e);
        }
    }
}
