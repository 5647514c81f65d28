using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>Task management (RFC 7143 §11.5): what initiators ask for when commands take too long.</summary>
internal static class TaskRules
{
    public static readonly Rule[] Rows =
    [
        new("task_escalation", Severity.Problem,
            "After a task management request a stronger one came, or its connection ended, in the last 10 minutes.",
            "Find out why the unit did not answer: the initiator waited, aborted, reset, and then gave the session up.",
            Escalations),
        new("resets", Severity.Problem,
            "A LUN or target reset hit outstanding commands in the last 10 minutes.",
            "Find out who asked for it: commands of every initiator of the unit are lost.",
            (e, say) => Each(e, say, "reset", t => t.Function is TaskFunction.LogicalUnitReset or TaskFunction.TargetWarmReset or TaskFunction.TargetColdReset && t.Hit > 0)),
        new("aborts", Severity.Warning,
            "An abort hit an outstanding command in the last 10 minutes.",
            "Find out what the unit did in the time before: the initiator waited as long as the evidence says, then gave up.",
            (e, say) => Each(e, say, "abort", t => t.Function is TaskFunction.AbortTask or TaskFunction.AbortTaskSet && t.Hit > 0)),
    ];

    private static IEnumerable<TaskRecord> Recent(Evidence e) => e.Snapshot.Tasks.Where(t => e.Snapshot.Time - t.Time <= e.Horizon);

    private static Subject About(TaskRecord t) => Subject.Of(t.Connection.Initiator, t.Connection.Target, t.Lun);

    private static void Each(Evidence e, Say say, string what, Func<TaskRecord, bool> match)
    {
        foreach (var place in Recent(e).Where(match).GroupBy(About))
        {
            TaskRecord oldest = place.MaxBy(t => t.ReferencedAge)!;
            string age = oldest.ReferencedAge < 0 ? "" : Invariant($"; the oldest had waited {Wording.Time(oldest.ReferencedAge)}{(oldest.Operation == 0 && what == "reset" ? "" : Invariant($" ({Command.Name(oldest.Operation)})"))}");
            int unanswered = place.Count(t => t.Response < 0);
            say(place.Key, Invariant($"{Wording.Count(place.Count(), what)} of {Wording.Count(place.Sum(t => (long)t.Hit), "command")}{age}{(unanswered > 0 ? Invariant($"; {unanswered} without an answer") : "")}"),
                null, place.Min(t => t.Time), place.Max(t => t.Time));
        }
    }

    private static void Escalations(Evidence e, Say say)
    {
        foreach (var place in Recent(e).Where(t => t.After is TaskAftermath.Escalated or TaskAftermath.ConnectionEnded or TaskAftermath.LoggedInAgain).GroupBy(About))
        {
            string afterwards = string.Join(", ", place.GroupBy(t => t.After).OrderBy(g => g.Key).Select(g => Invariant($"{g.Count()} {After(g.Key)}")));
            long oldest = place.Max(t => t.ReferencedAge);
            say(place.Key, Invariant($"{Wording.Count(place.Count(), "request")}: {afterwards}{(oldest < 0 ? "" : Invariant($"; the oldest command had waited {Wording.Time(oldest)}"))}"),
                null, place.Min(t => t.Time), place.Max(t => t.Time));
        }
    }

    private static string After(TaskAftermath after) => after switch
    {
        TaskAftermath.Escalated => "followed by a stronger one",
        TaskAftermath.ConnectionEnded => "followed by the connection's end",
        _ => "followed by a new login",
    };
}
