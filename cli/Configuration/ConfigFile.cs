using System.Net;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Cli.Configuration;

/// <summary>A key of a table: what it does to what the table describes.</summary>
internal sealed record ConfigKey<T>(string Name, Func<T, ConfigValue, T> Set);

/// <summary>The configuration of <c>iscsitop target</c>: its keys as rows, and what they make (iscsitop-target.conf(5)).</summary>
internal static class ConfigFile
{
    // Ten thousand targets take two.
    private const long MaxLength = 64 << 20;

    private const int MaxSeconds = 3600;

    /// <summary>What one peer, or all together, may take of the server.</summary>
    public static readonly ConfigKey<TargetOptions>[] Limits =
    [
        new("connections", (o, v) => o with { MaxConnections = v.Number(1, 65535) }),
        new("connections_per_session", (o, v) => o with { MaxConnectionsPerSession = v.Number(1, 65535) }),
        new("sessions_per_initiator", (o, v) => o with { MaxSessionsPerInitiator = v.Number(1, 65535) }),
        new("half_open", (o, v) => o with { MaxHalfOpen = v.Number(1, 65535) }),
        new("half_open_per_address", (o, v) => o with { MaxHalfOpenPerAddress = v.Number(1, 65535) }),
        new("commands", (o, v) => o with { MaxCommands = v.Number(1, 1024) }),
        new("text_bytes", (o, v) => o with { MaxText = v.Number(8192, 1 << 20) }),
        new("buffer_mib", (o, v) => o with { MaxBuffers = (long)v.Number(16, 1 << 20) << 20 }),
        new("buffer_mib_per_connection", (o, v) => o with { MaxBuffersPerConnection = (long)v.Number(16, 1 << 20) << 20 }),
        new("registrations_per_unit", (o, v) => o with { MaxRegistrations = v.Number(1, 4096) }),
        new("copies_per_unit", (o, v) => o with { MaxCopies = v.Number(1, 255) }),
        new("log_messages_per_second", (o, v) => o with { LogsPerSecond = v.Number(1, 1_000_000) }),
    ];

    /// <summary>What is waited for, in seconds.</summary>
    public static readonly ConfigKey<TargetOptions>[] Timeouts =
    [
        new("login", (o, v) => o with { LoginTimeout = v.Seconds(1, MaxSeconds) }),
        new("ping_interval", (o, v) => o with { NopInterval = v.Seconds(0, MaxSeconds) }),
        new("ping", (o, v) => o with { NopTimeout = v.Seconds(1, MaxSeconds) }),
        new("data", (o, v) => o with { DataTimeout = v.Seconds(1, MaxSeconds) }),
        new("send", (o, v) => o with { SendTimeout = v.Seconds(1, MaxSeconds) }),
        new("drain", (o, v) => o with { Drain = v.Seconds(0, MaxSeconds) }),
    ];

    /// <summary>Portals of which a session may use several.</summary>
    public static readonly ConfigKey<PortalGroup>[] PortalGroups =
    [
        new("tag", (g, v) => g with { Tag = (ushort)v.Number(1, ushort.MaxValue) }),
        new("portals", (g, v) => g with { Portals = [.. v.List("a list of addresses, like [\"127.0.0.1:3260\"]").Select(p => p.Portal())] }),
    ];

    /// <summary>What a login must prove, and what we prove in turn.</summary>
    public static readonly ConfigKey<Authentication>[] Discovery =
    [
        new("account", (a, v) => a with { Incoming = [.. v.Tables("tables with user and secret_file").Select(Secrets.Account)] }),
        new("mutual", (a, v) => a with { Outgoing = Secrets.Account(v.Table("a table with user and secret_file")) }),
    ];

    /// <summary>A target.</summary>
    public static readonly ConfigKey<TargetSpec>[] Targets =
    [
        new("name", (t, v) => t with { Name = Name(v) }),
        new("alias", (t, v) => t with { Alias = v.Text(255) }),
        new("luns", (t, v) => t with { Luns = [.. v.List("a list of units, like [\"0=ram:64MiB\"]").Select(Lun)] }),
        new("portal_groups", (t, v) => t with { PortalGroups = [.. v.List("a list of tags, like [1]").Select(g => (ushort)g.Number(1, ushort.MaxValue))] }),
        new("initiator", (t, v) => t with { Initiators = [.. v.Tables("tables [[target.initiator]]").Select(Initiator)], AllowsUnlisted = false }),
        new("unlisted", (t, v) => t with { AllowsUnlisted = v.Choice(("allow", true), ("refuse", false)) }),
        new("account", (t, v) => t), // these two are read together, by Proof
        new("mutual", (t, v) => t),
        new("redirect", (t, v) => t with { Redirection = new Redirection(v.Portal(), Permanent: false) }),
        new("redirect_permanent", (t, v) => t with
        {
            Redirection = (t.Redirection ?? throw v.Place.Wrong("says nothing without redirect")) with { Permanent = v.Flag() },
        }),
    ];

    /// <summary>An initiator, or several whose names begin alike.</summary>
    public static readonly ConfigKey<InitiatorSpec>[] Initiators =
    [
        new("name", (i, v) => i with { Name = Pattern(v) }),
        new("luns", (i, v) => i with { Luns = Map(v.Table("a table of the initiator's LUNs and ours, like { 0 = 3 }")) }),
        new("read_only", (i, v) => i with { ReadOnly = v.Flag() }),
    ];

    /// <summary>The keys that stand in no table.</summary>
    public static readonly ConfigKey<TargetOptions>[] Root =
    [
        new("limits", (o, v) => Read(v.Table("a table [limits]"), o, Limits)),
        new("timeouts", (o, v) => Read(v.Table("a table [timeouts]"), o, Timeouts)),
        new("portal_group", (o, v) => o with { PortalGroups = [.. v.Tables("tables [[portal_group]]").Select(Group)] }),
        new("discovery", (o, v) => o with { DiscoveryAuthentication = Proof(Known(v.Table("a table [discovery]"), Discovery)) }),
        new("target", (o, v) => o with { Targets = [.. v.Tables("tables [[target]]").Select(Target)] }),
    ];

    /// <summary>Reads a configuration.</summary>
    /// <exception cref="InputException">It is missing or wrong; the message has its place and what would be right.</exception>
    public static TargetOptions Read(string path)
    {
        ConfigTable root = ConfigTable.Parse(Load(path), path);
        TargetOptions options = Read(root, new TargetOptions(), Root);
        if (options.Targets.Count == 0) throw root.Place.Wrong("there is no [[target]]");
        CheckGroups(root, options);
        return options;
    }

    private static T Read<T>(ConfigTable table, T start, ConfigKey<T>[] keys) => Apply(Known(table, keys), start, keys);

    /// <summary>Refuses keys that nobody knows: a misspelt one would be without effect.</summary>
    private static ConfigTable Known<T>(ConfigTable table, ConfigKey<T>[] keys)
    {
        foreach ((string key, ConfigValue value) in table.Entries)
            if (!Array.Exists(keys, k => k.Name == key))
                throw value.Place.Wrong($"there is no such key ({string.Join(", ", keys.Select(k => k.Name))} are)");
        return table;
    }

    /// <summary>Applies the rows of a table in their order, whatever the file's is, so that one may build on another.</summary>
    private static T Apply<T>(ConfigTable table, T start, ConfigKey<T>[] keys)
    {
        foreach (ConfigKey<T> key in keys)
            if (table[key.Name] is { } value)
                start = key.Set(start, value);
        return start;
    }

    private static string Load(string path)
    {
        try
        {
            // Looked at before it is opened: opening a FIFO would wait for a writer.
            if (new FileInfo(path) is { Exists: true, Length: 0 or > MaxLength }) throw new InputException($"{path}: is empty, no regular file, or longer than {MaxLength >> 20} MiB");
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException(File.Exists(path) ? $"{path}: {e.Message}" : $"{path}: there is no such file", e);
        }
    }

    private static PortalGroup Group(ConfigTable table)
    {
        Need(table, "tag", "portals");
        return Read(table, new PortalGroup(1, []), PortalGroups);
    }

    private static TargetSpec Target(ConfigTable table)
    {
        Need(table, "name");
        return Read(table, new TargetSpec("") { Authentication = Proof(table) }, Targets);
    }

    private static InitiatorSpec Initiator(ConfigTable table)
    {
        Need(table, "name");
        return Read(table, new InitiatorSpec(""), Initiators);
    }

    /// <summary>What the keys of a table say of what a login must prove.</summary>
    private static Authentication Proof(ConfigTable table)
    {
        Authentication proof = Apply(table, Authentication.None, Discovery);
        if (table["mutual"] is { Place: var place })
        {
            if (!proof.Required) throw place.Wrong("says nothing without an account: who does not prove who it is cannot ask us to");
            if (proof.SharesSecret) throw place.Wrong("its secret is an account's too; the two directions need two (RFC 7143 §9.2.1)");
        }
        return proof;
    }

    private static void Need(ConfigTable table, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
            if (table[key] is null)
                throw table.Place.Wrong($"the key {key} is missing");
    }

    private static string Name(ConfigValue value)
    {
        string name = value.Text("an iSCSI name");
        return IscsiName.Check(name) is { } wrong ? throw value.Place.Wrong($"\"{name}\": {wrong}") : name;
    }

    private static string Pattern(ConfigValue value)
    {
        string name = value.Text("an iSCSI name");
        string fixedPart = name.TrimEnd('*');
        bool right = name.EndsWith('*')
            ? name.Length == fixedPart.Length + 1 && !fixedPart.Contains('*') && (fixedPart.Length == 0 || IscsiName.IsAcceptable(fixedPart)) && !fixedPart.Any(char.IsUpper)
            : IscsiName.Check(name) is null;
        return right ? name : throw value.Wrong("an iSCSI name in lower case, or the begin of several and a *");
    }

    private static LunSpec Lun(ConfigValue value) =>
        LunSpec.TryParse(value.Text("a unit, like \"0=ram:64MiB\""), out LunSpec? spec, out string error) ? spec : throw value.Place.Wrong(error);

    private static Dictionary<int, int> Map(ConfigTable table)
    {
        var map = new Dictionary<int, int>();
        foreach ((string key, ConfigValue value) in table.Entries)
            map[int.TryParse(key, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int lun) && lun <= Iscsitop.Target.Iscsi.Lun.Max
                ? lun
                : throw value.Place.Wrong($"a LUN from 0 to {Iscsitop.Target.Iscsi.Lun.Max} is wanted as the key")] = value.Number(0, Iscsitop.Target.Iscsi.Lun.Max);
        return map;
    }

    /// <summary>What tables say of each other.</summary>
    private static void CheckGroups(ConfigTable root, TargetOptions options)
    {
        var tags = new HashSet<ushort>();
        var portals = new HashSet<IPEndPoint>();
        foreach ((PortalGroup group, ConfigTable table) in options.PortalGroups.Zip(Tables(root, "portal_group")))
        {
            if (!tags.Add(group.Tag)) throw table["tag"]!.Place.Wrong($"there is a group {group.Tag} already");
            if (group.Portals.Count == 0) throw table["portals"]!.Place.Wrong("a portal at least is wanted");
            foreach (IPEndPoint portal in group.Portals)
                if (portal.Port != 0 && !portals.Add(portal))
                    throw table["portals"]!.Place.Wrong($"{portal} is given twice");
        }
        if (tags.Count == 0) tags.Add(1);
        foreach ((TargetSpec target, ConfigTable table) in options.Targets.Zip(Tables(root, "target")))
        {
            foreach (ushort tag in target.PortalGroups)
                if (!tags.Contains(tag))
                    throw table["portal_groups"]!.Place.Wrong($"there is no portal group {tag} ({string.Join(", ", tags)} there are)");
            CheckUnits(target, table);
        }
        if (options.Targets.GroupBy(t => t.Name).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw Tables(root, "target").Last(t => t["name"]!.Text() == twice.Key)["name"]!.Place.Wrong($"there is a target {twice.Key} already");
    }

    private static void CheckUnits(TargetSpec target, ConfigTable table)
    {
        if (target.Luns.GroupBy(l => l.Lun).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw table["luns"]!.Place.Wrong($"LUN {twice.Key} is given twice");
        foreach ((InitiatorSpec initiator, ConfigTable entry) in target.Initiators.Zip(table["initiator"]?.Tables("") ?? []))
            foreach ((int lun, int unit) in initiator.Luns ?? new Dictionary<int, int>())
                if (target.Luns.All(l => l.Lun != unit))
                    throw entry["luns"]!.Place.Wrong($"LUN {lun} is to be unit {unit}, which luns of the target does not have");
    }

    private static IReadOnlyList<ConfigTable> Tables(ConfigTable root, string key) => root[key]?.Tables("") ?? [];
}
