using Iscsitop.Engine.D;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.D;

/// <summary>Firings, clauses, headings, timers, exit and faults.</summary>
[TestFixture]
public sealed class RunTests
{
    [Test]
    public void Clauses_count_events_by_client_and_probe()
    {
        var run = new Running("iscsi*:::{ @[args[0]->ci_remote, probename] = count(); }").Begin();
        run.Command().Command(2).Response();
        Assert.That(run.Aggregations(), Is.EqualTo(
            "\n  192.0.2.7                                           scsi-response                                                     1\n"
            + "  192.0.2.7                                           scsi-command                                                      2\n"));
    }

    [Test]
    public void A_latency_is_paired_through_an_associative_array()
    {
        var run = new Running("""
            iscsi*:::scsi-command { start[args[1]->ii_itt, args[0]->ci_remote] = timestamp; }
            iscsi*:::scsi-response /start[args[1]->ii_itt, args[0]->ci_remote]/
            { printf("%d;", timestamp - start[args[1]->ii_itt, args[0]->ci_remote]); start[args[1]->ii_itt, args[0]->ci_remote] = 0; }
            """).Begin();
        run.At(100).Command(1).At(120).Command(2).At(150).Response(2).At(170).Response(1).Response(1).Response(9);
        Assert.That(run.Output, Is.EqualTo("30;70;"));
        Assert.That(run.Session.Machine.Dynamic.Count, Is.Zero);
    }

    [Test]
    public void What_records_has_a_heading_and_a_line()
    {
        var run = new Running("BEGIN { trace(1); } iscsi7:::scsi-command { x = 1; @ = count(); } iscsi7:::scsi-command { printf(\"a\"); printf(\"b\"); }", new DOptions()).Begin();
        run.Command();
        Assert.That(run.Output, Is.EqualTo(
            "CPU     ID                    FUNCTION:NAME\n"
            + "  0      1                           :BEGIN         1\n"
            + "  0      5             receive:scsi-command ab\n"));
    }

    [Test]
    public void The_default_action_is_the_probe_s_line()
    {
        var run = new Running("scsi-command", new DOptions()).Begin().Command();
        Assert.That(run.Output, Does.EndWith("  0      5             receive:scsi-command \n"));
    }

    [Test]
    public void Each_description_is_a_clause_and_they_run_in_order()
    {
        var run = new Running("scsi-command, iscsi*:::scsi-* { printf(\"a\"); } scsi-command { printf(\"b\"); }").Begin().Command();
        Assert.That(run.Output, Is.EqualTo("aab"));
        Assert.That(run.Program.Matched(0), Is.EqualTo(4));
        Assert.That(run.Program.Events, Is.EqualTo(Probe.ScsiCommand.Bit() | Probe.ScsiResponse.Bit()));
    }

    [Test]
    public void Exit_ends_a_firing_after_its_clause_and_END_runs()
    {
        var run = new Running("scsi-command { printf(\"a\"); exit(3); printf(\"b\"); } scsi-command { printf(\"c\"); } END { printf(\"e\"); } END { printf(\"f\"); }").Begin();
        run.Command().Command().End();
        Assert.That(run.Output, Is.EqualTo("abef"));
        Assert.That((run.Session.Exited, run.Session.ExitStatus), Is.EqualTo((true, 3)));
    }

    [Test]
    public void Every_missed_tick_fires_at_its_time()
    {
        var run = new Running("tick-1s { printf(\"%d \", timestamp / 1000000000); } tick-2s { printf(\"two \"); } scsi-command { printf(\"c \"); }").Begin();
        run.At(2_500_000_000).Command().Advance(4_000_000_000);
        Assert.That(run.Output, Is.EqualTo("1 2 two c 3 4 two "));
    }

    [Test]
    public void A_fault_takes_back_what_was_printed_and_fires_ERROR()
    {
        var run = new Running("scsi-command { printf(\"lost\"); zero = 0; printf(\"%d\", 1 / zero); printf(\"never\"); } scsi-command { printf(\"on\"); } ERROR { printf(\"%d %d %d;\", arg1, arg2, arg4); }").Begin().Command();
        Assert.That(run.Output, Is.EqualTo("1 3 4;on"));
        Assert.That(run.Errors, Is.EqualTo(new[] { "error on enabled probe ID 1 (ID 5: iscsi7:iscsitop:receive:scsi-command): divide-by-zero in action #3 at DIF offset 0" }));
    }

    [Test]
    public void A_predicate_may_fault()
    {
        var run = new Running("BEGIN / *(char *)16 == 0 / { printf(\"a\"); }").Begin();
        Assert.That(run.Errors.Single(), Does.EndWith("invalid address (0x10) in predicate at DIF offset 0"));
    }

    [Test]
    public void This_is_of_a_firing_and_self_of_a_connection()
    {
        var run = new Running("scsi-command { this->n++; self->n++; } scsi-command { printf(\"%d %d;\", this->n, self->n); }").Begin();
        run.Command().Command().Command(connection: Running.Connection with { Id = 6 });
        Assert.That(run.Output, Is.EqualTo("1 1;1 2;1 1;"));
    }

    [Test]
    public void Dynamic_variables_are_bounded_and_drops_counted()
    {
        var run = new Running("scsi-command { a[args[1]->ii_itt] = timestamp; }", new DOptions { Quiet = true, DynVarSize = 1024 }).Begin(1);
        run.At(5);
        for (uint i = 0; i < 100; i++) run.Command(i);
        Assert.That(run.Session.Machine.Dynamic.Count + run.Session.DynamicDrops, Is.EqualTo(100));
        Assert.That(run.Session.DynamicDrops, Is.GreaterThan(80));
    }

    [Test]
    public void Output_beyond_bufsize_is_dropped_and_counted()
    {
        var run = new Running("scsi-command { printf(\"0123456789\"); }", new DOptions { Quiet = true, BufSize = 25 }).Begin();
        run.Command().Command().Command();
        Assert.That((run.Output.Length, run.Session.OutputDrops), Is.EqualTo((20, 1L)));
    }

    [Test]
    public void Engines_that_come_are_matched()
    {
        var options = new DOptions { Quiet = true, ZDefs = true };
        var run = new Running("iscsi8:::scsi-command { printf(\"%d \", args[1]->ii_itt); }", options).Begin();
        Assert.That(run.Program.Matched(0), Is.Zero);
        Assert.That(run.Program.Events, Is.EqualTo(Probe.ScsiCommand.Bit()));
        run.Catalog.AddEngine(8);
        run.Program.MatchNew();
        run.Command(4);
        run.Fire(Iscsitop.Tests.Engine.Events.Command(0, 5, 0, 6, 0x28, 0), instance: 8);
        Assert.That(run.Output, Is.EqualTo("6 "));
    }
}
