using System.Net.Sockets;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>A viewer's side of one engine's pipe: a thread that reads frames, and the mirror they fill.</summary>
internal sealed class EngineLink : IDisposable
{
    private const int AskTimeout = 2000;

    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly FrameWriter _writer = new();
    private readonly Reception _reception;
    private volatile bool _disposed;

    /// <summary>Connects.</summary>
    /// <exception cref="PipeException">It cannot be opened.</exception>
    public EngineLink(string directory, int pid, Reception reception)
    {
        Directory = directory;
        Pid = pid;
        _reception = reception;
        _socket = Pipe.Connect(directory, pid);
        _thread = new Thread(Read) { IsBackground = true, Name = "engine link" };
    }

    /// <summary>Where its pipe is.</summary>
    public string Directory { get; }

    /// <summary>Its process id.</summary>
    public int Pid { get; }

    /// <summary>What it has told.</summary>
    public Mirror Mirror => _reception.Mirror;

    /// <summary>Called when a handler of the viewer's threw.</summary>
    public required Action<Exception> OnFailure { get; init; }

    /// <summary>Says what is wanted and begins to read.</summary>
    public void Start(Wants wants)
    {
        Ask(wants);
        _thread.Start();
    }

    /// <summary>Says what is wanted.</summary>
    public void Ask(Wants wants)
    {
        _writer.Write(wants);
        try
        {
            _socket.Send(_writer.Frame);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The reading thread will notice.
        }
    }

    /// <summary>Waits for the reading thread.</summary>
    public void Join()
    {
        if (Thread.CurrentThread != _thread) _thread.Join();
    }

    public void Dispose()
    {
        _disposed = true;
        _socket.Dispose();
    }

    /// <summary>Asks an engine who it is.</summary>
    /// <returns>Null when nothing listens.</returns>
    public static EngineListing? Ask(string directory, int pid)
    {
        string path = Pipe.PathOf(directory, pid);
        try
        {
            using Socket socket = Pipe.Connect(directory, pid);
            socket.ReceiveTimeout = socket.SendTimeout = AskTimeout;
            var writer = new FrameWriter();
            writer.Write(new Wants(0, TimeSpan.Zero));
            socket.Send(writer.Frame);
            return Answer(socket, new EngineListing(pid, path));
        }
        catch (EngineNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is PipeException or SocketException or StreamFormatException)
        {
            return new EngineListing(pid, path, Problem: e.Message);
        }
    }

    private static EngineListing Answer(Socket socket, EngineListing listing)
    {
        var buffer = new FrameBuffer();
        int count;
        while ((count = socket.Receive(buffer.Free)) > 0)
        {
            buffer.Received(count);
            while (buffer.TryTake(out FrameType type, out ReadOnlySpan<byte> payload))
            {
                var frame = new FrameReader(payload);
                if (type == FrameType.Hello)
                {
                    Hello hello = frame.Hello();
                    listing = listing with { Source = hello.Source, Version = hello.Program, Probes = hello.Probes };
                }
                else if (type == FrameType.Status)
                {
                    StatusRecord s = frame.Status();
                    return listing with { Enabled = s.Enabled, Connections = s.Connections, Sessions = s.Sessions, Subscribers = s.Subscribers - 1 };
                }
            }
        }
        return listing with { Problem = "it closed the pipe" };
    }

    private void Read()
    {
        string problem = "";
        try
        {
            problem = ReadFrames();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or StreamFormatException)
        {
            problem = e.Message;
        }
#pragma warning disable CA1031 // A handler of the viewer's failed: it hears of it where it takes snapshots.
        catch (Exception e)
#pragma warning restore CA1031
        {
            OnFailure(e);
        }
        Mirror.End(_disposed ? "" : problem);
        _reception.OnNews?.Invoke();
    }

    private string ReadFrames()
    {
        var buffer = new FrameBuffer();
        bool greeted = false;
        int count;
        while ((count = _socket.Receive(buffer.Free)) > 0)
        {
            buffer.Received(count);
            while (buffer.TryTake(out FrameType type, out ReadOnlySpan<byte> payload))
            {
                if (greeted != (type != FrameType.Hello)) throw new StreamFormatException("a stream begins with hello, once");
                greeted = true;
                if (type == FrameType.End) return Reception.Reason(new FrameReader(payload));
                _reception.Read(type, payload);
            }
        }
        return "it closed the pipe";
    }
}
