namespace Iscsitop.Engine.Sources;

/// <summary>pcap (draft-ietf-opsawg-pcap): a header of 24 bytes, and 16 or, with Kuznetzov's change, 24 before each packet.</summary>
internal sealed unsafe class PcapRecords : CaptureRecords
{
    private const int FileHeader = 24;
    private const uint Micro = 0xa1b2c3d4, Nano = 0xa1b23c4d, Kuznetzov = 0xa1b2cd34;
    private const long Second = 1_000_000_000;

    // How far from the packet before the next may be for a scan to believe it: a week.
    private const long Near = 7 * 86400;

    private readonly int _header;
    private readonly uint _limit, _nanoseconds;

    private PcapRecords(CaptureBytes bytes, string name, uint magic, bool swapped)
        : base(bytes, name)
    {
        Swapped = swapped;
        if (!bytes.Have(FileHeader)) throw new CaptureFormatException($"{name} ends in the header of its pcap: {bytes.Available} bytes, where {FileHeader} would be right");
        byte* p = bytes.Next;
        if (U16(p + 4) != 2) throw new CaptureFormatException($"{name} is a pcap of version {U16(p + 4)}.{U16(p + 6)}, which is not read: 2.4 would be right");
        _header = magic == Kuznetzov ? 24 : 16;
        _nanoseconds = magic == Nano ? 1u : 1000u;
        _limit = Math.Clamp(U32(p + 16), UsualMaximum, MaxPacket);
        // The upper half tells of frame check sequences, which no IP length includes.
        ushort link = (ushort)U32(p + 20);
        if (!LinkTypes.Reads(link)) throw LinkTypes.Refuse(name, link);
        Link = (LinkType)link;
        bytes.Advance(FileHeader);
    }

    /// <summary>Reads a pcap whose first four bytes are in the window; null when they are not a pcap's.</summary>
    public static PcapRecords? TryOpen(CaptureBytes bytes, string name)
    {
        uint ours = *(uint*)bytes.Next, theirs = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(ours);
        return ours is Micro or Nano or Kuznetzov ? new PcapRecords(bytes, name, ours, swapped: false)
            : theirs is Micro or Nano or Kuznetzov ? new PcapRecords(bytes, name, theirs, swapped: true)
            : null;
    }

    protected override bool Find()
    {
        while (Bytes.Have(_header))
        {
            uint captured = U32(Bytes.Next + 8);
            if (captured > _limit)
            {
                if (GoOn("a record of {0} bytes", captured)) continue;
                return false;
            }
            int total = _header + (int)captured;
            if (!Bytes.Have(total))
            {
                if (GoOnFromCut()) continue;
                return false;
            }
            byte* p = Bytes.Next;
            Bytes.Prefetch(total);
            return Found(U32(p) * Second + (long)U32(p + 4) * _nanoseconds, U32(p + 12), p + _header, (int)captured, total);
        }
        return Ended();
    }

    protected override bool MayBegin(byte* p) =>
        U32(p + 8) is > 0 and <= UsualMaximum && (long)U32(p + 4) * _nanoseconds < Second
        && U32(p + 12) is uint original && original >= U32(p + 8) && original <= MaxPacket
        && (Time == 0 || Math.Abs(U32(p) - Time / Second) <= Near);

    // Two records in a row, or one that ends where the capture does.
    protected override bool Plausible()
    {
        int total = _header + (int)U32(Bytes.Next + 8);
        return Bytes.Have(total + _header) ? MayBegin(Bytes.Next + total) : !Bytes.Late && Bytes.Available == total;
    }
}
