using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>From a provider's events to the connections a viewer is shown.</summary>
[TestFixture]
public sealed class ConnectionMirrorTests
{
    private static ConnectionDelta Await(Feed feed, uint connection, Func<ConnectionDelta, bool> what, string because)
    {
        ConnectionDelta? seen = null;
        Rig.Until(() => feed.WaitForSnapshot(Rig.Patience, default) && (seen = feed.Take().Connections.SingleOrDefault(c => c.Connection.Id == connection)) is { } c && what(c), because);
        return seen!;
    }

    [Test]
    public void A_connection_is_listed_with_its_facts_and_stays_with_its_cause_when_it_ended()
    {
        using var rig = new Rig();
        uint quiet = rig.Connect(), busy = rig.Connect("192.0.2.8:4000", 2);
        using Feed feed = rig.Open();
        ConnectionDelta first = Await(feed, quiet, c => c.Connection.Tsih == 1, "it is listed though it does nothing");
        Assert.That((first.Total[Fact.NopOuts], first.Total[Fact.ZeroWindows], first.Total.Window), Is.EqualTo((0L, -1L, -1L)));

        ProbeEvent ping = Events.Of(Opcode.NopOut, Clock.Now, busy, 0, 7);
        Events.Put(ref ping, 20, Events.NoTtt);
        rig.Fire(ping);
        ProbeEvent answer = Events.Of(Opcode.NopIn, Clock.Now, busy, 0, 7);
        Events.Put(ref answer, 20, Events.NoTtt);
        Events.Put(ref answer, 32, 31);
        rig.Fire(answer);
        ConnectionDelta counted = Await(feed, busy, c => c.Facts[Fact.NopOuts] == 1, "the interval has its ping");
        Assert.That((counted.Total.NopTime!.Count, counted.Total.Window, counted.Total.LastPdu), Is.EqualTo((1L, 32L, answer.Time)));
        Await(feed, busy, c => c.Facts[Fact.NopOuts] == 0 && c.Total[Fact.NopOuts] == 1, "the next has not");

        rig.Fire(Events.Of(Opcode.LogoutRequest, Clock.Now, busy, 0, 8));
        rig.Close(busy, "192.0.2.8:4000", 2);
        ConnectionDelta ended = Await(feed, busy, c => c.Connection.End != ConnectionEnd.None, "it ended");
        Assert.That(ended.Connection.End, Is.EqualTo(ConnectionEnd.Logout));
        for (int i = 0; i < 5; i++) Assert.That(Await(feed, busy, c => c.Connection.Closed != 0, "it stays").Total[Fact.NopOuts], Is.EqualTo(1));
        using Feed later = rig.Open();
        Assert.That(Await(later, busy, c => c.Connection.Closed != 0, "who comes later is told too").Connection.End, Is.EqualTo(ConnectionEnd.Logout));
    }

    [Test]
    public void Facts_of_a_connection_that_came_and_went_within_an_interval_arrive()
    {
        using var rig = new Rig();
        using Feed feed = rig.Open();
        uint id = rig.Connect();
        rig.Fire(Events.Of(Opcode.ReadyToTransfer, Clock.Now, id, 0, 1));
        rig.Close(id);
        Await(feed, id, c => c.Connection.Closed != 0 && c.Total[Fact.R2ts] == 1, "its R2T was counted");
    }

    [Test]
    public void Those_that_ended_first_give_way()
    {
        var mirror = new Mirror(new Lock(), 1);
        mirror.Connect(new ConnectionInfo(1, "l", "r"));
        for (uint id = 2; id < Roster.MostEnded + 12; id++)
        {
            mirror.Connect(new ConnectionInfo(id, "l", "r"));
            mirror.Connect(new ConnectionInfo(id, "l", "r", Closed: 1));
            mirror.Connect(new ConnectionInfo(id, "l", "r", Closed: 1) { End = ConnectionEnd.Reinstated });
        }
        var snapshot = new Snapshot();
        mirror.TakeInto(snapshot);
        Assert.That(snapshot.Connections, Has.Count.EqualTo(Roster.MostEnded + 1));
        Assert.That(snapshot.Connections.Select(c => c.Connection.Id).Order().Take(2), Is.EqualTo((uint[])[1, 12]));
        Assert.That(snapshot.Connections.Count(c => c.Connection.End == ConnectionEnd.Reinstated), Is.EqualTo(Roster.MostEnded));
    }
}
