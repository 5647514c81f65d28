using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop list</c>: the engines that run here, and the probes they offer.</summary>
internal static class List
{
    private enum Format
    {
        Table,
        Json,
        Ndjson,
    }

    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var pids = new Option<string[]>("--pid", "-p") { HelpName = "PID[,PID]", Description = "list these engines only" };
        var probes = new Option<string?>("--probes", "-l") { HelpName = "GLOB", Arity = ArgumentArity.ZeroOrOne, Description = "list probes instead, those whose name matches" };
        var capture = new CaptureWords();
        var output = new Option<string>("--output", "-o") { HelpName = "table|json|ndjson", Description = "how the list is written", DefaultValueFactory = _ => "table" };
        var ndjson = new Option<bool>("-j") { Description = "the same as -o ndjson" };
        var command = new Command("list", "Lists the engines that run here: what they observe and who uses them; or their probes.");
        foreach (Option option in new Option[] { pids, probes, output, ndjson }) command.Add(option);
        capture.AddTo(command);
        command.SetAction(result =>
        {
            Format format = result.GetValue(ndjson) ? Format.Ndjson
                : Values.Choice("output format", result.GetValue(output)!, ("table", Format.Table), ("json", Format.Json), ("ndjson", Format.Ndjson));
            IReadOnlyList<int> wanted = Values.Pids(result.GetValue(pids) ?? []);
            uint? mask = result.GetResult(probes) is null ? null : Matching(result.GetValue(probes) ?? "*");
            using Feed? feed = capture.Options(result, wanted) is { } packets ? new Origin([], packets).Open(new Wants(0, Feed.WholeFile)) : null;
            List<EngineListing> engines = feed is null ? Engines(wanted) : Packets(feed);
            streams.Print(mask is { } some ? Probes(engines, some, format) : Engines(engines, format));
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

    private static string Engines(List<EngineListing> engines, Format format)
    {
        if (format != Format.Table) return Json(format, engines, Engine);
        if (engines.Count == 0) return "no engine is running here (start one with iscsitop target)\n";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"PID",7} {"SESS",5} {"CONN",5} {"VIEW",5} {"PROBES",7} {"VERSION",-10} SOURCE\n");
        foreach (EngineListing e in engines)
            if (e.Problem.Length > 0)
                text.Append(CultureInfo.InvariantCulture, $"{e.Pid,7} {"-",5} {"-",5} {"-",5} {"-",7} {"-",-10} ({TerminalText.Escape(e.Problem)})\n");
            else
                text.Append(CultureInfo.InvariantCulture, $"{e.Pid,7} {e.Sessions,5} {e.Connections,5} {e.Subscribers,5} {Enabled(e),7} {TerminalText.Escape(e.Version),-10} {TerminalText.Escape(e.Source)}\n");
        return text.ToString();
    }

    private static void Engine(Utf8JsonWriter json, EngineListing e)
    {
        bool known = e.Problem.Length == 0;
        json.WriteNumber("pid", e.Pid);
        JsonPieces.Name(json, "source", e.Source);
        JsonPieces.Name(json, "version", e.Version);
        JsonPieces.Number(json, "sessions", known ? e.Sessions : double.NaN);
        JsonPieces.Number(json, "connections", known ? e.Connections : double.NaN);
        JsonPieces.Number(json, "viewers", known ? e.Subscribers : double.NaN);
        JsonPieces.Number(json, "probes", known ? BitOperations.PopCount(e.Probes) : double.NaN);
        JsonPieces.Number(json, "probes_enabled", known ? BitOperations.PopCount(e.Enabled) : double.NaN);
        json.WriteString("pipe", e.Path);
        JsonPieces.Name(json, "problem", e.Problem);
    }

    // Those somebody asked for, of those there are.
    private static string Enabled(EngineListing e) =>
        string.Create(CultureInfo.InvariantCulture, $"{BitOperations.PopCount(e.Enabled)}/{BitOperations.PopCount(e.Probes)}");

    // The columns of dtrace -l. The function of a user-land probe is where it fires; ours fire where PDUs pass.
    private static string Probes(List<EngineListing> engines, uint mask, Format format)
    {
        List<(int Id, EngineListing Engine, Probe Probe)> probes = [];
        foreach (EngineListing engine in engines)
            for (int i = 0; i < ProbeSet.Count; i++)
                if ((mask & engine.Probes & (1u << i)) != 0)
                    probes.Add((probes.Count + 1, engine, (Probe)i));
        if (format != Format.Table)
            return Json(format, probes, (json, p) =>
            {
                json.WriteNumber("id", p.Id);
                json.WriteString("provider", ProviderName(p.Engine));
                json.WriteNumber("pid", p.Engine.Pid);
                json.WriteString("source", p.Engine.Source);
                json.WriteString("probe", p.Probe.Name());
            });
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"ID",5} {"PROVIDER",12} {"MODULE",17} NAME\n");
        foreach ((int id, EngineListing engine, Probe probe) in probes)
            text.Append(CultureInfo.InvariantCulture, $"{id,5} {ProviderName(engine),12} {TerminalText.Escape(engine.Source),17} {probe.Name()}\n");
        return text.ToString();
    }

    private static string ProviderName(EngineListing engine) => string.Create(CultureInfo.InvariantCulture, $"iscsi{engine.Pid}");

    private static string Json<T>(Format format, List<T> items, Action<Utf8JsonWriter, T> body)
    {
        var buffer = new ArrayBufferWriter<byte>();
        bool array = format == Format.Json;
        for (int i = 0; i < items.Count; i++)
        {
            buffer.Write(i > 0 ? array ? ",\n"u8 : "\n"u8 : array ? "[\n"u8 : ""u8);
            using var json = new Utf8JsonWriter(buffer);
            json.WriteStartObject();
            json.WriteNumber("schema", ReportWriter.Schema);
            body(json, items[i]);
            json.WriteEndObject();
        }
        string text = Encoding.UTF8.GetString(buffer.WrittenSpan);
        return text.Length == 0 ? array ? "[]\n" : "" : text + (array ? "\n]\n" : "\n");
    }
}
