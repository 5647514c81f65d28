using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>The reservations an engine's provider has told of, by unit. Bounded in units, and in registrants of all of them together.</summary>
internal sealed class ReservationTable(Func<long> advance)
{
    /// <summary>Units at most.</summary>
    public const int MostUnits = 4096;

    /// <summary>Registrants of all units at most.</summary>
    public const int MostRegistrants = 16384;

    private readonly Dictionary<(string Target, ulong Lun), int> _index = [];
    private readonly List<Entry> _all = [];
    private int _registrants;

    /// <summary>The units in the order in which they came.</summary>
    public IReadOnlyList<Entry> All => _all;

    /// <summary>A unit's reservations, and the version of their last change.</summary>
    internal readonly record struct Entry(ReservationInfo Info, long Version);

    /// <summary>How a unit's reservations are now. A unit that is too much is left out; registrants that are, too, and it is said so.</summary>
    public void Take(ReservationInfo info)
    {
        bool known = _index.TryGetValue((info.Target, info.Lun), out int at);
        if (!known && _all.Count >= MostUnits) return;
        if (known) _registrants -= _all[at].Info.Registrants.Count;
        int room = Math.Min(ReservationInfo.MostRegistrants, MostRegistrants - _registrants);
        if (info.Registrants.Count > room) info = info with { Registrants = [.. info.Registrants.Take(room)], Complete = false };
        _registrants += info.Registrants.Count;
        var entry = new Entry(info, advance());
        if (known)
        {
            _all[at] = entry;
            return;
        }
        _index.Add((info.Target, info.Lun), _all.Count);
        _all.Add(entry);
    }
}
