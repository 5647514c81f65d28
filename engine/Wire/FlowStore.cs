using System.Numerics;
using System.Runtime.CompilerServices;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine.Wire;

/// <summary>How far a TCP connection has come.</summary>
internal enum FlowState : byte
{
    /// <summary>The record is not in use.</summary>
    Free,

    /// <summary>A SYN to some port: the first bytes will tell.</summary>
    Unknown,

    /// <summary>A SYN to a target's port: nothing sent yet.</summary>
    Expected,

    /// <summary>It is followed.</summary>
    Live,

    /// <summary>It uses a target's port but is not iSCSI.</summary>
    Foreign,

    /// <summary>It is over; what still comes of it is of no interest.</summary>
    Closed,
}

/// <summary>What is kept of every TCP connection of interest.</summary>
internal record struct Flow<TReceiver> where TReceiver : struct, IReceiver
{
    /// <summary>The two ends.</summary>
    public Address Target, Initiator;

    /// <summary>What follows it, while it is live.</summary>
    public LiveFlow<TReceiver>? Live;

    /// <summary>When it began, and when a packet of it was seen last.</summary>
    public long Begun, Seen;

    /// <summary>The sequence numbers of the SYNs; see <see cref="KnowsTarget"/>.</summary>
    public uint TargetIsn, InitiatorIsn;

    /// <summary>The next record with the same hash, or the next free one; -1 for none.</summary>
    public int Next;

    /// <summary>The ports of the two ends.</summary>
    public ushort TargetPort, InitiatorPort;

    /// <summary>How far it has come.</summary>
    public FlowState State;

    /// <summary>Packets before it was known what it is; no more than 255 are counted.</summary>
    public byte Early;

    /// <summary>What the SYNs say of windows.</summary>
    public byte TargetScale, InitiatorScale;

    /// <summary>Which SYNs were seen.</summary>
    public bool KnowsTarget, KnowsInitiator;

    /// <summary>Which of them sent something before it was known what it is.</summary>
    public bool HeardTarget, HeardInitiator;

    /// <summary>How often the clock's hand goes by before it gives way, counted anew with each packet.</summary>
    public byte Chances;

    /// <summary>Whether a segment is of this connection, and where it goes.</summary>
    public readonly bool Has(in Segment segment, out Direction direction)
    {
        direction = Direction.ToTarget;
        if (segment.DestinationPort == TargetPort && segment.SourcePort == InitiatorPort
            && segment.Destination == Target && segment.Source == Initiator) return true;
        direction = Direction.ToInitiator;
        return segment.SourcePort == TargetPort && segment.DestinationPort == InitiatorPort
            && segment.Source == Target && segment.Destination == Initiator;
    }
}

/// <summary>Records of connections, found by their two ends; when there are too many, one that was silent for long gives way.</summary>
internal sealed class FlowStore<TReceiver>(int limit) where TReceiver : struct, IReceiver
{
    private const ulong K1 = 0x9e3779b97f4a7c15, K2 = 0xbf58476d1ce4e5b9;

    // Peers choose ports and addresses: with a number they do not know, they cannot choose the same chain for all.
    private readonly ulong _secret = (ulong)Random.Shared.NextInt64() | 1;
    private readonly int _limit = Math.Max(1, limit);
    private Flow<TReceiver>[] _flows = new Flow<TReceiver>[16];
    private int[] _buckets = NewBuckets(16);
    private int _used;
    private int _free = -1;
    private int _hand;
    private int _last = -1;

    /// <summary>Records in use.</summary>
    public int Count { get; private set; }

    /// <summary>Records that are or were in use: indexes are below it.</summary>
    public int Used => _used;

    /// <summary>Bytes that the records take.</summary>
    public long Size => (long)_flows.Length * Unsafe.SizeOf<Flow<TReceiver>>() + (long)_buckets.Length * sizeof(int);

    /// <summary>The record at an index.</summary>
    public ref Flow<TReceiver> this[int index] => ref _flows[index];

    /// <summary>The index of a segment's connection, -1 when there is none.</summary>
    public int Find(in Segment segment, out Direction direction)
    {
        int i = _last;
        if (i >= 0 && _flows[i].Has(segment, out direction)) return i;
        direction = Direction.ToTarget;
        i = _buckets[Bucket(segment.Source, segment.SourcePort, segment.Destination, segment.DestinationPort)];
        while (i >= 0 && !_flows[i].Has(segment, out direction)) i = _flows[i].Next;
        if (i >= 0) _last = i;
        return i;
    }

    /// <summary>Adds a record; there must be room.</summary>
    public int Add(in Flow<TReceiver> flow)
    {
        int i = _free;
        if (i >= 0) _free = _flows[i].Next;
        else if (_used == _flows.Length) Grow();
        if (i < 0) i = _used++;
        Count++;
        _flows[i] = flow;
        Chain(i);
        return i;
    }

    /// <summary>Whether one has to go before another can be added.</summary>
    public bool Full => Count >= _limit;

    /// <summary>The one to go: not seen for as many rounds of the clock's hand as it has chances. There must be one.</summary>
    public int Victim()
    {
        while (true)
        {
            if (_hand >= _used) _hand = 0;
            ref Flow<TReceiver> flow = ref _flows[_hand];
            _hand++;
            if (flow.State == FlowState.Free) continue;
            if (flow.Chances == 0) return _hand - 1;
            flow.Chances--;
        }
    }

    /// <summary>Takes a record out.</summary>
    public void Remove(int index)
    {
        ref Flow<TReceiver> flow = ref _flows[index];
        ref int link = ref _buckets[Bucket(flow.Target, flow.TargetPort, flow.Initiator, flow.InitiatorPort)];
        while (link != index) link = ref _flows[link].Next;
        link = flow.Next;
        flow = default;
        flow.Next = _free;
        _free = index;
        if (_last == index) _last = -1;
        Count--;
    }

    private static int[] NewBuckets(int count)
    {
        int[] buckets = new int[count];
        Array.Fill(buckets, -1);
        return buckets;
    }

    private void Grow()
    {
        Array.Resize(ref _flows, Math.Min(2 * _flows.Length, Math.Max(_limit, 16)));
        _buckets = NewBuckets((int)BitOperations.RoundUpToPowerOf2((uint)_flows.Length));
        for (int i = 0; i < _used; i++) Chain(i); // none is free, or it would not grow
    }

    private void Chain(int i)
    {
        ref Flow<TReceiver> flow = ref _flows[i];
        ref int bucket = ref _buckets[Bucket(flow.Target, flow.TargetPort, flow.Initiator, flow.InitiatorPort)];
        flow.Next = bucket;
        bucket = i;
    }

    // The same for both directions.
    private int Bucket(in Address a, ushort portOfA, in Address b, ushort portOfB)
    {
        ulong hash = (Hash(a, portOfA) + Hash(b, portOfB)) * K1;
        return (int)(hash >> 32) & (_buckets.Length - 1);
    }

    private ulong Hash(in Address address, ushort port)
    {
        ulong hash = (address.High ^ _secret) * K2 ^ (address.Low + ((ulong)port << 48)) * _secret;
        return (hash ^ (hash >> 32)) * K1;
    }
}
