using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Fleet;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Engine.Recording;
using Iscsitop.Tests.Fleet;
using Iscsitop.Tests.Top;
using Json.Schema;

namespace Iscsitop.Tests.Cli;

/// <summary>The schemas of docs/schema are those of the tables, and what is written is as they say.</summary>
[TestFixture]
public sealed class SchemaTests
{
    // With this set the files are written instead of compared.
    private const string Writes = "ISCSITOP_WRITE_SCHEMAS";

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static IEnumerable<string> ViewKeys => Views.All.Select(v => v.Key);

    [Test]
    public void Files_are_made_of_the_tables()
    {
        foreach ((string file, System.Text.Json.Nodes.JsonObject schema) in Schemas.All)
        {
            string text = schema.ToJsonString(s_indented).ReplaceLineEndings("\n") + "\n", path = Path.Combine(Folder(), file);
            if (Environment.GetEnvironmentVariable(Writes) is not null) File.WriteAllText(path, text);
            Assert.That(File.ReadAllText(path).ReplaceLineEndings("\n"), Is.EqualTo(text), $"{file}: run this test with {Writes}=1");
        }
        Assert.That(Directory.GetFiles(Folder(), "*.json").Select(Path.GetFileName), Is.EquivalentTo(Schemas.All.Select(s => s.File)));
    }

    [TestCaseSource(nameof(ViewKeys))]
    public void Reports_of_a_view_are_valid(string key)
    {
        View view = Views.Find(key)!;
        var options = new TopOptions { View = view, SortBy = view.SortBy };
        Valid($"view-{key}.json", Samples.Written(options with { Output = Iscsitop.Cli.OutputFormat.Json }, SyntheticTrouble.AddTo(new SyntheticLoad().Take())), lines: false);
        Valid($"view-{key}.json", Samples.Written(options with { Output = Iscsitop.Cli.OutputFormat.Ndjson }, SyntheticTrouble.AddTo(new SyntheticLoad().Take())), lines: true);
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        File.WriteAllBytes(path, Everything.Recording(10, out _));
        Valid($"view-{key}.json", Run("-b", "-r", path, "--view", key, "-o", "json", "3"), lines: false);
        Valid($"view-{key}.json", Run("-b", "-r", path, "--view", key, "-j", "3"), lines: true);
        Valid("fields.json", Run("--list-fields", "--view", key, "-o", "json"), lines: false);
    }

    // Those of captures, and of a minute in which much goes wrong.
    [Test]
    public void Findings_are_valid()
    {
        View view = Views.Find("findings")!;
        var load = new SyntheticLoad();
        var options = new TopOptions { View = view, SortBy = view.SortBy };
        Snapshot[] minute = [.. Enumerable.Range(0, 60).Select(_ => SyntheticTrouble.AddTo(load.Take()))];
        foreach (bool lines in new[] { false, true })
        {
            string text = Samples.Written(options with { Output = lines ? Iscsitop.Cli.OutputFormat.Ndjson : Iscsitop.Cli.OutputFormat.Json }, minute);
            Valid("view-findings.json", text, lines);
            Assert.That(text, Does.Contain("\"rule\":\"").And.Match("\"lun\":[0-9]").And.Contain("\"lun\":null"));
            foreach (string name in new[] { "tasks.pcap", "snap128.pcap" })
            {
                text = Run("-b", "-r", Path.Combine(Folder(), "..", "..", "tests", "Captures", name), "--view", "findings", "-o", lines ? "ndjson" : "json");
                Valid("view-findings.json", text, lines);
                Assert.That(text, Does.Contain("\"severity\":\""), name);
            }
        }
    }

    private static IEnumerable<string> FleetKeys => FleetViews.All.Select(v => v.Key);

    [TestCaseSource(nameof(FleetKeys))]
    [CancelAfter(60_000)]
    public void Reports_of_a_fleet_are_valid(string key)
    {
        using var server = new FakePrometheus();
        Valid($"view-{key}.json", Run("--prometheus", server.Url, "--view", key, "-o", "json", "1", "2"), lines: false);
        Valid($"view-{key}.json", Run("--prometheus", server.Url, "--view", key, "-j", "1", "2"), lines: true);
        Valid("fields.json", Run("--prometheus", server.Url, "--view", key, "--list-fields", "-o", "json"), lines: false);
        // One that is silent, one that is down, and a server that is no help.
        View view = FleetViews.All.Single(v => v.Key == key);
        var options = new TopOptions { View = view, SortBy = view.SortBy };
        var state = new FleetState();
        state.AddHeartbeats(Exposed.Answer(Exposed.Heartbeat("a:1", "1@100 1@115"), Exposed.Heartbeat("b:1", "1@100 1@115"), Exposed.Heartbeat("c:1", "1@100 1@115")));
        state.AddUp(Exposed.Answer(Exposed.Of("up", "b:1", "", "0@160")));
        Snapshot snapshot = state.Read(160, Exposed.Commands("a:1", "0", "read", "0@115 150@160"), Exposed.Commands("c:1", "0", "read", "0@115 150@116"));
        snapshot.Fleet = new FleetStatus("http://prometheus.example:9090", "no answer within 10 s", 115_000_000_000);
        string json = Samples.Written(options with { Output = Iscsitop.Cli.OutputFormat.Json }, snapshot);
        Assert.That(json, Does.Contain("\"silent_since\":11").And.Contain("\"up\":false").And.Contain("\"problem\":\"no answer"));
        Valid($"view-{key}.json", json, lines: false);
        Valid($"view-{key}.json", Samples.Written(options with { Output = Iscsitop.Cli.OutputFormat.Ndjson }, snapshot), lines: true);
    }

    [TestCase("view-session.json", false, "sessions", "-o", "json")]
    [TestCase("view-session.json", true, "sessions", "-j")]
    [TestCase("snoop-command.json", false, "snoop", "-o", "json")]
    [TestCase("snoop-command.json", true, "snoop", "-j")]
    [TestCase("snoop-pdu.json", false, "snoop", "--pdu", "-o", "json")]
    [TestCase("snoop-pdu.json", true, "snoop", "--pdu", "-j")]
    [TestCase("list.json", false, "list", "-o", "json")]
    [TestCase("list.json", true, "list", "-j")]
    [TestCase("list-probes.json", false, "list", "-l", "-o", "json")]
    [TestCase("check.json", false, "check", "-o", "json", "-w", "iops > 1", "-c", "p99.read(lun=77) > 1ms for 3s")]
    public void What_is_told_of_a_capture_is_valid(string schema, bool lines, params string[] args) => Valid(schema, Run([.. args, "-r", Path.Combine(Folder(), "..", "..", "tests", "Captures", "errors.pcap")]), lines);

    [TestCase("lun")]
    [TestCase("initiator")]
    [TestCase("opcode")]
    public void A_comparison_is_valid(string view)
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        File.WriteAllBytes(path, Everything.Recording(10, out _));
        string[] args = ["diff", path, "--to", "+4s", "--from-b", "-4s", "--view", view];
        Valid("diff.json", Run([.. args, "-o", "json"]), lines: false);
        Valid("diff.json", Run([.. args, "-o", "ndjson"]), lines: true);
        Valid("fields.json", Run("diff", "--list-fields", "--view", view, "-o", "json"), lines: false);
        // CSV has what JSON has, flat.
        string[] csv = Run([.. args, "-o", "csv"]).Split("\r\n")[0].Split(',');
        using JsonDocument json = JsonDocument.Parse(Run([.. args, "-o", "json"]));
        Assert.That(json.RootElement.GetProperty("rows").EnumerateArray().SelectMany(r => Flat(r, "")).Distinct(), Is.SubsetOf(csv));
    }

    private static IEnumerable<string> Flat(JsonElement element, string name) => element.ValueKind != JsonValueKind.Object ? [name.TrimStart('_')]
        : element.EnumerateObject().SelectMany(p => Flat(p.Value, name + "_" + p.Name));

    [Test]
    public void What_is_otherwise_is_not_valid()
    {
        JsonSchema schema = Schema("view-lun.json");
        Assert.That(Evaluate(schema, """{"schema":1,"time":1.5,"interval_s":1,"view":"lun","lun":3}""").IsValid, Is.True);
        foreach (string wrong in new[] { """{"time":1.5,"interval_s":1,"view":"lun","lun":"3"}""", """{"time":1.5,"interval_s":1,"view":"lun","lunn":3}""", """{"time":1.5,"interval_s":1,"view":"target"}""", """[{"schema":2}]""", "{}" })
            Assert.That(Evaluate(schema, wrong).IsValid, Is.False, wrong);
    }

    /// <summary>Fails unless what was written is as a schema says.</summary>
    internal static void Valid(string file, string text, bool lines)
    {
        JsonSchema schema = Schema(file);
        string[] all = lines ? text.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [text];
        Assert.That(all, Is.Not.Empty);
        foreach (string one in all)
        {
            EvaluationResults results = Evaluate(schema, one);
            Assert.That(results.IsValid, Is.True, () => $"{file}: {JsonSerializer.Serialize(results.Details?.Where(d => d.Errors is not null).Take(5).Select(d => new { at = d.InstanceLocation.ToString(), d.Errors }))}\n{one}");
        }
    }

    private static EvaluationResults Evaluate(JsonSchema schema, string text)
    {
        using var document = JsonDocument.Parse(text);
        return schema.Evaluate(document.RootElement, new EvaluationOptions { OutputFormat = Json.Schema.OutputFormat.List });
    }

    private static JsonSchema Schema(string file) => JsonSchema.FromText(File.ReadAllText(Path.Combine(Folder(), file)));

    private static string Run(params string[] args)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        CommandLine.Run(args, new Streams(output, error, false, false));
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", "..", "docs", "schema"));
}
