using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Fleet;

/// <summary>A host of the fleet: one instance that Prometheus scrapes.</summary>
internal sealed class FleetHost
{
    // Longer steps than this are holes.
    private const long LongestStep = 600_000;
    private const int Remembered = 9;

    private readonly Dictionary<(string Target, string Initiator), ConnectionInfo> _connections = [];
    private readonly Queue<long> _steps = new();
    private long _noted;
    private int _roles;
    private long _reset;
    private uint _lastConnection;

    public FleetHost(string name, int number)
    {
        Name = name;
        Status = new EngineStatus { Pid = number, Source = name, Host = new HostStatus() };
    }

    public string Name { get; }

    public EngineStatus Status { get; }

    public HostStatus Says => Status.Host!;

    /// <summary>Time of its newest sample, ms since 1970.</summary>
    public long Last { get; set; }

    /// <summary>Time of the sample that was the newest when it was taken; at first that of the oldest there was.</summary>
    public long Taken { get; set; }

    /// <summary>Whether it has something new.</summary>
    public bool Fresh => Last > Taken && Taken > 0;

    /// <summary>Whether an exporter of ours runs on it, which lacks series only of what has not happened.</summary>
    public bool Ours { get; set; }

    /// <summary>Whether it tells initiators apart.</summary>
    public bool ByInitiator { get; set; }

    /// <summary>The round that found its first samples.</summary>
    public long Born { get; set; }

    /// <summary>The round whose times were noted.</summary>
    public long Noted { get; set; }

    /// <summary>Whether it tells nothing any more.</summary>
    public bool Silent => Says.SilentSince > 0;

    /// <summary>It has a series of this role.</summary>
    public void NoteRole(FleetRole role)
    {
        _roles |= 1 << (int)role;
        Says.Untold = Untold.Rest | Lack(FleetRole.Commands, Untold.Commands) | Lack(FleetRole.Bytes, Untold.Bytes) | Lack(FleetRole.Errors, Untold.Errors) | Lack(FleetRole.Outstanding, Untold.Outstanding);
    }

    /// <summary>Whether that it has no series of this role for something says that nothing happened.</summary>
    public bool Tells(FleetRole role) => Ours || (_roles & 1 << (int)role) != 0;

    private Untold Lack(FleetRole role, Untold untold) => Tells(role) ? Untold.None : untold;

    /// <summary>Counters began anew before a sample of this time.</summary>
    public void NoteReset(long time)
    {
        if (time == _reset) return;
        _reset = time;
        Says.Resets++;
    }

    /// <summary>Learns from the samples of one series how long it takes from one to the next.</summary>
    public void NoteTimes(ReadOnlySpan<Sample> samples)
    {
        foreach (Sample s in samples)
        {
            if (_noted > 0 && s.Time > _noted && s.Time - _noted <= LongestStep)
            {
                _steps.Enqueue(s.Time - _noted);
                if (_steps.Count > Remembered) _steps.Dequeue();
            }
            _noted = Math.Max(_noted, s.Time);
        }
        if (_steps.Count == 0) return;
        long[] sorted = [.. _steps.Order()];
        Says.Step = sorted[sorted.Length / 2] / 1000.0;
    }

    /// <summary>What stands for the connections of an initiator to a target; "" for those of all of them.</summary>
    public ConnectionInfo ConnectionOf(string target, string initiator)
    {
        bool all = initiator.Length == 0 && ByInitiator;
        if (_connections.TryGetValue((target, initiator), out ConnectionInfo? known) && known.MidStream == all) return known;
        return _connections[(target, initiator)] = new ConnectionInfo(known?.Id ?? ++_lastConnection, Name, "", target, initiator) { MidStream = all };
    }
}
