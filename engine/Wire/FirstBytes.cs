namespace Iscsitop.Engine.Wire;

/// <summary>First bytes of connections that may begin with a login which comes in pieces: some send a header apart from its text.</summary>
internal sealed class FirstBytes
{
    /// <summary>Bytes of one at most: a header and the beginning of its text.</summary>
    public const int MaxLength = 512;

    /// <summary>Connections at most.</summary>
    public const int MaxCount = 1024;

    private readonly Dictionary<int, byte[]> _begun = [];

    /// <summary>What a connection has sent so far, when it may still become a login; else nothing.</summary>
    /// <param name="index">The connection.</param>
    /// <param name="place">Where the segment belongs.</param>
    /// <param name="segment">What it sent now.</param>
    public ReadOnlySpan<byte> Join(int index, int place, scoped in Segment segment)
    {
        bool begun = _begun.TryGetValue(index, out byte[]? before);
        if (place != (before?.Length ?? 0)) return default; // out of order, or again
        ReadOnlySpan<byte> bytes = segment.Payload;
        if (!begun && (bytes.IsEmpty || (bytes[0] & 0xbf) != 0x03)) return default; // Login Request (RFC 7143 §11.12), I bit or not
        if (begun) bytes = (byte[])[.. before!, .. bytes];
        if (bytes.Length < MaxLength && segment.Payload.Length == segment.Length && _begun.Count < MaxCount) _begun[index] = bytes.ToArray();
        return bytes;
    }

    /// <summary>Whether a connection may still become one with a login.</summary>
    public bool Has(int index) => _begun.ContainsKey(index);

    /// <summary>Forgets a connection.</summary>
    public void Remove(int index) => _begun.Remove(index);
}
