using System.Globalization;
using Iscsitop.Engine;
using Parquet;
using Parquet.Schema;

namespace Iscsitop.Cli.Snooping;

/// <summary>Where records go, and when another file begins. 0 stands for no bound.</summary>
/// <param name="Path">The file; when it is rotated, what the names of files are made of.</param>
/// <param name="RotateBytes">Bytes after which another begins; looked at after each row group.</param>
/// <param name="RotateAge">Time after which it does.</param>
internal sealed record ParquetTarget(string Path, long RotateBytes = 0, TimeSpan RotateAge = default)
{
    /// <summary>Whether there is more than one file.</summary>
    public bool Rotates => RotateBytes > 0 || RotateAge > TimeSpan.Zero;

    /// <summary>The name of a file while it is written.</summary>
    public string Part => Path + ".part";

    /// <summary>The name of a file that is complete: <c>FILE-20261127-215822.parquet</c>, the time of its first row in UTC.</summary>
    /// <param name="began">ns since 1970.</param>
    public string Name(long began)
    {
        if (!Rotates) return Path;
        string end = System.IO.Path.GetExtension(Path);
        string dated = $"{Path[..^end.Length]}-{DateTime.UnixEpoch.AddTicks(began / 100).ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        string name = dated + end;
        for (int i = 1; File.Exists(name); i++) name = string.Create(CultureInfo.InvariantCulture, $"{dated}.{i}{end}");
        return name;
    }
}

/// <summary>
/// Records on their way to Parquet files: row groups of at most 65,536, gathered in columns. A file has its name once it is complete; what
/// ends without an end leaves a .part that the next run writes over. Who adds waits while a group is written.
/// </summary>
internal sealed class ParquetFiles<T> : IDisposable
{
    /// <summary>Rows of a group.</summary>
    public const int GroupRows = 65_536;

    private static readonly ParquetOptions s_options = new() { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = System.IO.Compression.CompressionLevel.Fastest };

    private readonly ParquetTarget _target;
    private readonly int? _most;
    private readonly Action _ended;
    private readonly ParquetColumn<T>[] _columns;
    private readonly ParquetSchema _schema;
    private readonly Lock _lock = new();
    private FileStream? _file;
    private ParquetWriter? _writer;
    private bool _isEnded;
    private long _began;
    private long _inFile;
    private int _rows;

    /// <summary>Opens the first file.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="fields">The fields of a record.</param>
    /// <param name="most">Records until the end, null for no end.</param>
    /// <param name="ended">Called once when no more records are taken.</param>
    /// <exception cref="InputException">It cannot be written, or somebody else writes it.</exception>
    public ParquetFiles(ParquetTarget target, RecordField<T>[] fields, int? most, Action ended)
    {
        (_target, _most, _ended) = (target, most, ended);
        _columns = [.. fields.SelectMany(f => f.Value.Columns(f.Name))];
        _schema = new ParquetSchema(_columns.Select(c => c.Field));
        string directory = Path.GetDirectoryName(Path.GetFullPath(target.Path)) ?? "/";
        if (!Directory.Exists(directory)) throw new InputException($"{target.Path}: there is no directory {directory}: make it, or name another file");
        try
        {
            Begin();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(e.Message, e);
        }
    }

    /// <summary>Records taken, and files completed.</summary>
    public (long Records, int Files) Written { get; private set; }

    /// <summary>What went wrong with a file, null when nothing did.</summary>
    public IOException? Failure { get; private set; }

    /// <summary>Adds a record.</summary>
    public void Add(in T line, in EventContext context)
    {
        lock (_lock)
        {
            if (_isEnded) return;
            FinishOld(context.WallTime);
            if (_began == 0) _began = context.WallTime;
            foreach (ParquetColumn<T> column in _columns) column.Put(_rows, line, context);
            _rows++;
            Written = Written with { Records = Written.Records + 1 };
            if (_rows == GroupRows) Try(WriteGroup);
            if (Written.Records == _most) End();
        }
    }

    /// <summary>Completes a file that is old enough, though nothing comes.</summary>
    /// <param name="now">ns since 1970.</param>
    public void Tick(long now)
    {
        lock (_lock) FinishOld(now);
    }

    /// <summary>Completes the last file. Without a record there is an empty one, or none when they are rotated.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            if (Failure is not null) return;
            Try(() =>
            {
                if (_inFile + _rows > 0 || !_target.Rotates) Finish();
            });
            End();
        }
        Dispose();
    }

    /// <summary>Drops what is not complete.</summary>
    public void Dispose()
    {
        if (_file is null) return;
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // What its buffer held is as little use as the rest.
        }
        _file = null;
        File.Delete(_target.Part);
    }

    private void FinishOld(long now)
    {
        if (_target.RotateAge > TimeSpan.Zero && _inFile + _rows > 0 && now - _began >= _target.RotateAge.Ticks * 100) Try(Finish);
    }

    private void Begin()
    {
        _file = new FileStream(_target.Part, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
        _writer = ParquetWriter.CreateAsync(_schema, _file, s_options).GetAwaiter().GetResult();
    }

    private void WriteGroup()
    {
        if (_rows == 0) return;
        if (_file is null) Begin();
        using (ParquetRowGroupWriter group = _writer!.CreateRowGroup())
            foreach (ParquetColumn<T> column in _columns) column.WriteAsync(group, _rows).GetAwaiter().GetResult();
        _inFile += _rows;
        _rows = 0;
        if (_target.RotateBytes > 0 && _file!.Position >= _target.RotateBytes) Finish();
    }

    private void Finish()
    {
        int files = Written.Files;
        WriteGroup();
        // Its last group may have completed it.
        if (Written.Files > files || _file is null) return;
        _writer!.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        _file = null;
        File.Move(_target.Part, _target.Name(_began), overwrite: !_target.Rotates);
        Written = Written with { Files = files + 1 };
        (_began, _inFile) = (0, 0);
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failure = new IOException(string.Create(CultureInfo.InvariantCulture, $"{e.Message}: {_inFile + _rows} records of this file are lost"), e);
            Dispose();
            End();
        }
    }

    private void End()
    {
        if (!_isEnded) _ended();
        _isEnded = true;
    }
}
