using System.Globalization;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Tracing;

/// <summary>
/// A program that runs, for threads of several engines: one at a time calls it. What it prints is written by the one thread that calls
/// <see cref="Flush"/>, so that a reader who is slow holds up no engine, and what does not fit is dropped and counted; of a file, whose
/// events wait, nothing is.
/// </summary>
internal sealed class TraceHost : IDisposable
{
    private const int Much = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly ProbeCatalog _catalog;
    private readonly DSession _session;
    private readonly Stream _output;
    private readonly Action<string> _complain;
    private readonly long _enough;
    private readonly bool _isFile;
    private byte[] _written = new byte[4096];
    private bool _begun;
    private long _events, _eventsFlushed;
    private long _aggregationDrops, _dynamicDrops, _outputDrops;
    private int _lastInstance = -1;

    /// <param name="program">What runs.</param>
    /// <param name="options">Its options.</param>
    /// <param name="catalog">The probes there are; those of engines that come are added.</param>
    /// <param name="output">Where its output goes.</param>
    /// <param name="complain">Where messages go.</param>
    /// <param name="isFile">Whether events wait until they are asked for, on the thread that flushes.</param>
    public TraceHost(DProgram program, DOptions options, ProbeCatalog catalog, Stream output, Action<string> complain, bool isFile)
    {
        (_catalog, _output, _complain, _isFile) = (catalog, output, complain, isFile);
        _session = new DSession(program, new OutputBuffer()) { OnError = complain };
        _enough = Math.Min(Much, options.BufSize / 2);
    }

    /// <summary>Set when there is something to do: much to write, or the program has ended itself.</summary>
    public WaitHandle Wake => _wake;

    /// <summary>Whether events are of packets, whose engine is number 1 whatever its process is.</summary>
    public bool Packets { get; set; }

    /// <summary>Whether exit() was called.</summary>
    public bool Exited { get { lock (_lock) return _session.Exited; } }

    /// <summary>The status that exit() gave, 0 without.</summary>
    public int Status => _session.ExitStatus;

    /// <summary>Called once when exit() was called, on the thread that did.</summary>
    public Action? OnExit { get; set; }

    /// <summary>BEGIN, unless it was.</summary>
    public void Begin(long time, long wall)
    {
        lock (_lock)
        {
            if (_begun) return;
            _begun = true;
            _session.Begin(time, wall);
            AfterEvent();
        }
    }

    /// <summary>An event; a handler of a feed.</summary>
    public void OnEvent(in ProbeEvent e, in EventContext context)
    {
        lock (_lock)
        {
            if (!_begun && !_isFile) return; // what comes before BEGIN is not traced yet
            if (!_begun) Begin(e.Time, context.WallTime);
            if (_session.Exited) return;
            int instance = Packets ? 1 : context.Engine.Pid;
            if (instance != _lastInstance) Know(instance);
            _session.OnEvent(instance, in e, in context);
            _events++;
            AfterEvent();
        }
        if (_isFile && _session.Output.Length >= _enough) Flush();
    }

    /// <summary>An engine is there: its probes are traced from now on.</summary>
    public void Know(int instance)
    {
        lock (_lock)
        {
            _lastInstance = instance;
            int before = _catalog.Entries.Count;
            _catalog.AddEngine(instance);
            if (_catalog.Entries.Count != before) _session.Program.MatchNew();
        }
    }

    /// <summary>Time goes on.</summary>
    public void Advance(long time, long wall)
    {
        lock (_lock)
        {
            if (!_begun || _session.Exited) return;
            _session.Advance(time, wall);
            AfterEvent();
        }
    }

    /// <summary>END, and what no printa has printed.</summary>
    /// <param name="time">When.</param>
    /// <param name="wall">ns since 1970.</param>
    /// <param name="json">Whether aggregations become JSON.</param>
    public void End(long time, long wall, bool json)
    {
        lock (_lock)
        {
            Begin(time, wall);
            if (!_session.Exited) _session.Advance(time, wall);
            _session.End(time, wall);
            _session.PrintAggregations(json);
        }
        Flush();
        TellDrops();
    }

    /// <summary>Whether no event has come since the last time it was written: what there is may be shown.</summary>
    public bool IsIdle { get { lock (_lock) return _events == _eventsFlushed; } }

    /// <summary>Notes that somebody has looked whether it is idle.</summary>
    public void Look()
    {
        lock (_lock) _eventsFlushed = _events;
    }

    /// <summary>Writes what there is, outside of the lock.</summary>
    public void Flush()
    {
        int length;
        lock (_lock)
        {
            length = _session.Output.Length;
            if (_written.Length < length) _written = new byte[Math.Max(length, 2 * _written.Length)];
            _session.Output.Written.CopyTo(_written);
            _session.Output.Clear();
        }
        if (length == 0) return;
        _output.Write(_written, 0, length);
        _output.Flush();
    }

    /// <summary>A newline, so that what follows stands apart from ^C.</summary>
    public void NewLine()
    {
        _output.Write("\n"u8);
        _output.Flush();
    }

    /// <summary>Says what found no room since the last time.</summary>
    public void TellDrops()
    {
        long output, aggregations, variables;
        lock (_lock) (output, aggregations, variables) = (_session.OutputDrops, _session.AggregationDrops, _session.DynamicDrops);
        Tell(output - _outputDrops, "drop", " on CPU 0");
        Tell(aggregations - _aggregationDrops, "aggregation drop", " on CPU 0");
        Tell(variables - _dynamicDrops, "dynamic variable drop", "");
        (_outputDrops, _aggregationDrops, _dynamicDrops) = (output, aggregations, variables);
    }

    /// <summary>Says how many events an engine has lost on the way here.</summary>
    public void TellDrops(long lost) => Tell(lost, "drop", " on CPU 0");

    /// <inheritdoc/>
    public void Dispose() => _wake.Dispose();

    private void Tell(long count, string what, string where)
    {
        if (count > 0) _complain(string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}{where}"));
    }

    private void AfterEvent()
    {
        if (_session.Exited)
        {
            OnExit?.Invoke();
            _wake.Set();
        }
        else if (!_isFile && _session.Output.Length >= _enough) _wake.Set();
    }
}
