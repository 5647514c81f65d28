namespace Iscsitop.Engine;

/// <summary>A row for the reads and one for the writes of each initiator on each unit.</summary>
public sealed class PatternRows : KeyedRows<(string Target, ulong Lun, string Initiator, bool Writes)>
{
    /// <inheritdoc/>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(by);
        Begin();
        foreach (PatternDelta delta in snapshot.Patterns)
            if (delta.Pattern.Count > 0 && by.Keeps(Scope.Of(delta.Connection, delta.Engine, delta.Key.Lun) with { Item = delta }))
                Add(delta);
    }

    private void Add(PatternDelta delta)
    {
        Row row = RowOf((delta.Connection.Target, delta.Key.Lun, delta.Connection.Initiator, delta.Key.Writes), out bool first);
        if (first)
        {
            (row.Target, row.Lun, row.Initiator, row.Item) = (delta.Connection.Target, delta.Key.Lun, delta.Connection.Initiator, delta.Key.Writes ? 1 : 0);
            row.Group = Dimensions.Target | Dimensions.Lun | Dimensions.Initiator;
            row.Extras.Writes = delta.Key.Writes;
        }
        row.Seconds = Math.Max(row.Seconds, delta.Engine.Seconds);
        row.Extras.Add(delta.Pattern);
    }
}
