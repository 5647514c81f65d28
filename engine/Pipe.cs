using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Iscsitop.Engine;

/// <summary>No engine with this process id can be reached.</summary>
public sealed class EngineNotFoundException(string message, Exception? inner = null) : PipeException(message, inner);

/// <summary>The sockets of engines: named after the process, found by listing, checked on both sides.</summary>
public static class Pipe
{
    private const string Prefix = "iscsi";

    // A socket is bound before it listens; one that refuses is only taken for left behind when it is older than this.
    private static readonly TimeSpan s_staleAfter = TimeSpan.FromSeconds(5);

    /// <summary>The path of an engine's socket.</summary>
    public static string PathOf(string directory, int pid) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{pid}"));

    /// <summary>Listens where engine <paramref name="pid"/> is looked for.</summary>
    /// <exception cref="PipeException">The directory is not ours, the path too long, or somebody listens there.</exception>
    public static Socket Listen(string directory, int pid)
    {
        PipeDirectory.Prepare(directory);
        string path = PathOf(directory, pid);
        UnixDomainSocketEndPoint address = Address(path);
        if (File.Exists(path)) RemoveStale(path, address);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(address);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, ModeIn(directory));
            socket.Listen(64);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new PipeException($"the pipe {path} cannot be made: {e.Message}", e);
        }
    }

    /// <summary>Connects to an engine.</summary>
    /// <exception cref="EngineNotFoundException">Nothing listens there.</exception>
    /// <exception cref="PipeException">It may not be opened, or who listens is not to be trusted.</exception>
    public static Socket Connect(string directory, int pid)
    {
        string path = PathOf(directory, pid);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (PipeDirectory.Distrust(directory) is { } reason && Directory.Exists(directory)) throw new PipeException(reason);
            socket.Connect(Address(path));
            if (PeerUser(socket) is { } user && !OperatingSystem.IsWindows() && user != 0 && user != PipeDirectory.EffectiveUser())
                throw new PipeException($"the engine behind {path} runs as user {user}, neither you nor root");
            return socket;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            socket.Dispose();
            throw new PipeException($"the pipe {path} may not be opened: {e.Message}", e);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            if (e.SocketErrorCode == SocketError.ConnectionRefused) RemoveOld(path);
            throw new EngineNotFoundException($"no engine with pid {pid}: nothing listens at {path}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The process ids whose sockets are in a directory, listening or not; none when it cannot be listed.</summary>
    public static void Find(string directory, ICollection<int> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        try
        {
            if (!Directory.Exists(directory)) return;
            foreach (string path in Directory.EnumerateFileSystemEntries(directory, Prefix + "*"))
                if (int.TryParse(Path.GetFileName(path.AsSpan())[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
                    into.Add(pid);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not ours to look into.
        }
    }

    /// <summary>Whether an engine in a directory may serve who connected.</summary>
    internal static bool MayServe(Socket peer, string directory)
    {
        if (OperatingSystem.IsWindows() || PeerUser(peer) is not { } user) return true;
        return user == 0 || user == PipeDirectory.EffectiveUser() || PipeDirectory.LetsGroupIn(directory);
    }

    private static uint? PeerUser(Socket socket) => OperatingSystem.IsLinux() ? PeerUserOnLinux(socket) : null;

    // SO_PEERCRED of unix(7): struct ucred is pid, uid, gid.
    [SupportedOSPlatform("linux")]
    private static uint PeerUserOnLinux(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(1, 17, credentials);
        return MemoryMarshal.Read<uint>(credentials[4..]);
    }

    // The group a directory lets in is not the socket's group; who got through the directory may connect.
    private static UnixFileMode ModeIn(string directory) => PipeDirectory.LetsGroupIn(directory)
        ? UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite
        : UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // sun_path holds 108 bytes with its end (104 on BSD and macOS).
    private static UnixDomainSocketEndPoint Address(string path)
    {
        int longest = OperatingSystem.IsLinux() || OperatingSystem.IsWindows() ? 107 : 103;
        int length = System.Text.Encoding.UTF8.GetByteCount(path);
        return length <= longest
            ? new UnixDomainSocketEndPoint(path)
            : throw new PipeException($"the path {path} is too long for a pipe: {length} bytes, at most {longest}");
    }

    private static void RemoveStale(string path, UnixDomainSocketEndPoint address)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(address);
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }
        throw new PipeException($"the pipe {path} is in use");
    }

    private static void RemoveOld(string path)
    {
        try
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > s_staleAfter) File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else's; its owner will.
        }
    }
}
