using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>A row for the reads and one for the writes of each initiator on each unit.</summary>
public sealed class PatternRows : KeyedRows<(string Target, ulong Lun, string Initiator, bool Writes)>
{
    // So many patterns in a row may have gone, or are others'.
    private const int Ahead = 16;

    // The rows in the order of their patterns, which mostly stays: then no name is hashed.
    private List<Row> _last = [];
    private List<Row> _now = [];
    private int _at;

    /// <inheritdoc/>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(by);
        (_last, _now, _at) = (_now, _last, 0);
        _now.Clear();
        Begin();
        Expect(snapshot.Patterns.Count);
        _now.EnsureCapacity(snapshot.Patterns.Count);
        foreach (PatternDelta delta in snapshot.Patterns)
            if (delta.Pattern.Count > 0 && by.Keeps(Scope.Of(delta.Connection, delta.Engine, delta.Key.Lun) with { Item = delta }))
                Add(delta);
        // Those that are not needed any more are to be forgotten.
        _last.Clear();
    }

    private void Add(PatternDelta delta)
    {
        ConnectionInfo c = delta.Connection;
        Row row = Known(delta) is { } known ? Use(known, out bool first) : RowOf((c.Target, delta.Key.Lun, c.Initiator, delta.Key.Writes), out first);
        _now.Add(row);
        if (first)
        {
            (row.Target, row.Lun, row.Initiator, row.Item) = (c.Target, delta.Key.Lun, c.Initiator, delta.Key.Writes ? 1 : 0);
            row.Group = Dimensions.Target | Dimensions.Lun | Dimensions.Initiator;
            row.Extras.Writes = delta.Key.Writes;
        }
        row.Seconds = Math.Max(row.Seconds, delta.Engine.Seconds);
        row.Extras.Add(delta.Pattern);
    }

    private Row? Known(PatternDelta delta)
    {
        ConnectionInfo c = delta.Connection;
        long item = delta.Key.Writes ? 1 : 0;
        int end = Math.Min(_at + Ahead, _last.Count);
        for (int i = _at; i < end; i++)
        {
            Row row = _last[i];
            if (row.Lun != delta.Key.Lun || row.Item != item || !ReferenceEquals(row.Target, c.Target) || !ReferenceEquals(row.Initiator, c.Initiator)) continue;
            _at = i + 1;
            return row;
        }
        return null;
    }
}
