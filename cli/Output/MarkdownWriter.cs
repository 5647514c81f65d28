using System.Buffers;
using System.Text;

namespace Iscsitop.Cli.Output;

/// <summary>Tables for tickets and wikis: a heading with the time, then one table a report (GitHub's Markdown).</summary>
internal sealed class MarkdownWriter(Stream output) : ReportWriter(output)
{
    private static readonly SearchValues<char> s_markup = SearchValues.Create("\\|`*_<>[]");

    private readonly StringBuilder _text = new();
    private bool _begun;

    public override void Write(Report report)
    {
        IReadOnlyList<Column> columns = report.Options.TableColumns;
        _text.Clear();
        if (_begun) _text.Append('\n');
        _begun = true;
        Heading(_text, [.. columns.Select(c => c.Header)], [.. columns.Select(c => c.Text is not null)]);
        foreach (string[] line in TableWriter.Lines(report)) Line(_text, line);
        if (Losses(report.Snapshot.Engines) is { Length: > 0 } losses) _text.Append('\n').Append(Cell(losses)).Append('\n');
        Output.Write(Encoding.UTF8.GetBytes(_text.ToString()));
        Output.Flush();
    }

    /// <summary>The two lines a table begins with.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="headers">The titles.</param>
    /// <param name="left">Which columns stand left, as text does.</param>
    public static void Heading(StringBuilder text, IReadOnlyList<string> headers, IReadOnlyList<bool> left)
    {
        Line(text, headers);
        text.Append('|').AppendJoin('|', left.Select(l => l ? " --- " : " ---: ")).Append("|\n");
    }

    /// <summary>A line of a table.</summary>
    public static void Line(StringBuilder text, IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells.Select(Cell)).Append(" |\n");

    /// <summary>A text in which nothing is markup.</summary>
    public static string Cell(string text)
    {
        if (text.AsSpan().IndexOfAny(s_markup) < 0) return text;
        var safe = new StringBuilder();
        foreach (char c in text)
        {
            if (s_markup.Contains(c)) safe.Append('\\');
            safe.Append(c);
        }
        return safe.ToString();
    }
}
