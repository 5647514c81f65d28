namespace Iscsitop.Engine;

/// <summary>What one engine has told of task management, session ends and reservations, as a viewer keeps it: bounded as the engine's own.</summary>
internal sealed class Happenings
{
    private readonly TaskRecord?[] _tasks = new TaskRecord?[TaskLog.Most];
    private readonly SessionEnd?[] _ends = new SessionEnd?[EndLog.Most];
    private readonly Dictionary<(string Target, ulong Lun), ReservationState> _reservations = [];
    private readonly List<TaskRecord> _tasksInOrder = [];
    private readonly List<SessionEnd> _endsInOrder = [];
    private int _registrants;
    private bool _sorted = true;

    /// <summary>Takes in a frame of one of the three.</summary>
    public void Add(FrameType type, FrameReader frame, EngineStatus engine, long wallOffset)
    {
        switch (type)
        {
            case FrameType.Task:
                TaskRecord task = frame.Task(engine, wallOffset);
                _tasks[(int)(task.Id % TaskLog.Most)] = task;
                break;
            case FrameType.SessionEnd:
                (SessionEnd end, int place) = frame.SessionEnd(engine, wallOffset);
                _ends[place] = end;
                break;
            default:
                Take(frame.Reservation(engine, wallOffset));
                return;
        }
        _sorted = false;
    }

    /// <summary>Hands out what there is.</summary>
    public void TakeInto(Snapshot snapshot)
    {
        if (!_sorted) Sort();
        snapshot.Tasks.AddRange(_tasksInOrder);
        snapshot.Ends.AddRange(_endsInOrder);
        foreach (ReservationState state in _reservations.Values) snapshot.Reservations.Add(state);
    }

    // An engine keeps to this: more is no engine's, and is left out.
    private void Take(ReservationState state)
    {
        int before = 0;
        if (_reservations.TryGetValue((state.Target, state.Lun), out ReservationState? known)) before = known.Registrants.Count;
        else if (_reservations.Count >= ReservationTable.MostUnits) return;
        if (_registrants - before + state.Registrants.Count > ReservationTable.MostRegistrants) return;
        _registrants += state.Registrants.Count - before;
        _reservations[(state.Target, state.Lun)] = state;
    }

    private void Sort()
    {
        _sorted = true;
        _tasksInOrder.Clear();
        _endsInOrder.Clear();
        foreach (TaskRecord? task in _tasks)
            if (task is not null) _tasksInOrder.Add(task);
        foreach (SessionEnd? end in _ends)
            if (end is not null) _endsInOrder.Add(end);
        _tasksInOrder.Sort((a, b) => a.Id.CompareTo(b.Id));
        _endsInOrder.Sort((a, b) => a.Time.CompareTo(b.Time));
    }
}
