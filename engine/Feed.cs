using System.Runtime.ExceptionServices;
using Iscsitop.Engine.Filtering;
using Iscsitop.Engine.Fleet;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What a subscriber asks an engine for.</summary>
/// <param name="Events">Mask of the probes whose events are wanted; 0 for none.</param>
/// <param name="Interval">Time between snapshots of cells; zero for none. An engine keeps to 10 ms at least.</param>
/// <param name="Commands">Whether completed commands are wanted.</param>
public readonly record struct Wants(uint Events, TimeSpan Interval, bool Commands = false)
{
    /// <summary>
    /// Of which commands the cells are to be made, null for all that there are. The viewer sees to that itself, and asks for commands when
    /// the filter needs them (<see cref="Filter.NeedsCommands"/>).
    /// </summary>
    public Filter? Filter { get; init; }

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

/// <summary>A viewer's subscription: to the engines that run here, to an interface, to a file.</summary>
public abstract class Feed : IDisposable
{
    private readonly List<Reception> _receptions = [];
    private readonly Snapshot _snapshot = new();
    private ExceptionDispatchInfo? _failure;
    private Filter? _filter;

    private protected Feed(Filter? filter = null)
    {
        StreamFormat.RequireLittleEndian();
        _filter = filter is { NeedsCommands: true } ? filter : null;
    }

    /// <summary>Whether nothing more will come: a file has been read to its end.</summary>
    public virtual bool Ended => false;

    /// <summary>What was wrong with what was read, "" for nothing.</summary>
    public virtual string Problem => "";

    /// <summary>Whether it ended because of that.</summary>
    public virtual bool Broken => false;

    /// <summary>Why packets are no longer written to a file, "" for nothing; final once it is disposed of.</summary>
    public virtual string WriteProblem => "";

    /// <summary>How much of a file has been read, from 0 to 1; NaN when nobody knows.</summary>
    public virtual double Progress => double.NaN;

    /// <summary>The shortest interval that can be had, because there is nothing new more often; zero for any.</summary>
    public virtual TimeSpan Period => TimeSpan.Zero;

    /// <summary>Whether it is a recording.</summary>
    public virtual bool Recorded => false;

    /// <summary>How many times as fast as it was a recording is read; 0 for as fast as can be.</summary>
    public double Speed { get; set; }

    /// <summary>Whether it can be read from another place: <see cref="Seek"/>.</summary>
    public virtual bool CanSeek => false;

    /// <summary>When what can be read from any place begins and ends, ns since 1970; else 0.</summary>
    public virtual (long First, long Last) Span => (0, 0);

    /// <summary>When what is read began, ns since 1970; 0 while nobody knows, and where it is what happens now.</summary>
    public virtual long Began => 0;

    /// <summary>Now, on the time line of the events: monotonic ns, or ns since 1970 of what has been read.</summary>
    public virtual long Now => Clock.Now;

    /// <summary>ns since 1970 minus the time of an event.</summary>
    public long WallOffset => Began != 0 ? 0 : Clock.WallOffset;

    /// <summary>Whether an engine has gone that no snapshot has told of yet.</summary>
    public bool AnyGone
    {
        get
        {
            lock (Gate)
            {
                foreach (Reception reception in _receptions)
                    if (!reception.Mirror.Alive) return true;
                return false;
            }
        }
    }

    /// <summary>Guards what receptions hand over.</summary>
    private protected Lock Gate { get; } = new();

    /// <summary>Attaches to the engines there are, and to those that come later.</summary>
    /// <param name="wants">What to ask for. Completed commands are asked for when there is an <paramref name="onCommand"/>.</param>
    /// <param name="pids">The engines to attach to; null or empty for every one.</param>
    /// <param name="onEvent">Called for each event, in the order of each engine; null when none are wanted.</param>
    /// <param name="onCommand">Called for each completed command; null when none are wanted.</param>
    /// <exception cref="EngineNotFoundException">An engine asked for by its pid is not there.</exception>
    /// <exception cref="PipeException">An engine asked for, or the only ones there are, may not be opened.</exception>
    public static Feed Open(Wants wants, IReadOnlyList<int>? pids = null, EventHandler? onEvent = null, CommandHandler? onCommand = null) =>
        Open(wants, PipeDirectory.Candidates, pids, onEvent, onCommand);

    /// <summary>Observes packets in this process, or reads a recording: a file says itself which it is.</summary>
    /// <param name="options">Which packets.</param>
    /// <param name="wants">What to ask for. A file's intervals are its own time; <see cref="WholeFile"/> is one that never ends before it.</param>
    /// <param name="onEvent">Called for each event; null when none are wanted.</param>
    /// <param name="onCommand">Called for each completed command; null when none are wanted.</param>
    /// <exception cref="IOException">The file or interface cannot be opened; the message says which and why.</exception>
    /// <exception cref="CaptureFormatException">The file is no capture, or of a kind that cannot be read.</exception>
    public static Feed Open(CaptureOptions options, Wants wants, EventHandler? onEvent = null, CommandHandler? onCommand = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        wants = wants with { Commands = wants.Commands || onCommand is not null || wants.Filter is { NeedsCommands: true } };
        // A screen asks for commands because a filter may need them later; that a recording has none is said by then.
        bool needed = onCommand is not null || wants.Filter is { NeedsCommands: true };
        if (RecordingFeed.TryOpen(options, wants with { Commands = needed }, onEvent, onCommand, out options) is { } recording) return recording;
        Capture capture = options.Open();
        return capture.Source.Live ? new LiveFeed(capture, wants, onEvent, onCommand) : new FileFeed(capture, wants, options.RealTime, onEvent, onCommand);
    }

    /// <summary>Reads a fleet back from a Prometheus server. Its intervals are no shorter than those of the samples.</summary>
    /// <param name="options">Which server, and how it is asked.</param>
    /// <param name="wants">What to ask for: an interval, zero for that of the samples.</param>
    /// <exception cref="PrometheusException">It has no answer that can be read.</exception>
    public static Feed Open(PrometheusOptions options, Wants wants)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PrometheusFeed.Begin(options, wants);
    }

    /// <summary>
    /// What stands for the engines in provider names of a file, as far as its beginning tells: 1 for packets, process ids for a recording of
    /// engines. Standard input is not looked at.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyList<int> EnginesOf(CaptureOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.File is "" or "-" ? [1] : ReplayFeed.EnginesOf(options.File) ?? [1];
    }

    /// <summary>An interval longer than any file.</summary>
    public static TimeSpan WholeFile { get; } = TimeSpan.FromDays(36500);

    internal static Feed Open(
        Wants wants, IReadOnlyList<string> directories, IReadOnlyList<int>? pids = null, EventHandler? onEvent = null, CommandHandler? onCommand = null)
    {
        var feed = new PipeFeed(wants with { Commands = wants.Commands || onCommand is not null || wants.Filter is { NeedsCommands: true } }, directories, pids, onEvent, onCommand);
        feed.Start();
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

    /// <summary>
    /// Waits until every engine attached has delivered a snapshot newer than the last one taken, or the time is over. A file is
    /// read by this, on the caller's thread, until its next snapshot, however long that takes.
    /// </summary>
    /// <returns>Whether there is something new of every engine; an engine that went counts. False also when cancelled.</returns>
    public abstract bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Lets events come for so long; a file is read by this, on the caller's thread.</summary>
    public virtual void Run(TimeSpan time, CancellationToken cancellation) => cancellation.WaitHandle.WaitOne(time);

    /// <summary>Changes the interval asked for.</summary>
    public abstract void SetInterval(TimeSpan interval);

    /// <summary>
    /// Makes the cells of the commands that a filter keeps from now on; of whatever an engine tells when it is null or needs no commands.
    /// Until every command of an interval is known, none is told of.
    /// </summary>
    public void SetFilter(Filter? filter)
    {
        if (filter is { NeedsCommands: false }) filter = null;
        lock (Gate)
        {
            _filter = filter;
            int skip = AskForCommands(filter is not null);
            foreach (Reception reception in _receptions) reception.Mirror.OfCommands.Use(filter, skip);
        }
    }

    /// <summary>Goes to a time, where there is one to go to: the next snapshot ends then or later, or is the last.</summary>
    /// <param name="time">ns since 1970.</param>
    public virtual void Seek(long time)
    {
    }

    /// <summary>What happened since the last call, merged over the engines. The snapshot is reused by the next call.</summary>
    public virtual Snapshot Take()
    {
        ThrowFailure();
        _snapshot.Clear();
        _snapshot.OfCommands = _filter is not null;
        _snapshot.Time = Clock.Now + Clock.WallOffset;
        lock (Gate)
        {
            long time = 0;
            for (int i = 0; i < _receptions.Count; i++)
            {
                Mirror mirror = _receptions[i].Mirror;
                mirror.TakeInto(_snapshot);
                time = Math.Max(time, mirror.WallTime);
                if (mirror.Alive) continue;
                Gone(_receptions[i]);
                _receptions.RemoveAt(i--);
            }
            if (time != 0) _snapshot.Time = time;
        }
        return _snapshot;
    }

    /// <summary>Detaches.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Detaches.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>An engine's frames are merged from now on. The caller holds <see cref="Gate"/>.</summary>
    /// <param name="reception">What becomes of its frames.</param>
    /// <param name="late">Whether it has been observing before it was asked for commands, so that its first interval is not ours.</param>
    private protected void Add(Reception reception, bool late = false)
    {
        reception.Mirror.OfCommands.Use(_filter, late ? 1 : 0);
        _receptions.Add(reception);
    }

    /// <summary>Commands are wanted from now on, or no longer. The caller holds <see cref="Gate"/>.</summary>
    /// <returns>Statuses until the first whose interval has all of them.</returns>
    private protected virtual int AskForCommands(bool wanted) => 1;

    /// <summary>An engine has gone and its last words are taken. Called with <see cref="Gate"/> held.</summary>
    private protected virtual void Gone(Reception reception)
    {
    }

    /// <summary>Waits until <see cref="Ready"/>, or the time is over.</summary>
    /// <param name="waits">First what tells of news; any other ends the wait.</param>
    /// <param name="timeout">How long at most.</param>
    private protected bool WaitFor(WaitHandle[] waits, TimeSpan timeout)
    {
        long deadline = Environment.TickCount64 + (long)Math.Clamp(timeout.TotalMilliseconds, 0, int.MaxValue);
        while (true)
        {
            ThrowFailure();
            if (Ready()) return true;
            int left = (int)Math.Min(deadline - Environment.TickCount64, int.MaxValue);
            if (left <= 0 || WaitHandle.WaitAny(waits, left) != 0) return Ready();
        }
    }

    /// <summary>Whether there is something new of every engine.</summary>
    private bool Ready()
    {
        lock (Gate)
        {
            foreach (Reception reception in _receptions)
                if (!reception.Mirror.Fresh && reception.Mirror.Alive) return false;
            return _receptions.Count > 0;
        }
    }

    /// <summary>A handler of the viewer's failed: it hears of it where it takes snapshots.</summary>
    private protected void Failed(Exception e) => _failure ??= ExceptionDispatchInfo.Capture(e);

    /// <summary>Throws what <see cref="Failed"/> was told.</summary>
    private protected void ThrowFailure() => _failure?.Throw();
}
