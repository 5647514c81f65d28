using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Iscsitop.Target.Stores;

/// <summary>Holes in files and the size of block devices: fallocate(2), lseek(2) and ioctl(2) of Linux.</summary>
internal static partial class FileSpace
{
    private const int KeepSizePunchHole = 0x01 | 0x02; // FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
    private const int SeekEnd = 2;
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int NoData = 6; // ENXIO: no data from here on
    private const int ReadWrite = 0x2;
    private const int Exclusive = 0x80; // O_EXCL: a block device that is mounted is busy
    private const int NonBlocking = 0x800; // a FIFO would wait for its other end
    private const int CloseOnExec = 0x80000;
    private const uint LogicalSectorSize = 0x1268; // BLKSSZGET, which only block devices answer

    /// <summary>Whether this system has the calls.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>Makes a hole, which reads as zeros.</summary>
    /// <returns>False when the file system cannot.</returns>
    public static bool TryPunch(SafeFileHandle file, long offset, long length) =>
        IsSupported && Allocate(file, KeepSizePunchHole, offset, length) == 0;

    /// <summary>Whether there is data at an offset, and where that ends.</summary>
    /// <returns>False when the system does not tell.</returns>
    public static bool TryExtent(SafeFileHandle file, long offset, out bool data, out long end)
    {
        (data, end) = (true, long.MaxValue);
        if (!IsSupported) return false;
        long next = Seek(file, offset, SeekData);
        if (next < 0)
        {
            data = Marshal.GetLastPInvokeError() != NoData;
            return !data;
        }
        data = next == offset;
        end = data ? Seek(file, offset, SeekHole) : next;
        return end > offset;
    }

    /// <summary>Opens a block device, alone where it is written to.</summary>
    /// <returns>Null when it cannot be opened, or is no block device.</returns>
    public static unsafe SafeFileHandle? OpenDevice(string path, bool readOnly, out long length, out string reason)
    {
        length = 0;
        nint descriptor = Open(path, CloseOnExec | NonBlocking | (readOnly ? 0 : ReadWrite | Exclusive));
        reason = descriptor < 0 ? Marshal.GetLastPInvokeErrorMessage() : "it is no block device";
        if (descriptor < 0) return null;
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        int sector = 0;
        if (Control(file, LogicalSectorSize, &sector) == 0 && (length = Seek(file, 0, SeekEnd)) > 0) return file;
        file.Dispose();
        return null;
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int Control(SafeFileHandle file, nuint request, int* value);
}
