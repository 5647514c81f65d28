using System.Globalization;

namespace Iscsitop.Engine.Filtering;

/// <summary>Addresses that begin alike, with a port or with any. IPv4 is kept as IPv6 writes it (RFC 4291 §2.5.5.2).</summary>
internal readonly record struct Network(UInt128 Address, int Prefix, int Port)
{
    private const int Bits = 128;
    private const int BitsBeforeV4 = 96;
    private const int Groups = 8;

    /// <summary>Whether an address is one of them.</summary>
    public bool Contains(UInt128 address, int port) =>
        (Port < 0 || Port == port) && (Prefix == 0 || ((address ^ Address) >> (Bits - Prefix)) == 0);

    /// <summary>Reads <c>192.0.2.7</c>, <c>192.0.2.0/24</c>, <c>192.0.2.7:3260</c>, <c>2001:db8::/32</c>, <c>[2001:db8::7]:3260</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Network network)
    {
        network = default;
        int slash = text.IndexOf('/');
        if (!TryAddress(slash < 0 ? text : text[..slash], out UInt128 address, out int port)) return false;
        int most = IsV4(text) ? Bits - BitsBeforeV4 : Bits, length = most;
        if (slash >= 0 && (port >= 0 || !int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > most)) return false;
        network = new Network(address, Bits - most + length, port);
        return true;
    }

    /// <summary>Reads an address, with or without a port, as connections have it. Allocates nothing.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address.</param>
    /// <param name="port">Its port, -1 for none.</param>
    public static bool TryAddress(ReadOnlySpan<char> text, out UInt128 address, out int port)
    {
        (address, port) = (default, -1);
        ReadOnlySpan<char> rest = default;
        bool bracket = text.StartsWith('[');
        if (bracket)
        {
            int end = text.IndexOf(']');
            if (end < 0) return false;
            rest = text[(end + 1)..];
            text = text[1..end];
        }
        else if (text.Count(':') == 1)
        {
            int colon = text.IndexOf(':');
            rest = text[colon..];
            text = text[..colon];
        }
        if (rest.Length > 0 && (rest[0] != ':' || !int.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > ushort.MaxValue)) return false;
        int scope = text.IndexOf('%');
        if (scope >= 0) text = text[..scope];
        if (!bracket && TryV4(text, out uint v4))
        {
            address = (UInt128)0xffff << 32 | v4;
            return true;
        }
        return TryV6(text, out address);
    }

    private static bool IsV4(ReadOnlySpan<char> text) => text.Count(':') < 2;

    private static bool TryV4(ReadOnlySpan<char> text, out uint address)
    {
        address = 0;
        for (int i = 0; i < 4; i++)
        {
            int dot = text.IndexOf('.');
            if ((dot < 0) != (i == 3)) return false;
            if (!byte.TryParse(dot < 0 ? text : text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out byte part)) return false;
            address = address << 8 | part;
            text = text[(dot + 1)..];
        }
        return true;
    }

    // RFC 4291 §2.2: eight groups, of which one run of zeros may be left out, and the last two may be an IPv4 address.
    private static bool TryV6(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = default;
        if (text.Length is < 2 or > 45) return false;
        UInt128 after = default;
        int groups = 0, gap = -1;
        while (text.Length > 0)
        {
            if (text.StartsWith("::", StringComparison.Ordinal))
            {
                if (gap >= 0) return false;
                gap = groups;
                text = text[2..];
                continue;
            }
            if (text[0] == ':')
            {
                // A separator stands between two groups, not after a gap, not at an end.
                if (groups == 0 || gap == groups) return false;
                text = text[1..];
            }
            int colon = text.IndexOf(':');
            ReadOnlySpan<char> group = colon < 0 ? text : text[..colon];
            if (colon < 0 && TryV4(group, out uint v4))
            {
                after = after << 32 | v4;
                groups += 2;
            }
            else
            {
                if (group.Length is 0 or > 4 || !ushort.TryParse(group, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort part)) return false;
                after = after << 16 | part;
                groups++;
            }
            if (groups > Groups) return false;
            text = text[group.Length..];
        }
        if (gap < 0 ? groups != Groups : groups >= Groups) return false;
        if (gap < 0 || groups == gap)
        {
            address = gap < 0 ? after : groups == 0 ? default : after << (16 * (Groups - groups));
            return true;
        }
        int tail = 16 * (groups - gap);
        UInt128 low = after & (((UInt128)1 << tail) - 1);
        UInt128 high = gap == 0 ? default : (after >> tail) << (16 * (Groups - gap));
        address = high | low;
        return true;
    }
}
