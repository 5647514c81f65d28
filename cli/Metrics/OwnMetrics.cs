using System.Net;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Metrics;

/// <summary>The metrics of this process's own engine, served beside what it does.</summary>
internal sealed class OwnMetrics : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly MetricsRun _run;
    private readonly Feed _feed;
    private readonly Thread _following;

    /// <summary>Begins to serve. The engine is there already.</summary>
    /// <param name="at">Where.</param>
    /// <param name="streams">Where it says so.</param>
    /// <exception cref="InputException">The address cannot be had.</exception>
    public OwnMetrics(IPEndPoint at, Streams streams)
    {
        _run = new MetricsRun(new MetricsOptions(at));
        try
        {
            _feed = _run.Open(new Origin([Environment.ProcessId]));
        }
        catch
        {
            _run.Dispose();
            throw;
        }
        _following = new Thread(() => _run.Follow(_feed, streams, _end.Token)) { IsBackground = true, Name = "metrics" };
        _following.Start();
        _run.Announce(streams);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _following.Join();
        _feed.Dispose();
        _run.Dispose();
        _end.Dispose();
    }
}
