using System.Runtime.InteropServices;

namespace Iscsitop.Engine.D.Execution;

/// <summary>The host's load averages as Solaris has them in <c>hp_avenrun</c>: scaled by 65536.</summary>
internal static partial class HostLoad
{
    /// <summary>The kernel variable's name.</summary>
    public const string Name = "hp_avenrun";

    private const double Scale = 65536;

    /// <summary>The average over 1, 5 and 15 minutes.</summary>
    /// <param name="which">0 to 2.</param>
    /// <returns>Null where there is no such element; 0 where the system knows no load.</returns>
    public static long? Average(long which)
    {
        if (which is < 0 or > 2) return null;
        if (OperatingSystem.IsWindows()) return 0;
        Span<double> averages = stackalloc double[3];
        return Averages(averages, 3) > which ? (long)(averages[(int)which] * Scale) : 0;
    }

    [LibraryImport("libc", EntryPoint = "getloadavg")]
    private static partial int Averages(Span<double> averages, int count);
}
