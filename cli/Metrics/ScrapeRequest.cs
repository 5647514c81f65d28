using System.Globalization;
using System.Text;

namespace Iscsitop.Cli.Metrics;

/// <summary>What somebody who scrapes asked for.</summary>
/// <param name="Method">GET, HEAD or something else; "" when it is not HTTP/1.</param>
/// <param name="Path">The path, without a query.</param>
/// <param name="OpenMetrics">Whether OpenMetrics is preferred to the text format.</param>
/// <param name="Gzip">Whether the answer may be gzipped.</param>
internal readonly record struct ScrapeRequest(string Method, string Path, bool OpenMetrics, bool Gzip)
{
    private const string Scheme = "http://";

    /// <summary>Reads a request's header. What follows it is of no interest.</summary>
    public static ScrapeRequest Parse(ReadOnlySpan<byte> header)
    {
        string[] lines = Encoding.Latin1.GetString(header).Split("\r\n");
        if (lines[0].Split(' ') is not [var method, var target, var version] || !version.StartsWith("HTTP/1.", StringComparison.Ordinal)) return default(ScrapeRequest) with { Method = "", Path = "" };
        string accept = "", encoding = "";
        foreach (string line in lines)
        {
            int colon = line.IndexOf(':');
            if (colon < 0) continue;
            if (line.AsSpan(0, colon).Equals("Accept", StringComparison.OrdinalIgnoreCase)) accept += line[(colon + 1)..] + ",";
            else if (line.AsSpan(0, colon).Equals("Accept-Encoding", StringComparison.OrdinalIgnoreCase)) encoding += line[(colon + 1)..] + ",";
        }
        double metrics = Weight(accept, "application/openmetrics-text"), text = Weight(accept, "text/plain", "text/*", "*/*");
        return new ScrapeRequest(method, PathOf(target), metrics > 0 && metrics >= text, Weight(encoding, "gzip", "*") > 0);
    }

    // A proxy asks for the whole URL.
    private static string PathOf(string target)
    {
        if (target.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) target = target.IndexOf('/', Scheme.Length) is > 0 and var at ? target[at..] : "/";
        return target.Split('?')[0];
    }

    // The weight (0-1) of the first of these names that a list has, 0 when it has none of them.
    private static double Weight(string list, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            double most = -1;
            foreach (string item in list.Split(','))
            {
                string[] parts = item.Split(';', StringSplitOptions.TrimEntries);
                if (!parts[0].Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
                double weight = 1;
                foreach (string part in parts)
                    if (part.StartsWith("q=", StringComparison.OrdinalIgnoreCase) && double.TryParse(part[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double q)) weight = q;
                most = Math.Max(most, weight);
            }
            if (most >= 0) return most;
        }
        return 0;
    }
}
