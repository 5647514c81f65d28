using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Wire;

/// <summary>Reservations as they are found in PDUs.</summary>
[TestFixture]
public sealed class WireReservationsTests
{
    private const byte Out = 0x5f;
    private const string RegisterCdb = "5f000000000000001800", ReserveCdb = "5f010300000000001800", FullStatusCdb = "5e030000000000100000";

    private static readonly byte[] s_register = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] s_own = [0, 0, 0, 0, 0, 0, 0, 7, .. new byte[16]];

    private static List<ReservationInfo> Told(WireRig rig)
    {
        var told = new List<ReservationInfo>();
        rig.Provider.TakeReservations(told);
        return told;
    }

    private static WireRig Do(WireRig rig, uint itt, string cdb, byte[]? data = null, ulong lun = 4, byte status = 0) => rig
        .ToTarget(Pdus.Command(itt, 100 + itt, lun: lun, length: (uint)(data?.Length ?? 0), flags: 0xa1, data: data, cdb: cdb))
        .ToInitiator(Pdus.Response(itt, 100 + itt, status));

    [Test]
    public void A_parameter_list_is_immediate_data()
    {
        WireRig rig = WireRig.LoggedIn();
        Do(rig, 1, RegisterCdb, s_register);
        ReservationInfo info = Told(rig).Single();
        Assert.That((info.Target, info.Lun, info.Registrants.Single()), Is.EqualTo((Pdus.Target, 4ul, new RegistrantInfo(Pdus.Initiator, "800000000001", 7))));
        Assert.That((info.Legacy, info.Type, info.Complete, info.Changed), Is.EqualTo((false, (byte)0, false, rig.Now - 1)));
        Do(rig, 2, ReserveCdb, s_own);
        Assert.That(Told(rig).Single() is { Type: 3, Holder: { Initiator: Pdus.Initiator, Key: 7 } });
    }

    [Test]
    public void Or_it_is_asked_for()
    {
        WireRig rig = WireRig.LoggedIn();
        byte[] first = Pdus.DataOut(1, 102, 9, s_register[..13], 4), second = Pdus.DataOut(1, 102, 9, s_register[13..], 4);
        Pdus.Put(second, 40, 13);
        rig.ToTarget(Pdus.Command(1, 101, Out, 4, 24, 0xa1, cdb: RegisterCdb)).ToInitiator(Pdus.R2t(1, 101, 9, 24, 4)).ToTarget(first, second);
        Assert.That(Told(rig), Is.Empty, "until its status");
        rig.ToInitiator(Pdus.Response(1, 102));
        Assert.That(Told(rig).Single().Registrants.Single().Key, Is.EqualTo(7));
    }

    [TestCase((byte)0x18)]
    [TestCase((byte)0x02)]
    public void What_did_not_end_GOOD_has_not_happened(byte status)
    {
        WireRig rig = WireRig.LoggedIn();
        Do(rig, 1, RegisterCdb, s_register, status: status);
        Do(rig, 2, "160000000000", status: status);
        Assert.That(Told(rig), Is.Empty);
    }

    [Test]
    public void A_list_that_was_not_captured_is_not_guessed()
    {
        WireRig rig = WireRig.LoggedIn();
        Do(rig, 1, RegisterCdb, s_register);
        Told(rig);
        byte[] command = Pdus.Command(2, 102, Out, 4, 24, 0xa1, s_own, cdb: ReserveCdb);
        rig.ToTarget(command[..50]);
        rig.Connection.Missing(Direction.ToTarget, command.Length - 50, rig.Now);
        rig.ToInitiator(Pdus.Response(2, 103));
        Assert.That(Told(rig).Single() is { Type: 3, Holder: { Initiator: Pdus.Initiator, Key: 7 } });
    }

    [Test]
    public void Answers_tell_the_rest_and_those_who_only_look_nothing_new()
    {
        WireRig rig = WireRig.LoggedIn();
        void Ask(uint itt, byte[] answer) => rig.ToTarget(Pdus.Command(itt, 100 + itt, lun: 4, cdb: FullStatusCdb)).ToInitiator(Pdus.DataIn(itt, 100 + itt, answer));
        Ask(1, [0, 0, 0, 5, 0, 0, 0, 0]);
        Assert.That(Told(rig), Is.Empty);
        Do(rig, 2, RegisterCdb, s_register);
        Assert.That(Told(rig).Single() is { Complete: true, Generation: 6, Registrants.Count: 1 });
        Ask(3, [0, 0, 0, 5, 0, 0, 0, 0]);
        Assert.That(Told(rig), Is.Empty, "an answer that was passed on its way");
        rig.Now += 2_000_000_000;
        Ask(4, [0, 0, 0, 5, 0, 0, 0, 0]);
        Assert.That(Told(rig).Single() is { Complete: true, Generation: 5, Registrants.Count: 0 }, "a target that began anew");
    }

    [TestCase((byte)5, (byte)0, true, TestName = "by a reset of the unit")]
    [TestCase((byte)6, (byte)0, true, TestName = "by a reset of the target")]
    [TestCase((byte)5, (byte)5, false, TestName = "not by one that was refused")]
    [TestCase((byte)2, (byte)0, false, TestName = "not by an abort")]
    public void RESERVE_ends(byte function, byte response, bool ends)
    {
        WireRig rig = WireRig.LoggedIn();
        Do(rig, 1, "160000000000");
        Assert.That(Told(rig).Single() is { Legacy: true, Holder: { Initiator: Pdus.Initiator, Isid: "800000000001" } });
        byte[] done = Pdus.Make(Opcode.TaskManagementResponse, itt: 2, sn: 103);
        done[2] = response;
        rig.ToTarget(Pdus.Make(Opcode.TaskManagementRequest, (byte)(0x80 | function), 2, 102, function == 6 ? 0u : 4u)).ToInitiator(done);
        Assert.That(Told(rig).Any(t => !t.Legacy), Is.EqualTo(ends));
    }

    [Test]
    public void RESERVE_ends_with_its_session_and_what_is_persistent_does_not()
    {
        WireRig rig = WireRig.LoggedIn();
        Do(rig, 1, RegisterCdb, s_register, lun: 1);
        Do(rig, 2, "560000000000000000");
        Told(rig);
        rig.Connection.Close(ConnectionEnd.TargetFin, 5000);
        ReservationInfo info = Told(rig).Single();
        Assert.That((info.Lun, info.Legacy, info.Changed), Is.EqualTo((4ul, false, 5000L)));
    }

    [Test]
    public void RESERVE_ends_when_another_login_takes_the_place_of_its_session()
    {
        WireRig rig = WireRig.LoggedIn();
        Do(rig, 1, "160000000000");
        Told(rig);
        new WireRig(context: rig.Context).Login();
        Assert.That(Told(rig).Single().Legacy, Is.False);
    }

    [Test]
    public void Units_are_followed_up_to_a_bound()
    {
        WireRig rig = WireRig.LoggedIn();
        for (uint i = 0; i < WireReservations.MostUnits + 10; i++) Do(rig, i + 1, "160000000000", lun: i);
        Assert.That((Told(rig).Count, rig.Context.Reservations.Count), Is.EqualTo((WireReservations.MostUnits, WireReservations.MostUnits)));
    }

    [Test]
    public void Registrants_of_all_units_are_bounded_too()
    {
        WireRig rig = WireRig.LoggedIn();
        byte[] keys = [0, 0, 0, 1, 0, 0, 8, 0, .. Enumerable.Range(0, 2048).Select(i => (byte)(i % 8 == 7 ? i / 8 : 1))];
        for (ulong lun = 0; lun < 100; lun++) rig.Context.Reservations.Answered(Pdus.Target, lun, UnitFact.ReadKeys, keys, 1);
        Assert.That(rig.Context.Reservations.Registrants, Is.EqualTo(WireReservations.MostRegistrants));
        Assert.That(Told(rig).Sum(i => i.Registrants.Count), Is.EqualTo(WireReservations.MostRegistrants));
        rig.Context.Reservations.Answered(Pdus.Target, 0, UnitFact.ReadKeys, [0, 0, 0, 2, 0, 0, 0, 0], 2);
        Assert.That(rig.Context.Reservations.Registrants, Is.EqualTo(WireReservations.MostRegistrants - 256));
    }
}
