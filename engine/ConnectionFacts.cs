namespace Iscsitop.Engine;

/// <summary>What is counted of a connection, in the order of docs/stream.md. Those from <see cref="BytesToTarget"/> to <see cref="Snacks"/> need packets.</summary>
public enum Fact : byte
{
    /// <summary>NOP-Outs.</summary>
    NopOuts,

    /// <summary>NOP-Ins.</summary>
    NopIns,

    /// <summary>Pings without an answer for 5 s, or until the connection ended.</summary>
    NopsLost,

    /// <summary>R2Ts.</summary>
    R2ts,

    /// <summary>ns during which the initiator might send no command.</summary>
    WindowClosed,

    /// <summary>Those of them after which commands came at once.</summary>
    WindowStalled,

    /// <summary>Requests whose CmdSN lay beyond MaxCmdSN.</summary>
    BeyondWindow,

    /// <summary>Logins that succeeded.</summary>
    Logins,

    /// <summary>Logins that were rejected.</summary>
    LoginFailures,

    /// <summary>Task management requests.</summary>
    TaskRequests,

    /// <summary>Those answered with "function complete".</summary>
    TasksComplete,

    /// <summary>Those answered with anything else.</summary>
    TasksRefused,

    /// <summary>Those without an answer when the connection ended.</summary>
    TasksUnanswered,

    /// <summary>Asynchronous Messages.</summary>
    AsyncMessages,

    /// <summary>TCP payload bytes to the target, sent again or not.</summary>
    BytesToTarget,

    /// <summary>The same to the initiator.</summary>
    BytesToInitiator,

    /// <summary>Those to the target that were sent again.</summary>
    ResentToTarget,

    /// <summary>The same to the initiator.</summary>
    ResentToInitiator,

    /// <summary>Times a receiver closed its TCP window.</summary>
    ZeroWindows,

    /// <summary>Delayed ACKs that data waited for.</summary>
    DelayedAcks,

    /// <summary>Packets that came twice and are no retransmission.</summary>
    Duplicates,

    /// <summary>Payload bytes that the capture lacks.</summary>
    MissingBytes,

    /// <summary>Times a PDU's start was looked for anew.</summary>
    Resyncs,

    /// <summary>Header digests that did not match.</summary>
    HeaderDigestErrors,

    /// <summary>Data digests that did not match.</summary>
    DataDigestErrors,

    /// <summary>Reject PDUs.</summary>
    Rejects,

    /// <summary>SNACK PDUs.</summary>
    Snacks,

    /// <summary>Logout Requests.</summary>
    Logouts,

    /// <summary>Logins that took the place of a session there was, of the same initiator name, ISID and portal group.</summary>
    Reinstatements,

    /// <summary>Logins that were sent elsewhere (status class 1).</summary>
    Redirections,
}

/// <summary>What is known of a connection beside its commands: counts since the engine began to look, or of an interval, and how it stands.</summary>
public sealed class ConnectionFacts
{
    /// <summary>How many counts there are.</summary>
    public const int Count = (int)Fact.Redirections + 1;

    private const int FromProbes = (int)Fact.BytesToTarget;
    private const int FromProbesAgain = (int)Fact.Logouts;

    private readonly long[] _counts = new long[Count];

    /// <summary>Nothing is known.</summary>
    public ConnectionFacts() => Forget();

    /// <summary>A count, -1 when it is not known.</summary>
    public long this[Fact fact] { get => _counts[(int)fact]; set => _counts[(int)fact] = value; }

    /// <summary>MaxCmdSN - ExpCmdSN + 1 of the last PDU to the initiator: 0 is a closed window, -1 not known.</summary>
    public long Window { get; set; }

    /// <summary>Commands outstanding, -1 when not known.</summary>
    public long Outstanding { get; set; }

    /// <summary>Time of the last PDU in ns of the engine's clock, 0 before any was seen.</summary>
    public long LastPdu { get; set; }

    /// <summary>TCP segments with bytes that were sent again, both ways; -1 when not known: without packets, and in recordings.</summary>
    public long Retransmits { get; set; } = -1;

    /// <summary>Round trips of pings, both ways; null while there was none, and always null in an interval's facts.</summary>
    public Histogram? NopTime { get; set; }

    /// <summary>Those of them that the target asked for; null where <see cref="NopTime"/> is, and when it is not known who asked: in recordings.</summary>
    public Histogram? TargetNopTime { get; set; }

    /// <summary>Adds to a count.</summary>
    public void Add(Fact fact, long by = 1) => _counts[(int)fact] += by;

    /// <summary>Nothing is known any more.</summary>
    public void Forget()
    {
        Array.Fill(_counts, -1);
        Window = Outstanding = Retransmits = -1;
        LastPdu = 0;
        NopTime = TargetNopTime = null;
    }

    /// <summary>Nothing has been seen of the probes yet, and nothing is known of packets.</summary>
    public void Begin()
    {
        Forget();
        _counts.AsSpan(0, FromProbes).Clear();
        _counts.AsSpan(FromProbesAgain).Clear();
        Outstanding = 0;
    }

    /// <summary>Takes over the counts and how the connection stands, without the round trips.</summary>
    public void CopyFrom(ConnectionFacts other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other._counts.CopyTo(_counts, 0);
        (Window, Outstanding, LastPdu, Retransmits) = (other.Window, other.Outstanding, other.LastPdu, other.Retransmits);
    }

    /// <summary>Takes over the round trips.</summary>
    public void CopyPings(ConnectionFacts other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.NopTime is null) return;
        (NopTime ??= new Histogram()).CopyFrom(other.NopTime);
        if (other.TargetNopTime is { } target) (TargetNopTime ??= new Histogram()).CopyFrom(target);
        else TargetNopTime = null;
    }

    /// <summary>Makes this what happened between two states; what is not known at the later stays so.</summary>
    public void SetDifference(ConnectionFacts later, ConnectionFacts earlier)
    {
        ArgumentNullException.ThrowIfNull(later);
        ArgumentNullException.ThrowIfNull(earlier);
        for (int i = 0; i < Count; i++)
            _counts[i] = Difference(later._counts[i], earlier._counts[i]);
        Retransmits = Difference(later.Retransmits, earlier.Retransmits);
        (Window, Outstanding, LastPdu) = (later.Window, later.Outstanding, later.LastPdu);
    }

    private static long Difference(long later, long earlier) => later < 0 ? -1 : Math.Max(0, later - Math.Max(0, earlier));
}
