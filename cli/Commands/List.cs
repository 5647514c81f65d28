using System.CommandLine;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop list</c>: the engines that run here, and the probes they offer.</summary>
internal static class List
{
    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var pids = new Option<string[]>("--pid", "-p") { HelpName = "PID[,PID]", Description = "list these engines only" };
        var probes = new Option<string?>("--probes", "-l") { HelpName = "GLOB", Arity = ArgumentArity.ZeroOrOne, Description = "list probes instead, those whose name matches" };
        var capture = new CaptureWords();
        var output = new Option<string>("--output", "-o") { HelpName = "table|csv|json|ndjson|md", Description = "how the list is written; table unless given", DefaultValueFactory = _ => "table" };
        var ndjson = new Option<bool>("-j") { Description = "the same as -o ndjson" };
        var fields = new Option<bool>("--list-fields") { Description = "list the fields, with -l of probes, with type and meaning" };
        var command = new Command("list", "Lists the engines that run here: what they observe and who uses them; or their probes.");
        foreach (Option option in new Option[] { pids, probes, output, ndjson, fields }) command.Add(option);
        capture.AddTo(command);
        command.SetAction(result =>
        {
            OutputFormat format = result.GetValue(ndjson) ? OutputFormat.Ndjson : Values.Choice<OutputFormat>("output format", result.GetValue(output)!, Top.Formats);
            if (result.GetValue(fields))
            {
                bool json = format is OutputFormat.Json or OutputFormat.Ndjson;
                streams.Print(result.GetResult(probes) is null ? FieldList.Of("engine", ListFields.OfEngine.Select(f => f.Row), json) : FieldList.Of("probe", ListFields.OfProbe.Select(f => f.Row), json));
                return ExitCode.Success;
            }
            IReadOnlyList<int> wanted = Values.Pids(result.GetValue(pids) ?? []);
            uint? mask = result.GetResult(probes) is null ? null : Matching(result.GetValue(probes) ?? "*");
            using Feed? feed = capture.Options(result, wanted) is { } packets ? new Origin([], packets).Open(new Wants(0, Feed.WholeFile)) : null;
            List<EngineListing> engines = feed is null ? Engines(wanted) : Packets(feed);
            if (mask is { } some) Write(Offered(engines, some), ListFields.OfProbe, ListFields.ProbeColumns, format, streams);
            else if (engines.Count == 0 && format == OutputFormat.Table) streams.Print("no engine is running here (start one with iscsitop target)\n");
            else Write(engines, ListFields.OfEngine, ListFields.EngineColumns, format, streams);
            if (feed is not null) Origin.Close(feed, streams);
            return ExitCode.Success;
        });
        return command;
    }

    private static uint Matching(string glob) => ProbeSet.Match(glob) is > 0 and var mask
        ? mask
        : throw Values.Wrong("probe", glob, "a name or pattern like scsi-*; iscsitop list --probes lists them");

    // A file is read to its end, an interface is opened: what there is then. A recording has those of its time, and no probes.
    private static List<EngineListing> Packets(Feed feed)
    {
        feed.WaitForSnapshot(TimeSpan.FromSeconds(2), CancellationToken.None);
        return [.. feed.Take().Engines.Select(e => new EngineListing(
            e.Pid, "", e.Source, e.Version, feed.Recorded ? 0 : ProbeSet.All, feed.Recorded ? 0 : ProbeSet.Commands, e.Connections, e.Sessions, Subscribers: 0))];
    }

    private static List<EngineListing> Engines(IReadOnlyList<int> pids)
    {
        List<EngineListing> engines = [.. Feed.Discover().Where(e => pids.Count == 0 || pids.Contains(e.Pid))];
        foreach (int pid in pids)
            if (!engines.Exists(e => e.Pid == pid))
                throw new InputException($"no engine with process id {pid} (iscsitop list shows those there are)");
        return engines;
    }

    private static List<OfferedProbe> Offered(List<EngineListing> engines, uint mask)
    {
        List<OfferedProbe> probes = [];
        foreach (EngineListing engine in engines)
            for (int i = 0; i < ProbeSet.Count; i++)
                if ((mask & engine.Probes & (1u << i)) != 0)
                    probes.Add(new OfferedProbe(probes.Count + 1, engine, (Probe)i));
        return probes;
    }

    private static void Write<T>(List<T> items, RecordField<T>[] fields, LineColumn<T>[] columns, OutputFormat format, Streams streams)
    {
        var sink = new LineSink(streams.Output, null, () => { });
        LineSink.WriteLine<T> write = Listing.Writer(format, sink, fields, columns, items);
        foreach (T item in items) sink.Add(write, item, default);
        sink.Close();
        if (sink.Failure is { } failure) throw failure;
    }
}
