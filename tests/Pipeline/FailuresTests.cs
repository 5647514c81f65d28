using Iscsitop.Engine;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Pipeline;

/// <summary>What failed in our captures, and what is known of their units and sessions.</summary>
[TestFixture]
public sealed class FailuresTests
{
    private static Snapshot Read(string name)
    {
        using Feed feed = Feed.Open(new CaptureOptions { File = Corpus.PathOf(name) }, new Wants(0, Feed.WholeFile));
        while (!feed.Ended) feed.WaitForSnapshot(TimeSpan.FromSeconds(60), default);
        return feed.Take();
    }

    private static string[] Failures(string name) => [.. Read(name).Failures.GroupBy(f => f.Key with { Connection = 0 })
        .Select(g => $"{g.Key.Kind} {g.Key.Code:x} lun {(long)g.Key.Lun} op {g.Key.Operation:x4} x{g.Sum(f => f.Total)}").Order(StringComparer.Ordinal)];

    // What talk.py asked for, and tshark sees. Each session begins with a unit attention.
    private static readonly TestCaseData[] s_failed =
    [
        new("errors.pcap", new[]
        {
            "Reject 5 lun 0 op 0000 x1",
            "Residual 0 lun 0 op 0300 x1", "Residual 0 lun 0 op 1200 x1", "Residual 0 lun 0 op 2800 x1", "Residual 1 lun 0 op 2800 x1", "Residual 1 lun 0 op 2a00 x1",
            "Status 2052000 lun 0 op 0600 x1", "Status 2052100 lun 0 op 2800 x1", "Status 2052500 lun 9 op 0000 x1", "Status 2062900 lun 0 op 0000 x1",
        }),
        new("reads.pcap", new[] { "Status 2062900 lun 0 op 0000 x1" }),
        new("discovery.pcap", new[] { "Login 203 lun -1 op 0000 x1", "Status 2062900 lun 0 op 0000 x3", "Status 2062900 lun 1 op 0000 x2" }),
        new("chap.pcap", new[] { "Login 201 lun -1 op 0000 x2", "Status 2062900 lun 0 op 0000 x2" }),
        new("tasks.pcap", new[] { "Status 2062900 lun 0 op 0000 x1", "Status 2062903 lun 0 op 0000 x2" }),
        new("both-digests.pcap", new[] { "Status 2052100 lun 0 op 2800 x1", "Status 2062900 lun 0 op 0000 x1" }),
    ];

    [TestCaseSource(nameof(s_failed))]
    public void What_failed_is_told(string name, string[] failed) => Assert.That(Failures(name), Is.EqualTo(failed));

    [Test]
    public void The_session_that_takes_anothers_place_counts()
    {
        ConnectionDelta[] connections = [.. Read("reinstated.pcap").Connections.OrderBy(c => c.Connection.Opened)];
        Assert.That(connections.Select(c => c.Total[Fact.Reinstatements]), Is.EqualTo((long[])[0, 1]));
        Assert.That(connections.Select(c => c.Connection.PortalGroup), Is.All.EqualTo(1));
    }

    [Test]
    public void A_discovery_has_logouts_but_no_reinstatement()
    {
        ConnectionDelta[] connections = [.. Read("discovery.pcap").Connections];
        Assert.That(connections.Sum(c => c.Total[Fact.Logouts]), Is.EqualTo(Corpus.Expected("discovery.pcap")[0x06].Pdus));
        Assert.That(connections.Sum(c => c.Total[Fact.Reinstatements]), Is.Zero);
    }

    [TestCase("reads.pcap")]
    [TestCase("writes.pcapng")]
    [TestCase("qemu.pcapng")]
    public void Sizes_are_the_bytes_moved(string name)
    {
        Snapshot snapshot = Read(name);
        foreach (bool writes in new[] { false, true })
        {
            CellDelta[] cells = [.. snapshot.Cells.Where(c => c.Cell.Kind == (writes ? Iscsitop.Target.Scsi.CommandKind.Write : Iscsitop.Target.Scsi.CommandKind.Read))];
            Pattern sum = new();
            foreach (PatternDelta p in snapshot.Patterns.Where(p => p.Key.Writes == writes)) sum.Add(p.Pattern);
            Assert.That(sum.Count, Is.EqualTo(cells.Sum(c => c.Cell.Started)));
            long least = 0, most = 0;
            for (int i = 0; i < Pattern.SizeClasses; i++) (least, most) = (least + (sum.Sizes[i] << i), most + (sum.Sizes[i] << i + 1));
            Assert.That(cells.Sum(c => c.Cell.ReadBytes + c.Cell.WriteBytes), Is.InRange(least, most));
        }
    }
}
