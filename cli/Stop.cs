using System.Runtime.InteropServices;

namespace Iscsitop.Cli;

/// <summary>
/// The wish to end: Ctrl-C or SIGTERM the first time ends in good order, with a summary and status 0; the second time
/// the system's way, should the first be stuck behind a reader that does not read. What comes at once is one wish: timeout(1) sends to
/// the process and to its group.
/// </summary>
internal sealed class Stop : IDisposable
{
    private const int AtOnce = 250; // ms

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private long _asked;

    /// <summary>Listens to the signals.</summary>
    /// <param name="onHangup">What SIGHUP means instead of the end.</param>
    public static Stop OnSignals(Action? onHangup = null)
    {
        var stop = new Stop();
        stop.Listen(onHangup);
        return stop;
    }

    /// <summary>Listens to the signals from now on: until then they end the program the system's way, as while a pipe is opened.</summary>
    /// <param name="onHangup">What SIGHUP means instead of the end.</param>
    public void Listen(Action? onHangup = null)
    {
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
            _signals.Add(PosixSignalRegistration.Create(signal, OnSignal));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, onHangup is null ? OnSignal : context =>
        {
            context.Cancel = true;
            onHangup();
        }));
    }

    /// <summary>Cancelled when it is time to end.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Ends from within: everything asked for was delivered, or nobody reads any more.</summary>
    public void Now() => _source.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        long now = Environment.TickCount64, first = Interlocked.CompareExchange(ref _asked, now, 0);
        if (first == 0 ? _source.IsCancellationRequested : now - first > AtOnce) return;
        context.Cancel = true;
        _source.Cancel();
    }
}
