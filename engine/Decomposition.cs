namespace Iscsitop.Engine;

/// <summary>Who keeps commands waiting, by <see cref="Decomposition.Verdict"/>.</summary>
public enum Verdict : byte
{
    /// <summary>Too few commands, or nobody for most of the time.</summary>
    None,

    /// <summary>The target: its own time and the time until it asks for data.</summary>
    Storage,

    /// <summary>The way between.</summary>
    Network,

    /// <summary>The initiator, which sends data late.</summary>
    Host,

    /// <summary>The initiator or the way between: without packets nobody can tell.</summary>
    HostOrNetwork,
}

/// <summary>The names of verdicts.</summary>
public static class Verdicts
{
    private static readonly string[] s_names = ["", "storage", "network", "host", "host/net"];

    /// <summary>The name in files and on screens; "" for none.</summary>
    public static string Name(this Verdict verdict) => s_names[(int)verdict];
}

/// <summary>What packets told of the connections behind a row.</summary>
[Flags]
public enum PathEvidence : byte
{
    /// <summary>Nothing: events came from a target.</summary>
    None = 0,

    /// <summary>There were packets to look at.</summary>
    Seen = 1,

    /// <summary>They were sent again, acknowledged late, or met a closed TCP window.</summary>
    Trouble = 2,
}

/// <summary>Where the time of reads and writes went: sums and counts of the phases of docs/measures.md.</summary>
public sealed class Decomposition
{
    /// <summary>Commands a verdict needs.</summary>
    public const int VerdictNeeds = 100;

    private readonly long[] _sums = new long[Cell.PhaseCount];
    private readonly long[] _counts = new long[Cell.PhaseCount];

    /// <summary>Reads and writes behind it.</summary>
    public long Count => _counts[(int)Phase.Latency];

    /// <summary>What packets told.</summary>
    public PathEvidence Evidence { get; set; }

    /// <summary>The share (0-1) of the summed latency that a phase took; NaN without any.</summary>
    public double Share(Phase phase) => _sums[(int)Phase.Latency] > 0 ? (double)_sums[(int)phase] / _sums[(int)Phase.Latency] : double.NaN;

    /// <summary>Mean duration in ns of a phase over the commands that have it; NaN without any.</summary>
    public double Mean(Phase phase) => _counts[(int)phase] > 0 ? (double)_sums[(int)phase] / _counts[(int)phase] : double.NaN;

    /// <summary>
    /// Who keeps commands waiting: the target when its own time (SVC and R2W) is half of the latency of 100 reads and writes or more. When
    /// data on its way (HST and RDX) is: the network, if more of it was data to the initiator or packets were in trouble; else the initiator.
    /// </summary>
    public Verdict Verdict
    {
        get
        {
            if (Count < VerdictNeeds) return Verdict.None;
            if (Share(Phase.Service) + Share(Phase.R2tWait) >= 0.5) return Verdict.Storage;
            if (!(Share(Phase.HostData) + Share(Phase.Transfer) >= 0.5)) return Verdict.None;
            if (Share(Phase.Transfer) > Share(Phase.HostData) || (Evidence & PathEvidence.Trouble) != 0) return Verdict.Network;
            return (Evidence & PathEvidence.Seen) != 0 ? Verdict.Host : Verdict.HostOrNetwork;
        }
    }

    /// <summary>Adds a cell of reads or writes.</summary>
    public void Add(Cell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        for (int i = 0; i < Cell.PhaseCount; i++)
        {
            if (cell.Of((Phase)i) is not { Count: > 0 } durations) continue;
            _sums[i] += durations.Sum;
            _counts[i] += durations.Count;
        }
    }

    /// <summary>Adds another's.</summary>
    public void Add(Decomposition other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int i = 0; i < Cell.PhaseCount; i++)
        {
            _sums[i] += other._sums[i];
            _counts[i] += other._counts[i];
        }
        Evidence |= other.Evidence;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_sums);
        Array.Clear(_counts);
        Evidence = PathEvidence.None;
    }
}

/// <summary>What packets told in an interval, by connection.</summary>
internal sealed class Evidences
{
    // Below one byte in a thousand a retransmission delays too few commands to be the reason.
    private const long ResentShare = 1000;

    private readonly Dictionary<(int Engine, uint Connection), PathEvidence> _of = [];

    public void Read(Snapshot snapshot)
    {
        _of.Clear();
        foreach (ConnectionDelta connection in snapshot.Connections)
            if (Of(connection.Facts) is not PathEvidence.None and var evidence)
                _of[(connection.Engine.Number, connection.Connection.Id)] = evidence;
    }

    public PathEvidence Of(CellDelta delta) => _of.Count == 0 ? PathEvidence.None : _of.GetValueOrDefault((delta.Engine.Number, delta.Connection.Id));

    private static PathEvidence Of(ConnectionFacts facts)
    {
        if (facts[Fact.BytesToTarget] < 0) return PathEvidence.None;
        bool trouble = facts[Fact.DelayedAcks] > 0 || facts[Fact.ZeroWindows] > 0
            || facts[Fact.ResentToTarget] * ResentShare > facts[Fact.BytesToTarget] || facts[Fact.ResentToInitiator] * ResentShare > facts[Fact.BytesToInitiator];
        return trouble ? PathEvidence.Seen | PathEvidence.Trouble : PathEvidence.Seen;
    }
}
