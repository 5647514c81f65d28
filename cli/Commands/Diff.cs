using System.CommandLine;
using Iscsitop.Cli.Checking;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Checking;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop diff A [B]</c>: two recordings or captures, or two spans of one, side by side.</summary>
internal static class Diff
{
    private const string DefaultRows = "10";

    private static readonly (string Word, Action<Comparison, Stream> Value)[] s_formats =
        [("table", ComparisonText.Write), ("json", ComparisonFiles.WriteJson), ("csv", ComparisonFiles.WriteCsv), ("ndjson", ComparisonFiles.WriteNdjson), ("md", ComparisonFiles.WriteMarkdown)];

    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var a = new Argument<string?>("a") { HelpName = "A", Arity = ArgumentArity.ZeroOrOne, Description = "what was before: a recording or a capture" };
        var b = new Argument<string?>("b") { HelpName = "B", Arity = ArgumentArity.ZeroOrOne, Description = "what was after; A itself unless given" };
        var view = new Option<string>("--view") { HelpName = "lun|initiator|opcode", Description = "what is compared; lun unless given", DefaultValueFactory = _ => "lun" };
        var from = new Option<string?>("--from") { HelpName = "TIME", Description = "of A only from this time on: HH:MM[:SS], a date before it, +5m from its begin or -5m from its end" };
        var to = new Option<string?>("--to") { HelpName = "TIME", Description = "of A only up to this time" };
        var fromB = new Option<string?>("--from-b") { HelpName = "TIME", Description = "of B only from this time on" };
        var toB = new Option<string?>("--to-b") { HelpName = "TIME", Description = "of B only up to this time" };
        var rows = new Option<string>("-n") { HelpName = "ROWS", Description = "compare so many rows, those with most commands; 10 unless given", DefaultValueFactory = _ => DefaultRows };
        var output = new Option<string>("--output", "-o") { HelpName = "table|json|csv|ndjson|md", Description = "how it is written; table unless given", DefaultValueFactory = _ => "table" };
        var failIf = new Option<string?>("--fail-if") { HelpName = "EXPR", Description = "end with exit status 4 if this condition holds of B, where +20% is a change against A, like 'p99.read > +20%'" };
        var fields = new Option<bool>("--list-fields") { Description = "list the fields of -o csv with unit, type and meaning" };
        var command = new Command("diff", "Compares two recordings or captures, or two spans of one: rates, errors, and how the distribution of latencies changed.") { a, b };
        foreach (Option option in new Option[] { view, from, to, fromB, toB, rows, output, failIf, fields }) command.Add(option);
        command.SetAction(result =>
        {
            View grouped = Values.Choice("view", result.GetValue(view)!, [.. Views.All.Where(v => v.Key is "lun" or "initiator" or "opcode").Select(v => (v.Key, v))]);
            Action<Comparison, Stream> write = Values.Choice<Action<Comparison, Stream>>("output format", result.GetValue(output)!, s_formats);
            if (result.GetValue(fields))
            {
                streams.Print(FieldList.Of("diff", ComparisonFields.Of(grouped), result.GetValue(output) is "json" or "ndjson"));
                return ExitCode.Success;
            }
            if (result.GetValue(a) is not { } named) throw new UsageException("a file is wanted (see iscsitop diff --help)");
            string before = Values.FileName(named), after = result.GetValue(b) is { } other ? Values.FileName(other) : before;
            if (before == "-" && after == "-") throw new UsageException("standard input can be read once: name a file");
            int most = Values.Count("number of rows", result.GetValue(rows)!);
            Check? check = result.GetValue(failIf) is { } condition ? Check.Parse(condition, changes: true) : null;
            if (after == before && new Option[] { from, to, fromB, toB }.All(o => result.GetResult(o) is null))
                throw new UsageException("one file has nothing to be compared with but a span of its own (--from, --to, --from-b, --to-b)");
            CompareSpan first = Read(before, result.GetValue(from), result.GetValue(to), streams), second = Read(after, result.GetValue(fromB), result.GetValue(toB), streams);
            write(new Comparison(grouped, first, second, most), streams.Output);
            streams.Output.Flush();
            if (check is null) return ExitCode.Success;
            var failing = new Failing(check, Narrowing.None, streams);
            failing.Add(second.All, first.All);
            return failing.End();
        });
        return command;
    }

    private static CompareSpan Read(string file, string? from, string? to, Streams streams)
    {
        var options = new CaptureOptions { File = file };
        (long first, long last) = (0, long.MaxValue);
        if (from is not null || to is not null)
        {
            (first, last) = Bounds(options);
            (first, last) = (Time(from, first, last, first), Time(to, first, last, last));
            if (first >= last) throw new UsageException($"{file}: --from is not before --to");
        }
        using Feed feed = Origin.Opened(options, () => Feed.Open(options, new Wants(0, TimeSpan.FromSeconds(1))));
        if (feed.CanSeek && first > 0) feed.Seek(first);
        var sum = new SnapshotSum();
        long began = 0;
        while (!feed.Ended && feed.WaitForSnapshot(TimeSpan.FromDays(1), CancellationToken.None))
        {
            Snapshot snapshot = feed.Take();
            long begin = snapshot.Time - (long)(snapshot.Seconds * 1e9), middle = begin / 2 + snapshot.Time / 2;
            if (middle < first) continue;
            if (middle > last) break;
            if (sum.Count == 0) began = begin;
            sum.Add(snapshot);
        }
        Origin.Close(feed, streams);
        if (sum.Count == 0) throw new InputException($"{file} has nothing in that time");
        return new CompareSpan(file, began, sum.Take());
    }

    private static long Time(string? text, long first, long last, long otherwise)
    {
        if (text is null) return otherwise;
        return Moments.TryParse(text, last, last, first, TimeZoneInfo.Local, out long time) ? time : throw Values.Wrong("time", text, Moments.Right);
    }

    // A capture has to be read for that; what is read once only has none.
    private static (long First, long Last) Bounds(CaptureOptions options)
    {
        if (options.File == "-") throw new UsageException("of standard input there are no spans: name a file");
        using Feed feed = Origin.Opened(options, () => Feed.Open(options, new Wants(0, Feed.WholeFile)));
        if (feed.CanSeek) return feed.Span;
        feed.WaitForSnapshot(TimeSpan.FromDays(1), CancellationToken.None);
        Snapshot all = feed.Take();
        return (all.Time - (long)(all.Seconds * 1e9), all.Time);
    }
}
