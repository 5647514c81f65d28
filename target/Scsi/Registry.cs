namespace Iscsitop.Target.Scsi;

/// <summary>One row of the persistent reservation types (SPC-4 table 159).</summary>
/// <param name="Code">The TYPE field.</param>
/// <param name="ExclusiveAccess">Whether it stops reads as well as writes.</param>
/// <param name="Registrants">Whether every registered nexus has the holder's access.</param>
/// <param name="AllHold">Whether every registered nexus is a holder.</param>
/// <param name="Mask">Its bit of the PERSISTENT RESERVATION TYPE MASK (SPC-4 table 178).</param>
internal sealed record ReservationType(byte Code, bool ExclusiveAccess, bool Registrants, bool AllHold, ushort Mask)
{
    /// <summary>All of them.</summary>
    public static readonly ReservationType[] Rows =
    [
        new(1, false, false, false, 0x0200), // Write Exclusive
        new(3, true, false, false, 0x0800), // Exclusive Access
        new(5, false, true, false, 0x2000), // Write Exclusive – Registrants Only
        new(6, true, true, false, 0x4000), // Exclusive Access – Registrants Only
        new(7, false, true, true, 0x8000), // Write Exclusive – All Registrants
        new(8, true, true, true, 0x0001), // Exclusive Access – All Registrants
    ];

    /// <summary>The row of a TYPE, null when there is none.</summary>
    public static ReservationType? Find(int code) => Array.Find(Rows, r => r.Code == code);
}

/// <summary>A registration (SPC-4 §5.13.7).</summary>
internal sealed record Registration(NexusName Nexus, ulong Key)
{
    /// <summary>Whether it was made for every target port.</summary>
    public bool AllPorts => Nexus.Port == 0;

    /// <summary>Whether it is a nexus's.</summary>
    public bool Covers(NexusName name) => Nexus.Initiator == name.Initiator && (AllPorts || Nexus.Port == name.Port);
}

/// <summary>The registrations of a unit and its persistent reservation, as they are at one time. Never changes.</summary>
internal sealed record Registry
{
    /// <summary>Nobody has registered.</summary>
    public static readonly Registry Empty = new();

    /// <summary>The registrations, oldest first.</summary>
    public Registration[] Registrations { get; init; } = [];

    /// <summary>The reservation's type, null without one. Its scope is the logical unit: there is no other.</summary>
    public ReservationType? Type { get; private init; }

    /// <summary>Who holds it; nobody's name when all registrants do.</summary>
    public NexusName Holder { get; private init; }

    /// <summary>PRGENERATION.</summary>
    public uint Generation { get; init; }

    /// <summary>Whether it outlives a loss of power (PTPL_A).</summary>
    public bool Persist { get; init; }

    /// <summary>A nexus's registration, null when it has none.</summary>
    public Registration? Find(NexusName name) => Array.Find(Registrations, r => r.Covers(name));

    /// <summary>Whether a registration is a holder's.</summary>
    public bool IsHolder(Registration of) => Type is { } type && (type.AllHold || Holder == of.Nexus);

    /// <summary>The holder's key; 0 when all registrants hold the reservation, or nobody.</summary>
    public ulong HolderKey => Array.Find(Registrations, r => r.Nexus == Holder)?.Key ?? 0;

    /// <summary>With a reservation.</summary>
    public Registry With(ReservationType type, Registration holder) => this with { Type = type, Holder = type.AllHold ? default : holder.Nexus };

    /// <summary>Without the reservation.</summary>
    public Registry Released() => this with { Type = null, Holder = default };

    /// <summary>With registrations added, or their keys changed.</summary>
    public Registry With(params Registration[] added) =>
        this with { Registrations = [.. Registrations.Select(r => Array.Find(added, a => a.Nexus == r.Nexus) ?? r), .. added.Where(a => !Array.Exists(Registrations, r => r.Nexus == a.Nexus))] };

    /// <summary>Without some registrations; a reservation whose last holder goes goes too.</summary>
    public Registry Without(Predicate<Registration> gone)
    {
        Registry left = this with { Registrations = Array.FindAll(Registrations, r => !gone(r)) };
        return Type is not null && !Array.Exists(left.Registrations, left.IsHolder) ? left.Released() : left;
    }
}
