using System.Buffers.Binary;
using System.Net;

namespace Iscsitop.Engine.Wire;

/// <summary>An IP address of either version; IPv4 as RFC 4291 §2.5.5.2 maps it.</summary>
/// <param name="High">The first 8 bytes.</param>
/// <param name="Low">The last 8 bytes.</param>
internal readonly record struct Address(ulong High, ulong Low)
{
    private const ulong Mapped = 0xffff_0000_0000;

    /// <summary>An IPv4 address.</summary>
    public static Address OfIPv4(uint address) => new(0, Mapped | address);

    /// <summary>An IPv6 address, from its 16 bytes.</summary>
    public static Address OfIPv6(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Address and port as <see cref="Target.Probes.ConnectionInfo"/> writes them: <c>192.0.2.1:3260</c>, <c>[::1]:3260</c>.</summary>
    public string WithPort(ushort port) => IsIPv4 ? $"{this}:{port}" : $"[{this}]:{port}";

    /// <summary>The address alone.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        return new IPAddress(IsIPv4 ? bytes[12..] : bytes).ToString();
    }

    private bool IsIPv4 => High == 0 && Low >> 32 == Mapped >> 32;
}
