using System.Buffers.Binary;
using System.IO.Compression;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

/// <summary>A piece of a recording's events, read back: those of one engine, with all that is needed to know what they are about.</summary>
internal sealed class EventPiece
{
    // An engine's names, as many connections as it has events, each with five texts of the longest: nobody writes half of that.
    private const int MostLength = 64 << 20;

    private EventPiece(Hello engine) => Engine = engine;

    /// <summary>Whose they are; what stands for it in the provider's name is its process id.</summary>
    public Hello Engine { get; }

    /// <summary>Names by the ids that the events have.</summary>
    public List<string> Names { get; } = [];

    /// <summary>Connections as they are before the event of a number.</summary>
    public List<(int Before, ConnectionInfo Connection)> Changes { get; } = [];

    /// <summary>The events, on the engine's clock.</summary>
    public ProbeEvent[] Events { get; private set; } = [];

    /// <summary>Reads the pieces of a block.</summary>
    /// <exception cref="RecordingFormatException">They are none.</exception>
    public static List<EventPiece> Read(ReadOnlySpan<byte> section)
    {
        var pieces = new List<EventPiece>();
        try
        {
            while (!section.IsEmpty)
            {
                int packed = BinaryPrimitives.ReadInt32LittleEndian(section), length = BinaryPrimitives.ReadInt32LittleEndian(section[4..]);
                if (length is < 12 or > MostLength) throw new RecordingFormatException($"a piece of {length} bytes");
                byte[] piece = new byte[length];
                if (!BrotliDecoder.TryDecompress(section.Slice(8, packed), piece, out int written) || written != length) throw new RecordingFormatException("a piece that is not as long as it says");
                pieces.Add(Parse(piece));
                section = section[(8 + packed)..];
            }
        }
        catch (Exception e) when (e is ArgumentException or StreamFormatException or IndexOutOfRangeException)
        {
            throw new RecordingFormatException(e.Message);
        }
        return pieces;
    }

    private static EventPiece Parse(ReadOnlySpan<byte> rest)
    {
        int events = BinaryPrimitives.ReadInt32LittleEndian(rest), changes = BinaryPrimitives.ReadInt32LittleEndian(rest[4..]);
        int names = BinaryPrimitives.ReadInt32LittleEndian(rest[8..]);
        if (events is < 0 or > EventRecorder.PieceEvents || changes < 0) throw new RecordingFormatException($"a piece of {events} events");
        rest = rest[12..];
        var piece = new EventPiece(Next(ref rest, FrameType.Hello).Hello());
        while (piece.Names.Count < names) Next(ref rest, FrameType.Names).Names(piece.Names);
        for (int i = 0; i < changes; i++)
        {
            int before = BinaryPrimitives.ReadInt32LittleEndian(rest);
            rest = rest[4..];
            piece.Changes.Add((before, Next(ref rest, FrameType.Connection).Connection()));
        }
        if (rest.Length != events * ProbeEvent.Size) throw new RecordingFormatException("a piece that ends too early");
        piece.Events = new ProbeEvent[events];
        new EventColumns().Decode(rest, piece.Events);
        foreach (ref readonly ProbeEvent e in piece.Events.AsSpan())
            if (Math.Max(e.Target, e.Initiator) >= piece.Names.Count || e.Probe >= Probe.XferStart || e.TailLength > ProbeEvent.TailBytes.Length)
                throw new RecordingFormatException("an event that no probe fires");
        return piece;
    }

    private static FrameReader Next(ref ReadOnlySpan<byte> rest, FrameType type)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
        if (length < StreamFormat.HeaderLength || rest[4] != (byte)type) throw new RecordingFormatException($"a piece without its {type}");
        var frame = new FrameReader(rest[StreamFormat.HeaderLength..length]);
        rest = rest[length..];
        return frame;
    }
}
