using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Top;

/// <summary>
/// A load that never was: the same cells, units and engines every time, so that a screen can be written down. The n-th
/// snapshot is always the n-th.
/// </summary>
internal sealed class SyntheticLoad
{
    internal const string Fast = "iqn.2026-01.com.example:storage.fast";
    internal const string Archive = "iqn.2026-01.com.example:storage.archive";
    internal const string Esx1 = "iqn.1998-01.com.vmware:esx-01-5f2a";
    internal const string Esx2 = "iqn.1998-01.com.vmware:esx-02-77c1";
    internal const string Backup = "iqn.1991-05.com.microsoft:backup.example.com";

    private const ushort Read10 = 0x2800;
    private const ushort Write10 = 0x2a00;
    private const ushort Read16 = 0x8800;
    private const ushort TestUnitReady = 0x0000;
    private const ushort Inquiry = 0x1200;

    // connection, LUN, operation, ops a second, bytes an op, median us, spread (times median at the 99th), errors a second
    private static readonly (int Connection, ulong Lun, ushort Operation, double Rate, int Bytes, double Us, double Spread, double Errors)[] s_streams =
    [
        (0, 0, Read10, 6200, 4096, 180, 6, 0),
        (0, 0, Write10, 2100, 8192, 420, 9, 0),
        (1, 0, Read10, 1800, 16384, 230, 5, 0),
        (1, 1, Write10, 640, 65536, 900, 12, 0),
        (1, 1, Read16, 150, 262144, 2600, 4, 0),
        (0, 1, TestUnitReady, 2, 0, 60, 2, 0),
        (2, 0, Read16, 96, 1048576, 9800, 14, 3),
        (2, 1, Inquiry, 4, 96, 75, 3, 1),
        (2, 1, Read10, 12, 512, 31000, 6, 0),
    ];

    private readonly Snapshot _snapshot = new();
    private readonly List<(CellDelta Delta, int Stream)> _cells = [];
    private readonly EngineStatus _engine = new() { Pid = 4711, Source = "target", Version = "0.1.0", Connections = 3, Sessions = 3 };
    private readonly Histogram _nops = new();
    private readonly Func<double, double> _wave;
    private int _taken;

    /// <param name="steady">Every snapshot the same; else the rates go up and down.</param>
    public SyntheticLoad(bool steady = true)
    {
        _wave = steady ? _ => 1 : n => 0.75 + 0.25 * Math.Sin(n / 7) + 0.08 * Math.Sin(n * 1.7);
        ConnectionInfo[] connections =
        [
            new(1, "192.0.2.10:3260", "192.0.2.21:50112", Fast, Esx1, "00023d000001", 1, 0),
            new(2, "192.0.2.10:3260", "192.0.2.22:50114", Fast, Esx2, "00023d000002", 2, 0),
            new(3, "192.0.2.11:3260", "192.0.2.40:49801", Archive, Backup, "400001370000", 3, 1),
        ];
        _snapshot.Engines.Add(_engine);
        _nops.Add(2_000_000);
        foreach (ConnectionInfo connection in connections)
            _snapshot.Connections.Add(new ConnectionDelta { Connection = connection with { Opened = 1, Parameters = connection.Cid == 0 ? new SessionParameters(HeaderDigest: true) : null }, Engine = _engine });
        _snapshot.Connections.Add(new ConnectionDelta
        {
            Connection = new ConnectionInfo(4, "192.0.2.11:3260", "192.0.2.41:49802", Archive, "?192.0.2.41", Opened: 1, Closed: 95_000_000_001)
            {
                MidStream = true,
                End = ConnectionEnd.NopUnanswered,
            },
            Engine = _engine,
        });
        foreach ((string initiator, long most) in new[] { (Esx1, 41L), (Esx2, 17L), (Backup, 9L) }) _snapshot.Initiators.Add(new InitiatorDelta(initiator, _engine, most));
        Unit(Fast, 0, "vmfs-a", 38, 0.97);
        Unit(Fast, 1, "vmfs-b", 12, 0.61);
        Unit(Archive, 0, "tape-cache", 9, 0.88);
        Unit(Archive, 1, "", 2, 0.31);
        Unit(Archive, 7, "spare", 0, 0);
        for (int i = 0; i < s_streams.Length; i++)
        {
            ushort operation = s_streams[i].Operation;
            var cell = new Iscsitop.Engine.Cell
            {
                Key = new CellKey((uint)s_streams[i].Connection + 1, s_streams[i].Lun, operation),
                Kind = operation is Read10 or Read16 ? CommandKind.Read : operation == Write10 ? CommandKind.Write : CommandKind.Other,
            };
            _cells.Add((new CellDelta { Cell = cell, Connection = connections[s_streams[i].Connection], Engine = _engine }, i));
            _snapshot.Cells.Add(_cells[^1].Delta);
        }
    }

    public long RingDrops { get => _engine.RingDrops; set => _engine.RingDrops = value; }

    /// <summary>The next interval.</summary>
    public Snapshot Take(double seconds = 1)
    {
        _snapshot.Time = 1_767_323_045_000_000_000 + ++_taken * (long)(seconds * 1e9);
        _snapshot.Seconds = _engine.Seconds = seconds;
        foreach (ConnectionDelta connection in _snapshot.Connections) Fill(connection, seconds);
        double wave = _wave(_taken);
        foreach ((CellDelta delta, int stream) in _cells) Fill(delta.Cell, s_streams[stream], seconds * wave);
        foreach (UnitDelta unit in _snapshot.Units) unit.BusyTime = (long)(unit.PeakIops / 1e4 * seconds * 1e9);
        return _snapshot;
    }

    private void Unit(string target, ulong lun, string name, long max, double busy) => _snapshot.Units.Add(new UnitDelta
    {
        Target = target,
        Lun = lun,
        Name = name,
        BlockSize = 512,
        Engine = _engine,
        MaxOutstanding = max,
        PeakIops = busy * 1e4,
    });

    // The first two are seen in packets, the third is not.
    private void Fill(ConnectionDelta connection, double seconds)
    {
        uint id = connection.Connection.Id;
        connection.Time = (long)(3_700_000_000_000 + _taken * seconds * 1e9);
        foreach (ConnectionFacts facts in (ReadOnlySpan<ConnectionFacts>)[connection.Facts, connection.Total])
        {
            facts.Begin();
            facts.Window = id == 3 ? 0 : 32 * id;
            facts.Outstanding = id;
            facts.LastPdu = connection.Time - id * 400_000_000;
            facts[Fact.R2ts] = 120 * id;
            facts[Fact.WindowClosed] = id == 3 ? 500_000_000 : 0;
            facts[Fact.NopsLost] = id - 1;
            if (id > 2) continue;
            facts[Fact.BytesToTarget] = 1_000_000;
            facts[Fact.ResentToTarget] = id * 5_000;
            facts[Fact.BytesToInitiator] = 2_000_000;
            facts[Fact.ResentToInitiator] = 0;
        }
        if (id > 1) connection.Total.NopTime = _nops;
    }

    private static void Fill(Iscsitop.Engine.Cell cell, (int, ulong, ushort, double Rate, int Bytes, double Us, double Spread, double Errors) s, double seconds)
    {
        cell.Clear();
        long n = (long)(s.Rate * seconds);
        cell.Started = cell.Completed = n;
        cell.Errors = (long)(s.Errors * seconds);
        if (cell.Kind == CommandKind.Write) cell.WriteBytes = n * s.Bytes;
        else cell.ReadBytes = n * s.Bytes;
        Histogram latency = cell.Ensure(Phase.Latency);
        double sum = 0;
        for (long i = 0; i < n; i++)
        {
            // A log-normal shape without chance: the i-th of n quantiles.
            double us = s.Us * Math.Exp(Quantile((i + 0.5) / n) * Math.Log(s.Spread) / 2.33);
            latency.Add((long)(us * 1000));
            sum += us;
        }
        cell.OutstandingTime = (long)(sum * 1000);
        cell.Outstanding = (long)Math.Round(sum / 1e6);
    }

    // The normal quantile, by the logistic approximation: good enough for a shape.
    private static double Quantile(double p) => Math.Log(p / (1 - p)) / 1.702;
}
