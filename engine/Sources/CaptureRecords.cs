using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Iscsitop.Engine.Sources;

/// <summary>The records of one capture, whatever its format: each a packet. What is damaged is passed over and counted.</summary>
internal abstract unsafe class CaptureRecords(CaptureBytes bytes, string name)
{
    /// <summary>Longest packet taken for one. More than any link has; libpcap's own largest is 262144.</summary>
    public const int MaxPacket = 64 << 20;

    /// <summary>libpcap's largest snap length: no damage, whatever the file says its own is.</summary>
    public const int UsualMaximum = 262144;

    private byte* _packet;
    private int _captured;
    private int _taken;
    private bool _over, _scanning;

    /// <summary>The packet moved to.</summary>
    public Packet Current => new(Link, Time, Length, new ReadOnlySpan<byte>(_packet, _captured));

    /// <summary>What was wrong.</summary>
    public Damage Damage { get; } = new();

    protected LinkType Link { get; set; }

    protected long Time { get; private set; }

    protected int Length { get; private set; }

    protected CaptureBytes Bytes { get; } = bytes;

    protected string Name { get; } = name;

    /// <summary>Whether the capture's byte order is not ours.</summary>
    protected bool Swapped { get; set; }

    /// <summary>Moves to the next packet.</summary>
    /// <param name="milliseconds">How long to wait for a pipe's bytes.</param>
    public Moved Next(int milliseconds)
    {
        if (_over) return Moved.End;
        Bytes.Advance(_taken);
        _taken = 0;
        (Bytes.Patience, Bytes.Late) = (milliseconds, false);
        if ((!_scanning || Scan()) && Find()) return Moved.Packet;
        _over = !Bytes.Late;
        return _over ? Moved.End : Moved.Nothing;
    }

    /// <summary>Finds the next packet and calls <see cref="Found"/>, or <see cref="Ended"/>.</summary>
    protected abstract bool Find();

    /// <summary>Whether a record may begin at the window's next byte, as its own fields and what follows it say.</summary>
    protected abstract bool Plausible();

    /// <summary>A sieve for <see cref="Plausible"/> over the 16 bytes there are at least.</summary>
    protected abstract bool MayBegin(byte* p);

    protected bool Found(long time, uint original, byte* packet, int captured, int taken)
    {
        Time = time;
        // Some tools write less than they captured; then that is what there was.
        Length = (int)Math.Min(Math.Max(original, (uint)captured), int.MaxValue);
        _packet = packet;
        _captured = captured;
        _taken = taken;
        return true;
    }

    /// <summary>A record is no record: finds the next that is. False at the end, or when bytes are late.</summary>
    protected bool GoOn(string what, long value)
    {
        Damage.Add(Bytes.At, what, value);
        return ScanOn();
    }

    /// <summary>A record goes on behind the end. Either it was cut, or its length is damaged and others follow.</summary>
    protected bool GoOnFromCut()
    {
        long at = Bytes.At;
        int left = Bytes.Available;
        if (Bytes.Late) return false;
        if (ScanOn())
        {
            Damage.Add(at, "a record of more bytes than there are", left);
            return true;
        }
        Damage.EndedAt(at, left, Bytes.Fault);
        return false;
    }

    /// <summary>There is not even a record's header.</summary>
    protected bool Ended()
    {
        if (!Bytes.Late && (Bytes.Available > 0 || Bytes.Fault is not null)) Damage.EndedAt(Bytes.At, Bytes.Available, Bytes.Fault);
        return false;
    }

    protected ushort U16(byte* p)
    {
        ushort value = Unsafe.ReadUnaligned<ushort>(p);
        return Swapped ? BinaryPrimitives.ReverseEndianness(value) : value;
    }

    protected uint U32(byte* p)
    {
        uint value = Unsafe.ReadUnaligned<uint>(p);
        return Swapped ? BinaryPrimitives.ReverseEndianness(value) : value;
    }

    protected ulong U64(byte* p)
    {
        ulong value = Unsafe.ReadUnaligned<ulong>(p);
        return Swapped ? BinaryPrimitives.ReverseEndianness(value) : value;
    }

    private bool ScanOn()
    {
        if (Bytes.Available > 0) Bytes.Advance(1);
        return Scan();
    }

    // Goes on where it was when bytes were late.
    private bool Scan()
    {
        const int Sieve = 16;
        _scanning = false;
        while (Bytes.Have(Sieve))
        {
            byte* p = Bytes.Next;
            byte* last = p + Bytes.Available - Sieve;
            while (p <= last && !MayBegin(p)) p++;
            Bytes.Advance((int)(p - Bytes.Next));
            if (p > last) continue;
            bool plausible = Plausible();
            if (Bytes.Late) break;
            if (plausible) return true;
            Bytes.Advance(1);
        }
        _scanning = Bytes.Late;
        return false;
    }
}

/// <summary>What was wrong with a capture but could be got over.</summary>
internal sealed class Damage
{
    private long _places, _firstAt, _firstValue;
    private string _first = "";
    private long _endAt = -1, _endLeft;
    private string? _endFault;
    private long _unread;
    private ushort _unreadLink;

    /// <summary>Counts a place.</summary>
    /// <param name="at">Its first byte.</param>
    /// <param name="what">What is there; <c>{0}</c> stands for the value.</param>
    /// <param name="value">The value.</param>
    public void Add(long at, string what, long value)
    {
        if (_places++ == 0) (_firstAt, _first, _firstValue) = (at, what, value);
    }

    /// <summary>The input ends in a record.</summary>
    public void EndedAt(long at, int left, string? fault) => (_endAt, _endLeft, _endFault) = (at, left, fault);

    /// <summary>Counts a packet of a link type we do not read.</summary>
    public void Unread(ushort link)
    {
        _unread++;
        _unreadLink = link;
    }

    /// <summary>All of it for people, "" for nothing.</summary>
    public override string ToString()
    {
        var parts = new List<string>(3);
        if (_places > 0)
        {
            string first = string.Format(CultureInfo.InvariantCulture, _first, _firstValue);
            parts.Add(_places == 1 ? $"damaged at byte {_firstAt}: {first}" : $"damaged in {_places} places, first at byte {_firstAt}: {first}");
        }
        if (_unread > 0) parts.Add($"{_unread} packets passed over of link type {LinkTypes.Describe(_unreadLink)}");
        if (_endFault is not null) parts.Add($"its compressed data is damaged behind byte {_endAt + _endLeft} of what was compressed");
        else if (_endAt >= 0) parts.Add($"cut short: it ends in the record that begins at byte {_endAt}");
        return string.Join("; ", parts);
    }
}

/// <summary>Which link types we read, and what some others are called.</summary>
internal static class LinkTypes
{
    private static readonly (ushort Link, string Name)[] s_others =
    [
        (6, "Token Ring"), (9, "PPP"), (10, "FDDI"), (50, "PPP"), (105, "Wi-Fi"), (119, "Wi-Fi"), (122, "IP over Fibre Channel"), (127, "Wi-Fi"),
        (163, "Wi-Fi"), (187, "Bluetooth"), (189, "USB"), (192, "PPI"), (195, "IEEE 802.15.4"), (197, "ERF"), (201, "Bluetooth"), (220, "USB"),
        (224, "Fibre Channel"), (239, "NFLOG"), (247, "InfiniBand"), (249, "USB"), (252, "Wireshark's exported PDUs"), (253, "Netlink"),
    ];

    /// <summary>What would be right.</summary>
    public const string Right = "Ethernet (1), Linux cooked (113, 276), loopback (0, 108) or raw IP (12, 14, 101, 228, 229)";

    /// <summary>Whether we read it.</summary>
    public static bool Reads(ushort link) => (LinkType)link is LinkType.Null or LinkType.Ethernet or LinkType.RawBsd or LinkType.RawOpenBsd
        or LinkType.Raw or LinkType.Loop or LinkType.LinuxSll or LinkType.IPv4 or LinkType.IPv6 or LinkType.LinuxSll2;

    /// <summary>Its number, and name when it has one here.</summary>
    public static string Describe(ushort link)
    {
        string? name = Array.Find(s_others, o => o.Link == link).Name;
        return name is null ? $"{link}" : $"{link} ({name})";
    }

    /// <summary>Says that there is nothing but such packets.</summary>
    public static CaptureFormatException Refuse(string name, ushort link) =>
        new($"{name} has packets of link type {Describe(link)}, which is not read: {Right} would be right");
}
