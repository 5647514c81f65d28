using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// What a unit (or all of them) does as a whole, or an initiator on all units. Maxima belong to an interval, and each subscriber has its own: the unit
/// keeps those of the running 100 ms slot and raises every subscriber's when the slot ends or a snapshot is due.
/// </summary>
internal sealed class UnitState(int index, uint target, ulong lun, long time)
{
    /// <summary>Length of a slot in ns (docs/measures.md, PK).</summary>
    public const long Slot = 100_000_000;

    private long _touched = time;
    private long _busy;
    private long _slotEnd = SlotEnd(time);
    private int _starts;
    private long _max;
    private int _supposed;
    private int _agreeing;

    /// <summary>Commands that must agree on the size of a block.</summary>
    public const int Agreeing = 8;

    /// <summary>Its place in <see cref="UnitMaxima"/>.</summary>
    public int Index => index;

    /// <summary>Id of the target's name; of an initiator's, where it is one.</summary>
    public uint Target => target;

    /// <summary>LUN as a number.</summary>
    public ulong Lun => lun;

    /// <summary>Bytes of a logical block, 0 while not known.</summary>
    public int BlockSize { get; private set; }

    /// <summary>Commands outstanding now.</summary>
    public long Outstanding { get; private set; }

    /// <summary>The unit has told how long its blocks are.</summary>
    public void Told(int blockSize)
    {
        if (blockSize > 0) BlockSize = blockSize;
    }

    /// <summary>
    /// What a command tells of a block's size, where READ CAPACITY was not seen: initiators know it. Believed when
    /// <see cref="Agreeing"/> in a row say the same.
    /// </summary>
    /// <returns>The size, 0 while not known.</returns>
    public int Suppose(uint bytes, uint blocks)
    {
        if (blocks == 0) return 0;
        int size = bytes % blocks == 0 && bytes / blocks is >= 512 and <= 1 << 16 ? (int)(bytes / blocks) : 0;
        _agreeing = size == _supposed && size > 0 ? _agreeing + 1 : 1;
        _supposed = size;
        if (size > 0 && _agreeing >= Agreeing) BlockSize = size;
        return BlockSize;
    }

    /// <summary>ns with a command outstanding, up to a time.</summary>
    public long BusyTime(long time) => _busy + (Outstanding > 0 ? Math.Max(0, time - _touched) : 0);

    /// <summary>A command began.</summary>
    public void Begin(long time, List<UnitMaxima> listeners)
    {
        Touch(time);
        if (time >= _slotEnd) EndSlot(time, listeners);
        Outstanding++;
        _starts++;
        if (Outstanding > _max) _max = Outstanding;
    }

    /// <summary>A command ended.</summary>
    public void End(long time)
    {
        Touch(time);
        Outstanding--;
    }

    /// <summary>Tells every subscriber the maxima so far, at the end of one's interval.</summary>
    public void Settle(long time, List<UnitMaxima> listeners)
    {
        foreach (UnitMaxima listener in listeners) listener.Raise(index, _starts, _max);
        _max = Outstanding;
        if (time >= _slotEnd) EndSlot(time, listeners);
    }

    /// <summary>Forgets what it counted.</summary>
    public void Clear(long time)
    {
        _touched = time;
        _busy = _max = Outstanding = 0;
        _starts = 0;
        _slotEnd = SlotEnd(time);
    }

    private void Touch(long time)
    {
        _busy = BusyTime(time);
        // What has been counted is not counted again when time goes back.
        if (time > _touched || Outstanding == 0) _touched = time;
    }

    private static long SlotEnd(long time) => (time / Slot + 1) * Slot;

    private void EndSlot(long time, List<UnitMaxima> listeners)
    {
        foreach (UnitMaxima listener in listeners) listener.Raise(index, _starts, _max);
        _slotEnd = SlotEnd(time);
        _starts = 0;
        _max = Outstanding;
    }
}

/// <summary>One subscriber's maxima of its running interval, by unit.</summary>
internal sealed class UnitMaxima
{
    private long[] _outstanding = [];
    private int[] _starts = [];

    /// <summary>Raises a unit's maxima.</summary>
    public void Raise(int index, int starts, long outstanding)
    {
        if (index >= _starts.Length)
        {
            int length = Math.Max(16, 2 * index);
            Array.Resize(ref _starts, length);
            Array.Resize(ref _outstanding, length);
        }
        if (starts > _starts[index]) _starts[index] = starts;
        if (outstanding > _outstanding[index]) _outstanding[index] = outstanding;
    }

    /// <summary>Most commands begun in one slot.</summary>
    public int Starts(int index) => index < _starts.Length ? _starts[index] : 0;

    /// <summary>Most commands outstanding.</summary>
    public long Outstanding(int index) => index < _outstanding.Length ? _outstanding[index] : 0;

    /// <summary>Hands the interval's maxima to <paramref name="other"/> and begins the next.</summary>
    public void MoveTo(UnitMaxima other)
    {
        (other._starts, _starts) = (_starts, other._starts);
        (other._outstanding, _outstanding) = (_outstanding, other._outstanding);
        Clear();
    }

    /// <summary>Begins the next interval.</summary>
    public void Clear()
    {
        Array.Clear(_starts);
        Array.Clear(_outstanding);
    }
}

/// <summary>The units of an engine by target and LUN, and one for all of them together. Bounded, since LUNs come from peers.</summary>
internal sealed class UnitTable
{
    /// <summary>Units kept that nobody announced; what is beyond has cells but no maxima.</summary>
    public const int MaxUnannounced = 4096;

    /// <summary>Initiators that are followed; what is beyond has no maxima.</summary>
    public const int MaxInitiators = 4096;

    private readonly Dictionary<(uint Target, ulong Lun), UnitState> _index = [];
    private readonly Dictionary<uint, UnitState> _initiators = [];
    private int _unannounced;

    /// <summary>Every unit; the first is all of them together.</summary>
    public List<UnitState> All { get; } = [new UnitState(0, 0, Iscsitop.Target.Iscsi.Lun.Unknown, 0)];

    /// <summary>Every initiator, on all units together.</summary>
    public List<UnitState> Initiators { get; } = [];

    /// <summary>Who wants maxima.</summary>
    public List<UnitMaxima> Listeners { get; } = [];

    /// <summary>All units together.</summary>
    public UnitState Total => All[0];

    /// <summary>The unit of a command, null when there are too many.</summary>
    public UnitState? Of(uint target, ulong lun, long time)
    {
        if (_index.TryGetValue((target, lun), out UnitState? unit)) return unit;
        if (_unannounced >= MaxUnannounced || _index.Count >= Roster.MostUnits) return null;
        _unannounced++;
        return Add(target, lun, time);
    }

    /// <summary>An initiator by the id of its name, null when there are too many or it has none of its own.</summary>
    public UnitState? OfInitiator(uint initiator, long time)
    {
        if (_initiators.TryGetValue(initiator, out UnitState? state)) return state;
        if (initiator <= Provider.OtherName || Initiators.Count >= MaxInitiators) return null;
        state = new UnitState(Next, initiator, Iscsitop.Target.Iscsi.Lun.Unknown, time);
        _initiators.Add(initiator, state);
        Initiators.Add(state);
        return state;
    }

    /// <summary>Makes room for a unit that exists, unless there are too many.</summary>
    public void Announce(uint target, ulong lun, long time, int blockSize = 0)
    {
        if (!_index.TryGetValue((target, lun), out UnitState? unit) && _index.Count < Roster.MostUnits) unit = Add(target, lun, time);
        unit?.Told(blockSize);
    }

    /// <summary>Tells every subscriber all maxima so far.</summary>
    public void Settle(long time)
    {
        foreach (UnitState unit in All) unit.Settle(time, Listeners);
        foreach (UnitState initiator in Initiators) initiator.Settle(time, Listeners);
    }

    /// <summary>Forgets what was counted, but not which units there are.</summary>
    public void Clear(long time)
    {
        foreach (UnitState unit in All) unit.Clear(time);
        foreach (UnitState initiator in Initiators) initiator.Clear(time);
    }

    // Units and initiators have their maxima in one table.
    private int Next => All.Count + Initiators.Count;

    private UnitState Add(uint target, ulong lun, long time)
    {
        var unit = new UnitState(Next, target, lun, time);
        _index.Add((target, lun), unit);
        All.Add(unit);
        return unit;
    }
}
