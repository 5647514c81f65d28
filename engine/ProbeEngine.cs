using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Reflection;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Iscsitop.Engine;

/// <summary>
/// Serves one provider to any number of subscribers, on one thread: takes events from the ring, correlates them, keeps
/// cells, sends frames. Enables exactly the probes that subscribers want; while there are none it sleeps.
/// </summary>
public sealed partial class ProbeEngine : IDisposable
{
    /// <summary>Subscribers served at once; more are turned away.</summary>
    public const int MaxSubscribers = 64;

    private const long PatienceForWants = 5_000_000_000;
    private const long ReceiveInterval = 50_000_000;

    // So that the end, and a viewer who comes, are noticed while no packet is.
    private const int LongestWait = 50;

    private readonly Provider _provider;
    private readonly string _directory;
    private readonly int _pid;
    private readonly ILogger _logger;
    private readonly Capture? _capture;
    private readonly Observation _observation;
    private readonly List<Subscriber> _subscribers = [];
    private readonly ConcurrentQueue<Socket> _arrived = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly ManualResetEvent _stopped = new(false);
    private readonly FrameWriter _writer = new();
    private Socket? _listener;
    private Thread? _thread;
    private Thread? _accepting;
    private volatile bool _stop;
    private volatile bool _failed;
    private volatile int _attached;
    private long _nextReceive;
    private long _newInterval;
    private int _wait;
    private bool _writeFailed;

    /// <param name="provider">What to serve. The engine owns its mask and takes from its ring.</param>
    /// <param name="logger">Where comings and goings are logged; null for nowhere.</param>
    public ProbeEngine(Provider provider, ILogger? logger = null)
        : this(provider, PipeDirectory.Candidates[0], Environment.ProcessId, logger)
    {
    }

    internal ProbeEngine(Provider provider, string directory, int pid, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(provider);
        StreamFormat.RequireLittleEndian();
        _provider = provider;
        _directory = directory;
        _pid = pid;
        _logger = logger ?? NullLogger.Instance;
        _observation = new Observation(provider, _subscribers, _writer);
    }

    /// <summary>Observes packets, for viewers of this process's user.</summary>
    /// <param name="capture">The packets; owned.</param>
    /// <param name="logger">Where comings and goings are logged; null for nowhere.</param>
    internal ProbeEngine(Capture capture, ILogger? logger = null)
    {
        StreamFormat.RequireLittleEndian();
        _capture = capture;
        _provider = capture.Provider;
        _directory = PipeDirectory.Candidates[0];
        _pid = Environment.ProcessId;
        _logger = logger ?? NullLogger.Instance;
        _observation = new Observation(_provider, _subscribers, _writer, capture);
        _provider.OnFull = () => _observation.Take(_provider.Now);
    }

    /// <summary>Observes packets for one viewer in this process and nobody else.</summary>
    /// <param name="capture">The packets; owned.</param>
    /// <param name="outbox">Where the viewer gets its frames.</param>
    /// <param name="wants">What it wants.</param>
    internal ProbeEngine(Capture capture, Outbox outbox, Wants wants)
        : this(capture)
    {
        _directory = "";
        Attach(new Subscriber(outbox, wants, _provider.Now));
    }

    /// <summary>The version this program says it has.</summary>
    public static string Version { get; } =
        typeof(ProbeEngine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>The path of its pipe.</summary>
    public string PipePath => Pipe.PathOf(_directory, _pid);

    /// <summary>Subscribers attached now.</summary>
    public int Subscribers => _attached;

    /// <summary>Peers that have come and were not looked at yet.</summary>
    internal int Waiting => _arrived.Count;

    /// <summary>Signalled when it has ended, by <see cref="Dispose"/> or because it cannot go on.</summary>
    public WaitHandle Stopped => _stopped;

    /// <summary>Why it ended before its time, "" when it did not.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Why packets are no longer written to a file, "" for nothing; final once it is disposed of.</summary>
    public string WriteProblem => _capture?.WriteProblem ?? "";

    /// <summary>An engine on packets, for viewers of this process's user.</summary>
    /// <param name="options">Which packets.</param>
    /// <param name="opened">Called once the packets are open, which needs privileges; gives where comings and goings are logged.</param>
    /// <exception cref="IOException">The interface or file cannot be opened; the message says which and why.</exception>
    public static ProbeEngine Over(CaptureOptions options, Func<ILogger> opened)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(opened);
        return new ProbeEngine(options.Open(), opened());
    }

    /// <summary>Makes the pipe and begins to serve it.</summary>
    /// <exception cref="PipeException">The pipe cannot be made; the message says why.</exception>
    public void Start()
    {
        if (_directory.Length > 0) _listener = Pipe.Listen(_directory, _pid);
        _thread = new Thread(Run) { IsBackground = true, Name = "engine" };
        if (_listener is null)
        {
            _thread.Start();
            return;
        }
        _accepting = new Thread(Accept) { IsBackground = true, Name = "engine accept" };
        _thread.Start();
        _accepting.Start();
        LogListening(PipePath);
    }

    /// <summary>Changes the interval of the one viewer in this process.</summary>
    internal void SetInterval(TimeSpan interval) => Interlocked.Exchange(ref _newInterval, interval.Ticks);

    /// <summary>Sends a last snapshot and the end to every subscriber, disables the probes and removes the pipe.</summary>
    public void Dispose()
    {
        if (_stop) return;
        _stop = true;
        _listener?.Dispose();
        _wake.Set();
        _thread?.Join();
        _accepting?.Join();
        while (_arrived.TryDequeue(out Socket? socket)) socket.Dispose();
        _wake.Dispose();
        _stopped.Dispose();
        _capture?.Dispose();
    }

    private void Accept()
    {
        while (!_stop && !_failed)
        {
            try
            {
                Socket socket = _listener!.Accept();
                if (_attached < MaxSubscribers && Pipe.MayServe(socket, _directory))
                {
                    _arrived.Enqueue(socket);
                    _wake.Set();
                    continue;
                }
                LogRefused();
                socket.Dispose();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException or UnauthorizedAccessException)
            {
                // Out of descriptors, or the peer has gone already: neither is worth a busy loop.
                if (!_stop) Thread.Sleep(50);
            }
        }
    }

    private void Run()
    {
        try
        {
            while (!_stop && Wait()) Tick(_provider.Now);
            Finish(EndReason.EngineStops, "");
        }
        catch (IOException e) when (_capture is not null)
        {
            LogSourceFailed(e);
            Problem = e.Message;
            _failed = true;
            Finish(EndReason.SourceFailed, e.Message);
        }
#pragma warning disable CA1031 // A fault of the observer must not end the process that is observed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e);
            Problem = e.Message;
            _provider.Enabled = 0;
            _failed = true;
            _listener?.Dispose();
            foreach (Subscriber subscriber in _subscribers) subscriber.Dispose();
            _subscribers.Clear();
            _attached = 0;
        }
        finally
        {
            _stopped.Set();
        }
    }

    // A capture is taken in while it waits for more; it ends when its source does.
    private bool Wait()
    {
        if (_capture is null)
        {
            _wake.WaitOne(_wait);
            return true;
        }
        if (Interlocked.Exchange(ref _newInterval, 0) is > 0 and var ticks) SetLocalInterval(TimeSpan.FromTicks(ticks));
        bool more = _capture.Pump(Math.Min(_wait, LongestWait)) != Pumped.End;
        if (!_writeFailed && _capture.WriteProblem.Length > 0)
        {
            _writeFailed = true;
            LogWriteFailed(_capture.WriteProblem);
        }
        return more;
    }

    private void SetLocalInterval(TimeSpan interval)
    {
        Subscriber viewer = _subscribers[0];
        Wants? before = viewer.Wants;
        viewer.Wants = before!.Value with { Interval = interval };
        _observation.Want(viewer, before, _provider.Now);
    }

    /// <summary>One round: who came, what they want, what happened, what is due. Allocates nothing when nobody comes or goes.</summary>
    internal void Tick(long now)
    {
        while (_arrived.TryDequeue(out Socket? socket)) Admit(socket, now);
        ReadWants(now);
        RemoveGone(now);
        int taken = _observation.Take(now);
        bool all = true;
        foreach (Subscriber subscriber in _subscribers) all &= _observation.Publish(subscriber, now);
        _wait = NextWait(now, taken, all);
    }

    // More than may be here can have come since the last round.
    private void Admit(Socket socket, long now)
    {
        if (_subscribers.Count < MaxSubscribers)
        {
            Attach(new Subscriber(socket, now));
            return;
        }
        LogRefused();
        socket.Dispose();
    }

    private void Attach(Subscriber subscriber)
    {
        _subscribers.Add(subscriber);
        _attached = _subscribers.Count;
        _writer.Write(new Hello(_pid, ProbeSet.All, _provider.WallOffset, _provider.Name, Version));
        subscriber.Outbox.TrySend(_writer.Frame);
        if (subscriber.Wants is not null) _observation.Want(subscriber, null, subscriber.Attached);
        LogAttached(_attached);
    }

    private void ReadWants(long now)
    {
        bool all = now >= _nextReceive;
        if (all) _nextReceive = now + ReceiveInterval;
        foreach (Subscriber subscriber in _subscribers)
        {
            if (!all && subscriber.Wants is not null) continue;
            Wants? before = subscriber.Wants;
            if (subscriber.Receive()) _observation.Want(subscriber, before, now);
        }
    }

    private void RemoveGone(long now)
    {
        for (int i = _subscribers.Count - 1; i >= 0; i--)
        {
            Subscriber subscriber = _subscribers[i];
            bool silent = subscriber.Wants is null && now - subscriber.Attached > PatienceForWants;
            if (!(subscriber.Gone || subscriber.Outbox.Broken || subscriber.NotUnderstood || subscriber.TooSlow || silent)) continue;
            if (subscriber.NotUnderstood || subscriber.TooSlow)
            {
                _writer.Write(subscriber.TooSlow ? EndReason.TooSlow : EndReason.NotUnderstood);
                subscriber.Outbox.TrySend(_writer.Frame);
            }
            _subscribers.RemoveAt(i);
            _attached = _subscribers.Count;
            _observation.Detach(subscriber, now);
            subscriber.Dispose();
            LogDetached(subscriber.NotUnderstood ? "not understood" : subscriber.TooSlow ? "too slow" : "gone", _attached);
        }
    }

    // With a load about 10 ms: a ring fills in no less than 50. Sooner when a lot came, later when nothing did.
    private int NextWait(long now, int taken, bool allSent)
    {
        if (_subscribers.Count == 0) return 1000;
        int capacity = _provider.Ring?.Capacity ?? int.MaxValue;
        int wait = taken > capacity / 4 ? 0 : taken > capacity / 16 ? 2 : taken > 0 ? 10 : Math.Clamp(2 * _wait, 10, 50);
        // A stalled viewer is looked at now and then, not all the time.
        if (!allSent) wait = Math.Min(wait, 20);
        foreach (Subscriber subscriber in _subscribers)
        {
            if (subscriber.Wants is null) wait = Math.Min(wait, 5);
            else if (!subscriber.Snapshots.Running) wait = Math.Min(wait, (int)Math.Clamp((subscriber.Snapshots.Due - now) / 1_000_000 + 1, 1, 1000));
        }
        return wait;
    }

    private void Finish(EndReason reason, string text)
    {
        _capture?.Finish();
        long now = _provider.Now;
        _observation.Stop(now);
        foreach (Subscriber subscriber in _subscribers)
        {
            _observation.PublishLast(subscriber, now);
            _writer.Write(reason, text);
            subscriber.Outbox.TrySend(_writer.Frame);
        }
        for (int i = 0; i < 50 && _subscribers.Exists(s => s.Outbox is { Waiting: > 0, Broken: false }); i++)
        {
            Thread.Sleep(5);
            foreach (Subscriber subscriber in _subscribers) subscriber.Outbox.Flush();
        }
        foreach (Subscriber subscriber in _subscribers) subscriber.Dispose();
        _subscribers.Clear();
        _attached = 0;
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Debug, Message = "engine listens at {Path}")]
    private partial void LogListening(string path);

    [LoggerMessage(EventId = 102, Level = LogLevel.Debug, Message = "subscriber attached, {Count} now")]
    private partial void LogAttached(int count);

    [LoggerMessage(EventId = 103, Level = LogLevel.Debug, Message = "subscriber detached ({Reason}), {Count} left")]
    private partial void LogDetached(string reason, int count);

    [LoggerMessage(EventId = 104, Level = LogLevel.Warning, Message = "subscriber refused: not allowed, or too many")]
    private partial void LogRefused();

    [LoggerMessage(EventId = 106, Level = LogLevel.Error, Message = "nothing is captured any more")]
    private partial void LogSourceFailed(IOException exception);

    [LoggerMessage(EventId = 107, Level = LogLevel.Error, Message = "packets are no longer written: {Why}")]
    private partial void LogWriteFailed(string why);

    [LoggerMessage(EventId = 105, Level = LogLevel.Critical, Message = "engine failed; nothing is observed any more")]
    private partial void LogFailed(Exception exception);
}
