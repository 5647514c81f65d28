using System.CommandLine;
using System.Globalization;
using System.Net;
using Iscsitop.Cli.Metrics;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop metrics</c>: what a screen would show, for Prometheus and OpenTelemetry.</summary>
internal static class Metrics
{
    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var interval = new Argument<string?>("interval") { HelpName = "interval", Arity = ArgumentArity.ZeroOrOne, Description = "seconds between looks at the engines; 1 unless given" };
        var listen = new Option<string?>("--listen") { HelpName = "[ADDR:]PORT", Description = "serve /metrics to Prometheus here; 127.0.0.1:9260 unless given or pushed" };
        var otlp = new Option<string?>("--otlp") { HelpName = "URL", Description = "push to this OTLP receiver: by gRPC, with a path or port 4318 by HTTP" };
        var most = new Option<string?>("--max-series") { HelpName = "N", Description = "tell apart at most so many series, the rest is _OTHER; 10000 unless given" };
        var by = new Option<string?>("--metrics-by") { HelpName = "initiator", Description = "tell initiators apart, too, where that can be" };
        var pdus = new Option<bool>("--pdus") { Description = "count PDUs by kind, too, which asks the engines for every event" };
        var pids = new Option<string[]>("--pid", "-p") { HelpName = "PID[,PID]", Description = "attach to these engines only" };
        var capture = new CaptureWords();
        var command = new Command("metrics", "Serves what engines or packets show to Prometheus, or pushes it to an OTLP receiver. Ends on Ctrl-C.") { interval };
        foreach (Option option in new Option[] { listen, otlp, most, by, pdus, pids }) command.Add(option);
        capture.AddTo(command);
        command.SetAction(result =>
        {
            IReadOnlyList<int> engines = Values.Pids(result.GetValue(pids) ?? []);
            var origin = new Origin(engines, capture.Options(result, engines));
            Uri? endpoint = result.GetValue(otlp) is { } url ? Endpoint(url) : null;
            bool pushes = endpoint is not null || Providers.EnvironmentHasEndpoint;
            var options = new MetricsOptions(Listen(result.GetValue(listen), !pushes), pushes, endpoint)
            {
                MostSeries = result.GetValue(most) is { } n ? Most(n) : MetricBook.DefaultSeries,
                ByInitiator = result.GetValue(by) is { } word && Values.Choice("label", word, ("initiator", true)),
                Pdus = result.GetValue(pdus),
                Interval = result.GetValue(interval) is { } text ? Values.Interval(Values.Positional(text)) : TimeSpan.FromSeconds(1),
            };
            return Run(origin, options, streams);
        });
        return command;
    }

    /// <summary>Where to listen: a port of this machine only, or an address and a port.</summary>
    /// <param name="text">What was said; null for nothing.</param>
    /// <param name="otherwise">Whether it is the usual place then, or none.</param>
    /// <exception cref="UsageException">It is no address.</exception>
    public static IPEndPoint? Listen(string? text, bool otherwise)
    {
        if (text is null) return otherwise ? new IPEndPoint(IPAddress.Loopback, ScrapeServer.DefaultPort) : null;
        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)) return new IPEndPoint(IPAddress.Loopback, port);
        bool whole = text.LastIndexOf(':') is > 0 and var at && (text.IndexOf(':') == at || text[at - 1] == ']');
        return whole && IPEndPoint.TryParse(text, out IPEndPoint? address) ? address : throw Values.Wrong("address", text, "a port, or an address and a port, like 127.0.0.1:9260 or [::]:9260");
    }

    private static Uri Endpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url!
            : throw Values.Wrong("URL", text, "like http://127.0.0.1:4317 or http://127.0.0.1:4318/v1/metrics");

    private static int Most(string text) => Values.Count("number of series", text) is var n && n >= MetricBook.FewestSeries
        ? n
        : throw Values.Wrong("number of series", text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {MetricBook.FewestSeries}"));

    private static int Run(Origin origin, MetricsOptions options, Streams streams)
    {
        using var stop = new Stop();
        using var run = new MetricsRun(options);
        using Feed feed = run.Open(origin);
        stop.Listen();
        run.Announce(streams);
        run.Follow(feed, streams, stop.Token);
        // What a file has told is there as long as anybody asks.
        if (feed is { Ended: true, Broken: false } && origin.Capture is { File.Length: > 0 }) stop.Token.WaitHandle.WaitOne();
        Origin.Close(feed, streams);
        return ExitCode.Success;
    }
}
