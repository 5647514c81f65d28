using System.Net.Sockets;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Target.Server;

/// <summary>What became of a receive.</summary>
internal enum Received : byte
{
    Data,
    Nothing,
    Closed,
}

/// <summary>
/// Frames PDUs out of a connection's bytes: many PDUs per receive, each a view into the buffer. A long data segment
/// can be received where it belongs instead.
/// </summary>
internal sealed class PduReader(Socket socket) : IDisposable
{
    /// <summary>Longest PDU we accept: header, 255 words of AHS, our MaxRecvDataSegmentLength and padding.</summary>
    private const int MaxPdu = Pdu.BhsLength + 1020 + LoginKeys.MaxRecvDataSegmentLength + 4 + 2 * Crc32C.Length;

    private const int MaxSpares = 64;

    private static readonly Spares<byte[]> s_spares = new(static () => GC.AllocateUninitializedArray<byte>(MaxPdu, pinned: true), MaxSpares);

    private byte[] _buffer = s_spares.Take();
    private int _start;
    private int _end;
    private int _skip;
    private int _room = int.MaxValue;
    private long _time;
    private int _headerDigest;
    private int _dataDigest;

    /// <summary>Gives its buffer to the next connection; nothing may be read any more.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0) s_spares.Give(_buffer);
        _buffer = [];
        _start = _end = 0;
    }

    /// <summary>Whether a PDU's header with its AHS is in the buffer.</summary>
    public bool HasHeader
    {
        get
        {
            Skip();
            return _end - _start >= Pdu.BhsLength && _end - _start >= HeaderLength;
        }
    }

    /// <summary>Whether its 48 bytes are, whatever AHS they announce.</summary>
    public bool HasBhs => _end - _start >= Pdu.BhsLength;

    /// <summary>Its first byte, of which there is one when <see cref="HasMore"/>.</summary>
    public byte First => _buffer[_start];

    /// <summary>Whether the whole PDU, padding included, is in the buffer.</summary>
    public bool HasPdu => _end - _start >= PduLength;

    /// <summary>The header of the PDU at hand.</summary>
    public Bhs Bhs => new(_buffer.AsSpan(_start, Pdu.BhsLength));

    /// <summary>Its Additional Header Segments.</summary>
    public ReadOnlySpan<byte> Ahs => _buffer.AsSpan(_start + Pdu.BhsLength, _buffer[_start + 4] * 4);

    /// <summary>Whether its header is what its digest says, if it has one.</summary>
    public bool HeaderIntact
    {
        get
        {
            if (_headerDigest == 0) return true;
            ReadOnlySpan<byte> header = _buffer.AsSpan(_start, HeaderLength);
            return Crc32C.Matches(header[^Crc32C.Length..], Crc32C.Add(Crc32C.Start, header[..^Crc32C.Length]));
        }
    }

    /// <summary>Whether its data segment is what its digest says, if it has one; when <see cref="HasPdu"/>.</summary>
    public bool DataIntact
    {
        get
        {
            int length = Pdu.Pad(Bhs.DataLength);
            if (_dataDigest == 0 || length == 0) return true;
            ReadOnlySpan<byte> data = _buffer.AsSpan(_start + HeaderLength, length + Crc32C.Length);
            return Crc32C.Matches(data[length..], Crc32C.Add(Crc32C.Start, data[..length]));
        }
    }

    /// <summary>Its data segment, when <see cref="HasPdu"/>; stays in place until the next receive.</summary>
    public ArraySegment<byte> Data => new(_buffer, _start + HeaderLength, Bhs.DataLength);

    /// <summary>
    /// Monotonic ns at which what is at hand was received: one look at the clock for all PDUs of a receive. After a send it is
    /// taken anew, so that the events of a connection stay in the order of their times.
    /// </summary>
    public long Time => _time != 0 ? _time : _time = Probes.Clock.Now;

    /// <summary>Whether receiving failed, rather than that the peer has closed in order.</summary>
    public bool Failed { get; private set; }

    /// <summary>Whether there is no more to receive.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether bytes are left that were not taken, or a PDU is that was taken before its end.</summary>
    public bool HasMore => _end > _start || _skip > 0;

    private int HeaderLength => Pdu.BhsLength + _buffer[_start + 4] * 4 + _headerDigest;

    private int PduLength => HeaderLength + DataLength;

    // With its padding and its digest.
    private int DataLength => Bhs.DataLength is var length and > 0 ? Pdu.Pad(length) + _dataDigest : 0;

    /// <summary>From the next PDU on there are digests.</summary>
    public void UseDigests(bool header, bool data)
    {
        _headerDigest = header ? Crc32C.Length : 0;
        _dataDigest = data ? Crc32C.Length : 0;
    }

    /// <summary>Receives once, as much as there is.</summary>
    public Received Receive()
    {
        int room = _room;
        _room = int.MaxValue;
        return Receive(room);
    }

    private Received Receive(int room)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        int count = socket.Receive(_buffer.AsSpan(_end, Math.Min(room, _buffer.Length - _end)), SocketFlags.None, out SocketError error);
        Restamp();
        if (error is SocketError.TimedOut or SocketError.WouldBlock or SocketError.Interrupted) return Received.Nothing;
        Failed = error != SocketError.Success;
        Ended = Failed || count == 0;
        if (Ended) return Received.Closed;
        _end += count;
        return Received.Data;
    }

    /// <summary>Receives and forgets, at the end of a connection.</summary>
    /// <returns>False when the peer has closed.</returns>
    public bool Drop()
    {
        _start = _end = 0;
        return Receive() != Received.Closed;
    }

    /// <summary>Something was received or sent: <see cref="Time"/> is another.</summary>
    public void Restamp() => _time = 0;

    /// <summary>Takes the PDU at hand.</summary>
    public void Advance() => _start += PduLength;

    /// <summary>Bytes that can be taken without waiting; 0 also at the connection's end.</summary>
    public int Ready => _end > _start ? _end - _start : socket.Available;

    /// <summary>Waits until bytes are <see cref="Ready"/>.</summary>
    /// <param name="count">How many; less than a PDU's length.</param>
    /// <param name="deadline">Environment.TickCount64 after which the peer has stalled.</param>
    /// <returns>False when the connection ended or stalled.</returns>
    public bool Await(int count, long deadline)
    {
        while (_end - _start < count)
        {
            Received what = Receive(count - (_end - _start));
            if (what == Received.Closed || (_end - _start < count && Environment.TickCount64 >= deadline)) return false;
        }
        return true;
    }

    /// <summary>Takes the header of the PDU at hand; its data segment, which has no digest, is to be taken next.</summary>
    public void BeginData() => _start += HeaderLength;

    /// <summary>Takes bytes of a data segment, and waits for them.</summary>
    /// <param name="into">Gets them.</param>
    /// <param name="deadline">Environment.TickCount64 after which the peer has stalled.</param>
    /// <returns>False when the connection ended or stalled.</returns>
    public bool Take(Span<byte> into, long deadline) => ReceiveAll(into, deadline);

    /// <summary>All of a long data segment was taken but its padding: the next is as long, perhaps, so the next receive takes a header only.</summary>
    public void EndData(int length)
    {
        _skip += Pdu.Pad(length) - length;
        _room = Pdu.BhsLength + _headerDigest + _skip;
    }

    /// <summary>Takes the PDU at hand, receiving what is not yet here of its data segment straight into <paramref name="into"/>.</summary>
    /// <param name="into">As long as the data segment, which is not empty.</param>
    /// <param name="deadline">Environment.TickCount64 after which the peer has stalled.</param>
    /// <param name="intact">Whether the data is what its digest says, if it has one.</param>
    /// <returns>False when the connection ended or stalled.</returns>
    public bool ReceiveData(Span<byte> into, long deadline, out bool intact)
    {
        intact = true;
        int pad = Pdu.Pad(into.Length) - into.Length;
        _start += HeaderLength;
        if (!ReceiveAll(into, deadline)) return false;
        if (_dataDigest == 0)
        {
            _skip += pad;
            return true;
        }
        Span<byte> rest = stackalloc byte[3 + Crc32C.Length];
        rest = rest[..(pad + Crc32C.Length)];
        if (!ReceiveAll(rest, deadline)) return false;
        intact = Crc32C.Matches(rest[pad..], Crc32C.Add(Crc32C.Add(Crc32C.Start, into), rest[..pad]));
        return true;
    }

    private bool ReceiveAll(Span<byte> into, long deadline)
    {
        int here = Math.Min(into.Length, _end - _start);
        _buffer.AsSpan(_start, here).CopyTo(into);
        _start += here;
        for (int done = here; done < into.Length;)
        {
            int count = socket.Receive(into[done..], SocketFlags.None, out SocketError error);
            Restamp();
            bool timeout = error is SocketError.TimedOut or SocketError.WouldBlock or SocketError.Interrupted;
            if (timeout && Environment.TickCount64 < deadline) continue;
            Failed = error != SocketError.Success;
            Ended = Failed || count == 0;
            if (Ended) return false;
            done += count;
            if (done < into.Length && Environment.TickCount64 >= deadline) return false;
        }
        return true;
    }

    /// <summary>Takes the PDU at hand and throws its data segment away as it comes: the length is the peer's, the memory is not.</summary>
    public void Discard()
    {
        int length = PduLength;
        int here = Math.Min(length, _end - _start);
        _start += here;
        _skip += length - here;
    }

    /// <summary>The same, and waits until all of it has come.</summary>
    /// <param name="deadline">Environment.TickCount64 after which the peer has stalled.</param>
    /// <returns>False when the connection ended or stalled.</returns>
    public bool DiscardAll(long deadline)
    {
        Discard();
        while (_skip > _end - _start)
        {
            Received what = Receive(int.MaxValue);
            Skip();
            if (what == Received.Closed || (_skip > 0 && Environment.TickCount64 >= deadline)) return false;
        }
        return true;
    }

    // What is left of a PDU that was taken before its end.
    private void Skip()
    {
        int skip = Math.Min(_skip, _end - _start);
        _skip -= skip;
        _start += skip;
    }
}
