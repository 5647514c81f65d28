using Iscsitop.Cli;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Cli;

/// <summary>What only some operations and initiators have.</summary>
[TestFixture]
public sealed class OperationColumnsTests
{
    [TestCase(0, "UNMAP,500,250,1000")]
    [TestCase(1, "UNMAP,,250,")]
    public void An_unmap_has_blocks_while_all_lists_were_seen(int unseen, string expected)
    {
        Snapshot s = Samples.Two();
        s.Cells.Add(Samples.Delta(Samples.Connection, 0, Reclaimed.Operation, CommandKind.Other, 3, 0, 1_000_000));
        Reclaimed reclaimed = s.Cells[^1].Cell.EnsureReclaimed();
        (reclaimed.Blocks, reclaimed.Descriptors, reclaimed.Unseen) = (1000, 4, unseen);
        Assert.That(Lines(s, "opcode", "op", "unmap_blocks_per_s", "unmap_descriptor_blocks", "unmap_blocks"), Is.EquivalentTo((string[])["READ(10),,,", "WRITE(10),,,", expected]));
    }

    [Test]
    public void Only_compare_and_write_has_a_share_of_miscompares()
    {
        Snapshot s = Samples.Two();
        s.Cells.Add(Samples.Delta(Samples.Connection, 0, 0x8900, CommandKind.Write, 8, 512, 1_000_000));
        Fail(0x8900, 0x020e1d00, 2);
        Fail(0x8900, 0x02062900, 5);
        Fail(0x2a00, 0x020e1d00, 1);
        Assert.That(Lines(s, "opcode", "op", "miscompare_pct"), Is.EquivalentTo((string[])["READ(10),", "WRITE(10),", "COMPARE AND WRITE,25"]));
        s.OfCommands = true;
        Assert.That(Lines(s, "opcode", "op", "miscompare_pct"), Has.Member("COMPARE AND WRITE,"), "of some commands only");

        void Fail(ushort operation, uint code, long count) => s.Failures.Add(new FailureDelta
        {
            Key = new FailureKey(1, 0, operation, FailureKind.Status, code),
            Connection = Samples.Connection,
            Engine = Samples.Engine,
            Count = count,
            Total = count,
        });
    }

    [Test]
    public void The_depth_of_an_initiator_is_known_while_one_engine_saw_all_of_it()
    {
        Snapshot s = Samples.Two();
        ConnectionInfo idle = Samples.Connection with { Id = 2, Initiator = "iqn.idle" };
        s.Connections.Add(new ConnectionDelta { Connection = idle, Engine = Samples.Engine });
        s.Initiators.Add(new InitiatorDelta(Samples.Connection.Initiator, Samples.Engine, 9));
        Assert.That(Depths(RowFilter.None), Is.EquivalentTo((string[])[Samples.Connection.Initiator + ",9", "iqn.idle,"]));
        Assert.That(Depths(new RowFilter([], [], ["*host"])), Has.Member(Samples.Connection.Initiator + ",9"));
        Assert.That(Depths(new RowFilter([0], [], [])), Has.Member(Samples.Connection.Initiator + ","), "of one unit nobody knows it");
        s.Initiators.Add(new InitiatorDelta(Samples.Connection.Initiator, new EngineStatus { Pid = 7 }, 3));
        Assert.That(Depths(RowFilter.None), Has.Member(Samples.Connection.Initiator + ","), "two engines");
        s.Initiators.Clear();
        Assert.That(Depths(RowFilter.None), Is.EquivalentTo((string[])[Samples.Connection.Initiator + ",", "iqn.idle,"]), "as in a recording that has none");

        string[] Depths(RowFilter filter) => Lines(s, Samples.Fields(OutputFormat.Csv, "initiator", "initiator", "queue_depth_max") with { Filter = filter });
    }

    private static string[] Lines(Snapshot s, string view, params string[] fields) => Lines(s, Samples.Fields(OutputFormat.Csv, view, fields));

    private static string[] Lines(Snapshot s, TopOptions options) =>
        [.. Samples.Written(options, s).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => l[(l.IndexOf(',', StringComparison.Ordinal) + 1)..])];
}
