using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>Where a cell belongs: one connection, one LUN, one operation.</summary>
/// <param name="Connection">Id of the connection.</param>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Operation">Opcode in the high byte, service action in the low byte (0 where the opcode has none).</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct CellKey(uint Connection, ulong Lun, ushort Operation);

/// <summary>The durations of a command that a cell keeps (docs/measures.md).</summary>
public enum Phase : byte
{
    /// <summary>LAT: command to status.</summary>
    Latency,

    /// <summary>SVC: the target's own time once the data is there.</summary>
    Service,

    /// <summary>R2W: command to first R2T.</summary>
    R2tWait,

    /// <summary>HST: time in which an R2T waited for the initiator's data (union).</summary>
    HostData,

    /// <summary>RDX: first to last Data-In.</summary>
    Transfer,

    /// <summary>RD1: command to first Data-In.</summary>
    FirstByte,
}

/// <summary>
/// What has happened in one place since the engine began to look: counters and histograms, cumulative.
/// Every table, histogram, breakdown and metric is a roll-up of cells; a rate is the difference of two states.
/// </summary>
public sealed class Cell
{
    /// <summary>How many phases there are.</summary>
    public const int PhaseCount = 6;

    private Histograms _phases;

    private Reclaimed? _reclaimed;

    // Phases whose durations are those of LAT: nothing is kept of them.
    private byte _likeLatency;

    /// <summary>Where it belongs.</summary>
    public CellKey Key { get; set; }

    /// <summary>Read, write or other, by the operation's row of the SCSI command table.</summary>
    public CommandKind Kind { get; set; }

    /// <summary>Commands that began.</summary>
    public long Started { get; set; }

    /// <summary>Commands that got their status.</summary>
    public long Completed { get; set; }

    /// <summary>Completions whose status was neither GOOD nor CONDITION MET.</summary>
    public long Errors { get; set; }

    /// <summary>Commands that ended without a status: aborted, or their session ended.</summary>
    public long Aborted { get; set; }

    /// <summary>Bytes of Data-In payload of completed commands.</summary>
    public long ReadBytes { get; set; }

    /// <summary>Bytes of immediate and Data-Out payload of completed commands.</summary>
    public long WriteBytes { get; set; }

    /// <summary>Time-integral of outstanding commands in command-ns, up to the snapshot's time.</summary>
    public long OutstandingTime { get; set; }

    /// <summary>Commands outstanding now.</summary>
    public long Outstanding { get; set; }

    /// <summary>Of UNMAPs what they asked for; null of everything else.</summary>
    public Reclaimed? Reclaimed => _reclaimed is { Descriptors: 0, Unseen: 0 } ? null : _reclaimed;

    /// <summary>The same, made on demand, to be added to.</summary>
    public Reclaimed EnsureReclaimed() => _reclaimed ??= new Reclaimed();

    /// <summary>The histogram of a phase, to be read; null while nothing was added. It may be that of LAT when all durations are the same.</summary>
    public Histogram? Of(Phase phase) => _phases[IsLikeLatency(phase) ? (int)Phase.Latency : (int)phase];

    /// <summary>The histogram of a phase, made on demand, to be added to.</summary>
    public Histogram Ensure(Phase phase)
    {
        if (phase == Phase.Latency) PartAll();
        else if (IsLikeLatency(phase)) Part(phase);
        return Own(phase);
    }

    /// <summary>Whether all durations of a phase are those of LAT, and kept there.</summary>
    internal bool IsLikeLatency(Phase phase) => (_likeLatency & 1 << (int)phase) != 0;

    /// <summary>Says that all durations of a phase are those of LAT.</summary>
    internal void LikeLatency(Phase phase) => _likeLatency |= (byte)(1 << (int)phase);

    /// <summary>Adds the durations every command has, and RD1; of a small command these are often equal. In ns, -1 for none.</summary>
    internal void Add(long latency, long service, long firstByte)
    {
        int bucket = Histogram.BucketOf(latency);
        bool likeService = Follows(Phase.Service, service == latency);
        bool likeFirst = Follows(Phase.FirstByte, firstByte == latency);
        Own(Phase.Latency).Add(bucket, latency);
        if (!likeService) Own(Phase.Service).Add(service == latency ? bucket : Histogram.BucketOf(service), service);
        if (!likeFirst && firstByte >= 0) Own(Phase.FirstByte).Add(firstByte == latency ? bucket : Histogram.BucketOf(firstByte), firstByte);
    }

    /// <summary>Adds another cell's counters and histograms to this one.</summary>
    public void Add(Cell other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Started += other.Started;
        Completed += other.Completed;
        Errors += other.Errors;
        Aborted += other.Aborted;
        ReadBytes += other.ReadBytes;
        WriteBytes += other.WriteBytes;
        OutstandingTime += other.OutstandingTime;
        Outstanding += other.Outstanding;
        if (other.Reclaimed is { } reclaimed) EnsureReclaimed().Add(reclaimed);
        for (int i = PhaseCount - 1; i >= 0; i--)                    // LAT last: what is like it looks at what was there
        {
            var phase = (Phase)i;
            Histogram? theirs = other.Of(phase) is { Count: > 0 } h ? h : null;
            if (i > 0 && (theirs ?? other.Of(Phase.Latency)) is { Count: > 0 } && Follows(phase, other.IsLikeLatency(phase))) continue;
            if (theirs is not null) Own(phase).Add(theirs);
        }
    }

    /// <summary>Adds the difference of two states of one cumulative cell; Outstanding becomes the later state's.</summary>
    public void AddDifference(Cell later, Cell earlier)
    {
        ArgumentNullException.ThrowIfNull(later);
        ArgumentNullException.ThrowIfNull(earlier);
        Started += later.Started - earlier.Started;
        Completed += later.Completed - earlier.Completed;
        Errors += later.Errors - earlier.Errors;
        Aborted += later.Aborted - earlier.Aborted;
        ReadBytes += later.ReadBytes - earlier.ReadBytes;
        WriteBytes += later.WriteBytes - earlier.WriteBytes;
        OutstandingTime += later.OutstandingTime - earlier.OutstandingTime;
        Outstanding = later.Outstanding;
        if (later.Reclaimed is { } after) EnsureReclaimed().Add(after);
        if (earlier.Reclaimed is { } before) EnsureReclaimed().Add(before, -1);
        for (int i = 0; i < PhaseCount; i++)
        {
            var phase = (Phase)i;
            if (later.Of(phase) is not { Count: > 0 } l || l.Count == (earlier.Of(phase)?.Count ?? 0)) continue;
            if (earlier.Of(phase) is { Count: > 0 } e) Ensure(phase).AddDifference(l, e);
            else Ensure(phase).Add(l);
        }
    }

    /// <summary>Sets every counter to 0 and empties the histograms, keeping their memory.</summary>
    public void Clear() => Clear(false);

    /// <summary>The same.</summary>
    /// <param name="giveBack">Whether the histograms' memory is given back.</param>
    internal void Clear(bool giveBack)
    {
        if (giveBack) _phases = default;
        Started = Completed = Errors = Aborted = ReadBytes = WriteBytes = OutstandingTime = Outstanding = 0;
        _likeLatency = 0;
        _reclaimed?.Clear();
        foreach (Histogram? h in _phases) h?.Clear();
    }

    /// <summary>Sets everything to 0, for a cell that has certain phases: histograms of others go to the spare ones, and what lacks comes from there.</summary>
    internal void Begin(int phases, Stack<Histogram> spare)
    {
        Clear();
        for (int i = 0; i < PhaseCount; i++)
        {
            if ((phases & 1 << i) != 0 || _phases[i] is not { } histogram) continue;
            spare.Push(histogram);
            _phases[i] = null;
        }
        for (int i = 0; i < PhaseCount; i++)
            if ((phases & 1 << i) != 0 && _phases[i] is null && spare.TryPop(out Histogram? histogram))
                _phases[i] = histogram;
    }

    /// <summary>Bytes it takes.</summary>
    internal int Size
    {
        get
        {
            int size = 160 + (_reclaimed is null ? 0 : Reclaimed.Size);
            foreach (Histogram? h in _phases) size += h?.Size ?? 0;
            return size;
        }
    }

    private Histogram Own(Phase phase) => _phases[(int)phase] ??= new Histogram();

    // Whether a phase goes on to be like LAT. Called before LAT changes.
    private bool Follows(Phase phase, bool same)
    {
        if (IsLikeLatency(phase))
        {
            if (!same) Part(phase);
            return same;
        }
        if (!same || _phases[(int)Phase.Latency] is { Count: > 0 } || _phases[(int)phase] is { Count: > 0 }) return false;
        LikeLatency(phase);
        return true;
    }

    private void PartAll()
    {
        if (_likeLatency == 0) return;
        for (int i = 1; i < PhaseCount; i++)
            if (IsLikeLatency((Phase)i))
                Part((Phase)i);
    }

    // From now on the phase has a histogram of its own.
    private void Part(Phase phase)
    {
        _likeLatency &= (byte)~(1 << (int)phase);
        if (_phases[(int)Phase.Latency] is { Count: > 0 } latency) Own(phase).Add(latency);
    }

    [InlineArray(PhaseCount)]
    private struct Histograms
    {
        private Histogram? _histogram;
    }
}
