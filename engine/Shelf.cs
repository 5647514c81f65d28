namespace Iscsitop.Engine;

/// <summary>
/// What is used again from one time to the next. Things mostly come in the order they came in the last time, some missing, some new: each
/// is then given what it had, with whatever has been found out about it.
/// </summary>
/// <param name="keyOf">What a thing is for.</param>
internal sealed class Shelf<TKey, T>(Func<T, TKey> keyOf)
    where TKey : struct, IEquatable<TKey>
    where T : class
{
    // So many may be missing in a row.
    private const int Ahead = 16;

    private readonly Stack<T> _spare = new();
    private List<T> _last = [];
    private int _at;

    /// <summary>What was taken is there again, in its order.</summary>
    /// <param name="taken">What was taken; empty afterwards.</param>
    public void PutBack(ref List<T> taken)
    {
        for (; _at < _last.Count; _at++) _spare.Push(_last[_at]);
        _last.Clear();
        (_last, taken, _at) = (taken, _last, 0);
    }

    /// <summary>Puts back one that nothing came of.</summary>
    public void PutBack(T thing) => _spare.Push(thing);

    /// <summary>Takes what was for a key, else whatever there is.</summary>
    /// <returns>Null when there is nothing.</returns>
    public T? Take(in TKey key)
    {
        int end = Math.Min(_at + Ahead, _last.Count);
        for (int i = _at; i < end; i++)
        {
            if (!keyOf(_last[i]).Equals(key)) continue;
            for (; _at < i; _at++) _spare.Push(_last[_at]);
            return _last[_at++];
        }
        if (_spare.TryPop(out T? thing)) return thing;
        if (_at == _last.Count) return null;
        thing = _last[^1];
        _last.RemoveAt(_last.Count - 1);
        return thing;
    }

    /// <summary>Gives back what is not needed when so many are taken.</summary>
    public void Trim(int taken)
    {
        for (; _at < _last.Count; _at++) _spare.Push(_last[_at]);
        (_last, _at) = ([], 0);
        while (_spare.Count > taken / 4) _spare.Pop();
        _spare.TrimExcess();
    }
}
