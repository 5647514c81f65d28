using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>
/// The durations of the last intervals, of what the views are narrowed to; another narrowing begins anew. While the map is not seen, the
/// latencies alone are kept, which the tables have added up anyway.
/// </summary>
internal sealed class HeatHistory(State state)
{
    /// <summary>Intervals kept at most.</summary>
    public const int Capacity = 600;

    private const int BlockSamples = 64;

    private readonly Durations[] _durations = [.. Enum.GetValues<HeatMode>().Select(m => new Durations(m))];
    private readonly Sample[] _samples = [.. Enumerable.Range(0, Capacity).Select(_ => new Sample())];
    private readonly Histogram _latency = new();
    private int[] _block = [];
    private int _next, _scope, _room;
    private double _first;
    private bool _seen;

    /// <summary>Intervals there are.</summary>
    public int Count { get; private set; }

    /// <summary>The interval <paramref name="ago"/> intervals back, 0 being the last.</summary>
    public Sample this[int ago] => _samples[(_next - 1 - ago + 2 * Capacity) % Capacity];

    /// <summary>Adds an interval.</summary>
    /// <param name="snapshot">The interval.</param>
    /// <param name="by">What the views are narrowed to.</param>
    /// <param name="total">The same added up; null when nobody did.</param>
    public void Add(Snapshot snapshot, Narrowing by, Row? total)
    {
        // The first interval may be all there was since an engine began: it would outshine the others, and is none of them.
        if (Count == 1 && _first > 2 * Math.Max(snapshot.Seconds, state.Interval.TotalSeconds)) Count = 0;
        if (Count == 0) _first = snapshot.Seconds;
        Sample sample = _samples[_next];
        _next = (_next + 1) % Capacity;
        Count = Math.Min(Count + 1, Capacity);
        if (state.HeatBack > 0) state.HeatBack++;
        Fill(sample, snapshot, by, total);
    }

    /// <summary>Follows another narrowing, and what is missing of the last interval once the map is seen.</summary>
    public void Follow(Snapshot snapshot, Narrowing by)
    {
        if (_scope != state.Scope)
        {
            _scope = state.Scope;
            Clear();
            foreach (Durations durations in _durations) durations.Restart();
            Add(snapshot, by, null);
        }
        else if (state.InHeat && !_seen && Count > 0)
        {
            // Pings are told by their sum, and nobody has looked at it meanwhile.
            foreach (Durations durations in _durations) durations.Restart();
            Fill(this[0], snapshot, by, null);
        }
        _seen = state.InHeat;
    }

    /// <summary>Forgets all intervals.</summary>
    public void Clear()
    {
        Count = 0;
        state.HeatBack = 0;
    }

    /// <summary>Forgets the intervals that ended later than a time, ns since 1970.</summary>
    public void Rewind(long time)
    {
        state.HeatBack = 0;
        for (; Count > 0 && this[0].Time > time; Count--) _next = (_next - 1 + Capacity) % Capacity;
    }

    private void Fill(Sample sample, Snapshot snapshot, Narrowing by, Row? total)
    {
        sample.Begin(snapshot.Time);
        if (!state.InHeat && total is not null)
        {
            _latency.Clear();
            _latency.Add(total.Read.Latency);
            _latency.Add(total.Write.Latency);
            _latency.Add(total.Other.Latency);
            sample.Set(HeatMode.Latency, _latency, this);
            return;
        }
        foreach (Durations durations in _durations)
        {
            if (!state.InHeat && durations.Mode != HeatMode.Latency) continue;
            durations.Take(snapshot, by);
            sample.Set(durations.Mode, durations.Interval, this);
        }
    }

    // Memory comes in blocks, so that most intervals need none.
    private (int[] Counts, int At) Room()
    {
        if (_room == 0) (_block, _room) = (new int[BlockSamples * Histogram.BucketCount], BlockSamples);
        return (_block, --_room * Histogram.BucketCount);
    }

    /// <summary>The durations of an interval.</summary>
    internal sealed class Sample
    {
        private readonly (int[]? Counts, int At)[] _counts = new (int[]?, int)[HeatColumns.Modes.Length];
        private readonly bool[] _known = new bool[HeatColumns.Modes.Length];

        /// <summary>End of the interval, ns since 1970.</summary>
        public long Time { get; private set; }

        /// <summary>The counts by the buckets of <see cref="Histogram"/>; empty when they are not known.</summary>
        public ReadOnlySpan<int> Of(HeatMode mode) => _known[(int)mode] ? Counts(mode) : default;

        internal void Begin(long time)
        {
            Time = time;
            Array.Clear(_known);
        }

        internal void Set(HeatMode mode, Histogram durations, HeatHistory history)
        {
            _known[(int)mode] = true;
            if (_counts[(int)mode].Counts is null) _counts[(int)mode] = history.Room();
            Span<int> counts = Counts(mode);
            for (int i = 0; i < counts.Length; i++) counts[i] = (int)Math.Min(durations.Buckets[i], int.MaxValue);
        }

        private Span<int> Counts(HeatMode mode) => _counts[(int)mode].Counts.AsSpan(_counts[(int)mode].At, Histogram.BucketCount);
    }
}
