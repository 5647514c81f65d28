using Iscsitop.Engine;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class CommandWindowTests
{
    private const long Ms = 1_000_000;

    [TestCase(10u, 41u, 32)]
    [TestCase(10u, 9u, 0)]
    [TestCase(0xfffffff0u, 0x0fu, 32)]
    public void It_is_what_the_last_pdu_says(uint expected, uint max, long window) =>
        Assert.That(new Talk().Status(expected, max).Facts.Window, Is.EqualTo(window));

    [Test]
    public void It_is_unknown_before_a_pdu_said_so_and_nonsense_is_ignored()
    {
        Assert.That(new Talk().Command(1).Facts.Window, Is.EqualTo(-1));
        Assert.That(new Talk().Status(10, 12).Status(10, 8).Facts.Window, Is.EqualTo(3));
    }

    [Test]
    public void Time_closed_is_a_stall_when_commands_come_as_soon_as_it_opens()
    {
        Talk t = new Talk().At(0).Status(1, 0).At(40).Status(1, 4).At(41).Command(1).Command(2);
        Assert.That((t[Fact.WindowClosed], t[Fact.WindowStalled]), Is.EqualTo((40 * Ms, 40 * Ms)));
    }

    [Test]
    public void Nobody_waited_when_no_command_comes_at_once()
    {
        Talk t = new Talk().At(0).Status(1, 0).At(40).Status(1, 4).At(51).Command(1).At(52).Command(2);
        Assert.That((t[Fact.WindowClosed], t[Fact.WindowStalled]), Is.EqualTo((40 * Ms, 0L)));
    }

    [Test]
    public void The_last_command_allowed_closes_it()
    {
        Talk t = new Talk().At(0).Status(1, 2).At(1).Command(1).At(2).Command(2).At(30).Status(3, 4).At(31).Command(3);
        Assert.That((t[Fact.WindowClosed], t[Fact.WindowStalled], t.Facts.Window), Is.EqualTo((28 * Ms, 28 * Ms, 2L)));
    }

    [Test]
    public void An_immediate_command_neither_closes_it_nor_says_that_somebody_waited()
    {
        Talk t = new Talk().At(0).Status(1, 1).Command(1, immediate: true).At(5).Status(1, 0).At(9).Status(1, 5).Command(1, immediate: true);
        Assert.That((t[Fact.WindowClosed], t[Fact.WindowStalled], t[Fact.BeyondWindow]), Is.EqualTo((4 * Ms, 0L, 0L)));
    }

    [Test]
    public void Commands_beyond_it_are_counted()
    {
        Talk t = new Talk().Status(0xfffffffe, 0xffffffff).Command(0xfffffffe).Command(0).Command(7);
        Assert.That(t[Fact.BeyondWindow], Is.EqualTo(2));
    }

    [Test]
    public void Time_closed_runs_while_it_is_closed_and_is_right_though_an_event_comes_late()
    {
        Talk t = new Talk().At(10).Status(1, 0).At(20).Settle();
        Assert.That(t[Fact.WindowClosed], Is.EqualTo(10 * Ms));
        t.At(30).Settle().At(28).Status(1, 3);
        Assert.That(t[Fact.WindowClosed], Is.EqualTo(18 * Ms));
        t.At(50).Settle();
        Assert.That(t[Fact.WindowClosed], Is.EqualTo(18 * Ms));
    }
}
