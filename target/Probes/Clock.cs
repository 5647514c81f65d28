using System.Diagnostics;

namespace Iscsitop.Target.Probes;

/// <summary>The one clock of events: monotonic nanoseconds, and how it relates to the time of day.</summary>
public static class Clock
{
    private static readonly double s_nanosecondsPerTick = 1e9 / Stopwatch.Frequency;
    private static readonly bool s_ticksAreNanoseconds = Stopwatch.Frequency == 1_000_000_000;

    /// <summary>Monotonic time in ns since an arbitrary origin (CLOCK_MONOTONIC on Linux).</summary>
    public static long Now
    {
        get
        {
            long ticks = Stopwatch.GetTimestamp();
            return s_ticksAreNanoseconds ? ticks : (long)(ticks * s_nanosecondsPerTick);
        }
    }

    /// <summary>Time of day in ns since 1970 minus <see cref="Now"/>, measured now.</summary>
    public static long WallOffset => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100 - Now;
}
