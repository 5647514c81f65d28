using System.IO.Enumeration;
using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli;

/// <summary>
/// The lists of <c>--lun</c>, <c>--target</c> and <c>--initiator</c>. Names may be shell patterns; an initiator may also
/// be told by its address. An empty list lets everything pass.
/// </summary>
/// <param name="Luns">Logical unit numbers.</param>
/// <param name="Targets">Target names.</param>
/// <param name="Initiators">Initiator names or addresses.</param>
public sealed record RowFilter(IReadOnlyList<ulong> Luns, IReadOnlyList<string> Targets, IReadOnlyList<string> Initiators)
{
    /// <summary>Lets everything pass.</summary>
    public static RowFilter None { get; } = new([], [], []);

    /// <summary>The expression of <c>-Y</c>, null for none.</summary>
    public Filter? Expression { get; init; }

    /// <summary>Whether everything passes.</summary>
    public bool IsEmpty => Luns.Count + Targets.Count + Initiators.Count == 0 && Expression is null;

    /// <summary>Whether a cell counts.</summary>
    public bool Keeps(CellDelta delta) =>
        (Expression is null or { NeedsCommands: true } || Expression.Keeps(delta)) // of commands the feed has made the cells (Snapshot.OfCommands)
        && Keeps(delta.Cell.Key.Lun, delta.Connection.Target, delta.Connection.Initiator, delta.Connection.Remote);

    /// <summary>Whether something that is no cell counts.</summary>
    public bool Keeps(Scope scope) => Expression?.Keeps(scope) != false && Keeps(scope.Lun, scope.Target, scope.Initiator, scope.Connection?.Remote ?? "");

    /// <summary>Whether a command counts.</summary>
    public bool Keeps(ulong lun, string target, string initiator, string remote) =>
        KeepsLun(lun) && Matches(Targets, target) && (Matches(Initiators, initiator) || Matches(Initiators, HostOf(remote)));

    /// <summary>Whether a row stands in the table: a unit or connection that did nothing has no cell that was asked.</summary>
    public bool Keeps(Row row) => InLists(row) && (Expression is null || row.Paths > 0 || row.Outstanding > 0 || row.Aborted > 0
        || (row.Connection is { } connection ? Expression.Keeps(connection) : row.Unit is not { } unit || Expression.Keeps(unit)));

    private bool InLists(Row row) => row.Connection is { Connection: var c }
        ? Matches(Targets, c.Target) && (Matches(Initiators, c.Initiator) || Matches(Initiators, HostOf(c.Remote)))
        : row.Unit is not { } unit || (KeepsLun(unit.Lun) && Matches(Targets, unit.Target) && (Initiators.Count == 0 || row.Paths > 0 || row.Outstanding > 0));

    private bool KeepsLun(ulong lun)
    {
        if (Luns.Count == 0) return true;
        foreach (ulong wanted in Luns)
            if (wanted == lun)
                return true;
        return false;
    }

    private static bool Matches(IReadOnlyList<string> patterns, ReadOnlySpan<char> text)
    {
        if (patterns.Count == 0) return true;
        foreach (string pattern in patterns)
            if (FileSystemName.MatchesSimpleExpression(pattern, text))
                return true;
        return false;
    }

    // 192.0.2.1:3260 and [::1]:3260, as ConnectionInfo has them.
    internal static ReadOnlySpan<char> HostOf(string remote)
    {
        int colon = remote.LastIndexOf(':');
        return colon < 0 ? remote : remote.AsSpan(0, colon).Trim("[]");
    }
}
