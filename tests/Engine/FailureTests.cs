using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

/// <summary>What goes wrong is counted where it belongs, by kind.</summary>
[TestFixture]
public sealed class FailureTests
{
    private const byte Underflow = BhsFlags.Final | BhsFlags.Underflow, Overflow = BhsFlags.Final | BhsFlags.Overflow;
    private const string Fixed = "70000600000000000000000029000000", Descriptor = "72052400", Short = "7000";

    private Script _script = null!;

    [SetUp]
    public void SetUp() => _script = new Script { Lun = 3 };

    private string[] Told => [.. _script.Correlator.Failures.All.Select(f => $"{f.Key.Kind} {f.Key.Code:x} lun {(long)f.Key.Lun} op {f.Key.Operation:x4} x{f.Count}")];

    [TestCase(ScsiStatus.CheckCondition, Fixed, 0x02062900u)]
    [TestCase(ScsiStatus.CheckCondition, Descriptor, 0x02052400u)]
    [TestCase(ScsiStatus.CheckCondition, Short, 0x02000000u)]
    [TestCase(ScsiStatus.CheckCondition, "", 0x02000000u)]
    [TestCase(ScsiStatus.Busy, "", 0x08000000u)]
    [TestCase(ScsiStatus.ReservationConflict, "", 0x18000000u)]
    [TestCase(ScsiStatus.TaskSetFull, "", 0x28000000u)]
    public void A_status_counts_with_its_sense_data(ScsiStatus status, string sense, uint code)
    {
        for (uint i = 1; i <= 2; i++) _script.At(10 * i).Read(i, 512).At(10 * i + 5).Response(i, status, sense: sense);
        Assert.That(Told, Is.EqualTo(new[] { $"Status {code:x} lun 3 op 2800 x2" }));
        FailureState state = _script.Correlator.Failures.All[0];
        Assert.That((state.First, state.Last, state.Key.Connection), Is.EqualTo((15_000L, 25_000L, 1u)));
    }

    [Test]
    public void What_ends_well_does_not_count()
    {
        _script.Read(1, 512).Response(1).Read(2, 512).Response(2, ScsiStatus.ConditionMet, Underflow, 12);
        Assert.That(Told, Is.Empty);
    }

    [Test]
    public void Residuals_count_of_commands_that_ended_GOOD()
    {
        _script.Read(1, 512).Response(1, flags: Underflow, residual: 12)
            .Read(2, 512).Response(2, flags: Overflow, residual: 12)
            .Read(3, 512).DataIn(3, 100, Underflow | BhsFlags.Status, residual: 412)
            .Read(4, 512).Response(4, ScsiStatus.Busy, Underflow, 512);
        Assert.That(Told, Is.EquivalentTo(new[] { "Residual 0 lun 3 op 2800 x2", "Residual 1 lun 3 op 2800 x1", "Status 8000000 lun 3 op 2800 x1" }));
    }

    [Test]
    public void A_response_hides_the_status()
    {
        _script.Read(1, 512).Response(1, ScsiStatus.CheckCondition, response: 1);
        Assert.That(Told, Is.EqualTo(new[] { "Response 1 lun 3 op 2800 x1" }));
    }

    [Test]
    public void Commands_without_a_status_say_why()
    {
        _script.At(1).Read(1, 512).Manage(9, TaskFunction.AbortTask, 1).Managed(9)
            .At(2).Write(2, 512).Logout(8)
            .At(3).ReadNumbered(3, 500).At(4).Write(3, 512).At(5).Response(3)
            .At(6).Read(4, 512);
        _script.Correlator.GiveUpBefore(7_000);
        _script.At(8).Read(5, 512);
        _script.Correlator.Close(1, 9_000);
        Assert.That(Told, Is.EquivalentTo(new[]
        {
            "NoStatus 0 lun 3 op 2800 x1", "NoStatus 1 lun 3 op 2a00 x1", "NoStatus 2 lun 3 op 2800 x2", "NoStatus 1 lun 3 op 2800 x1",
        }));
    }

    [Test]
    public void Logins_and_messages_count_with_what_they_say()
    {
        Answer(Opcode.LoginResponse, 0x0203_0000);
        Answer(Opcode.LoginResponse, 0x0101_0000);
        Answer(Opcode.LoginResponse, 0x0000_0000);
        Answer(Opcode.AsyncMessage, 0x0100_0000, Fixed);
        Answer(Opcode.AsyncMessage, 0x0000_0000, "700006000000000000000000 2a09".Replace(" ", "", StringComparison.Ordinal));
        Assert.That(Told, Is.EqualTo(new[] { "Login 203 lun -1 op 0000 x1", "Async 10000 lun -1 op 0000 x1", "Async 2a09 lun 3 op 0000 x1" }));
        Assert.That(_script.Correlator.Trackers[0].Facts[Fact.Redirections], Is.EqualTo(1));
    }

    [Test]
    public void Faults_are_failures()
    {
        byte[] command = new byte[48];
        (command[0], command[9], command[32], command[33]) = ((byte)Opcode.ScsiCommand, 5, 0x9e, 0x10);
        _script.Correlator.Take(Fault.Reject(1, 10, 4, command));
        _script.Correlator.Take(Fault.Reject(1, 10, 9, command.AsSpan(0, 20)));
        _script.Correlator.Take(new Fault(FaultKind.HeaderDigest, 1, 10));
        _script.Correlator.Take(new Fault(FaultKind.DataDigest, 1, 10));
        _script.Correlator.TakeLost(FaultKind.Reject, 0, 10);
        _script.Correlator.TakeLost(FaultKind.DataDigest, 7, 10);
        Assert.That(Told, Is.EqualTo(new[]
        {
            "Reject 4 lun 5 op 9e10 x1", "Reject 9 lun -1 op 0000 x1", "Digest 0 lun -1 op 0000 x1", "Digest 1 lun -1 op 0000 x1",
            "Digest ffffffff lun -1 op 0000 x7",
        }));
    }

    [Test]
    public void Beyond_the_bound_they_count_by_connection_and_kind_and_then_by_kind()
    {
        var table = new FailureTable(new CellTable());
        int asked = 0;
        table.MakeRoom = _ => asked++;
        for (uint i = 0; i < 10_000; i++) table.Add(new FailureKey(i, 0, 0x2800, FailureKind.Status, i), i);
        Assert.That(table.All, Has.Count.EqualTo(FailureTable.Capacity - 7), "one of the eight kinds is there");
        Assert.That(table.All.Sum(f => f.Count), Is.EqualTo(10_000));
        Assert.That(table.All.Count(f => f.Key.Code == FailureKey.Others), Is.EqualTo(FailureTable.Capacity - 7 - FailureTable.MostExact));
        FailureState rest = table.All.Single(f => f.Key.Connection == 0 && f.Key.Code == FailureKey.Others);
        Assert.That((rest.Key.Kind, rest.Last), Is.EqualTo((FailureKind.Status, 9_999L)));
        Assert.That(asked, Is.GreaterThan(0));
        table.Forget(connection => connection > 1, long.MaxValue);
        Assert.That(table.All.Select(f => f.Key.Connection), Is.EquivalentTo((uint[])[0, 0, 1]));
    }

    [Test]
    public void What_somebody_has_not_seen_is_not_forgotten()
    {
        var cells = new CellTable();
        var table = new FailureTable(cells);
        table.Add(new FailureKey(1, 0, 0x2800, FailureKind.Status, 1), 1);
        long seen = cells.Version;
        table.Add(new FailureKey(2, 0, 0x2800, FailureKind.Status, 1), 1);
        table.Forget(_ => true, seen);
        Assert.That(table.All.Single().Key.Connection, Is.EqualTo(2));
        table.Add(new FailureKey(1, 0, 0x2800, FailureKind.Status, 1), 5);
        Assert.That(table.All.Select(f => f.Count), Is.EqualTo((long[])[1, 1]), "it begins anew");
    }

    private void Answer(Opcode opcode, uint at36, string tail = "")
    {
        ProbeEvent e = Events.Of(opcode, 1000, 1, 3, 1);
        Events.Put(ref e, 36, at36);
        byte[] bytes = Convert.FromHexString(tail);
        bytes.CopyTo((Span<byte>)e.Tail);
        e.TailLength = (byte)bytes.Length;
        _script.Fire(e);
    }
}
