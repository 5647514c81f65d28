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
        bool fits = Add(pattern, ref count) && TryAdd(pattern.Interarrival ?? s_none);
        if (fits) BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(countAt), (ushort)count);
        else _length = start;
        return fits;
    }

    // What is not 0.
    private bool Add(Pattern pattern, ref int count)
    {
        for (int at = 0; pattern.Next(ref at, out int place, out long n); count++)
        {
            if (Room < 10) return false;
            U16(place);
            I64(n);
        }
        return true;
    }
}
