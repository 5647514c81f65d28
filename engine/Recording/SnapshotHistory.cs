using Iscsitop.Engine.Fleet;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// The last hour in memory, as a recording has it and no more than so many bytes. When there is no room, what is old is merged to longer
/// intervals: the finer it is for its age, the sooner. Of very many cells some intervals are kept as they were, the fewer the older.
/// One thread uses it.
/// </summary>
public sealed class SnapshotHistory
{
    /// <summary>Bytes at most unless told otherwise.</summary>
    public const long DefaultBytes = 24_000_000;

    // Blocks of a minute are read in one go when one steps back.
    private const int BlockBytes = 128 << 10;
    private const long BlockLength = 60_000_000_000;

    // What cannot be afforded every interval is kept of some: so many cells a second.
    private const double CellsPerSecond = 10_000;

    // Beyond that a snapshot is kept for itself: what the codec would remember of its cells takes more than they do.
    private const int ManyCells = 4096;

    private readonly long _most;
    private readonly long _longest;
    private readonly BlockWriter _writer = new(BlockBytes, BlockLength, restates: true, numbered: true);
    private readonly List<Stored> _blocks = [];
    private readonly List<long> _pending = [];
    private readonly List<FleetMoment?> _pendingFleet = [];
    private readonly Reader _reader = new();
    private readonly Snapshot _rest = new();
    private readonly PackedCells.Packer _packer = new();
    private FleetMoment? _fleet;
    private long _due;

    /// <summary>A block, and when its snapshots ended.</summary>
    private sealed record Stored(byte[] Bytes, long[] Times)
    {
        /// <summary>Mean ns from one snapshot to the next.</summary>
        public double Step { get; init; }

        /// <summary>The cells and patterns of its only snapshot, when those are very many.</summary>
        public PackedCells? Cells { get; init; }

        /// <summary>What blocks have nothing of: the fleet at each of the times; empty without one.</summary>
        public FleetMoment?[] Fleet { get; init; } = [];

        /// <summary>Bytes it takes.</summary>
        public long Size { get; init; }
    }

    /// <param name="bytes">Bytes at most.</param>
    /// <param name="age">Age at most; an hour unless given.</param>
    public SnapshotHistory(long bytes = DefaultBytes, TimeSpan? age = null)
    {
        StreamFormat.RequireLittleEndian();
        (_most, _longest) = (bytes, (age ?? TimeSpan.FromHours(1)).Ticks * 100);
    }

    /// <summary>Bytes it takes.</summary>
    public long Bytes => _blocks.Sum(b => b.Size);

    /// <summary>Snapshots it has.</summary>
    public int Count => _blocks.Sum(b => b.Times.Length) + _pending.Count;

    /// <summary>When the oldest ended, ns since 1970; 0 when there is none.</summary>
    public long First => _blocks.Count > 0 ? _blocks[0].Times[0] : _pending.Count > 0 ? _pending[0] : 0;

    /// <summary>When the newest ended.</summary>
    public long Last => _pending.Count > 0 ? _pending[^1] : _blocks.Count > 0 ? _blocks[^1].Times[^1] : 0;

    /// <summary>Keeps a snapshot, which must be newer than those before.</summary>
    public void Add(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (snapshot.Time <= Last || snapshot.Seconds <= 0) return;
        if (snapshot.Time < _due) return;
        _fleet = FleetMoment.Of(snapshot, _fleet);
        _due = snapshot.Time + (long)((snapshot.Cells.Count + snapshot.Patterns.Count) / CellsPerSecond * 1e9);
        if (snapshot.Cells.Count + snapshot.Patterns.Count > ManyCells)
        {
            AddMany(snapshot);
            return;
        }
        bool full = _writer.Add(snapshot);
        _pending.Add(snapshot.Time);
        _pendingFleet.Add(_fleet);
        if (full) Finish();
    }

    private void AddMany(Snapshot snapshot)
    {
        Finish(prune: false);
        // What was packed the last time is known to be so by now.
        Prune();
        _rest.CopyRest(snapshot);
        _writer.Add(_rest);
        _rest.Clear();
        Put(_blocks.Count, _writer.Finish()!, [snapshot.Time], [_fleet], _packer.Pack(snapshot));
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _writer.Finish();
        _pending.Clear();
        _pendingFleet.Clear();
        _fleet = null;
        foreach (Stored block in _blocks) block.Cells?.Free();
        _blocks.Clear();
        _due = 0;
        _reader.Forget();
    }

    /// <summary>The first snapshot that ended then or later, else the newest; null when there is none. Valid until the next is asked for.</summary>
    public Snapshot? At(long time)
    {
        if (Count == 0) return null;
        time = Math.Min(time, Last);
        if (_pending.Count > 0 && (_blocks.Count == 0 || time > _blocks[^1].Times[^1])) Finish(prune: false);
        Stored block = _blocks.First(b => b.Times[^1] >= time);
        return _reader.Read(block, Array.FindIndex(block.Times, t => t >= time));
    }

    /// <summary>The snapshot after the one of a time; null when that is the newest.</summary>
    public Snapshot? After(long time) => time >= Last ? null : At(time + 1);

    /// <summary>The snapshot before the one of a time; null when that is the oldest.</summary>
    public Snapshot? Before(long time)
    {
        long before = 0;
        foreach (Stored block in _blocks)
            foreach (long t in block.Times)
                if (t < time) before = t;
        foreach (long t in _pending)
            if (t < time) before = t;
        return before == 0 ? null : At(before);
    }

    private void Finish(bool prune = true)
    {
        if (_writer.Finish() is not { } bytes) return;
        Put(_blocks.Count, bytes, [.. _pending], [.. _pendingFleet]);
        _pending.Clear();
        _pendingFleet.Clear();
        if (prune) Prune();
    }

    private void Put(int at, byte[] bytes, long[] times, FleetMoment?[] fleet, PackedCells? cells = null)
    {
        double step = times.Length > 1 ? (double)(times[^1] - times[0]) / (times.Length - 1) : at > 0 ? Math.Max(1, times[0] - _blocks[at - 1].Times[^1]) : 1e9;
        _blocks.Insert(at, new Stored(bytes, times)
        {
            Step = step,
            Cells = cells,
            Fleet = Array.TrueForAll(fleet, f => f is null) ? [] : fleet,
            Size = bytes.Length + (cells?.Bytes ?? 0) + fleet.Sum(f => f?.Bytes ?? 0),
        });
    }

    private void Prune()
    {
        while (_blocks.Count > 0 && Last - _blocks[0].Times[^1] > _longest) Remove(0);
        // The screen has much to keep beside them.
        long most = _blocks.Exists(b => b.Cells is not null) ? _most / 2 : _most;
        while (Bytes > most && (Thin() || Merge()))
        {
        }
        while (Bytes > most && _blocks.Count > 1) Remove(0);
    }

    private void Remove(int block)
    {
        _blocks[block].Cells?.Free();
        _blocks.RemoveAt(block);
    }

    // Merging very many cells takes longer than a key may wait: of those kept for themselves one goes, whose neighbours are closest for their age.
    private bool Thin()
    {
        int best = -1;
        double least = double.MaxValue;
        for (int i = 1; i < _blocks.Count - 1; i++)
        {
            if (_blocks[i].Cells is null) continue;
            double fine = (double)(_blocks[i + 1].Times[0] - _blocks[i - 1].Times[^1]) / (Last - _blocks[i].Times[0]);
            if (fine < least) (best, least) = (i, fine);
        }
        if (best < 0) return false;
        Remove(best);
        return true;
    }

    // Two blocks beside each other become one of every two of their snapshots merged: those whose interval is shortest for their age.
    private bool Merge()
    {
        int best = -1;
        double least = double.MaxValue;
        for (int i = 0; i < _blocks.Count - 2; i++)
        {
            if (_blocks[i].Times.Length + _blocks[i + 1].Times.Length < 3 || _blocks[i].Cells is not null || _blocks[i + 1].Cells is not null) continue;
            double fine = Math.Max(_blocks[i].Step, _blocks[i + 1].Step) / (Last - _blocks[i].Times[0]);
            if (fine < least) (best, least) = (i, fine);
        }
        if (best < 0) return false;
        var (reader, sum) = (new Reader(), new SnapshotSum());
        var writer = new BlockWriter(int.MaxValue, long.MaxValue, restates: true, numbered: true);
        List<long> times = [];
        List<FleetMoment?> fleets = [];
        FleetMoment? fleet = null;
        foreach (Stored block in _blocks.GetRange(best, 2))
            for (int i = 0; i < block.Times.Length; i++)
            {
                sum.Add(reader.Read(block, i));
                fleet = FleetMoment.Merge(fleet, block.Fleet.ElementAtOrDefault(i));
                if (sum.Count == 2) Write();
            }
        if (sum.Count > 0) Write();
        _blocks.RemoveRange(best, 2);
        Put(best, writer.Finish()!, [.. times], [.. fleets]);
        return true;

        void Write()
        {
            Snapshot merged = sum.Take();
            writer.Add(merged);
            times.Add(merged.Time);
            fleets.Add(fleet);
            fleet = null;
        }
    }

    /// <summary>Reads blocks. What is shown and what is merged meanwhile have one each: what was read is valid until the next.</summary>
    private sealed class Reader
    {
        private readonly SnapshotCodec _codec = new(decoding: true, numbered: true);
        private readonly Snapshot _read = new();
        private readonly List<CellDelta> _unpacked = [];
        private Stored? _block;
        private int _next;

        public Snapshot Read(Stored block, int index)
        {
            if (!ReferenceEquals(_block, block) || _next > index)
            {
                _codec.ForgetKept(engines: false);
                _codec.Begin(block.Bytes[BlockHeader.Size..], block.Bytes.Length - BlockHeader.Size);
                (_block, _next) = (block, 0);
            }
            for (; _next <= index; _next++)
            {
                _read.Clear();
                _codec.Code(_read);
                block.Cells?.Unpack(_read, _unpacked);
            }
            block.Fleet.ElementAtOrDefault(index)?.Restore(_read);
            return _read;
        }

        public void Forget()
        {
            _block = null;
            _unpacked.Clear();
        }
    }
}
