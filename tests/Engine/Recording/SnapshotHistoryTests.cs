using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine.Recording;

[TestFixture]
public sealed class SnapshotHistoryTests
{
    [Test]
    public void One_steps_back_and_forth_and_jumps()
    {
        var history = new SnapshotHistory();
        for (int i = 0; i < 100; i++) history.Add(Everything.At(i));
        Assert.That((history.Count, history.First, history.Last), Is.EqualTo((100, Everything.At(0).Time, Everything.At(99).Time)));
        foreach (int i in new[] { 99, 98, 97, 3, 0, 60, 61, 62, 50 })
            Assert.That(Everything.Text(history.At(Everything.At(i).Time)!), Is.EqualTo(Everything.Text(Everything.At(i))), $"second {i}");
        Assert.That(history.After(Everything.At(50).Time)!.Time, Is.EqualTo(Everything.At(51).Time));
        Assert.That(history.Before(Everything.At(50).Time)!.Time, Is.EqualTo(Everything.At(49).Time));
        Assert.That((history.After(Everything.At(99).Time), history.Before(Everything.At(0).Time)), Is.EqualTo(((Snapshot?)null, (Snapshot?)null)));
    }

    [Test]
    public void What_comes_while_one_looks_back_is_kept()
    {
        var history = new SnapshotHistory();
        for (int i = 0; i < 10; i++) history.Add(Everything.At(i));
        Snapshot shown = history.At(Everything.At(4).Time)!;
        for (int i = 10; i < 20; i++) history.Add(Everything.At(i));
        Assert.That(Everything.Text(shown), Is.EqualTo(Everything.Text(Everything.At(4))));
        Assert.That(Everything.Text(history.At(long.MaxValue)!), Is.EqualTo(Everything.Text(Everything.At(19))));
    }

    [Test]
    public void Without_room_the_old_becomes_coarser_and_nothing_is_lost()
    {
        const int Most = 500_000, Block = 150_000;
        var load = new Load(10, 20, 5);
        var history = new SnapshotHistory(Most);
        long commands = 0, kept = 0;
        for (int i = 0; i < 600; i++)
        {
            Snapshot snapshot = load.Next();
            commands += snapshot.Cells.Sum(c => c.Cell.Completed);
            history.Add(snapshot);
        }
        List<double> lengths = [];
        for (Snapshot? s = history.At(0); s is not null; s = history.After(s.Time))
        {
            kept += s.Cells.Sum(c => c.Cell.Completed);
            lengths.Add(s.Seconds);
        }
        Assert.That(history.Bytes, Is.LessThanOrEqualTo(Most + Block));
        Assert.That((kept, lengths[^1] < 1.5, lengths[0] > 1.5), Is.EqualTo((commands, true, true)), string.Join(' ', lengths));
    }

    [Test]
    public void What_is_shown_stays_as_it_is_while_the_old_is_merged()
    {
        var load = new Load(10, 20, 5);
        var history = new SnapshotHistory(500_000);
        for (int i = 0; i < 100; i++) history.Add(load.Next());
        Snapshot shown = history.At(0)!;
        string text = Everything.Text(shown);
        long first = history.First;
        for (int i = 0; i < 500; i++) history.Add(load.Next());
        Assert.That(history.First, Is.GreaterThan(first), "the first have been merged");
        Assert.That(Everything.Text(shown), Is.EqualTo(text));
    }

    [Test]
    public void What_is_older_than_an_hour_goes()
    {
        var history = new SnapshotHistory(age: TimeSpan.FromMinutes(2));
        for (int i = 0; i < 600; i++) history.Add(Everything.At(i));
        Assert.That(history.Last - history.First, Is.InRange(100 * Everything.Second, 200 * Everything.Second));
        history.Clear();
        Assert.That((history.Count, history.Bytes, history.At(0)), Is.EqualTo((0, 0L, (Snapshot?)null)));
    }
    [Test]
    public void Very_many_cells_come_back_as_they_were()
    {
        var history = new SnapshotHistory();
        for (int i = 0; i < 4; i++) history.Add(Many(20 * i));
        history.Add(Everything.At(100));
        Assert.That(history.Count, Is.EqualTo(5));
        foreach (int i in new[] { 60, 0, 20, 40, 100 })
        {
            Snapshot then = i == 100 ? Everything.At(i) : Many(i);
            Assert.That(Everything.Text(history.At(then.Time)!), Is.EqualTo(Everything.Text(then)), $"second {i}");
        }
        history.Clear();
        Assert.That((history.Count, history.Bytes), Is.EqualTo((0, 0L)));
    }

    [Test]
    public void Of_very_many_cells_the_old_are_kept_more_rarely()
    {
        var one = new SnapshotHistory();
        one.Add(Many(0));
        long most = 20 * one.Bytes;
        var history = new SnapshotHistory(most);
        for (int i = 0; i < 100; i++) history.Add(Many(2 * i, 4200));
        List<long> times = [];
        for (Snapshot? s = history.At(0); s is not null; s = history.After(s.Time)) times.Add((s.Time - Many(0).Time) / Everything.Second);
        Assert.That((history.Bytes <= most / 2 + 2 * one.Bytes, times.Count >= 7, times[0], times[^1]), Is.EqualTo((true, true, 0L, 198L)), string.Join(' ', times));
        Assert.That(times[1] - times[0], Is.GreaterThan(2 * (times[^1] - times[^2])), string.Join(' ', times));
    }

    [Test]
    public void What_is_dropped_gives_its_memory_to_what_comes()
    {
        var free = new Stack<byte[]>();
        var random = new Random(1);
        byte[] bytes = new byte[3 * Pieces.Size + 5];
        random.NextBytes(bytes);
        var first = new Pieces(free);
        first.Write(bytes, 0, bytes.Length);
        Assert.That((first.Length, first.Bytes), Is.EqualTo((bytes.Length, 4L * Pieces.Size)));
        byte[] read = new byte[bytes.Length];
        first.ToRead().ReadExactly(read);
        Assert.That(read, Is.EqualTo(bytes));
        first.Free();
        Assert.That((first.Bytes, free.Count), Is.EqualTo((0L, 4)));
        var second = new Pieces(free);
        second.Write(bytes, 5, Pieces.Size);
        Assert.That((second.Length, free.Count), Is.EqualTo(((long)Pieces.Size, 3)));
        second.ToRead().ReadExactly(read, 0, Pieces.Size);
        Assert.That(read[..Pieces.Size], Is.EqualTo(bytes[5..(5 + Pieces.Size)]));
    }

    [Test]
    public void Of_very_many_cells_not_every_interval_is_kept()
    {
        var history = new SnapshotHistory();
        for (int i = 0; i < 10; i++) history.Add(Many(i, 15_000));
        Assert.That(history.Count, Is.EqualTo(5));
    }

    // Everything, and cells of a connection each.
    private static Snapshot Many(int second, int cells = 5000)
    {
        Snapshot s = Everything.At(second);
        ConnectionInfo[] connections = [.. s.Connections.Select(c => c.Connection)];
        for (int i = 0; i < cells; i++)
        {
            var cell = new Cell { Key = new CellKey(connections[i % 2].Id, (ulong)(1 + i / 2), 0x2800), Kind = CommandKind.Read, Started = 3, Completed = 2, Outstanding = 1 };
            (cell.ReadBytes, cell.OutstandingTime) = (4096 * i, i);
            cell.Ensure(Phase.Latency).Add(100_000 + 997 * i);
            cell.Ensure(Phase.Latency).Add(200_000);
            cell.Ensure(Phase.Service).Add(50_000);
            s.Cells.Add(new CellDelta { Cell = cell, Connection = connections[i % 2], Engine = Everything.Engine });
        }
        return s;
    }
}
