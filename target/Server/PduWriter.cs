using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Target.Server;

/// <summary>
/// Gathers PDUs, many to one send: headers and short data in an arena, long data where it stands. The provider's second
/// place to fire is here, when what was gathered is about to be sent (an initiator's writer has no connection to fire for).
/// </summary>
internal sealed class PduWriter(Socket socket, Connection? connection) : IDisposable
{
    private const int ArenaLength = 128 << 10;

    /// <summary>Data up to this length is copied behind its header: cheaper than another vector.</summary>
    private const int CopyUpTo = 512;

    // Header, padding and both digests.
    private const int MaxOverhead = Pdu.BhsLength + 3 + 2 * Crc32C.Length;

    private const int MaxSegments = 480;
    private const int MaxQueuedBytes = 2 << 20;
    private const int MaxSpares = 64;

    private static readonly byte[] s_zeros = GC.AllocateArray<byte>(4, pinned: true);

    private static readonly Spares<byte[]> s_arenas = new(static () => GC.AllocateUninitializedArray<byte>(ArenaLength, pinned: true), MaxSpares);
    private static readonly Spares<Queued[]> s_queues = new(static () => new Queued[ArenaLength / Pdu.BhsLength], MaxSpares);

    private readonly ArraySegment<byte>[] _segments = new ArraySegment<byte>[MaxSegments + 4];
    private byte[] _arena = s_arenas.Take();
    private Queued[] _pdus = s_queues.Take();
    private int _used;
    private int _segmentCount;
    private int _pduCount;
    private long _bytes;
    private int _headerDigest;
    private bool _dataDigest;
    private uint _crc;

    /// <summary>Whether the connection failed; nothing is sent any more.</summary>
    public bool Broken { get; private set; }

    /// <summary>Gives its buffers to the next connection; nothing may be written any more.</summary>
    public void Dispose()
    {
        if (_arena.Length == 0) return;
        s_arenas.Give(_arena);
        s_queues.Give(_pdus);
        (_arena, _pdus) = ([], []);
        Broken = true;
    }

    /// <summary>From the next PDU on there are digests.</summary>
    public void UseDigests(bool header, bool data)
    {
        Flush();
        _headerDigest = header ? Crc32C.Length : 0;
        _dataDigest = data;
    }

    /// <summary>Starts a PDU: 48 bytes, cleared but for the opcode, that stay valid until the next one is started.</summary>
    /// <param name="opcode">The opcode.</param>
    /// <param name="lun">The LUN as a number for the probe.</param>
    /// <param name="dataLength">Bytes of data that will follow by copy, at most.</param>
    public Span<byte> Begin(Opcode opcode, ulong lun = Lun.Unknown, int dataLength = 0)
    {
        if (_used + MaxOverhead + dataLength > ArenaLength || _segmentCount >= MaxSegments || _bytes >= MaxQueuedBytes) Flush();
        Span<byte> bhs = _arena.AsSpan(_used, Pdu.BhsLength);
        bhs.Clear();
        bhs[0] = (byte)opcode;
        _pdus[_pduCount++] = new Queued { At = _used, Lun = lun }; // all of it: the queue may have been another's
        Extend(Pdu.BhsLength + _headerDigest);
        _crc = Crc32C.Start;
        return bhs;
    }

    /// <summary>Adds the data segment by copy and sets its length in the header.</summary>
    public void Data(Span<byte> bhs, ReadOnlySpan<byte> data)
    {
        SetLength(bhs, data.Length);
        data.CopyTo(_arena.AsSpan(_used));
        int padded = Pdu.Pad(data.Length);
        _arena.AsSpan(_used + data.Length, padded - data.Length).Clear();
        if (_dataDigest) _crc = Crc32C.Add(_crc, _arena.AsSpan(_used, padded));
        Extend(padded);
        if (padded > 0) EndData();
    }

    /// <summary>Adds sense data as the data segment of a SCSI Response: its length first (RFC 7143 §11.4.7).</summary>
    public void Sense(Span<byte> bhs, ReadOnlySpan<byte> sense)
    {
        Span<byte> data = stackalloc byte[2 + sense.Length];
        data[0] = (byte)(sense.Length >> 8);
        data[1] = (byte)sense.Length;
        sense.CopyTo(data[2..]);
        ref Queued pdu = ref _pdus[_pduCount - 1];
        pdu.TailAt = _used + 2;
        pdu.TailLength = sense.Length;
        Data(bhs, data);
    }

    /// <summary>Says what the command asked for whose SCSI Response was begun last.</summary>
    public void Unmapped(UnmapSum sum) => _pdus[_pduCount - 1].Unmapped = sum;

    /// <summary>
    /// Adds part of a data segment where it stands. Its array is pinned and keeps its content until the flush: with a data digest
    /// also against others that write there.
    /// </summary>
    public void InPlace(ArraySegment<byte> part)
    {
        if (_dataDigest) _crc = Crc32C.Add(_crc, part);
        if (part.Count <= CopyUpTo && _used + part.Count + MaxOverhead <= ArenaLength)
        {
            part.AsSpan().CopyTo(_arena.AsSpan(_used));
            Extend(part.Count);
            return;
        }
        _segments[_segmentCount++] = part;
        _bytes += part.Count;
    }

    /// <summary>Ends a data segment that was added in place: its padding and its digest.</summary>
    public void EndInPlace(int length)
    {
        int pad = Pdu.Pad(length) - length;
        if (pad > 0) InPlace(new ArraySegment<byte>(s_zeros, 0, pad));
        EndData();
    }

    /// <summary>Sets DataSegmentLength.</summary>
    public static void SetLength(Span<byte> bhs, int length)
    {
        bhs[5] = (byte)(length >> 16);
        bhs[6] = (byte)(length >> 8);
        bhs[7] = (byte)length;
    }

    /// <summary>Sends what was gathered; afterwards lent memory is the lender's again.</summary>
    public void Flush()
    {
        if (_segmentCount == 0) return;
        if (_headerDigest > 0) DigestHeaders();
        if (connection is { Provider.Enabled: not 0 }) Fire(connection);
        if (!Broken && !(OperatingSystem.IsWindows() ? SendPortable() : SendVectors())) Broken = true;
        Array.Clear(_segments, 0, _segmentCount);
        _used = _segmentCount = _pduCount = 0;
        _bytes = 0;
    }

    private void Fire(Connection connection)
    {
        long now = Clock.Now;
        connection.Reader.Restamp();
        for (int i = 0; i < _pduCount; i++)
        {
            ref readonly Queued pdu = ref _pdus[i];
            if (connection.Provider.Wants(_arena[pdu.At]))
                connection.Fire(_arena.AsSpan(pdu.At, Pdu.BhsLength), _arena.AsSpan(pdu.TailAt, pdu.TailLength), pdu.Lun, now, pdu.Unmapped);
        }
    }

    private void EndData()
    {
        if (!_dataDigest) return;
        Crc32C.Write(_arena.AsSpan(_used), _crc);
        Extend(Crc32C.Length);
    }

    private void DigestHeaders()
    {
        for (int i = 0; i < _pduCount; i++)
        {
            Span<byte> header = _arena.AsSpan(_pdus[i].At, Pdu.BhsLength + Crc32C.Length);
            Crc32C.Write(header[Pdu.BhsLength..], Crc32C.Add(Crc32C.Start, header[..Pdu.BhsLength]));
        }
    }

    // Bytes that follow each other in the arena are one vector.
    private void Extend(int count)
    {
        if (_segmentCount > 0 && _segments[_segmentCount - 1] is var last && last.Array == _arena && last.Offset + last.Count == _used)
            _segments[_segmentCount - 1] = new ArraySegment<byte>(_arena, last.Offset, last.Count + count);
        else
            _segments[_segmentCount++] = new ArraySegment<byte>(_arena, _used, count);
        _used += count;
        _bytes += count;
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private unsafe bool SendVectors()
    {
        Native.IoVec* vectors = stackalloc Native.IoVec[Native.MaxVectors];
        for (int i = 0; i < _segmentCount; i++)
        {
            ArraySegment<byte> s = _segments[i];
            vectors[i].Base = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(s.Array!)) + s.Offset;
            vectors[i].Length = (nuint)s.Count;
        }
        int first = 0;
        while (first < _segmentCount)
        {
            nint sent = Native.WriteV(socket.Handle, vectors + first, _segmentCount - first);
            if (sent < 0)
            {
                if (Marshal.GetLastPInvokeError() == Native.Eintr) continue;
                return false; // also when the peer did not read for as long as SendTimeout
            }
            while (first < _segmentCount && (nuint)sent >= vectors[first].Length) sent -= (nint)vectors[first++].Length;
            if (first == _segmentCount) break;
            vectors[first].Base += sent;
            vectors[first].Length -= (nuint)sent;
        }
        return true;
    }

    private bool SendPortable()
    {
        for (int i = 0; i < _segmentCount; i++)
        {
            for (Span<byte> rest = _segments[i]; !rest.IsEmpty;)
            {
                int sent = socket.Send(rest, SocketFlags.None, out SocketError error);
                if (error != SocketError.Success) return false;
                rest = rest[sent..];
            }
        }
        return true;
    }

    private struct Queued
    {
        public int At;
        public int TailAt;
        public int TailLength;
        public ulong Lun;
        public UnmapSum Unmapped;
    }
}
