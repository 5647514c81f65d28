using System.Runtime.InteropServices;

namespace Iscsitop.Cli.Tracing;

/// <summary>The macro variables that the system knows: $pid, $uid and so on.</summary>
internal static partial class MacroVariables
{
    /// <summary>All of them.</summary>
    /// <param name="target">$target; 0 for none.</param>
    public static Dictionary<string, long> Of(long target)
    {
        var variables = new Dictionary<string, long>
        {
            ["pid"] = Environment.ProcessId, ["target"] = target, ["projid"] = 0, ["taskid"] = 0,
            ["ppid"] = 0, ["uid"] = 0, ["euid"] = 0, ["gid"] = 0, ["egid"] = 0, ["pgid"] = 0, ["sid"] = 0,
        };
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
