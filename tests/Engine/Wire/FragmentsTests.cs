using CsCheck;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using static Iscsitop.Tests.Engine.Wire.WireBytes;

namespace Iscsitop.Tests.Engine.Wire;

[TestFixture]
public sealed class FragmentsTests
{
    private const long Second = 1_000_000_000;
    private readonly Fragments _fragments = new();

    [Test]
    public void A_packet_is_put_together_in_any_order() => Gen.Shuffle(new[] { 0, 1, 2, 3 }).Sample(order =>
    {
        byte[] tcp = Tcp([.. Enumerable.Range(0, 100).Select(i => (byte)i)]);
        var fragments = new Fragments();
        byte[] whole = [];
        foreach (int i in order) whole = [.. whole, .. Take(fragments, IPv4(tcp[(i * 32)..Math.Min(tcp.Length, i * 32 + 32)], part: Part(i * 32, i < 3)), 1)];
        return whole.SequenceEqual(tcp);
    });

    [Test]
    public void IPv6_too()
    {
        byte[] tcp = Tcp(new byte[12]);
        Assert.That(Take(_fragments, IPv6([6, 0, 0, 1, 0, 0, 0, 9, .. tcp[..16]], 44), 1), Is.Empty);
        Assert.That(Take(_fragments, IPv6([6, 0, 0, 16, 0, 0, 0, 9, .. tcp[16..]], 44), 1), Is.EqualTo(tcp));
    }

    [TestCase(0, 24, TestName = "An overlap spoils the packet: within")]
    [TestCase(8, 8, TestName = "An overlap spoils the packet: inside (teardrop)")]
    public void An_overlap_spoils_the_packet(int offset, int length)
    {
        byte[] bytes = new byte[32];
        Assert.That(Take(_fragments, IPv4(bytes[..16], part: Part(0, true)), 1), Is.Empty);
        Assert.That(Take(_fragments, IPv4(bytes[..length], part: Part(offset, true)), 1), Is.Empty);
        Assert.That(Take(_fragments, IPv4(bytes[16..], part: Part(16, false)), 1), Is.Empty);
    }

    [Test]
    public void A_fragment_seen_twice_does_not()
    {
        byte[] bytes = new byte[32];
        for (int i = 0; i < 2; i++) Assert.That(Take(_fragments, IPv4(bytes[..16], part: Part(0, true)), 1), Is.Empty);
        Assert.That(Take(_fragments, IPv4(bytes[16..], part: Part(16, false)), 1), Has.Length.EqualTo(32));
    }

    [Test]
    public void What_takes_too_long_is_forgotten()
    {
        byte[] bytes = new byte[32];
        Assert.That(Take(_fragments, IPv4(bytes[..16], part: Part(0, true)), 1), Is.Empty);
        Assert.That(Take(_fragments, IPv4(bytes[16..], part: Part(16, false)), 31 * Second), Is.Empty);
        Assert.That(_fragments.Count, Is.EqualTo(1));
    }

    [Test]
    public void There_are_never_too_many()
    {
        for (int id = 0; id < 10_000; id++) Take(_fragments, IPv4(new byte[8], id: (ushort)id, part: Part(65528, true)), 1);
        Assert.That(_fragments.Count, Is.EqualTo(Fragments.MaxPackets));
    }

    [Test]
    public void Whatever_comes_it_does_not_throw() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 8191], Gen.Int[0, 100], Gen.Bool).Array[0, 50].Sample(parts =>
        {
            var fragments = new Fragments();
            foreach ((int id, int place, int length, bool more) in parts)
                Take(fragments, IPv4(new byte[length], id: (ushort)id, part: (ushort)((more ? 0x2000 : 0) | (place & (id == 0 ? 15 : 8191)))), 1);
            return fragments.Count <= 4;
        });

    private static ushort Part(int offset, bool more) => (ushort)(offset / 8 | (more ? 0x2000 : 0));

    private static byte[] Take(Fragments fragments, byte[] packet, long time)
    {
        if (Frame.Parse(new Packet(LinkType.Raw, time, packet.Length, packet), out _, out Fragment fragment) != FrameKind.Fragment) return [];
        return fragments.TryTake(fragment, time, out ReadOnlySpan<byte> bytes) ? bytes.ToArray() : [];
    }
}
