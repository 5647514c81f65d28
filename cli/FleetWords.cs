using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Iscsitop.Engine.Fleet;

namespace Iscsitop.Cli;

/// <summary>The options that say which Prometheus server a fleet is read from.</summary>
internal sealed class FleetWords
{
    /// <summary>The environment variable that may hold a token.</summary>
    public const string TokenVariable = "ISCSITOP_PROMETHEUS_TOKEN";

    private const int MostToken = 64 << 10;

    private readonly Option<string?> _server = new("--prometheus") { HelpName = "URL", Description = "show the fleet whose metrics this Prometheus server has, in the views lun, initiator, target and host" };
    private readonly Option<string?> _token = new("--prometheus-token-file") { HelpName = "FILE", Description = "send the token in this file to it; " + TokenVariable + " may hold one, too" };
    private readonly Option<string?> _timeout = new("--prometheus-timeout") { HelpName = "SECONDS", Description = "wait no longer for an answer of its; 10 unless given" };
    private readonly Option<string[]> _hosts = new("--host") { HelpName = "HOST[,HOST]", Description = "only these hosts of the fleet, with or without their ports; * and ? match" };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _server, _token, _timeout, _hosts }) command.Add(option);
    }

    /// <summary>The server asked for, null when there is no such wish.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="environment">The environment's variables.</param>
    /// <exception cref="UsageException">It makes no sense.</exception>
    /// <exception cref="InputException">The token cannot be read.</exception>
    public PrometheusOptions? Options(ParseResult result, Func<string, string?> environment)
    {
        if (result.GetValue(_server) is not { } text)
        {
            foreach (Option option in new Option[] { _token, _timeout, _hosts })
                if (result.GetResult(option) is { Implicit: false })
                    throw new UsageException($"{option.Name} needs --prometheus");
            return null;
        }
        // Of a URL that is wrong nobody knows where its password stands.
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            throw new UsageException($"invalid URL of a Prometheus server{(text.Contains('@', StringComparison.Ordinal) ? "" : " -- " + text)} (http:// or https://, a host, and a port and path if need be)");
        if (url.Query.Length + url.Fragment.Length > 0) throw new UsageException("invalid URL of a Prometheus server (what stands behind ? or # is not for it)");
        AuthenticationHeaderValue? user = User(url), token = Token(result.GetValue(_token), user is null ? environment(TokenVariable) : null);
        if (user is not null && token is not null) throw new UsageException("--prometheus-token-file and a user in the URL cannot go together");
        return new PrometheusOptions(new UriBuilder(url) { UserName = "", Password = "" }.Uri)
        {
            Authorization = user ?? token,
            Timeout = result.GetValue(_timeout) is { } seconds ? Timeout(seconds) : TimeSpan.FromSeconds(10),
            Hosts = Values.Items(result.GetValue(_hosts) ?? []),
        };
    }

    private static TimeSpan Timeout(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0.1 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw Values.Wrong("timeout", text, "seconds from 0.1 to 3600");

    private static AuthenticationHeaderValue? User(Uri url)
    {
        if (url.UserInfo.Length == 0) return null;
        int colon = url.UserInfo.IndexOf(':', StringComparison.Ordinal);
        string name = Uri.UnescapeDataString(colon < 0 ? url.UserInfo : url.UserInfo[..colon]), password = colon < 0 ? "" : Uri.UnescapeDataString(url.UserInfo[(colon + 1)..]);
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
    }

    private static AuthenticationHeaderValue? Token(string? file, string? otherwise)
    {
        string token = (file is null ? otherwise ?? "" : Read(file)).Trim();
        if (token.Length == 0) return file is null ? null : throw new InputException($"there is no token in '{file}'");
        if (token.Any(c => c is <= ' ' or > '~')) throw new InputException(file is null ? $"{TokenVariable} holds no token" : $"what stands in '{file}' is no token");
        return new AuthenticationHeaderValue("Bearer", token);
    }

    private static string Read(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            byte[] bytes = new byte[MostToken];
            return Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, MostToken, throwOnEndOfStream: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"the token cannot be read: {e.Message}", e);
        }
    }
}
