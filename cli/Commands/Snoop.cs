using System.CommandLine;
using System.Globalization;
using Iscsitop.Cli.Checking;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Command = System.CommandLine.Command;
using EventHandler = Iscsitop.Engine.EventHandler;

namespace Iscsitop.Cli.Commands;

/// <summary>What <c>iscsisnoop</c> was asked for.</summary>
internal sealed record SnoopOptions
{
    public Origin Origin { get; init; } = Origin.Engines;

    public RowFilter Filter { get; init; } = RowFilter.None;

    public Filter? Expression { get; init; }

    public OperationFilter Operations { get; init; } = OperationFilter.None;

    public SlowLimits Slow { get; init; } = SlowLimits.None;

    public bool Pdus { get; init; }

    public OutputFormat Output { get; init; }

    public bool ListsFields { get; init; }

    /// <summary>The Parquet files that records go to, null when they go to standard output.</summary>
    public ParquetTarget? Into { get; init; }

    public int? Count { get; init; }

    /// <summary>What ends the run with an exit status of its own when it is true of <see cref="FailCount"/> lines; null for nothing.</summary>
    public Filter? FailIf { get; init; }

    public int FailCount { get; init; } = 1;

    public LineChoice Lines { get; init; } = new(false, false, false, Began: -1);
}

/// <summary><c>iscsitop snoop</c>, installed as <c>iscsisnoop</c>: one line a completed command, or a probe firing.</summary>
internal static class Snoop
{
    private static readonly TimeSpan s_flushInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var words = new SnoopWords();
        var command = new Command("snoop", "Prints one line for each completed SCSI command, or for each probe firing. Also installed as iscsisnoop.");
        words.AddTo(command);
        command.SetAction(result => words.Options(result) is { ListsFields: true } lists ? Fields(lists, streams) : Run(words.Options(result), streams));
        return command;
    }

    private static int Fields(SnoopOptions options, Streams streams)
    {
        bool json = options.Output is OutputFormat.Json or OutputFormat.Ndjson;
        streams.Print(options.Pdus ? FieldList.Of("pdu", RecordFields.OfPdu.Select(f => f.Row), json) : FieldList.Of("command", RecordFields.OfCommand.Select(f => f.Row), json));
        return ExitCode.Success;
    }

    private static int Run(SnoopOptions options, Streams streams)
    {
        using var stop = new Stop();
        FailingLines? failing = options.FailIf is { } condition ? new FailingLines(condition, options.FailCount, options.Count, stop.Now) : null;
        if (options.Into is { } into)
        {
            return options.Pdus
                ? RunInto(into, RecordFields.OfPdu, (s, f) => OpenPdus(s, Pdus(s, failing, (in e, in x) => f.Add(e, x))), options, failing, stop, streams)
                : RunInto(into, RecordFields.OfCommand, (s, f) => OpenCommands(s, Commands(s, failing, (in c, in x) => f.Add(c, x))), options, failing, stop, streams);
        }
        var sink = new LineSink(streams.Output, options.Count, stop.Now);
        using Feed feed = options.Pdus ? OpenPdus(options, Pdus(options, sink, failing)) : OpenCommands(options, Commands(options, sink, failing));
        List<EngineStatus> gone = Follow(feed, sink.Flush, stop, streams);
        sink.Close();
        // Who reads no more has not made it untrue.
        if (sink.Failure is { } failure && !(failing?.Stopped == true && failure is IOException io && Streams.IsBrokenPipe(io))) throw failure;
        Close(feed, gone, streams);
        return failing?.End(streams) ?? ExitCode.Success;
    }

    private static int RunInto<T>(ParquetTarget into, RecordField<T>[] fields, Func<SnoopOptions, ParquetFiles<T>, Feed> open, SnoopOptions options, FailingLines? failing, Stop stop, Streams streams)
    {
        using var files = new ParquetFiles<T>(into, fields, options.Count, stop.Now);
        using Feed feed = open(options, files);
        // A file that is read has its own time.
        bool live = options.Origin.Capture is not { File.Length: > 0 };
        List<EngineStatus> gone = Follow(feed, () => { if (live) files.Tick((DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100); }, stop, streams);
        files.Complete();
        if (files.Failure is { } failure) throw failure;
        streams.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{files.Written.Records} records in {files.Written.Files} files"));
        Close(feed, gone, streams);
        return failing?.End(streams) ?? ExitCode.Success;
    }

    // Until the end; what an engine that goes says is said at once.
    private static List<EngineStatus> Follow(Feed feed, Action flush, Stop stop, Streams streams)
    {
        var gone = new List<EngineStatus>();
        stop.Listen();
        while (!stop.Token.IsCancellationRequested && !feed.Ended)
        {
            feed.Run(s_flushInterval, stop.Token);
            flush();
            if (!feed.Ended && feed.AnyGone) gone.AddRange(Gone(feed, streams));
        }
        flush();
        return gone;
    }

    private static void Close(Feed feed, List<EngineStatus> gone, Streams streams)
    {
        if (ReportWriter.Losses([.. gone, .. feed.Take().Engines]) is { Length: > 0 } losses) streams.Complain(losses);
        Origin.Close(feed, streams);
    }

    /// <summary>Says of the engines that have gone why they did.</summary>
    /// <returns>What they said of themselves last.</returns>
    public static List<EngineStatus> Gone(Feed feed, Streams streams)
    {
        List<EngineStatus> gone = feed.Take().Engines.FindAll(e => !e.Alive);
        foreach (EngineStatus engine in gone)
            if (engine.Problem.Length > 0) streams.Complain($"engine {engine.Pid} has ended: {engine.Problem}");
        return gone;
    }

    private static Feed OpenCommands(SnoopOptions options, CommandHandler handler) => options.Origin.Open(new Wants(0, TimeSpan.Zero), onCommand: handler);

    private static Feed OpenPdus(SnoopOptions options, EventHandler handler) => options.Origin.Open(new Wants(ProbeSet.All, TimeSpan.Zero), onEvent: handler);

    /// <summary>From completed commands to lines.</summary>
    public static CommandHandler Commands(SnoopOptions options, LineSink sink, FailingLines? failing = null)
    {
        LineSink.WriteLine<CompletedCommand> write = Listing.Writer(options.Output, sink, RecordFields.OfCommand, CommandLines.Columns(options.Lines));
        return Commands(options, failing, (in command, in context) => sink.Add(write, command, context));
    }

    /// <summary>From probe events to lines.</summary>
    public static EventHandler Pdus(SnoopOptions options, LineSink sink, FailingLines? failing = null)
    {
        LineSink.WriteLine<ProbeEvent> write = Listing.Writer(options.Output, sink, RecordFields.OfPdu, PduLines.Columns(options.Lines));
        return Pdus(options, failing, (in e, in context) => sink.Add(write, e, context));
    }

    private static CommandHandler Commands(SnoopOptions options, FailingLines? failing, CommandHandler add) => (in command, in context) =>
    {
        if (failing?.Stopped == true || !Keeps(options, command, context)) return;
        add(command, context);
        failing?.Ask(command, context);
    };

    private static EventHandler Pdus(SnoopOptions options, FailingLines? failing, EventHandler add) => (in e, in context) =>
    {
        if (failing?.Stopped == true) return;
        if (!options.Filter.IsEmpty && !options.Filter.Keeps(e.LunNumber, context.Target, context.Initiator, context.Connection.Remote)) return;
        if (options.Expression?.Keeps(in e, in context) == false) return;
        add(e, context);
        failing?.Ask(e, context);
    };

    private static bool Keeps(SnoopOptions options, in CompletedCommand command, in EventContext context)
    {
        if (!options.Filter.IsEmpty && !options.Filter.Keeps(command.Lun, context.Target, context.Initiator, context.Connection.Remote)) return false;
        if (options.Expression?.Keeps(in command, in context) == false) return false;
        if (!options.Operations.IsEmpty && !(Marks.Operation(command) is { } operation && options.Operations.Keeps(operation))) return false;
        return options.Slow.Keeps(command, Marks.Row(command)?.Kind ?? CommandKind.Other);
    }
}
