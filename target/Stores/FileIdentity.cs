using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Iscsitop.Target.Stores;

/// <summary>
/// What tells a file or a block device from another that stands in its place one day, after a restart too. A file: where it
/// is, its inode and when it was made. A device: what it calls itself, else its number.
/// </summary>
internal static partial class FileIdentity
{
    // statx(2): its structure is the same on every architecture.
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH: the descriptor itself
    private const uint Basic = 0x7ff; // STATX_BASIC_STATS
    private const uint Birth = 0x800; // STATX_BTIME
    private const int StatusLength = 256;
    private const int FileType = 0xf000;
    private const int BlockDevice = 0x6000;

    // Below a device's directory in /sys: what device mapper, NVMe, SCSI, MMC, virtio and loop call it.
    private static readonly string[] s_names = ["dm/uuid", "wwid", "device/wwid", "device/cid", "serial", "loop/backing_file"];

    /// <summary>Names an open file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="file">The file.</param>
    /// <returns>Its full path, and what the system tells of it.</returns>
    public static string Of(string path, SafeFileHandle file)
    {
        string full = Path.GetFullPath(path);
        // Only Linux has files without a time of birth.
        return OperatingSystem.IsLinux() ? $"{full} {Status(file)}" : $"{full} born {File.GetCreationTimeUtc(full).ToString("O", CultureInfo.InvariantCulture)}";
    }

    [SupportedOSPlatform("linux")]
    private static string Status(SafeFileHandle file)
    {
        Span<byte> status = stackalloc byte[StatusLength];
        if (Statx(file, "", EmptyPath, Basic | Birth, ref MemoryMarshal.GetReference(status)) != 0) return "";
        if ((MemoryMarshal.Read<ushort>(status[28..]) & FileType) == BlockDevice)
            return Device(MemoryMarshal.Read<uint>(status[128..]), MemoryMarshal.Read<uint>(status[132..]));
        ulong inode = MemoryMarshal.Read<ulong>(status[32..]);
        // The number of a file system may be another after a restart, a file's birth is not.
        return (MemoryMarshal.Read<uint>(status) & Birth) != 0
            ? $"inode {inode} born {MemoryMarshal.Read<long>(status[80..])}.{MemoryMarshal.Read<uint>(status[88..]):d9}"
            : $"inode {inode} on {MemoryMarshal.Read<uint>(status[136..])}:{MemoryMarshal.Read<uint>(status[140..])}";
    }

    private static string Device(uint major, uint minor)
    {
        string number = $"device {major}:{minor}";
        try
        {
            if (Directory.ResolveLinkTarget($"/sys/dev/block/{major}:{minor}", returnFinalTarget: true)?.FullName is not { } directory) return number;
            string part = Path.Combine(directory, "partition");
            if (!File.Exists(part)) return Name(directory) ?? number;
            return Name(Path.GetDirectoryName(directory)!) is { } whole ? $"{whole} partition {File.ReadAllText(part).Trim()}" : number;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return number;
        }
    }

    private static string? Name(string directory) => s_names
        .Select(name => Path.Combine(directory, name))
        .Where(File.Exists)
        .Select(file => File.ReadAllText(file).Trim())
        .FirstOrDefault(name => name.Length > 0);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle file, string path, int flags, uint mask, ref byte status);
}
