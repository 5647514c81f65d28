using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Server;

/// <summary>A SCSI task with what iSCSI knows of it: its tag, its data's progress, its place on the wire. Reused.</summary>
internal sealed class IscsiTask(ScsiCommands owner) : ScsiTask, IThreadPoolWorkItem
{
    /// <summary>R2Ts outstanding for one task at most: our MaxOutstandingR2T.</summary>
    public const int MaxR2ts = 16;

    private readonly Burst[] _bursts = new Burst[MaxR2ts];

    public uint Itt { get; private set; }

    public bool Read { get; private set; }

    public bool Write { get; private set; }

    /// <summary>The unit's <see cref="LogicalUnit.Generation"/> when the task came: another one now means it was reset away.</summary>
    public int Generation { get; private set; }

    /// <summary>The nexus's tasks on the unit, null without one.</summary>
    public Generations? NexusTasks { get; private set; }

    /// <summary>Their generation when it came.</summary>
    public int NexusGeneration { get; private set; }

    /// <summary>Bytes of Data-Out the task waits for: what both the CDB and the initiator speak of.</summary>
    public int Wanted { get; set; }

    /// <summary>Whether its data goes to the store as it comes (<see cref="WriteInPlace"/>).</summary>
    public bool InPlace { get; set; }

    /// <summary>Bytes of buffer that its connection counts for it.</summary>
    public int Claimed { get; set; }

    /// <summary>Bytes that came, without gaps from the begin.</summary>
    public int Received { get; set; }

    /// <summary>Bytes asked for or announced: where the next R2T begins.</summary>
    public int Asked { get; set; }

    /// <summary>R2TSN of the next R2T.</summary>
    public uint R2tSn { get; set; }

    /// <summary>Outstanding bursts: R2Ts, or the unsolicited one.</summary>
    public Span<Burst> Bursts => _bursts.AsSpan(0, BurstCount);

    public int BurstCount { get; private set; }

    /// <summary>Set when the task has failed before all its data came; the answer waits for the data's end (RFC 7143 §11.4.2).</summary>
    public ScsiStatus Early { get; set; }

    /// <summary>When data that was asked for is overdue, by Environment.TickCount64.</summary>
    public long DataDeadline { get; set; }

    /// <summary>Set by a task management function: no response may follow.</summary>
    public bool Aborted { get; set; }

    /// <summary>The worker's result.</summary>
    public ScsiStatus Result { get; private set; }

    /// <summary>Whether the task was handed to a worker, until Collect has taken it back.</summary>
    public bool HandedOff => MayBlock;

    /// <summary>The next of the list of tasks that workers have finished.</summary>
    public IscsiTask? NextDone;

    /// <summary>Whether the task is void: aborted, or its unit was reset since it came.</summary>
    public override bool IsVoid =>
        Aborted || (Unit is { } unit && (unit.Generation != Generation || NexusTasks!.Current != NexusGeneration));

    /// <summary>Starts a new command.</summary>
    public void Begin(Bhs bhs, ReadOnlySpan<byte> extendedCdb, ulong lun, LogicalUnit? unit, Nexus nexus)
    {
        Reset(bhs.Bytes[32..48], extendedCdb);
        Itt = bhs.Itt;
        Expected = bhs.At20;
        Read = (bhs.Flags & BhsFlags.Read) != 0;
        Write = (bhs.Flags & BhsFlags.Write) != 0;
        Lun = lun;
        Unit = unit;
        Nexus = nexus;
        Generation = unit?.Generation ?? 0;
        NexusTasks = unit is null ? null : nexus.TasksOf(unit);
        NexusGeneration = NexusTasks?.Current ?? 0;
        Wanted = Received = Asked = BurstCount = 0;
        R2tSn = 0;
        Early = ScsiStatus.Good;
        Aborted = InPlace = false;
    }

    /// <summary>Opens a burst.</summary>
    public void Open(uint ttt, int offset, int length) => _bursts[BurstCount++] = new Burst { Ttt = ttt, Offset = offset, Length = length };

    /// <summary>Closes a burst.</summary>
    public void Close(int index) => _bursts[index] = _bursts[--BurstCount];

    /// <summary>On a worker: runs the handler, which may wait.</summary>
    public void Execute()
    {
        try
        {
            // Once its unit was reset it may not touch the medium any more: the reset's answer waits for that.
            if (!IsVoid) Result = DeviceServer.Execute(this);
        }
#pragma warning disable CA1031 // A bug, or no memory, must cost this command and not the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Result = owner.WorkerFailed(this, e);
        }
        owner.WorkerDone(this);
    }

    /// <summary>A sequence of Data-Out PDUs: the answer to one R2T, or the unsolicited data (TTT reserved).</summary>
    public struct Burst
    {
        public uint Ttt;
        public int Offset;
        public int Length;
        public int Received;
        public uint DataSn;
    }
}
