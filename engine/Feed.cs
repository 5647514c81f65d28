using System.Runtime.ExceptionServices;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What a subscriber asks an engine for.</summary>
/// <param name="Events">Mask of the probes whose events are wanted; 0 for none.</param>
/// <param name="Interval">Time between snapshots of cells; zero for none. An engine keeps to 10 ms at least.</param>
/// <param name="Commands">Whether completed commands are wanted.</param>
public readonly record struct Wants(uint Events, TimeSpan Interval, bool Commands = false)
{
    /// <summary>Whether the engine must follow commands for this.</summary>
    internal bool Follow => Interval > TimeSpan.Zero || Commands || (Events & ~ProbeSet.Pdus) != 0;

    /// <summary>Whether anything but the status is wanted.</summary>
    internal bool Anything => Interval > TimeSpan.Zero || Commands || Events != 0;
}

/// <summary>One event as a subscriber gets it, with the names behind its ids.</summary>
/// <param name="Connection">The connection, with addresses; names in it may be newer than the event's own.</param>
/// <param name="Target">Target name at the time of the event, "" before it was seen.</param>
/// <param name="Initiator">Initiator name at the time of the event.</param>
/// <param name="WallTime">Time of the event, ns since 1970.</param>
/// <param name="Engine">The engine that saw it.</param>
public readonly record struct EventContext(ConnectionInfo Connection, string Target, string Initiator, long WallTime, EngineStatus Engine);

/// <summary>Receives events on a feed's reading thread.</summary>
/// <param name="e">The event; valid during the call.</param>
/// <param name="context">The names behind its ids.</param>
public delegate void EventHandler(in ProbeEvent e, in EventContext context);

/// <summary>Receives completed commands on a feed's reading thread.</summary>
/// <param name="command">The command; valid during the call.</param>
/// <param name="context">The names behind its ids, at its completion.</param>
public delegate void CommandHandler(in CompletedCommand command, in EventContext context);

/// <summary>An engine as <c>iscsitop list</c> shows it.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Path">Its pipe.</param>
/// <param name="Source">What its provider observes, "" when it could not be asked.</param>
/// <param name="Version">Version of the program that hosts it.</param>
/// <param name="Probes">Mask of the probes it offers.</param>
/// <param name="Enabled">Mask of those somebody has asked for.</param>
/// <param name="Connections">Connections open.</param>
/// <param name="Sessions">Sessions open.</param>
/// <param name="Subscribers">Subscribers attached, without the one that asked.</param>
/// <param name="Problem">Why it could not be asked, "" when it could.</param>
public sealed record EngineListing(
    int Pid, string Path, string Source = "", string Version = "", uint Probes = 0, uint Enabled = 0,
    int Connections = 0, int Sessions = 0, int Subscribers = 0, string Problem = "");

/// <summary>
/// A viewer's subscription to every engine it may open: finds them, attaches to those that come, survives those that go,
/// and merges what they send.
/// </summary>
public sealed class Feed : IDisposable
{
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_forgive = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly IReadOnlyList<string> _directories;
    private readonly HashSet<int> _pids;
    private readonly EventHandler? _onEvent;
    private readonly CommandHandler? _onCommand;
    private readonly List<EngineLink> _links = [];
    private readonly Dictionary<(string Directory, int Pid), long> _refused = [];
    private readonly HashSet<int> _found = [];
    private readonly Snapshot _snapshot = new();
    private readonly AutoResetEvent _arrived = new(false);
    private readonly ManualResetEvent _closing = new(false);
    private readonly WaitHandle[] _waits;
    private readonly Thread _looking;
    private ExceptionDispatchInfo? _failure;
    private Wants _wants;

    private Feed(Wants wants, IReadOnlyList<string> directories, IReadOnlyList<int>? pids, EventHandler? onEvent, CommandHandler? onCommand)
    {
        StreamFormat.RequireLittleEndian();
        _wants = wants;
        _directories = directories;
        _pids = [.. pids ?? []];
        _onEvent = onEvent;
        _onCommand = onCommand;
        _waits = [_arrived, _closing, _closing];
        _looking = new Thread(Look) { IsBackground = true, Name = "feed" };
    }

    /// <summary>Attaches to the engines there are, and to those that come later.</summary>
    /// <param name="wants">What to ask for. Completed commands are asked for when there is an <paramref name="onCommand"/>.</param>
    /// <param name="pids">The engines to attach to; null or empty for every one.</param>
    /// <param name="onEvent">Called for each event, in the order of each engine; null when none are wanted.</param>
    /// <param name="onCommand">Called for each completed command; null when none are wanted.</param>
    /// <exception cref="EngineNotFoundException">An engine asked for by its pid is not there.</exception>
    /// <exception cref="PipeException">An engine asked for, or the only ones there are, may not be opened.</exception>
    public static Feed Open(Wants wants, IReadOnlyList<int>? pids = null, EventHandler? onEvent = null, CommandHandler? onCommand = null) =>
        Open(wants, PipeDirectory.Candidates, pids, onEvent, onCommand);

    internal static Feed Open(
        Wants wants, IReadOnlyList<string> directories, IReadOnlyList<int>? pids = null, EventHandler? onEvent = null, CommandHandler? onCommand = null)
    {
        var feed = new Feed(wants with { Commands = wants.Commands || onCommand is not null }, directories, pids, onEvent, onCommand);
        try
        {
            feed.AttachFirst();
        }
        catch
        {
            feed.Close();
            throw;
        }
        feed._looking.Start();
        return feed;
    }

    /// <summary>The engines that run here, in the order of their process ids.</summary>
    public static IReadOnlyList<EngineListing> Discover() => Discover(PipeDirectory.Candidates);

    internal static IReadOnlyList<EngineListing> Discover(IReadOnlyList<string> directories)
    {
        var listings = new List<EngineListing>();
        foreach (string directory in directories)
        {
            var pids = new SortedSet<int>();
            Pipe.Find(directory, pids);
            foreach (int pid in pids)
                if (EngineLink.Ask(directory, pid) is { } listing)
                    listings.Add(listing);
        }
        return [.. listings.OrderBy(l => l.Pid)];
    }

    /// <summary>Waits until every engine attached has delivered a snapshot newer than the last one taken, or the time is over.</summary>
    /// <returns>Whether there is something new of every engine; an engine that went counts. False also when cancelled.</returns>
    public bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation)
    {
        long deadline = Environment.TickCount64 + (long)Math.Clamp(timeout.TotalMilliseconds, 0, int.MaxValue);
        _waits[2] = cancellation.CanBeCanceled ? cancellation.WaitHandle : _closing;
        while (true)
        {
            _failure?.Throw();
            if (Ready()) return true;
            int left = (int)Math.Min(deadline - Environment.TickCount64, int.MaxValue);
            if (left <= 0 || WaitHandle.WaitAny(_waits, left) != 0) return Ready();
        }
    }

    /// <summary>What happened since the last call, merged over the engines. The snapshot is reused by the next call.</summary>
    public Snapshot Take()
    {
        _failure?.Throw();
        _snapshot.Cells.Clear();
        _snapshot.Units.Clear();
        _snapshot.Engines.Clear();
        _snapshot.Seconds = 0;
        _snapshot.Time = Clock.Now + Clock.WallOffset;
        lock (_gate)
        {
            long time = 0;
            for (int i = 0; i < _links.Count; i++)
            {
                EngineLink link = _links[i];
                link.Mirror.TakeInto(_snapshot);
                time = Math.Max(time, link.Mirror.WallTime);
                if (link.Mirror.Status.Alive) continue;
                _links.RemoveAt(i--);
                link.Dispose();
            }
            if (time != 0) _snapshot.Time = time;
        }
        return _snapshot;
    }

    /// <summary>Changes the interval asked for.</summary>
    public void SetInterval(TimeSpan interval)
    {
        lock (_gate)
        {
            _wants = _wants with { Interval = interval };
            foreach (EngineLink link in _links) link.Ask(_wants);
        }
    }

    /// <summary>Detaches.</summary>
    public void Dispose()
    {
        if (_closing.WaitOne(0)) return;
        Close();
        if (_looking.IsAlive) _looking.Join();
        EngineLink[] links;
        lock (_gate) links = [.. _links];
        foreach (EngineLink link in links) link.Join();
    }

    private void Close()
    {
        _closing.Set();
        lock (_gate)
            foreach (EngineLink link in _links) link.Dispose();
    }

    private bool Ready()
    {
        lock (_gate)
        {
            foreach (EngineLink link in _links)
                if (!link.Mirror.Fresh && link.Mirror.Alive) return false;
            return _links.Count > 0;
        }
    }

    private void AttachFirst()
    {
        PipeException? problem = null;
        foreach (int pid in _pids) AttachAnywhere(pid);
        if (_pids.Count > 0) return;
        foreach (string directory in _directories)
        {
            _found.Clear();
            Pipe.Find(directory, _found);
            foreach (int pid in _found) problem = TryAttach(directory, pid) ?? problem;
        }
        if (_links.Count == 0 && problem is not null and not EngineNotFoundException) throw problem;
    }

    private void AttachAnywhere(int pid)
    {
        PipeException? problem = null;
        foreach (string directory in _directories)
        {
            PipeException? here = TryAttach(directory, pid);
            if (here is null)
            {
                // Who is asked for by pid must be an engine before anything is shown.
                if (EngineLink.Ask(directory, pid) is { Problem: { Length: > 0 } wrong }) throw new PipeException($"what listens as pid {pid} is no engine one can read: {wrong}");
                return;
            }
            if (problem is null or EngineNotFoundException) problem = problem is null || here is not EngineNotFoundException ? here : problem;
        }
        throw problem ?? new EngineNotFoundException($"no engine with pid {pid}: there is no directory for pipes");
    }

    private PipeException? TryAttach(string directory, int pid)
    {
        try
        {
            var link = new EngineLink(directory, pid, _gate, _onEvent, _onCommand) { OnNews = News, OnFailure = Failed };
            lock (_gate)
            {
                if (_closing.WaitOne(0)) link.Dispose();
                else _links.Add(link);
                link.Start(_wants);
            }
            return null;
        }
        catch (PipeException e)
        {
            return e;
        }
    }

    private void News() => _arrived.Set();

    private void Failed(Exception e)
    {
        _failure ??= ExceptionDispatchInfo.Capture(e);
        News();
    }

    private void Look()
    {
        while (!_closing.WaitOne(s_lookAgain))
            foreach (string directory in _directories)
            {
                _found.Clear();
                Pipe.Find(directory, _found);
                foreach (int pid in _found)
                    if ((_pids.Count == 0 || _pids.Contains(pid)) && !Attached(directory, pid) && !Refused(directory, pid))
                        if (TryAttach(directory, pid) is not null) _refused[(directory, pid)] = Environment.TickCount64;
            }
    }

    private bool Attached(string directory, int pid)
    {
        lock (_gate)
        {
            foreach (EngineLink link in _links)
                if (link.Pid == pid && link.Directory == directory) return true;
            return false;
        }
    }

    private bool Refused(string directory, int pid) =>
        _refused.TryGetValue((directory, pid), out long when) && Environment.TickCount64 - when < s_forgive.TotalMilliseconds;
}
