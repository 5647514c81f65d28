using Iscsitop.Engine;
using Iscsitop.Engine.Findings;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Findings;

/// <summary>How findings are kept, whatever the rules are.</summary>
[TestFixture]
public sealed class ExaminerTests
{
    private const uint MediumError = 0x02031100;

    private Traffic _t = null!;

    [SetUp]
    public void SetUp() => _t = new Traffic();

    [Test]
    public void Rules_have_names_conditions_and_one_sentence_of_advice()
    {
        Assert.That(Rule.All.Select(r => r.Name), Is.Unique.And.All.Matches("^[a-z][a-z0-9]*(_[a-z0-9]+)*$"));
        Assert.That(Rule.All.Select(r => r.When), Has.All.Matches(@"^[A-Z0-9].*\.$"));
        Assert.That(Rule.All.Select(r => r.Advice), Has.All.Matches(@"^[A-Z][^.]*(\.[^ .][^.]*)*\.$"));
        Assert.That(Rule.All.Count * (Examiner.PerRule + 1), Is.LessThanOrEqualTo(1000));
    }

    [Test]
    public void A_steady_load_has_no_findings()
    {
        var parameters = new SessionParameters(TargetMaxRecv: 262144, InitiatorMaxRecv: 262144);
        uint a = _t.Connect(parameters), b = _t.Connect(parameters);
        for (int i = 0; i < 200; i++)
        {
            _t.Do(a, 0, Traffic.Read10, 1000, 4096, 0.2);
            _t.Do(a, 0, Traffic.Write10, 500, 8192, 0.4);
            _t.Do(b, 1, Traffic.Write10, 100, 65536, 0.9, 0.1, 0.4);
            _t.Place(a, 0, 1500, 3);
            _t.Go();
            Assert.That(_t.Findings, Is.Empty);
        }
    }

    [Test]
    public void A_steady_load_without_findings_takes_no_memory()
    {
        var parameters = new SessionParameters(TargetMaxRecv: 262144, InitiatorMaxRecv: 262144);
        uint a = _t.Connect(parameters), b = _t.Connect(parameters, "iqn.2026-11.example:b");
        _t.Go();
        _t.Do(a, 0, Traffic.Read10, 1000, 4096, 0.2);
        _t.Do(a, 0, Traffic.Write10, 500, 8192, 0.4);
        _t.Do(a, 0, Traffic.Unmap, 5, 24, 0.4);
        _t.Do(b, 1, Traffic.Write10, 100, 65536, 0.9, 0.1, 0.4);
        _t.Place(a, 0, 1500, 3);
        Assert.That(Allocated.By(() =>
        {
            _t.Snapshot.Time += Traffic.Second;
            _t.Examiner.Examine(_t.Snapshot);
        }), Is.Zero);
        Assert.That(_t.Findings, Is.Empty);
    }

    [Test]
    public void Snapshots_of_parts_of_a_second_are_looked_at_together_but_for_a_last_short_one()
    {
        uint a = _t.Connect();
        _t.Go(0.2);
        _t.Fail(a, 0, FailureKind.Status, MediumError, 1);
        Assert.That(_t.Go(0.2).Findings, Is.Empty);
        for (int i = 0; i < 4; i++) _t.Go(0.2);
        Assert.That(_t.Rules, Is.EqualTo(new[] { "medium_errors" }));
        _t.Fail(a, 1, FailureKind.Status, MediumError, 1);
        Assert.That(_t.Go(0.2).Findings, Has.Count.EqualTo(1));
        Assert.That(_t.Go(0.1).Findings, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_finding_has_what_narrows_a_view_to_it()
    {
        uint a = _t.Connect();
        _t.Fail(a, 3, FailureKind.Status, MediumError, 2);
        _t.Go();
        Finding f = _t.The("medium_errors");
        Assert.That((f.Target, f.Lun, f.Initiator), Is.EqualTo((Traffic.Target, 3UL, Traffic.Host)));
        Assert.That(f.Evidence, Is.EqualTo("2 commands in 1.00 s; 2 READ(10) 03/11/00"));
        Assert.That(f.Severity, Is.EqualTo(Severity.Problem));
    }

    [Test]
    public void A_finding_stays_for_ten_minutes_with_its_times_and_then_goes()
    {
        uint a = _t.Connect();
        _t.Go(1, (a, Fact.BeyondWindow, 1));
        long first = _t.The("beyond_window").First;
        for (int i = 0; i < 90; i++) _t.Go();
        Finding f = _t.The("beyond_window");
        Assert.That(f.First, Is.EqualTo(first));
        Assert.That(f.Last - first, Is.InRange(30 * Traffic.Second, 60 * Traffic.Second));
        while (_t.Snapshot.Time - f.Last < Examiner.Kept) _t.Go();
        Assert.That(_t.Findings, Has.Count.EqualTo(1));
        _t.Go();
        Assert.That(_t.Findings, Is.Empty);
    }

    [Test]
    public void What_comes_again_is_the_same_finding()
    {
        uint a = _t.Connect();
        _t.Go(1, (a, Fact.BeyondWindow, 1));
        long first = _t.The("beyond_window").First;
        for (int i = 0; i < 200; i++) _t.Go();
        _t.Go(1, (a, Fact.BeyondWindow, 4));
        Finding f = _t.The("beyond_window");
        Assert.That((f.First, f.Last), Is.EqualTo((first, _t.Snapshot.Time)));
        Assert.That(f.Evidence, Does.StartWith("4 requests"));
    }

    [Test]
    public void More_than_a_rule_may_have_is_one_finding_that_counts_them()
    {
        for (int i = 0; i < 100; i++) _t.Fail(_t.Connect(initiator: $"iqn.2026-11.example:h{i:d3}"), 0, FailureKind.Status, MediumError, 1);
        _t.Go();
        Assert.That(_t.Findings, Has.Count.EqualTo(Examiner.PerRule + 1));
        Assert.That(_t.Findings[^1].Evidence, Is.EqualTo($"{100 - Examiner.PerRule} more findings"));
        Assert.That(_t.Findings.Select(f => f.Subject).SkipLast(1), Is.Ordered.Using((System.Collections.IComparer)StringComparer.Ordinal));
    }

    [Test]
    public void Places_for_findings_are_free_again_when_they_go()
    {
        for (int i = 0; i < Examiner.PerRule; i++) _t.Fail(_t.Connect(initiator: $"iqn.2026-11.example:h{i:d3}"), 0, FailureKind.Status, MediumError, 1);
        _t.Go();
        for (int i = 0; i < 130; i++) _t.Go(10);
        Assert.That(_t.Findings, Is.Empty);
        _t.Fail(_t.Connect(initiator: "iqn.2026-11.example:late"), 0, FailureKind.Status, MediumError, 1);
        Assert.That(_t.Go().Findings.Single().Initiator, Is.EqualTo("iqn.2026-11.example:late"));
    }

    [Test]
    public void Findings_are_in_the_order_of_what_matters()
    {
        uint a = _t.Connect();
        _t.Fail(a, 0, FailureKind.Status, 0x02062900, 5);
        _t.Fail(a, 0, FailureKind.Status, MediumError, 1);
        _t.Fail(a, 0, FailureKind.Status, 0x18000000, 3);
        _t.Go();
        Assert.That(_t.Rules, Is.EqualTo(new[] { "medium_errors", "reservation_conflicts", "unit_attentions" }));
    }

    [Test]
    public void Stepping_back_in_time_begins_anew()
    {
        uint a = _t.Connect();
        _t.Go(1, (a, Fact.BeyondWindow, 1));
        _t.Snapshot.Time -= 3600 * Traffic.Second;
        Assert.That(_t.Go().Findings, Is.Empty);
    }

    [Test]
    public void What_is_not_known_is_no_finding()
    {
        uint a = _t.Connect();
        _t.Go(1, (a, Fact.DelayedAcks, -1), (a, Fact.ResentToTarget, -1), (a, Fact.BytesToTarget, -1), (a, Fact.ZeroWindows, -1), (a, Fact.HeaderDigestErrors, -1));
        Assert.That(_t.Findings, Is.Empty);
    }

    [Test]
    public void State_is_bounded_whatever_peers_do()
    {
        for (int i = 0; i < 20; i++)
        {
            for (int j = 0; j < 1000; j++)
            {
                uint id = _t.Connect(initiator: $"iqn.2026-11.example:{i}-{j}");
                _t.Fail(id, (ulong)j, FailureKind.Login, 0x0201, 3);
                _t.Do(id, (ulong)j, Traffic.Read10, 1, 512, 1);
                if (i < 19) _t.End(id, ConnectionEnd.TargetReset);
            }
            _t.Go();
        }
        Assert.That(_t.Findings, Has.Count.LessThanOrEqualTo(1000));
        Assert.That(_t.Findings.Single(f => f.Rule == "login_failures" && f.Subject == "others").Evidence, Is.EqualTo($"{Evidence.Most - Examiner.PerRule} more findings"));
    }
}
