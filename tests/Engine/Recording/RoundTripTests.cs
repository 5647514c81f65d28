using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine.Recording;

[TestFixture]
public sealed class RoundTripTests
{
    private const int Seconds = 10;

    [Test]
    public void Every_list_comes_back()
    {
        byte[] recording = Everything.Recording(Seconds, out _);
        using var reader = new RecordingReader(new MemoryStream(recording), "memory");
        var read = new Snapshot();
        for (int i = 0; i < Seconds; i++)
        {
            Assert.That(reader.Next(read, 0), Is.EqualTo(Moved.Packet));
            Assert.That(Everything.Text(read), Is.EqualTo(Everything.Text(Everything.At(i))), $"second {i}");
        }
        Assert.That((reader.Next(read, 0), reader.Problem), Is.EqualTo((Moved.End, "")));
    }

    [Test]
    public void Writing_changes_nothing_of_what_is_written()
    {
        var writer = new BlockWriter();
        for (int i = 0; i < 3; i++)
        {
            Snapshot snapshot = Everything.At(i);
            string before = Everything.Text(snapshot);
            writer.Add(snapshot);
            Assert.That(Everything.Text(snapshot), Is.EqualTo(before));
        }
    }

    [Test]
    public void Sums_are_as_exact_as_is_promised()
    {
        var load = new Load(4, 8, 2);
        List<Snapshot> snapshots = [.. Enumerable.Range(0, 12).Select(_ => load.Next())];
        var writer = new BlockWriter(most: int.MaxValue, longest: long.MaxValue);
        foreach (Snapshot snapshot in snapshots) writer.Add(snapshot);
        using var reader = new RecordingReader(new MemoryStream(writer.Finish()!), "memory");
        var read = new Snapshot();
        foreach (Snapshot snapshot in snapshots)
        {
            Assert.That(reader.Next(read, 0), Is.EqualTo(Moved.Packet));
            foreach (CellDelta was in snapshot.Cells)
            {
                Cell cell = read.Cells.Single(c => c.Cell.Key == was.Cell.Key).Cell;
                foreach (Phase phase in Enum.GetValues<Phase>())
                    if (was.Cell.Of(phase) is { Count: > 0 } h)
                        Assert.That(cell.Of(phase)!.Sum, Is.EqualTo(h.Sum).Within(Math.Max(1, h.Sum / 500)));
                Assert.That(cell.OutstandingTime, Is.EqualTo(was.Cell.OutstandingTime).Within(Math.Max(1, was.Cell.OutstandingTime / 400)));
            }
            foreach (PatternDelta was in snapshot.Patterns)
            {
                Pattern pattern = read.Patterns.Single(p => p.Key == was.Key).Pattern;
                Assert.That(Math.Log2(pattern.Interarrival!.Percentile(0.5) / (double)was.Pattern.Interarrival!.Percentile(0.5)), Is.EqualTo(0).Within(0.7));
            }
        }
    }

    [Test]
    public void A_place_in_time_is_found_with_what_was_told_before()
    {
        byte[] recording = Everything.Recording(Seconds, out _);
        using var reader = new RecordingReader(new MemoryStream(recording), "memory");
        var read = new Snapshot();
        foreach (int second in new[] { 8, 0, 5, 3, 9 })
        {
            reader.Seek(Everything.Start + second * Everything.Second);
            reader.Next(read, 0);
            Assert.That(Everything.Text(read), Is.EqualTo(Everything.Text(Everything.At(second))), $"second {second}");
        }
        reader.Seek(long.MaxValue);
        reader.Next(read, 0);
        Assert.That(read.Time, Is.EqualTo(Everything.At(Seconds - 1).Time));
    }

    [Test]
    public void An_engine_that_comes_again_is_another()
    {
        var writer = new BlockWriter();
        EngineStatus first = new() { Pid = 1, Source = "target" }, second = new() { Pid = 1, Source = "target" };
        writer.Add(Everything.At(0, first));
        first.Alive = false;
        writer.Add(Everything.At(1, first));
        writer.Add(Everything.At(2, second));
        using var reader = new RecordingReader(new MemoryStream(writer.Finish()!), "memory");
        var read = new Snapshot();
        List<EngineStatus> engines = [];
        while (reader.Next(read, 0) == Moved.Packet) engines.Add(read.Engines.Single());
        Assert.That(engines[0], Is.SameAs(engines[1]).And.Not.SameAs(engines[2]));
    }

    [Test]
    public void Merged_intervals_are_their_sum()
    {
        var sum = new SnapshotSum();
        for (int i = 0; i < 3; i++) sum.Add(Everything.At(i));
        Snapshot all = sum.Take();
        Assert.That((all.Time, Math.Round(all.Seconds, 7)), Is.EqualTo((Everything.At(2).Time, 3.0000015)));
        CellDelta reads = all.Cells.Single(c => c.Cell.Key.Operation == 0x2800);
        Assert.That((reads.Cell.Completed, reads.Cell.Outstanding, reads.Cell.Of(Phase.Latency)!.Count), Is.EqualTo((603L, 1L, 603L)));
        Assert.That(reads.Engine.Seconds, Is.EqualTo(3.0000015).Within(1e-9));
        Assert.That((all.Failures.Single().Count, all.Failures.Single().Total), Is.EqualTo((1L, 6L)));
        ConnectionDelta open = all.Connections.Single(c => c.Connection.Closed == 0);
        Assert.That((open.Facts[Fact.R2ts], open.Total[Fact.R2ts], open.Facts[Fact.BytesToTarget]), Is.EqualTo((6L, 6L, -1L)));
        Assert.That((all.Patterns.Single().Pattern.Count, all.Tasks.Count, all.Ends.Count, all.Reservations.Count), Is.EqualTo((600L, 2, 1, 1)));
    }
}
