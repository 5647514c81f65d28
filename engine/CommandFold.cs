using Iscsitop.Engine.Filtering;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>
/// Cells of exactly the commands that a filter keeps, of one engine. Their begin is not seen, so that what is outstanding is not known. A
/// command counts in the interval whose status comes after it. Bounded like the engine's own table; what is beyond is counted apart. The
/// caller holds the feed's lock.
/// </summary>
internal sealed class CommandFold
{
    /// <summary>Cells with their own place.</summary>
    internal const int MostCells = 8192;

    private static readonly ConnectionInfo s_nobody = new(0, "", "");

    private readonly Dictionary<CellKey, CellDelta> _running = [];
    private readonly Dictionary<CellKey, CellDelta> _ready = [];
    private readonly List<CellDelta> _taken = [];
    private readonly Stack<CellDelta> _free = new();
    private int _skip;

    /// <summary>Which commands count; null when none is asked for.</summary>
    public Filter? Filter { get; private set; }

    /// <summary>Commands counted apart because there were too many cells.</summary>
    public long Folded { get; private set; }

    /// <summary>Other commands count from now on.</summary>
    /// <param name="filter">Which; null for none.</param>
    /// <param name="skip">Intervals until the first of which every command is known.</param>
    public void Use(Filter? filter, int skip)
    {
        (Filter, _skip) = (filter, skip);
        Drop(_running);
        Drop(_ready);
    }

    /// <summary>Takes in a command.</summary>
    public void Add(in CompletedCommand command, in EventContext context)
    {
        if (_skip > 0 || Filter is not { } filter || !filter.Keeps(in command, in context)) return;
        ushort operation = command.CdbLength == 0 ? (ushort)0 : Command.Operation(command.Cdb);
        CommandKind kind = command.CdbLength == 0 ? CommandKind.Other : Command.Find(command.Cdb)?.Kind ?? CommandKind.Other;
        CellDelta delta = Of(new CellKey(command.Connection, command.Lun, operation), kind, in context);
        if (command.Response == Correlator.NoStatus) delta.Cell.Aborted++;
        else Correlator.Count(delta.Cell, in command);
    }

    /// <summary>An interval is over.</summary>
    /// <returns>Whether every command of it is known.</returns>
    public bool Commit()
    {
        if (_skip > 0)
        {
            _skip--;
            return false;
        }
        foreach (CellDelta delta in _running.Values) MakeReady(delta);
        _running.Clear();
        return true;
    }

    // Intervals that nobody takes for long have no more cells together than one may have.
    private void MakeReady(CellDelta delta)
    {
        Cell cell = delta.Cell;
        if (_ready.Count >= MostCells && cell.Key.Connection != 0 && !_ready.ContainsKey(cell.Key))
        {
            Folded += cell.Completed + cell.Aborted;
            (cell.Key, delta.Connection) = (new CellKey(0, Lun.Unknown, CellTable.Overflow(cell.Kind)), s_nobody);
        }
        if (_ready.TryAdd(cell.Key, delta)) return;
        _ready[cell.Key].Cell.Add(cell);
        _free.Push(delta);
    }

    /// <summary>Hands out what came since the last call; valid until the next.</summary>
    public void TakeInto(List<CellDelta> cells)
    {
        foreach (CellDelta delta in _taken) _free.Push(delta);
        _taken.Clear();
        foreach (CellDelta delta in _ready.Values) _taken.Add(delta);
        _ready.Clear();
        cells.AddRange(_taken);
    }

    private CellDelta Of(CellKey key, CommandKind kind, in EventContext context)
    {
        ConnectionInfo connection = context.Connection;
        if (!_running.TryGetValue(key, out CellDelta? delta))
        {
            if (_running.Count >= MostCells)
            {
                Folded++;
                key = new CellKey(0, Lun.Unknown, CellTable.Overflow(kind));
                connection = s_nobody;
            }
            if (!_running.TryGetValue(key, out delta)) _running.Add(key, delta = Rent(key, kind, in context));
        }
        delta.Connection = connection;
        return delta;
    }

    // The engine of a delta never changes: this is one engine's.
    private CellDelta Rent(CellKey key, CommandKind kind, in EventContext context)
    {
        if (!_free.TryPop(out CellDelta? delta)) delta = new CellDelta { Cell = new Cell(), Connection = s_nobody, Engine = context.Engine };
        delta.Cell.Clear();
        (delta.Cell.Key, delta.Cell.Kind) = (key, kind);
        return delta;
    }

    private void Drop(Dictionary<CellKey, CellDelta> cells)
    {
        foreach (CellDelta delta in cells.Values) _free.Push(delta);
        cells.Clear();
    }
}
