using System.Net;
using System.Net.Sockets;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Target.Server;

/// <summary>A server of iSCSI targets: portals, sessions and logical units, and the provider that observes them.</summary>
public sealed class TargetServer : IDisposable
{
    // Workers wait for devices; the pool adds threads too slowly for that by itself.
    private const int Workers = 32;

    // A burst of logins waits here while the machine is busy; what does not fit waits a second, for its SYN to come again.
    private const int Backlog = 1024;

    /// <summary>How long a connection that was aborted, or workers whose unit is closed, may take to end.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<Listener> _listeners = [];
    private readonly HashSet<Connection> _connections = [];
    private readonly List<Session> _sessions = [];
    private readonly AutoResetEvent _oneEnded = new(false);
    private readonly Targets _targets = new();
    private readonly Dictionary<IPAddress, (long Second, int Count)> _logged = [];
    private volatile TargetOptions _options;
    private volatile bool _stopping;
    private ushort _lastTsih;

    /// <summary>Opens the logical units.</summary>
    /// <exception cref="IOException">A store cannot be opened; the message names it.</exception>
    /// <exception cref="ArgumentException">A target's name or a LUN is wrong; the message says what would be right.</exception>
    public TargetServer(TargetOptions options, ILoggerFactory loggers)
    {
        _options = options;
        Logger = loggers.CreateLogger("iscsitop.target");
        Provider = new Provider("target");
        Targets.Change change = _targets.Prepare(options.AllTargets, options.StateDirectory);
        Limit(change, options);
        _targets.Commit(change);
        Begin(change);
    }

    /// <summary>What the server was told.</summary>
    public TargetOptions Options => _options;

    /// <summary>The probes.</summary>
    public Provider Provider { get; }

    /// <summary>Where it listens, with the ports it got.</summary>
    public IReadOnlyList<IPEndPoint> Portals { get; private set; } = [];

    /// <summary>What it serves, in a few words: the name of its only target, or how many there are.</summary>
    public string Description => _targets.All is [var only] ? only.Spec.Name : $"{_targets.All.Count} targets";

    /// <summary>Sessions that are logged in.</summary>
    public int SessionCount => Sessions().Count;

    internal ILogger Logger { get; }

    /// <summary>Seconds that initiators get to log out.</summary>
    internal ushort LogoutSeconds => (ushort)Math.Clamp(_options.Drain.TotalSeconds, 1, 3600);

    /// <summary>Listens and accepts.</summary>
    /// <exception cref="SocketException">A portal cannot be bound; its message names the portal.</exception>
    public void Start()
    {
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, Workers), completions);
        foreach (PortalGroup group in _options.AllPortalGroups)
            foreach (IPEndPoint portal in group.Portals)
                _listeners.Add(new Listener(Listen(portal), group));
        Portals = [.. _listeners.Select(l => l.Portal)];
        foreach (Listener listener in _listeners)
        {
            Log.Listening(Logger, listener.Portal, Description);
            new Thread(() => Accept(listener.Socket, listener.Portal)) { IsBackground = true, Name = "iscsi-accept" }.Start();
        }
    }

    /// <summary>
    /// Serves from now on what new options say, in all or, when they are wrong, in nothing. Sessions go on: what has changed
    /// for them they learn by unit attentions, and those of a target that is no more are asked to log out.
    /// </summary>
    /// <exception cref="IOException">A store cannot be opened; the message names it.</exception>
    /// <exception cref="ArgumentException">A value is wrong, or cannot change while the server runs; the message says which.</exception>
    public void Reload(TargetOptions options)
    {
        if (!SamePortals(options.AllPortalGroups, _options.AllPortalGroups))
            throw new ArgumentException("portals and their groups cannot change while the target runs (restart it)");
        Targets.Change change = _targets.Prepare(options.AllTargets, options.StateDirectory);
        lock (_lock)
        {
            _options = options;
            Limit(change, options);
            _targets.Commit(change);
            foreach (Session session in _sessions) Refresh(session);
        }
        Begin(change);
        foreach (LogicalUnit unit in change.Kept) Try(0, unit.Grow);
        foreach ((int lun, LogicalUnit unit) in change.Gone) Close(lun, unit);
        Log.Reloaded(Logger, Description);
    }

    /// <summary>
    /// Stops: asks initiators to log out (Async Message), waits for them at most <paramref name="grace"/> and a moment for the
    /// farewell of those who do not, closes what is left, flushes the stores.
    /// </summary>
    public void Stop(TimeSpan grace)
    {
        _stopping = true;
        if (grace > TimeSpan.Zero) grace += TimeSpan.FromMilliseconds(2 * Connection.TickMilliseconds);
        foreach (Listener listener in _listeners) listener.Socket.Dispose();
        foreach (Connection c in Connections())
            if (!c.LoggedIn)
                c.Abort();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (Connections().Count > 0 && grace - watch.Elapsed is var rest && rest > TimeSpan.Zero) _oneEnded.WaitOne(rest);
        List<Connection> left = Connections();
        foreach (Connection c in left) c.Abort();
        foreach (Connection c in left) c.WaitEnded(Patience);
        foreach (ServedTarget target in _targets.All)
            foreach ((int lun, LogicalUnit unit) in target.Units)
                Try(lun, unit.Store.Flush);
    }

    /// <summary>Closes everything at once.</summary>
    public void Dispose()
    {
        Stop(TimeSpan.Zero);
        _targets.Dispose();
    }

    /// <summary>The targets an initiator may know of and reach somewhere.</summary>
    internal IEnumerable<ServedTarget> TargetsFor(string initiator) => _targets.All.Where(t => t.Spec.Allows(initiator));

    /// <summary>A target the initiator may know of, null when there is none.</summary>
    internal ServedTarget? TargetFor(string name, string initiator) =>
        _targets.Find(name) is { } target && target.Spec.Allows(initiator) ? target : null;

    /// <summary>The portals of a target, with the tags of their groups.</summary>
    internal IEnumerable<(IPEndPoint Portal, ushort Tag)> PortalsOf(ServedTarget target) =>
        _listeners.Where(l => target.IsIn(l.Group)).Select(l => (l.Portal, l.Group.Tag));

    /// <summary>The group of the portal that a connection came to.</summary>
    internal PortalGroup GroupOf(IPEndPoint local) => _listeners.MaxBy(l => l.Closeness(local))!.Group;

    /// <summary>Why an initiator may not log in to a target by a portal group; null when it may.</summary>
    /// <param name="name">The target's name.</param>
    /// <param name="initiator">The initiator's.</param>
    /// <param name="group">The group it came to.</param>
    /// <param name="answer">Gets what the answer is to tell of the target.</param>
    internal (LoginStatus Status, string Reason)? Refuse(string name, string initiator, PortalGroup group, TextBuilder answer)
    {
        if (_targets.Find(name) is not { } target || !target.IsIn(group))
            return _targets.WasRemoved(name)
                ? (LoginStatus.TargetRemoved, $"there is no target {Text.Escape(name)} any more")
                : (LoginStatus.NotFound, $"there is no target {Text.Escape(name)}");
        if (!target.Spec.Allows(initiator)) return (LoginStatus.AuthorizationFailure, $"{Text.Escape(initiator)} may not log in to {name}");
        if (target.Spec.Redirection is { } elsewhere)
        {
            answer.Clear();
            answer.Add("TargetAddress", elsewhere.Address.ToString());
            return (elsewhere.Permanent ? LoginStatus.TargetMovedPermanently : LoginStatus.TargetMovedTemporarily, $"{name} is at {elsewhere.Address}");
        }
        if (target.Spec.Alias.Length > 0) answer.Add("TargetAlias", target.Spec.Alias);
        return null;
    }

    /// <summary>What a login must prove: to a target, or for discovery when the name is null.</summary>
    internal Authentication AuthenticationFor(string? target) =>
        target is null ? _options.DiscoveryAuthentication : _targets.Find(target)?.Spec.Authentication ?? Authentication.None;

    /// <summary>The I_T nexus of a login.</summary>
    internal Nexus NexusOf(string target, string initiator, ReadOnlySpan<byte> isid, IPEndPoint local)
    {
        ServedTarget served = TargetFor(target, initiator) ?? ServedTarget.Gone;
        PortalGroup group = GroupOf(local);
        int relativePort = 1 + _options.AllPortalGroups.TakeWhile(g => g.Tag != group.Tag).Count();
        return new Nexus(initiator, isid.ToArray(), target, group.Tag, served.UnitsOf(initiator), (ushort)relativePort) { ReadOnly = served.IsReadOnlyFor(initiator) };
    }

    /// <summary>Whether a session is to end: the server does, or its target is no more.</summary>
    internal bool AsksToLeave(Session session) => _stopping || (!session.Discovery && _targets.Find(session.Target) is null);

    internal List<Connection> Connections()
    {
        lock (_lock) return [.. _connections];
    }

    internal List<Session> Sessions()
    {
        lock (_lock) return [.. _sessions];
    }

    /// <summary>Puts a session whose login has succeeded in its place: new, or instead of an old one (RFC 7143 §6.3.1).</summary>
    internal LoginStatus Establish(Session session, Connection connection)
    {
        Session? old;
        lock (_lock)
        {
            // Discovery sessions stand outside the ISID rule (RFC 7143 §7.4.2).
            old = session.Discovery ? null : _sessions.Find(session.HasPortsOf);
        }
        if (session.Tsih != 0 && (old is null || old.Tsih != session.Tsih)) return LoginStatus.SessionDoesNotExist;
        if (session.Tsih != 0 && old!.Connections.All(c => c.Cid != connection.Cid)) return LoginStatus.TooManyConnections;
        if (old is not null)
        {
            // The old connection's writes must have ended before the new session's begin.
            old.Abort(ConnectionEnd.Reinstated);
            if (!old.WaitEnded(Patience)) return LoginStatus.ServiceUnavailable;
            if (MayLog(connection.Remote.Address)) Log.Reinstated(Logger, connection.Remote, Text.Escape(session.Initiator), session.Isid);
        }
        lock (_lock)
        {
            if (!session.Discovery && _sessions.Exists(session.HasPortsOf))
                return LoginStatus.ServiceUnavailable; // a login of the same name and ISID was quicker
            // A reload may have come since its login began.
            if (!session.Discovery && _targets.Find(session.Target) is null) return LoginStatus.TargetRemoved;
            if (_sessions.Count(s => s.Initiator == session.Initiator) >= _options.MaxSessionsPerInitiator) return LoginStatus.OutOfResources;
            if (session.Tsih == 0) session.Tsih = FreeTsih();
            _sessions.Add(session);
            Refresh(session);
        }
        session.Nexus?.Attach();
        return LoginStatus.Success;
    }

    /// <summary>The session a login with a TSIH wants to add a connection to (RFC 7143 §6.3.1); null when there is none that takes it.</summary>
    internal Session? FindShared(string initiator, string isid, ushort tsih, string target, PortalGroup group)
    {
        lock (_lock)
            return _sessions.Find(s => s.Shared && s.Tsih == tsih && s.Initiator == initiator && s.Isid == isid && s.Target == target && s.Nexus?.PortalGroup == group.Tag);
    }

    /// <summary>Adds a connection to a session that takes it.</summary>
    internal LoginStatus Join(Session session, Connection connection)
    {
        LoginStatus status = session.Join(connection, Patience);
        if (status != LoginStatus.Success && session.IsOver) Forget(session);
        return status;
    }

    /// <summary>A connection has left its session, which may be over with that.</summary>
    internal void Leave(Session session, Connection connection, FullFeature? phase)
    {
        if (session.Leave(connection, phase)) Forget(session);
    }

    private void Forget(Session session)
    {
        lock (_lock)
            if (!_sessions.Remove(session))
                return;
        session.Nexus?.Detach();
    }

    internal void Ended(Connection connection)
    {
        lock (_lock) _connections.Remove(connection);
        _oneEnded.Set();
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
        int limit = _options.LogsPerSecond;
        if (count == limit + 1) Log.Suppressed(Logger, peer, limit);
        return count <= limit;
    }

    /// <summary>Gives a session the units its target has for it by now. One that no entry allows any more keeps what is left of its own.</summary>
    private void Refresh(Session session)
    {
        if (session.Nexus is not { } nexus) return;
        ServedTarget target = _targets.Find(session.Target) ?? ServedTarget.Gone;
        bool allowed = target.Spec.Allows(session.Initiator);
        if (allowed) nexus.ReadOnly = target.IsReadOnlyFor(session.Initiator);
        nexus.Update(allowed
            ? target.UnitsOf(session.Initiator)
            : nexus.Luns.ToArray().Where(l => target.Units.Values.Contains(nexus.Find((ulong)l))).ToDictionary(l => l, l => nexus.Find((ulong)l)!));
    }

    private static void Limit(Targets.Change change, TargetOptions options)
    {
        BufferPool.Limit = options.MaxBuffers;
        foreach (LogicalUnit unit in change.Kept.Concat(change.Opened.Select(o => o.Unit)))
        {
            unit.MaxCopies = options.MaxCopies;
            unit.Reservations.MaxRegistrations = options.MaxRegistrations;
        }
    }

    /// <summary>What is not to happen for a configuration that is refused.</summary>
    private void Begin(Targets.Change change)
    {
        foreach ((string target, int lun, LogicalUnit unit) in change.Opened)
        {
            Provider.UnitChanges.Enqueue(new UnitInfo(target, (ulong)lun, unit.Serial, unit.BlockSize)
            {
                Identity = $"naa.{Convert.ToHexStringLower(unit.Designator)}",
            });
            unit.Reservations.Announce(Provider, target, (ulong)lun);
            unit.Sanitizer.Resume();
        }
    }

    /// <summary>Closes a unit that nobody sees any more, when what workers had in hand has ended.</summary>
    private void Close(int lun, LogicalUnit unit)
    {
        SpinWait.SpinUntil(() => unit.IsQuietBefore(unit.Generation + 1), Patience);
        Try(lun, unit.Store.Flush);
        unit.Store.Dispose();
    }

    private void Try(int lun, Action act)
    {
        try
        {
            act();
        }
        catch (IOException e)
        {
            Log.StoreFailed(Logger, (ulong)lun, e.Message);
        }
    }

    private static bool SamePortals(IReadOnlyList<PortalGroup> some, IReadOnlyList<PortalGroup> others) =>
        some.Count == others.Count && some.Zip(others).All(g => g.First.Tag == g.Second.Tag && g.First.Portals.SequenceEqual(g.Second.Portals));

    private static Socket Listen(IPEndPoint portal)
    {
        var listener = new Socket(portal.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // A restarted target must not wait for the old one's connections to time out; Windows means theft by it.
            if (!OperatingSystem.IsWindows()) listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (portal.AddressFamily == AddressFamily.InterNetworkV6) listener.DualMode = false;
            listener.Bind(portal);
            listener.Listen(Backlog);
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
        long since = Environment.TickCount64 - (long)Options.HalfOpenGrace.TotalMilliseconds;
        int all = 0, ofAddress = 0;
        Connection? oldest = null, ofSame = null;
        foreach (Connection c in _connections)
        {
            if (c.LoggedIn || c.Doomed) continue;
            if (oldest is null || c.Id < oldest.Id) oldest = c;
            if (c.Began > since) continue;
            all++;
            if (!c.Remote.Address.Equals(address)) continue;
            ofAddress++;
            if (ofSame is null || c.Id < ofSame.Id) ofSame = c;
        }
        if (ofAddress >= Options.MaxHalfOpenPerAddress) return ofSame;
        return full || all >= Options.MaxHalfOpen ? oldest : null;
    }

    /// <summary>A bound portal.</summary>
    private sealed record Listener(Socket Socket, PortalGroup Group)
    {
        /// <summary>Where it listens, with the port it got.</summary>
        public IPEndPoint Portal { get; } = (IPEndPoint)Socket.LocalEndPoint!;

        /// <summary>How well an address that a connection came to fits: the portal itself, a wildcard, another.</summary>
        public int Closeness(IPEndPoint local) => Portal.Equals(local) ? 2 : Portal.Port == local.Port && Portal.IsWildcard() ? 1 : 0;
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

/// <summary>What portals are asked.</summary>
internal static class PortalExtensions
{
    /// <summary>Whether it is every address of the machine, and none to connect to.</summary>
    public static bool IsWildcard(this IPEndPoint portal) => portal.Address.Equals(IPAddress.Any) || portal.Address.Equals(IPAddress.IPv6Any);
}
