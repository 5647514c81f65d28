using System.Diagnostics;

namespace Iscsitop.Cli.Top;

/// <summary>What this process itself takes, so that it need not be guessed.</summary>
internal sealed class OwnCost
{
    // The processor's time is counted in steps that a shorter interval would show.
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(500);

    private long _at = Stopwatch.GetTimestamp();
    private TimeSpan _used = Environment.CpuUsage.TotalTime;

    /// <summary>Share of one core over the last interval, in percent; NaN before the first.</summary>
    public double CpuPercent { get; private set; } = double.NaN;

    /// <summary>Resident memory now, in bytes.</summary>
    public static long Memory => Environment.WorkingSet;

    /// <summary>Ends an interval.</summary>
    public void Sample()
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_at);
        if (elapsed < s_shortest) return;
        TimeSpan used = Environment.CpuUsage.TotalTime;
        CpuPercent = 100 * (used - _used) / elapsed;
        (_at, _used) = (Stopwatch.GetTimestamp(), used);
    }
}
