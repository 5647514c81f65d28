using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>
/// A column of a table view: one row here feeds the screen, every batch format, <c>--list-fields</c>, sorting and the
/// checks of the man page.
/// </summary>
/// <param name="Field">The stable snake_case name of files and scripts (views.md d.11).</param>
/// <param name="Header">Its title on the screen, in 7-bit ASCII.</param>
/// <param name="Width">Cells it takes, without the gap; text columns may grow.</param>
/// <param name="Unit">Unit of the value in files ("1/s", "B/s", "us", ""), which is also what <see cref="Value"/> returns.</param>
/// <param name="Help">One line for help and man page.</param>
/// <param name="Value">The number; NaN when unknown. Null for a text column.</param>
/// <param name="Text">The text of a text column; "" when unknown. Null for a number.</param>
/// <param name="Show">Formats the number for the screen without allocating; returns the characters written.</param>
public sealed record Column(
    string Field, string Header, int Width, string Unit, string Help,
    Func<Row, double>? Value, Func<Row, string>? Text = null, ShowNumber? Show = null);

/// <summary>Writes a number for people: <c>12.3k</c>, <c>0.45</c>, <c>-</c> for NaN.</summary>
/// <param name="value">The number in the column's unit.</param>
/// <param name="into">At least the column's width.</param>
/// <returns>Characters written.</returns>
public delegate int ShowNumber(double value, Span<char> into);

/// <summary>A table: what its rows are, which columns it shows, how it is sorted at first.</summary>
/// <param name="Key">What <c>--view</c> takes.</param>
/// <param name="Title">What the screen says.</param>
/// <param name="Group">What rows are told apart by.</param>
/// <param name="Columns">The columns in order.</param>
/// <param name="SortBy">Field of the column it is sorted by, highest first.</param>
public sealed record View(string Key, string Title, Dimensions Group, IReadOnlyList<Column> Columns, string SortBy);
