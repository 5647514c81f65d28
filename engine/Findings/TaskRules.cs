using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>Task management (RFC 7143 §11.5): what initiators ask for when commands take too long.</summary>
internal static class TaskRules
{
    public static readonly Rule[] Rows =
    [
        new("task_escalation", Severity.Problem,
            "After a task management request that hit outstanding commands, or had no answer, a stronger one came, or its connection ended without a logout and not by a cold reset, in the last 10 minutes.",
            "Find out why the unit did not answer: the initiator waited, aborted, reset, and then gave the session up.",
            (e, say) =>
            {
                if (e.Snapshot.Tasks.Count > 0) Escalations(e, say);
            }),
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
        if (e.Snapshot.Tasks.Count == 0) return;
        foreach (var place in Recent(e).Where(match).GroupBy(About))
        {
            TaskRecord oldest = place.MaxBy(t => t.ReferencedAge)!;
            string age = oldest.ReferencedAge < 0 ? "" : Invariant($"; the oldest had waited {Wording.Time(oldest.ReferencedAge)}{(oldest.Operation == 0 && what == "reset" ? "" : Invariant($" ({Command.Name(oldest.Operation)})"))}");
            int unanswered = place.Count(t => t.Response < 0);
            say(place.Key, Invariant($"{Wording.Count(place.Count(), what)} of {Wording.Count(place.Sum(t => (long)t.Hit), "command")}{age}{(unanswered > 0 ? Invariant($"; {unanswered} without an answer") : "")}"),
                null, place.Min(t => t.Time), place.Max(t => t.Time));
        }
    }

    // A reset of a unit that had nothing to do, and answered, is somebody's wish; so is a logout, and the end that a cold reset asks for.
    private static bool IsEscalation(TaskRecord t) => (t.Hit != 0 || t.Response < 0) && t.After switch
    {
        TaskAftermath.Escalated => true,
        TaskAftermath.ConnectionEnded or TaskAftermath.LoggedInAgain => t.Function != TaskFunction.TargetColdReset && t.Connection.End != ConnectionEnd.Logout,
        _ => false,
    };

    private static void Escalations(Evidence e, Say say)
    {
        foreach (var place in Recent(e).Where(IsEscalation).GroupBy(About))
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
