using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Server;

/// <summary>A target as it is served: what it was told, and its open units.</summary>
internal sealed record ServedTarget(TargetSpec Spec, IReadOnlyDictionary<int, LogicalUnit> Units)
{
    /// <summary>A target that is no more.</summary>
    public static ServedTarget Gone { get; } = new(new TargetSpec(""), new Dictionary<int, LogicalUnit>());

    /// <summary>The units an initiator sees, by its own LUNs.</summary>
    public IReadOnlyDictionary<int, LogicalUnit> UnitsOf(string initiator) => Spec.EntryOf(initiator)?.Luns is { } map
        ? map.Where(m => Units.ContainsKey(m.Value)).ToDictionary(m => m.Key, m => Units[m.Value])
        : Units;

    /// <summary>Whether an initiator may not write.</summary>
    public bool IsReadOnlyFor(string initiator) => Spec.EntryOf(initiator)?.ReadOnly ?? false;

    /// <summary>Whether the target can be reached through a portal group.</summary>
    public bool IsIn(PortalGroup group) => Spec.PortalGroups.Count == 0 || Spec.PortalGroups.Contains(group.Tag);
}
