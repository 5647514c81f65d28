using System.Buffers.Binary;
using System.IO.Compression;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine;

/// <summary>A packet as a test knows it.</summary>
internal sealed record Sample(long Time, int Length, byte[] Bytes, LinkType Link = LinkType.Ethernet)
{
    public override string ToString() => $"{Link} {Time} {Length} {Convert.ToHexString(Bytes)}";
}

/// <summary>Composes captures byte by byte, right or wrong, in either byte order.</summary>
internal sealed class CaptureBuilder(bool big = false)
{
    public const uint Micro = 0xa1b2c3d4, Nano = 0xa1b23c4d, Kuznetzov = 0xa1b2cd34;

    private readonly List<byte> _bytes = [];

    public byte[] Bytes => [.. _bytes];

    public int Length => _bytes.Count;

    public CaptureBuilder Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public CaptureBuilder U16(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        if (big) BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        else BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        _bytes.AddRange(bytes);
        return this;
    }

    public CaptureBuilder U32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        if (big) BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        else BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public CaptureBuilder U64(ulong value) => big ? U32((uint)(value >> 32)).U32((uint)value) : U32((uint)value).U32((uint)(value >> 32));

    public CaptureBuilder Pad()
    {
        while (_bytes.Count % 4 != 0) _bytes.Add(0);
        return this;
    }

    public CaptureBuilder Pcap(uint magic = Micro, uint snap = 262144, uint link = 1, int version = 2) => U32(magic).U16(version).U16(4).U32(0).U32(0).U32(snap).U32(link);

    public CaptureBuilder Record(uint seconds, uint fraction, byte[] bytes, uint? original = null, uint? captured = null, bool kuznetzov = false)
    {
        U32(seconds).U32(fraction).U32(captured ?? (uint)bytes.Length).U32(original ?? (uint)bytes.Length);
        return (kuznetzov ? U32(2).U16(3).U16(0) : this).Raw(bytes);
    }

    public CaptureBuilder Block(uint type, Action<CaptureBuilder> body, uint? length = null, uint? trailer = null)
    {
        var inner = new CaptureBuilder(big);
        body(inner);
        byte[] bytes = inner.Pad().Bytes;
        return U32(type).U32(length ?? (uint)bytes.Length + 12).Raw(bytes).U32(trailer ?? length ?? (uint)bytes.Length + 12);
    }

    public CaptureBuilder Section(long length = -1, int major = 1, uint order = 0x1a2b3c4d) =>
        Block(0x0a0d0d0a, b => b.U32(order).U16(major).U16(0).U64((ulong)length).U16(2).U16(3).Raw("abc"u8.ToArray()).Pad().U32(0));

    public CaptureBuilder Interface(int link = 1, uint snap = 0, int? resolution = null, long? offset = null, int hugeOption = 0) => Block(1, b =>
    {
        b.U16(link).U16(0).U32(snap).U16(2).U16(2).Raw("lo"u8.ToArray()).Pad();
        if (hugeOption > 0) b.U16(1).U16(hugeOption).Raw(1, 2, 3, 4);
        if (resolution is int r) b.U16(9).U16(1).Raw((byte)r).Pad();
        if (offset is long o) b.U16(14).U16(8).U64((ulong)o);
        b.U32(0);
    });

    public CaptureBuilder Enhanced(uint number, ulong ticks, byte[] bytes, uint? original = null, uint? captured = null) =>
        Block(6, b => b.U32(number).U32((uint)(ticks >> 32)).U32((uint)ticks).U32(captured ?? (uint)bytes.Length).U32(original ?? (uint)bytes.Length).Raw(bytes).Pad().U16(2).U16(4).U32(1).U32(0));

    public CaptureBuilder Simple(byte[] bytes, uint? original = null) => Block(3, b => b.U32(original ?? (uint)bytes.Length).Raw(bytes));

    public CaptureBuilder Obsolete(int number, ulong ticks, byte[] bytes, uint? original = null) =>
        Block(2, b => b.U16(number).U16(7).U32((uint)(ticks >> 32)).U32((uint)ticks).U32((uint)bytes.Length).U32(original ?? (uint)bytes.Length).Raw(bytes));

    public static byte[] Gzip(params byte[][] members)
    {
        var to = new MemoryStream();
        foreach (byte[] member in members)
        {
            using var gzip = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true);
            gzip.Write(member);
        }
        return to.ToArray();
    }
}

/// <summary>Ways to read the same bytes, which must not differ.</summary>
internal static class Captured
{
    /// <summary>Reads all packets, mapped from a file, streamed in small pieces and decompressed, and asserts that all are equal.</summary>
    public static (List<Sample> Packets, string Problem) Read(byte[] bytes)
    {
        (List<Sample> Packets, string Problem) first = FromFile(bytes);
        (List<Sample> Packets, string Problem) second = Drain(CaptureFile.OpenStream(new Trickle(bytes), "stream"));
        (List<Sample> Packets, string Problem) third = FromFile(CaptureBuilder.Gzip(bytes[..(bytes.Length / 2)], bytes[(bytes.Length / 2)..]));
        Assert.That(second.Packets.Select(p => p.ToString()), Is.EqualTo(first.Packets.Select(p => p.ToString())), "streamed");
        Assert.That(third.Packets.Select(p => p.ToString()), Is.EqualTo(first.Packets.Select(p => p.ToString())), "decompressed");
        Assert.That((second.Problem, third.Problem), Is.EqualTo((first.Problem, first.Problem)));
        return first;
    }

    public static (List<Sample> Packets, string Problem) FromFile(byte[] bytes)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            return Drain(CaptureFile.Open(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static (List<Sample> Packets, string Problem) Drain(CaptureFile file)
    {
        using (file)
        {
            var packets = new List<Sample>();
            while (file.MoveNext(Timeout.Infinite) == Moved.Packet)
                packets.Add(new Sample(file.Current.Time, file.Current.Length, file.Current.Bytes.ToArray(), file.Current.Link));
            Assert.That(file.MoveNext(0), Is.EqualTo(Moved.End), "the end stays the end");
            return (packets, file.Problem);
        }
    }

    // Gives 1 to 7 bytes at a time, as a slow pipe does.
    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        private int _turn;

        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, Length > 65536 ? 65536 : 1 + _turn++ % 7)]);
    }
}
