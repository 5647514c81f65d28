using System.Runtime.InteropServices;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Metrics;

/// <summary>Whose a sum is. Names are numbers of <see cref="Tally"/>; the initiator's is -1 where initiators are not told apart.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TallyKey(int Target, int Initiator, ulong Lun, CommandKind Kind);

/// <summary>What metrics of commands say of an interval.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct TallySum
{
    public long Completed, Bytes, Outstanding, Placed, Unaligned;
}

/// <summary>What an operation took on a target.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct OperationSum
{
    public long Completed, Time;
    public bool Timed;
}

/// <summary>
/// The cells and patterns of a snapshot, added up to what metrics tell apart: there may be very many cells, so that no name is compared
/// and no series looked for until they are few. Its memory is that of the largest snapshot.
/// </summary>
/// <param name="byInitiator">Whether initiators are told apart.</param>
internal sealed class Tally(bool byInitiator)
{
    private const int AlignedTo = 4096;
    private static readonly Phase[] s_phases = [Phase.Latency, Phase.R2tWait, Phase.HostData, Phase.Transfer, Phase.Service, Phase.FirstByte];

    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<ConnectionInfo, (int Target, int Initiator)> _ends = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<TallyKey, TallySum> _sums = [];
    private readonly Dictionary<(int Target, ushort Operation), OperationSum> _operations = [];
    private readonly Dictionary<(int Target, ulong Lun), long> _unmapped = [];
    private readonly Pool<Cell> _durations = new(static c => c.Clear());
    private readonly Pool<Pattern> _sizes = new(static p => p.Clear());
    private readonly List<string> _names = [];

    /// <summary>Sums of commands.</summary>
    public IReadOnlyDictionary<TallyKey, TallySum> Sums => _sums;

    /// <summary>Operations on a target.</summary>
    public IReadOnlyDictionary<(int Target, ushort Operation), OperationSum> Operations => _operations;

    /// <summary>Blocks that UNMAPs asked for.</summary>
    public IReadOnlyDictionary<(int Target, ulong Lun), long> Unmapped => _unmapped;

    /// <summary>Durations of reads and of writes of a unit, of all initiators.</summary>
    public IReadOnlyDictionary<TallyKey, Cell> Durations => _durations.Taken;

    /// <summary>Sizes of the same.</summary>
    public IReadOnlyDictionary<TallyKey, Pattern> Sizes => _sizes.Taken;

    /// <summary>The label's value for a number.</summary>
    public string Name(int number) => _names[number];

    /// <summary>Takes a snapshot in, in place of the one before.</summary>
    public void Take(Snapshot snapshot)
    {
        _numbers.Clear();
        _names.Clear();
        _ends.Clear();
        _sums.Clear();
        _operations.Clear();
        _unmapped.Clear();
        _durations.Clear();
        _sizes.Clear();
        foreach (CellDelta delta in snapshot.Cells) Add(delta);
        foreach (PatternDelta delta in snapshot.Patterns) Add(delta);
        _ends.Clear();
    }

    private void Add(CellDelta delta)
    {
        Cell cell = delta.Cell;
        (int target, int initiator) = EndsOf(delta.Connection);
        ref TallySum sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, new TallyKey(target, initiator, cell.Key.Lun, cell.Kind), out _);
        sum.Completed += cell.Completed;
        sum.Bytes += cell.Completed > 0 ? cell.ReadBytes + cell.WriteBytes : 0;
        sum.Outstanding += cell.Outstanding;
        if (cell.Reclaimed is { } reclaimed) CollectionsMarshal.GetValueRefOrAddDefault(_unmapped, (target, cell.Key.Lun), out _) += reclaimed.Blocks;
        if (cell.Completed == 0) return;
        Histogram? latency = cell.Of(Phase.Latency) is { Count: > 0 } some ? some : null;
        ref OperationSum operation = ref CollectionsMarshal.GetValueRefOrAddDefault(_operations, (target, cell.Key.Operation), out _);
        operation.Completed += cell.Completed;
        operation.Time += latency?.Sum ?? 0;
        operation.Timed |= latency is not null;
        if (cell.Kind == CommandKind.Other) return;
        Cell all = _durations.Of(new TallyKey(target, -1, cell.Key.Lun, cell.Kind));
        foreach (Phase phase in s_phases)
            if (cell.Of(phase) is { Count: > 0 } durations)
                all.Ensure(phase).Add(durations);
    }

    private void Add(PatternDelta delta)
    {
        (int target, int initiator) = EndsOf(delta.Connection);
        var key = new TallyKey(target, -1, delta.Key.Lun, delta.Key.Writes ? CommandKind.Write : CommandKind.Read);
        _sizes.Of(key).AddCounts(delta.Pattern);
        ref TallySum sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, key with { Initiator = initiator }, out _);
        (long aligned, long placed) = delta.Pattern.CountAligned(AlignedTo);
        sum.Placed += placed;
        sum.Unaligned += placed - aligned;
    }

    private (int Target, int Initiator) EndsOf(ConnectionInfo connection)
    {
        ref (int Target, int Initiator) ends = ref CollectionsMarshal.GetValueRefOrAddDefault(_ends, connection, out bool known);
        if (!known) ends = (Number(MetricWords.Name(connection.Target)), byInitiator ? Number(MetricWords.Name(connection.Initiator)) : -1);
        return ends;
    }

    private int Number(string name)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, name, out bool known);
        if (known) return number;
        _names.Add(name);
        return number = _names.Count - 1;
    }

    // What is used again the next time; where there was far more before, the rest is given back.
    private sealed class Pool<T>(Action<T> clear) where T : new()
    {
        private readonly Stack<T> _spare = [];

        public Dictionary<TallyKey, T> Taken { get; } = [];

        public T Of(in TallyKey key)
        {
            ref T? value = ref CollectionsMarshal.GetValueRefOrAddDefault(Taken, key, out _);
            return value ??= _spare.TryPop(out T? spare) ? spare : new T();
        }

        public void Clear()
        {
            foreach (T value in Taken.Values)
            {
                clear(value);
                _spare.Push(value);
            }
            while (_spare.Count > 2 * Taken.Count + 64) _spare.Pop();
            Taken.Clear();
        }
    }
}
