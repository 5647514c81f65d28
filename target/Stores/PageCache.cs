using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Iscsitop.Target.Stores;

/// <summary>Reading what the page cache holds and nothing else: preadv2(2) with RWF_NOWAIT, Linux 4.14 and later.</summary>
internal static partial class PageCache
{
    private const int NoWait = 0x00000008; // RWF_NOWAIT

    // ENOSYS, EOPNOTSUPP.
    private const int NoSystemCall = 38;
    private const int NotSupported = 95;

    /// <summary>Whether this system has the call.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Environment.Is64BitProcess && HasFunction();

    /// <summary>Reads the whole range from the cache.</summary>
    /// <param name="file">A regular file.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="into">What to fill.</param>
    /// <param name="supported">False when this file's file system, or the kernel, will never answer.</param>
    /// <returns>False when a part of it is not there; the content of <paramref name="into"/> is undefined then.</returns>
    public static unsafe bool TryRead(SafeFileHandle file, long offset, Span<byte> into, out bool supported)
    {
        fixed (byte* start = into)
        {
            var vector = new IoVector { Start = start, Length = (nuint)into.Length };
            nint count = ReadVector(file, &vector, 1, offset, NoWait);
            supported = count >= 0 || Marshal.GetLastPInvokeError() is not (NoSystemCall or NotSupported);
            return count == into.Length;
        }
    }

    private static bool HasFunction() =>
        NativeLibrary.TryLoad("libc", typeof(PageCache).Assembly, null, out nint libc) && NativeLibrary.TryGetExport(libc, "preadv2", out _);

    // off_t is 64 bits wide in a 64-bit process.
    [LibraryImport("libc", EntryPoint = "preadv2", SetLastError = true)]
    private static unsafe partial nint ReadVector(SafeFileHandle file, IoVector* vector, int count, long offset, int flags);

    private unsafe struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }
}
