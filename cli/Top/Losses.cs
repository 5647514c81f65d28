using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>A way in which numbers may lack something.</summary>
/// <param name="Word">What the badge and the help call it.</param>
/// <param name="Help">One line for the help.</param>
/// <param name="Count">How much of it an engine has counted.</param>
/// <param name="Badge">Whether it makes numbers wrong, so that a badge tells of it; else only the help does.</param>
internal sealed record LossKind(string Word, string Help, Func<EngineStatus, long> Count, bool Badge = true);

/// <summary>What was not seen, summed over the engines there are and those that have gone.</summary>
internal sealed class Losses
{
    /// <summary>The kinds, worst first: where there is no room for all their badges, these are seen.</summary>
    internal static readonly LossKind[] Kinds =
    [
        new("drops", "events and packets lost on the way here", e => e.RingDrops + e.OutboxDrops + Math.Max(0, e.Coverage.Dropped)),
        new("lost", "commands given up: their status never came", e => e.Lost),
        new("resync", "times a PDU's start was looked for anew", e => e.Coverage.Resyncs),
        new("no login", "connections whose login was not seen: names may be unknown", e => e.Coverage.MidStream),
        new("given up", "connections given up: too many, or too much to hold", e => e.Coverage.Evicted),
        new("folded", "commands of too many cells, told without their connection", e => e.Folded),
        new("silent", "hosts of the fleet that have told nothing for two of their samples' intervals", e => e.Host is { SilentSince: > 0 } ? 1 : 0),
        new("told twice", "series that tell the same as others, and are not counted", e => e.Host?.Doubles ?? 0, Badge: false),
        new("begun anew", "times the counters of a host began anew", e => e.Host?.Resets ?? 0, Badge: false),
        new("unmatched", "statuses whose command was not seen", e => e.Unmatched, Badge: false),
        new("missing", "payload bytes not in the capture", e => e.Coverage.MissingBytes, Badge: false),
    ];

    private readonly long[] _counts = new long[Kinds.Length];

    /// <summary>How much there is of a kind.</summary>
    public long this[int kind] => _counts[kind];

    public void Clear() => Array.Clear(_counts);

    public void Add(EngineStatus engine)
    {
        for (int i = 0; i < Kinds.Length; i++) _counts[i] += Kinds[i].Count(engine);
    }

    public void Add(Losses others)
    {
        for (int i = 0; i < _counts.Length; i++) _counts[i] += others._counts[i];
    }
}

/// <summary>An engine that went while it was watched.</summary>
/// <param name="Source">What it observed.</param>
/// <param name="Pid">Its process.</param>
/// <param name="Time">When that was noticed, ns since 1970.</param>
/// <param name="Problem">Why, "" when it simply stopped.</param>
/// <param name="Lost">What it had not seen.</param>
internal sealed record GoneEngine(string Source, int Pid, long Time, string Problem, Losses Lost);
