using Iscsitop.Engine;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>A connection's conversation beside its data, written line by line and followed by a tracker. Times are ms.</summary>
internal sealed class Talk
{
    private const uint None = Pdu.ReservedTag;

    private long _now;

    public Talk() => Tracker.Clear();

    public ConnectionTracker Tracker { get; } = new(1);

    public ConnectionFacts Facts => Tracker.Facts;

    public ConnectionInfo Info { get; set; } = new(1, "", "");

    public long this[Fact fact] => Facts[fact];

    public Talk At(double ms)
    {
        _now = (long)(ms * 1e6);
        return this;
    }

    public Talk NopOut(uint itt = None, uint ttt = None, uint cmdSn = 0)
    {
        ProbeEvent e = Events.Of(Opcode.NopOut, _now, 1, 0, itt);
        e.Header[0] |= 0x40;
        Events.Put(ref e, 20, ttt);
        Events.Put(ref e, 24, cmdSn);
        return Take(e);
    }

    public Talk NopIn(uint itt = None, uint ttt = None) => Answer(Opcode.NopIn, itt, 0, 0, (e) => { Events.Put(ref e, 20, ttt); return e; });

    public Talk Command(uint cmdSn, bool immediate = false)
    {
        ProbeEvent e = Events.Command(_now, 1, 0, cmdSn, Events.Read10, 512);
        if (immediate) e.Header[0] |= 0x40;
        Events.Put(ref e, 24, cmdSn);
        return Take(e);
    }

    public Talk Status(uint expected, uint max) => Answer(Opcode.ScsiResponse, 1, expected, max);

    public Talk Manage(uint itt, TaskFunction function) => Take(Events.Of(Opcode.TaskManagementRequest, _now, 1, 0, itt, (byte)(0x80 | (byte)function)));

    public Talk Managed(uint itt, TaskFunctionResponse response = TaskFunctionResponse.Complete) =>
        Answer(Opcode.TaskManagementResponse, itt, 0, 0, e => { e.Header[2] = (byte)response; return e; });

    /// <summary>A Login Response: bits T, CSG and NSG, and the class of its status.</summary>
    public Talk LoggedIn(byte flags = 0x87, byte status = 0) =>
        Answer(Opcode.LoginResponse, 1, 0, 0, e => { e.Header[1] = flags; e.Header[36] = status; return e; });

    public Talk Logout(byte reason = 0, uint cid = 0)
    {
        ProbeEvent e = Events.Of(Opcode.LogoutRequest, _now, 1, 0, 9, (byte)(0x80 | reason));
        Events.Put(ref e, 20, cid << 16);
        return Take(e);
    }

    public Talk LoggedOut(byte response = 0) => Answer(Opcode.LogoutResponse, 9, 0, 0, e => { e.Header[2] = response; return e; });

    public Talk Of(Opcode opcode) => Take(Events.Of(opcode, _now, 1, 0, 1));

    public Talk Settle(WireFacts? wire = null)
    {
        Tracker.Settle(_now, 0, wire);
        return this;
    }

    public ConnectionEnd End() => Tracker.End(_now);

    public Talk Take(ProbeEvent e)
    {
        Tracker.Take(in e, Info);
        return this;
    }

    private Talk Answer(Opcode opcode, uint itt, uint expected, uint max, Func<ProbeEvent, ProbeEvent>? more = null)
    {
        ProbeEvent e = Events.Of(opcode, _now, 1, 0, itt);
        Events.Put(ref e, 28, expected);
        Events.Put(ref e, 32, max);
        return Take(more is null ? e : more(e));
    }
}
