using System.Globalization;
using System.Text;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Output;

/// <summary>
/// Reports for people, below each other as <c>prstat -c</c> has them: header, rows, total. A column is as wide as the
/// widest text it ever had to hold, so that nothing is cut and nothing is out of line.
/// </summary>
internal sealed class TableWriter(Stream output, bool styled) : ReportWriter(output)
{
    private const int LinesPerHeader = 20;
    private const string Bold = "\e[1m";
    private const string Warning = "\e[33m";
    private const string Plain = "\e[0m";

    private readonly StringBuilder _text = new();
    private int[] _widths = [];
    private int _linesSinceHeader = LinesPerHeader;

    public override void Write(Report report)
    {
        IReadOnlyList<Column> columns = report.Options.TableColumns;
        List<string[]> lines = Lines(report);
        _text.Clear();
        Stamp(report);
        bool wider = Widen(columns, lines);
        // One row a report reads like vmstat; more need their header to be told apart.
        if (wider || lines.Count != 1 || _linesSinceHeader >= LinesPerHeader) Header(columns);
        foreach (string[] line in lines) Line(columns, line);
        if (report.Options.Cards) Cards(report);
        Drops(report.Snapshot.Engines);
        Output.Write(Encoding.UTF8.GetBytes(_text.ToString()));
        Output.Flush();
    }

    /// <summary>The cells of a report's rows, and of their total when there are several.</summary>
    public static List<string[]> Lines(Report report)
    {
        IReadOnlyList<Column> columns = report.Options.TableColumns;
        List<string[]> lines = [.. report.Rows.Select(row => Cells(columns, row, report.Naming))];
        if (lines.Count > 1 && report.Options.View.HasTotal) lines.Add(TotalCells(columns, report.Total, report.Naming));
        return lines;
    }

    private static string[] Cells(IReadOnlyList<Column> columns, Row row, Naming naming) => [.. columns.Select(c => Cell(c, row, naming))];

    private static string Cell(Column column, Row row, Naming naming)
    {
        if (column.Text is not null) return naming.Text(column, row) is { Length: > 0 } known ? TerminalText.Escape(known) : "-";
        Span<char> into = stackalloc char[Numbers.MaxWidth];
        return new string(into[..column.Show!(column.Value!(row), into)]);
    }

    private static string[] TotalCells(IReadOnlyList<Column> columns, Row total, Naming naming)
    {
        string[] cells = Cells(columns, total, naming);
        bool named = false;
        for (int i = 0; i < cells.Length; i++)
        {
            if (!columns[i].Identifies) continue;
            cells[i] = named || columns[i].Text is null ? "" : "total";
            named |= columns[i].Text is not null;
        }
        return cells;
    }

    private void Stamp(Report report)
    {
        if (report.Options.Stamp == Cli.Stamp.None) return;
        DateTimeOffset time = DateTimeOffset.FromUnixTimeMilliseconds(report.Snapshot.Time / 1_000_000);
        _text.Append(report.Options.Stamp == Cli.Stamp.Unix
            ? time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)
            : time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)).Append('\n');
    }

    private bool Widen(IReadOnlyList<Column> columns, List<string[]> lines)
    {
        int[] before = _widths;
        _widths = new int[columns.Count];
        for (int i = 0; i < _widths.Length; i++)
        {
            int least = columns[i].Text is null ? columns[i].Width : columns[i].Header.Length;
            _widths[i] = lines.Select(l => TerminalText.Width(l[i])).Append(least).Append(i < before.Length ? before[i] : 0).Max();
        }
        return !_widths.AsSpan().SequenceEqual(before);
    }

    private void Header(IReadOnlyList<Column> columns)
    {
        if (styled) _text.Append(Bold);
        Line(columns, [.. columns.Select(c => c.Header)]);
        if (styled) _text.Insert(_text.Length - 1, Plain);
        _linesSinceHeader = 0;
    }

    private void Line(IReadOnlyList<Column> columns, string[] cells)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            int gap = _widths[i] - TerminalText.Width(cells[i]);
            if (i > 0) _text.Append(' ');
            if (columns[i].Text is null) _text.Append(' ', gap).Append(cells[i]);
            else if (i == cells.Length - 1) _text.Append(cells[i]);
            else _text.Append(cells[i]).Append(' ', gap);
        }
        _text.Append('\n');
        _linesSinceHeader++;
    }

    private void Cards(Report report)
    {
        foreach (Row row in report.Rows)
        {
            if (row.Extras.End is not { } end) continue;
            _text.Append('\n');
            foreach ((string name, string text) in SessionCard.Lines(end, TimeZoneInfo.Local))
                _text.Append(text.Length == 0 ? name : $"{TerminalText.Escape(name),12}  {TerminalText.Escape(text)}").Append('\n');
        }
    }

    private void Drops(IReadOnlyList<EngineStatus> engines)
    {
        string losses = Losses(engines);
        if (losses.Length == 0) return;
        _text.Append(styled ? Warning : "").Append(losses).Append(styled ? Plain : "").Append('\n');
        _linesSinceHeader++;
    }
}
