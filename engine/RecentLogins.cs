namespace Iscsitop.Engine;

/// <summary>The last logins, since a session may be back before the end of the one before is noticed.</summary>
internal sealed class RecentLogins
{
    private const int Most = 64;

    private readonly Login[] _logins = new Login[Most];
    private int _next;

    private readonly record struct Login(uint Connection, uint Target, uint Initiator, long Time);

    /// <summary>An initiator has logged in to a target.</summary>
    public void Add(uint connection, uint target, uint initiator, long time)
    {
        _logins[_next] = new Login(connection, target, initiator, time);
        _next = (_next + 1) % Most;
    }

    /// <summary>ns from a time to the first login of an initiator to a target after it, on another connection; -1 when there was none.</summary>
    public long After(long time, uint connection, uint target, uint initiator)
    {
        long first = -1;
        foreach (Login login in _logins)
        {
            if (login.Connection == 0 || login.Connection == connection || login.Target != target || login.Initiator != initiator || login.Time < time) continue;
            if (first < 0 || login.Time - time < first) first = login.Time - time;
        }
        return first;
    }

    /// <summary>Forgets them.</summary>
    public void Clear() => Array.Clear(_logins);
}
