namespace Iscsitop.Engine.Sources;

/// <summary>
/// Which bytes of the packet being decoded are known for what they are: no user data, or nothing else. The decoder says so while it decodes, with the very spans it
/// was given; bytes of other packets, which it may have held back, are told apart by their address and not kept.
/// </summary>
/// <param name="data">Whether user data stays, too, where the decoder says that it is that.</param>
public sealed unsafe class KeptBytes(bool data = false)
{
    private const int MaxRanges = 1 << 16;

    private KeptRange[] _ranges = new KeptRange[64];
    private int _count;
    private byte* _start;
    private int _length;

    /// <summary>Begins with a packet. Its bytes may not move until it is written, as no source's do.</summary>
    public void Begin(in Packet packet)
    {
        fixed (byte* start = packet.Bytes) _start = start;
        _length = packet.Bytes.Length;
        _count = 0;
    }

    /// <summary>Says that bytes are a PDU's header: BHS, AHS and the header digest.</summary>
    public void Keep(ReadOnlySpan<byte> header) => Add(header, KeptKind.Header);

    /// <summary>Says that bytes are the text of a Login or Text PDU.</summary>
    /// <param name="text">The part of the data segment that is in this packet.</param>
    /// <param name="continued">Whether the text did not begin in this packet: then its first pair may be the rest of a secret.</param>
    public void KeepText(ReadOnlySpan<byte> text, bool continued) => Add(text, continued ? KeptKind.TextContinued : KeptKind.Text);

    /// <summary>Says that bytes are user data, or a digest of it: what the decoder did not get in place may be anything, a login too.</summary>
    public void KeepData(ReadOnlySpan<byte> bytes)
    {
        if (data) Add(bytes, KeptKind.Data);
    }

    /// <summary>What was said of a packet, nothing when it is not the one that was begun with.</summary>
    internal ReadOnlySpan<KeptRange> Of(in Packet packet)
    {
        fixed (byte* start = packet.Bytes) return start == _start && packet.Bytes.Length == _length ? _ranges.AsSpan(0, _count) : [];
    }

    private void Add(ReadOnlySpan<byte> bytes, KeptKind kind)
    {
        fixed (byte* start = bytes)
        {
            long at = start - _start;
            if (bytes.IsEmpty || at < 0 || at + bytes.Length > _length || _count == MaxRanges) return;
            if (_count == _ranges.Length) Array.Resize(ref _ranges, _count * 2);
            _ranges[_count++] = new KeptRange((int)at, bytes.Length, kind);
        }
    }
}

/// <summary>What kept bytes are.</summary>
internal enum KeptKind : byte
{
    Header,
    Text,
    TextContinued,
    Data,
}

/// <summary>Bytes of a packet that are kept.</summary>
internal readonly record struct KeptRange(int At, int Length, KeptKind Kind);
