using System.Buffers.Binary;
using System.Net;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Tests.Server;

/// <summary>Several connections of one session (RFC 7143 §4.2.2, §6.3.1).</summary>
[TestFixture]
public sealed class SharedSessionTests
{
    private const string Keys = "MaxConnections=4\0InitialR2T=Yes\0ImmediateData=No\0";
    private TestTarget _target = null!;
    private byte _isid;

    [OneTimeSetUp]
    public void Start() => _target = new TestTarget(new TargetOptions
    {
        Name = TestTarget.Name,
        Portals = [new IPEndPoint(IPAddress.Loopback, 0)],
        Luns = TestTarget.Specs("0=ram:16MiB"),
        MaxConnectionsPerSession = 2,
    });

    [OneTimeTearDown]
    public void Stop() => _target.Dispose();

    [Test]
    public void Our_limit_is_what_is_agreed_upon()
    {
        using RawPeer peer = _target.Connect();
        peer.Send(Login(0, 0, ++_isid));
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.LoginResponse);
        Assert.That(bhs[36] << 8 | bhs[37], Is.Zero);
        Assert.That(System.Text.Encoding.UTF8.GetString(data), Does.Contain("MaxConnections=2\0"));
    }

    [Test]
    public void Both_connections_take_commands_of_one_numbering()
    {
        (RawPeer a, RawPeer b, uint next) = Pair();
        using (a)
        using (b)
        {
            Assert.That(Run(a, next++), Is.Zero);
            Assert.That(Run(b, next++), Is.Zero);
            Assert.That(Run(a, next++), Is.Zero);
        }
    }

    [Test]
    public void A_command_waits_for_the_one_before_it_on_the_other_connection()
    {
        (RawPeer a, RawPeer b, uint next) = Pair();
        using (a)
        using (b)
        {
            b.Send(TestUnitReady(next + 1), TestUnitReady(next + 2));
            a.Send(Ping(0x900));
            Assert.That(Itt(a.Expect(Opcode.NopIn)), Is.EqualTo(0x900));
            b.Send(Ping(0x901));
            Assert.That(Itt(b.Expect(Opcode.NopIn)), Is.EqualTo(0x901), "its turn has not come");
            a.Send(TestUnitReady(next));
            Assert.That(Itt(a.Expect(Opcode.ScsiResponse)), Is.EqualTo(next));
            Assert.That(Itt(b.Expect(Opcode.ScsiResponse)), Is.EqualTo(next + 1));
            Assert.That(Itt(b.Expect(Opcode.ScsiResponse)), Is.EqualTo(next + 2));
        }
    }

    [Test]
    public void However_commands_are_spread_each_is_answered_once_where_it_came()
    {
        (RawPeer a, RawPeer b, uint next) = Pair();
        using (a)
        using (b)
        {
            var random = new Random(7);
            for (int round = 0; round < 20; round++)
            {
                uint[] numbers = [.. Enumerable.Range(0, 60).Select(i => next + (uint)i)];
                var onB = numbers.Where(_ => random.Next(2) == 0).ToHashSet();
                random.Shuffle(numbers);
                foreach (uint number in numbers) (onB.Contains(number) ? b : a).Send(TestUnitReady(number));
                Assert.That(Answers(a, numbers.Length - onB.Count), Is.EquivalentTo(numbers.Where(n => !onB.Contains(n))));
                Assert.That(Answers(b, onB.Count), Is.EquivalentTo(onB));
                next += (uint)numbers.Length;
            }
        }
    }

    [Test]
    public void A_third_connection_is_one_too_many()
    {
        (RawPeer a, RawPeer b, _) = Pair();
        using (a)
        using (b)
        using (RawPeer c = _target.Connect())
        {
            c.Send(Login(Tsih(a), 9, _isid));
            (byte[] bhs, _) = c.Expect(Opcode.LoginResponse);
            Assert.That(bhs[36] << 8 | bhs[37], Is.EqualTo(0x0206));
            c.ExpectClosed();
        }
    }

    [Test]
    public void A_joining_connection_cannot_change_what_the_session_has_agreed_upon()
    {
        (RawPeer a, ushort tsih, _) = Leading();
        using (a)
        using (RawPeer b = _target.Connect())
        {
            b.Send(Login(tsih, 1, _isid, "MaxBurstLength=512\0HeaderDigest=CRC32C,None\0"));
            (byte[] bhs, byte[] data) = b.Expect(Opcode.LoginResponse);
            Assert.That(bhs[36] << 8 | bhs[37], Is.Zero);
            Assert.That(System.Text.Encoding.UTF8.GetString(data), Does.Contain("MaxBurstLength=Reject\0").And.Contains("HeaderDigest=CRC32C\0"));
        }
    }

    [Test]
    public void The_same_CID_takes_the_connection_over_and_the_session_goes_on()
    {
        (RawPeer a, RawPeer b, uint next) = Pair();
        using (a)
        using (b)
        using (RawPeer again = _target.Connect())
        {
            again.Send(Login(Tsih(a), 1, _isid));
            (byte[] bhs, _) = again.Expect(Opcode.LoginResponse);
            Assert.That(bhs[36] << 8 | bhs[37], Is.Zero);
            b.ExpectClosed();
            Assert.That(Run(a, next++), Is.Zero);
            Assert.That(Run(again, next++), Is.Zero);
        }
    }

    [Test]
    public void A_logout_of_one_connection_leaves_the_other([Values] bool askedOnTheOther)
    {
        (RawPeer a, RawPeer b, uint next) = Pair();
        using (a)
        using (b)
        {
            byte[] logout = RawPeer.Bhs(Opcode.LogoutRequest, 0x81, 0x500, immediate: true);
            BinaryPrimitives.WriteUInt16BigEndian(logout.AsSpan(20), 1);
            RawPeer asks = askedOnTheOther ? a : b;
            asks.Send(logout);
            (byte[] bhs, _) = asks.Expect(Opcode.LogoutResponse);
            Assert.That(bhs[2], Is.Zero);
            b.ExpectClosed();
            Assert.That(Run(a, next), Is.Zero);
        }
    }

    [Test]
    public void A_logout_of_the_session_closes_both()
    {
        (RawPeer a, RawPeer b, _) = Pair();
        using (a)
        using (b)
        {
            b.Send(RawPeer.Bhs(Opcode.LogoutRequest, 0x80, 0x500, immediate: true));
            b.Expect(Opcode.LogoutResponse);
            b.ExpectClosed();
            a.ExpectClosed();
        }
    }

    [Test]
    public void A_connection_that_fails_takes_its_session_with_it()
    {
        (RawPeer a, RawPeer b, _) = Pair();
        using (a)
        {
            b.Socket.Close(0);
            a.ExpectClosed();
        }
        // Nothing of it is left: the names log in afresh.
        (RawPeer again, _, uint next) = Leading(_isid);
        using (again) Assert.That(Run(again, next), Is.Zero);
    }

    [Test]
    public void ABORT_TASK_SET_reaches_the_tasks_of_the_other_connection()
    {
        (RawPeer a, RawPeer b, uint next) = Pair();
        using (a)
        using (b)
        {
            b.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 1), next, next, 0xa1, 512));
            (byte[] r2t, _) = b.Expect(Opcode.ReadyToTransfer);
            next++;
            byte[] function = RawPeer.Bhs(Opcode.TaskManagementRequest, 0x82, 0x600, immediate: true);
            RawPeer.Put32(RawPeer.Put32(function, 20, Pdu.ReservedTag), 24, next);
            a.Send(function);
            (byte[] answer, _) = a.Expect(Opcode.TaskManagementResponse);
            Assert.That(answer[2], Is.Zero);
            b.Send(RawPeer.DataOut(next - 1, BinaryPrimitives.ReadUInt32BigEndian(r2t.AsSpan(20)), 0, 0, new byte[512], final: true));
            Assert.That(Run(b, next), Is.Zero, "its late data is dropped in silence");
        }
    }

    private static byte[] Login(ushort tsih, ushort cid, byte isid, string keys = Keys) =>
        RawPeer.LoginRequest($"InitiatorName=iqn.2026-01.test.example:shared\0TargetName={TestTarget.Name}\0{keys}", tsih: tsih, cid: cid, isid: isid);

    private static byte[] TestUnitReady(uint number) => RawPeer.ScsiCommand(new byte[6], number, number, 0x80, 0);

    private static byte[] Ping(uint itt) => RawPeer.Put32(RawPeer.Bhs(Opcode.NopOut, 0x80, itt, immediate: true), 20, Pdu.ReservedTag);

    private static uint Itt((byte[] Bhs, byte[] Data) pdu) => BinaryPrimitives.ReadUInt32BigEndian(pdu.Bhs.AsSpan(16));

    private static int Run(RawPeer peer, uint number)
    {
        peer.Send(TestUnitReady(number));
        (byte[] bhs, _) = peer.Expect(Opcode.ScsiResponse);
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(16)), Is.EqualTo(number));
        return bhs[3];
    }

    private static List<uint> Answers(RawPeer peer, int count) => [.. Enumerable.Range(0, count).Select(_ => Itt(peer.Expect(Opcode.ScsiResponse)))];

    private static ushort Tsih(RawPeer leading) => s_tsih[leading];

    private static readonly Dictionary<RawPeer, ushort> s_tsih = [];

    private (RawPeer Peer, ushort Tsih, uint Next) Leading(byte? isid = null)
    {
        RawPeer a = _target.Connect();
        a.Send(Login(0, 0, isid ?? ++_isid));
        (byte[] bhs, _) = a.Expect(Opcode.LoginResponse);
        Assert.That(bhs[36] << 8 | bhs[37], Is.Zero);
        ushort tsih = s_tsih[a] = BinaryPrimitives.ReadUInt16BigEndian(bhs.AsSpan(14));
        uint next = 1;
        while (Run(a, next++) != (byte)ScsiStatus.Good)
        {
        }
        return (a, tsih, next);
    }

    private (RawPeer A, RawPeer B, uint Next) Pair()
    {
        (RawPeer a, ushort tsih, uint next) = Leading();
        RawPeer b = _target.Connect();
        b.Send(Login(tsih, 1, _isid));
        (byte[] bhs, _) = b.Expect(Opcode.LoginResponse);
        Assert.That(bhs[36] << 8 | bhs[37], Is.Zero);
        Assert.That(BinaryPrimitives.ReadUInt16BigEndian(bhs.AsSpan(14)), Is.EqualTo(tsih));
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(28)), Is.EqualTo(next), "the session's ExpCmdSN");
        return (a, b, next);
    }
}
