namespace Iscsitop.Engine.Findings;

/// <summary>What is summed of commands, for a connection or a unit.</summary>
internal enum Sum : byte
{
    Reads,
    Writes,
    ReadBytes,
    WriteBytes,

    /// <summary>LAT of reads, ns.</summary>
    ReadTime,

    /// <summary>LAT of writes, ns.</summary>
    WriteTime,

    /// <summary>Writes that waited for an R2T.</summary>
    Waits,

    /// <summary>R2W of writes, ns.</summary>
    WaitTime,

    /// <summary>HST of writes, ns.</summary>
    DataTime,

    /// <summary>SVC of reads and writes, ns.</summary>
    ServiceTime,

    Unmaps,

    /// <summary>LAT of UNMAPs, ns.</summary>
    UnmapTime,

    /// <summary>How many sums there are.</summary>
    Count,
}

/// <summary>
/// Counts of a sliding window: those of the half that runs, and of the half before it. So a window is between one and two
/// halves long, and forgetting costs nothing.
/// </summary>
internal class Tally(int counts)
{
    private readonly long[] _halves = new long[2 * counts];
    private int _now;

    /// <summary>A count of the window.</summary>
    public long this[int i] => _halves[i] + _halves[_halves.Length / 2 + i];

    /// <summary>Adds to a count.</summary>
    public void Add(int i, long by) => _halves[_now + i] += by;

    /// <summary>Begins a new half.</summary>
    /// <returns>Whether anything is left in the window.</returns>
    public virtual bool Turn()
    {
        _now = _halves.Length / 2 - _now;
        _halves.AsSpan(_now, _halves.Length / 2).Clear();
        return _halves.AsSpan().ContainsAnyExcept(0);
    }
}

/// <summary>Sums of commands in a window.</summary>
internal class CommandTally() : Tally((int)Sum.Count)
{
    /// <summary>A sum of the window.</summary>
    public long this[Sum sum] => this[(int)sum];

    /// <summary>Reads and writes.</summary>
    public long Ops => this[Sum.Reads] + this[Sum.Writes];

    /// <summary>Adds to a sum.</summary>
    public void Add(Sum sum, long by) => Add((int)sum, by);

    /// <summary>One sum divided by another; 0 when there is nothing to divide by.</summary>
    public double Mean(Sum sum, Sum of) => this[of] == 0 ? 0 : (double)this[sum] / this[of];
}

/// <summary>What a connection did in the window.</summary>
internal sealed class ConnectionTally : CommandTally
{
    /// <summary>The connection.</summary>
    public Iscsitop.Target.Probes.ConnectionInfo Info { get; set; } = new(0, "", "");

    /// <summary>Its facts.</summary>
    public Tally Facts { get; } = new(ConnectionFacts.Count);

    /// <summary>A count of its facts; 0 when it is not known.</summary>
    public long Of(Fact fact) => Facts[(int)fact];

    /// <inheritdoc/>
    public override bool Turn() => Facts.Turn() | base.Turn();
}

/// <summary>What a unit did in the window.</summary>
internal sealed class UnitTally : CommandTally
{
    private (Histogram? Now, Histogram? Before) _reads;
    private (Histogram? Now, Histogram? Before) _writes;

    /// <summary>Reads and writes of intervals with and without UNMAPs, of a longer window.</summary>
    public Tally Unmapping { get; } = new((int)Beside.Count);

    /// <summary>The interval that the three below are of.</summary>
    public long Interval { get; set; }

    /// <summary>Whether UNMAPs ended in the interval.</summary>
    public bool Unmaps { get; set; }

    /// <summary>Reads and writes of the interval.</summary>
    public long IntervalOps { get; set; }

    /// <summary>LAT of the interval's reads and writes, ns.</summary>
    public long IntervalTime { get; set; }

    /// <summary>Whether a path leads to it, as of the last look at that.</summary>
    public bool Used { get; set; }

    /// <summary>Adds latencies.</summary>
    public void Add(Histogram latencies, bool writes) => ((writes ? _writes : _reads).Now ?? Begin(writes)).Add(latencies);

    /// <summary>The latencies of the window.</summary>
    /// <param name="into">Cleared and filled.</param>
    /// <param name="writes">Of writes; else of reads.</param>
    public void Latencies(Histogram into, bool writes)
    {
        into.Clear();
        (Histogram? now, Histogram? before) = writes ? _writes : _reads;
        if (now is not null) into.Add(now);
        if (before is not null) into.Add(before);
    }

    /// <inheritdoc/>
    public override bool Turn()
    {
        (_reads, _writes) = (Turned(_reads), Turned(_writes));
        return base.Turn();
    }

    private static (Histogram?, Histogram?) Turned((Histogram? Now, Histogram? Before) pair)
    {
        pair.Before?.Clear();
        return (pair.Before, pair.Now);
    }

    private Histogram Begin(bool writes)
    {
        var begun = new Histogram();
        if (writes) _writes.Now = begun;
        else _reads.Now = begun;
        return begun;
    }
}

/// <summary>What is summed of reads and writes beside UNMAPs.</summary>
internal enum Beside : byte
{
    /// <summary>ns of the intervals in which UNMAPs ended.</summary>
    With,

    WithOps,
    WithTime,

    /// <summary>ns of the intervals without.</summary>
    Without,

    WithoutOps,
    WithoutTime,
    Count,
}

/// <summary>What is summed of a path: there are many.</summary>
internal enum Way : byte
{
    /// <summary>Reads and writes.</summary>
    Ops,

    /// <summary>Their LAT, ns.</summary>
    Time,

    /// <summary>Reads and writes whose place is known.</summary>
    Placed,

    /// <summary>Those not aligned to 4096 bytes.</summary>
    Misaligned,

    /// <summary>How many sums there are.</summary>
    Count,
}

/// <summary>What a connection did on a unit in the window.</summary>
internal sealed class PathTally(Evidence owner, ConnectionTally connection, UnitTally unit, string target, ulong lun) : Tally((int)Way.Count)
{
    /// <summary>Whose it is; null when it was forgotten.</summary>
    public Evidence? Owner { get; private set; } = owner;

    /// <summary>A sum of the window.</summary>
    public long this[Way sum] => this[(int)sum];

    /// <summary>Adds to a sum.</summary>
    public void Add(Way sum, long by) => Add((int)sum, by);

    /// <summary>It is forgotten: who remembers it looks anew.</summary>
    public void Forget() => Owner = null;

    /// <summary>The connection.</summary>
    public ConnectionTally Connection => connection;

    /// <summary>The unit.</summary>
    public UnitTally Unit => unit;

    /// <summary>The target.</summary>
    public string Target => target;

    /// <summary>The LUN.</summary>
    public ulong Lun => lun;
}

/// <summary>Failures of one kind in one place, of the longer window.</summary>
internal sealed class FailureTally() : Tally(2)
{
    private const int Failures = 0;
    private const int Intervals = 1;

    /// <summary>Wall time of the first since the engine began to look.</summary>
    public long First { get; set; }

    /// <summary>Wall time of the last.</summary>
    public long Last { get; set; }

    /// <summary>How many.</summary>
    public long N => this[Failures];

    /// <summary>In how many intervals.</summary>
    public long In => this[Intervals];

    /// <summary>Adds those of an interval.</summary>
    public void Add(FailureDelta failure)
    {
        Add(Failures, failure.Count);
        Add(Intervals, 1);
        First = First == 0 ? failure.First : Math.Min(First, failure.First);
        Last = Math.Max(Last, failure.Last);
    }
}

/// <summary>Where failures of one kind belong, connections of one initiator taken together.</summary>
internal readonly record struct FailurePlace(FailureKind Kind, uint Code, ushort Operation, string Target, ulong Lun, string Initiator);
