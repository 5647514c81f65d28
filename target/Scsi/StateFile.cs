using Iscsitop.Target.Server;

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

    /// <summary>Replaces it; null removes it.</summary>
    /// <exception cref="IOException">It could not be written; the old one is there still.</exception>
    public void Save(byte[]? content)
    {
        try
        {
            if (content is null) File.Delete(Path);
            else Replace(content);
            if (!OperatingSystem.IsWindows()) SyncDirectory();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private void Replace(byte[] content)
    {
        string beside = Path + ".new";
        using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(beside, Path, overwrite: true);
    }

    // A rename is on disk when its directory is.
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private void SyncDirectory()
    {
        int fd = Native.Open(directory, 0);
        bool synced = fd >= 0 && Native.FSync(fd) == 0;
        if (fd >= 0) Native.Close(fd);
        if (!synced) throw new IOException($"'{directory}' cannot be synchronised to disk");
    }
}
