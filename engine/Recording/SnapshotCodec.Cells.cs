using System.Numerics;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Recording;

// Units, cells, patterns: what happened in the interval.
internal sealed partial class SnapshotCodec
{
    // Significant bits that are kept of times with commands outstanding.
    private const int TimeBits = 10;

    private readonly Dictionary<(EngineStatus, string Target, ulong Lun), UnitEntry> _unitIndex = [];
    private readonly List<UnitEntry> _units = [];
    private readonly Dictionary<(EngineStatus, string), InitiatorEntry> _initiatorIndex = [];
    private readonly List<InitiatorEntry> _initiators = [];
    private readonly Dictionary<(EngineStatus, CellKey, bool Nameless), CellEntry> _cellIndex = [];
    private readonly List<CellEntry> _cells = [];
    private readonly Dictionary<(EngineStatus, PatternKey, Whose), PatternEntry> _patternIndex = [];
    private readonly List<PatternEntry> _patterns = [];
    private readonly Dictionary<(int, ulong, CommandKind), Place> _places = [];
    private Cell? _cell;
    private Pattern? _pattern;

    private void CodeUnits(Snapshot snapshot)
    {
        int known = _units.Count;
        foreach (UnitEntry entry in _units) entry.Present = false;
        foreach (UnitDelta delta in snapshot.Units)
        {
            var key = (delta.Engine, delta.Target, delta.Lun);
            if (!_unitIndex.TryGetValue(key, out UnitEntry? entry))
            {
                _unitIndex.Add(key, entry = new UnitEntry());
                _units.Add(entry);
            }
            (entry.Present, entry.Delta) = (true, delta);
        }
        int news = _units.Count - known;
        for (int i = 0; i < known; i++) Presence(2, _units[i]);
        news = News(2, news, known);
        for (int i = 0; i < news; i++) Define(Decoding ? null : _units[known + i]).Was = true;
        foreach (UnitEntry entry in _units)
        {
            if (!entry.Present) continue;
            CodeUnit(entry, entry.Delta!);
            if (Decoding) snapshot.Units.Add(entry.Delta!);
        }
    }

    private UnitEntry Define(UnitEntry? entry)
    {
        UnitDelta? delta = entry?.Delta;
        EngineEntry engine = Engine(delta?.Engine);
        string target = Text(5, delta?.Target ?? "");
        ulong lun = _coder.Number(Kinds.Lun, delta?.Lun ?? 0);
        if (entry is not null) return entry;
        _coder.Hold(384);
        entry = new UnitEntry { Present = true, Delta = new UnitDelta { Target = target, Lun = lun, Engine = engine.Status } };
        _units.Add(entry);
        return entry;
    }

    private EngineEntry Engine(EngineStatus? status)
    {
        int index = _coder.Count(Kinds.Reference + 1, status is null ? 0 : EntryOf(status).Index, int.MaxValue);
        return index < _engines.Count ? _engines[index] : throw new RecordingFormatException("something of no engine");
    }

    private void CodeUnit(UnitEntry entry, UnitDelta delta)
    {
        if (Changed(6, delta.Name != entry.Name || delta.Identity != entry.Identity || delta.BlockSize != entry.BlockSize))
        {
            entry.Name = Text(8, delta.Name);
            entry.Identity = Text(9, delta.Identity);
            entry.BlockSize = _coder.Count(Kinds.Unit, delta.BlockSize, int.MaxValue);
        }
        (delta.Name, delta.Identity, delta.BlockSize) = (entry.Name, entry.Identity, entry.BlockSize);
        entry.MaxOutstanding = delta.MaxOutstanding = _coder.Near(Kinds.Unit + 1, delta.MaxOutstanding, entry.MaxOutstanding);
        entry.Peak = _coder.Near(Kinds.Unit + 2, (long)delta.PeakIops, entry.Peak);
        long busy = Rounded(Kinds.Unit + 3, delta.BusyTime);
        if (Decoding) (delta.PeakIops, delta.BusyTime) = (entry.Peak, busy);
    }

    private void CodeInitiators(Snapshot snapshot)
    {
        int known = _initiators.Count;
        foreach (InitiatorEntry entry in _initiators) entry.Present = false;
        foreach (InitiatorDelta delta in snapshot.Initiators)
        {
            var key = (delta.Engine, delta.Initiator);
            if (!_initiatorIndex.TryGetValue(key, out InitiatorEntry? entry))
            {
                _initiatorIndex.Add(key, entry = new InitiatorEntry(delta.Initiator, EntryOf(delta.Engine)));
                _initiators.Add(entry);
            }
            (entry.Present, entry.MaxOutstanding) = (true, delta.MaxOutstanding);
        }
        int news = _initiators.Count - known;
        for (int i = 0; i < known; i++) Presence(5, _initiators[i]);
        news = News(9, news, known);
        for (int i = 0; i < news; i++) Define(Decoding ? null : _initiators[known + i]).Was = true;
        foreach (InitiatorEntry entry in _initiators)
        {
            if (!entry.Present) continue;
            entry.Last = _coder.Near(Kinds.Initiator, entry.MaxOutstanding, entry.Last);
            if (Decoding) snapshot.Initiators.Add(new InitiatorDelta(entry.Name, entry.Engine.Status, entry.Last));
        }
    }

    private InitiatorEntry Define(InitiatorEntry? entry)
    {
        EngineEntry engine = Engine(entry?.Engine.Status);
        string name = Text(6, entry?.Name ?? "");
        if (entry is not null) return entry;
        _coder.Hold(256);
        entry = new InitiatorEntry(name, engine) { Present = true };
        _initiators.Add(entry);
        return entry;
    }

    // To so many significant bits, so that what is small stays more than nothing.
    private long Rounded(int kind, long value)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)Math.Max(value, 1)) + 1 - TimeBits);
        shift = _coder.Count(kind, shift, 63 - TimeBits);
        return (long)_coder.Number(kind + 1, (ulong)Math.Max(0, value) >> shift) << shift;
    }

    private void CodeCells(Snapshot snapshot)
    {
        int known = _cells.Count;
        foreach (CellEntry entry in _cells) entry.Present = false;
        foreach (CellDelta delta in snapshot.Cells)
        {
            var key = (delta.Engine, delta.Cell.Key, delta.Connection.Local.Length == 0);
            if (!_cellIndex.TryGetValue(key, out CellEntry? entry) || entry.Present)
            {
                entry = Placed(new CellEntry(EntryOf(delta.Engine, delta.Connection), delta.Cell.Key, delta.Cell.Kind));
                _cellIndex[key] = entry;
                _cells.Add(entry);
            }
            (entry.Present, entry.Delta) = (true, delta);
        }
        int news = _cells.Count - known;
        for (int i = 0; i < known; i++) Presence(3, _cells[i]);
        news = News(3, news, known);
        for (int i = 0; i < news; i++) Define(Decoding ? null : _cells[known + i]).Was = true;
        foreach (CellEntry entry in _cells)
        {
            if (!entry.Present)
            {
                entry.Outstanding = 0;
                continue;
            }
            if (Decoding) entry.Delta!.Cell.Clear();
            CodeCell(entry, _cell = entry.Delta!.Cell);
            if (!Decoding) continue;
            entry.Delta.Connection = entry.Connection.Info!;
            snapshot.Cells.Add(entry.Delta);
        }
    }

    private CellEntry Define(CellEntry? entry)
    {
        ConnectionEntry connection = Refer(entry?.Connection.Engine.Status, entry?.Delta!.Connection);
        ulong lun = _coder.Number(Kinds.Lun, entry?.Key.Lun ?? 0);
        ushort operation = (ushort)_coder.Count(Kinds.Operation, entry?.Key.Operation ?? 0, ushort.MaxValue);
        var kind = (CommandKind)_coder.Count(Kinds.Cell, (int)(entry?.Kind ?? 0), 2);
        if (entry is not null) return entry;
        _coder.Hold(768);
        var key = new CellKey(connection.Id, lun, operation);
        entry = Placed(new CellEntry(connection, key, kind) { Present = true });
        entry.Delta = new CellDelta { Cell = new Cell { Key = key, Kind = kind }, Connection = connection.Info!, Engine = connection.Engine.Status };
        _cells.Add(entry);
        return entry;
    }

    private CellEntry Placed(CellEntry entry)
    {
        entry.Place = PlaceOf(entry.Connection, entry.Key.Lun, entry.Kind);
        return entry;
    }

    private PatternEntry Placed(PatternEntry entry)
    {
        entry.Place = PlaceOf(entry.Connection, entry.Key.Lun, entry.Key.Writes ? CommandKind.Write : CommandKind.Read);
        return entry;
    }

    private Place PlaceOf(ConnectionEntry connection, ulong lun, CommandKind kind)
    {
        if (!_places.TryGetValue((connection.Index, lun, kind), out Place? place)) _places.Add((connection.Index, lun, kind), place = new Place());
        return place;
    }

    private void CodeCell(CellEntry entry, Cell cell)
    {
        int magnitude = Math.Min(BitOperations.Log2((ulong)(entry.Mean >> 4) + 1), Kinds.Magnitudes - 1);
        cell.Completed = _coder.Near(Kinds.CellCompleted + magnitude, cell.Completed, entry.Mean >> 4);
        entry.Mean = entry.Mean == 0 ? cell.Completed << 4 : entry.Mean + ((cell.Completed << 4) - entry.Mean >> 2);
        cell.Errors = _coder.Signed(Kinds.Cell + 1, cell.Errors);
        cell.Aborted = _coder.Signed(Kinds.Cell + 2, cell.Aborted);
        cell.Outstanding = _coder.Near(Kinds.Cell + 3, cell.Outstanding, entry.Outstanding);
        cell.Started = _coder.Near(Kinds.Cell + 4, cell.Started, cell.Completed + cell.Aborted + cell.Outstanding - entry.Outstanding);
        entry.Outstanding = cell.Outstanding;
        entry.Place.Begin(cell.Started, _snapshots);
        cell.ReadBytes = Bytes(entry, Kinds.Cell + 5, cell.ReadBytes, cell.Kind == CommandKind.Read ? cell.Completed : 0);
        cell.WriteBytes = Bytes(entry, Kinds.Cell + 5, cell.WriteBytes, cell.Kind == CommandKind.Write ? cell.Completed : 0);
        Histogram? latency = _histograms.Code(0, cell.Of(Phase.Latency), _makers[0], cell.Completed, null, ref entry.Phases[0]);
        Histogram? like = latency;
        for (int i = 1; i < Cell.PhaseCount; i++)
        {
            // The first data comes when the service ends; and that is when all does, where nothing is transferred.
            Histogram? phase = _histograms.Code(i, cell.Of((Phase)i), _makers[i], latency?.Count ?? cell.Completed, i == (int)Phase.FirstByte ? like : latency, ref entry.Phases[i]);
            if (i == (int)Phase.Service) like = phase ?? latency;
        }
        OutstandingTime(cell, latency);
        if (_version >= 2 && entry.Key.Operation == Reclaimed.Operation) CodeReclaimed(cell);
    }

    private void CodeReclaimed(Cell cell)
    {
        long blocks = (long)_coder.Number(Kinds.Reclaimed, (ulong)(cell.Reclaimed?.Blocks ?? 0));
        long descriptors = (long)_coder.Number(Kinds.Reclaimed + 1, (ulong)(cell.Reclaimed?.Descriptors ?? 0));
        long unseen = (long)_coder.Number(Kinds.Reclaimed + 2, (ulong)(cell.Reclaimed?.Unseen ?? 0));
        if (!Decoding || descriptors + unseen == 0) return;
        Reclaimed reclaimed = cell.EnsureReclaimed();
        (reclaimed.Blocks, reclaimed.Descriptors, reclaimed.Unseen) = (blocks, descriptors, unseen);
    }

    // As many as there were of the size there was, and what is more or less in units of that size's power of two.
    private long Bytes(CellEntry entry, int kind, long bytes, long commands)
    {
        long expected = commands * entry.Size;
        if (Changed(7 + (commands > 0 ? 1 : 0), bytes != expected))
        {
            int shift = bytes == 0 ? entry.Shift : Math.Min(BitOperations.TrailingZeroCount(bytes), 20);
            shift = entry.Shift = (int)_coder.Near(kind, shift, entry.Shift);
            if ((uint)shift > 20) throw new RecordingFormatException("a size of no block");
            bytes = _coder.Near(kind + 1, bytes >> shift, expected >> shift) << shift;
        }
        else
        {
            bytes = expected;
        }
        if (commands > 0) entry.Size = bytes / commands;
        return bytes;
    }

    // Commands that ended were outstanding for as long as they took; what differs is of those that lasted longer than the interval.
    private void OutstandingTime(Cell cell, Histogram? latency)
    {
        long middle = latency is null ? 0 : _histograms.Estimate(latency);
        long expected = latency is null ? cell.Outstanding * _interval : middle;
        long unit = Math.Max(1, middle >> 9), off = cell.OutstandingTime - expected;
        off = _coder.Signed(Kinds.Cell + (latency is null ? 7 : 8), Decoding ? 0 : (off + Math.Sign(off) * (unit / 2)) / unit);
        if (Decoding) cell.OutstandingTime = expected + off * unit;
    }

    private void CodePatterns(Snapshot snapshot)
    {
        int known = _patterns.Count;
        foreach (PatternEntry entry in _patterns) entry.Present = false;
        foreach (PatternDelta delta in snapshot.Patterns)
        {
            if (delta.Pattern.Count == 0) continue;
            var key = (delta.Engine, delta.Key, Whose.Of(delta.Connection));
            if (!_patternIndex.TryGetValue(key, out PatternEntry? entry))
            {
                entry = Placed(new PatternEntry(EntryOf(delta.Engine, delta.Connection), delta.Key));
                _patternIndex.Add(key, entry);
                _patterns.Add(entry);
            }
            (entry.Present, entry.Delta) = (true, delta);
        }
        int news = _patterns.Count - known;
        for (int i = 0; i < known; i++) Presence(4, _patterns[i]);
        news = News(4, news, known);
        for (int i = 0; i < news; i++) Define(Decoding ? null : _patterns[known + i]).Was = true;
        foreach (PatternEntry entry in _patterns)
        {
            if (!entry.Present) continue;
            if (Decoding) entry.Delta!.Pattern.Clear();
            CodePattern(entry, _pattern = entry.Delta!.Pattern);
            if (!Decoding) continue;
            entry.Delta.Connection = entry.Connection.Info!;
            snapshot.Patterns.Add(entry.Delta);
        }
    }

    private PatternEntry Define(PatternEntry? entry)
    {
        ConnectionEntry connection = Refer(entry?.Connection.Engine.Status, entry?.Delta!.Connection);
        ulong lun = _coder.Number(Kinds.Lun, entry?.Key.Lun ?? 0);
        bool writes = Flag(11, entry?.Key.Writes ?? false);
        if (entry is not null) return entry;
        _coder.Hold(3072);
        var key = new PatternKey(connection.Id, lun, writes);
        entry = Placed(new PatternEntry(connection, key) { Present = true });
        entry.Delta = new PatternDelta { Key = key, Connection = connection.Info!, Engine = connection.Engine.Status };
        _patterns.Add(entry);
        return entry;
    }

    private void CodePattern(PatternEntry entry, Pattern pattern)
    {
        int magnitude = Math.Min(BitOperations.Log2((ulong)(entry.Mean >> 4) + 1), Kinds.Magnitudes - 1);
        pattern.Count = _coder.Near(Kinds.Pattern + 8 + magnitude, pattern.Count, entry.Place.Begun(_snapshots));
        entry.Mean = pattern.Count << 4;
        pattern.Unplaced = _coder.Signed(Kinds.Pattern, pattern.Unplaced);
        Classes(0, pattern.Sizes, entry.Last[0], pattern.Count);
        for (int i = 0; i < Pattern.SizeClasses; i++)
            if (pattern.Sizes[i] != 0 && !Changed(9, pattern.Exact[i] != pattern.Sizes[i])) pattern.Exact[i] = pattern.Sizes[i];
            else if (pattern.Sizes[i] != 0) pattern.Exact[i] = _coder.Signed(Kinds.Pattern + 1, pattern.Exact[i]);
        Classes(1, pattern.Aligned, entry.Last[1], pattern.Count);
        Classes(2, pattern.Seeks, entry.Last[2], pattern.Count - pattern.Unplaced);
        long far = 0;
        for (int i = 20; i < Pattern.NoSeek; i++) far += pattern.Seeks[Pattern.NoSeek + 1 + i] + pattern.Seeks[Pattern.NoSeek - 1 - i];
        pattern.Sequential = _coder.Near(Kinds.Pattern + 2, pattern.Sequential, pattern.Seeks[Pattern.NoSeek]);
        pattern.Random = _coder.Near(Kinds.Pattern + 3, pattern.Random, far);
        Histogram? times = _histograms.Coarse(Cell.PhaseCount + 1, pattern.Interarrival, _makeInterarrival, pattern.Count, entry.Interarrival);
        if (Decoding && times is null) pattern.Interarrival = null;
    }

    // Counts of classes, of which the sum is nearly known, by what they were. The last that ever had any probably has what is left.
    private void Classes(int which, Span<long> classes, long[] last, long expected)
    {
        bool exact = _version >= 3; // of what is left, not of all
        long total = 0, known = 0;
        int top = -1;
        foreach (long n in classes) total += n;
        total = _coder.Near(Kinds.PatternCounts + which * 4, total, expected);
        for (int i = 0; i < last.Length; i++)
        {
            known += last[i];
            if (last[i] > 0) top = i;
        }
        long left = total;
        for (int i = 0; i < classes.Length; i++)
        {
            if (left > 0 && i == top && !Changed(11 + which, classes[i] != left)) classes[i] = left;
            else if (left > 0)
                classes[i] = _coder.Expected(
                    Decisions.Classes + which * Decisions.Levels * Decisions.Unary, classes[i], known <= 0 ? 64 : Math.Max(1, (exact ? left : total) * last[i] * 64 / known));
            left -= classes[i];
            if (exact) known -= last[i];
            last[i] += (Math.Min(classes[i], 1 << 20) << 8) - last[i] >> (exact ? 3 : 2);
        }
    }
}
