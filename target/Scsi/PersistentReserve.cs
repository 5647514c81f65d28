using System.Buffers.Binary;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>Handlers of PERSISTENT RESERVE IN and OUT (SPC-4 §6.14, §6.15), and of RESERVE and RELEASE (SPC-2 §7.21, §7.16).</summary>
internal static class PersistentReserve
{
    private const int ListLength = 24;
    private const int DescriptorLength = 24;
    private const byte SpecifyPorts = 0x08; // SPEC_I_PT
    private const byte AllPorts = 0x04; // ALL_TG_PT
    private const byte Persist = 0x01; // APTPL
    private const byte Unregister = 0x02; // UNREG of REGISTER AND MOVE

    private delegate Change Action(Parameters p, Registry registry);

    public static ScsiStatus ReadKeys(ScsiTask task)
    {
        if (task.Unit!.Reservations.IsReserved) return ScsiStatus.ReservationConflict;
        Registry registry = task.Unit.Reservations.Registry;
        Span<byte> data = Header(task, registry, registry.Registrations.Length * 8);
        for (int i = 0; i < registry.Registrations.Length; i++) BinaryPrimitives.WriteUInt64BigEndian(data[(8 + i * 8)..], registry.Registrations[i].Key);
        return task.Reply(data.Length);
    }

    public static ScsiStatus ReadReservation(ScsiTask task)
    {
        if (task.Unit!.Reservations.IsReserved) return ScsiStatus.ReservationConflict;
        Registry registry = task.Unit.Reservations.Registry;
        Span<byte> data = Header(task, registry, registry.Type is null ? 0 : 16);
        if (registry.Type is { } type)
        {
            BinaryPrimitives.WriteUInt64BigEndian(data[8..], registry.HolderKey);
            data[21] = type.Code;
        }
        return task.Reply(data.Length);
    }

    public static ScsiStatus ReportCapabilities(ScsiTask task)
    {
        Reservations reservations = task.Unit!.Reservations;
        if (reservations.IsReserved) return ScsiStatus.ReservationConflict;
        Span<byte> data = task.ReplyArea();
        BinaryPrimitives.WriteUInt16BigEndian(data, 8);
        data[2] = (byte)(SpecifyPorts | AllPorts | (reservations.CanPersist ? Persist : 0)); // SIP_C, ATP_C, PTPL_C stand where the flags do
        data[3] = (byte)(0x80 | (reservations.Registry.Persist ? Persist : 0)); // TMV, PTPL_A
        BinaryPrimitives.WriteUInt16BigEndian(data[4..], (ushort)ReservationType.Rows.Sum(r => r.Mask));
        return task.Reply(8);
    }

    public static ScsiStatus ReadFullStatus(ScsiTask task)
    {
        if (task.Unit!.Reservations.IsReserved) return ScsiStatus.ReservationConflict;
        Registry registry = task.Unit.Reservations.Registry;
        Span<byte> data = Header(task, registry, registry.Registrations.Sum(r => DescriptorLength + TransportId.Length(r.Nexus.Initiator)));
        int at = 8;
        foreach (Registration r in registry.Registrations)
        {
            Span<byte> descriptor = data[at..];
            bool holds = registry.IsHolder(r);
            int id = TransportId.Length(r.Nexus.Initiator);
            BinaryPrimitives.WriteUInt64BigEndian(descriptor, r.Key);
            descriptor[12] = (byte)((r.AllPorts ? 0x02 : 0) | (holds ? 0x01 : 0));
            descriptor[13] = holds ? registry.Type!.Code : (byte)0;
            BinaryPrimitives.WriteUInt16BigEndian(descriptor[18..], r.Nexus.Port);
            BinaryPrimitives.WriteUInt32BigEndian(descriptor[20..], (uint)id);
            TransportId.Write(descriptor[DescriptorLength..], r.Nexus.Initiator);
            at += DescriptorLength + id;
        }
        return task.Reply(at);
    }

    public static ScsiStatus Register(ScsiTask task) => Out(task, (p, registry) => Register(task, p, registry, ignoreKey: false));

    public static ScsiStatus RegisterAndIgnore(ScsiTask task) => Out(task, (p, registry) => Register(task, p, registry, ignoreKey: true));

    public static ScsiStatus Reserve(ScsiTask task) => Out(task, (p, registry) =>
    {
        if (Wanted(task) is not { } type) return new Change(ScsiStatus.CheckCondition);
        if (Registered(task, p, registry) is not { } own) return Change.Conflict;
        if (registry.Type is null) return new Change(ScsiStatus.Good, registry.With(type, own));
        return registry.Type == type && registry.IsHolder(own) ? Change.Nothing : Change.Conflict;
    });

    public static ScsiStatus Release(ScsiTask task) => Out(task, (p, registry) =>
    {
        if (Registered(task, p, registry) is not { } own) return Change.Conflict;
        if (!registry.IsHolder(own)) return Change.Nothing;
        if (task.Cdb[2] != registry.Type!.Code) return new Change(task.Fail(SenseCode.InvalidReleaseOfPersistentReservation));
        return new Change(ScsiStatus.Good, registry.Released()) { Notices = Released(registry, except: own) };
    });

    public static ScsiStatus Clear(ScsiTask task) => Out(task, (p, registry) => Registered(task, p, registry) is not { } own
        ? Change.Conflict
        : new Change(ScsiStatus.Good, Next(registry.Without(_ => true)))
        {
            Notices = Notices(registry.Registrations.Where(r => r != own), SenseCode.ReservationsPreempted),
        });

    public static ScsiStatus Preempt(ScsiTask task) => Out(task, (p, registry) => Preempt(task, p, registry));

    /// <summary>The status is sent when no task of a preempted nexus can touch the medium any more.</summary>
    public static ScsiStatus PreemptAndAbort(ScsiTask task)
    {
        if (!task.MayBlock) return ScsiTask.Deferred;
        IReadOnlyList<Registration> preempted = [];
        ScsiStatus status = Out(task, (p, registry) =>
        {
            Change change = Preempt(task, p, registry);
            preempted = change.Preempted;
            return change;
        });
        if (status != ScsiStatus.Good) return status;
        LogicalUnit unit = task.Unit!;
        (Generations Tasks, int Generation)[] aborted =
        [
            .. unit.Nexuses.Where(n => n != task.Nexus && preempted.Any(r => r.Covers(n.Name))).Select(n => n.TasksOf(unit)).Select(t => (t, t.Next())),
        ];
        // Who is preempted meanwhile waits for nobody: somebody waits for it.
        SpinWait.SpinUntil(() => task.IsVoid || Array.TrueForAll(aborted, a => a.Tasks.IsQuietBefore(a.Generation)));
        return status;
    }

    /// <summary>SPC-4 §5.13.8: the holder hands its reservation to another nexus, and registers it for that.</summary>
    public static ScsiStatus RegisterAndMove(ScsiTask task) => Out(task, (p, registry) =>
    {
        ReadOnlySpan<byte> list = task.DataOut;
        if (Registered(task, p, registry) is not { } own || registry.Type is not { AllHold: false } || !registry.IsHolder(own)) return Change.Conflict;
        if (p.ActionKey == 0) return WrongList(task, 8);
        if (CannotPersist(task, list[17])) return WrongList(task, 17, 0);
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(list[18..]);
        if (port != task.Nexus.RelativePort) return WrongList(task, 18);
        if (!TransportId.TryRead(list[ListLength..], out TransportId id, out _) || Names(task, id) is not [var name]) return WrongList(task, ListLength);
        if (own.Covers(name)) return WrongList(task, ListLength);
        Registration moved = new(registry.Find(name)?.Nexus ?? name, p.ActionKey);
        if (registry.Find(name) is null && registry.Registrations.Length >= task.Unit!.Reservations.MaxRegistrations)
            return new Change(task.Fail(SenseCode.InsufficientRegistrationResources));
        Registry next = registry.With(moved).With(registry.Type, moved);
        if ((list[17] & Unregister) != 0) next = next.Without(r => r == own);
        return new Change(ScsiStatus.Good, Next(next) with { Persist = (list[17] & Persist) != 0 });
    });

    /// <summary>RESERVE(6) and (10); third parties and parts of a unit are obsolete.</summary>
    public static ScsiStatus Reserve6(ScsiTask task)
    {
        if (task.OutLength != 0) return task.FailField(task.Row!.Layout.Length);
        return task.Unit!.Reservations.TryReserve(task.Nexus) ? ScsiStatus.Good : ScsiStatus.ReservationConflict;
    }

    /// <summary>RELEASE(6) and (10).</summary>
    public static ScsiStatus Release6(ScsiTask task)
    {
        if (task.OutLength != 0) return task.FailField(task.Row!.Layout.Length);
        task.Unit!.Reservations.Release(task.Nexus);
        return ScsiStatus.Good;
    }

    // PRGENERATION and ADDITIONAL LENGTH, which truncation leaves as they are.
    private static Span<byte> Header(ScsiTask task, Registry registry, int length)
    {
        Span<byte> data = task.ReplyArea(8 + length);
        BinaryPrimitives.WriteUInt32BigEndian(data, registry.Generation);
        BinaryPrimitives.WriteUInt32BigEndian(data[4..], (uint)length);
        return data;
    }

    private static ScsiStatus Out(ScsiTask task, Action action)
    {
        Reservations reservations = task.Unit!.Reservations;
        if (!IsWhole(task)) return task.Fail(SenseCode.ParameterListLengthError);
        if (reservations.CanPersist && !task.MayBlock) return ScsiTask.Deferred;
        ReadOnlySpan<byte> list = task.DataOut;
        var p = new Parameters(BinaryPrimitives.ReadUInt64BigEndian(list), BinaryPrimitives.ReadUInt64BigEndian(list[8..]), list[20]);
        try
        {
            return reservations.Alter(registry => action(p, registry)).Status;
        }
        catch (IOException)
        {
            return task.Fail(SenseCode.InternalTargetFailure); // it could not be stored, so it did not happen
        }
    }

    // Lists of TransportIDs end where they say, in REGISTER and REGISTER AND MOVE; every other list has 24 bytes.
    private static bool IsWhole(ScsiTask task)
    {
        const int registerAction = 0, moveAction = 7;
        ReadOnlySpan<byte> list = task.DataOut;
        if (list.Length != task.OutLength || list.Length < ListLength) return false;
        int at = (task.Cdb[1] & 0x1f) switch
        {
            moveAction => 20,
            registerAction when (list[20] & SpecifyPorts) != 0 => 24,
            _ => 0,
        };
        return at == 0 ? list.Length == ListLength : list.Length >= at + 4 && BinaryPrimitives.ReadUInt32BigEndian(list[at..]) == list.Length - at - 4;
    }

    private static Change Register(ScsiTask task, Parameters p, Registry registry, bool ignoreKey)
    {
        Registration? own = registry.Find(task.Nexus.Name);
        if (!ignoreKey && p.Key != (own?.Key ?? 0)) return Change.Conflict;
        if (CannotPersist(task, p.Flags)) return WrongList(task, 20, 0);
        bool specify = (p.Flags & SpecifyPorts) != 0;
        if (specify && (ignoreKey || own is not null)) return WrongList(task, 20, 3);
        bool persist = (p.Flags & Persist) != 0;
        if (own is not null && p.ActionKey == 0) return Leave(registry, own, persist);
        if (p.ActionKey == 0) return Change.Nothing;
        List<NexusName> names = [own?.Nexus ?? task.Nexus.Name];
        if (specify && !TryNames(task, names)) return WrongList(task, 28);
        if ((p.Flags & AllPorts) != 0 && own is null) names = [.. names.Select(n => n with { Port = 0 })];
        if (names.Skip(1).Any(n => registry.Find(n) is not null)) return Change.Conflict;
        if (own is null && registry.Registrations.Length + names.Count > task.Unit!.Reservations.MaxRegistrations)
            return new Change(task.Fail(SenseCode.InsufficientRegistrationResources));
        return new Change(ScsiStatus.Good, Next(registry.With([.. names.Select(n => new Registration(n, p.ActionKey))])) with { Persist = persist });
    }

    // SPC-4 §5.13.11.1.3: the reservation ends with the registration of its last holder.
    private static Change Leave(Registry registry, Registration own, bool persist)
    {
        Registry next = Next(registry.Without(r => r == own)) with { Persist = persist };
        bool ended = registry.Type is { AllHold: false } && next.Type is null;
        return new Change(ScsiStatus.Good, next) { Notices = ended ? Released(registry, except: own) : [] };
    }

    // SPC-4 §5.13.11.2.
    private static Change Preempt(ScsiTask task, Parameters p, Registry registry)
    {
        if (Registered(task, p, registry) is not { } own) return Change.Conflict;
        bool all = registry.Type is { AllHold: true } && p.ActionKey == 0;
        bool takes = all || (registry.Type is { AllHold: false } && p.ActionKey == registry.HolderKey);
        if (p.ActionKey == 0 && !all) return WrongList(task, 8);
        Registration[] preempted = [.. registry.Registrations.Where(r => (all || r.Key == p.ActionKey) && !(takes && r == own))];
        if (preempted.Length == 0 && !takes) return Change.Conflict;
        Registry next = registry.Without(r => preempted.Contains(r));
        if (takes)
        {
            if (Wanted(task) is not { } type) return new Change(ScsiStatus.CheckCondition);
            next = next.With(type, own);
        }
        IEnumerable<Registration> others = preempted.Where(r => r != own);
        List<(NexusName, SenseCode)> notices = Notices(others, SenseCode.RegistrationsPreempted);
        if (registry.Type is not null && registry.Type != next.Type)
            notices.AddRange(Notices(next.Registrations.Where(r => r != own), SenseCode.ReservationsReleased));
        return new Change(ScsiStatus.Good, Next(next)) { Notices = notices, Preempted = [.. others] };
    }

    private static Registry Next(Registry registry) => registry with { Generation = registry.Generation + 1 };

    // The sender's registration, when the RESERVATION KEY is that of it.
    private static Registration? Registered(ScsiTask task, Parameters p, Registry registry) =>
        registry.Find(task.Nexus.Name) is { } own && own.Key == p.Key ? own : null;

    // The type of the CDB, whose scope must be the logical unit.
    private static ReservationType? Wanted(ScsiTask task)
    {
        int scope = task.Cdb[2] >> 4;
        ReservationType? type = scope == 0 ? ReservationType.Find(task.Cdb[2] & 0x0f) : null;
        if (type is null) task.FailField(2, scope == 0 ? 3 : 7);
        return type;
    }

    private static bool CannotPersist(ScsiTask task, byte flags) => (flags & Persist) != 0 && !task.Unit!.Reservations.CanPersist;

    private static Change WrongList(ScsiTask task, int atByte, int bit = 7)
    {
        ScsiStatus status = task.Fail(SenseCode.InvalidFieldInParameterList);
        task.Sense.PointTo(inCdb: false, atByte, bit);
        return new Change(status);
    }

    // Adds the nexuses of a list of TransportIDs: all of them, or the list is wrong.
    private static bool TryNames(ScsiTask task, List<NexusName> names)
    {
        ReadOnlySpan<byte> list = task.DataOut[28..];
        while (!list.IsEmpty)
        {
            if (!TransportId.TryRead(list, out TransportId id, out int length) || Names(task, id) is not { Length: > 0 } meant) return false;
            names.AddRange(meant.Where(n => !names.Contains(n)));
            list = list[length..];
        }
        return true;
    }

    // A port is taken at its word; a device is the ports of it that are logged in.
    private static NexusName[] Names(ScsiTask task, TransportId id) => id.Isid is not null
        ? [new NexusName(id.ToPort(), task.Nexus.RelativePort)]
        : [.. task.Unit!.Nexuses.Where(id.Means).Select(n => n.Name)];

    // Who relied on the reservation hears that it has ended (SPC-4 §5.13.11.1.2): registrants of the types that are about them.
    private static List<(NexusName, SenseCode)> Released(Registry registry, Registration except) => registry.Type is { Registrants: true }
        ? Notices(registry.Registrations.Where(r => r != except), SenseCode.ReservationsReleased)
        : [];

    private static List<(NexusName, SenseCode)> Notices(IEnumerable<Registration> to, SenseCode code) => [.. to.Select(r => (r.Nexus, code))];

    private readonly record struct Parameters(ulong Key, ulong ActionKey, byte Flags);
}
