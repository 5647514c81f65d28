namespace Iscsitop.Engine;

/// <summary>
/// How far one subscriber's snapshots are. A snapshot may take several rounds when the subscriber is slow; what it says
/// is as of its begin, and cells that change meanwhile come again with the next.
/// </summary>
internal sealed class SnapshotCursor
{
    private const long StatusInterval = 1_000_000_000;
    private const long ShortestInterval = 10_000_000;

    private bool _first;
    private bool _early;
    private long _previous;
    private long _due;
    private long _seen;
    private long _version;
    private int _cell;
    private int _unit;
    private int _initiator;
    private int _connection;
    private int _failure;
    private int _pattern;
    private int _happening;

    /// <summary>Whether one is under way.</summary>
    public bool Running { get; private set; }

    /// <summary>Monotonic ns at which the one under way began.</summary>
    public long Time { get; private set; }

    /// <summary>Whether the subscriber was there in the whole interval, so that its maxima are the interval's.</summary>
    public bool SawAll => !_first && Interval > 0;

    /// <summary>Cells changed up to this version have been sent.</summary>
    public long Seen => _seen;

    /// <summary>Monotonic ns at which the next is due.</summary>
    public long Due => _due;

    /// <summary>Measured ns that the one under way stands for.</summary>
    public long Interval => _previous == 0 ? 0 : Math.Max(0, Time - _previous);

    /// <summary>The first is due at once, and stands for the time since the engine began to look.</summary>
    public void Restart(long now, long since)
    {
        Running = false;
        _previous = since;
        _due = now;
        _seen = -1;
        _first = since != now;
    }

    /// <summary>The interval changed: the next is due that much after the last.</summary>
    public void Reschedule(Wants wants) => _due = _previous + Length(wants);

    /// <summary>Begins a snapshot.</summary>
    /// <param name="now">Its time.</param>
    /// <param name="version">The version of the cells.</param>
    /// <param name="early">Whether it comes between two beats, which go on as if it had not.</param>
    public void Begin(long now, long version, bool early = false)
    {
        Running = true;
        _early = early;
        Time = early ? Math.Max(now, _previous) : now;
        _version = version;
        _cell = 0;
        _unit = 0;
        _initiator = 0;
        _connection = 0;
        _failure = _pattern = 0;
        _happening = 0;
    }

    /// <summary>Cells and patterns of connections will go: those under way go on where they are. Each is in a snapshot once.</summary>
    public void Skip(List<CellState> cells, List<PatternState> patterns, Func<uint, bool> gone)
    {
        int before = 0;
        for (int i = 0; i < _cell && Running; i++)
            if (gone(cells[i].Cell.Key.Connection))
                before++;
        _cell -= before;
        before = 0;
        for (int i = 0; i < _pattern && Running; i++)
            if (gone(patterns[i].Key.Connection))
                before++;
        _pattern -= before;
    }

    /// <summary>Connections and failures have moved: those under way are looked at again from the start.</summary>
    public void Rewind() => _connection = _failure = 0;

    /// <summary>Ends it and plans the next, keeping the beat unless it is lost.</summary>
    public void End(Wants wants)
    {
        Running = _first = false;
        _seen = _version;
        _previous = Time;
        if (_early) return;
        long length = Length(wants);
        _due = Math.Max(_due + length, Time + length / 2);
    }

    /// <summary>Sends cells frames while there is room.</summary>
    /// <returns>Whether all of the snapshot's cells are out.</returns>
    public bool SendCells(CellTable cells, int subscriber, Outbox outbox, FrameWriter writer)
    {
        List<CellState> all = cells.All;
        while (_cell < all.Count)
        {
            if (!outbox.HasRoom) return false;
            writer.Begin(FrameType.Cells);
            for (; _cell < all.Count; _cell++)
            {
                if (cells.Tell(all[_cell], subscriber, Time) is not { } cell) continue;
                if (!writer.TryAdd(cell, 0)) break;
                cells.Told(all[_cell], subscriber);
            }
            if (writer.PayloadLength > 0) outbox.TrySend(writer.Frame);
        }
        return true;
    }

    /// <summary>Sends units frames while there is room.</summary>
    /// <returns>Whether all are out.</returns>
    public bool SendUnits(List<UnitState> units, UnitMaxima maxima, Outbox outbox, FrameWriter writer)
    {
        while (_unit < units.Count - 1)
        {
            if (!outbox.HasRoom) return false;
            writer.Begin(FrameType.Units);
            for (; _unit < units.Count - 1; _unit++)
            {
                UnitState unit = units[_unit + 1];
                int starts = SawAll ? maxima.Starts(unit.Index) : -1;
                if (!writer.TryAdd(new UnitRecord(unit.Lun, unit.Target, starts, maxima.Outstanding(unit.Index), unit.BusyTime(Time)))) break;
            }
            outbox.TrySend(writer.Frame);
        }
        return true;
    }

    /// <summary>Sends initiators frames while there is room: of those that had a command outstanding.</summary>
    /// <returns>Whether all are out.</returns>
    public bool SendInitiators(List<UnitState> initiators, UnitMaxima maxima, Outbox outbox, FrameWriter writer)
    {
        while (_initiator < initiators.Count)
        {
            if (!outbox.HasRoom) return false;
            writer.Begin(FrameType.Initiators);
            for (; _initiator < initiators.Count; _initiator++)
            {
                UnitState initiator = initiators[_initiator];
                if (maxima.Outstanding(initiator.Index) is > 0 and var most && !writer.TryAdd(new InitiatorRecord(initiator.Target, most))) break;
            }
            if (writer.PayloadLength > 0) outbox.TrySend(writer.Frame);
        }
        return true;
    }

    /// <summary>Sends facts frames while there is room.</summary>
    /// <returns>Whether the facts of all connections that changed are out.</returns>
    public bool SendFacts(List<ConnectionTracker> connections, Outbox outbox, FrameWriter writer)
    {
        while (_connection < connections.Count)
        {
            if (!outbox.HasRoom) return false;
            writer.Begin(FrameType.Facts);
            for (; _connection < connections.Count; _connection++)
            {
                ConnectionTracker tracker = connections[_connection];
                if (tracker.Version > _seen && !writer.TryAdd(tracker.Connection, tracker.Facts)) break;
            }
            if (writer.PayloadLength > 0) outbox.TrySend(writer.Frame);
        }
        return true;
    }

    /// <summary>Sends failures frames while there is room.</summary>
    /// <returns>Whether all failures that changed are out.</returns>
    public bool SendFailures(List<FailureState> failures, Outbox outbox, FrameWriter writer)
    {
        while (_failure < failures.Count)
        {
            if (!outbox.HasRoom) return false;
            writer.Begin(FrameType.Failures);
            for (; _failure < failures.Count; _failure++)
                if (failures[_failure].Version > _seen && !writer.TryAdd(failures[_failure].Record)) break;
            if (writer.PayloadLength > 0) outbox.TrySend(writer.Frame);
        }
        return true;
    }

    /// <summary>Sends patterns frames while there is room.</summary>
    /// <returns>Whether all of the snapshot's patterns are out.</returns>
    public bool SendPatterns(PatternTable patterns, int subscriber, Outbox outbox, FrameWriter writer)
    {
        List<PatternState> all = patterns.All;
        while (_pattern < all.Count)
        {
            if (!outbox.HasRoom) return false;
            writer.Begin(FrameType.Patterns);
            for (; _pattern < all.Count; _pattern++)
            {
                if (patterns.Tell(all[_pattern], subscriber) is not { } pattern) continue;
                if (!writer.TryAdd(all[_pattern].Key, pattern)) break;
                patterns.Told(all[_pattern], subscriber);
            }
            if (writer.PayloadLength > 0) outbox.TrySend(writer.Frame);
        }
        return true;
    }

    /// <summary>Sends task, session end and reservation frames while there is room.</summary>
    /// <returns>Whether all that changed are out.</returns>
    public bool SendHappenings(TaskLog tasks, EndLog ends, ReservationTable reservations, Outbox outbox, FrameWriter writer)
    {
        int endsFrom = tasks.All.Length, reservationsFrom = endsFrom + ends.All.Length;
        for (; _happening < reservationsFrom + reservations.All.Count; _happening++)
        {
            if (!outbox.HasRoom) return false;
            if (_happening < endsFrom)
            {
                ref readonly TaskEntry task = ref tasks.All[_happening];
                if (task.Id == 0 || task.Version <= _seen) continue;
                writer.Write(in task);
            }
            else if (_happening < reservationsFrom)
            {
                int place = _happening - endsFrom;
                if (ends.All[place].End is not { } end || ends.All[place].Version <= _seen) continue;
                writer.Write(end, place);
            }
            else
            {
                ReservationTable.Entry entry = reservations.All[_happening - reservationsFrom];
                if (entry.Version <= _seen) continue;
                writer.Write(entry.Info);
            }
            outbox.TrySend(writer.Frame);
        }
        return true;
    }

    private static long Length(Wants wants) =>
        wants.Interval == TimeSpan.Zero ? StatusInterval : Math.Max(ShortestInterval, wants.Interval.Ticks * 100);
}
