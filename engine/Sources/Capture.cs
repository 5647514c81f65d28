using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Sources;

/// <summary>How far a round of <see cref="Capture.Pump"/> came.</summary>
internal enum Pumped : byte
{
    /// <summary>There may be more at once.</summary>
    More,

    /// <summary>No packet came in time.</summary>
    Nothing,

    /// <summary>The next packet is not before the time asked for.</summary>
    Reached,

    /// <summary>There will be no more packets.</summary>
    End,
}

/// <summary>Takes packets from a source into a provider. One thread does all of it, so that the ring between them loses nothing.</summary>
internal sealed class Capture : IDisposable
{
    // Packets between two looks at the clock, at signals, at what subscribers want.
    private const int Round = 1024;

    // A small ring stays in the processor's cache; it is emptied whenever it is full.
    private const int RingCapacity = 1024;

    // The kernel's clock may be set while we look; a smaller difference is the two clocks drifting apart.
    private const long ClockStep = 1_000_000;

    // A time so far from the last one is believed when the next packet's is near it: files have single wrong ones.
    private const ulong FarAway = 3_600_000_000_000;

    private readonly PacketSource _source;
    private readonly CaptureWriter? _writer;
    private readonly WireDecoder _decoder;
    private bool _pending, _disposed;
    private long _offset;
    private long _time;
    private long _believed;
    private long? _doubted;

    /// <param name="source">Where packets come from; owned.</param>
    /// <param name="options">What is taken for iSCSI.</param>
    /// <param name="writer">Gets every packet, null for nobody; owned.</param>
    public Capture(PacketSource source, WireOptions options, CaptureWriter? writer = null)
    {
        _source = source;
        _writer = writer;
        Provider = new Provider(source.Name, RingCapacity);
        _decoder = new WireDecoder(Provider, options, writer?.Kept);
        if (source.Live) _offset = Clock.WallOffset;
    }

    /// <summary>What its events go to.</summary>
    public Provider Provider { get; }

    /// <summary>Where packets come from.</summary>
    public PacketSource Source => _source;

    /// <summary>What was seen and what was not.</summary>
    public Coverage Coverage => _decoder.Coverage with { Dropped = _source.Dropped };

    /// <summary>Payload bytes that the packets lack; asks the decoder only, never the kernel.</summary>
    public long MissingBytes => _decoder.Coverage.MissingBytes;

    /// <summary>Why packets are no longer written, though still observed; "" while they are.</summary>
    public string WriteProblem { get; private set; } = "";

    /// <summary>What packets tell of a connection, null when it is not known.</summary>
    public WireFacts? FactsOf(uint connection) => _decoder.FactsOf(connection);

    /// <summary>The time of the packet that <see cref="Pump"/> has come to but not taken.</summary>
    public long NextTime => _time;

    /// <summary>Nobody asks for a connection any more.</summary>
    public void Forget(uint connection) => _decoder.Forget(connection);

    /// <summary>Waits for the first packet of a file and sets the provider's time to its own.</summary>
    /// <param name="milliseconds">How long at most.</param>
    public Moved Begin(int milliseconds)
    {
        Moved moved = _source.MoveNext(milliseconds);
        _pending = moved == Moved.Packet;
        _time = _believed = _pending ? _source.Current.Time : 0;
        Provider.SetTime(_time);
        return moved;
    }

    /// <summary>Takes packets, some at a time.</summary>
    /// <param name="milliseconds">How long to wait for the first.</param>
    /// <param name="until">Only those before this time, on the provider's time line; all when it is the last there is.</param>
    /// <exception cref="IOException">The source can no longer be used.</exception>
    public Pumped Pump(int milliseconds, long until = long.MaxValue)
    {
        for (int i = 0; i < Round; i++)
        {
            if (!_pending)
            {
                Moved moved = _source.MoveNext(i == 0 ? milliseconds : 0);
                if (moved != Moved.Packet) return moved == Moved.End ? Pumped.End : i == 0 ? Pumped.Nothing : Pumped.More;
                _pending = true;
                if (i == 0 && _source.Live) FollowClock(); // it may have been set while we waited
                _time = _source.Live ? Math.Min(_source.Current.Time - _offset, Provider.Now) : Believe(_source.Current.Time);
            }
            if (_time >= until && until != long.MaxValue) return Pumped.Reached;
            Packet packet = _source.Current;
            _pending = false;
            if (!_source.Live && _time > Provider.Now) Provider.SetTime(_time);
            _writer?.Kept?.Begin(packet);
            _decoder.Take(packet.At(_time));
            Write(packet);
        }
        return Pumped.More;
    }

    /// <summary>There are no more packets: delivers what was held back.</summary>
    public void Finish()
    {
        _decoder.Finish(Provider.Now);
        Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _source.Dispose();
        Flush();
        _writer?.Dispose();
    }

    // The time to go by: the last good one in place of one that is far away and alone there.
    private long Believe(long time)
    {
        if (Apart(time, _believed) > FarAway && !(_doubted is { } doubted && Apart(time, doubted) <= FarAway))
        {
            _doubted = time;
            return Provider.Now;
        }
        _doubted = null;
        return _believed = time;
    }

    // A file may say that it begins or ends with time itself.
    private static ulong Apart(long a, long b) => a > b ? (ulong)a - (ulong)b : (ulong)b - (ulong)a;

    private void Write(in Packet packet)
    {
        if (_writer is null || WriteProblem.Length > 0) return;
        try
        {
            _writer.Write(packet);
        }
        catch (IOException e)
        {
            WriteProblem = e.Message;
        }
    }

    private void Flush()
    {
        if (_writer is null || WriteProblem.Length > 0) return;
        try
        {
            _writer.Flush();
        }
        catch (IOException e)
        {
            WriteProblem = e.Message;
        }
    }

    // Packets carry the time of day and engines measure monotonic time.
    private void FollowClock()
    {
        long offset = Clock.WallOffset;
        if (Math.Abs(offset - _offset) > ClockStep) _offset = offset;
    }
}
