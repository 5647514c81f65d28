using System.Buffers.Binary;
using System.Reflection;
using System.Text;

namespace Iscsitop.Engine.Sources;

/// <summary>What a <see cref="CaptureWriter"/> leaves out.</summary>
public sealed record CaptureWriterOptions
{
    /// <summary>
    /// Not a byte of user data: of a TCP payload only what the decoder said is a PDU's header or login text is written, secrets blanked;
    /// the rest is zeros, so that sequence numbers and PDUs remain decodable. Data digests do not match then.
    /// </summary>
    public bool HeadersOnly { get; init; }

    /// <summary>
    /// Other names and addresses, the same for the same, by a key that is this run's only. User data
    /// stays but for names where the decoder said that it is that; the rest of a TCP payload is zeros.
    /// </summary>
    public bool Anonymize { get; init; }

    /// <summary>Bytes a packet was cut to when captured; 0 for not at all.</summary>
    public int SnapLength { get; init; }
}

/// <summary>Writes packets as pcapng. Used by one thread; allocates nothing for a packet.</summary>
public sealed class CaptureWriter : IDisposable
{
    private const int BlockOverhead = 32;

    private static readonly string s_application =
        "iscsitop " + typeof(CaptureWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    private readonly Stream _stream;
    private readonly string _name;
    private readonly CaptureWriterOptions _options;
    private readonly Redaction? _redaction;
    private readonly List<LinkType> _links = [];
    private byte[] _buffer = new byte[1 << 18];
    private int _used;

    /// <summary>Writes to a stream, which is closed with this writer.</summary>
    /// <param name="stream">Gets whole buffers; unbuffered itself is best.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="options">What to leave out; nothing when null.</param>
    public CaptureWriter(Stream stream, string name, CaptureWriterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        (_stream, _name, _options) = (stream, name, options ?? new CaptureWriterOptions());
        if (_options.HeadersOnly || _options.Anonymize) _redaction = new Redaction(_options.Anonymize ? new Pseudonyms() : null);
        Kept = _redaction is null ? null : new KeptBytes(data: !_options.HeadersOnly);
        WriteSection();
    }

    /// <summary>What the decoder is to tell of each packet before it is written; null when nothing is left out.</summary>
    public KeptBytes? Kept { get; }

    /// <summary>Packets written.</summary>
    public long Packets { get; private set; }

    /// <summary>Creates a file, or writes to standard output for "-".</summary>
    /// <exception cref="IOException">It cannot be created, or is being read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static CaptureWriter Create(string path, CaptureWriterOptions? options = null)
    {
        if (path == "-") return new CaptureWriter(Console.OpenStandardOutput(), "standard output", options);
        // A mapped file that loses its bytes ends the process that reads it, which may be this one: -r and -w of the same file.
        var old = new FileInfo(path);
        if (old.Exists && old.Length > 0) RequireUnread(path);
        return new CaptureWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0), path, options);
    }

    private static void RequireUnread(string path)
    {
        const int Windows = 32, Linux = 11, Bsd = 35;
        try
        {
            new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0).Dispose();
        }
        catch (IOException e) when ((e.HResult & 0xffff) is Windows or Linux or Bsd)
        {
            throw new IOException($"{path} is in use, maybe the very file that is read, and is not written over (name another)", e);
        }
    }

    /// <summary>Writes a packet as it was captured: its time is ns since 1970, not the provider's.</summary>
    /// <exception cref="IOException">The disk is full, nobody reads; the message names the file.</exception>
    public void Write(in Packet packet)
    {
        int link = _links.IndexOf(packet.Link);
        if (link < 0) link = WriteInterface(packet.Link);
        int captured = packet.Bytes.Length, padded = (captured + 3) & ~3;
        Span<byte> block = Begin(PcapNgRecords.EnhancedPacket, BlockOverhead + padded);
        Put(block, 8, (uint)link);
        Put(block, 12, (uint)((ulong)packet.Time >> 32));
        Put(block, 16, (uint)packet.Time);
        Put(block, 20, (uint)captured);
        Put(block, 24, (uint)packet.Length);
        Span<byte> bytes = block.Slice(28, captured);
        packet.Bytes.CopyTo(bytes);
        block[(28 + captured)..(28 + padded)].Clear();
        _redaction?.Apply(packet.Link, bytes, Kept!.Of(packet));
        Packets++;
    }

    /// <summary>Hands what was written to the system.</summary>
    /// <exception cref="IOException">As <see cref="Write"/>.</exception>
    public void Flush()
    {
        int used = _used;
        _used = 0; // What could not be written is not tried again: that would leave a hole.
        try
        {
            _stream.Write(_buffer, 0, used);
            _stream.Flush();
        }
        catch (IOException e)
        {
            throw new IOException($"{_name} cannot be written: {e.Message}", e.HResult);
        }
    }

    /// <summary>Writes what is left and closes.</summary>
    public void Dispose()
    {
        try
        {
            Flush();
        }
        finally
        {
            _stream.Dispose();
        }
    }

    private void WriteSection()
    {
        const ushort Application = 4;
        byte[] name = Encoding.UTF8.GetBytes(s_application);
        int padded = (name.Length + 3) & ~3;
        Span<byte> block = Begin(PcapNgRecords.SectionHeader, 28 + 4 + padded + 4);
        Put(block, 8, PcapNgRecords.ByteOrder);
        BinaryPrimitives.WriteUInt16LittleEndian(block[12..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], -1); // the section's length: not known
        Option(block[24..], Application, name);
    }

    private int WriteInterface(LinkType link)
    {
        Span<byte> block = Begin(PcapNgRecords.InterfaceDescription, 20 + 8 + 4);
        BinaryPrimitives.WriteUInt16LittleEndian(block[8..], (ushort)link);
        Put(block, 12, (uint)_options.SnapLength);
        Option(block[16..], PcapNgRecords.IfTsResol, [9]);
        _links.Add(link);
        return _links.Count - 1;
    }

    // The blocks' buffer is cleared: an option's padding and the end of options are zeros.
    private static void Option(Span<byte> at, ushort code, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(at, code);
        BinaryPrimitives.WriteUInt16LittleEndian(at[2..], (ushort)value.Length);
        value.CopyTo(at[4..]);
    }

    private Span<byte> Begin(uint type, int length)
    {
        if (_buffer.Length - _used < length) Flush();
        if (_buffer.Length < length) _buffer = new byte[length];
        Span<byte> block = _buffer.AsSpan(_used, length);
        if (type != PcapNgRecords.EnhancedPacket) block.Clear();
        Put(block, 0, type);
        Put(block, 4, (uint)length);
        Put(block, length - 4, (uint)length);
        _used += length;
        return block;
    }

    private static void Put(Span<byte> block, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(block[at..], value);
}
