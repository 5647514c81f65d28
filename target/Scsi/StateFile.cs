using System.Runtime.InteropServices;
using Iscsitop.Target.Server;
using Microsoft.Win32.SafeHandles;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// A small file in the state directory. What is there is whole, for it is written beside and renamed, and what a call has
/// returned from is on stable storage.
/// </summary>
/// <param name="directory">The state directory; made when it is not there.</param>
/// <param name="name">The file's name.</param>
internal sealed class StateFile(string directory, string name)
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = System.IO.Path.Combine(directory, name);

    /// <summary>Reads it.</summary>
    /// <returns>Its bytes, null when there is none.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public byte[]? Load()
    {
        try
        {
            Directory.CreateDirectory(directory);
            return File.Exists(Path) ? File.ReadAllBytes(Path) : null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"state directory: {e.Message}", e);
        }
    }

    /// <summary>fsync(2) of the directory, as a test may replace it.</summary>
    internal Func<bool>? Sync { get; init; }

    /// <summary>Replaces it; null removes it.</summary>
    /// <exception cref="IOException">It could not be written; the old one is there still.</exception>
    /// <exception cref="StateInDoubtException">It could not be written, and the old one could not be put back.</exception>
    public void Save(byte[]? content)
    {
        try
        {
            byte[]? before = File.Exists(Path) ? File.ReadAllBytes(Path) : null;
            using SafeFileHandle? opened = OpenDirectory(); // while nothing has changed: there may be no descriptor left
            Replace(content);
            if (TrySync(opened)) return;
            // The next start would find the new one, though who wrote it is told that it is not there.
            string message = $"'{directory}' cannot be synchronised to disk";
            throw TryReplace(before) && TrySync(opened) ? new IOException(message) : new StateInDoubtException(message);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private void Replace(byte[]? content)
    {
        if (content is null)
        {
            File.Delete(Path);
            return;
        }
        string beside = Path + ".new";
        using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(beside, Path, overwrite: true);
    }

    private bool TryReplace(byte[]? content)
    {
        try
        {
            Replace(content);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private SafeFileHandle? OpenDirectory()
    {
        if (OperatingSystem.IsWindows()) return null;
        int descriptor = Native.Open(directory, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new IOException($"'{directory}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    // A rename is on disk when its directory is.
    private bool TrySync(SafeFileHandle? opened) =>
        Sync is { } sync ? sync() : OperatingSystem.IsWindows() || Native.FSync(opened!) == 0;
}

/// <summary>Nobody knows which of two states the next start finds.</summary>
internal sealed class StateInDoubtException(string message) : IOException(message);
