using System.Globalization;

namespace Iscsitop.Engine.Recording;

/// <summary>How much is kept, and when another file begins. 0 stands for no bound.</summary>
/// <param name="RotateBytes">Bytes after which a file is put aside.</param>
/// <param name="RotateAge">Time after which it is.</param>
/// <param name="MaxBytes">Bytes of all files together; the oldest go first.</param>
/// <param name="MaxAge">Age of what is kept.</param>
public readonly record struct Retention(long RotateBytes = 0, TimeSpan RotateAge = default, long MaxBytes = 0, TimeSpan MaxAge = default)
{
    /// <summary>What is bounded and not put aside could never be removed: a tenth at a time is.</summary>
    public Retention WithRotation() => this with
    {
        RotateBytes = RotateBytes == 0 && RotateAge == default && MaxBytes > 0 ? Math.Max(MaxBytes / 10, 1) : RotateBytes,
        RotateAge = RotateBytes == 0 && RotateAge == default && MaxAge > TimeSpan.Zero ? MaxAge / 10 : RotateAge,
    };
}

/// <summary>
/// The file a recording is written to: appended to block by block, put aside as <c>FILE.20261127-215822</c> (the time it began, UTC) and
/// pruned. A file that was there is checked, and what is torn at its end cut off.
/// </summary>
public sealed class RecordingFile : IDisposable
{
    // What says that somebody else has a lock: EAGAIN, EACCES, and ERROR_LOCK_VIOLATION of Windows.
    private const int Again = 11, Denied = 13, Violation = 33;

    private const string Dated = "yyyyMMdd-HHmmss";

    private readonly string _path;
    private readonly Retention _keep;
    private FileStream _file;
    private long _began;
    private bool _full;

    // Whether the file had something before.
    private bool _goesOn;

    private RecordingFile(string path, Retention keep, FileStream file) => (_path, _keep, _file) = (path, keep, file);

    /// <summary>Bytes of a torn block that were cut off when it was opened.</summary>
    public long CutOff { get; private set; }

    /// <summary>Files put aside, and files removed.</summary>
    public (int Aside, int Removed) Rotated { get; private set; }

    /// <summary>Opens a file to go on with, or a new one.</summary>
    /// <exception cref="Sources.CaptureFormatException">There is a file and it is no recording.</exception>
    /// <exception cref="IOException">It cannot be written; another recorder has it.</exception>
    public static RecordingFile Open(string path, Retention keep)
    {
        FileStream file = Own(path, FileMode.OpenOrCreate);
        try
        {
            var recording = new RecordingFile(path, keep.WithRotation(), file);
            recording.Check();
            recording.Prune();
            return recording;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Appends a block; when this returns, the system has it.</summary>
    /// <param name="block">The block.</param>
    /// <param name="time">When its first interval ended, ns since 1970.</param>
    /// <returns>Whether the next block is another file's.</returns>
    public bool Write(ReadOnlyMemory<byte> block, long time)
    {
        // A file is put aside once there is something for the next one: a recording that ends is where it was asked for.
        if (_full || (_goesOn && Full(time))) PutAside();
        _goesOn = false;
        if (_began == 0) _began = time;
        long end = _file.Position;
        try
        {
            _file.Write(block.Span);
        }
        catch (IOException)
        {
            CutAt(end);
            throw;
        }
        return _full = Full(time);
    }

    private bool Full(long time) => (_keep.RotateBytes > 0 && _file.Position >= _keep.RotateBytes)
        || (_keep.RotateAge > TimeSpan.Zero && time - _began >= _keep.RotateAge.Ticks * 100);

    // What did not fit is of no use, and its reader would wonder.
    private void CutAt(long end)
    {
        try
        {
            _file.SetLength(end);
        }
        catch (Exception e) when (e is IOException or NotSupportedException or UnauthorizedAccessException or ArgumentException)
        {
            // A device has no length.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_file.CanWrite && _file.Length > 0) _file.Flush(flushToDisk: true);
        _file.Dispose();
    }

    private void Check()
    {
        if (_file.Length == 0) return;
        Span<byte> first = stackalloc byte[BlockHeader.Magic.Length];
        int read = _file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        if (!BlockHeader.Magic.StartsWith(first[..read])) throw new Sources.CaptureFormatException($"{_path} is no recording: it is left as it is");
        (long end, _began) = RecordingReader.Tail(_file);
        CutOff = _file.Length - end;
        _file.SetLength(end);
        _file.Position = end;
        _goesOn = end > 0;
    }

    // Readers may look on, a second recorder may not write: what the two lock lies behind whatever is written.
    private static FileStream Own(string path, FileMode mode)
    {
        var file = new FileStream(path, mode, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows()) return file;
        try
        {
            file.Lock(long.MaxValue - 1, 1);
        }
        catch (IOException e) when ((e.HResult & 0xffff) is Again or Denied or Violation)
        {
            file.Dispose();
            throw new IOException($"{path}: another recorder writes it; name another file", e);
        }
        catch (IOException)
        {
            // A file system without locks.
        }
        return file;
    }

    private void PutAside()
    {
        if (!_file.CanWrite) throw new IOException($"{_path}: the next file could not be made");
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        string aside = $"{_path}.{DateTime.UnixEpoch.AddTicks(_began / 100).ToString(Dated, CultureInfo.InvariantCulture)}";
        string unique = aside;
        for (int i = 1; File.Exists(unique); i++) unique = string.Create(CultureInfo.InvariantCulture, $"{aside}.{i}");
        File.Move(_path, unique);
        _file = Own(_path, FileMode.CreateNew);
        (_began, _full) = (0, false);
        Rotated = Rotated with { Aside = Rotated.Aside + 1 };
        Prune();
    }

    // The oldest first. The file being written stays.
    private void Prune()
    {
        if (_keep.MaxBytes == 0 && _keep.MaxAge == TimeSpan.Zero) return;
        string directory = Path.GetDirectoryName(Path.GetFullPath(_path))!, name = Path.GetFileName(_path);
        List<FileInfo> aside = [.. new DirectoryInfo(directory).EnumerateFiles(name + ".*").Where(f => f.Name.StartsWith(name + ".", StringComparison.Ordinal) && IsAside(f.Name[(name.Length + 1)..]))];
        aside.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        long total = _file.Length + aside.Sum(f => f.Length);
        foreach (FileInfo file in aside)
        {
            bool old = _keep.MaxAge > TimeSpan.Zero && DateTime.UtcNow - file.LastWriteTimeUtc > _keep.MaxAge;
            // The file under way grows to what makes it be put aside.
            if (!old && (_keep.MaxBytes == 0 || total + _keep.RotateBytes - _file.Length <= _keep.MaxBytes)) continue;
            total -= file.Length;
            file.Delete();
            Rotated = Rotated with { Removed = Rotated.Removed + 1 };
        }
    }

    private static bool IsAside(string suffix) =>
        suffix.Length >= Dated.Length && DateTime.TryParseExact(suffix[..Dated.Length], Dated, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
        && (suffix.Length == Dated.Length || suffix[Dated.Length] == '.');
}
