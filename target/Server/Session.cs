using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Server;

/// <summary>A session: an I_T nexus, its negotiated parameters, its command numbering and its connections (RFC 7143 §4.4).</summary>
internal sealed class Session
{
    private readonly Lock _lock = new();
    private Connection[] _connections;
    private FullFeature[] _phases = [];
    private int _joining;
    private bool _over;

    public Session(Connection leading, Parameters parameters, int depth)
    {
        _connections = [leading];
        Parameters = parameters;
        Shared = parameters[Key.MaxConnections] > 1;
        Numbering = new CommandNumbering(Shared, depth);
    }

    /// <summary>The SCSI side of the nexus; null in a discovery session.</summary>
    public Nexus? Nexus { get; init; }

    public required string Initiator { get; init; }

    /// <summary>Target name, "" in a discovery session.</summary>
    public required string Target { get; init; }

    /// <summary>ISID as 12 hex digits.</summary>
    public required string Isid { get; init; }

    public ushort Tsih { get; set; }

    /// <summary>What the leading login agreed upon; a connection's own is in <see cref="Connection.Parameters"/>.</summary>
    public Parameters Parameters { get; }

    public bool Discovery => Nexus is null;

    /// <summary>Whether there may be several connections (MC/S).</summary>
    public bool Shared { get; }

    /// <summary>Set when a connection of it has logged the whole session out.</summary>
    public volatile bool LoggedOut;

    /// <summary>The order of its commands.</summary>
    public CommandNumbering Numbering { get; }

    /// <summary>Its connections.</summary>
    public IReadOnlyList<Connection> Connections => Volatile.Read(ref _connections);

    /// <summary>Its connections in the full feature phase.</summary>
    public IReadOnlyList<FullFeature> Phases => Volatile.Read(ref _phases);

    /// <summary>Tasks in hand on all its connections.</summary>
    public int TaskCount
    {
        get
        {
            int count = 0;
            foreach (FullFeature phase in Volatile.Read(ref _phases)) count += phase.TaskCount;
            return count;
        }
    }

    /// <summary>Whether two sessions are between the same SCSI ports (RFC 7143 §6.3.1); discovery sessions have none (§7.4.2).</summary>
    public bool HasPortsOf(Session other) =>
        Nexus is { } mine && other.Nexus is { } theirs && Initiator == other.Initiator && Isid == other.Isid
        && Target == other.Target && mine.PortalGroup == theirs.PortalGroup;

    /// <summary>Whether it has ended: nobody is in it, and nobody can join it any more.</summary>
    public bool IsOver
    {
        get
        {
            lock (_lock) return _over && _connections.Length == 0;
        }
    }

    /// <summary>
    /// Takes in another connection; one of the same CID makes room for it first (RFC 7143 §6.3.4). When that fails, and the last
    /// connection has left meanwhile, the session is over.
    /// </summary>
    public LoginStatus Join(Connection connection, TimeSpan patience)
    {
        BeginJoin();
        return EndJoin(connection, Replace(connection.Cid, patience));
    }

    /// <summary>From now on the session waits for who joins, even when its last connection leaves.</summary>
    public void BeginJoin()
    {
        lock (_lock) _joining++;
    }

    /// <summary>The end of <see cref="BeginJoin"/>.</summary>
    /// <param name="connection">Who joins.</param>
    /// <param name="replaced">Whether the connection of its CID has made room.</param>
    public LoginStatus EndJoin(Connection connection, bool replaced)
    {
        lock (_lock)
        {
            _joining--;
            // Nobody else comes, and nobody will tell that it is over: whoever left relied on us.
            if (!replaced && _joining == 0) _over |= _connections.Length == 0;
            if (!replaced) return LoginStatus.ServiceUnavailable;
            if (_over) return LoginStatus.SessionDoesNotExist;
            // Another login of the same CID was quicker: neither found one to replace.
            if (Array.Exists(_connections, c => c.Cid == connection.Cid)) return LoginStatus.ServiceUnavailable;
            if (_connections.Length >= Parameters[Key.MaxConnections]) return LoginStatus.TooManyConnections;
            Volatile.Write(ref _connections, [.. _connections, connection]);
            return LoginStatus.Success;
        }
    }

    /// <summary>A connection has reached its full feature phase.</summary>
    public void Add(FullFeature phase)
    {
        lock (_lock) Volatile.Write(ref _phases, [.. _phases, phase]);
    }

    /// <summary>
    /// A connection has ended. At error recovery level 0 one that fails takes the session with it (RFC 7143 §7.1.5); one that was
    /// logged out or replaced does not.
    /// </summary>
    /// <returns>Whether the session is over.</returns>
    public bool Leave(Connection connection, FullFeature? phase)
    {
        lock (_lock)
        {
            Volatile.Write(ref _connections, [.. _connections.Where(c => c != connection)]);
            Volatile.Write(ref _phases, [.. _phases.Where(p => p != phase)]);
            _over |= !connection.Leaves || (_connections.Length == 0 && _joining == 0);
        }
        if (phase is not null && Shared) Numbering.PlugWhere((of, _) => of == phase);
        if (_over) Abort(LoggedOut ? ConnectionEnd.Logout : ConnectionEnd.TargetFin, except: connection);
        return IsOver;
    }

    /// <summary>Ends its connections but one.</summary>
    public void Abort(ConnectionEnd why, Connection? except = null)
    {
        foreach (Connection connection in Connections)
            if (connection != except)
                connection.Abort(why);
    }

    /// <summary>Waits until its connections have ended.</summary>
    public bool WaitEnded(TimeSpan timeout)
    {
        long deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        foreach (Connection connection in Connections)
            if (!connection.WaitEnded(TimeSpan.FromMilliseconds(Math.Max(0, deadline - Environment.TickCount64))))
                return false;
        return true;
    }

    private bool Replace(ushort cid, TimeSpan patience)
    {
        if (Array.Find(_connections, c => c.Cid == cid) is not { } old) return true;
        old.Leaves = true;
        old.Abort(ConnectionEnd.Reinstated);
        return old.WaitEnded(patience);
    }
}
