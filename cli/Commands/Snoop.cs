using System.CommandLine;
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

    public int? Count { get; init; }

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
        var sink = new LineSink(streams.Output, options.Count, stop.Now);
        using Feed feed = options.Pdus ? OpenPdus(options, sink) : OpenCommands(options, sink);
        var gone = new List<EngineStatus>();
        stop.Listen();
        while (!stop.Token.IsCancellationRequested && !feed.Ended)
        {
            feed.Run(s_flushInterval, stop.Token);
            sink.Flush();
            if (!feed.Ended && feed.AnyGone) gone.AddRange(Gone(feed, streams));
        }
        sink.Close();
        if (sink.Failure is { } failure) throw failure;
        if (ReportWriter.Losses([.. gone, .. feed.Take().Engines]) is { Length: > 0 } losses) streams.Complain(losses);
        Origin.Close(feed, streams);
        return ExitCode.Success;
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

    private static Feed OpenCommands(SnoopOptions options, LineSink sink)
    {
        CommandHandler handler = Commands(options, sink);
        return options.Origin.Open(new Wants(0, TimeSpan.Zero), onCommand: handler);
    }

    private static Feed OpenPdus(SnoopOptions options, LineSink sink)
    {
        EventHandler handler = Pdus(options, sink);
        return options.Origin.Open(new Wants(ProbeSet.All, TimeSpan.Zero), onEvent: handler);
    }

    /// <summary>From completed commands to lines.</summary>
    public static CommandHandler Commands(SnoopOptions options, LineSink sink)
    {
        LineSink.WriteLine<CompletedCommand> write = Writer(options, sink, RecordFields.OfCommand, CommandLines.Columns(options.Lines));
        return (in command, in context) =>
        {
            if (Keeps(options, command, context)) sink.Add(write, command, context);
        };
    }

    /// <summary>From probe events to lines.</summary>
    public static EventHandler Pdus(SnoopOptions options, LineSink sink)
    {
        LineSink.WriteLine<ProbeEvent> write = Writer(options, sink, RecordFields.OfPdu, PduLines.Columns(options.Lines));
        return (in e, in context) =>
        {
            if ((options.Filter.IsEmpty || options.Filter.Keeps(e.LunNumber, context.Target, context.Initiator, context.Connection.Remote))
                && options.Expression?.Keeps(in e, in context) != false)
                sink.Add(write, e, context);
        };
    }

    private static LineSink.WriteLine<T> Writer<T>(SnoopOptions options, LineSink sink, RecordField<T>[] fields, IReadOnlyList<LineColumn<T>> columns)
    {
        switch (options.Output)
        {
            case OutputFormat.Ndjson:
                return new Records<T>(fields).Write;
            case OutputFormat.Json:
                var array = new JsonRecords<T>(fields);
                (sink.Heading, sink.Closing) = (array.Open, array.Close);
                return array.Write;
            case OutputFormat.Csv:
                var csv = new CsvRecords<T>(fields);
                sink.Heading = csv.WriteHeader;
                return csv.Write;
            case OutputFormat.Markdown:
                var markdown = new MarkdownLines<T>(columns);
                sink.Heading = markdown.WriteHeader;
                return markdown.Write;
            default:
                var table = new LineTable<T>(columns);
                sink.Heading = table.WriteHeader;
                return table.Write;
        }
    }

    private static bool Keeps(SnoopOptions options, in CompletedCommand command, in EventContext context)
    {
        if (!options.Filter.IsEmpty && !options.Filter.Keeps(command.Lun, context.Target, context.Initiator, context.Connection.Remote)) return false;
        if (options.Expression?.Keeps(in command, in context) == false) return false;
        if (!options.Operations.IsEmpty && !(Marks.Operation(command) is { } operation && options.Operations.Keeps(operation))) return false;
        return options.Slow.Keeps(command, Marks.Row(command)?.Kind ?? CommandKind.Other);
    }
}
