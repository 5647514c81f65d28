using System.Buffers.Binary;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Server;

/// <summary>
/// Task management (RFC 7143 §11.5). A function is answered when none of the tasks it ended can touch the medium any
/// more; the connection goes on meanwhile.
/// </summary>
internal sealed class TaskManagement(Connection connection, Session session, FullFeature phase, ScsiCommands commands)
{
    private readonly List<Function> _pending = [];

    /// <summary>Functions that wait for tasks to end.</summary>
    public int Count => _pending.Count;

    /// <summary>Whether there are any.</summary>
    public bool Pending => _pending.Count > 0;

    /// <summary>Handles a request.</summary>
    public void Request(Bhs bhs)
    {
        var what = (TaskFunction)(bhs.Flags & 0x7f);
        ulong lun = Lun.Of(bhs);
        LogicalUnit? unit = session.Nexus!.Find(lun);
        var function = new Function(bhs.Itt, what, lun);
        bool ofUnit = what is TaskFunction.AbortTask or TaskFunction.AbortTaskSet or TaskFunction.ClearTaskSet or TaskFunction.LogicalUnitReset;
        function.Response = ofUnit && unit is null ? TaskFunctionResponse.LunDoesNotExist : Perform(function, bhs, unit);
        if (function.IsDone(commands)) Respond(function);
        else _pending.Add(function);
    }

    /// <summary>ABORT TASK SET that another connection of the session was asked for.</summary>
    public void AbortTaskSet(LogicalUnit unit, Action whenDone)
    {
        var function = new Function(Pdu.ReservedTag, TaskFunction.AbortTaskSet, Lun.Unknown) { WhenDone = whenDone };
        AbortAll(function, unit);
        if (function.IsDone(commands)) Respond(function);
        else _pending.Add(function);
    }

    /// <summary>Answers the functions whose tasks have ended.</summary>
    public void AnswerDone()
    {
        foreach (Function function in _pending)
            if (function.IsDone(commands))
                Respond(function);
        _pending.RemoveAll(f => f.Answered);
    }

    /// <summary>The connection's tasks have ended, and it answers nobody: tells other connections that wait for that.</summary>
    public void TellOthers()
    {
        foreach (Function function in _pending) function.WhenDone?.Invoke();
        _pending.Clear();
    }

    private TaskFunctionResponse Perform(Function function, Bhs bhs, LogicalUnit? unit)
    {
        switch (function.What)
        {
            case TaskFunction.AbortTask:
                return AbortTask(function, bhs);
            case TaskFunction.AbortTaskSet:
                AbortAll(function, unit!);
                phase.AbortHeld(function.Lun);
                foreach (FullFeature other in session.Phases)
                    if (other != phase)
                        other.AbortTaskSet(unit!, function.AwaitOther(phase));
                return TaskFunctionResponse.Complete;
            case TaskFunction.ClearTaskSet:
                unit!.ClearTaskSet(session.Nexus!);
                phase.AbortHeld(function.Lun);
                function.Units.Add((unit, unit.Generation));
                return TaskFunctionResponse.Complete;
            case TaskFunction.LogicalUnitReset:
                unit!.Reset();
                phase.AbortHeld(function.Lun);
                function.Units.Add((unit, unit.Generation));
                return TaskFunctionResponse.Complete;
            case TaskFunction.TargetWarmReset or TaskFunction.TargetColdReset:
                foreach (LogicalUnit each in session.Nexus!.Units)
                {
                    each.Reset();
                    function.Units.Add((each, each.Generation));
                }
                phase.AbortHeld(null);
                return TaskFunctionResponse.Complete;
            case TaskFunction.TaskReassign:
                return TaskFunctionResponse.ReassignmentNotSupported;
            default:
                return TaskFunctionResponse.NotSupported;
        }
    }

    /// <summary>ABORT TASK: a task we have, one that has not come yet, or none (RFC 7143 §11.5.1, §11.6.1).</summary>
    private TaskFunctionResponse AbortTask(Function function, Bhs bhs)
    {
        uint tag = bhs.At20;
        uint refCmdSn = bhs.U32(32);
        if (tag == bhs.Itt) return TaskFunctionResponse.Rejected;
        if (commands.Find(tag) is { IsVoid: false } task)
        {
            Abort(function, task);
            return TaskFunctionResponse.Complete;
        }
        if (!session.Numbering.IsMissing(refCmdSn, before: bhs.CmdSn)) return TaskFunctionResponse.TaskDoesNotExist;
        session.Numbering.Plug(refCmdSn);
        return TaskFunctionResponse.Complete;
    }

    private void AbortAll(Function function, LogicalUnit unit)
    {
        foreach (IscsiTask task in commands.All.ToArray())
            if (task.Unit == unit)
                Abort(function, task);
    }

    private void Abort(Function function, IscsiTask task)
    {
        if (task.HandedOff) function.Tasks.Add((task.Itt, task));
        commands.Abort(task);
    }

    private void Respond(Function function)
    {
        function.Answered = true;
        if (function.WhenDone is { } tell)
        {
            tell();
            return;
        }
        Span<byte> bhs = connection.Writer.Begin(Opcode.TaskManagementResponse);
        bhs[1] = BhsFlags.Final;
        bhs[2] = (byte)function.Response;
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], function.Itt);
        phase.Stamp(bhs, advance: true);
        if (connection.Server.MayLog(connection.Remote.Address))
            Log.TaskManaged(connection.Server.Logger, Text.Escape(session.Initiator), function.What.ToString(),
                function.Lun == Lun.Unknown ? "-" : function.Lun.ToString(System.Globalization.CultureInfo.InvariantCulture), function.Response.ToString());
        if (function.What != TaskFunction.TargetColdReset) return;
        // A cold reset drops every connection of its target, those of this session when the answer has left (RFC 7143 §11.5.1).
        foreach (Session other in connection.Server.Sessions())
            if (other != session && other.Target == session.Target)
                other.Abort(ConnectionEnd.TargetFin);
        phase.CloseBecause("target cold reset");
    }

    private sealed class Function(uint itt, TaskFunction what, ulong lun)
    {
        public uint Itt => itt;

        public TaskFunction What => what;

        public ulong Lun => lun;

        public TaskFunctionResponse Response { get; set; }

        public bool Answered { get; set; }

        /// <summary>For another connection of the session: who is to be told instead of the initiator.</summary>
        public Action? WhenDone { get; init; }

        public List<(uint Itt, IscsiTask Task)> Tasks { get; } = [];

        public List<(LogicalUnit Unit, int Generation)> Units { get; } = [];

        private int _others;

        /// <summary>Waits for another connection of the session; what that one is to call.</summary>
        public Action AwaitOther(FullFeature phase)
        {
            Interlocked.Increment(ref _others);
            int told = 0;
            return () =>
            {
                if (Interlocked.Exchange(ref told, 1) == 0) Interlocked.Decrement(ref _others);
                phase.Post(() => { });
            };
        }

        // Asked for each function that waits after each receive: nothing is allocated.
        public bool IsDone(ScsiCommands commands)
        {
            if (Answered || Volatile.Read(ref _others) > 0) return false;
            foreach ((uint itt, IscsiTask task) in Tasks)
                if (commands.Find(itt) == task)
                    return false;
            foreach ((LogicalUnit unit, int generation) in Units)
                if (!unit.IsQuietBefore(generation))
                    return false;
            return true;
        }
    }
}
