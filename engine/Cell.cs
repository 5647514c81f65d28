using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>Where a cell belongs: one connection, one LUN, one operation.</summary>
/// <param name="Connection">Id of the connection.</param>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Operation">Opcode in the high byte, service action in the low byte (0 where the opcode has none).</param>
public readonly record struct CellKey(uint Connection, ulong Lun, ushort Operation);

/// <summary>The durations of a command that a cell keeps (views.md d.0).</summary>
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

    private readonly Histogram?[] _phases = new Histogram?[PhaseCount];

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

    /// <summary>The histogram of a phase; null while nothing was added.</summary>
    public Histogram? Of(Phase phase) => _phases[(int)phase];

    /// <summary>The histogram of a phase, made on demand.</summary>
    public Histogram Ensure(Phase phase) => _phases[(int)phase] ??= new Histogram();

    /// <summary>Adds another cell's counters and histograms to this one.</summary>
    public void Add(Cell other)
    {
        Started += other.Started;
        Completed += other.Completed;
        Errors += other.Errors;
        Aborted += other.Aborted;
        ReadBytes += other.ReadBytes;
        WriteBytes += other.WriteBytes;
        OutstandingTime += other.OutstandingTime;
        Outstanding += other.Outstanding;
        for (int i = 0; i < PhaseCount; i++)
            if (other._phases[i] is { Count: > 0 } h)
                Ensure((Phase)i).Add(h);
    }

    /// <summary>Adds the difference of two states of one cumulative cell; Outstanding becomes the later state's.</summary>
    public void AddDifference(Cell later, Cell earlier)
    {
        Started += later.Started - earlier.Started;
        Completed += later.Completed - earlier.Completed;
        Errors += later.Errors - earlier.Errors;
        Aborted += later.Aborted - earlier.Aborted;
        ReadBytes += later.ReadBytes - earlier.ReadBytes;
        WriteBytes += later.WriteBytes - earlier.WriteBytes;
        OutstandingTime += later.OutstandingTime - earlier.OutstandingTime;
        Outstanding = later.Outstanding;
        for (int i = 0; i < PhaseCount; i++)
        {
            if (later._phases[i] is not { Count: > 0 } l || l.Count == (earlier._phases[i]?.Count ?? 0)) continue;
            if (earlier._phases[i] is { Count: > 0 } e) Ensure((Phase)i).AddDifference(l, e);
            else Ensure((Phase)i).Add(l);
        }
    }

    /// <summary>Sets every counter to 0 and empties the histograms, keeping their memory.</summary>
    public void Clear()
    {
        Started = Completed = Errors = Aborted = ReadBytes = WriteBytes = OutstandingTime = Outstanding = 0;
        foreach (Histogram? h in _phases) h?.Clear();
    }
}
