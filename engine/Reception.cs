using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What becomes of one engine's frames at a viewer: a mirror of its cells, and calls for events and commands.</summary>
internal sealed class Reception(Lock gate, int pid, EventHandler? onEvent, CommandHandler? onCommand)
{
    private static readonly ConnectionInfo s_unknown = new(0, "", "");

    /// <summary>What it has told.</summary>
    public Mirror Mirror { get; } = new(gate, pid);

    /// <summary>Called when the mirror has something new.</summary>
    public Action? OnNews { get; init; }

    /// <summary>Takes in a frame.</summary>
    /// <exception cref="StreamFormatException">It is not what it should be.</exception>
    public void Read(FrameType type, ReadOnlySpan<byte> payload)
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
            case FrameType.Cells or FrameType.Units or FrameType.Initiators or FrameType.Facts or FrameType.Failures or FrameType.Patterns
                or FrameType.Task or FrameType.SessionEnd or FrameType.Reservation:
                Mirror.Keep(type, payload); break;
            case FrameType.Status:
                Mirror.Commit(frame.Status());
                OnNews?.Invoke();
                break;
            case FrameType.End:
                Mirror.End(Reason(frame));
                OnNews?.Invoke();
                break;
            default: break;
        }
    }

    /// <summary>What an end frame says, "" when the engine simply stopped.</summary>
    public static string Reason(FrameReader frame)
    {
        (EndReason reason, string text) = frame.End();
        return reason switch
        {
            EndReason.EngineStops => "",
            EndReason.TooSlow => "this viewer was too far behind",
            EndReason.SourceFailed => text,
            _ => "it did not understand this viewer",
        };
    }

    private void Deliver(ReadOnlySpan<ProbeEvent> events)
    {
        if (onEvent is null) return;
        foreach (ref readonly ProbeEvent e in events)
        {
            EventContext context = Context(e.Connection, e.Target, e.Initiator, e.Time);
            onEvent(in e, in context);
        }
    }

    private void Deliver(ReadOnlySpan<CompletedCommand> commands)
    {
        Fold(commands);
        if (onCommand is null) return;
        foreach (ref readonly CompletedCommand c in commands)
        {
            EventContext context = Context(c.Connection, c.Target, c.Initiator, c.Time);
            onCommand(in c, in context);
        }
    }

    private void Fold(ReadOnlySpan<CompletedCommand> commands)
    {
        lock (gate)
        {
            if (Mirror.OfCommands.Filter is null) return;
            foreach (ref readonly CompletedCommand c in commands)
            {
                EventContext context = Context(c.Connection, c.Target, c.Initiator, c.Time);
                Mirror.OfCommands.Add(in c, in context);
            }
        }
    }

    private EventContext Context(uint connection, uint target, uint initiator, long time) => new(
        Mirror.Connections.GetValueOrDefault(connection, s_unknown), Name(target), Name(initiator), time + Mirror.WallOffset, Mirror.Status);

    private string Name(uint id) => id < Mirror.Names.Count ? Mirror.Names[(int)id] : "";
}
