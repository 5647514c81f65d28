using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>What tells a row apart, names by number; 0 for what was not asked for.</summary>
internal readonly record struct RowKey(int Target, ulong Lun, int Initiator, int Session, ushort Operation)
{
    /// <inheritdoc/>
    public override int GetHashCode() => (int)((Lun + (ulong)Operation * 0x10001 + (ulong)(uint)Target * 0x9e3779b1 + (ulong)(uint)Initiator * 0x85ebca77 + (ulong)(uint)Session * 0xc2b2ae3d) * 0x9e3779b97f4a7c15 >> 32);
}

/// <summary>Groups the cells of a snapshot into rows. Keeps its rows, so that a steady load allocates nothing.</summary>
/// <param name="group">What rows are told apart by.</param>
/// <param name="joins">What is joined to them beside their cells.</param>
public sealed partial class Rollup(Dimensions group, Joins joins = Joins.None) : RowSource
{
    private readonly Dictionary<RowKey, Row> _index = [];
    private readonly Dictionary<(int Engine, uint Connection), Row> _connections = [];
    private Nexuses _nexuses = new();
    private RowsOfCells _rowsOf = new();
    private int _generation;
    private bool _ofCommands;

    /// <summary>
    /// Another roll-up of the same snapshots, which has looked at their names already. Which row a cell belongs to is known of the one that
    /// was built last.
    /// </summary>
    public Rollup? Beside
    {
        init => (_nexuses, _rowsOf) = (value?._nexuses ?? _nexuses, value?._rowsOf ?? _rowsOf);
    }

    /// <summary>What the rows are told apart by.</summary>
    public Dimensions Group => group;

    /// <inheritdoc/>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(by);
        Build(snapshot, by.Cells, others: by.Others);
    }

    /// <summary>
    /// Groups a snapshot's cells; rows of the (target, LUN) grouping include known units that did nothing, and rows of connections are
    /// all those listed.
    /// </summary>
    /// <param name="snapshot">The interval.</param>
    /// <param name="keep">Which cells count; null for all.</param>
    /// <param name="beside">A roll-up that is built in the same go, with all cells that <paramref name="keepBeside"/> lets pass: reading very many cells is what costs.</param>
    /// <param name="keepBeside">Which cells count there; null for all.</param>
    /// <param name="others">What counts of that which is joined; null for all.</param>
    public void Build(Snapshot snapshot, Func<CellDelta, bool>? keep = null, Rollup? beside = null, Func<CellDelta, bool>? keepBeside = null, Func<Scope, bool>? others = null)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Begin(snapshot);
        beside?.Begin(snapshot);
        List<CellDelta> cells = snapshot.Cells;
        Row?[] rowOf = _rowsOf.Begin(this, cells.Count);
        if ((joins & Joins.Evidence) != 0) _evidence.Read(snapshot);
        for (int i = 0; i < cells.Count; i++)
        {
            CellDelta delta = cells[i];
            rowOf[i] = keep is null || keep(delta) ? Add(delta) : null;
            if (beside is not null && (keepBeside is null || keepBeside(delta))) beside.Add(delta);
        }
        Join(snapshot, others);
        End(snapshot);
        beside?.End(snapshot);
    }

    /// <summary>Groups the cells that another roll-up of the same snapshot, its last, counted in one of its rows, or in those it heads.</summary>
    /// <param name="snapshot">The interval.</param>
    /// <param name="whole">The other roll-up; of those beside each other the one built last.</param>
    /// <param name="of">Its row; null for no cell at all.</param>
    public void Build(Snapshot snapshot, Rollup whole, Row? of)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(whole);
        Begin(snapshot);
        List<CellDelta> cells = snapshot.Cells;
        ReadOnlySpan<Row?> rowOf = of is null ? [] : whole._rowsOf.Of(whole, cells.Count);
        for (int i = 0; i < rowOf.Length; i++)
            if (rowOf[i] is { } row && (ReferenceEquals(row, of) || ReferenceEquals(row.Extras.Head, of) || ReferenceEquals(row.Extras.Head?.Extras.Head, of)))
                Add(cells[i]);
        End(snapshot);
    }

    /// <summary>Rows kept, shown or not.</summary>
    internal int Known => _index.Count + _connections.Count;

    /// <summary>Connections whose names are known by number.</summary>
    internal int KnownConnections => _nexuses.Known;

    private void Begin(Snapshot snapshot)
    {
        _generation++;
        _nexuses.Begin(snapshot.Connections.Count + snapshot.Units.Count);
        _ofCommands = snapshot.OfCommands;
        Rows.Clear();
        Total.Clear();
        if (group == (Dimensions.Target | Dimensions.Lun))
            foreach (UnitDelta unit in snapshot.Units)
                UnitRow(unit).Unit = unit;
        if (group == Dimensions.Connection)
            foreach (ConnectionDelta connection in snapshot.Connections)
                Begin(connection);
    }

    private Row? Add(CellDelta delta)
    {
        Nexus nexus = _nexuses.Of(delta);
        Total.Add(delta, nexus);
        if (group == Dimensions.None)
        {
            if (Rows.Count == 0) Rows.Add(Total);
            return Total;
        }
        Row? row = RowOf(delta, nexus);
        row?.Add(delta, nexus);
        if (row is not null && (joins & Joins.Evidence) != 0) Note(row, delta);
        if (row is not null && (joins & Joins.Units) != 0) row.Extras.Touch(delta);
        return row;
    }

    private void End(Snapshot snapshot)
    {
        Total.Seconds = snapshot.Seconds;
        Total.OfCommands = _ofCommands;
        Total.Finish();
        foreach (Row row in Rows)
        {
            if (ReferenceEquals(row, Total)) continue;
            row.Finish();
            row.ShareOfBytes = Total.Bytes > 0 ? (double)row.Bytes / Total.Bytes : double.NaN;
            row.ShareOfOps = Total.Ops > 0 ? (double)row.Ops / Total.Ops : double.NaN;
        }
        if (_index.Count > 2 * Rows.Count + 64) Forget(_index);
        if (_connections.Count > 2 * Rows.Count + 64) Forget(_connections);
    }

    // Null for a connection that is no longer listed.
    private Row? RowOf(CellDelta delta, Nexus nexus)
    {
        if (group == Dimensions.Connection)
            return _connections.TryGetValue((delta.Engine.Number, delta.Connection.Id), out Row? known) && known.Generation == _generation ? known : null;
        // What a fleet tells of all initiators together is none of one of them.
        if ((group & Dimensions.Initiator) != 0 && delta.Connection is { MidStream: true, Initiator.Length: 0 }) return null;
        var key = new RowKey(
            (group & Dimensions.Target) != 0 ? nexus.Target : 0,
            (group & Dimensions.Lun) != 0 ? delta.Cell.Key.Lun : Iscsitop.Target.Iscsi.Lun.Unknown,
            (group & Dimensions.Initiator) != 0 ? nexus.Initiator : 0,
            (group & Dimensions.Session) != 0 ? nexus.Session : (group & Dimensions.Portal) != 0 ? _nexuses.NumberOf(delta.Connection.Local) : 0,
            (group & Dimensions.Operation) != 0 ? delta.Cell.Key.Operation : (ushort)0);
        if (!_index.TryGetValue(key, out Row? row))
        {
            ConnectionInfo c = delta.Connection;
            row = Keep(key, c);
        }
        if (row.Generation != _generation) Begin(row);
        return row;
    }

    private Row UnitRow(UnitDelta unit)
    {
        var key = new RowKey(_nexuses.NumberOf(unit.Target), unit.Lun, 0, 0, 0);
        if (!_index.TryGetValue(key, out Row? row)) _index[key] = row = new Row { Target = unit.Target, Lun = key.Lun, Group = group };
        if (row.Generation != _generation) Begin(row);
        return row;
    }

    private Row Keep(RowKey key, ConnectionInfo c) => _index[key] = new Row
    {
        Target = (group & Dimensions.Target) != 0 ? c.Target : "",
        Lun = key.Lun,
        Initiator = (group & Dimensions.Initiator) != 0 ? c.Initiator : "",
        Session = (group & Dimensions.Session) != 0 ? Nexuses.SessionName(c) : "",
        Portal = (group & Dimensions.Portal) != 0 ? c.Local : "",
        Operation = key.Operation,
        Group = group,
    };

    // Names may come later than the connection.
    private void Begin(ConnectionDelta connection)
    {
        ConnectionInfo c = connection.Connection;
        (int, uint) key = (connection.Engine.Number, c.Id);
        if (!_connections.TryGetValue(key, out Row? row)) _connections[key] = row = new Row { Lun = Iscsitop.Target.Iscsi.Lun.Unknown, Group = group };
        Begin(row);
        (row.Target, row.Initiator, row.Session, row.Portal, row.Connection) = (c.Target, c.Initiator, Nexuses.SessionName(c), c.Local, connection);
    }

    private void Begin(Row row)
    {
        row.Generation = _generation;
        row.Clear();
        row.OfCommands = _ofCommands;
        Rows.Add(row);
    }

    private void Forget<TKey>(Dictionary<TKey, Row> index) where TKey : notnull
    {
        foreach (TKey key in index.Where(p => p.Value.Generation != _generation).Select(p => p.Key).ToList()) index.Remove(key);
    }

    /// <summary>Which row each cell was counted in: as much memory as the cells are many, of which several roll-ups need one.</summary>
    private sealed class RowsOfCells
    {
        private Row?[] _rows = [];
        private Rollup? _whose;
        private int _count;

        public Row?[] Begin(Rollup whose, int count)
        {
            if (_rows.Length < count) _rows = new Row?[count + count / 4];
            else if (_count > count) Array.Clear(_rows, count, _count - count);
            (_whose, _count) = (whose, count);
            return _rows;
        }

        public ReadOnlySpan<Row?> Of(Rollup whose, int count) => ReferenceEquals(_whose, whose) ? _rows.AsSpan(0, Math.Min(_count, count)) : [];
    }
}
