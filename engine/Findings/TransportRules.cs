using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>What connections suffer: the command window, TCP, digests, pings.</summary>
internal static class TransportRules
{
    private const double LeastStalled = 0.1;
    private const long LeastStall = 100_000_000;
    private const long LeastResent = 65536;
    private const double LeastResentShare = 0.001;
    private const int LeastDelayed = 5;
    private const int LeastZeroWindows = 3;

    public static readonly Rule[] Rows =
    [
        new("digest_errors", Severity.Problem,
            "A header or data digest did not match.",
            "Look for a failing NIC, cable, offload or memory between the two: something damages data and TCP's checksum did not notice.",
            DigestErrors),
        new("beyond_window", Severity.Warning,
            "A request had a CmdSN beyond MaxCmdSN, which the target ignores (RFC 7143 §4.2.2.1).",
            "Update the initiator or the target: one of them counts the command window wrongly.",
            (e, say) => Each(e, say, (e, c) => c.Of(Fact.BeyondWindow) is > 0 and long n ? Invariant($"{Wording.Count(n, "request")} beyond MaxCmdSN in {Wording.Seconds(e.Seconds)}") : null)),
        new("window_closed", Severity.Warning,
            Invariant($"Commands waited for a closed command window for {LeastStalled:0%} or more of the window's time, and {LeastStall / 1_000_000} ms or more."),
            "Raise the target's queue depth for the session, or lower the initiator's, so that it waits where it can be seen.",
            (e, say) => Each(e, say, (e, c) => Stalled(e, c))),
        new("delayed_acks", Severity.Warning,
            Invariant($"{LeastDelayed} or more times data waited for an acknowledgement that came 40 or 200 ms late."),
            "Turn delayed ACK off at the side that receives (for ESXi in the adapter's advanced settings), or TCP_NODELAY on at the side that sends.",
            (e, say) => Each(e, say, (e, c) => c.Of(Fact.DelayedAcks) is >= LeastDelayed and long n ? Invariant($"{Wording.Count(n, "delayed ACK")} in {Wording.Seconds(e.Seconds)}") : null)),
        new("retransmits", Severity.Warning,
            Invariant($"{LeastResentShare:0.0%} or more of a direction's bytes, and {LeastResent} bytes or more, were sent again."),
            "Look for errors and drops on the ports between the two, flow control, mismatched MTUs, and a link that is too slow for the bursts.",
            (e, say) => Each(e, say, (_, c) => Resends(c))),
        new("zero_windows", Severity.Warning,
            Invariant($"{LeastZeroWindows} or more times a receiver closed its TCP window."),
            "One side does not take its data in time: look at its CPU and its socket buffers.",
            (e, say) => Each(e, say, (e, c) => c.Of(Fact.ZeroWindows) is >= LeastZeroWindows and long n ? Invariant($"{Wording.Count(n, "zero window")} in {Wording.Seconds(e.Seconds)}") : null)),
        new("pings_unanswered", Severity.Warning,
            "A ping had no answer for 5 s on a connection that is open.",
            "Look at what the side that does not answer is busy with; initiators drop the session when it goes on.",
            (e, say) => Each(e, say, (e, c) => c.Info.Closed == 0 && c.Of(Fact.NopsLost) is > 0 and long n ? Invariant($"{Wording.Count(n, "ping")} without an answer in {Wording.Seconds(e.Seconds)}") : null)),
    ];

    /// <summary>What was sent again, null when it was too little to matter.</summary>
    public static string? Resends(ConnectionTally c) =>
        Resends("target", c.Of(Fact.ResentToTarget), c.Of(Fact.BytesToTarget)) ?? Resends("initiator", c.Of(Fact.ResentToInitiator), c.Of(Fact.BytesToInitiator));

    private static string? Resends(string to, long resent, long all) =>
        resent >= LeastResent && resent >= all * LeastResentShare ? Invariant($"{Wording.Bytes(resent)} of {Wording.Bytes(all)} to the {to} sent again ({Wording.Percent((double)resent / all)})") : null;

    private static void Each(Evidence e, Say say, Func<Evidence, ConnectionTally, string?> judge)
    {
        foreach (ConnectionTally c in e.Connections)
            if (judge(e, c) is { } evidence)
                say(Subject.Of(c), evidence);
    }

    private static string? Stalled(Evidence e, ConnectionTally c)
    {
        long stalled = c.Of(Fact.WindowStalled);
        double share = e.Seconds > 0 ? Math.Min(1, stalled / (e.Seconds * 1e9)) : 0;
        return stalled >= LeastStall && share >= LeastStalled ? Invariant($"commands waited {Wording.Time(stalled)} of {Wording.Seconds(e.Seconds)} ({Wording.Percent(share)})") : null;
    }

    // Packets tell it as facts, the target as failures; where both do, it is the same.
    private static void DigestErrors(Evidence e, Say say)
    {
        foreach (ConnectionTally c in e.Connections)
            if (c.Of(Fact.HeaderDigestErrors) + c.Of(Fact.DataDigestErrors) > 0)
                say(Subject.Of(c), Invariant($"{c.Of(Fact.HeaderDigestErrors)} of headers, {c.Of(Fact.DataDigestErrors)} of data in {Wording.Seconds(e.Seconds)}"));
        foreach ((FailurePlace at, FailureTally f) in e.Failures)
            if (at.Kind == FailureKind.Digest && !Told(e, at))
                say(Subject.Of(at.Initiator, at.Target), Invariant($"{f.N} of {(at.Code == 0 ? "headers" : "data")} in {Wording.Seconds(e.LongSeconds)}"), null, f.First, f.Last);
    }

    private static bool Told(Evidence e, in FailurePlace at)
    {
        foreach (ConnectionTally c in e.Connections)
            if (c.Of(Fact.HeaderDigestErrors) + c.Of(Fact.DataDigestErrors) > 0 && c.Info.Initiator == at.Initiator && c.Info.Target == at.Target)
                return true;
        return false;
    }
}
