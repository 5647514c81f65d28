using System.Text.Json.Nodes;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine.Checking;

namespace Iscsitop.Tests.Cli;

/// <summary>JSON Schemas (draft 2020-12) of what is written for programs, made of the tables of columns and fields.</summary>
internal static class Schemas
{
    private static readonly string[] s_engine =
    [
        "connections", "sessions", "ring_drops", "outbox_drops", "folded", "packets", "packets_dropped", "packets_undecodable", "packets_foreign", "fragments", "pdus", "resyncs",
        "missing_bytes", "midstream", "evicted",
    ];

    private static readonly (string, JsonObject)[] s_host =
    [
        ("host", Known("string")), ("version", Known("string")), ("up", Known("boolean")), ("sample_time", Known("number")), ("sample_age_s", Known("number")), ("sample_step_s", Known("number")),
        ("silent_since", Known("number")), ("told_twice", Type("number")), ("resets", Type("number")),
    ];

    /// <summary>Each file of docs/schema by its name.</summary>
    public static IEnumerable<(string File, JsonObject Schema)> All =>
    [
        .. Views.All.Select(v => ($"view-{v.Key}.json", View(v, FleetViews.All.FirstOrDefault(f => f.Key == v.Key)))),
        ($"view-{FleetViews.HostKey}.json", View(FleetViews.All.Single(f => f.Key == FleetViews.HostKey), null)),
        ("snoop-command.json", Records("a completed command of iscsisnoop", [.. RecordFields.OfCommand.Select(f => f.Row)])),
        ("snoop-pdu.json", Records("a probe firing of iscsisnoop --pdu", [.. RecordFields.OfPdu.Select(f => f.Row)])),
        ("check.json", Check()),
        ("diff.json", Diff()),
        ("list.json", Records("an engine of iscsitop list", [.. ListFields.OfEngine.Select(f => f.Row)])),
        ("list-probes.json", Records("a probe of iscsitop list --probes", [.. ListFields.OfProbe.Select(f => f.Row)])),
        ("fields.json", Document("--list-fields -o json", Object(required: true, ("schema", Version), ("of", Type("string")), ("fields", Array(Object(required: true,
            ("name", Type("string")), ("header", Known("string")), ("unit", Known("string")), ("type", Enum("number", "string")), ("meaning", Type("string")))))))),
    ];

    private static JsonObject Version => new() { ["const"] = ReportWriter.Schema };

    // -o json has an array of reports, -o ndjson a record a line.
    private static JsonObject View(View view, View? ofFleet)
    {
        // A fleet's has the host, too.
        (string, JsonObject)[] columns = [.. view.Columns.Concat(ofFleet?.Columns ?? []).DistinctBy(c => c.Field).Select(c => (c.Field, Field(FieldList.Column(c))))];
        if (view.Key == "session") columns = [.. columns, ("card", Ref("card"))];
        bool fleet = FleetViews.All.Any(f => f.Key == view.Key);
        (string, JsonObject)[] engine = [("pid", Type("number")), ("source", Known("string")), ("version", Known("string")), ("alive", Type("boolean")), .. s_engine.Select(f => (f, Known("number")))];
        (string, JsonObject)[] head = [("schema", Version), ("time", Type("number")), ("interval_s", Known("number"))];
        JsonObject report = Object(required: false, [.. head, ("view", Enum(view.Key)), ("engines", Array(fleet ? new JsonObject { ["anyOf"] = new JsonArray(Ref("engine"), Ref("host")) } : Ref("engine"))), .. fleet ? [("prometheus", Ref("prometheus"))] : ((string, JsonObject)[])[],
            ("rows", Array(Ref("row"))), ("total", new JsonObject { ["anyOf"] = new JsonArray(Ref("row"), Type("null")) })]);
        report["required"] = new JsonArray("schema", "time", "interval_s", "view", "engines", "rows", "total");
        JsonObject record = Object(required: false, [.. head, ("view", Enum(view.Key, "drops")), ("n", Known("number")), .. engine, .. fleet ? s_host : [], .. columns]);
        record["required"] = new JsonArray("time", "interval_s", "view");
        JsonObject document = Document($"reports of the view {view.Key}: -o json an array of them, -o ndjson a row and line; unknown is null", new JsonObject { ["anyOf"] = new JsonArray(Array(Ref("report")), Ref("record")) });
        document["$defs"] = new JsonObject { ["report"] = report, ["record"] = record, ["row"] = Object(required: false, columns), ["engine"] = Engine(engine) };
        if (view.Key == "session") document["$defs"]!["card"] = Card();
        if (!fleet) return document;
        document["$defs"]!["host"] = Object(required: true, s_host);
        document["$defs"]!["prometheus"] = Object(required: true, ("url", Type("string")), ("problem", Known("string")), ("problem_since", Known("number")));
        return document;
    }

    // What packets show, packets only have.
    private static JsonObject Engine((string, JsonObject)[] fields)
    {
        JsonObject engine = Object(required: false, fields);
        engine["required"] = new JsonArray([.. fields.Select(f => f.Item1).Take(9).Select(f => (JsonNode)f)]);
        return engine;
    }

    // What happened before a connection ended.
    private static JsonObject Card() => Object(required: true,
        ("cause", Type("string")), ("closed_by", Type("string")), ("ended", Type("number")), ("initiator_quiet_s", Known("number")), ("target_quiet_s", Known("number")), ("pings_unanswered", Type("number")),
        ("oldest_ping_s", Known("number")), ("window", Known("number")), ("tmfs", Type("number")), ("login_again_s", Known("number")), ("outstanding", Type("number")),
        ("commands", Array(Object(required: true, ("itt", Type("number")), ("lun", Known("number")), ("op", Type("string")), ("lba", Known("number")), ("length", Type("number")), ("age_s", Known("number"))))),
        ("pdus", Array(Object(required: true, ("before_s", Known("number")), ("to_target", Type("boolean")), ("pdu", Type("string")), ("header", Type("string"))))));

    private static JsonObject Records(string what, FieldRow[] rows)
    {
        JsonObject record = Object(required: false, [("schema", Version), .. rows.Select(r => (r.Name, Field(r)))]);
        record["required"] = new JsonArray([.. rows.Select(r => (JsonNode)r.Name)]);
        return Document(what + ": -o json an array of them, -o ndjson one a line; the first has the schema", ArrayOr(record));
    }

    private static JsonObject Check()
    {
        JsonObject comparison = Object(required: true,
            ("metric", Enum([.. CheckMetrics.All.Select(m => m.Name)])), ("direction", Known("string")), ("selector", Known("string")), ("unit", Type("string")), ("value", Known("number")),
            ("operator", Enum(">", ">=", "<", "<=", "==", "!=")), ("limit", Type("number")), ("for_s", Type("number")), ("held_s", Type("number")), ("holds", Known("boolean")), ("n", Known("number")),
            ("at", Known("number")), ("why", Known("string")));
        return Document("iscsitop check -o json", Object(required: true, ("schema", Version), ("time", Type("number")), ("state", Enum("ok", "warning", "critical", "unknown")), ("message", Type("string")),
            ("conditions", Array(Object(required: true, ("level", Enum("warning", "critical")), ("expression", Type("string")), ("holds", Known("boolean")), ("watched_s", Type("number")), ("comparisons", Array(comparison)))))));
    }

    private static JsonObject Diff()
    {
        string[] quantiles = [.. ComparedLatency.Quantiles.Select(q => q.Name.Replace('.', '_') + "_us")];
        JsonObject latency = Object(required: true, [("n_a", Type("number")), ("n_b", Type("number")), .. quantiles.Select(q => (q, Ref("pair"))), ("distance", Known("number")), ("distance_by_chance", Known("number"))]);
        (string, JsonObject)[] figures = [.. new[] { "iops", "bytes_per_s", "errors_per_s" }.Select(f => (f, Ref("pair"))), .. new[] { "read", "write", "other" }.Select(d => (d, Ref("latency")))];
        (string, JsonObject)[] row = [("target", Type("string")), ("lun", Known("number")), ("initiator", Type("string")), ("op", Type("string")), .. figures];
        JsonObject report = Object(required: true, ("schema", Version), ("view", Type("string")), ("a", Ref("span")), ("b", Ref("span")), ("total", Object(required: false, figures)), ("rows", Array(Object(required: false, row))));
        JsonObject record = Object(required: false, [("schema", Version), ("view", Type("string")), ("a", Ref("span")), ("b", Ref("span")), .. row]);
        record["required"] = new JsonArray("view", "iops", "bytes_per_s", "errors_per_s");
        JsonObject document = Document("iscsitop diff: -o json one object, -o ndjson the total and then a row a line", new JsonObject { ["anyOf"] = new JsonArray(report, record) });
        document["$defs"] = new JsonObject
        {
            ["pair"] = Object(required: true, ("a", Known("number")), ("b", Known("number")), ("change_pct", Known("number"))),
            ["latency"] = latency,
            ["span"] = Object(required: true, ("file", Type("string")), ("from", Type("number")), ("to", Type("number")), ("seconds", Type("number"))),
        };
        return document;
    }

    private static JsonObject Field(FieldRow row)
    {
        JsonObject field = Known(row.Type);
        field["description"] = row.Help + (row.Unit.Length > 0 ? $", in {row.Unit}" : "");
        return field;
    }

    private static JsonObject Document(string title, JsonObject rest)
    {
        var document = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["title"] = title };
        foreach ((string name, JsonNode? value) in rest) document[name] = value!.DeepClone();
        return document;
    }

    private static JsonObject ArrayOr(JsonObject one) => new() { ["anyOf"] = new JsonArray(Array(Ref("one")), Ref("one")), ["$defs"] = new JsonObject { ["one"] = one } };

    private static JsonObject Type(string type) => new() { ["type"] = type };

    private static JsonObject Known(string type) => new() { ["type"] = new JsonArray(type, "null") };

    private static JsonObject Enum(params string[] words) => new() { ["enum"] = new JsonArray([.. words.Select(w => (JsonNode)w)]) };

    private static JsonObject Ref(string name) => new() { ["$ref"] = "#/$defs/" + name };

    private static JsonObject Array(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    // A field that is there twice is what it was last.
    private static JsonObject Object(bool required, params (string Name, JsonObject Schema)[] properties)
    {
        var all = new JsonObject();
        foreach ((string name, JsonObject schema) in properties) all[name] = schema.DeepClone();
        var one = new JsonObject { ["type"] = "object", ["properties"] = all, ["additionalProperties"] = false };
        if (required) one["required"] = new JsonArray([.. properties.Select(p => (JsonNode)p.Name)]);
        return one;
    }
}
