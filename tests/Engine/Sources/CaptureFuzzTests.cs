using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine;

/// <summary>Captures with a few bytes changed, cut or doubled: they end, without another exception than the two that are documented.</summary>
[TestFixture]
public sealed class CaptureFuzzTests
{
    private const int Rounds = 400;

    // Values that lengths, types and resolutions are worst with.
    private static readonly uint[] s_nasty = [0, 1, 3, 11, 12, 13, 28, 0x7fffffff, 0x80000000, 0xffffffff, 0x0a0d0d0a, 0x1a2b3c4d, 6, 64 << 20, 262145];

    [Test]
    public void Nothing_but_what_is_documented([Range(1, 12)] int seed)
    {
        var random = new Random(seed);
        byte[] valid = Valid(seed);
        int packets = 0, refused = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = Mutate(random, valid);
            try
            {
                using CaptureFile file = CaptureFile.OpenStream(new MemoryStream(bytes), "fuzz");
                int count = 0;
                for (; file.MoveNext(0) == Moved.Packet; count++)
                {
                    Assert.That(file.Current.Bytes.Length, Is.LessThanOrEqualTo(file.Current.Length));
                    Assert.That(file.Current.Time, Is.Not.Negative);
                    packets += file.Current.Bytes.IndexOf((byte)0xa5) < 0 ? 1 : 2; // every byte can be touched
                }
                Assert.That(count, Is.LessThan(bytes.Length));
            }
            catch (CaptureFormatException)
            {
                refused++;
            }
        }
        Assert.That(packets, Is.GreaterThan(50));
        // Little of what was compressed survives a wrong byte; of the rest most is still read in part.
        if (seed % 5 != 0) Assert.That(refused, Is.LessThan(Rounds / 2));
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before) / Rounds, Is.LessThan(3 << 20));
    }

    private static byte[] Valid(int seed)
    {
        byte[] bytes = [.. Enumerable.Range(0, 60).Select(i => (byte)(i * seed))];
        var builder = new CaptureBuilder(seed % 2 == 0);
        if (seed % 4 < 2)
        {
            builder.Pcap(seed % 3 == 0 ? CaptureBuilder.Nano : CaptureBuilder.Micro);
            for (uint i = 0; i < 20; i++) builder.Record(1_700_000_000, i, bytes[..(int)(20 + i)], 1500);
        }
        else
        {
            builder.Section().Interface(resolution: seed % 3 == 0 ? 9 : 128 + 30, offset: 5).Interface(101, 96);
            for (uint i = 0; i < 20; i++) builder.Enhanced(i % 2, i, bytes[..(int)(20 + i)], 1500).Simple(bytes[..8]).Obsolete(1, i, bytes);
            builder.Block(5, b => b.U32(0).U64(9)).Section().Interface().Enhanced(0, 5, bytes);
        }
        return seed % 5 == 0 ? CaptureBuilder.Gzip(builder.Bytes) : builder.Bytes;
    }

    private static byte[] Mutate(Random random, byte[] valid)
    {
        byte[] bytes = [.. valid];
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            int at = random.Next(4, bytes.Length - 4);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    random.NextBytes(bytes.AsSpan(at, 4));
                    break;
                case 2:
                    BitConverter.TryWriteBytes(bytes.AsSpan(at & ~3), s_nasty[random.Next(s_nasty.Length)]);
                    break;
                case 3 when at > 64:
                    bytes = bytes[..at];
                    break;
                case 4:
                    bytes = [.. bytes[..at], .. bytes[random.Next(at)..]];
                    break;
                default:
                    bytes = [.. bytes[..at], .. bytes[Math.Min(at + random.Next(40), bytes.Length - 8)..]];
                    break;
            }
        }
        return bytes;
    }
}
