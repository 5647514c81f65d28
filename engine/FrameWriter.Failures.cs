using System.Buffers.Binary;

namespace Iscsitop.Engine;

/// <content>Failures and patterns.</content>
public sealed partial class FrameWriter
{
    private const int FailureLength = 44;
    private const int PatternHead = 48;

    /// <summary>Adds a failure to a failures frame.</summary>
    /// <returns>False when the frame is full.</returns>
    public bool TryAdd(in FailureRecord failure)
    {
        if (Room < FailureLength) return false;
        FailureKey key = failure.Key;
        U32(key.Connection);
        I64((long)key.Lun);
        U16(key.Operation);
        U8((int)key.Kind);
        U8(0);
        U32(key.Code);
        I64(failure.Count);
        I64(failure.First);
        I64(failure.Last);
        return true;
    }

    /// <summary>Adds a pattern to a patterns frame.</summary>
    /// <returns>False when the frame is full; a pattern alone always fits.</returns>
    public bool TryAdd(PatternKey key, Pattern pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        int start = _length;
        if (Room < PatternHead) return false;
        U32(key.Connection);
        I64((long)key.Lun);
        U8(key.Writes ? 1 : 0);
        U8(0);
        I64(pattern.Count);
        I64(pattern.Sequential);
        I64(pattern.Random);
        I64(pattern.Unplaced);
        int countAt = _length;
        U16(0);
        int count = 0;
        bool fits = Add(pattern.Sizes, Pattern.SizesAt, ref count) && Add(pattern.Exact, Pattern.ExactAt, ref count)
            && Add(pattern.Aligned, Pattern.AlignedAt, ref count) && Add(pattern.Seeks, Pattern.SeeksAt, ref count)
            && TryAdd(pattern.Interarrival ?? s_none);
        if (fits) BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(countAt), (ushort)count);
        else _length = start;
        return fits;
    }

    // What is not 0.
    private bool Add(ReadOnlySpan<long> counts, int at, ref int count)
    {
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            if (Room < 10) return false;
            U16(at + i);
            I64(counts[i]);
            count++;
        }
        return true;
    }
}
