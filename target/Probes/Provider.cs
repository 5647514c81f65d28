using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Target.Probes;

/// <summary>What is known of a logical unit that events name only by number.</summary>
/// <param name="Target">Target name.</param>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Name">What the unit calls itself (VPD page 80h), "" when not known.</param>
/// <param name="BlockSize">Bytes of a logical block, 0 when not known.</param>
public sealed record UnitInfo(string Target, ulong Lun, string Name, int BlockSize)
{
    /// <summary>Its designator in VPD page 83h, the same on every path to it: <c>naa.6001...</c>, <c>eui....</c>; "" when not known.</summary>
    public string Identity { get; init; } = "";
}

/// <summary>
/// The iscsi provider: the mask of the probes somebody asked for, the ring their events go to, and the names behind
/// the ids. The target fires at two places, when a PDU was received and when one is about to be sent; a packet
/// decoder calls the same <see cref="Fire"/>.
/// </summary>
public sealed class Provider
{
    /// <summary>Names interned at most, so that peers cannot fill memory with names; later ones share one id.</summary>
    public const int MaxNames = 65536;

    /// <summary>The id of names that are too many.</summary>
    public const uint OtherName = 1;

    /// <summary>Faults that wait for the engine at most; others are only counted.</summary>
    public const int MaxFaults = 4096;

    private readonly ConcurrentQueue<Fault> _faults = new();
    private readonly long[] _lostFaults = new long[Fault.Kinds];
    private readonly ConcurrentDictionary<string, uint> _ids = new(StringComparer.Ordinal);
    private readonly List<string> _names = ["", "(other)"];
    private readonly Lock _namesLock = new();
    private readonly ConcurrentDictionary<(string Target, ulong Lun), ReservationInfo> _reservations = new();
    private readonly int _capacity;
    private ProbeRing? _ring;
    private int _reservationsTold;
    private uint _enabled;
    private uint _lastConnection;
    private long _time = -1;

    /// <param name="name">What the provider observes, for <c>iscsitop list</c>: "target", "eth0", a file name.</param>
    /// <param name="capacity">Events its ring holds, a power of two; the ring is made when a probe is first enabled.</param>
    public Provider(string name, int capacity = 1 << 16)
    {
        Name = name;
        _capacity = capacity;
    }

    /// <summary>What the provider observes.</summary>
    public string Name { get; }

    /// <summary>Now, on the time line of the events: monotonic ns, or what <see cref="SetTime"/> said last.</summary>
    public long Now => _time >= 0 ? _time : Clock.Now;

    /// <summary>ns since 1970 minus the time of an event; 0 when <see cref="SetTime"/> says what time it is.</summary>
    public long WallOffset => _time >= 0 ? 0 : Clock.WallOffset;

    /// <summary>Says what time it is, for events of the past: ns since 1970. From then on it stands still until told again.</summary>
    public void SetTime(long time) => _time = time;

    /// <summary>The mask of enabled probes. Written by the engine only: the union of what subscribers want.</summary>
    public uint Enabled
    {
        get => Volatile.Read(ref _enabled);
        set
        {
            if (value != 0) _ring ??= new ProbeRing(_capacity);
            Volatile.Write(ref _enabled, value & ProbeSet.Pdus);
        }
    }

    /// <summary>
    /// Takes events out of the full ring, on the thread that fires: where one thread both fires and takes, nothing is lost. Null,
    /// as where other threads fire, and a full ring drops.
    /// </summary>
    public Action? OnFull { get; set; }

    /// <summary>The ring events go to; null until a probe was enabled.</summary>
    public ProbeRing? Ring => _ring;

    /// <summary>Events lost because the engine was behind.</summary>
    public long Drops => _ring?.Drops ?? 0;

    /// <summary>Connections that came, changed or went since the engine last looked, in order.</summary>
    public ConcurrentQueue<ConnectionInfo> ConnectionChanges { get; } = new();

    /// <summary>Logical units that came or changed since the engine last looked.</summary>
    public ConcurrentQueue<UnitInfo> UnitChanges { get; } = new();

    /// <summary>Records what no probe tells of, while anybody looks.</summary>
    public void Tell(in Fault fault)
    {
        if (Enabled == 0) return;
        if (_faults.Count < MaxFaults) _faults.Enqueue(fault);
        else Interlocked.Increment(ref _lostFaults[(int)fault.Kind]);
    }

    /// <summary>The next fault since the engine last looked.</summary>
    public bool TryTake(out Fault fault) => _faults.TryDequeue(out fault);

    /// <summary>How many of a kind there were since the last call that did not fit.</summary>
    public long TakeLost(FaultKind kind) => Interlocked.Exchange(ref _lostFaults[(int)kind], 0);

    /// <summary>Says how the reservations of a unit are now. What was said of it and not looked at yet is replaced.</summary>
    public void Tell(ReservationInfo reservations)
    {
        ArgumentNullException.ThrowIfNull(reservations);
        _reservations[(reservations.Target, reservations.Lun)] = reservations;
        Volatile.Write(ref _reservationsTold, 1);
    }

    /// <summary>Adds the units whose reservations changed since the last time, in no order.</summary>
    public void TakeReservations(List<ReservationInfo> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        if (Volatile.Read(ref _reservationsTold) == 0 || Interlocked.Exchange(ref _reservationsTold, 0) == 0) return;
        foreach (KeyValuePair<(string Target, ulong Lun), ReservationInfo> told in _reservations)
            if (_reservations.TryRemove(told)) into.Add(told.Value);
    }

    /// <summary>An id for a new connection, from 1.</summary>
    public uint NextConnection() => Interlocked.Increment(ref _lastConnection);

    /// <summary>The id of a name; 0 is "".</summary>
    /// <param name="name">The name.</param>
    /// <param name="proven">False for a name a login claims: those may take half the room only, so that lies crowd nobody out.</param>
    public uint Intern(string name, bool proven = true)
    {
        if (name.Length == 0) return 0;
        if (_ids.TryGetValue(name, out uint id)) return id;
        lock (_namesLock)
        {
            if (_ids.TryGetValue(name, out id)) return id;
            if (_names.Count >= (proven ? MaxNames : MaxNames / 2)) return OtherName;
            id = (uint)_names.Count;
            _names.Add(name);
            _ids[name] = id;
            return id;
        }
    }

    /// <summary>Copies the names with ids from <paramref name="from"/> on into <paramref name="into"/>.</summary>
    public void NamesSince(int from, List<string> into)
    {
        lock (_namesLock)
            for (int i = from; i < _names.Count; i++) into.Add(_names[i]);
    }

    /// <summary>How many ids have been given.</summary>
    public int NameCount { get { lock (_namesLock) return _names.Count; } }

    /// <summary>Whether anybody asked for the probe of this PDU: one load and a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Wants(byte opcode) => (Volatile.Read(ref _enabled) & Pdu.ProbeBit(opcode)) != 0;

    /// <summary>Records a PDU that was received or is about to be sent. Never waits; drops are counted in the ring.</summary>
    /// <param name="bhs">The 48 header bytes.</param>
    /// <param name="tail">CDB bytes from 16 on, or sense data; up to <see cref="ProbeEvent.TailBytes.Length"/> are kept.</param>
    /// <param name="lun">The LUN as a number, <see cref="Lun.Unknown"/> where there is none.</param>
    /// <param name="connection">The connection's id.</param>
    /// <param name="target">Id of the target's name, 0 before it is known.</param>
    /// <param name="initiator">Id of the initiator's name, 0 before it is known.</param>
    /// <param name="time">Monotonic ns of the event.</param>
    /// <param name="unmapped">Of the response to an UNMAP that ended GOOD: what it asked for.</param>
    public void Fire(ReadOnlySpan<byte> bhs, ReadOnlySpan<byte> tail, ulong lun, uint connection, uint target, uint initiator, long time, UnmapSum unmapped = default)
    {
        ProbeRing? ring = _ring;
        if (ring is null) return;
        if (OnFull is not null && ring.IsFull) OnFull();
        if (!ring.TryClaim(out long position)) return;
        ref ProbeEvent e = ref ring.Claimed(position);
        e.Time = time;
        e.LunNumber = lun;
        e.Connection = connection;
        e.Target = target;
        e.Initiator = initiator;
        e.Probe = Pdu.ProbeOf(bhs[0]);
        bhs[..Pdu.BhsLength].CopyTo(e.Header);
        if (tail.Length > ProbeEvent.TailBytes.Length) tail = tail[..ProbeEvent.TailBytes.Length];
        tail.CopyTo(e.Tail);
        e.TailLength = (byte)tail.Length;
        e.Unmapped = unmapped;
        ring.Publish(position);
    }
}
