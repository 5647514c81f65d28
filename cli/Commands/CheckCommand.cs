using System.CommandLine;
using System.Globalization;
using Iscsitop.Cli.Checking;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Checking;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop check EXPR</c>: whether something is wrong, as a monitoring plugin says it.</summary>
internal static class CheckCommand
{
    /// <summary>Its name.</summary>
    public const string Name = "check";

    private static readonly TimeSpan s_over = TimeSpan.FromSeconds(10), s_step = TimeSpan.FromSeconds(1), s_patience = TimeSpan.FromMilliseconds(500);

    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var expression = new Argument<string?>("expr") { HelpName = "EXPR", Arity = ArgumentArity.ZeroOrOne, Description = "the condition that is critical, like 'p99.read(lun=3) > 20ms for 30s'" };
        var warning = new Option<string?>("--warning", "-w") { HelpName = "EXPR", Description = "the condition that is worth a warning" };
        var critical = new Option<string?>("--critical", "-c") { HelpName = "EXPR", Description = "the condition that is critical, the same as EXPR alone" };
        var over = new Option<string?>("--over") { HelpName = "TIME", Description = "what a figure is of: 10s unless given, 1s with a condition that lasts, and of a file all of it" };
        var needs = new Option<string?>("--min-n") { HelpName = "N", Description = "commands a latency needs to be known; otherwise 20, of p99 100, of p999 1000" };
        var output = new Option<string>("--output", "-o") { HelpName = "line|json", Description = "how the result is written; line unless given", DefaultValueFactory = _ => "line" };
        var fields = new Option<bool>("--list-fields") { Description = "list the metrics with unit and meaning" };
        var filters = new Filters();
        var capture = new CaptureWords();
        var command = new Command(Name, "Says whether a condition holds, as a plugin of monitoring systems: OK, WARNING, CRITICAL or UNKNOWN in one line, and with the exit status 0, 1, 2 or 3.") { expression };
        foreach (Option option in new Option[] { warning, critical, over, needs, output, fields }) command.Add(option);
        command.Add(filters.Expression);
        filters.AddTo(command);
        capture.AddTo(command, writes: false);
        command.SetAction(result =>
        {
            bool json = Values.Choice("output format", result.GetValue(output)!, ("line", false), ("json", true));
            if (result.GetValue(fields))
            {
                streams.Print(FieldList.Of(Name, CheckMetrics.All.Select(FieldList.Metric), json));
                return ExitCode.Success;
            }
            string? worst = result.GetValue(critical) ?? Optional(result.GetValue(expression));
            if (result.GetValue(critical) is not null && result.GetValue(expression) is not null) throw new UsageException("EXPR is what -c is: give one of them");
            if (worst is null && result.GetValue(warning) is null) throw new UsageException("a condition is wanted, like 'p99.read > 20ms' (see iscsitop check --help)");
            var origin = Origin.Of(capture, filters, result);
            RowFilter rows = filters.Rows(result) with { Expression = filters.ExpressionOf(result, "", f => f.Level is FilterLevel.Pdu or FilterLevel.List, "is of single PDUs or lists") };
            var found = new Result(Watch(result.GetValue(warning), rows, result.GetValue(needs)), Watch(worst, rows, result.GetValue(needs)), origin.IsFile);
            bool lasts = found.Watches.Any(w => w.Watch.Check.Longest > TimeSpan.Zero);
            TimeSpan interval = result.GetValue(over) is { } text ? Over(text) : lasts ? s_step : origin.IsFile ? Feed.WholeFile : s_over;
            Run(found, origin, new Wants(0, interval) { Filter = rows.Expression }, streams);
            streams.Print(json ? Plugin.Json(found) : Plugin.Line(found));
            return (int)found.State;
        });
        return command;
    }

    /// <summary>What cannot be told is UNKNOWN, and said where a monitoring system looks.</summary>
    public static int Explain(Exception e, Streams streams)
    {
        if (e is FilterException) CommandLine.Explain(e, streams);
        if (e is IOException io && Streams.IsBrokenPipe(io)) return (int)State.Unknown;
        try
        {
            streams.Print(Plugin.Line(State.Unknown, e.Message));
        }
        catch (Exception unwritten) when (unwritten is IOException or UnauthorizedAccessException)
        {
            // Nor can it be said there: on a full disk, or where standard output is closed.
            streams.Complain(unwritten.Message);
        }
        return (int)State.Unknown;
    }

    private static string? Optional(string? text) => text is null ? null : Values.Positional(text);

    private static Watch? Watch(string? text, RowFilter rows, string? needs) => text is null ? null
        : new Watch(Check.Parse(text), Narrowed(rows), needs is null ? null : Values.Count("number of commands", needs));

    /// <summary>What of snapshots counts.</summary>
    public static Narrowing Narrowed(RowFilter rows) => rows.IsEmpty ? Narrowing.None : new Narrowing(rows.Keeps, s => rows.Keeps(s));

    private static TimeSpan Over(string text)
    {
        double seconds = text.EndsWith('m') ? 60 * Seconds(text[..^1]) : text.EndsWith("ms", StringComparison.Ordinal) ? Seconds(text[..^2]) / 1e3 : Seconds(text.TrimEnd('s'));
        return seconds is >= Values.MinSeconds and <= Values.MaxSeconds ? TimeSpan.FromSeconds(seconds) : throw Values.Wrong("time", text, "from 100ms to a day, like 10s or 5m");
    }

    private static double Seconds(string text) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) ? value : double.NaN;

    // A file has its own time and is read to its end; what happens now is watched for as long as the conditions say.
    private static void Run(Result found, Origin origin, Wants wants, Streams streams)
    {
        using var stop = new Stop();
        using Feed feed = origin.Open(wants);
        stop.Listen();
        if (origin.Capture?.File.Length > 0)
        {
            while (!feed.Ended && feed.WaitForSnapshot(TimeSpan.FromDays(1), stop.Token)) found.Add(feed.Take());
            Origin.Close(feed, streams);
            return;
        }
        feed.WaitForSnapshot(s_patience, stop.Token);
        Snapshot before = feed.Take();
        found.Begin(before);
        if (before.Engines.Count == 0) return;
        TimeSpan longest = found.Watches.Max(w => w.Watch.Check.Longest);
        int intervals = Math.Max(1, (int)Math.Ceiling(longest / wants.Interval));
        for (int i = 0; i < intervals && Batch.Wait(feed.WaitForSnapshot, taken: 1, wants.Interval, stop.Token); i++) found.Add(feed.Take());
        Origin.Close(feed, streams);
    }
}
