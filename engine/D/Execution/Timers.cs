namespace Iscsitop.Engine.D.Execution;

/// <summary>When timers are due. Each tick that was missed fires too, in order of time, then of probes.</summary>
internal sealed class Timers
{
    // As often as the original's clock could.
    private const long Shortest = 200_000;

    private (ProbeEntry Probe, Enabling[] Clauses, long Due)[] _timers = [];

    /// <summary>When the next is due; never without timers.</summary>
    public long Next { get; private set; } = long.MaxValue;

    /// <summary>They start now.</summary>
    public void Start(Dispatch dispatch, long now)
    {
        _timers = [.. dispatch.Timers.Select(t => (t.Probe, t.Clauses, After(now, t.Probe)))];
        Look();
    }

    /// <summary>Takes the next that is due.</summary>
    /// <returns>Its clauses and when it was due.</returns>
    public (Enabling[] Clauses, long Due) Take()
    {
        int first = 0;
        for (int i = 1; i < _timers.Length; i++)
            if (_timers[i].Due < _timers[first].Due) first = i;
        (ProbeEntry probe, Enabling[] clauses, long due) = _timers[first];
        _timers[first].Due = After(due, probe);
        Look();
        return (clauses, due);
    }

    private static long After(long time, ProbeEntry probe)
    {
        long period = Math.Max(Shortest, probe.Period);
        return time > long.MaxValue - period ? long.MaxValue : time + period;
    }

    private void Look()
    {
        Next = long.MaxValue;
        foreach ((_, _, long due) in _timers) Next = Math.Min(Next, due);
    }
}
