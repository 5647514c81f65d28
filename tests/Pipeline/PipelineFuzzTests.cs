using System.Buffers.Binary;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Tests.Engine;
using Iscsitop.Tests.Engine.Wire;

namespace Iscsitop.Tests.Pipeline;

/// <summary>
/// Captures of real sessions with anything changed, from the reader to lines, sessions and snapshots: they come to their end, without
/// an exception but the reader's documented ones, and never tell of more PDUs than their bytes have room for.
/// </summary>
[TestFixture]
public sealed class PipelineFuzzTests
{
    private const int Rounds = 100;

    // Cells, mirrors and tables of one feed, and what a mutation makes; however long the lengths say that something is.
    private const long MaxAllocated = 24 << 20;

    private static readonly WireOptions s_default = new();
    private static readonly WireOptions s_small = new() { MaxFlows = 16, MaxHeld = 1 << 20, MaxHeldPerFlow = 1 << 18 };

    [Test]
    public void Packets_changed_lost_doubled_and_out_of_order([ValueSource(typeof(Corpus), nameof(Corpus.Names))] string name, [Values(1, 2)] int seed)
    {
        var random = new Random(seed);
        List<Sample> packets = Packets.Of(Corpus.Read(name));
        long pdus = 0;
        for (int round = 0; round < Rounds; round++)
        {
            List<Sample> changed = [.. packets];
            for (int i = random.Next(1, 8); i > 0; i--) Change(random, changed);
            pdus += Run(Packets.Pcap(changed), random).Pdus.Values.Sum(p => p.Pdus);
        }
        Assert.That(pdus, Is.GreaterThan(Rounds), "most of it is still read");
    }

    [Test]
    public void Bytes_of_the_file_changed_and_cut([ValueSource(typeof(Corpus), nameof(Corpus.Names))] string name, [Values(3, 4)] int seed)
    {
        var random = new Random(seed);
        byte[] valid = Corpus.Read(name);
        int read = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = [.. valid];
            for (int i = random.Next(1, 12); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) bytes = bytes[..random.Next(1, bytes.Length)];
            try
            {
                Run(bytes, random);
                read++;
            }
            catch (CaptureFormatException)
            {
                // Its first bytes are no capture's.
            }
        }
        // Little of what was compressed survives a wrong byte.
        Assert.That(read, Is.GreaterThan(name.EndsWith(".gz", StringComparison.Ordinal) ? 0 : Rounds / 2));
    }

    [Test]
    public void A_flood_of_connections_takes_bounded_memory()
    {
        const int Flood = 1_000_000;
        using var flood = new Syns(Flood);
        var told = Told.By(flood, new WireOptions(), events: false);
        Assert.Multiple(() =>
        {
            Assert.That(told.Coverage.Packets, Is.EqualTo(Flood));
            Assert.That(told.Coverage.Pdus, Is.Zero);
            Assert.That(told.Coverage.Evicted, Is.EqualTo(Flood - s_default.MaxFlows));
            Assert.That(told.Connections, Is.Empty);
            Assert.That(flood.MaxHeap - flood.HeapBefore, Is.LessThan(64L << 20));
        });
    }

    [Test]
    public void A_time_at_the_end_of_all_times_is_no_endless_row_of_snapshots()
    {
        var capture = new CaptureBuilder().Section().Interface(resolution: 0);
        byte[] syn = WireBytes.Ethernet(WireBytes.IPv4(WireBytes.Tcp([], flags: TcpFlags.Syn)));
        foreach (ulong seconds in (ulong[])[1, 2_000_000_000, 3, ulong.MaxValue, ulong.MaxValue]) capture.Enhanced(0, seconds, syn);
        Assert.That(Told.By(capture.Bytes).Coverage.Packets, Is.EqualTo(5));
    }

    private static Told Run(byte[] capture, Random random)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var told = Told.By(capture, random.Next(2) == 0 ? s_small : s_default, events: false);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(MaxAllocated));
        bool compressed = capture is [0x1f, 0x8b, ..];
        if (!compressed) Assert.That(told.Pdus.Values.Sum(p => p.Pdus), Is.LessThanOrEqualTo(capture.Length / Pdu.BhsLength));
        Assert.That(told.Completed, Is.LessThanOrEqualTo(told.Pdus.Values.Sum(p => p.Pdus)));
        return told;
    }

    private static void Change(Random random, List<Sample> packets)
    {
        int i = random.Next(packets.Count), j = random.Next(packets.Count);
        Sample packet = packets[i];
        switch (random.Next(9))
        {
            case 0 when packets.Count > 2:
                packets.RemoveAt(i);
                break;
            case 1:
                packets.Insert(j, packet);
                break;
            case 2:
                (packets[i], packets[j]) = (packets[j], packet);
                break;
            case 3: // as a snap length does
                packets[i] = packet with { Bytes = packet.Bytes[..random.Next(packet.Bytes.Length + 1)] };
                break;
            case 4: // as a wrong length does
                packets[i] = packet with { Length = random.Next(1 << random.Next(1, 24)) };
                break;
            case 5: // a header of IP, TCP or iSCSI
                packets[i] = packet with { Bytes = Changed(random, packet.Bytes, Math.Min(packet.Bytes.Length, 120)) };
                break;
            case 6:
                packets[i] = packet with { Bytes = Changed(random, packet.Bytes, packet.Bytes.Length) };
                break;
            case 7: // far away in the sequence
                packets[i] = packet with { Bytes = Moved(random, packet.Bytes) };
                break;
            default:
                packets[i] = packet with { Time = random.NextInt64(1L << random.Next(20, 62)) };
                break;
        }
    }

    private static byte[] Changed(Random random, byte[] bytes, int within)
    {
        byte[] changed = [.. bytes];
        if (within == 0) return changed;
        int at = random.Next(within);
        if (random.Next(2) == 0) changed[at] ^= (byte)(1 << random.Next(8));
        else random.NextBytes(changed.AsSpan(at, Math.Min(random.Next(1, 5), within - at)));
        return changed;
    }

    private static byte[] Moved(Random random, byte[] bytes)
    {
        const int Sequence = 14 + 20 + 4;
        byte[] moved = [.. bytes];
        if (moved.Length >= Sequence + 4)
            BinaryPrimitives.WriteUInt32BigEndian(moved.AsSpan(Sequence), BinaryPrimitives.ReadUInt32BigEndian(moved.AsSpan(Sequence)) + (uint)random.Next(1 << random.Next(1, 31)));
        return moved;
    }

    /// <summary>SYNs to a target's port, each of another connection; looks at the heap now and then.</summary>
    private sealed class Syns(int count) : PacketSource
    {
        private readonly byte[] _bytes = WireBytes.Ethernet(WireBytes.IPv4(WireBytes.Tcp([], flags: TcpFlags.Syn)));
        private int _at;

        public long HeapBefore { get; } = GC.GetTotalMemory(forceFullCollection: true);

        public long MaxHeap { get; private set; }

        public override string Name => "flood";

        public override bool Live => false;

        public override Packet Current => new(LinkType.Ethernet, _at * 1000L, _bytes.Length, _bytes);

        public override Moved MoveNext(int milliseconds)
        {
            if (_at++ == count) return Iscsitop.Engine.Sources.Moved.End;
            BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(14 + 20), (ushort)(1024 + _at % 60000));
            BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(14 + 14), (ushort)(_at / 60000));
            if (_at % 100_000 == 0) MaxHeap = Math.Max(MaxHeap, GC.GetTotalMemory(forceFullCollection: true));
            return Iscsitop.Engine.Sources.Moved.Packet;
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
