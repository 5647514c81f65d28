using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// Follows what a connection does beside moving data: pings, the command window, logins, task management; and why it ended.
/// Allocates nothing for an event but when its tables grow.
/// </summary>
internal sealed class ConnectionTracker(uint connection)
{
    /// <summary>A ping that waited so long when the connection ended is why it ended.</summary>
    public const long PingPatience = 2_000_000_000;

    /// <summary>Task management so shortly before an end without a logout is why it ended.</summary>
    public const long Escalation = 60_000_000_000;

    private const int MostFunctions = 64;

    private readonly Pings _pings = new();
    private readonly List<(uint Itt, bool Abort, long Time)> _functions = [];
    private CommandWindow _window;
    private long _resetAt = long.MinValue;
    private bool _leaves;
    private bool _rejected;

    /// <summary>The connection's id.</summary>
    public uint Connection => connection;

    /// <summary>Its place among the trackers.</summary>
    public int Index { get; set; }

    /// <summary>What is known.</summary>
    public ConnectionFacts Facts { get; } = new();

    /// <summary>The version of the cells at the last change.</summary>
    public long Version { get; set; }

    /// <summary>Nothing has been seen yet.</summary>
    public void Clear()
    {
        Facts.Begin();
        _pings.Clear();
        _functions.Clear();
        _window = default;
        _resetAt = long.MinValue;
        _leaves = _rejected = false;
    }

    /// <summary>Takes in one event.</summary>
    /// <param name="e">The event.</param>
    /// <param name="info">What is known of its connection.</param>
    public void Take(in ProbeEvent e, ConnectionInfo info)
    {
        Facts.LastPdu = Math.Max(Facts.LastPdu, e.Time);
        Bhs bhs = e.Bhs;
        if ((e.Header[0] & (byte)Opcode.NopIn) != 0) _window.Told(bhs.CmdSn, bhs.MaxCmdSn, e.Time, Facts);
        else if (!bhs.Immediate && e.Probe is Probe.ScsiCommand or Probe.NopReceive or Probe.TaskCommand or Probe.TextCommand or Probe.LogoutCommand)
            _window.Request(bhs.CmdSn, e.Time, Facts);
        switch (e.Probe)
        {
            case Probe.NopReceive: NopOut(bhs, e.Time, info.OneSided); break;
            case Probe.NopSend: NopIn(bhs, e.Time, info.OneSided); break;
            case Probe.DataRequest: Facts.Add(Fact.R2ts); break;
            case Probe.AsyncSend: Facts.Add(Fact.AsyncMessages); break;
            case Probe.LoginResponse: LoginAnswered(bhs); break;
            case Probe.TaskCommand: Function(bhs, e.Time, info.OneSided); break;
            case Probe.TaskResponse: FunctionAnswered(bhs); break;
            case Probe.LogoutCommand: LogoutAsked(bhs, info); break;
            case Probe.LogoutResponse: _leaves &= bhs.Bytes[2] == 0; break;
            default: break;
        }
    }

    /// <summary>Brings what time changes up to now, and takes over what packets tell.</summary>
    /// <returns>Whether anything has changed.</returns>
    public bool Settle(long now, long outstanding, WireFacts? wire)
    {
        bool changed = outstanding != Facts.Outstanding;
        Facts.Outstanding = outstanding;
        changed |= _window.Settle(now, Facts);
        changed |= _pings.Settle(now, Facts);
        return wire is not null && TakeOver(wire) || changed;
    }

    /// <inheritdoc cref="Pings.Waiting"/>
    public (int Count, long Oldest) PingsWaiting(long time) => _pings.Waiting(time);

    /// <summary>The connection ended: what still waits was in vain.</summary>
    /// <returns>Why it ended, as far as its events tell; None when they do not.</returns>
    public ConnectionEnd End(long time)
    {
        _window.Settle(time, Facts);
        long waited = _pings.End(time, Facts);
        bool abortUnanswered = false;
        foreach ((_, bool abort, long asked) in _functions)
        {
            Facts.Add(Fact.TasksUnanswered);
            abortUnanswered |= abort && time - asked <= Escalation;
        }
        _functions.Clear();
        if (_leaves) return ConnectionEnd.Logout;
        if (_rejected) return ConnectionEnd.LoginRejected;
        if (waited >= PingPatience) return ConnectionEnd.NopUnanswered;
        bool reset = _resetAt != long.MinValue && time - _resetAt <= Escalation;
        return abortUnanswered || reset ? ConnectionEnd.TaskEscalation : ConnectionEnd.None;
    }

    private void LogoutAsked(Bhs bhs, ConnectionInfo info)
    {
        Facts.Add(Fact.Logouts);
        _leaves = Leaves(bhs, info);
    }

    // Reason 0 closes the session, 1 the connection named, 2 gives up another to recover what was on it (RFC 7143 §11.14.1).
    private static bool Leaves(Bhs bhs, ConnectionInfo info) => (bhs.Flags & 0x7f) switch
    {
        0 => true,
        1 => bhs.U16(20) == info.Cid || info.Tsih == 0, // of a login that was not seen the CID is not known
        _ => false,
    };

    // RFC 7143 §11.18: with a target transfer tag it answers, else with a task tag it asks.
    private void NopOut(Bhs bhs, long time, bool oneSided)
    {
        Facts.Add(Fact.NopOuts);
        if (bhs.Ttt != Pdu.ReservedTag) _pings.Answer(bhs.Ttt, byTarget: true, time, Facts);
        else if (bhs.Itt != Pdu.ReservedTag && !oneSided) _pings.Ask(bhs.Itt, byTarget: false, time, Facts);
    }

    private void NopIn(Bhs bhs, long time, bool oneSided)
    {
        Facts.Add(Fact.NopIns);
        if (bhs.Itt != Pdu.ReservedTag) _pings.Answer(bhs.Itt, byTarget: false, time, Facts);
        if (bhs.Ttt != Pdu.ReservedTag && !oneSided) _pings.Ask(bhs.Ttt, byTarget: true, time, Facts);
    }

    // Class 1 sends the initiator elsewhere, which is no failure (RFC 7143 §11.13.5).
    private void LoginAnswered(Bhs bhs)
    {
        byte status = bhs.Bytes[36];
        _rejected = status >= 2;
        if (_rejected) Facts.Add(Fact.LoginFailures);
        else if (status == 1) Facts.Add(Fact.Redirections);
        else if (status == 0 && bhs.Final && (bhs.Flags & 3) == (int)Stage.FullFeaturePhase) Facts.Add(Fact.Logins);
    }

    private void Function(Bhs bhs, long time, bool oneSided)
    {
        Facts.Add(Fact.TaskRequests);
        if (oneSided) return;
        var function = (TaskFunction)(bhs.Flags & 0x7f);
        if (function is TaskFunction.LogicalUnitReset or TaskFunction.TargetWarmReset or TaskFunction.TargetColdReset) _resetAt = time;
        if (_functions.Count == MostFunctions) _functions.RemoveAt(0);
        _functions.Add((bhs.Itt, function is TaskFunction.AbortTask or TaskFunction.AbortTaskSet, time));
    }

    private void FunctionAnswered(Bhs bhs)
    {
        for (int i = 0; i < _functions.Count; i++)
        {
            if (_functions[i].Itt != bhs.Itt) continue;
            _functions.RemoveAt(i);
            Facts.Add((TaskFunctionResponse)bhs.Bytes[2] == TaskFunctionResponse.Complete ? Fact.TasksComplete : Fact.TasksRefused);
            return;
        }
    }

    private bool TakeOver(WireFacts wire)
    {
        bool changed = Set(Fact.BytesToTarget, wire.BytesToTarget + wire.ResentToTarget)
            | Set(Fact.BytesToInitiator, wire.BytesToInitiator + wire.ResentToInitiator);
        return changed
            | Set(Fact.ResentToTarget, wire.ResentToTarget) | Set(Fact.ResentToInitiator, wire.ResentToInitiator)
            | Set(Fact.ZeroWindows, wire.ZeroWindows) | Set(Fact.DelayedAcks, wire.DelayedAcks) | Set(Fact.Duplicates, wire.Duplicates)
            | Set(Fact.MissingBytes, wire.MissingBytes) | Set(Fact.Resyncs, wire.Resyncs)
            | Set(Fact.HeaderDigestErrors, wire.HeaderDigestErrors) | Set(Fact.DataDigestErrors, wire.DataDigestErrors)
            | Set(Fact.Rejects, wire.Rejects) | Set(Fact.Snacks, wire.Snacks)
            | SetRetransmits(wire.Retransmits);
    }

    private bool SetRetransmits(long value)
    {
        if (Facts.Retransmits == value) return false;
        Facts.Retransmits = value;
        return true;
    }

    private bool Set(Fact fact, long value)
    {
        if (Facts[fact] == value) return false;
        Facts[fact] = value;
        return true;
    }
}
