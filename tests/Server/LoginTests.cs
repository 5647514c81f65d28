using System.Text;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Server;

[TestFixture]
public sealed class LoginTests
{
    private const string Names = "InitiatorName=iqn.2026-01.test.example:h\0TargetName=" + TestTarget.Name + "\0";
    private TestTarget _target = null!;

    [OneTimeSetUp]
    public void Start() => _target = new TestTarget();

    [OneTimeTearDown]
    public void Stop() => _target.Dispose();

    // text, flags, version-min, expected status
    [TestCase("TargetName=" + TestTarget.Name + "\0", 0x87, 0, 0x0207, TestName = "No InitiatorName")]
    [TestCase("InitiatorName=iqn.2026-01.test.example:h\0", 0x87, 0, 0x0207, TestName = "No TargetName")]
    [TestCase("InitiatorName=iqn.2026-01.test.example:h\0TargetName=iqn.2026-01.test.example:other\0", 0x87, 0, 0x0203, TestName = "Another target")]
    [TestCase(Names, 0x87, 1, 0x0205, TestName = "A version we do not speak")]
    [TestCase(Names, 0x8c, 0, 0x0200, TestName = "From the full feature phase")]
    [TestCase(Names, 0x84, 0, 0x0200, TestName = "Back to an earlier stage")]
    [TestCase(Names, 0x86, 0, 0x0200, TestName = "To stage 2")]
    [TestCase(Names, 0xc7, 0, 0x0200, TestName = "T and C at once")]
    [TestCase(Names + "SessionType=Odd\0", 0x87, 0, 0x0209, TestName = "An unknown session type")]
    [TestCase(Names + "MaxBurstLength=512\0MaxBurstLength=512\0", 0x87, 0, 0x0200, TestName = "A key twice")]
    [TestCase(Names + "nonsense\0", 0x87, 0, 0x0200, TestName = "A pair without equals sign")]
    [TestCase(Names + "=x\0", 0x87, 0, 0x0200, TestName = "A value without key")]
    [TestCase(Names + "maxburst=1\0", 0x87, 0, 0x0200, TestName = "A key in lower case")]
    [TestCase(Names + "X=1", 0x87, 0, 0x0200, TestName = "A pair that does not end")]
    [TestCase(Names + "MaxBurstLength=Reject\0", 0x87, 0, 0x0200, TestName = "A reserved value offered")]
    [TestCase(Names + "AuthMethod=CHAP,KRB5\0", 0x81, 0, 0x0201, TestName = "No acceptable AuthMethod")]
    [TestCase("InitiatorName=a b\0TargetName=" + TestTarget.Name + "\0", 0x87, 0, 0x0200, TestName = "A space in the name")]
    [TestCase("InitiatorName=../../etc\0TargetName=" + TestTarget.Name + "\0", 0x87, 0, 0x0200, TestName = "A path for a name")]
    public void A_bad_login_is_refused_with_its_status(string text, int flags, int versionMin, int status)
    {
        using RawPeer peer = _target.Connect();
        byte[] pdu = RawPeer.LoginRequest(text, (byte)flags);
        pdu[3] = (byte)versionMin;
        peer.Send(pdu);
        (byte[] bhs, _) = peer.Expect(Opcode.LoginResponse);
        Assert.That(bhs[36] << 8 | bhs[37], Is.EqualTo(status));
        peer.ExpectClosed();
    }

    [Test]
    public void Names_have_a_length([Values(224, 1000, 4000)] int length)
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest($"InitiatorName={new string('x', length)}\0TargetName={TestTarget.Name}\0"));
        Assert.That(Status(peer), Is.EqualTo(0x0200));
    }

    [Test]
    public void A_login_may_take_three_steps_and_the_portal_group_comes_first()
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest(Names + "AuthMethod=None\0", 0x81));
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.LoginResponse);
        string text = Encoding.UTF8.GetString(data);
        Assert.That(bhs[1], Is.EqualTo(0x81));
        Assert.That(bhs[14] << 8 | bhs[15], Is.Zero, "no TSIH before the end");
        Assert.That(text, Does.StartWith("TargetPortalGroupTag=1\0").And.Contains("AuthMethod=None\0"));
        peer.Send(RawPeer.LoginRequest("MaxBurstLength=4096\0", 0x04));
        (bhs, data) = peer.Expect(Opcode.LoginResponse);
        Assert.That(bhs[1], Is.EqualTo(0x04), "no transit asked for, none given");
        Assert.That(Encoding.UTF8.GetString(data), Does.Contain("MaxBurstLength=4096\0").And.Contains("MaxRecvDataSegmentLength=262144\0"));
        peer.Send(RawPeer.LoginRequest("", 0x87));
        (bhs, _) = peer.Expect(Opcode.LoginResponse);
        Assert.That(bhs[1], Is.EqualTo(0x87));
        Assert.That(bhs[14] << 8 | bhs[15], Is.Not.Zero, "the session's TSIH");
    }

    [Test]
    public void Who_it_is_may_be_said_again_but_not_otherwise([Values] bool otherwise)
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest(Names + "SessionType=Normal\0AuthMethod=CHAP,None\0", 0x81));
        Assert.That(Status(peer), Is.Zero);
        peer.Send(RawPeer.LoginRequest(otherwise ? Names.Replace(":h", ":g", StringComparison.Ordinal) : Names + "SessionType=Normal\0"));
        Assert.That(Status(peer), Is.EqualTo(otherwise ? 0x0200 : 0));
    }

    [Test]
    public void Text_may_be_split_anywhere_over_continued_requests()
    {
        using RawPeer peer = _target.Connect();
        for (int i = 0; i < Names.Length - 1; i += 7)
        {
            peer.Send(RawPeer.LoginRequest(Names[i..Math.Min(i + 7, Names.Length - 1)], 0x44));
            (byte[] bhs, byte[] data) = peer.Expect(Opcode.LoginResponse);
            Assert.That((bhs[36], bhs[1] & 0x80, data.Length), Is.EqualTo(((byte)0, 0, 0)), "an empty answer until the text is whole");
        }
        peer.Send(RawPeer.LoginRequest("\0", 0x87));
        Assert.That(Status(peer), Is.Zero);
    }

    [Test]
    public void An_answer_longer_than_8192_bytes_comes_in_parts()
    {
        using RawPeer peer = _target.Connect();
        string unknown = string.Concat(Enumerable.Range(0, 200).Select(i => $"X-com.example.{new string('k', 40)}{i}=1\0"));
        string text = Names + unknown;
        for (int i = 0; i < text.Length; i += 8000)
        {
            bool last = i + 8000 >= text.Length;
            peer.Send(RawPeer.LoginRequest(text[i..Math.Min(i + 8000, text.Length)], last ? (byte)0x87 : (byte)0x44));
            if (!last) peer.Expect(Opcode.LoginResponse);
        }
        var answer = new StringBuilder();
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.LoginResponse);
        for (; (bhs[1] & 0x40) != 0; (bhs, data) = peer.Expect(Opcode.LoginResponse))
        {
            Assert.That(data, Has.Length.LessThanOrEqualTo(8192));
            answer.Append(Encoding.UTF8.GetString(data));
            peer.Send(RawPeer.LoginRequest("", 0x04));
        }
        answer.Append(Encoding.UTF8.GetString(data));
        Assert.That(answer.ToString().Split("NotUnderstood"), Has.Length.EqualTo(201));
        Assert.That(bhs[1], Is.EqualTo(0x87));
    }

    [Test]
    public void Too_many_keys_end_the_login()
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest(Names + string.Concat(Enumerable.Range(0, 300).Select(i => $"X{i}=1\0"))));
        Assert.That(Status(peer), Is.EqualTo(0x0200));
    }

    [Test]
    public void A_login_that_never_ends_is_ended()
    {
        using RawPeer peer = _target.Connect();
        for (int i = 0; i < 70; i++) peer.Send(RawPeer.LoginRequest(i == 0 ? Names : "", 0x04));
        (byte[] Bhs, byte[] Data)? pdu;
        int status = 0;
        while ((pdu = peer.Read()) is not null) status = pdu.Value.Bhs[36] << 8 | pdu.Value.Bhs[37];
        Assert.That(status, Is.EqualTo(0x0200));
    }

    [Test]
    public void Header_fields_may_not_change_during_the_login([Values(16, 20, 14, 13)] int at)
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest(Names, 0x04));
        peer.Expect(Opcode.LoginResponse);
        byte[] next = RawPeer.LoginRequest("", 0x87);
        next[at] ^= 0x55;
        peer.Send(next);
        Assert.That(Status(peer), Is.EqualTo(0x0200));
    }

    [Test]
    public void A_session_handle_nobody_gave_is_refused()
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest(Names, tsih: 0x7777, isid: 9));
        Assert.That(Status(peer), Is.EqualTo(0x020a));
    }

    [Test]
    public void A_second_connection_of_a_session_is_one_too_many()
    {
        using RawPeer first = _target.Connect();
        first.Send(RawPeer.LoginRequest(Names, cid: 1, isid: 10));
        (byte[] bhs, _) = first.Expect(Opcode.LoginResponse);
        ushort tsih = (ushort)(bhs[14] << 8 | bhs[15]);
        using RawPeer second = _target.Connect();
        second.Send(RawPeer.LoginRequest(Names, tsih: tsih, cid: 2, isid: 10));
        Assert.That(Status(second), Is.EqualTo(0x0206));
        first.Send(RawPeer.Bhs(Opcode.NopOut, immediate: true));
        first.Expect(Opcode.NopIn);
    }

    [Test]
    public void The_same_name_and_ISID_take_the_session_over([Values] bool sameConnection)
    {
        using RawPeer first = _target.Connect();
        first.Send(RawPeer.LoginRequest(Names, cid: 1, isid: 11));
        (byte[] bhs, _) = first.Expect(Opcode.LoginResponse);
        ushort tsih = (ushort)(bhs[14] << 8 | bhs[15]);
        using RawPeer second = _target.Connect();
        second.Send(RawPeer.LoginRequest(Names, tsih: sameConnection ? tsih : (ushort)0, cid: 1, isid: 11));
        Assert.That(Status(second), Is.Zero);
        first.ExpectClosed();
    }

    [Test]
    public void Another_ISID_is_another_session()
    {
        using RawPeer first = _target.Connect().Login(host: "two", isid: 20);
        using RawPeer second = _target.Connect().Login(host: "two", isid: 21);
        first.Send(RawPeer.Bhs(Opcode.NopOut, immediate: true));
        first.Expect(Opcode.NopIn);
    }

    [Test]
    public void What_is_no_login_request_is_told_or_dropped([Values] Opcode opcode)
    {
        if (opcode == Opcode.LoginRequest) return;
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.Bhs(opcode));
        if ((int)opcode < 0x20)
        {
            (byte[] bhs, _) = peer.Expect(Opcode.LoginResponse);
            Assert.That(bhs[36] << 8 | bhs[37], Is.EqualTo(0x020b));
        }
        peer.ExpectClosed();
    }

    [Test]
    public void Garbage_is_dropped([Values("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: curl\r\nAccept: */*\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03................................................")] string bytes)
    {
        using RawPeer peer = _target.Connect();
        peer.Send(Encoding.Latin1.GetBytes(bytes));
        peer.ExpectClosed();
    }

    [Test]
    public void A_length_the_peer_invents_costs_no_memory()
    {
        using RawPeer peer = _target.Connect();
        byte[] pdu = RawPeer.LoginRequest("");
        pdu[4] = 255;
        pdu[5] = pdu[6] = pdu[7] = 0xff;
        long before = GC.GetTotalAllocatedBytes();
        // AHS is announced too, so the header with it is what the target waits for.
        peer.Send(pdu, new byte[1020]);
        Assert.That(Status(peer), Is.EqualTo(0x0200));
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(4 << 20));
    }

    [Test]
    public void Half_a_header_and_goodbye_disturbs_nobody([Values(1, 20, 47, 50)] int length)
    {
        using (RawPeer peer = _target.Connect()) peer.Send(RawPeer.LoginRequest(Names)[..length]);
        using RawPeer next = _target.Connect().Login(host: "after");
    }

    [Test]
    public void A_header_in_single_bytes_is_a_header()
    {
        using RawPeer peer = _target.Connect();
        foreach (byte b in RawPeer.LoginRequest(Names, isid: 30)) peer.Send([b]);
        Assert.That(Status(peer), Is.Zero);
    }

    [Test]
    public void Text_that_is_sent_before_the_login_has_ended_is_refused()
    {
        using RawPeer peer = _target.Connect();
        byte[] login = RawPeer.LoginRequest(Names, isid: 31);
        peer.Send([.. login, .. RawPeer.Bhs(Opcode.NopOut, immediate: true)]);
        Assert.That(Status(peer), Is.EqualTo(0x020b));
    }

    [Test]
    public void Who_does_not_log_in_cannot_keep_out_who_does()
    {
        using var target = new TestTarget(TargetsTests.Options(TargetsTests.Spec(TestTarget.Name, "0=ram:1MiB")) with { HalfOpenGrace = TimeSpan.Zero });
        int limit = target.Server.Options.MaxHalfOpenPerAddress;
        var idle = Enumerable.Range(0, limit + 20).Select(_ => target.Connect()).ToList();
        using (RawPeer late = target.Connect().Login()) idle[0].ExpectClosed();
        Assert.That(target.Server.Connections().Count(c => !c.LoggedIn && !c.Doomed), Is.LessThanOrEqualTo(limit));
        idle.ForEach(p => p.Dispose());
    }

    private static int Status(RawPeer peer)
    {
        (byte[] bhs, _) = peer.Expect(Opcode.LoginResponse);
        return bhs[36] << 8 | bhs[37];
    }
}
