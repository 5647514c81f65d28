using Iscsitop.Target.Probes;
using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>How sessions come and go (RFC 7143 §6.3.5): names used twice, loops, leaks, drops.</summary>
internal static class SessionRules
{
    private const int LeastTaken = 2;
    private const int LeastReinstated = 3;
    private const int LeastReconnects = 5;
    private const long ShortLife = 30_000_000_000;
    private const int ManySessions = 8;
    private const long Quiet = 600_000_000_000;

    public static readonly Rule[] Rows =
    [
        new("session_drops", Severity.Problem,
            "A session ended in the last 10 minutes by a ping without an answer, after task management, by a digest error, or because the target ended it without a logout; or the initiator ended it while commands were outstanding (a warning when it is that, or the target's end, alone).",
            "Read the session's drop card: it has the last PDUs, what was outstanding, and who closed.",
            (e, say) => Ended(e, say, (e, say) => Drops(e, say))),
        new("name_taken_over", Severity.Problem,
            Invariant($"{LeastTaken} or more times in the last 10 minutes a session was replaced by a login with the same initiator name, ISID and target from another address."),
            "Give each host an initiator name of its own: two use one, and each throws the other out.",
            (e, say) => Ended(e, say, (e, say) => TakenOver(e, say))),
        new("reinstatements", Severity.Warning,
            Invariant($"{LeastReinstated} or more sessions of an initiator port were replaced in the last 10 minutes by logins from the same address."),
            "Look at the initiator's log for why it logs in again while its session lasts, or for two programs with one ISID.",
            (e, say) => Ended(e, say, (e, say) => Reinstated(e, say))),
        new("reconnects", Severity.Warning,
            Invariant($"{LeastReconnects} or more connections of an initiator to a target that lasted less than {ShortLife / 1_000_000_000} s ended in the last 10 minutes, without logout and not by reinstatement or a rejected login."),
            "Look at what ends them: something fails each time soon after the login.",
            (e, say) => Ended(e, say, (e, say) => Reconnects(e, say))),
        new("leaked_sessions", Severity.Warning,
            Invariant($"{ManySessions} or more sessions of an initiator from one address to one portal are open, and half of them or more have sent and got nothing for {Quiet / 60_000_000_000} minutes."),
            "Have the initiator log out before it ends, or use one ISID; end the leftovers at the target.",
            Leaked),
        new("name_from_several_hosts", Severity.Warning,
            "Sessions of one initiator name are open to one portal of a target from several addresses, and to no other portal; a notice when what they agreed on looks like one initiator with several interfaces.",
            "Make sure it is one host: two hosts that share a name share reservations and may be given each other's disks.",
            (e, say) =>
            {
                if (e.Several.Count > 0) SeveralHosts(e, say);
            }),
    ];

    private static void Ended(Evidence e, Say say, Action<Evidence, Say> look)
    {
        if (e.Ended.Count > 0) look(e, say);
    }

    private static bool HadCommands(Evidence e, ConnectionDelta c) =>
        e.Snapshot.Ends.Any(s => s.Connection.Id == c.Connection.Id && s.Engine.Number == c.Engine.Number && s.Outstanding > 0);

    private static bool IsDrop(Evidence e, ConnectionDelta c) => c.Connection.End switch
    {
        ConnectionEnd.NopUnanswered or ConnectionEnd.TaskEscalation or ConnectionEnd.Digest or ConnectionEnd.TargetFin or ConnectionEnd.TargetReset => true,
        ConnectionEnd.InitiatorFin or ConnectionEnd.InitiatorReset => HadCommands(e, c),
        _ => false,
    };

    private static void Drops(Evidence e, Say say)
    {
        foreach (var place in e.Ended.Where(c => IsDrop(e, c)).GroupBy(c => (c.Connection.Initiator, c.Connection.Target)))
        {
            string causes = string.Join(", ", place.GroupBy(c => c.Connection.End).OrderBy(g => g.Key).Select(g => Invariant($"{g.Count()} {g.Key.Name()}")));
            bool broken = place.Any(c => c.Connection.End is ConnectionEnd.NopUnanswered or ConnectionEnd.TaskEscalation or ConnectionEnd.Digest);
            Dated(e, say, place, Subject.Of(place.Key.Initiator, place.Key.Target), causes, broken ? Severity.Problem : Severity.Warning);
        }
    }

    private static void Dated(Evidence e, Say say, IEnumerable<ConnectionDelta> ended, in Subject about, string evidence, Severity? severity = null)
    {
        var times = ended.Select(c => e.WallTime(c, c.Connection.Closed)).ToList();
        say(about, evidence, severity, times.Min(), times.Max());
    }

    private static string Median(IEnumerable<ConnectionDelta> ended)
    {
        var lives = ended.Select(c => c.Connection.Closed - c.Connection.Opened).Order().ToList();
        return Wording.Time(lives[lives.Count / 2]);
    }

    // The sessions of each initiator port in the order of their begin, with those that are open: who replaced whom.
    private static IEnumerable<(ConnectionDelta Ended, string ByHost)> Replacements(Evidence e)
    {
        foreach (var port in e.Ended.Concat(e.Open).GroupBy(c => (c.Engine.Number, c.Connection.Initiator, c.Connection.Target, c.Connection.Isid)))
        {
            var sessions = port.OrderBy(c => c.Connection.Opened).ThenBy(c => c.Connection.Id).ToList();
            for (int i = 0; i < sessions.Count - 1; i++)
                if (sessions[i].Connection.End == ConnectionEnd.Reinstated)
                    yield return (sessions[i], Evidence.Host(sessions[i + 1].Connection.Remote));
        }
    }

    private static void TakenOver(Evidence e, Say say)
    {
        foreach (var port in Replacements(e).Where(r => r.ByHost != Evidence.Host(r.Ended.Connection.Remote)).GroupBy(r => (r.Ended.Connection.Initiator, r.Ended.Connection.Target)))
        {
            if (port.Count() < LeastTaken) continue;
            var hosts = port.SelectMany(r => new[] { r.ByHost, Evidence.Host(r.Ended.Connection.Remote) }).Distinct().Order(StringComparer.Ordinal).ToList();
            Dated(e, say, port.Select(r => r.Ended), Subject.Of(port.Key.Initiator, port.Key.Target),
                Invariant($"taken over {Wording.Count(port.Count(), "time")} among {string.Join(", ", hosts.Take(4))}; half of the sessions lasted less than {Median(port.Select(r => r.Ended))}"));
        }
    }

    private static void Reinstated(Evidence e, Say say)
    {
        foreach (var port in Replacements(e).Where(r => r.ByHost == Evidence.Host(r.Ended.Connection.Remote)).GroupBy(r => (r.Ended.Connection.Initiator, r.Ended.Connection.Target, r.Ended.Connection.Isid)))
            if (port.Count() >= LeastReinstated)
                Dated(e, say, port.Select(r => r.Ended), Subject.Of(port.Key.Initiator, port.Key.Target),
                    Invariant($"{Wording.Count(port.Count(), "time")} by ISID {port.Key.Isid}; half of the sessions lasted less than {Median(port.Select(r => r.Ended))}"));
    }

    private static void Reconnects(Evidence e, Say say)
    {
        var soon = e.Ended.Where(c => c.Connection.End is not (ConnectionEnd.None or ConnectionEnd.Logout or ConnectionEnd.LoginRejected or ConnectionEnd.Reinstated or ConnectionEnd.Silence)
            && c.Connection.Closed - c.Connection.Opened < ShortLife);
        foreach (var place in soon.GroupBy(c => (c.Connection.Initiator, c.Connection.Target)))
            if (place.Count() >= LeastReconnects)
                Dated(e, say, place, Subject.Of(place.Key.Initiator, place.Key.Target),
                    Invariant($"{place.Count()} connections; half of them lasted less than {Median(place)}; {string.Join(", ", place.GroupBy(c => c.Connection.End).OrderBy(g => g.Key).Select(g => Invariant($"{g.Count()} {g.Key.Name()}")))}"));
    }

    private static bool IsQuiet(ConnectionDelta c) => c.Total.LastPdu > 0 && c.Time - c.Total.LastPdu >= Quiet;

    private static void Leaked(Evidence e, Say say)
    {
        if (!e.Open.Exists(c => IsQuiet(c))) return;
        foreach (var place in e.Open.GroupBy(c => (c.Connection.Initiator, c.Connection.Target, c.Connection.Local, Host: Evidence.Host(c.Connection.Remote))))
        {
            int sessions = place.Select(c => (c.Connection.Isid, c.Connection.Tsih)).Distinct().Count();
            int quiet = place.Where(IsQuiet).Select(c => (c.Connection.Isid, c.Connection.Tsih)).Distinct().Count();
            if (sessions >= ManySessions && quiet * 2 >= sessions)
                say(Subject.Of(place.Key.Initiator, place.Key.Target), Invariant($"{sessions} sessions from {place.Key.Host} to {place.Key.Local}, {quiet} of them quiet for {Quiet / 60_000_000_000} minutes or more"));
        }
    }

    // One host with several interfaces, and two hosts with one name, look alike but for this: a mesh of portals is one host's,
    // different limits are two initiators'.
    private static void SeveralHosts(Evidence e, Say say)
    {
        foreach (var name in e.Open.Where(c => e.Several.Contains(c.Connection.Initiator)).GroupBy(c => (c.Engine.Number, c.Connection.Initiator, c.Connection.Target)))
        {
            if (name.Select(c => c.Connection.Local).Distinct().Count() > 1) continue;
            var sessions = name.GroupBy(c => (c.Connection.Isid, c.Connection.Tsih)).Where(s => s.Count() == 1).Select(s => s.First().Connection).ToList();
            var hosts = sessions.Select(c => Evidence.Host(c.Remote)).Distinct().Order(StringComparer.Ordinal).ToList();
            if (hosts.Count < 2) continue;
            bool differ = sessions.Where(c => c.Parameters is not null).Select(c => c.Parameters!.InitiatorMaxRecv).Distinct().Count() > 1;
            say(Subject.Of(name.Key.Initiator, name.Key.Target), Invariant($"{sessions.Count} sessions from {string.Join(", ", hosts.Take(4))} to {sessions[0].Local}{(differ ? "; they declare different MaxRecvDataSegmentLengths" : "")}"),
                differ ? Severity.Warning : Severity.Notice);
        }
    }
}
