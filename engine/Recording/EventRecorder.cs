using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// Collects probe events for a recording, in pieces that need nothing else to be read. Events of several engines may come at once.
/// What is not yet in a finished block is lost when the process is.
/// </summary>
/// <param name="instance">What stands for the engine in the provider's name; 0 for its process id.</param>
public sealed class EventRecorder(int instance = 0) : IDisposable
{
    /// <summary>A block ends when so many bytes of events wait.</summary>
    internal const int Enough = 4 << 20;

    /// <summary>Bytes that wait at most; what comes then is dropped and counted.</summary>
    internal const int Most = 12 << 20;

    /// <summary>Events of a piece at most.</summary>
    internal const int PieceEvents = 16384;

    // What a piece of the most common events takes the same room with as with more effort.
    private const int Effort = 4;

    // The clock was set: times of events follow it then only, for they must not go back each time it is adjusted a little.
    private const long ClockSet = 1_000_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<EngineStatus, Seen> _engines = [];
    private readonly EventColumns _columns = new();
    private readonly FrameWriter _frames = new();
    private readonly MemoryStream _piece = new(), _section = new();
    private byte[] _packed = new byte[65536];
    private Seen? _latest;

    /// <summary>Events that found no room, because more came in an interval than a block holds.</summary>
    public long Drops { get; private set; }

    /// <summary>Events taken.</summary>
    public long Events { get; private set; }

    /// <summary>Bytes of pieces that wait for their block.</summary>
    internal long Waiting { get { lock (_lock) return _section.Length; } }

    /// <summary>Takes an event; a handler of a feed.</summary>
    public void Add(in ProbeEvent e, in EventContext context)
    {
        lock (_lock)
        {
            Seen engine = Of(context.Engine);
            long offset = context.WallTime - e.Time;
            if (engine.Count == PieceEvents || (engine.Count > 0 && Math.Abs(offset - engine.Offset) > ClockSet)) Seal(engine);
            if (engine.Count == 0 && (!engine.Begun || Math.Abs(offset - engine.Offset) > ClockSet)) (engine.Offset, engine.Begun) = (offset, true);
            engine.Add(in e, in context);
            Events++;
        }
    }

    /// <summary>Looks for connections that have ended.</summary>
    public void Note(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        lock (_lock)
        {
            foreach (ConnectionDelta c in snapshot.Connections)
                if (c.Connection.Closed != 0 && _engines.TryGetValue(c.Engine, out Seen? engine)) engine.Close(c.Connection);
            foreach (EngineStatus engine in snapshot.Engines)
                if (!engine.Alive && _engines.Remove(engine, out Seen? gone)) Leave(gone);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _piece.Dispose();
        _section.Dispose();
    }

    /// <summary>What came since the last call, for the end of a block.</summary>
    internal byte[] Take()
    {
        lock (_lock)
        {
            foreach (Seen engine in _engines.Values) Seal(engine);
            byte[] section = _section.ToArray();
            _section.SetLength(0);
            return section;
        }
    }

    private void Leave(Seen engine)
    {
        Seal(engine);
        if (_latest == engine) _latest = null;
    }

    private Seen Of(EngineStatus status)
    {
        if (_latest?.Status == status) return _latest;
        if (!_engines.TryGetValue(status, out _latest)) _engines.Add(status, _latest = new Seen(status));
        return _latest;
    }

    private void Seal(Seen engine)
    {
        if (engine.Count == 0 && engine.Changes.Count == 0) return;
        Compose(engine);
        int length = (int)_piece.Length, most = BrotliEncoder.GetMaxCompressedLength(length);
        if (_packed.Length < most) _packed = new byte[most];
        if (!BrotliEncoder.TryCompress(_piece.GetBuffer().AsSpan(0, length), _packed, out int packed, Effort, 22) || _section.Length + packed + 8 > Most)
        {
            Drops += engine.Count;
        }
        else
        {
            U32(_section, packed);
            U32(_section, length);
            _section.Write(_packed, 0, packed);
        }
        engine.Clear();
    }

    private void Compose(Seen engine)
    {
        _piece.SetLength(0);
        U32(_piece, engine.Count);
        U32(_piece, engine.Changes.Count);
        U32(_piece, engine.Names.Count);
        _frames.Write(new Hello(instance != 0 ? instance : engine.Status.Pid, ProbeSet.All, engine.Offset, engine.Status.Source, engine.Status.Version));
        _piece.Write(_frames.Frame);
        int told = 0;
        do
        {
            told += _frames.Write(told, engine.Names);
            _piece.Write(_frames.Frame);
        }
        while (told < engine.Names.Count);
        foreach ((int at, ConnectionInfo connection) in engine.Changes)
        {
            U32(_piece, at);
            _frames.Write(connection);
            _piece.Write(_frames.Frame);
        }
        int from = (int)_piece.Length;
        _piece.SetLength(from + engine.Count * ProbeEvent.Size);
        _columns.Encode(engine.Events.AsSpan(0, engine.Count), _piece.GetBuffer().AsSpan(from, engine.Count * ProbeEvent.Size));
    }

    private static void U32(MemoryStream into, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        into.Write(bytes);
    }

    // One engine's piece under way.
    private sealed class Seen(EngineStatus status)
    {
        private readonly Dictionary<uint, uint> _ids = new() { [0] = 0 };
        private readonly Dictionary<uint, ConnectionInfo> _told = [];
        private readonly HashSet<uint> _open = [];

        public EngineStatus Status { get; } = status;

        /// <summary>ns since 1970 minus the time of its events.</summary>
        public long Offset { get; set; }

        public bool Begun { get; set; }

        public ProbeEvent[] Events { get; } = new ProbeEvent[PieceEvents];

        public int Count { get; private set; }

        /// <summary>Connections as they are from an event on.</summary>
        public List<(int At, ConnectionInfo Connection)> Changes { get; } = [];

        public List<string> Names { get; } = [""];

        public void Add(in ProbeEvent e, in EventContext context)
        {
            ref ConnectionInfo? told = ref CollectionsMarshal.GetValueRefOrAddDefault(_told, e.Connection, out _);
            if (!ReferenceEquals(told, context.Connection) && context.Connection.Id == e.Connection)
            {
                told = context.Connection;
                Changes.Add((Count, told));
                _open.Add(e.Connection);
            }
            ref ProbeEvent kept = ref Events[Count++];
            kept = e;
            ((Span<byte>)kept.Tail)[Math.Min((int)kept.TailLength, ProbeEvent.TailBytes.Length)..].Clear();
            kept.Target = IdOf(e.Target, context.Target);
            kept.Initiator = IdOf(e.Initiator, context.Initiator);
        }

        public void Close(ConnectionInfo connection)
        {
            if (_open.Remove(connection.Id)) Changes.Add((Count, connection));
        }

        public void Clear()
        {
            Count = 0;
            Changes.Clear();
            _told.Clear();
            _ids.Clear();
            _ids.Add(0, 0);
            Names.RemoveRange(1, Names.Count - 1);
        }

        private uint IdOf(uint id, string name)
        {
            ref uint known = ref CollectionsMarshal.GetValueRefOrAddDefault(_ids, id, out bool there);
            if (there) return known;
            known = (uint)Names.Count;
            Names.Add(name);
            return known;
        }
    }
}
