using System.Runtime.InteropServices;
using Iscsitop.Cli.Top.Asking;
using Iscsitop.Cli.Top.Terminal;
using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli.Top;

/// <summary>Where snapshots come from: a feed, or what stands for one.</summary>
/// <param name="Wait">Waits for a snapshot newer than the last one taken, or until the time is over.</param>
/// <param name="Take">What happened since the last call; valid until the next one.</param>
/// <param name="SetInterval">Changes the interval.</param>
/// <param name="Ended">Whether there will be no more; null for never.</param>
/// <param name="Progress">How much of a file has been read, from 0 to 1; null for no file.</param>
/// <param name="SetFilter">Makes the cells of single commands from now on; null where that cannot be.</param>
/// <param name="File">The recording that is played; null for none.</param>
internal sealed record SnapshotSource(
    Func<TimeSpan, CancellationToken, bool> Wait, Func<Snapshot> Take, Action<TimeSpan> SetInterval, Func<bool>? Ended = null, Func<double>? Progress = null,
    Action<Filter?>? SetFilter = null, Playable? File = null);

/// <summary>
/// The life of the full screen: takes the terminal, runs, and gives it back however it ends. Everything but the waiting for
/// snapshots happens on the calling thread.
/// </summary>
internal sealed class App : IDisposable
{
    private const int Signaled = 128;

    private static readonly (PosixSignal Signal, int Number)[] s_signals =
    [
        (PosixSignal.SIGHUP, 1), (PosixSignal.SIGINT, 2), (PosixSignal.SIGQUIT, 3), (PosixSignal.SIGTERM, 15),
    ];

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly SnapshotSource _source;
    private readonly State _state;
    private readonly Frame _frame;
    private readonly Stage _stage = null!;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _taken = new(1);
    private readonly SemaphoreSlim _revived = new(0);
    private readonly Timeline _timeline;
    private TimeSpan _interval;
    private Filter? _filter;
    private bool _waiting, _held;
    private volatile bool _parked;
    private int _shown;
    private int _exitCode;
    private Exception? _failure;

    /// <param name="options">What was asked for.</param>
    /// <param name="source">Where snapshots come from.</param>
    /// <param name="depth">Colours to begin with.</param>
    /// <param name="possible">Colours the terminal has.</param>
    /// <param name="glyphs">Characters.</param>
    /// <param name="asked">The D view to begin with; null for none.</param>
    internal App(TopOptions options, SnapshotSource source, ColorDepth depth, ColorDepth possible, Glyphs glyphs, Asked? asked = null)
    {
        _source = source;
        _state = new State(options) { Colors = depth != ColorDepth.Mono };
        _frame = new Frame(_state);
        _interval = _state.Interval;
        _filter = _state.Expression;
        _timeline = new Timeline(_state, _frame, TimeZoneInfo.Local, source.File);
        var screen = new Screen(_state, _frame, glyphs, TimeZoneInfo.Local);
        var controls = new Controls(_state, _frame, screen, _timeline);
        var asker = new Asker(options.Origin, () => _frame.Snapshot?.Engines.Where(e => e.Alive).Select(e => e.Pid) ?? [], glyphs,
            (wants, onEvent) => options.Origin.Open(wants, onEvent));
        _state.Ask = asker.Ask;
        _state.OnAskedRead = () => _stage?.Post(OnAskedRead);
        if (asked is not null) _state.Open(asked);
        var looks = new Looks(depth, possible);
        Func<bool>? tick = source.Progress is null ? null : OnTick;
        _stage = OperatingSystem.IsWindows()
            ? new ToolkitStage(_state, screen, controls, looks, depth == ColorDepth.Sixteen) { Used = OnUsed, Tick = tick }
            : new UnixStage(_state, screen, controls, looks, glyphs == Glyphs.Ascii, new Tty()) { Used = OnUsed, Tick = tick };
    }

    /// <summary>Runs the full screen until the viewer or a signal ends it.</summary>
    /// <returns>0 after q and Ctrl-C, 128+n after a signal, 1 after a failure, 2 without a terminal.</returns>
    internal static int Run(TopOptions options, Asked? asked = null)
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
        {
            Console.Error.WriteLine("iscsitop: the full screen needs a terminal; -b prints reports");
            return 2;
        }
        // Workers of the thread pool that wait for more to do yield the processor thousands of times a second, which on a full
        // machine takes it from the target that is watched. The pool reads this when it is first used.
        AppContext.SetData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit", "0");
        using Feed feed = options.Origin.Open(new Wants(0, options.Interval, Commands: options.Origin.Capture is not null) { Filter = options.Expression });
        options = options.With(feed);
        Playable? file = feed is { Recorded: true, CanSeek: true } ? Play(feed, ref options) : null;
        Func<double>? progress = file is not null || double.IsNaN(feed.Progress) ? null : () => feed.Progress;
        var source = new SnapshotSource(feed.WaitForSnapshot, feed.Take, feed.SetInterval, () => feed.Ended, progress, feed.SetFilter, file);
        Func<string, string?> environment = Environment.GetEnvironmentVariable;
        using var app = new App(options, source, Palette.DepthFor(options.Color, environment), Palette.DepthFor(ColorChoice.Always, environment),
            options.Ascii ? Glyphs.Ascii : GlyphsFor(environment), asked);
        int code = app.Run();
        feed.Dispose();
        if (feed.WriteProblem.Length == 0) return code;
        Console.Error.WriteLine($"iscsitop: {feed.WriteProblem}");
        return code == 0 ? 1 : code;
    }

    /// <summary>Block characters where the terminal is known to have them.</summary>
    internal static Glyphs GlyphsFor(Func<string, string?> environment)
    {
        string term = environment("TERM") ?? "";
        string locale = environment("LC_ALL") is { Length: > 0 } all ? all : environment("LC_CTYPE") is { Length: > 0 } type ? type : environment("LANG") ?? "";
        bool utf8 = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()
            || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase) || locale.Contains("utf-8", StringComparison.OrdinalIgnoreCase);
        return utf8 && term is not ("dumb" or "linux" or "vt100" or "vt220") ? Glyphs.Unicode : Glyphs.Ascii;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stage.Dispose();
        _end.Dispose();
        _taken.Dispose();
        _revived.Dispose();
    }

    // A file is read for a D view at its own pace.
    private void OnAskedRead()
    {
        _state.Asked?.Look();
        _frame.Refresh();
        _stage.Redraw();
    }

    internal int Run()
    {
        try
        {
            RunOnTerminal();
        }
        catch (Exception e) when (_failure is null)
        {
            _failure = e;
        }
        if (_failure is null) return _exitCode;
        if (_exitCode == 0) Console.Error.WriteLine($"iscsitop: {_failure.Message}");
        return _exitCode == 0 ? 1 : _exitCode;
    }

    private void RunOnTerminal()
    {
        List<PosixSignalRegistration> signals = [.. s_signals.Select(s => PosixSignalRegistration.Create(s.Signal, c => OnSignal(c, s.Number)))];
        var waiter = new Thread(WaitForSnapshots) { IsBackground = true, Name = "snapshots" };
        waiter.Start();
        try
        {
            _stage.Run();
            if (_stage.Gone) _exitCode = Signaled + s_signals[0].Number;
        }
        finally
        {
            _end.Cancel();
            waiter.Join(s_patience);
            _state.CloseAsked();
            foreach (PosixSignalRegistration signal in signals) signal.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context, int number)
    {
        context.Cancel = true;
        _exitCode = Signaled + number;
        _stage.Post(_stage.Stop);
        // A terminal that does not read keeps the stage from ending. One that has gone never will: of that SIGHUP tells.
        _ = Task.Delay(number == 1 ? s_patience / 10 : s_patience).ContinueWith(_ => Environment.Exit(Signaled + number), TaskScheduler.Default);
    }

    private void OnUsed()
    {
        if (_state.Quit) _stage.Stop();
        if (_state.Interval != _interval) _source.SetInterval(_interval = _state.Interval);
        if (!ReferenceEquals(_state.Expression, _filter)) _source.SetFilter?.Invoke(_filter = _state.Expression);
        if (_timeline.Wanted) Jump();
        if (Takes) GoOn();
    }

    // A recording is played second by second, unless it is asked for otherwise.
    private static Playable Play(Feed feed, ref TopOptions options)
    {
        if (options.Interval >= Feed.WholeFile) options = options with { Interval = TimeSpan.FromSeconds(1) };
        feed.SetInterval(options.Interval);
        feed.Speed = 1;
        (long, long) span = feed.Span;
        return new Playable(feed.Seek, Next, () => span, speed => feed.Speed = speed);

        Snapshot? Next()
        {
            double speed = feed.Speed;
            feed.Speed = 0;
            bool any = feed.WaitForSnapshot(TimeSpan.Zero, CancellationToken.None);
            feed.Speed = speed;
            return any ? feed.Take() : null;
        }
    }

    // While the past is shown, what happens is gathered.
    private bool Takes => !_state.Paused || _state.Past != 0;

    // The reader of a recording is asked for another place only while nobody waits for it.
    private void Jump()
    {
        if (!_waiting && !_held && !_parked) return;
        _timeline.Jump();
        if (_waiting) (_waiting, _held) = (false, true);
        _stage.Redraw();
    }

    private void GoOn()
    {
        if (_waiting) TakeSnapshot();
        else if (_held)
        {
            _held = false;
            _taken.Release();
        }
        if (!_parked || _source.Ended?.Invoke() == true) return;
        _parked = false;
        _revived.Release();
    }

    // While the screen is paused nothing is taken: the feed goes on gathering, and the next snapshot covers the pause.
    private void WaitForSnapshots()
    {
        try
        {
            while (true)
            {
                if (_source.Ended?.Invoke() == true)
                {
                    if (_source.File is null) break;
                    _parked = true;
                    _revived.Wait(_end.Token);
                    continue;
                }
                _taken.Wait(_end.Token);
                _source.Wait(_state.Interval * 2, _end.Token);
                _end.Token.ThrowIfCancellationRequested();
                _stage.Post(OnSnapshot);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            _failure = e;
            _stage.Post(_stage.Stop);
        }
    }

    private void OnSnapshot()
    {
        _waiting = true;
        if (_timeline.Wanted) Jump();
        else if (Takes) TakeSnapshot();
    }

    private void TakeSnapshot()
    {
        _waiting = false;
        _state.Asked?.Look();
        _timeline.Taken(_source.Take());
        _stage.Redraw();
        if (++_shown > _state.Count) _stage.Stop();
        _taken.Release();
    }

    // Until there is something to show, how far the file has been read is.
    private bool OnTick()
    {
        _frame.Progress = _source.Progress!();
        return _frame.Snapshot is null;
    }
}
