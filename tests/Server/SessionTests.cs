using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Tests.Server;

/// <summary>The ends of sessions: none stays behind without a connection, and none begins before its forerunner has ended.</summary>
[TestFixture]
[NonParallelizable] // descriptors are the process's
public sealed partial class SessionTests
{
    private const string Names = "InitiatorName=iqn.2026-01.test.example:host\0TargetName=" + TestTarget.Name + "\0";

    [Test]
    public void A_session_that_nobody_could_join_after_its_last_connection_left_is_over([Values] bool replaced)
    {
        using TestTarget target = Start();
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names + "MaxConnections=2\0", cid: 1));
        peer.Expect(Opcode.LoginResponse);
        Session session = target.Server.Sessions().Single();
        Connection only = session.Connections.Single();

        session.BeginJoin();
        // A logout of this connection alone, while another is about to take its place.
        byte[] logout = RawPeer.Bhs(Opcode.LogoutRequest, 0x81, 0x500, immediate: true);
        BinaryPrimitives.WriteUInt16BigEndian(logout.AsSpan(20), 1);
        peer.Send(logout);
        peer.Expect(Opcode.LogoutResponse);
        peer.ExpectClosed();
        peer.Dispose();
        Assert.That(only.WaitEnded(TimeSpan.FromSeconds(60)));
        Assert.That(session.IsOver, Is.False, "somebody joins");
        LoginStatus status = session.EndJoin(only, replaced);

        Assert.That((status, session.IsOver), Is.EqualTo(replaced ? (LoginStatus.Success, false) : (LoginStatus.ServiceUnavailable, true)));
    }

    [Test]
    public void Of_two_logins_with_one_connection_id_one_joins()
    {
        using TestTarget target = Start();
        using RawPeer leading = target.Connect();
        leading.Send(RawPeer.LoginRequest(Names + "MaxConnections=2\0", cid: 1));
        leading.Expect(Opcode.LoginResponse);
        Session session = target.Server.Sessions().Single();
        using RawPeer logsIn = target.Connect();
        logsIn.Send(RawPeer.LoginRequest(Names, 0x04, tsih: session.Tsih, cid: 1));
        logsIn.Expect(Opcode.LoginResponse);
        Connection late = target.Server.Connections().Single(c => !c.LoggedIn);

        // It found nobody to replace; then the other came.
        session.BeginJoin();
        Assert.That(session.EndJoin(late, replaced: true), Is.EqualTo(LoginStatus.ServiceUnavailable));
        Assert.That(session.Connections, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_phase_that_cannot_begin_for_want_of_descriptors_leaves_no_session()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("needs a limit of descriptors that can be lowered for a moment");
        using TestTarget target = Start();
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names, 0x04));
        peer.Expect(Opcode.LoginResponse);
        Limit limit = default;
        Assert.That(GetLimit(Descriptors, ref limit), Is.Zero);
        Limit none = limit with { Current = 0 };
        Assert.That(SetLimit(Descriptors, ref none), Is.Zero);
        try
        {
            // A session of several connections has a pipe for each.
            peer.Send(RawPeer.LoginRequest("MaxConnections=2\0"));
            peer.Expect(Opcode.LoginResponse);
            peer.ExpectClosed();
        }
        finally
        {
            SetLimit(Descriptors, ref limit);
        }
        Assert.That(SpinWait.SpinUntil(() => target.Server.Connections().Count == 0, TimeSpan.FromSeconds(60)));
        Assert.That(target.Server.SessionCount, Is.Zero);
        using RawPeer again = target.Connect();
        again.Send(RawPeer.LoginRequest(Names + "MaxConnections=2\0"));
        Assert.That(again.Expect(Opcode.LoginResponse).Bhs[36], Is.Zero);
    }

    [Test]
    public void A_new_session_begins_when_the_old_ones_writes_have_ended()
    {
        using TestTarget target = Start();
        ArraySegment<byte> old = Cdb.Buffer(512, seed: 1), renewed = Cdb.Buffer(512, seed: 2), read = Cdb.Buffer(512);
        byte[] isid = [0x80, 1, 2, 3, 0, 0];
        for (int i = 0; i < 5; i++)
        {
            using var first = new Initiator(target.Portal, "iqn.2026-01.test.example:host", isid);
            Ready(first);
            for (int j = 0; j < 8; j++) first.Submit(Cdb.Write10(1, 0, 1, old));
            first.Send();
            using var second = new Initiator(target.Portal, "iqn.2026-01.test.example:host", isid);
            Ready(second);
            Assert.That(second.Execute(Cdb.Write10(1, 0, 1, renewed)).Status, Is.EqualTo(ScsiStatus.Good));
            Assert.That(second.Execute(Cdb.Read10(1, 0, 1, read)).Status, Is.EqualTo(ScsiStatus.Good));
            Assert.That(read.AsSpan().SequenceEqual(renewed), "a write of the old session came after one of the new");
        }
    }

    private static void Ready(Initiator initiator)
    {
        initiator.Login(TestTarget.Name);
        while (initiator.Execute(Cdb.TestUnitReady(1)).Status != ScsiStatus.Good)
        {
        }
    }

    private static TestTarget Start() => new(new TargetOptions
    {
        Name = TestTarget.Name,
        Portals = [new IPEndPoint(IPAddress.Loopback, 0)],
        Luns = TestTarget.Specs("0=ram:1MiB", "1=ram:1MiB,delay=20ms"),
        MaxConnectionsPerSession = 2,
    });

    private const int Descriptors = 7; // RLIMIT_NOFILE

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, ref Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, ref Limit limit);

    private record struct Limit(ulong Current, ulong Most);
}
