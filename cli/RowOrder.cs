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
    /// <summary>What the column says of a row, so that the lower stands first: worked out once where a row is compared often.</summary>
    /// <param name="Number">The number, or whether the text is unknown.</param>
    /// <param name="Text">The text; null for a number.</param>
    internal readonly record struct Rank(long Number, string? Text);

    /// <inheritdoc/>
    public int Compare(Row? x, Row? y)
    {
        if (ReferenceEquals(x, y)) return 0;
        return x is null || y is null ? (x is null ? -1 : 1) : Compare(RankOf(x), x, RankOf(y), y);
    }

    /// <summary>What decides about a row.</summary>
    internal Rank RankOf(Row row)
    {
        if (by.Value is null) return by.Text!(row) is { Length: > 0 } text ? new Rank(0, text) : new Rank(1, "");
        double number = by.Value(row);
        return new Rank(double.IsNaN(number) ? long.MaxValue : Sortable(ascending ? number : -number), null);
    }

    /// <summary>Compares rows of which it is known what decides.</summary>
    internal int Compare(in Rank x, Row row, in Rank y, Row other)
    {
        int order = x.Number.CompareTo(y.Number);
        if (order == 0 && x.Text is not null) order = ascending ? string.CompareOrdinal(x.Text, y.Text) : string.CompareOrdinal(y.Text, x.Text);
        return order != 0 ? order : CompareNames(row, other);
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

    // Integers in the order of the numbers; there is one zero.
    private static long Sortable(double number)
    {
        long bits = BitConverter.DoubleToInt64Bits(number + 0.0);
        return bits ^ ((bits >> 63) & long.MaxValue);
    }
}
