using CsCheck;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;
using static Iscsitop.Tests.Engine.Wire.WireBytes;

namespace Iscsitop.Tests.Engine.Wire;

[TestFixture]
public sealed class WireDecoderTests
{
    private readonly WireDecoder _decoder = new(new Provider("test", 16), new WireOptions());

    [Test]
    public void It_counts_what_it_sees()
    {
        Take(Ethernet(IPv4(Tcp([1, 2, 3], destination: 80))));
        Take(Ethernet(IPv4(Tcp([1, 2, 3]), protocol: 17)));
        Take(Ethernet(IPv4(Tcp([], flags: TcpFlags.Syn))));
        byte[] tcp = Tcp(new byte[20], source: 80, destination: 81);
        Take(Ethernet(IPv4(tcp[..16], part: 0x2000)));
        Assert.That(_decoder.Coverage.Foreign, Is.EqualTo(1));
        Take(Ethernet(IPv4(tcp[16..], part: 2)));
        Coverage seen = _decoder.Coverage;
        Assert.That((seen.Packets, seen.Undecodable, seen.Fragments, seen.Foreign), Is.EqualTo((5L, 1L, 2L, 2L)));
        _decoder.Finish(1);
        Assert.That(_decoder.FactsOf(12345), Is.Null);
    }

    [Test]
    public void Whatever_the_packets_are_it_does_not_throw() =>
        Gen.Select(Gen.UInt[0, 300], Gen.UInt[0, 300], Gen.Byte, Gen.Byte.Array[0, 100], Gen.Int[0, 60], Gen.Bool, Gen.Long[0, 3_000_000_000]).Array[0, 60].Sample(packets =>
        {
            var decoder = new WireDecoder(new Provider("test", 16), new WireOptions { MaxFlows = 4, MaxHeld = 1 << 12, MaxHeldPerFlow = 1 << 11 });
            long time = 1;
            foreach ((uint sequence, uint acknowledged, byte flags, byte[] payload, int cut, bool back, long gap) in packets)
            {
                byte[] tcp = Tcp(payload, back ? (ushort)3260 : (ushort)(flags >> 5), back ? (ushort)(flags >> 5) : (ushort)3260, sequence - 150, acknowledged - 150, (TcpFlags)(flags & 31));
                byte[] bytes = Ethernet(IPv4(tcp));
                time += gap >> (int)(sequence & 31);
                decoder.Take(new Packet(LinkType.Ethernet, time, bytes.Length, bytes.AsSpan(0, Math.Max(0, bytes.Length - cut))));
            }
            decoder.Finish(time);
            return decoder.Coverage.Packets == packets.Length;
        });

    private void Take(byte[] bytes) => _decoder.Take(new Packet(LinkType.Ethernet, 1, bytes.Length, bytes));
}
