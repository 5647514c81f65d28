using System.Net;

namespace Iscsitop.Target.Server;

/// <summary>What one target of a server is told.</summary>
/// <param name="Name">Its iSCSI name.</param>
public sealed record TargetSpec(string Name)
{
    /// <summary>What people call it (TargetAlias), "" for nothing; at most 255 bytes.</summary>
    public string Alias { get; init; } = "";

    /// <summary>Its logical units.</summary>
    public IReadOnlyList<LunSpec> Luns { get; init; } = [];

    /// <summary>Tags of the portal groups it can be reached through; all of the server's when empty.</summary>
    public IReadOnlyList<ushort> PortalGroups { get; init; } = [];

    /// <summary>What is known of initiators: the entry that fits a name best counts.</summary>
    public IReadOnlyList<InitiatorSpec> Initiators { get; init; } = [];

    /// <summary>Whether initiators that no entry names may log in, to all units.</summary>
    public bool AllowsUnlisted { get; init; } = true;

    /// <summary>What a login to the target must prove.</summary>
    public Authentication Authentication { get; init; } = Authentication.None;

    /// <summary>Where the target is to be found instead; null when it is here.</summary>
    public Redirection? Redirection { get; init; }

    /// <summary>Whether not just anybody may log in.</summary>
    public bool IsGuarded => Authentication.Required || !AllowsUnlisted;

    /// <summary>The entry for an initiator: an exact name before a prefix, a longer prefix before a shorter.</summary>
    internal InitiatorSpec? EntryOf(string initiator) =>
        Initiators.Where(i => i.Fits(initiator)).MaxBy(i => i.IsPrefix ? i.Name.Length : int.MaxValue);

    /// <summary>Whether an initiator may know of the target.</summary>
    internal bool Allows(string initiator) => AllowsUnlisted || Initiators.Any(i => i.Fits(initiator));
}

/// <summary>What an initiator may do at a target.</summary>
/// <param name="Name">Its iSCSI name, or the begin of several with a trailing <c>*</c>.</param>
public sealed record InitiatorSpec(string Name)
{
    /// <summary>The units it sees: its LUN and ours; null for all by our LUNs.</summary>
    public IReadOnlyDictionary<int, int>? Luns { get; init; }

    /// <summary>Whether it may not write.</summary>
    public bool ReadOnly { get; init; }

    internal bool IsPrefix => Name.EndsWith('*');

    internal bool Fits(string initiator) =>
        IsPrefix ? initiator.AsSpan().StartsWith(Name.AsSpan(0, Name.Length - 1), StringComparison.Ordinal) : initiator == Name;
}

/// <summary>Where a target has moved to (RFC 7143 §11.13.5, status class 1).</summary>
/// <param name="Address">Address and port, as TargetAddress has them: no portal group tag.</param>
/// <param name="Permanent">Whether initiators may remember it.</param>
public sealed record Redirection(IPEndPoint Address, bool Permanent);

/// <summary>Portals of which a session may use several (RFC 7143 §4.2.7): a tag, and where to listen.</summary>
/// <param name="Tag">Target portal group tag.</param>
/// <param name="Portals">Where to listen; port 0 takes a free one.</param>
public sealed record PortalGroup(ushort Tag, IReadOnlyList<IPEndPoint> Portals);
