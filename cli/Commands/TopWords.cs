using System.CommandLine;

namespace Iscsitop.Cli.Commands;

/// <summary>The options and arguments of the root command: what help, completions and the man page tell of.</summary>
internal sealed class TopWords
{
    public Filters Filters { get; } = new();

    public CaptureWords Capture { get; } = new();

    public FleetWords Fleet { get; } = new();

    public Option<bool> Batch { get; } = new("--batch", "-b") { Description = "print reports instead of the full screen; so does any output that is no terminal" };

    public Option<bool> Below { get; } = new("-c") { Description = "print each report below the one before" };

    public Option<string> View { get; } = new("--view")
    {
        HelpName = string.Join('|', Views.All.Select(v => v.Key)),
        Description = "what a row is, or a D view of the configuration by its name; lun unless given",
        DefaultValueFactory = _ => Views.All[0].Key,
    };

    public Option<string> SortDescending { get; } = new("-s") { HelpName = "KEY", Description = "sort by a field or header, highest first; -s help lists them" };

    public Option<string> SortAscending { get; } = new("-S") { HelpName = "KEY", Description = "sort by a field or header, lowest first" };

    public Option<string> Rows { get; } = new("-n") { HelpName = "ROWS", Description = "show at most so many rows" };

    public Option<string[]> Fields { get; } = new("--fields", "-F") { HelpName = "A[,B]", Description = "show these fields in this order" };

    public Option<bool> ListFields { get; } = new("--list-fields") { Description = "list the fields of the view with unit, type and meaning" };

    public Option<bool> Extended { get; } = new("--extended", "-X") { Description = "show the extended columns too" };

    public Option<bool> Decompose { get; } = new("--decompose") { Description = "show where the time of reads and writes went, and whose it was" };

    public Option<string> Heat { get; } = new("--heat")
    {
        HelpName = string.Join('|', HeatColumns.Modes.Select(m => m.Word)),
        Description = "which durations the heat map is of; lat unless given",
        DefaultValueFactory = _ => HeatColumns.Modes[0].Word,
    };

    public Option<string> Align { get; } = new("--align")
    {
        HelpName = "BYTES",
        Description = "what reads and writes are to be aligned to, a power of two from 512 to 1048576; 4096 unless given",
    };

    public Option<string> Output { get; } = new("--output", "-o")
    {
        HelpName = "table|csv|json|ndjson|md",
        Description = "how reports are written; table unless given",
        DefaultValueFactory = _ => "table",
    };

    public Option<bool> Ndjson { get; } = new("-j") { Description = "the same as -o ndjson" };

    public Option<string> Stamp { get; } = new("-d") { HelpName = "u|d", Description = "put the time above each report, in seconds since 1970 (u) or as a date (d)" };

    public Option<string> Unit { get; } = new("--unit", "-m")
    {
        HelpName = "us|ms|s",
        Description = "unit of latencies in tables; ms unless given",
        DefaultValueFactory = _ => "ms",
    };

    public Option<bool> Binary { get; } = new("-B") { Description = "show MiB and KiB instead of MB and kB in tables" };

    public Option<bool> SkipFirst { get; } = new("-y") { Description = "leave out the first report, which covers the time since the engine began to look" };

    public Option<string?> FailIf { get; } = new("--fail-if") { HelpName = "EXPR", Description = "end with exit status 4 as soon as a report shows that this condition holds, like 'p99.read > 20ms for 30s'" };

    public Option<string> Color { get; } = new("--color")
    {
        HelpName = "auto|always|never|16|256|true",
        Description = "use colours and styles; auto honours NO_COLOR, a number says how many the screen may use",
        DefaultValueFactory = _ => "auto",
    };

    public Option<bool> Ascii { get; } = new("--ascii") { Description = "draw the full screen with 7-bit characters only; so does a locale that is not UTF-8" };

    public Option<string?> Names { get; } = NamesOption();

    public Option<string?> Config { get; } = ConfigCommand.FileOption();

    public Argument<string?> Interval { get; } = new("interval") { Arity = ArgumentArity.ZeroOrOne, Description = "seconds between reports, from 0.1; 1 unless given" };

    public Argument<string?> Count { get; } = new("count") { Arity = ArgumentArity.ZeroOrOne, Description = "reports until the end; no end unless given" };

    public ColorChoice ColorOf(ParseResult result, string otherwise) => Values.Choice("colour", Of(result, Color, otherwise),
        ("auto", ColorChoice.Auto), ("always", ColorChoice.Always), ("never", ColorChoice.Never),
        ("16", ColorChoice.Sixteen), ("256", ColorChoice.Indexed), ("true", ColorChoice.Full));

    /// <summary>What initiators and targets are called.</summary>
    public static Option<string?> NamesOption() => new("--names")
    {
        HelpName = "iqn|beginning|alias|ip",
        Description = "what tables call initiators and targets; alias unless given, which is the name where there is none",
    };

    /// <summary>What an option says when it is given, else what the configuration says.</summary>
    public static string Of(ParseResult result, Option<string> option, string otherwise) =>
        result.GetResult(option) is { Implicit: false } ? result.GetValue(option)! : otherwise;

    /// <summary>What says how the screen looks, whatever it shows: a command that brings what is shown has only these.</summary>
    public IEnumerable<Option> Screen => [View, SortDescending, SortAscending, Rows, Fields, ListFields, Extended, Decompose, Heat, Align, Unit, Binary, Color, Ascii, Names, Config];

    public void AddTo(Command command)
    {
        command.Add(Interval);
        command.Add(Count);
        foreach (Option option in new Option[] { Batch, Below, View, SortDescending, SortAscending, Rows, Fields, ListFields, Extended, Decompose, Heat, Align, Output, Ndjson, Stamp, Unit, Binary, SkipFirst, FailIf, Color, Ascii, Names, Config })
            command.Add(option);
        command.Add(Filters.Expression);
        Filters.AddTo(command);
        Capture.AddTo(command);
        Fleet.AddTo(command);
    }
}
