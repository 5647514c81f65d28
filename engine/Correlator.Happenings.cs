using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <content>Task management, logins and the ends of connections.</content>
internal sealed partial class Correlator
{
    /// <summary>Connections whose last PDUs are kept, 2 KiB each.</summary>
    public const int MostRings = 4096;

    private readonly Stack<LastPdus> _rings = new();
    private readonly RecentLogins _logins = new();
    private int _ringsUsed;

    /// <summary>Task management requests.</summary>
    public TaskLog Tasks { get; } = new(cells.Advance);

    /// <summary>How connections ended.</summary>
    public EndLog Ends { get; } = new(cells.Advance);

    /// <summary>What is to be told of a connection that is about to be closed; null when it is not known.</summary>
    public SessionEnd? Freeze(uint connection, long time) => _connections.TryGetValue(connection, out TaskSet? set) ? EndLog.Freeze(set, time) : null;

    /// <summary>A connection was closed, and why is known.</summary>
    /// <param name="end">What <see cref="Freeze"/> gave.</param>
    /// <param name="connection">The connection with the cause of its end.</param>
    /// <param name="target">Id of the target's name.</param>
    /// <param name="initiator">Id of the initiator's name.</param>
    public void Explain(SessionEnd end, ConnectionInfo connection, uint target, uint initiator)
    {
        long back = _logins.After(end.Time, connection.Id, target, initiator);
        if (connection.End == ConnectionEnd.Reinstated) back = 0;
        Tasks.End(connection, back >= 0);
        if (!_connections.TryGetValue(connection.Id, out TaskSet? set)) return;
        if (EndLog.IsWorthy(connection, set.Trail, end.Outstanding))
            Ends.Add(end with { Connection = connection, Pdus = set.Trail.Pdus?.Copy() ?? [], LoginAgain = back }, target, initiator);
        GiveBack(set);
    }

    private void Follow(TaskSet set, in ProbeEvent e)
    {
        if (set.Trail is { Seen: false, Pdus: null }) set.Trail.Pdus = RentPdus();
        set.Trail.Take(in e);
    }

    private void ClearHappenings()
    {
        _rings.Clear();
        _logins.Clear();
        Tasks.Clear();
        Ends.Clear();
    }

    private LastPdus? RentPdus()
    {
        if (_ringsUsed >= MostRings) return null;
        _ringsUsed++;
        return _rings.TryPop(out LastPdus? ring) ? ring : new LastPdus();
    }

    // What is left of a storm of connections is let go.
    private void GiveBack(TaskSet set)
    {
        if (set.Trail.Pdus is not { } ring) return;
        set.Trail.Pdus = null;
        _ringsUsed--;
        if (_rings.Count >= MostRings / 16) return;
        ring.Clear();
        _rings.Push(ring);
    }

    // Where the requests of one direction only were captured, nothing is outstanding and nothing is known.
    private TasksHit HitBy(TaskSet set, in PendingFunction function)
    {
        PendingTask? oldest = null;
        int count = 0;
        foreach (TaskSet other in _connections.Values)
        {
            if (!Reaches(set, other, in function)) continue;
            for (PendingTask? task = FirstOf(other, in function); task is not null; task = function.Function == TaskFunction.AbortTask ? null : task.Newer)
            {
                if (!Takes(in function, task)) continue;
                count++;
                if (oldest is null || task.Began < oldest.Began) oldest = task;
            }
        }
        if (oldest is null) return TasksHit.None;
        return new TasksHit(Command.Operation(oldest.Command.CdbSpan), Math.Max(0, function.Time - oldest.Began), count);
    }

    private static PendingTask? FirstOf(TaskSet set, in PendingFunction function) =>
        function.Function == TaskFunction.AbortTask ? set.Find(function.Referenced) : set.Oldest;

    // The session is there with the last Login Response: T, and the full feature phase is next.
    private void LoginAnswered(in ProbeEvent e)
    {
        Bhs bhs = e.Bhs;
        CountRejected(in e);
        if (bhs.Bytes[36] != 0 || !bhs.Final || (bhs.Flags & 3) != (int)Stage.FullFeaturePhase || e.Target <= 1 || e.Initiator <= 1) return;
        _logins.Add(e.Connection, e.Target, e.Initiator, e.Time);
        Tasks.LogIn(e.Connection, e.Target, e.Initiator);
        Ends.LogIn(e.Connection, e.Target, e.Initiator, e.Time);
    }
}
