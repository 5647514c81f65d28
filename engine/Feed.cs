using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What a subscriber asks an engine for.</summary>
/// <param name="Events">Mask of the probes whose events are wanted; 0 for none.</param>
/// <param name="Interval">Time between snapshots of cells; zero for none.</param>
public readonly record struct Wants(uint Events, TimeSpan Interval);

/// <summary>One event as a subscriber gets it, with the names behind its ids.</summary>
/// <param name="Connection">The connection, with addresses; names in it may be newer than the event's own.</param>
/// <param name="Target">Target name at the time of the event, "" before it was seen.</param>
/// <param name="Initiator">Initiator name at the time of the event.</param>
/// <param name="WallTime">Time of the event, ns since 1970.</param>
/// <param name="Engine">The engine that saw it.</param>
public readonly record struct EventContext(ConnectionInfo Connection, string Target, string Initiator, long WallTime, EngineStatus Engine);

/// <summary>Receives events on a feed's reading thread.</summary>
/// <param name="e">The event; valid during the call.</param>
/// <param name="context">The names behind its ids.</param>
public delegate void EventHandler(in ProbeEvent e, in EventContext context);

/// <summary>Receives completed commands on a feed's reading thread.</summary>
/// <param name="command">The command; valid during the call.</param>
/// <param name="context">The names behind its ids, at its completion.</param>
public delegate void CommandHandler(in CompletedCommand command, in EventContext context);

/// <summary>
/// A viewer's subscription to every engine it may open: finds them, attaches to those that come, survives those that go,
/// and merges what they send.
/// </summary>
public sealed class Feed : IDisposable
{
    /// <summary>Attaches to the engines there are, and to those that come later.</summary>
    /// <param name="wants">What to ask for.</param>
    /// <param name="pids">The engines to attach to; null or empty for every one.</param>
    /// <param name="onEvent">Called for each event, in the order of each engine; null when none are wanted.</param>
    /// <param name="onCommand">Called for each completed command; null when none are wanted.</param>
    public static Feed Open(Wants wants, IReadOnlyList<int>? pids = null, EventHandler? onEvent = null, CommandHandler? onCommand = null) =>
        throw new NotImplementedException();

    /// <summary>Waits until every engine attached has delivered a snapshot newer than the last one taken, or the time is over.</summary>
    public bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>What happened since the last call, merged over the engines. The snapshot is reused by the next call.</summary>
    public Snapshot Take() => throw new NotImplementedException();

    /// <summary>Changes the interval asked for.</summary>
    public void SetInterval(TimeSpan interval) => throw new NotImplementedException();

    /// <summary>Detaches.</summary>
    public void Dispose() => throw new NotImplementedException();
}
