using Iscsitop.Target.Initiator;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Server;

/// <summary>Sessions that work while others come and go: what <c>bench/README.md</c> does for a minute, in small.</summary>
[TestFixture]
public sealed class StormTests
{
    private const int Workers = 24, Rounds = 40, Visitors = 8, Visits = 30, Blocks = 160;

    [Test]
    public void Logins_and_logouts_beside_IO_lose_nothing()
    {
        using var target = new TestTarget("0=ram:64MiB");
        int answered = 0, visits = 0;
        Task[] all =
        [
            .. Enumerable.Range(0, Workers).Select(i => Task.Factory.StartNew(() => Work(target, i, ref answered), TaskCreationOptions.LongRunning)),
            .. Enumerable.Range(0, Visitors).Select(i => Task.Factory.StartNew(() => Visit(target, i, ref visits), TaskCreationOptions.LongRunning)),
        ];
        Task.WaitAll(all);
        Assert.That((answered, visits), Is.EqualTo((Workers * Rounds * 2, Visitors * Visits)));
        Assert.That(SpinWait.SpinUntil(() => target.Server.SessionCount == 0 && target.Server.Connections().Count == 0, TimeSpan.FromSeconds(60)), "all have gone");
    }

    // Each has blocks of its own, and what it reads must be what it wrote last; some writes are long, some come many to a receive.
    private static void Work(TestTarget target, int worker, ref int answered)
    {
        using Initiator initiator = target.Login($"worker-{worker}");
        for (int round = 1; round <= Rounds; round++)
        {
            int blocks = round % 2 == 0 ? Blocks : 8;
            ArraySegment<byte> written = Cdb.Buffer(blocks * 512, seed: worker * Rounds + round), read = Cdb.Buffer(blocks * 512);
            uint lba = (uint)(worker * Blocks);
            if (initiator.Execute(Cdb.Write10(0, lba, blocks, written)).Status == ScsiStatus.Good) Interlocked.Increment(ref answered);
            if (initiator.Execute(Cdb.Read10(0, lba, blocks, read)).Status == ScsiStatus.Good && read.AsSpan().SequenceEqual(written)) Interlocked.Increment(ref answered);
        }
        initiator.Logout();
    }

    private static void Visit(TestTarget target, int visitor, ref int visits)
    {
        for (int i = 0; i < Visits; i++)
        {
            using Initiator initiator = target.Login($"visitor-{visitor}");
            initiator.Logout();
            Interlocked.Increment(ref visits);
        }
    }
}
