using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>A task management request that waits for its response.</summary>
internal readonly record struct PendingFunction(uint Itt, TaskFunction Function, ulong Lun, uint Referenced, uint Target, long Time);

/// <summary>The tasks of one connection, by tag and by age.</summary>
internal sealed class TaskSet(ConnectionInfo info)
{
    private const int MaxFunctions = 64;

    private readonly Dictionary<uint, PendingTask> _byItt = [];
    private readonly List<PendingFunction> _functions = [];

    /// <summary>What is known of the connection.</summary>
    public ConnectionInfo Info { get; set; } = info;

    /// <summary>Whether it is over.</summary>
    public bool Closed { get; set; }

    /// <summary>The task that began first.</summary>
    public PendingTask? Oldest { get; private set; }

    private PendingTask? Newest { get; set; }

    /// <summary>Tasks outstanding.</summary>
    public int Count => _byItt.Count;

    /// <summary>The last ExpCmdSN the target has sent; null before the first. What comes below it is a duplicate the target ignores.</summary>
    public uint? ExpCmdSn { get; set; }

    /// <summary>The CID of the connection a Logout Request in flight closes; null when there is none.</summary>
    public ushort? LogoutOf { get; set; }

    /// <summary>The task with a tag, null when there is none.</summary>
    public PendingTask? Find(uint itt) => _byItt.GetValueOrDefault(itt);

    /// <summary>Adds a task that begins.</summary>
    public void Add(PendingTask task)
    {
        _byItt.Add(task.Command.Itt, task);
        task.Older = Newest;
        task.Newer = null;
        if (Newest is null) Oldest = task;
        else Newest.Newer = task;
        Newest = task;
    }

    /// <summary>Takes a task out.</summary>
    public void Remove(PendingTask task)
    {
        _byItt.Remove(task.Command.Itt);
        if (task.Older is null) Oldest = task.Newer;
        else task.Older.Newer = task.Newer;
        if (task.Newer is null) Newest = task.Older;
        else task.Newer.Older = task.Older;
        task.Older = task.Newer = null;
    }

    /// <summary>Remembers a task management request.</summary>
    public void Add(in PendingFunction function)
    {
        if (_functions.Count == MaxFunctions) _functions.RemoveAt(0);
        _functions.Add(function);
    }

    /// <summary>Takes the request a response answers.</summary>
    public bool TryTake(uint itt, out PendingFunction function)
    {
        int i = _functions.FindIndex(f => f.Itt == itt);
        function = i < 0 ? default : _functions[i];
        if (i >= 0) _functions.RemoveAt(i);
        return i >= 0;
    }

    /// <summary>Whether another connection belongs to the same session.</summary>
    public bool SameSession(TaskSet other) => ReferenceEquals(this, other)
        || (Info.Tsih != 0 && Info.Tsih == other.Info.Tsih && Info.Isid == other.Info.Isid
            && Info.Initiator == other.Info.Initiator && Info.Target == other.Info.Target);

    /// <summary>Forgets the requests.</summary>
    public void Clear()
    {
        _functions.Clear();
        LogoutOf = null;
    }
}
