using System.Globalization;
using System.Text;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>
/// Comma-separated values of RFC 4180: one header line, then one line a row, the report's time first. Unknown is empty.
/// Control characters in names are spelled out, so a record is always one line.
/// </summary>
internal sealed class CsvWriter(Stream output) : ReportWriter(output)
{
    private readonly StringBuilder _text = new();
    private bool _begun;

    public override void Write(Report report)
    {
        IReadOnlyList<Column> columns = report.Options.FileColumns;
        _text.Clear();
        if (!_begun) _text.Append("time,").AppendJoin(',', columns.Select(c => c.Field)).Append("\r\n");
        _begun = true;
        foreach (Row row in report.Rows)
        {
            _text.Append(EpochSeconds(report.Snapshot.Time));
            foreach (Column column in columns) Field(column, row);
            _text.Append("\r\n");
        }
        Output.Write(Encoding.UTF8.GetBytes(_text.ToString()));
        Output.Flush();
    }

    private void Field(Column column, Row row)
    {
        _text.Append(',');
        if (column.Text is { } text) Quote(TerminalText.Escape(text(row)));
        else if (column.Value!(row) is var value && !double.IsNaN(value)) _text.Append(value.ToString("R", CultureInfo.InvariantCulture));
    }

    private void Quote(string text)
    {
        if (text.AsSpan().IndexOfAny(',', '"') < 0) _text.Append(text);
        else _text.Append('"').Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }
}
