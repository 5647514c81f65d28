using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>A task management request that waits for its response.</summary>
internal readonly record struct PendingFunction(uint Itt, TaskFunction Function, ulong Lun, uint Referenced, uint Target, long Time);

/// <summary>The tasks of one connection, by tag and by age, and where its commands count.</summary>
internal sealed class TaskSet(ConnectionInfo info)
{
    private const int MaxFunctions = 64;
    private const int PlaceCount = 16;

    private readonly Place[] _places = new Place[PlaceCount];
    // Chains of tasks through PendingTask.Next, by tag; a power of two, at least as many as tasks.
    private PendingTask?[] _byItt = new PendingTask?[16];
    private readonly List<PendingFunction> _functions = [];

    /// <summary>What is known of the connection.</summary>
    public ConnectionInfo Info { get; set; } = info;

    /// <summary>What it does beside its commands.</summary>
    public ConnectionTracker Tracker { get; } = new(info.Id);

    /// <summary>What is told of it when it ends.</summary>
    public Trail Trail { get; } = new();

    /// <summary>Its initiator, as it was found last.</summary>
    public UnitState? Initiator { get; set; }

    /// <summary>Whether it is over.</summary>
    public bool Closed { get; set; }

    /// <summary>The task that began first.</summary>
    public PendingTask? Oldest { get; private set; }

    private PendingTask? Newest { get; set; }

    private uint _expCmdSn;
    private bool _sawExpCmdSn;

    /// <summary>Tasks outstanding.</summary>
    public int Count { get; private set; }

    /// <summary>The CID of the connection a Logout Request in flight closes; null when there is none.</summary>
    public ushort? LogoutOf { get; set; }

    /// <summary>The task with a tag, null when there is none.</summary>
    public PendingTask? Find(uint itt)
    {
        PendingTask? task = ChainOf(itt);
        while (task is not null && task.Command.Itt != itt) task = task.Next;
        return task;
    }

    /// <summary>Where a cell was found last, to be filled in by whoever finds it.</summary>
    public ref Place PlaceOf(CellKey key) => ref _places[(int)(key.Lun * 5 + (uint)(key.Operation >> 8)) & (PlaceCount - 1)];

    /// <summary>The target has said which CmdSN it expects next.</summary>
    public void SawExpCmdSn(uint expCmdSn) => (_expCmdSn, _sawExpCmdSn) = (expCmdSn, true);

    /// <summary>Whether a CmdSN lies below what the target has said it expects: a duplicate, which it ignores.</summary>
    public bool IsDuplicate(uint cmdSn) => _sawExpCmdSn && Sn.Before(cmdSn, _expCmdSn);

    /// <summary>Adds a task that begins.</summary>
    public void Add(PendingTask task)
    {
        if (Count == _byItt.Length) Grow();
        Count++;
        ref PendingTask? chain = ref ChainOf(task.Command.Itt);
        task.Next = chain;
        chain = task;
        task.Older = Newest;
        task.Newer = null;
        if (Newest is null) Oldest = task;
        else Newest.Newer = task;
        Newest = task;
    }

    /// <summary>Takes a task out.</summary>
    public void Remove(PendingTask task)
    {
        Unchain(task);
        Count--;
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
        int i = _functions.Count - 1;
        while (i >= 0 && _functions[i].Itt != itt) i--;
        function = i < 0 ? default : _functions[i];
        if (i >= 0) _functions.RemoveAt(i);
        return i >= 0;
    }

    /// <summary>Whether another connection belongs to the same session.</summary>
    public bool SameSession(TaskSet other) => ReferenceEquals(this, other)
        || (Info.Tsih != 0 && Info.Tsih == other.Info.Tsih && Info.Isid == other.Info.Isid
            && Info.Initiator == other.Info.Initiator && Info.Target == other.Info.Target);

    /// <summary>Forgets the requests and the places, and starts to track.</summary>
    public void Clear()
    {
        Tracker.Clear();
        Trail.Clear();
        _functions.Clear();
        Array.Clear(_places);
        LogoutOf = null;
    }

    // Tags are counted up by some initiators and made of fields by others: the product spreads both.
    private ref PendingTask? ChainOf(uint itt) => ref _byItt[(itt * 0x9e3779b1u >> 8) & (uint)(_byItt.Length - 1)];

    private void Unchain(PendingTask task)
    {
        ref PendingTask? chain = ref ChainOf(task.Command.Itt);
        if (chain == task)
        {
            chain = task.Next;
        }
        else
        {
            PendingTask before = chain!;
            while (before.Next != task) before = before.Next!;
            before.Next = task.Next;
        }
        task.Next = null;
    }

    private void Grow()
    {
        _byItt = new PendingTask?[2 * _byItt.Length];
        for (PendingTask? task = Oldest; task is not null; task = task.Newer)
        {
            ref PendingTask? chain = ref ChainOf(task.Command.Itt);
            task.Next = chain;
            chain = task;
        }
    }

    /// <summary>Where a command of this connection counts.</summary>
    internal readonly record struct Place(CellKey Key, CellState Cell, UnitState? Unit, CommandRow? Row, PatternState? Pattern);
}
