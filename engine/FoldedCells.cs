using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// What cells of connections that are over did since a viewer last took: one sum for each session, LUN and operation, and beyond a
/// bound one for each initiator and target; what is even beyond that counts in the total only.
/// </summary>
internal sealed class FoldedCells
{
    /// <summary>Sums that tell sessions apart at most.</summary>
    public const int MostSessions = 2048;

    private readonly Dictionary<(string Target, string Initiator, string Session, ulong Lun, ushort Operation), CellDelta> _sums = [];

    /// <summary>Adds what a cell did.</summary>
    /// <returns>Whether the delta itself is kept; otherwise it has been added to another.</returns>
    public bool Add(CellDelta delta)
    {
        ConnectionInfo c = delta.Connection;
        CellKey key = delta.Cell.Key;
        string session = c.Isid.Length == 0 ? c.Remote : c.Isid;
        if (Adds((c.Target, c.Initiator, session, key.Lun, key.Operation), delta, MostSessions, out bool kept)) return kept;
        if (Adds((c.Target, c.Initiator, "", key.Lun, key.Operation), delta, 2 * MostSessions, out kept)) return kept;
        delta.Connection = new ConnectionInfo(key.Connection, "", "");
        delta.Cell.Key = new CellKey(key.Connection, Lun.Unknown, CellTable.Overflow(delta.Cell.Kind));
        Adds(("", "", "", Lun.Unknown, delta.Cell.Key.Operation), delta, int.MaxValue, out kept);
        return kept;
    }

    /// <summary>Hands the sums over and begins anew.</summary>
    public void MoveTo(List<CellDelta> into)
    {
        into.AddRange(_sums.Values);
        _sums.Clear();
    }

    // False when there is no sum of that key and no room for one.
    private bool Adds((string, string, string, ulong, ushort) key, CellDelta delta, int most, out bool kept)
    {
        kept = false;
        if (_sums.TryGetValue(key, out CellDelta? sum)) sum.Cell.Add(delta.Cell);
        else if (_sums.Count >= most) return false;
        else kept = _sums.TryAdd(key, delta);
        return true;
    }
}
