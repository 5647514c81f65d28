using System.Buffers;

namespace Iscsitop.Cli.Snooping;

/// <summary>
/// Lines on their way to standard output: gathered while they come fast, handed over by <see cref="Flush"/> when they do
/// not. A reader that is slow holds up the thread that adds, and with it the engine's outbox for us, where the drops are
/// counted; never the engine.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="most">Lines until the end, null for no end.</param>
/// <param name="ended">Called once when no more lines are taken.</param>
internal sealed class LineSink(Stream output, int? most, Action ended)
{
    private const int Enough = 32 * 1024;

    private readonly ArrayBufferWriter<byte> _buffer = new(2 * Enough);
    private readonly Lock _lock = new();
    private Exception? _failure;
    private int _lines;
    private bool _ended;

    /// <summary>Writes one line, without its end, into the buffer.</summary>
    public delegate void WriteLine<TLine>(ArrayBufferWriter<byte> into, in TLine line, in Engine.EventContext context);

    /// <summary>Lines taken.</summary>
    public int Lines => _lines;

    /// <summary>What went wrong with the output, null when nothing did.</summary>
    public Exception? Failure => _failure;

    /// <summary>Writes what is due without a line: the header of a listing in which nothing has happened yet.</summary>
    public Action<ArrayBufferWriter<byte>>? Heading { get; set; }

    /// <summary>Writes what ends a listing.</summary>
    public Action<ArrayBufferWriter<byte>>? Closing { get; set; }

    /// <summary>Hands over what has been gathered, and the end.</summary>
    public void Close()
    {
        lock (_lock)
        {
            Heading?.Invoke(_buffer);
            Closing?.Invoke(_buffer);
            Closing = null;
            Drain();
        }
    }

    /// <summary>Adds a line.</summary>
    public void Add<TLine>(WriteLine<TLine> write, in TLine line, in Engine.EventContext context)
    {
        lock (_lock)
        {
            if (_ended) return;
            write(_buffer, line, context);
            _buffer.Write("\n"u8);
            if (++_lines == most) End(null);
            if (_buffer.WrittenCount >= Enough) Drain();
        }
    }

    /// <summary>Hands over what has been gathered.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            Heading?.Invoke(_buffer);
            Drain();
        }
    }

    private void Drain()
    {
        if (_buffer.WrittenCount == 0 || _failure is not null) return;
        try
        {
            output.Write(_buffer.WrittenSpan);
            output.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            End(e);
        }
        _buffer.ResetWrittenCount();
    }

    private void End(Exception? failure)
    {
        _failure = failure;
        if (!_ended) ended();
        _ended = true;
    }
}
