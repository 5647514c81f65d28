namespace Iscsitop.Engine.Recording;

/// <summary>Collects snapshots into blocks. What is not yet in a finished block is lost when the process is.</summary>
/// <param name="most">Bytes after which a block ends.</param>
/// <param name="longest">Measured ns after which it ends.</param>
/// <param name="restates">Whether each block tells everything, so that any may be forgotten.</param>
/// <param name="numbered">Whether engines keep their numbers: for this process only.</param>
internal sealed class BlockWriter(int most = BlockWriter.Bytes, long longest = BlockWriter.Longest, bool restates = false, bool numbered = false)
{
    /// <summary>A block ends at the latest after so many bytes.</summary>
    public const int Bytes = 65536;

    /// <summary>And after so many ns.</summary>
    public const long Longest = 10_000_000_000;

    private readonly SnapshotCodec _codec = new(decoding: false, numbered);
    private bool _told;
    private bool _restates;
    private int _snapshots;
    private long _first, _last;

    /// <summary>Snapshots in the block that is not finished.</summary>
    public int Pending => _snapshots;

    /// <summary>Adds a snapshot.</summary>
    /// <returns>Whether the block is long enough now: <see cref="Finish"/> it.</returns>
    public bool Add(Snapshot snapshot)
    {
        long begin = snapshot.Time - SnapshotCodec.Nanoseconds(snapshot.Seconds);
        if (_snapshots == 0)
        {
            _restates = restates || !_told;
            _codec.Begin(_restates);
            (_first, _last, _told) = (begin, snapshot.Time, true);
        }
        _codec.Code(snapshot);
        _snapshots++;
        (_first, _last) = (Math.Min(_first, begin), Math.Max(_last, snapshot.Time));
        return _codec.Length >= most || _last - _first >= longest || _snapshots >= BlockHeader.MostSnapshots;
    }

    /// <summary>The next block tells everything again, as the first of a file does.</summary>
    public void BeginFile() => _told = false;

    /// <summary>Ends the block.</summary>
    /// <param name="events">What <see cref="EventRecorder.Take"/> gave; null when none are recorded.</param>
    /// <returns>Header and payload; null when it has no snapshot.</returns>
    public byte[]? Finish(byte[]? events = null)
    {
        if (_snapshots == 0) return null;
        ReadOnlyMemory<byte> payload = _codec.End();
        byte[] block = [.. new byte[BlockHeader.Size], .. payload.Span, .. events ?? []];
        ReadOnlySpan<byte> whole = block.AsSpan(BlockHeader.Size);
        new BlockHeader(whole.Length, BlockHeader.Sum(whole), _snapshots, _codec.HasNews, _restates, _first, _last)
        {
            WithEvents = events is not null,
            EventBytes = events?.Length ?? 0,
        }.Write(block);
        _snapshots = 0;
        return block;
    }
}
