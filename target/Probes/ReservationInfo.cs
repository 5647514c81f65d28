namespace Iscsitop.Target.Probes;

/// <summary>A nexus that has registered with a unit, or holds it.</summary>
/// <param name="Initiator">Initiator name, "" when not known.</param>
/// <param name="Isid">ISID in 12 hexadecimal digits, "" when not known.</param>
/// <param name="Key">Reservation key; 0 when there is none.</param>
public readonly record struct RegistrantInfo(string Initiator, string Isid, ulong Key);

/// <summary>The reservations of a unit as they are after a change (SPC-4 §5.13, SPC-2 §5.5).</summary>
/// <param name="Target">Target name.</param>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Legacy">Whether RESERVE(6) or (10) is in force.</param>
/// <param name="Type">Type of the persistent reservation (SPC-4 §6.16.3.4), 0 without one.</param>
/// <param name="Holder">Who holds it; null when nobody does or all registrants do.</param>
/// <param name="Registrants">Who has registered, <see cref="MostRegistrants"/> at most.</param>
/// <param name="Generation">PRGENERATION, -1 when not known.</param>
/// <param name="Changed">Monotonic ns of the change.</param>
/// <param name="Complete">Whether that is known to be all there is.</param>
public sealed record ReservationInfo(
    string Target, ulong Lun, bool Legacy, byte Type, RegistrantInfo? Holder, IReadOnlyList<RegistrantInfo> Registrants,
    long Generation, long Changed, bool Complete)
{
    /// <summary>Registrants of a unit that are told of.</summary>
    public const int MostRegistrants = 256;
}
