using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>A cell as the engine keeps it.</summary>
internal sealed class CellState
{
    /// <summary>The counters. Their integral reaches to <see cref="Touched"/>.</summary>
    public Cell Cell { get; } = new();

    /// <summary>Monotonic ns of the last change.</summary>
    public long Touched { get; private set; }

    /// <summary>The table's version at the last change.</summary>
    public long Version { get; private set; }

    /// <summary>Makes this an empty cell.</summary>
    public void Reset(CellKey key, CommandKind kind, long time)
    {
        Cell.Clear();
        Cell.Key = key;
        Cell.Kind = kind;
        Touched = time;
    }

    /// <summary>
    /// Brings the integral up to <paramref name="time"/> before a change. A time before the last change is a
    /// correction: the sum stays exact, since it is linear in each command's begin and end.
    /// </summary>
    public void Touch(long time, long version)
    {
        Cell.OutstandingTime += Cell.Outstanding * (time - Touched);
        Touched = time;
        Version = version;
    }
}

/// <summary>
/// The cells of an engine, bounded: when it is full, cells of closed connections make room, and after that commands are
/// counted in one cell for each connection and kind, so that a peer that invents LUNs cannot fill memory.
/// </summary>
internal sealed class CellTable(int capacity = CellTable.DefaultCapacity)
{
    /// <summary>Cells with their own place: 8192, some 100 MB if every one of them kept all its histograms.</summary>
    public const int DefaultCapacity = 8192;

    private const int MaxPool = 2048;

    private readonly Dictionary<CellKey, CellState> _index = [];
    private readonly Stack<CellState> _pool = new();

    /// <summary>Every cell, in no order.</summary>
    public List<CellState> All { get; } = [];

    /// <summary>Counts changes, so that a subscriber can tell what it has seen.</summary>
    public long Version { get; private set; }

    /// <summary>Commands counted apart from their own cell.</summary>
    public long Folded { get; private set; }

    /// <summary>Called with the time when the table is full: gives cells of closed connections back, if there are any.</summary>
    public Action<long>? MakeRoom { get; set; }

    /// <summary>The operation whose cell counts what has no cell of its own.</summary>
    public static ushort Overflow(CommandKind kind) => (ushort)(0xff00 | (byte)kind);

    /// <summary>The cell of a command that begins.</summary>
    public CellState Of(CellKey key, CommandKind kind, long time)
    {
        if (_index.TryGetValue(key, out CellState? cell)) return cell;
        if (_index.Count >= capacity) MakeRoom?.Invoke(time);
        if (_index.Count < capacity) return Add(key, kind, time);
        Folded++;
        var overflow = new CellKey(key.Connection, Lun.Unknown, Overflow(kind));
        return _index.TryGetValue(overflow, out cell) ? cell : Add(overflow, kind, time);
    }

    /// <summary>Brings a cell up to a time before it is changed.</summary>
    public Cell Touch(CellState state, long time)
    {
        state.Touch(time, ++Version);
        return state.Cell;
    }

    /// <summary>Something that goes with the cells changed.</summary>
    /// <returns>The version of that change.</returns>
    public long Advance() => ++Version;

    /// <summary>Forgets the cells of connections for which <paramref name="gone"/> is true.</summary>
    /// <param name="gone">Whether a connection's cells may go.</param>
    /// <param name="unseen">Cells changed after this version are counted as folded: somebody has not seen them.</param>
    public void Forget(Func<uint, bool> gone, long unseen)
    {
        int kept = 0;
        for (int i = 0; i < All.Count; i++)
        {
            CellState state = All[i];
            if (!gone(state.Cell.Key.Connection))
            {
                All[kept++] = state;
                continue;
            }
            if (state.Version > unseen) Folded += state.Cell.Completed;
            _index.Remove(state.Cell.Key);
            if (_pool.Count < MaxPool) _pool.Push(state);
        }
        All.RemoveRange(kept, All.Count - kept);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        All.Clear();
        _index.Clear();
        _pool.Clear();
        Folded = 0;
    }

    private CellState Add(CellKey key, CommandKind kind, long time)
    {
        if (!_pool.TryPop(out CellState? state)) state = new CellState();
        state.Reset(key, kind, time);
        _index.Add(key, state);
        All.Add(state);
        return state;
    }
}
