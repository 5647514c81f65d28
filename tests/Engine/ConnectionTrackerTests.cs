using Iscsitop.Engine;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class ConnectionTrackerTests
{
    private const double Minute = 60_000;

    private static readonly (string What, Func<Talk, Talk> Script, ConnectionEnd End)[] s_ends =
    [
        ("nothing", t => t.At(0).LoggedIn().At(5).NopOut(7).At(6).NopIn(7).At(Minute), ConnectionEnd.None),
        ("a logout", t => t.At(0).Logout().At(1).LoggedOut(), ConnectionEnd.Logout),
        ("a logout nobody answered", t => t.At(0).Logout(1).At(1), ConnectionEnd.Logout),
        ("a logout that was refused", t => t.At(0).Logout().At(1).LoggedOut(1), ConnectionEnd.None),
        ("a logout for recovery of another", t => t.At(0).Logout(2).At(1).LoggedOut(), ConnectionEnd.None),
        ("a logout of this connection", t => Known(t).At(0).Logout(1, cid: 3).At(1).LoggedOut(), ConnectionEnd.Logout),
        ("a logout of another", t => Known(t).At(0).Logout(1, cid: 4).At(1).LoggedOut(), ConnectionEnd.None),
        ("a logout of the session from one of several", t => Known(t).At(0).Logout(0, cid: 4).At(1).LoggedOut(), ConnectionEnd.Logout),
        ("a logout of another where the login was not seen", t => t.At(0).Logout(1, cid: 4).At(1).LoggedOut(), ConnectionEnd.Logout),
        ("nothing that was seen of one direction", t => Half(t).At(0).NopOut(7).NopIn(ttt: 8).Manage(9, TaskFunction.AbortTask).Manage(10, TaskFunction.LogicalUnitReset).At(9000), ConnectionEnd.None),
        ("a rejected login", t => t.At(0).LoggedIn(0, status: 2), ConnectionEnd.LoginRejected),
        ("a login that was told to go on", t => t.At(0).LoggedIn(0, status: 2).At(1).LoggedIn(), ConnectionEnd.None),
        ("a login that was sent elsewhere", t => t.At(0).LoggedIn(0, status: 1), ConnectionEnd.None),
        ("a ping of the initiator without an answer", t => t.At(0).NopOut(7).At(2000), ConnectionEnd.NopUnanswered),
        ("a ping of the target without an answer", t => t.At(0).NopIn(ttt: 7).At(9000), ConnectionEnd.NopUnanswered),
        ("a ping that had just been sent", t => t.At(0).NopIn(ttt: 7).At(1999), ConnectionEnd.None),
        ("a NOP-In that asks nothing", t => t.At(0).NopIn().At(9000), ConnectionEnd.None),
        ("a LUN reset", t => t.At(0).Manage(7, TaskFunction.LogicalUnitReset).Managed(7).At(Minute), ConnectionEnd.TaskEscalation),
        ("a target reset", t => t.At(0).Manage(7, TaskFunction.TargetWarmReset).At(1), ConnectionEnd.TaskEscalation),
        ("a LUN reset long ago", t => t.At(0).Manage(7, TaskFunction.LogicalUnitReset).Managed(7).At(Minute + 1), ConnectionEnd.None),
        ("an abort without an answer", t => t.At(0).Manage(7, TaskFunction.AbortTask).At(100), ConnectionEnd.TaskEscalation),
        ("an abort with an answer", t => t.At(0).Manage(7, TaskFunction.AbortTask).Managed(7, TaskFunctionResponse.TaskDoesNotExist).At(100), ConnectionEnd.None),
        ("an abort without an answer long ago", t => t.At(0).Manage(7, TaskFunction.AbortTask).At(Minute + 1), ConnectionEnd.None),
        ("a logout after a reset", t => t.At(0).Manage(7, TaskFunction.LogicalUnitReset).At(1).Logout().LoggedOut(), ConnectionEnd.Logout),
        ("a ping without an answer after a reset", t => t.At(0).Manage(7, TaskFunction.LogicalUnitReset).At(1).NopOut(7).At(4000), ConnectionEnd.NopUnanswered),
    ];

    private static IEnumerable<TestCaseData> Ends => s_ends.Select(e => new TestCaseData(e.Script, e.End).SetArgDisplayNames(e.What));

    private static Talk Known(Talk t)
    {
        t.Info = t.Info with { Tsih = 1, Cid = 3 };
        return t;
    }

    private static Talk Half(Talk t)
    {
        t.Info = t.Info with { OneSided = true };
        return t;
    }

    [Test]
    public void Of_one_direction_nothing_is_unanswered()
    {
        Talk t = Half(new Talk()).At(0).NopOut(7).NopIn(ttt: 8).Manage(9, TaskFunction.AbortTask).At(9000).Settle();
        t.End();
        Assert.That((t[Fact.NopOuts], t[Fact.NopIns], t[Fact.TaskRequests]), Is.EqualTo((1L, 1L, 1L)));
        Assert.That((t[Fact.NopsLost], t[Fact.TasksUnanswered]), Is.EqualTo((0L, 0L)));
    }

    [TestCaseSource(nameof(Ends))]
    public void What_went_before_tells_why_a_connection_ended(Delegate script, ConnectionEnd end) => Assert.That(((Func<Talk, Talk>)script)(new Talk()).End(), Is.EqualTo(end));

    [Test]
    public void Logins_task_management_and_messages_are_counted()
    {
        Talk t = new Talk().LoggedIn(0x81).LoggedIn(0, status: 3).LoggedIn(0x87)
            .Manage(1, TaskFunction.AbortTask).Manage(2, TaskFunction.AbortTask).Manage(3, TaskFunction.AbortTask)
            .Managed(1).Managed(2, TaskFunctionResponse.Rejected).Managed(9)
            .Of(Opcode.AsyncMessage).Of(Opcode.ReadyToTransfer).Of(Opcode.ReadyToTransfer);
        t.End();
        Fact[] facts = [Fact.Logins, Fact.LoginFailures, Fact.TaskRequests, Fact.TasksComplete, Fact.TasksRefused, Fact.TasksUnanswered, Fact.AsyncMessages, Fact.R2ts];
        Assert.That(facts.Select(f => t[f]), Is.EqualTo((long[])[1, 1, 3, 1, 1, 1, 1, 2]));
    }

    [Test]
    public void The_last_pdu_is_the_latest_whichever_was_taken_last()
    {
        Assert.That(new Talk().At(7).NopIn().At(6).NopOut().Facts.LastPdu, Is.EqualTo(7_000_000));
        Assert.That(new Talk().Facts.LastPdu, Is.Zero);
    }

    [Test]
    public void What_needs_packets_is_unknown_without_them_and_what_was_sent_again_counts_among_the_bytes()
    {
        var t = new Talk();
        Assert.That(Enum.GetValues<Fact>().Where(f => t[f] < 0), Is.EqualTo(Enum.GetValues<Fact>().Where(f => f is >= Fact.BytesToTarget and <= Fact.Snacks)));
        t.Settle(new WireFacts { BytesToTarget = 1000, ResentToTarget = 10, ZeroWindows = 3, Snacks = 4 });
        Assert.That((t[Fact.BytesToTarget], t[Fact.ResentToTarget], t[Fact.ZeroWindows], t[Fact.Snacks], t[Fact.Rejects]), Is.EqualTo((1010L, 10L, 3L, 4L, 0L)));
    }

    [Test]
    public void It_has_changed_only_when_something_has()
    {
        var wire = new WireFacts();
        Talk t = new Talk().At(1).NopOut(7);
        Assert.That(t.Tracker.Settle(2_000_000, 0, wire), Is.True, "packets are seen for the first time");
        Assert.That(t.Tracker.Settle(3_000_000, 0, wire), Is.False);
        Assert.That(t.Tracker.Settle(3_000_000, 1, wire), Is.True, "a command is outstanding");
        wire.ZeroWindows++;
        Assert.That(t.Tracker.Settle(3_000_000, 1, wire), Is.True);
        Assert.That(t.Tracker.Settle(6_000_000_000, 1, wire), Is.True, "a ping is lost");
        Assert.That(t.Tracker.Settle(7_000_000_000, 1, wire), Is.False);
    }

    [Test]
    public void Logouts_and_logins_sent_elsewhere_are_counted()
    {
        Talk talk = new Talk().LoggedIn(0, 1).LoggedIn(0, 2).LoggedIn().Logout().LoggedOut();
        Assert.That((talk[Fact.Redirections], talk[Fact.LoginFailures], talk[Fact.Logins], talk[Fact.Logouts], talk[Fact.Reinstatements]), Is.EqualTo((1L, 1L, 1L, 1L, 0L)));
    }
}
