using System.Buffers.Binary;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Tests.Engine;

namespace Iscsitop.Tests.Pipeline;

/// <summary>Packets of a capture as a list that a test may change, and a capture of them again.</summary>
internal static class Packets
{
    /// <summary>All of a capture.</summary>
    public static List<Sample> Of(byte[] capture) => Captured.Drain(CaptureFile.OpenStream(new MemoryStream(capture), "capture")).Packets;

    /// <summary>A pcap of ns of them.</summary>
    public static byte[] Pcap(IReadOnlyList<Sample> packets)
    {
        var bytes = new MemoryStream();
        Span<byte> head = stackalloc byte[24];
        Put(head, 0xa1b23c4d, 0x00040002, 0, 0, 262144, packets.Count > 0 ? (uint)packets[0].Link : 1);
        bytes.Write(head);
        foreach (Sample packet in packets)
        {
            Put(head, (uint)(packet.Time / 1_000_000_000), (uint)(packet.Time % 1_000_000_000), (uint)packet.Bytes.Length, (uint)packet.Length);
            bytes.Write(head[..16]);
            bytes.Write(packet.Bytes);
        }
        return bytes.ToArray();
    }

    /// <summary>A packet's TCP payload, with the number of its first byte and which way it goes; null when it has none.</summary>
    public static (bool ToTarget, ushort Initiator, uint First, byte[] Bytes)? Payload(Sample sample, int port)
    {
        var packet = new Packet(sample.Link, sample.Time, sample.Length, sample.Bytes);
        if (Frame.Parse(packet, out Segment segment, out _) != FrameKind.Segment || segment.Length == 0) return null;
        bool toTarget = segment.DestinationPort == port;
        return (toTarget, toTarget ? segment.SourcePort : segment.DestinationPort, segment.First, segment.Payload.ToArray());
    }

    /// <summary>
    /// How many headers of PDUs to the initiator have bytes in each packet; null for packets that carry nothing to it. For streams without
    /// digests of which nothing is missing.
    /// </summary>
    public static int?[] HeadersIn(IReadOnlyList<Sample> packets, int port)
    {
        var streams = new Dictionary<ushort, List<(int Packet, uint First, byte[] Bytes)>>();
        for (int i = 0; i < packets.Count; i++)
        {
            if (Payload(packets[i], port) is not { ToTarget: false } payload) continue;
            if (!streams.TryGetValue(payload.Initiator, out var stream)) streams[payload.Initiator] = stream = [];
            stream.Add((i, payload.First, payload.Bytes));
        }
        var headers = new int?[packets.Count];
        foreach (List<(int Packet, uint First, byte[] Bytes)> parts in streams.Values)
        {
            // Packets of one stream that left on several processors stand in the capture in any order.
            uint first = parts[0].First;
            int start = parts.Min(part => (int)(part.First - first)), length = parts.Max(part => (int)(part.First - first) + part.Bytes.Length) - start;
            byte[] bytes = new byte[length];
            foreach (var part in parts)
            {
                headers[part.Packet] = 0;
                part.Bytes.CopyTo(bytes, (int)(part.First - first) - start);
            }
            for (int at = 0; at + Pdu.BhsLength <= length; at += Pdu.BhsLength + Pdu.Pad(bytes[at + 5] << 16 | bytes[at + 6] << 8 | bytes[at + 7]))
                foreach (var part in parts)
                {
                    int from = (int)(part.First - first) - start;
                    if (from < at + Pdu.BhsLength && from + part.Bytes.Length > at) headers[part.Packet]++;
                }
        }
        return headers;
    }

    /// <summary>Packets as they are on a cable: payloads of more than <paramref name="most"/> bytes in several. Ethernet and IPv4 only.</summary>
    public static List<Sample> Split(IReadOnlyList<Sample> packets, int most)
    {
        const int Ip = 14, Tcp = Ip + 20;
        var split = new List<Sample>();
        foreach (Sample packet in packets)
        {
            int headers = Tcp + (packet.Bytes.Length > Tcp + 12 ? packet.Bytes[Tcp + 12] >> 4 : 5) * 4;
            for (int at = headers; at == headers || at < packet.Bytes.Length; at += most)
            {
                byte[] bytes = [.. packet.Bytes[..headers], .. packet.Bytes[at..Math.Min(at + most, packet.Bytes.Length)]];
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(Ip + 2), (ushort)(bytes.Length - Ip));
                uint sequence = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(Tcp + 4));
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(Tcp + 4), sequence + (uint)(at - headers));
                split.Add(packet with { Bytes = bytes, Length = bytes.Length });
            }
        }
        return split;
    }

    private static void Put(Span<byte> at, params ReadOnlySpan<uint> values)
    {
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(at[(4 * i)..], values[i]);
    }
}
