using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Engine.Sources;

[TestFixture]
public sealed class CaptureTests
{
    private const long Second = 1_000_000_000, Hour = 3600 * Second;
    private const long Begin = 1_700_000_000 * Second;

    private static readonly (string What, long[] Times, long[] Taken)[] s_times =
    [
        ("in order", [0, 1, 2], [0, 1, 2]),
        ("one far ahead", [0, 1, 70 * 365 * 24 * Hour, 2, 3], [0, 1, 1, 2, 3]),
        ("one far back", [0, 1, -Begin + 1, 2, 3], [0, 1, 1, 2, 3]),
        ("one of the last second there is", [0, 1, long.MaxValue - Begin, 2], [0, 1, 1, 2]),
        ("the last one", [0, 1, 70 * 365 * 24 * Hour], [0, 1, 1]),
        ("two that disagree", [0, 1, 2 * Hour, 9 * Hour, 2], [0, 1, 1, 1, 2]),
        ("an hour without packets", [0, Hour, Hour + 1], [0, Hour, Hour + 1]),
        ("two hours without", [0, 2 * Hour, 2 * Hour + 1, 2 * Hour + 2], [0, 0, 2 * Hour + 1, 2 * Hour + 2]),
        ("twice", [0, 2 * Hour, 2 * Hour + 1, 5 * Hour, 5 * Hour + 1], [0, 0, 2 * Hour + 1, 2 * Hour + 1, 5 * Hour + 1]),
        ("a clock that was set back", [3 * Hour, 1, 2, 3], [3 * Hour, 3 * Hour, 2, 3]),
    ];

    private static IEnumerable<TestCaseData> Times => s_times.Select(t => new TestCaseData(t.Times, t.Taken).SetArgDisplayNames(t.What));

    [TestCaseSource(nameof(Times))]
    public void A_time_far_away_is_believed_when_the_next_is_near_it(long[] times, long[] taken)
    {
        using var capture = new Capture(new Script(false, [.. times.Select(t => Begin + t)]), new WireOptions());
        Assert.That(capture.Begin(0), Is.EqualTo(Moved.Packet));
        // Each packet is a SYN of its own followed by its first bytes, so that each opens a connection.
        while (capture.Pump(0) != Pumped.End) ;
        capture.Finish();
        long[] opened = [.. capture.Provider.ConnectionChanges.Where(c => c.Closed == 0).Select(c => c.Opened - Begin)];
        Assert.That(opened, Is.EqualTo(taken));
    }

    [Test]
    public void A_wrong_time_ends_nothing([Values("connections.pcap", "nops.pcap", "tasks.pcap")] string name)
    {
        var whole = Told.By(Corpus.Read(name));
        List<Sample> packets = Packets.Of(Corpus.Read(name));
        for (int i = 1; i < packets.Count; i += 1 + packets.Count / 20)
        {
            List<Sample> wrong = [.. packets];
            wrong[i] = wrong[i] with { Time = 4_000_000_000 * Second };
            var told = Told.By(Packets.Pcap(wrong));
            Assert.That(told.Ends, Is.EqualTo(whole.Ends), $"packet {i}");
            Assert.That(told.Events, Is.EqualTo(whole.Events), $"packet {i}");
        }
    }

    [Test]
    public void A_live_packet_is_not_of_the_future()
    {
        long ahead = Clock.Now + Clock.WallOffset + Hour;
        using var capture = new Capture(new Script(true, ahead), new WireOptions());
        Assert.That(capture.Pump(0), Is.EqualTo(Pumped.End));
        Assert.That(capture.Provider.ConnectionChanges.Single().Opened, Is.LessThanOrEqualTo(Clock.Now));
    }

    /// <summary>A Login Request that begins a connection of its own at each of some times.</summary>
    private sealed class Script(bool live, params long[] times) : PacketSource
    {
        private int _at = -1;

        public override string Name => "script";

        public override bool Live => live;

        public override Packet Current
        {
            get
            {
                byte[] tcp = Wire.WireBytes.Tcp(Wire.Pdus.Login(Wire.Pdus.Names), source: (ushort)(40000 + _at), flags: TcpFlags.Syn);
                byte[] bytes = Wire.WireBytes.Ethernet(Wire.WireBytes.IPv4(tcp));
                return new Packet(LinkType.Ethernet, times[_at], bytes.Length, bytes);
            }
        }

        public override Moved MoveNext(int milliseconds) => ++_at < times.Length ? Moved.Packet : Moved.End;

        protected override void Dispose(bool disposing)
        {
        }
    }
}
