namespace Iscsitop.Engine.Wire;

/// <summary>Control bits of a TCP segment (RFC 9293 §3.1).</summary>
[Flags]
internal enum TcpFlags : byte
{
    None = 0,
    Fin = 1,
    Syn = 2,
    Reset = 4,
    Push = 8,
    Ack = 16,
}

/// <summary>One TCP segment. Its payload is the packet's and valid as long as that.</summary>
internal ref struct Segment
{
    /// <summary>Who sent it, and to whom.</summary>
    public Address Source, Destination;

    /// <summary>Their ports.</summary>
    public ushort SourcePort, DestinationPort;

    /// <summary>Sequence number of its first byte, or of its SYN.</summary>
    public uint Sequence;

    /// <summary>What it acknowledges, when it has <see cref="TcpFlags.Ack"/>.</summary>
    public uint Acknowledged;

    /// <summary>Control bits.</summary>
    public TcpFlags Flags;

    /// <summary>The window field as it is on the wire, unscaled.</summary>
    public ushort Window;

    /// <summary>Bits to shift the windows of its sender by, when it is a SYN that says so (RFC 7323 §2); else 0.</summary>
    public byte WindowScale;

    /// <summary>Payload bytes it had on the wire.</summary>
    public int Length;

    /// <summary>Those of them that were captured, from the first on.</summary>
    public ReadOnlySpan<byte> Payload;

    /// <summary>Identification of its IPv4 packet, 0 for IPv6.</summary>
    public ushort PacketId;

    /// <summary>Value of its timestamp option (RFC 7323 §3), 0 without.</summary>
    public uint Timestamp;

    /// <summary>Sequence number of the first payload byte.</summary>
    public readonly uint First => (Flags & TcpFlags.Syn) == 0 ? Sequence : Sequence + 1;
}

/// <summary>One fragment of an IP packet. Its bytes are the packet's and valid as long as that.</summary>
internal ref struct Fragment
{
    /// <summary>Which packet it belongs to.</summary>
    public FragmentKey Key;

    /// <summary>Where its bytes belong in what the IP header is followed by.</summary>
    public int Offset;

    /// <summary>Whether others come after it.</summary>
    public bool More;

    /// <summary>What was captured of it.</summary>
    public ReadOnlySpan<byte> Bytes;

    /// <summary>Bytes it had on the wire.</summary>
    public int Length;
}

/// <summary>What fragments of one IP packet have in common (RFC 791 §2.3, RFC 8200 §4.5).</summary>
/// <param name="Source">Who sent it.</param>
/// <param name="Destination">To whom.</param>
/// <param name="Id">Its identification.</param>
/// <param name="Protocol">What the reassembled bytes begin with.</param>
internal readonly record struct FragmentKey(Address Source, Address Destination, uint Id, byte Protocol);
