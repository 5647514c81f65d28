using System.Globalization;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli.Configuration;

/// <summary>A key of the viewers' configuration that stands in no table.</summary>
/// <param name="Name">Its name; in the environment ISCSITOP_ and the name in capitals.</param>
/// <param name="Help">One line for the template and the man page.</param>
/// <param name="Set">Takes a value over.</param>
/// <param name="Show">The value as TOML; "" for none.</param>
/// <param name="Example">What the template shows when there is no default.</param>
internal sealed record SettingRow(string Name, string Help, Func<Settings, ConfigValue, Settings> Set, Func<Settings, string> Show, string Example = "")
{
    /// <summary>Its variable of the environment.</summary>
    public string Variable => "ISCSITOP_" + Name.ToUpperInvariant();
}

/// <summary>A table of the viewers' configuration.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Help">One line for the template and the man page.</param>
/// <param name="Set">Takes the table over.</param>
/// <param name="Show">Its keys and values as TOML.</param>
/// <param name="Example">A line of the template.</param>
internal sealed record SettingTable(string Name, string Help, Func<Settings, ConfigTable, Settings> Set, Func<Settings, IEnumerable<(string Key, string Value)>> Show, string Example);

/// <summary>The keys of the viewers' configuration: reading, <c>iscsitop config</c> and the man page are loops over them.</summary>
internal static class SettingRows
{
    /// <summary>Those that stand in no table.</summary>
    public static readonly SettingRow[] Plain =
    [
        new("view", "what a row is, as --view", (s, v) => s with { View = v.Choice([.. Views.All.Select(x => (x.Key, x.Key))]) }, s => Toml.Text(s.View)),
        new("interval", "seconds between reports, from 0.1; without it 1, and a file is one report", (s, v) => s with { Interval = v.Real(Values.MinSeconds, Values.MaxSeconds, "seconds from 0.1 to 86400") },
            s => s.Interval is { } seconds ? Toml.Number(seconds) : "", "2"),
        new("unit", "unit of latencies in tables: us, ms or s", (s, v) => s with { Unit = v.Choice(("us", "us"), ("ms", "ms"), ("s", "s")) }, s => Toml.Text(s.Unit)),
        new("binary", "MiB and KiB instead of MB and kB in tables", (s, v) => s with { Binary = v.Flag() }, s => Toml.Flag(s.Binary)),
        new("extended", "extended columns too", (s, v) => s with { Extended = v.Flag() }, s => Toml.Flag(s.Extended)),
        new("rows", "rows at most, 0 for all", (s, v) => s with { Rows = v.Number(0, 1_000_000) }, s => Toml.Number(s.Rows)),
        new("names", "what tables call initiators and targets: iqn, beginning (of a long iqn), alias or ip", (s, v) => s with { Names = v.Choice([.. Naming.Words.Select(w => (w.Word, w.Word))]) }, s => Toml.Text(s.Names)),
        new("color", "colours: auto, always or never", (s, v) => s with { Color = v.Choice(("auto", "auto"), ("always", "always"), ("never", "never")) }, s => Toml.Text(s.Color)),
        new("ascii", "7-bit characters on the screen", (s, v) => s with { Ascii = v.Flag() }, s => Toml.Flag(s.Ascii)),
        new("filter", "an expression, as -Y", (s, v) => s with { Filter = Expression(v) }, s => Toml.Text(s.Filter), "\"lun in {0..3}\""),
    ];

    /// <summary>The tables.</summary>
    public static readonly SettingTable[] Tables =
    [
        new("columns", "fields of the columns of a view on the screen and in tables, by its key",
            (s, t) => s with { Columns = t.Entries.ToDictionary(e => e.Key, e => (IReadOnlyList<string>)ColumnsOf(e.Key, e.Value)) },
            s => s.Columns.Select(c => (c.Key, Toml.List(c.Value))), "lun = [\"target\", \"lun\", \"reads_per_s\", \"read_p99_us\"]"),
        new("sort", "field a view is sorted by, by its key; with a + before it lowest first",
            (s, t) => s with { Sort = t.Entries.ToDictionary(e => e.Key, e => SortOf(e.Key, e.Value)) },
            s => s.Sort.Select(c => (c.Key, Toml.Text(c.Value))), "lun = \"read_p99_us\""),
        new("thresholds", "from when on a field stands out and is hot; a key may be the end of several fields, the longest that fits counts",
            (s, t) => s with { Thresholds = t.Entries.ToDictionary(e => e.Key, e => ThresholdOf(e.Key, e.Value)) },
            s => Cli.Top.Heat.With(s.Thresholds).Table.Select(r => (r.FieldEnd, Toml.Pair(r.FieldEnd, r.Warn, r.Hot))), "write_p99_us = [\"5ms\", \"20ms\"]"),
        new("aliases", "what to call an iSCSI name or an address",
            (s, t) => s with { Aliases = t.Entries.ToDictionary(e => e.Key, e => e.Value.Text(255)) },
            s => s.Aliases.Select(a => (a.Key, Toml.Text(a.Value))), "\"iqn.1998-01.com.vmware:esx-01-5f2a\" = \"esx-01\""),
        new("keys", "keys of an action on the screen; one key does one thing",
            (s, t) => WithKeys(s, t),
            s => s.Keys.Table.Select(k => (KeyMap.NameOf(k.Action), Toml.List(k.Keys))), "quit = [\"q\", \"Ctrl-C\"]"),
        new("presets", "ways to look at things that a key goes through: [presets.NAME] with view, sort, columns and filter",
            (s, t) => s with { Presets = [.. Preset.BuiltIn.Where(p => t[p.Name] is null), .. t.Entries.Select(e => PresetOf(e.Key, e.Value))] },
            s => s.Presets.Select(p => (p.Name, Toml.Preset(p))), "slow_writes = { view = \"lun\", sort = \"write_p99_us\", filter = \"op==write && lat>20ms\" }"),
        new(DViews.Table, "D programs that are views by their names, as the screen takes them after a colon; those that :save-view keeps are in views.toml beside this file",
            (s, t) => s with { DViews = DViews.Of(t) },
            s => s.DViews.Select(d => (d.Key, Toml.Text(d.Value))), "who = \"@[args[0]->ci_remote, probename] = count()\""),
    ];

    private static string Expression(ConfigValue value)
    {
        string text = value.Text("an expression in quotes");
        try
        {
            if (text.Length > 0) Filter.Parse(text);
            return text;
        }
        catch (FilterException e)
        {
            throw value.Place.Wrong(e.Message, e);
        }
    }

    private static View ViewOf(string key, ConfigValue value) =>
        Views.Find(key) ?? throw value.Place.Wrong($"there is no such view ({Meant(key, Views.All.Select(v => v.Key))})");

    private static string Field(View view, ConfigValue value, string field) => view.Find(field)?.Field
        ?? throw value.Place.Wrong($"\"{field}\" is no field of the view {view.Key} ({Meant(field, view.Columns.Select(c => c.Field))})");

    private static string[] ColumnsOf(string key, ConfigValue value)
    {
        View view = ViewOf(key, value);
        IReadOnlyList<string> fields = value.Texts("a list of fields, like [\"target\", \"lun\"]");
        if (fields.Count == 0) throw value.Wrong("one field at least");
        return [.. fields.Select(f => Field(view, value, f))];
    }

    private static string SortOf(string key, ConfigValue value)
    {
        string text = value.Text("a field in quotes, with a + before it for lowest first");
        Field(ViewOf(key, value), value, text.TrimStart('+'));
        return text;
    }

    private static Threshold ThresholdOf(string key, ConfigValue value)
    {
        bool latency = key.EndsWith("_us", StringComparison.Ordinal);
        string right = latency ? "two latencies like [\"10ms\", \"50ms\"], the lower one first" : "two numbers like [90, 95], the lower one first";
        if (!Views.All.SelectMany(v => v.Columns).Any(c => c.Value is not null && c.Field.EndsWith(key, StringComparison.Ordinal)))
            throw value.Place.Wrong($"no field ends like this ({Meant(key, Views.All.SelectMany(v => v.Columns).Select(c => c.Field))})");
        IReadOnlyList<ConfigValue> pair = value.List(right);
        if (pair.Count != 2) throw value.Wrong(right);
        var threshold = new Threshold(pair[0].Amount(latency, right), pair[1].Amount(latency, right));
        return threshold.Warn <= threshold.Hot ? threshold : throw value.Wrong(right);
    }

    private static Settings WithKeys(Settings settings, ConfigTable table)
    {
        var changes = new Dictionary<KeyAction, string[]>();
        foreach ((string name, ConfigValue value) in table.Entries)
        {
            KeyBinding row = Array.Find(Keys.Table, r => KeyMap.NameOf(r.Action) == name)
                ?? throw value.Place.Wrong($"there is no such action ({Meant(name, Keys.Table.Select(r => KeyMap.NameOf(r.Action)))})");
            string[] keys = [.. value.Texts("a list of keys, like [\"q\", \"Ctrl-C\"]")];
            if (Array.Find(keys, k => !Keys.IsKey(k)) is { } wrong)
                throw value.Place.Wrong($"\"{wrong}\" is no key (a character, {string.Join(", ", Keys.NamedKeys)} or Ctrl- and a letter are)");
            changes[row.Action] = keys;
        }
        return settings with
        {
            KeyChanges = changes,
            Keys = KeyMap.With(changes, (action, key, other) => table[KeyMap.NameOf(action)]!.Place.Wrong($"\"{key}\" is a key of {KeyMap.NameOf(other)} already (give that other keys, too)")),
        };
    }

    private static Preset PresetOf(string name, ConfigValue value)
    {
        var preset = new Preset(name);
        ConfigTable table = value.Table("a table with view, sort, columns, filter");
        // The view first: fields are its own.
        View? view = table["view"] is { } v ? Views.Find(v.Choice([.. Views.All.Select(x => (x.Key, x.Key))])) : null;
        preset = preset with { View = view?.Key ?? "" };
        foreach ((string key, ConfigValue entry) in table.Entries)
            preset = key switch
            {
                "view" => preset,
                "sort" or "columns" when view is null => throw entry.Place.Wrong("says nothing without view: fields are those of a view"),
                "sort" => preset with { Sort = SortOf(view!.Key, entry) },
                "columns" => preset with { Columns = ColumnsOf(view!.Key, entry) },
                "filter" => preset with { Filter = Filter.LooksLike(entry.Text()) ? Expression(entry) : entry.Text() },
                _ => throw entry.Place.Wrong("there is no such key (view, sort, columns, filter are)"),
            };
        return preset;
    }

    private static string Meant(string word, IEnumerable<string> among) =>
        Near.Of(word, among) is { Length: > 0 } near ? near + "?" : string.Join(", ", among.Distinct()) + " are";
}
