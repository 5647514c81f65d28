using System.Buffers;
using System.Diagnostics;
using System.IO.Compression;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// The pages that a book makes, one for each format and encoding. A page is made when it is asked for, and again when there is a new interval:
/// however many ask at once, they share it.
/// </summary>
internal sealed class ScrapePages(MetricBook book)
{
    /// <summary>The metric of how long one takes.</summary>
    public static readonly MetricRow Duration = MetricTable.Find("iscsitop.scrape.duration")!;

    private readonly Lock _making = new();
    private readonly Page[] _pages = [new(), new(), new(), new()];
    private int _size = 1 << 16;

    private sealed class Page
    {
        public byte[]? Bytes { get; set; }
        public long Version { get; set; }
    }

    /// <summary>A page. Nobody changes it any more.</summary>
    public byte[] Get(bool openMetrics, bool gzip)
    {
        lock (_making)
        {
            long begun = Stopwatch.GetTimestamp(), version = book.Version;
            Page page = _pages[(openMetrics ? 1 : 0) + (gzip ? 2 : 0)];
            if (page.Bytes is { } there && page.Version == version) return there;
            if (gzip) page.Bytes = Gzip(Get(openMetrics, false));
            else
            {
                var output = new ArrayBufferWriter<byte>(_size);
                PrometheusText.Write(book, openMetrics, output);
                page.Bytes = output.WrittenSpan.ToArray();
                _size = output.Capacity;
                book.Set(Duration, Stopwatch.GetElapsedTime(begun).TotalSeconds);
            }
            page.Version = version;
            return page.Bytes;
        }
    }

    private static byte[] Gzip(byte[] page)
    {
        using var output = new MemoryStream(page.Length / 8);
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(page);
        return output.ToArray();
    }
}
