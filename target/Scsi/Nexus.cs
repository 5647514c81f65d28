using System.Collections.Frozen;
using System.Runtime.CompilerServices;

namespace Iscsitop.Target.Scsi;

/// <summary>An I_T nexus: one initiator port and one target port, the units it sees and what they owe it (SAM-5 §4.5).</summary>
internal sealed class Nexus
{
    private readonly Lock _lock = new();
    private volatile View _view = View.Empty;
    private bool _attached;
    private readonly ConditionalWeakTable<LogicalUnit, Generations> _tasks = [];

    /// <param name="initiator">iSCSI name of the initiator.</param>
    /// <param name="isid">The 6 bytes that make it a port (RFC 7143 §11.12.5).</param>
    /// <param name="target">iSCSI name of the target.</param>
    /// <param name="portalGroup">The tag that makes it a port.</param>
    /// <param name="units">The units the initiator may see, by LUN; each owes it a power-on unit attention.</param>
    /// <param name="relativePort">Relative target port identifier, from 1 (SPC-4 §7.8.6.7).</param>
    public Nexus(string initiator, byte[] isid, string target, ushort portalGroup, IReadOnlyDictionary<int, LogicalUnit> units, ushort relativePort = 1)
    {
        Initiator = initiator;
        Isid = isid;
        Target = target;
        PortalGroup = portalGroup;
        RelativePort = relativePort;
        Name = new NexusName(TransportId.Port(initiator, isid), relativePort);
        _view = View.Of(units, View.Empty);
    }

    /// <summary>iSCSI name of the initiator.</summary>
    public string Initiator { get; }

    /// <summary>The initiator port's 6 bytes.</summary>
    public byte[] Isid { get; }

    /// <summary>iSCSI name of the target.</summary>
    public string Target { get; }

    /// <summary>Target portal group tag.</summary>
    public ushort PortalGroup { get; }

    /// <summary>Relative target port identifier.</summary>
    public ushort RelativePort { get; }

    /// <summary>Whether the initiator may not write, whatever the units allow; a reload may change it.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>What it is called in this session and in the next.</summary>
    public NexusName Name { get; }

    /// <summary>Its extended copies.</summary>
    public CopyResults Copies { get; } = new();

    /// <summary>The LUNs it sees, ascending.</summary>
    public ReadOnlySpan<int> Luns => _view.Luns;

    /// <summary>The units it sees.</summary>
    public IEnumerable<LogicalUnit> Units => _view.Attentions.Keys;

    /// <summary>The unit at a LUN, null when there is none.</summary>
    public LogicalUnit? Find(ulong lun) => _view.Units.GetValueOrDefault(lun);

    /// <summary>What a unit of this nexus owes it; one that a reload has taken away owes nothing.</summary>
    public UnitAttentions Attentions(LogicalUnit unit) => _view.Attentions.GetValueOrDefault(unit) ?? new UnitAttentions();

    /// <summary>
    /// The generations of its tasks on a unit: a PREEMPT AND ABORT starts a new one (SPC-4 §5.13.11.3). Each unit has its own, for
    /// two nexuses that preempt each other on two units must not wait for each other.
    /// </summary>
    public Generations TasksOf(LogicalUnit unit) => _tasks.GetValue(unit, static _ => new Generations());

    /// <summary>Clears a condition of all units.</summary>
    public void RemoveAttention(SenseCode code)
    {
        foreach (UnitAttentions attentions in _view.Attentions.Values) attentions.Remove(code);
    }

    /// <summary>From now on the units raise unit attentions for this nexus.</summary>
    public void Attach()
    {
        lock (_lock)
        {
            _attached = true;
            foreach (LogicalUnit unit in Units) unit.Attach(this);
        }
    }

    /// <summary>The nexus is lost.</summary>
    public void Detach()
    {
        lock (_lock)
        {
            _attached = false;
            foreach (LogicalUnit unit in Units) unit.Detach(this);
        }
    }

    /// <summary>Gives the initiator other units to see; those that stay tell it that the LUNs have changed (SPC-4 §6.33).</summary>
    public void Update(IReadOnlyDictionary<int, LogicalUnit> units)
    {
        lock (_lock)
        {
            View old = _view;
            if (old.Units.Count == units.Count && units.All(u => old.Units.GetValueOrDefault((ulong)u.Key) == u.Value)) return;
            View next = View.Of(units, old);
            _view = next;
            foreach (LogicalUnit unit in old.Attentions.Keys)
                if (next.Attentions.TryGetValue(unit, out UnitAttentions? attentions)) attentions.Add(SenseCode.ReportedLunsDataChanged);
                else unit.Detach(this);
            if (!_attached) return;
            foreach (LogicalUnit unit in next.Attentions.Keys) unit.Attach(this);
        }
    }

    /// <summary>What the nexus sees at one moment.</summary>
    private sealed record View(FrozenDictionary<ulong, LogicalUnit> Units, FrozenDictionary<LogicalUnit, UnitAttentions> Attentions, int[] Luns)
    {
        public static View Empty { get; } = new(FrozenDictionary<ulong, LogicalUnit>.Empty, FrozenDictionary<LogicalUnit, UnitAttentions>.Empty, []);

        /// <summary>A view of these units. Those that were not seen before owe a power-on unit attention.</summary>
        public static View Of(IReadOnlyDictionary<int, LogicalUnit> units, View old) => new(
            units.ToFrozenDictionary(u => (ulong)u.Key, u => u.Value),
            units.Values.Distinct().ToFrozenDictionary(u => u, u => old.Attentions.GetValueOrDefault(u) ?? PoweredOn()),
            [.. units.Keys.Order()]);

        private static UnitAttentions PoweredOn()
        {
            var attentions = new UnitAttentions();
            attentions.Add(SenseCode.PowerOnOrReset);
            return attentions;
        }
    }
}
