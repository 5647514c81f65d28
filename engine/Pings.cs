namespace Iscsitop.Engine;

/// <summary>The pings of one connection that wait for their answer, both ways. Bounded: what is too much is not followed.</summary>
internal sealed class Pings
{
    /// <summary>A ping unanswered for longer is lost; should an answer come yet, its round trip counts.</summary>
    public const long LostAfter = 5_000_000_000;

    private const int Most = 256;

    private Ping[] _waiting = new Ping[4];
    private int _count;

    private record struct Ping(uint Tag, bool ByTarget, long Time, bool Lost);

    /// <summary>Whether any waits.</summary>
    public bool Any => _count > 0;

    /// <summary>One side asked. A tag that is used again will have no other answer.</summary>
    public void Ask(uint tag, bool byTarget, long time, ConnectionFacts facts)
    {
        int i = Find(tag, byTarget);
        if (i >= 0) Remove(i, facts);
        if (_count == Most) return;
        if (_count == _waiting.Length) Array.Resize(ref _waiting, 2 * _count);
        _waiting[_count++] = new Ping(tag, byTarget, time, false);
    }

    /// <summary>The other side answered.</summary>
    public void Answer(uint tag, bool byTarget, long time, ConnectionFacts facts)
    {
        int i = Find(tag, byTarget);
        if (i < 0) return;
        long took = Math.Max(0, time - _waiting[i].Time);
        (facts.NopTime ??= new Histogram()).Add(took);
        facts.TargetNopTime ??= new Histogram();
        if (byTarget) facts.TargetNopTime.Add(took);
        _waiting[i] = _waiting[--_count];
    }

    /// <summary>Counts those lost by now.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Settle(long now, ConnectionFacts facts)
    {
        bool any = false;
        foreach (ref Ping ping in _waiting.AsSpan(0, _count))
        {
            if (ping.Lost || now - ping.Time <= LostAfter) continue;
            ping.Lost = any = true;
            facts.Add(Fact.NopsLost);
        }
        return any;
    }

    /// <summary>How many wait for an answer, and ns for which the oldest has; -1 when none does.</summary>
    public (int Count, long Oldest) Waiting(long time)
    {
        long oldest = -1;
        foreach (ref readonly Ping ping in _waiting.AsSpan(0, _count)) oldest = Math.Max(oldest, time - ping.Time);
        return (_count, oldest);
    }

    /// <summary>The connection ended: what waits is lost.</summary>
    /// <returns>How long the oldest has waited in ns, -1 when none has.</returns>
    public long End(long time, ConnectionFacts facts)
    {
        long longest = -1;
        while (_count > 0)
        {
            longest = Math.Max(longest, time - _waiting[_count - 1].Time);
            Remove(_count - 1, facts);
        }
        return longest;
    }

    /// <summary>Forgets them.</summary>
    public void Clear() => _count = 0;

    private void Remove(int i, ConnectionFacts facts)
    {
        if (!_waiting[i].Lost) facts.Add(Fact.NopsLost);
        _waiting[i] = _waiting[--_count];
    }

    private int Find(uint tag, bool byTarget)
    {
        int i = _count - 1;
        while (i >= 0 && (_waiting[i].Tag != tag || _waiting[i].ByTarget != byTarget)) i--;
        return i;
    }
}
