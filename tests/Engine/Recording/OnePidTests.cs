using Iscsitop.Cli.Top;
using Iscsitop.Engine;
using Iscsitop.Engine.Findings;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Iscsitop.Tests.Top;
using Cell = Iscsitop.Engine.Cell;

namespace Iscsitop.Tests.Engine.Recording;

/// <summary>Two engines of one process id in one recording, as of two machines, or of a container and its host: connection 1 of each is another.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class OnePidTests
{
    private const string Target = "iqn.2026-11.example:t";
    private const int Seconds = 12;

    private readonly EngineStatus[] _engines = [.. new[] { "host-a", "host-b" }.Select(h => new EngineStatus { Pid = 42, Source = h, Version = "0.1.0", Seconds = 1 })];

    [Test]
    public void One_drills_into_that_of_one_of_them()
    {
        foreach (string host in new[] { "host-a", "host-b" })
        {
            using RecordingReader reader = Reader();
            Seen seen = new Seen(140, 40).With(Next(reader)).Press("3");
            Select(seen, host);
            seen.Press("Enter", "2");
            Assert.That(seen.Frame.Rows.Select(r => r.Initiator), Is.EqualTo(new[] { Named(host) }));
            seen.Press("8");
            Assert.That(seen.Frame.Rows.Select(r => r.Initiator), Is.EqualTo(new[] { Named(host) }));
            reader.Seek(Everything.At(3).Time);
            seen.With(Next(reader)).Press("1");
            Assert.That(seen.Frame.Rows.Sum(r => r.Ops), Is.EqualTo(host == "host-a" ? 150 : 3000), "from another place of the recording");
        }
    }

    [Test]
    public void What_is_selected_is_the_same_in_the_past_of_the_screen()
    {
        var history = new SnapshotHistory(bytes: 3000);
        for (int i = 0; i < 300; i++) history.Add(At(i));
        Seen seen = new Seen(140, 40).With(At(300)).Press("3");
        Select(seen, "host-b");
        seen.Press("Enter");
        for (Snapshot? past = history.Before(long.MaxValue); past is not null; past = history.Before(past.Time))
            Assert.That(seen.With(past).Press("1").Frame.Rows.Sum(r => r.Ops) / past.Seconds, Is.EqualTo(3000));
        Assert.That(history.At(0)!.Seconds, Is.GreaterThan(1), "what was merged was looked at, too");
    }

    [Test]
    public void Findings_do_not_mix_them()
    {
        using RecordingReader reader = Reader();
        var examiner = new Examiner();
        var snapshot = new Snapshot();
        while (reader.Next(snapshot, 0) == Moved.Packet) examiner.Examine(snapshot);
        Assert.That(examiner.Findings.Where(f => f.Rule == "misaligned_io").Select(f => f.Initiator), Is.EqualTo(new[] { Named("host-a") }));
    }

    private static string Named(string host) => "iqn.2026-11.example:" + host;

    private static void Select(Seen seen, string host)
    {
        seen.Press("Home");
        while (seen.Frame.Selected?.Initiator != Named(host)) seen.Press("Down");
    }

    private static Snapshot Next(RecordingReader reader)
    {
        var snapshot = new Snapshot();
        Assert.That(reader.Next(snapshot, 0), Is.EqualTo(Moved.Packet));
        return snapshot;
    }

    private RecordingReader Reader()
    {
        var writer = new BlockWriter();
        using var file = new MemoryStream();
        for (int i = 0; i < Seconds; i++)
        {
            writer.Add(At(i));
            if (i % 2 == 1) file.Write(writer.Finish());
        }
        return new RecordingReader(new MemoryStream(file.ToArray()), "memory");
    }

    // Those of the first are few and misaligned: among those of the second they would be lost.
    private Snapshot At(int second)
    {
        var s = new Snapshot { Time = Everything.Start + (second + 1) * Everything.Second, Seconds = 1 };
        foreach (EngineStatus engine in _engines)
        {
            bool first = engine == _engines[0];
            int ops = first ? 150 : 3000;
            s.Engines.Add(engine);
            var connection = new ConnectionInfo(1, "192.0.2.1:3260", "192.0.2.7:50001", Target, Named(engine.Source), "400000000001", 1, 0, 1);
            var delta = new ConnectionDelta { Connection = connection, Engine = engine, Time = (second + 2) * Everything.Second };
            delta.Facts.Begin();
            delta.Total.Begin();
            s.Connections.Add(delta);
            var cell = new Cell { Key = new CellKey(1, 0, 0x2800), Kind = CommandKind.Read, Started = ops, Completed = ops, ReadBytes = ops * 4096 };
            for (int i = 0; i < ops; i++) cell.Ensure(Phase.Latency).Add(1_000_000);
            s.Cells.Add(new CellDelta { Cell = cell, Connection = connection, Engine = engine });
            var pattern = new PatternDelta { Key = new PatternKey(1, 0, false), Connection = connection, Engine = engine };
            (pattern.Pattern.Count, pattern.Pattern.Aligned[first ? 0 : 3]) = (ops, ops);
            s.Patterns.Add(pattern);
        }
        return s;
    }
}
