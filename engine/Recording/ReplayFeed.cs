using System.Diagnostics;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// A subscription to the events of a recording: they are fired again, each engine's at a provider of its own, so that what is derived from
/// them, completed commands and transfers, is derived as it was then. Read on the thread that waits, as a capture is.
/// </summary>
internal sealed partial class ReplayFeed : Feed
{
    private const int Wait = 50;

    // Intervals without an event that are reported one by one.
    private const long MaxQuiet = 3600;

    private readonly RecordingReader _reader;
    private readonly EventHandler? _onEvent;
    private readonly CommandHandler? _onCommand;
    private readonly List<Replayed> _engines = [];
    private readonly List<EventPiece> _pieces = [];
    private readonly List<Part> _parts = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly bool _realTime;
    private Wants _wants;
    private Replayed? _last;
    private BlockHeader _block;
    private bool _begun, _any, _ended;
    private long _first, _now, _told, _due = long.MaxValue;

    public ReplayFeed(RecordingReader reader, Wants wants, bool realTime, EventHandler? onEvent, CommandHandler? onCommand)
        : base(wants.Filter)
    {
        (_reader, _wants, _realTime, _onEvent, _onCommand) = (reader, wants, realTime, onEvent, onCommand);
        try
        {
            if (reader.HasEvents() == false) throw NoEvents(reader.Name);
            // When it begins is known from its first block; a pipe may have nothing yet.
            while (reader.CanSeek && !_begun && !_ended) NextBlock();
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

    public override long Began => _first;

    public override long Now => _now;

    public override bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation)
    {
        while (!_ended && !cancellation.IsCancellationRequested)
        {
            if (_parts.Count > 0 && NextTime() > _due)
            {
                Publish();
                return true;
            }
            Round(cancellation);
        }
        return _ended;
    }

    public override void Run(TimeSpan time, CancellationToken cancellation)
    {
        var ran = Stopwatch.StartNew();
        while (!_ended && !cancellation.IsCancellationRequested && ran.Elapsed < time)
            if (!Round(cancellation)) return;
    }

    public override void SetInterval(TimeSpan interval)
    {
        _wants = _wants with { Interval = interval };
        foreach (Replayed engine in _engines) engine.Want(_wants);
        if (_begun) _due = EndOf(_told);
    }

    /// <summary>The engines of the first block that has events; null when there is none, or it is no recording.</summary>
    /// <exception cref="CaptureFormatException">It is a recording without events.</exception>
    public static int[]? EnginesOf(string file)
    {
        // A pipe with a name can be read once only.
        if (!File.Exists(file) || new FileInfo(file).Length == 0) return null;
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 65536);
        using var reader = new RecordingReader(stream, file);
        Span<byte> first = stackalloc byte[BlockHeader.Magic.Length];
        if (!stream.CanSeek || stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) < first.Length || !first.SequenceEqual(BlockHeader.Magic)) return null;
        stream.Position = 0;
        if (reader.HasEvents() == false) throw NoEvents(file);
        var pieces = new List<EventPiece>();
        while (pieces.Count == 0 && reader.Next(pieces, out _, 0) == Moved.Packet)
        {
        }
        return pieces.Count == 0 ? null : [.. pieces.Select(p => p.Engine.Pid).Distinct()];
    }

    internal static CaptureFormatException NoEvents(string name) =>
        new($"{name} is a recording without events: those of iscsitop record --events have them; iscsitop -r shows it");

    protected override void Dispose(bool disposing)
    {
        _reader.Dispose();
        foreach (Replayed engine in _engines) engine.Dispose();
    }

    private void NextBlock()
    {
        Moved moved = _reader.Next(_pieces, out _block, Wait);
        if (moved == Moved.Nothing) return;
        if (moved == Moved.End)
        {
            End();
            return;
        }
        _any |= _block.WithEvents;
        if (!_block.WithEvents) return;
        long first = _block.First;
        foreach (EventPiece piece in _pieces)
            if (piece.Events.Length > 0) first = Math.Min(first, piece.Events[0].Time + piece.Engine.WallOffset);
        if (!_begun)
        {
            (_begun, _first, _now, _told) = (true, first, first, first);
            _due = EndOf(first);
        }
        foreach (EventPiece piece in _pieces) _parts.Add(new Part(piece, Of(piece.Engine)));
    }

    private bool Round(CancellationToken cancellation)
    {
        if (_parts.Count > 0) return Replay(cancellation);
        NextBlock();
        return true;
    }

    // When the next interval ends; without one there is none.
    private long EndOf(long began)
    {
        long interval = _wants.Interval.Ticks * 100;
        return interval <= 0 || began > long.MaxValue - interval ? long.MaxValue : began + interval;
    }

    // An interval is over. Of a time without events one tells for all of it.
    private void Publish()
    {
        long interval = _due - _told, quiet = (NextTime() - _due) / interval;
        foreach (Replayed engine in _engines) engine.Publish(_due);
        _told = _due + (quiet > MaxQuiet ? (quiet - 1) * interval : 0);
        _due = EndOf(_told);
    }

    private long NextTime()
    {
        long time = long.MaxValue;
        for (int i = 0; i < _parts.Count; i++)
            if (IsFirst(i)) time = Math.Min(time, _parts[i].Time);
        return time;
    }

    private Replayed Of(Hello hello)
    {
        if (_engines.Find(e => e.Hello.Pid == hello.Pid && e.Hello.Source == hello.Source) is { } known) return known;
        var reception = new Reception(Gate, hello.Pid, _onEvent, _onCommand);
        Add(reception);
        var engine = new Replayed(hello, reception, _wants, _told);
        _engines.Add(engine);
        return engine;
    }

    // Fires the earliest event of the block; each engine's are in order.
    private bool Replay(CancellationToken cancellation)
    {
        int earliest = 0;
        for (int i = 1; i < _parts.Count; i++)
            if (_parts[i].Engine != _parts[earliest].Engine && _parts[i].Time < _parts[earliest].Time && IsFirst(i)) earliest = i;
        Part part = _parts[earliest];
        long until = _parts.Count == 1 ? long.MaxValue : Math.Max(part.Time, Other(earliest));
        if (_last is not null && _last != part.Engine) _last.Take();
        _last = part.Engine;
        while (!part.AtEnd && part.Time <= Math.Min(until, _due))
        {
            _now = Math.Max(_now, part.Time);
            if (_realTime && !Due(cancellation)) return false;
            part.Fire();
            if (cancellation.IsCancellationRequested) break;
        }
        if (part.AtEnd) _parts.RemoveAt(earliest);
        part.Engine.Take();
        return true;
    }

    // Of the pieces of one engine only the first is under way.
    private bool IsFirst(int part)
    {
        for (int i = 0; i < part; i++)
            if (_parts[i].Engine == _parts[part].Engine) return false;
        return true;
    }

    private long Other(int than)
    {
        long time = long.MaxValue;
        for (int i = 0; i < _parts.Count; i++)
            if (_parts[i].Engine != _parts[than].Engine && IsFirst(i)) time = Math.Min(time, _parts[i].Time);
        return time;
    }

    private bool Due(CancellationToken cancellation)
    {
        double ahead = (_now - _first) / 1e9 - Stopwatch.GetElapsedTime(_began).TotalSeconds;
        if (ahead < 0.001) return true;
        cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(Math.Min(ahead, 0.1)));
        return false;
    }

    private void End()
    {
        _ended = true;
        if (!_any) throw NoEvents(_reader.Name);
        _now = Math.Max(_now, _block.Last);
        foreach (Replayed engine in _engines) engine.End(_now);
    }
}
