using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli;

/// <summary>What initiators and targets are called in tables; files always have their names.</summary>
public enum NameStyle : byte
{
    /// <summary>By the alias of the configuration, where there is one; else by name.</summary>
    Alias,

    /// <summary>By name; of a long one the end is shown.</summary>
    Iqn,

    /// <summary>By name; of a long one the beginning is shown.</summary>
    Beginning,

    /// <summary>By address, with a + when a name has several.</summary>
    Ip,
}

/// <summary>From names to what tables call them.</summary>
/// <param name="style">How at first.</param>
/// <param name="aliases">Aliases by iSCSI name or address.</param>
internal sealed class Naming(NameStyle style, IReadOnlyDictionary<string, string> aliases)
{
    // Names whose addresses are kept; a peer may log in with as many as it likes.
    private const int MostNames = 4096;

    /// <summary>The words of <c>--names</c>.</summary>
    public static readonly (string Word, NameStyle Value)[] Words =
        [("iqn", NameStyle.Iqn), ("beginning", NameStyle.Beginning), ("alias", NameStyle.Alias), ("ip", NameStyle.Ip)];

    private readonly Dictionary<string, string> _aliases = new(aliases, StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _addresses = new(StringComparer.Ordinal);

    /// <summary>How.</summary>
    public NameStyle Style { get; set; } = style;

    /// <summary>Whether a name that is too long keeps its beginning.</summary>
    public bool FromStart => Style is NameStyle.Beginning;

    /// <summary>The word of the style.</summary>
    public string Word => Words.First(w => w.Value == Style).Word;

    /// <summary>The next style; that of aliases only where there are any.</summary>
    public void Next()
    {
        Style = (NameStyle)(((int)Style + 1) % 4);
        if (Style == NameStyle.Alias && _aliases.Count == 0) Style = NameStyle.Iqn;
    }

    /// <summary>Names an initiator, a target or an address from now on; "" takes its alias away.</summary>
    public void Name(string name, string alias)
    {
        if (alias.Length == 0) _aliases.Remove(name);
        else _aliases[name] = alias;
    }

    /// <summary>Takes over which name has which address.</summary>
    public void Learn(Snapshot snapshot)
    {
        if (Style != NameStyle.Ip && (Style != NameStyle.Alias || _aliases.Count == 0)) return;
        if (_addresses.Count > MostNames) _addresses.Clear();
        foreach (ConnectionDelta delta in snapshot.Connections)
        {
            ConnectionInfo c = delta.Connection;
            if (c.Initiator.Length > 0) Learn(c.Initiator, c.Remote);
            if (c.Target.Length > 0) Learn(c.Target, c.Local);
        }
    }

    /// <summary>What a text column of a row says in a table.</summary>
    public string Text(Column column, Row row) => column.Field switch
    {
        "initiator" => Of(row.Initiator, row.Connection?.Connection.Remote),
        "target" => Of(row.Target, row.Connection?.Connection.Local),
        _ => column.Text!(row),
    };

    /// <summary>What a name is called.</summary>
    /// <param name="name">The name, "" when not known.</param>
    /// <param name="address">Where it is, with or without a port; null when a name may be in several places.</param>
    public string Of(string name, string? address)
    {
        if (Style is NameStyle.Alias && _aliases.Count > 0) return AliasOf(name, address);
        if (Style is not NameStyle.Ip) return name;
        if (name.Length > 0 && _addresses.TryGetValue(name, out string? known)) return known;
        return address is null ? name : RowFilter.HostOf(address).ToString();
    }

    private string AliasOf(string name, string? address)
    {
        if (_aliases.TryGetValue(name, out string? alias)) return alias;
        ReadOnlySpan<char> host = address is not null ? RowFilter.HostOf(address) : _addresses.GetValueOrDefault(name);
        return _aliases.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(host, out alias) ? alias : name;
    }

    private void Learn(string name, string address)
    {
        ReadOnlySpan<char> host = RowFilter.HostOf(address);
        if (!_addresses.TryGetValue(name, out string? known)) _addresses.Add(name, host.ToString());
        else if (!known.EndsWith('+') && !host.SequenceEqual(known)) _addresses[name] = known + "+";
    }
}
