using System.Runtime.ExceptionServices;

namespace Iscsitop.Engine.Sources;

/// <summary>
/// A stream that may have nothing for long, read ahead by a thread of its own, so that its reader can wait for so long and no longer.
/// No system lets one wait for a pipe, a terminal and what a decompressor still holds in the same way.
/// </summary>
internal sealed class PipedStream : Stream
{
    private const int Piece = 1 << 18;

    private readonly Stream _stream;
    private readonly object _gate = new();
    private byte[] _ready = GC.AllocateUninitializedArray<byte>(Piece);
    private byte[] _next = GC.AllocateUninitializedArray<byte>(Piece);
    private int _at, _count;
    private bool _ended, _disposed;
    private ExceptionDispatchInfo? _failure;

    /// <param name="stream">What is read; owned.</param>
    public PipedStream(Stream stream)
    {
        _stream = stream;
        new Thread(ReadAhead) { IsBackground = true, Name = "pipe" }.Start();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Waits until <see cref="Read(Span{byte})"/> would not: bytes are there, or the end.</summary>
    /// <param name="milliseconds">How long at most; -1 for ever.</param>
    public bool WaitForBytes(int milliseconds)
    {
        lock (_gate)
        {
            long deadline = Environment.TickCount64 + milliseconds;
            while (_count == 0 && !_ended)
            {
                int left = milliseconds < 0 ? milliseconds : (int)Math.Max(0, deadline - Environment.TickCount64);
                if (left == 0) return false;
                Monitor.Wait(_gate, left);
            }
            return true;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        WaitForBytes(Timeout.Infinite);
        lock (_gate)
        {
            if (_count == 0) _failure?.Throw();
            int count = Math.Min(_count, buffer.Length);
            _ready.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            _count -= count;
            if (_count == 0) Monitor.PulseAll(_gate);
            return count;
        }
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
        if (disposing)
        {
            lock (_gate)
            {
                _disposed = true;
                Monitor.PulseAll(_gate);
            }
        }
        base.Dispose(disposing);
    }

    private void ReadAhead()
    {
        try
        {
            int read;
            do read = _stream.Read(_next);
            while (HandOver(read) && read > 0);
        }
#pragma warning disable CA1031 // Whatever it is, the reader gets it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            lock (_gate)
            {
                _failure = ExceptionDispatchInfo.Capture(e);
                _ended = true;
                Monitor.PulseAll(_gate);
            }
        }
        finally
        {
            _stream.Dispose(); // here, for it may be in use until now
        }
    }

    // Once what was handed over before is taken; false when nobody reads any more.
    private bool HandOver(int read)
    {
        lock (_gate)
        {
            while (_count > 0 && !_disposed) Monitor.Wait(_gate);
            (_ready, _next) = (_next, _ready);
            (_at, _count, _ended) = (0, read, read == 0);
            Monitor.PulseAll(_gate);
            return !_disposed;
        }
    }
}
