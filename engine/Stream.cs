using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>The frames of docs/stream.md.</summary>
public enum FrameType : byte
{
    None = 0,
    Hello = 1,
    Names = 2,
    Connection = 3,
    Unit = 4,
    Events = 5,
    Commands = 6,
    Cells = 7,
    Units = 8,
    Status = 9,
    End = 10,
    Facts = 11,
    Failures = 12,
    Patterns = 13,
    Task = 14,
    SessionEnd = 15,
    Reservation = 16,
    Initiators = 17,
    Wants = 64,
}

/// <summary>Why an engine ends a conversation.</summary>
public enum EndReason : byte
{
    EngineStops = 0,
    TooSlow = 1,
    NotUnderstood = 2,
    SourceFailed = 3,
}

/// <summary>What came is no stream of this version: garbage, cut short, or a later program's.</summary>
public sealed class StreamFormatException(string message) : FormatException(message);

/// <summary>The constants of docs/stream.md.</summary>
public static class StreamFormat
{
    /// <summary>The version written, and the only one read.</summary>
    public const int Version = 5;

    /// <summary>Bytes before a frame's payload.</summary>
    public const int HeaderLength = 8;

    /// <summary>Bytes of a frame at most, with its header.</summary>
    public const int MaxFrame = 65536;

    /// <summary>Bytes of a string at most.</summary>
    public const int MaxString = 1024;

    /// <summary>The first bytes of a conversation.</summary>
    public static ReadOnlySpan<byte> Magic => "iscsitop"u8;

    /// <summary>Structs are written as they stand in memory, so that a host of the other order would write nonsense.</summary>
    /// <exception cref="PlatformNotSupportedException">The host is big-endian.</exception>
    public static void RequireLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("the event stream is little-endian and this host is not");
    }
}

/// <summary>How an engine introduces itself.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Probes">Mask of the probes it offers.</param>
/// <param name="WallOffset">ns since 1970 minus its monotonic time.</param>
/// <param name="Source">What its provider observes.</param>
/// <param name="Program">Version of the program.</param>
public sealed record Hello(int Pid, uint Probes, long WallOffset, string Source, string Program);

/// <summary>What ends a snapshot; docs/stream.md has the byte table.</summary>
public struct StatusRecord
{
    /// <summary>Monotonic ns of the interval's end.</summary>
    public long Time;

    /// <summary>Measured length of the interval in ns, 0 when nothing was measured.</summary>
    public long Interval;

    /// <summary>ns since 1970 minus monotonic time.</summary>
    public long WallOffset;

    /// <summary>Events the provider lost since the engine started.</summary>
    public long RingDrops;

    /// <summary>Events and commands the subscriber lost.</summary>
    public long OutboxDrops;

    /// <summary>Commands counted apart from their own cell.</summary>
    public long Folded;

    /// <summary>Statuses without a command.</summary>
    public long Unmatched;

    /// <summary>Commands given up.</summary>
    public long Lost;

    /// <summary>ns with a command outstanding on any unit, cumulative.</summary>
    public long BusyTime;

    /// <summary>Most commands outstanding at once in the interval.</summary>
    public long MaxOutstanding;

    /// <summary>Most commands begun in a 100 ms slot, -1 when not known.</summary>
    public int PeakStarts;

    /// <summary>Connections open.</summary>
    public int Connections;

    /// <summary>Sessions open.</summary>
    public int Sessions;

    /// <summary>Subscribers attached.</summary>
    public int Subscribers;

    /// <summary>Mask of the probes enabled.</summary>
    public uint Enabled;

    /// <summary>What the packets showed, where events come from packets; else all 0 and <see cref="Coverage.Dropped"/> -1.</summary>
    public Coverage Coverage;
}

/// <summary>A failure as the stream tells it.</summary>
/// <param name="Key">Where and what.</param>
/// <param name="Count">How often since the engine began to look.</param>
/// <param name="First">Monotonic ns of the first.</param>
/// <param name="Last">Monotonic ns of the last.</param>
public readonly record struct FailureRecord(FailureKey Key, long Count, long First, long Last);

/// <summary>What a unit did in an interval.</summary>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Target">Id of the target's name.</param>
/// <param name="PeakStarts">Most commands begun in a 100 ms slot.</param>
/// <param name="MaxOutstanding">Most commands outstanding at once.</param>
/// <param name="BusyTime">ns with a command outstanding, cumulative.</param>
public readonly record struct UnitRecord(ulong Lun, uint Target, int PeakStarts, long MaxOutstanding, long BusyTime)
{
    /// <summary>Bytes in the stream.</summary>
    public const int Size = 32;
}

/// <summary>What an initiator did in an interval, on all units.</summary>
/// <param name="Initiator">Id of its name.</param>
/// <param name="MaxOutstanding">Most commands outstanding at once.</param>
public readonly record struct InitiatorRecord(uint Initiator, long MaxOutstanding)
{
    /// <summary>Bytes in the stream.</summary>
    public const int Size = 16;
}
