namespace Iscsitop.Engine;

/// <content>Failures and patterns.</content>
public sealed partial class FrameWriter
{
    private const int FailureLength = 44;

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
        int length = PatternCodec.Write(key, pattern, _bytes.AsSpan(_length));
        _length += Math.Max(0, length);
        return length > 0;
    }
}
