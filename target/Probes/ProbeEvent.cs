using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Target.Probes;

/// <summary>
/// One firing of a probe: who and when, and the PDU's 48 header bytes as they stood on the wire, so that every
/// field is found through the PDU table by whoever wants it and nothing is translated on the data path.
/// Blittable, 120 bytes, host byte order except <see cref="Header"/>; docs/stream.md has the byte table.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct ProbeEvent
{
    /// <summary>Bytes of the struct, in memory and in the stream.</summary>
    public const int Size = 120;

    /// <summary>Monotonic time in ns: the last byte of a received PDU was read, or a PDU is about to be sent.</summary>
    public long Time;

    /// <summary>The LUN as a number, <see cref="Lun.Unknown"/> when it is not known; responses carry their command's.</summary>
    public ulong LunNumber;

    /// <summary>Id of the connection (the names frame teaches addresses, ISID and TSIH).</summary>
    public uint Connection;

    /// <summary>Id of the target's name, 0 before it was seen.</summary>
    public uint Target;

    /// <summary>Id of the initiator's name, 0 before it was seen.</summary>
    public uint Initiator;

    /// <summary>Which probe fired.</summary>
    public Probe Probe;

    /// <summary>Valid bytes of <see cref="Tail"/>: CDB bytes from 16 on (scsi-command) or sense data (scsi-response).</summary>
    public byte TailLength;

    private readonly ushort _reserved;

    /// <summary>The Basic Header Segment, big-endian. For xfer-* the fields of <see cref="Xfer"/>.</summary>
    public HeaderBytes Header;

    /// <summary>The probe's own bytes beyond the header.</summary>
    public TailBytes Tail;

    /// <summary>What an UNMAP asked for (scsi-response of one that ended GOOD).</summary>
    public UnmapSum Unmapped;

    /// <summary>The view over the header. Not for xfer-start and xfer-done.</summary>
    [UnscopedRef]
    public readonly Bhs Bhs => new(Header);

    /// <summary>The valid part of <see cref="Tail"/>.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> TailSpan => ((ReadOnlySpan<byte>)Tail)[..Math.Min((int)TailLength, TailBytes.Length)];

    /// <summary>ii_flags: byte 1, except 0 for task-command as both generations of the provider had it (docs/provider.md).</summary>
    public readonly uint Flags => Probe == Probe.TaskCommand || Probe >= Probe.XferStart ? 0u : Header[1];

    /// <summary>The 48 header bytes.</summary>
    [InlineArray(Length)]
    public struct HeaderBytes
    {
        public const int Length = Pdu.BhsLength;
        private byte _first;
    }

    /// <summary>Up to 32 bytes of a probe's own.</summary>
    [InlineArray(Length)]
    public struct TailBytes
    {
        public const int Length = 32;
        private byte _first;
    }

    /// <summary>Sets and reads what xfer-start and xfer-done carry instead of a header.</summary>
    [UnscopedRef]
    public XferView Xfer => new(Header);

    /// <summary>The xferinfo_t of a buffer's dispatch or completion (docs/provider.md).</summary>
    public readonly ref struct XferView(Span<byte> bytes)
    {
        private readonly Span<byte> _bytes = bytes;

        /// <summary>Unique while the transfer is in flight; xfer_laddr and arg1.</summary>
        public ulong Id { get => BinaryPrimitives.ReadUInt64BigEndian(_bytes); set => BinaryPrimitives.WriteUInt64BigEndian(_bytes, value); }

        /// <summary>Offset of the buffer in the task's data, in bytes.</summary>
        public uint Offset { get => BinaryPrimitives.ReadUInt32BigEndian(_bytes[8..]); set => BinaryPrimitives.WriteUInt32BigEndian(_bytes[8..], value); }

        /// <summary>Bytes of the transfer.</summary>
        public uint Length { get => BinaryPrimitives.ReadUInt32BigEndian(_bytes[12..]); set => BinaryPrimitives.WriteUInt32BigEndian(_bytes[12..], value); }

        /// <summary>Task tag of the command the buffer belongs to.</summary>
        public uint Itt { get => BinaryPrimitives.ReadUInt32BigEndian(_bytes[16..]); set => BinaryPrimitives.WriteUInt32BigEndian(_bytes[16..], value); }

        /// <summary>False: to the initiator (read, xfer_type 0); true: from it (write, xfer_type 1).</summary>
        public bool Write { get => _bytes[20] != 0; set => _bytes[20] = value ? (byte)1 : (byte)0; }
    }
}
