using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>
/// Sorts rows by a column. What is unknown stands last either way; equal rows keep the order of their names, so that a
/// table does not jump.
/// </summary>
/// <param name="by">The column.</param>
/// <param name="ascending">Lowest first.</param>
public sealed class RowOrder(Column by, bool ascending) : IComparer<Row>
{
    /// <inheritdoc/>
    public int Compare(Row? x, Row? y)
    {
        if (ReferenceEquals(x, y)) return 0;
        if (x is null || y is null) return x is null ? -1 : 1;
        int order = by.Value is null ? CompareText(by.Text!(x), by.Text(y)) : CompareNumbers(by.Value(x), by.Value(y));
        return order != 0 ? order : CompareNames(x, y);
    }

    private static int CompareNames(Row x, Row y)
    {
        int order = string.CompareOrdinal(x.Target, y.Target);
        if (order == 0) order = x.Lun.CompareTo(y.Lun);
        if (order == 0) order = string.CompareOrdinal(x.Initiator, y.Initiator);
        if (order == 0) order = string.CompareOrdinal(x.Session, y.Session);
        if (order == 0) order = string.CompareOrdinal(x.Portal, y.Portal);
        if (order == 0) order = x.Operation.CompareTo(y.Operation);
        if (order == 0) order = string.CompareOrdinal(x.Extras.Finding?.Rule, y.Extras.Finding?.Rule);
        if (order == 0) order = x.Item.CompareTo(y.Item);
        return order != 0 || x.Connection is null || y.Connection is null ? order : x.Connection.Connection.Id.CompareTo(y.Connection.Connection.Id);
    }

    private int CompareNumbers(double x, double y)
    {
        if (double.IsNaN(x) || double.IsNaN(y)) return double.IsNaN(x).CompareTo(double.IsNaN(y));
        return ascending ? x.CompareTo(y) : y.CompareTo(x);
    }

    private int CompareText(string x, string y)
    {
        if (x.Length == 0 || y.Length == 0) return (x.Length == 0).CompareTo(y.Length == 0);
        return ascending ? string.CompareOrdinal(x, y) : string.CompareOrdinal(y, x);
    }
}
