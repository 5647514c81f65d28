namespace Iscsitop.Cli.Snooping;

/// <summary>The formats of a listing.</summary>
internal static class Listing
{
    /// <summary>What writes its lines, and has the sink write what stands before and behind them.</summary>
    /// <param name="format">The format.</param>
    /// <param name="sink">Where to.</param>
    /// <param name="fields">What programs get.</param>
    /// <param name="columns">What people get.</param>
    /// <param name="known">Lines that are known before: a table is as wide as they need from its begin.</param>
    public static LineSink.WriteLine<T> Writer<T>(OutputFormat format, LineSink sink, RecordField<T>[] fields, IReadOnlyList<LineColumn<T>> columns, IEnumerable<T>? known = null)
    {
        switch (format)
        {
            case OutputFormat.Ndjson:
                return new Records<T>(fields).Write;
            case OutputFormat.Json:
                var array = new JsonRecords<T>(fields);
                (sink.Heading, sink.Closing) = (array.Open, array.Close);
                return array.Write;
            case OutputFormat.Csv:
                var csv = new CsvRecords<T>(fields);
                sink.Heading = csv.WriteHeader;
                return csv.Write;
            case OutputFormat.Markdown:
                var markdown = new MarkdownLines<T>(columns);
                sink.Heading = markdown.WriteHeader;
                return markdown.Write;
            default:
                var table = new LineTable<T>(columns);
                foreach (T line in known ?? []) table.Measure(line, default);
                sink.Heading = table.WriteHeader;
                return table.Write;
        }
    }
}
