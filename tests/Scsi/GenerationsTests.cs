using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class GenerationsTests
{
    [TestCase(1)]
    [TestCase(63)]
    [TestCase(64)]
    [TestCase(65)]
    [TestCase(1000)]
    public void A_task_that_hangs_is_waited_for_however_many_generations_it_takes(int generations)
    {
        var tasks = new Generations();
        int old = tasks.Current;
        tasks.Enter(old);
        for (int i = 0; i < generations; i++)
        {
            int next = tasks.Next();
            Assert.That(tasks.IsQuietBefore(next), Is.False);
            // Others come and go.
            tasks.Enter(next);
            if (i % 2 == 0) tasks.Leave(next);
        }
        Assert.That(tasks.InHand, Is.EqualTo(1 + generations / 2));
        Assert.That(tasks.IsQuietBefore(old));
        tasks.Leave(old);
        Assert.That(tasks.IsQuietBefore(old + 1));
    }

    [Test]
    public void Tasks_of_the_generation_itself_are_not_waited_for()
    {
        var tasks = new Generations();
        int next = tasks.Next();
        tasks.Enter(next);
        Assert.That((tasks.IsQuietBefore(next), tasks.IsQuietBefore(next + 1)), Is.EqualTo((true, false)));
    }

    [Test]
    public void A_task_that_comes_late_counts_for_nothing()
    {
        var tasks = new Generations();
        int old = tasks.Current;
        for (int i = 0; i < 3; i++) tasks.Next();
        tasks.Enter(old);
        Assert.That((tasks.InHand, tasks.IsQuietBefore(tasks.Current)), Is.EqualTo((0, true)), "it is void and touches nothing");
        tasks.Leave(old);
        Assert.That(tasks.InHand, Is.Zero);
    }
}
