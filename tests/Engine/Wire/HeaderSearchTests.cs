using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Wire;

[TestFixture]
public sealed class HeaderSearchTests
{
    private static byte[] Write(uint i, int length = 100) => Pdus.Command(i, 100 + i, 0x2a, 0, (uint)length, 0xa1, Pdus.Random(length, (int)i));

    [Test]
    public void A_connection_joined_later_is_known_after_three_headers_and_loses_none()
    {
        var rig = new WireRig(sawStart: false);
        rig.ToTarget(Write(1), Write(2));
        Assert.That((rig.Connection.Id, rig.Changes().Count), Is.EqualTo((0u, 0)));
        rig.ToTarget(Write(3));
        ConnectionInfo info = rig.LastChange();
        Assert.That((info.MidStream, info.Target, info.Initiator), Is.EqualTo((true, "?192.0.2.1:3260", "?192.0.2.2")));
        Assert.That(rig.Context.Coverage.MidStream, Is.EqualTo(1));
        Assert.That(rig.Events(times: true).Select(e => e.Split(' ')[0]), Is.EqualTo(new[] { "2000", "2001", "2002" }), "each with its own time");
        Assert.That(rig.Connection.Facts.Resyncs, Is.Zero, "a start that never was known");
    }

    [Test]
    public void Aliases_name_it()
    {
        var options = new WireOptions { Aliases = new Dictionary<string, string> { ["192.0.2.1:3260"] = "array", ["192.0.2.2"] = "host" } };
        var rig = new WireRig(sawStart: false, options);
        rig.ToTarget(Write(1), Write(2), Write(3));
        Assert.That(rig.LastChange() is { MidStream: true, Target: "array", Initiator: "host" });
        Assert.That(rig.Events()[0], Does.Contain(" array host "));
    }

    [Test]
    public void It_finds_headers_wherever_segments_are_cut([Values(1, 3, 7, 50, 148, 500)] int segment, [Values(0, 1, 30, 60, 147)] int joinedAt)
    {
        byte[] all = [.. Enumerable.Range(1, 20).SelectMany(i => Write((uint)i))];
        var rig = new WireRig(sawStart: false);
        foreach (byte[] bytes in all[joinedAt..].Chunk(segment)) rig.ToTarget(bytes);
        List<string> events = rig.Events();
        Assert.That(events, Is.SubsetOf(WireRigEvents(all)).And.Unique);
        Assert.That(events, Has.Count.EqualTo(joinedAt == 0 ? 20 : 19));
    }

    [TestCase(true, true)]
    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(false, false)]
    public void Digests_show_by_themselves(bool header, bool data)
    {
        var rig = new WireRig(sawStart: false);
        for (uint i = 1; i <= 10; i++)
        {
            rig.ToTarget(Pdus.Digested(Pdus.Command(2 * i, 100 + 2 * i), header, data), Pdus.Digested(Write((2 * i) + 1), header, data));
            rig.ToInitiator(Pdus.Digested(Pdus.DataIn(2 * i, 100 + i, Pdus.Random(512, 1)), header, data), Pdus.Digested(Pdus.Response((2 * i) + 1, 101 + i), header, data));
        }
        Assert.That(rig.Events(), Has.Count.EqualTo(40));
        Assert.That(rig.Connection.HeaderDigest, Is.EqualTo(header ? Digest.Crc32C : Digest.None));
        Assert.That(rig.Connection.DataDigest, Is.EqualTo(data ? Digest.Crc32C : Digest.None));
        Assert.That(rig.Connection.Facts is { HeaderDigestErrors: 0, DataDigestErrors: 0, Resyncs: 0 });
    }

    [Test]
    public void An_image_full_of_PDUs_desyncs_nobody()
    {
        byte[] image = [.. Enumerable.Range(1, 60).SelectMany(i => Write((uint)i + 5000, 20))];
        WireRig rig = WireRig.LoggedIn();
        for (uint i = 1; i < 10; i++)
            foreach (byte[] segment in Pdus.Command(i, 100 + i, 0x2a, 0, (uint)image.Length, 0xa1, image).Chunk(1448))
                rig.ToTarget(segment);
        Assert.That(rig.Events(), Has.Count.EqualTo(9));
        Assert.That(rig.Connection.Facts.Resyncs, Is.Zero);
    }

    [Test]
    public void An_image_full_of_PDUs_fools_no_search()
    {
        byte[] image = [.. Enumerable.Range(1, 60).SelectMany(i => Write((uint)i + 500_000, 20))];
        WireRig rig = WireRig.LoggedIn();
        rig.ToTarget(Write(1));
        rig.Connection.Missing(Direction.ToTarget, 100, 1);
        byte[][] writes = [.. Enumerable.Range(2, 8).Select(i => Pdus.Command((uint)i, 100 + (uint)i, 0x2a, 0, (uint)image.Length, 0xa1, image))];
        foreach (byte[] segment in writes.SelectMany(w => w).Chunk(1448)) rig.ToTarget(segment);
        List<string> events = rig.Events();
        Assert.That(events, Has.Count.EqualTo(9));
        Assert.That(rig.Connection.Facts.Resyncs, Is.EqualTo(1));
    }

    [Test]
    public void An_image_within_a_segment_that_begins_a_PDU_fools_no_newcomer()
    {
        byte[] image = [.. Enumerable.Range(1, 60).SelectMany(i => Write((uint)i + 500_000, 20))];
        var rig = new WireRig(sawStart: false);
        for (uint i = 1; i < 6; i++)
            foreach (byte[] segment in Pdus.Command(i, 100 + i, 0x2a, 0, (uint)image.Length, 0xa1, image).Chunk(1448))
                rig.ToTarget(segment);
        Assert.That(rig.Events(), Has.Count.EqualTo(5));
        Assert.That(rig.Connection.Facts.Resyncs, Is.Zero);
    }

    private static IEnumerable<byte[]> Nonsense()
    {
        yield return new byte[1 << 20];
        yield return Pdus.Random(1 << 20, 7);
        yield return [.. Enumerable.Repeat("the quick brown fox jumps over the lazy dog. "u8.ToArray(), 20000).SelectMany(b => b)];
        yield return [.. Enumerable.Repeat<byte>(0x01, 1 << 20)];
        yield return [.. Enumerable.Range(0, 1 << 18).SelectMany(i => new byte[] { 1, 0x80, 0, 0 })];
        yield return [.. Enumerable.Range(0, 1 << 18).SelectMany(i => new byte[] { 0x20, 0x80, (byte)(i >> 8), (byte)i })];
    }

    [TestCaseSource(nameof(Nonsense))]
    public void Nonsense_on_a_known_port_is_foreign(byte[] bytes)
    {
        foreach (bool sawStart in new[] { true, false })
        {
            foreach (Direction direction in Enum.GetValues<Direction>())
            {
                var rig = new WireRig(sawStart);
                int fed = 0;
                for (; fed < bytes.Length && !rig.Connection.Foreign; fed += 1460) rig.Send(direction, bytes.AsSpan(fed, Math.Min(1460, bytes.Length - fed)));
                Assert.That(rig.Connection.Foreign);
                Assert.That(fed, Is.LessThan(300_000));
                Assert.That(rig.Provider.ConnectionChanges, Is.Empty);
                Assert.That(rig.Events(), Is.Empty);
                rig.Connection.Close(ConnectionEnd.InitiatorFin, 1);
                Assert.That(rig.Provider.ConnectionChanges, Is.Empty);
            }
        }
    }

    [Test]
    public void What_others_speak_is_foreign_at_once([Values("GET / HTTP/1.1\r\nHost: example\r\nAccept: */*\r\nUser-Agent: test\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\x00\x80\x00")] string begin)
    {
        var rig = new WireRig();
        rig.ToTarget([.. begin.Select(c => (byte)c), .. Pdus.Random(60, 1)]);
        Assert.That(rig.Connection.Foreign);
        Assert.That(rig.Provider.ConnectionChanges, Is.Empty);
    }

    [Test]
    public void Junk_in_a_stream_is_passed_over()
    {
        WireRig rig = WireRig.LoggedIn();
        rig.ToTarget(Write(1), [.. Enumerable.Repeat((byte)0xee, 64)], Write(2), Write(3), Write(4));
        Assert.That(rig.Events(), Has.Count.EqualTo(4));
        Assert.That((rig.Connection.Facts.Resyncs, rig.Context.Coverage.Resyncs), Is.EqualTo((1L, 1L)));
    }

    private static List<string> WireRigEvents(byte[] all)
    {
        var rig = new WireRig(sawStart: false);
        rig.ToTarget(all);
        return rig.Events();
    }
}
