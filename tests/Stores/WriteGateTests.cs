using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Stores;

[TestFixture]
public sealed class WriteGateTests
{
    [Test]
    public void Who_is_alone_meets_no_writer()
    {
        var gate = new WriteGate();
        int inside = 0, met = 0;
        Parallel.For(0, 8, thread =>
        {
            for (int i = 0; i < 2000; i++)
            {
                if (thread == 0)
                {
                    using WriteGate.Solitude _ = gate.Alone();
                    if (Volatile.Read(ref inside) != 0) Interlocked.Increment(ref met);
                    continue;
                }
                int stripe = gate.Enter();
                Interlocked.Increment(ref inside);
                Interlocked.Decrement(ref inside);
                gate.Leave(stripe);
            }
        });
        Assert.That(met, Is.Zero);
    }

    [Test]
    public void Writers_meet_each_other()
    {
        var gate = new WriteGate();
        int first = gate.Enter(), second = gate.Enter(); // would never return if one kept the other out
        gate.Leave(first);
        gate.Leave(second);
        using (gate.Alone()) { }
        gate.Leave(gate.Enter());
    }

    [Test]
    public void A_writer_waits_for_who_is_alone()
    {
        var gate = new WriteGate();
        bool entered = false;
        Thread writer;
        using (gate.Alone())
        {
            writer = new Thread(() =>
            {
                int stripe = gate.Enter();
                Volatile.Write(ref entered, true);
                gate.Leave(stripe);
            });
            writer.Start();
            SpinWait.SpinUntil(() => writer.ThreadState == ThreadState.WaitSleepJoin, 1000);
            Assert.That(Volatile.Read(ref entered), Is.False);
        }
        writer.Join();
        Assert.That(entered, Is.True);
    }

    [Test]
    public void Memory_unmapped_beside_writers_loses_none_of_their_bytes()
    {
        using var store = new MemoryStore(MemoryStore.ChunkLength);
        byte[] ones = new byte[4096];
        ones.AsSpan().Fill(1);
        int lost = 0;
        Parallel.For(0, 4, thread =>
        {
            byte[] read = new byte[4096];
            for (int i = 0; i < 500; i++)
            {
                if (thread == 0)
                {
                    store.Unmap(0, 4096); // often the chunk's last bytes
                    continue;
                }
                store.Write(thread * 4096, ones);
                store.Read(thread * 4096, read);
                if (!read.AsSpan().SequenceEqual(ones)) Interlocked.Increment(ref lost);
                store.Unmap(thread * 4096, 4096);
            }
        });
        Assert.That(lost, Is.Zero);
    }
}
