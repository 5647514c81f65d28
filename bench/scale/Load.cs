using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Bench.Scale;

/// <summary>A load in an engine's table of cells: every connection does every operation to every unit, some commands each interval.</summary>
internal sealed class Load
{
    private static readonly (ushort Operation, CommandKind Kind, int Bytes, double Us)[] s_operations =
    [
        (0x2800, CommandKind.Read, 4096, 180), (0x2a00, CommandKind.Write, 8192, 420), (0x8800, CommandKind.Read, 262144, 2600),
        (0x8a00, CommandKind.Write, 65536, 900), (0x0000, CommandKind.Other, 0, 60), (0x1200, CommandKind.Other, 96, 75),
        (0x3500, CommandKind.Other, 0, 900), (0x4200, CommandKind.Other, 24, 300),
    ];

    private readonly List<(CellState State, int Operation, PatternState? Pattern)> _cells = [];
    private ulong _random = 88172645463325252;

    public Load(int connections, int luns, int operations)
    {
        Patterns = new PatternTable(Table);
        for (int c = 0; c < connections; c++) Connections.Add(Connection((uint)c + 1));
        for (int l = 0; l < luns; l++)
            for (int c = 0; c < connections; c++)
                for (int o = 0; o < operations; o++)
                {
                    (ushort operation, CommandKind kind, _, _) = s_operations[o];
                    PatternState? pattern = kind == CommandKind.Other ? null : Patterns.Of(new PatternKey((uint)c + 1, (ulong)l, kind == CommandKind.Write));
                    _cells.Add((Table.Of(new CellKey((uint)c + 1, (ulong)l, operation), kind, 0), o, pattern));
                }
    }

    public CellTable Table { get; } = new(1 << 17);

    /// <summary>Sizes and places of its reads and writes.</summary>
    public PatternTable Patterns { get; }

    public List<ConnectionInfo> Connections { get; } = [];

    public long Commands { get; private set; }

    public static ConnectionInfo Connection(uint id) => new(
        id, "192.0.2.10:3260", $"192.0.2.{id % 200}:{40000 + id}", "iqn.2026-01.com.example:storage.fast", $"iqn.1998-01.com.vmware:esx-{id:d3}-5f2a", $"00023d{id:x6}", (ushort)id, 0, 1);

    /// <summary>A second of load: none to nine commands of each cell.</summary>
    public void Interval(long from)
    {
        foreach ((CellState state, int o, PatternState? pattern) in _cells)
        {
            int n = (int)(Next() % 10);
            if (n == 0) continue;
            Cell cell = Table.Touch(state, from + (long)(Next() % 1_000_000_000));
            (_, CommandKind kind, int bytes, double us) = s_operations[o];
            cell.Started += n;
            cell.Completed += n;
            if (kind == CommandKind.Write) cell.WriteBytes += n * bytes;
            else cell.ReadBytes += n * bytes;
            for (int i = 0; i < n; i++) One(cell, kind, bytes, us);
            if (pattern is not null) Place(pattern.Pattern, n, bytes);
            Commands += n;
        }
    }

    private void One(Cell cell, CommandKind kind, int bytes, double us)
    {
        long latency = (long)(us * 1000 * Math.Exp((Unit() + Unit() + Unit() - 1.5) * 1.2));
        bool big = bytes > 8192;
        cell.OutstandingTime += latency;
        cell.Ensure(Phase.Latency).Add(latency);
        cell.Ensure(Phase.Service).Add(big ? (long)(latency * (0.4 + 0.3 * Unit())) : latency);
        if (kind == CommandKind.Write)
        {
            if (!big) return;
            cell.Ensure(Phase.R2tWait).Add(latency / 8);
            cell.Ensure(Phase.HostData).Add((long)(latency * (0.3 + 0.2 * Unit())));
            return;
        }
        if (bytes == 0) return;
        cell.Ensure(Phase.FirstByte).Add(big ? latency / 3 : latency);
        cell.Ensure(Phase.Transfer).Add(big ? (long)(latency * (0.5 + 0.1 * Unit())) : 0);
    }

    // Half goes on where the one before ended, half goes somewhere.
    private void Place(Pattern pattern, int n, int bytes)
    {
        int size = System.Numerics.BitOperations.Log2((uint)bytes), sequential = n / 2;
        pattern.Count += n;
        pattern.Sequential += sequential;
        pattern.Random += n - sequential;
        pattern.Sizes[size] += n;
        pattern.Exact[size] += n;
        pattern.Aligned[Math.Min(size - 9, Pattern.Alignments - 1)] += n;
        pattern.Seeks[Pattern.NoSeek] += sequential;
        for (int i = sequential; i < n; i++) pattern.Seeks[(int)(Next() % 2) * 50 + 10 + (int)(Next() % 12)]++;
        for (int i = 0; i < n; i++) (pattern.Interarrival ??= new Histogram()).Add((long)(Unit() * 4e8));
    }

    private ulong Next()
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        return _random;
    }

    private double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));
}
