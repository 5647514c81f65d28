using System.Numerics;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>
/// The cells of an engine, bounded in number and bytes: when it is full, cells of closed connections make room, and after that
/// commands are counted in one cell for each connection and kind, so that a peer that invents LUNs cannot fill memory.
/// </summary>
internal sealed class CellTable(int capacity = CellTable.DefaultCapacity)
{
    /// <summary>Cells with their own place. One takes some 500 bytes while a few commands come between two snapshots.</summary>
    public const int DefaultCapacity = 1 << 17;

    /// <summary>
    /// Cells of which is kept what everybody has been told, for who comes later: what they did since the engine began to look has
    /// all their latencies, 10 KiB and more.
    /// </summary>
    public const int MostWithPast = 8192;

    /// <summary>Bytes of cells and patterns as of the last snapshot beyond which there are no new cells.</summary>
    public const long MaxBytes = 256 << 20;

    private const int MaxPool = 2048;

    private readonly Dictionary<CellKey, CellState> _index = [];
    private readonly Stack<CellState> _pool = new();
    private ulong _subscribers;

    /// <summary>Every cell, in no order.</summary>
    public List<CellState> All { get; } = [];

    /// <summary>Counts changes, so that a subscriber can tell what it has seen.</summary>
    public long Version { get; private set; }

    /// <summary>Commands counted apart from their own cell.</summary>
    public long Folded { get; private set; }

    /// <summary>Bytes of the cells and what goes with them, as of when each was told last.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether it is still known what there was since it was empty.</summary>
    public bool HasPast { get; private set; } = true;

    /// <summary>Called with the time when the table is full: gives cells of closed connections back, if there are any.</summary>
    public Action<long>? MakeRoom { get; set; }

    private bool Full => _index.Count >= capacity || Bytes >= MaxBytes;

    /// <summary>The operation whose cell counts what has no cell of its own.</summary>
    public static ushort Overflow(CommandKind kind) => (ushort)(0xff00 | (byte)kind);

    /// <summary>The cell of a command that begins.</summary>
    public CellState Of(CellKey key, CommandKind kind, long time)
    {
        if (_index.TryGetValue(key, out CellState? cell)) return cell;
        if (Full) MakeRoom?.Invoke(time);
        if (!Full) return Add(key, kind, time);
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

    /// <summary>Something that goes with the cells takes so many bytes more.</summary>
    public void Take(int bytes) => Bytes += bytes;

    /// <summary>Somebody comes who is to be told: what was before, as far as it is known, and what happens from now on.</summary>
    /// <param name="time">When.</param>
    /// <returns>Its number, for <see cref="Tell"/>; there may be 64.</returns>
    public int Join(long time)
    {
        int subscriber = BitOperations.TrailingZeroCount(~_subscribers);
        foreach (CellState state in All) state.Join(subscriber, _subscribers, HasPast, time);
        _subscribers |= 1UL << subscriber;
        return subscriber;
    }

    /// <summary>Somebody goes.</summary>
    public void Leave(int subscriber)
    {
        _subscribers &= ~(1UL << subscriber);
        foreach (CellState state in All) state.Leave(subscriber);
    }

    /// <summary>What a subscriber has not been told of a cell, up to a time.</summary>
    /// <returns>Null when there is nothing; else to be followed by <see cref="Told"/>, or asked for again.</returns>
    public Cell? Tell(CellState state, int subscriber, long time) => state.Tell(subscriber, _subscribers, HasPast, time);

    /// <summary>The subscriber has been told what <see cref="Tell"/> gave.</summary>
    public void Told(CellState state, int subscriber)
    {
        int before = state.Bytes;
        state.Told(subscriber, HasPast, giveBack: Bytes >= MaxBytes);
        Bytes += state.Bytes - before;
    }

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
            if (state.Version > unseen) Folded += state.Untold;
            Bytes -= state.Bytes;
            _index.Remove(state.Cell.Key);
            if (_pool.Count < MaxPool) _pool.Push(state);
        }
        All.RemoveRange(kept, All.Count - kept);
    }

    /// <summary>Forgets everything but who is to be told.</summary>
    public void Clear()
    {
        All.Clear();
        _index.Clear();
        _pool.Clear();
        Folded = Bytes = 0;
        HasPast = true;
    }

    private CellState Add(CellKey key, CommandKind kind, long time)
    {
        if (!_pool.TryPop(out CellState? state)) state = new CellState();
        state.Reset(key, kind, time);
        _index.Add(key, state);
        All.Add(state);
        Bytes += state.Bytes;
        if (HasPast && All.Count > MostWithPast) ForgetPast();
        return state;
    }

    private void ForgetPast()
    {
        HasPast = false;
        foreach (CellState state in All) state.ForgetPast();
    }
}
