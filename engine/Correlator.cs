using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

internal delegate void CommandSink(in CompletedCommand command);

internal delegate void EventSink(in ProbeEvent e);

/// <summary>
/// Pairs the events of a command by (connection, ITT) into a task with the timing marks of docs/measures.md, keeps cells and
/// units, and derives xfer-start and xfer-done. A status whose command was not seen counts nowhere but in
/// <see cref="Unmatched"/>. Single-threaded; allocates nothing once its tables have grown.
/// </summary>
internal sealed partial class Correlator(CellTable cells, UnitTable units)
{
    /// <summary>The response of a command that ended without a status.</summary>
    public const byte NoStatus = 255;

    private readonly Dictionary<uint, TaskSet> _connections = [];
    private readonly Stack<PendingTask> _free = new();
    private readonly XferProbes _xfer = new();
    private TaskSet? _last;

    /// <summary>Tasks outstanding at most on one connection; the oldest gives way and is counted as lost.</summary>
    public int MaxTasks { get; init; } = 65536;

    /// <summary>Gets every command that ended.</summary>
    public CommandSink? OnCommand { get; set; }

    /// <summary>Gets xfer-start and xfer-done; null when nobody wants them.</summary>
    public EventSink? OnXfer { get => _xfer.Sink; set => _xfer.Sink = value; }

    /// <summary>What is followed of each connection beside its commands.</summary>
    public List<ConnectionTracker> Trackers { get; } = [];

    /// <summary>Statuses whose command was not seen.</summary>
    public long Unmatched { get; private set; }

    /// <summary>Commands given up: too many, or their status was dropped.</summary>
    public long Lost { get; private set; }

    /// <summary>Whether the connection is known, so that its events can be taken in.</summary>
    public bool Knows(uint connection) => _last?.Info.Id == connection || _connections.ContainsKey(connection);

    /// <summary>A connection came or its facts changed.</summary>
    public void Connect(ConnectionInfo info)
    {
        if (_connections.TryGetValue(info.Id, out TaskSet? set)) set.Info = info;
        else Add(info);
    }

    /// <summary>A connection is over: its tasks end without a status.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="time">Its end.</param>
    /// <param name="wire">What packets told of it, null when nothing did.</param>
    /// <returns>Why it ended, as far as its events tell.</returns>
    public ConnectionEnd Close(uint connection, long time, WireFacts? wire = null)
    {
        if (!_connections.TryGetValue(connection, out TaskSet? set)) return ConnectionEnd.None;
        AbortAll(set, time);
        set.Closed = true;
        set.Tracker.Settle(time, 0, wire);
        set.Tracker.Version = cells.Advance();
        return set.Tracker.End(time);
    }

    /// <summary>Brings the facts of the open connections up to now.</summary>
    /// <param name="now">Now, on the time line of the events.</param>
    /// <param name="capture">What knows of packets; null for nobody.</param>
    public void Settle(long now, Capture? capture)
    {
        foreach (TaskSet set in _connections.Values)
            if (!set.Closed && set.Tracker.Settle(now, set.Count, capture?.FactsOf(set.Info.Id)))
                set.Tracker.Version = cells.Advance();
    }

    /// <summary>Forgets a closed connection.</summary>
    public void Forget(uint connection)
    {
        if (_last?.Info.Id == connection) _last = null;
        if (!_connections.Remove(connection, out TaskSet? set)) return;
        Remove(set.Tracker);
        GiveBack(set);
    }

    /// <summary>Starts clean, knowing only the connections.</summary>
    public void Clear(long time)
    {
        foreach (TaskSet set in _connections.Values)
        {
            while (set.Oldest is { } task) Release(set, task);
            set.Clear();
            GiveBack(set);
        }
        ClearHappenings();
        cells.Clear();
        Failures.Clear();
        Patterns.Clear();
        units.Clear(time);
        Unmatched = Lost = 0;
    }

    /// <summary>Gives up what began before a time: its status was among the events that were dropped.</summary>
    public void GiveUpBefore(long time)
    {
        foreach (TaskSet set in _connections.Values)
            while (set.Oldest is { } task && task.Began < time) GiveUp(set, task, Math.Max(time, task.Began));
    }

    /// <summary>Takes in one event.</summary>
    public void Process(in ProbeEvent e)
    {
        TaskSet set = Of(e.Connection);
        set.Tracker.Take(in e, set.Info);
        Follow(set, in e);
        set.Tracker.Version = cells.Advance();
        if (e.Probe is Probe.DataSend or Probe.ScsiResponse or Probe.DataRequest or Probe.NopSend or Probe.TaskResponse) set.SawExpCmdSn(e.Bhs.CmdSn);
        switch (e.Probe)
        {
            case Probe.ScsiCommand: Begin(set, in e); break;
            case Probe.DataSend: DataIn(set, in e); break;
            case Probe.ScsiResponse: Response(set, in e); break;
            case Probe.DataRequest: R2t(set, in e); break;
            case Probe.DataReceive: DataOut(set, in e); break;
            case Probe.TaskCommand: Function(set, in e); break;
            case Probe.TaskResponse: FunctionDone(set, in e); break;
            case Probe.LoginResponse: LoginAnswered(in e); break;
            case Probe.LogoutCommand: Logout(set, in e); break;
            case Probe.LogoutResponse: LoggedOut(set, in e); break;
            case Probe.AsyncSend: AsyncMessage(in e); break;
            default: break;
        }
    }

    private TaskSet Of(uint connection)
    {
        if (_last is { } last && last.Info.Id == connection) return last;
        if (!_connections.TryGetValue(connection, out TaskSet? set)) set = Add(new ConnectionInfo(connection, "", ""));
        return _last = set;
    }

    // The last one takes its place.
    private void Remove(ConnectionTracker tracker)
    {
        Trackers[tracker.Index] = Trackers[^1];
        Trackers[tracker.Index].Index = tracker.Index;
        Trackers.RemoveAt(Trackers.Count - 1);
    }

    private TaskSet Add(ConnectionInfo info)
    {
        var set = new TaskSet(info);
        set.Clear();
        _connections.Add(info.Id, set);
        set.Tracker.Index = Trackers.Count;
        Trackers.Add(set.Tracker);
        return set;
    }

    private void Begin(TaskSet set, in ProbeEvent e)
    {
        if (set.Closed || set.Info.OneSided) return;
        Bhs bhs = e.Bhs;
        uint itt = bhs.Itt;
        // A duplicate is met with silence (RFC 7143 §4.2.2.1): the task it repeats goes on.
        if (!bhs.Immediate && set.IsDuplicate(bhs.CmdSn)) return;
        if (set.Find(itt) is { } reused)
        {
            if (reused.Command.CmdSn == bhs.CmdSn && !bhs.Immediate) return;
            Abort(set, reused, e.Time, StatusNotSeen);
        }
        if (set.Count >= MaxTasks) GiveUp(set, set.Oldest!, e.Time);
        if (!_free.TryPop(out PendingTask? task)) task = new PendingTask();
        task.Begin(in e);
        set.Add(task);
        TaskSet.Place place = PlaceOf(set, task);
        (task.Cell, task.Unit) = (place.Cell, place.Unit);
        Cell cell = cells.Touch(task.Cell, e.Time);
        cell.Started++;
        cell.Outstanding++;
        task.Unit?.Begin(e.Time, units.Listeners);
        if (set.Initiator?.Target != e.Initiator) set.Initiator = units.OfInitiator(e.Initiator, e.Time);
        task.Initiator = set.Initiator;
        task.Initiator?.Begin(e.Time, units.Listeners);
        units.Total.Begin(e.Time, units.Listeners);
        place.Pattern?.Begin(in task.Command, place.Row!, place.Unit, e.Time);
        if (bhs.DataLength > 0) _xfer.Immediate(task, e.Time, (uint)bhs.DataLength);
    }

    // A connection sends few operations to few units: where they count is looked up once.
    private TaskSet.Place PlaceOf(TaskSet set, PendingTask task)
    {
        ref readonly CompletedCommand command = ref task.Command;
        ReadOnlySpan<byte> cdb = command.CdbSpan;
        var key = new CellKey(command.Connection, command.Lun, Command.Operation(cdb));
        ref TaskSet.Place place = ref set.PlaceOf(key);
        if (place.Cell is not null && place.Key == key) return place;
        CommandRow? row = Command.Find(cdb);
        CellState cell = cells.Of(key, row?.Kind ?? CommandKind.Other, task.Began);
        UnitState? unit = units.Of(command.Target, command.Lun, task.Began);
        bool own = cell.Cell.Key == key;
        var found = new TaskSet.Place(key, cell, unit, row, own && HasPattern(row) ? Patterns.Of(new PatternKey(key.Connection, key.Lun, row!.Kind == CommandKind.Write)) : null);
        if (own && unit is not null) place = found;
        return found;
    }

    private void DataIn(TaskSet set, in ProbeEvent e)
    {
        Bhs bhs = e.Bhs;
        bool status = (bhs.Flags & BhsFlags.Status) != 0;
        if (set.Find(bhs.Itt) is not { } task)
        {
            if (status) Unmatched++;
            return;
        }
        task.DataIn(e.Time, bhs.DataLength);
        _xfer.DataIn(task, e.Time, bhs.BufferOffset, (uint)bhs.DataLength, bhs.Final || status);
        if (status) Complete(set, task, e.Time, response: 0, in e);
    }

    private void Response(TaskSet set, in ProbeEvent e)
    {
        if (set.Find(e.Bhs.Itt) is not { } task)
        {
            Unmatched++;
            return;
        }
        ReadOnlySpan<byte> sense = e.TailSpan[..Math.Min(e.TailSpan.Length, CompletedCommand.SenseBytes.Length)];
        sense.CopyTo(task.Command.Sense);
        task.Command.SenseLength = (byte)sense.Length;
        task.Command.Unmapped = e.Unmapped;
        Complete(set, task, e.Time, e.Bhs.Bytes[2], in e);
    }

    private void R2t(TaskSet set, in ProbeEvent e)
    {
        if (set.Find(e.Bhs.Itt) is not { } task) return;
        Burst burst = _xfer.R2t(task, e.Time, e.Bhs.Ttt, e.Bhs.BufferOffset, e.Bhs.At44);
        Burst displaced = task.R2t(in burst);
        if (displaced.Open) _xfer.Done(task, e.Time, in displaced, write: true);
    }

    private void DataOut(TaskSet set, in ProbeEvent e)
    {
        Bhs bhs = e.Bhs;
        if (set.Find(bhs.Itt) is not { } task) return;
        task.Command.WriteBytes += bhs.DataLength;
        if (bhs.Ttt == Pdu.ReservedTag)
        {
            _xfer.Unsolicited(task, e.Time, bhs.BufferOffset, (uint)bhs.DataLength, bhs.Final);
            if (bhs.Final) task.EndOfDataOut(e.Time);
        }
        else if (task.DataOut(e.Time, bhs.Ttt, bhs.DataLength, bhs.Final, out Burst done))
        {
            task.EndOfDataOut(e.Time);
            _xfer.Done(task, e.Time, in done, write: true);
        }
    }

    private void Complete(TaskSet set, PendingTask task, long time, byte response, in ProbeEvent e)
    {
        _xfer.EndOf(task, time);
        task.Complete(time);
        ref CompletedCommand command = ref task.Command;
        Bhs bhs = e.Bhs;
        command.Response = response;
        command.Status = (ScsiStatus)bhs.Bytes[3];
        command.Residual = (bhs.Flags & (BhsFlags.Overflow | BhsFlags.Underflow)) switch
        {
            BhsFlags.Overflow => -(long)bhs.At44,
            BhsFlags.Underflow => bhs.At44,
            _ => 0,
        };
        Count(End(task, time), in command);
        if (response != 0 || command.Status != ScsiStatus.Good || command.Residual != 0) Failed(in command);
        OnCommand?.Invoke(in command);
        if (response == 0 && command.Status == ScsiStatus.Good) Tasks.Recover(in command, task.Began);
        Release(set, task);
    }

    /// <summary>Counts a command that got its status in a cell.</summary>
    internal static void Count(Cell cell, in CompletedCommand command)
    {
        cell.Completed++;
        cell.ReadBytes += command.ReadBytes;
        cell.WriteBytes += command.WriteBytes;
        if (command.Response != 0 || command.Status is not (ScsiStatus.Good or ScsiStatus.ConditionMet)) cell.Errors++;
        cell.Add(command.Latency, command.Service, command.FirstByte);
        if (command.HasUnmapped) cell.EnsureReclaimed().Add(command.Unmapped);
        if (command.Transfer >= 0) cell.Ensure(Phase.Transfer).Add(command.Transfer);
        if (command.R2tWait >= 0) cell.Ensure(Phase.R2tWait).Add(command.R2tWait);
        if (command.HostData >= 0) cell.Ensure(Phase.HostData).Add(command.HostData);
    }

    private void Abort(TaskSet set, PendingTask task, long time, uint why)
    {
        time = Math.Max(time, task.Began);
        _xfer.EndOf(task, time);
        task.Abort(time);
        End(task, time).Aborted++;
        Fail(in task.Command, FailureKind.NoStatus, why, time);
        OnCommand?.Invoke(in task.Command);
        Release(set, task);
    }

    private void GiveUp(TaskSet set, PendingTask task, long time)
    {
        End(task, time);
        Lost++;
        Fail(in task.Command, FailureKind.NoStatus, StatusNotSeen, Math.Max(time, task.Began));
        Release(set, task);
    }

    // Clocks of merged captures differ: a command never takes less than no time.
    private Cell End(PendingTask task, long time)
    {
        time = Math.Max(time, task.Began);
        Cell cell = cells.Touch(task.Cell, time);
        cell.Outstanding--;
        task.Unit?.End(time);
        task.Initiator?.End(time);
        units.Total.End(time);
        return cell;
    }

    private void Release(TaskSet set, PendingTask task)
    {
        set.Remove(task);
        _free.Push(task);
    }

    private void Function(TaskSet set, in ProbeEvent e)
    {
        var function = (TaskFunction)(e.Bhs.Bytes[1] & 0x7f);
        var pending = new PendingFunction(e.Bhs.Itt, function, e.LunNumber, e.Bhs.At20, e.Target, e.Time);
        set.Add(in pending);
        Tasks.Ask(in e, set.Info, set.Info.OneSided ? TasksHit.None with { Count = -1 } : HitBy(set, in pending));
    }

    private static bool Reaches(TaskSet set, TaskSet other, in PendingFunction function) =>
        function.Function > TaskFunction.AbortTaskSet || set.SameSession(other);

    // RFC 7143 §11.5.1 says which tasks a function takes with it; commands that came after the request are not among them.
    private void FunctionDone(TaskSet set, in ProbeEvent e)
    {
        Tasks.Answer(in e);
        if (!set.TryTake(e.Bhs.Itt, out PendingFunction function)) return;
        if ((TaskFunctionResponse)e.Bhs.Bytes[2] != TaskFunctionResponse.Complete) return;
        foreach (TaskSet other in _connections.Values)
        {
            if (!Reaches(set, other, in function)) continue;
            PendingTask? next;
            for (PendingTask? task = other.Oldest; task is not null; task = next)
            {
                next = task.Newer;
                if (Takes(in function, task)) Abort(other, task, e.Time, AbortedByFunction);
            }
        }
    }

    private static bool Takes(in PendingFunction function, PendingTask task) =>
        task.Began <= function.Time && task.Command.Target == function.Target && function.Function switch
        {
            TaskFunction.AbortTask => task.Command.Itt == function.Referenced,
            TaskFunction.AbortTaskSet or TaskFunction.ClearTaskSet or TaskFunction.LogicalUnitReset => task.Command.Lun == function.Lun,
            TaskFunction.TargetWarmReset or TaskFunction.TargetColdReset => true,
            _ => false,
        };

    // RFC 7143 §11.14: reason 0 closes the session, 1 the connection named, 2 prepares recovery.
    private static void Logout(TaskSet set, in ProbeEvent e) =>
        set.LogoutOf = (e.Bhs.Flags & 0x7f) == 0 ? set.Info.Cid : e.Bhs.U16(20);

    private void LoggedOut(TaskSet set, in ProbeEvent e)
    {
        if (e.Bhs.Bytes[2] == 0 && set.LogoutOf == set.Info.Cid)
        {
            set.Trail.Leave(set, e.Time);
            AbortAll(set, e.Time);
        }
        set.LogoutOf = null;
    }

    private void AbortAll(TaskSet set, long time)
    {
        while (set.Oldest is { } task) Abort(set, task, time, SessionEnded);
    }
}
