using System.Globalization;
using System.IO.Compression;

namespace Iscsitop.Engine.Sources;

/// <summary>
/// Packets of a capture file or stream: pcap, pcapng, either compressed with gzip. A file is mapped, and what nobody looks at is not
/// read; its memory is bounded, whatever its size.
/// </summary>
public sealed unsafe class CaptureFile : PacketSource
{
    private const int Magic = 4;

    // What people do give us, and what to do with it.
    private static readonly (byte[] Magic, string Word)[] s_others =
    [
        ([0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd: decompress it, `zstd -dc FILE | iscsitop -r -`"),
        ([0xfd, 0x37, 0x7a, 0x58], "compressed with xz: decompress it, `xz -dc FILE | iscsitop -r -`"),
        ([0x04, 0x22, 0x4d, 0x18], "compressed with lz4: decompress it, `lz4 -dc FILE | iscsitop -r -`"),
        ("BZh"u8.ToArray(), "compressed with bzip2: decompress it, `bzip2 -dc FILE | iscsitop -r -`"),
        ("PK"u8.ToArray(), "a zip archive: unpack it"),
        ("snoo"u8.ToArray(), "a capture of Solaris's snoop: convert it, `editcap -F pcapng FILE NEW`"),
    ];

    private readonly CaptureBytes _bytes;
    private readonly CaptureRecords _records;
    private readonly ReopenedStream? _compressed;
    private readonly long _length;

    private CaptureFile(CaptureBytes bytes, string name, long length, ReopenedStream? compressed)
    {
        Name = name;
        _bytes = bytes;
        _length = length;
        _compressed = compressed;
        string word = name == "-" ? "standard input" : name;
        _records = Recognise(bytes, compressed is null ? word : $"{word}, decompressed,");
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override bool Live => false;

    /// <inheritdoc/>
    public override Packet Current => _records.Current;

    /// <inheritdoc/>
    public override string Problem => _records.Damage.ToString();

    /// <inheritdoc/>
    public override long Position => _compressed?.Taken ?? _bytes.At;

    /// <inheritdoc/>
    public override long Length => _length;

    /// <summary>Opens a file, a named pipe, or standard input for "-".</summary>
    /// <exception cref="CaptureFormatException">It is no capture, or one of packets we do not read.</exception>
    /// <exception cref="FileNotFoundException">It does not exist; also <see cref="DirectoryNotFoundException"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CaptureFile Open(string path)
    {
        if (path == "-") return OpenStream(Console.OpenStandardInput(), path);
        if (Directory.Exists(path)) throw new CaptureFormatException($"{path} is a directory: a capture file would be right");
        // Others may go on writing it, but our own writer asks first (CaptureWriter.Create).
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 65536);
        MappedBytes? mapped = MappedBytes.TryMap(file);
        if (mapped is null) return OpenStream(file, path);
        if (IsGzip(new ReadOnlySpan<byte>(mapped.Next, mapped.Available)))
        {
            mapped.Unmap();
            return OpenStream(file, path);
        }
        return Make(mapped, path, file.Length, null);
    }

    /// <summary>Reads a stream from where it stands; it is closed with this source.</summary>
    /// <param name="stream">It need not be able to seek.</param>
    /// <param name="name">What to call it; "-" for standard input.</param>
    /// <exception cref="CaptureFormatException">As <see cref="Open"/>.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CaptureFile OpenStream(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] first = new byte[Magic];
        first = first[..stream.ReadAtLeast(first, Magic, throwOnEndOfStream: false)];
        var input = new ReopenedStream(first, stream);
        long length = stream.CanSeek ? stream.Length : -1;
        Stream bytes = IsGzip(first) ? new GZipStream(input, CompressionMode.Decompress) : input;
        PipedStream? pipe = stream.CanSeek ? null : new PipedStream(bytes);
        return Make(new StreamedBytes(pipe ?? bytes, pipe), name, length, IsGzip(first) ? input : null);
    }

    /// <inheritdoc/>
    public override Moved MoveNext(int milliseconds) => _records.Next(milliseconds);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _bytes.Dispose();
    }

    private static CaptureFile Make(CaptureBytes bytes, string name, long length, ReopenedStream? compressed)
    {
        try
        {
            return new CaptureFile(bytes, name, length, compressed);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private static bool IsGzip(ReadOnlySpan<byte> first) => first.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]);

    private static CaptureRecords Recognise(CaptureBytes bytes, string name)
    {
        if (!bytes.Have(Magic))
        {
            if (bytes.Fault is not null) throw new CaptureFormatException($"{name.Replace(", decompressed,", "", StringComparison.Ordinal)} cannot be decompressed: its gzip data is damaged");
            throw new CaptureFormatException(bytes.Available == 0
                ? $"{name} is empty: a pcap or pcapng capture, or a recording, would be right"
                : $"{name} has only {bytes.Available} bytes: a pcap or pcapng capture would be right");
        }
        return (CaptureRecords?)PcapRecords.TryOpen(bytes, name) ?? PcapNgRecords.TryOpen(bytes, name) ?? throw Unknown(bytes, name);
    }

    private static CaptureFormatException Unknown(CaptureBytes bytes, string name)
    {
        var first = new ReadOnlySpan<byte>(bytes.Next, Magic);
        foreach ((byte[] magic, string word) in s_others)
            if (first.StartsWith(magic)) return new CaptureFormatException($"{name} is {word}");
        string found = string.Create(CultureInfo.InvariantCulture, $"{first[0]:x2} {first[1]:x2} {first[2]:x2} {first[3]:x2}");
        return new CaptureFormatException($"{name} is no capture: it begins with {found}; pcap (a1 b2 c3 d4, a1 b2 3c 4d), pcapng (0a 0d 0d 0a) or gzip (1f 8b) of either would be right");
    }
}
