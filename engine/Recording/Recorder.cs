namespace Iscsitop.Engine.Recording;

/// <summary>
/// Makes blocks of snapshots and keeps to a budget: where an hour would need more, snapshots are merged, two, five, ten of them and so
/// on, until it does not. Each tells its measured time, so that rates stay true.
/// </summary>
public sealed class Recorder
{
    // What an interval is lengthened to, in intervals asked for.
    private static readonly int[] s_steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];

    // An interval is shortened again once as many blocks would have had room for that.
    private const int Patience = 6;

    // Of the budget is what an interval is lengthened to, so that what varies from block to block does not exceed it.
    private const double Share = 0.9;

    private readonly BlockWriter _writer = new();
    private readonly SnapshotSum _sum = new();
    private readonly Action<ReadOnlyMemory<byte>, long> _write;
    private readonly double _perSecond;
    private readonly EventRecorder? _events;
    private int _step;
    private int _roomy;
    private double _seconds;
    private double _mean;
    private long _first;

    /// <param name="write">Takes a block and the time its first interval ended, ns since 1970.</param>
    /// <param name="bytesAnHour">The budget of snapshots; 0 for none.</param>
    /// <param name="events">Collects events, which come into the blocks beside them; null for none.</param>
    public Recorder(Action<ReadOnlyMemory<byte>, long> write, long bytesAnHour = 0, EventRecorder? events = null)
    {
        ArgumentNullException.ThrowIfNull(write);
        StreamFormat.RequireLittleEndian();
        (_write, _perSecond, _events) = (write, bytesAnHour / 3600.0, events);
    }

    /// <summary>How many intervals make one that is written.</summary>
    public int Merged => s_steps[_step];

    /// <summary>How many of the snapshots given make one interval of those asked for; at least 1.</summary>
    public int Together { get; init; } = 1;

    /// <summary>Called when <see cref="Merged"/> has changed.</summary>
    public Action? OnChanged { get; set; }

    /// <summary>Snapshots written, blocks and bytes.</summary>
    public (long Snapshots, long Blocks, long Bytes) Written { get; private set; }

    /// <summary>Takes a snapshot.</summary>
    public void Add(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        _sum.Add(snapshot); // one by one too: an engine is the same then, merged or not
        _events?.Note(snapshot);
        if (_sum.Count >= Merged * Together || IsFull) Put(_sum.Take());
    }

    /// <summary>Writes what is there, were it no whole block yet.</summary>
    public void Flush()
    {
        if (_sum.Count > 0) Put(_sum.Take());
        Finish(last: true);
    }

    /// <summary>What comes next goes to another file, which can be read without this one.</summary>
    public void BeginFile() => _writer.BeginFile();

    private void Put(Snapshot snapshot)
    {
        if (_writer.Pending == 0) (_first, _seconds) = (snapshot.Time, 0);
        _seconds += snapshot.Seconds;
        Written = Written with { Snapshots = Written.Snapshots + 1 };
        if (_writer.Add(snapshot) || IsFull) Finish();
    }

    private bool IsFull => _events?.Waiting >= EventRecorder.Enough;

    private void Finish(bool last = false)
    {
        if (_writer.Pending == 0) return;
        byte[]? events = _events?.Take();
        byte[] block = _writer.Finish(events)!;
        Written = Written with { Blocks = Written.Blocks + 1, Bytes = Written.Bytes + block.Length };
        _write(block, _first);
        if (_perSecond > 0 && _seconds > 0 && !last) KeepTo((block.Length - (events?.Length ?? 0)) / _seconds);
    }

    // Half the snapshots take a little more than half the room.
    private void KeepTo(double last)
    {
        int before = _step;
        double rate = _mean = _mean == 0 ? last : _mean + (last - _mean) / 4;
        if (rate > _perSecond)
        {
            double wanted = Merged * rate / (Share * _perSecond);
            while (_step < s_steps.Length - 1 && Merged < wanted) _step++;
            _roomy = 0;
        }
        else if (_step > 0 && rate * Merged / s_steps[_step - 1] < 0.8 * _perSecond)
        {
            if (++_roomy >= Patience) (_step, _roomy) = (_step - 1, 0);
        }
        else
        {
            _roomy = 0;
        }
        if (_step == before) return;
        _mean = 0; // of what was merged otherwise it says little
        OnChanged?.Invoke();
    }
}
