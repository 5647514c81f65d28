using System.Buffers.Binary;
using System.Net;
using System.Text;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Tests.Server;

[TestFixture]
public sealed class FullFeatureTests
{
    private TestTarget _target = null!;

    [SetUp]
    public void Start() => _target = new TestTarget("0=ram:16MiB", "1=ram:16MiB");

    [TearDown]
    public void Stop() => _target.Dispose();

    [Test]
    public void A_hundred_PDUs_in_one_segment_are_a_hundred_commands()
    {
        using RawPeer peer = _target.Connect().Login();
        peer.Send([.. Enumerable.Range(0, 100).SelectMany(i => Command(peer, (uint)i))]);
        for (uint i = 0; i < 100; i++) Assert.That(Itt(peer.Expect(Opcode.ScsiResponse)), Is.EqualTo(i));
    }

    [Test]
    public void A_PDU_in_single_bytes_is_a_PDU()
    {
        using RawPeer peer = _target.Connect().Login();
        foreach (byte b in Command(peer, 5)) peer.Send([b]);
        Assert.That(Itt(peer.Expect(Opcode.ScsiResponse)), Is.EqualTo(5));
    }

    [Test]
    public void A_ping_is_echoed_and_uses_its_CmdSN_up([Values(0, 1, 511, 513, 100_000)] int length)
    {
        using RawPeer peer = _target.Connect().Login("MaxRecvDataSegmentLength=262144\0");
        byte[] data = new byte[length];
        new Random(1).NextBytes(data);
        peer.Send(RawPeer.WithData(RawPeer.Put32(RawPeer.Bhs(Opcode.NopOut, itt: 77), 24, peer.CmdSn), data));
        (byte[] bhs, byte[] echo) = peer.Expect(Opcode.NopIn);
        Assert.That(echo, Is.EqualTo(data));
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(16)), Is.EqualTo(77));
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(20)), Is.EqualTo(Pdu.ReservedTag));
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(28)), Is.EqualTo(peer.CmdSn + 1), "ExpCmdSN");
    }

    [Test]
    public void An_echo_is_cut_to_what_the_initiator_takes()
    {
        using RawPeer peer = _target.Connect().Login("MaxRecvDataSegmentLength=512\0");
        peer.Send(RawPeer.WithData(RawPeer.Bhs(Opcode.NopOut, immediate: true), new byte[2000]));
        Assert.That(peer.Expect(Opcode.NopIn).Data, Has.Length.EqualTo(512));
    }

    [Test]
    public void Commands_outside_the_window_and_duplicates_are_met_with_silence()
    {
        using RawPeer peer = _target.Connect().Login();
        uint next = peer.CmdSn;
        peer.Send(
            RawPeer.ScsiCommand(new byte[6], 1, next - 1, 0x80, 0),
            RawPeer.ScsiCommand(new byte[6], 2, next + (uint)_target.Server.Options.MaxCommands, 0x80, 0),
            RawPeer.ScsiCommand(new byte[6], 3, next, 0x80, 0));
        Assert.That(Itt(peer.Expect(Opcode.ScsiResponse)), Is.EqualTo(3));
    }

    [Test]
    public void Commands_wait_for_their_turn()
    {
        using RawPeer peer = _target.Connect().Login();
        uint next = peer.CmdSn;
        peer.Send(
            RawPeer.ScsiCommand(new byte[6], 12, next + 2, 0x80, 0),
            RawPeer.ScsiCommand(new byte[6], 11, next + 1, 0x80, 0),
            RawPeer.ScsiCommand(new byte[6], 10, next, 0x80, 0));
        for (uint i = 10; i < 13; i++) Assert.That(Itt(peer.Expect(Opcode.ScsiResponse)), Is.EqualTo(i));
    }

    [Test]
    public void A_write_that_waits_for_its_turn_keeps_its_data()
    {
        using RawPeer peer = _target.Connect().Login();
        byte[] data = new byte[1024];
        new Random(2).NextBytes(data);
        uint next = peer.CmdSn;
        peer.Send(
            RawPeer.WithData(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 4, 2), 2, next + 1, 0xa0, 1024), data),
            RawPeer.ScsiCommand(new byte[6], 1, next, 0x80, 0));
        peer.Expect(Opcode.ScsiResponse);
        peer.Expect(Opcode.ScsiResponse);
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, 4, 2), 3, next + 2, 0xc0, 1024));
        Assert.That(peer.Expect(Opcode.DataIn).Data, Is.EqualTo(data));
    }

    [Test]
    public void A_command_that_waits_for_its_turn_is_looked_at_again_when_it_comes()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0");
        uint next = peer.CmdSn;
        peer.Send(
            RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 5, next + 1, 0xa0, 512),
            RawPeer.ScsiCommand(Cdb.Ten(0x2a, 8, 1), 5, next, 0xa0, 512));
        peer.Expect(Opcode.ReadyToTransfer);
        Assert.That((RejectReason)peer.Expect(Opcode.Reject).Bhs[2], Is.EqualTo(RejectReason.TaskInProgress));
        peer.Send(RawPeer.Bhs(Opcode.NopOut, immediate: true));
        peer.Expect(Opcode.NopIn);
    }

    [Test]
    public void What_waits_behind_a_logout_is_not_done()
    {
        using RawPeer peer = _target.Connect().Login();
        uint next = peer.CmdSn;
        peer.Send(
            RawPeer.ScsiCommand(new byte[6], 1, next + 1, 0x80, 0),
            RawPeer.Put32(RawPeer.Bhs(Opcode.LogoutRequest), 24, next));
        peer.Expect(Opcode.LogoutResponse);
        peer.ExpectClosed();
    }

    [Test]
    public void A_new_limit_of_the_initiator_holds_at_once()
    {
        using RawPeer peer = _target.Connect().Login();
        byte[] text = RawPeer.Put32(RawPeer.Bhs(Opcode.TextRequest), 24, peer.CmdSn++);
        peer.Send(RawPeer.WithData(text, Encoding.ASCII.GetBytes("MaxRecvDataSegmentLength=512\0")));
        peer.Expect(Opcode.TextResponse);
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, 0, 2), 1, peer.CmdSn++, 0xc0, 1024));
        Assert.That(peer.Expect(Opcode.DataIn).Data, Has.Length.EqualTo(512));
        Assert.That(peer.Expect(Opcode.DataIn).Data, Has.Length.EqualTo(512));
    }

    [Test]
    public void Text_that_is_not_final_is_not_answered_as_final()
    {
        using RawPeer peer = Discover();
        byte[] first = RawPeer.Put32(RawPeer.Bhs(Opcode.TextRequest, flags: 0), 24, peer.CmdSn++);
        peer.Send(RawPeer.WithData(first, Encoding.ASCII.GetBytes("SendTargets=All\0")));
        (byte[] bhs, _) = peer.Expect(Opcode.TextResponse);
        Assert.That(bhs[1] & 0x80, Is.Zero);
        Assert.That(Ttt(bhs), Is.Not.EqualTo(Pdu.ReservedTag));
    }

    [Test]
    public void Numbers_wrap()
    {
        using RawPeer peer = _target.Connect();
        byte[] login = RawPeer.LoginRequest($"InitiatorName=iqn.2026-01.test.example:h\0TargetName={TestTarget.Name}\0");
        RawPeer.Put32(login, 24, 0xfffffffe);
        RawPeer.Put32(login, 28, 0xfffffffe);
        peer.Send(login);
        peer.Expect(Opcode.LoginResponse);
        uint statSn = 0xffffffff;
        for (uint cmdSn = 0xfffffffe; cmdSn != 5; cmdSn++)
        {
            peer.Send(RawPeer.ScsiCommand(new byte[6], 7, cmdSn, 0x80, 0));
            (byte[] bhs, _) = peer.Expect(Opcode.ScsiResponse);
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(24)), Is.EqualTo(statSn++));
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(28)), Is.EqualTo(cmdSn + 1));
        }
    }

    // What is rejected, with which reason, and whether the connection lives on.
    [TestCase(0x07, 0x80, RejectReason.CommandNotSupported, true, TestName = "A reserved opcode")]
    [TestCase(0x25, 0x80, RejectReason.CommandNotSupported, true, TestName = "A target's opcode")]
    [TestCase(0x10, 0x80, RejectReason.CommandNotSupported, true, TestName = "SNACK at error recovery level 0")]
    [TestCase(0x43, 0x87, RejectReason.ProtocolError, false, TestName = "A login in the full feature phase")]
    [TestCase(0x44, 0xc0, RejectReason.InvalidPduField, true, TestName = "Text with F and C")]
    [TestCase(0x46, 0x85, RejectReason.InvalidPduField, true, TestName = "Logout for reason 5")]
    [TestCase(0x01, 0x00, RejectReason.InvalidPduField, true, TestName = "A command with neither F nor W")]
    public void A_bad_request_is_rejected_with_its_header(int opcode, int flags, RejectReason reason, bool lives)
    {
        using RawPeer peer = _target.Connect().Login();
        byte[] bad = RawPeer.Put32(RawPeer.Bhs((Opcode)0, (byte)flags, itt: 99), 24, peer.CmdSn);
        bad[0] = (byte)opcode;
        peer.Send(bad);
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.Reject);
        Assert.That((RejectReason)bhs[2], Is.EqualTo(reason));
        Assert.That(data, Is.EqualTo(bad));
        if (!lives)
        {
            peer.ExpectClosed();
            return;
        }
        peer.Send(Command(peer, 3));
        Assert.That(Itt(peer.Expect(Opcode.ScsiResponse)), Is.EqualTo(3), "a rejected request does not use its CmdSN up");
    }

    [Test]
    public void A_tag_in_use_is_rejected_and_the_task_goes_on()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0");
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 50, peer.CmdSn++, 0xa0, 512));
        (byte[] r2t, _) = peer.Expect(Opcode.ReadyToTransfer);
        peer.Send(RawPeer.ScsiCommand(new byte[6], 50, peer.CmdSn, 0x80, 0));
        Assert.That((RejectReason)peer.Expect(Opcode.Reject).Bhs[2], Is.EqualTo(RejectReason.TaskInProgress));
        peer.Send(RawPeer.DataOut(50, Ttt(r2t), 0, 0, new byte[512], final: true));
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.Zero);
    }

    [Test]
    public void A_data_segment_longer_than_agreed_ends_the_connection_and_costs_no_memory()
    {
        using RawPeer peer = _target.Connect().Login();
        byte[] bad = Command(peer, 1);
        bad[5] = bad[6] = bad[7] = 0xff;
        peer.Send(bad);
        Assert.That((RejectReason)peer.Expect(Opcode.Reject).Bhs[2], Is.EqualTo(RejectReason.ProtocolError));
        peer.ExpectClosed();
        using RawPeer next = _target.Connect().Login(isid: 2);
    }

    [TestCase("00010100", TestName = "AHS: too short for what it says")]
    [TestCase("0005030000000000", TestName = "AHS: an unknown type")]
    [TestCase("0000010000000000", TestName = "AHS: length 0")]
    [TestCase("ffff010000000000", TestName = "AHS: longer than all")]
    [TestCase("03e901", TestName = "AHS: a CDB of 1016 bytes")]
    public void A_malformed_AHS_is_rejected(string hex)
    {
        using RawPeer peer = _target.Connect().Login();
        byte[] ahs = Convert.FromHexString(hex);
        if (ahs.Length == 4) ahs[1] = 9;
        if (ahs.Length == 3) Array.Resize(ref ahs, 1004);
        byte[] bad = Command(peer, 1);
        peer.CmdSn--;
        bad[4] = (byte)(ahs.Length / 4);
        peer.Send([.. bad, .. ahs]);
        Assert.That((RejectReason)peer.Expect(Opcode.Reject).Bhs[2], Is.EqualTo(RejectReason.InvalidPduField));
        peer.Send(Command(peer, 2));
        peer.Expect(Opcode.ScsiResponse);
    }

    [Test]
    public void SendTargets_in_a_discovery_session_names_the_target_and_its_portal([Values("All", TestTarget.Name)] string what)
    {
        using RawPeer peer = Discover();
        (byte[] bhs, string text) = Ask(peer, $"SendTargets={what}\0");
        Assert.That(bhs[1], Is.EqualTo(0x80));
        Assert.That(text, Is.EqualTo($"TargetName={TestTarget.Name}\0TargetAddress={_target.Portal},1\0"));
    }

    [Test]
    public void A_target_that_is_not_here_gives_an_empty_answer() =>
        Assert.That(Ask(Discover(), "SendTargets=iqn.2026-01.test.example:nowhere\0").Text, Is.Empty);

    [Test]
    public void Bad_SendTargets_are_rejected([Values("SendTargetsPlease=All", "SendTargets=Alle", "SendTargets=A", "sENDtARGETS=aLL")] string text)
    {
        using RawPeer peer = _target.Connect().Login();
        peer.Send(RawPeer.WithData(RawPeer.Put32(RawPeer.Bhs(Opcode.TextRequest), 24, peer.CmdSn++), Encoding.ASCII.GetBytes(text + "\0")));
        (byte[] bhs, byte[] data) = peer.Read()!.Value;
        bool failed = bhs[0] == (byte)Opcode.Reject || Encoding.ASCII.GetString(data).EndsWith("=NotUnderstood\0", StringComparison.Ordinal);
        Assert.That(failed);
    }

    [Test]
    public void Text_that_is_continued_gets_an_empty_answer_and_a_tag_to_go_on_with()
    {
        using RawPeer peer = Discover();
        byte[] first = RawPeer.Put32(RawPeer.Bhs(Opcode.TextRequest, flags: 0x40), 24, peer.CmdSn++);
        peer.Send(RawPeer.WithData(first, Encoding.ASCII.GetBytes("SendTar")));
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.TextResponse);
        Assert.That(data, Is.Empty);
        Assert.That(Ttt(bhs), Is.Not.EqualTo(Pdu.ReservedTag));
        byte[] second = RawPeer.Put32(RawPeer.Bhs(Opcode.TextRequest), 24, peer.CmdSn++);
        RawPeer.Put32(second, 20, Ttt(bhs));
        peer.Send(RawPeer.WithData(second, Encoding.ASCII.GetBytes("gets=All\0")));
        Assert.That(Encoding.ASCII.GetString(peer.Expect(Opcode.TextResponse).Data), Does.StartWith("TargetName="));
    }

    [Test]
    public void Empty_text_that_says_it_goes_on_is_answered()
    {
        using RawPeer peer = Discover();
        peer.Send(RawPeer.Put32(RawPeer.Bhs(Opcode.TextRequest, flags: 0x40), 24, peer.CmdSn++));
        Assert.That(peer.Expect(Opcode.TextResponse).Data, Is.Empty);
    }

    [Test]
    public void A_discovery_session_takes_no_commands([Values(0x01, 0x02, 0x05)] int opcode)
    {
        using RawPeer peer = Discover();
        byte[] bad = RawPeer.Bhs((Opcode)opcode);
        RawPeer.Put32(bad, 24, peer.CmdSn);
        peer.Send(bad);
        Assert.That((RejectReason)peer.Expect(Opcode.Reject).Bhs[2], Is.EqualTo(RejectReason.ProtocolError));
    }

    [Test]
    public void Logout_is_answered_and_the_connection_closed()
    {
        using RawPeer peer = _target.Connect().Login();
        peer.Send(RawPeer.Bhs(Opcode.LogoutRequest, immediate: true));
        Assert.That(peer.Expect(Opcode.LogoutResponse).Bhs[2], Is.Zero);
        peer.ExpectClosed();
    }

    [TestCase(1, 7, 1, TestName = "Logout: of a connection that is not ours")]
    [TestCase(2, 0, 2, TestName = "Logout: for a recovery we do not have")]
    public void A_logout_that_cannot_be_leaves_the_connection(int reason, int cid, int response)
    {
        using RawPeer peer = _target.Connect().Login();
        byte[] logout = RawPeer.Bhs(Opcode.LogoutRequest, (byte)(0x80 | reason), immediate: true);
        BinaryPrimitives.WriteUInt16BigEndian(logout.AsSpan(20), (ushort)cid);
        peer.Send(logout);
        Assert.That(peer.Expect(Opcode.LogoutResponse).Bhs[2], Is.EqualTo(response));
        peer.Send(Command(peer, 1));
        peer.Expect(Opcode.ScsiResponse);
    }

    [Test]
    public void A_target_that_stops_asks_for_a_logout_first()
    {
        using RawPeer peer = _target.Connect().Login();
        Task stop = Task.Run(() => _target.Server.Stop(TimeSpan.FromSeconds(60)));
        (byte[] bhs, _) = peer.Expect(Opcode.AsyncMessage);
        Assert.That(bhs[36], Is.EqualTo((byte)AsyncEvent.LogoutRequest));
        peer.Send(RawPeer.Bhs(Opcode.LogoutRequest, immediate: true));
        peer.Expect(Opcode.LogoutResponse);
        peer.ExpectClosed();
        Assert.That(stop.Wait(TimeSpan.FromSeconds(60)));
    }

    [Test]
    public void An_idle_initiator_is_pinged_and_dropped_when_it_does_not_answer()
    {
        using var target = new TestTarget(new TargetOptions
        {
            Name = TestTarget.Name,
            Portals = [new IPEndPoint(IPAddress.Loopback, 0)],
            Luns = TestTarget.Specs(),
            NopInterval = TimeSpan.FromSeconds(1),
            NopTimeout = TimeSpan.FromSeconds(60),
        });
        using RawPeer peer = target.Connect().Login();
        (byte[] ping, byte[] data) = peer.Expect(Opcode.NopIn);
        Assert.That(data, Is.Empty);
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(ping.AsSpan(16)), Is.EqualTo(Pdu.ReservedTag));
        peer.Send(RawPeer.Put32(RawPeer.Bhs(Opcode.NopOut, itt: Pdu.ReservedTag, immediate: true), 20, Ttt(ping)));
        peer.Expect(Opcode.NopIn);
        target.Server.Reload(target.Server.Options with { NopTimeout = TimeSpan.FromSeconds(1) });
        peer.ExpectClosed();
    }

    [Test]
    public void A_steady_load_allocates_nothing()
    {
        using Initiator initiator = _target.Login();
        ArraySegment<byte> data = Cdb.Buffer(4096, seed: 1);
        ScsiRequest read = Cdb.Read10(0, 8, 8, data);
        ScsiRequest write = Cdb.Write10(0, 8, 8, data);
        void Load(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                for (int j = 0; j < 16; j++) initiator.Submit(j % 2 == 0 ? read : write);
                initiator.Send();
                while (initiator.Outstanding > 0) initiator.Complete();
            }
        }

        Load(500);
        Assert.That(LeastAllocated(() => Load(1000)) / 16_000, Is.Zero, "bytes per command, target and initiator together");
    }

    [Test]
    public void A_steady_load_of_solicited_writes_to_a_file_allocates_nothing()
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.img");
        try
        {
            using var target = new TestTarget($"0=file:{path},size=8MiB");
            using Initiator initiator = target.Login("host", ("InitialR2T", "Yes"), ("ImmediateData", "No"), ("MaxRecvDataSegmentLength", "262144"));
            ArraySegment<byte> data = Cdb.Buffer(65536, seed: 1);
            ScsiRequest write = Cdb.Write10(0, 8, 128, data);
            void Load(int rounds)
            {
                for (int i = 0; i < rounds; i++)
                {
                    for (int j = 0; j < 4; j++) initiator.Submit(write);
                    initiator.Send();
                    while (initiator.Outstanding > 0) initiator.Complete();
                }
            }

            Load(200);
            // The pool's queue makes a segment now and then; a task, a buffer or a closure per command would be 50 and more.
            Assert.That(LeastAllocated(() => Load(500)) / 2000, Is.LessThan(16));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>
    /// Bytes the process allocates meanwhile, the least of several runs: what the load itself allocates is in each of
    /// them, what threads of other tests allocate is not.
    /// </summary>
    private static long LeastAllocated(Action load)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 8; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            load();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return least;
    }

    private RawPeer Discover()
    {
        RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest("InitiatorName=iqn.2026-01.test.example:h\0SessionType=Discovery\0"));
        peer.Expect(Opcode.LoginResponse);
        return peer;
    }

    private static (byte[] Bhs, string Text) Ask(RawPeer peer, string text)
    {
        using (peer)
        {
            peer.Send(RawPeer.WithData(RawPeer.Put32(RawPeer.Bhs(Opcode.TextRequest), 24, peer.CmdSn++), Encoding.ASCII.GetBytes(text)));
            (byte[] bhs, byte[] data) = peer.Expect(Opcode.TextResponse);
            return (bhs, Encoding.ASCII.GetString(data));
        }
    }

    /// <summary>TEST UNIT READY.</summary>
    private static byte[] Command(RawPeer peer, uint itt) => RawPeer.ScsiCommand(new byte[6], itt, peer.CmdSn++, 0x80, 0);

    private static uint Itt((byte[] Bhs, byte[] Data) pdu) => BinaryPrimitives.ReadUInt32BigEndian(pdu.Bhs.AsSpan(16));

    private static uint Ttt(byte[] bhs) => BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(20));
}
