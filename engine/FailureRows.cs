using Iscsitop.Target.Probes;
using LunNumber = Iscsitop.Target.Iscsi.Lun;

namespace Iscsitop.Engine;

/// <summary>A row for each failure of one kind of one initiator on one unit, whichever connections it came on.</summary>
public sealed class FailureRows : KeyedRows<(string Target, string Initiator, ulong Lun, ushort Operation, FailureKind Kind, uint Code)>
{
    private const Dimensions Names = Dimensions.Target | Dimensions.Initiator;

    /// <inheritdoc/>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(by);
        Begin();
        Total.Seconds = snapshot.Seconds;
        foreach (FailureDelta failure in snapshot.Failures)
            if (by.Keeps(Scope.Of(failure)))
                Add(failure);
    }

    private void Add(FailureDelta failure)
    {
        (ConnectionInfo c, FailureKey key) = (failure.Connection, failure.Key);
        Row row = RowOf((c.Target, c.Initiator, key.Lun, key.Operation, key.Kind, key.Code), out bool first);
        if (first)
        {
            (row.Target, row.Initiator, row.Lun, row.Operation, row.Item) = (c.Target, c.Initiator, key.Lun, key.Operation, (long)key.Kind << 32 | key.Code);
            row.Group = Names | (key.Lun == LunNumber.Unknown ? 0 : Dimensions.Lun) | (Scope.HasCommand(key.Kind) ? Dimensions.Operation : 0);
            row.Extras.Failure = new FailureDelta { Key = key, Connection = c, Engine = failure.Engine, First = failure.First, Last = failure.Last };
        }
        row.Seconds = Math.Max(row.Seconds, failure.Engine.Seconds);
        FailureDelta sum = row.Extras.Failure!;
        sum.Count += failure.Count;
        sum.Total += failure.Total;
        sum.First = Math.Min(sum.First, failure.First);
        sum.Last = Math.Max(sum.Last, failure.Last);
    }
}
