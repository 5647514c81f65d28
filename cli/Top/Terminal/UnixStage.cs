using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Iscsitop.Cli.Top.Terminal;

/// <summary>
/// The screen on a Unix terminal. One thread sleeps in poll(2) until a key, a snapshot or a signal comes, does all there is
/// to do, and writes what changed on the screen by one write(2). Nothing happens while nothing happens.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class UnixStage : Stage
{
    // So long the rest of a key's sequence may take after its Esc; a person's next key takes longer.
    private const int EscapeTime = 25;

    // So long a process waits to be stopped. One that no shell would continue never is.
    private static readonly TimeSpan s_stopTime = TimeSpan.FromMilliseconds(500);

    private readonly State _state;
    private readonly Screen _screen;
    private readonly Controls _controls;
    private readonly Looks _looks;
    private readonly Tty _tty;
    private readonly KeyDecoder _decoder = new();
    private readonly Painter _painter;
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly List<Keystroke> _keys = [];
    private readonly byte[] _read = new byte[4096];
    private readonly ManualResetEventSlim _continued = new();
    private PosixSignalRegistration? _suspend;
    private long _ticked;
    private bool _ticking;
    private bool _dirty = true;
    private bool _stopped;

    public UnixStage(State state, Screen screen, Controls controls, Looks looks, bool ascii, Tty tty)
    {
        _tty = tty;
        _painter = new Painter(ascii);
        (_state, _screen, _controls, _looks) = (state, screen, controls, looks);
        _painter.Use(looks.Now);
    }

    public override void Run()
    {
        AppDomain.CurrentDomain.ProcessExit += OnEnd;
        AppDomain.CurrentDomain.UnhandledException += OnEnd;
        _suspend = On(PosixSignal.SIGTSTP, () => Post(Suspend));
        // The runtime's own answer to SIGCONT would be to set the terminal as it last knew it.
        using PosixSignalRegistration proceed = On(PosixSignal.SIGCONT, _continued.Set);
        using PosixSignalRegistration resize = On(PosixSignal.SIGWINCH, () => Post(Resized));
        try
        {
            _tty.Enter();
            Loop();
        }
        finally
        {
            _suspend.Dispose();
            _tty.Leave();
            AppDomain.CurrentDomain.ProcessExit -= OnEnd;
            AppDomain.CurrentDomain.UnhandledException -= OnEnd;
        }
    }

    public override void Post(Action action)
    {
        _posted.Enqueue(action);
        _tty.Wake();
    }

    public override void Redraw() => _dirty = true;

    public override void Stop() => _stopped = true;

    public override void Dispose()
    {
        _tty.Dispose();
        _continued.Dispose();
    }

    private void Loop()
    {
        _ticking = Tick is not null;
        while (true)
        {
            while (_posted.TryDequeue(out Action? action)) action();
            if (_stopped) return;
            if (_dirty) Paint();
            Ready ready = _tty.Wait(Patience());
            if ((ready & Ready.Input) != 0) Read();
            else if (ready == Ready.Nothing && _decoder.Holds) _decoder.GiveUp(_keys);
            if (Gone |= (ready & Ready.Gone) != 0) return;
            foreach (Keystroke key in _keys) Use(key);
            _keys.Clear();
            if (_ticking) DoTick();
        }
    }

    private int Patience() => _decoder.Holds ? EscapeTime : _ticking ? (int)TickTime.TotalMilliseconds : Timeout.Infinite;

    private void Read()
    {
        int n = _tty.Read(_read);
        Gone = n == 0;
        _decoder.Decode(_read.AsSpan(0, n), Environment.TickCount64, _keys);
    }

    private void Use(Keystroke key)
    {
        bool used = true;
        switch (key.Pointer)
        {
            case Pointer.None: used = _controls.Press(key.Key); break;
            case Pointer.Click: _controls.Click(key.X, key.Y); break;
            case Pointer.DoubleClick: _controls.DoubleClick(key.X, key.Y); break;
            default: _controls.Wheel(key.Pointer == Pointer.WheelDown ? 1 : -1); break;
        }
        if (!used) return;
        Redraw();
        Used();
        if (!_state.Suspend) return;
        _state.Suspend = false;
        // As the terminal itself would: to everything of the shell's job, of which this is a part.
        _ = LibC.Kill(0, LibC.StopSignal);
    }

    private void DoTick()
    {
        if (Environment.TickCount64 - _ticked < TickTime.TotalMilliseconds) return;
        _ticked = Environment.TickCount64;
        _ticking = Tick!();
        Redraw();
    }

    private void Paint()
    {
        _dirty = false;
        if (_looks.Follow(_state))
        {
            _painter.Use(_looks.Now);
            _screen.Canvas.Invalidate();
        }
        (int width, int height) = _tty.Size;
        _screen.Draw(width, height);
        ReadOnlySpan<byte> frame = _painter.Paint(_screen.Canvas);
        if (frame.Length > 0) _tty.Write(frame);
    }

    // It may have been small meanwhile and have its old size again: what it has cut off then is gone.
    private void Resized()
    {
        _screen.Canvas.Invalidate();
        Redraw();
    }

    // The terminal is the shell's until SIGCONT.
    private void Suspend()
    {
        _tty.Leave();
        _continued.Reset();
        _suspend?.Dispose();
        _ = LibC.Kill(Environment.ProcessId, LibC.StopSignal);
        _continued.Wait(s_stopTime);
        _suspend = On(PosixSignal.SIGTSTP, () => Post(Suspend));
        _tty.Enter();
        _screen.Canvas.Invalidate();
        Redraw();
    }

    private static PosixSignalRegistration On(PosixSignal signal, Action action) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        action();
    });

    private void OnEnd(object? sender, EventArgs e) => _tty.Leave();
}
