using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What an engine has seen of its provider, and how subscribers get to know it. Used by the engine's thread only.</summary>
internal sealed partial class Observation
{
    // A status that was dropped leaves its command outstanding: those are given up this long after the drop.
    private const long GiveUpAfter = 10_000_000_000;

    // Connections that end between two snapshots before one comes early, where it may: what is kept of them is bounded so.
    private const int MostClosed = 2048;

    // Cells, beside twice those that are left, before the same.
    private const int MostCells = 2048;

    private readonly Provider _provider;
    private readonly List<Subscriber> _subscribers;
    private readonly FrameWriter _writer;
    private readonly Capture? _capture;
    private readonly Roster _roster;
    private readonly CellTable _cells = new();
    private readonly UnitTable _units = new();
    private readonly Correlator _correlator;
    private readonly ReservationTable _reservations;
    private readonly List<ConnectionInfo> _closing = [];
    private readonly List<(uint Connection, long Version)> _closed = [];
    private readonly HashSet<uint> _forgotten = [];
    private readonly Func<uint, bool> _isForgotten;
    private readonly EventSink _xfer;
    private readonly CommandSink _command;
    private uint _wanted;
    private int _closedSince;
    private int _earlyAt = MostCells;
    private bool _following;
    private long _since;
    private long _now;
    private long _dropsSeen;
    private long _giveUpAt;
    private long _giveUpBefore;

    /// <param name="provider">What is observed.</param>
    /// <param name="subscribers">Who wants to know; the caller's list.</param>
    /// <param name="writer">For frames; the caller's.</param>
    /// <param name="capture">Where the provider has its events from when that is packets.</param>
    public Observation(Provider provider, List<Subscriber> subscribers, FrameWriter writer, Capture? capture = null)
    {
        _provider = provider;
        _capture = capture;
        _subscribers = subscribers;
        _writer = writer;
        _isForgotten = _forgotten.Contains;
        _isUnlisted = connection => !_roster!.Lists(connection);
        _xfer = Deliver;
        _command = Deliver;
        _cells.MakeRoom = MakeRoom;
        _correlator = new Correlator(_cells, _units);
        _correlator.Failures.MakeRoom = MakeFailureRoom;
        _reservations = new ReservationTable(_cells.Advance);
        _roster = new Roster(provider) { OnConnection = Opened, OnExplained = Explained, OnUnit = Announced, OnReinstated = _correlator.Reinstates, OnReservation = _reservations.Take };
    }

    /// <summary>A subscriber said what it wants: enables the union of all wants.</summary>
    public void Want(Subscriber subscriber, Wants? before, long now)
    {
        Wants wants = subscriber.Wants!.Value;
        _now = now;
        _roster.Drain();
        if (wants.Anything && before is not { Anything: true }) TellAll(subscriber);
        Enable(now);
        bool cells = wants.Interval > TimeSpan.Zero;
        if (cells != subscriber.Number >= 0) Join(subscriber, cells, now);
        if (before is null || cells != before.Value.Interval > TimeSpan.Zero) subscriber.Snapshots.Restart(now, cells && _cells.HasPast ? _since : now);
        else subscriber.Snapshots.Reschedule(wants);
        _units.Listeners.Remove(subscriber.Maxima);
        if (cells) _units.Listeners.Add(subscriber.Maxima);
    }

    /// <summary>A subscriber has gone.</summary>
    public void Detach(Subscriber subscriber, long now)
    {
        _units.Listeners.Remove(subscriber.Maxima);
        Join(subscriber, false, now);
        Enable(now);
    }

    private void Join(Subscriber subscriber, bool joins, long now)
    {
        if (subscriber.Number >= 0)
        {
            _cells.Leave(subscriber.Number);
            _correlator.Patterns.Leave(subscriber.Number);
        }
        subscriber.Number = joins ? _cells.Join(now) : -1;
        if (joins) _correlator.Patterns.Join(subscriber.Number);
    }

    /// <summary>Takes over what the provider has to tell.</summary>
    /// <returns>How many events there were.</returns>
    public int Take(long now)
    {
        _now = now;
        _roster.Drain();
        int taken = TakeEvents();
        TakeFaults();
        foreach (Subscriber subscriber in _subscribers) subscriber.SendCollected(_roster.Names, _writer);
        CloseConnections(now);
        GiveUpLost(now);
        ForgetSeen(now);
        return taken;
    }

    /// <summary>Sends a subscriber's snapshot when it is due, as far as there is room.</summary>
    /// <returns>Whether nothing waits.</returns>
    public bool Publish(Subscriber subscriber, long now)
    {
        subscriber.Outbox.Flush();
        if (subscriber.Wants is not { } wants) return true;
        SnapshotCursor snapshot = subscriber.Snapshots;
        if (!snapshot.Running && now >= snapshot.Due) Begin(subscriber, now);
        bool known = subscriber.SendKnown(_roster.Names, _writer);
        if (snapshot.Running && known) Continue(subscriber, wants);
        return !snapshot.Running && subscriber.Outbox.Waiting == 0;
    }

    /// <summary>Disables every probe and takes what is left in the ring.</summary>
    public void Stop(long now)
    {
        _provider.Enabled = 0;
        Take(now);
        Take(now);
    }

    /// <summary>Sends a last snapshot, due or not.</summary>
    public void PublishLast(Subscriber subscriber, long now)
    {
        if (subscriber.Wants is not { } wants) return;
        if (subscriber.Snapshots.Running) Publish(subscriber, now);
        if (subscriber.Snapshots.Running) return;
        Begin(subscriber, now);
        if (subscriber.SendKnown(_roster.Names, _writer)) Continue(subscriber, wants);
    }

    // Who adds up what comes loses nothing when the cells of closed connections go.
    private void PublishEarly(long now)
    {
        _closedSince = 0;
        foreach (Subscriber subscriber in _subscribers)
        {
            if (!subscriber.Outbox.AddsUp || subscriber.Snapshots.Running || subscriber.Wants is not { } wants) continue;
            Begin(subscriber, now, early: true);
            if (subscriber.SendKnown(_roster.Names, _writer)) Continue(subscriber, wants);
        }
    }

    private void ForgetSeen(long now)
    {
        bool early = _closedSince >= MostClosed || _closed.Count > 0 && _cells.All.Count >= _earlyAt;
        if (early) PublishEarly(now);
        ForgetClosed(Seen());
        if (early) _earlyAt = MostCells + 2 * _cells.All.Count;
    }

    private void MakeRoom(long now)
    {
        if (_closed.Count == 0) return;
        PublishEarly(now);
        ForgetClosed(long.MaxValue);
    }

    private void Begin(Subscriber subscriber, long now, bool early = false)
    {
        if (subscriber.Wants!.Value.Interval > TimeSpan.Zero)
        {
            _units.Settle(now);
            _correlator.Settle(now, _capture);
        }
        subscriber.Maxima.MoveTo(subscriber.Told);
        subscriber.Snapshots.Begin(now, _cells.Version, early);
    }

    private void Continue(Subscriber subscriber, Wants wants)
    {
        SnapshotCursor snapshot = subscriber.Snapshots;
        if (wants.Interval > TimeSpan.Zero && !snapshot.SendCells(_cells, subscriber.Number, subscriber.Outbox, _writer)) return;
        if (wants.Interval > TimeSpan.Zero && !snapshot.SendUnits(_units.All, subscriber.Told, subscriber.Outbox, _writer)) return;
        if (wants.Interval > TimeSpan.Zero && !snapshot.SendInitiators(_units.Initiators, subscriber.Told, subscriber.Outbox, _writer)) return;
        if (wants.Interval > TimeSpan.Zero && !snapshot.SendFacts(_correlator.Trackers, subscriber.Outbox, _writer)) return;
        if (wants.Interval > TimeSpan.Zero && !SendMore(subscriber)) return;
        if (wants.Interval > TimeSpan.Zero && !snapshot.SendHappenings(_correlator.Tasks, _correlator.Ends, _reservations, subscriber.Outbox, _writer)) return;
        if (!subscriber.Outbox.HasRoom) return;
        StatusRecord status = Status(subscriber, wants);
        _writer.Write(in status);
        subscriber.Outbox.TrySend(_writer.Frame);
        snapshot.End(wants);
    }

    private StatusRecord Status(Subscriber subscriber, Wants wants) => new()
    {
        Time = subscriber.Snapshots.Time,
        Interval = subscriber.Snapshots.Interval,
        WallOffset = _provider.WallOffset,
        RingDrops = _provider.Drops,
        OutboxDrops = subscriber.Drops,
        Folded = _cells.Folded,
        Unmatched = _correlator.Unmatched,
        Lost = _correlator.Lost,
        BusyTime = _units.Total.BusyTime(subscriber.Snapshots.Time),
        MaxOutstanding = subscriber.Told.Outstanding(0),
        PeakStarts = wants.Interval > TimeSpan.Zero && subscriber.Snapshots.SawAll ? subscriber.Told.Starts(0) : -1,
        Connections = _roster.Open,
        Sessions = _roster.Sessions,
        Subscribers = _subscribers.Count,
        Enabled = _provider.Enabled,
        Coverage = _capture?.Coverage ?? new Coverage { Dropped = -1 },
    };

    private void TellAll(Subscriber subscriber)
    {
        foreach (ConnectionInfo connection in _roster.Ended) subscriber.Tell(connection);
        foreach (ConnectionInfo connection in _roster.Connections.Values) subscriber.Tell(connection);
        foreach (UnitInfo unit in _roster.Units.Values) subscriber.Tell(unit);
    }

    // The correlator starts clean whenever the probes of commands come on: what began before was not seen.
    private void Enable(long now)
    {
        uint events = 0;
        bool follow = false;
        bool commands = false;
        foreach (Subscriber subscriber in _subscribers)
        {
            if (subscriber.Wants is not { } wants) continue;
            events |= wants.Events;
            follow |= wants.Follow;
            commands |= wants.Commands;
        }
        uint mask = events & ProbeSet.Pdus;
        if (follow) mask |= ProbeSet.Commands;
        if (_provider.Enabled == 0) Discard();
        else if (follow && !_following) TakeEvents();
        if (follow && !_following) TakeFaults(discard: true);
        _wanted = events;
        _correlator.OnXfer = (events & ~ProbeSet.Pdus) != 0 ? _xfer : null;
        _correlator.OnCommand = commands ? _command : null;
        if (follow != _following) Follow(follow, now);
        if (_provider.Enabled != mask) _provider.Enabled = mask;
    }

    private void Follow(bool follow, long now)
    {
        _following = follow;
        _since = now;
        _giveUpAt = 0;
        _dropsSeen = _provider.Drops + (_capture?.MissingBytes ?? 0);
        _correlator.Clear(now);
        foreach ((uint connection, long _) in _closed) Forget(connection);
        _closed.Clear();
    }

    private void Discard()
    {
        if (_provider.Ring is not { } ring) return;
        while (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref ring.Peek())) ring.Release();
    }

    private int TakeEvents()
    {
        if (_provider.Ring is not { } ring) return 0;
        int taken = 0;
        for (; taken < ring.Capacity; taken++)
        {
            ref ProbeEvent e = ref ring.Peek();
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref e)) break;
            Take(in e);
            ring.Release();
        }
        return taken;
    }

    private void Take(in ProbeEvent e)
    {
        if (!_correlator.Knows(e.Connection) || Math.Max(e.Target, e.Initiator) >= _roster.Names.Count) _roster.Drain();
        if ((_wanted & e.Probe.Bit()) != 0) Deliver(in e);
        if (_following) _correlator.Process(in e);
    }

    private void Deliver(in ProbeEvent e)
    {
        foreach (Subscriber subscriber in _subscribers) subscriber.Add(in e, _roster.Names, _writer);
    }

    private void Deliver(in CompletedCommand command)
    {
        foreach (Subscriber subscriber in _subscribers) subscriber.Add(in command, _roster.Names, _writer);
    }

    private void Opened(ConnectionInfo connection)
    {
        _correlator.Connect(connection);
        foreach (Subscriber subscriber in _subscribers) subscriber.Tell(connection);
    }

    private void Explained(ConnectionInfo connection)
    {
        _correlator.Tasks.Explain(connection);
        _correlator.Ends.Explain(connection);
        foreach (Subscriber subscriber in _subscribers) subscriber.Tell(connection);
    }

    private void Announced(UnitInfo unit)
    {
        _units.Announce(_provider.Intern(unit.Target), unit.Lun, _now, unit.BlockSize);
        foreach (Subscriber subscriber in _subscribers) subscriber.Tell(unit);
    }

    // A connection's last events were published before its end was told, but one of another thread may still hide them:
    // it is closed a round later.
    private void CloseConnections(long now)
    {
        foreach (ConnectionInfo closing in _closing)
        {
            SessionEnd? end = _following ? _correlator.Freeze(closing.Id, closing.Closed) : null;
            ConnectionEnd told = _correlator.Close(closing.Id, closing.Closed, _capture?.FactsOf(closing.Id));
            ConnectionInfo connection = _roster.Close(closing, told);
            if (end is not null) _correlator.Explain(end, connection, _provider.Intern(connection.Target), _provider.Intern(connection.Initiator));
            foreach (Subscriber subscriber in _subscribers)
            {
                subscriber.SendCollected(_roster.Names, _writer);
                subscriber.Tell(connection);
            }
            _closed.Add((connection.Id, _cells.Version));
            _closedSince++;
        }
        _closing.Clear();
        _closing.AddRange(_roster.Closed);
        _roster.Closed.Clear();
    }

    private void GiveUpLost(long now)
    {
        // A status that is not in the capture never comes either.
        long drops = _provider.Drops + (_capture?.MissingBytes ?? 0);
        if (_giveUpAt == 0 && drops != _dropsSeen)
        {
            _giveUpAt = now + GiveUpAfter;
            _giveUpBefore = now;
            _dropsSeen = drops;
        }
        if (_giveUpAt == 0 || now < _giveUpAt) return;
        _giveUpAt = 0;
        _correlator.GiveUpBefore(_giveUpBefore);
    }

    private long Seen()
    {
        long seen = long.MaxValue;
        foreach (Subscriber subscriber in _subscribers)
            if (subscriber.Wants is { } wants && wants.Interval > TimeSpan.Zero)
                seen = Math.Min(seen, subscriber.Snapshots.Seen);
        return seen;
    }

    private void ForgetClosed(long upTo)
    {
        if (_closed.Count == 0) return;
        _forgotten.Clear();
        for (int i = _closed.Count - 1; i >= 0; i--)
        {
            if (_closed[i].Version > upTo) continue;
            _forgotten.Add(_closed[i].Connection);
            Forget(_closed[i].Connection);
            _closed.RemoveAt(i);
        }
        if (_forgotten.Count == 0) return;
        foreach (Subscriber subscriber in _subscribers) subscriber.Snapshots.Skip(_cells.All, _correlator.Patterns.All, _isForgotten);
        _cells.Forget(_isForgotten, Seen());
        _correlator.Patterns.Forget(_isForgotten);
        SweepFailures();
        foreach (Subscriber subscriber in _subscribers) subscriber.Snapshots.Rewind();
    }

    private void Forget(uint connection)
    {
        _correlator.Forget(connection);
        _roster.Forget(connection);
        _capture?.Forget(connection);
    }
}
