using Iscsitop.Engine;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class PingsTests
{
    [Test]
    public void Round_trips_both_ways_are_measured()
    {
        Talk t = new Talk().At(0).NopOut(itt: 1).At(2).NopIn(itt: 1).At(10).NopIn(ttt: 5).At(14).NopOut(ttt: 5);
        Assert.That((t[Fact.NopOuts], t[Fact.NopIns], t[Fact.NopsLost]), Is.EqualTo((2L, 2L, 0L)));
        Assert.That((t.Facts.NopTime!.Count, t.Facts.NopTime.Sum), Is.EqualTo((2L, 6_000_000L)));
        Assert.That((t.Facts.TargetNopTime!.Count, t.Facts.TargetNopTime.Sum), Is.EqualTo((1L, 4_000_000L)), "the target's own");
    }

    [Test]
    public void A_tag_of_one_side_does_not_answer_the_same_of_the_other()
    {
        Talk t = new Talk().At(0).NopOut(itt: 5).At(1).NopOut(ttt: 5);
        Assert.That(t.Facts.NopTime, Is.Null);
        Assert.That(t.At(3).NopIn(itt: 5).Facts.NopTime!.Sum, Is.EqualTo(3_000_000));
    }

    [Test]
    public void What_asks_nothing_is_never_lost()
    {
        Talk t = new Talk().At(0).NopIn().NopOut().At(60_000).Settle();
        t.End();
        Assert.That(t[Fact.NopsLost], Is.Zero);
    }

    [Test]
    public void Five_seconds_without_an_answer_are_a_loss_counted_once_and_a_late_answer_is_a_round_trip()
    {
        Talk t = new Talk().At(0).NopOut(itt: 1).At(5000).Settle();
        Assert.That(t[Fact.NopsLost], Is.Zero);
        t.At(5001).Settle().At(9000).Settle();
        Assert.That(t[Fact.NopsLost], Is.EqualTo(1));
        t.At(9001).NopIn(itt: 1);
        t.End();
        Assert.That((t[Fact.NopsLost], t.Facts.NopTime!.Count), Is.EqualTo((1L, 1L)));
    }

    [Test]
    public void The_end_and_a_tag_used_again_lose_what_waits()
    {
        Talk t = new Talk().At(0).NopOut(itt: 1).At(1).NopOut(itt: 1).NopOut(itt: 2).At(2).NopIn(itt: 2);
        Assert.That(t[Fact.NopsLost], Is.EqualTo(1));
        t.End();
        Assert.That(t[Fact.NopsLost], Is.EqualTo(2));
    }

    [Test]
    public void A_flood_of_pings_is_followed_up_to_a_bound()
    {
        var t = new Talk();
        for (uint i = 0; i < 1000; i++) t.NopOut(itt: i);
        t.End();
        Assert.That((t[Fact.NopOuts], t[Fact.NopsLost]), Is.EqualTo((1000L, 256L)));
    }
}
