using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Microsoft.Win32.SafeHandles;

namespace Iscsitop.Target.Stores;

/// <summary>
/// Bytes in a regular file or on a block device, through the system's page cache. A read the cache can answer is answered
/// at once where the system can say so (<see cref="PageCache"/>); all else waits on a worker. Once the system could not
/// write back what it had taken, nobody knows what is on the medium: from then on every write fails.
/// </summary>
internal sealed class FileStore : Store
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly bool _isDevice;
    private long _length;
    private volatile bool _cacheAnswers = PageCache.IsSupported;
    private volatile bool _cannotPunch;
    private readonly Lock _flushing = new();
    private long _asked;
    private long _flushed;
    private volatile bool _lost;

    /// <summary>Takes an open file; <see cref="Open"/> makes the checks.</summary>
    internal FileStore(SafeFileHandle file, string path, long length, bool readOnly, bool isDevice = false)
    {
        _isDevice = isDevice;
        _file = file;
        _path = path;
        _length = length;
        ReadOnly = readOnly;
    }

    public override long Length => Volatile.Read(ref _length);

    public override bool ReadOnly { get; }

    public override bool MayBlock => true;

    public override bool WriteCache => !ReadOnly;

    public override bool OutlivesProcess => true;

    public override string Identity => FileIdentity.Of(_path, _file);

    /// <summary>Opens a file, or makes a sparse one when it is not there and a size is given.</summary>
    /// <param name="path">The file. It is locked against a second target as far as the system can.</param>
    /// <param name="size">Bytes a new file gets, and an existing one must have; 0 takes an existing file as it is.</param>
    /// <param name="blockSize">What its length must be a multiple of.</param>
    /// <param name="readOnly">Opens it for reading only.</param>
    /// <exception cref="IOException">The message names the file, what is wrong, and what would be right.</exception>
    public static FileStore Open(string path, long size, int blockSize, bool readOnly)
    {
        if (Directory.Exists(path)) throw new IOException($"'{path}' is a directory; name a file in it");
        // Looked at before it is opened: opening a FIFO would wait for a writer.
        if (new FileInfo(path) is { Exists: true, Length: 0 }) throw new IOException($"'{path}' is empty or no regular file; remove it and size=SIZE makes a new one");
        bool create = size > 0 && !readOnly && !File.Exists(path);
        SafeFileHandle file = OpenHandle(path, create, readOnly);
        try
        {
            if (create) RandomAccess.SetLength(file, size);
            long length = RandomAccess.GetLength(file);
            if (size > 0 && length != size) throw new IOException($"'{path}' has {length} bytes, not the size={size} that is asked for; leave size= out to take it as it is");
            if (length % blockSize != 0) throw new IOException($"'{path}' has {length} bytes, which is no multiple of the block size {blockSize}");
            return new FileStore(file, path, length, readOnly);
        }
        catch
        {
            file.Dispose();
            if (create) File.Delete(path);
            throw;
        }
    }

    public override long Grow()
    {
        try
        {
            long length = RandomAccess.GetLength(_file);
            if (length > Length) Volatile.Write(ref _length, length);
        }
        catch (Exception e) when (e is not ObjectDisposedException)
        {
            throw new StoreException(SenseCode.LogicalUnitCommunicationFailure, $"'{_path}': {e.Message}", null, e);
        }
        return Length;
    }

    /// <summary>Opens a block device of Linux.</summary>
    /// <exception cref="IOException">The message names it, what is wrong, and what would be right.</exception>
    public static FileStore OpenDevice(string path, int blockSize, bool readOnly)
    {
        if (!FileSpace.IsSupported) throw new IOException($"'{path}': only Linux has block devices that can be served; file:PATH serves a file");
        if (Directory.Exists(path)) throw new IOException($"'{path}' is a directory; name a block device");
        SafeFileHandle? file = FileSpace.OpenDevice(path, readOnly, out long length, out string reason);
        if (file is null) throw new IOException($"'{path}' cannot be served as a block device: {reason}" + (File.Exists(path) ? "; file:PATH serves a file" : ""));
        if (length % blockSize == 0) return new FileStore(file, path, length, readOnly, isDevice: true);
        file.Dispose();
        throw new IOException($"'{path}' has {length} bytes, which is no multiple of the block size {blockSize}");
    }

    public override bool TryReadNow(long offset, int length, ScsiTask task)
    {
        if (!_cacheAnswers) return false;
        byte[] buffer = task.RentBuffer(length);
        bool read = PageCache.TryRead(_file, offset, buffer.AsSpan(0, length), out bool supported);
        if (!supported) _cacheAnswers = false; // asking again would cost every read a system call
        if (!read) return false;
        task.AddDataIn(new ArraySegment<byte>(buffer, 0, length));
        return true;
    }

    public override void Read(long offset, int length, ScsiTask task)
    {
        byte[] buffer = task.RentBuffer(length);
        Read(offset, buffer.AsSpan(0, length));
        task.AddDataIn(new ArraySegment<byte>(buffer, 0, length));
    }

    public override void Read(long offset, Span<byte> into)
    {
        try
        {
            while (!into.IsEmpty)
            {
                int count = RandomAccess.Read(_file, into, offset);
                if (count == 0) throw new StoreException(SenseCode.UnrecoveredReadError, $"'{_path}' has become shorter", offset);
                offset += count;
                into = into[count..];
            }
        }
        catch (Exception e) when (e is not (StoreException or ObjectDisposedException))
        {
            throw new StoreException(SenseCode.UnrecoveredReadError, $"'{_path}': {e.Message}", null, e);
        }
    }

    public override void Put(long offset, ReadOnlySpan<byte> from)
    {
        try
        {
            CheckWritable();
            RandomAccess.Write(_file, from, offset);
        }
        catch (Exception e) when (e is not (StoreException or ObjectDisposedException))
        {
            throw new StoreException(NoSpace(e) ? SenseCode.SpaceAllocationFailed : SenseCode.WriteError, $"'{_path}': {e.Message}", null, e);
        }
    }

    // One at a time: of those that wait in the system together only one is told of a failure. Whoever came before it began
    // shares its outcome, so many that flush at once cost two turns at most.
    public override void Flush()
    {
        if (ReadOnly) return;
        long ticket = Interlocked.Increment(ref _asked);
        lock (_flushing)
        {
            if (_lost) throw Lost();
            if (_flushed >= ticket) return;
            long upTo = Volatile.Read(ref _asked);
            FlushToDisk();
            _flushed = upTo;
        }
    }

    public override void Unmap(long offset, long length)
    {
        if (_cannotPunch)
        {
            WriteZeros(offset, length);
            return;
        }
        using (Alone())
        {
            CheckWritable();
            if (FileSpace.TryPunch(_file, offset, length)) return;
        }
        // Whatever the reason was, writing meets it too, and says so.
        WriteZeros(offset, length);
        _cannotPunch = true;
    }

    public override long Extent(long offset, out bool mapped)
    {
        if (!FileSpace.TryExtent(_file, offset, out mapped, out long end)) return base.Extent(offset, out mapped);
        return Math.Min(end, Length) - offset;
    }

    public override void Dispose()
    {
        _file.Dispose();
        base.Dispose();
    }

    /// <summary>fsync(2), as a test may replace it.</summary>
    internal Action? Sync { get; init; }

    /// <summary>Flushes that were asked for so far, done or not.</summary>
    internal long FlushesAsked => Volatile.Read(ref _asked);

    private void FlushToDisk()
    {
        try
        {
            if (Sync is { } sync) sync();
            else RandomAccess.FlushToDisk(_file);
        }
        catch (Exception e) when (e is not ObjectDisposedException)
        {
            // The system reports it once and forgets: a later flush would succeed, without the data.
            _lost = true;
            throw new StoreException(NoSpace(e) ? SenseCode.SpaceAllocationFailed : SenseCode.WriteError, $"'{_path}': {e.Message}", null, e);
        }
    }

    private StoreException Lost() => new(SenseCode.WriteError, $"'{_path}': what was written before was lost; restart the target");

    private void CheckWritable()
    {
        if (_lost) throw Lost();
        // Writing behind the end of a file that was cut would bring it back with zeros for what is lost.
        if (!_isDevice && RandomAccess.GetLength(_file) < Length) throw new StoreException(SenseCode.WriteError, $"'{_path}' has become shorter");
    }

    private static SafeFileHandle OpenHandle(string path, bool create, bool readOnly)
    {
        try
        {
            return File.OpenHandle(
                path,
                create ? FileMode.CreateNew : FileMode.Open,
                readOnly ? FileAccess.Read : FileAccess.ReadWrite,
                readOnly ? FileShare.Read : FileShare.None);
        }
        catch (FileNotFoundException e)
        {
            throw new IOException($"there is no file '{path}'; {(readOnly ? "ro does not make one" : "size=SIZE makes one")}", e);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new IOException($"there is no directory for '{path}'", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"no permission to {(readOnly ? "read" : "read and write")} '{path}'", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw new IOException($"'{path}' cannot be opened: {e.Message}", e);
        }
    }

    // ENOSPC is 28 on every Unix; EDQUOT is 122 on Linux, 69 on macOS; Windows: ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL.
    private static bool NoSpace(Exception e) => OperatingSystem.IsWindows()
        ? (uint)e.HResult is 0x80070070 or 0x80070027
        : e.HResult == 28 || e.HResult == (OperatingSystem.IsLinux() ? 122 : 69);
}
