using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>What rows can be told apart by. Any combination is a view.</summary>
[Flags]
public enum Dimensions
{
    None = 0,
    Target = 1,
    Lun = 2,
    Initiator = 4,
    Session = 8,
    Operation = 16,
    Connection = 32,

    /// <summary>Address and port of the target; of a fleet the host, which is where a target is.</summary>
    Portal = 64,
}

/// <summary>The sums of one direction of one row.</summary>
public sealed class Sums
{
    /// <summary>Commands completed.</summary>
    public long Ops { get; set; }

    /// <summary>Bytes moved.</summary>
    public long Bytes { get; set; }

    /// <summary>Completions per second, over the measured time of the engines that saw them.</summary>
    public double OpsPerSecond { get; set; }

    /// <summary>Bytes per second.</summary>
    public double BytesPerSecond { get; set; }

    /// <summary>LAT.</summary>
    public Histogram Latency { get; } = new();

    internal void Add(Sums other)
    {
        Ops += other.Ops;
        Bytes += other.Bytes;
        OpsPerSecond += other.OpsPerSecond;
        BytesPerSecond += other.BytesPerSecond;
        if (other.Latency.Count > 0) Latency.Add(other.Latency);
    }
    private long _settledOps;
    private long _settledBytes;

    internal void Clear()
    {
        Ops = Bytes = _settledOps = _settledBytes = 0;
        OpsPerSecond = BytesPerSecond = 0;
        Latency.Clear();
    }

    // What was counted since the last time took so many seconds; 0 when nothing was measured.
    internal void Settle(double seconds)
    {
        if (seconds > 0) OpsPerSecond += (Ops - _settledOps) / seconds;
        if (seconds > 0) BytesPerSecond += (Bytes - _settledBytes) / seconds;
        (_settledOps, _settledBytes) = (Ops, Bytes);
    }
}

/// <summary>One row of a roll-up. Reused from interval to interval; fields of dimensions that were not asked for are empty.</summary>
public sealed class Row
{
    // Rows that are no sums of commands, of which there may be very many, have none of these: made when they are first wanted, then kept.
    private HashSet<int>? _initiators;
    private HashSet<int>? _sessions;
    private Sums? _read;
    private Sums? _write;
    private Sums? _other;
    private Reclaimed? _unmapped;
    private Decomposition? _phases;
    private readonly Extras _extras = new();
    private int _lastSession;
    private double _settling;
    private long _settledErrors;
    private long _settledBlocks;
    private long _time;

    /// <summary>What it is told apart by, as far as that is known: what a drill into it narrows to.</summary>
    public Dimensions Group { get; internal set; }

    /// <summary>Target name, "" when unknown or not asked for.</summary>
    public string Target { get; internal set; } = "";

    /// <summary>LUN, <see cref="Iscsitop.Target.Iscsi.Lun.Unknown"/> when not asked for.</summary>
    public ulong Lun { get; internal set; }

    /// <summary>Initiator name.</summary>
    public string Initiator { get; internal set; } = "";

    /// <summary>ISID and TSIH of the session.</summary>
    public string Session { get; internal set; } = "";

    /// <summary>Address and port of the target.</summary>
    public string Portal { get; internal set; } = "";

    /// <summary>Opcode and service action.</summary>
    public ushort Operation { get; internal set; }

    /// <summary>Tells rows apart that are not by names: the number of a request, the kind and code of a failure.</summary>
    public long Item { get; internal set; }

    /// <summary>What is joined to it, or what it is, beside commands.</summary>
    public Extras Extras => _extras;

    /// <summary>Reads.</summary>
    public Sums Read => _read ??= new Sums();

    /// <summary>Writes.</summary>
    public Sums Write => _write ??= new Sums();

    /// <summary>Everything else.</summary>
    public Sums Other => _other ??= new Sums();

    /// <summary>Completions whose status was neither GOOD nor CONDITION MET.</summary>
    public long Errors { get; internal set; }

    /// <summary>Errors per second.</summary>
    public double ErrorsPerSecond { get; internal set; }

    /// <summary>Commands that ended without a status.</summary>
    public long Aborted { get; internal set; }

    /// <summary>Mean number of outstanding commands (time-integral over time); NaN when nothing was measured.</summary>
    public double QueueDepth { get; internal set; }

    /// <summary>Commands outstanding at the end of the interval.</summary>
    public long Outstanding { get; internal set; }

    /// <summary>Measured seconds behind the row, 0 when nothing was measured.</summary>
    public double Seconds { get; internal set; }

    /// <summary>Distinct initiator names that completed or began a command.</summary>
    public int Initiators => _initiators?.Count ?? 0;

    /// <summary>Distinct I_T nexuses (sessions) that completed or began a command.</summary>
    public int Paths => _sessions?.Count ?? 0;

    /// <summary>Share (0–1) of the snapshot's bytes; NaN when no bytes moved.</summary>
    public double ShareOfBytes { get; internal set; }

    /// <summary>Share (0–1) of the snapshot's completions; NaN when there were none.</summary>
    public double ShareOfOps { get; internal set; }

    /// <summary>The connection's own facts when the row is one; else null.</summary>
    public ConnectionDelta? Connection { get; internal set; }

    /// <summary>The unit's own facts when the row is one (target, LUN); else null.</summary>
    public UnitDelta? Unit { get; internal set; }

    /// <summary>What its UNMAPs that ended GOOD asked for.</summary>
    public Reclaimed Unmapped => _unmapped ??= new Reclaimed();

    /// <summary>Blocks of them a second.</summary>
    public double UnmappedPerSecond { get; internal set; }

    /// <summary>Where the time of its reads and writes went.</summary>
    public Decomposition Phases => _phases ??= new Decomposition();

    /// <summary>All three directions' completions.</summary>
    public long Ops => (_read?.Ops ?? 0) + (_write?.Ops ?? 0) + (_other?.Ops ?? 0);

    /// <summary>All three directions' bytes.</summary>
    public long Bytes => (_read?.Bytes ?? 0) + (_write?.Bytes ?? 0) + (_other?.Bytes ?? 0);

    /// <summary>Whether it is of some commands only, of which nothing but their end is known (<see cref="Snapshot.OfCommands"/>).</summary>
    public bool OfCommands { get; internal set; }

    /// <summary>What is unknown of it, and not 0: some host of a fleet does not tell it.</summary>
    public Untold Untold { get; internal set; }

    internal int Generation { get; set; }

    /// <summary>Makes it the head of rows that have something in common, with nothing added up yet.</summary>
    /// <param name="heads">What they have in common.</param>
    /// <param name="by">The dimensions they share.</param>
    /// <param name="like">One of them.</param>
    public void Head(string heads, Dimensions by, Row like)
    {
        ArgumentNullException.ThrowIfNull(like);
        Clear();
        Group = by;
        Target = (by & (Dimensions.Target | Dimensions.Session)) != 0 ? like.Target : "";
        Lun = (by & Dimensions.Lun) != 0 ? like.Lun : Iscsitop.Target.Iscsi.Lun.Unknown;
        Initiator = (by & (Dimensions.Initiator | Dimensions.Session)) != 0 ? like.Initiator : "";
        Session = (by & Dimensions.Session) != 0 ? like.Session : "";
        Operation = (by & Dimensions.Operation) != 0 ? like.Operation : (ushort)0;
        Extras.Heads = heads;
    }

    /// <summary>Adds a row that it heads.</summary>
    public void Merge(Row member)
    {
        ArgumentNullException.ThrowIfNull(member);
        Extras.Headed++;
        Read.Add(member.Read);
        Write.Add(member.Write);
        Other.Add(member.Other);
        Phases.Add(member.Phases);
        Untold |= member.Untold;
        Errors += member.Errors;
        Aborted += member.Aborted;
        Outstanding += member.Outstanding;
        ErrorsPerSecond += member.ErrorsPerSecond;
        Seconds = Math.Max(Seconds, member.Seconds);
        if (!double.IsNaN(member.QueueDepth)) QueueDepth += member.QueueDepth;
        ShareOfBytes = double.IsNaN(ShareOfBytes) ? member.ShareOfBytes : ShareOfBytes + member.ShareOfBytes;
        ShareOfOps = double.IsNaN(ShareOfOps) ? member.ShareOfOps : ShareOfOps + member.ShareOfOps;
        Unmapped.Add(member.Unmapped);
        UnmappedPerSecond += member.UnmappedPerSecond;
        Extras.Miscompares += member.Extras.Miscompares;
        if (member.Extras.Failure is { } failure && failure.Count > (Extras.Failure?.Count ?? 0)) Extras.Failure = failure;
    }

    internal Sums Of(CommandKind kind) => kind switch
    {
        CommandKind.Read => Read,
        CommandKind.Write => Write,
        _ => Other,
    };

    internal void Clear()
    {
        _read?.Clear();
        _write?.Clear();
        _other?.Clear();
        _phases?.Clear();
        Untold = Untold.None;
        Errors = Aborted = Outstanding = 0;
        _unmapped?.Clear();
        ErrorsPerSecond = UnmappedPerSecond = QueueDepth = Seconds = _settling = 0;
        _settledErrors = _settledBlocks = _time = 0;
        ShareOfBytes = ShareOfOps = double.NaN;
        Unit = null;
        Connection = null;
        _extras.Clear();
        _initiators?.Clear();
        _sessions?.Clear();
        _lastSession = 0;
    }

    internal void Finish()
    {
        Settle();
        if (Unit is not null) Seconds = Math.Max(Seconds, Unit.Engine.Seconds);
        if (Connection is not null) Seconds = Math.Max(Seconds, Connection.Engine.Seconds);
        // A status that is stamped before a snapshot which had its command outstanding takes back more than the interval had.
        QueueDepth = Seconds == 0 || OfCommands ? double.NaN : Math.Max(0, QueueDepth);
    }

    internal void Add(CellDelta delta, Nexus nexus)
    {
        Cell cell = delta.Cell;
        double seconds = delta.Engine.Seconds;
        // Cells of one engine come one after the other: their rates are one division.
        if (seconds != _settling) Settle();
        _settling = seconds;
        Sums sums = Of(cell.Kind);
        sums.Ops += cell.Completed;
        sums.Bytes += cell.ReadBytes + cell.WriteBytes;
        if (delta.Engine.Host is { } host) Untold |= host.Untold;
        Errors += cell.Errors;
        Aborted += cell.Aborted;
        if (cell.Reclaimed is { } reclaimed) Unmapped.Add(reclaimed);
        Outstanding += cell.Outstanding;
        if (cell.Of(Phase.Latency) is { Count: > 0 } latency) sums.Latency.Add(latency);
        if (cell.Kind != CommandKind.Other) Phases.Add(cell);
        _time += cell.OutstandingTime;
        if (cell.Completed + cell.Started == 0 || nexus.Id == _lastSession) return;
        _lastSession = nexus.Id;
        (_initiators ??= []).Add(nexus.Initiator);
        (_sessions ??= []).Add(nexus.Id);
    }

    private void Settle()
    {
        double seconds = _settling;
        _read?.Settle(seconds);
        _write?.Settle(seconds);
        _other?.Settle(seconds);
        if (seconds > 0)
        {
            ErrorsPerSecond += (Errors - _settledErrors) / seconds;
            UnmappedPerSecond += ((_unmapped?.Blocks ?? 0) - _settledBlocks) / seconds;
            QueueDepth += _time / (seconds * 1e9);
            Seconds = Math.Max(Seconds, seconds);
        }
        (_settledErrors, _settledBlocks, _time) = (Errors, _unmapped?.Blocks ?? 0, 0);
    }
}

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
