using System.Runtime.CompilerServices;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// The last segments of one direction, to tell a packet that was captured twice (loopback, bridges and "any" do that) from one that was
/// sent twice: a sender that sends again does so later, in a packet with another id or timestamp.
/// </summary>
internal struct RecentSegments
{
    /// <summary>ns between two sights of one packet at most.</summary>
    public const long Apart = 1_000_000;

    private const int Count = 16;

    private Values _signatures;
    private Values _times;
    private int _next;

    /// <summary>Whether any was added.</summary>
    public bool Any { get; private set; }

    /// <summary>Remembers a segment.</summary>
    public void Add(ulong signature, long time)
    {
        _signatures[_next] = signature;
        _times[_next] = (ulong)time;
        _next = (_next + 1) & (Count - 1);
        Any = true;
    }

    /// <summary>Whether a segment was seen a moment ago.</summary>
    public readonly bool Contains(ulong signature, long time)
    {
        int i = ((ReadOnlySpan<ulong>)_signatures).IndexOf(signature);
        return i >= 0 && Math.Abs(time - (long)_times[i]) <= Apart;
    }

    /// <summary>What two sights of one packet have in common, and two packets have not but by a chance of 2^-64.</summary>
    public static ulong Signature(in Segment segment)
    {
        ulong a = ((ulong)segment.Sequence << 32) | segment.Acknowledged;
        ulong b = ((ulong)segment.Timestamp << 32) | ((uint)segment.PacketId << 16) | segment.Window;
        ulong c = ((ulong)(uint)segment.Length << 8) | (byte)segment.Flags;
        a = (a ^ (a >> 29)) * 0x9e3779b97f4a7c15;
        b = (b ^ (b >> 31)) * 0xbf58476d1ce4e5b9;
        a = (a ^ (a >> 32)) + b + c * 0x94d049bb133111eb;
        return (a ^ (a >> 30)) | 1; // 0 is an empty place
    }

    [InlineArray(Count)]
    private struct Values
    {
        private ulong _first;
    }
}
