using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Iscsitop.Cli.Configuration;

/// <summary>Where a word of a configuration file stands, and how to say that it is wrong.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Line">Its line, from 1; 0 for what is no file but a variable of the environment.</param>
/// <param name="Key">The key with the tables it is in, as in <c>target.luns</c>; "" for none.</param>
internal sealed record ConfigPlace(string File, int Line, string Key)
{
    /// <summary>What is wrong here.</summary>
    public InputException Wrong(string what, Exception? inner = null) => new($"{File}{(Line > 0 ? $":{Line}" : "")}: {(Key.Length > 0 ? Key + ": " : "")}{what}", inner);

    /// <summary>A key in the table that stands here.</summary>
    public ConfigPlace Of(string key, int line) => this with { Line = line, Key = Key.Length > 0 ? $"{Key}.{key}" : key };
}

/// <summary>A table of a TOML file: its keys in order, each with a plain value, a table, or a list of either.</summary>
internal sealed class ConfigTable(ConfigPlace place)
{
    private readonly List<(string Key, ConfigValue Value)> _entries = [];

    /// <summary>Where it begins.</summary>
    public ConfigPlace Place => place;

    /// <summary>What it has.</summary>
    public IReadOnlyList<(string Key, ConfigValue Value)> Entries => _entries;

    /// <summary>The value of a key, null when it has none.</summary>
    public ConfigValue? this[string key] => _entries.Find(e => e.Key == key).Value;

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="page">The manual page that says what may stand there.</param>
    /// <exception cref="InputException">It is no TOML.</exception>
    public static ConfigTable Parse(string text, string file, string page = "iscsitop-target.conf(5)")
    {
        var place = new ConfigPlace(file, 1, "");
        DocumentSyntax document = SyntaxParser.Parse(text, file, validate: true);
        foreach (DiagnosticMessage wrong in document.Diagnostics)
            throw (place with { Line = wrong.Span.Start.Line + 1 }).Wrong($"{wrong.Message.TrimEnd('.')} (TOML is wanted, see {page})");
        var root = new ConfigTable(place);
        foreach (KeyValueSyntax pair in document.KeyValues) root.Add(pair);
        foreach (TableSyntaxBase syntax in document.Tables)
        {
            ConfigTable table = root.Open(syntax);
            foreach (KeyValueSyntax pair in syntax.Items) table.Add(pair);
        }
        return root;
    }

    private static int Line(SyntaxNode node) => node.Span.Start.Line + 1;

    private static string[] Path(KeySyntax key) => [Word(key.Key!), .. key.DotKeys.Select(d => Word(d.Key!))];

    private static string Word(BareKeyOrStringValueSyntax key) =>
        key is BareKeySyntax bare ? bare.Key!.Text! : ((StringValueSyntax)key).Value!;

    /// <summary>The table of a header: <c>[a.b]</c> is one, <c>[[a.b]]</c> one more each time.</summary>
    private ConfigTable Open(TableSyntaxBase syntax)
    {
        string[] path = Path(syntax.Name!);
        ConfigTable parent = this;
        foreach (string key in path[..^1]) parent = parent.Inner(key, Line(syntax));
        if (syntax is not TableArraySyntax) return parent.Inner(path[^1], Line(syntax));
        var table = new ConfigTable(parent.Place.Of(path[^1], Line(syntax)));
        if (parent[path[^1]] is { } list) list.Add(table);
        else parent._entries.Add((path[^1], new ConfigValue(table.Place, new List<ConfigTable> { table })));
        return table;
    }

    private ConfigTable Inner(string key, int line)
    {
        if (this[key] is { } there) return there.Last ?? throw place.Of(key, line).Wrong("has a value already, and cannot be a table too");
        var table = new ConfigTable(place.Of(key, line));
        _entries.Add((key, new ConfigValue(table.Place, table)));
        return table;
    }

    private void Add(KeyValueSyntax pair)
    {
        string[] path = Path(pair.Key!);
        ConfigTable parent = this;
        foreach (string key in path[..^1]) parent = parent.Inner(key, Line(pair));
        ConfigPlace at = parent.Place.Of(path[^1], Line(pair));
        parent._entries.Add((path[^1], new ConfigValue(at, Plain(pair.Value!, at))));
    }

    private static object Plain(ValueSyntax value, ConfigPlace at) => value switch
    {
        StringValueSyntax text => text.Value!,
        IntegerValueSyntax number => number.Value,
        FloatValueSyntax real => real.Value,
        BooleanValueSyntax flag => flag.Value,
        ArraySyntax array => array.Items.Select(i => new ConfigValue(at with { Line = Line(i) }, Plain(i.Value!, at))).ToList(),
        InlineTableSyntax inline => InlineTable(inline, at),
        _ => value.ToString().Trim(),
    };

    private static ConfigTable InlineTable(InlineTableSyntax inline, ConfigPlace at)
    {
        var table = new ConfigTable(at);
        foreach (InlineTableItemSyntax item in inline.Items) table.Add(item.KeyValue!);
        return table;
    }
}
