using CsCheck;
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
    public void Empty_braces_are_the_default_action()
    {
        Assert.That(new Running("BEGIN { }", new DOptions()).Begin().Output, Does.EndWith("  0      1                           :BEGIN \n"));
        Assert.That(new Running("BEGIN { x = 1; @ = count(); }", new DOptions()).Begin().Output, Is.Empty);
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

    [TestCase("iscsi8:::data-send { }", true)]
    [TestCase("iscsi:::data-send { }", true)]
    [TestCase("isc*:::data-send { }", true)]
    [TestCase("data-send { }", true)]
    [TestCase("cifs:::data-send { }", false)]
    [TestCase("http*:::data-send { }", false)]
    [TestCase("iscsix:::data-send { }", false)]
    [TestCase("iscsi8:::nothing { }", false)]
    public void Probes_of_engines_that_may_come_are_asked_for(string program, bool asked)
    {
        DProgram compiled = DProgram.Compile([new DSource { Text = program }], new DOptions { ZDefs = true }, new ProbeCatalog());
        Assert.That(compiled.Events, Is.EqualTo(asked ? Probe.DataSend.Bit() : 0));
    }

    [Test]
    public void Several_sources_are_one_program()
    {
        var run = new Running("BEGIN { x = 3; @ = sum(1); }", sources: ["BEGIN { x++; @ = sum(2); printf(\"%d\", x); }"]).Begin();
        Assert.That(run.Output, Is.EqualTo("4"));
        Assert.That((run.Program.Matched(0), run.Program.Matched(1)), Is.EqualTo((1, 1)));
        Assert.That(run.Aggregations(), Is.EqualTo("\n                3\n"));
    }

    [Test]
    public void A_fault_in_ERROR_fires_no_other()
    {
        var run = new Running("BEGIN { trace(*(int *)8); } ERROR { printf(\"%d %x\", arg4, arg5); } ERROR { trace(*(int *)16); }").Begin();
        Assert.That(run.Output, Is.EqualTo("1 8"));
        Assert.That(run.Errors, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_tick_has_the_wall_s_time_too_and_may_be_far_away()
    {
        var run = new Running("tick-1s { printf(\"%d %d;\", timestamp, walltimestamp - timestamp); } tick-100000d { printf(\"never\"); }");
        run.Session.Begin(long.MaxValue / 2, 0);
        run.Session.Advance((long.MaxValue / 2) + 1_500_000_000, (long.MaxValue / 2) + 1_500_000_005);
        Assert.That(run.Output, Is.EqualTo("4611686019427387903 5;"));
    }

    [Test]
    public void Aggregations_are_bounded_and_drops_counted()
    {
        var run = new Running("#pragma D option aggsize=1k\nscsi-command { @[args[1]->ii_itt] = count(); }").Begin();
        for (uint i = 0; i < 100; i++) run.Command(i);
        Assert.That(run.Session.AggregationDrops, Is.InRange(50, 99));
    }

    [Test]
    public void Setopt_takes_effect_at_once()
    {
        var run = new Running("BEGIN { trace(1); } BEGIN { setopt(\"quiet\"); } BEGIN { trace(2); }", new DOptions()).Begin();
        Assert.That(run.Output, Does.EndWith("  0      1                           :BEGIN \n2"));
    }

    [Test]
    public void The_begin_may_exit()
    {
        var run = new Running("BEGIN { exit(1); } BEGIN { printf(\"no\"); } scsi-command { printf(\"no\"); } tick-1s { printf(\"no\"); } END { printf(\"end\"); }").Begin();
        run.Command().Advance(5_000_000_000).End();
        Assert.That((run.Output, run.Session.ExitStatus), Is.EqualTo(("end", 1)));
    }

    [Test]
    public void A_probe_s_own_variables_say_where_it_is()
    {
        var run = new Running("scsi-command { printf(\"%s:%s:%s:%s %d %d %d %d %d\", probeprov, probemod, probefunc, probename, epid, id, pid, tid, walltimestamp - timestamp); }").Begin().Command();
        Assert.That(run.Output, Is.EqualTo("iscsi7:iscsitop:receive:scsi-command 1 5 7 5 1000000"));
    }

    // What a program that is written at random may do: be refused with a message, or run. Never anything else.
    [Test]
    public void Whatever_is_written_is_refused_or_runs()
    {
        string[] words = ["BEGIN", "scsi-command", "{", "}", "/", "(", ")", "x", "self->y", "this->z", "a[1]", "=", "+=", "++", "1", "0", "\"s\"", ";", "@", "@a[x]", "count()", "quantize(x)",
            "printf(\"%d\", x)", "printa(@a)", "trace(x)", "args[1]->ii_itt", "*args[2]->ic_cdb", "args[0]", "&", "*", "-", "?", ":", "==", "alloca(8)", "(int *)", "(char)", "strjoin(\"a\", \"b\")",
            "substr(\"abc\", x, -1)", "lltostr(x, 3)", "strtok(NULL, \",\")", "exit(0)", "inline int q = 3;", "struct s { int a; };", "(struct s *)", "->a", "sizeof", "stringof", ",", "%", "<<", "timestamp", "NULL", "tick-1s"];
        int ran = 0;
        Gen.Int[0, words.Length - 1].Array[1, 12].Sample(chosen =>
        {
            string body = string.Join(' ', chosen.Select(i => words[i]));
            foreach (string program in new[] { body, $"scsi-command {{ x = 1; @a[x] = count(); {body}; }}" })
            {
                try
                {
                    var run = new Running(program).Begin().Command().Advance(3_000_000_000).End();
                    run.Aggregations();
                    Interlocked.Increment(ref ran);
                }
                catch (DCompileException)
                {
                }
            }
        }, iter: 20_000);
        Assert.That(ran, Is.GreaterThan(100));
    }
}
