using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;
using Iscsitop.Tests.Pipeline;

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

    // tests/Captures/writes.pcapng, as the first version wrote it.
    private const string Version1 = "aXNjc2lyZWMBAAMACQIAAOCuzkMBAAAA2DCdCQUV6xjwA6YaBRXrGAAAAAC4zXA4AAAAAAAAAAXFOr65Vn8DwAAAAPe5ZzmAAjmsJRc1GRZ9JE5/OymMhXp7AVeEcBpDVo"
        + "ouqiL9q/oxI5b8pQDMgIx/JN9yEwANBhp9+NCNV9+s2gZvvAAAAACT3mCOA7Q3nsp1oCI1905SexyAPkSvJr4ECUJofSaivpX86FAq5hBC35OxTNOg4jz8+VqQSOW+AnkP"
        + "5BncFFjKtcEfLZOtBuqE9Z44VcAAAAAAAbL/J61AAIcbe4AAJSQH1oNbS1w9p5RWsSeCWw9pPlr+txELwInDXmVEPQZA0//hM5qQkZGpKL+AY/UHFTlVKccU9tAIa/j10K"
        + "oRtaM1H6Z3v2Dm1LuPriv4OsI4cvqI6tHR/KKnXM5byVkNocn8+y7BlV/tUwconWxsgSmO7cfAP7F4N2MD+aa1wX8yhY7tIin+yCs1pn5udb3sCZPzxghppIALQWlQxA0d"
        + "RozNUvoI+dsiJsXtfxBDc+9lhwunoCI84Rh0f6OOWaMIG2Cqp7d4l1Yp5ZWjIT2dy06zP9givNyXAZVkro+mpcKTzcojoIT+B3K/pDZKZIewsl3J6IMUVnaMYjsIwIshqk"
        + "PPogzma1ZOvHYA7yoF15BIrIiJtsdWfuBHv4G5c6T/cnlRavTAvk2l33xNJph0l0w4PGBj9NWXdTZGWkFnYNS5ZxnMwTheNpo5NXLOq39LPyA=";

    [Test]
    public void The_first_version_is_read_and_has_no_initiators()
    {
        using var reader = new RecordingReader(new MemoryStream(Convert.FromBase64String(Version1)), "memory");
        var read = new Snapshot();
        Assert.That(reader.Next(read, 0), Is.EqualTo(Moved.Packet));
        using Feed feed = Feed.Open(new CaptureOptions { File = Corpus.PathOf("writes.pcapng") }, new Wants(0, Feed.WholeFile));
        while (!feed.Ended) feed.WaitForSnapshot(TimeSpan.FromSeconds(60), default);
        Snapshot now = feed.Take();
        Assert.That(Lines(read, "cell"), Is.EqualTo(Lines(now, "cell")));
        Assert.That(Lines(read, "pattern"), Is.EqualTo(Lines(now, "pattern")).And.Not.Empty);
        Assert.That((read.Initiators.Count, now.Initiators.Count, read.Cells.Count), Is.EqualTo((0, 1, now.Cells.Count)));
        Assert.That((reader.Next(read, 0), reader.Problem), Is.EqualTo((Moved.End, "")));

        static string[] Lines(Snapshot s, string of) => [.. Everything.Text(s).Split('\n').Where(l => l.StartsWith(of + ' ', StringComparison.Ordinal))];
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
