using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine.Recording;

/// <summary>What is left of connections that are listed no more: names tell it apart, no ids.</summary>
[TestFixture]
public sealed class SummedUpTests
{
    [Test]
    public void What_was_taken_stays_as_it_is_while_the_next_is_added()
    {
        var sum = new SnapshotSum();
        for (int i = 0; i < 4; i++)
        {
            sum.Add(Everything.At(2 * i));
            sum.Add(Everything.At(2 * i + 1));
            Snapshot taken = sum.Take();
            string text = Everything.Text(taken);
            sum.Add(Everything.At(50 + i));
            Assert.That(Everything.Text(taken), Is.EqualTo(text));
            sum.Take();
        }
    }

    private const string Target = "iqn.2026-01.com.example:a";

    private static readonly FailureKey s_key = new(7, 0, 0x2800, FailureKind.Status, 0x02030c00);

    // The failures of connection 7 count as its initiator's from the third second on.
    private static Snapshot At(int second, EngineStatus engine)
    {
        var s = new Snapshot { Time = Everything.Start + second * Everything.Second, Seconds = 1, Engines = { engine } };
        foreach (string host in new[] { "x", "y" })
        {
            var left = new ConnectionInfo(0, "", "", Target, host);
            int more = second >= 3 && host == "x" ? 5 : 0;
            s.Failures.Add(new FailureDelta { Key = s_key with { Connection = 0 }, Connection = left, Engine = engine, Count = 1, Total = 10 + second + more, First = 1, Last = s.Time });
            var pattern = new PatternDelta { Key = new PatternKey(0, 0, true), Connection = left, Engine = engine };
            (pattern.Pattern.Count, pattern.Pattern.Unplaced, pattern.Pattern.Sizes[12], pattern.Pattern.Exact[12], pattern.Pattern.Aligned[3]) = (host == "x" ? 3 : 5, host == "x" ? 3 : 5, 1, 1, 1);
            s.Patterns.Add(pattern);
        }
        var on = new ConnectionInfo(7, "192.0.2.1:3260", "192.0.2.7:50000", Target, "x", "400001370000", 1) { PortalGroup = 2 };
        if (second < 3) s.Failures.Add(new FailureDelta { Key = s_key, Connection = on, Engine = engine, Count = second == 0 ? 4 : second == 2 ? 1 : 0, Total = second == 2 ? 5 : 4, First = 1, Last = 2 });
        return s;
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(8)]
    public void Comes_back_as_it_was(int each)
    {
        var engine = new EngineStatus { Pid = 1, Source = "target" };
        var writer = new BlockWriter();
        List<byte> bytes = [];
        for (int i = 0; i < 8; i++)
        {
            writer.Add(At(i, engine));
            if ((i + 1) % each == 0) bytes.AddRange(writer.Finish()!);
        }
        using var reader = new RecordingReader(new MemoryStream([.. bytes]), "memory");
        var read = new Snapshot();
        for (int i = 0; i < 8; i++)
        {
            Assert.That(reader.Next(read, 0), Is.EqualTo(Moved.Packet));
            Assert.That(Everything.Text(read), Is.EqualTo(Everything.Text(At(i, engine))), $"second {i}");
        }
    }

    [Test]
    public void A_sum_has_each_failure_once()
    {
        var engine = new EngineStatus { Pid = 1, Source = "target" };
        var sum = new SnapshotSum();
        for (int i = 0; i < 4; i++) sum.Add(At(i, engine));
        Snapshot all = sum.Take();
        Assert.That(
            all.Failures.Select(f => (f.Connection.Initiator, f.Key.Connection, f.Count, f.Total)).Order(),
            Is.EqualTo(new[] { ("x", 0u, 4L + 5, 18L), ("y", 0u, 4L, 13L) }));
        Assert.That(all.Patterns.Select(p => (p.Connection.Initiator, p.Pattern.Count)).Order(), Is.EqualTo(new[] { ("x", 12L), ("y", 20L) }));
    }

    [Test]
    public void What_tells_everything_needs_nothing_from_before()
    {
        var engine = new EngineStatus { Pid = 1, Source = "target" };
        var writer = new BlockWriter();
        writer.Add(At(0, engine));
        List<byte> bytes = [.. writer.Finish()!];
        writer.BeginFile();
        writer.Add(At(3, engine));
        bytes.AddRange(writer.Finish()!);
        using var reader = new RecordingReader(new MemoryStream([.. bytes]), "memory");
        var read = new Snapshot();
        reader.Next(read, 0);
        reader.Next(read, 0);
        Assert.That(Everything.Text(read), Is.EqualTo(Everything.Text(At(3, engine))));
    }

    [Test]
    public void A_sum_is_bounded_and_loses_no_command()
    {
        var engine = new EngineStatus { Pid = 1, Source = "target" };
        var on = new ConnectionInfo(7, "192.0.2.1:3260", "192.0.2.7:50000", Target, "x");
        var sum = new SnapshotSum();
        const int Cells = SnapshotSum.MostCells + 3;
        for (int part = 0; part < 3; part++)
        {
            var s = new Snapshot { Time = Everything.Start + part, Seconds = 1, Engines = { engine } };
            for (int i = part; i < Cells; i += 3)
                s.Cells.Add(new CellDelta { Cell = new Cell { Key = new CellKey(7, (ulong)i, 0x2800), Kind = CommandKind.Read, Completed = 1 }, Connection = on, Engine = engine });
            sum.Add(s);
        }
        Snapshot all = sum.Take();
        Assert.That((all.Cells.Count, all.Cells.Sum(c => c.Cell.Completed), all.Engines[0].Folded), Is.EqualTo((SnapshotSum.MostCells + 1, (long)Cells, 3L)));
    }
}
