using System.Text;
using CsCheck;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Wire;

[TestFixture]
public sealed class WireConnectionTests
{
    [Test]
    public void A_login_makes_it_known_step_by_step_as_the_target_does()
    {
        var rig = new WireRig();
        rig.Login("MaxBurstLength=131072\0FirstBurstLength=262144\0InitialR2T=No\0MaxRecvDataSegmentLength=65536\0MaxOutstandingR2T=8\0",
            "MaxBurstLength=65536\0FirstBurstLength=65536\0InitialR2T=No\0MaxRecvDataSegmentLength=32768\0MaxOutstandingR2T=1\0", cid: 3);
        ConnectionInfo[] changes = [.. rig.Changes()];
        Assert.That(changes.Select(c => (c.Target, c.Isid, c.Tsih)), Is.EqualTo(new[] { ("", "", (ushort)0), (Pdus.Target, "", (ushort)0), (Pdus.Target, "800000000001", (ushort)5) }));
        Assert.That(changes[2] is { Initiator: Pdus.Initiator, Cid: 3, Discovery: false, MidStream: false, Opened: 1000, Closed: 0, Local: "192.0.2.1:3260", Remote: "192.0.2.2:4711" });
        Assert.That(changes[2].Parameters, Is.EqualTo(new SessionParameters(InitialR2T: false, MaxBurstLength: 65536, FirstBurstLength: 65536, TargetMaxRecv: 32768, InitiatorMaxRecv: 65536)));
        Assert.That(rig.Events().Select(e => string.Join(' ', e.Split(' ')[..4])), Is.EqualTo(new[] { "login-command -1  ", $"login-response -1 {Pdus.Target} {Pdus.Initiator}" }));
        Assert.That(rig.Context.Connections[rig.Connection.Id], Is.SameAs(rig.Connection));
    }

    [Test]
    public void A_text_over_many_PDUs_is_one()
    {
        var rig = new WireRig();
        byte[] text = Encoding.ASCII.GetBytes(Pdus.Names + "HeaderDigest=CRC32C,None\0");
        for (int i = 0; i < text.Length; i += 11)
        {
            bool last = i + 11 >= text.Length;
            rig.ToTarget(Pdus.Login(Encoding.ASCII.GetString(text, i, Math.Min(11, text.Length - i)), (byte)(last ? 0x87 : 0x44)));
            if (!last) rig.ToInitiator(Pdus.LoggedIn(flags: 0x04, tsih: 0));
        }
        rig.ToInitiator(Pdus.LoggedIn("HeaderDig", 0x44, 0)).ToTarget(Pdus.Login("", 0x04)).ToInitiator(Pdus.LoggedIn("est=CRC32C\0"));
        Assert.That(rig.LastChange() is { Target: Pdus.Target, Tsih: 5, Parameters.HeaderDigest: true });
        Assert.That(rig.Connection.HeaderDigest, Is.EqualTo(Digest.Crc32C));
        rig.Events();
        rig.ToTarget(Pdus.Digested(Pdus.Command(1, 101), data: false));
        Assert.That(rig.Events(), Has.Count.EqualTo(1));
    }

    [Test]
    public void Security_comes_first_and_leaves_no_secret()
    {
        var rig = new WireRig();
        rig.ToTarget(Pdus.Login(Pdus.Names + "AuthMethod=CHAP\0", 0x01)).ToInitiator(Pdus.LoggedIn("AuthMethod=CHAP\0", 0x01, 0));
        rig.ToTarget(Pdus.Login("CHAP_N=user\0CHAP_R=0x5ec2e7\0", 0x81)).ToInitiator(Pdus.LoggedIn("", 0x81, 0));
        rig.ToTarget(Pdus.Login("ImmediateData=No\0")).ToInitiator(Pdus.LoggedIn("ImmediateData=No\0"));
        ConnectionInfo info = rig.LastChange();
        Assert.That(info is { Target: Pdus.Target, Tsih: 5, Parameters.ImmediateData: false });
        Assert.That(info.ToString(), Does.Not.Contain("5ec2e7"));
    }

    [TestCase(0x0203, "", ConnectionEnd.LoginRejected)]
    [TestCase(0x0202, "", ConnectionEnd.LoginRejected)]
    [TestCase(0x0201, Pdus.Target, ConnectionEnd.LoginRejected)]
    [TestCase(0x0302, Pdus.Target, ConnectionEnd.LoginRejected)]
    [TestCase(0x0101, "", ConnectionEnd.TargetFin)]
    public void A_login_refused(int status, string target, ConnectionEnd end)
    {
        var rig = new WireRig();
        rig.ToTarget(Pdus.Login(Pdus.Names)).ToInitiator(Pdus.LoggedIn("", 0, 0, (ushort)status));
        rig.Connection.Close(ConnectionEnd.TargetFin, 77);
        rig.Connection.Close(ConnectionEnd.Silence, 78);
        ConnectionInfo[] changes = [.. rig.Changes()];
        Assert.That(changes, Has.Length.EqualTo(3), "one end");
        Assert.That(changes[^1] is { Closed: 77, Tsih: 0, Parameters: null } last && last.Target == target && last.End == end, changes[^1].ToString());
    }

    [Test]
    public void A_discovery_session_has_no_target()
    {
        var rig = new WireRig();
        rig.ToTarget(Pdus.Login($"InitiatorName={Pdus.Initiator}\0SessionType=Discovery\0")).ToInitiator(Pdus.LoggedIn());
        Assert.That(rig.LastChange() is { Discovery: true, Target: "", Initiator: Pdus.Initiator, Tsih: 5 });
    }

    [Test]
    public void A_login_split_from_its_text_and_one_on_any_port()
    {
        byte[] login = Pdus.Login(Pdus.Names);
        Assert.That(WireConnection.LooksLikeLogin(login));
        Assert.That(WireConnection.LooksLikeLogin(login.AsSpan(0, 48)));
        Assert.That(WireConnection.LooksLikeLogin(login.AsSpan(0, 47)), Is.False);
        Assert.That(WireConnection.LooksLikeLogin(Pdus.Login("Hello world\0")), Is.False);
        Assert.That(WireConnection.LooksLikeLogin(Pdus.Login("")), Is.False);
        Assert.That(WireConnection.LooksLikeLogin(Pdus.Command(1, 1)), Is.False);
        var rig = new WireRig(sawStart: false);
        rig.ToTarget(login).ToInitiator(Pdus.LoggedIn());
        Assert.That(rig.LastChange() is { MidStream: false, Target: Pdus.Target, Tsih: 5 });
        Assert.That(rig.Events(), Has.Count.EqualTo(2));
    }

    [Test]
    public void An_end_is_what_came_before_it()
    {
        WireRig logout = WireRig.LoggedIn();
        logout.ToTarget(Pdus.Make(Opcode.LogoutRequest, 0x80, 9, 101)).ToInitiator(Pdus.Make(Opcode.LogoutResponse, itt: 9, sn: 101));
        logout.Connection.Close(ConnectionEnd.InitiatorFin, 1);
        Assert.That(logout.LastChange().End, Is.EqualTo(ConnectionEnd.Logout));
        WireRig reset = WireRig.LoggedIn();
        reset.Connection.Close(ConnectionEnd.TargetReset, 1);
        Assert.That(reset.LastChange().End, Is.EqualTo(ConnectionEnd.TargetReset));
    }

    [Test]
    public void The_same_ports_again_take_the_place_of_the_old_and_a_joiner_does_not()
    {
        WireRig first = WireRig.LoggedIn("MaxConnections=4\0", "MaxConnections=2\0");
        WireRig joiner = new WireRig(context: first.Context).Login(tsih: 5, cid: 1);
        Assert.That(joiner.LastChange().Parameters!.MaxConnections, Is.EqualTo(2), "what the session agreed");
        joiner.Connection.Close(ConnectionEnd.InitiatorFin, 1);
        Assert.That(joiner.LastChange().End, Is.EqualTo(ConnectionEnd.InitiatorFin));
        WireRig again = new WireRig(context: first.Context).Login();
        first.Connection.Close(ConnectionEnd.TargetFin, 2);
        again.Connection.Close(ConnectionEnd.InitiatorFin, 3);
        Assert.That(first.Changes().Where(c => c.Closed != 0).Select(c => c.End), Is.EqualTo(new[] { ConnectionEnd.Reinstated, ConnectionEnd.InitiatorFin }));
        Assert.That(first.Context.Sessions, Is.Empty);
    }

    [Test]
    public void Segments_may_be_declared_anew()
    {
        WireRig rig = WireRig.LoggedIn();
        rig.ToTarget(Pdus.Make(Opcode.TextRequest, itt: 3, sn: 101, data: "MaxRecvDataSegmentLength=131072\0"u8.ToArray()));
        Assert.That(rig.LastChange().Parameters!.InitiatorMaxRecv, Is.EqualTo(131072));
    }

    [Test]
    public void What_was_not_agreed_is_the_default_and_reserved_answers_agree_nothing()
    {
        var rig = new WireRig();
        rig.Login("MaxBurstLength=65536\0ErrorRecoveryLevel=2\0ImmediateData=No\0HeaderDigest=CRC32C\0", "MaxBurstLength=Reject\0HeaderDigest=Reject\0");
        Assert.That(rig.LastChange().Parameters, Is.EqualTo(new SessionParameters(ImmediateData: false)));
    }

    [Test]
    public void A_login_whose_answer_is_missing_still_names()
    {
        var rig = new WireRig();
        rig.ToTarget(Pdus.Login(Pdus.Names + "HeaderDigest=CRC32C\0"), Pdus.Digested(Pdus.Command(1, 101), data: false), Pdus.Digested(Pdus.Command(2, 102), data: false));
        Assert.That(rig.LastChange() is { Target: Pdus.Target, Initiator: Pdus.Initiator, Parameters: null });
        Assert.That(rig.Events(), Has.Count.EqualTo(3));
        Assert.That(rig.Connection.HeaderDigest, Is.EqualTo(Digest.Crc32C), "it shows");
    }

    [Test]
    public void A_login_that_is_missing_in_part_or_whole_leaves_digests_to_show()
    {
        byte[] login = Pdus.Login(Pdus.Names + "HeaderDigest=CRC32C\0");
        foreach (int seen in new[] { 0, 4, 48, 60 })
        {
            var rig = new WireRig();
            if (seen > 0) rig.ToTarget(login[..seen]);
            rig.Connection.Missing(Direction.ToTarget, login.Length - seen, rig.Now);
            rig.ToInitiator(Pdus.LoggedIn("HeaderDigest=CRC32C\0"));
            for (uint i = 1; i < 5; i++) rig.ToTarget(Pdus.Digested(Pdus.Command(i, 100 + i), data: false)).ToInitiator(Pdus.Digested(Pdus.Response(i, 101 + i), data: false));
            Assert.That(rig.LastChange() is { MidStream: true, Target: "?192.0.2.1:3260", Parameters: null }, $"{seen} bytes seen");
            Assert.That(rig.Connection.HeaderDigest, Is.EqualTo(Digest.Crc32C));
            Assert.That(rig.Events().Count(e => e.StartsWith("scsi-", StringComparison.Ordinal)), Is.EqualTo(8));
            Assert.That(rig.Connection.Facts.HeaderDigestErrors, Is.Zero);
        }
    }

    [Test]
    public void A_LUN_is_the_commands_or_the_PDUs_or_unknown()
    {
        WireRig rig = WireRig.LoggedIn();
        rig.ToInitiator(Pdus.DataIn(50, 101, new byte[8]), Pdus.Response(51, 102), Pdus.R2t(52, 103, 4, 512, lun: 6), Pdus.Response(52, 104));
        rig.ToTarget(Pdus.DataOut(53, 101, 5, new byte[8], lun: 7)).ToInitiator(Pdus.Response(53, 105), Pdus.Response(53, 106));
        Assert.That(rig.Events().Select(e => e.Split(' ')[1]), Is.EqualTo(new[] { "-1", "-1", "6", "6", "7", "7", "-1" }));
    }

    [Test]
    public void Rejects_and_SNACKs_are_counted()
    {
        WireRig rig = WireRig.LoggedIn();
        rig.ToTarget(Pdus.Make(Opcode.SnackRequest, itt: 1)).ToInitiator(Pdus.Make(Opcode.Reject, itt: Pdu.ReservedTag, data: new byte[48]));
        Assert.That((rig.Connection.Facts.Snacks, rig.Connection.Facts.Rejects, rig.Context.Coverage.Pdus), Is.EqualTo((1L, 1L, 4L)));
        Assert.That(rig.Events(), Is.Empty);
    }

    [Test]
    public void A_reject_tells_what_it_rejects_as_far_as_that_was_seen()
    {
        WireRig rig = WireRig.LoggedIn();
        byte[] Reject(byte reason, byte[] data)
        {
            byte[] pdu = Pdus.Make(Opcode.Reject, itt: Pdu.ReservedTag, data: data);
            pdu[2] = reason;
            return pdu;
        }
        byte[] command = Pdus.Command(9, 101, 0x9e, lun: 6, cdb: "9e100000000000000000000000200000")[..48];
        foreach (byte[] segment in Reject(4, command).Chunk(30)) rig.ToInitiator(segment);
        rig.ToInitiator(Reject(9, Pdus.Make(Opcode.DataOut, lun: 6)[..48]), Reject(5, []));
        byte[] cut = Reject(6, command);
        rig.ToInitiator(cut[..60]);
        rig.Connection.Missing(Direction.ToInitiator, cut.Length - 60, rig.Now);
        rig.ToInitiator(Reject(7, command)[..60]);
        rig.Connection.Close(ConnectionEnd.TargetFin, rig.Now);
        var told = new List<(FaultKind, byte, ulong, ushort)>();
        while (rig.Provider.TryTake(out Fault fault)) told.Add((fault.Kind, fault.Reason, fault.LunNumber, fault.Operation));
        Assert.That(told, Is.EqualTo(new (FaultKind, byte, ulong, ushort)[]
        {
            (FaultKind.Reject, 4, 6, 0x9e10), (FaultKind.Reject, 9, 6, 0), (FaultKind.Reject, 5, Lun.Unknown, 0),
            (FaultKind.Reject, 6, Lun.Unknown, 0), (FaultKind.Reject, 7, Lun.Unknown, 0),
        }));
    }

    [Test]
    public void A_message_brings_its_sense_data()
    {
        WireRig rig = WireRig.LoggedIn();
        byte[] sense = [0x72, 6, 0x2a, 9, 0, 0, 0, 0];
        byte[] message = Pdus.Make(Opcode.AsyncMessage, itt: Pdu.ReservedTag, lun: 6, data: [0, 8, .. sense, 0, 0, 1, 2]);
        foreach (byte[] segment in message.Chunk(50)) rig.ToInitiator(segment);
        string[] told = rig.Events().Single().Split(' ');
        Assert.That((told[0], told[1], told[^1]), Is.EqualTo(("async-send", "6", Convert.ToHexString(sense))));
    }

    [Test]
    public void A_digest_that_does_not_match_is_a_fault()
    {
        WireRig rig = WireRig.LoggedIn("HeaderDigest=CRC32C\0DataDigest=CRC32C\0", "HeaderDigest=CRC32C\0DataDigest=CRC32C\0");
        byte[] data = Pdus.Digested(Pdus.Command(1, 100, 0x2a, flags: 0xa1, data: new byte[8]));
        data[^1] ^= 1;
        byte[] header = Pdus.Digested(Pdus.Command(2, 101));
        header[20] ^= 1;
        rig.ToTarget(data, header);
        var told = new List<(FaultKind, uint)>();
        while (rig.Provider.TryTake(out Fault fault)) told.Add((fault.Kind, fault.Connection));
        Assert.That(told, Is.EqualTo(new[] { (FaultKind.DataDigest, rig.Connection.Id), (FaultKind.HeaderDigest, rig.Connection.Id) }));
        Assert.That(rig.Changes()[^1].PortalGroup, Is.EqualTo(1));
    }

    [Test]
    public void Units_are_known_by_their_answers()
    {
        WireRig rig = WireRig.LoggedIn();
        void Ask(uint itt, string cdb, byte[] answer)
        {
            rig.ToTarget(Pdus.Command(itt, 100 + itt, lun: 4, cdb: cdb));
            foreach (byte[] segment in Pdus.DataIn(itt, 100 + itt, answer).Chunk(40)) rig.ToInitiator(segment);
        }
        Ask(1, "25000000000000000000", [0, 0, 255, 255, 0, 0, 2, 0]);
        Ask(2, "1201830040000000", [0, 0x83, 0, 12, 1, 3, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 7]);
        Ask(3, "1201800040000000", [0, 0x80, 0, 8, .. "SER 1   "u8]);
        Ask(4, "1201830040000000", [0, 0x83, 0, 12, 1, 3, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 7]);
        Ask(5, "9e100000000000000000000000200000", [0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 16, 0, .. new byte[20]]);
        Ask(6, "1200000040000000", [0, 0x80, 0, 8, .. "WRONG   "u8]);
        Assert.That(rig.Provider.UnitChanges, Is.EqualTo(new[]
        {
            new UnitInfo(Pdus.Target, 4, "", 512), new UnitInfo(Pdus.Target, 4, "naa.6001020304050607", 512) { Identity = "naa.6001020304050607" },
            new UnitInfo(Pdus.Target, 4, "SER 1", 512) { Identity = "naa.6001020304050607" }, new UnitInfo(Pdus.Target, 4, "SER 1", 4096) { Identity = "naa.6001020304050607" },
        }));
    }

    [Test]
    public void The_best_designator_is_a_units_identity()
    {
        byte[] t10 = [2, 1, 0, 4, .. "V  1"u8], name = [3, 8, 0, 8, .. "iqn.x,L0"u8], eui = [1, 2, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7], naa = [1, 3, 0, 8, 0x50, 1, 2, 3, 4, 5, 6, 7], port = [1, 0x13, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 7];
        string[] identities = [.. new byte[][] { t10, [.. t10, .. name], [.. t10, .. eui, .. name], [.. port, .. t10, .. naa], port, [.. t10, .. naa[..8]] }.Select(list =>
            UnitAnswer.Read(UnitFact.Designators, [0, 0x83, 0, (byte)list.Length, .. list]).Identity)];
        Assert.That(identities, Is.EqualTo(new[] { "t10.V  1", "iqn.x,L0", "eui.0001020304050607", "naa.5001020304050607", "", "t10.V  1" }));

        var context = new WireContext(new Provider("test"), new WireOptions());
        foreach (byte[] list in new[] { t10, naa, t10, eui }) context.Learn("t", 2, 0, UnitAnswer.Read(UnitFact.Designators, [0, 0x83, 0, (byte)list.Length, .. list]));
        Assert.That(context.Provider.UnitChanges.Select(u => u.Identity), Is.EqualTo(new[] { "t10.V  1", "naa.5001020304050607" }), "a short answer says less, not something else");
    }

    [Test]
    public void Many_tags_that_never_end_are_bounded()
    {
        var tags = new TagTable();
        for (uint i = 0; i < 200_000; i++) tags.Add(i * 7, i);
        Assert.That(tags.Count, Is.AtMost(TagTable.MaxCount));
        for (uint i = 199_000; i < 200_000; i++) Assert.That(tags.TryGet(i * 7, out TagTable.Entry e) && e.Lun == i);
        for (uint i = 0; i < 200_000; i++) tags.Remove(i * 7);
        Assert.That(tags.Count, Is.Zero);
    }

    [Test]
    public void Tags_are_what_a_dictionary_says() => Check.Sample(
        Gen.Select(Gen.Int[0, 60], Gen.Bool).Array[0, 400],
        steps =>
        {
            var tags = new TagTable();
            var model = new Dictionary<uint, ulong>();
            for (int i = 0; i < steps.Length; i++)
            {
                uint itt = (uint)steps[i].Item1 * 0x01000193;
                if (steps[i].Item2) tags.Add(itt, model[itt] = (ulong)i);
                else tags.Remove(itt);
                if (!steps[i].Item2) model.Remove(itt);
                Assert.That(tags.Count, Is.EqualTo(model.Count));
                foreach ((uint key, ulong lun) in model) Assert.That(tags.TryGet(key, out TagTable.Entry e) && e.Lun == lun);
            }
        },
        iter: 100);
}
