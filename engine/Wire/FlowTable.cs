using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// The TCP connections of a capture. Those of a target's port are followed from their SYN or from the middle, those of other ports
/// when they begin with a login. The others leave no record behind.
/// </summary>
internal sealed class FlowTable<TReceiver> where TReceiver : struct, IReceiver
{
    /// <summary>ns a connection that is over keeps its ports: nothing of it comes later (RFC 9293 §3.4.2).</summary>
    public const long Linger = 60_000_000_000;

    private const long Tick = 100_000_000;

    // Of those known to be iSCSI: they may be idle for long, and what their login said cannot be had again.
    private const byte ChancesOfKnown = 16;

    private readonly WireContext _context;
    private readonly OpenReceiver<TReceiver> _open;
    private readonly FlowStore<TReceiver> _flows;
    private readonly TargetPorts _ports;
    private readonly HeldMemory _memory;
    private readonly FirstBytes _firstBytes = new();
    private readonly List<LiveFlow<TReceiver>> _waiting = [];
    private long _ticked = long.MinValue;
    private long _swept;

    /// <param name="context">What is shared.</param>
    /// <param name="open">Makes the receiver of a connection.</param>
    public FlowTable(WireContext context, OpenReceiver<TReceiver> open)
    {
        _context = context;
        _open = open;
        _flows = new FlowStore<TReceiver>(context.Options.MaxFlows);
        _ports = new TargetPorts(context.Options.Ports);
        _memory = new HeldMemory(context.Options.MaxHeld);
    }

    /// <summary>Records kept.</summary>
    public int Count => _flows.Count;

    /// <summary>Bytes that the records take.</summary>
    public long Size => _flows.Size;

    /// <summary>Buffers of what came out of order.</summary>
    public HeldMemory Memory => _memory;

    /// <summary>Takes a segment.</summary>
    public void Take(in Segment segment, long time)
    {
        if ((ulong)(time - _ticked) >= Tick) OnTick(time);
        int i = _flows.Find(segment, out Direction direction);
        if (i >= 0 && IsOver(_flows[i], segment, direction, time))
        {
            End(i, time);
            i = -1;
        }
        bool met = i < 0;
        if (met) i = Meet(segment, out direction, time);
        if (i < 0) return;
        ref Flow<TReceiver> flow = ref _flows[i];
        if ((segment.Flags & (TcpFlags.Syn | TcpFlags.Reset)) == TcpFlags.Syn) TakeSyn(ref flow, segment, direction);
        if (flow.State != FlowState.Closed) flow.Seen = time;
        flow.Chances = met ? (byte)0 : ChancesOf(flow); // of those with one packet, as scans make them, the first to come is the first to go
        if (flow.State == FlowState.Live) Follow(ref flow, segment, direction, time);
        else if (flow.State == FlowState.Foreign) _context.Coverage.Foreign++;
        else if (flow.State != FlowState.Closed) TakeEarly(i, segment, direction, time);
    }

    /// <summary>Delivers what is held: the input is at its end. What has its FINs now is over.</summary>
    public void Finish(long time)
    {
        foreach (LiveFlow<TReceiver> live in _waiting)
        {
            if (live.Over) continue;
            live.Flush();
            live.Settle(time);
            if (live.Over || live.Receiver.Foreign) Settle(live);
        }
    }

    // Whether a segment belongs to a later connection between the same two ends.
    private bool IsOver(in Flow<TReceiver> flow, in Segment segment, Direction direction, long time)
    {
        if (IsStale(flow, time) && !(flow.Live is { End: ConnectionEnd.None } live && live.Continues(segment, direction))) return true;
        if ((segment.Flags & (TcpFlags.Syn | TcpFlags.Reset)) != TcpFlags.Syn) return false;
        if ((segment.Flags & TcpFlags.Ack) == 0)
            return direction == Direction.ToInitiator || !flow.KnowsInitiator || flow.InitiatorIsn != segment.Sequence;
        bool answers = flow.KnowsInitiator && flow.InitiatorIsn == segment.Acknowledged - 1 && direction == Direction.ToInitiator;
        return !answers || (flow.KnowsTarget && flow.TargetIsn != segment.Sequence);
    }

    private bool IsStale(in Flow<TReceiver> flow, long time) =>
        time - flow.Seen > (flow.State == FlowState.Closed ? Linger : _context.Options.Silence);

    private static byte ChancesOf(in Flow<TReceiver> flow) => flow.Live is { } live && live.Receiver.Known ? ChancesOfKnown : (byte)1;

    // The record of a connection not seen before; -1 when it is of no interest.
    private int Meet(in Segment segment, out Direction direction, long time)
    {
        bool syn = (segment.Flags & TcpFlags.Syn) != 0;
        bool from = _ports.Has(segment.Source, segment.SourcePort), to = _ports.Has(segment.Destination, segment.DestinationPort);
        direction = syn ? ((segment.Flags & TcpFlags.Ack) != 0 ? Direction.ToInitiator : Direction.ToTarget)
            : from && to ? Guess(segment) : from ? Direction.ToInitiator : Direction.ToTarget;
        bool known = direction == Direction.ToTarget ? to : from;
        if (!syn && !known) _context.Coverage.Foreign++;
        // A single byte is a keep-alive's, and no place to begin.
        if ((segment.Flags & TcpFlags.Reset) != 0 || (!syn && (!known || segment.Length <= 1))) return -1;
        if (_flows.Full) Evict(time);
        bool toTarget = direction == Direction.ToTarget;
        return _flows.Add(new Flow<TReceiver>
        {
            Target = toTarget ? segment.Destination : segment.Source,
            TargetPort = toTarget ? segment.DestinationPort : segment.SourcePort,
            Initiator = toTarget ? segment.Source : segment.Destination,
            InitiatorPort = toTarget ? segment.SourcePort : segment.DestinationPort,
            State = known ? FlowState.Expected : FlowState.Unknown,
            Begun = time,
            Seen = time,
        });
    }

    // Both ports are targets': the lower one is, or what the first byte of a PDU says (RFC 7143 §11.2.1.2).
    private static Direction Guess(in Segment segment)
    {
        if (segment.SourcePort != segment.DestinationPort) return segment.SourcePort < segment.DestinationPort ? Direction.ToInitiator : Direction.ToTarget;
        return segment.Payload.Length > 0 && (segment.Payload[0] & 0x20) != 0 ? Direction.ToInitiator : Direction.ToTarget;
    }

    private static void TakeSyn(ref Flow<TReceiver> flow, in Segment segment, Direction direction)
    {
        if (direction == Direction.ToTarget)
        {
            (flow.KnowsInitiator, flow.InitiatorIsn, flow.InitiatorScale) = (true, segment.Sequence, segment.WindowScale);
            return;
        }
        (flow.KnowsTarget, flow.TargetIsn, flow.TargetScale) = (true, segment.Sequence, segment.WindowScale);
        if (!flow.KnowsInitiator) (flow.KnowsInitiator, flow.InitiatorIsn) = (true, segment.Acknowledged - 1);
        flow.Live?.Base(Direction.ToInitiator, segment.Sequence + 1);
    }

    private void Follow(ref Flow<TReceiver> flow, in Segment segment, Direction direction, long time)
    {
        LiveFlow<TReceiver> live = flow.Live!;
        live.Take(segment, direction, time);
        if (live.Over || live.Receiver.Foreign) Settle(live);
        else if (live.Waits && !live.Listed) List(live);
    }

    // Before it is known what it is.
    private void TakeEarly(int index, in Segment segment, Direction direction, long time)
    {
        ref Flow<TReceiver> flow = ref _flows[index];
        if (flow.Early < byte.MaxValue) flow.Early++;
        flow.HeardInitiator |= direction == Direction.ToTarget;
        flow.HeardTarget |= direction == Direction.ToInitiator;
        if (segment.Length > 0 && flow.State == FlowState.Expected) Open(index, segment, direction, time);
        else if (segment.Length > 0) Examine(index, segment, direction, time);
        else if ((segment.Flags & (TcpFlags.Fin | TcpFlags.Reset)) != 0) Forget(index);
    }

    private void Examine(int index, in Segment segment, Direction direction, long time)
    {
        ref Flow<TReceiver> flow = ref _flows[index];
        int place = (int)(segment.First - flow.InitiatorIsn - 1);
        ReadOnlySpan<byte> bytes = direction == Direction.ToTarget ? _firstBytes.Join(index, place, segment) : default;
        if (TReceiver.LooksLikeLogin(bytes))
        {
            _ports.Learn(flow.Target, flow.TargetPort);
            Segment whole = segment;
            whole.Flags &= ~TcpFlags.Syn;
            whole.Sequence = flow.InitiatorIsn + 1;
            whole.Length += bytes.Length - segment.Payload.Length;
            whole.Payload = bytes;
            _firstBytes.Remove(index);
            Open(index, whole, direction, time);
        }
        else if (direction == Direction.ToInitiator || (place == 0 && bytes.IsEmpty && !_firstBytes.Has(index)))
        {
            Forget(index);
        }
    }

    private void Open(int index, in Segment segment, Direction direction, long time)
    {
        ref Flow<TReceiver> flow = ref _flows[index];
        bool sawStart = flow.KnowsInitiator;
        TReceiver receiver = _open(flow.Target.WithPort(flow.TargetPort), flow.Initiator.WithPort(flow.InitiatorPort), flow.Begun, sawStart);
        var live = new LiveFlow<TReceiver>(receiver, index, sawStart, _memory, _context.Options.MaxHeldPerFlow);
        if (flow.HeardInitiator && flow.HeardTarget) live.HearBoth();
        if (flow.KnowsTarget && sawStart) live.Scales = (flow.TargetScale, flow.InitiatorScale);
        if (sawStart) live.Base(Direction.ToTarget, flow.InitiatorIsn + 1);
        if (flow.KnowsTarget) live.Base(Direction.ToInitiator, flow.TargetIsn + 1);
        (flow.Live, flow.State) = (live, FlowState.Live);
        Follow(ref flow, segment, direction, time);
    }

    private void List(LiveFlow<TReceiver> live)
    {
        live.Listed = true;
        _waiting.Add(live);
    }

    // It is over, or not iSCSI.
    private void Settle(LiveFlow<TReceiver> live)
    {
        ref Flow<TReceiver> flow = ref _flows[live.Index];
        flow.State = live.Over ? FlowState.Closed : FlowState.Foreign;
        if (live.Receiver.Foreign) _context.Coverage.Foreign += live.Packets;
        live.Drop();
        flow.Live = null;
    }

    // It turned out not to be iSCSI, or has ended before it was known.
    private void Forget(int index)
    {
        if (_flows[index].State == FlowState.Unknown) _context.Coverage.Foreign += _flows[index].Early;
        _firstBytes.Remove(index);
        _flows.Remove(index);
    }

    private void Evict(long time)
    {
        int victim = _flows.Victim();
        if (_flows[victim].State is FlowState.Live or FlowState.Expected or FlowState.Unknown) _context.Coverage.Evicted++;
        End(victim, time);
    }

    private void End(int index, long time)
    {
        _flows[index].Live?.Silence(time);
        if (_flows[index].State == FlowState.Unknown) _firstBytes.Remove(index);
        _flows.Remove(index);
    }

    private void OnTick(long time)
    {
        _ticked = time;
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            LiveFlow<TReceiver> live = _waiting[i];
            bool over = live.Over;
            live.Settle(time);
            if (!over && (live.Over || live.Receiver.Foreign)) Settle(live);
            if (live.Waits) continue;
            live.Listed = false;
            _waiting[i] = _waiting[^1];
            _waiting.RemoveAt(_waiting.Count - 1);
        }
        if (time - _swept >= _context.Options.Silence / 16 || time < _swept) Sweep(time);
    }

    private void Sweep(long time)
    {
        _swept = time;
        for (int i = 0; i < _flows.Used; i++)
        {
            ref Flow<TReceiver> flow = ref _flows[i];
            if (flow.State == FlowState.Free || !IsStale(flow, time)) continue;
            if (flow.Live is { End: ConnectionEnd.None } idle) idle.Flush(); // it may go on any time, and its login will not be repeated
            else End(i, time);
        }
    }
}
