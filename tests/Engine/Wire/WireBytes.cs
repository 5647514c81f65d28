using System.Buffers.Binary;
using Iscsitop.Engine.Wire;

namespace Iscsitop.Tests.Engine.Wire;

/// <summary>Packets made by hand, layer by layer.</summary>
internal static class WireBytes
{
    public static byte[] Tcp(
        byte[] payload, ushort source = 40000, ushort destination = 3260, uint sequence = 1000, uint acknowledged = 2000,
        TcpFlags flags = TcpFlags.Ack, ushort window = 500, byte[]? options = null)
    {
        byte[] bytes = new byte[20 + (options?.Length ?? 0) + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, source);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), destination);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), acknowledged);
        bytes[12] = (byte)((20 + (options?.Length ?? 0)) / 4 << 4);
        bytes[13] = (byte)flags;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(14), window);
        options?.CopyTo(bytes, 20);
        payload.CopyTo(bytes, bytes.Length - payload.Length);
        return bytes;
    }

    public static byte[] IPv4(byte[] upper, byte protocol = 6, ushort id = 7, ushort part = 0, int? total = null, int options = 0)
    {
        byte[] bytes = new byte[20 + options + upper.Length];
        bytes[0] = (byte)(0x45 + options / 4);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)(total ?? bytes.Length));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), id);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), part);
        (bytes[8], bytes[9]) = (64, protocol);
        new byte[] { 192, 0, 2, 1, 192, 0, 2, 2 }.CopyTo(bytes, 12);
        upper.CopyTo(bytes, 20 + options);
        return bytes;
    }

    public static byte[] IPv6(byte[] upper, byte next = 6, int? length = null)
    {
        byte[] bytes = new byte[40 + upper.Length];
        bytes[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), (ushort)(length ?? upper.Length));
        (bytes[6], bytes[7]) = (next, 64);
        (bytes[8], bytes[23], bytes[24], bytes[39]) = (0xfd, 1, 0xfd, 2);
        upper.CopyTo(bytes, 40);
        return bytes;
    }

    public static byte[] Ethernet(byte[] ip, params ushort[] tags)
    {
        var bytes = new List<byte>(new byte[12]);
        foreach (ushort tag in tags) bytes.AddRange([(byte)(tag >> 8), (byte)tag, 0, 5]);
        bytes.AddRange(ip[0] >> 4 == 4 ? [0x08, 0x00] : [0x86, 0xdd]);
        return [.. bytes, .. ip];
    }
}
