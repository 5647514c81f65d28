using Iscsitop.Target.Probes;
using LunNumber = Iscsitop.Target.Iscsi.Lun;

namespace Iscsitop.Engine;

/// <summary>A row for each task management request, and one for each unit with reservations: who was stopped there, too.</summary>
public sealed class HappeningRows : KeyedRows<(int Engine, long Task, string Target, ulong Lun)>
{
    private const uint ReservationConflict = 0x18;

    // LUNs come from peers: units beyond that are found anew each time.
    private const int MostKept = 4096;

    private readonly Dictionary<(int, string, ulong), Conflicts> _conflicts = [];

    /// <inheritdoc/>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(by);
        Begin();
        Total.Seconds = snapshot.Seconds;
        foreach (TaskRecord task in snapshot.Tasks)
            if (by.Keeps(Scope.Of(task.Connection, task.Engine, task.Lun, task.Operation == 0 ? -1 : task.Operation) with { Item = task }))
                Add(task);
        if (snapshot.Reservations.Count == 0) return;
        if (_conflicts.Count > MostKept) _conflicts.Clear();
        foreach (Conflicts conflicts in _conflicts.Values) conflicts.Clear();
        foreach (FailureDelta failure in snapshot.Failures)
            if (failure.Key.Kind == FailureKind.Status && failure.Key.Code >> 24 == ReservationConflict)
                ConflictsOf(failure.Engine, failure.Connection.Target, failure.Key.Lun).Add(failure);
        foreach (ReservationState state in snapshot.Reservations)
            if (Keeps(by, state))
                Add(state);
    }

    // A reservation is about whoever holds it or has registered; about nobody when that is not known.
    private static bool Keeps(Narrowing by, ReservationState state)
    {
        if (by.Keeps(new Scope(state.Target, state.Holder?.Initiator ?? "", state.Lun, -1, null, state.Engine.Number) { Item = state })) return true;
        foreach (Registrant registrant in state.Registrants)
            if (by.Keeps(new Scope(state.Target, registrant.Initiator, state.Lun, -1, null, state.Engine.Number) { Item = state }))
                return true;
        return false;
    }

    private void Add(TaskRecord task)
    {
        Row row = RowOf((task.Engine.Number, task.Id, "", 0), out _);
        ConnectionInfo c = task.Connection;
        (row.Target, row.Lun, row.Initiator, row.Operation, row.Item, row.Extras.Task) = (c.Target, task.Lun, c.Initiator, task.Operation, task.Id, task);
        row.Group = Dimensions.Target | Dimensions.Initiator | (task.Lun == LunNumber.Unknown ? 0 : Dimensions.Lun);
    }

    private void Add(ReservationState state)
    {
        Row row = RowOf((state.Engine.Number, 0, state.Target, state.Lun), out _);
        (row.Target, row.Lun, row.Initiator, row.Extras.Reservation) = (state.Target, state.Lun, state.Holder?.Initiator ?? "", state);
        row.Group = Dimensions.Target | Dimensions.Lun;
        row.Seconds = state.Engine.Seconds;
        row.Extras.Conflicts = ConflictsOf(state.Engine, state.Target, state.Lun);
    }

    private Conflicts ConflictsOf(EngineStatus engine, string target, ulong lun)
    {
        (int, string, ulong) key = (engine.Number, target, lun);
        return _conflicts.TryGetValue(key, out Conflicts? known) ? known : _conflicts[key] = new Conflicts();
    }
}

/// <summary>A row for each finding.</summary>
public sealed class FindingRows : KeyedRows<(string Rule, string Subject)>
{
    /// <inheritdoc/>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(findings);
        ArgumentNullException.ThrowIfNull(by);
        Begin();
        Total.Seconds = snapshot.Seconds;
        for (int i = 0; i < findings.Count; i++)
        {
            Finding finding = findings[i];
            if (!by.Keeps(new Scope(finding.Target, finding.Initiator, finding.Lun, -1, null, 0) { Item = finding })) continue;
            Row row = RowOf((finding.Rule, finding.Subject), out _);
            (row.Target, row.Lun, row.Initiator, row.Session, row.Extras.Finding) = (finding.Target, finding.Lun, finding.Initiator, finding.Subject, finding);
            row.Item = StringComparer.Ordinal.GetHashCode(finding.Rule);
            row.Group = (finding.Target.Length > 0 ? Dimensions.Target : 0) | (finding.Lun != LunNumber.Unknown ? Dimensions.Lun : 0) | (finding.Initiator.Length > 0 ? Dimensions.Initiator : 0);
        }
    }
}
