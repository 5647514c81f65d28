using System.Net;

namespace Iscsitop.Engine.D.Execution;

/// <summary>The functions on path names and network addresses.</summary>
internal static class Paths
{
    private const byte Slash = (byte)'/';

    /// <summary>basename(3C).</summary>
    public static ReadOnlySpan<byte> Base(Machine m, ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty) return "."u8;
        ReadOnlySpan<byte> trimmed = path.TrimEnd(Slash);
        return trimmed.IsEmpty ? "/"u8 : trimmed[(trimmed.LastIndexOf(Slash) + 1)..];
    }

    /// <summary>dirname(3C).</summary>
    public static ReadOnlySpan<byte> Directory(Machine m, ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty) return "."u8;
        ReadOnlySpan<byte> trimmed = path.TrimEnd(Slash);
        if (trimmed.IsEmpty) return "/"u8;
        int slash = trimmed.LastIndexOf(Slash);
        if (slash < 0) return "."u8;
        ReadOnlySpan<byte> directory = trimmed[..slash].TrimEnd(Slash);
        return directory.IsEmpty ? "/"u8 : directory;
    }

    /// <summary>cleanpath(): without <c>//</c>, <c>/./</c> and <c>/../</c>, as names only: no link is followed.</summary>
    public static ReadOnlySpan<byte> Clean(Machine m, ReadOnlySpan<byte> path)
    {
        Span<byte> clean = m.Scratch.Take(path.Length);
        bool rooted = path.StartsWith("/"u8);
        int length = 0, floor = 0;
        while (!path.IsEmpty)
        {
            int slash = path.IndexOf(Slash);
            ReadOnlySpan<byte> part = slash < 0 ? path : path[..slash];
            path = slash < 0 ? default : path[(slash + 1)..];
            if (part.IsEmpty || part.SequenceEqual("."u8)) continue;
            bool up = part.SequenceEqual(".."u8);
            if (up && length > floor)
            {
                length = Math.Max(0, clean[..length].LastIndexOf(Slash));
                continue;
            }
            if (up && rooted) continue;
            if (length > 0 || rooted) clean[length++] = Slash;
            part.CopyTo(clean[length..]);
            length += part.Length;
            if (up) floor = length;
        }
        return length == 0 ? rooted ? "/"u8 : "."u8 : clean[..length];
    }

    /// <summary>inet_ntop(): an address of 4 or 16 bytes in words.</summary>
    public static ReadOnlySpan<byte> Network(Machine m, ReadOnlySpan<byte> address)
    {
        const int longest = 64;
        Span<byte> text = m.Scratch.Take(longest);
        if (!new IPAddress(address).TryFormat(text, out int written)) throw DFault.Operation;
        m.Scratch.GiveBack(longest - written);
        return text[..written];
    }
}
