using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>A row by what it is, not by where it stands: rows are reused and change places.</summary>
internal readonly record struct RowId(
    string Target, ulong Lun, string Initiator, string Session, string Portal, ushort Operation, string Heads, long Item, int Engine, uint Connection)
{
    public RowId(Row row)
        : this(row.Target, row.Lun, row.Initiator, row.Session, row.Portal, row.Operation, row.Extras.Heads, row.Item, row.Connection?.Engine.Number ?? 0, row.Connection?.Connection.Id ?? 0)
    {
    }

    public bool Is(Row row) => row.Connection is { } c ? c.Connection.Id == Connection && c.Engine.Number == Engine : row.Lun == Lun && row.Operation == Operation && row.Item == Item
        && row.Target == Target && row.Initiator == Initiator && row.Session == Session && row.Portal == Portal && row.Extras.Heads == Heads;

    /// <summary>Whether a cell is part of it.</summary>
    /// <param name="group">What it is told apart by.</param>
    /// <param name="delta">The cell.</param>
    public bool Keeps(Dimensions group, CellDelta delta) =>
        ((group & Dimensions.Target) == 0 || delta.Connection.Target == Target)
        && ((group & Dimensions.Lun) == 0 || delta.Cell.Key.Lun == Lun)
        && ((group & Dimensions.Initiator) == 0 || delta.Connection.Initiator == Initiator)
        && ((group & Dimensions.Operation) == 0 || KeepsOperation(delta.Cell.Key.Operation))
        && ((group & Dimensions.Portal) == 0 || delta.Connection.Local == Portal)
        && ((group & Dimensions.Session) == 0 || KeepsSession(delta.Connection))
        && ((group & Dimensions.Connection) == 0 || (delta.Connection.Id == Connection && delta.Engine.Number == Engine));

    /// <summary>Whether something else is part of it; a unit is not without a LUN, nor an operation without a command.</summary>
    public bool Keeps(Dimensions group, in Scope scope) =>
        ((group & Dimensions.Target) == 0 || scope.Target == Target)
        && ((group & Dimensions.Lun) == 0 || scope.Lun == Lun)
        && ((group & Dimensions.Initiator) == 0 || scope.Initiator == Initiator)
        && ((group & Dimensions.Operation) == 0 || (scope.Operation >= 0 && KeepsOperation((ushort)scope.Operation)))
        && ((group & Dimensions.Portal) == 0 || (scope.Connection is { } p ? p.Local == Portal : scope.Target == Target))
        && ((group & Dimensions.Session) == 0 || (scope.Connection is { } s ? KeepsSession(s) : scope.Target == Target && scope.Initiator == Initiator))
        && ((group & Dimensions.Connection) == 0 || (scope.Connection is { } c ? c.Id == Connection && scope.Engine == Engine : scope.Target == Target && scope.Initiator == Initiator));

    private bool KeepsOperation(ushort operation) => Heads.Length == 0 ? operation == Operation : ReferenceEquals(OperationNames.Family(operation), OperationNames.Family(Operation));

    private bool KeepsSession(Iscsitop.Target.Probes.ConnectionInfo c) =>
        c.Target == Target && c.Initiator == Initiator && (c.Isid.Length == 0 ? c.Remote : c.Isid) == Session;
}

/// <summary>One step of a drill: only what belongs to this row counts, and Esc goes back to this view.</summary>
internal sealed record Step(RowId Id, Dimensions Group, int View, string Label)
{
    public bool Keeps(CellDelta delta) => Id.Keeps(Group, delta);

    /// <summary>Whether something that is no cell is part of it.</summary>
    public bool Keeps(in Scope scope) => Id.Keeps(Group, scope);

    /// <summary>What a row is called: what tells it apart, shortest first.</summary>
    public static string LabelOf(Row row, Naming naming)
    {
        if (row.Extras.Heads.Length > 0) return row.Extras.Heads.Trim();
        if ((row.Group & Dimensions.Connection) != 0) return Known(naming.Of(row.Initiator, row.Connection?.Connection.Remote));
        var parts = new List<string>();
        if ((row.Group & Dimensions.Initiator) != 0) parts.Add(Known(naming.Of(row.Initiator, null)));
        if ((row.Group & Dimensions.Portal) != 0) parts.Add(row.Portal);
        if ((row.Group & Dimensions.Lun) != 0) parts.Add($"{Known(naming.Of(row.Target, null))}:{row.Lun}");
        else if ((row.Group & Dimensions.Target) != 0) parts.Add(Known(naming.Of(row.Target, null)));
        if ((row.Group & Dimensions.Operation) != 0) parts.Add(OperationNames.Of(row.Operation));
        return string.Join(' ', parts);
    }

    private static string Known(string name) => name.Length == 0 ? "-" : name;
}
