namespace Iscsitop.Engine;

/// <summary>
/// The patterns of an engine. No more than there are cells: a command that has no cell of its own has no pattern either, and both are
/// told as folded.
/// </summary>
internal sealed class PatternTable(CellTable cells)
{
    private const int MaxPool = 1024;

    private readonly Dictionary<(uint Connection, ulong Lun), PatternTrail> _trails = [];
    private readonly Stack<PatternState> _pool = new();
    private ulong _subscribers;

    /// <summary>Every pattern, in no order.</summary>
    public List<PatternState> All { get; } = [];

    /// <summary>Where the reads or the writes of a connection on a unit count.</summary>
    public PatternState Of(PatternKey key)
    {
        if (!_trails.TryGetValue((key.Connection, key.Lun), out PatternTrail? trail)) _trails.Add((key.Connection, key.Lun), trail = new PatternTrail());
        ref PatternState? state = ref key.Writes ? ref trail.Writes : ref trail.Reads;
        return state ??= Make(key, trail);
    }

    /// <summary>Somebody comes who is to be told, by the number the cells have for it.</summary>
    public void Join(int subscriber)
    {
        foreach (PatternState state in All) state.Join(subscriber, _subscribers, cells.HasPast);
        _subscribers |= 1UL << subscriber;
    }

    /// <summary>Somebody goes.</summary>
    public void Leave(int subscriber)
    {
        _subscribers &= ~(1UL << subscriber);
        foreach (PatternState state in All) state.Leave(subscriber);
    }

    /// <summary>What a subscriber has not been told of a pattern.</summary>
    /// <returns>Null when there is nothing; else to be followed by <see cref="Told"/>, or asked for again.</returns>
    public Pattern? Tell(PatternState state, int subscriber) => state.Tell(subscriber, _subscribers, cells.HasPast);

    /// <summary>The subscriber has been told what <see cref="Tell"/> gave.</summary>
    public void Told(PatternState state, int subscriber)
    {
        int before = state.Bytes;
        state.Told(subscriber, cells.HasPast, giveBack: cells.Bytes >= CellTable.MaxBytes);
        cells.Take(state.Bytes - before);
    }

    /// <summary>Forgets those of connections for which <paramref name="gone"/> is true.</summary>
    public void Forget(Func<uint, bool> gone)
    {
        int kept = 0;
        for (int i = 0; i < All.Count; i++)
        {
            PatternState state = All[i];
            if (!gone(state.Key.Connection))
            {
                All[kept++] = state;
                continue;
            }
            cells.Take(-state.Bytes);
            _trails.Remove((state.Key.Connection, state.Key.Lun));
            if (_pool.Count < MaxPool) _pool.Push(state);
        }
        All.RemoveRange(kept, All.Count - kept);
    }

    /// <summary>Forgets everything but who is to be told. So do the cells.</summary>
    public void Clear()
    {
        All.Clear();
        _trails.Clear();
        _pool.Clear();
    }

    private PatternState Make(PatternKey key, PatternTrail trail)
    {
        if (!_pool.TryPop(out PatternState? state)) state = new PatternState();
        state.Reset(key, trail);
        All.Add(state);
        cells.Take(state.Bytes);
        return state;
    }
}
