using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>The most commands an initiator had outstanding: over all its sessions and units at one time.</summary>
[TestFixture]
public sealed class InitiatorTests
{
    [Test]
    public void It_is_the_most_at_one_time_and_no_sum_of_the_units()
    {
        using var rig = new Rig();
        using Feed feed = rig.Open(interval: 60);
        feed.Take();
        uint a = rig.Connect(), b = rig.Connect("192.0.2.7:4001");
        End(rig, a, 0, rig.Begin(a, 0), rig.Begin(a, 0), rig.Begin(a, 0));
        End(rig, b, 1, rig.Begin(b, 1), rig.Begin(b, 1));
        uint[] together = [rig.Begin(a, 0), rig.Begin(a, 0), rig.Begin(b, 1), rig.Begin(b, 1)];
        End(rig, a, 0, together[..2]);
        rig.Engine.Dispose();
        Rig.Until(() => feed.WaitForSnapshot(TimeSpan.FromSeconds(1), default), "a last snapshot");
        Snapshot last = feed.Take();
        InitiatorDelta initiator = last.Initiators.Single();
        Assert.That((initiator.Initiator, initiator.MaxOutstanding), Is.EqualTo(("iqn.2026-11.example:i", 4L)));
        Assert.That(last.Units.Select(u => u.MaxOutstanding), Is.EquivalentTo((long[])[3, 2]));
    }

    [Test]
    public void What_is_still_outstanding_counts_in_the_next_interval_and_what_was_not_is_not_told()
    {
        var units = new UnitTable();
        var maxima = new UnitMaxima();
        units.Listeners.Add(maxima);
        UnitState unit = units.Of(2, 0, 0)!, initiator = units.OfInitiator(3, 0)!;
        Assert.That(initiator.Index, Is.Not.EqualTo(unit.Index));
        for (int i = 0; i < 3; i++) initiator.Begin(i, units.Listeners);
        for (int i = 0; i < 2; i++) initiator.End(10);
        Assert.That(Take(20), Is.EqualTo(3));
        Assert.That(Take(30), Is.EqualTo(1));
        initiator.End(40);
        Assert.That((Take(50), Take(60)), Is.EqualTo((1L, 0L)));
        Assert.That(maxima.Outstanding(unit.Index), Is.Zero);

        long Take(long time)
        {
            units.Settle(time);
            long most = maxima.Outstanding(initiator.Index);
            maxima.Clear();
            return most;
        }
    }

    [Test]
    public void Names_that_are_too_many_have_none()
    {
        var units = new UnitTable();
        for (uint i = 2; i < 2 + UnitTable.MaxInitiators; i++) Assert.That(units.OfInitiator(i, 0), Is.Not.Null);
        Assert.That(units.OfInitiator(2 + UnitTable.MaxInitiators, 0), Is.Null);
        Assert.That(units.OfInitiator(2, 0), Is.Not.Null);
        Assert.That((new UnitTable().OfInitiator(0, 0), new UnitTable().OfInitiator(Provider.OtherName, 0)), Is.EqualTo(((UnitState?)null, (UnitState?)null)), "no name, and a name of many");
    }

    private static void End(Rig rig, uint connection, ulong lun, params uint[] itts)
    {
        foreach (uint itt in itts) rig.Fire(Events.DataIn(Clock.Now, connection, lun, itt, 4096, BhsFlags.Final | BhsFlags.Status));
    }
}
