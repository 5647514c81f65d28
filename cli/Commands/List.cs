using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop list</c>: the engines that run here, and the probes they offer.</summary>
internal static class List
{
    // Engines answer within a round of their threads; one that does not is told of as it stands.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

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
        var output = new Option<string>("--output", "-o") { HelpName = "table|json|ndjson", Description = "how the list is written", DefaultValueFactory = _ => "table" };
        var ndjson = new Option<bool>("-j") { Description = "the same as -o ndjson" };
        var command = new Command("list", "Lists the engines that run here: what they observe and who uses them; or their probes.");
        foreach (Option option in new Option[] { pids, probes, output, ndjson }) command.Add(option);
        command.SetAction(result =>
        {
            Format format = result.GetValue(ndjson) ? Format.Ndjson
                : Values.Choice("output format", result.GetValue(output)!, ("table", Format.Table), ("json", Format.Json), ("ndjson", Format.Ndjson));
            IReadOnlyList<int> wanted = Values.Pids(result.GetValue(pids) ?? []);
            uint? mask = result.GetResult(probes) is null ? null : Matching(result.GetValue(probes) ?? "*");
            List<EngineStatus> engines = Engines(wanted);
            streams.Print(mask is { } some ? Probes(engines, some, format) : Engines(engines, format));
            return ExitCode.Success;
        });
        return command;
    }

    private static uint Matching(string glob) => ProbeSet.Match(glob) is > 0 and var mask
        ? mask
        : throw Values.Wrong("probe", glob, "a name or pattern like scsi-*; iscsitop list --probes lists them");

    private static List<EngineStatus> Engines(IReadOnlyList<int> pids)
    {
        using Feed feed = Feed.Open(new Wants(0, s_patience), pids);
        feed.WaitForSnapshot(s_patience, CancellationToken.None);
        return [.. feed.Take().Engines.OrderBy(e => e.Pid)];
    }

    private static string Engines(List<EngineStatus> engines, Format format)
    {
        if (format != Format.Table) return Json(format, engines, (json, e) => JsonPieces.Engine(json, e));
        if (engines.Count == 0) return "no engine is running here (start one with iscsitop target)\n";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"PID",7} {"SESS",5} {"CONN",5} {"DROPS",7} {"VERSION",-10} SOURCE\n");
        foreach (EngineStatus e in engines)
            text.Append(CultureInfo.InvariantCulture, $"{e.Pid,7} {e.Sessions,5} {e.Connections,5} {e.RingDrops,7} {TerminalText.Escape(e.Version),-10} {TerminalText.Escape(e.Source)}\n");
        return text.ToString();
    }

    // The columns of dtrace -l. The function of a user-land probe is where it fires; ours fire where PDUs pass.
    private static string Probes(List<EngineStatus> engines, uint mask, Format format)
    {
        List<(int Id, EngineStatus Engine, Probe Probe)> probes = [];
        foreach (EngineStatus engine in engines)
            for (int i = 0; i < ProbeSet.Count; i++)
                if ((mask & (1u << i)) != 0)
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
        foreach ((int id, EngineStatus engine, Probe probe) in probes)
            text.Append(CultureInfo.InvariantCulture, $"{id,5} {ProviderName(engine),12} {TerminalText.Escape(engine.Source),17} {probe.Name()}\n");
        return text.ToString();
    }

    private static string ProviderName(EngineStatus engine) => string.Create(CultureInfo.InvariantCulture, $"iscsi{engine.Pid}");

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
