namespace Iscsitop.Engine;

/// <summary>A pattern as bytes (docs/stream.md, patterns), with numbers as <see cref="CellCodec"/> has them: what is 0 takes none.</summary>
internal static class PatternCodec
{
    /// <summary>Bytes of the fullest pattern at most.</summary>
    public const int Longest = Head + (Pattern.End + Histogram.BucketCount + 2) * (2 + CellCodec.LongestNumber);

    private const int HasWrites = 1;
    private const int HasTimes = 2;

    // A pattern without its counts and times never takes more.
    private const int Head = 6 * CellCodec.LongestNumber + 3;

    /// <summary>Writes a pattern.</summary>
    /// <param name="key">Where it belongs.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="into">Where to.</param>
    /// <returns>How many bytes it took, -1 when there is no room.</returns>
    public static int Write(PatternKey key, Pattern pattern, Span<byte> into)
    {
        if (into.Length < Head) return -1;
        Histogram? times = pattern.Interarrival is { Count: > 0 } some ? some : null;
        int at = 0;
        CellCodec.Put(into, ref at, key.Connection);
        CellCodec.Put(into, ref at, key.Lun);
        into[at++] = (byte)((key.Writes ? HasWrites : 0) | (times is null ? 0 : HasTimes));
        CellCodec.Put(into, ref at, (ulong)pattern.Count);
        CellCodec.Put(into, ref at, (ulong)pattern.Sequential);
        CellCodec.Put(into, ref at, (ulong)pattern.Random);
        CellCodec.Put(into, ref at, (ulong)pattern.Unplaced);
        int countAt = at, count = 0, last = -1;
        at += 2;
        for (int next = 0; pattern.Next(ref next, out int place, out long n); count++)
        {
            if (into.Length - at < 2 + CellCodec.LongestNumber) return -1;
            CellCodec.Put(into, ref at, (uint)(place - last - 1));
            CellCodec.Put(into, ref at, (ulong)n);
            last = place;
        }
        CellCodec.PutCount(into, countAt, count);
        return times is null || CellCodec.Write(times, into, ref at) ? at : -1;
    }

    /// <summary>Reads a pattern over what there was.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="into">The pattern.</param>
    /// <param name="key">Where it belongs.</param>
    /// <returns>How many bytes it took.</returns>
    /// <exception cref="StreamFormatException">It ends early, or a place or bucket does not exist.</exception>
    public static int Read(ReadOnlySpan<byte> bytes, Pattern into, out PatternKey key)
    {
        int at = 0;
        key = ReadKey(bytes, ref at);
        return at + ReadRest(bytes[at..], into);
    }

    /// <summary>Reads where a pattern belongs: what comes first, but for the flags, of which it has one.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="at">Where the key begins, then where the rest does.</param>
    /// <exception cref="StreamFormatException">It ends early.</exception>
    public static PatternKey ReadKey(ReadOnlySpan<byte> bytes, ref int at)
    {
        uint connection = (uint)CellCodec.Take(bytes, ref at);
        ulong lun = CellCodec.Take(bytes, ref at);
        if (at >= bytes.Length) throw CellCodec.Short();
        return new PatternKey(connection, lun, (bytes[at] & HasWrites) != 0);
    }

    /// <summary>Reads the rest of a pattern over what there was.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="into">The pattern.</param>
    /// <returns>How many bytes it took.</returns>
    /// <exception cref="StreamFormatException">It ends early, or a place or bucket does not exist.</exception>
    public static int ReadRest(ReadOnlySpan<byte> bytes, Pattern into)
    {
        into.Clear();
        int flags = bytes[0], at = 1;
        into.Count = (long)CellCodec.Take(bytes, ref at);
        into.Sequential = (long)CellCodec.Take(bytes, ref at);
        into.Random = (long)CellCodec.Take(bytes, ref at);
        into.Unplaced = (long)CellCodec.Take(bytes, ref at);
        int place = -1;
        for (ulong left = CellCodec.Take(bytes, ref at); left > 0; left--)
        {
            ulong gap = CellCodec.Take(bytes, ref at);
            if (gap >= (ulong)(Pattern.End - place - 1)) throw new StreamFormatException("a pattern has no such place");
            place += (int)gap + 1;
            into.AddAt(place, (long)CellCodec.Take(bytes, ref at));
        }
        if ((flags & HasTimes) != 0) CellCodec.Read(bytes, ref at, into.Interarrival ??= new Histogram());
        return at;
    }
}
