using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>The names, connections and units an engine knows of, taken over from its provider.</summary>
internal sealed class Roster(Provider provider)
{
    /// <summary>Connections that ended and are still told of at most.</summary>
    public const int MostEnded = 1000;

    /// <summary>Units at most: in packets they are what peers say there is.</summary>
    public const int MostUnits = 65536;

    private readonly Logins _logins = new();
    private readonly List<ReservationInfo> _reservations = [];
    private readonly Dictionary<uint, ConnectionInfo> _ended = [];
    private readonly Queue<uint> _endedInOrder = new();
    private readonly Dictionary<(string Target, string Initiator, string Isid, ushort Tsih), int> _sessions = [];

    /// <summary>Names by id.</summary>
    public List<string> Names { get; } = [];

    /// <summary>Connections that are open, and closed ones whose cells are still kept.</summary>
    public Dictionary<uint, ConnectionInfo> Connections { get; } = [];

    /// <summary>Units by target and LUN, <see cref="MostUnits"/> at most.</summary>
    public Dictionary<(string Target, ulong Lun), UnitInfo> Units { get; } = [];

    /// <summary>Connections that have closed and wait to be told so: their last events may still be in the ring.</summary>
    public List<ConnectionInfo> Closed { get; } = [];

    /// <summary>Connections open.</summary>
    public int Open { get; private set; }

    /// <summary>Sessions with at least one open connection.</summary>
    public int Sessions => _sessions.Count;

    /// <summary>Called for a connection that came or changed, in order.</summary>
    public Action<ConnectionInfo>? OnConnection { get; set; }

    /// <summary>Called for a unit that came or changed.</summary>
    public Action<UnitInfo>? OnUnit { get; set; }

    /// <summary>Called when it turns out later why a connection ended.</summary>
    public Action<ConnectionInfo>? OnExplained { get; set; }

    /// <summary>Called for a connection whose login took the place of a session there was.</summary>
    public Action<uint>? OnReinstated { get; set; }

    /// <summary>Ended connections that are told of no more, so far.</summary>
    public int Dropped { get; private set; }

    /// <summary>Whether a connection is open, or still told of.</summary>
    public bool Lists(uint connection) => Connections.ContainsKey(connection) || _ended.ContainsKey(connection);

    /// <summary>Called for a unit whose reservations changed.</summary>
    public Action<ReservationInfo>? OnReservation { get; set; }

    /// <summary>The connections that ended last.</summary>
    public Dictionary<uint, ConnectionInfo>.ValueCollection Ended => _ended.Values;

    /// <summary>Takes over what the provider has told since the last time.</summary>
    public void Drain()
    {
        while (provider.ConnectionChanges.TryDequeue(out ConnectionInfo? info)) Take(info);
        while (provider.UnitChanges.TryDequeue(out UnitInfo? unit))
        {
            if (Units.Count >= MostUnits && !Units.ContainsKey((unit.Target, unit.Lun))) continue;
            Units[(unit.Target, unit.Lun)] = unit;
            OnUnit?.Invoke(unit);
        }
        if (provider.NameCount > Names.Count) provider.NamesSince(Names.Count, Names);
        provider.TakeReservations(_reservations);
        foreach (ReservationInfo told in _reservations) OnReservation?.Invoke(told);
        _reservations.Clear();
    }

    /// <summary>The connection is over: <see cref="Connections"/> keeps it until <see cref="Forget"/>.</summary>
    /// <param name="info">As its source told it.</param>
    /// <param name="told">Why it ended, as far as its events tell.</param>
    /// <returns>The same with the cause of its end.</returns>
    public ConnectionInfo Close(ConnectionInfo info, ConnectionEnd told)
    {
        ConnectionEnd end = Deeper(info.End, told);
        if (_logins.Replaced(info)) end = Deeper(end, ConnectionEnd.Reinstated);
        info = info with { End = end };
        Connections[info.Id] = info;
        _ended[info.Id] = info;
        _endedInOrder.Enqueue(info.Id);
        if (_endedInOrder.Count > MostEnded && _ended.Remove(_endedInOrder.Dequeue(), out ConnectionInfo? oldest))
        {
            _logins.Forget(oldest);
            Dropped++;
        }
        return info;
    }

    /// <summary>Forgets a closed connection.</summary>
    public void Forget(uint connection) => Connections.Remove(connection);

    private void Take(ConnectionInfo info)
    {
        bool known = Connections.TryGetValue(info.Id, out ConnectionInfo? before);
        if (known && before!.Closed == 0) Leave(before);
        if (!known) Open++;
        if (info.Closed != 0)
        {
            Open--;
            Connections[info.Id] = info with { Closed = 0 };
            OnConnection?.Invoke(info with { Closed = 0 });
            Closed.Add(info);
            return;
        }
        Connections[info.Id] = info;
        Enter(info);
        OnConnection?.Invoke(info);
        ConnectionInfo? replaced = _logins.Enter(info, out bool reinstates);
        if (replaced is not null) Explain(replaced.Id, ConnectionEnd.Reinstated);
        if (reinstates) OnReinstated?.Invoke(info.Id);
    }

    private void Explain(uint connection, ConnectionEnd end)
    {
        if (!_ended.TryGetValue(connection, out ConnectionInfo? info) || Deeper(info.End, end) == info.End) return;
        info = info with { End = end };
        _ended[connection] = info;
        if (Connections.ContainsKey(connection)) Connections[connection] = info;
        OnExplained?.Invoke(info);
    }

    // The causes are in the order in which one explains the next: who logs out also closes the connection.
    private static ConnectionEnd Deeper(ConnectionEnd a, ConnectionEnd b) =>
        a == ConnectionEnd.None || (b != ConnectionEnd.None && b < a) ? b : a;

    private void Enter(ConnectionInfo info)
    {
        if (info.Tsih == 0) return;
        _sessions.TryGetValue(Session(info), out int connections);
        _sessions[Session(info)] = connections + 1;
    }

    private void Leave(ConnectionInfo info)
    {
        if (info.Tsih == 0 || !_sessions.TryGetValue(Session(info), out int connections)) return;
        if (connections == 1) _sessions.Remove(Session(info));
        else _sessions[Session(info)] = connections - 1;
    }

    private static (string, string, string, ushort) Session(ConnectionInfo info) => (info.Target, info.Initiator, info.Isid, info.Tsih);
}
