using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>What commands and logins were answered with.</summary>
internal static class ErrorRules
{
    private const uint CheckCondition = 0x02;
    private const uint Busy = 0x08;
    private const uint ReservationConflict = 0x18;
    private const uint TaskSetFull = 0x28;

    private const int LeastConflicts = 3;
    private const int LeastFull = 20;
    private const int LeastMiscompares = 5;
    private const int LeastUnknown = 60;
    private const int LeastIntervals = 10;
    private const long LeastSpread = 10_000_000_000;
    private const int LeastAttentions = 5;
    private const int LeastAborted = 5;
    private const int LeastLogins = 3;

    public static readonly Rule[] Rows =
    [
        new("medium_errors", Severity.Problem,
            "A command ended with sense key MEDIUM ERROR (03h).",
            "Replace the disk behind the unit or restore its redundancy, and check what was to be read there.",
            (e, say) => OfSense(e, say, 0x03, 1)),
        new("hardware_errors", Severity.Problem,
            "A command ended with sense key HARDWARE ERROR (04h).",
            "Look at the target's own log: controller, enclosure, or the storage behind it has failed.",
            (e, say) => OfSense(e, say, 0x04, 1)),
        new("aborted_commands", Severity.Warning,
            Invariant($"{LeastAborted} or more commands of an initiator on a unit ended with sense key ABORTED COMMAND (0Bh)."),
            "Look at the sense code: 47h is damage on the way, 4Bh and 4Eh are data that did not fit the command, the rest is the target's own.",
            (e, say) => OfSense(e, say, 0x0b, LeastAborted)),
        new("reservation_conflicts", Severity.Warning,
            Invariant($"{LeastConflicts} or more commands of an initiator on a unit ended with RESERVATION CONFLICT."),
            "Find out whether the holder still needs its reservation; if it has gone, preempt or clear it with PERSISTENT RESERVE OUT.",
            Conflicts),
        new("queue_full", Severity.Warning,
            Invariant($"{LeastFull} or more commands of an initiator on a unit ended with TASK SET FULL or BUSY."),
            "Lower the initiators' queue depths or raise the target's: together they ask for more than it takes.",
            (e, say) => Grouped(e, say, (at, _) => (at.Code >> 24) is TaskSetFull or Busy, 0, LeastFull, "command")),
        new("ats_miscompares", Severity.Warning,
            Invariant($"{LeastMiscompares} or more COMPARE AND WRITEs of an initiator on a unit ended with sense key MISCOMPARE (0Eh)."),
            "Look for hosts that contend for one lock, or a heartbeat that is too slow: each miscompare is a lock that was lost or tried again.",
            (e, say) => Grouped(e, say, (at, key) => at.Operation == 0x8900 && IsSense(at.Code, key), 0x0e, LeastMiscompares, "miscompare")),
        new("unknown_luns", Severity.Warning,
            Invariant($"{LeastUnknown} or more commands of an initiator at a target, in {LeastIntervals} or more intervals or over {LeastSpread / 1_000_000_000} s or more of a capture, ended with LOGICAL UNIT NOT SUPPORTED (05/25/00)."),
            "Have the initiator scan again or remove the device: it keeps asking for a LUN that is not there.",
            UnknownLuns),
        new("unit_attentions", Severity.Notice,
            Invariant($"{LeastAttentions} or more commands of an initiator on a unit ended with sense key UNIT ATTENTION (06h)."),
            "Look at the sense codes for what changes so often: resets, capacity, mode parameters, reservations.",
            (e, say) => OfSense(e, say, 0x06, LeastAttentions)),
        new("login_failures", Severity.Warning,
            Invariant($"{LeastLogins} or more logins of an initiator to a target were rejected."),
            "Correct what the status says at the initiator or in the target's access list, or take the target out of the initiator's configuration.",
            LoginFailures),
    ];

    private static bool IsSense(uint code, uint key) => code >> 24 == CheckCondition && (code >> 16 & 0xff) == key;

    private static string SenseText(uint code) => Invariant($"{code >> 16 & 0xff:x2}/{code >> 8 & 0xff:x2}/{code & 0xff:x2}");

    // Failures of status kind that match, added up for each initiator and unit.
    private static void Grouped(Evidence e, Say say, Func<FailurePlace, uint, bool> match, uint code, long least, string what, Func<Evidence, FailurePlace, string>? more = null)
    {
        foreach (FailurePlace at in e.Failures.Keys)
        {
            if (at.Kind != FailureKind.Status || !match(at, code)) continue;
            Group(e, say, match, code, least, what, more);
            return;
        }
    }

    private static void Group(Evidence e, Say say, Func<FailurePlace, uint, bool> match, uint code, long least, string what, Func<Evidence, FailurePlace, string>? more)
    {
        foreach (var place in e.Failures.Where(f => f.Key.Kind == FailureKind.Status && match(f.Key, code)).GroupBy(f => (f.Key.Initiator, f.Key.Target, f.Key.Lun)))
        {
            long n = place.Sum(f => f.Value.N);
            if (n < least) continue;
            string kinds = more is null ? "" : "; " + string.Join(", ", place.GroupBy(f => more(e, f.Key)).OrderByDescending(g => g.Sum(f => f.Value.N)).ThenBy(g => g.Key, StringComparer.Ordinal).Take(3).Select(g => Invariant($"{g.Sum(f => f.Value.N)} {g.Key}")));
            say(Subject.Of(place.Key.Initiator, place.Key.Target, place.Key.Lun), Invariant($"{Wording.Count(n, what)} in {Wording.Seconds(e.LongSeconds)}{kinds}"), null, place.Min(f => f.Value.First), place.Max(f => f.Value.Last));
        }
    }

    private static void OfSense(Evidence e, Say say, uint key, int least) =>
        Grouped(e, say, (at, k) => IsSense(at.Code, k), key, least, "command", (_, at) => Invariant($"{Command.Name(at.Operation)} {SenseText(at.Code)}"));

    private static void Conflicts(Evidence e, Say say) =>
        Grouped(e, say, (at, _) => at.Code >> 24 == ReservationConflict, 0, LeastConflicts, "command", (e, at) => Command.Name(at.Operation) + Holder(e, at.Target, at.Lun));

    private static bool Any(Evidence e, FailureKind kind)
    {
        foreach (FailurePlace at in e.Failures.Keys)
            if (at.Kind == kind)
                return true;
        return false;
    }

    private static string Holder(Evidence e, string target, ulong lun)
    {
        foreach (ReservationState r in e.Snapshot.Reservations)
        {
            if (r.Target != target || r.Lun != lun) continue;
            if (r.Holder is { Initiator.Length: > 0 } holder) return Invariant($", held by {holder.Initiator}{(holder.Isid.Length > 0 ? " " : "")}{holder.Isid}");
            if (r.Kind == ReservationKind.Persistent) return Invariant($", held by all of {Wording.Count(r.Registrants.Count, "registrant")}");
        }
        return ", holder not seen";
    }

    // A scan that asks each LUN once is none: that is over soon.
    private static void UnknownLuns(Evidence e, Say say)
    {
        const uint NotSupported = 0x02052500;
        if (!Any(e, FailureKind.Status)) return;
        foreach (var place in e.Failures.Where(f => f.Key is { Kind: FailureKind.Status, Code: NotSupported }).GroupBy(f => (f.Key.Initiator, f.Key.Target)))
        {
            long n = place.Sum(f => f.Value.N), first = place.Min(f => f.Value.First), last = place.Max(f => f.Value.Last);
            bool goesOn = place.Max(f => f.Value.In) >= LeastIntervals || (e.Intervals == 1 && last - first >= LeastSpread);
            if (n < LeastUnknown || !goesOn) continue;
            var luns = place.Select(f => f.Key.Lun).Distinct().Order().ToList();
            say(Subject.Of(place.Key.Initiator, place.Key.Target), Invariant($"{Wording.Count(n, "command")} in {Wording.Seconds(e.LongSeconds)} to LUN {string.Join(", ", luns.Take(4))}{(luns.Count > 4 ? ", ..." : "")}"), null, first, last);
        }
    }

    private static void LoginFailures(Evidence e, Say say)
    {
        if (!Any(e, FailureKind.Login)) return;
        foreach (var place in e.Failures.Where(f => f.Key is { Kind: FailureKind.Login }).GroupBy(f => (f.Key.Initiator, f.Key.Target)))
        {
            long n = place.Sum(f => f.Value.N);
            if (n < LeastLogins) continue;
            string reasons = string.Join(", ", place.GroupBy(f => f.Key.Code).OrderByDescending(g => g.Sum(f => f.Value.N)).ThenBy(g => g.Key).Take(3)
                .Select(g => Invariant($"{g.Sum(f => f.Value.N)} {Reason(g.Key)}")));
            say(Subject.Of(place.Key.Initiator, place.Key.Target), Invariant($"{Wording.Count(n, "login")} in {Wording.Seconds(e.LongSeconds)}: {reasons}"), null, place.Min(f => f.Value.First), place.Max(f => f.Value.Last));
        }
    }

    private static string Reason(uint code) => (LoginStatus)code switch
    {
        LoginStatus.AuthenticationFailure => "authentication failed (0201h)",
        LoginStatus.AuthorizationFailure => "not allowed (0202h)",
        LoginStatus.NotFound => "target not found (0203h)",
        LoginStatus.TargetRemoved => "target removed (0204h)",
        LoginStatus.TooManyConnections => "too many connections (0206h)",
        LoginStatus.MissingParameter => "missing parameter (0207h)",
        LoginStatus.SessionDoesNotExist => "no such session (020Ah)",
        LoginStatus.ServiceUnavailable => "service unavailable (0301h)",
        LoginStatus.OutOfResources => "out of resources (0302h)",
        _ => Invariant($"status {code:X4}h"),
    };
}
