using System.Runtime.InteropServices;

namespace Iscsitop.Engine.Sources;

/// <summary>
/// Takes out of a copy of a packet what nobody else should see, in place and at the same length. Checksums change by what has changed, so
/// that right ones stay right and wrong ones wrong. What cannot be proven harmless is zeroed.
/// </summary>
/// <param name="pseudonyms">What names and addresses become; null to keep them.</param>
internal sealed class Redaction(Pseudonyms? pseudonyms)
{
    private const byte NoOperation = 1;

    public void Apply(LinkType link, Span<byte> bytes, ReadOnlySpan<KeptRange> kept)
    {
        Layers layers = Layers.Of(link, bytes);
        if (pseudonyms is not null) LinkAddresses(link, bytes);
        if (layers.Version == 0)
        {
            bytes[layers.Network..].Clear();
            return;
        }
        bytes[layers.End..].Clear(); // what pads a short frame may be anything
        Span<byte> addresses = layers.Version == 4 ? bytes.Slice(layers.Network + 12, 8) : bytes.Slice(layers.Network + 8, 32);
        Span<byte> header = bytes[layers.Network..layers.Transport], transport = bytes[layers.Transport..layers.End];
        ulong headerBefore = Sum(header), before = Sum(addresses) + Sum(transport);
        Payload(layers, bytes, kept);
        if (pseudonyms is not null)
        {
            Addresses(addresses);
            Extras(layers.Version, header);
            if (layers.Protocol == Layers.Tcp && !layers.LaterFragment) TcpOptions(bytes[layers.Transport..layers.Payload]);
        }
        if (layers.Version == 4) Correct(header, 10, headerBefore, Sum(header));
        if (layers.LaterFragment) return;
        int checksum = layers.Protocol switch { Layers.Tcp => 16, Layers.Udp => 6, _ => int.MaxValue };
        // UDP's 0 says that there is none.
        if (checksum < transport.Length - 1 && (layers.Protocol == Layers.Tcp || transport[6] != 0 || transport[7] != 0))
            Correct(transport, checksum, before, Sum(addresses) + Sum(transport));
    }

    private void Payload(in Layers layers, Span<byte> bytes, ReadOnlySpan<KeptRange> kept)
    {
        int at = layers.Payload;
        if (layers.Protocol != Layers.Tcp || layers.LaterFragment)
        {
            bytes[at..layers.End].Clear();
            return;
        }
        foreach (KeptRange range in kept)
        {
            // In order and apart, or it is not to be trusted.
            if (range.At < at || range.At + range.Length > layers.End) continue;
            bytes[at..range.At].Clear();
            Kept(bytes.Slice(range.At, range.Length), range.Kind);
            at = range.At + range.Length;
        }
        bytes[at..layers.End].Clear();
    }

    private void Kept(Span<byte> bytes, KeptKind kind)
    {
        if (kind == KeptKind.Data) pseudonyms?.NamesIn(bytes);
        else if (kind != KeptKind.Header) LoginText.Redact(bytes, kind == KeptKind.TextContinued, pseudonyms);
    }

    private void LinkAddresses(LinkType link, Span<byte> bytes)
    {
        (int first, int count) = link switch { LinkType.Ethernet => (0, 2), LinkType.LinuxSll => (6, 1), LinkType.LinuxSll2 => (12, 1), _ => (0, 0) };
        for (; count > 0 && bytes.Length >= first + 6; count--, first += 6) pseudonyms!.Mac(bytes.Slice(first, 6));
    }

    private void Addresses(Span<byte> both)
    {
        int half = both.Length / 2;
        pseudonyms!.Address(both[..half]);
        pseudonyms.Address(both[half..]);
    }

    // Options and routing headers hold addresses.
    private static void Extras(int version, Span<byte> header)
    {
        if (version == 4)
        {
            header[20..].Fill(NoOperation);
            return;
        }
        byte next = header[6];
        for (int at = 40; at < header.Length;)
        {
            int length = next switch { 44 => 8, 51 => (header[at + 1] + 2) * 4, _ => (header[at + 1] + 1) * 8 };
            if (next != 44) header[(at + 2)..(at + length)].Clear();
            next = header[at];
            at += length;
        }
    }

    // Some options hold addresses or identify a host (MPTCP, fast open, authentication): those TCP itself needs stay.
    private static void TcpOptions(Span<byte> header)
    {
        for (int at = 20; at < header.Length;)
        {
            byte kind = header[at];
            if (kind == 0) return;
            int length = kind == NoOperation ? 1 : at + 1 < header.Length && header[at + 1] >= 2 ? header[at + 1] : header.Length - at;
            length = Math.Min(length, header.Length - at);
            if (kind is not (>= 1 and <= 5 or 8)) header.Slice(at, length).Fill(NoOperation);
            at += length;
        }
    }

    // RFC 1624, in the machine's byte order: a one's complement sum does not mind (RFC 1071 §2).
    private static void Correct(Span<byte> header, int at, ulong before, ulong after)
    {
        ushort old = MemoryMarshal.Read<ushort>(header[at..]);
        ushort corrected = (ushort)~Fold((ushort)~old + (ulong)(ushort)~Fold(before) + Fold(after));
        MemoryMarshal.Write(header[at..], corrected);
    }

    private static ushort Fold(ulong sum)
    {
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)sum;
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        foreach (uint word in MemoryMarshal.Cast<byte, uint>(bytes)) sum += word;
        ReadOnlySpan<byte> rest = bytes[(bytes.Length & ~3)..];
        Span<byte> last = stackalloc byte[4];
        last.Clear();
        rest.CopyTo(last);
        return sum + MemoryMarshal.Read<uint>(last);
    }
}
