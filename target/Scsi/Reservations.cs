using System.Collections.Frozen;
using Iscsitop.Target.Probes;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// Who may do what to a unit: persistent reservations (SPC-4 §5.13) and RESERVE of old (SPC-2 §5.5). What stops a command
/// is one object that changes as a whole; while nobody has reserved the unit there is none, and a command pays for one read.
/// </summary>
internal sealed class Reservations(LogicalUnit unit, ReservationFile? file = null)
{
    /// <summary>Registrations at most, unless told otherwise.</summary>
    public const int DefaultMaxRegistrations = 512;

    /// <summary>Registrations at most, whatever is told: what names them all must fit a command's buffer.</summary>
    public const int MostRegistrations = 4096;

    private readonly Lock _lock = new();
    private Registry _registry = Registry.Empty;
    private Nexus? _reserver;
    private Barrier? _barrier;
    private Action? _announce;

    /// <summary>Registrations at most; a reload may change it, and takes none away.</summary>
    public int MaxRegistrations { get; set; } = DefaultMaxRegistrations;

    /// <summary>The registrations and the reservation.</summary>
    public Registry Registry => Volatile.Read(ref _registry);

    /// <summary>Whether RESERVE(6) or (10) is in force, for whomever.</summary>
    public bool IsReserved => Volatile.Read(ref _reserver) is not null;

    /// <summary>Whether registrations can outlive a loss of power (PTPL_C).</summary>
    public bool CanPersist => file is not null;

    /// <summary>Takes up what an earlier run left.</summary>
    /// <exception cref="IOException">The file cannot be read; the message names it.</exception>
    public void Load()
    {
        if (file?.Load() is { } registry) Set(registry);
    }

    /// <summary>From now on a provider is told of each change, and now of what there is.</summary>
    public void Announce(Provider provider, string target, ulong lun)
    {
        lock (_lock)
        {
            _announce = () => provider.Tell(Describe(target, lun));
            if (_registry.Registrations.Length > 0 || _reserver is not null) _announce();
        }
    }

    /// <summary>Whether a reservation stops a command of this nexus.</summary>
    public bool Stops(Nexus nexus, CommandRow row, ReadOnlySpan<byte> cdb) =>
        Volatile.Read(ref _barrier) is { } barrier && barrier.Stops(nexus, row, cdb);

    /// <summary>Whether a reservation stops this nexus from reading, or from writing.</summary>
    public bool Stops(Nexus nexus, bool write) => Volatile.Read(ref _barrier) is { } barrier && barrier.Stops(nexus, write);

    /// <summary>RESERVE(6) and (10).</summary>
    /// <returns>False when it conflicts with a reservation, or with registrations (SPC-4 §5.13.3, CRH=0).</returns>
    public bool TryReserve(Nexus nexus)
    {
        lock (_lock)
        {
            if (_registry.Registrations.Length > 0 || (_reserver is not null && _reserver != nexus)) return false;
            SetReserver(nexus);
            return true;
        }
    }

    /// <summary>RELEASE(6) and (10): of the holder; of another it does nothing.</summary>
    public void Release(Nexus nexus) => NexusLost(nexus);

    /// <summary>A nexus is lost: RESERVE ends with it, a persistent reservation does not.</summary>
    public void NexusLost(Nexus nexus)
    {
        lock (_lock)
            if (_reserver == nexus)
                SetReserver(null);
    }

    /// <summary>The unit is reset: RESERVE ends, a persistent reservation does not.</summary>
    public void Reset()
    {
        lock (_lock) SetReserver(null);
    }

    /// <summary>
    /// Changes the registry as <paramref name="change"/> says, unless RESERVE is in force (SPC-2 §5.5.1). Who has to know is
    /// told when the change is in force, and on disk if it has to be.
    /// </summary>
    /// <exception cref="IOException">It could not be stored; nothing has changed.</exception>
    public Change Alter(Func<Registry, Change> change)
    {
        lock (_lock)
        {
            if (_reserver is not null) return Change.Conflict;
            Registry before = _registry;
            Change result = change(before);
            if (result.Next is not { } next || ReferenceEquals(next, before)) return result;
            if (next.Persist || before.Persist) file?.Save(next.Persist ? next : null);
            Set(next);
            foreach ((NexusName name, SenseCode code) in result.Notices) Tell(name, code);
            return result;
        }
    }

    private void Set(Registry registry)
    {
        Volatile.Write(ref _registry, registry);
        Volatile.Write(ref _barrier, registry.Type is null ? null : new Barrier(registry));
        _announce?.Invoke();
    }

    private void SetReserver(Nexus? nexus)
    {
        if (_reserver == nexus) return;
        Volatile.Write(ref _reserver, nexus);
        Volatile.Write(ref _barrier, nexus is null ? null : new Barrier(nexus));
        _announce?.Invoke();
    }

    private ReservationInfo Describe(string target, ulong lun)
    {
        Registry registry = _registry;
        Registration? holder = registry.Type is { AllHold: false } ? Array.Find(registry.Registrations, registry.IsHolder) : null;
        RegistrantInfo[] registrants = [.. registry.Registrations.Take(ReservationInfo.MostRegistrants).Select(r => Registrant(r.Nexus, r.Key))];
        return new ReservationInfo(
            target, lun, _reserver is not null, registry.Type?.Code ?? 0,
            _reserver is { } nexus ? Registrant(nexus.Name, 0) : holder is null ? null : Registrant(holder.Nexus, holder.Key),
            registrants, registry.Generation, Clock.Now, registrants.Length == registry.Registrations.Length);
    }

    private static RegistrantInfo Registrant(NexusName nexus, ulong key)
    {
        (string device, string isid) = TransportId.Split(nexus.Initiator);
        return new RegistrantInfo(device, isid, key);
    }

    private void Tell(NexusName name, SenseCode code)
    {
        foreach (Nexus nexus in unit.Nexuses)
            if (nexus.Name.Initiator == name.Initiator && (name.Port == 0 || name.Port == nexus.Name.Port))
                nexus.Attentions(unit).Add(code);
    }

    /// <summary>What stands in the way of commands.</summary>
    private sealed class Barrier
    {
        private const byte StartStopUnit = 0x1b;
        private const byte PreventAllow = 0x1e;

        private readonly Nexus? _reserver;
        private readonly bool _exclusiveAccess;
        private readonly FrozenSet<NexusName> _free = [];

        public Barrier(Nexus reserver) => _reserver = reserver;

        public Barrier(Registry registry)
        {
            _exclusiveAccess = registry.Type!.ExclusiveAccess;
            _free = registry.Registrations.Where(r => registry.Type.Registrants || registry.IsHolder(r)).Select(r => r.Nexus).ToFrozenSet();
        }

        public bool Stops(Nexus nexus, CommandRow row, ReadOnlySpan<byte> cdb) => _reserver is not null
            ? _reserver != nexus && (row.Access & Access.PassesAny) != Access.PassesAny
            : !Passes(row, cdb) && Stops(nexus, (row.Access & Access.Write) == Access.Write || (row.Access & Access.Changes) != 0);

        public bool Stops(Nexus nexus, bool write) => _reserver is not null
            ? _reserver != nexus
            : (write || _exclusiveAccess) && !_free.Contains(nexus.Name) && !_free.Contains(nexus.Name with { Port = 0 });

        // SPC-4 table 68, SBC-4 table 15: starting a unit and allowing removal take nothing from anybody.
        private static bool Passes(CommandRow row, ReadOnlySpan<byte> cdb) => row.Opcode switch
        {
            StartStopUnit => cdb[4] == 0x01,
            PreventAllow => (cdb[4] & 0x03) == 0,
            _ => (row.Access & Access.PassesPersistent) != 0,
        };
    }
}

/// <summary>What came of a PERSISTENT RESERVE OUT.</summary>
/// <param name="Status">The command's status.</param>
/// <param name="Next">The registry from now on; null when nothing changes.</param>
internal sealed record Change(ScsiStatus Status, Registry? Next = null)
{
    /// <summary>RESERVATION CONFLICT.</summary>
    public static readonly Change Conflict = new(ScsiStatus.ReservationConflict);

    /// <summary>GOOD, and nothing is done.</summary>
    public static readonly Change Nothing = new(ScsiStatus.Good);

    /// <summary>The unit attentions to establish, by nexus.</summary>
    public IReadOnlyList<(NexusName Name, SenseCode Code)> Notices { get; init; } = [];

    /// <summary>The registrations that were preempted.</summary>
    public IReadOnlyList<Registration> Preempted { get; init; } = [];
}
