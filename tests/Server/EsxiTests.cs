using System.Buffers.Binary;
using Peer = Iscsitop.Target.Initiator.Initiator;

namespace Iscsitop.Tests.Server;

/// <summary>What VMware ESXi asks of a datastore's units, in its words.</summary>
[TestFixture]
public sealed class EsxiTests
{
    private const int Register = 0, Reserve = 1, WriteExclusiveAllRegistrants = 7, ExclusiveAccessRegistrantsOnly = 6;

    private TestTarget _target = null!;
    private Peer _host = null!;

    [SetUp]
    public void Start()
    {
        _target = new TestTarget("0=ram:16MiB", "1=ram:16MiB", "300=ram:1MiB");
        _host = _target.Login("esx1");
    }

    [TearDown]
    public void Stop()
    {
        _host.Dispose();
        _target.Dispose();
    }

    [Test]
    public void It_names_a_path_by_naa_and_finds_the_same_on_every_path()
    {
        using Peer path = _target.Login("esx1");
        byte[] naa = Naa(_host, 0);
        Assert.Multiple(() =>
        {
            Assert.That(Naa(path, 0), Is.EqualTo(naa));
            Assert.That(Naa(path, 1), Is.Not.EqualTo(naa));
            Assert.That(path.In("12 01 80 00 FF 00", 255), Is.EqualTo(_host.In("12 01 80 00 FF 00", 255)));
        });
    }

    [Test]
    public void It_reads_page_86_when_it_scans() => Assert.That(_host.In("12 01 86 00 FF 00", 255), Has.Length.EqualTo(64).And.ItemAt(1).EqualTo(0x86));

    [Test]
    public void It_takes_luns_as_they_are_sparse_and_high()
    {
        byte[] luns = _host.In("A0 00 00 00 00 00 00 00 10 00 00 00", 4096);
        Assert.That(Convert.ToHexString(luns[8..]), Is.EqualTo("0000000000000000" + "0001000000000000" + "412C000000000000"));
    }

    [Test]
    public void Its_block_descriptor_says_what_read_capacity_says()
    {
        byte[] capacity = _host.In("25 00 00 00 00 00 00 00 00 00", 8), mode = _host.In("1A 00 3F 00 FF 00", 255);
        Assert.Multiple(() =>
        {
            Assert.That(mode[3], Is.EqualTo(8));
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(mode.AsSpan(4)), Is.EqualTo(BinaryPrimitives.ReadUInt32BigEndian(capacity) + 1));
            Assert.That(mode[9..12], Is.EqualTo(capacity[5..]));
        });
    }

    [Test]
    public void It_locks_a_datastore_with_reserve_while_it_changes_metadata()
    {
        using Peer other = _target.Login("esx2");
        Assert.Multiple(() =>
        {
            Assert.That(_host.Out("16 00 00 00 00 00"), Is.EqualTo("GOOD"));
            Assert.That(other.Out("2A 00 00 00 00 00 00 00 01 00", new string('0', 1024)), Is.EqualTo("RESERVATION CONFLICT"));
            Assert.That(_host.Out("2A 00 00 00 00 00 00 00 01 00", new string('0', 1024)), Is.EqualTo("GOOD"));
            Assert.That(_host.Out("17 00 00 00 00 00"), Is.EqualTo("GOOD"));
            Assert.That(other.Out("2A 00 00 00 00 00 00 00 01 00", new string('0', 1024)), Is.EqualTo("GOOD"));
        });
    }

    [Test]
    public void Its_lock_does_not_outlive_its_session()
    {
        using Peer other = _target.Login("esx2");
        _host.Out("16 00 00 00 00 00");
        _host.Logout();
        // The target has answered the logout; the session ends with its connection.
        Assert.That(() => other.Out("00 00 00 00 00 00"), Is.EqualTo("GOOD").After(60).Seconds.PollEvery(10).MilliSeconds);
    }

    [Test]
    public void It_clones_in_4_mib_pieces_between_units_of_one_vendor_and_product()
    {
        byte[] inquiry = _host.In("12 00 00 00 60 00", 96);
        Assert.That(inquiry[5] & 0x08, Is.EqualTo(0x08), "3PC");
        Assert.That(_host.In("12 00 00 00 60 00", 96, lun: 1)[8..32], Is.EqualTo(inquiry[8..32]));
        byte[] limits = _host.In("84 03 00 00 00 00 00 00 00 00 00 00 04 00 00 00", 1024);
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(limits.AsSpan(16)), Is.GreaterThanOrEqualTo(4 << 20));
        byte[] data = [.. Cdb.Buffer(8 << 20, seed: 5)];
        for (int at = 0; at < data.Length; at += 1 << 20) // 2048 blocks
            Assert.That(_host.Out($"2A 00 {at / 512:X8} 00 0800 00", Convert.ToHexString(data, at, 1 << 20)), Is.EqualTo("GOOD"));
        string segments = Move(0, 0, 8192) + Move(8192, 8192, 8192);
        string list = $"00 10 {64:X4} 00000000 {Script.Bytes(segments).Length:X8} 00000000" + Cscd(0) + Cscd(1) + segments;
        Assert.That(_host.Out($"83 00 00 00 00 00 00 00 00 00 {Script.Bytes(list).Length:X8} 00 00", list), Is.EqualTo("GOOD"));
        for (int at = 0; at < data.Length; at += 1 << 20)
            Assert.That(_host.In($"28 00 {at / 512:X8} 00 0800 00", 1 << 20, lun: 1), Is.EqualTo(data[at..(at + (1 << 20))]));
    }

    [Test]
    public void It_claims_implicit_alua_with_one_active_group()
    {
        byte[] groups = _host.In("A3 0A 00 00 00 00 00 00 00 FF 00 00", 255);
        List<(int Association, int Type, byte[] Value)> designators = Script.Designators(_host.In("12 01 83 00 FF 00", 255));
        Assert.Multiple(() =>
        {
            Assert.That(_host.In("12 00 00 00 60 00", 96)[5] >> 4 & 3, Is.EqualTo(1), "TPGS");
            Assert.That(groups[4] & 0x0f, Is.Zero, "active/optimized");
            Assert.That(designators.Single(d => d is (1, 5, _)).Value[2..], Is.EqualTo(groups[6..8]));
            Assert.That(designators.Single(d => d is (1, 4, _)).Value[2..], Is.EqualTo(groups[14..16]));
        });
    }

    [TestCase(WriteExclusiveAllRegistrants)]
    [TestCase(ExclusiveAccessRegistrantsOnly)]
    public void It_passes_a_guest_clusters_reservations_through(int type)
    {
        using Peer other = _target.Login("esx2");
        Assert.Multiple(() =>
        {
            Assert.That(_host.Prout(Register, action: 1), Is.EqualTo("GOOD"));
            Assert.That(_host.Prout(Reserve, type, key: 1), Is.EqualTo("GOOD"));
            Assert.That(other.Out("2A 00 00 00 00 00 00 00 01 00", new string('0', 1024)), Is.EqualTo("RESERVATION CONFLICT"));
            Assert.That(other.Prout(Register, action: 2), Is.EqualTo("GOOD"));
            Assert.That(other.Out("2A 00 00 00 00 00 00 00 01 00", new string('0', 1024)), Is.EqualTo("GOOD"));
        });
    }

    private static byte[] Naa(Peer peer, int lun) => Script.Designators(peer.In("12 01 83 00 FF 00", 255, lun)).Find(d => d is (0, 3, _)).Value;

    private static string Move(long from, long to, int blocks) => $"02 00 0018 0000 0001 0000 {blocks:X4} {from:X16} {to:X16}";

    private string Cscd(int lun)
    {
        byte[] naa = Naa(_host, lun);
        return $"E4 00 0000 01 03 00 {naa.Length:X2} {Convert.ToHexString(naa).PadRight(40, '0')} 00 000200";
    }
}
