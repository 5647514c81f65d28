using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What an engine keeps of a task management request, as <see cref="TaskRecord"/> has it; times are monotonic ns.</summary>
internal struct TaskEntry
{
    /// <summary>Number of the request, from 1; 0 is a free place.</summary>
    public long Id;
    /// <summary>The version of the cells at its last change.</summary>
    public long Version;
    public long Time;
    /// <summary>ns the oldest task it was about had been outstanding, -1 when not known.</summary>
    public long Age;
    public long Elapsed;
    /// <summary>When what <see cref="After"/> says happened.</summary>
    public long AfterTime;
    public ConnectionInfo Connection;
    public ulong Lun;
    public uint Target;
    public uint Initiator;
    public uint Itt;
    public uint Referenced;
    /// <summary>Tasks it was about, -1 when not known.</summary>
    public int Hit;
    public int Response;
    public ushort Operation;
    public TaskFunction Function;
    public TaskAftermath After;
}

/// <summary>What a request is about, as far as its tasks are known.</summary>
/// <param name="Operation">Of the task, the oldest when there are more; 0 when there is none.</param>
/// <param name="Age">ns it had been outstanding, -1 when there is none.</param>
/// <param name="Count">How many there are, -1 when not known.</param>
internal readonly record struct TasksHit(ushort Operation, long Age, int Count)
{
    /// <summary>No task is known.</summary>
    public static readonly TasksHit None = new(0, -1, 0);
}

/// <summary>
/// The last task management requests of an engine and what became of them. What is open is watched for what happens next: a command of
/// its initiator and unit that began after it and ended GOOD, a stronger request, the end of its connection, a login after that.
/// </summary>
internal sealed class TaskLog(Func<long> advance)
{
    /// <summary>Requests kept.</summary>
    public const int Most = 256;

    private TaskEntry[] _entries = [];
    private long _last;

    // A bit for each initiator and unit that something open is watched of, and for each initiator of which that is all units of a target:
    // what most commands are asked.
    private ulong _watched;
    private ulong _watchedTargets;

    /// <summary>The requests kept, in no order; those without an id are free places.</summary>
    public ReadOnlySpan<TaskEntry> All => _entries;

    /// <summary>A request came.</summary>
    public void Ask(in ProbeEvent e, ConnectionInfo connection, TasksHit hit)
    {
        if (_entries.Length == 0) _entries = new TaskEntry[Most];
        var function = (TaskFunction)(e.Bhs.Bytes[1] & 0x7f);
        Escalate(function, in e);
        bool unit = function is >= TaskFunction.AbortTask and <= TaskFunction.LogicalUnitReset;
        _entries[_last++ % Most] = new TaskEntry
        {
            Id = _last,
            Version = advance(),
            Time = e.Time,
            Connection = connection,
            Lun = unit ? e.LunNumber : Lun.Unknown,
            Target = e.Target,
            Initiator = e.Initiator,
            Itt = e.Bhs.Itt,
            Referenced = function is TaskFunction.AbortTask or TaskFunction.TaskReassign ? e.Bhs.At20 : Pdu.ReservedTag,
            Function = function,
            Operation = hit.Operation,
            Age = hit.Age,
            Hit = hit.Count,
            Response = -1,
            Elapsed = -1,
        };
        Watch();
    }

    /// <summary>A response came.</summary>
    public void Answer(in ProbeEvent e)
    {
        int at = -1;
        for (int i = 0; i < _entries.Length; i++)
        {
            ref TaskEntry known = ref _entries[i];
            bool waits = known.Id != 0 && known.Response < 0 && known.Connection.Id == e.Connection && known.Itt == e.Bhs.Itt;
            if (waits && (at < 0 || known.Id > _entries[at].Id)) at = i;
        }
        if (at < 0) return;
        ref TaskEntry entry = ref _entries[at];
        entry.Response = e.Bhs.Bytes[2];
        entry.Elapsed = Math.Max(0, e.Time - entry.Time);
        entry.Version = advance();
    }

    /// <summary>A command ended GOOD.</summary>
    public void Recover(in CompletedCommand command, long began)
    {
        if ((_watched & Bit(command.Initiator, command.Target, command.Lun) | _watchedTargets & Bit(command.Initiator, command.Target, Lun.Unknown)) == 0) return;
        bool any = false;
        foreach (ref TaskEntry entry in _entries.AsSpan())
        {
            if (!IsOpen(in entry) || entry.Initiator != command.Initiator || entry.Target != command.Target || began < entry.Time) continue;
            if (entry.Lun != Lun.Unknown && entry.Lun != command.Lun) continue;
            Set(ref entry, TaskAftermath.Recovered, command.Time);
            any = true;
        }
        if (any) Watch();
    }

    /// <summary>A connection ended; <paramref name="back"/> when its initiator has logged in again already.</summary>
    public void End(ConnectionInfo connection, bool back)
    {
        foreach (ref TaskEntry entry in _entries.AsSpan())
        {
            if (entry.Id == 0 || entry.Connection.Id != connection.Id) continue;
            entry.Connection = connection;
            entry.Version = advance();
            // It is noticed late: what happened on another connection meanwhile did not happen next.
            if (entry.After != TaskAftermath.None && entry.AfterTime <= connection.Closed) continue;
            Set(ref entry, back ? TaskAftermath.LoggedInAgain : TaskAftermath.ConnectionEnded, connection.Closed);
        }
        Watch();
    }

    /// <summary>It turned out why a connection ended.</summary>
    public void Explain(ConnectionInfo connection)
    {
        foreach (ref TaskEntry entry in _entries.AsSpan())
        {
            if (entry.Id == 0 || entry.Connection.Id != connection.Id) continue;
            entry.Connection = connection;
            entry.Version = advance();
        }
    }

    /// <summary>An initiator logged in to a target.</summary>
    public void LogIn(uint connection, uint target, uint initiator)
    {
        foreach (ref TaskEntry entry in _entries.AsSpan())
            if (entry.After == TaskAftermath.ConnectionEnded && entry.Connection.Id != connection && entry.Target == target && entry.Initiator == initiator)
                Set(ref entry, TaskAftermath.LoggedInAgain, entry.AfterTime);
    }

    /// <summary>Forgets them. Ids go on, so that nobody takes a new request for an old one.</summary>
    public void Clear()
    {
        Array.Clear(_entries);
        _watched = _watchedTargets = 0;
    }

    private void Escalate(TaskFunction function, in ProbeEvent e)
    {
        int strength = Strength(function);
        if (strength == 0) return;
        foreach (ref TaskEntry entry in _entries.AsSpan())
        {
            if (!IsOpen(in entry) || entry.Initiator != e.Initiator || entry.Target != e.Target || Strength(entry.Function) >= strength) continue;
            if (function == TaskFunction.LogicalUnitReset && entry.Lun != e.LunNumber) continue;
            Set(ref entry, TaskAftermath.Escalated, e.Time);
        }
    }

    private static int Strength(TaskFunction function) => function switch
    {
        TaskFunction.LogicalUnitReset => 1,
        TaskFunction.TargetWarmReset => 2,
        TaskFunction.TargetColdReset => 3,
        _ => 0,
    };

    private static bool IsOpen(in TaskEntry entry) => entry.Id != 0 && entry.After == TaskAftermath.None;

    private void Set(ref TaskEntry entry, TaskAftermath after, long time)
    {
        entry.After = after;
        entry.AfterTime = time;
        entry.Version = advance();
    }

    private void Watch()
    {
        _watched = _watchedTargets = 0;
        foreach (ref readonly TaskEntry entry in _entries.AsSpan())
        {
            if (!IsOpen(in entry)) continue;
            ref ulong watched = ref entry.Lun == Lun.Unknown ? ref _watchedTargets : ref _watched;
            watched |= Bit(entry.Initiator, entry.Target, entry.Lun);
        }
    }

    private static ulong Bit(uint initiator, uint target, ulong lun) =>
        1ul << (int)((initiator * 0x9e3779b1u ^ target * 0xc2b2ae35u ^ (uint)lun * 0x85ebca6bu) >> 26);
}
