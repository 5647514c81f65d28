using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Iscsitop.Target.Iscsi;

/// <summary>
/// CRC32C as digests carry it (RFC 7143 §13.1, Appendix A.4): reflected, starting with all ones and inverted at the end, least
/// significant byte first on the wire.
/// </summary>
internal static class Crc32C
{
    /// <summary>Bytes of a digest.</summary>
    public const int Length = 4;

    /// <summary>What a computation starts with.</summary>
    public const uint Start = uint.MaxValue;

    /// <summary>Takes in more bytes.</summary>
    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words) crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (byte b in bytes[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, b);
        return crc;
    }

    /// <summary>Ends a computation and writes the digest.</summary>
    public static void Write(Span<byte> into, uint crc) => BinaryPrimitives.WriteUInt32LittleEndian(into, ~crc);

    /// <summary>Whether a digest is that of a computation.</summary>
    public static bool Matches(ReadOnlySpan<byte> digest, uint crc) => BinaryPrimitives.ReadUInt32LittleEndian(digest) == ~crc;
}
