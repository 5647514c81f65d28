using System.Buffers.Binary;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// The reservations of a unit as far as commands that ended GOOD tell (SPC-4 §5.13; SPC-2 §5.5 for RESERVE and RELEASE). Never changes:
/// each command makes the next. A status of GOOD also proves what was so before: who gave a key was registered with it. What was not seen
/// stays unknown, and a registrant whose key alone was told has no name until a command proves whose key it is.
/// </summary>
internal sealed record SeenReservations
{
    /// <summary>Bytes of a parameter list without TransportIDs.</summary>
    public const int ListLength = 24;

    /// <summary>Nothing has been seen.</summary>
    public static readonly SeenReservations Unknown = new();

    /// <summary>Who has registered, oldest first.</summary>
    public RegistrantInfo[] Registrants { get; private init; } = [];

    /// <summary>Whether every registration is among them, with or without its name.</summary>
    public bool HasAllKeys { get; private init; }

    /// <summary>Whether every registration is among them by name, and was followed since that was told.</summary>
    public bool HasAll { get; private init; }

    /// <summary>Whether RESERVE(6) or (10) is in force.</summary>
    public bool Legacy { get; private init; }

    /// <summary>Type of the persistent reservation, 0 when there is none or none was seen.</summary>
    public byte Type { get; private init; }

    /// <summary>Whether there is none when none was seen.</summary>
    public bool KnowsType { get; private init; }

    /// <summary>Who holds the reservation; null when nobody does or all registrants do.</summary>
    public RegistrantInfo? Holder { get; private init; }

    /// <summary>PRGENERATION, -1 when not known.</summary>
    public long Generation { get; private init; } = -1;

    /// <summary>Whether this is all there is.</summary>
    public bool Complete => HasAll && KnowsType && Holder is not { Initiator: "" };

    /// <summary>Whether anybody has registered or reserved.</summary>
    public bool IsEmpty => Registrants.Length == 0 && Type == 0 && !Legacy;

    /// <summary>The same with so many registrants at most.</summary>
    public SeenReservations AtMost(int registrants) =>
        Registrants.Length <= registrants ? this : this with { Registrants = Registrants[..Math.Max(0, registrants)], HasAll = false, HasAllKeys = false };

    /// <summary>Whether another says the same of who may do what.</summary>
    public bool SameAs(SeenReservations other) =>
        Legacy == other.Legacy && Type == other.Type && Holder == other.Holder && Registrants.AsSpan().SequenceEqual(other.Registrants);

    /// <summary>A PERSISTENT RESERVE OUT ended GOOD.</summary>
    /// <param name="action">Its service action.</param>
    /// <param name="type">The TYPE of its CDB.</param>
    /// <param name="by">Whose command it was; the key says nothing.</param>
    /// <param name="list">Its parameter list; shorter than it was when that was not captured.</param>
    /// <param name="whole">Whether it was captured to its end.</param>
    public SeenReservations Out(int action, byte type, RegistrantInfo by, ReadOnlySpan<byte> list, bool whole)
    {
        if (list.Length < ListLength) return WithoutLegacy().Unseen(action, type, by);
        ulong key = BinaryPrimitives.ReadUInt64BigEndian(list), actionKey = BinaryPrimitives.ReadUInt64BigEndian(list[8..]);
        SeenReservations now = WithoutLegacy();
        if (action is not ((int)Action.Register or (int)Action.RegisterAndIgnore or (int)Action.ReplaceLost)) now = now.Proven(by with { Key = key });
        return (Action)action switch
        {
            Action.Register => now.Register(by, key, actionKey, list, whole),
            Action.RegisterAndIgnore => now.RegisterAnyway(by with { Key = actionKey }),
            Action.Reserve => now.Reserved(type, by with { Key = key }),
            Action.Release => now.ReleasedBy(by with { Key = key }),
            Action.Clear => now.Cleared(),
            Action.Preempt or Action.PreemptAndAbort => now.Preempted(type, by with { Key = key }, actionKey),
            Action.RegisterAndMove => now.Moved(by, actionKey, list),
            Action.ReplaceLost => now.Cleared().With(by with { Key = actionKey }).Reserved(type, by with { Key = actionKey }),
            _ => this,
        };
    }

    /// <summary>PERSISTENT RESERVE IN, READ KEYS (SPC-4 §6.14.2): what it does not list has gone unseen, what is new has no name.</summary>
    public SeenReservations Keys(ReadOnlySpan<byte> data)
    {
        if (!TryHeader(data, out uint generation, out ReadOnlySpan<byte> list, out bool whole)) return this;
        SeenReservations now = Told(generation);
        if (!whole) return now;
        var keys = new List<ulong>();
        for (; list.Length >= 8; list = list[8..]) keys.Add(BinaryPrimitives.ReadUInt64BigEndian(list));
        if (keys.Count == 0) return Cleared() with { Generation = generation };
        RegistrantInfo[] left = Array.FindAll(now.Registrants, r => keys.Remove(r.Key));
        bool all = left.Length == now.Registrants.Length && keys.Count == 0;
        now = (now with { HasAllKeys = true }).Left(left);
        // Who holds it now was not seen, when the holder has gone.
        if (now.Type != Type) now = now with { KnowsType = false };
        foreach (ulong key in keys) now = now.With(new RegistrantInfo("", "", key), another: true);
        return (now with { HasAll = now.HasAll && all }).Settled();
    }

    /// <summary>PERSISTENT RESERVE IN, READ RESERVATION (SPC-4 §6.14.3).</summary>
    public SeenReservations Reservation(ReadOnlySpan<byte> data)
    {
        if (!TryHeader(data, out uint generation, out ReadOnlySpan<byte> list, out bool whole)) return this;
        SeenReservations now = Told(generation);
        if (!whole) return now;
        if (list.IsEmpty) return now.Released();
        if (list.Length < 16 || ReservationType.Find(list[13] & 0x0f) is not { } type) return now;
        if (type.AllHold) return now with { Type = type.Code, KnowsType = true, Holder = null };
        ulong key = BinaryPrimitives.ReadUInt64BigEndian(list);
        bool same = now.HasAll && now.Type == type.Code && now.Holder is { } holder && holder.Key == key;
        return (now with { Type = type.Code, KnowsType = true, Holder = same ? now.Holder : new RegistrantInfo("", "", key) }).Settled();
    }

    /// <summary>PERSISTENT RESERVE IN, READ FULL STATUS (SPC-4 §6.14.5): all there is, when it was captured whole.</summary>
    public SeenReservations FullStatus(ReadOnlySpan<byte> data)
    {
        if (!TryHeader(data, out uint generation, out ReadOnlySpan<byte> list, out bool whole)) return this;
        SeenReservations now = Told(generation);
        if (!whole) return now;
        now = Unknown with { HasAllKeys = true, HasAll = true, KnowsType = true, Generation = generation };
        while (list.Length >= ListLength)
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(list[20..]);
            if (length > list.Length - ListLength) return now with { HasAllKeys = false, HasAll = false };
            bool named = TransportId.TryRead(list.Slice(ListLength, (int)length), out TransportId id, out _);
            var registrant = new RegistrantInfo(named ? id.Device : "", named ? id.Isid ?? "" : "", BinaryPrimitives.ReadUInt64BigEndian(list));
            now = now.With(registrant, another: true);
            if (!named) now = now with { HasAll = false };
            if ((list[12] & 1) != 0 && ReservationType.Find(list[13] & 0x0f) is { } type)
                now = now with { Type = type.Code, Holder = type.AllHold ? null : registrant };
            list = list[(ListLength + (int)length)..];
        }
        return now;
    }

    /// <summary>RESERVE(6) or (10) ended GOOD; beside registrations it does nothing (SPC-4 §5.13.3).</summary>
    public SeenReservations ReserveOfOld(RegistrantInfo by) =>
        Registrants.Length > 0 || Type != 0 ? this : this with { Legacy = true, Holder = by with { Key = 0 } };

    /// <summary>RELEASE(6) or (10) ended GOOD, or the nexus was lost: ends what it has reserved by RESERVE.</summary>
    public SeenReservations ReleaseOfOld(RegistrantInfo by) => Legacy && Holder is { } holder && Same(holder, by) ? WithoutLegacy() : this;

    /// <summary>The unit was reset: RESERVE ends, a persistent reservation does not. PERSISTENT RESERVE is refused beside it, too.</summary>
    public SeenReservations WithoutLegacy() => Legacy ? this with { Legacy = false, Holder = null } : this;

    private SeenReservations Register(RegistrantInfo by, ulong key, ulong actionKey, ReadOnlySpan<byte> list, bool whole)
    {
        SeenReservations now = this;
        if (key != 0) now = now.Proven(by with { Key = key });
        else if (now.Find(by) >= 0) now = now.Without(r => Same(r, by)) with { HasAll = false, HasAllKeys = false, Generation = -1 };
        if (key == 0 && now.Type != Type) now = now with { KnowsType = false }; // it was gone before: somebody else may hold it
        if (actionKey == 0) return key == 0 ? now with { Generation = -1 } : now.Without(r => Same(r, by)).Next();
        now = now.With(by with { Key = actionKey });
        const byte specifyPorts = 0x08;
        return ((list[20] & specifyPorts) == 0 ? now : now.Specified(list, whole, actionKey)).Next();
    }

    // SPEC_I_PT: others are registered with the same key.
    private SeenReservations Specified(ReadOnlySpan<byte> list, bool whole, ulong key)
    {
        SeenReservations now = this;
        list = list.Length > 28 ? list[28..] : default;
        while (TransportId.TryRead(list, out TransportId id, out int length))
        {
            now = now.With(new RegistrantInfo(id.Device, id.Isid ?? "", key));
            if (id.Isid is null) now = now with { HasAll = false, HasAllKeys = false }; // as many as it has ports
            list = list[length..];
        }
        return whole && list.IsEmpty ? now : now with { HasAll = false, HasAllKeys = false };
    }

    // Whether it had registered is proven only where its name is known, or all names are.
    private SeenReservations RegisterAnyway(RegistrantInfo by)
    {
        bool known = Find(by) >= 0;
        SeenReservations now = known || HasAll ? this : this with { HasAllKeys = false };
        if (by.Key != 0) return now.With(by).Next();
        return known ? now.Without(r => Same(r, by)).Next() : now with { Generation = -1 };
    }

    private SeenReservations Reserved(byte type, RegistrantInfo by) =>
        this with { Type = type, KnowsType = true, Holder = ReservationType.Find(type) is { AllHold: true } ? null : by };

    private SeenReservations ReleasedBy(RegistrantInfo by)
    {
        if (Type == 0) return this;
        // Who has the key of a holder without a name is mostly the holder.
        if (Holder is { Initiator: "" } nameless && nameless.Key == by.Key) return Released() with { KnowsType = false };
        return ReservationType.Find(Type) is { AllHold: true } || (Holder is { } holder && Same(holder, by)) ? Released() : this;
    }

    private SeenReservations Released() => this with { Type = 0, KnowsType = true, Holder = null };

    private SeenReservations Cleared() =>
        Released() with { Registrants = [], HasAll = true, HasAllKeys = true, Generation = Generation < 0 ? -1 : (uint)(Generation + 1) };

    // SPC-4 §5.13.11.4. GOOD for a key of 0 proves that all registrants held the reservation.
    private SeenReservations Preempted(byte type, RegistrantInfo by, ulong key)
    {
        if (key == 0) return Cleared().With(by).Reserved(type, by);
        bool takes = Type != 0 && Holder is { } holder && holder.Key == key;
        // Who knows not what there was, knows not whether it was taken.
        bool doubt = !KnowsType;
        SeenReservations now = Without(r => r.Key == key && !((takes || doubt) && Same(r, by)));
        if (takes) now = now.Reserved(type, by);
        return (doubt ? now with { HasAll = false } : now).Next();
    }

    private SeenReservations Moved(RegistrantInfo by, ulong key, ReadOnlySpan<byte> list)
    {
        const byte unregister = 0x02;
        if (!TransportId.TryRead(list[ListLength..], out TransportId id, out _)) return (this with { HasAll = false, HasAllKeys = false, KnowsType = false }).Next();
        var to = new RegistrantInfo(id.Device, id.Isid ?? "", key);
        SeenReservations now = With(to);
        now = Type == 0 ? now with { KnowsType = false } : now with { Holder = to };
        return ((list[17] & unregister) == 0 ? now : now.Without(r => Same(r, by))).Next();
    }

    // GOOD, and the parameter list was not captured: what the CDB alone says.
    private SeenReservations Unseen(int action, byte type, RegistrantInfo by)
    {
        SeenReservations lost = this with { HasAll = false, HasAllKeys = false, Generation = -1 };
        ulong key = Find(by) is var at and >= 0 ? Registrants[at].Key : 0;
        return (Action)action switch
        {
            Action.Reserve => Reserved(type, by with { Key = key }),
            Action.Release => ReleasedBy(by),
            Action.Clear => Cleared(),
            Action.Register or Action.RegisterAndIgnore => lost,
            _ => lost with { KnowsType = false },
        };
    }

    // A nexus has registered with a key. One that was told without its name and has that key is it.
    private SeenReservations Proven(RegistrantInfo by)
    {
        int at = Find(by);
        if (at < 0) at = Array.FindIndex(Registrants, r => r.Isid.Length == 0 && r.Key == by.Key && (r.Initiator.Length == 0 || r.Initiator == by.Initiator));
        if (at < 0) return With(by) with { HasAll = false };
        if (Registrants[at] == by) return this;
        bool missed = Registrants[at].Key != by.Key;
        RegistrantInfo[] all = [.. Registrants];
        all[at] = by;
        SeenReservations now = this with { Registrants = all, HasAll = HasAll && !missed };
        return (Holder is { } holder && Same(holder, by) ? now with { Holder = by } : now).Settled();
    }

    // The holder whose key alone was told is the only one who has that key.
    private SeenReservations Settled()
    {
        if (!HasAllKeys || Holder is not { Initiator: "" } nameless) return this;
        RegistrantInfo[] with = Array.FindAll(Registrants, r => r.Key == nameless.Key);
        return with is [{ Initiator.Length: > 0 } only] ? this with { Holder = only } : this;
    }

    private SeenReservations With(RegistrantInfo added, bool another = false)
    {
        int at = another ? -1 : Find(added);
        if (at < 0 && Registrants.Length >= ReservationInfo.MostRegistrants) return this with { HasAll = false, HasAllKeys = false };
        RegistrantInfo[] all = at < 0 ? [.. Registrants, added] : [.. Registrants];
        if (at >= 0) all[at] = added;
        return this with { Registrants = all, Holder = Holder is { } holder && !another && !Legacy && Same(holder, added) ? added : Holder };
    }

    // SPC-4 §5.13.11.1.3: a reservation ends with the registration of its last holder.
    private SeenReservations Without(Predicate<RegistrantInfo> gone) => Left(Array.FindAll(Registrants, r => !gone(r)));

    // Only these are left of its registrants.
    private SeenReservations Left(RegistrantInfo[] left)
    {
        if (left.Length == Registrants.Length) return this;
        SeenReservations now = this with { Registrants = left };
        if (Type == 0) return now;
        bool lost = Holder switch
        {
            null => left.Length == 0,
            { Initiator: "" } nameless => !Array.Exists(left, r => r.Key == nameless.Key),
            { } holder => !Array.Exists(left, r => Same(r, holder)) && Array.Exists(Registrants, r => Same(r, holder)),
        };
        return lost && (HasAllKeys || Holder is { Initiator.Length: > 0 }) ? now.Released() : now.Settled();
    }

    private SeenReservations Next() => Generation < 0 ? this : this with { Generation = (uint)(Generation + 1) };

    // Another generation than was counted: something was not seen.
    private SeenReservations Told(uint generation) =>
        WithoutLegacy() with { HasAll = HasAll && Generation == generation, HasAllKeys = HasAllKeys && Generation == generation, Generation = generation };

    private int Find(RegistrantInfo of) => Array.FindIndex(Registrants, r => Same(r, of));

    private static bool Same(RegistrantInfo a, RegistrantInfo b) => a.Initiator.Length > 0 && a.Initiator == b.Initiator && a.Isid == b.Isid;

    private static bool TryHeader(ReadOnlySpan<byte> data, out uint generation, out ReadOnlySpan<byte> list, out bool whole)
    {
        const int header = 8;
        (generation, whole) = (0, false);
        list = default;
        if (data.Length < header) return false;
        generation = BinaryPrimitives.ReadUInt32BigEndian(data);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        whole = length <= data.Length - header;
        list = data.Slice(header, whole ? (int)length : data.Length - header);
        return true;
    }

    /// <summary>Service actions of PERSISTENT RESERVE OUT (SPC-4 table 205).</summary>
    private enum Action
    {
        Register,
        Reserve,
        Release,
        Clear,
        Preempt,
        PreemptAndAbort,
        RegisterAndIgnore,
        RegisterAndMove,
        ReplaceLost,
    }
}
