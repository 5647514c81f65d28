using System.Net.Sockets;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>One subscriber of an engine: what it wants, what it has got, what waits for it. Used by the engine's thread only.</summary>
internal sealed class Subscriber : IDisposable
{
    /// <summary>Connections and units that may wait; a subscriber that is further behind is sent away.</summary>
    public const int MaxWaiting = 65536;

    private const int WantsFrame = 64;

    private readonly Socket? _socket;
    private readonly FrameBuffer _received = new(WantsFrame);
    private readonly Queue<ConnectionInfo> _connections = new();
    private readonly Queue<UnitInfo> _units = new();
    private FrameWriter? _events;
    private FrameWriter? _commands;
    private int _namesSent;

    /// <summary>Behind a socket.</summary>
    public Subscriber(Socket socket, long now)
    {
        _socket = socket;
        _socket.Blocking = false;
        Outbox = new SocketOutbox(socket);
        Attached = now;
    }

    /// <summary>In this process: what it wants is known.</summary>
    public Subscriber(Outbox outbox, Wants wants, long now)
    {
        Outbox = outbox;
        Wants = wants;
        Attached = now;
    }

    /// <summary>Monotonic ns when it came.</summary>
    public long Attached { get; }

    /// <summary>What it wants; null before it said so.</summary>
    public Wants? Wants { get; set; }

    /// <summary>Where its frames go.</summary>
    public Outbox Outbox { get; }

    /// <summary>Its maxima of the running interval.</summary>
    public UnitMaxima Maxima { get; } = new();

    /// <summary>Its maxima of the interval that the snapshot under way tells.</summary>
    public UnitMaxima Told { get; } = new();

    /// <summary>Its number among those that are told of cells, -1 for none.</summary>
    public int Number { get; set; } = -1;

    /// <summary>Its snapshots.</summary>
    public SnapshotCursor Snapshots { get; } = new();

    /// <summary>Events and commands it lost.</summary>
    public long Drops { get; private set; }

    /// <summary>Whether it sent what cannot be understood.</summary>
    public bool NotUnderstood { get; private set; }

    /// <summary>Whether it is too far behind to be told of connections.</summary>
    public bool TooSlow => _connections.Count > MaxWaiting || _units.Count > MaxWaiting;

    /// <summary>Whether there is nobody left.</summary>
    public bool Gone { get; private set; }

    /// <summary>Reads what it wants, if it has said so.</summary>
    /// <returns>Whether its wants are new.</returns>
    public bool Receive()
    {
        if (_socket is null) return false;
        int count = _socket.Receive(_received.Free, SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock) return false;
        if (error != SocketError.Success || count == 0)
        {
            Gone = true;
            return false;
        }
        _received.Received(count);
        return Understand();
    }

    /// <summary>A connection came, changed or went.</summary>
    public void Tell(ConnectionInfo connection)
    {
        if (Wants is { Anything: true }) _connections.Enqueue(connection);
    }

    /// <summary>A unit came or changed.</summary>
    public void Tell(UnitInfo unit)
    {
        if (Wants is { Anything: true }) _units.Enqueue(unit);
    }

    /// <summary>Sends names, connections and units that wait.</summary>
    /// <returns>Whether nothing waits any more, so that what uses them may follow.</returns>
    public bool SendKnown(List<string> names, FrameWriter writer)
    {
        if (Wants is not { Anything: true }) return true;
        while (_namesSent < names.Count && Outbox.HasRoom)
        {
            _namesSent += writer.Write(_namesSent, names);
            Outbox.TrySend(writer.Frame);
        }
        while (Outbox.HasRoom && _connections.TryDequeue(out ConnectionInfo? connection))
        {
            writer.Write(connection);
            Outbox.TrySend(writer.Frame);
        }
        while (Outbox.HasRoom && _units.TryDequeue(out UnitInfo? unit))
        {
            writer.Write(unit);
            Outbox.TrySend(writer.Frame);
        }
        return _namesSent == names.Count && _connections.Count == 0 && _units.Count == 0;
    }

    /// <summary>Adds an event, if it wants its probe.</summary>
    public void Add(in ProbeEvent e, List<string> names, FrameWriter writer)
    {
        if (Wants is not { } wants || (wants.Events & e.Probe.Bit()) == 0) return;
        if (_events is null) (_events = new FrameWriter()).Begin(FrameType.Events);
        if (_events.TryAdd(in e)) return;
        Send(_events, ProbeEvent.Size, names, writer);
        _events.TryAdd(in e);
    }

    /// <summary>Adds a command, if it wants commands.</summary>
    public void Add(in CompletedCommand command, List<string> names, FrameWriter writer)
    {
        if (Wants is not { Commands: true }) return;
        if (_commands is null) (_commands = new FrameWriter()).Begin(FrameType.Commands);
        if (_commands.TryAdd(in command)) return;
        Send(_commands, CompletedCommand.Size, names, writer);
        _commands.TryAdd(in command);
    }

    /// <summary>Sends the events and commands collected so far.</summary>
    public void SendCollected(List<string> names, FrameWriter writer)
    {
        if (_events is { PayloadLength: > 0 }) Send(_events, ProbeEvent.Size, names, writer);
        if (_commands is { PayloadLength: > 0 }) Send(_commands, CompletedCommand.Size, names, writer);
    }

    public void Dispose() => _socket?.Dispose();

    private void Send(FrameWriter full, int size, List<string> names, FrameWriter writer)
    {
        if (!SendKnown(names, writer) || !Outbox.TrySend(full.Frame)) Drops += full.PayloadLength / size;
        full.Begin(full.Type);
    }

    private bool Understand()
    {
        bool isNew = false;
        try
        {
            while (_received.TryTake(out FrameType type, out ReadOnlySpan<byte> payload))
            {
                if (type != FrameType.Wants) throw new StreamFormatException("a subscriber sends only what it wants");
                Wants = new FrameReader(payload).Wants();
                isNew = true;
            }
        }
        catch (StreamFormatException)
        {
            NotUnderstood = true;
        }
        return isNew;
    }
}
