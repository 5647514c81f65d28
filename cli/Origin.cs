using Iscsitop.Engine;
using Iscsitop.Engine.Fleet;
using Iscsitop.Engine.Sources;
using EventHandler = Iscsitop.Engine.EventHandler;

namespace Iscsitop.Cli;

/// <summary>Where what is shown comes from: the engines that run here, an interface, or a file.</summary>
/// <param name="Pids">Engines to attach to; empty for all. Not with a capture.</param>
/// <param name="Capture">The packets, null for engines.</param>
public sealed record Origin(IReadOnlyList<int> Pids, CaptureOptions? Capture = null)
{
    /// <summary>Every engine that runs here.</summary>
    public static Origin Engines { get; } = new([]);

    /// <summary>The Prometheus server of a fleet, null for engines and packets.</summary>
    public PrometheusOptions? Fleet { get; init; }

    /// <summary>Whether it is a file that is read as fast as it can.</summary>
    public bool IsFile => Capture is { File.Length: > 0, RealTime: false };

    /// <summary>What the command line asks for.</summary>
    /// <exception cref="UsageException">It makes no sense.</exception>
    internal static Origin Of(CaptureWords capture, Filters filters, System.CommandLine.ParseResult result)
    {
        IReadOnlyList<int> pids = filters.Pids(result);
        CaptureOptions? options = capture.Options(result, pids);
        return new Origin(pids, options);
    }

    /// <summary>Subscribes.</summary>
    /// <exception cref="InputException">The file or interface cannot be had.</exception>
    public Feed Open(Wants wants, EventHandler? onEvent = null, CommandHandler? onCommand = null)
    {
        if (Fleet is not null) return OpenFleet(Fleet, wants, onEvent is not null || onCommand is not null);
        if (Capture is null) return Feed.Open(wants, Pids, onEvent, onCommand);
        return Opened(Capture, () => Feed.Open(Capture, wants, onEvent, onCommand));
    }

    // A token or password never stands in a message: the address that is shown has none.
    private static Feed OpenFleet(PrometheusOptions fleet, Wants wants, bool each)
    {
        if (each) throw new UsageException("a Prometheus server has no events and no single commands");
        try
        {
            return Feed.Open(fleet, wants);
        }
        catch (PrometheusException e)
        {
            throw new InputException($"{fleet}: {e.Message}", e);
        }
    }

    /// <summary>Ends a subscription whose report is out: what was wrong is said last.</summary>
    /// <exception cref="IOException">It ended before its time, or packets could not be written.</exception>
    internal static void Close(Feed feed, Output.Streams streams)
    {
        feed.Dispose();
        if (feed.Broken) throw new IOException(feed.Problem);
        if (feed.Problem.Length > 0) streams.Complain(feed.Problem);
        if (feed.WriteProblem.Length > 0) throw new IOException(feed.WriteProblem);
    }

    /// <summary>Opens a capture; what its options got wrong is told apart from what cannot be had.</summary>
    public static T Opened<T>(CaptureOptions capture, Func<T> open)
    {
        try
        {
            return open();
        }
        catch (CaptureFilterException e)
        {
            throw new UsageException(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CaptureFormatException)
        {
            throw new InputException(e.Message, e);
        }
    }
}
