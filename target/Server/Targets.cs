using System.Collections.Frozen;
using System.Text;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Server;

/// <summary>The targets of a server. They change together: a reader sees all of a reload or nothing of it.</summary>
internal sealed class Targets : IDisposable
{
    private const int MaxAlias = 255;

    private readonly HashSet<string> _removed = new(StringComparer.Ordinal);
    private volatile Set _now = new([]);

    /// <summary>All of them, in the order they were given.</summary>
    public IReadOnlyList<ServedTarget> All => _now.InOrder;

    /// <summary>The target with a name, null when there is none.</summary>
    public ServedTarget? Find(string name) => _now.ByName.GetValueOrDefault(name);

    /// <summary>Whether there was one with this name before a reload.</summary>
    public bool WasRemoved(string name)
    {
        lock (_removed) return _removed.Contains(name);
    }

    /// <summary>Makes ready what targets are to be from now on: opens the units that are new. Nothing has changed yet.</summary>
    /// <exception cref="IOException">A store cannot be opened; the message names it.</exception>
    /// <exception cref="ArgumentException">A name or a LUN is wrong; the message says what would be right.</exception>
    public Change Prepare(IReadOnlyList<TargetSpec> specs, string? stateDirectory)
    {
        var change = new Change(_now, stateDirectory);
        try
        {
            foreach (TargetSpec spec in specs)
            {
                Check(spec);
                if (!change.Add(spec)) throw new ArgumentException($"target {spec.Name} is given twice");
            }
            change.CheckIdentities();
            return change;
        }
        catch
        {
            change.Undo();
            throw;
        }
    }

    /// <summary>Puts a change into force.</summary>
    public void Commit(Change change)
    {
        Set next = change.Next();
        lock (_removed)
        {
            foreach (ServedTarget old in _now.InOrder) _removed.Add(old.Spec.Name);
            _removed.RemoveWhere(next.ByName.ContainsKey);
        }
        _now = next;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LogicalUnit unit in _now.InOrder.SelectMany(t => t.Units.Values)) unit.Store.Dispose();
        _now = new Set([]);
    }

    private static void Check(TargetSpec spec)
    {
        string name = Text.Escape(spec.Name);
        if (IscsiName.Check(spec.Name) is { } wrong) throw new ArgumentException($"target name '{name}': {wrong}");
        if (Encoding.UTF8.GetByteCount(spec.Alias) > MaxAlias) throw new ArgumentException($"target {name}: its alias should have at most {MaxAlias} bytes");
        if (spec.Luns.GroupBy(l => l.Lun).FirstOrDefault(g => g.Skip(1).Any()) is { } twice) throw new ArgumentException($"LUN {twice.Key} is given twice");
        foreach (InitiatorSpec initiator in spec.Initiators)
            foreach ((int lun, int unit) in initiator.Luns ?? new Dictionary<int, int>())
                if (spec.Luns.All(l => l.Lun != unit))
                    throw new ArgumentException($"target {name}: initiator {Text.Escape(initiator.Name)} sees as LUN {lun} a unit {unit}, which the target has not");
    }

    /// <summary>The targets of one moment.</summary>
    internal sealed record Set(IReadOnlyList<ServedTarget> InOrder)
    {
        public FrozenDictionary<string, ServedTarget> ByName { get; } = InOrder.ToFrozenDictionary(t => t.Spec.Name, StringComparer.Ordinal);
    }

    /// <summary>From one set of targets to the next.</summary>
    internal sealed class Change(Set before, string? stateDirectory)
    {
        private readonly List<ServedTarget> _targets = [];
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);
        private readonly HashSet<LogicalUnit> _kept = [];
        private readonly List<(string Target, int Lun, LogicalUnit Unit)> _opened = [];

        /// <summary>Units that are new.</summary>
        public IReadOnlyList<(string Target, int Lun, LogicalUnit Unit)> Opened => _opened;

        /// <summary>Units that stay; a file may have grown.</summary>
        public IEnumerable<LogicalUnit> Kept => _kept;

        /// <summary>Units that are no more.</summary>
        public IEnumerable<(int Lun, LogicalUnit Unit)> Gone =>
            before.InOrder.SelectMany(t => t.Units).Where(u => !_kept.Contains(u.Value)).Select(u => (u.Key, u.Value));

        public Set Next() => new([.. _targets]);

        /// <summary>Adds a target.</summary>
        /// <returns>False when there is one with its name.</returns>
        public bool Add(TargetSpec spec)
        {
            if (!_names.Add(spec.Name)) return false;
            ServedTarget? old = before.ByName.GetValueOrDefault(spec.Name);
            var units = new Dictionary<int, LogicalUnit>();
            foreach (LunSpec lun in spec.Luns) units.Add(lun.Lun, Keep(old, lun) ?? Open(spec, lun));
            _targets.Add(new ServedTarget(spec, units));
            return true;
        }

        /// <summary>Initiators take two units of one identity for two paths to one unit, and write to both as if they were.</summary>
        public void CheckIdentities()
        {
            var seen = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (ServedTarget target in _targets)
                foreach ((int lun, LogicalUnit unit) in target.Units)
                {
                    string identity = Convert.ToHexStringLower(unit.Designator), where = $"target {target.Spec.Name}, LUN {lun}";
                    if (!seen.TryAdd(identity, where)) throw new ArgumentException($"{where}: naa={identity} is that of {seen[identity]} already");
                }
        }

        /// <summary>Closes what was opened for nothing.</summary>
        public void Undo()
        {
            foreach ((_, _, LogicalUnit unit) in _opened) unit.Store.Dispose();
        }

        /// <summary>The unit that is served already. It may have become longer; else it is another unit.</summary>
        private LogicalUnit? Keep(ServedTarget? old, LunSpec lun)
        {
            if (old?.Spec.Luns.FirstOrDefault(l => l.Lun == lun.Lun) is not { } was) return null;
            // A reload must not lose what is in memory, nor change a unit under those who use it.
            bool grown = lun.Path.Length > 0 && lun with { Size = was.Size } == was && (lun.Size == 0 || new FileInfo(lun.Path).Length == lun.Size);
            if (lun != was && !grown)
                throw new ArgumentException($"target {old.Spec.Name}: LUN {lun.Lun} is in use as it was; only a file that has grown may change (remove the LUN, reload, and add it again)");
            LogicalUnit unit = old.Units[lun.Lun];
            _kept.Add(unit);
            return unit;
        }

        private LogicalUnit Open(TargetSpec spec, LunSpec lun)
        {
            LogicalUnit unit = LogicalUnit.Open(lun, spec.Name, stateDirectory);
            _opened.Add((spec.Name, lun.Lun, unit));
            return unit;
        }
    }
}
