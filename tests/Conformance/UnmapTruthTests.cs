using System.Globalization;
using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Tests.Server;

namespace Iscsitop.Tests.Conformance;

/// <summary>Blocks that UNMAPs of libiscsi's suites ask for and miscompares they provoke: the target's own account, its packets', and tshark's.</summary>
[TestFixture]
public sealed class UnmapTruthTests
{
    [Test]
    public void Packets_and_tshark_tell_what_the_target_tells()
    {
        Client.NeedThat(Capture.Obstacle is null, Capture.Obstacle ?? "");
        Client.Need("iscsi-test-cu");
        using var scratch = new Scratch();
        using var target = new TestTarget("0=ram:64MiB");
        using var engine = new ProbeEngine(target.Server.Provider, scratch.Path, 4711);
        engine.Start();
        using Feed feed = Feed.Open(new Wants(0, TimeSpan.FromSeconds(0.1)), [scratch.Path]);
        Assert.That(feed.WaitForSnapshot(Client.Patience, default), Is.True);
        string file = scratch.File("run.pcap");
        var port = (ushort)target.Portal.Port;
        using var capture = new Capture(port, file);
        foreach (string suite in new[] { "SCSI.Unmap.*", "SCSI.CompareAndWrite.*" })
            Client.RunWell("iscsi-test-cu", "--dataloss", "-t", suite, $"iscsi://127.0.0.1:{port}/{TestTarget.Name}/0");
        engine.Dispose();
        Counts told = new(), seen = new();
        for (bool alive = true; alive;)
        {
            feed.WaitForSnapshot(TimeSpan.FromSeconds(1), default);
            Snapshot snapshot = feed.Take();
            told.Add(snapshot);
            alive = snapshot.Engines.Exists(e => e.Alive);
        }
        capture.StopAfter((int)told.Logouts);
        seen.Add(OfPackets(file, port));
        TestContext.Out.WriteLine(seen);
        Assert.That(seen.ToString(), Is.EqualTo(told.ToString()));
        Assert.That((seen.Unseen, seen.Blocks > 1000, seen.Miscompares > 0), Is.EqualTo((0L, true, true)));
        Assert.That(OfTshark(file, port), Is.EqualTo((seen.Blocks, seen.Descriptors)));
    }

    private static Snapshot OfPackets(string file, ushort port)
    {
        using Feed feed = Feed.Open(new CaptureOptions { File = file, Wire = new WireOptions { Ports = [port] } }, new Wants(0, Feed.WholeFile));
        feed.WaitForSnapshot(Client.Patience, default);
        return feed.Take();
    }

    private static (long Blocks, long Descriptors) OfTshark(string file, ushort port)
    {
        Output output = Client.Run("tshark", "-n", "-r", file, "-o", $"iscsi.target_ports:3260,{port}", "-d", $"tcp.port=={port},iscsi",
            "-Y", "scsi_sbc.unmap.num_blocks", "-T", "fields", "-E", "occurrence=a", "-e", "scsi_sbc.unmap.num_blocks");
        long[] all = [.. output.Out.Split(['\n', ','], StringSplitOptions.RemoveEmptyEntries).Select(n => long.Parse(n, CultureInfo.InvariantCulture))];
        return (all.Sum(), all.Length);
    }

    private sealed class Counts
    {
        private const ushort CompareAndWrite = 0x8900;

        private long _unmaps, _writes;

        public long Commands { get; private set; }

        public long Blocks { get; private set; }

        public long Descriptors { get; private set; }

        public long Unseen { get; private set; }

        public long Miscompares { get; private set; }

        public long Logouts { get; private set; }

        public void Add(Snapshot snapshot)
        {
            foreach (CellDelta delta in snapshot.Cells)
            {
                Iscsitop.Engine.Cell cell = delta.Cell;
                Commands += cell.Completed;
                if (cell.Key.Operation == Reclaimed.Operation) _unmaps += cell.Completed;
                if (cell.Key.Operation == CompareAndWrite) _writes += cell.Completed;
                Blocks += cell.Reclaimed?.Blocks ?? 0;
                Descriptors += cell.Reclaimed?.Descriptors ?? 0;
                Unseen += cell.Reclaimed?.Unseen ?? 0;
            }
            Logouts = Math.Max(Logouts, snapshot.Connections.Sum(c => c.Total[Fact.Logouts]));
            Miscompares += snapshot.Failures.Where(f => f.Key.IsMiscompare && f.Key.Operation == CompareAndWrite).Sum(f => f.Count);
        }

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Commands} commands, {_unmaps} UNMAPs of {Blocks} blocks in {Descriptors} descriptors, {Unseen} unseen, {_writes} COMPARE AND WRITEs, {Miscompares} miscompares");
    }
}
