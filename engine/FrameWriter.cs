using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>Composes one frame after the other in one buffer. Records that no longer fit are refused, never cut.</summary>
public sealed partial class FrameWriter
{
    private readonly byte[] _bytes = new byte[StreamFormat.MaxFrame];
    private int _length;

    /// <summary>The frame as it goes out.</summary>
    public ReadOnlySpan<byte> Frame
    {
        get
        {
            BinaryPrimitives.WriteInt32LittleEndian(_bytes, _length);
            return _bytes.AsSpan(0, _length);
        }
    }

    /// <summary>Bytes of payload so far.</summary>
    public int PayloadLength => Math.Max(0, _length - StreamFormat.HeaderLength);

    /// <summary>Bytes that still fit.</summary>
    public int Room => StreamFormat.MaxFrame - _length;

    /// <summary>The type begun.</summary>
    public FrameType Type => (FrameType)_bytes[4];

    /// <summary>Starts a frame over the last one.</summary>
    public void Begin(FrameType type)
    {
        _bytes.AsSpan(0, StreamFormat.HeaderLength).Clear();
        _bytes[4] = (byte)type;
        _length = StreamFormat.HeaderLength;
    }

    /// <summary>hello.</summary>
    public void Write(Hello hello)
    {
        ArgumentNullException.ThrowIfNull(hello);
        Begin(FrameType.Hello);
        Raw(StreamFormat.Magic);
        U16(StreamFormat.Version);
        U16(ProbeEvent.Size);
        U16(CompletedCommand.Size);
        U16(Histogram.BucketCount);
        U32((uint)hello.Pid);
        U32(hello.Probes);
        I64(hello.WallOffset);
        Text(hello.Source);
        Text(hello.Program);
    }

    /// <summary>names, as many as fit from <paramref name="first"/> on.</summary>
    /// <returns>How many went in.</returns>
    public int Write(int first, List<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        Begin(FrameType.Names);
        U32((uint)first);
        int countAt = _length;
        U16(0);
        int i = first;
        for (; i < names.Count && i - first < ushort.MaxValue && Room >= 2 + StreamFormat.MaxString; i++) Text(names[i]);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(countAt), (ushort)(i - first));
        return i - first;
    }

    /// <summary>connection.</summary>
    public void Write(ConnectionInfo connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        Begin(FrameType.Connection);
        Add(connection);
    }

    private void Add(ConnectionInfo connection)
    {
        U32(connection.Id);
        U16(connection.Tsih);
        U16(connection.Cid);
        I64(connection.Opened);
        I64(connection.Closed);
        U8((int)connection.End);
        U8((connection.Discovery ? 1 : 0) | (connection.MidStream ? 2 : 0) | (connection.Parameters is null ? 0 : 4) | (connection.PortalGroup < 0 ? 0 : 8));
        Text(connection.Local);
        Text(connection.Remote);
        Text(connection.Target);
        Text(connection.Initiator);
        Text(connection.Isid);
        if (connection.Parameters is { } parameters) Add(parameters);
        if (connection.PortalGroup >= 0) U16(connection.PortalGroup);
    }

    private void Add(SessionParameters p)
    {
        U8((p.HeaderDigest ? 1 : 0) | (p.DataDigest ? 2 : 0) | (p.ImmediateData ? 4 : 0) | (p.InitialR2T ? 8 : 0));
        U8(p.ErrorRecoveryLevel);
        U16(p.MaxConnections);
        U16(p.MaxOutstandingR2T);
        U32(p.FirstBurstLength);
        U32(p.MaxBurstLength);
        U32(p.TargetMaxRecv);
        U32(p.InitiatorMaxRecv);
    }

    /// <summary>unit.</summary>
    public void Write(UnitInfo unit)
    {
        ArgumentNullException.ThrowIfNull(unit);
        Begin(FrameType.Unit);
        I64((long)unit.Lun);
        U32((uint)unit.BlockSize);
        Text(unit.Target);
        Text(unit.Name);
        Text(unit.Identity);
    }

    /// <summary>wants.</summary>
    public void Write(Wants wants)
    {
        Begin(FrameType.Wants);
        Raw(StreamFormat.Magic);
        U16(StreamFormat.Version);
        U16(wants.Commands ? 1 : 0);
        U32(wants.Events);
        I64(wants.Interval.Ticks * 100);
    }

    /// <summary>end.</summary>
    public void Write(EndReason reason, string text = "")
    {
        Begin(FrameType.End);
        U8((int)reason);
        Text(text);
    }

    /// <summary>status.</summary>
    public void Write(in StatusRecord status)
    {
        Begin(FrameType.Status);
        I64(status.Time);
        I64(status.Interval);
        I64(status.WallOffset);
        I64(status.RingDrops);
        I64(status.OutboxDrops);
        I64(status.Folded);
        I64(status.Unmatched);
        I64(status.Lost);
        I64(status.BusyTime);
        I64(status.MaxOutstanding);
        U32((uint)status.PeakStarts);
        U32((uint)status.Connections);
        U32((uint)status.Sessions);
        U32((uint)status.Subscribers);
        U32(status.Enabled);
        I64(status.Coverage.Packets);
        I64(status.Coverage.Dropped);
        I64(status.Coverage.Undecodable);
        I64(status.Coverage.Foreign);
        I64(status.Coverage.Fragments);
        I64(status.Coverage.Pdus);
        I64(status.Coverage.Resyncs);
        I64(status.Coverage.MissingBytes);
        I64(status.Coverage.MidStream);
        I64(status.Coverage.Evicted);
    }

    /// <summary>Adds an event to an events frame.</summary>
    /// <returns>False when the frame is full.</returns>
    public bool TryAdd(in ProbeEvent e) => TryAddRaw(MemoryMarshal.AsBytes(new ReadOnlySpan<ProbeEvent>(in e)));

    /// <summary>Adds a command to a commands frame.</summary>
    /// <returns>False when the frame is full.</returns>
    public bool TryAdd(in CompletedCommand command) => TryAddRaw(MemoryMarshal.AsBytes(new ReadOnlySpan<CompletedCommand>(in command)));

    /// <summary>Adds a unit to a units frame.</summary>
    /// <returns>False when the frame is full.</returns>
    public bool TryAdd(in UnitRecord unit)
    {
        if (Room < UnitRecord.Size) return false;
        I64((long)unit.Lun);
        U32(unit.Target);
        U32((uint)unit.PeakStarts);
        I64(unit.MaxOutstanding);
        I64(unit.BusyTime);
        return true;
    }

    /// <summary>Adds an initiator to an initiators frame.</summary>
    /// <returns>False when the frame is full.</returns>
    public bool TryAdd(in InitiatorRecord initiator)
    {
        if (Room < InitiatorRecord.Size) return false;
        U32(initiator.Initiator);
        U32(0);
        I64(initiator.MaxOutstanding);
        return true;
    }

    /// <summary>Adds a cell to a cells frame, whose integral reaches to its own last change plus <paramref name="untilNow"/> ns.</summary>
    /// <returns>False when the frame is full; a cell alone always fits.</returns>
    public bool TryAdd(Cell cell, long untilNow)
    {
        ArgumentNullException.ThrowIfNull(cell);
        int length = CellCodec.Write(cell, untilNow, _bytes.AsSpan(_length));
        _length += Math.Max(0, length);
        return length > 0;
    }

    /// <summary>Adds a connection to a facts frame.</summary>
    /// <returns>False when the frame is full; a connection alone always fits.</returns>
    public bool TryAdd(uint connection, ConnectionFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        int start = _length;
        if (Room < FactsHead + (ConnectionFacts.Count + 1) * 8) return false;
        U32(connection);
        U16(ConnectionFacts.Count + 1);
        U16(0);
        I64(facts.Window);
        I64(facts.Outstanding);
        I64(facts.LastPdu);
        for (int i = 0; i < ConnectionFacts.Count; i++) I64(facts[(Fact)i]);
        I64(facts.Retransmits);
        if (TryAdd(facts.NopTime ?? s_none) && TryAdd(facts.TargetNopTime ?? s_none)) return true;
        _length = start;
        return false;
    }

    private const int FactsHead = 32;

    private static readonly Histogram s_none = new();

    private bool TryAdd(Histogram histogram)
    {
        if (Room < 10) return false;
        I64(histogram.Sum);
        int countAt = _length;
        U16(0);
        int count = 0;
        for (int at = 0; histogram.Next(ref at, out int bucket, out long n); count++)
        {
            if (Room < 10) return false;
            U16(bucket);
            I64(n);
        }
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(countAt), (ushort)count);
        return true;
    }

    private bool TryAddRaw(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Room) return false;
        Raw(bytes);
        return true;
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void U8(int value) => _bytes[_length++] = (byte)value;

    private void U16(int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length), (ushort)value);
        _length += 2;
    }

    private void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(_length), value);
        _length += 4;
    }

    private void I64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(_length), value);
        _length += 8;
    }

    // Cut between characters: the conversion stops before one that no longer fits.
    private void Text(string value)
    {
        Span<byte> room = _bytes.AsSpan(_length + 2, StreamFormat.MaxString);
        System.Text.Unicode.Utf8.FromUtf16(value, room, out _, out int written, replaceInvalidSequences: true);
        U16(written);
        _length += written;
    }
}
