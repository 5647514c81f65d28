using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Findings;

/// <summary>Each rule where it holds, and just where it does not.</summary>
[TestFixture]
public sealed class RuleTests
{
    private Traffic _t = null!;

    [SetUp]
    public void SetUp() => _t = new Traffic();

    private void Expect(params string[] rules) => Assert.That(_t.Rules, Is.EqualTo(rules), string.Join('\n', _t.Findings));

    [TestCase(8192u, 262144u, 100, 32768, true)]
    [TestCase(8192u, 262144u, 99, 32768, false)]
    [TestCase(8192u, 262144u, 100, 16384, false)]
    [TestCase(16384u, 262144u, 100, 131072, false)]
    public void Small_segments_matter_for_large_reads(uint initiator, uint target, int n, int bytes, bool found)
    {
        _t.Do(_t.Connect(new SessionParameters(InitiatorMaxRecv: initiator, TargetMaxRecv: target)), 0, Traffic.Read10, n, bytes, 1);
        _t.Go();
        Expect(found ? ["small_data_segments"] : []);
        if (found) Assert.That(_t.The("small_data_segments").Evidence, Is.EqualTo("the initiator takes 8192 bytes a PDU, so that reads of 32.8 kB (n 100) take 4.00 each"));
    }

    [Test]
    public void Small_segments_of_the_target_matter_for_writes()
    {
        _t.Do(_t.Connect(), 0, Traffic.Write10, 100, 65536, 1);
        Assert.That(_t.Go().The("small_data_segments").Evidence, Does.StartWith("the target takes 8192"));
    }

    // LAT 2 ms of which R2W and HST take so much.
    [TestCase(false, true, 4096, 0.3, 0.3, "immediate_data_off")]
    [TestCase(false, true, 4096, 0.1, 0.05, "")]
    [TestCase(true, true, 262144, 0.5, 0.1, "initial_r2t")]
    [TestCase(true, true, 262144, 0.3, 0.1, "")]
    [TestCase(true, false, 262144, 0.5, 0.1, "")]
    public void What_writes_wait_for_shows_what_parameters_cost(bool immediate, bool initialR2t, int bytes, double r2t, double data, string rule)
    {
        _t.Do(_t.Connect(new SessionParameters(ImmediateData: immediate, InitialR2T: initialR2t, TargetMaxRecv: 65536)), 0, Traffic.Write10, 200, bytes, 2, r2t, data);
        _t.Go();
        Expect(rule.Length > 0 ? [rule] : []);
    }

    [TestCase(16384u, 0.5, true)]
    [TestCase(65536u, 0.5, false)]
    [TestCase(16384u, 0.1, false)]
    public void A_small_first_burst_makes_writes_wait(uint firstBurst, double r2t, bool found)
    {
        _t.Do(_t.Connect(new SessionParameters(InitialR2T: false, FirstBurstLength: firstBurst, TargetMaxRecv: 65536)), 0, Traffic.Write10, 200, 131072, 2, r2t, 0.1);
        _t.Go();
        Expect(found ? ["small_first_burst"] : []);
    }

    [TestCase(65536u, 1, 4, 1.5, "small_max_burst")]
    [TestCase(262144u, 1, 4, 1.5, "one_outstanding_r2t")]
    [TestCase(262144u, 1, 3, 1.5, "")]
    [TestCase(262144u, 8, 4, 1.5, "")]
    [TestCase(65536u, 1, 4, 0.9, "")]
    public void Bursts_one_after_another_cost_round_trips(uint maxBurst, int outstanding, int r2ts, double data, string rule)
    {
        uint a = _t.Connect(new SessionParameters(MaxBurstLength: maxBurst, MaxOutstandingR2T: (ushort)outstanding, TargetMaxRecv: 262144));
        _t.Do(a, 0, Traffic.Write10, 150, 1 << 20, 4, 0.1, data);
        _t.Go(1, (a, Fact.R2ts, 150 * r2ts));
        Expect(rule.Length > 0 ? [rule] : []);
    }

    [Test]
    public void Digests_are_missed_where_the_network_loses()
    {
        uint a = _t.Connect();
        _t.Go(1, (a, Fact.BytesToTarget, 10_000_000), (a, Fact.ResentToTarget, 100_000));
        Expect("retransmits", "no_digests");
        Assert.That(_t.The("retransmits").Evidence, Is.EqualTo("100 kB of 10.0 MB to the target sent again (1.00 %)"));
    }

    [TestCase(60_000, 10_000_000)]
    [TestCase(100_000, 200_000_000)]
    public void A_few_retransmits_are_none(long resent, long all)
    {
        uint a = _t.Connect();
        _t.Go(1, (a, Fact.BytesToTarget, all), (a, Fact.ResentToTarget, resent));
        Expect();
    }

    [Test]
    public void Digest_errors_end_sessions_without_recovery()
    {
        uint a = _t.Connect(new SessionParameters(DataDigest: true)), b = _t.Connect(new SessionParameters(DataDigest: true, ErrorRecoveryLevel: 1), "iqn.2026-11.example:b");
        _t.Go(1, (a, Fact.DataDigestErrors, 2), (b, Fact.HeaderDigestErrors, 1));
        Expect("digest_errors", "error_recovery_level_0");
        Assert.That(_t.The("error_recovery_level_0").Initiator, Is.EqualTo(Traffic.Host));
    }

    [TestCase(150, true)]
    [TestCase(50, false)]
    public void A_closed_window_matters_when_commands_wait(int ms, bool found)
    {
        uint a = _t.Connect();
        _t.Go(1, (a, Fact.WindowClosed, 900_000_000), (a, Fact.WindowStalled, ms * 1_000_000L));
        Expect(found ? ["window_closed"] : []);
    }

    [TestCase(Fact.DelayedAcks, 5, "delayed_acks")]
    [TestCase(Fact.ZeroWindows, 3, "zero_windows")]
    [TestCase(Fact.NopsLost, 1, "pings_unanswered")]
    public void Facts_count(Fact fact, int least, string rule)
    {
        uint a = _t.Connect();
        _t.Go(1, (a, fact, least - 1));
        Expect();
        _t.Go(1, (a, fact, 1));
        Expect(rule);
    }

    [Test]
    public void A_ping_lost_because_its_connection_ended_is_no_finding_of_its_own()
    {
        uint a = _t.Connect();
        _t.End(a, ConnectionEnd.Logout);
        _t.Go(1, (a, Fact.NopsLost, 1));
        Expect();
    }

    [Test]
    public void A_conflict_names_holder_and_victim()
    {
        uint a = _t.Connect();
        _t.Snapshot.Reservations.Add(new ReservationState(Traffic.Target, 2, _t.Engine, ReservationKind.Persistent, 5, new Registrant("iqn.2026-11.example:other", "400000370000", 7), [], 3, _t.Snapshot.Time, true));
        _t.Fail(a, 2, FailureKind.Status, 0x18000000, 3, Traffic.Write10);
        _t.Go();
        Assert.That(_t.The("reservation_conflicts").Evidence, Is.EqualTo("3 commands in 1.00 s; 3 WRITE(10), held by iqn.2026-11.example:other 400000370000"));
        Assert.That(_t.The("reservation_conflicts").Initiator, Is.EqualTo(Traffic.Host));
    }

    [TestCase(0x28000000u, 20, "queue_full")]
    [TestCase(0x08000000u, 20, "queue_full")]
    [TestCase(0x18000000u, 3, "reservation_conflicts")]
    [TestCase(0x02031100u, 1, "medium_errors")]
    [TestCase(0x02044400u, 1, "hardware_errors")]
    [TestCase(0x020b4703u, 5, "aborted_commands")]
    [TestCase(0x02062900u, 5, "unit_attentions")]
    public void Statuses_count(uint code, int least, string rule)
    {
        uint a = _t.Connect();
        if (least > 1) _t.Fail(a, 0, FailureKind.Status, code, least - 1);
        _t.Go();
        Expect();
        _t.Fail(a, 0, FailureKind.Status, code, 1);
        _t.Go();
        Expect(rule);
    }

    [Test]
    public void A_miscompare_is_one_of_compare_and_write()
    {
        uint a = _t.Connect();
        _t.Fail(a, 0, FailureKind.Status, 0x020e1d00, 50, 0x2f00);
        _t.Go();
        Expect();
        _t.Fail(a, 0, FailureKind.Status, 0x020e1d00, 5, 0x8900);
        _t.Go();
        Expect("ats_miscompares");
    }

    [Test]
    public void A_scan_is_no_flood()
    {
        uint a = _t.Connect();
        for (ulong lun = 1; lun < 256; lun++) _t.Fail(a, lun, FailureKind.Status, 0x02052500, 1, 0x1200);
        _t.Go();
        Expect();
    }

    [Test]
    public void Asking_for_a_lun_that_is_not_there_on_and_on_is()
    {
        uint a = _t.Connect();
        for (int i = 0; i < 20; i++)
        {
            _t.Fail(a, 7, FailureKind.Status, 0x02052500, 4, 0x0000);
            _t.Go();
        }
        Assert.That(_t.The("unknown_luns").Evidence, Does.EndWith("to LUN 7"));
    }

    [Test]
    public void Login_failures_say_why()
    {
        uint a = _t.Connect();
        _t.Fail(a, ulong.MaxValue, FailureKind.Login, 0x0201, 2, 0);
        _t.Fail(a, ulong.MaxValue, FailureKind.Login, 0x0206, 3, 0);
        _t.Go();
        Expect("login_failures", "max_connections");
        Assert.That(_t.The("login_failures").Evidence, Is.EqualTo("5 logins in 1.00 s: 3 too many connections (0206h), 2 authentication failed (0201h)"));
    }

    [Test]
    public void Two_hosts_of_one_name_throw_each_other_out()
    {
        for (int i = 0; i < 4; i++)
        {
            uint id = _t.Connect(host: i % 2 == 0 ? "192.0.2.7" : "192.0.2.8", isid: "00023d000001");
            _t.Go(2);
            if (i < 3) _t.End(id, ConnectionEnd.Reinstated);
        }
        _t.Go();
        Expect("name_taken_over");
        Assert.That(_t.The("name_taken_over").Evidence, Does.StartWith("taken over 3 times among 192.0.2.7, 192.0.2.8"));
    }

    [Test]
    public void An_address_that_changed_once_is_none()
    {
        uint a = _t.Connect(host: "192.0.2.7", isid: "00023d000001");
        _t.Go();
        _t.Connect(host: "192.0.2.8", isid: "00023d000001");
        _t.End(a, ConnectionEnd.Reinstated);
        _t.Go();
        Expect();
    }

    [Test]
    public void A_port_that_logs_in_again_and_again()
    {
        for (int i = 0; i < 4; i++)
        {
            uint id = _t.Connect(isid: "00023d000001");
            _t.Go(2);
            if (i < 3) _t.End(id, ConnectionEnd.Reinstated);
            if (i == 2) Expect();
        }
        Expect("reinstatements");
    }

    [Test]
    public void Connections_that_end_soon_are_a_loop()
    {
        for (int i = 0; i < 5; i++)
        {
            uint id = _t.Connect();
            _t.Go(2);
            Expect();
            _t.End(id, ConnectionEnd.InitiatorFin);
        }
        _t.Go();
        Expect("reconnects");
    }

    [TestCase(5, true)]
    [TestCase(3, false)]
    public void Sessions_that_nobody_uses_are_leaked(int quiet, bool found)
    {
        for (int i = 0; i < 8; i++)
        {
            uint id = _t.Connect();
            if (i < quiet) _t.QuietSince(id, _t.Now - 700 * Traffic.Second);
        }
        _t.Go();
        Expect(found ? ["leaked_sessions"] : []);
    }

    [TestCase(ConnectionEnd.NopUnanswered, Severity.Problem)]
    [TestCase(ConnectionEnd.TaskEscalation, Severity.Problem)]
    [TestCase(ConnectionEnd.TargetReset, Severity.Warning)]
    public void A_drop_is_found_with_its_cause(ConnectionEnd end, Severity severity)
    {
        uint a = _t.Connect();
        _t.Go();
        _t.End(a, end);
        long at = _t.Snapshot.Time;
        _t.Go();
        Finding f = _t.The("session_drops");
        Assert.That((f.Severity, f.Evidence, f.First), Is.EqualTo((severity, "1 " + end.Name(), at)));
    }

    [TestCase(ConnectionEnd.Logout)]
    [TestCase(ConnectionEnd.LoginRejected)]
    [TestCase(ConnectionEnd.InitiatorFin)]
    public void An_end_that_lost_nothing_is_no_drop(ConnectionEnd end)
    {
        _t.End(_t.Connect(), end);
        _t.Go();
        Expect();
    }

    [Test]
    public void An_initiator_that_leaves_commands_behind_is_a_drop()
    {
        uint a = _t.Connect();
        _t.End(a, ConnectionEnd.InitiatorFin);
        _t.Snapshot.Ends.Add(new SessionEnd(_t.Info(a), _t.Engine, _t.Snapshot.Time, [], [], 3, 0, -1, -1, -1, -1, 0));
        _t.Go();
        Expect("session_drops");
    }

    [Test]
    public void One_name_from_several_addresses_may_be_one_host()
    {
        _t.Connect(host: "192.0.2.7");
        _t.Connect(host: "192.0.2.8");
        _t.Go();
        Expect("name_from_several_hosts");
        Assert.That(_t.Findings[0].Severity, Is.EqualTo(Severity.Notice));
        _t.Connect(new SessionParameters(InitiatorMaxRecv: 262144), host: "192.0.2.9");
        _t.Go();
        Assert.That(_t.Findings[0].Severity, Is.EqualTo(Severity.Warning));
    }

    [Test]
    public void Several_portals_are_multipath()
    {
        _t.Connect(host: "192.0.2.7");
        _t.Connect(host: "198.51.100.7", portal: "198.51.100.1:3260");
        _t.Go();
        Expect();
    }

    [TestCase(500, 500, "")]
    [TestCase(700, 300, "paths_unequal")]
    [TestCase(1000, 5, "one_path_used")]
    [TestCase(500, 200, "")]
    public void Paths_to_one_unit_are_compared(int first, int second, string rule)
    {
        uint a = _t.Connect(), b = _t.Connect(portal: "198.51.100.1:3260", host: "198.51.100.7");
        _t.Unit(0, "naa.6001");
        _t.Do(a, 0, Traffic.Read10, first, 4096, 0.2);
        _t.Do(b, 0, Traffic.Read10, second, 4096, 0.2);
        _t.Go();
        Expect(rule.Length > 0 ? [rule] : []);
    }

    [Test]
    public void A_number_alone_makes_no_path()
    {
        uint a = _t.Connect(), b = _t.Connect(portal: "198.51.100.1:3260", host: "198.51.100.7", target: Traffic.Target + "2");
        _t.Unit(0, "");
        _t.Unit(0, "", Traffic.Target + "2");
        _t.Do(a, 0, Traffic.Read10, 5000, 4096, 0.2);
        _t.Do(b, 0, Traffic.Read10, 1, 4096, 0.2);
        _t.Go();
        Expect();
    }

    [Test]
    public void Paths_with_different_luns()
    {
        _t.Connect();
        _t.Connect(portal: "198.51.100.1:3260", host: "198.51.100.7", target: Traffic.Target + "2");
        _t.Unit(0, "naa.6001");
        _t.Unit(4, "naa.6001", Traffic.Target + "2");
        Assert.That(_t.Go().The("lun_numbers_differ").Evidence, Is.EqualTo("LUN 0, 4"));
    }

    [TestCase(900, 100, false)]
    [TestCase(300, 100, true)]
    [TestCase(10, 99, false)]
    public void Misaligned_commands_are_counted(int aligned, int off, bool found)
    {
        _t.Place(_t.Connect(), 0, aligned, off);
        _t.Go();
        Expect(found ? ["misaligned_io"] : []);
    }

    [Test]
    public void Unmaps_that_slow_others_are_told_by_intervals_with_and_without()
    {
        uint a = _t.Connect();
        for (int i = 0; i < 24; i++)
        {
            bool unmaps = i % 2 == 0;
            if (unmaps) _t.Do(a, 0, Traffic.Unmap, 1, 24, 5);
            _t.Do(a, 0, Traffic.Read10, 30, 4096, unmaps ? 4 : 1);
            _t.Go();
        }
        Expect("unmap_slows_others");
        Assert.That(_t.The("unmap_slows_others").Evidence, Is.EqualTo("reads and writes take 4.00 ms (n 360) in 12.0 s with UNMAPs, 1.00 ms (n 360) in 12.0 s without"));
    }

    [Test]
    public void Unmaps_beside_which_others_are_as_fast_do_not()
    {
        uint a = _t.Connect();
        for (int i = 0; i < 24; i++)
        {
            if (i % 2 == 0) _t.Do(a, 0, Traffic.Unmap, 1, 24, 5);
            _t.Do(a, 0, Traffic.Read10, 30, 4096, i % 2 == 0 ? 1.5 : 1);
            _t.Go();
        }
        Expect();
    }

    [TestCase(20, 25.0, true)]
    [TestCase(20, 15.0, false)]
    [TestCase(19, 25.0, false)]
    public void Unmaps_may_be_slow(int n, double ms, bool found)
    {
        uint a = _t.Connect();
        _t.Do(a, 0, Traffic.Unmap, n, 24, ms);
        _t.Do(a, 0, Traffic.Read10, 300, 4096, 1);
        _t.Go();
        Expect(found ? ["slow_unmaps"] : []);
    }

    [TestCase(20.0, 19.0, "storage_bound")]
    [TestCase(20.0, 10.0, "")]
    [TestCase(10.0, 10.0, "")]
    public void A_target_may_be_what_takes_the_time(double ms, double service, string rule)
    {
        _t.Do(_t.Connect(), 0, Traffic.Read10, 200, 4096, ms, serviceMs: service);
        _t.Go();
        Expect(rule.Length > 0 ? [rule] : []);
    }

    [TestCase(3.0, 2.0, "host_bound")]
    [TestCase(3.0, 1.0, "")]
    public void A_host_may_be_what_takes_the_time(double ms, double data, string rule)
    {
        _t.Do(_t.Connect(), 0, Traffic.Write10, 200, 65536, ms, 0.1, data);
        _t.Go();
        Assert.That(_t.Rules.Where(r => r != "small_data_segments"), Is.EqualTo(rule.Length > 0 ? [rule] : Array.Empty<string>()));
    }

    [TestCase(10.0, 4096, true)]
    [TestCase(10.0, 65536, false)]
    [TestCase(4.0, 4096, false)]
    public void A_unit_is_slow_beside_others_of_its_sizes(double ms, int bytes, bool found)
    {
        uint a = _t.Connect();
        for (ulong lun = 0; lun < 3; lun++) _t.Do(a, lun, Traffic.Write10, 200, 4096, 1);
        _t.Do(a, 9, Traffic.Write10, 200, bytes, ms);
        _t.Go();
        Assert.That(_t.Rules.Contains("slow_unit"), Is.EqualTo(found));
        if (found) Assert.That(_t.The("slow_unit").Lun, Is.EqualTo(9));
    }

    [Test]
    public void Aborts_have_the_age_of_what_stalled()
    {
        uint a = _t.Connect();
        _t.Snapshot.Tasks.Add(new TaskRecord(1, _t.Snapshot.Time, _t.Info(a), _t.Engine, 2, TaskFunction.AbortTask, 7, Traffic.Write10, 12_000_000_000, 1, 0, 1000, TaskAftermath.Recovered));
        _t.Snapshot.Tasks.Add(new TaskRecord(2, _t.Snapshot.Time, _t.Info(a), _t.Engine, 2, TaskFunction.AbortTask, 8, 0, -1, 0, 1, 1000));
        _t.Go();
        Expect("aborts");
        Assert.That(_t.Findings[0].Evidence, Is.EqualTo("1 abort of 1 command; the oldest had waited 12.0 s (WRITE(10))"));
    }

    [Test]
    public void Resets_and_what_they_end_in()
    {
        uint a = _t.Connect();
        _t.Snapshot.Tasks.Add(new TaskRecord(1, _t.Snapshot.Time, _t.Info(a), _t.Engine, 2, TaskFunction.LogicalUnitReset, uint.MaxValue, 0, 30_000_000_000, 4, -1, -1, TaskAftermath.ConnectionEnded));
        _t.Go();
        Expect("task_escalation", "resets");
        Assert.That(_t.The("resets").Evidence, Is.EqualTo("1 reset of 4 commands; the oldest had waited 30.0 s; 1 without an answer"));
    }

    [TestCase(TaskFunction.LogicalUnitReset, 1, 0, TaskAftermath.ConnectionEnded, ConnectionEnd.TaskEscalation, true)]
    [TestCase(TaskFunction.LogicalUnitReset, 0, -1, TaskAftermath.ConnectionEnded, ConnectionEnd.TaskEscalation, true)]
    [TestCase(TaskFunction.LogicalUnitReset, 0, 0, TaskAftermath.ConnectionEnded, ConnectionEnd.InitiatorReset, false)]
    [TestCase(TaskFunction.LogicalUnitReset, 1, 0, TaskAftermath.LoggedInAgain, ConnectionEnd.Logout, false)]
    [TestCase(TaskFunction.TargetColdReset, 1, 0, TaskAftermath.ConnectionEnded, ConnectionEnd.TaskEscalation, false)]
    [TestCase(TaskFunction.AbortTaskSet, 0, 0, TaskAftermath.Escalated, ConnectionEnd.None, false)]
    [TestCase(TaskFunction.AbortTaskSet, 3, 0, TaskAftermath.Escalated, ConnectionEnd.None, true)]
    [TestCase(TaskFunction.AbortTaskSet, 3, 0, TaskAftermath.Recovered, ConnectionEnd.None, false)]
    public void An_escalation_begins_with_commands_that_stall(TaskFunction function, int hit, int response, TaskAftermath after, ConnectionEnd end, bool found)
    {
        uint a = _t.Connect();
        _t.Snapshot.Tasks.Add(new TaskRecord(1, _t.Snapshot.Time, _t.Info(a) with { End = end }, _t.Engine, 2, function, uint.MaxValue, 0, hit > 0 ? 1_000_000_000 : -1, hit, response, -1, after));
        _t.Go();
        Assert.That(_t.Rules.Contains("task_escalation"), Is.EqualTo(found), string.Join('\n', _t.Findings));
    }

    [Test]
    public void What_was_not_seen_is_said()
    {
        uint a = _t.Connect();
        _t.Engine.RingDrops = 5;
        _t.Engine.Folded = 6;
        _t.Engine.Coverage = new Iscsitop.Engine.Wire.Coverage { Dropped = 7, Resyncs = 1, MissingBytes = 1460, Evicted = 2 };
        _t.Go();
        Expect("packets_lost", "events_lost", "resyncs", "connections_given_up", "folded_cells");
        Assert.That(_t.The("resyncs").Evidence, Is.EqualTo("1 time, 1.46 kB not in the capture"));
        long last = _t.Snapshot.Time;
        Assert.That(_t.Go().Findings.Select(f => f.Last), Has.All.EqualTo(last), "nothing more was lost");
    }
}
