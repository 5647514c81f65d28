using System.Diagnostics;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// A subscription to the events of a recording: they are fired again, each engine's at a provider of its own, so that what is derived from
/// them, completed commands and transfers, is derived as it was then. Read on the thread that waits, as a capture is.
/// </summary>
internal sealed class ReplayFeed : Feed
{
    private const int Wait = 50;

    private readonly RecordingReader _reader;
    private readonly Wants _wants;
    private readonly EventHandler? _onEvent;
    private readonly CommandHandler? _onCommand;
    private readonly List<Replayed> _engines = [];
    private readonly List<EventPiece> _pieces = [];
    private readonly List<Part> _parts = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly bool _realTime;
    private Replayed? _last;
    private BlockHeader _block;
    private bool _begun, _any, _ended;
    private long _first, _now;

    public ReplayFeed(RecordingReader reader, Wants wants, bool realTime, EventHandler? onEvent, CommandHandler? onCommand)
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
        while (!_ended && !cancellation.IsCancellationRequested) Run(TimeSpan.FromSeconds(1), cancellation);
        return _ended;
    }

    public override void Run(TimeSpan time, CancellationToken cancellation)
    {
        var ran = Stopwatch.StartNew();
        while (!_ended && !cancellation.IsCancellationRequested && ran.Elapsed < time)
        {
            if (_parts.Count == 0) NextBlock();
            else if (!Replay(cancellation)) return;
        }
    }

    // What it tells comes all at once or not at all.
    public override void SetInterval(TimeSpan interval)
    {
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
        {
            _parts.Add(new Part(piece, Of(piece.Engine)));
            if (piece.Events.Length > 0) first = Math.Min(first, piece.Events[0].Time + piece.Engine.WallOffset);
        }
        if (_begun) return;
        (_begun, _first, _now) = (true, first, first);
    }

    private Replayed Of(Hello hello)
    {
        if (_engines.Find(e => e.Hello.Pid == hello.Pid && e.Hello.Source == hello.Source) is { } known) return known;
        var reception = new Reception(Gate, hello.Pid, _onEvent, _onCommand);
        Add(reception);
        var engine = new Replayed(hello, reception, _wants, _first);
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
        while (!part.AtEnd && part.Time <= until)
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

    // The rest of a piece.
    private sealed class Part(EventPiece piece, Replayed engine)
    {
        private int _event, _change;

        public Replayed Engine { get; } = engine;

        public bool AtEnd => _event == piece.Events.Length && _change == piece.Changes.Count;

        /// <summary>Of its next event, ns since 1970.</summary>
        public long Time => _event < piece.Events.Length ? piece.Events[_event].Time + piece.Engine.WallOffset : long.MinValue;

        public void Fire()
        {
            while (_change < piece.Changes.Count && piece.Changes[_change].Before <= _event)
                Engine.Tell(piece.Changes[_change++].Connection, piece.Engine.WallOffset);
            if (_event < piece.Events.Length) Engine.Fire(in piece.Events[_event++], piece.Names, piece.Engine.WallOffset);
            else _change = piece.Changes.Count;
        }
    }

    // An engine that is not there any more.
    private sealed class Replayed : IDisposable
    {
        private const int RingCapacity = 1024;

        private readonly Provider _provider;
        private readonly Observation _observation;
        private readonly Subscriber _subscriber;
        private readonly Dictionary<uint, ConnectionInfo> _connections = [];

        public Replayed(Hello hello, Reception reception, Wants wants, long now)
        {
            Hello = hello;
            _provider = new Provider(hello.Source, RingCapacity);
            _provider.SetTime(now);
            var outbox = new LocalOutbox(reception);
            var writer = new FrameWriter();
            _subscriber = new Subscriber(outbox, wants, now);
            _observation = new Observation(_provider, [_subscriber], writer);
            _provider.OnFull = Take;
            writer.Write(new Hello(hello.Pid, ProbeSet.All, 0, hello.Source, hello.Program));
            outbox.TrySend(writer.Frame);
            _observation.Want(_subscriber, null, now);
        }

        public Hello Hello { get; }

        public void Tell(ConnectionInfo connection, long offset)
        {
            connection = connection with { Opened = Shift(connection.Opened, offset), Closed = Shift(connection.Closed, offset) };
            if (_connections.TryGetValue(connection.Id, out ConnectionInfo? known) && known == connection) return;
            if (connection.Closed == 0) _connections[connection.Id] = connection;
            else if (!_connections.Remove(connection.Id)) return;
            Take();
            _provider.ConnectionChanges.Enqueue(connection);
        }

        public void Fire(in ProbeEvent e, List<string> names, long offset)
        {
            long time = e.Time + offset;
            if (time > _provider.Now) _provider.SetTime(time);
            _provider.Fire(e.Header, e.TailSpan, e.LunNumber, e.Connection, _provider.Intern(names[(int)e.Target]), _provider.Intern(names[(int)e.Initiator]), time, e.Unmapped);
        }

        public void Dispose() => _subscriber.Dispose();

        public void Take() => _observation.Take(_provider.Now);

        public void End(long now)
        {
            Take();
            _observation.Stop(now);
            _observation.PublishLast(_subscriber, now);
        }

        private static long Shift(long time, long offset) => time == 0 ? 0 : time + offset;
    }
}
