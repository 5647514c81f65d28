using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>Why connections ended, as subscribers are told: what the source says, what events say, and what other logins say.</summary>
[TestFixture]
public sealed class LoginsTests
{
    private readonly Provider _provider = new("test");
    private Roster _roster = null!;
    private readonly List<ConnectionInfo> _explained = [];

    [SetUp]
    public void SetUp()
    {
        _roster = new Roster(_provider) { OnExplained = _explained.Add };
        _explained.Clear();
    }

    private static ConnectionInfo Login(uint id, long opened, ushort tsih = 0, string isid = "400000000001", ushort cid = 0, string target = "t") =>
        new(id, "l", "r", target, "i", isid, tsih == 0 ? (ushort)id : tsih, cid, opened);

    private void Tell(ConnectionInfo info)
    {
        _provider.ConnectionChanges.Enqueue(info);
        _roster.Drain();
    }

    private ConnectionEnd Close(ConnectionInfo info, long at, ConnectionEnd source = ConnectionEnd.TargetFin, ConnectionEnd told = ConnectionEnd.None)
    {
        ConnectionInfo closed = info with { Closed = at, End = source };
        Tell(closed);
        return _roster.Close(closed, told).End;
    }

    [TestCase(ConnectionEnd.None, ConnectionEnd.None, ConnectionEnd.None)]
    [TestCase(ConnectionEnd.InitiatorReset, ConnectionEnd.None, ConnectionEnd.InitiatorReset)]
    [TestCase(ConnectionEnd.None, ConnectionEnd.Logout, ConnectionEnd.Logout)]
    [TestCase(ConnectionEnd.InitiatorFin, ConnectionEnd.Logout, ConnectionEnd.Logout)]
    [TestCase(ConnectionEnd.TargetFin, ConnectionEnd.LoginRejected, ConnectionEnd.LoginRejected)]
    [TestCase(ConnectionEnd.Digest, ConnectionEnd.NopUnanswered, ConnectionEnd.Digest)]
    [TestCase(ConnectionEnd.InitiatorReset, ConnectionEnd.NopUnanswered, ConnectionEnd.NopUnanswered)]
    [TestCase(ConnectionEnd.Silence, ConnectionEnd.TaskEscalation, ConnectionEnd.TaskEscalation)]
    public void The_cause_that_explains_the_other_is_told(ConnectionEnd source, ConnectionEnd told, ConnectionEnd expected)
    {
        Tell(Login(1, 10));
        Assert.That(Close(Login(1, 10), 50, source, told), Is.EqualTo(expected));
    }

    [Test]
    public void A_new_login_of_the_same_port_takes_the_place_of_the_old()
    {
        Tell(Login(1, 10));
        Tell(Login(2, 40));
        Assert.That(Close(Login(1, 10), 50), Is.EqualTo(ConnectionEnd.Reinstated));
        Assert.That(Close(Login(2, 40), 60), Is.EqualTo(ConnectionEnd.TargetFin));
        Assert.That(_explained, Is.Empty);
    }

    [Test]
    public void A_login_that_is_complete_only_after_the_old_one_ended_explains_it_later()
    {
        Tell(Login(1, 10));
        Tell(new ConnectionInfo(2, "l", "r", Opened: 40));
        Assert.That(Close(Login(1, 10), 50), Is.EqualTo(ConnectionEnd.TargetFin));
        Tell(Login(2, 40));
        Assert.That(_explained.Select(c => (c.Id, c.Closed, c.End)), Is.EqualTo(((uint, long, ConnectionEnd)[])[(1, 50, ConnectionEnd.Reinstated)]));
        Assert.That(_roster.Ended.Single().End, Is.EqualTo(ConnectionEnd.Reinstated));
        Tell(Login(2, 40) with { Cid = 1 });
        Assert.That(_explained, Has.Count.EqualTo(1), "it is told once");
    }

    private static readonly (string What, ConnectionInfo Other)[] s_others =
    [
        ("came after the end", Login(2, 51)),
        ("has another ISID", Login(2, 40, isid: "400000000002")),
        ("is of another target", Login(2, 40, target: "u")),
        ("is another connection of the session", Login(2, 40, tsih: 1, cid: 1)),
        ("was there before", Login(2, 5)),
        ("is a discovery", Login(2, 40) with { Discovery = true }),
    ];

    private static IEnumerable<TestCaseData> Others => s_others.Select(o => new TestCaseData(o.Other).SetArgDisplayNames(o.What));

    [TestCaseSource(nameof(Others))]
    public void Another_login_that_is_not_in_its_place_explains_nothing(ConnectionInfo other)
    {
        Tell(Login(1, 10));
        if (other.Opened <= 50) Tell(other);
        Assert.That(Close(Login(1, 10), 50), Is.EqualTo(ConnectionEnd.TargetFin));
        Tell(other);
        Assert.That(_explained, Is.Empty);
    }

    [Test]
    public void The_same_connection_of_a_session_is_taken_over_as_well()
    {
        Tell(Login(1, 10));
        Tell(Login(2, 40, tsih: 1));
        Assert.That(Close(Login(1, 10), 50), Is.EqualTo(ConnectionEnd.Reinstated));
    }

    [Test]
    public void A_login_explains_no_orderly_end()
    {
        Tell(Login(1, 10));
        Tell(Login(2, 40));
        Assert.That(Close(Login(1, 10), 50, told: ConnectionEnd.Logout), Is.EqualTo(ConnectionEnd.Logout));
    }

    [Test]
    public void The_last_that_ended_are_remembered_and_no_more()
    {
        for (uint i = 1; i <= Roster.MostEnded + 5; i++)
        {
            Tell(Login(i, i, isid: i.ToString("x12", null)));
            Close(Login(i, i, isid: i.ToString("x12", null)), i + 1);
            _roster.Forget(i);
        }
        Assert.That(_roster.Ended.Select(c => c.Id).Order().First(), Is.EqualTo(6));
        Assert.That(_roster.Ended, Has.Count.EqualTo(Roster.MostEnded));
    }
}
