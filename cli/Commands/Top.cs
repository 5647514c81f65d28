using System.CommandLine;
using Iscsitop.Cli.Configuration;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Top;
using Iscsitop.Cli.Top.Asking;
using Iscsitop.Engine;
using Iscsitop.Engine.Checking;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop [options] [interval [count]]</c>: the full screen on a terminal, reports below each other else.</summary>
internal static class Top
{
    /// <summary>The words of <c>-o</c>.</summary>
    internal static readonly (string Word, OutputFormat Value)[] Formats =
        [("table", OutputFormat.Table), ("csv", OutputFormat.Csv), ("json", OutputFormat.Json), ("ndjson", OutputFormat.Ndjson), ("md", OutputFormat.Markdown)];

    private static readonly (string Word, ShowNumber Value)[] s_units =
        [("us", Numbers.Microseconds), ("ms", Numbers.Milliseconds), ("s", Numbers.Seconds)];

    /// <summary>Gives the root command its options and its action.</summary>
    public static void Configure(RootCommand root, Streams streams)
    {
        var words = new TopWords();
        words.AddTo(root);
        root.SetAction(result => Run(words, result, streams));
    }

    private static int Run(TopWords words, ParseResult result, Streams streams)
    {
        var origin = Origin.Of(words.Capture, words.Filters, result);
        if (words.Fleet.Options(result, Environment.GetEnvironmentVariable) is { } fleet)
            origin = origin is { Capture: null, Pids.Count: 0 } ? origin with { Fleet = fleet } : throw new UsageException("--prometheus cannot go with -p, -i or -r: a fleet has neither engines nor packets");
        TopOptions options = Options(words, result, origin, out Asked? asked);
        using Asked? ends = asked;
        if (ListsFields(words, result, options.View, streams)) return ExitCode.Success;
        bool batch = result.GetValue(words.Batch) || result.GetValue(words.Below) || options.Output != OutputFormat.Table || !streams.Interactive;
        if (!batch && options.FailIf is not null) throw new UsageException("--fail-if is asked of reports (-b)");
        return batch ? Batch.Run(options, streams, asked) : Cli.Top.App.Run(options, asked);
    }

    // A D view runs from here on: its columns are what the options are about.
    private static Asked Ask(string program, string name, Origin origin, bool ascii)
    {
        Glyphs glyphs = ascii ? Glyphs.Ascii : Cli.Top.App.GlyphsFor(Environment.GetEnvironmentVariable);
        var asker = new Asker(origin, () => Feed.Discover().Where(e => e.Problem.Length == 0 && (origin.Pids.Count == 0 || origin.Pids.Contains(e.Pid))).Select(e => e.Pid), glyphs,
            (wants, onEvent) => origin.Open(wants, onEvent));
        Reply reply = asker.Ask(program, name, out Asked? asked);
        return asked ?? throw new UsageException($"view {name}: {reply.Complaint}");
    }

    /// <summary>Lists the fields of the view when that was asked for.</summary>
    internal static bool ListsFields(TopWords words, ParseResult result, View view, Streams streams)
    {
        bool lists = result.GetValue(words.SortDescending) == "help" || result.GetValue(words.SortAscending) == "help" || result.GetValue(words.ListFields);
        bool json = result.GetValue(words.Ndjson) || result.GetValue(words.Output) is "json" or "ndjson";
        if (lists) streams.Print(FieldList.Of(view.Key, view.Columns.Select(FieldList.Column), json));
        return lists;
    }

    /// <summary>What the words of a command line and the configuration ask for.</summary>
    /// <param name="words">The words there are.</param>
    /// <param name="result">Those that were given.</param>
    /// <param name="origin">Where snapshots come from.</param>
    /// <param name="asked">The D program whose view was asked for, which runs from here on; null for none.</param>
    internal static TopOptions Options(TopWords words, ParseResult result, Origin origin, out Asked? asked)
    {
        Settings settings = SettingsFile.Load(result.GetValue(words.Config), Environment.GetEnvironmentVariable);
        string unit = TopWords.Of(result, words.Unit, settings.Unit);
        var units = new DisplayUnits(Values.Choice<ShowNumber>("unit", unit, s_units), unit, result.GetValue(words.Binary) || settings.Binary)
        {
            Align = result.GetValue(words.Align) is string align ? Values.PowerOfTwo("alignment", align, 512, 1048576) : DisplayUnits.StandardAlignment,
            Zone = TimeZoneInfo.Local,
        };
        bool fleet = origin.Fleet is not null;
        IReadOnlyList<View> views = [.. (fleet ? FleetViews.All : Views.All).Select(v => v.In(units))];
        string word = TopWords.Of(result, words.View, settings.View);
        if (fleet) word = ViewOfFleet(word, given: result.GetResult(words.View) is { Implicit: false });
        bool ascii = result.GetValue(words.Ascii) || settings.Ascii;
        asked = settings.DViews.TryGetValue(word, out string? program) ? Ask(program, word, origin, ascii) : null;
        View view = asked?.Views[0]
            ?? Values.Choice("view", word, [.. views.Select(v => (v.Key, (View?)v)), .. settings.DViews.Keys.Order(StringComparer.Ordinal).Select(d => (d, (View?)null))])!;
        string? ascending = result.GetValue(words.SortAscending), descending = result.GetValue(words.SortDescending);
        string configured = settings.Sort.GetValueOrDefault(view.Key, "");
        string? rows = result.GetValue(words.Rows);
        string? count = result.GetValue(words.Count);
        return new TopOptions
        {
            Origin = origin,
            Filter = words.Filters.Rows(result),
            Expression = fleet
                ? words.Filters.ExpressionOf(result, settings.Filter, f => f.Level != FilterLevel.Cell && f.Level != FilterLevel.Connection || f.Name == "op", "is nothing that a Prometheus server tells")
                : words.Filters.ExpressionOf(result, settings.Filter, f => f.Level == FilterLevel.Pdu, "is of single PDUs (iscsisnoop --pdu has them)"),
            Interval = result.GetValue(words.Interval) is string s ? Values.Interval(Values.Positional(s))
                : settings.Interval is { } seconds ? TimeSpan.FromSeconds(seconds) : fleet ? TimeSpan.Zero : origin.IsFile ? Feed.WholeFile : TimeSpan.FromSeconds(1),
            Count = count is null ? null : Values.Count("count", Values.Positional(count)),
            View = view,
            AllViews = views,
            Units = units,
            Fields = [.. Values.Items(result.GetValue(words.Fields) ?? []).Select(f => Find("field", view, f))],
            SortBy = SortKey(view, ascending ?? descending ?? (configured.Length > 0 ? configured.TrimStart('+') : null)),
            Ascending = ascending is not null || (descending is null && configured.StartsWith('+')),
            Rows = rows is not null ? Values.Count("number of rows", rows) : settings.Rows > 0 ? settings.Rows : null,
            Extended = result.GetValue(words.Extended) || settings.Extended,
            Decomposed = result.GetValue(words.Decompose),
            Heat = Values.Choice("kind of durations", result.GetValue(words.Heat)!, [.. HeatColumns.Modes.Select((m, i) => (m.Word, (HeatMode)i))]),
            Names = Values.Choice<NameStyle>("names", result.GetValue(words.Names) ?? settings.Names, Naming.Words),
            Ascii = ascii,
            Settings = settings,
            Color = words.ColorOf(result, settings.Color),
            Output = result.GetValue(words.Ndjson) ? OutputFormat.Ndjson : Values.Choice<OutputFormat>("output format", TopWords.Of(result, words.Output, Formats[0].Word), Formats),
            Stamp = result.GetValue(words.Stamp) is string stamp ? Values.Choice("timestamp", stamp, ("u", Stamp.Unix), ("d", Stamp.Date)) : Stamp.None,
            SkipFirst = result.GetValue(words.SkipFirst),
            FailIf = result.GetValue(words.FailIf) is { } condition ? Check.Parse(condition) : null,
        };
    }

    // What the configuration says is meant for engines, too.
    private static string ViewOfFleet(string word, bool given)
    {
        if (FleetViews.All.Any(v => v.Key == word)) return word;
        string right = string.Join(", ", FleetViews.All.Select(v => v.Key));
        return given ? throw Values.Wrong("view", word, "with --prometheus one of " + right) : FleetViews.All[0].Key;
    }

    private static string SortKey(View view, string? word) => word is null or "help" ? view.SortBy : Find("sort key", view, word).Field;

    // A header is as good a key as a field: people type what they see.
    private static Column Find(string what, View view, string word) =>
        view.Find(word)
        ?? view.Columns.FirstOrDefault(c => c.Header.Equals(word, StringComparison.OrdinalIgnoreCase))
        ?? throw Values.Wrong(what, word, "one of " + string.Join(", ", view.Columns.Select(c => c.Field)));
}
