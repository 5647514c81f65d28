using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Iscsitop.Engine;

/// <summary>An engine's pipe cannot be made or opened; the message says which and why.</summary>
public class PipeException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>
/// Where engines have their pipes (docs/stream.md), and whether that place can be trusted. The directory's mode decides
/// who may connect: a socket's own mode is not honoured everywhere.
/// </summary>
public static partial class PipeDirectory
{
    private const string Shared = "/run/iscsitop";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Group = UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode ForeignWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The directories a viewer looks into, the one an engine serves in first.</summary>
    public static IReadOnlyList<string> Candidates => FindCandidates();

    /// <summary>Makes sure that the directory is there and ours to serve in.</summary>
    /// <exception cref="PipeException">It cannot be made, belongs to someone else, or may be written by others.</exception>
    public static void Prepare(string directory)
    {
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
            else if (!Directory.Exists(directory)) Directory.CreateDirectory(directory, directory == Shared ? Private | Group : Private);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PipeException($"the directory {directory} for pipes cannot be made: {e.Message}", e);
        }
        if (Distrust(directory) is { } reason) throw new PipeException(reason);
    }

    /// <summary>Why a directory must not be used: null when it may.</summary>
    public static string? Distrust(string directory)
    {
        if (OperatingSystem.IsWindows()) return null;
        var info = new DirectoryInfo(directory);
        if (info.LinkTarget is not null) return $"the directory {directory} for pipes is a symbolic link";
        if (!info.Exists) return $"the directory {directory} for pipes does not exist";
        if ((info.UnixFileMode & ForeignWrite) != 0) return $"the directory {directory} for pipes may be written by others";
        return OwnedByUsOrRoot(directory) ? null : $"the directory {directory} for pipes belongs to someone else";
    }

    /// <summary>Whether others than the owner get into a directory.</summary>
    internal static bool LetsGroupIn(string directory) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(directory) & UnixFileMode.GroupExecute) != 0;

    /// <summary>Our effective user id.</summary>
    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();

    private static List<string> FindCandidates()
    {
        if (Environment.GetEnvironmentVariable("ISCSITOP_RUNTIME_DIR") is { Length: > 0 } own) return [Path.GetFullPath(own)];
        var found = new List<string>();
        // Root serves where everybody looks: a viewer under sudo has another environment than the engine's shell.
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess) found.Add(Shared);
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Directory.Exists(runtime))
            found.Add(Path.Combine(runtime, "iscsitop"));
        else if (OperatingSystem.IsLinux() && Directory.Exists($"/run/user/{EffectiveUser()}"))
            found.Add($"/run/user/{EffectiveUser()}/iscsitop");
        if (OperatingSystem.IsLinux() && Directory.Exists(Shared) && !found.Contains(Shared)) found.Add(Shared);
        found.Add(OfUser());
        return found;
    }

    private static string OfUser()
    {
        if (OperatingSystem.IsMacOS()) return Path.Combine(Path.GetTempPath(), "iscsitop");
        if (OperatingSystem.IsWindows()) return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "iscsitop");
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(cache is { Length: > 0 } ? cache : Path.Combine(home, ".cache"), "iscsitop", "run");
    }

    // Elsewhere than on Linux there is no stat with one layout for all; the owner alone may set a mode.
    [UnsupportedOSPlatform("windows")]
    private static bool OwnedByUsOrRoot(string directory)
    {
        if (!OperatingSystem.IsLinux()) return MaySetMode(directory);
        Span<byte> status = stackalloc byte[256];
        if (Statx(AtCurrentDirectory, directory, SymlinkNoFollow, StatxUid, ref MemoryMarshal.GetReference(status)) != 0) return false;
        uint owner = MemoryMarshal.Read<uint>(status[20..]);
        return owner == 0 || owner == EffectiveUser();
    }

    [UnsupportedOSPlatform("windows")]
    private static bool MaySetMode(string directory)
    {
        try
        {
            File.SetUnixFileMode(directory, File.GetUnixFileMode(directory));
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    // statx(2): its structure is the same on every architecture; stx_uid stands at 20.
    private const int AtCurrentDirectory = -100;
    private const int SymlinkNoFollow = 0x100;
    private const uint StatxUid = 0x8;

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref byte status);
}
