using System.Runtime.CompilerServices;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Probes;

[TestFixture]
public sealed class ProbeRingTests
{
    [Test]
    public void Events_come_out_in_order()
    {
        var ring = new ProbeRing(8);
        for (int i = 0; i < 5; i++) Put(ring, i);
        Assert.That(TakeAll(ring), Is.EqualTo(new long[] { 0, 1, 2, 3, 4 }));
    }

    [Test]
    public void A_full_ring_drops_the_new_event_and_counts_it()
    {
        var ring = new ProbeRing(4);
        for (int i = 0; i < 6; i++) Put(ring, i);
        Assert.That(ring.Drops, Is.EqualTo(2));
        Assert.That(TakeAll(ring), Is.EqualTo(new long[] { 0, 1, 2, 3 }));
        Put(ring, 9);
        Assert.That(TakeAll(ring), Is.EqualTo(new long[] { 9 }));
    }

    [Test]
    public void A_claimed_event_is_not_seen_before_it_is_published()
    {
        var ring = new ProbeRing(4);
        Assert.That(ring.TryClaim(out long position));
        Assert.That(Unsafe.IsNullRef(ref ring.Peek()));
        ring.Claimed(position).Time = 7;
        ring.Publish(position);
        Assert.That(ring.Peek().Time, Is.EqualTo(7));
    }

    [Test]
    public void Many_producers_lose_nothing_but_what_is_counted()
    {
        const int Producers = 4, Each = 50_000;
        var ring = new ProbeRing(1024);
        var threads = Enumerable.Range(0, Producers).Select(p => new Thread(() =>
        {
            for (int i = 0; i < Each; i++) Put(ring, (long)p * Each + i);
        })).ToList();
        threads.ForEach(t => t.Start());
        var last = new long[Producers];
        Array.Fill(last, -1);
        long taken = 0;
        while (threads.Exists(t => t.IsAlive) || !Unsafe.IsNullRef(ref ring.Peek()))
        {
            foreach (long value in TakeAll(ring))
            {
                int producer = (int)(value / Each);
                Assert.That(value, Is.GreaterThan(last[producer]), "each producer's events keep their order");
                last[producer] = value;
                taken++;
            }
        }
        Assert.That(taken + ring.Drops, Is.EqualTo(Producers * Each));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(1000)]
    public void The_capacity_is_a_power_of_two(int capacity) => Assert.That(() => new ProbeRing(capacity), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static void Put(ProbeRing ring, long value)
    {
        if (!ring.TryClaim(out long position)) return;
        ring.Claimed(position).Time = value;
        ring.Publish(position);
    }

    private static List<long> TakeAll(ProbeRing ring)
    {
        var taken = new List<long>();
        while (true)
        {
            ref ProbeEvent e = ref ring.Peek();
            if (Unsafe.IsNullRef(ref e)) return taken;
            taken.Add(e.Time);
            ring.Release();
        }
    }
}
