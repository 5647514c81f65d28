using Iscsitop.Target.Probes;
using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>What logins agreed upon (RFC 7143 §13), where the traffic shows that it costs something.</summary>
internal static class ParameterRules
{
    private const int Least = 100;
    private const int DefaultSegment = 8192;
    private const int DefaultFirstBurst = 65536;
    private const int DefaultMaxBurst = 262144;
    private const int ManyPdus = 4;
    private const double LeastShare = 0.2;
    private const long LeastWait = 200_000;
    private const double LeastDataShare = 0.3;
    private const long LeastData = 1_000_000;

    public static readonly Rule[] Rows =
    [
        new("small_data_segments", Severity.Warning,
            Invariant($"MaxRecvDataSegmentLength is {DefaultSegment} or less, and the mean of {Least} or more reads (the initiator's) or writes (the target's) needs {ManyPdus} or more data PDUs."),
            "Raise MaxRecvDataSegmentLength to 262144 on the side that declares it.",
            (e, say) => Each(e, say, (e, c, p) => SmallSegments(e, c, p))),
        new("immediate_data_off", Severity.Warning,
            Invariant($"ImmediateData is No and InitialR2T Yes; of {Least} or more writes, which immediate data could carry in the mean, half or more waited for an R2T, and that wait with the data's is {LeastShare:0%} or more of their time and {LeastWait / 1000} us or more each."),
            "Set ImmediateData=Yes on both sides, so that small writes need no round trip before their data.",
            (e, say) => Each(e, say, (e, c, p) => NoImmediateData(e, c, p))),
        new("initial_r2t", Severity.Warning,
            Invariant($"InitialR2T is Yes; of {Least} or more writes, longer than immediate data in the mean, half or more waited for an R2T, and that wait is {LeastShare:0%} or more of their time and {LeastWait / 1000} us or more each."),
            "Set InitialR2T=No on both sides, so that the first burst goes without being asked for.",
            (e, say) => Each(e, say, (e, c, p) => InitialR2T(e, c, p))),
        new("small_first_burst", Severity.Warning,
            Invariant($"InitialR2T is No and FirstBurstLength below {DefaultFirstBurst}; of {Least} or more writes, longer than that in the mean, half or more waited for an R2T, and that wait is {LeastShare:0%} or more of their time and {LeastWait / 1000} us or more each."),
            "Raise FirstBurstLength to the size of the usual write.",
            (e, say) => Each(e, say, (e, c, p) => SmallFirstBurst(e, c, p))),
        new("small_max_burst", Severity.Warning,
            Invariant($"MaxBurstLength is below {DefaultMaxBurst} and MaxOutstandingR2T 1; the mean of {Least} or more writes needs {ManyPdus} or more bursts, and waiting for their data is {LeastDataShare:0%} or more of their time and {LeastData / 1_000_000} ms or more each."),
            "Raise MaxBurstLength to the size of the largest usual write.",
            (e, say) => Each(e, say, (e, c, p) => SmallMaxBurst(e, c, p))),
        new("one_outstanding_r2t", Severity.Warning,
            Invariant($"MaxOutstandingR2T is 1; of {Least} or more writes those that wait take {ManyPdus} or more R2Ts in the mean, one after another, and waiting for their data is {LeastDataShare:0%} or more of their time and {LeastData / 1_000_000} ms or more each; not where small_max_burst holds."),
            "Raise MaxOutstandingR2T on both sides, so that the next burst is asked for before the last one has come.",
            (e, say) => Each(e, say, (e, c, p) => OneOutstandingR2t(e, c, p))),
        new("no_digests", Severity.Notice,
            "Neither digest is used on a connection for which retransmits holds: a network that loses packets may damage them too, and TCP's checksum lets some of that pass.",
            "Set HeaderDigest and DataDigest to CRC32C until the network is repaired.",
            (e, say) => Each(e, say, (e, c, p) => NoDigests(e, c, p))),
        new("error_recovery_level_0", Severity.Notice,
            "ErrorRecoveryLevel is 0 on a connection that saw a digest error in the window or ended by one: each ends the session.",
            "Repair the network; ErrorRecoveryLevel 1, where both sides have it, only hides it.",
            (e, say) => Each(e, say, (e, c, p) => NoRecovery(e, c, p))),
        new("max_connections", Severity.Warning,
            "3 or more logins were rejected in the long window because the session had as many connections as MaxConnections allows (status 0206h).",
            "Raise MaxConnections on both sides, or have the initiator open fewer connections in a session.",
            MaxConnections),
    ];

    private delegate string? Judge(Evidence e, ConnectionTally c, SessionParameters p);

    private static void Each(Evidence e, Say say, Judge judge)
    {
        foreach (ConnectionTally c in e.Connections)
            if (c.Info.Parameters is { } p && judge(e, c, p) is { } evidence)
                say(Subject.Of(c), evidence);
    }

    private static double Share(ConnectionTally c, Sum time) => c.Mean(time, Sum.WriteTime);

    private static string Writes(ConnectionTally c) => Invariant($"writes of {Wording.Bytes(c.Mean(Sum.WriteBytes, Sum.Writes))} (n {c[Sum.Writes]})");

    // Half of enough writes waited for an R2T.
    private static bool Waits(ConnectionTally c) => c[Sum.Writes] >= Least && c[Sum.Waits] * 2 >= c[Sum.Writes];

    private static bool WaitCosts(ConnectionTally c) => Share(c, Sum.WaitTime) >= LeastShare && c.Mean(Sum.WaitTime, Sum.Waits) >= LeastWait;

    private static string WaitText(ConnectionTally c) => Invariant($"{c[Sum.Waits]} waited {Wording.Time(c.Mean(Sum.WaitTime, Sum.Waits))} for an R2T, {Wording.Percent(Share(c, Sum.WaitTime))} of their time");

    private static bool DataCosts(ConnectionTally c) => Share(c, Sum.DataTime) >= LeastDataShare && c.Mean(Sum.DataTime, Sum.Waits) >= LeastData;

    private static string? SmallSegments(Evidence e, ConnectionTally c, SessionParameters p)
    {
        double read = c.Mean(Sum.ReadBytes, Sum.Reads), write = c.Mean(Sum.WriteBytes, Sum.Writes);
        if (p.InitiatorMaxRecv <= DefaultSegment && c[Sum.Reads] >= Least && read >= (long)p.InitiatorMaxRecv * ManyPdus)
            return Invariant($"the initiator takes {p.InitiatorMaxRecv} bytes a PDU, so that reads of {Wording.Bytes(read)} (n {c[Sum.Reads]}) take {Wording.Digits(Math.Ceiling(read / p.InitiatorMaxRecv))} each");
        if (p.TargetMaxRecv <= DefaultSegment && c[Sum.Writes] >= Least && write >= (long)p.TargetMaxRecv * ManyPdus)
            return Invariant($"the target takes {p.TargetMaxRecv} bytes a PDU, so that writes of {Wording.Bytes(write)} (n {c[Sum.Writes]}) take {Wording.Digits(Math.Ceiling(write / p.TargetMaxRecv))} each");
        return null;
    }

    private static bool CouldBeImmediate(ConnectionTally c, SessionParameters p) => c.Mean(Sum.WriteBytes, Sum.Writes) <= Math.Min(p.FirstBurstLength, p.TargetMaxRecv);

    private static string? NoImmediateData(Evidence e, ConnectionTally c, SessionParameters p)
    {
        if (p.ImmediateData || !p.InitialR2T || !Waits(c) || !CouldBeImmediate(c, p)) return null;
        double share = Share(c, Sum.WaitTime) + Share(c, Sum.DataTime);
        double each = c.Mean(Sum.WaitTime, Sum.Waits) + c.Mean(Sum.DataTime, Sum.Waits);
        return share < LeastShare || each < LeastWait ? null
            : Invariant($"{Writes(c)}: {c[Sum.Waits]} waited {Wording.Time(each)} for an R2T and their data, {Wording.Percent(share)} of their time");
    }

    private static string? InitialR2T(Evidence e, ConnectionTally c, SessionParameters p) =>
        p.InitialR2T && Waits(c) && WaitCosts(c) && !CouldBeImmediate(c, p) ? Invariant($"{Writes(c)}: {WaitText(c)}") : null;

    private static string? SmallFirstBurst(Evidence e, ConnectionTally c, SessionParameters p) =>
        !p.InitialR2T && p.FirstBurstLength < DefaultFirstBurst && Waits(c) && WaitCosts(c) && c.Mean(Sum.WriteBytes, Sum.Writes) > p.FirstBurstLength
            ? Invariant($"FirstBurstLength {p.FirstBurstLength}, {Writes(c)}: {WaitText(c)}") : null;

    private static string? SmallMaxBurst(Evidence e, ConnectionTally c, SessionParameters p) =>
        p is { MaxOutstandingR2T: 1, MaxBurstLength: > 0 and < DefaultMaxBurst } && Waits(c) && DataCosts(c) && c.Mean(Sum.WriteBytes, Sum.Writes) >= (double)p.MaxBurstLength * ManyPdus
            ? Invariant($"MaxBurstLength {p.MaxBurstLength}, {Writes(c)}: {DataText(c)}") : null;

    private static string? OneOutstandingR2t(Evidence e, ConnectionTally c, SessionParameters p) =>
        p.MaxOutstandingR2T == 1 && Waits(c) && DataCosts(c) && c.Of(Fact.R2ts) >= ManyPdus * c[Sum.Waits] && SmallMaxBurst(e, c, p) is null
            ? Invariant($"{Writes(c)}: {Wording.Digits((double)c.Of(Fact.R2ts) / c[Sum.Waits])} R2Ts each, {DataText(c)}") : null;

    private static string DataText(ConnectionTally c) => Invariant($"{Wording.Time(c.Mean(Sum.DataTime, Sum.Waits))} waiting for their data, {Wording.Percent(Share(c, Sum.DataTime))} of their time");

    private static string? NoDigests(Evidence e, ConnectionTally c, SessionParameters p) =>
        p is { HeaderDigest: false, DataDigest: false } && TransportRules.Resends(c) is { } resent ? Invariant($"no digests, and {resent}") : null;

    private static string? NoRecovery(Evidence e, ConnectionTally c, SessionParameters p)
    {
        if (p.ErrorRecoveryLevel > 0) return null;
        long errors = c.Of(Fact.HeaderDigestErrors) + c.Of(Fact.DataDigestErrors);
        if (errors > 0) return Invariant($"{Wording.Count(errors, "digest error")} in {Wording.Seconds(e.Seconds)}");
        return c.Info is { Closed: not 0, End: ConnectionEnd.Digest } ? "a digest error ended it" : null;
    }

    private static void MaxConnections(Evidence e, Say say)
    {
        foreach ((FailurePlace at, FailureTally f) in e.Failures)
            if (at is { Kind: FailureKind.Login, Code: 0x0206 } && f.N >= 3)
                say(Subject.Of(at.Initiator, at.Target), Invariant($"{Wording.Count(f.N, "login")} rejected in {Wording.Seconds(e.LongSeconds)}"), null, f.First, f.Last);
    }
}
