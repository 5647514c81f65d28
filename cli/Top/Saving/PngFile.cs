using System.Buffers.Binary;
using System.IO.Compression;

namespace Iscsitop.Cli.Top.Saving;

/// <summary>Writes a PNG (ISO/IEC 15948) of 8-bit RGB, row by row.</summary>
internal sealed class PngFile : IDisposable
{
    private static readonly uint[] s_crc = [.. Enumerable.Range(0, 256).Select(n => CrcOf((uint)n))];

    private readonly Stream _into;
    private readonly MemoryStream _data = new();
    private readonly ZLibStream _zlib;

    /// <summary>Begins one.</summary>
    public PngFile(Stream into, int width, int height)
    {
        _into = into;
        into.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        // 8 bits, truecolour; deflate, adaptive filters, not interlaced.
        (header[8], header[9], header[10], header[11], header[12]) = (8, 2, 0, 0, 0);
        Chunk("IHDR"u8, header);
        _zlib = new ZLibStream(_data, CompressionLevel.Optimal, leaveOpen: true);
    }

    /// <summary>Adds a row: three bytes a pixel.</summary>
    public void Row(ReadOnlySpan<byte> rgb)
    {
        _zlib.WriteByte(0);
        _zlib.Write(rgb);
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _zlib.Dispose();
        Chunk("IDAT"u8, _data.GetBuffer().AsSpan(0, (int)_data.Length));
        Chunk("IEND"u8, []);
        _data.Dispose();
    }

    /// <summary>The checksum of a chunk's type and data.</summary>
    public static uint Crc(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data) => ~Crc(Crc(uint.MaxValue, type), data);

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes) crc = s_crc[(byte)(crc ^ b)] ^ crc >> 8;
        return crc;
    }

    private static uint CrcOf(uint n)
    {
        for (int i = 0; i < 8; i++) n = (n & 1) != 0 ? 0xedb88320 ^ n >> 1 : n >> 1;
        return n;
    }

    private void Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        _into.Write(number);
        _into.Write(type);
        _into.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(type, data));
        _into.Write(number);
    }
}
