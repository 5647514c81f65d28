using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>A row for the reads and one for the writes of each initiator on each unit.</summary>
public sealed class PatternRows : KeyedRows<(string Target, ulong Lun, string Initiator, bool Writes)>
{
    // The rows by the places of their patterns: from snapshot to snapshot most stand where they stood, and no name is hashed.
    private Row?[] _places = [];

    /// <inheritdoc/>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(by);
        if (Begin()) Array.Clear(_places);
        List<PatternDelta> patterns = snapshot.Patterns;
        Expect(patterns.Count);
        if (_places.Length < patterns.Count) Array.Resize(ref _places, patterns.Count + patterns.Count / 4);
        for (int i = 0; i < patterns.Count; i++)
        {
            PatternDelta delta = patterns[i];
            if (delta.Pattern.Count > 0 && by.Keeps(Scope.Of(delta.Connection, delta.Engine, delta.Key.Lun) with { Item = delta }))
                Add(delta, ref _places[i]);
        }
    }

    private void Add(PatternDelta delta, ref Row? place)
    {
        ConnectionInfo c = delta.Connection;
        bool known = place is { } last && ReferenceEquals(last.Target, c.Target) && ReferenceEquals(last.Initiator, c.Initiator)
            && last.Lun == delta.Key.Lun && last.Item == (delta.Key.Writes ? 1 : 0);
        Row row = place = known ? Use(place!, out bool first) : RowOf((c.Target, delta.Key.Lun, c.Initiator, delta.Key.Writes), out first);
        if (first)
        {
            (row.Target, row.Lun, row.Initiator, row.Item) = (c.Target, delta.Key.Lun, c.Initiator, delta.Key.Writes ? 1 : 0);
            row.Group = Dimensions.Target | Dimensions.Lun | Dimensions.Initiator;
            row.Extras.Writes = delta.Key.Writes;
        }
        row.Seconds = Math.Max(row.Seconds, delta.Engine.Seconds);
        row.Extras.Add(delta.Pattern);
    }
}
