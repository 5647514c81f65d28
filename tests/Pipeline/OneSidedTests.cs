using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Engine;

namespace Iscsitop.Tests.Pipeline;

/// <summary>Captures of one direction, as a port that mirrors half a cable makes them: what is not there is not unanswered.</summary>
[TestFixture]
public sealed class OneSidedTests
{
    [Test]
    public void Nothing_is_outstanding_or_lost(
        [Values("reads.pcap", "nops.pcap", "tasks.pcap", "connections.pcap")] string name, [Values] bool toTarget, [Values] bool fromTheSyn)
    {
        List<Sample> half = Half(name, toTarget);
        var told = Told.By(Packets.Pcap(fromTheSyn ? half : [.. half.Skip(6)]));
        Assert.That(told.Connections, Is.Not.Empty);
        Assert.That(told.Events, Has.Count.GreaterThan(3), "its PDUs are still told");
        Assert.That(told.Completed, Is.Zero);
        foreach (ConnectionDelta connection in told.Connections.Values)
        {
            ConnectionFacts facts = connection.Total;
            Assert.That((facts[Fact.NopsLost], facts[Fact.TasksUnanswered], facts.Outstanding), Is.EqualTo((0L, 0L, 0L)), connection.Connection.Remote);
            Assert.That(connection.Connection.End, Is.Not.AnyOf(ConnectionEnd.NopUnanswered, ConnectionEnd.TaskEscalation));
        }
    }

    [Test]
    public void One_packet_of_the_other_direction_is_enough()
    {
        List<Sample> all = Packets.Of(Corpus.Read("reads.pcap"));
        int answer = all.FindIndex(p => !IsToTarget(p));
        List<Sample> half = [.. all.Where((p, i) => IsToTarget(p) || i == answer)];
        Assert.That(Told.By(Packets.Pcap(half)).Connections.Values.Max(c => c.Total.Outstanding), Is.Positive);
    }

    private static List<Sample> Half(string name, bool toTarget) => [.. Packets.Of(Corpus.Read(name)).Where(p => IsToTarget(p) == toTarget)];

    private static bool IsToTarget(Sample sample) =>
        Frame.Parse(new Packet(sample.Link, sample.Time, sample.Length, sample.Bytes), out Segment segment, out _) == FrameKind.Segment && segment.DestinationPort == 3260;
}
