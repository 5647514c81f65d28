using Iscsitop.Target.Probes;
using LunNumber = Iscsitop.Target.Iscsi.Lun;

namespace Iscsitop.Engine;

/// <summary>Whose something is, as far as it is known: what filters and drills ask of all that is no cell.</summary>
/// <param name="Target">Target name, "" for none.</param>
/// <param name="Initiator">Initiator name, "" for none.</param>
/// <param name="Lun">LUN as a number, all ones for none.</param>
/// <param name="Operation">As in <see cref="CellKey"/>, -1 for none.</param>
/// <param name="Connection">The connection, null for none.</param>
/// <param name="Engine">What tells the engine that saw it from others, 0 for none.</param>
public readonly record struct Scope(string Target, string Initiator, ulong Lun, int Operation, ConnectionInfo? Connection, int Engine)
{
    /// <summary>What it is itself: a failure, a pattern, a connection, a unit ...; null for nothing that more could be asked of.</summary>
    public object? Item { get; init; }

    /// <summary>That of something on a connection.</summary>
    public static Scope Of(ConnectionInfo connection, EngineStatus engine, ulong lun = LunNumber.Unknown, int operation = -1)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(engine);
        return new Scope(connection.Target, connection.Initiator, lun, operation, connection, engine.Number);
    }

    /// <summary>That of a failure; only some kinds have a command.</summary>
    public static Scope Of(FailureDelta failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return Of(failure.Connection, failure.Engine, failure.Key.Lun, HasCommand(failure.Key.Kind) ? failure.Key.Operation : -1) with { Item = failure };
    }

    /// <summary>Whether a failure of a kind is one of a command.</summary>
    public static bool HasCommand(FailureKind kind) => kind <= FailureKind.NoStatus;
}

/// <summary>What of a snapshot counts; null lets all pass.</summary>
/// <param name="Cells">Of the cells.</param>
/// <param name="Others">Of everything else.</param>
public sealed record Narrowing(Func<CellDelta, bool>? Cells, Func<Scope, bool>? Others)
{
    /// <summary>Everything counts.</summary>
    public static Narrowing None { get; } = new(null, null);

    /// <summary>Whether something that is no cell counts.</summary>
    public bool Keeps(in Scope scope) => Others is null || Others(scope);
}

/// <summary>Makes rows of a snapshot: one kind of row each. Keeps its rows, so that a steady load allocates nothing.</summary>
public abstract class RowSource
{
    /// <summary>The rows of the last snapshot, in no order.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>Everything in one row, where that makes sense.</summary>
    public Row Total { get; } = new();

    /// <summary>Makes the rows.</summary>
    /// <param name="snapshot">The interval.</param>
    /// <param name="findings">What an expert says of all intervals so far.</param>
    /// <param name="by">What counts.</param>
    public abstract void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by);
}

/// <summary>Rows that are told apart by a key, and of which those that are not needed for long are forgotten.</summary>
public abstract class KeyedRows<TKey> : RowSource
    where TKey : notnull
{
    private readonly Dictionary<TKey, Row> _index = [];
    private int _generation;

    /// <summary>Begins a new snapshot.</summary>
    protected void Begin()
    {
        if (_index.Count > 2 * Rows.Count + 64)
            foreach (TKey key in _index.Where(p => p.Value.Generation != _generation).Select(p => p.Key).ToList()) _index.Remove(key);
        _generation++;
        Rows.Clear();
    }

    /// <summary>Makes room for so many rows, where there are none yet: growing to them would take as much again.</summary>
    protected void Expect(int rows)
    {
        if (_index.Count > 0) return;
        _index.EnsureCapacity(rows);
        Rows.EnsureCapacity(rows);
    }

    /// <summary>The row of a key; it is new to this snapshot when <paramref name="first"/> is set, and then empty.</summary>
    protected Row RowOf(TKey key, out bool first)
    {
        if (!_index.TryGetValue(key, out Row? row)) _index[key] = row = new Row();
        return Use(row, out first);
    }

    /// <summary>The same of a row whose key is known, and which was not forgotten.</summary>
    protected Row Use(Row row, out bool first)
    {
        ArgumentNullException.ThrowIfNull(row);
        first = row.Generation != _generation;
        if (!first) return row;
        row.Generation = _generation;
        row.Clear();
        Rows.Add(row);
        return row;
    }
}
