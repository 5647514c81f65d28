using System.Net;
using System.Net.Sockets;

namespace Iscsitop.Target.Server;

/// <summary>
/// Lets workers wake a connection's thread that waits for its socket. Made when a connection first hands work off:
/// until then its thread waits in the receive itself, without this call.
/// </summary>
internal abstract class Waker : IDisposable
{
    // A worker may still be about to wake us when the connection ends: by then the descriptor may be somebody else's.
    private readonly Lock _gate = new();
    private bool _disposed;
    private int _pending;

    /// <summary>Makes the system's kind.</summary>
    public static Waker Create() => OperatingSystem.IsWindows() ? new SocketWaker() : new PipeWaker();

    /// <summary>Wakes the waiting thread; many calls before it looks are one.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _pending, 1) != 0) return;
        lock (_gate)
            if (!_disposed) Signal();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            Close();
        }
    }

    /// <summary>Waits until the socket (null for none) is readable, somebody woke us, or the time is over.</summary>
    /// <returns>Whether the socket is readable (or at its end).</returns>
    public bool Wait(Socket? socket, int timeoutMilliseconds)
    {
        bool readable = WaitFor(socket, timeoutMilliseconds, out bool woken);
        if (woken)
        {
            Clear();
            Volatile.Write(ref _pending, 0);
        }
        return readable;
    }

    protected abstract void Close();

    protected abstract void Signal();

    protected abstract void Clear();

    protected abstract bool WaitFor(Socket? socket, int timeoutMilliseconds, out bool woken);

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private sealed unsafe class PipeWaker : Waker
    {
        private readonly int _read;
        private readonly int _write;

        public PipeWaker()
        {
            int* fds = stackalloc int[2];
            if (Native.Pipe(fds) != 0) throw new IOException($"pipe: error {System.Runtime.InteropServices.Marshal.GetLastPInvokeError()}");
            _read = fds[0];
            _write = fds[1];
        }

        protected override void Close()
        {
            _ = Native.Close(_read);
            _ = Native.Close(_write);
        }

        protected override void Signal()
        {
            byte one = 1;
            _ = Native.Write(_write, &one, 1);
        }

        protected override void Clear()
        {
            byte one;
            _ = Native.Read(_read, &one, 1);
        }

        protected override bool WaitFor(Socket? socket, int timeoutMilliseconds, out bool woken)
        {
            Native.PollFd* fds = stackalloc Native.PollFd[2];
            fds[0] = new Native.PollFd { Fd = socket is null ? -1 : (int)socket.Handle, Events = Native.PollIn };
            fds[1] = new Native.PollFd { Fd = _read, Events = Native.PollIn };
            int ready = Native.Poll(fds, 2, timeoutMilliseconds);
            woken = ready > 0 && fds[1].Returned != 0;
            return ready > 0 && fds[0].Returned != 0;
        }
    }

    private sealed class SocketWaker : Waker
    {
        private readonly Socket _read = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly Socket _write = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly List<Socket> _ready = [];

        public SocketWaker()
        {
            _read.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _write.Connect(_read.LocalEndPoint!);
        }

        protected override void Close()
        {
            _read.Dispose();
            _write.Dispose();
        }

        protected override void Signal() => _write.Send([1]);

        protected override void Clear()
        {
            Span<byte> one = stackalloc byte[1];
            _ = _read.Receive(one);
        }

        protected override bool WaitFor(Socket? socket, int timeoutMilliseconds, out bool woken)
        {
            _ready.Clear();
            if (socket is not null) _ready.Add(socket);
            _ready.Add(_read);
            Socket.Select(_ready, null, null, timeoutMilliseconds * 1000);
            woken = _ready.Contains(_read);
            return socket is not null && _ready.Contains(socket);
        }
    }
}
