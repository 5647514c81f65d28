using System.IO.MemoryMappedFiles;
using System.Runtime.Intrinsics.X86;

namespace Iscsitop.Engine.Sources;

/// <summary>A window over the bytes of a capture that moves forward only. Its memory is bounded, whatever the capture says.</summary>
internal abstract unsafe class CaptureBytes : IDisposable
{
    private byte* _next, _end;
    private long _endsAt;

    /// <summary>Where in the capture the window stands, after decompression.</summary>
    public long At => _endsAt - Available;

    /// <summary>The next byte. <see cref="Have"/> may move it.</summary>
    public byte* Next => _next;

    /// <summary>Bytes in the window.</summary>
    public int Available => (int)(_end - _next);

    /// <summary>Why the input ended before its end, null when it did not: damaged compression.</summary>
    public virtual string? Fault => null;

    /// <summary>How long to wait for bytes that are not here yet, in ms; -1 for ever. Only a pipe keeps anybody waiting.</summary>
    public int Patience { get; set; } = Timeout.Infinite;

    /// <summary>Whether <see cref="Have"/> was false only because bytes did not come in time; until it is true again or set back.</summary>
    public bool Late { get; set; }

    /// <summary>
    /// Gets so many bytes into the window; false when there are fewer, and then all there are are in it, or when they are
    /// <see cref="Late"/>.
    /// </summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public bool Have(int count) => _end - _next >= count || Refill(count);

    /// <summary>
    /// Has the headers of the next record fetched into the processor's cache, that far on: they lie a packet apart, where no
    /// hardware looks ahead, and each would cost a trip to memory.
    /// </summary>
    public void Prefetch(int distance)
    {
        if (!Sse.IsSupported || _end - _next < distance + 192) return;
        Sse.Prefetch0(_next + distance);
        Sse.Prefetch0(_next + distance + 64);
        Sse.Prefetch0(_next + distance + 128);
    }

    /// <summary>Passes bytes of the window.</summary>
    public void Advance(int count) => _next += count;

    public abstract void Dispose();

    protected abstract bool Refill(int count);

    /// <summary>Sets the window.</summary>
    /// <param name="next">Its first byte.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="at">Where in the capture the first byte is.</param>
    protected void Show(byte* next, int length, long at)
    {
        _next = next;
        _end = next + length;
        _endsAt = at + length;
    }
}

/// <summary>
/// A regular file, mapped a part at a time: pages nobody looks at are not read, and those left behind no longer count as ours.
/// It ends where it ended when it was opened.
/// </summary>
internal sealed unsafe class MappedBytes : CaptureBytes
{
    // Each part costs a mapping and some garbage; larger ones only more resident memory.
    private const int Part = 16 << 20;

    private readonly FileStream _file;
    private readonly MemoryMappedFile _mapping;
    private readonly long _length;
    private MemoryMappedViewAccessor? _view;

    private MappedBytes(FileStream file, MemoryMappedFile mapping)
    {
        (_file, _mapping, _length) = (file, mapping, file.Length);
        Map(0, Part);
    }

    /// <summary>Maps a file that can be mapped; null for a pipe, a device, an empty file. The file is ours from then on.</summary>
    public static MappedBytes? TryMap(FileStream file)
    {
        if (!file.CanSeek || file.Length == 0) return null;
        MemoryMappedFile? mapping = null;
        try
        {
            mapping = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedBytes(file, mapping);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            mapping?.Dispose(); // Not every file system can map. A stream can read it all the same.
            return null;
        }
    }

    /// <summary>Gives the mapping back and leaves the file open, for who would rather read it as a stream.</summary>
    public void Unmap()
    {
        Leave();
        _mapping.Dispose();
    }

    public override void Dispose()
    {
        Unmap();
        _file.Dispose();
    }

    protected override bool Refill(int count)
    {
        if (At + Available == _length) return false;
        Map(At, Math.Max(Part, count));
        return Available >= count;
    }

    private void Map(long at, int wanted)
    {
        int length = (int)Math.Min(_length - at, wanted);
        Leave();
        _view = _mapping.CreateViewAccessor(at, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Show(start + _view.PointerOffset, length, at);
    }

    private void Leave()
    {
        if (_view is null) return;
        Show(null, 0, At + Available);
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _view = null;
    }
}

/// <summary>A pipe or compressed data, through one buffer. It grows when a record has filled it, never because one says it will.</summary>
/// <param name="stream">The bytes.</param>
/// <param name="pipe">The same when it may keep its reader waiting, else null.</param>
internal sealed unsafe class StreamedBytes(Stream stream, PipedStream? pipe = null) : CaptureBytes
{
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(1 << 20, pinned: true);
    private bool _ended;
    private string? _fault;

    public override string? Fault => _fault;

    public override void Dispose() => stream.Dispose();

    protected override bool Refill(int count)
    {
        long at = At;
        int held = Available;
        long deadline = Environment.TickCount64 + Patience;
        new ReadOnlySpan<byte>(Next, held).CopyTo(_buffer);
        while (held < count && !_ended)
        {
            Late = pipe?.WaitForBytes(Patience < 0 ? Patience : (int)Math.Max(0, deadline - Environment.TickCount64)) == false;
            if (Late) break;
            if (held == _buffer.Length) Grow();
            int read = Read(_buffer.AsSpan(held));
            _ended = read == 0;
            held += read;
        }
        fixed (byte* start = _buffer) Show(start, held, at); // pinned: it stays there
        return held >= count;
    }

    private int Read(Span<byte> into)
    {
        try
        {
            return stream.Read(into);
        }
        catch (InvalidDataException e)
        {
            _fault = e.Message;
            return 0;
        }
    }

    private void Grow()
    {
        byte[] larger = GC.AllocateUninitializedArray<byte>(_buffer.Length * 2, pinned: true);
        _buffer.CopyTo(larger.AsSpan());
        _buffer = larger;
    }
}

/// <summary>A stream whose first bytes were looked at already; counts what is read of it.</summary>
internal sealed class ReopenedStream(ReadOnlyMemory<byte> first, Stream rest) : Stream
{
    private ReadOnlyMemory<byte> _first = first;

    /// <summary>Bytes read.</summary>
    public long Taken { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => rest.Length;

    public override long Position
    {
        get => Taken;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int count;
        if (_first.IsEmpty)
        {
            count = rest.Read(buffer);
        }
        else
        {
            count = Math.Min(buffer.Length, _first.Length);
            _first.Span[..count].CopyTo(buffer);
            _first = _first[count..];
        }
        Taken += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) rest.Dispose();
        base.Dispose(disposing);
    }
}
