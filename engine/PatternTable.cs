namespace Iscsitop.Engine;

/// <summary>
/// The patterns of an engine. No more than there are cells: a command that has no cell of its own has no pattern either, and both are
/// told as folded.
/// </summary>
internal sealed class PatternTable
{
    private const int MaxPool = 1024;

    private readonly Dictionary<(uint Connection, ulong Lun), PatternTrail> _trails = [];
    private readonly Stack<PatternState> _pool = new();

    /// <summary>Every pattern, in no order.</summary>
    public List<PatternState> All { get; } = [];

    /// <summary>Where the reads or the writes of a connection on a unit count.</summary>
    public PatternState Of(PatternKey key)
    {
        if (!_trails.TryGetValue((key.Connection, key.Lun), out PatternTrail? trail)) _trails.Add((key.Connection, key.Lun), trail = new PatternTrail());
        ref PatternState? state = ref key.Writes ? ref trail.Writes : ref trail.Reads;
        return state ??= Make(key, trail);
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
            _trails.Remove((state.Key.Connection, state.Key.Lun));
            if (_pool.Count < MaxPool) _pool.Push(state);
        }
        All.RemoveRange(kept, All.Count - kept);
    }

    /// <summary>Forgets everything.</summary>
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
        return state;
    }
}
