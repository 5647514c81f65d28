using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.D;

/// <summary>
/// A program that runs. Not thread-safe: its host calls it from one thread at a time. Timers fire in <see cref="Advance"/> and before an
/// event that is later than they are, so that a file's events and ticks always come in the same order.
/// </summary>
public sealed class DSession
{
    /// <summary>Prepares; nothing runs yet.</summary>
    public DSession(DProgram program, OutputBuffer output) => (Program, Output) = (program, output);

    /// <summary>The program.</summary>
    public DProgram Program { get; }

    /// <summary>What it prints. The host writes it out and clears it.</summary>
    public OutputBuffer Output { get; }

    /// <summary>What goes to standard error: faults as <c>error on enabled probe ID ...</c>, without "dtrace: ".</summary>
    public Action<string>? OnError { get; set; }

    /// <summary>Whether exit() was called: only End is still run.</summary>
    public bool Exited { get; private set; }

    /// <summary>What exit() was given.</summary>
    public int ExitStatus { get; private set; }

    /// <summary>Dynamic variables that found no room.</summary>
    public long DynamicDrops { get; private set; }

    /// <summary>Aggregations that found no room.</summary>
    public long AggregationDrops { get; private set; }

    /// <summary>Output that was more than bufsize between two writes.</summary>
    public long OutputDrops { get; private set; }

    /// <summary>BEGIN fires, timers start.</summary>
    /// <param name="timestamp">Monotonic ns.</param>
    /// <param name="wall">ns since 1970.</param>
    public void Begin(long timestamp, long wall) => throw new NotImplementedException();

    /// <summary>A probe of an engine fires.</summary>
    /// <param name="instance">Which engine, as in <see cref="ProbeCatalog.AddEngine"/>.</param>
    /// <param name="e">The event.</param>
    /// <param name="context">The names behind its ids.</param>
    public void OnEvent(int instance, in ProbeEvent e, in EventContext context) => throw new NotImplementedException();

    /// <summary>Time goes on: timers that are due fire.</summary>
    public void Advance(long timestamp, long wall) => throw new NotImplementedException();

    /// <summary>END fires.</summary>
    public void End(long timestamp, long wall) => throw new NotImplementedException();

    /// <summary>Prints the aggregations that no printa has printed: a blank line, then each (dtrace(1M) at exit).</summary>
    /// <param name="json">As one JSON object a key instead.</param>
    public void PrintAggregations(bool json = false) => throw new NotImplementedException();
}
