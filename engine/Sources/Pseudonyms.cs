using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine.Sources;

/// <summary>
/// Other names and addresses of the same length, the same for the same, by a key that nobody keeps. Nothing is remembered but a bounded
/// cache, so that a million addresses cost no memory.
/// </summary>
internal sealed class Pseudonyms
{
    private const int MaxName = 256;
    private const int MaxCached = 1 << 14;

    private static readonly SearchValues<byte> s_nameBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.:_+@#%"u8);
    private static readonly SearchValues<byte> s_hexadecimal = SearchValues.Create("0123456789abcdefABCDEF"u8);

    private readonly byte[] _key;
    private readonly Dictionary<(UInt128 Address, int Bits), UInt128> _addresses = [];

    /// <param name="key">Tests give one; else it is random.</param>
    public Pseudonyms(byte[]? key = null) => _key = key ?? RandomNumberGenerator.GetBytes(32);

    /// <summary>
    /// Replaces an IPv4 or IPv6 address. Two addresses with n leading bits in common have n in common afterwards, and two that differ still
    /// do: bit i is flipped or not as the bits before it say (the method of Crypto-PAn).
    /// </summary>
    public void Address(Span<byte> address)
    {
        Span<byte> wide = stackalloc byte[16];
        wide.Clear();
        address.CopyTo(wide);
        UInt128 from = BinaryPrimitives.ReadUInt128BigEndian(wide);
        int bits = address.Length * 8;
        if (!_addresses.TryGetValue((from, bits), out UInt128 to))
        {
            if (_addresses.Count == MaxCached) _addresses.Clear();
            to = Map(from, bits);
            _addresses.Add((from, bits), to);
        }
        BinaryPrimitives.WriteUInt128BigEndian(wide, to);
        wide[..address.Length].CopyTo(address);
    }

    /// <summary>Replaces a MAC address by a locally administered one; group addresses stay group addresses, all zeros and all ones stay.</summary>
    public void Mac(Span<byte> mac)
    {
        if (mac.IndexOfAnyExcept((byte)0) < 0 || mac.IndexOfAnyExcept((byte)0xff) < 0) return;
        Span<byte> hash = stackalloc byte[32];
        HMACSHA256.HashData(_key, mac, hash);
        byte group = (byte)(mac[0] & 1);
        hash[..6].CopyTo(mac);
        mac[0] = (byte)((mac[0] & 0xfc) | 2 | group);
    }

    /// <summary>
    /// Replaces a name: letters by letters, digits by digits, so that it keeps its form. The date of an iqn becomes 2000-01; of an eui or naa
    /// the digits are hexadecimal. Upper and lower case are the same name.
    /// </summary>
    public void Name(Span<byte> name)
    {
        if (name.Length > MaxName)
        {
            name.Fill((byte)'x');
            return;
        }
        Span<byte> lower = stackalloc byte[MaxName], stream = stackalloc byte[MaxName];
        lower = lower[..name.Length];
        for (int i = 0; i < name.Length; i++) lower[i] = name[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(name[i] | 0x20) : name[i];
        Fill(lower, stream[..name.Length]);
        bool iqn = IsIqn(lower), hexadecimal = lower.StartsWith("eui."u8) || lower.StartsWith("naa."u8);
        lower.CopyTo(name);
        int from = iqn ? 11 : hexadecimal ? 4 : 0;
        if (iqn) "2000-01"u8.CopyTo(name[4..]);
        for (int i = from; i < name.Length; i++) name[i] = Other(name[i], stream[i], hexadecimal);
    }

    /// <summary>Replaces iSCSI names wherever they stand in data, as in a persistent reservation's TransportID.</summary>
    public void NamesIn(Span<byte> data)
    {
        Names(data, "iqn."u8);
        Names(data, "eui."u8);
        Names(data, "naa."u8);
    }

    private void Names(Span<byte> data, ReadOnlySpan<byte> prefix)
    {
        for (int at; (at = data.IndexOf(prefix)) >= 0;)
        {
            data = data[at..];
            Span<byte> name = data[..Math.Min(data.Length, IscsiName.MaxLength)];
            int length = name.IndexOfAnyExcept(s_nameBytes);
            if (length >= 0) name = name[..length];
            bool real = IsIqn(name) || IsNumber(name);
            if (real) Name(name);
            data = data[(real ? name.Length : prefix.Length)..];
        }
    }

    private static bool IsIqn(ReadOnlySpan<byte> name) =>
        name.Length > 12 && name.StartsWith("iqn."u8) && name[8] == (byte)'-' && name[11] == (byte)'.'
        && name[4..8].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && name[9..11].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    private static bool IsNumber(ReadOnlySpan<byte> name) =>
        name.Length is 20 or 36 && (name.StartsWith("eui."u8) || name.StartsWith("naa."u8)) && name[4..].IndexOfAnyExcept(s_hexadecimal) < 0;

    private static byte Other(byte b, byte random, bool hexadecimal) =>
        hexadecimal && char.IsAsciiHexDigit((char)b) ? "0123456789abcdef"u8[random & 15]
        : char.IsAsciiDigit((char)b) ? (byte)('0' + random % 10)
        : char.IsAsciiLetter((char)b) ? (byte)('a' + random % 26)
        : b < 0x80 ? b : (byte)'x';

    // As many bytes as the name has, all of which depend on all of it.
    private void Fill(ReadOnlySpan<byte> name, Span<byte> stream)
    {
        Span<byte> block = stackalloc byte[33], hash = stackalloc byte[32];
        HMACSHA256.HashData(_key, name, block[..32]);
        for (block[32] = 0; !stream.IsEmpty; block[32]++)
        {
            HMACSHA256.HashData(_key, block, hash);
            int count = Math.Min(hash.Length, stream.Length);
            hash[..count].CopyTo(stream);
            stream = stream[count..];
        }
    }

    private UInt128 Map(UInt128 from, int bits)
    {
        Span<byte> input = stackalloc byte[18], hash = stackalloc byte[32];
        UInt128 to = from;
        input[17] = (byte)bits;
        for (int i = 0; i < bits; i++)
        {
            UInt128 above = i == 0 ? 0 : from >> (128 - i) << (128 - i);
            BinaryPrimitives.WriteUInt128BigEndian(input, above);
            input[16] = (byte)i;
            HMACSHA256.HashData(_key, input, hash);
            to ^= (UInt128)(hash[0] & 1u) << (127 - i);
        }
        return to;
    }
}
