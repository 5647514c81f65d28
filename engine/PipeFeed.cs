namespace Iscsitop.Engine;

/// <summary>
/// A subscription to every engine one may open: finds them, attaches to those that come, survives those that go.
/// </summary>
internal sealed class PipeFeed : Feed
{
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_forgive = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyList<string> _directories;
    private readonly HashSet<int> _pids;
    private readonly EventHandler? _onEvent;
    private readonly CommandHandler? _onCommand;
    private readonly List<EngineLink> _links = [];
    private readonly Dictionary<(string Directory, int Pid), long> _refused = [];
    private readonly HashSet<int> _found = [];
    private readonly AutoResetEvent _arrived = new(false);
    private readonly ManualResetEvent _closing = new(false);
    private readonly WaitHandle[] _waits;
    private readonly Thread _looking;
    private Wants _wants;

    public PipeFeed(Wants wants, IReadOnlyList<string> directories, IReadOnlyList<int>? pids, EventHandler? onEvent, CommandHandler? onCommand)
        : base(wants.Filter)
    {
        _wants = wants;
        _directories = directories;
        _pids = [.. pids ?? []];
        _onEvent = onEvent;
        _onCommand = onCommand;
        _waits = [_arrived, _closing, _closing];
        _looking = new Thread(Look) { IsBackground = true, Name = "feed" };
    }

    /// <summary>Attaches to what there is and begins to look for more.</summary>
    public void Start()
    {
        try
        {
            AttachFirst();
        }
        catch
        {
            Close();
            throw;
        }
        _looking.Start();
    }

    public override bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation)
    {
        _waits[2] = cancellation.CanBeCanceled ? cancellation.WaitHandle : _closing;
        return WaitFor(_waits, timeout);
    }

    public override void SetInterval(TimeSpan interval)
    {
        lock (Gate)
        {
            _wants = _wants with { Interval = interval };
            foreach (EngineLink link in _links) link.Ask(_wants);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_closing.WaitOne(0)) return;
        Close();
        if (_looking.IsAlive) _looking.Join();
        EngineLink[] links;
        lock (Gate) links = [.. _links];
        foreach (EngineLink link in links) link.Join();
    }

    private void Close()
    {
        _closing.Set();
        lock (Gate)
            foreach (EngineLink link in _links) link.Dispose();
    }

    // A status may be on its way that was sent before the engine reads what is wanted; the interval after it is not whole either.
    private protected override int AskForCommands(bool wanted)
    {
        wanted |= _onCommand is not null;
        if (_wants.Commands == wanted) return 1;
        _wants = _wants with { Commands = wanted };
        foreach (EngineLink link in _links) link.Ask(_wants);
        return 2;
    }

    private protected override void Gone(Reception reception)
    {
        int i = _links.FindIndex(l => l.Mirror == reception.Mirror);
        _links[i].Dispose();
        _links.RemoveAt(i);
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
            var reception = new Reception(Gate, pid, _onEvent, _onCommand) { OnNews = News };
            var link = new EngineLink(directory, pid, reception) { OnFailure = HandlerFailed };
            lock (Gate)
            {
                if (_closing.WaitOne(0))
                {
                    link.Dispose();
                }
                else
                {
                    _links.Add(link);
                    Add(reception, late: true);
                }
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

    private void HandlerFailed(Exception e)
    {
        Failed(e);
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
        lock (Gate)
        {
            foreach (EngineLink link in _links)
                if (link.Pid == pid && link.Directory == directory) return true;
            return false;
        }
    }

    private bool Refused(string directory, int pid) =>
        _refused.TryGetValue((directory, pid), out long when) && Environment.TickCount64 - when < s_forgive.TotalMilliseconds;
}
