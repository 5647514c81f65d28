using System.Net;
using System.Text;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Tests.Server;

/// <summary>Several targets in one server: who may know of which, by which portals, and where they have moved.</summary>
[TestFixture]
public sealed class TargetsTests
{
    private const string A = "iqn.2026-01.test.example:a";
    private const string B = "iqn.2026-01.test.example:b";
    private const string Host = "iqn.2026-01.test.example:host";

    [Test]
    public void Each_target_has_its_own_units()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB"), Spec(B, "0=ram:2MiB", "7=ram:3MiB")));

        Assert.Multiple(() =>
        {
            Assert.That(Luns(target, A), Is.EqualTo(new[] { 0 }));
            Assert.That(Luns(target, B), Is.EqualTo(new[] { 0, 7 }));
            Assert.That(LastBlock(target, A, 0), Is.EqualTo((1 << 20) / 512 - 1));
            Assert.That(LastBlock(target, B, 0), Is.EqualTo((2 << 20) / 512 - 1));
        });
    }

    [Test]
    public void No_two_units_have_one_identity()
    {
        TargetOptions options = Options(Spec(A, "0=ram:1MiB,naa=5000c500a1b2c3d4"), Spec(B, "4=ram:1MiB,naa=5000C500A1B2C3D4"));
        Assert.That(() => new TestTarget(options), Throws.ArgumentException.With.Message.Contains($"target {B}, LUN 4: naa=5000c500a1b2c3d4 is that of target {A}, LUN 0"));
    }

    [Test]
    public void The_same_initiator_port_has_a_session_with_each_target()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB"), Spec(B, "0=ram:1MiB")));
        using RawPeer a = target.Connect();
        using RawPeer b = target.Connect();
        a.Send(RawPeer.LoginRequest(Names(A)));
        b.Send(RawPeer.LoginRequest(Names(B)));

        Assert.That((Status(a).Status, Status(b).Status), Is.EqualTo((0, 0)));
        Assert.That(target.Server.SessionCount, Is.EqualTo(2), "the second did not take the first one's place");
    }

    [Test]
    public void A_cold_reset_of_one_target_leaves_the_others_alone()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB"), Spec(B, "0=ram:1MiB")));
        using RawPeer a = target.Connect(), b = target.Connect();
        a.Send(RawPeer.LoginRequest(Names(A)));
        b.Send(RawPeer.LoginRequest(Names(B)));
        Assert.That((Status(a).Status, Status(b).Status), Is.EqualTo((0, 0)));
        a.Send(RawPeer.Bhs(Opcode.TaskManagementRequest, (byte)(0x80 | (int)TaskFunction.TargetColdReset), itt: 7, immediate: true));
        a.Expect(Opcode.TaskManagementResponse);
        a.ExpectClosed();
        b.Send(RawPeer.Bhs(Opcode.NopOut, immediate: true));
        b.Expect(Opcode.NopIn);
    }

    [TestCase(Host, 0x0000)]
    [TestCase("iqn.1998-01.com.vmware:esx7", 0x0000)]
    [TestCase("iqn.1998-01.com.vmwar", 0x0202)]
    [TestCase("iqn.2026-01.test.example:hos", 0x0202)]
    [TestCase("iqn.2026-01.test.example:host2", 0x0202)]
    [TestCase("iqn.2026-01.test.example:HOST", 0x0202)]
    public void Only_who_is_listed_may_log_in(string initiator, int status)
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB") with
        {
            Initiators = [new InitiatorSpec(Host), new InitiatorSpec("iqn.1998-01.com.vmware:*")],
            AllowsUnlisted = false,
        }));
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names(A, initiator)));

        Assert.That(Status(peer).Status, Is.EqualTo(status));
    }

    [Test]
    public void An_entry_maps_the_initiators_luns_and_the_best_fit_counts()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB", "1=ram:2MiB", "2=ram:3MiB") with
        {
            Initiators =
            [
                new InitiatorSpec("iqn.2026-01.test.example:*") { Luns = Map((0, 0)) },
                new InitiatorSpec(Host) { Luns = Map((0, 2), (5, 1)) },
                new InitiatorSpec("iqn.2026-01.test.example:h*") { Luns = Map((1, 1)) },
            ],
        }));

        Assert.Multiple(() =>
        {
            Assert.That(Luns(target, A), Is.EqualTo(new[] { 0, 5 }));
            Assert.That(LastBlock(target, A, 0), Is.EqualTo((3 << 20) / 512 - 1));
            Assert.That(Luns(target, A, "iqn.2026-01.test.example:h2"), Is.EqualTo(new[] { 1 }));
            Assert.That(Luns(target, A, "iqn.2026-01.test.example:x"), Is.EqualTo(new[] { 0 }));
            Assert.That(Luns(target, A, "iqn.2026-02.elsewhere"), Is.EqualTo(new[] { 0, 1, 2 }));
        });
    }

    [Test]
    public void A_read_only_initiator_reads_and_another_writes()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB") with { Initiators = [new InitiatorSpec(Host) { ReadOnly = true }] }));
        using Initiator reader = Login(target, A);
        using Initiator writer = Login(target, A, "iqn.2026-01.test.example:other");
        ArraySegment<byte> block = Cdb.Buffer(512, seed: 1);
        ArraySegment<byte> seen = Cdb.Buffer(512);
        ArraySegment<byte> modes = Cdb.Buffer(4);

        Assert.Multiple(() =>
        {
            ScsiResult refused = reader.Execute(Cdb.Write10(0, 0, 1, block));
            Assert.That((refused.Status, refused.Sense[2] & 15, refused.Sense[12]), Is.EqualTo((ScsiStatus.CheckCondition, 7, (byte)0x27)), "WRITE PROTECTED");
            Assert.That(writer.Execute(Cdb.Write10(0, 0, 1, block)).Status, Is.EqualTo(ScsiStatus.Good));
            Assert.That(reader.Execute(Cdb.Read10(0, 0, 1, seen)).Status, Is.EqualTo(ScsiStatus.Good));
            Assert.That(seen.ToArray(), Is.EqualTo(block.ToArray()));
            Assert.That(reader.Execute(new ScsiRequest(0, new byte[] { 0x1a, 0, 0x3f, 0, 4, 0 }, modes, false)).Status, Is.EqualTo(ScsiStatus.Good));
            Assert.That(modes[2] & 0x80, Is.EqualTo(0x80), "WP");
        });
    }

    [Test]
    public void Discovery_lists_what_the_initiator_may_use_and_nothing_else()
    {
        using var target = new TestTarget(Options(
            Spec(A, "0=ram:1MiB") with { Initiators = [new InitiatorSpec(Host)], AllowsUnlisted = false },
            Spec(B, "0=ram:1MiB")));
        string at = $"127.0.0.1:{target.Portal.Port},1";

        Assert.Multiple(() =>
        {
            Assert.That(Discover(target, Host, "All"), Is.EqualTo($"TargetName={A}\0TargetAddress={at}\0TargetName={B}\0TargetAddress={at}\0"));
            Assert.That(Discover(target, "iqn.2026-01.test.example:x", "All"), Is.EqualTo($"TargetName={B}\0TargetAddress={at}\0"));
            Assert.That(Discover(target, "iqn.2026-01.test.example:x", A), Is.Empty);
            Assert.That(Discover(target, Host, A), Is.EqualTo($"TargetName={A}\0TargetAddress={at}\0"));
        });
    }

    [Test]
    public void Portal_groups_have_their_tags_and_a_target_is_in_those_it_names()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB"), Spec(B, "0=ram:1MiB") with { PortalGroups = [7] }) with
        {
            PortalGroups = [new PortalGroup(3, [Loopback, Loopback]), new PortalGroup(7, [Loopback])],
        });
        int[] ports = [.. target.Server.Portals.Select(p => p.Port)];
        string everywhere = $"TargetName={A}\0TargetAddress=127.0.0.1:{ports[0]},3\0TargetAddress=127.0.0.1:{ports[1]},3\0TargetAddress=127.0.0.1:{ports[2]},7\0";
        using RawPeer first = new(target.Server.Portals[1]);
        using RawPeer second = new(target.Server.Portals[2]);
        using RawPeer wrong = new(target.Server.Portals[0]);
        first.Send(RawPeer.LoginRequest(Names(A)));
        second.Send(RawPeer.LoginRequest(Names(B)));
        wrong.Send(RawPeer.LoginRequest(Names(B)));

        Assert.Multiple(() =>
        {
            Assert.That(Status(first).Text, Does.StartWith("TargetPortalGroupTag=3\0"));
            Assert.That(Status(second).Text, Does.StartWith("TargetPortalGroupTag=7\0"));
            Assert.That(Status(wrong).Status, Is.EqualTo(0x0203), "not by this portal");
            Assert.That(Discover(target, Host, "All"), Is.EqualTo($"{everywhere}TargetName={B}\0TargetAddress=127.0.0.1:{ports[2]},7\0"));
        });
    }

    [Test]
    public void A_wildcard_portal_is_told_as_the_address_the_client_used()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { Portals = [new IPEndPoint(IPAddress.Any, 0)] });

        string text = Discover(new IPEndPoint(IPAddress.Loopback, target.Portal.Port), Host, "All");

        Assert.That(text, Is.EqualTo($"TargetName={A}\0TargetAddress=127.0.0.1:{target.Portal.Port},1\0"));
    }

    [TestCase(false, 0x0101)]
    [TestCase(true, 0x0102)]
    public void A_target_that_has_moved_says_where(bool permanent, int status)
    {
        using var target = new TestTarget(Options(Spec(A) with { Redirection = new Redirection(IPEndPoint.Parse("[2001:db8::1]:3261"), permanent) }));
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names(A)));

        Assert.That(Status(peer), Is.EqualTo((status, "TargetAddress=[2001:db8::1]:3261\0")), "the address without a tag, and nothing else");
        peer.ExpectClosed();
    }

    [Test]
    public void The_alias_is_told_at_login()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB") with { Alias = "Bücher" }));
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names(A)));

        Assert.That(Status(peer).Text, Does.Contain("TargetAlias=Bücher\0"));
    }

    [TestCase(512)]
    [TestCase(8192)]
    [TestCase(262144)]
    public void Ten_thousand_targets_come_in_parts_that_fit(int maxData)
    {
        using var target = new TestTarget(Options([.. Enumerable.Range(0, 10_000).Select(i => Spec($"{A}{i}"))]));
        string expected = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"TargetName={A}{i}\0TargetAddress=127.0.0.1:{target.Portal.Port},1\0"));

        Assert.That(Discover(target.Portal, Host, "All", maxData) == expected, "every target once, in order");
    }

    [Test]
    public void Libiscsi_gets_what_fits_its_segment_in_one_part()
    {
        using var target = new TestTarget(Options([.. Enumerable.Range(0, 500).Select(i => Spec($"{A}{i}"))]));
        using RawPeer peer = Discovery(target.Portal, Host, 262144);
        peer.Send(SendTargets("All", Pdu.ReservedTag));

        (byte[] bhs, byte[] data) = peer.Expect(Opcode.TextResponse);

        Assert.That((bhs[1], data.Length > 20_000), Is.EqualTo(((byte)0x80, true)));
    }

    [Test]
    public void One_initiator_has_so_many_sessions_and_no_more()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { MaxSessionsPerInitiator = 2 });
        List<RawPeer> peers = [.. Enumerable.Range(0, 4).Select(_ => target.Connect())];
        for (byte i = 0; i < 3; i++) peers[i].Send(RawPeer.LoginRequest(Names(A), isid: i));
        peers[3].Send(RawPeer.LoginRequest(Names(A, "iqn.2026-01.test.example:other")));

        int[] statuses = [.. peers.Select(p => Status(p).Status)];

        Assert.That((statuses.Count(s => s == 0), statuses.Count(s => s == 0x0302), statuses[3]), Is.EqualTo((3, 1, 0)));
        peers.ForEach(p => p.Dispose());
    }

    [Test]
    public void Who_does_not_log_in_gives_way_whatever_its_address()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { MaxHalfOpen = 3, HalfOpenGrace = TimeSpan.Zero });
        using RawPeer oldest = target.Connect();
        using RawPeer second = target.Connect();
        using RawPeer third = target.Connect();
        using RawPeer late = target.Connect();
        late.Send(RawPeer.LoginRequest(Names(A)));

        Assert.That(Status(late).Status, Is.Zero);
        oldest.ExpectClosed();
    }

    [Test]
    public void Logins_in_a_burst_from_one_address_are_not_lost()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { MaxHalfOpen = 1, MaxHalfOpenPerAddress = 1, HalfOpenGrace = TimeSpan.FromHours(1) });
        List<RawPeer> peers = [.. Enumerable.Range(0, 32).Select(_ => target.Connect())];
        for (byte i = 0; i < peers.Count; i++) peers[i].Send(RawPeer.LoginRequest(Names(A), isid: i));

        Assert.That(peers.Select(p => Status(p).Status), Has.All.Zero);
        peers.ForEach(p => p.Dispose());
    }

    [TestCase("given twice", A, A)]
    [TestCase("no iSCSI name", "nonsense")]
    public void Wrong_targets_are_refused(string says, params string[] names) =>
        Assert.That(() => new TestTarget(Options([.. names.Select(n => Spec(n))])), Throws.ArgumentException.With.Message.Contains(says));

    [Test]
    public void A_map_names_units_that_are_there() =>
        Assert.That(() => new TestTarget(Options(Spec(A, "0=ram:1MiB") with { Initiators = [new InitiatorSpec(Host) { Luns = Map((0, 4)) }] })),
            Throws.ArgumentException.With.Message.EqualTo($"target {A}: initiator {Host} sees as LUN 0 a unit 4, which the target has not"));

    internal static IPEndPoint Loopback => new(IPAddress.Loopback, 0);

    internal static TargetSpec Spec(string name, params string[] luns) => new(name) { Luns = luns.Length == 0 ? [] : TestTarget.Specs(luns) };

    internal static TargetOptions Options(params TargetSpec[] targets) => new() { Portals = [Loopback], Targets = targets };

    internal static Initiator Login(TestTarget target, string name, string initiator = Host)
    {
        var session = new Initiator(target.Portal, initiator);
        session.Login(name);
        foreach (int lun in Reported(session))
            while (session.Execute(Cdb.TestUnitReady(lun)).Status != ScsiStatus.Good)
            {
            }
        return session;
    }

    internal static int[] Reported(Initiator session)
    {
        ArraySegment<byte> list = Cdb.Buffer(264);
        session.Execute(new ScsiRequest(0, new byte[] { 0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 8, 0, 0 }, list, false));
        return [.. Enumerable.Range(0, list[3] / 8).Select(i => (list[8 + i * 8] & 0x3f) << 8 | list[9 + i * 8])];
    }

    internal static string Names(string target, string initiator = Host) => $"InitiatorName={initiator}\0TargetName={target}\0";

    internal static (int Status, string Text) Status(RawPeer peer)
    {
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.LoginResponse);
        return (bhs[36] << 8 | bhs[37], Encoding.UTF8.GetString(data));
    }

    private static Dictionary<int, int> Map(params (int Lun, int Unit)[] map) => map.ToDictionary(m => m.Lun, m => m.Unit);

    private static int[] Luns(TestTarget target, string name, string initiator = Host)
    {
        using Initiator session = Login(target, name, initiator);
        return Reported(session);
    }

    private static long LastBlock(TestTarget target, string name, int lun)
    {
        using Initiator session = Login(target, name);
        ArraySegment<byte> data = Cdb.Buffer(8);
        session.Execute(new ScsiRequest(lun, new byte[] { 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, data, false));
        return data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3];
    }

    private static string Discover(TestTarget target, string initiator, string value) => Discover(target.Portal, initiator, value);

    private static string Discover(IPEndPoint portal, string initiator, string value, int maxData = 8192)
    {
        using RawPeer peer = Discovery(portal, initiator, maxData);
        var text = new StringBuilder();
        for (uint ttt = Pdu.ReservedTag; ;)
        {
            peer.Send(SendTargets(ttt == Pdu.ReservedTag ? value : null, ttt));
            (byte[] bhs, byte[] data) = peer.Expect(Opcode.TextResponse);
            Assert.That(data, Has.Length.LessThanOrEqualTo(maxData));
            text.Append(Encoding.UTF8.GetString(data));
            ttt = new Bhs(bhs).Ttt;
            Assert.That(bhs[1] == 0x80, Is.EqualTo(ttt == Pdu.ReservedTag), "the last part and no other is final");
            if (bhs[1] == 0x80) return text.ToString();
        }
    }

    private static RawPeer Discovery(IPEndPoint portal, string initiator, int maxData)
    {
        var peer = new RawPeer(portal);
        peer.Send(RawPeer.LoginRequest($"InitiatorName={initiator}\0SessionType=Discovery\0MaxRecvDataSegmentLength={maxData}\0"));
        Assert.That(Status(peer).Status, Is.Zero);
        return peer;
    }

    private static byte[] SendTargets(string? value, uint ttt)
    {
        byte[] bhs = RawPeer.Put32(RawPeer.Bhs(Opcode.TextRequest, immediate: true), 20, ttt);
        return RawPeer.WithData(bhs, value is null ? [] : Encoding.ASCII.GetBytes($"SendTargets={value}\0"));
    }
}
