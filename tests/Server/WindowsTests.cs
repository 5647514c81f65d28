using System.Buffers.Binary;
using System.Net;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Server;
using Peer = Iscsitop.Target.Initiator.Initiator;

namespace Iscsitop.Tests.Server;

/// <summary>What Microsoft's initiator and failover cluster ask, in their words and order.</summary>
[TestFixture]
public sealed class WindowsTests
{
    private const int Register = 0, Reserve = 1, Release = 2, Clear = 3, Preempt = 4, Ignore = 6, RegistrantsOnly = 5;

    private static readonly byte[] s_isid = [0x40, 0x00, 0x01, 0x37, 0x00, 0x00];

    [Test]
    public void It_logs_in_with_its_isid_and_four_connections()
    {
        using var target = new TestTarget();
        using RawPeer peer = target.Connect();
        byte[] request = RawPeer.LoginRequest(
            $"InitiatorName=iqn.1991-05.com.microsoft:host\0SessionType=Normal\0TargetName={TestTarget.Name}\0HeaderDigest=None\0DataDigest=None\0"
            + "MaxConnections=4\0InitialR2T=Yes\0ImmediateData=Yes\0FirstBurstLength=65536\0MaxBurstLength=262144\0MaxRecvDataSegmentLength=65536\0"
            + "DefaultTime2Wait=5\0DefaultTime2Retain=5\0DataPDUInOrder=Yes\0DataSequenceInOrder=Yes\0ErrorRecoveryLevel=2\0", cid: 1);
        s_isid.CopyTo(request, 8);
        peer.Send(request);
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.LoginResponse);
        string text = System.Text.Encoding.ASCII.GetString(data);
        Assert.Multiple(() =>
        {
            Assert.That(bhs[36] << 8 | bhs[37], Is.Zero);
            Assert.That(text, Does.Match("MaxConnections=[1-4]\0").And.Match("ErrorRecoveryLevel=[0-2]\0"));
        });
    }

    [Test]
    public void It_counts_the_luns_before_it_reads_them()
    {
        string[] luns = [.. Enumerable.Range(0, 12).Select(i => $"{i}=ram:1MiB")];
        using var target = new TestTarget(luns);
        using Peer host = target.Login();
        byte[] first = host.In("A0 00 00 00 00 00 00 00 00 10 00 00", 16);
        Assert.That((first.Length, BinaryPrimitives.ReadUInt32BigEndian(first)), Is.EqualTo((16, 12 * 8)));
        byte[] all = host.In("A0 00 00 00 00 00 00 00 00 68 00 00", 104);
        Assert.Multiple(() =>
        {
            Assert.That(Enumerable.Range(0, 12).Select(i => (int)all[8 + i * 8 + 1]), Is.EqualTo(Enumerable.Range(0, 12)));
            Assert.That(host.In("12 00 00 00 24 00", 36, lun: 11)[3] & 0x10, Is.EqualTo(0x10), "HISUP: else it looks at no LUN above 7");
        });
    }

    [Test]
    public void It_identifies_a_disk_by_pages_80_and_83()
    {
        using var target = new TestTarget();
        using Peer host = target.Login();
        byte[] pages = host.In("12 01 00 00 FF 00", 255);
        List<(int Association, int Type, byte[])> designators = Script.Designators(host.In("12 01 83 00 FF 00", 255));
        Assert.Multiple(() =>
        {
            Assert.That(pages[4..], Does.Contain((byte)0x80).And.Contain((byte)0x83));
            Assert.That(designators.Where(d => d.Association == 0).Select(d => d.Type), Does.Contain(3).And.Contain(1), "for clusters and MPIO");
            Assert.That(host.In("12 01 80 00 FF 00", 255), Has.Length.GreaterThan(4));
        });
    }

    [Test]
    public void It_reads_capacities_cut_short_and_two_mode_pages()
    {
        using var target = new TestTarget();
        using Peer host = target.Login();
        Assert.Multiple(() =>
        {
            Assert.That(host.In("25 00 00 00 00 00 00 00 00 00", 8), Is.EqualTo(Script.Bytes("00007FFF 00000200")));
            Assert.That(host.In("9E 10 00 00 00 00 00 00 00 00 00 00 00 0C 00 00", 12), Is.EqualTo(Script.Bytes("0000000000007FFF 00000200")));
            Assert.That(host.In("1A 00 08 00 C0 00", 192)[12] & 0x3f, Is.EqualTo(0x08));
            Assert.That(host.In("1A 00 3F 00 C0 00", 192), Has.Length.GreaterThan(12 + 20));
        });
    }

    [Test]
    public void It_sees_that_there_is_no_offloaded_transfer()
    {
        using var target = new TestTarget();
        using Peer host = target.Login();
        string copy = Convert.ToHexString(host.In("12 01 8F 00 FF 00", 255));
        Assert.Multiple(() =>
        {
            Assert.That(copy, Does.StartWith("008F").And.Contain("0001000C" + "08" + "830100" + "84020003"), "no service action 10h or 11h");
            Assert.That(host.Out("83 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00"), Is.EqualTo("CHECK CONDITION 5/2400"));
        });
    }

    [Test]
    public void A_cluster_reserves_defends_and_fails_over()
    {
        using var target = new TestTarget();
        using Peer first = target.Login("node1"), second = target.Login("node2");
        const string write = "2A 00 00 00 00 00 00 00 01 00";
        string block = new('A', 1024);
        Assert.Multiple(() =>
        {
            // The first node brings the disk online.
            Assert.That(first.Prout(Ignore, action: 0x11), Is.EqualTo("GOOD"));
            Assert.That(first.Prout(Reserve, RegistrantsOnly, key: 0x11), Is.EqualTo("GOOD"));
            Assert.That(second.Out(write, block), Is.EqualTo("RESERVATION CONFLICT"));
            Assert.That(second.In("28 00 00 00 00 00 00 00 01 00", 512), Has.Length.EqualTo(512));
            // The second challenges: registers, looks, and gives way.
            Assert.That(second.Prout(Register, action: 0x22), Is.EqualTo("GOOD"));
            Assert.That(second.Prout(Reserve, RegistrantsOnly, key: 0x22), Is.EqualTo("RESERVATION CONFLICT"));
            Assert.That(Convert.ToHexString(second.In("5E 00 00 00 00 00 00 01 00 00", 256)), Is.EqualTo("0000000200000010" + $"{0x11:X16}{0x22:X16}"));
            Assert.That(Convert.ToHexString(second.In("5E 01 00 00 00 00 00 01 00 00", 256)), Is.EqualTo("0000000200000010" + $"{0x11:X16}0000000000050000"));
            // The first is gone for good; the second takes over.
            Assert.That(second.Prout(Preempt, RegistrantsOnly, key: 0x22, action: 0x11), Is.EqualTo("GOOD"));
            Assert.That(first.Out("00 00 00 00 00 00"), Is.EqualTo("CHECK CONDITION 6/2a05"));
            Assert.That(first.Out(write, block), Is.EqualTo("RESERVATION CONFLICT"));
            Assert.That(second.Out(write, block), Is.EqualTo("GOOD"));
            Assert.That(second.Prout(Release, RegistrantsOnly, key: 0x22), Is.EqualTo("GOOD"));
            Assert.That(second.Prout(Clear, key: 0x22), Is.EqualTo("GOOD"));
            Assert.That(first.Out(write, block), Is.EqualTo("GOOD"));
        });
    }

    [Test]
    public void A_node_that_logs_in_again_has_its_reservation_still()
    {
        using var target = new TestTarget();
        Peer Node(byte[] isid)
        {
            var peer = new Peer(target.Portal, "iqn.1991-05.com.microsoft:node", isid);
            peer.Login(TestTarget.Name);
            Assert.That(peer.Out("00 00 00 00 00 00"), Does.StartWith("CHECK CONDITION 6/29"));
            return peer;
        }
        const string write = "2A 00 00 00 00 00 00 00 01 00";
        using (Peer node = Node(s_isid))
        {
            node.Prout(Register, action: 1);
            node.Prout(Reserve, RegistrantsOnly, key: 1);
            node.Logout();
        }
        using Peer again = Node(s_isid), other = Node([0x40, 0, 1, 0x37, 0, 1]);
        Assert.Multiple(() =>
        {
            Assert.That(again.Out(write, new string('0', 1024)), Is.EqualTo("GOOD"));
            Assert.That(other.Out(write, new string('0', 1024)), Is.EqualTo("RESERVATION CONFLICT"), "another port of the same node");
        });
    }

    [Test]
    public void A_reservation_outlives_the_target()
    {
        string directory = Directory.CreateTempSubdirectory("iscsitop-test-").FullName;
        try
        {
            TestTarget Start() => new(new TargetOptions
            {
                Name = TestTarget.Name,
                Portals = [new IPEndPoint(IPAddress.Loopback, 0)],
                Luns = TestTarget.Specs(),
                StateDirectory = directory,
            });
            using (TestTarget target = Start())
            using (Peer node = target.Login("node"))
            {
                Assert.That(node.Prout(Register, action: 7, flags: 1), Is.EqualTo("GOOD"));
                Assert.That(node.Prout(Reserve, RegistrantsOnly, key: 7), Is.EqualTo("GOOD"));
            }
            using TestTarget restarted = Start();
            using Peer other = restarted.Login("other");
            Assert.That(other.Out("2A 00 00 00 00 00 00 00 01 00", new string('0', 1024)), Is.EqualTo("RESERVATION CONFLICT"));
            Assert.That(Convert.ToHexString(other.In("5E 00 00 00 00 00 00 01 00 00", 256)), Is.EqualTo("0000000000000008" + $"{7:X16}"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
