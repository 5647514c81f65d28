using System.Net.Http.Headers;
using System.Text;

namespace Iscsitop.Engine.Fleet;

/// <summary>Which Prometheus server is asked, and how.</summary>
/// <param name="Url">Its address with the path before <c>/api/v1</c>, without user and password.</param>
public sealed record PrometheusOptions(Uri Url)
{
    /// <summary>Longest answer that is read, in bytes.</summary>
    public const int MaxAnswer = 64 << 20;

    /// <summary>What is sent to say who asks; null for nothing. Never shown.</summary>
    public AuthenticationHeaderValue? Authorization { get; init; }

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Hosts asked for, with or without their ports; <c>*</c> and <c>?</c> match. Empty for all.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Bytes of an answer at most.</summary>
    public int MostBytes { get; init; } = MaxAnswer;

    /// <inheritdoc/>
    public override string ToString() => Url.ToString().TrimEnd('/');

    /// <summary>The matcher of <see cref="Hosts"/>, after a comma; "" for all.</summary>
    internal string HostMatcher
    {
        get
        {
            if (Hosts.Count == 0) return "";
            var regex = new StringBuilder();
            foreach (string host in Hosts)
            {
                if (regex.Length > 0) regex.Append('|');
                foreach (char c in host)
                    if (c == '*') regex.Append(".*");
                    else if (c == '?') regex.Append('.');
                    else if (char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ':' || c > '\x7f') regex.Append(c);
                    else if (c >= ' ') regex.Append('\\').Append(c);
            }
            string text = $"({regex})(:[0-9]+)?";
            return $",{FleetMetrics.Host}=~\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        }
    }
}

/// <summary>What was asked has no answer that can be read; the message says why, and never who asked.</summary>
public sealed class PrometheusException : IOException
{
    public PrometheusException(string message)
        : base(message)
    {
    }

    public PrometheusException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
