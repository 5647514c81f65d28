namespace Iscsitop.Engine.Recording;

/// <summary>A pattern as few bytes, with numbers as <see cref="CellCodec"/> has them: what is 0 takes none.</summary>
internal static class PatternCodec
{
    /// <summary>Bytes of the fullest pattern at most.</summary>
    public const int Longest = (9 + 2 * (Pattern.End + Histogram.BucketCount)) * CellCodec.LongestNumber;

    /// <summary>Writes a pattern.</summary>
    /// <returns>How many bytes it took.</returns>
    public static int Write(PatternDelta delta, Span<byte> into)
    {
        int at = 0;
        Pattern pattern = delta.Pattern;
        CellCodec.Put(into, ref at, delta.Key.Connection);
        CellCodec.Put(into, ref at, delta.Key.Lun);
        into[at++] = (byte)(delta.Key.Writes ? 1 : 0);
        CellCodec.Put(into, ref at, (ulong)pattern.Count);
        CellCodec.Put(into, ref at, (ulong)pattern.Sequential);
        CellCodec.Put(into, ref at, (ulong)pattern.Random);
        CellCodec.Put(into, ref at, (ulong)pattern.Unplaced);
        for (int next = 0; pattern.Next(ref next, out int place, out long count);)
        {
            CellCodec.Put(into, ref at, (uint)place);
            CellCodec.Put(into, ref at, (ulong)count);
        }
        CellCodec.Put(into, ref at, Pattern.End);
        if (pattern.Interarrival is { Count: > 0 } times)
        {
            CellCodec.Put(into, ref at, (ulong)times.Sum);
            for (int next = 0; times.Next(ref next, out int bucket, out long n);)
            {
                CellCodec.Put(into, ref at, (uint)bucket + 1);
                CellCodec.Put(into, ref at, (ulong)n);
            }
        }
        else
        {
            CellCodec.Put(into, ref at, 0);
        }
        into[at++] = 0;
        return at;
    }

    /// <summary>Reads a pattern into a new one.</summary>
    /// <returns>How many bytes it took.</returns>
    public static int Read(ReadOnlySpan<byte> bytes, PatternDelta into)
    {
        int at = 0;
        Pattern pattern = into.Pattern;
        uint connection = (uint)CellCodec.Take(bytes, ref at);
        ulong lun = CellCodec.Take(bytes, ref at);
        into.Key = new PatternKey(connection, lun, bytes[at++] != 0);
        pattern.Count = (long)CellCodec.Take(bytes, ref at);
        pattern.Sequential = (long)CellCodec.Take(bytes, ref at);
        pattern.Random = (long)CellCodec.Take(bytes, ref at);
        pattern.Unplaced = (long)CellCodec.Take(bytes, ref at);
        for (int place; (place = (int)CellCodec.Take(bytes, ref at)) < Pattern.End;) pattern.AddAt(place, (long)CellCodec.Take(bytes, ref at));
        long sum = (long)CellCodec.Take(bytes, ref at);
        for (int bucket; (bucket = (int)CellCodec.Take(bytes, ref at)) != 0;) (pattern.Interarrival ??= new Histogram()).AddBucket(bucket - 1, (long)CellCodec.Take(bytes, ref at));
        pattern.Interarrival?.AddSum(sum);
        return at;
    }
}
