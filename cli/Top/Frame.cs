using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>
/// What one frame shows: the snapshot grouped, filtered and sorted as the state says. Keeps its memory, so that a steady
/// load allocates nothing.
/// </summary>
internal sealed class Frame
{
    private const int Remembered = 1024;
    private const int RememberedEngines = 8;

    // A view that was not shown for so many snapshots gives back its rows, and when they were very many, so does the process.
    private const int UnseenSnapshots = 10;
    private const int ManyRows = 4096;

    private readonly State _state;
    private readonly RowSource?[] _sources;
    private readonly Tree?[] _trees;
    private readonly int[] _unseen;
    private readonly List<Row> _arranged = [];
    private readonly Examiner _examiner = new();
    private readonly Func<Snapshot, IReadOnlyList<Finding>> _examine;
    private readonly Rollup _all = new(Dimensions.None);
    private readonly Rollup _operations;
    private readonly Rollup _units;
    private readonly Narrowing _ofCommands;
    private readonly Narrowing _ofOthers;
    private readonly RowOrder _byOps = new(Columns.Operations[0], ascending: false);
    private Func<CellDelta, bool>? _keepListed;
    private RowSource? _built;
    private RowOrder? _order;
    private Comparison<Row>? _comparison;
    private (Column?, bool) _orderOf;

    /// <param name="state">What the viewer has chosen.</param>
    /// <param name="examine">Who reads the traffic as an expert would; null for <see cref="Examiner"/>.</param>
    public Frame(State state, Func<Snapshot, IReadOnlyList<Finding>>? examine = null)
    {
        _state = state;
        // What an expert looks at, a fleet does not tell.
        _examine = examine ?? (state.Options.Origin.Fleet is null ? Examine : static _ => []);
        // The one of a D view is its own.
        _sources = new RowSource?[state.Views.Count + 1];
        _trees = new Tree?[state.Views.Count + 1];
        _unseen = new int[state.Views.Count + 1];
        _ofCommands = new Narrowing(Keep, s => Keep(s) && _state.NameFilter?.Keeps(s) != false);
        _ofOthers = new Narrowing(Keep, s => Keep(s));
        _operations = new Rollup(Dimensions.Operation) { Beside = _all };
        _units = new Rollup(Dimensions.Target | Dimensions.Lun) { Beside = _all };
        Heat = new HeatHistory(state);
    }

    /// <summary>The snapshot shown; null before the first.</summary>
    public Snapshot? Snapshot { get; private set; }

    /// <summary>The rows of the table, in order.</summary>
    public RowList Rows { get; } = new();

    /// <summary>Rows that neither drill nor filter let pass.</summary>
    public int Hidden { get; private set; }

    /// <summary>Place of the selected row, -1 when there are no rows.</summary>
    public int SelectedIndex { get; private set; } = -1;

    /// <summary>Everything the command line's lists let pass: the header's totals.</summary>
    public Row Total => _all.Total;

    /// <summary>The selected row's sums: what its histograms are drawn from.</summary>
    public Row Detail => Breakdown.Total;

    /// <summary>The selected row split by operation; in the operations' view by unit.</summary>
    public RowList BreakdownRows { get; } = new();

    /// <summary>Total commands a second, of each interval.</summary>
    public History Iops { get; } = new(Remembered);

    /// <summary>Commands a second of each row of the view.</summary>
    public RowHistory RowHistory { get; } = new();

    /// <summary>Durations of each interval, of what the views are narrowed to.</summary>
    public HeatHistory Heat { get; }

    /// <summary>What an expert would say of the traffic.</summary>
    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    /// <summary>The selected row; null without rows.</summary>
    public Row? Selected => SelectedIndex >= 0 && SelectedIndex < Rows.Count ? Rows[SelectedIndex] : null;

    /// <summary>What was not seen.</summary>
    public Losses Losses { get; } = new();

    /// <summary>The engines that have gone since this began, the last one last; not those that have come back.</summary>
    public List<GoneEngine> Gone { get; } = [];

    /// <summary>What this process takes.</summary>
    public OwnCost Cost { get; } = new();

    /// <summary>How much of a file has been read, from 0 to 1; NaN when nobody knows.</summary>
    public double Progress { get; set; } = double.NaN;

    /// <summary>Whether the breakdown is by unit rather than by operation.</summary>
    public bool ByUnit => _state.View.Group == Dimensions.Operation;

    /// <summary>Rows kept, of all views.</summary>
    internal int Kept => _sources.Sum(s => s?.Rows.Count ?? 0);

    private Rollup Breakdown => ByUnit ? _units : _operations;

    /// <summary>Takes over a new snapshot, which must stay as it is until the next one.</summary>
    public void Update(Snapshot snapshot)
    {
        Snapshot = snapshot;
        Cost.Sample();
        RememberGone(snapshot);
        Findings = _examine(snapshot);
        Refresh(_all);
        GiveBack();
        if (_sources[_state.ViewIndex] is Rollup rollup && _state.View.OfCommands) RowHistory.Add(rollup, _state.Scope);
        Heat.Add(snapshot, _ofCommands, _state.View.OfCommands ? _sources[_state.ViewIndex]!.Total : Narrowed ? null : _all.Total);
        if (snapshot.Seconds > 0) Iops.Add(snapshot.Time, Total.Read.OpsPerSecond + Total.Write.OpsPerSecond + Total.Other.OpsPerSecond);
    }

    /// <summary>Shows a snapshot of another time.</summary>
    public void Show(Snapshot snapshot)
    {
        Snapshot = snapshot;
        Refresh(_all);
    }

    /// <summary>Does the same snapshot anew, after the state changed.</summary>
    public void Refresh() => Refresh(null);

    /// <summary>Puts the rows in the order the state says, after nothing else of it changed.</summary>
    public void Reorder()
    {
        if (_built is not { } source) return;
        if (_state.View.Tree is not null)
            foreach (Row row in source.Rows) (row.Extras.Depth, row.Extras.Head) = (0, null);
        Collect(source);
        Arrange();
    }

    // The totals of a snapshot are the same whatever the state is.
    private void Refresh(Rollup? totals)
    {
        if (Snapshot is not { } snapshot) return;
        CountLosses(snapshot);
        _state.Naming.Learn(snapshot);
        Heat.Follow(snapshot, _ofCommands);
        Rows.Clear();
        Hidden = 0;
        Build(snapshot, totals);
        Arrange();
    }

    private void Arrange()
    {
        RowOrder order = Order();
        Rows.Sort(order);
        Rows.Limit(_state.MaxRows);
        if ((_trees[_state.ViewIndex] ??= _state.View.Tree?.Invoke()) is { } tree)
        {
            _arranged.Clear();
            Rows.CopyTo(_arranged);
            tree.Arrange(_arranged, _comparison!, !_state.Closed);
            Rows.Clear();
            foreach (Row row in _arranged) Rows.Add(row);
            _arranged.Clear();
        }
        Select(FindSelected());
    }

    private void GiveBack()
    {
        int given = 0;
        for (int i = 0; i < _sources.Length; i++)
        {
            _unseen[i] = i == _state.ViewIndex ? 0 : _unseen[i] + 1;
            if (_unseen[i] < UnseenSnapshots || _sources[i] is not { } source) continue;
            given += source.Rows.Count;
            RowHistory.Forget(source);
            (_sources[i], _trees[i]) = (null, null);
        }
        // A steady load allocates nothing, and nothing else would collect them.
        if (given >= ManyRows) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
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
        if (index >= 0 && _sources[_state.ViewIndex] is Rollup whole) Breakdown.Build(Snapshot!, whole, Rows[index]);
        else Breakdown.Build(Snapshot!, _all, null);
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
        if (Rows.IndexOf(id) is >= 0 and int at) return at;
        if (_state.Following) return -1;
        return Math.Clamp(SelectedIndex, 0, Rows.Count - 1);
    }

    private IReadOnlyList<Finding> Examine(Snapshot snapshot)
    {
        _examiner.Examine(snapshot);
        return _examiner.Findings;
    }

    private void Collect(RowSource source)
    {
        Rows.Clear();
        Rows.Expect(source.Rows.Count);
        foreach (Row row in source.Rows)
            if (row.Extras.Watched is { } key ? _state.NameFilter?.Keeps(key) != false : _state.View.OfCommands ? Stands(row) : _state.NameFilter?.Keeps(row, _state.View.Columns) != false)
                Rows.Add(row);
        Hidden = source.Rows.Count - Rows.Count;
    }

    // Units that did nothing have rows although no cell was asked: a drill or a filter asks the unit itself.
    private bool Stands(Row row)
    {
        if (!_state.Lists.Keeps(row)) return false;
        bool cells = row.Ops + row.Outstanding + row.Aborted + row.Paths > 0;
        if (row.Connection is { } connection) return cells || (Keep(Scope.Of(connection.Connection, connection.Engine) with { Item = connection }) && _state.NameFilter?.Keeps(connection.Connection) != false);
        return cells || row.Unit is not { } unit || (_state.NameFilter?.Keeps(unit) != false && Keep(new Scope(unit.Target, "", unit.Lun, -1, null, unit.Engine.Number) { Item = unit }));
    }

    private bool Narrowed => _state.Steps.Count > 0 || _state.NameFilter is not null || _state.Expression is not null;

    private bool Keep(Scope scope)
    {
        if (!_state.Lists.Keeps(scope)) return false;
        foreach (Step step in _state.Steps)
            if (!step.Keeps(scope))
                return false;
        return _state.Expression?.Keeps(scope) != false;
    }

    private bool Keep(CellDelta delta)
    {
        if (!_state.Lists.Keeps(delta) || !_state.Keeps(delta, Snapshot!.OfCommands)) return false;
        foreach (Step step in _state.Steps)
            if (!step.Keeps(delta))
                return false;
        return true;
    }

    // Reading very many cells is what costs: the totals of all are made in the same go.
    private void Build(Snapshot snapshot, Rollup? totals)
    {
        Func<CellDelta, bool>? listed = _state.Lists.IsEmpty ? null : _keepListed ??= _state.Lists.Keeps;
        RowSource? source = _state.InHeat ? null : _state.InAsked ? Asked() : _sources[_state.ViewIndex] ??= _state.View.OfCommands ? new Rollup(_state.View.Group, _state.View.Joins) { Beside = _all } : _state.View.Source(_state.Options);
        if (source is Rollup rollup) rollup.Build(snapshot, _ofCommands.Cells, totals, listed, _ofCommands.Others);
        else
        {
            totals?.Build(snapshot, listed);
            source?.Build(snapshot, Findings, _ofOthers);
        }
        _built = source;
        if (source is not null) Collect(source);
    }

    // It has no past.
    private Iscsitop.Engine.D.WatchedAggregation? Asked() => _state.Past == 0 ? _state.Asked!.Watch.Aggregations[_state.Asked.Shown] : null;

    private RowOrder Order()
    {
        (Column, bool) wanted = (_state.SortBy, _state.Ascending);
        if (_order is null || !ReferenceEquals(_orderOf.Item1, wanted.Item1) || _orderOf.Item2 != wanted.Item2)
        {
            (_order, _orderOf) = (new RowOrder(wanted.Item1, wanted.Item2), wanted);
            _comparison = _order.Compare;
        }
        return _order;
    }

    // A feed tells of an engine's end once.
    private void RememberGone(Snapshot snapshot)
    {
        foreach (EngineStatus engine in snapshot.Engines)
        {
            for (int i = Gone.Count - 1; i >= 0; i--)
                if (Gone[i].Pid == engine.Pid)
                    Gone.RemoveAt(i);
            if (engine.Alive) continue;
            var lost = new Losses();
            lost.Add(engine);
            Gone.Add(new GoneEngine(engine.Source, engine.Pid, snapshot.Time, engine.Problem, lost));
            if (Gone.Count > RememberedEngines) Gone.RemoveAt(0);
        }
    }

    private void CountLosses(Snapshot snapshot)
    {
        Losses.Clear();
        foreach (EngineStatus engine in snapshot.Engines)
            if (engine.Alive)
                Losses.Add(engine);
        foreach (GoneEngine engine in Gone) Losses.Add(engine.Lost);
    }
}
