using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Cli;

/// <summary>Hand-made snapshots with round numbers.</summary>
internal static class Samples
{
    public const string LongName = "iqn.2026-01.com.example.storage:array-of-the-second-floor.controller-b.volume-0001";

    public static readonly EngineStatus Engine = new() { Pid = 42, Source = "target", Version = "0.1.0", Seconds = 2, Connections = 2, Sessions = 2 };

    /// <summary>2026-11-23 08:00:00.123456789 UTC.</summary>
    public const long Time = 1_795_420_800_123_456_789;

    public static readonly ConnectionInfo Connection =
        new(1, "127.0.0.1:3260", "192.0.2.7:50000", "iqn.2026-01.com.example:a", "iqn.1994-05.com.example:host", "400001370000", 3);

    /// <summary>Two units: LUN 0 with 200 reads of 4096 bytes in 1 ms and 20 writes, LUN 1 known but idle.</summary>
    public static Snapshot Two()
    {
        Snapshot s = Empty();
        s.Units.Add(new UnitDelta { Target = Connection.Target, Lun = 0, Name = "disk-0", BlockSize = 512, Engine = Engine, MaxOutstanding = 7, BusyTime = 1_000_000_000, PeakIops = 150 });
        s.Units.Add(new UnitDelta { Target = Connection.Target, Lun = 1, Name = "disk-1", BlockSize = 512, Engine = Engine, PeakIops = 0 });
        s.Connections.Add(new ConnectionDelta { Connection = Connection, Engine = Engine });
        s.Cells.Add(Delta(Connection, 0, 0x2800, CommandKind.Read, 200, 4096, 1_000_000));
        s.Cells.Add(Delta(Connection, 0, 0x2a00, CommandKind.Write, 20, 8192, 2_000_000));
        return s;
    }

    public static Snapshot Empty() => new() { Time = Time, Seconds = 2, Engines = { Engine } };

    /// <summary>One cell on a unit nobody described.</summary>
    public static Snapshot One(string target, string initiator, long ops, long bytes, long latency)
    {
        Snapshot s = Empty();
        s.Cells.Add(Delta(Connection with { Target = target, Initiator = initiator }, 5, 0x2800, CommandKind.Read, ops, bytes, latency));
        return s;
    }

    public static CellDelta Delta(ConnectionInfo connection, ulong lun, ushort operation, CommandKind kind, long ops, long bytes, long latency)
    {
        var cell = new Cell { Key = new CellKey(connection.Id, lun, operation), Kind = kind, Started = ops, Completed = ops, OutstandingTime = ops * latency };
        if (kind == CommandKind.Write) cell.WriteBytes = ops * bytes;
        else cell.ReadBytes = ops * bytes;
        for (long i = 0; i < Math.Min(ops, 1000); i++) cell.Ensure(Phase.Latency).Add(latency);
        return new CellDelta { Cell = cell, Connection = connection, Engine = Engine };
    }

    /// <summary>What a writer makes of snapshots.</summary>
    public static string Written(TopOptions options, params Snapshot[] snapshots)
    {
        using var output = new MemoryStream();
        ReportWriter writer = ReportWriter.For(options.Output, new Streams(output, TextWriter.Null, false, false), options.Color);
        var report = new Report(options);
        foreach (Snapshot snapshot in snapshots)
        {
            report.Build(snapshot);
            writer.Write(report);
        }
        writer.End();
        return System.Text.Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>Options with the fields of a view.</summary>
    public static TopOptions Fields(OutputFormat format, string view, params string[] fields)
    {
        View v = Views.Find(view)!;
        return new TopOptions { Output = format, View = v, SortBy = v.SortBy, Fields = [.. fields.Select(f => v.Find(f)!)] };
    }
}
