using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Engine;

/// <summary>Cells made of single commands say what the engine's own say, of those that are asked for.</summary>
[TestFixture]
public sealed class CommandFoldTests
{
    private static List<(double Seconds, bool OfCommands, SortedDictionary<string, string> Cells)> Read(string capture, double interval, Filter? filter)
    {
        var reports = new List<(double, bool, SortedDictionary<string, string>)>();
        using Feed feed = Feed.Open(new CaptureOptions { File = Corpus.PathOf(capture) }, new Wants(0, TimeSpan.FromSeconds(interval)) { Filter = filter });
        while (!feed.Ended)
        {
            feed.WaitForSnapshot(TimeSpan.Zero, default);
            Snapshot s = feed.Take();
            var cells = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (CellDelta d in s.Cells)
                if (d.Cell.Completed + d.Cell.Aborted > 0)
                    cells[$"{d.Cell.Key} {d.Connection.Initiator} {d.Cell.Kind}"] = Told(d.Cell);
            reports.Add((s.Seconds, s.OfCommands, cells));
        }
        return reports;
    }

    private static string Told(Iscsitop.Engine.Cell c) =>
        $"{c.Completed} {c.Errors} {c.Aborted} {c.ReadBytes} {c.WriteBytes} " + string.Join(' ', Enum.GetValues<Phase>().Select(p => c.Of(p) is { Count: > 0 } h ? $"{p}:{h.Count}/{h.Sum}/{string.Join(',', h.Buckets.ToArray().Select((n, i) => (n, i)).Where(b => b.n > 0))}" : ""));

    [Test]
    public void Of_all_commands_they_are_the_same([Values("reads.pcap", "writes.pcapng", "errors.pcap", "tasks.pcap", "connections.pcap", "reinstated.pcap")] string capture, [Values(0.05, 1, 1e6)] double interval)
    {
        var own = Read(capture, interval, null);
        var folded = Read(capture, interval, Filter.Parse("itt>=0"));
        Assert.Multiple(() =>
        {
            Assert.That(own.Sum(r => r.Cells.Count), Is.Positive);
            Assert.That(folded.Select(r => r.Cells), Is.EqualTo(own.Select(r => r.Cells)));
            Assert.That(folded.Select(r => r.Seconds), Is.EqualTo(own.Select(r => r.Seconds)));
            Assert.That((own.Any(r => r.OfCommands), folded.All(r => r.OfCommands)), Is.EqualTo((false, true)));
        });
    }

    [Test]
    public void A_filter_and_its_contrary_make_up_the_whole()
    {
        long all = Completed(Read("errors.pcap", 1e6, null));
        long failed = Completed(Read("errors.pcap", 1e6, Filter.Parse("status!=good")));
        long good = Completed(Read("errors.pcap", 1e6, Filter.Parse("status==good")));
        Assert.That((failed + good, failed > 0, good > 0), Is.EqualTo((all, true, true)));

        static long Completed(List<(double, bool, SortedDictionary<string, string> Cells)> reports) =>
            reports.Sum(r => r.Cells.Values.Sum(c => long.Parse(c.AsSpan(0, c.IndexOf(' ', StringComparison.Ordinal)), provider: null)));
    }

    [Test]
    public void A_filter_that_needs_no_commands_leaves_the_cells_to_the_engine() =>
        Assert.That(Read("reads.pcap", 1e6, Filter.Parse("lun==0")).Any(r => r.OfCommands), Is.False);

    [Test]
    public void Of_an_engine_the_first_intervals_are_left_out_and_from_then_on_nothing_is()
    {
        using var rig = new Rig();
        uint connection = rig.Connect();
        using Feed feed = rig.Open();
        rig.Read(connection, 3);
        Rig.Until(() => Take(feed).Cells > 0, "the engine's own cells come");
        feed.SetFilter(Filter.Parse("itt>=0 && lun==3"));
        Rig.Until(() => Take(feed).Seconds > 0, "whole intervals come");
        for (int i = 0; i < 50; i++) rig.Read(connection, (ulong)(i % 2 + 3));
        long completed = 0;
        Rig.Until(() => (completed += Take(feed).Completed) >= 25, "they are counted");
        Assert.That(completed, Is.EqualTo(25));
        feed.SetFilter(null);
        rig.Read(connection, 4);
        Rig.Until(() => Take(feed) is { OfCommands: false, Completed: 1 }, "the engine's own come again");
    }

    [Test]
    public void An_engine_that_comes_later_is_asked_too()
    {
        string directory = Directory.CreateTempSubdirectory("its").FullName;
        using Feed feed = Feed.Open(new Wants(0, TimeSpan.FromMilliseconds(20)) { Filter = Filter.Parse("lat>=0") }, [directory]);
        using (var rig = new Rig(11, directory))
        {
            uint connection = rig.Connect();
            Rig.Until(() => Take(feed).Seconds > 0, "whole intervals come");
            rig.Read(connection);
            Rig.Until(() => Take(feed).Completed == 1, "its command is counted");
        }
        feed.Dispose();
        Directory.Delete(directory, true);
    }

    [Test]
    public void Intervals_that_nobody_takes_do_not_pile_up()
    {
        var fold = new CommandFold();
        fold.Use(Filter.Parse("itt>=0"), 0);
        var context = new EventContext(new ConnectionInfo(1, "l", "r", "t", "i"), "t", "i", 0, new EngineStatus());
        for (uint connection = 1; connection <= 3 * CommandFold.MostCells; connection++)
        {
            var command = new CompletedCommand { Connection = connection, CdbLength = 10, Latency = 5 };
            fold.Add(in command, in context);
            if (connection % 1000 == 0) fold.Commit();
        }
        fold.Commit();
        var cells = new List<CellDelta>();
        fold.TakeInto(cells);
        Assert.That((cells.Count, cells.Sum(c => c.Cell.Completed), fold.Folded), Is.EqualTo((CommandFold.MostCells + 1, 3L * CommandFold.MostCells, 2L * CommandFold.MostCells)));
        Assert.That(cells.Single(c => c.Cell.Key.Connection == 0).Connection.Target, Is.Empty);
    }

    [Test]
    public void Rows_of_commands_know_no_queue()
    {
        var snapshot = Cli.Samples.Two();
        snapshot.OfCommands = true;
        var rollup = new Rollup(Dimensions.Target | Dimensions.Lun);
        rollup.Build(snapshot);
        Row row = rollup.Rows.Single(r => r.Lun == 0);
        Assert.That((row.Read.Ops, row.OfCommands, row.QueueDepth), Is.EqualTo((200, true, double.NaN)));
        string[] unknown = ["queue_depth", "queue_depth_max", "outstanding", "busy_pct", "iops_peak"];
        foreach (string field in unknown)
            Assert.That(Iscsitop.Cli.Views.All[0].Find(field)!.Value!(row), Is.NaN, field);
    }

    private static (double Seconds, int Cells, long Completed, bool OfCommands) Take(Feed feed)
    {
        feed.WaitForSnapshot(Rig.Patience, default);
        Snapshot s = feed.Take();
        return (s.Seconds, s.Cells.Count, s.Cells.Sum(c => c.Cell.Completed), s.OfCommands);
    }
}
