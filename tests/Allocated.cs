namespace Iscsitop.Tests;

/// <summary>What a piece of the hot path allocates.</summary>
internal static class Allocated
{
    private const int Runs = 60;

    /// <summary>
    /// Bytes that <paramref name="load"/> allocates on this thread, the least of several runs. Code that allocates does
    /// so in every run; the runtime does too, now and then and on this thread, while it recompiles what has become hot.
    /// </summary>
    public static long By(Action load)
    {
        long least = long.MaxValue;
        for (int i = 0; i < Runs && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            load();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
