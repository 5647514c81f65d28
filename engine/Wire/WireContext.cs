using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>What all connections of a decoder share.</summary>
/// <param name="provider">Where events, connections and units go.</param>
/// <param name="options">What is taken for iSCSI.</param>
/// <param name="kept">Hears which bytes of a packet are headers and login text; null when nobody asks.</param>
internal sealed class WireContext(Provider provider, WireOptions options, KeptBytes? kept = null)
{
    private readonly Dictionary<(uint Target, ulong Lun), (UnitInfo Info, int Worth)> _units = [];

    /// <summary>What was seen and was not; counted in place.</summary>
    public Coverage Coverage;

    /// <summary>Where events, connections and units go.</summary>
    public Provider Provider { get; } = provider;

    /// <summary>Hears which bytes of a packet are no user data; null when nobody asks.</summary>
    public KeptBytes? Kept { get; } = kept;

    /// <summary>What is taken for iSCSI.</summary>
    public WireOptions Options { get; } = options;

    /// <summary>Connections known to be iSCSI, by the provider's id: open ones, and closed ones that nobody has forgotten yet.</summary>
    public Dictionary<uint, WireConnection> Connections { get; } = [];

    /// <summary>Open connections of normal sessions whose login was seen: those of one initiator port and one target (RFC 7143 §6.3.1).</summary>
    public Dictionary<(string Initiator, string Isid, string Target), List<WireConnection>> Sessions { get; } = [];

    /// <summary>Who has reserved which unit.</summary>
    public WireReservations Reservations { get; } = new(provider);

    /// <summary>Searches that nobody needs now.</summary>
    public Stack<HeaderSearch> Searches { get; } = [];

    /// <summary>Tells what is new of a unit; <see cref="Roster.MostUnits"/> are told of at most.</summary>
    /// <param name="target">The target's name and its id.</param>
    /// <param name="id">Its id.</param>
    /// <param name="lun">LUN as a number.</param>
    /// <param name="learned">What an answer told; "" and 0 for what it did not.</param>
    public void Learn(string target, uint id, ulong lun, UnitAnswer learned)
    {
        (UnitInfo? told, int worth) = _units.GetValueOrDefault((id, lun));
        UnitInfo known = told ?? new UnitInfo(target, lun, "", 0);
        // An initiator that asks for few bytes may get the lesser designators only.
        bool identifies = learned.Worth > 0 && learned.Worth >= worth;
        UnitInfo now = known with
        {
            Name = learned.Name.Length > 0 && (learned.IsSerial || known.Name.Length == 0) ? learned.Name : known.Name,
            BlockSize = learned.BlockSize > 0 ? learned.BlockSize : known.BlockSize,
            Identity = identifies ? learned.Identity : known.Identity,
        };
        if (now == known) return;
        if (_units.Count >= Roster.MostUnits && !_units.ContainsKey((id, lun))) return;
        _units[(id, lun)] = (now, Math.Max(worth, learned.Worth));
        Provider.UnitChanges.Enqueue(now);
    }
}
