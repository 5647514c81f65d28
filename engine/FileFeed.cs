using System.Diagnostics;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// A subscription to a file of packets, read on the thread that waits for snapshots. Its time is the file's, so that the same file
/// always tells the same, and nothing is lost however slow the reader is.
/// </summary>
internal sealed class FileFeed : Feed
{
    // Intervals without a packet that are reported one by one; a wrong time may be a century away.
    private const long MaxQuiet = 3600;

    // So long a pipe without bytes keeps what came from being shown, and the end from being noticed.
    private const int Wait = 50;

    private readonly Capture _capture;
    private readonly bool _realTime;
    private readonly Reception _reception;
    private Subscriber _subscriber = null!;
    private Observation _observation = null!;
    private readonly FrameWriter _writer = new();
    private readonly LocalOutbox _outbox;
    private Wants _wants;
    private bool _begun;
    private long _began, _first;
    private long _interval;
    private long _due;
    private bool _ended;

    public FileFeed(Capture capture, Wants wants, bool realTime, EventHandler? onEvent, CommandHandler? onCommand)
        : base(wants.Filter)
    {
        _capture = capture;
        _realTime = realTime;
        _reception = new Reception(Gate, Environment.ProcessId, onEvent, onCommand);
        _wants = wants;
        _outbox = new LocalOutbox(_reception);
        Add(_reception, late: false);
        try
        {
            // A file that has nothing we read is refused here; a pipe may have nothing yet.
            if (capture.Begin(0) != Moved.Nothing) Begin();
        }
        catch
        {
            capture.Dispose();
            throw;
        }
    }

    public override bool Ended => _ended;

    public override string Problem => _capture.Source.Problem;

    public override string WriteProblem => _capture.WriteProblem;

    public override double Progress => _capture.Source.Length > 0 ? (double)_capture.Source.Position / _capture.Source.Length : double.NaN;

    public override long Began => _begun ? _first : 0;

    public override long Now => _capture.Provider.Now;

    public override bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation)
    {
        while (!_ended && !cancellation.IsCancellationRequested)
            if (Round(cancellation)) return true;
        if (!_ended) End();
        return false;
    }

    public override void Run(TimeSpan time, CancellationToken cancellation)
    {
        var ran = Stopwatch.StartNew();
        while (!_ended && !cancellation.IsCancellationRequested && ran.Elapsed < time) Round(cancellation);
        if (!_ended && cancellation.IsCancellationRequested) End();
    }

    public override void SetInterval(TimeSpan interval)
    {
        _wants = _wants with { Interval = interval };
        if (!_begun) return;
        _due = After(_due - _interval, IntervalOf(_wants));
        _interval = IntervalOf(_wants);
        _subscriber.Wants = _wants;
    }

    protected override void Dispose(bool disposing) => _capture.Dispose();

    // There is the first packet, whose time everything begins with; or there will be none.
    private void Begin()
    {
        _begun = true;
        _began = Stopwatch.GetTimestamp();
        _first = _capture.Provider.Now;
        _interval = IntervalOf(_wants);
        _due = After(_first, _interval);
        _subscriber = new Subscriber(_outbox, _wants, _first);
        _observation = new Observation(_capture.Provider, [_subscriber], _writer, _capture);
        _capture.Provider.OnFull = () => _observation.Take(_capture.Provider.Now);
        _writer.Write(new Hello(Environment.ProcessId, ProbeSet.All, 0, _capture.Source.Name, ProbeEngine.Version));
        _outbox.TrySend(_writer.Frame);
        _observation.Want(_subscriber, null, _first);
    }

    // Whether a snapshot is ready to be taken.
    private bool Round(CancellationToken cancellation)
    {
        if (!_begun)
        {
            if (_capture.Begin(Wait) != Moved.Nothing) Begin();
            return false;
        }
        long until = _realTime ? Math.Min(_due, After(_first, (long)Stopwatch.GetElapsedTime(_began).TotalNanoseconds)) : _due;
        Pumped pumped = _capture.Pump(Wait, until);
        if (pumped == Pumped.End)
        {
            End();
            return true;
        }
        if (pumped == Pumped.Reached) _capture.Provider.SetTime(Math.Max(until, _capture.Provider.Now));
        _observation.Take(_capture.Provider.Now);
        if (pumped != Pumped.Reached) return false;
        if (until < _due)
        {
            cancellation.WaitHandle.WaitOne(10);
            return false;
        }
        _observation.PublishLast(_subscriber, _due);
        long quiet = (_capture.NextTime - _due) / _interval;
        _due = After(_due, quiet > MaxQuiet ? quiet * _interval : _interval);
        return true;
    }

    // At the file's end, or when it is no longer wanted: with what there is.
    private void End()
    {
        if (!_begun) Begin();
        _capture.Finish();
        long now = _capture.Provider.Now;
        _observation.Stop(now);
        _observation.PublishLast(_subscriber, now);
        _ended = true;
    }

    // A file may say that it ends with time itself.
    private static long After(long time, long duration) => time > long.MaxValue - duration ? long.MaxValue : time + duration;

    private static long IntervalOf(Wants wants) => (wants.Interval > TimeSpan.Zero ? wants.Interval : WholeFile).Ticks * 100;
}
