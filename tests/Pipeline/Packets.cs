using System.Buffers.Binary;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;
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

    /// <summary>The sequence number and length of a packet's TCP payload; null when it has none.</summary>
    public static (bool ToTarget, ushort Initiator, uint Sequence, int Length)? Payload(Sample sample)
    {
        var packet = new Packet(sample.Link, sample.Time, sample.Length, sample.Bytes);
        if (Frame.Parse(packet, out Segment segment, out _) != FrameKind.Segment || segment.Length == 0) return null;
        bool toTarget = segment.DestinationPort < segment.SourcePort;
        return (toTarget, toTarget ? segment.SourcePort : segment.DestinationPort, segment.Sequence, segment.Length);
    }

    private static void Put(Span<byte> at, params ReadOnlySpan<uint> values)
    {
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(at[(4 * i)..], values[i]);
    }
}
