using System.Net.Sockets;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>A viewer's side of one engine's pipe: a thread that reads frames, and the mirror they fill.</summary>
internal sealed class EngineLink : IDisposable
{
    private const int AskTimeout = 2000;

    private static readonly ConnectionInfo s_unknown = new(0, "", "");

    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly FrameWriter _writer = new();
    private readonly EventHandler? _onEvent;
    private readonly CommandHandler? _onCommand;
    private volatile bool _disposed;

    /// <summary>Connects.</summary>
    /// <exception cref="PipeException">It cannot be opened.</exception>
    public EngineLink(string directory, int pid, Lock gate, EventHandler? onEvent, CommandHandler? onCommand)
    {
        Directory = directory;
        Pid = pid;
        _onEvent = onEvent;
        _onCommand = onCommand;
        Mirror = new Mirror(gate, pid);
        _socket = Pipe.Connect(directory, pid);
        _thread = new Thread(Read) { IsBackground = true, Name = "engine link" };
    }

    /// <summary>Where its pipe is.</summary>
    public string Directory { get; }

    /// <summary>Its process id.</summary>
    public int Pid { get; }

    /// <summary>What it has told.</summary>
    public Mirror Mirror { get; }

    /// <summary>Called when the mirror has something new.</summary>
    public required Action OnNews { get; init; }

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
        OnNews();
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
                if (type == FrameType.End) return Reason(new FrameReader(payload).End());
                Read(type, payload);
            }
        }
        return "it closed the pipe";
    }

    private static string Reason(EndReason reason) => reason switch
    {
        EndReason.EngineStops => "",
        EndReason.TooSlow => "this viewer was too far behind",
        _ => "it did not understand this viewer",
    };

    private void Read(FrameType type, ReadOnlySpan<byte> payload)
    {
        var frame = new FrameReader(payload);
        switch (type)
        {
            case FrameType.Hello: Mirror.Greet(frame.Hello()); break;
            case FrameType.Names: frame.Names(Mirror.Names); break;
            case FrameType.Connection: Mirror.Connect(frame.Connection()); break;
            case FrameType.Unit: Mirror.Know(frame.Unit()); break;
            case FrameType.Events: Deliver(frame.Events()); break;
            case FrameType.Commands: Deliver(frame.Commands()); break;
            case FrameType.Cells or FrameType.Units: Mirror.Keep(type, payload); break;
            case FrameType.Status:
                Mirror.Commit(frame.Status());
                OnNews();
                break;
            default: break;
        }
    }

    private void Deliver(ReadOnlySpan<ProbeEvent> events)
    {
        if (_onEvent is null) return;
        foreach (ref readonly ProbeEvent e in events)
        {
            EventContext context = Context(e.Connection, e.Target, e.Initiator, e.Time);
            _onEvent(in e, in context);
        }
    }

    private void Deliver(ReadOnlySpan<CompletedCommand> commands)
    {
        if (_onCommand is null) return;
        foreach (ref readonly CompletedCommand c in commands)
        {
            EventContext context = Context(c.Connection, c.Target, c.Initiator, c.Time);
            _onCommand(in c, in context);
        }
    }

    private EventContext Context(uint connection, uint target, uint initiator, long time) => new(
        Mirror.Connections.GetValueOrDefault(connection, s_unknown), Name(target), Name(initiator), time + Mirror.WallOffset, Mirror.Status);

    private string Name(uint id) => id < Mirror.Names.Count ? Mirror.Names[(int)id] : "";
}
