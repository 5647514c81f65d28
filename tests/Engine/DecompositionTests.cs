using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class DecompositionTests
{
    private static readonly ConnectionInfo s_connection = new(1, "l", "r", "t", "i", "isid", 1);

    private static Cell Cell(CommandKind kind, long n, params (Phase Phase, long Ns)[] phases)
    {
        var cell = new Cell { Key = new CellKey(1, 0, 0x2800), Kind = kind, Completed = n };
        foreach ((Phase phase, long ns) in phases)
            for (long i = 0; i < n; i++) cell.Ensure(phase).Add(ns);
        return cell;
    }

    [TestCase(99, 90, 0, 0, 0, PathEvidence.None, Verdict.None, Description = "too few")]
    [TestCase(100, 50, 0, 0, 0, PathEvidence.None, Verdict.Storage)]
    [TestCase(100, 20, 30, 50, 0, PathEvidence.Seen, Verdict.Storage)]
    [TestCase(100, 49, 0, 0, 0, PathEvidence.None, Verdict.None, Description = "nobody has half of it")]
    [TestCase(100, 10, 0, 60, 0, PathEvidence.None, Verdict.HostOrNetwork)]
    [TestCase(100, 10, 0, 60, 0, PathEvidence.Seen, Verdict.Host)]
    [TestCase(100, 10, 0, 60, 0, PathEvidence.Seen | PathEvidence.Trouble, Verdict.Network)]
    [TestCase(100, 10, 0, 20, 50, PathEvidence.Seen, Verdict.Network)]
    [TestCase(100, 80, 0, 0, 0, PathEvidence.Seen | PathEvidence.Trouble, Verdict.Storage)]
    public void Who_keeps_commands_waiting(int n, int service, int r2t, int host, int transfer, PathEvidence evidence, Verdict expected)
    {
        var phases = new Decomposition { Evidence = evidence };
        phases.Add(Cell(CommandKind.Write, n, (Phase.Latency, 100_000), (Phase.Service, service * 1000), (Phase.R2tWait, r2t * 1000), (Phase.HostData, host * 1000), (Phase.Transfer, transfer * 1000)));
        Assert.That(phases.Verdict, Is.EqualTo(expected));
    }

    [Test]
    public void Shares_are_of_the_latency_and_means_of_the_commands_that_have_the_phase()
    {
        var phases = new Decomposition();
        phases.Add(Cell(CommandKind.Read, 10, (Phase.Latency, 100_000), (Phase.Service, 60_000), (Phase.Transfer, 40_000), (Phase.FirstByte, 55_000)));
        phases.Add(Cell(CommandKind.Write, 10, (Phase.Latency, 300_000), (Phase.Service, 100_000)));
        Assert.Multiple(() =>
        {
            Assert.That(phases.Count, Is.EqualTo(20));
            Assert.That(phases.Share(Phase.Service), Is.EqualTo(0.4));
            Assert.That(phases.Share(Phase.Transfer), Is.EqualTo(0.1));
            Assert.That(phases.Mean(Phase.FirstByte), Is.EqualTo(55_000));
            Assert.That(phases.Mean(Phase.HostData), Is.NaN);
            Assert.That(new Decomposition().Share(Phase.Service), Is.NaN);
        });
    }

    [TestCase(-1, 0, 0, 0, PathEvidence.None, Description = "no packets")]
    [TestCase(1_000_000, 1000, 0, 0, PathEvidence.Seen)]
    [TestCase(1_000_000, 1001, 0, 0, PathEvidence.Seen | PathEvidence.Trouble)]
    [TestCase(1_000_000, 0, 1, 0, PathEvidence.Seen | PathEvidence.Trouble)]
    [TestCase(1_000_000, 0, 0, 1, PathEvidence.Seen | PathEvidence.Trouble)]
    public void A_roll_up_tells_what_packets_told_of_the_connections_behind_a_row(long bytes, long resent, long acks, long windows, PathEvidence expected)
    {
        var engine = new EngineStatus { Pid = 1, Seconds = 1 };
        var snapshot = new Snapshot { Seconds = 1 };
        var connection = new ConnectionDelta { Connection = s_connection, Engine = engine };
        connection.Facts.Begin();
        (connection.Facts[Fact.BytesToTarget], connection.Facts[Fact.ResentToTarget]) = (bytes, resent);
        (connection.Facts[Fact.DelayedAcks], connection.Facts[Fact.ZeroWindows]) = (acks, windows);
        snapshot.Connections.Add(connection);
        snapshot.Cells.Add(new CellDelta { Cell = Cell(CommandKind.Write, 1, (Phase.Latency, 1000)), Connection = s_connection, Engine = engine });
        var rollup = new Rollup(Dimensions.Initiator, Joins.Evidence);
        rollup.Build(snapshot);
        Assert.That(rollup.Rows.Single().Phases.Evidence, Is.EqualTo(expected));
    }
}
