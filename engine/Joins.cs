using Iscsitop.Target.Probes;
using LunNumber = Iscsitop.Target.Iscsi.Lun;

namespace Iscsitop.Engine;

/// <summary>What a roll-up joins to the rows it makes of cells.</summary>
[Flags]
public enum Joins
{
    None = 0,

    /// <summary>What packets told of the connections behind a row.</summary>
    Evidence = 1,

    /// <summary>The connections behind it; those that are open have a row though they did nothing.</summary>
    Links = 2,

    /// <summary>Sizes and places.</summary>
    Patterns = 4,

    /// <summary>The most frequent failure of the interval.</summary>
    Failures = 8,

    /// <summary>How connections ended.</summary>
    Ends = 16,

    /// <summary>The units addressed.</summary>
    Units = 32,

    /// <summary>What belongs to an initiator as a whole.</summary>
    Initiators = 64,

    /// <summary>What is told of targets on the hosts of a fleet; each has a row though nothing was done.</summary>
    Places = 128,

    /// <summary>The hosts of a fleet; each has a row though nothing is known of it.</summary>
    Hosts = 256,
}

public sealed partial class Rollup
{
    private readonly Evidences _evidence = new();

    private void Note(Row row, CellDelta delta)
    {
        if (delta.Cell.Completed > 0) row.Phases.Evidence |= _evidence.Of(delta);
    }

    private void Join(Snapshot snapshot, Func<Scope, bool>? others)
    {
        if ((joins & Joins.Links) != 0) JoinLinks(snapshot, others);
        if ((joins & Joins.Patterns) != 0) JoinPatterns(snapshot, others);
        if ((joins & Joins.Failures) != 0) JoinFailures(snapshot, others);
        if ((joins & Joins.Ends) != 0) JoinEnds(snapshot);
        if ((joins & Joins.Initiators) != 0) JoinInitiators(snapshot, others);
        if ((joins & Joins.Places) != 0) JoinPlaces(snapshot, others);
        if ((joins & Joins.Hosts) != 0) JoinHosts(snapshot, others);
    }

    private void JoinHosts(Snapshot snapshot, Func<Scope, bool>? others)
    {
        foreach (EngineStatus engine in snapshot.Engines)
        {
            var connection = new ConnectionInfo(0, engine.Source, "");
            if (engine.Host is not null && others?.Invoke(Scope.Of(connection, engine)) != false && RowOf(connection, LunNumber.Unknown, 0, create: true) is { } row)
                row.Extras.Host = engine;
        }
    }

    private void JoinPlaces(Snapshot snapshot, Func<Scope, bool>? others)
    {
        foreach (PlaceDelta delta in snapshot.Places)
            if (others?.Invoke(Scope.Of(delta.Connection, delta.Engine) with { Item = delta }) != false)
                RowOf(delta.Connection, LunNumber.Unknown, 0, create: true)?.Extras.EnsureLinks().Add(delta);
    }

    private void JoinLinks(Snapshot snapshot, Func<Scope, bool>? others)
    {
        foreach (ConnectionDelta delta in snapshot.Connections)
        {
            if (delta.Connection.Discovery || others?.Invoke(Scope.Of(delta.Connection, delta.Engine) with { Item = delta }) == false) continue;
            bool open = delta.Connection is { Closed: 0 } and ({ Tsih: > 0 } or { MidStream: true });
            RowOf(delta.Connection, LunNumber.Unknown, 0, open)?.Extras.EnsureLinks().Add(delta);
        }
    }

    private void JoinPatterns(Snapshot snapshot, Func<Scope, bool>? others)
    {
        foreach (PatternDelta delta in snapshot.Patterns)
            if (delta.Pattern.Count > 0 && others?.Invoke(Scope.Of(delta.Connection, delta.Engine, delta.Key.Lun) with { Item = delta }) != false)
                RowOf(delta.Connection, delta.Key.Lun, 0, create: false)?.Extras.EnsurePattern().Add(delta.Pattern);
    }

    private void JoinFailures(Snapshot snapshot, Func<Scope, bool>? others)
    {
        foreach (FailureDelta failure in snapshot.Failures)
        {
            if (failure.Count <= 0 || ((group & Dimensions.Operation) != 0 && !Scope.HasCommand(failure.Key.Kind))) continue;
            if (others?.Invoke(Scope.Of(failure)) == false || RowOf(failure.Connection, failure.Key.Lun, failure.Key.Operation, create: false) is not { } row) continue;
            if (failure.Key.IsMiscompare) row.Extras.Miscompares += failure.Count;
            if (row.Extras.Failure is null || failure.Count > row.Extras.Failure.Count) row.Extras.Failure = failure;
            row.Extras.Links?.Add(failure);
        }
    }

    private void JoinEnds(Snapshot snapshot)
    {
        foreach (SessionEnd end in snapshot.Ends)
            if (_connections.TryGetValue((end.Engine.Number, end.Connection.Id), out Row? row) && row.Generation == _generation)
                row.Extras.End = end;
    }

    // Of two engines the highest numbers may have been at different times: nobody knows the highest of both together.
    private void JoinInitiators(Snapshot snapshot, Func<Scope, bool>? others)
    {
        foreach (InitiatorDelta delta in snapshot.Initiators)
        {
            if (others?.Invoke(new Scope("", delta.Initiator, LunNumber.Unknown, -1, null, delta.Engine.Pid)) == false) continue;
            var key = new RowKey(0, LunNumber.Unknown, _nexuses.NumberOf(delta.Initiator), 0, 0);
            if (_index.TryGetValue(key, out Row? row) && row.Generation == _generation)
                row.Extras.MaxOutstanding = row.Extras.MaxOutstanding == -1 ? delta.MaxOutstanding : -2;
        }
    }

    // The row that something of a connection belongs to; one that no cell made only when asked for.
    private Row? RowOf(ConnectionInfo c, ulong lun, ushort operation, bool create)
    {
        var key = new RowKey(
            (group & Dimensions.Target) != 0 ? _nexuses.NumberOf(c.Target) : 0,
            (group & Dimensions.Lun) != 0 ? lun : LunNumber.Unknown,
            (group & Dimensions.Initiator) != 0 ? _nexuses.NumberOf(c.Initiator) : 0,
            (group & Dimensions.Session) != 0 ? _nexuses.NumberOf(Nexuses.SessionName(c)) : (group & Dimensions.Portal) != 0 ? _nexuses.NumberOf(c.Local) : 0,
            (group & Dimensions.Operation) != 0 ? operation : (ushort)0);
        if (!_index.TryGetValue(key, out Row? row))
        {
            if (!create) return null;
            row = Keep(key, c);
        }
        if (row.Generation == _generation) return row;
        if (!create) return null;
        Begin(row);
        return row;
    }
}
