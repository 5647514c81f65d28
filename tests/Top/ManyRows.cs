using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Top;

/// <summary>
/// Many cells and patterns of few different numbers, so that most rows have equals: 12 initiators of two sessions each on 40 units. Beside them
/// stands what can go wrong.
/// </summary>
internal sealed class ManyRows
{
    private const int Initiators = 12;
    private const int Sessions = 2;
    private const int Luns = 40;

    private readonly Random _random = new(12);
    private readonly Snapshot _snapshot = SyntheticTrouble.AddTo(new SyntheticLoad().Take());
    private readonly ConnectionInfo[] _connections;

    public ManyRows()
    {
        _connections = [.. from i in Enumerable.Range(0, Initiators)
                           from s in Enumerable.Range(0, Sessions)
                           let id = (uint)(100 + i * Sessions + s)
                           select new ConnectionInfo(id, $"192.0.2.{i % 3}:3260", $"198.51.100.{i}:{id}", i % 2 == 0 ? SyntheticLoad.Fast : SyntheticLoad.Archive, $"iqn.2026-01.com.example:i{i}", $"isid{s}", (ushort)id, 0, 1)];
        foreach (ConnectionInfo connection in _connections) _snapshot.Connections.Add(new ConnectionDelta { Connection = connection, Engine = _snapshot.Engines[0] });
        _snapshot.Seconds = _snapshot.Engines[0].Seconds;
        Trouble = _snapshot.Patterns.Count;
    }

    /// <summary>Patterns that are not from here.</summary>
    public int Trouble { get; }

    /// <summary>Another interval, of other numbers; some patterns are missing, and they come in no order.</summary>
    public Snapshot Next()
    {
        _snapshot.Time += 1_000_000_000;
        _snapshot.Cells.RemoveRange(9, _snapshot.Cells.Count - 9);
        _snapshot.Patterns.RemoveRange(Trouble, _snapshot.Patterns.Count - Trouble);
        foreach (ConnectionInfo connection in _connections)
            for (ulong lun = 0; lun < Luns; lun++)
            {
                Put(connection, lun, CommandKind.Read);
                Put(connection, lun, CommandKind.Write);
            }
        PatternDelta[] shuffled = [.. _snapshot.Patterns];
        _random.Shuffle(shuffled);
        _snapshot.Patterns.Clear();
        _snapshot.Patterns.AddRange(shuffled);
        return _snapshot;
    }

    private void Put(ConnectionInfo connection, ulong lun, CommandKind kind)
    {
        int n = _random.Next(4);
        if (n == 0) return;
        bool writes = kind == CommandKind.Write;
        var cell = new Iscsitop.Engine.Cell { Key = new CellKey(connection.Id, lun, (ushort)(writes ? 0x2a00 : 0x2800)), Kind = kind, Started = n, Completed = n, ReadBytes = writes ? 0 : 4096 * n, WriteBytes = writes ? 4096 * n : 0 };
        for (int i = 0; i < n; i++) cell.Ensure(Phase.Latency).Add(1000 * _random.Next(1, 4));
        _snapshot.Cells.Add(new CellDelta { Cell = cell, Connection = connection, Engine = _snapshot.Engines[0] });
        var delta = new PatternDelta { Key = new PatternKey(connection.Id, lun, writes), Connection = connection, Engine = _snapshot.Engines[0] };
        Pattern p = delta.Pattern;
        (p.Count, p.Sequential, p.Unplaced) = (30 * n, 10 * n, n == 1 ? 30 : 0);
        p.Sizes[12 + _random.Next(3)] = 30 * n;
        p.Aligned[3] = 10 * n;
        p.Aligned[0] = 20 * n;
        p.Seeks[Pattern.NoSeek + 10 * _random.Next(-1, 2)] = 30 * n;
        for (int i = 0; i < 30 * n; i++) (p.Interarrival ??= new Histogram()).Add(1_000_000 * _random.Next(1, 3));
        _snapshot.Patterns.Add(delta);
    }
}
