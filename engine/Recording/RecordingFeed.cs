using System.Diagnostics;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// A subscription to a recording: its snapshots, merged until they make up the interval asked for. Read on the thread that waits for
/// snapshots, as a capture is.
/// </summary>
internal sealed class RecordingFeed : Feed
{
    private const int Wait = 50;

    private readonly RecordingReader _reader;
    private readonly bool _realTime;
    private readonly SnapshotSum _sum = new();
    private readonly Snapshot _next = new();
    private TimeSpan _interval;
    private bool _have, _any, _ended, _ready;
    private long _last, _delivered;

    public RecordingFeed(RecordingReader reader, Wants wants, bool realTime)
    {
        (_reader, _interval, _realTime, Speed) = (reader, wants.Interval, realTime, realTime ? 1 : 0);
        // A file that cannot be read is refused here; a pipe may have nothing yet.
        try
        {
            if (reader.CanSeek) Read();
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public override bool Ended => _ended;

    public override string Problem => _reader.Problem;

    public override double Progress => _reader.Progress;

    public override bool Recorded => true;

    public override bool CanSeek => _reader.CanSeek;

    public override (long First, long Last) Span => _reader.Span();

    /// <summary>Opens what is a recording.</summary>
    /// <param name="options">The file; its first bytes say what it is.</param>
    /// <param name="wants">What to ask for: events and commands where they were recorded, or snapshots.</param>
    /// <param name="onEvent">Called for each event; null when none are wanted.</param>
    /// <param name="onCommand">Called for each completed command; null when none are wanted.</param>
    /// <param name="rest">What is to be opened when it is none: of standard input some bytes are read by then.</param>
    /// <returns>Null when it is none.</returns>
    /// <exception cref="CaptureFormatException">It is one, and something is wanted that no recording has.</exception>
    public static Feed? TryOpen(CaptureOptions options, Wants wants, EventHandler? onEvent, CommandHandler? onCommand, out CaptureOptions rest)
    {
        rest = options;
        if (options.File.Length == 0 || Directory.Exists(options.File)) return null;
        bool input = options.File == "-";
        Stream stream = input ? Console.OpenStandardInput() : new FileStream(options.File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 65536);
        // Of a named pipe nothing can be read twice.
        byte[] first = new byte[BlockHeader.Magic.Length];
        first = first[..stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false)];
        if (first.AsSpan().SequenceEqual(BlockHeader.Magic))
        {
            if (stream.CanSeek) stream.Position = 0;
            else stream = new ReopenedStream(first, stream);
            return Checked(new RecordingReader(stream, input ? "standard input" : options.File), options, wants, onEvent, onCommand);
        }
        if (stream.CanSeek) stream.Dispose();
        else rest = options with { Opened = new ReopenedStream(first, stream) };
        return null;
    }

    public override bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation)
    {
        if (_ready) return true;
        while (!_ended && !cancellation.IsCancellationRequested)
        {
            if (!_have)
            {
                Moved moved = Read();
                if (moved == Moved.End)
                {
                    _ended = true;
                    return _sum.Count > 0 && Due(cancellation);
                }
                if (moved == Moved.Nothing) continue;
            }
            if (_sum.Count > 0 && IsFull()) return Due(cancellation);
            _sum.Add(_next);
            _have = false;
            // A pipe is shown as it comes; of a file the end is known with its last snapshot.
            if (_reader.CanSeek && Read() == Moved.End) _ended = true;
            if (_sum.Count > 0 && (_ended || (!_have && IsLong(_next.Seconds / 2)))) return Due(cancellation);
        }
        _ended = true;
        return false;
    }

    public override void SetInterval(TimeSpan interval) => _interval = interval;

    public override Snapshot Take()
    {
        _ready = false;
        return _sum.Take();
    }

    public override void Seek(long time)
    {
        _reader.Seek(time);
        _sum.Take();
        (_have, _ended, _ready, _last) = (false, false, false, 0);
        Read();
    }

    protected override void Dispose(bool disposing) => _reader.Dispose();

    private static Feed Checked(RecordingReader reader, CaptureOptions options, Wants wants, EventHandler? onEvent, CommandHandler? onCommand)
    {
        bool lines = wants.Commands || wants.Events != 0;
        string? why = options.WriteTo.Length > 0 ? "has no packets that -w could write"
            : lines && wants.Interval > TimeSpan.Zero && wants.Filter is not { NeedsCommands: true } ? "its snapshots can be shown only as they were made"
            : null;
        if (why is null) return lines ? new ReplayFeed(reader, wants, options.RealTime, onEvent, onCommand) : new RecordingFeed(reader, wants, options.RealTime);
        reader.Dispose();
        throw new CaptureFormatException($"{reader.Name} is a recording and {why}");
    }

    private Moved Read()
    {
        Moved moved = _reader.Next(_next, Wait);
        _have = moved == Moved.Packet;
        _any |= _have;
        // Nobody takes it for an interval in which nothing happened.
        if (moved == Moved.End && !_any) throw new CaptureFormatException($"{_reader.Name} is a recording without a snapshot: {_reader.Problem}");
        return moved;
    }

    // The next would make it longer than asked for by more than half of its own length, or comes after a time without a recorder.
    private bool IsFull() => IsLong(_next.Seconds / 2) || (_interval < WholeFile && _next.Time / 1e9 - _next.Seconds > _sum.Time / 1e9 + Math.Max(1, _interval.TotalSeconds));

    private bool IsLong(double more) => _sum.Seconds + more > _interval.TotalSeconds - 0.001;

    // Waits for as long as it took then; on a screen not through hours without a recorder.
    private bool Due(CancellationToken cancellation)
    {
        long before = _last;
        _last = _sum.Time;
        _ready = true;
        if (Speed > 0 && before != 0)
        {
            double seconds = (_last - before) / 1e9;
            if (!_realTime) seconds = Math.Min(seconds, Math.Max(10, _interval.TotalSeconds));
            double left = seconds / Speed - Stopwatch.GetElapsedTime(_delivered).TotalSeconds;
            if (left > 0) cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(Math.Min(left, 86400)));
        }
        _delivered = Stopwatch.GetTimestamp();
        return true;
    }
}
