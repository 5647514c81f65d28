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

    internal void Clear()
    {
        Ops = Bytes = 0;
        OpsPerSecond = BytesPerSecond = 0;
        Latency.Clear();
    }
}

/// <summary>One row of a roll-up. Reused from interval to interval; fields of dimensions that were not asked for are empty.</summary>
public sealed class Row
{
    private readonly HashSet<string> _initiators = new(StringComparer.Ordinal);
    private readonly HashSet<(string Target, string Initiator, string Isid, ushort Tsih)> _sessions = [];

    /// <summary>Target name, "" when unknown or not asked for.</summary>
    public string Target { get; internal set; } = "";

    /// <summary>LUN, <see cref="Iscsitop.Target.Iscsi.Lun.Unknown"/> when not asked for.</summary>
    public ulong Lun { get; internal set; }

    /// <summary>Initiator name.</summary>
    public string Initiator { get; internal set; } = "";

    /// <summary>ISID and TSIH of the session.</summary>
    public string Session { get; internal set; } = "";

    /// <summary>Opcode and service action.</summary>
    public ushort Operation { get; internal set; }

    /// <summary>Reads.</summary>
    public Sums Read { get; } = new();

    /// <summary>Writes.</summary>
    public Sums Write { get; } = new();

    /// <summary>Everything else.</summary>
    public Sums Other { get; } = new();

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
    public int Initiators => _initiators.Count;

    /// <summary>Distinct I_T nexuses (sessions) that completed or began a command.</summary>
    public int Paths => _sessions.Count;

    /// <summary>Share (0–1) of the snapshot's bytes; NaN when no bytes moved.</summary>
    public double ShareOfBytes { get; internal set; }

    /// <summary>Share (0–1) of the snapshot's completions; NaN when there were none.</summary>
    public double ShareOfOps { get; internal set; }

    /// <summary>The connection's own facts when the row is one; else null.</summary>
    public ConnectionDelta? Connection { get; internal set; }

    /// <summary>The unit's own facts when the row is one (target, LUN); else null.</summary>
    public UnitDelta? Unit { get; internal set; }

    /// <summary>All three directions' completions.</summary>
    public long Ops => Read.Ops + Write.Ops + Other.Ops;

    /// <summary>All three directions' bytes.</summary>
    public long Bytes => Read.Bytes + Write.Bytes + Other.Bytes;

    /// <summary>Whether it is of some commands only, of which nothing but their end is known (<see cref="Snapshot.OfCommands"/>).</summary>
    public bool OfCommands { get; internal set; }

    internal int Generation { get; set; }

    internal Sums Of(CommandKind kind) => kind switch
    {
        CommandKind.Read => Read,
        CommandKind.Write => Write,
        _ => Other,
    };

    internal void Clear()
    {
        Read.Clear();
        Write.Clear();
        Other.Clear();
        Errors = Aborted = Outstanding = 0;
        ErrorsPerSecond = QueueDepth = Seconds = 0;
        ShareOfBytes = ShareOfOps = double.NaN;
        Unit = null;
        Connection = null;
        _initiators.Clear();
        _sessions.Clear();
    }

    internal void Finish()
    {
        if (Unit is not null) Seconds = Math.Max(Seconds, Unit.Engine.Seconds);
        if (Connection is not null) Seconds = Math.Max(Seconds, Connection.Engine.Seconds);
        // A status that is stamped before a snapshot which had its command outstanding takes back more than the interval had.
        QueueDepth = Seconds == 0 || OfCommands ? double.NaN : Math.Max(0, QueueDepth);
    }

    internal void Add(CellDelta delta)
    {
        Cell cell = delta.Cell;
        double seconds = delta.Engine.Seconds;
        Sums sums = Of(cell.Kind);
        long bytes = cell.ReadBytes + cell.WriteBytes;
        sums.Ops += cell.Completed;
        sums.Bytes += bytes;
        Errors += cell.Errors;
        Aborted += cell.Aborted;
        Outstanding += cell.Outstanding;
        if (cell.Of(Phase.Latency) is { Count: > 0 } latency) sums.Latency.Add(latency);
        if (seconds > 0)
        {
            sums.OpsPerSecond += cell.Completed / seconds;
            sums.BytesPerSecond += bytes / seconds;
            ErrorsPerSecond += cell.Errors / seconds;
            QueueDepth += cell.OutstandingTime / (seconds * 1e9);
            Seconds = Math.Max(Seconds, seconds);
        }
        if (cell.Completed + cell.Started > 0)
        {
            ConnectionInfo c = delta.Connection;
            _initiators.Add(c.Initiator);
            _sessions.Add((c.Target, c.Initiator, c.Isid.Length == 0 ? c.Remote : c.Isid, c.Tsih));
        }
    }
}

/// <summary>Groups the cells of a snapshot into rows. Keeps its rows, so that a steady load allocates nothing.</summary>
public sealed class Rollup(Dimensions group)
{
    private readonly Dictionary<(string, ulong, string, string, ushort), Row> _index = [];
    private readonly Dictionary<(int Engine, uint Connection), Row> _connections = [];
    private int _generation;
    private bool _ofCommands;

    /// <summary>What the rows are told apart by.</summary>
    public Dimensions Group => group;

    /// <summary>The rows of the last snapshot, in no order.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>Everything in one row.</summary>
    public Row Total { get; } = new();

    /// <summary>
    /// Groups a snapshot's cells; rows of the (target, LUN) grouping include known units that did nothing, and rows of connections are
    /// all those listed.
    /// </summary>
    /// <param name="snapshot">The interval.</param>
    /// <param name="keep">Which cells count; null for all.</param>
    public void Build(Snapshot snapshot, Func<CellDelta, bool>? keep = null)
    {
        _generation++;
        _ofCommands = snapshot.OfCommands;
        Rows.Clear();
        Total.Clear();
        if (group == (Dimensions.Target | Dimensions.Lun))
            foreach (UnitDelta unit in snapshot.Units)
                RowOf(unit.Target, unit.Lun, "", "", 0).Unit = unit;
        if (group == Dimensions.Connection)
            foreach (ConnectionDelta connection in snapshot.Connections)
                Begin(connection);
        foreach (CellDelta delta in snapshot.Cells)
        {
            if (keep is not null && !keep(delta)) continue;
            Total.Add(delta);
            RowOf(delta)?.Add(delta);
        }
        Total.Seconds = snapshot.Seconds;
        Total.OfCommands = _ofCommands;
        Total.Finish();
        foreach (Row row in Rows)
        {
            row.Finish();
            row.ShareOfBytes = Total.Bytes > 0 ? (double)row.Bytes / Total.Bytes : double.NaN;
            row.ShareOfOps = Total.Ops > 0 ? (double)row.Ops / Total.Ops : double.NaN;
        }
        if (_index.Count > 2 * Rows.Count + 64) Forget(_index);
        if (_connections.Count > 2 * Rows.Count + 64) Forget(_connections);
    }

    /// <summary>Rows kept, shown or not.</summary>
    internal int Known => _index.Count + _connections.Count;

    private static string SessionName(ConnectionInfo c) => c.Isid.Length == 0 ? c.Remote : c.Isid;

    // Null for a connection that is no longer listed.
    private Row? RowOf(CellDelta delta)
    {
        ConnectionInfo c = delta.Connection;
        if (group == Dimensions.Connection)
            return _connections.TryGetValue((delta.Engine.Pid, c.Id), out Row? known) && known.Generation == _generation ? known : null;
        return RowOf(
            (group & Dimensions.Target) != 0 ? c.Target : "",
            (group & Dimensions.Lun) != 0 ? delta.Cell.Key.Lun : Iscsitop.Target.Iscsi.Lun.Unknown,
            (group & Dimensions.Initiator) != 0 ? c.Initiator : "",
            (group & Dimensions.Session) != 0 ? SessionName(c) : "",
            (group & Dimensions.Operation) != 0 ? delta.Cell.Key.Operation : (ushort)0);
    }

    // Names may come later than the connection.
    private void Begin(ConnectionDelta connection)
    {
        ConnectionInfo c = connection.Connection;
        (int, uint) key = (connection.Engine.Pid, c.Id);
        if (!_connections.TryGetValue(key, out Row? row)) _connections[key] = row = new Row { Lun = Iscsitop.Target.Iscsi.Lun.Unknown };
        Begin(row);
        (row.Target, row.Initiator, row.Session, row.Connection) = (c.Target, c.Initiator, SessionName(c), connection);
    }

    private Row RowOf(string target, ulong lun, string initiator, string session, ushort operation)
    {
        (string, ulong, string, string, ushort) key = (target, lun, initiator, session, operation);
        if (!_index.TryGetValue(key, out Row? row))
            _index[key] = row = new Row { Target = target, Lun = lun, Initiator = initiator, Session = session, Operation = operation };
        if (row.Generation != _generation) Begin(row);
        return row;
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
}
