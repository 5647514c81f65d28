using System.Globalization;
using System.Text;
using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine.Recording;

/// <summary>A snapshot that has something of every list, and what of a snapshot must come back exactly as text.</summary>
internal static class Everything
{
    public const long Second = 1_000_000_000;
    public const long Start = 1_795_420_800_000_000_000;

    public static readonly EngineStatus Engine = new() { Pid = 42, Source = "target", Version = "0.1.0" };

    /// <summary>The snapshot of a second.</summary>
    public static Snapshot At(int second, EngineStatus? of = null)
    {
        EngineStatus engine = of ?? Engine;
        long time = Start + second * Second + 123_456_789;
        engine.Seconds = 1.000_000_5;
        (engine.Connections, engine.Sessions, engine.RingDrops, engine.PeakIops, engine.MaxOutstanding, engine.BusyTime) = (2, 2, 3 * second, 120, 7, 123_456_789 + second);
        engine.Coverage = new Coverage { Packets = 1000 * second, Dropped = -1, MidStream = 1 };
        ConnectionInfo open = Connection(1, "host-a") with { PortalGroup = 1, Parameters = new SessionParameters(DataDigest: true, InitialR2T: false, TargetMaxRecv: 262144) };
        ConnectionInfo gone = Connection(2, "hôte-b") with { Closed = 9 * Second, End = ConnectionEnd.NopUnanswered, MidStream = true };
        var s = new Snapshot { Time = time, Seconds = 1.000_000_5, Engines = { engine } };
        s.Connections.Add(Delta(open, engine, time - Start, second));
        s.Connections.Add(Delta(gone, engine, time - Start, 0));
        s.Units.Add(new UnitDelta { Target = open.Target, Lun = 0, Name = "disk-0", Identity = "naa.6001", BlockSize = 512, Engine = engine, MaxOutstanding = 7, BusyTime = 512 << 10, PeakIops = 150 });
        s.Units.Add(new UnitDelta { Target = open.Target, Lun = Lun.Max, Engine = engine });
        if (second != 1) s.Initiators.Add(new InitiatorDelta(open.Initiator, engine, 5 + second % 2));
        s.Initiators.Add(new InitiatorDelta(gone.Initiator, engine, 1));
        s.Cells.Add(Cell(open, engine, 0, Reclaimed.Operation, CommandKind.Other, 3, 0, 3_000_000));
        Reclaimed reclaimed = s.Cells[^1].Cell.EnsureReclaimed();
        (reclaimed.Blocks, reclaimed.Descriptors, reclaimed.Unseen) = second % 2 == 0 ? (1L << 40, 4095, second) : (0, 0, 0);
        s.Cells.Add(Cell(open, engine, 0, 0x2800, CommandKind.Read, 200 + second, 4096, 1_000_000));
        s.Cells.Add(Cell(open, engine, 0, 0x2a00, CommandKind.Write, 20, 8192 + 512 * second, 2_000_000));
        if (second % 3 == 0) s.Cells.Add(Cell(new ConnectionInfo(1, "", ""), engine, Lun.Unknown, 0xff02, CommandKind.Other, 1, 0, 100));
        s.Patterns.Add(PatternOf(open, engine, second));
        s.Failures.Add(new FailureDelta { Key = new FailureKey(1, 0, 0x2800, FailureKind.Status, 0x02030c00), Connection = open, Engine = engine, Count = second % 2, Total = 5 + second / 2, First = Start, Last = Start + second / 2 * Second });
        for (int i = 1; i <= 1 + second / 2; i++)
            s.Tasks.Add(new TaskRecord(i, Start + i, open, engine, 0, TaskFunction.AbortTask, 0x1234, 0x2800, 5 * Second, 1, i == 1 && second > 2 ? 0 : -1, i == 1 && second > 2 ? 77 : -1));
        s.Ends.Add(new SessionEnd(gone, engine, Start + 5, [new KeptPdu(Start + 1, Header(1)), new KeptPdu(Start + 2, Header(2))], [new LeftCommand(9, 3, 0x2a00, 4096, 65536, Second), new LeftCommand(10, 3, 0x3500, -1, 0, 1)], 2, 1, 3 * Second, 0, Second, -1, 1, second > 3 ? Second : -1));
        s.Reservations.Add(new ReservationState(open.Target, 0, engine, ReservationKind.Persistent, 5, new Registrant(open.Initiator, open.Isid, 0xabc), [new Registrant(open.Initiator, open.Isid, 0xabc), new Registrant("", "", ulong.MaxValue)], 4, Start, second > 1));
        return s;
    }

    /// <summary>A recording of so many seconds.</summary>
    public static byte[] Recording(int seconds, out List<byte[]> blocks, int each = 4)
    {
        blocks = [];
        var writer = new BlockWriter();
        for (int i = 0; i < seconds; i++)
        {
            writer.Add(At(i));
            if ((i + 1) % each == 0) blocks.Add(writer.Finish()!);
        }
        if (writer.Finish() is { } rest) blocks.Add(rest);
        return [.. blocks.SelectMany(b => b)];
    }

    /// <summary>What is exact.</summary>
    public static string Text(Snapshot s)
    {
        var lines = new List<string>();
        foreach (EngineStatus e in s.Engines) lines.Add(Line($"engine {e.Pid} {e.Source} {e.Version} {e.Alive} {e.Problem} {e.RingDrops} {e.OutboxDrops} {e.Folded} {e.Unmatched} {e.Lost} {e.Subscribers} {e.Connections} {e.Sessions} {e.Seconds} {e.PeakIops} {e.MaxOutstanding} {e.BusyTime} {e.Coverage}"));
        foreach (ConnectionDelta c in s.Connections) lines.Add(Line($"connection {c.Connection} {c.Engine.Pid} {c.Time} {Facts(c.Facts)} | {Facts(c.Total)} {Buckets(c.Total.NopTime)}"));
        foreach (UnitDelta u in s.Units) lines.Add(Line($"unit {u.Target} {u.Lun} {u.Name} {u.Identity} {u.BlockSize} {u.MaxOutstanding} {u.PeakIops} {u.BusyTime}"));
        foreach (InitiatorDelta i in s.Initiators) lines.Add(Line($"initiator {i.Initiator} {i.Engine.Pid} {i.MaxOutstanding}"));
        foreach (CellDelta d in s.Cells)
        {
            Cell c = d.Cell;
            lines.Add(Line($"cell {c.Key} {c.Kind} {d.Connection} {c.Started} {c.Completed} {c.Errors} {c.Aborted} {c.ReadBytes} {c.WriteBytes} {c.Outstanding} {c.Reclaimed?.Blocks}/{c.Reclaimed?.Descriptors}/{c.Reclaimed?.Unseen} {string.Join(' ', Enum.GetValues<Phase>().Select(p => Buckets(c.Of(p))))}"));
        }
        foreach (PatternDelta p in s.Patterns) lines.Add(Line($"pattern {p.Key} {p.Pattern.Count} {p.Pattern.Sequential} {p.Pattern.Random} {p.Pattern.Unplaced} {Join(p.Pattern.Sizes)} {Join(p.Pattern.Exact)} {Join(p.Pattern.Aligned)} {Join(p.Pattern.Seeks)} {p.Pattern.Interarrival?.Count}"));
        foreach (FailureDelta f in s.Failures) lines.Add(Line($"failure {f.Key} {f.Connection} {f.Count} {f.Total} {f.First} {f.Last}"));
        foreach (TaskRecord t in s.Tasks) lines.Add(Line($"task {t.Id} {t with { Engine = Engine }}").Replace(typeof(EngineStatus).FullName!, "", StringComparison.Ordinal));
        foreach (SessionEnd e in s.Ends) lines.Add(Line($"end {e.Connection} {e.Time} {string.Join(',', e.Pdus.Select(p => $"{p.Time}:{Convert.ToHexString(p.Header)}"))} {string.Join(',', e.Commands)} {e.Outstanding} {e.UnansweredPings} {e.OldestPing} {e.Window} {e.Quiet} {e.QuietTarget} {e.Tasks} {e.LoginAgain}"));
        foreach (ReservationState r in s.Reservations) lines.Add(Line($"reservation {r.Target} {r.Lun} {r.Kind} {r.Type} {r.Holder} {string.Join(',', r.Registrants)} {r.Generation} {r.Changed} {r.Complete}"));
        lines.Sort(StringComparer.Ordinal);
        var text = new StringBuilder(Line($"{s.Time} {s.Seconds}\n"));
        foreach (string line in lines) text.Append(line).Append('\n');
        return text.ToString();
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Facts(ConnectionFacts f) => string.Join(' ', Enum.GetValues<Fact>().Select(x => f[x])) + Line($" {f.Window} {f.Outstanding} {f.LastPdu}");

    private static string Buckets(Histogram? h) => h is not { Count: > 0 } ? "-" : h.Count + ":" + Join(h.Buckets.Trim(0));

    private static string Join(ReadOnlySpan<long> counts) => string.Join(',', counts.ToArray());

    private static byte[] Header(byte seed) => [.. Enumerable.Range(0, 48).Select(i => (byte)(i * seed))];

    private static ConnectionInfo Connection(uint id, string host) =>
        new(id, "127.0.0.1:3260", $"192.0.2.{id}:50000", "iqn.2026-01.com.example:a", "iqn.1994-05.com.example:" + host, "40000137000" + id, (ushort)id, 1, id * Second);

    private static ConnectionDelta Delta(ConnectionInfo info, EngineStatus engine, long time, int second)
    {
        var delta = new ConnectionDelta { Connection = info, Engine = engine, Time = time };
        foreach (ConnectionFacts facts in new[] { delta.Facts, delta.Total })
        {
            facts.Begin();
            // A whole number of steps old, so that it comes back as it was.
            (facts.Window, facts.Outstanding, facts.LastPdu) = (32 - second % 4, second % 3, time - (5L << 20));
        }
        delta.Facts[Fact.R2ts] = second == 0 ? 0 : 3;
        delta.Total[Fact.R2ts] = 3 * second;
        delta.Total[Fact.Logins] = 1;
        if (second > 0)
        {
            delta.Total.NopTime = new Histogram();
            for (int i = 0; i < second; i++) delta.Total.NopTime.Add(1_000_000);
        }
        if (info.Closed != 0) delta.Facts.LastPdu = delta.Total.LastPdu = 0;
        return delta;
    }

    private static CellDelta Cell(ConnectionInfo connection, EngineStatus engine, ulong lun, ushort operation, CommandKind kind, int ops, int bytes, long latency)
    {
        var cell = new Cell { Key = new CellKey(connection.Id, lun, operation), Kind = kind, Started = ops + 1, Completed = ops, Outstanding = 1, Errors = ops / 50, OutstandingTime = ops * latency };
        if (kind == CommandKind.Write) cell.WriteBytes = (long)ops * bytes;
        else cell.ReadBytes = (long)ops * bytes;
        var random = new Random(ops);
        for (int i = 0; i < ops; i++)
        {
            long took = (long)(latency * (0.5 + random.NextDouble()));
            cell.Ensure(Phase.Latency).Add(took);
            cell.Ensure(Phase.Service).Add(i % 10 == 0 ? took * 9 / 10 : took);
            if (kind == CommandKind.Read) cell.Ensure(Phase.Transfer).Add(0);
            if (kind == CommandKind.Write && i % 2 == 0) cell.Ensure(Phase.R2tWait).Add(random.Next(1_000_000_000));
        }
        return new CellDelta { Cell = cell, Connection = connection, Engine = engine };
    }

    private static PatternDelta PatternOf(ConnectionInfo connection, EngineStatus engine, int second)
    {
        var delta = new PatternDelta { Key = new PatternKey(connection.Id, 0, false), Connection = connection, Engine = engine };
        Pattern p = delta.Pattern;
        (p.Count, p.Sequential, p.Random, p.Unplaced) = (200, 100 + second, 30, second == 0 ? 1 : 0);
        (p.Sizes[12], p.Sizes[13], p.Exact[12], p.Exact[13]) = (150, 50, 150, 10 + second % 5);
        (p.Aligned[3], p.Aligned[0]) = (190, 10);
        (p.Seeks[Pattern.NoSeek], p.Seeks[0], p.Seeks[Pattern.SeekClasses - 1]) = (100, 49, 50 + (second == 0 ? 0 : 1));
        p.Interarrival = new Histogram();
        for (int i = 0; i < 199; i++) p.Interarrival.Add(5_000_000 + i * 10_000);
        return delta;
    }
}
