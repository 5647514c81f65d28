using System.Net;
using System.Net.Sockets;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Target.Server;

/// <summary>An iSCSI target: portals, sessions and logical units, and the provider that observes them.</summary>
public sealed class TargetServer : IDisposable
{
    /// <summary>The one target portal group.</summary>
    internal const ushort PortalGroup = 1;

    // Workers wait for devices; the pool adds threads too slowly for that by itself.
    private const int Workers = 32;
    private const int LogsPerSecond = 10;

    private readonly Lock _lock = new();
    private readonly List<Socket> _listeners = [];
    private readonly HashSet<Connection> _connections = [];
    private readonly List<Session> _sessions = [];
    private readonly Dictionary<int, LogicalUnit> _units = [];
    private readonly Dictionary<IPAddress, (long Second, int Count)> _logged = [];
    private volatile bool _stopping;
    private ushort _lastTsih;

    /// <summary>Opens the logical units.</summary>
    /// <exception cref="IOException">A store cannot be opened; the message names it.</exception>
    /// <exception cref="ArgumentException">The target's name or a LUN is wrong; the message says what would be right.</exception>
    public TargetServer(TargetOptions options, ILoggerFactory loggers)
    {
        if (IscsiName.Check(options.Name) is { } wrong) throw new ArgumentException($"target name '{Text.Escape(options.Name)}': {wrong}");
        Options = options;
        Logger = loggers.CreateLogger("iscsitop.target");
        Provider = new Provider("target");
        try
        {
            foreach (LunSpec spec in options.Luns)
            {
                if (_units.ContainsKey(spec.Lun)) throw new ArgumentException($"LUN {spec.Lun} is given twice");
                LogicalUnit unit = LogicalUnit.Open(spec, options.Name, options.StateDirectory);
                _units.Add(spec.Lun, unit);
                Provider.UnitChanges.Enqueue(new UnitInfo(options.Name, (ulong)spec.Lun, unit.Serial, unit.BlockSize));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the target was told.</summary>
    public TargetOptions Options { get; }

    /// <summary>The probes.</summary>
    public Provider Provider { get; }

    /// <summary>Where it listens, with the ports it got.</summary>
    public IReadOnlyList<IPEndPoint> Portals { get; private set; } = [];

    internal ILogger Logger { get; }

    internal bool Stopping => _stopping;

    /// <summary>Listens and accepts.</summary>
    /// <exception cref="SocketException">A portal cannot be bound; its message names the portal.</exception>
    public void Start()
    {
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, Workers), completions);
        foreach (IPEndPoint portal in Options.Portals) _listeners.Add(Listen(portal));
        Portals = [.. _listeners.Select(l => (IPEndPoint)l.LocalEndPoint!)];
        for (int i = 0; i < _listeners.Count; i++)
        {
            Socket listener = _listeners[i];
            IPEndPoint portal = Portals[i];
            Log.Listening(Logger, portal, Options.Name);
            new Thread(() => Accept(listener, portal)) { IsBackground = true, Name = "iscsi-accept" }.Start();
        }
    }

    /// <summary>Stops: asks initiators to log out (Async Message), waits for them at most <paramref name="grace"/>, closes what is left, flushes the stores.</summary>
    public void Stop(TimeSpan grace)
    {
        _stopping = true;
        foreach (Socket listener in _listeners) listener.Dispose();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (Connection c in Connections())
        {
            if (!c.LoggedIn) c.Abort();
            TimeSpan left = grace - watch.Elapsed;
            if (left > TimeSpan.Zero) c.WaitEnded(left);
        }
        foreach (Connection c in Connections())
        {
            c.Abort();
            c.WaitEnded(TimeSpan.FromSeconds(5));
        }
        foreach ((int lun, LogicalUnit unit) in _units)
        {
            try
            {
                unit.Store.Flush();
            }
            catch (IOException e)
            {
                Log.StoreFailed(Logger, (ulong)lun, e.Message);
            }
        }
    }

    /// <summary>Closes everything at once.</summary>
    public void Dispose()
    {
        Stop(TimeSpan.Zero);
        foreach (LogicalUnit unit in _units.Values) unit.Store.Dispose();
        _units.Clear();
    }

    internal bool HasTarget(string name) => string.Equals(name, Options.Name, StringComparison.Ordinal);

    /// <summary>What a login must prove: to a target, or for discovery when the name is null.</summary>
    internal Authentication AuthenticationFor(string? target) => target is null ? Options.DiscoveryAuthentication : Options.Authentication;

    internal Nexus NexusOf(string initiator, ReadOnlySpan<byte> isid) => new(initiator, isid.ToArray(), Options.Name, PortalGroup, _units);

    internal List<Connection> Connections()
    {
        lock (_lock) return [.. _connections];
    }

    internal List<Session> Sessions()
    {
        lock (_lock) return [.. _sessions];
    }

    /// <summary>Puts a session whose login has succeeded in its place: new, or instead of an old one (RFC 7143 §6.3.1).</summary>
    internal LoginStatus Establish(Session session)
    {
        Session? old;
        lock (_lock)
        {
            // Discovery sessions stand outside the ISID rule (RFC 7143 §7.4.2).
            old = session.Discovery ? null : _sessions.Find(s => !s.Discovery && s.Initiator == session.Initiator && s.Isid == session.Isid);
        }
        if (session.Tsih != 0 && (old is null || old.Tsih != session.Tsih)) return LoginStatus.SessionDoesNotExist;
        if (session.Tsih != 0 && old!.Connection.Cid != session.Connection.Cid) return LoginStatus.TooManyConnections;
        if (old is not null)
        {
            // The old connection's writes must have ended before the new session's begin.
            old.Connection.Abort();
            if (!old.Connection.WaitEnded(TimeSpan.FromSeconds(10))) return LoginStatus.ServiceUnavailable;
            if (MayLog(session.Connection.Remote.Address)) Log.Reinstated(Logger, session.Connection.Remote, Text.Escape(session.Initiator), session.Isid);
        }
        lock (_lock)
        {
            if (!session.Discovery && _sessions.Exists(s => s.Initiator == session.Initiator && s.Isid == session.Isid && !s.Discovery))
                return LoginStatus.ServiceUnavailable; // a login of the same name and ISID was quicker
            if (session.Tsih == 0) session.Tsih = FreeTsih();
            _sessions.Add(session);
        }
        session.Nexus?.Attach();
        return LoginStatus.Success;
    }

    internal void Remove(Session session)
    {
        lock (_lock) _sessions.Remove(session);
        session.Nexus?.Detach();
    }

    internal void Ended(Connection connection)
    {
        lock (_lock) _connections.Remove(connection);
    }

    /// <summary>Whether a message about this peer may be logged: the first ten of a second, then one that says so.</summary>
    internal bool MayLog(IPAddress peer)
    {
        long second = Environment.TickCount64 / 1000;
        int count;
        lock (_logged)
        {
            if (_logged.Count > 1024) _logged.Clear();
            (long Second, int Count) seen = _logged.GetValueOrDefault(peer);
            count = seen.Second == second ? seen.Count + 1 : 1;
            _logged[peer] = (second, count);
        }
        if (count == LogsPerSecond + 1) Log.Suppressed(Logger, peer, LogsPerSecond);
        return count <= LogsPerSecond;
    }

    private static Socket Listen(IPEndPoint portal)
    {
        var listener = new Socket(portal.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // A restarted target must not wait for the old one's connections to time out; Windows means theft by it.
            if (!OperatingSystem.IsWindows()) listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (portal.AddressFamily == AddressFamily.InterNetworkV6) listener.DualMode = false;
            listener.Bind(portal);
            listener.Listen(128);
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new PortalException(portal, e);
        }
    }

    private void Accept(Socket listener, IPEndPoint portal)
    {
        while (!_stopping)
        {
            Socket socket;
            try
            {
                socket = listener.Accept();
            }
            catch (SocketException e) when (!_stopping)
            {
                Log.AcceptFailed(Logger, portal, e.Message);
                Thread.Sleep(50); // out of descriptors, say: no reason to spin
                continue;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
            try
            {
                Admit(socket);
            }
            catch (SocketException)
            {
                socket.Dispose(); // it was gone before we looked
            }
#pragma warning disable CA1031 // No thread, no memory: this connection is lost, the next may not be.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.AcceptFailed(Logger, portal, e.Message);
                socket.Dispose();
            }
        }
    }

    private void Admit(Socket socket)
    {
        var remote = (IPEndPoint)socket.RemoteEndPoint!;
        Connection? oldest;
        lock (_lock)
        {
            oldest = OldestHalfOpen(remote.Address);
            if (oldest is null && _connections.Count >= Options.MaxConnections)
            {
                if (MayLog(remote.Address)) Log.NotAccepted(Logger, remote, $"there are {Options.MaxConnections} connections already");
                socket.Dispose();
                return;
            }
        }
        // Who does not log in cannot keep out who does.
        oldest?.Abort();
        var connection = new Connection(socket, this);
        lock (_lock) _connections.Add(connection);
        connection.Start();
    }

    /// <summary>The connection to give up for a new one, null while there is room.</summary>
    private Connection? OldestHalfOpen(IPAddress address)
    {
        bool full = _connections.Count >= Options.MaxConnections;
        int ofAddress = 0;
        Connection? oldest = null;
        foreach (Connection c in _connections)
        {
            if (c.LoggedIn || c.Doomed) continue;
            bool same = c.Remote.Address.Equals(address);
            if (same) ofAddress++;
            if ((full || same) && (oldest is null || c.Id < oldest.Id)) oldest = c;
        }
        return full || ofAddress >= Options.MaxHalfOpenPerAddress ? oldest : null;
    }

    private ushort FreeTsih()
    {
        do _lastTsih = _lastTsih == ushort.MaxValue ? (ushort)1 : (ushort)(_lastTsih + 1);
        while (_sessions.Exists(s => s.Tsih == _lastTsih));
        return _lastTsih;
    }
}

/// <summary>A portal could not be bound.</summary>
public sealed class PortalException(IPEndPoint portal, SocketException inner)
    : IOException(Describe(portal, inner), inner)
{
    private static string Describe(IPEndPoint portal, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"portal {portal}: the port is in use; another target may be running (choose one with --portal)",
        SocketError.AddressNotAvailable => $"portal {portal}: this machine has no such address",
        SocketError.AccessDenied => $"portal {portal}: permission denied; ports below 1024 are the system's",
        _ => $"portal {portal}: {e.Message}",
    };
}
