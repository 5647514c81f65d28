namespace Iscsitop.Engine;

/// <summary>Who has registered with a unit (SPC-4 §5.13), or holds it.</summary>
/// <param name="Initiator">Initiator name, "" when not known.</param>
/// <param name="Isid">ISID in 12 hexadecimal digits, "" when not known.</param>
/// <param name="Key">Reservation key; 0 when not known or none.</param>
public sealed record Registrant(string Initiator, string Isid, ulong Key);

/// <summary>What kind of reservation a unit has.</summary>
public enum ReservationKind : byte
{
    /// <summary>None, or none was seen.</summary>
    None,

    /// <summary>RESERVE(6) or RESERVE(10).</summary>
    Legacy,

    /// <summary>PERSISTENT RESERVE OUT.</summary>
    Persistent,
}

/// <summary>
/// The reservations of a unit as far as they were seen: from PERSISTENT RESERVE OUT and IN, RESERVE and RELEASE and their outcome, or told by
/// the target itself. A new record for each change.
/// </summary>
/// <param name="Target">Target name.</param>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Engine">The engine that saw it.</param>
/// <param name="Kind">Whether it is reserved.</param>
/// <param name="Type">Type of a persistent reservation (SPC-4 §6.16.3.4), 0 without one.</param>
/// <param name="Holder">Who holds it; null when nobody does or all registrants do.</param>
/// <param name="Registrants">Who has registered a key.</param>
/// <param name="Generation">PRGENERATION, -1 when not known.</param>
/// <param name="Changed">Wall time of the last change, ns since 1970.</param>
/// <param name="Complete">Whether it is known to be all there is: told by the target or by a READ FULL STATUS, and followed since.</param>
public sealed record ReservationState(
    string Target, ulong Lun, EngineStatus Engine, ReservationKind Kind, byte Type, Registrant? Holder,
    IReadOnlyList<Registrant> Registrants, long Generation, long Changed, bool Complete);
