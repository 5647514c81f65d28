namespace Iscsitop.Engine.Sources;

/// <summary>What a packet begins with: the LINKTYPE values of pcap and pcapng that we read.</summary>
public enum LinkType : ushort
{
    /// <summary>BSD loopback: 4 bytes of address family in the byte order of the host that captured.</summary>
    Null = 0,

    /// <summary>Ethernet.</summary>
    Ethernet = 1,

    /// <summary>IP without a link header, as some BSDs number it.</summary>
    RawBsd = 12,

    /// <summary>The same, OpenBSD's number.</summary>
    RawOpenBsd = 14,

    /// <summary>IP without a link header; the first nibble tells the version.</summary>
    Raw = 101,

    /// <summary>OpenBSD loopback: as <see cref="Null"/>, in network byte order.</summary>
    Loop = 108,

    /// <summary>Linux "any", version 1: 16 bytes.</summary>
    LinuxSll = 113,

    /// <summary>IPv4 without a link header.</summary>
    IPv4 = 228,

    /// <summary>IPv6 without a link header.</summary>
    IPv6 = 229,

    /// <summary>Linux "any", version 2: 20 bytes.</summary>
    LinuxSll2 = 276,
}

/// <summary>One packet as it was captured. Its bytes are the source's and valid until it moves on.</summary>
/// <param name="link">What it begins with.</param>
/// <param name="time">ns since 1970.</param>
/// <param name="length">Bytes it had on the wire; more than <paramref name="bytes"/> when the capture cut it.</param>
/// <param name="bytes">What was captured of it.</param>
public readonly ref struct Packet(LinkType link, long time, int length, ReadOnlySpan<byte> bytes)
{
    /// <summary>What it begins with.</summary>
    public readonly LinkType Link = link;

    /// <summary>ns since 1970, or on the time line of the provider (<see cref="At"/>).</summary>
    public readonly long Time = time;

    /// <summary>Bytes it had on the wire.</summary>
    public readonly int Length = length;

    /// <summary>What was captured of it.</summary>
    public readonly ReadOnlySpan<byte> Bytes = bytes;

    /// <summary>The same packet at another time.</summary>
    public Packet At(long time) => new(Link, time, Length, Bytes);
}
