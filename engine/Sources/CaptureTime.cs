namespace Iscsitop.Engine.Sources;

/// <summary>Turns the time stamps of one pcapng interface into ns since 1970: its if_tsresol and if_tsoffset.</summary>
internal readonly struct CaptureTime
{
    /// <summary>The resolution of an interface that names none: µs.</summary>
    public const byte DefaultResolution = 6;

    private const ulong Second = 1_000_000_000;
    private const byte PowerOfTwo = 0x80;

    private readonly ulong _multiply, _divide;
    private readonly int _shift;
    private readonly Int128 _offset;

    /// <param name="resolution">if_tsresol: a second has 10^n ticks, or 2^n when bit 7 is set. Every value has a meaning.</param>
    /// <param name="offsetSeconds">if_tsoffset: seconds to add.</param>
    public CaptureTime(byte resolution, long offsetSeconds)
    {
        int n = resolution & ~PowerOfTwo;
        bool two = (resolution & PowerOfTwo) != 0;
        // 10^19 is the last power in 64 bits, and 64 bits of finer ticks than 10^-28 s make no ns.
        _multiply = two ? Second : n > 28 ? 0 : Power(Math.Max(9 - n, 0));
        _divide = two ? 1 : Power(Math.Clamp(n - 9, 0, 19));
        _shift = two ? n : 0;
        _offset = (Int128)offsetSeconds * Second;
    }

    /// <summary>ns since 1970, rounded down; what lies outside 1970–2262 becomes the nearest there is.</summary>
    public long Nanoseconds(ulong ticks)
    {
        if (_shift == 0 && _offset == 0)
        {
            ulong high = Math.BigMul(ticks / _divide, _multiply, out ulong low);
            return high != 0 || low > long.MaxValue ? long.MaxValue : (long)low;
        }
        // 64 bits of ticks times a second's 30 fit in 128.
        var time = (Int128)(((UInt128)ticks / _divide * _multiply) >> _shift) + _offset;
        return time < 0 ? 0 : time > long.MaxValue ? long.MaxValue : (long)time;
    }

    private static ulong Power(int n)
    {
        ulong power = 1;
        for (; n > 0; n--) power *= 10;
        return power;
    }
}
