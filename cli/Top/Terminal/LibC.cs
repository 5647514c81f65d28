using System.Runtime.InteropServices;

namespace Iscsitop.Cli.Top.Terminal;

/// <summary>What a terminal needs of the C library, POSIX.1 but for cfmakeraw and the window's size, which all systems have.</summary>
internal static unsafe partial class LibC
{
    internal const int Interrupted = 4;                              // EINTR
    internal const short Readable = 1;                               // POLLIN
    internal const short Writable = 4;                               // POLLOUT
    internal const short Gone = 8 | 16 | 32;                         // POLLERR, POLLHUP, POLLNVAL
    internal const int Now = 0;                                      // TCSANOW

    /// <summary>Larger than any system's struct termios, which is only handed on.</summary>
    internal const int TermiosRoom = 256;

    private static readonly nuint s_windowSize = OperatingSystem.IsLinux() ? 0x5413u : 0x40087468u;

    /// <summary>EAGAIN.</summary>
    internal static int WouldBlock { get; } = OperatingSystem.IsLinux() ? 11 : 35;

    /// <summary>SIGTSTP.</summary>
    internal static int StopSignal { get; } = OperatingSystem.IsLinux() ? 20 : 18;

    [StructLayout(LayoutKind.Sequential)]
    internal record struct PollFd(int Fd, short Events, short Happened);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int fd, byte* into, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int fd, byte* from, nuint count);

    [LibraryImport("libc", EntryPoint = "pipe", SetLastError = true)]
    internal static partial int Pipe(int* ends);

    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    internal static partial int GetAttributes(int fd, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    internal static partial int SetAttributes(int fd, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    internal static partial void MakeRaw(byte* termios);

    /// <summary>Columns and rows of a terminal, 0 when it does not know.</summary>
    internal static (int Width, int Height) WindowSize(int fd)
    {
        ushort* size = stackalloc ushort[4];
        // Its third parameter is a variable one, which Apple's arm64 has on the stack: behind eight in registers.
        int failed = OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? IoCtlOnStack(fd, s_windowSize, 0, 0, 0, 0, 0, 0, size)
            : IoCtl(fd, s_windowSize, size);
        return failed != 0 ? (0, 0) : (size[1], size[0]);
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int IoCtl(int fd, nuint request, ushort* size);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int IoCtlOnStack(int fd, nuint request, nint c, nint d, nint e, nint f, nint g, nint h, ushort* size);
}
