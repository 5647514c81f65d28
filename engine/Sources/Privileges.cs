using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Iscsitop.Engine.Sources;

/// <summary>Gives away what was needed to open an interface and is not needed to read from it.</summary>
public static unsafe partial class Privileges
{
    private const string Tasks = "/proc/self/task";

    /// <summary>
    /// Drops all capabilities of the process for good, root's too, and forbids gaining others by exec. To be called once everything is
    /// open and while few threads run: capabilities belong to threads (capabilities(7)), no thread can drop another's, and those
    /// that start later inherit from who starts them.
    /// </summary>
    /// <returns>What could not be dropped, in sentences for people; none when nothing is left.</returns>
    public static IReadOnlyList<string> Drop()
    {
        if (!OperatingSystem.IsLinux()) return ["privileges are dropped on Linux only; this process keeps those it was started with"];
        string[] failures = [.. new[] { DropHere(), DropInFinalizer() }.OfType<string>()];
        return [.. failures, .. Left()];
    }

    /// <summary>Drops those of the calling thread.</summary>
    /// <returns>Why that failed, null when it did not.</returns>
    [SupportedOSPlatform("linux")]
    internal static string? DropHere()
    {
        if (Control(SetNoNewPrivileges, 1, 0, 0, 0) != 0) return Failure("PR_SET_NO_NEW_PRIVS");
        if (Control(Ambient, AmbientClearAll, 0, 0, 0) != 0) return Failure("PR_CAP_AMBIENT_CLEAR_ALL");
        // struct __user_cap_header_struct, then two of __user_cap_data_struct: effective, permitted, inheritable.
        uint* header = stackalloc uint[2] { Version3, 0 };
        uint* data = stackalloc uint[6] { 0, 0, 0, 0, 0, 0 };
        return SetCapabilities(header, data) == 0 ? null : Failure("capset");
    }

    /// <summary>A sentence for each thread that has capabilities, permitted or effective.</summary>
    [SupportedOSPlatform("linux")]
    internal static IEnumerable<string> Left()
    {
        foreach (string task in Directory.EnumerateDirectories(Tasks))
        {
            string status;
            try
            {
                status = File.ReadAllText($"{task}/status");
            }
            catch (IOException)
            {
                continue; // the thread has ended meanwhile
            }
            ulong held = Held(status);
            if (held != 0) yield return $"the thread {Path.GetFileName(task)} ({Field(status, "Name:")}) still has the capabilities 0x{held:x}";
        }
    }

    /// <summary>The capabilities in a status file of proc(5), permitted or effective, as bits.</summary>
    internal static ulong Held(string status) => Bits(status, "CapPrm:") | Bits(status, "CapEff:");

    // The runtime's finalizer thread is older than Main.
    [SupportedOSPlatform("linux")]
    private static string? DropInFinalizer()
    {
        var outcome = new Outcome { Failure = "the finalizer thread did not run" };
        Abandon(outcome);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return outcome.Failure;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SupportedOSPlatform("linux")]
    private static void Abandon(Outcome outcome) => _ = new Finalizer(outcome);

    private static ulong Bits(string status, string name) => ulong.Parse(Field(status, name), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string Field(string status, string name) =>
        status.Split('\n').First(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim();

    private static string Failure(string call) => $"{call} failed: {Marshal.GetLastPInvokeErrorMessage()}";

    private sealed class Outcome
    {
        public volatile string? Failure;
    }

    [SupportedOSPlatform("linux")]
    private sealed class Finalizer(Outcome outcome)
    {
        ~Finalizer() => outcome.Failure = DropHere();
    }

    // linux/prctl.h, linux/capability.h
    private const int SetNoNewPrivileges = 38;
    private const int Ambient = 47;
    private const nuint AmbientClearAll = 4;
    private const uint Version3 = 0x20080522;

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nuint a, nuint b, nuint c, nuint d);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    private static partial int SetCapabilities(uint* header, uint* data);
}
