using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class EndLogTests
{
    private Script _script = null!;

    [SetUp]
    public void SetUp() => _script = new Script { Lun = 4 };

    private static ConnectionInfo Info(uint id, ConnectionEnd end = ConnectionEnd.None, string initiator = "i", ushort tsih = 1) =>
        new(id, "192.0.2.1:3260", "192.0.2.2:4711", "t", initiator, "400000000001", tsih) { End = end };

    private SessionEnd[] Kept => [.. _script.Correlator.Ends.All.ToArray().Select(k => k.End).OfType<SessionEnd>()];

    private void End(uint id, long us, ConnectionEnd end, ushort tsih = 1, string initiator = "i", uint name = 3)
    {
        SessionEnd frozen = _script.Correlator.Freeze(id, us * 1000)!;
        _script.Correlator.Close(id, us * 1000);
        _script.Correlator.Explain(frozen, Info(id, end, initiator, tsih) with { Closed = us * 1000 }, 2, name);
    }

    private ProbeEvent Nop(Opcode opcode, uint itt)
    {
        ProbeEvent e = Events.Of(opcode, _script.Now, _script.Connection, 0, itt);
        Events.Put(ref e, 20, Events.NoTtt);
        Events.Put(ref e, 28, 5);
        Events.Put(ref e, 32, 8);
        return e;
    }

    private void LogIn(uint connection, long us) => _script.Fire(Events.Of(Opcode.LoginResponse, us * 1000, connection, Lun.Unknown, 1, 0x87));

    [Test]
    public void A_card_tells_what_came_before_the_end()
    {
        ProbeEvent write = Events.Command(1000_000, 1, 4, 7, Events.Write10, 8192);
        write.Header[37] = 9;
        _script.At(100).Fire(write).At(2000).Read(8, 512);
        _script.At(3000).Fire(Nop(Opcode.NopOut, 50)).At(4000).Manage(9, TaskFunction.AbortTask, 7).At(4400).Managed(9, TaskFunctionResponse.TaskDoesNotExist);
        _script.At(4500).Fire(Nop(Opcode.NopIn, Pdu.ReservedTag));
        End(1, 9000, ConnectionEnd.NopUnanswered);
        SessionEnd end = Kept.Single();
        Assert.Multiple(() =>
        {
            Assert.That((end.Time, end.Connection.End, end.Outstanding, end.Tasks, end.Window), Is.EqualTo((9000_000L, ConnectionEnd.NopUnanswered, 2, 1, 4L)));
            Assert.That((end.UnansweredPings, end.OldestPing, end.Quiet, end.QuietTarget, end.LoginAgain), Is.EqualTo((1, 6000_000L, 5000_000L, 4500_000L, -1L)));
            Assert.That(end.Commands, Is.EqualTo(new[] { new LeftCommand(7, 4, 0x2a00, 9, 8192, 8000_000), new LeftCommand(8, 4, 0x2800, 0, 512, 7000_000) }));
            Assert.That(end.Pdus.Select(p => p.Header[0] & 0x3f), Is.EqualTo(new[] { 0x01, 0x01, 0x00, 0x02, 0x22, 0x20 }));
            Assert.That(end.Pdus.Select(p => p.Time), Is.Ordered);
        });
        LogIn(2, 12_000);
        Assert.That(Kept.Single().LoginAgain, Is.EqualTo(3000_000));
        LogIn(3, 15_000);
        Assert.That(Kept.Single().LoginAgain, Is.EqualTo(3000_000), "the first");
    }

    [Test]
    public void A_login_before_the_end_is_noticed_counts_from_the_end()
    {
        _script.At(10).Read(1, 512);
        LogIn(2, 15);
        LogIn(3, 30);
        End(1, 20, ConnectionEnd.TargetFin);
        Assert.That(Kept.Single().LoginAgain, Is.EqualTo(10_000));
    }

    [Test]
    public void Who_takes_its_place_has_logged_in_at_once()
    {
        _script.At(10).Read(1, 512);
        End(1, 20, ConnectionEnd.Reinstated);
        Assert.That(Kept.Single().LoginAgain, Is.Zero);
    }

    [Test]
    public void A_logout_is_told_only_when_it_left_commands()
    {
        _script.At(10).Read(1, 512).At(11).Response(1).At(12).Logout(2);
        End(1, 20, ConnectionEnd.Logout);
        Assert.That(Kept, Is.Empty);
        _script.Connection = 2;
        _script.At(30).Read(1, 512).At(40).Logout(2);
        End(2, 50, ConnectionEnd.Logout);
        Assert.That((Kept.Single().Outstanding, Kept.Single().Commands.Single().Age), Is.EqualTo((1, 10_000L)), "as they were when it logged out");
    }

    [TestCase(ConnectionEnd.InitiatorFin, (ushort)0, false, ExpectedResult = 0, TestName = "a look at the port")]
    [TestCase(ConnectionEnd.InitiatorFin, (ushort)0, true, ExpectedResult = 1, TestName = "a login that came to nothing")]
    [TestCase(ConnectionEnd.LoginRejected, (ushort)0, true, ExpectedResult = 1, TestName = "a login refused")]
    [TestCase(ConnectionEnd.TargetReset, (ushort)1, false, ExpectedResult = 1, TestName = "a session of which nothing was seen")]
    public int Worth_a_card(ConnectionEnd end, ushort tsih, bool seen)
    {
        _script.Correlator.Connect(Info(1));
        if (seen) _script.Fire(Events.Of(Opcode.LoginRequest, 1000, 1, Lun.Unknown, 1));
        End(1, 20, end, tsih);
        return Kept.Length;
    }

    [Test]
    public void Who_is_sent_elsewhere_or_only_asks_for_targets_has_not_dropped()
    {
        ProbeEvent moved = Events.Of(Opcode.LoginResponse, 1000, 1, Lun.Unknown, 1);
        moved.Header[36] = 1;
        _script.Fire(moved);
        End(1, 20, ConnectionEnd.InitiatorFin, tsih: 0);
        Assert.That(Kept, Is.Empty);
        Assert.That(EndLog.IsWorthy(Info(2, ConnectionEnd.InitiatorFin) with { Discovery = true }, new Trail(), 0), Is.False);
    }

    [Test]
    public void Who_is_refused_again_and_again_pushes_nobody_out()
    {
        _script.At(10).Read(1, 512);
        End(1, 20, ConnectionEnd.TargetReset);
        for (uint id = 2; id < 200; id++)
        {
            _script.Fire(Events.Of(Opcode.LoginRequest, id * 1000, id, Lun.Unknown, 1));
            End(id, id + 1, ConnectionEnd.LoginRejected, tsih: 0);
        }
        Assert.That(Kept.Select(e => e.Connection.Id), Is.EqualTo(new[] { 1u, 199u }));
        for (uint id = 200; id < 300; id++)
        {
            _script.Connection = id;
            _script.At(id).Read(1, 512);
            End(id, id + 1, ConnectionEnd.TargetReset);
        }
        Assert.That(Kept.Select(e => e.Connection.Id), Is.EquivalentTo(Enumerable.Range(236, 64)));
    }

    [Test]
    public void Why_it_ended_may_turn_out_later()
    {
        _script.At(10).Read(1, 512);
        End(1, 20, ConnectionEnd.Silence);
        _script.Correlator.Ends.Explain(Info(1, ConnectionEnd.Reinstated));
        Assert.That(Kept.Single().Connection.End, Is.EqualTo(ConnectionEnd.Reinstated));
    }

    [Test]
    public void Data_leaves_room_for_what_matters()
    {
        var last = new LastPdus();
        last.Add(Events.Of(Opcode.TaskManagementRequest, 1, 1, 0, 1));
        last.Add(Events.Command(2, 1, 0, 7, Events.Write10, 1 << 20));
        last.Add(Events.Command(3, 1, 0, 8, Events.Read10, 1 << 20));
        for (int i = 0; i < 1000; i++)
        {
            last.Add(Events.Of(Opcode.ReadyToTransfer, 10 + 3 * i, 1, 0, 7));
            last.Add(Events.Of(Opcode.DataOut, 11 + 3 * i, 1, 0, 7));
            last.Add(Events.DataIn(12 + 3 * i, 1, 0, 8, 512, 0));
        }
        Assert.That(last.Copy().Select(p => (p.Time, p.Header[0] & 0x3f)), Is.EqualTo(new[] { (1L, 0x02), (2L, 0x01), (3L, 0x01), (3007L, 0x31), (3008L, 0x05), (3009L, 0x25) }));
        for (uint i = 0; i < 1000; i++) last.Add(Events.Command(5000 + i, 1, 0, i, Events.Read10, 512));
        KeptPdu[] kept = last.Copy();
        Assert.That((kept.Length, kept[0].Header[0], kept[^1].Time), Is.EqualTo((25, (byte)0x02, 5999L)));
        for (uint i = 0; i < 100; i++) last.Add(Events.Of(Opcode.NopOut, 7000 + i, 1, 0, i));
        Assert.That(last.Copy(), Has.Length.EqualTo(LastPdus.Count));
        last.Clear();
        Assert.That(last.Copy(), Is.Empty);
    }

    [Test]
    public void The_memory_of_rings_is_bounded_and_given_back()
    {
        for (uint id = 1; id <= Correlator.MostRings + 1; id++) _script.Fire(Events.Of(Opcode.NopOut, 1000, id, 0, id));
        End(Correlator.MostRings + 1, 2, ConnectionEnd.TargetReset);
        Assert.That(Kept.Single().Pdus, Is.Empty, "one too many");
        End(1, 3, ConnectionEnd.TargetReset);
        _script.Fire(Events.Of(Opcode.NopOut, 1000, 9999, 0, 1));
        End(9999, 4, ConnectionEnd.TargetReset);
        Assert.That(Kept[^1].Pdus.Single().Time, Is.EqualTo(1000), "and nothing of the one before");
    }
}
