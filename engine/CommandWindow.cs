using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine;

/// <summary>
/// The CmdSN window of RFC 7143 §4.2.2.1 as one connection shows it. It is closed while the initiator may send no command: a PDU
/// said so, or the command with the last CmdSN allowed has come. That somebody waited shows when commands come as soon as it reopens.
/// </summary>
internal struct CommandWindow
{
    /// <summary>A command that comes within this time after the window reopens has waited for it.</summary>
    public const long Resumes = 10_000_000;

    private bool _known;
    private uint _expected;
    private uint _max;
    private uint _next;
    private bool _closed;
    private long _closedAt;
    private long _countedTo;
    private long _reopenedAt;
    private long _waited;

    /// <summary>A PDU to the initiator told ExpCmdSN and MaxCmdSN.</summary>
    public void Told(uint expected, uint max, long time, ConnectionFacts facts)
    {
        // Such a pair is to be ignored.
        if (Sn.Before(max, expected - 1)) return;
        if (!_known) _next = expected;
        (_known, _expected, _max) = (true, expected, max);
        facts.Window = (int)(max - expected) + 1;
        if (Sn.Before(_next, expected)) _next = expected;
        bool closed = !Sn.Before(_next, max + 1);
        if (closed && !_closed) Close(time);
        else if (!closed && _closed) Open(time, facts);
    }

    /// <summary>A request came that takes a CmdSN, which one marked immediate does not.</summary>
    public void Request(uint cmdSn, long time, ConnectionFacts facts)
    {
        if (!_known) return;
        if (Sn.After(cmdSn, _max))
        {
            facts.Add(Fact.BeyondWindow);
            return;
        }
        if (_waited > 0 && time - _reopenedAt <= Resumes) facts.Add(Fact.WindowStalled, _waited);
        _waited = 0;
        if (Sn.Before(cmdSn, _next)) return;
        _next = cmdSn + 1;
        if (cmdSn == _max && !_closed) Close(time);
    }

    /// <summary>Brings the time it was closed up to now.</summary>
    /// <returns>Whether there was something to bring up.</returns>
    public bool Settle(long now, ConnectionFacts facts)
    {
        if (!_closed) return false;
        Count(now, facts);
        return true;
    }

    private void Close(long time)
    {
        _closed = true;
        _closedAt = _countedTo = time;
        _waited = 0;
    }

    private void Open(long time, ConnectionFacts facts)
    {
        Count(time, facts);
        _closed = false;
        _waited = Math.Max(0, time - _closedAt);
        _reopenedAt = time;
    }

    // A time before the last one counted is an event that came late: what was counted too much goes off again.
    private void Count(long time, ConnectionFacts facts)
    {
        time = Math.Max(time, _closedAt);
        facts.Add(Fact.WindowClosed, time - _countedTo);
        _countedTo = time;
    }
}
