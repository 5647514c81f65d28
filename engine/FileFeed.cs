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

    private readonly Capture _capture;
    private readonly bool _realTime;
    private readonly Reception _reception;
    private readonly Subscriber _subscriber;
    private readonly Observation _observation;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly long _first;
    private readonly bool _empty;
    private long _interval;
    private long _due;
    private bool _ended;

    public FileFeed(Capture capture, Wants wants, bool realTime, EventHandler? onEvent, CommandHandler? onCommand)
    {
        _capture = capture;
        _realTime = realTime;
        _reception = new Reception(Gate, Environment.ProcessId, onEvent, onCommand);
        Add(_reception);
        try
        {
            _empty = !capture.Begin();
        }
        catch
        {
            capture.Dispose();
            throw;
        }
        _first = capture.Provider.Now;
        _interval = IntervalOf(wants);
        _due = After(_first, _interval);
        var writer = new FrameWriter();
        var outbox = new LocalOutbox(_reception);
        _subscriber = new Subscriber(outbox, wants, _first);
        _observation = new Observation(capture.Provider, [_subscriber], writer, capture);
        capture.Provider.OnFull = () => _observation.Take(capture.Provider.Now);
        writer.Write(new Hello(Environment.ProcessId, ProbeSet.All, 0, capture.Source.Name, ProbeEngine.Version));
        outbox.TrySend(writer.Frame);
        _observation.Want(_subscriber, null, _first);
    }

    public override bool Ended => _ended;

    public override string Problem => _capture.Source.Problem;

    public override double Progress => _capture.Source.Length > 0 ? (double)_capture.Source.Position / _capture.Source.Length : double.NaN;

    public override bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation)
    {
        while (!_ended && !cancellation.IsCancellationRequested)
            if (Round(cancellation)) return true;
        return false;
    }

    public override void Run(TimeSpan time, CancellationToken cancellation)
    {
        var ran = Stopwatch.StartNew();
        while (!_ended && !cancellation.IsCancellationRequested && ran.Elapsed < time) Round(cancellation);
    }

    public override void SetInterval(TimeSpan interval)
    {
        Wants wants = _subscriber.Wants!.Value with { Interval = interval };
        _due = After(_due - _interval, IntervalOf(wants));
        _interval = IntervalOf(wants);
        _subscriber.Wants = wants;
    }

    protected override void Dispose(bool disposing) => _capture.Dispose();

    // Whether a snapshot is ready to be taken.
    private bool Round(CancellationToken cancellation)
    {
        long until = _realTime ? Math.Min(_due, After(_first, (long)Stopwatch.GetElapsedTime(_began).TotalNanoseconds)) : _due;
        Pumped pumped = _empty ? Pumped.End : _capture.Pump(0, until);
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

    private void End()
    {
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
