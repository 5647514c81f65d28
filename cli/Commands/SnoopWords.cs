using System.CommandLine;
using Iscsitop.Cli.Configuration;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli.Commands;

/// <summary>The options of <c>iscsisnoop</c>.</summary>
internal sealed class SnoopWords
{
    private readonly Filters _filters = new();
    private readonly CaptureWords _capture = new();
    private readonly Option<bool> _pdu = new("--pdu") { Description = "one line for each probe firing instead of each completed command" };
    private readonly Option<string[]> _op = new("--op") { HelpName = "OP[,OP]", Description = "only these commands: names with * and ?, numbers like 0x28, or read, write, other" };
    private readonly Option<string> _slow = new("--slow") { HelpName = "DUR[:read=DUR][:write=DUR]", Description = "only commands that took at least so long, like 20ms" };
    private readonly Option<string> _count = new("-c") { HelpName = "N", Description = "end after so many lines" };
    private readonly Option<string?> _failIf = new("--fail-if") { HelpName = "EXPR", Description = "end with exit status 4 as soon as this expression is true of a line, like 'lat>20ms || status!=good'" };
    private readonly Option<string?> _failCount = new("--fail-count") { HelpName = "N", Description = "end so when --fail-if was true of so many lines; 1 unless given" };
    private readonly Option<bool> _extended = new("--extended", "-x") { Description = "show sequence numbers and the phases of a command too" };
    private readonly Option<bool> _wall = new("-T") { Description = "show the time of day" };
    private readonly Option<bool> _hex = new("-H") { Description = "show the CDB in hex" };
    private readonly Option<string> _output = new("--output", "-o") { HelpName = "table|csv|json|ndjson|md|parquet", Description = "how lines are written", DefaultValueFactory = _ => "table" };
    private readonly Option<string?> _into = new("--into") { HelpName = "FILE", Description = "write the records of -o parquet to this file" };
    private readonly Option<string[]> _rotate = new("--rotate") { HelpName = "SIZE|TIME[,SIZE|TIME]", Description = "begin another file when it is so large or so old, like 100M,1h" };
    private readonly Option<string?> _names = TopWords.NamesOption();
    private readonly Option<string?> _config = ConfigCommand.FileOption();
    private readonly Option<bool> _fields = new("--list-fields") { Description = "list the fields with unit, type and meaning" };
    private readonly Option<bool> _ndjson = new("-j") { Description = "the same as -o ndjson" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _pdu, _op, _slow, _count, _failIf, _failCount, _extended, _wall, _hex, _output, _ndjson, _fields, _into, _rotate, _names, _config }) command.Add(option);
        command.Add(_filters.Expression);
        _filters.AddTo(command);
        _capture.AddTo(command);
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="UsageException">It makes no sense.</exception>
    public SnoopOptions Options(ParseResult result)
    {
        Settings settings = SettingsFile.Load(result.GetValue(_config), Environment.GetEnvironmentVariable);
        (OutputFormat format, bool parquet) = result.GetValue(_ndjson)
            ? (OutputFormat.Ndjson, false)
            : Values.Choice<(OutputFormat, bool)>("output format", result.GetValue(_output)!, [.. Top.Formats.Select(f => (f.Word, (f.Value, false))), ("parquet", (OutputFormat.Table, true))]);
        var options = new SnoopOptions
        {
            Origin = Origin.Of(_capture, _filters, result),
            Filter = _filters.Rows(result),
            Expression = Known(_filters.ExpressionOf(result, "", _ => false, ""), result.GetValue(_pdu)),
            FailIf = result.GetValue(_failIf) is { } condition ? Known(Filter.Parse(condition), result.GetValue(_pdu)) : null,
            FailCount = result.GetValue(_failCount) is { } lines ? Values.Count("number of lines", lines) : 1,
            Operations = new OperationFilter(Values.Items(result.GetValue(_op) ?? [])),
            Slow = result.GetValue(_slow) is string slow ? SlowLimits.Parse(slow) : SlowLimits.None,
            Pdus = result.GetValue(_pdu),
            Output = format,
            ListsFields = result.GetValue(_fields),
            Into = Into(result, parquet && !result.GetValue(_fields)),
            Count = result.GetValue(_count) is string count ? Values.Count("number of lines", count) : null,
            Lines = new LineChoice(result.GetValue(_extended), result.GetValue(_wall), result.GetValue(_hex), Began: -1)
            {
                Naming = new Naming(Values.Choice<NameStyle>("names", result.GetValue(_names) ?? settings.Names, Naming.Words), settings.Aliases),
            },
        };
        if (options.Pdus && !(options.Operations.IsEmpty && options.Slow == SlowLimits.None))
            throw new UsageException("--op and --slow choose completed commands and cannot go with --pdu");
        if (options.FailIf is null && result.GetResult(_failCount) is { Implicit: false }) throw new UsageException("--fail-count needs --fail-if");
        return options;
    }

    private ParquetTarget? Into(ParseResult result, bool parquet)
    {
        string? path = result.GetValue(_into);
        IReadOnlyList<string> rotate = Values.Items(result.GetValue(_rotate) ?? []);
        if (!parquet)
        {
            if (path is not null || rotate.Count > 0) throw new UsageException("--into and --rotate need -o parquet");
            return null;
        }
        if (path is null) throw new UsageException("-o parquet needs --into FILE: Parquet is nothing for a terminal or a pipe");
        if (path is "" or "-") throw Values.Wrong("file", path, "its path: a Parquet file ends with what was written before, so that a pipe cannot have it");
        // What is renamed to it would take a device's place.
        if (!OperatingSystem.IsWindows() && Path.GetFullPath(path) is var full && full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal))
            throw Values.Wrong("file", path, "a file, and no device");
        var into = new ParquetTarget(path);
        foreach (string item in rotate)
            into = Sizes.IsTime(item) ? into with { RotateAge = Sizes.Time("time", item) } : into with { RotateBytes = Sizes.Bytes("size", item) };
        return into;
    }

    // What can never be known would print nothing, and leave one wondering.
    private static Filter? Known(Filter? filter, bool pdus)
    {
        if (pdus) filter?.Refuse(f => f.Type == FilterType.Duration, "is known of completed commands, not of PDUs (without --pdu it is)");
        else filter?.Refuse(f => f.Level == FilterLevel.Pdu, "is of single PDUs (with --pdu it is known)");
        filter?.Refuse(f => f.Level == FilterLevel.List, "is known of the lists of iscsitop only");
        return filter;
    }
}
