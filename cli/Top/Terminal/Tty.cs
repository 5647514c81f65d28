using System.Runtime.InteropServices;

namespace Iscsitop.Cli.Top.Terminal;

/// <summary>What a wait ended with.</summary>
[Flags]
internal enum Ready : byte
{
    /// <summary>The time.</summary>
    Nothing,

    /// <summary>Something was typed.</summary>
    Input = 1,

    /// <summary><see cref="Tty.Wake"/> was called.</summary>
    Woken = 2,

    /// <summary>The terminal has gone.</summary>
    Gone = 4,
}

/// <summary>
/// A terminal, taken for a full screen and given back. Everything is the reading
/// thread's but <see cref="Wake"/> and <see cref="Leave"/>, which the end of the process calls from anywhere.
/// </summary>
internal sealed unsafe class Tty : IDisposable
{
    // So long the end waits for a terminal that does not take what is written, which then stays as it is.
    private const int Patience = 200;

    private readonly int _input;
    private readonly int _output;
    private readonly byte[] _settings = new byte[LibC.TermiosRoom];
    private readonly int[] _wake = new int[2];
    private readonly Lock _gate = new();
    private bool _entered;
    private bool _disposed;
    private int _woken;

    /// <param name="input">The terminal to read from.</param>
    /// <param name="output">The same to write to.</param>
    /// <exception cref="IOException">It is no terminal.</exception>
    public Tty(int input = 0, int output = 1)
    {
        (_input, _output) = (input, output);
        fixed (byte* settings = _settings) Check(LibC.GetAttributes(_input, settings));
        fixed (int* ends = _wake) Check(LibC.Pipe(ends));
    }

    /// <summary>Calls of write(2) so far.</summary>
    public long Writes { get; private set; }

    /// <summary>Columns and rows.</summary>
    public (int Width, int Height) Size => LibC.WindowSize(_output) is { Width: > 0, Height: > 0 } size ? size : (80, 24);

    // Alternate screen, no cursor, no wrapping at the right edge (a frame may meet a window that has just shrunk), clicks and wheel.
    private static ReadOnlySpan<byte> Taken => "\e[?1049h\e[?25l\e[?7l\e[?2004l\e[?1000h\e[?1006h"u8;

    // A terminal without an alternate screen has its prompt below ours. The last two undo what the runtime's console does to the keypad.
    private static ReadOnlySpan<byte> Given => "\e[?1006l\e[?1000l\e[0m\e[?7h\e[999;1H\r\n\e[?25h\e[?1049l\e[?1l\e>"u8;

    /// <summary>Takes the terminal: every key comes at once, and none is seen.</summary>
    public void Enter()
    {
        fixed (byte* settings = _settings)
        {
            Check(LibC.GetAttributes(_input, settings));
            byte* raw = stackalloc byte[LibC.TermiosRoom];
            new ReadOnlySpan<byte>(settings, LibC.TermiosRoom).CopyTo(new Span<byte>(raw, LibC.TermiosRoom));
            LibC.MakeRaw(raw);
            _entered = true;
            // In the background this stops the process until it is in the foreground.
            while (LibC.SetAttributes(_input, LibC.Now, raw) != 0) CheckInterrupted();
        }
        Write(Taken);
    }

    /// <summary>Gives the terminal back as it was; once, however often it is called. A terminal that is stuck does not stop it.</summary>
    public void Leave()
    {
        bool mine = _gate.TryEnter(Patience);
        try
        {
            if (!_entered) return;
            _entered = false;
            var output = new LibC.PollFd(_output, LibC.Writable, 0);
            if (mine && LibC.Poll(&output, 1, Patience) == 1 && output.Happened == LibC.Writable)
                fixed (byte* given = Given)
                    _ = LibC.Write(_output, given, (nuint)Given.Length);
            fixed (byte* settings = _settings) _ = LibC.SetAttributes(_input, LibC.Now, settings);
        }
        finally
        {
            if (mine) _gate.Exit();
        }
    }

    /// <summary>Writes, in one call unless the terminal takes only a part. Nothing while the terminal is not ours.</summary>
    /// <exception cref="IOException">The terminal has gone.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!_entered) return;
            fixed (byte* from = bytes)
            {
                for (int done = 0; done < bytes.Length;)
                {
                    nint n = LibC.Write(_output, from + done, (nuint)(bytes.Length - done));
                    Writes++;
                    if (n >= 0) done += (int)n;
                    else if (Marshal.GetLastPInvokeError() is var error && error == LibC.WouldBlock) WaitForRoom();
                    else if (error != LibC.Interrupted) throw Failure();
                }
            }
        }
    }

    /// <summary>Waits for something to do.</summary>
    /// <param name="milliseconds">How long at most, -1 for ever.</param>
    public Ready Wait(int milliseconds)
    {
        LibC.PollFd* fds = stackalloc LibC.PollFd[2];
        fds[0] = new LibC.PollFd(_input, LibC.Readable, 0);
        fds[1] = new LibC.PollFd(_wake[0], LibC.Readable, 0);
        if (LibC.Poll(fds, 2, milliseconds) < 0) return Marshal.GetLastPInvokeError() == LibC.Interrupted ? Ready.Woken : throw Failure();
        Ready ready = Ready.Nothing;
        if ((fds[0].Happened & LibC.Readable) != 0) ready |= Ready.Input;
        else if ((fds[0].Happened & LibC.Gone) != 0) ready |= Ready.Gone;
        if (fds[1].Happened != 0) ready |= Ready.Woken;
        if ((ready & Ready.Woken) != 0) TakeWake();
        return ready;
    }

    /// <summary>Reads what was typed; call it when <see cref="Wait"/> says so.</summary>
    /// <returns>How much, 0 when the terminal has gone.</returns>
    public int Read(Span<byte> into)
    {
        fixed (byte* to = into)
        {
            while (true)
            {
                nint n = LibC.Read(_input, to, (nuint)into.Length);
                if (n >= 0) return (int)n;
                if (Marshal.GetLastPInvokeError() != LibC.Interrupted) return 0;
            }
        }
    }

    /// <summary>Ends a wait, from any thread.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _woken, 1) != 0) return;
        byte one = 1;
        _ = LibC.Write(_wake[1], &one, 1);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Leave();
        if (_disposed) return;
        _disposed = true;
        // Whoever still wakes must not hit a file that has got the number since.
        Interlocked.Exchange(ref _woken, 1);
        foreach (int end in _wake) _ = LibC.Close(end);
    }

    private void TakeWake()
    {
        byte one;
        _ = LibC.Read(_wake[0], &one, 1);
        Interlocked.Exchange(ref _woken, 0);
    }

    private void WaitForRoom()
    {
        var output = new LibC.PollFd(_output, LibC.Writable, 0);
        _ = LibC.Poll(&output, 1, Patience);
    }

    private static void CheckInterrupted()
    {
        if (Marshal.GetLastPInvokeError() != LibC.Interrupted) throw Failure();
    }

    private static void Check(int result)
    {
        if (result != 0) throw Failure();
    }

    private static IOException Failure() => new($"terminal: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
