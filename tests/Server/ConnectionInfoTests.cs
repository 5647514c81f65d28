using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Server;

/// <summary>What the target tells observers of its connections.</summary>
[TestFixture]
public sealed class ConnectionInfoTests
{
    private TestTarget _target = null!;

    [SetUp]
    public void Start() => _target = new TestTarget();

    [TearDown]
    public void Stop() => _target.Dispose();

    [Test]
    public void A_login_tells_what_it_agreed_upon_and_a_logout_that_it_was_one()
    {
        using (Initiator initiator = _target.Login("agrees", ("HeaderDigest", "CRC32C"), ("InitialR2T", "No"), ("MaxBurstLength", "65536"), ("MaxRecvDataSegmentLength", "4096")))
            initiator.Logout();
        ConnectionInfo info = Ended();
        Assert.That(info is { End: ConnectionEnd.Logout, Discovery: false, MidStream: false, Tsih: not 0, PortalGroup: 1 }, info.ToString());
        Assert.That(info.Parameters, Is.EqualTo(new SessionParameters(
            HeaderDigest: true, InitialR2T: false, FirstBurstLength: 65536, MaxBurstLength: 65536, TargetMaxRecv: 262144, InitiatorMaxRecv: 4096)));
    }

    [Test]
    public void A_discovery_session_is_told_apart()
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest("InitiatorName=iqn.2026-01.test.example:d\0SessionType=Discovery\0"));
        peer.Expect(Opcode.LoginResponse);
        peer.Dispose();
        Assert.That(Ended() is { Discovery: true, Target: "", Parameters: not null });
    }

    [Test]
    public void A_login_refused()
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest("InitiatorName=iqn.2026-01.test.example:r\0TargetName=iqn.2026-01.test.example:none\0"));
        peer.Expect(Opcode.LoginResponse);
        peer.Dispose();
        Assert.That(Ended() is { End: ConnectionEnd.LoginRejected, Parameters: null });
    }

    [Test]
    public void The_initiator_closes()
    {
        _target.Connect().LoginOnly().Dispose();
        Assert.That(Ended().End, Is.EqualTo(ConnectionEnd.InitiatorFin));
    }

    [Test]
    public void The_initiator_resets()
    {
        using RawPeer peer = _target.Connect().LoginOnly();
        peer.Socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
        peer.Dispose();
        Assert.That(Ended().End, Is.EqualTo(ConnectionEnd.InitiatorReset));
    }

    [Test]
    public void The_target_closes()
    {
        using RawPeer peer = _target.Connect().LoginOnly();
        _target.Dispose();
        Assert.That(Ended().End, Is.EqualTo(ConnectionEnd.TargetFin));
    }

    [Test]
    public void Another_takes_its_place()
    {
        using RawPeer first = _target.Connect().LoginOnly();
        using RawPeer second = _target.Connect().LoginOnly();
        Assert.That(Ended().End, Is.EqualTo(ConnectionEnd.Reinstated));
    }

    [Test]
    public void A_damaged_header()
    {
        using RawPeer peer = _target.Connect().LoginOnly("HeaderDigest=CRC32C\0");
        peer.Send([.. RawPeer.ScsiCommand(new byte[6], 7, 1, 0x81, 0), 1, 2, 3, 4]);
        peer.ExpectClosed();
        peer.Dispose();
        Assert.That(Ended().End, Is.EqualTo(ConnectionEnd.Digest));
    }

    [Test]
    public void Segments_declared_anew()
    {
        using RawPeer peer = _target.Connect().LoginOnly();
        byte[] text = RawPeer.WithData(RawPeer.Bhs(Opcode.TextRequest), "MaxRecvDataSegmentLength=131072\0"u8.ToArray());
        peer.Send(RawPeer.Put32(text, 24, 1));
        peer.Expect(Opcode.TextResponse);
        peer.Dispose();
        Assert.That(Ended().Parameters!.InitiatorMaxRecv, Is.EqualTo(131072));
    }

    private ConnectionInfo Ended()
    {
        ConnectionInfo? info = null;
        SpinWait.SpinUntil(() => _target.Server.Provider.ConnectionChanges.TryDequeue(out info) && info.Closed != 0, TimeSpan.FromSeconds(60));
        Assert.That(info?.Closed, Is.Not.Null.And.Not.Zero);
        return info!;
    }
}
