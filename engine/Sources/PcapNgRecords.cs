namespace Iscsitop.Engine.Sources;

/// <summary>pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each block with its length before and behind.</summary>
internal sealed unsafe class PcapNgRecords : CaptureRecords
{
    public const uint SectionHeader = 0x0a0d0d0a, InterfaceDescription = 1, ObsoletePacket = 2, SimplePacket = 3, EnhancedPacket = 6;
    public const uint ByteOrder = 0x1a2b3c4d;
    public const ushort IfTsResol = 9, IfTsOffset = 14;

    private const int Shortest = 12;
    private const int MaxBlock = 64 << 20;
    private const int MaxInterfaces = 65536;
    private const int MaxScanned = 1 << 20;

    private readonly List<Interface> _interfaces = [];
    private readonly List<ushort> _refused = [];
    private bool _reads;
    private bool _unknown;

    private PcapNgRecords(CaptureBytes bytes, string name)
        : base(bytes, name)
    {
        if (!bytes.Have(28) || !TakeByteOrder()) throw new CaptureFormatException($"{name} begins as a pcapng but is none: its byte-order magic would be 1a2b3c4d at byte 8");
        if (U16(bytes.Next + 12) != 1) throw new CaptureFormatException($"{name} is a pcapng of version {U16(bytes.Next + 12)}.{U16(bytes.Next + 14)}, which is not read: 1.0 would be right");
    }

    /// <summary>Reads a pcapng whose first four bytes are in the window; null when they are not a pcapng's.</summary>
    public static PcapNgRecords? TryOpen(CaptureBytes bytes, string name) => *(uint*)bytes.Next == SectionHeader ? new PcapNgRecords(bytes, name) : null;

    protected override bool Find()
    {
        while (!_unknown && Bytes.Have(Shortest))
        {
            byte* p = Bytes.Next;
            uint type = U32(p);
            if (type == SectionHeader && !TakeByteOrder())
            {
                if (GoOn("a section without its byte-order magic", 0)) continue;
                return false;
            }
            uint length = U32(p + 4);
            if (length < Shortest || length % 4 != 0 || length > MaxBlock)
            {
                if (GoOn("a block of {0} bytes", length)) continue;
                return false;
            }
            if (!Bytes.Have((int)length))
            {
                if (GoOnFromCut()) continue;
                return false;
            }
            p = Bytes.Next;
            if (U32(p + length - 4) != length)
            {
                if (GoOn("a block of {0} bytes that ends with another length", length)) continue;
                return false;
            }
            if (Take(type, p, (int)length)) return true;
            Bytes.Advance((int)length);
        }
        return !_unknown && Ended();
    }

    protected override bool MayBegin(byte* p)
    {
        uint length = U32(p + 4);
        return U32(p) switch
        {
            SectionHeader => *(uint*)(p + 8) is ByteOrder or 0x4d3c2b1a,
            EnhancedPacket or ObsoletePacket => length is >= 32 and <= MaxScanned && length % 4 == 0,
            InterfaceDescription => length is >= 20 and <= MaxScanned && length % 4 == 0,
            SimplePacket or 4 or 5 or 10 => length is >= 16 and <= MaxScanned && length % 4 == 0,
            _ => false,
        };
    }

    // Its length stands at both ends: that is two looks already.
    protected override bool Plausible()
    {
        bool swapped = Swapped;
        if (U32(Bytes.Next) == SectionHeader) TakeByteOrder();
        uint length = U32(Bytes.Next + 4);
        bool plausible = length is >= Shortest and <= MaxScanned && length % 4 == 0 && Bytes.Have((int)length) && U32(Bytes.Next + length - 4) == length;
        if (!plausible) Swapped = swapped;
        return plausible;
    }

    private bool TakeByteOrder()
    {
        uint magic = *(uint*)(Bytes.Next + 8);
        if (magic == ByteOrder) Swapped = false;
        else if (magic == 0x4d3c2b1a) Swapped = true;
        else return false;
        return true;
    }

    private bool Take(uint type, byte* p, int length)
    {
        switch (type)
        {
            case EnhancedPacket:
                return length >= 32 ? Packet(U32(p + 8), p + 12, 28, p, length) : Short(length);
            case SimplePacket:
                return length >= 16 ? Simple(p, length) : Short(length);
            case ObsoletePacket:
                return length >= 32 ? Packet(U16(p + 8), p + 12, 28, p, length) : Short(length);
            case InterfaceDescription:
                return length >= 20 ? Describe(p, length) : Short(length);
            case SectionHeader:
                return length >= 28 ? Begin(p) : Short(length);
            default:
                return false; // statistics, names, secrets, and what is yet to be invented
        }
    }

    private bool Short(int length)
    {
        Damage.Add(Bytes.At, "a block of {0} bytes, too short for its type", length);
        return false;
    }

    private bool Begin(byte* p)
    {
        _interfaces.Clear();
        if (U16(p + 12) == 1) return false;
        Damage.Add(Bytes.At, "a section of version {0}, where 1 would be right; the rest is not read", U16(p + 12));
        _unknown = true;
        return false;
    }

    private bool Describe(byte* p, int length)
    {
        if (_interfaces.Count == MaxInterfaces)
        {
            Damage.Add(Bytes.At, "more than {0} interfaces; the rest is not read", MaxInterfaces);
            _unknown = true;
            return false;
        }
        byte resolution = CaptureTime.DefaultResolution;
        long offset = 0;
        byte* end = p + length - 4;
        for (byte* option = p + 16; end - option >= 4;)
        {
            int code = U16(option), size = U16(option + 2);
            if (code == 0 || size > end - option - 4) break;
            if (code == IfTsResol && size == 1) resolution = option[4];
            if (code == IfTsOffset && size == 8) offset = (long)U64(option + 4);
            option += 4 + ((size + 3) & ~3);
        }
        ushort link = U16(p + 8);
        _interfaces.Add(new Interface(link, LinkTypes.Reads(link), U32(p + 12), new CaptureTime(resolution, offset)));
        if (LinkTypes.Reads(link)) _reads = true;
        return false;
    }

    private bool Packet(uint number, byte* time, int header, byte* p, int length)
    {
        uint captured = U32(p + 20);
        if (captured > length - header - 4)
        {
            Damage.Add(Bytes.At, "a packet of {0} bytes in a block with less room", captured);
            return false;
        }
        if (number >= _interfaces.Count)
        {
            Damage.Add(Bytes.At, "a packet of interface {0}, which is not described", number);
            return false;
        }
        ref readonly Interface at = ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_interfaces)[(int)number];
        if (!at.Read) return Refuse(at.Link);
        Link = (LinkType)at.Link;
        return Found(at.Time.Nanoseconds(((ulong)U32(time) << 32) | U32(time + 4)), U32(p + 24), p + header, (int)captured, length);
    }

    // It has no time of its own: that of the packet before is the nearest there is.
    private bool Simple(byte* p, int length)
    {
        if (_interfaces.Count == 0)
        {
            Damage.Add(Bytes.At, "a packet of interface {0}, which is not described", 0);
            return false;
        }
        Interface first = _interfaces[0];
        if (!first.Read) return Refuse(first.Link);
        uint original = U32(p + 8), captured = Math.Min(original, (uint)length - 16);
        if (first.Snap != 0) captured = Math.Min(captured, first.Snap);
        Link = (LinkType)first.Link;
        return Found(Time, original, p + 12, (int)captured, length);
    }

    // Among others it is passed over; when there is nothing else, whoever asked should know at once.
    private bool Refuse(ushort link)
    {
        if (!_reads) throw LinkTypes.Refuse(Name, link);
        Damage.Unread(link);
        return false;
    }

    private readonly record struct Interface(ushort Link, bool Read, uint Snap, CaptureTime Time);
}
