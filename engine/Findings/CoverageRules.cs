using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>What an engine did not see of an interval.</summary>
internal readonly record struct Losses(long Packets, long Events, long Resyncs, long Folded, long Evicted);

/// <summary>What was not seen, so that figures may be too low.</summary>
internal static class CoverageRules
{
    public static readonly Rule[] Rows =
    [
        new("packets_lost", Severity.Warning,
            "The kernel or the interface dropped packets of the capture.",
            "Give the capture a filter, a larger buffer or a faster machine; until then figures are too low.",
            (e, say) => Each(e, say, l => l.Packets, n => Wording.Count(n.Coverage.Dropped, "packet"))),
        new("events_lost", Severity.Warning,
            "The engine or this viewer was behind and lost events.",
            "Ask for fewer events or longer intervals; until then figures are too low.",
            (e, say) => Each(e, say, l => l.Events, n => Invariant($"{n.RingDrops} in the engine, {n.OutboxDrops} on the way here"))),
        new("resyncs", Severity.Warning,
            "The start of a PDU had to be looked for anew, because packets were missing, cut or damaged.",
            "Capture whole packets, near the target or the initiator; commands in the gaps are not counted.",
            (e, say) => Each(e, say, l => l.Resyncs, n => Invariant($"{Wording.Count(n.Coverage.Resyncs, "time")}, {Wording.Bytes(n.Coverage.MissingBytes)} not in the capture"))),
        new("folded_cells", Severity.Notice,
            "There were more combinations of connection, LUN and operation than the engine keeps: the rest is counted in one.",
            "Narrow the capture to what matters; totals are right, rows are not complete.",
            (e, say) => Each(e, say, l => l.Folded, n => Wording.Count(n.Folded, "command"))),
        new("connections_given_up", Severity.Warning,
            "There were more connections than can be followed in packets, or more of their data than can be held.",
            "Narrow the capture to the portals that matter.",
            (e, say) => Each(e, say, l => l.Evicted, n => Wording.Count(n.Coverage.Evicted, "connection"))),
        new("mid_stream", Severity.Notice,
            "Connections are open whose login was not seen: their names and parameters are not known, and rules on these say nothing.",
            "Begin to look before the initiators log in, or have them log in again, when names and parameters matter.",
            MidStream),
    ];

    // What grew since the snapshot before; the evidence is all of it since the engine began.
    private static void Each(Evidence e, Say say, Func<Losses, long> what, Func<EngineStatus, string> evidence)
    {
        foreach (EngineStatus engine in e.Snapshot.Engines)
            if (what(e.Lost(engine)) > 0)
                say(Subject.Of(engine), evidence(engine));
    }

    private static void MidStream(Evidence e, Say say)
    {
        foreach (EngineStatus engine in e.Snapshot.Engines)
        {
            int n = 0;
            foreach (ConnectionDelta c in e.Snapshot.Connections)
                if (c.Connection is { MidStream: true, Closed: 0 } && c.Engine.Number == engine.Number)
                    n++;
            if (n > 0) say(Subject.Of(engine), Wording.Count(n, "connection"));
        }
    }
}
