using System.Diagnostics;

namespace Iscsitop.Engine.Fleet;

/// <summary>
/// A fleet, as a Prometheus server has it. One task asks, one question at a time; what it has learned waits to be taken, so that nobody
/// waits for the server but this task. A snapshot is ready when every host that tells something has been sampled anew, or half an interval
/// after that was due.
/// </summary>
internal sealed class PrometheusFeed : Feed
{
    // What is looked back upon at first: to find hosts that are silent, and how often the others are sampled.
    private const double Past = 3600;
    private const double UsualLookBack = 300;
    private static readonly TimeSpan s_soonest = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(5);

    private readonly PrometheusOptions _options;
    private readonly PrometheusClient _client;
    private readonly PrometheusAnswer _answer = new();
    private readonly FleetState _state = new();
    private readonly Snapshot _snapshot = new();
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly AutoResetEvent _arrived = new(false);
    private readonly WaitHandle[] _waits;
    private Task _asking = Task.CompletedTask;
    private TimeSpan _asked;
    private FleetStatus _status;
    private bool _published;
    private bool _known;
    private bool _disposed;
    private long _due;
    private long _answered;

    private PrometheusFeed(PrometheusOptions options, Wants wants)
    {
        (_options, _asked) = (options, wants.Interval);
        _client = new PrometheusClient(options);
        _status = new FleetStatus(options.ToString());
        _waits = [_arrived, _arrived];
    }

    /// <summary>Asks for the first time, on the caller's thread, and begins to go on asking.</summary>
    /// <exception cref="PrometheusException">There is no answer that can be read.</exception>
    public static PrometheusFeed Begin(PrometheusOptions options, Wants wants)
    {
        var feed = new PrometheusFeed(options, wants);
        try
        {
            feed.AskAsync().GetAwaiter().GetResult();
        }
        catch
        {
            feed.Dispose();
            throw;
        }
        lock (feed.Gate) feed.Publish();
        feed._asking = Task.Run(feed.GoOnAsync);
        return feed;
    }

    public override string Problem => _status.Problem.Length > 0 ? $"{_status.Server}: {_status.Problem}" : "";

    public override TimeSpan Period
    {
        get
        {
            lock (Gate) return TimeSpan.FromSeconds(Math.Clamp(Math.Round(_state.Step, 1), 0.1, UsualLookBack));
        }
    }

    private TimeSpan Interval => TimeSpan.FromTicks(Math.Max(_asked.Ticks, Period.Ticks));

    public override bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation)
    {
        _waits[1] = cancellation.CanBeCanceled ? cancellation.WaitHandle : _arrived;
        // What is asked for oftener than there are samples comes when there is one.
        TimeSpan patience = 2 * Interval + _options.Timeout;
        long deadline = Environment.TickCount64 + (long)Math.Clamp(Math.Max(timeout.TotalMilliseconds, patience.TotalMilliseconds), 0, int.MaxValue);
        while (true)
        {
            ThrowFailure();
            lock (Gate)
                if (_published) return true;
            int left = (int)Math.Min(deadline - Environment.TickCount64, int.MaxValue);
            if (left <= 0 || WaitHandle.WaitAny(_waits, left) != 0) return false;
        }
    }

    public override void SetInterval(TimeSpan interval)
    {
        lock (Gate)
        {
            _due += (long)((interval - _asked).TotalSeconds * Stopwatch.Frequency);
            _asked = interval;
        }
        _wake.Release();
    }

    public override Snapshot Take()
    {
        ThrowFailure();
        lock (Gate)
        {
            _published = false;
            _snapshot.Clear();
            _snapshot.Fleet = _status;
            _state.Take(_snapshot, ServerNow);
            return _snapshot;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        _end.Cancel();
        _asking.Wait();
        _client.Dispose();
        _end.Dispose();
        _wake.Dispose();
        _arrived.Dispose();
    }

    private long ServerNow => (DateTimeOffset.UtcNow + _client.Ahead).ToUnixTimeMilliseconds();

    private async Task GoOnAsync()
    {
        try
        {
            TimeSpan next;
            lock (Gate) next = Left;
            while (true)
            {
                if (await _wake.WaitAsync(next, _end.Token).ConfigureAwait(false))
                {
                    lock (Gate) next = Left;
                    continue;
                }
                bool answered = await TryAskAsync().ConfigureAwait(false);
                lock (Gate) next = Decide(answered);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            Failed(e);
            _arrived.Set();
        }
    }

    private TimeSpan Left
    {
        get
        {
            long left = _due - Stopwatch.GetTimestamp();
            return left <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)left / Stopwatch.Frequency);
        }
    }

    // Whether that is all there is to wait for, and how long until the next question.
    private TimeSpan Decide(bool answered)
    {
        TimeSpan interval = Interval;
        bool late = Stopwatch.GetTimestamp() > _due + (long)(interval.TotalSeconds / 2 * Stopwatch.Frequency);
        if (!late && !(answered && _state.AllFresh)) return TimeSpan.FromTicks(Math.Clamp(interval.Ticks / 5, s_soonest.Ticks, s_soon.Ticks));
        Publish();
        return Left;
    }

    private void Publish()
    {
        _published = true;
        _due = Stopwatch.GetTimestamp() + (long)(Interval.TotalSeconds * Stopwatch.Frequency);
        _arrived.Set();
    }

    private async Task<bool> TryAskAsync()
    {
        try
        {
            await AskAsync().ConfigureAwait(false);
            return true;
        }
        catch (PrometheusException e)
        {
            lock (Gate) _status = _status with { Problem = e.Message, Since = _status.Since != 0 ? _status.Since : ServerNow * 1_000_000 };
            return false;
        }
    }

    private async Task AskAsync()
    {
        string hosts = _options.HostMatcher;
        if (!_known)
        {
            await _client.AskAsync(FleetMetrics.Heartbeats(hosts, Past), _answer, _end.Token).ConfigureAwait(false);
            Learn(_state.AddHeartbeats);
            _known = true;
        }
        await _client.AskAsync(FleetMetrics.Up(hosts), _answer, _end.Token).ConfigureAwait(false);
        Learn(_state.AddUp);
        await _client.AskAsync(FleetMetrics.Selector(hosts, LookBack), _answer, _end.Token).ConfigureAwait(false);
        Learn(answer =>
        {
            _state.Add(answer);
            _state.Judge(ServerNow);
            _answered = Stopwatch.GetTimestamp();
            _status = _status with { Problem = "", Since = 0 };
        });
    }

    // Of the first answer two samples of each series, of the others all since the last.
    private double LookBack
    {
        get
        {
            lock (Gate)
            {
                double step = _state.Step;
                double seconds = _answered != 0 ? Stopwatch.GetElapsedTime(_answered).TotalSeconds + 2 * step + 5 : _state.Hosts.Any(h => h.Says.Step > 0) ? 2.5 * step + 1 : UsualLookBack;
                return Math.Min(seconds, Past);
            }
        }
    }

    private void Learn(Action<PrometheusAnswer> from)
    {
        try
        {
            lock (Gate) from(_answer);
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new PrometheusException("the answer is not that of a Prometheus server", e);
        }
    }
}
