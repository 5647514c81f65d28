using Iscsitop.Engine;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class UnitTableTests
{
    private const long Slot = UnitState.Slot;

    private UnitMaxima _slow = new();
    private UnitMaxima _fast = new();

    [SetUp]
    public void SetUp() => (_slow, _fast) = (new UnitMaxima(), new UnitMaxima());

    [Test]
    public void Each_subscriber_gets_the_maxima_of_its_own_interval()
    {
        var units = new UnitTable();
        units.Listeners.Add(_slow);
        units.Listeners.Add(_fast);
        UnitState unit = units.Of(2, 0, 0)!;
        for (int i = 0; i < 5; i++) unit.Begin(i, units.Listeners);          // five at once in the first slot
        for (int i = 0; i < 4; i++) unit.End(10 + i);
        Assert.That(Take(units, _fast, unit, Slot + 1), Is.EqualTo((5, 5L)));
        unit.Begin(Slot + 5, units.Listeners);                               // two outstanding, one begun
        unit.End(Slot + 6);
        Assert.That(Take(units, _fast, unit, 2 * Slot + 1), Is.EqualTo((1, 2L)));
        Assert.That(Take(units, _fast, unit, 3 * Slot + 1), Is.EqualTo((0, 1L)), "one is still outstanding");
        Assert.That(Take(units, _slow, unit, 3 * Slot + 2), Is.EqualTo((5, 5L)), "the slow one's interval began before");
    }

    [Test]
    public void Busy_time_is_counted_once_when_time_goes_back_and_forth()
    {
        var unit = new UnitState(1, 2, 0, 0);
        unit.Begin(1000, []);
        unit.Begin(500, []);
        Assert.That(unit.BusyTime(700), Is.Zero);
        unit.End(1500);
        unit.Begin(600, []);
        Assert.That(unit.BusyTime(1600), Is.EqualTo(600));
        unit.End(1700);
        unit.End(1800);
        Assert.That(unit.BusyTime(9000), Is.EqualTo(800));
        unit.Begin(50, []);
        unit.End(60);
        Assert.That(unit.BusyTime(9000), Is.EqualTo(810), "a clock that was set back goes on");
    }

    [Test]
    public void The_slot_that_is_open_counts()
    {
        var units = new UnitTable();
        units.Listeners.Add(_fast);
        UnitState unit = units.Of(2, 0, 0)!;
        unit.Begin(10, units.Listeners);
        unit.Begin(11, units.Listeners);
        Assert.That(Take(units, _fast, unit, 20), Is.EqualTo((2, 2L)));
    }

    [Test]
    public void Busy_time_is_the_time_with_at_least_one_outstanding()
    {
        var units = new UnitTable();
        UnitState unit = units.Of(2, 0, 0)!;
        unit.Begin(100, units.Listeners);
        unit.Begin(150, units.Listeners);
        unit.End(170);
        unit.End(200);
        unit.Begin(300, units.Listeners);
        Assert.That(unit.BusyTime(340), Is.EqualTo(140));
    }

    [Test]
    public void Units_nobody_announced_are_bounded_and_announced_ones_are_not()
    {
        var units = new UnitTable();
        for (ulong lun = 0; lun < UnitTable.MaxUnannounced; lun++) Assert.That(units.Of(2, lun, 0), Is.Not.Null);
        Assert.That(units.Of(2, 1 << 20, 0), Is.Null);
        units.Announce(2, 1 << 20, 0);
        Assert.That(units.Of(2, 1 << 20, 0), Is.Not.Null);
        Assert.That(units.All, Has.Count.EqualTo(UnitTable.MaxUnannounced + 2));
    }

    private static (int, long) Take(UnitTable units, UnitMaxima subscriber, UnitState unit, long now)
    {
        var told = new UnitMaxima();
        units.Settle(now);
        subscriber.MoveTo(told);
        return (told.Starts(unit.Index), told.Outstanding(unit.Index));
    }
}
