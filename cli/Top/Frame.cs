using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>
/// What one frame shows: the snapshot grouped, filtered and sorted as the state says. Keeps its memory, so that a steady
/// load allocates nothing.
/// </summary>
internal sealed class Frame
{
    private const int Remembered = 1024;

    private static readonly Func<CellDelta, bool> s_nothing = _ => false;

    private readonly State _state;
    private readonly Rollup[] _rollups;
    private readonly Rollup _all = new(Dimensions.None);
    private readonly Rollup _operations = new(Dimensions.Operation);
    private readonly Rollup _units = new(Dimensions.Target | Dimensions.Lun);
    private readonly Func<CellDelta, bool> _keep;
    private readonly Func<CellDelta, bool> _keepSelected;
    private readonly Comparison<Row> _byOps = new RowOrder(Columns.Operations[0], ascending: false).Compare;
    private Func<CellDelta, bool>? _keepListed;
    private Comparison<Row>? _order;
    private (Column?, bool) _orderOf;
    private RowId _selected;
    private Dimensions _selectedGroup;

    public Frame(State state)
    {
        _state = state;
        _rollups = [.. state.Views.Select(v => new Rollup(v.Group))];
        _keep = Keep;
        _keepSelected = KeepSelected;
    }

    /// <summary>The snapshot shown; null before the first.</summary>
    public Snapshot? Snapshot { get; private set; }

    /// <summary>The rows of the table, in order.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>Rows that neither drill nor filter let pass.</summary>
    public int Hidden { get; private set; }

    /// <summary>Place of the selected row, -1 when there are no rows.</summary>
    public int SelectedIndex { get; private set; } = -1;

    /// <summary>Everything the command line's lists let pass: the header's totals.</summary>
    public Row Total => _all.Total;

    /// <summary>The selected row's sums: what its histograms are drawn from.</summary>
    public Row Detail => Breakdown.Total;

    /// <summary>The selected row split by operation; in the operations' view by unit.</summary>
    public List<Row> BreakdownRows { get; } = [];

    /// <summary>Total commands a second, of each interval.</summary>
    public History Iops { get; } = new(Remembered);

    /// <summary>Events and packets lost on the way, all engines together.</summary>
    public long Drops { get; private set; }

    /// <summary>Times a PDU's start was looked for anew in packets.</summary>
    public long Resyncs { get; private set; }

    /// <summary>Connections whose login was not seen.</summary>
    public long MidStream { get; private set; }

    /// <summary>Whether the breakdown is by unit rather than by operation.</summary>
    public bool ByUnit => _state.View.Group == Dimensions.Operation;

    private Rollup Breakdown => ByUnit ? _units : _operations;

    /// <summary>Takes over a new snapshot, which must stay as it is until the next one.</summary>
    public void Update(Snapshot snapshot)
    {
        Snapshot = snapshot;
        Refresh();
        if (snapshot.Seconds > 0) Iops.Add(Total.Read.OpsPerSecond + Total.Write.OpsPerSecond + Total.Other.OpsPerSecond);
    }

    /// <summary>Shows a snapshot of another time.</summary>
    public void Show(Snapshot snapshot)
    {
        Snapshot = snapshot;
        Refresh();
    }

    /// <summary>Does the same snapshot anew, after the state changed.</summary>
    public void Refresh()
    {
        if (Snapshot is not { } snapshot) return;
        CountDrops(snapshot);
        _all.Build(snapshot, _state.Lists.IsEmpty ? null : _keepListed ??= _state.Lists.Keeps);
        Rollup rollup = _rollups[_state.ViewIndex];
        rollup.Build(snapshot, _keep);
        Collect(rollup);
        Rows.Sort(Order());
        if (Rows.Count > _state.MaxRows) Rows.RemoveRange(_state.MaxRows, Rows.Count - _state.MaxRows);
        Select(FindSelected());
    }

    /// <summary>Selects the row at a place, clamped; the selection then follows this row wherever it goes.</summary>
    public void Select(int index, bool follow)
    {
        if (Rows.Count == 0) return;
        index = Math.Clamp(index, 0, Rows.Count - 1);
        _state.Selected = follow ? new RowId(Rows[index]) : null;
        Select(index);
    }

    private void Select(int index)
    {
        SelectedIndex = index;
        BreakdownRows.Clear();
        _selected = index < 0 ? default : new RowId(Rows[index]);
        _selectedGroup = _state.View.Group;
        Breakdown.Build(Snapshot!, index < 0 ? s_nothing : _keepSelected);
        foreach (Row row in Breakdown.Rows)
            if (row.Ops + row.Outstanding + row.Aborted > 0)
                BreakdownRows.Add(row);
        BreakdownRows.Sort(_byOps);
    }

    // The row itself; else, when it has gone, whatever stands where it stood.
    private int FindSelected()
    {
        if (Rows.Count == 0) return -1;
        if (_state.Selected is not { } id) return 0;
        for (int i = 0; i < Rows.Count; i++)
            if (id.Is(Rows[i]))
                return i;
        return Math.Clamp(SelectedIndex, 0, Rows.Count - 1);
    }

    private void Collect(Rollup rollup)
    {
        Rows.Clear();
        foreach (Row row in rollup.Rows)
            if (Stands(row))
                Rows.Add(row);
        Hidden = rollup.Rows.Count - Rows.Count;
    }

    // Units that did nothing have rows although no cell was asked: a drill or a filter asks the unit itself.
    private bool Stands(Row row)
    {
        if (!_state.Lists.Keeps(row)) return false;
        bool cells = row.Ops + row.Outstanding + row.Aborted + row.Paths > 0;
        if (row.Connection is { } connection) return cells || Stands(connection);
        return cells || row.Unit is not { } unit || (_state.Steps.Count == 0 && _state.NameFilter?.Keeps(unit) != false);
    }

    private bool Stands(ConnectionDelta connection)
    {
        foreach (Step step in _state.Steps)
            if (!step.Keeps(connection))
                return false;
        return _state.NameFilter?.Keeps(connection.Connection) != false;
    }

    private bool Keep(CellDelta delta)
    {
        if (!_state.Lists.Keeps(delta) || _state.NameFilter?.Keeps(delta) == false) return false;
        foreach (Step step in _state.Steps)
            if (!step.Keeps(delta))
                return false;
        return true;
    }

    private bool KeepSelected(CellDelta delta) =>
        ((_selectedGroup & Dimensions.Operation) == 0 || delta.Cell.Key.Operation == _selected.Operation)
        && ((_selectedGroup & Dimensions.Lun) == 0 || (delta.Cell.Key.Lun == _selected.Lun && delta.Connection.Target == _selected.Target))
        && ((_selectedGroup & Dimensions.Initiator) == 0 || delta.Connection.Initiator == _selected.Initiator)
        && ((_selectedGroup & Dimensions.Connection) == 0 || (delta.Connection.Id == _selected.Connection && delta.Engine.Pid == _selected.Engine))
        && Keep(delta);

    private Comparison<Row> Order()
    {
        (Column, bool) wanted = (_state.SortBy, _state.Ascending);
        if (_order is null || !ReferenceEquals(_orderOf.Item1, wanted.Item1) || _orderOf.Item2 != wanted.Item2)
            (_order, _orderOf) = (new RowOrder(wanted.Item1, wanted.Item2).Compare, wanted);
        return _order;
    }

    private void CountDrops(Snapshot snapshot)
    {
        Drops = Resyncs = MidStream = 0;
        foreach (EngineStatus engine in snapshot.Engines)
        {
            Drops += engine.RingDrops + engine.OutboxDrops + Math.Max(0, engine.Coverage.Dropped);
            Resyncs += engine.Coverage.Resyncs;
            MidStream += engine.Coverage.MidStream;
        }
    }
}
