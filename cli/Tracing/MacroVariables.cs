using System.Runtime.InteropServices;

namespace Iscsitop.Cli.Tracing;

/// <summary>The macro variables that the system knows: $pid, $uid and so on.</summary>
internal static partial class MacroVariables
{
    // What a system has nothing for is 0.
    private static readonly string[] s_none = ["pid", "target", "ppid", "uid", "euid", "gid", "egid", "pgid", "sid", "projid", "taskid"];

    /// <summary>All of them.</summary>
    /// <param name="target">$target; 0 for none.</param>
    public static Dictionary<string, long> Of(long target)
    {
        var variables = s_none.ToDictionary(n => n, _ => 0L);
        (variables["pid"], variables["target"]) = (Environment.ProcessId, target);
        if (OperatingSystem.IsWindows()) return variables;
        (variables["ppid"], variables["pgid"], variables["sid"]) = (ParentOf(), GroupOf(0), SessionOf(0));
        (variables["uid"], variables["euid"], variables["gid"], variables["egid"]) = (User(), EffectiveUser(), Group(), EffectiveGroup());
        return variables;
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentOf();

    [LibraryImport("libc", EntryPoint = "getpgid")]
    private static partial int GroupOf(int pid);

    [LibraryImport("libc", EntryPoint = "getsid")]
    private static partial int SessionOf(int pid);

    [LibraryImport("libc", EntryPoint = "getuid")]
    private static partial uint User();

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getgid")]
    private static partial uint Group();

    [LibraryImport("libc", EntryPoint = "getegid")]
    private static partial uint EffectiveGroup();
}
