using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class CorrelatorTests
{
    private const byte F = BhsFlags.Final;
    private const byte S = BhsFlags.Final | BhsFlags.Status;

    private static long Us(long ns) => ns < 0 ? ns : ns / 1000;

    [Test]
    public void A_read_with_status_in_its_last_data_has_the_marks_of_a_read()
    {
        Script s = new Script().At(100).Read(7, 12288)
            .At(150).DataIn(7, 8192)
            .At(180).DataIn(7, 4096, S, offset: 8192);
        CompletedCommand c = s.Last;
        Assert.Multiple(() =>
        {
            Assert.That(Us(c.Latency), Is.EqualTo(80));
            Assert.That(Us(c.FirstByte), Is.EqualTo(50));
            Assert.That(Us(c.Transfer), Is.EqualTo(30));
            Assert.That(Us(c.Service), Is.EqualTo(50));
            Assert.That(c.R2tWait, Is.EqualTo(-1));
            Assert.That(c.HostData, Is.EqualTo(-1));
            Assert.That(c.ReadBytes, Is.EqualTo(12288));
            Assert.That(c.WriteBytes, Is.Zero);
            Assert.That(c.ExpectedLength, Is.EqualTo(12288));
            Assert.That(c.CmdSn, Is.EqualTo(1007));
            Assert.That(c.Itt, Is.EqualTo(7));
            Assert.That(c.Time, Is.EqualTo(180_000));
            Assert.That(c.CdbSpan[0], Is.EqualTo(Events.Read10));
            Assert.That(c.CdbLength, Is.EqualTo(16));
            Assert.That(c.Status, Is.EqualTo(ScsiStatus.Good));
            Assert.That(c.Response, Is.Zero);
        });
    }

    [Test]
    public void A_status_stamped_before_its_command_takes_no_time_back()
    {
        var script = new Script();
        script.At(1000).Read(1, 512);
        script.At(400).Response(1);
        script.At(1000).Read(2, 512);
        script.At(1300).Response(2);
        Assert.That((script.TheCell.OutstandingTime, script.TheCell.Outstanding), Is.EqualTo((300_000L, 0L)));
        Assert.That(script.Units.Total.BusyTime(1_300_000), Is.EqualTo(300_000));
        Assert.That(script.Done.Select(c => c.Latency), Is.EqualTo((long[])[0, 300_000]));
    }

    [Test]
    public void A_write_by_one_R2T_has_the_marks_of_a_write()
    {
        Script s = new Script().At(0).Write(7, 16384, immediate: 8192)
            .At(20).R2t(7, 1, 8192, 8192)
            .At(50).DataOut(7, 1, 4096, final: false)
            .At(60).DataOut(7, 1, 4096)
            .At(95).Response(7);
        CompletedCommand c = s.Last;
        Assert.Multiple(() =>
        {
            Assert.That(Us(c.Latency), Is.EqualTo(95));
            Assert.That(Us(c.R2tWait), Is.EqualTo(20));
            Assert.That(Us(c.HostData), Is.EqualTo(40));
            Assert.That(Us(c.Service), Is.EqualTo(35));
            Assert.That(c.Transfer, Is.EqualTo(-1));
            Assert.That(c.FirstByte, Is.EqualTo(-1));
            Assert.That(c.WriteBytes, Is.EqualTo(16384));
            Assert.That(c.R2ts, Is.EqualTo(1));
        });
    }

    [Test]
    public void Overlapping_R2Ts_count_the_union_of_their_times()
    {
        Script s = new Script().At(0).Write(7, 3 * 4096)
            .At(10).R2t(7, 1, 0, 4096)
            .At(15).R2t(7, 2, 4096, 4096)
            .At(30).DataOut(7, 2, 4096)       // answered out of order
            .At(40).DataOut(7, 1, 4096)       // 10 … 40 is one stretch
            .At(60).R2t(7, 3, 8192, 4096)
            .At(65).DataOut(7, 3, 4096)       // and 60 … 65 another
            .At(70).Response(7);
        Assert.Multiple(() =>
        {
            Assert.That(Us(s.Last.HostData), Is.EqualTo(35));
            Assert.That(Us(s.Last.R2tWait), Is.EqualTo(10));
            Assert.That(Us(s.Last.Service), Is.EqualTo(5));
            Assert.That(s.Last.R2ts, Is.EqualTo(3));
            Assert.That(s.Last.WriteBytes, Is.EqualTo(3 * 4096));
        });
    }

    [Test]
    public void A_burst_ends_with_its_last_byte_even_without_the_final_bit()
    {
        Script s = new Script().At(0).Write(7, 8192).At(10).R2t(7, 1, 0, 8192)
            .At(20).DataOut(7, 1, 4096, final: false)
            .At(30).DataOut(7, 1, 4096, final: false)
            .At(50).Response(7);
        Assert.That(Us(s.Last.HostData), Is.EqualTo(20));
        Assert.That(Us(s.Last.Service), Is.EqualTo(20));
    }

    [Test]
    public void More_R2Ts_at_once_than_are_followed_do_no_harm()
    {
        Script s = new Script().At(0).Write(7, 1 << 20).At(10);
        for (uint i = 0; i < 2 * PendingTask.MaxR2ts; i++) s.R2t(7, i, i * 4096, 4096);
        s.At(20);
        for (uint i = 0; i < 2 * PendingTask.MaxR2ts; i++) s.DataOut(7, i, 4096);
        s.At(30).Response(7);
        Assert.That(Us(s.Last.HostData), Is.EqualTo(10));
        Assert.That(s.Last.WriteBytes, Is.EqualTo(2 * PendingTask.MaxR2ts * 4096));
    }

    [Test]
    public void A_write_with_immediate_and_unsolicited_data_waits_for_no_R2T()
    {
        Script s = new Script().At(0).Write(7, 12288, immediate: 4096)
            .At(10).DataOut(7, Events.NoTtt, 4096, final: false, offset: 4096)
            .At(20).DataOut(7, Events.NoTtt, 4096, offset: 8192)
            .At(50).Response(7);
        Assert.Multiple(() =>
        {
            Assert.That(s.Last.WriteBytes, Is.EqualTo(12288));
            Assert.That(s.Last.R2tWait, Is.EqualTo(-1));
            Assert.That(s.Last.HostData, Is.EqualTo(-1));
            Assert.That(Us(s.Last.Service), Is.EqualTo(30));
        });
    }

    [Test]
    public void Status_residual_and_sense_come_from_the_response()
    {
        const string sense = "700005000000000a00000000240000000000";
        Script s = new Script().At(0).Read(7, 4096).At(9).Response(7, ScsiStatus.CheckCondition, 0x82, 4096, sense);
        CompletedCommand c = s.Last;
        Assert.That(c.Status, Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That(c.Residual, Is.EqualTo(4096));
        Assert.That(c.SenseLength, Is.EqualTo(18));
        Assert.That(Convert.ToHexStringLower(((ReadOnlySpan<byte>)c.Sense)[..18]), Is.EqualTo(sense));
        Assert.That(s.TheCell.Errors, Is.EqualTo(1));
        Assert.That(s.TheCell.Completed, Is.EqualTo(1));
    }

    [TestCase(0x81, 0)]
    [TestCase(0x83, 512)]
    [TestCase(0x85, -512)]
    public void Residual_comes_from_the_last_data_too(byte flags, long residual)
    {
        Script s = new Script().At(0).Read(7, 4096).At(9).DataIn(7, 4096, flags, residual: 512);
        Assert.That(s.Last.Residual, Is.EqualTo(residual));
    }

    [Test]
    public void Condition_met_is_no_error_and_a_target_failure_is()
    {
        Script s = new Script().Command(1, 0x34, 0).Response(1, ScsiStatus.ConditionMet);
        Assert.That(s.TheCell.Errors, Is.Zero);
        s.Command(2, 0x34, 0).Response(2, ScsiStatus.Good, response: 1);
        Assert.That(s.TheCell.Errors, Is.EqualTo(1));
        Assert.That(s.Last.Response, Is.EqualTo(1));
    }

    [Test]
    public void The_tail_continues_the_CDB()
    {
        ProbeEvent e = Events.Command(0, 1, 0, 7, 0x7f, 0);
        for (int i = 0; i < 20; i++) e.Tail[i] = (byte)(100 + i);
        e.TailLength = 20;
        Script s = new Script().Fire(e).Response(7);
        Assert.That(s.Last.CdbLength, Is.EqualTo(32));
        Assert.That(s.Last.CdbSpan[16], Is.EqualTo(100));
        Assert.That(s.Last.CdbSpan[31], Is.EqualTo(115));
    }

    [Test]
    public void A_tag_used_again_starts_from_nothing()
    {
        Script s = new Script().At(0).Write(7, 8192, immediate: 100).At(5).R2t(7, 1, 0, 8192).At(9).DataOut(7, 1, 8192)
            .At(10).Response(7, ScsiStatus.CheckCondition, sense: "70000b")
            .At(20).Read(7, 512).At(24).DataIn(7, 512, S);
        CompletedCommand c = s.Last;
        Assert.Multiple(() =>
        {
            Assert.That(c.WriteBytes, Is.Zero);
            Assert.That(c.R2ts, Is.Zero);
            Assert.That(c.R2tWait, Is.EqualTo(-1));
            Assert.That(c.HostData, Is.EqualTo(-1));
            Assert.That(c.SenseLength, Is.Zero);
            Assert.That(c.Sense[0], Is.Zero);
            Assert.That(Us(c.Latency), Is.EqualTo(4));
            Assert.That(Us(c.Service), Is.EqualTo(4));
        });
    }

    [Test]
    public void A_tag_used_while_in_flight_aborts_the_old_command()
    {
        Script s = new Script().At(0).Read(7, 512).At(10).ReadNumbered(7, 1008).At(12).DataIn(7, 512, S);
        Assert.That(s.Done, Has.Count.EqualTo(2));
        Assert.That(s.Done[0].Response, Is.EqualTo(Correlator.NoStatus));
        Assert.That(s.Done[0].Latency, Is.EqualTo(-1));
        Assert.That(Us(s.Last.Latency), Is.EqualTo(2));
        Assert.That((s.TheCell.Started, s.TheCell.Completed, s.TheCell.Aborted, s.TheCell.Outstanding), Is.EqualTo((2L, 1L, 1L, 0L)));
    }

    [Test]
    public void A_duplicate_disturbs_neither_its_task_nor_the_counts()
    {
        Script s = new Script().At(0).Read(7, 512).At(10).Read(7, 512).At(12).DataIn(7, 512, S);
        Assert.That(Us(s.Last.Latency), Is.EqualTo(12));
        s.At(20).ReadNumbered(9, 0x80000100).At(30).ReadNumbered(9, 0xffffff00);
        Assert.That((s.TheCell.Started, s.TheCell.Completed, s.TheCell.Aborted, s.TheCell.Outstanding), Is.EqualTo((1L, 1L, 0L, 0L)), "numbers below ExpCmdSN are ignored as the target ignores them");
    }

    [Test]
    public void The_same_tag_on_two_connections_is_two_commands()
    {
        Script s = new Script().At(0).Read(7, 512);
        s.Connection = 2;
        s.At(1).Write(7, 512, 512).At(5).Response(7);
        s.Connection = 1;
        s.At(9).DataIn(7, 512, S);
        Assert.That(s.Done.Select(c => (c.Connection, Us(c.Latency))), Is.EqualTo(new[] { (2u, 4L), (1u, 9L) }));
    }

    [Test]
    public void Abort_task_ends_the_task_it_names()
    {
        Script s = new Script().Read(1, 512).Read(2, 512).Manage(9, TaskFunction.AbortTask, 2);
        Assert.That(s.Done, Is.Empty);
        s.Managed(9);
        Assert.That(s.Done.Single().Itt, Is.EqualTo(2));
        Assert.That(s.TheCell.Outstanding, Is.EqualTo(1));
    }

    [Test]
    public void A_function_that_failed_ends_nothing()
    {
        Script s = new Script().Read(1, 512).Manage(9, TaskFunction.AbortTask, 1).Managed(9, TaskFunctionResponse.TaskDoesNotExist).DataIn(1, 512, S);
        Assert.That(s.TheCell.Aborted, Is.Zero);
        Assert.That(s.TheCell.Completed, Is.EqualTo(1));
    }

    [TestCase(TaskFunction.AbortTaskSet, new uint[] { 1 })]
    [TestCase(TaskFunction.ClearTaskSet, new uint[] { 1, 4 })]
    [TestCase(TaskFunction.LogicalUnitReset, new uint[] { 1, 4 })]
    [TestCase(TaskFunction.TargetWarmReset, new uint[] { 1, 2, 4 })]
    public void A_function_takes_with_it_what_the_RFC_says(TaskFunction function, uint[] aborted)
    {
        Script s = new Script { Lun = 5 };
        s.At(0).Read(1, 512);
        s.Lun = 6;
        s.Read(2, 512);
        (s.Lun, s.Connection) = (5, 2);
        s.Read(4, 512);
        s.Connection = 1;
        s.At(1).Manage(9, function).At(2).Read(3, 512).At(3).Managed(9);    // 3 came after the request
        Assert.That(s.Done.Select(c => c.Itt).Order(), Is.EqualTo(aborted));
        Assert.That(s.Done.Select(c => c.Response), Is.All.EqualTo(Correlator.NoStatus));
    }

    [Test]
    public void Abort_task_set_reaches_the_other_connections_of_its_session()
    {
        Script s = new Script();
        s.Correlator.Connect(new ConnectionInfo(1, "t", "a", "iqn.t", "iqn.i", "400000000001", 5, 0));
        s.Correlator.Connect(new ConnectionInfo(2, "t", "b", "iqn.t", "iqn.i", "400000000001", 5, 1));
        s.Correlator.Connect(new ConnectionInfo(3, "t", "c", "iqn.t", "iqn.i", "400000000002", 6, 0));
        foreach (uint connection in new uint[] { 1, 2, 3 })
        {
            s.Connection = connection;
            s.Read(connection, 512);
        }
        s.Connection = 1;
        s.At(1).Manage(9, TaskFunction.AbortTaskSet).Managed(9);
        Assert.That(string.Join(' ', s.Done.Select(c => c.Itt).Order()), Is.EqualTo("1 2"));
    }

    [Test]
    public void Logout_and_the_end_of_a_connection_end_its_commands()
    {
        Script s = new Script().Read(1, 512).Read(2, 512).Logout(3);
        Assert.That(s.Done, Has.Count.EqualTo(2));
        s.Connection = 2;
        s.At(10).Read(1, 512);
        s.Correlator.Close(2, 20_000);
        Assert.That(s.Last.Time, Is.EqualTo(20_000));
        Assert.That(s.Cells.All.Select(c => (c.Cell.Aborted, c.Cell.Outstanding)), Is.EquivalentTo(new[] { (2L, 0L), (1L, 0L) }));
        s.Read(9, 512);
        Assert.That(s.Cells.All.Sum(c => c.Cell.Started), Is.EqualTo(3), "a connection that is over begins nothing");
    }

    [Test]
    public void A_command_that_began_before_we_looked_counts_nowhere_but_as_unmatched()
    {
        Script s = new Script().DataIn(1, 512).DataIn(1, 512, S).R2t(2, 1, 0, 512).DataOut(2, 1, 512).Response(2);
        Assert.That(s.Correlator.Unmatched, Is.EqualTo(2));
        Assert.That(s.Done, Is.Empty);
        Assert.That(s.Cells.All, Is.Empty);
    }

    [Test]
    public void Too_many_tasks_push_the_oldest_out()
    {
        Script s = new Script(maxTasks: 2).At(0).Read(1, 512).At(1).Read(2, 512).At(2).Read(3, 512).At(9).DataIn(1, 512, S).DataIn(3, 512, S);
        Assert.That(s.Correlator.Lost, Is.EqualTo(1));
        Assert.That(s.Correlator.Unmatched, Is.EqualTo(1));
        Assert.That((s.TheCell.Started, s.TheCell.Completed, s.TheCell.Outstanding), Is.EqualTo((3L, 1L, 1L)));
    }

    [Test]
    public void What_lost_its_status_is_given_up()
    {
        Script s = new Script().At(0).Read(1, 512).At(50).Read(2, 512);
        s.Correlator.GiveUpBefore(40_000);
        Assert.That(s.Correlator.Lost, Is.EqualTo(1));
        Assert.That(s.TheCell.Outstanding, Is.EqualTo(1));
        Assert.That(s.Units.Total.Outstanding, Is.EqualTo(1));
    }

    [Test]
    public void Starting_clean_forgets_commands_and_counters()
    {
        Script s = new Script().Read(1, 512).Manage(9, TaskFunction.AbortTask, 1);
        s.Correlator.Clear(100_000);
        s.At(200).Managed(9).DataIn(1, 512, S);
        Assert.That(s.Cells.All, Is.Empty);
        Assert.That(s.Units.Total.Outstanding, Is.Zero);
        Assert.That(s.Correlator.Unmatched, Is.EqualTo(1));
    }

    [Test]
    public void Cells_keep_the_phases_that_apply_and_the_bytes_that_moved()
    {
        Script s = new Script().At(0).Read(1, 4096).At(8).DataIn(1, 4096, S).At(10).Write(2, 512).At(20).R2t(2, 1, 0, 512).At(50).DataOut(2, 1, 512).At(60).Response(2);
        Cell read = s.Cells.All[0].Cell;
        Cell write = s.Cells.All[1].Cell;
        Assert.Multiple(() =>
        {
            Assert.That((read.Kind, read.Key.Operation, read.ReadBytes, read.WriteBytes), Is.EqualTo((CommandOf(Events.Read10), (ushort)0x2800, 4096L, 0L)));
            Assert.That((write.ReadBytes, write.WriteBytes), Is.EqualTo((0L, 512L)));
            Assert.That(Phases(read), Is.EqualTo(new[] { Phase.Latency, Phase.Service, Phase.Transfer, Phase.FirstByte }));
            Assert.That(Phases(write), Is.EqualTo(new[] { Phase.Latency, Phase.Service, Phase.R2tWait, Phase.HostData }));
            Assert.That(write.Of(Phase.HostData)!.Sum, Is.EqualTo(30_000));
        });
    }

    [Test]
    public void The_outstanding_integral_is_exact_also_when_events_come_late()
    {
        Script s = new Script().At(0).Read(1, 512).At(10).Read(2, 512).At(30).DataIn(1, 512, S).At(25).DataIn(2, 512, S);
        Assert.That(s.TheCell.OutstandingTime, Is.EqualTo((30 + 15) * 1000));
    }

    [Test]
    public void Xfer_probes_come_in_pairs_for_each_buffer()
    {
        Script s = new Script().At(0).Write(1, 20480, immediate: 4096)
            .At(1).DataOut(1, Events.NoTtt, 2048, final: false, offset: 4096).At(2).DataOut(1, Events.NoTtt, 2048, offset: 6144)
            .At(3).R2t(1, 8, 8192, 8192).At(4).R2t(1, 9, 16384, 4096).At(5).DataOut(1, 8, 8192).At(6).Response(1, ScsiStatus.Busy)
            .At(10).Read(2, 8192).At(11).DataIn(2, 2048).At(12).DataIn(2, 2048, F, 2048).At(13).DataIn(2, 4096, S, 4096);
        Assert.That(string.Join('\n', s.Xfers), Is.EqualTo("""
            0 xfer-start W 0+4096 #1
            0 xfer-done W 0+4096 #1
            1 xfer-start W 4096+4096 #2
            2 xfer-done W 4096+4096 #2
            3 xfer-start W 8192+8192 #3
            4 xfer-start W 16384+4096 #4
            5 xfer-done W 8192+8192 #3
            6 xfer-done W 16384+4096 #4
            11 xfer-start R 0+4096 #5
            12 xfer-done R 0+4096 #5
            13 xfer-start R 4096+4096 #6
            13 xfer-done R 4096+4096 #6
            """));
    }

    [Test]
    public void An_aborted_command_ends_its_transfers()
    {
        Script s = new Script().At(0).Write(1, 512).At(1).R2t(1, 8, 0, 512).At(2).Manage(9, TaskFunction.AbortTask, 1).At(3).Managed(9);
        Assert.That(string.Join(", ", s.Xfers), Is.EqualTo("1 xfer-start W 0+512 #1, 3 xfer-done W 0+512 #1"));
    }

    private static CommandKind CommandOf(byte opcode) => Command.Find([opcode, 0, 0, 0, 0, 0, 0, 0, 0, 0])?.Kind ?? CommandKind.Other;

    private static IEnumerable<Phase> Phases(Cell cell) => Enum.GetValues<Phase>().Where(p => cell.Of(p) is { Count: > 0 });
}
