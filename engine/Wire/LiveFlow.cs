using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>A TCP connection that is followed: its two directions and how it ends.</summary>
internal sealed class LiveFlow<TReceiver>(TReceiver receiver, int index, bool sawStart, HeldMemory memory, int maxHeld)
    where TReceiver : struct, IReceiver
{
    // The scale of a window is in its SYN; without, this is what systems choose for windows of 4 to 16 MiB.
    private const byte LikelyScale = 8;

    private readonly TcpStream<TReceiver> _toTarget = new(receiver, Direction.ToTarget, memory, maxHeld);
    private readonly TcpStream<TReceiver> _toInitiator = new(receiver, Direction.ToInitiator, memory, maxHeld);
    private long _windowOfTarget = 65536;
    private long _windowOfInitiator = 65536;

    /// <summary>What takes its bytes.</summary>
    public TReceiver Receiver => receiver;

    /// <summary>The place of its record in the table.</summary>
    public int Index => index;

    /// <summary>Packets seen of it.</summary>
    public long Packets { get; private set; }

    /// <summary>Who ended it first; None while nobody has.</summary>
    public ConnectionEnd End { get; private set; }

    /// <summary>Whether both have ended it, or a RST has.</summary>
    public bool Over { get; private set; }

    /// <summary>Whether it waits for a hole to be filled or given up.</summary>
    public bool Waits => !Over && (_toTarget.Waits || _toInitiator.Waits);

    /// <summary>Whether it is on the list of those that wait.</summary>
    public bool Listed { get; set; }

    /// <summary>Whether both ends were heard; of a capture of one direction never.</summary>
    public bool HeardBoth { get; private set; }

    /// <summary>Bits to shift the windows by, as the SYNs said.</summary>
    public (byte Target, byte Initiator) Scales { get; set; } = (LikelyScale, LikelyScale);

    /// <summary>Both ends were heard.</summary>
    public void HearBoth()
    {
        HeardBoth = true;
        receiver.HearBoth();
    }

    /// <summary>Whether a segment that comes after a long silence can be of this connection.</summary>
    public bool Continues(in Segment segment, Direction direction)
    {
        bool toTarget = direction == Direction.ToTarget;
        TcpStream<TReceiver> sent = toTarget ? _toTarget : _toInitiator, back = toTarget ? _toInitiator : _toTarget;
        return sent.Continues(segment.First) && ((segment.Flags & TcpFlags.Ack) == 0 || back.Continues(segment.Acknowledged));
    }

    /// <summary>Says where a direction begins, when nothing of it was seen.</summary>
    public void Base(Direction direction, uint sequence)
    {
        TcpStream<TReceiver> stream = direction == Direction.ToTarget ? _toTarget : _toInitiator;
        if (!stream.Based) stream.Base(sequence);
    }

    /// <summary>Takes a segment.</summary>
    public void Take(in Segment segment, Direction direction, long time)
    {
        bool toTarget = direction == Direction.ToTarget;
        TcpStream<TReceiver> sent = toTarget ? _toTarget : _toInitiator, back = toTarget ? _toInitiator : _toTarget;
        Packets++;
        if (sent.IsDuplicate(segment, time))
        {
            receiver.Facts.Duplicates++;
            return;
        }
        if (!HeardBoth && back.Heard) HearBoth();
        const TcpFlags Special = TcpFlags.Fin | TcpFlags.Syn | TcpFlags.Reset;
        if ((segment.Flags & TcpFlags.Ack) != 0)
        {
            if (sawStart && !back.Based) back.Base(segment.Acknowledged);
            back.Acknowledge(segment.Acknowledged, segment.Length == 0 && (segment.Flags & Special) == 0, time);
        }
        if ((segment.Flags & TcpFlags.Reset) == 0)
        {
            Window(segment, back, toTarget);
            if (segment.Length > 0) sent.Take(segment, time);
        }
        if ((segment.Flags & (TcpFlags.Fin | TcpFlags.Reset)) != 0) TakeEnd(segment, sent, toTarget, time);
        if (sent.Waits || back.Waits || End != ConnectionEnd.None) Settle(time);
    }

    /// <summary>Gives up holes that will not be filled.</summary>
    public void Settle(long time)
    {
        if (Over) return;
        _toTarget.Settle(time);
        _toInitiator.Settle(time);
        if (End != ConnectionEnd.None && HasEnded(_toTarget) && HasEnded(_toInitiator)) Close(End, time);
    }

    /// <summary>Delivers what is held: the input is at its end.</summary>
    public void Flush()
    {
        _toTarget.Flush();
        _toInitiator.Flush();
    }

    /// <summary>Ends it: nothing more is heard of it.</summary>
    public void Silence(long time)
    {
        if (Over) return;
        Flush();
        Close(End == ConnectionEnd.None ? ConnectionEnd.Silence : End, time);
    }

    /// <summary>Forgets what is held.</summary>
    public void Drop()
    {
        _toTarget.Drop();
        _toInitiator.Drop();
        Over = true;
    }

    // Of a capture of one direction, one FIN is all there will be.
    private bool HasEnded(TcpStream<TReceiver> stream) => stream.Finished || !(HeardBoth || stream.Heard);

    private void Window(in Segment segment, TcpStream<TReceiver> back, bool toTarget)
    {
        bool closed = segment.Window == 0;
        if (closed && !back.Closed) receiver.Facts.ZeroWindows++;
        back.Closed = closed;
        if (toTarget) _windowOfInitiator = (long)segment.Window << Scales.Initiator;
        else _windowOfTarget = (long)segment.Window << Scales.Target;
    }

    private void TakeEnd(in Segment segment, TcpStream<TReceiver> sent, bool toTarget, long time)
    {
        if ((segment.Flags & TcpFlags.Reset) != 0)
        {
            if (!sent.CanReset(segment.Sequence, toTarget ? _windowOfTarget : _windowOfInitiator)) return;
            Flush();
            if (End == ConnectionEnd.None) End = toTarget ? ConnectionEnd.InitiatorReset : ConnectionEnd.TargetReset;
            Close(End, time);
        }
        else
        {
            sent.Finish(segment.First + (uint)segment.Length, time);
            if (End == ConnectionEnd.None) End = toTarget ? ConnectionEnd.InitiatorFin : ConnectionEnd.TargetFin;
        }
    }

    private void Close(ConnectionEnd end, long time)
    {
        Over = true;
        Drop();
        receiver.Close(end, time);
    }
}
