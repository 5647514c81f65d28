using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine;

/// <summary>A failure as the engine keeps it.</summary>
internal sealed class FailureState(FailureKey key, long time)
{
    /// <summary>Where and what.</summary>
    public FailureKey Key => key;

    /// <summary>How often.</summary>
    public long Count { get; private set; }

    /// <summary>Time of the first.</summary>
    public long First { get; private set; } = time;

    /// <summary>Time of the last.</summary>
    public long Last { get; private set; } = time;

    /// <summary>The version of the cells at the last change.</summary>
    public long Version { get; private set; }

    /// <summary>As the stream tells it.</summary>
    public FailureRecord Record => new(Key, Count, First, Last);

    /// <summary>It happened again.</summary>
    public void Add(long count, long time, long version)
    {
        Count += count;
        First = Math.Min(First, time);
        Last = Math.Max(Last, time);
        Version = version;
    }
}

/// <summary>
/// What failed, by kind and place. Bounded, since both come from peers: what is beyond counts once for each connection and kind, and
/// beyond that once for each kind, with <see cref="FailureKey.Others"/> for a code.
/// </summary>
internal sealed class FailureTable(CellTable cells)
{
    /// <summary>Kinds and places at most, those of the rest among them.</summary>
    public const int Capacity = 4096;

    /// <summary>Kinds and places that are told apart at most.</summary>
    public const int MostExact = 3072;

    private const int Kinds = (int)FailureKind.Async + 1;

    private readonly Dictionary<FailureKey, FailureState> _index = [];

    /// <summary>All, in no order.</summary>
    public List<FailureState> All { get; } = [];

    /// <summary>Called with the time when there is no room for another: forgets those of connections nobody lists, if there are any.</summary>
    public Action<long>? MakeRoom { get; set; }

    /// <summary>Something failed.</summary>
    public void Add(FailureKey key, long time, long count = 1) => Of(key, time).Add(count, time, cells.Advance());

    /// <summary>Forgets those of connections for which <paramref name="gone"/> is true.</summary>
    /// <param name="gone">Whether nobody asks for a connection any more.</param>
    /// <param name="seen">Those that changed after this version stay: somebody has not seen them.</param>
    public void Forget(Func<uint, bool> gone, long seen)
    {
        int kept = 0;
        for (int i = 0; i < All.Count; i++)
        {
            FailureState state = All[i];
            if (state.Key.Connection == 0 || state.Version > seen || !gone(state.Key.Connection)) All[kept++] = state;
            else _index.Remove(state.Key);
        }
        All.RemoveRange(kept, All.Count - kept);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        All.Clear();
        _index.Clear();
    }

    private FailureState Of(FailureKey key, long time)
    {
        if (_index.TryGetValue(key, out FailureState? state)) return state;
        if (All.Count >= MostExact) MakeRoom?.Invoke(time);
        if (All.Count < MostExact) return Make(key, time);
        key = key.Folded();
        if (_index.TryGetValue(key, out state)) return state;
        if (All.Count < Capacity - Kinds) return Make(key, time);
        key = key with { Connection = 0 };
        return _index.TryGetValue(key, out state) ? state : Make(key, time);
    }

    private FailureState Make(FailureKey key, long time)
    {
        var state = new FailureState(key, time);
        _index.Add(key, state);
        All.Add(state);
        return state;
    }
}
