using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class TaskLogTests
{
    private Script _script = null!;

    [SetUp]
    public void SetUp() => _script = new Script { Lun = 4 };

    private TaskEntry this[int id] => _script.Correlator.Tasks.All.ToArray().Single(t => t.Id == id);

    private static ConnectionInfo Ended(uint id, long us) => new(id, "", "", "t", "i") { Closed = us * 1000 };

    private Script Log(uint connection, long us)
    {
        _script.Connection = connection;
        ProbeEvent e = Events.Of(Opcode.LoginResponse, us * 1000, connection, Lun.Unknown, 1, 0x87);
        return _script.Fire(e);
    }

    private void End(uint connection, long us)
    {
        SessionEnd end = _script.Correlator.Freeze(connection, us * 1000)!;
        _script.Correlator.Close(connection, us * 1000);
        _script.Correlator.Explain(end, Ended(connection, us), 2, 3);
    }

    [Test]
    public void An_abort_tells_what_it_was_about()
    {
        _script.At(10).Write(7, 4096).At(20).Read(8, 512).At(5020).Manage(9, TaskFunction.AbortTask, 7).At(5030).Managed(9);
        Assert.That(this[1] is { Time: 5020_000, Lun: 4, Function: TaskFunction.AbortTask, Referenced: 7, Operation: 0x2a00, Age: 5010_000, Hit: 1 });
        Assert.That((this[1].Response, this[1].Elapsed, this[1].After), Is.EqualTo((0, 10_000L, TaskAftermath.None)));
    }

    [Test]
    public void An_abort_of_nothing_known_has_neither_age_nor_operation()
    {
        _script.At(20).Read(8, 512).At(30).Manage(9, TaskFunction.AbortTask, 7).At(31).Managed(9, TaskFunctionResponse.TaskDoesNotExist);
        Assert.That((this[1].Operation, this[1].Age, this[1].Hit, this[1].Response), Is.EqualTo(((ushort)0, -1L, 0, 1)));
    }

    [Test]
    public void A_reset_hits_all_tasks_of_the_unit_and_tells_the_oldest()
    {
        _script.At(10).Write(7, 4096).At(20).Read(8, 512);
        _script.Connection = 2;
        _script.At(5).Read(1, 512);
        _script.Lun = 5;
        _script.At(1).Read(2, 512);
        _script.Lun = 4;
        _script.At(105).Manage(9, TaskFunction.LogicalUnitReset).At(106).Manage(10, TaskFunction.TargetWarmReset).At(107).Manage(11, TaskFunction.AbortTaskSet);
        Assert.That((this[1].Operation, this[1].Age, this[1].Hit, this[1].Lun), Is.EqualTo(((ushort)0x2800, 100_000L, 3, 4ul)));
        Assert.That((this[2].Age, this[2].Hit, this[2].Lun, this[2].Referenced), Is.EqualTo((105_000L, 4, Lun.Unknown, Pdu.ReservedTag)));
        Assert.That(this[3].Hit, Is.EqualTo(1), "an abort stays within its session");
    }

    [Test]
    public void Where_one_direction_was_captured_nothing_is_known()
    {
        _script.Correlator.Connect(new ConnectionInfo(1, "", "") { OneSided = true });
        _script.At(10).Read(7, 4096).At(20).Manage(9, TaskFunction.AbortTask, 7);
        Assert.That((this[1].Age, this[1].Hit), Is.EqualTo((-1L, -1)));
    }

    [Test]
    public void It_recovers_with_a_command_that_began_later_and_ended_GOOD()
    {
        _script.At(10).Read(7, 512).At(20).Read(6, 512).At(21).Manage(9, TaskFunction.AbortTask, 7).Managed(9);
        _script.At(22).Response(6);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.None), "of before");
        _script.At(23).Read(5, 512).At(24).Response(5, ScsiStatus.CheckCondition);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.None), "an error");
        _script.Lun = 3;
        _script.At(25).Read(5, 512).At(26).Response(5);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.None), "another unit");
        _script.Lun = 4;
        _script.At(27).Read(5, 512).At(28).Response(5);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.Recovered));
        _script.At(30).Manage(10, TaskFunction.LogicalUnitReset);
        Assert.That((this[1].After, this[2].After), Is.EqualTo((TaskAftermath.Recovered, TaskAftermath.None)), "what comes later is another story");
    }

    [Test]
    public void After_a_reset_of_the_target_a_command_of_any_of_its_units_recovers()
    {
        _script.At(10).Manage(9, TaskFunction.TargetWarmReset);
        _script.Lun = 77;
        _script.At(20).Read(1, 512).DataIn(1, 512, 0x81);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.Recovered));
    }

    [Test]
    public void Stronger_requests_escalate()
    {
        _script.At(10).Manage(1, TaskFunction.AbortTask, 7).At(11).Manage(2, TaskFunction.AbortTaskSet).At(20).Manage(3, TaskFunction.LogicalUnitReset);
        Assert.That((this[1].After, this[2].After, this[3].After), Is.EqualTo((TaskAftermath.Escalated, TaskAftermath.Escalated, TaskAftermath.None)));
        _script.Lun = 0;
        _script.At(30).Manage(4, TaskFunction.LogicalUnitReset);
        Assert.That(this[3].After, Is.EqualTo(TaskAftermath.None), "of another unit");
        _script.At(40).Manage(5, TaskFunction.TargetWarmReset).At(50).Manage(6, TaskFunction.TargetColdReset);
        Assert.That((this[3].After, this[4].After, this[5].After), Is.EqualTo((TaskAftermath.Escalated, TaskAftermath.Escalated, TaskAftermath.Escalated)));
    }

    [Test]
    public void The_end_of_the_connection_and_the_next_login_are_told()
    {
        _script.At(10).Manage(1, TaskFunction.LogicalUnitReset);
        End(1, 20);
        Assert.That((this[1].After, this[1].Connection.Closed), Is.EqualTo((TaskAftermath.ConnectionEnded, 20_000L)));
        Log(2, 30);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.LoggedInAgain));
    }

    [Test]
    public void An_end_that_is_noticed_late_came_first_all_the_same()
    {
        _script.At(10).Manage(1, TaskFunction.LogicalUnitReset);
        Log(2, 30);
        _script.At(40).Read(5, 512).At(41).Response(5);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.Recovered));
        End(1, 20);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.LoggedInAgain));
        End(2, 50);
        Assert.That(this[1].After, Is.EqualTo(TaskAftermath.LoggedInAgain));
    }

    [Test]
    public void An_answer_goes_to_the_newest_request_of_its_tag_and_connection()
    {
        _script.At(10).Manage(1, TaskFunction.AbortTaskSet).At(20).Manage(1, TaskFunction.AbortTaskSet);
        _script.Connection = 2;
        _script.At(30).Managed(1);
        Assert.That((this[1].Response, this[2].Response), Is.EqualTo((-1, -1)));
        _script.Connection = 1;
        _script.At(31).Managed(1);
        Assert.That((this[1].Response, this[2].Response), Is.EqualTo((-1, 0)));
    }

    [Test]
    public void A_flood_of_requests_keeps_the_last()
    {
        for (uint i = 1; i <= 1000; i++) _script.At(i).Manage(i, TaskFunction.AbortTask, 7);
        TaskEntry[] all = _script.Correlator.Tasks.All.ToArray();
        Assert.That(all, Has.Length.EqualTo(TaskLog.Most));
        Assert.That(all.Min(t => t.Id), Is.EqualTo(1000 - TaskLog.Most + 1));
        _script.Correlator.Clear(0);
        _script.At(2000).Manage(1, TaskFunction.AbortTask, 7);
        Assert.That(_script.Correlator.Tasks.All.ToArray().Where(t => t.Id != 0).Select(t => t.Id), Is.EqualTo(new[] { 1001L }));
    }
}
