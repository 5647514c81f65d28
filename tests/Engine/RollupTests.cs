using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class RollupTests
{
    private readonly EngineStatus _engine = new() { Pid = 1, Seconds = 2 };

    [Test]
    public void Rates_are_over_the_measured_time_and_mean_size_is_not()
    {
        var rollup = new Rollup(Dimensions.Target | Dimensions.Lun);
        rollup.Build(Snapshot(Delta(1, "i1", 0, CommandKind.Read, 10, 40960), Delta(1, "i1", 0, CommandKind.Write, 5, 5120)));
        Row row = rollup.Rows.Single();
        Assert.Multiple(() =>
        {
            Assert.That(row.Read.OpsPerSecond, Is.EqualTo(5));
            Assert.That(row.Write.BytesPerSecond, Is.EqualTo(2560));
            Assert.That(row.Read.Bytes / row.Read.Ops, Is.EqualTo(4096), "whatever the interval");
            Assert.That(row.Ops, Is.EqualTo(15));
            Assert.That(row.QueueDepth, Is.EqualTo(3).Within(1e-9));
            Assert.That(row.Seconds, Is.EqualTo(2));
        });
    }

    [Test]
    public void Initiators_and_paths_are_counted_once_and_only_when_they_did_something()
    {
        var rollup = new Rollup(Dimensions.Target | Dimensions.Lun);
        rollup.Build(Snapshot(
            Delta(1, "i1", 0, CommandKind.Read, 1, 1), Delta(1, "i1", 0, CommandKind.Write, 1, 1), Delta(2, "i1", 0, CommandKind.Read, 1, 1),
            Delta(3, "i2", 0, CommandKind.Read, 1, 1), Delta(4, "i3", 0, CommandKind.Read, 0, 0)));
        Row row = rollup.Rows.Single();
        Assert.That((row.Initiators, row.Paths), Is.EqualTo((2, 3)));
    }

    [Test]
    public void Shares_are_of_what_was_kept_and_nothing_has_no_share()
    {
        var rollup = new Rollup(Dimensions.Lun);
        Snapshot snapshot = Snapshot(Delta(1, "i", 0, CommandKind.Read, 3, 300), Delta(1, "i", 1, CommandKind.Read, 1, 100), Delta(1, "j", 2, CommandKind.Read, 9, 900));
        rollup.Build(snapshot, d => d.Connection.Initiator == "i");
        Assert.That(rollup.Rows.Select(r => (r.Lun, r.ShareOfBytes, r.ShareOfOps)), Is.EquivalentTo(((ulong, double, double)[])[(0, 0.75, 0.75), (1, 0.25, 0.25)]));
        rollup.Build(Snapshot(Delta(1, "i", 0, CommandKind.Other, 0, 0)));
        Assert.That(rollup.Rows.Single().ShareOfBytes, Is.NaN);
    }

    [Test]
    public void Engines_that_have_one_process_id_are_told_apart()
    {
        Snapshot snapshot = Snapshot(Delta(1, "i", 0, CommandKind.Read, 3, 300));
        var other = new EngineStatus { Pid = _engine.Pid, Seconds = 2 };
        CellDelta first = snapshot.Cells[0];
        var second = new CellDelta { Cell = new Iscsitop.Engine.Cell { Key = first.Cell.Key, Kind = CommandKind.Read, Completed = 4 }, Connection = first.Connection, Engine = other };
        snapshot.Cells.Add(second);
        snapshot.Connections.Add(new ConnectionDelta { Connection = first.Connection, Engine = _engine });
        snapshot.Connections.Add(new ConnectionDelta { Connection = second.Connection, Engine = other });
        var rollup = new Rollup(Dimensions.Connection);
        for (int i = 0; i < 2; i++) rollup.Build(snapshot);
        Assert.That(rollup.Rows.Select(r => r.Ops), Is.EqualTo((long[])[3, 4]));
        Assert.That(rollup.Total.Ops, Is.EqualTo(7));
    }

    [Test]
    public void A_unit_that_did_nothing_is_a_row_of_measured_zeros()
    {
        Snapshot snapshot = Snapshot();
        snapshot.Units.Add(new UnitDelta { Target = "t", Lun = 5, Engine = _engine, Name = "idle" });
        var rollup = new Rollup(Dimensions.Target | Dimensions.Lun);
        rollup.Build(snapshot);
        Row row = rollup.Rows.Single();
        Assert.That((row.Lun, row.Unit!.Name, row.Ops, row.QueueDepth, row.Seconds), Is.EqualTo((5ul, "idle", 0L, 0.0, 2.0)));
    }

    [Test]
    public void A_queue_depth_is_never_below_zero()
    {
        CellDelta delta = Delta(1, "i", 0, CommandKind.Read, 3, 300);
        delta.Cell.OutstandingTime = -1000;
        var rollup = new Rollup(Dimensions.Lun);
        rollup.Build(Snapshot(delta));
        Assert.That((rollup.Rows.Single().QueueDepth, rollup.Total.QueueDepth), Is.EqualTo((0.0, 0.0)));
    }

    [Test]
    public void Before_anything_was_measured_the_queue_depth_is_unknown()
    {
        _engine.Seconds = 0;
        var rollup = new Rollup(Dimensions.Lun);
        rollup.Build(Snapshot(Delta(1, "i", 0, CommandKind.Read, 3, 300)));
        Assert.That(rollup.Rows.Single().QueueDepth, Is.NaN);
        Assert.That(rollup.Total.Read.OpsPerSecond, Is.Zero);
        _engine.Seconds = 2;
    }

    [TestCase(Dimensions.None, 1)]
    [TestCase(Dimensions.Initiator, 2)]
    [TestCase(Dimensions.Operation, 2)]
    [TestCase(Dimensions.Initiator | Dimensions.Operation, 3)]
    [TestCase(Dimensions.Session, 3)]
    public void Rows_are_told_apart_by_any_dimensions(Dimensions dimensions, int rows)
    {
        var rollup = new Rollup(dimensions);
        Snapshot snapshot = Snapshot(Delta(1, "i", 0, CommandKind.Read, 1, 1), Delta(2, "i", 0, CommandKind.Write, 1, 1), Delta(3, "j", 0, CommandKind.Read, 1, 1));
        rollup.Build(snapshot);
        rollup.Build(snapshot);
        Assert.That(rollup.Rows, Has.Count.EqualTo(rows));
        Assert.That(rollup.Rows.Sum(r => r.Ops), Is.EqualTo(3));
        Assert.That(rollup.Total.Ops, Is.EqualTo(3));
    }

    [Test]
    public void Connections_are_rows_with_their_own_cells_whether_they_did_something_or_not()
    {
        var rollup = new Rollup(Dimensions.Connection);
        Snapshot snapshot = Snapshot(Delta(1, "i", 0, CommandKind.Read, 3, 300), Delta(1, "i", 1, CommandKind.Write, 1, 100), Delta(9, "x", 0, CommandKind.Read, 5, 50));
        foreach (uint id in (uint[])[1, 2])
            snapshot.Connections.Add(new ConnectionDelta { Connection = new ConnectionInfo(id, "l", "r", "t", $"i{id}"), Engine = _engine });
        for (int i = 0; i < 2; i++)
        {
            rollup.Build(snapshot);
            Assert.That(rollup.Rows.Select(r => (r.Connection!.Connection.Id, r.Initiator, r.Ops, r.Seconds)),
                Is.EqualTo(((uint, string, long, double)[])[(1, "i1", 4, 2), (2, "i2", 0, 2)]));
        }
        Assert.That(rollup.Total.Ops, Is.EqualTo(9), "what no row is there for is in the total");
        snapshot.Connections[1].Connection = snapshot.Connections[1].Connection with { Initiator = "named later" };
        rollup.Build(snapshot);
        Assert.That(rollup.Rows[1].Initiator, Is.EqualTo("named later"));
        Assert.That(rollup.Known, Is.EqualTo(2));
    }

    [Test]
    public void Rows_that_are_gone_leave_no_memory_behind()
    {
        var rollup = new Rollup(Dimensions.Initiator);
        for (uint i = 0; i < 1000; i++) rollup.Build(Snapshot(Delta(i, $"i{i}", 0, CommandKind.Read, 1, 1)));
        Assert.That(rollup.Rows.Single().Initiator, Is.EqualTo("i999"));
        Assert.That(rollup.Known, Is.LessThan(100));
        Assert.That(rollup.KnownConnections, Is.LessThan(100));
    }

    [Test]
    public void The_cells_of_a_row_are_those_that_it_counted()
    {
        Snapshot snapshot = Snapshot(Delta(1, "i", 0, CommandKind.Read, 3, 300), Delta(1, "i", 1, CommandKind.Write, 1, 100), Delta(2, "j", 0, CommandKind.Read, 5, 50), Delta(3, "k", 0, CommandKind.Write, 7, 70));
        var all = new Rollup(Dimensions.None);
        var units = new Rollup(Dimensions.Target | Dimensions.Lun) { Beside = all };
        var operations = new Rollup(Dimensions.Operation) { Beside = all };
        for (int i = 0; i < 2; i++)
        {
            units.Build(snapshot, d => d.Connection.Initiator != "k", all, d => d.Cell.Key.Lun == 0);
            Assert.That((units.Total.Ops, all.Total.Ops, all.Rows.Single().Ops), Is.EqualTo((9L, 15L, 15L)));
            operations.Build(snapshot, units, units.Rows.Single(r => r.Lun == 0));
            Assert.That(operations.Rows.Select(r => (r.Operation, r.Ops, r.Paths)), Is.EqualTo(((ushort, long, int)[])[(0x2800, 8, 2)]));
            Assert.That((operations.Total.Ops, operations.Total.Initiators), Is.EqualTo((8L, 2)));
            operations.Build(snapshot, units, null);
            Assert.That((operations.Total.Ops, operations.Rows.Count), Is.EqualTo((0L, 0)));
        }
        snapshot.Cells[0].Connection = snapshot.Cells[0].Connection with { Initiator = "named later" };
        var initiators = new Rollup(Dimensions.Initiator) { Beside = all };
        initiators.Build(snapshot);
        Assert.That(initiators.Rows.Select(r => r.Initiator), Is.EquivalentTo((string[])["named later", "i", "j", "k"]));
    }

    private Snapshot Snapshot(params CellDelta[] deltas)
    {
        var snapshot = new Snapshot { Seconds = _engine.Seconds };
        snapshot.Cells.AddRange(deltas);
        snapshot.Engines.Add(_engine);
        return snapshot;
    }

    private CellDelta Delta(uint connection, string initiator, ulong lun, CommandKind kind, long ops, long bytes)
    {
        var cell = new Cell
        {
            Key = new CellKey(connection, lun, (ushort)(kind == CommandKind.Write ? 0x2a00 : 0x2800)),
            Kind = kind,
            Started = ops,
            Completed = ops,
            OutstandingTime = 3_000_000_000,
        };
        if (kind == CommandKind.Write) cell.WriteBytes = bytes;
        else cell.ReadBytes = bytes;
        return new CellDelta
        {
            Cell = cell,
            Engine = _engine,
            Connection = new ConnectionInfo(connection, "l", $"r{connection}", "t", initiator, $"40000000000{connection}", 1),
        };
    }
}
