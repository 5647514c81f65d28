using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Checking;

namespace Iscsitop.Cli.Checking;

/// <summary>The condition of <c>--fail-if</c>: what it says ends a run with an exit status of its own.</summary>
/// <param name="check">The condition.</param>
/// <param name="by">What counts at all.</param>
/// <param name="streams">Where it says why.</param>
internal sealed class Failing(Check check, Narrowing by, Streams streams)
{
    private readonly Watch _watch = new(check, by);

    /// <summary>Whether it has been true.</summary>
    public bool Stopped => _watch.Verdict == true;

    /// <summary>What was before the first interval.</summary>
    public void Begin(Snapshot snapshot) => _watch.Begin(snapshot);

    /// <summary>The next interval, and one to compare it with.</summary>
    public void Add(Snapshot snapshot, Snapshot? before = null) => _watch.Add(snapshot, before);

    /// <summary>Says what was true, or that nobody knows.</summary>
    /// <returns>The exit status.</returns>
    public int End()
    {
        if (_watch.Verdict != false && _watch.Watched > TimeSpan.Zero) streams.Complain((Stopped ? "fail-if: " : "fail-if is not known: ") + Words.Of(_watch, dated: true));
        return Stopped ? ExitCode.Stopped : ExitCode.Success;
    }
}
