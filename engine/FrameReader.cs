using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>A view over one frame's payload that reads from front to back and never beyond its end.</summary>
/// <param name="payload">The bytes after the frame's header.</param>
public ref partial struct FrameReader(ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    /// <summary>Whether nothing is left.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>hello.</summary>
    /// <exception cref="StreamFormatException">Magic, version or sizes are not ours.</exception>
    public Hello Hello()
    {
        MagicAndVersion();
        if (U16() != ProbeEvent.Size || U16() != CompletedCommand.Size || U16() != Histogram.BucketCount)
            throw new StreamFormatException("the records of the stream have other sizes than this program's");
        return new Hello((int)U32(), U32(), I64(), Text(), Text());
    }

    /// <summary>wants.</summary>
    /// <exception cref="StreamFormatException">Magic or version are not ours.</exception>
    public Wants Wants()
    {
        MagicAndVersion();
        int flags = U16();
        uint events = U32() & ProbeSet.All;
        long interval = Math.Clamp(I64(), 0, (long)TimeSpan.FromDays(365).TotalNanoseconds);
        return new Wants(events, TimeSpan.FromTicks(interval / 100), (flags & 1) != 0);
    }

    /// <summary>names: adds those that follow what <paramref name="into"/> has.</summary>
    /// <exception cref="StreamFormatException">They leave a gap, or there are more than a provider interns.</exception>
    public void Names(List<string> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        uint first = U32();
        int count = U16();
        if (first != into.Count || first + count > Provider.MaxNames) throw new StreamFormatException("the ids of names leave a gap");
        for (int i = 0; i < count; i++) into.Add(Text());
    }

    /// <summary>connection.</summary>
    public ConnectionInfo Connection()
    {
        uint id = U32();
        ushort tsih = U16();
        ushort cid = U16();
        long opened = I64();
        long closed = I64();
        var end = (ConnectionEnd)U8();
        int flags = U8();
        return new ConnectionInfo(id, Text(), Text(), Text(), Text(), Text(), tsih, cid, opened, closed)
        {
            End = end,
            Discovery = (flags & 1) != 0,
            MidStream = (flags & 2) != 0,
            Parameters = (flags & 4) != 0 ? Parameters() : null,
            PortalGroup = (flags & 8) != 0 ? U16() : -1,
        };
    }

    private SessionParameters Parameters()
    {
        int flags = U8();
        return new SessionParameters((flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0)
        {
            ErrorRecoveryLevel = U8(),
            MaxConnections = U16(),
            MaxOutstandingR2T = U16(),
            FirstBurstLength = U32(),
            MaxBurstLength = U32(),
            TargetMaxRecv = U32(),
            InitiatorMaxRecv = U32(),
        };
    }

    /// <summary>unit.</summary>
    public UnitInfo Unit()
    {
        ulong lun = (ulong)I64();
        int blockSize = (int)U32();
        return new UnitInfo(Text(), lun, Text(), blockSize) { Identity = AtEnd ? "" : Text() };
    }

    /// <summary>The events of an events frame, in place.</summary>
    /// <exception cref="StreamFormatException">The payload is no whole number of them.</exception>
    public readonly ReadOnlySpan<ProbeEvent> Events() => Array<ProbeEvent>(ProbeEvent.Size);

    /// <summary>The commands of a commands frame, in place.</summary>
    /// <exception cref="StreamFormatException">The payload is no whole number of them, or one says it holds more than it does.</exception>
    public readonly ReadOnlySpan<CompletedCommand> Commands()
    {
        ReadOnlySpan<CompletedCommand> commands = Array<CompletedCommand>(CompletedCommand.Size);
        foreach (ref readonly CompletedCommand c in commands)
            if (c.CdbLength > CompletedCommand.CdbBytes.Length || c.SenseLength > CompletedCommand.SenseBytes.Length)
                throw new StreamFormatException("a command's CDB or sense data is longer than its field");
        return commands;
    }

    /// <summary>The next unit of a units frame.</summary>
    public UnitRecord UnitRecord()
    {
        ulong lun = (ulong)I64();
        return new UnitRecord(lun, U32(), (int)U32(), I64(), I64());
    }

    /// <summary>An initiator of an initiators frame.</summary>
    public InitiatorRecord InitiatorRecord()
    {
        uint initiator = U32();
        U32();
        return new InitiatorRecord(initiator, I64());
    }

    /// <summary>status.</summary>
    public StatusRecord Status() => new()
    {
        Time = I64(),
        Interval = I64(),
        WallOffset = I64(),
        RingDrops = I64(),
        OutboxDrops = I64(),
        Folded = I64(),
        Unmatched = I64(),
        Lost = I64(),
        BusyTime = I64(),
        MaxOutstanding = I64(),
        PeakStarts = (int)U32(),
        Connections = (int)U32(),
        Sessions = (int)U32(),
        Subscribers = (int)U32(),
        Enabled = U32(),
        Coverage = Coverage(),
    };

    private Coverage Coverage() => new()
    {
        Packets = I64(),
        Dropped = I64(),
        Undecodable = I64(),
        Foreign = I64(),
        Fragments = I64(),
        Pdus = I64(),
        Resyncs = I64(),
        MissingBytes = I64(),
        MidStream = I64(),
        Evicted = I64(),
    };

    /// <summary>end.</summary>
    public (EndReason Reason, string Text) End() => ((EndReason)U8(), Text());

    /// <summary>The next cell of a cells frame, over what <paramref name="into"/> held.</summary>
    /// <exception cref="StreamFormatException">A bucket, kind or phase does not exist.</exception>
    public void Cell(Cell into)
    {
        ArgumentNullException.ThrowIfNull(into);
        _rest = _rest[CellCodec.Read(_rest, into)..];
    }

    /// <summary>Whose cell comes next in a cells frame: <see cref="RestOfCell"/> must follow.</summary>
    internal CellKey CellKey()
    {
        int at = 0;
        CellKey key = CellCodec.ReadKey(_rest, ref at);
        _rest = _rest[at..];
        return key;
    }

    /// <summary>What it has, with histograms that several cells share one after the other.</summary>
    internal void RestOfCell(in CellKey key, Cell into, Stack<Histogram>? spare)
    {
        into.Key = key;
        _rest = _rest[CellCodec.ReadRest(_rest, into, spare)..];
    }

    /// <summary>Whose facts come next in a facts frame.</summary>
    public uint FactsConnection() => U32();

    /// <summary>The facts of that connection, over what <paramref name="into"/> held.</summary>
    /// <exception cref="StreamFormatException">A bucket does not exist.</exception>
    public void Facts(ConnectionFacts into)
    {
        ArgumentNullException.ThrowIfNull(into);
        Histogram? times = into.NopTime, ofTarget = into.TargetNopTime;
        into.Forget();
        int counts = U16();
        U16();
        into.Window = I64();
        into.Outstanding = I64();
        into.LastPdu = I64();
        for (int i = 0; i < counts; i++)
        {
            long count = I64();
            if (i < ConnectionFacts.Count) into[(Fact)i] = count;
            else if (i == ConnectionFacts.Count) into.Retransmits = count;
        }
        into.NopTime = Times(times, null);
        into.TargetNopTime = Times(ofTarget, into.NopTime);
    }

    // Null when there are none, unless there are of both.
    private Histogram? Times(Histogram? into, Histogram? both)
    {
        long sum = I64();
        int buckets = U16();
        if (buckets == 0 && both is null) return null;
        into ??= new Histogram();
        into.Clear();
        into.AddSum(sum);
        Buckets(into, buckets);
        return into;
    }

    /// <summary>The next failure of a failures frame: which, how often, and when on the engine's clock.</summary>
    public FailureRecord Failure()
    {
        uint connection = U32();
        ulong lun = (ulong)I64();
        ushort operation = U16();
        var kind = (FailureKind)U8();
        U8();
        return new FailureRecord(new FailureKey(connection, lun, operation, kind, U32()), I64(), I64(), I64());
    }

    /// <summary>The next pattern of a patterns frame, over what <paramref name="into"/> held.</summary>
    /// <returns>Whose it is.</returns>
    /// <exception cref="StreamFormatException">A place or bucket does not exist.</exception>
    public PatternKey Pattern(Pattern into)
    {
        ArgumentNullException.ThrowIfNull(into);
        _rest = _rest[PatternCodec.Read(_rest, into, out PatternKey key)..];
        return key;
    }

    /// <summary>Whose pattern comes next in a patterns frame: <see cref="RestOfPattern"/> must follow.</summary>
    internal PatternKey PatternKey()
    {
        int at = 0;
        PatternKey key = PatternCodec.ReadKey(_rest, ref at);
        _rest = _rest[at..];
        return key;
    }

    /// <summary>What it has.</summary>
    internal void RestOfPattern(Pattern into) => _rest = _rest[PatternCodec.ReadRest(_rest, into)..];

    private void Buckets(Histogram into, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int bucket = U16();
            if (bucket >= Iscsitop.Engine.Histogram.BucketCount) throw new StreamFormatException($"a histogram has no bucket {bucket}");
            into.Append(bucket, I64());
        }
    }

    private void MagicAndVersion()
    {
        if (!Raw(StreamFormat.Magic.Length).SequenceEqual(StreamFormat.Magic)) throw new StreamFormatException("this is no stream of an engine");
        int version = U16();
        if (version != StreamFormat.Version)
            throw new StreamFormatException($"the stream has version {version}, this program reads {StreamFormat.Version}");
    }

    private readonly ReadOnlySpan<T> Array<T>(int size) where T : unmanaged => _rest.Length % size == 0
        ? MemoryMarshal.Cast<byte, T>(_rest)
        : throw new StreamFormatException($"{_rest.Length} bytes are no whole number of records of {size}");

    private ReadOnlySpan<byte> Raw(int length)
    {
        if (length > _rest.Length) throw new StreamFormatException("a frame ends before its fields do");
        ReadOnlySpan<byte> bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }

    private byte U8() => Raw(1)[0];

    private ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Raw(2));

    private uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Raw(4));

    private long I64() => BinaryPrimitives.ReadInt64LittleEndian(Raw(8));

    private string Text()
    {
        int length = U16();
        if (length > StreamFormat.MaxString) throw new StreamFormatException($"a string of {length} bytes");
        return Encoding.UTF8.GetString(Raw(length));
    }
}

/// <summary>Cuts received bytes into frames. Its one buffer holds one frame of the longest.</summary>
public sealed class FrameBuffer
{
    private readonly byte[] _bytes;
    private int _from;
    private int _to;

    /// <param name="longest">Bytes of the longest frame accepted.</param>
    public FrameBuffer(int longest = StreamFormat.MaxFrame) => _bytes = new byte[longest];

    /// <summary>Where received bytes go; never empty after <see cref="TryTake"/> returned false.</summary>
    public Span<byte> Free
    {
        get
        {
            _bytes.AsSpan(_from, _to - _from).CopyTo(_bytes);
            _to -= _from;
            _from = 0;
            return _bytes.AsSpan(_to);
        }
    }

    /// <summary>Says how many bytes went into <see cref="Free"/>.</summary>
    public void Received(int count) => _to += count;

    /// <summary>Takes the next whole frame.</summary>
    /// <param name="type">Its type, which may be one we do not know.</param>
    /// <param name="payload">Its payload, valid until the next use of <see cref="Free"/>.</param>
    /// <exception cref="StreamFormatException">The length is impossible.</exception>
    public bool TryTake(out FrameType type, out ReadOnlySpan<byte> payload)
    {
        type = FrameType.None;
        payload = default;
        ReadOnlySpan<byte> rest = _bytes.AsSpan(_from, _to - _from);
        if (rest.Length < StreamFormat.HeaderLength) return false;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (length < StreamFormat.HeaderLength || length > _bytes.Length) throw new StreamFormatException($"a frame of {length} bytes");
        if (rest.Length < length) return false;
        type = (FrameType)rest[4];
        payload = rest[StreamFormat.HeaderLength..(int)length];
        _from += (int)length;
        return true;
    }
}
