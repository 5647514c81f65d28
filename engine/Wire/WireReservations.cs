using System.Buffers.Binary;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// What packets tell of the reservations of all units; each change is told to the provider. Bounded: units that are too many are not
/// followed, and registrants that are too many are not told.
/// </summary>
internal sealed class WireReservations(Provider provider)
{
    /// <summary>Units followed at most.</summary>
    public const int MostUnits = 4096;

    /// <summary>Registrants of all of them at most: as many as an engine tells of.</summary>
    public const int MostRegistrants = ReservationTable.MostRegistrants;

    // An answer that passed a newer command's status on its way says less than is known.
    private const long Passing = 1_000_000_000;

    private readonly Dictionary<(string Target, ulong Lun), Unit> _units = [];
    private int _registrants;

    private sealed class Unit
    {
        public SeenReservations Seen { get; set; } = SeenReservations.Unknown;

        public long Changed { get; set; }

        public bool Told { get; set; }
    }

    /// <summary>How many units are followed.</summary>
    public int Count => _units.Count;

    /// <summary>How many registrants they have.</summary>
    public int Registrants => _registrants;

    /// <summary>A command that changes reservations ended GOOD.</summary>
    public void Ended(string target, ulong lun, RegistrantInfo by, PendingReserve command, long time)
    {
        SeenReservations seen = Of(target, lun);
        Set(target, lun, time, seen, command.Fact switch
        {
            UnitFact.ReserveOut => seen.Out(command.Action, command.Type, by, command.List, command.Whole),
            UnitFact.Reserve => seen.ReserveOfOld(by),
            _ => seen.ReleaseOfOld(by),
        });
    }

    /// <summary>A PERSISTENT RESERVE IN was answered.</summary>
    public void Answered(string target, ulong lun, UnitFact fact, ReadOnlySpan<byte> data, long time)
    {
        SeenReservations seen = Of(target, lun);
        if (data.Length >= 4 && seen.Generation >= 0 && Sn.Before(BinaryPrimitives.ReadUInt32BigEndian(data), (uint)seen.Generation)
            && _units.TryGetValue((target, lun), out Unit? unit) && time - unit.Changed < Passing)
            return;
        Set(target, lun, time, seen, fact switch
        {
            UnitFact.ReadKeys => seen.Keys(data),
            UnitFact.ReadReservation => seen.Reservation(data),
            _ => seen.FullStatus(data),
        });
    }

    /// <summary>A unit was reset, or with <see cref="Lun.Unknown"/> every unit of the target.</summary>
    public void Reset(string target, ulong lun, long time)
    {
        foreach (((string Target, ulong Lun) key, Unit unit) in _units)
            if (unit.Seen.Legacy && key.Target == target && (lun == Lun.Unknown || key.Lun == lun))
                Set(key.Target, key.Lun, time, unit.Seen, unit.Seen.WithoutLegacy());
    }

    /// <summary>A nexus was lost: RESERVE ends with it, a persistent reservation does not.</summary>
    public void NexusLost(string target, RegistrantInfo nexus, long time)
    {
        foreach (((string Target, ulong Lun) key, Unit unit) in _units)
            if (unit.Seen.Legacy && key.Target == target)
                Set(key.Target, key.Lun, time, unit.Seen, unit.Seen.ReleaseOfOld(nexus));
    }

    private SeenReservations Of(string target, ulong lun) => _units.GetValueOrDefault((target, lun))?.Seen ?? SeenReservations.Unknown;

    private void Set(string target, ulong lun, long time, SeenReservations before, SeenReservations now)
    {
        if (ReferenceEquals(before, now)) return;
        if (!_units.TryGetValue((target, lun), out Unit? unit))
        {
            if (_units.Count >= MostUnits) return;
            _units.Add((target, lun), unit = new Unit());
        }
        _registrants -= unit.Seen.Registrants.Length;
        now = now.AtMost(MostRegistrants - _registrants);
        _registrants += now.Registrants.Length;
        bool same = before.SameAs(now);
        if (!same) unit.Changed = time;
        unit.Seen = now;
        // Who only looks at a unit that nobody has reserved changes nothing worth telling.
        if ((!unit.Told && now.IsEmpty) || (same && unit.Told && before.Complete == now.Complete && before.Generation == now.Generation)) return;
        unit.Told = true;
        provider.Tell(new ReservationInfo(target, lun, now.Legacy, now.Type, now.Holder, now.Registrants, now.Generation, unit.Changed, now.Complete));
    }
}

/// <summary>A command that changes reservations when it ends GOOD, on its way.</summary>
/// <param name="itt">Its task tag.</param>
/// <param name="lun">LUN as a number.</param>
/// <param name="fact">Which it is.</param>
/// <param name="cdb">Its CDB.</param>
internal sealed class PendingReserve(uint itt, ulong lun, UnitFact fact, ReadOnlySpan<byte> cdb)
{
    /// <summary>Bytes of a parameter list that are looked at: TransportIDs may follow its 24.</summary>
    public const int MaxList = 8192;

    private readonly int _length = fact == UnitFact.ReserveOut ? BinaryPrimitives.ReadInt32BigEndian(cdb[5..]) : 0;
    private byte[] _list = [];

    /// <summary>Initiator task tag.</summary>
    public uint Itt => itt;

    /// <summary>LUN as a number.</summary>
    public ulong Lun => lun;

    /// <summary>Which it is.</summary>
    public UnitFact Fact => fact;

    /// <summary>Service action.</summary>
    public int Action { get; } = cdb[1] & 0x1f;

    /// <summary>TYPE.</summary>
    public byte Type { get; } = (byte)(cdb[2] & 0x0f);

    /// <summary>What was seen of its parameter list, from the begin.</summary>
    public ReadOnlySpan<byte> List => _list;

    /// <summary>Whether that is all of it.</summary>
    public bool Whole => _list.Length == _length;

    /// <summary>How many of some bytes of the list are worth gathering.</summary>
    public int Wants(uint offset, int length) => fact == UnitFact.ReserveOut && offset == _list.Length ? Math.Min(length, MaxList - _list.Length) : 0;

    /// <summary>The next bytes of it.</summary>
    public void Add(uint offset, ReadOnlySpan<byte> bytes)
    {
        if (offset == _list.Length) _list = [.. _list, .. bytes];
    }
}
