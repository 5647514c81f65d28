using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine.Findings;

/// <summary>Snapshots made of what a test says happened, one second each, and what an examiner finds in them.</summary>
internal sealed class Traffic
{
    internal const string Target = "iqn.2026-11.example:t";
    internal const string Host = "iqn.2026-11.example:host";
    internal const long Begin = 1_767_323_045_000_000_000;
    internal const long Second = 1_000_000_000;
    internal const ushort Read10 = 0x2800;
    internal const ushort Write10 = 0x2a00;
    internal const ushort Unmap = 0x4200;

    private readonly Snapshot _snapshot = new() { Time = Begin };
    private readonly Dictionary<uint, ConnectionInfo> _connections = [];
    private readonly Dictionary<uint, long> _lastPdus = [];
    private uint _ids;

    public EngineStatus Engine { get; } = new() { Pid = 1, Source = "test" };

    public Examiner Examiner { get; } = new();

    public IReadOnlyList<Finding> Findings => Examiner.Findings;

    public IEnumerable<string> Rules => Findings.Select(f => f.Rule).Distinct();

    /// <summary>The engine's clock: it began 1000 s ago.</summary>
    public long Now => _snapshot.Time - Begin + 1000 * Second;

    public Snapshot Snapshot => _snapshot;

    public Finding The(string rule) => Findings.Single(f => f.Rule == rule);

    /// <summary>A connection of a session of its own.</summary>
    public uint Connect(SessionParameters? parameters = null, string initiator = Host, string host = "192.0.2.7", string portal = "192.0.2.1:3260", string isid = "", string target = Target)
    {
        uint id = ++_ids;
        _connections[id] = new ConnectionInfo(id, portal, $"{host}:{50000 + id}", target, initiator, isid.Length > 0 ? isid : $"40000000{id:x4}", (ushort)id, 0, Now) { Parameters = parameters ?? new SessionParameters() };
        return id;
    }

    public void End(uint id, ConnectionEnd end) => _connections[id] = _connections[id] with { Closed = Now, End = end };

    public ConnectionInfo Info(uint id) => _connections[id];

    public void QuietSince(uint id, long time) => _lastPdus[id] = time;

    /// <summary>Commands of the interval, each of so many bytes and so long.</summary>
    public Cell Do(uint id, ulong lun, ushort operation, int count, int bytes, double ms, double r2tMs = -1, double dataMs = 0, double serviceMs = 0)
    {
        CommandKind kind = operation switch { Read10 => CommandKind.Read, Write10 => CommandKind.Write, _ => CommandKind.Other };
        var cell = new Cell { Key = new CellKey(id, lun, operation), Kind = kind, Started = count, Completed = count };
        if (kind == CommandKind.Read) cell.ReadBytes = (long)count * bytes;
        else cell.WriteBytes = (long)count * bytes;
        for (int i = 0; i < count; i++)
        {
            cell.Ensure(Phase.Latency).Add((long)(ms * 1e6));
            cell.Ensure(Phase.Service).Add((long)(serviceMs * 1e6));
            if (r2tMs < 0) continue;
            cell.Ensure(Phase.R2tWait).Add((long)(r2tMs * 1e6));
            cell.Ensure(Phase.HostData).Add((long)(dataMs * 1e6));
        }
        _snapshot.Cells.Add(new CellDelta { Cell = cell, Connection = _connections[id], Engine = Engine });
        return cell;
    }

    public void Unit(ulong lun, string identity, string target = Target) =>
        _snapshot.Units.Add(new UnitDelta { Target = target, Lun = lun, Identity = identity, Engine = Engine });

    public void Fail(uint id, ulong lun, FailureKind kind, uint code, long count, ushort operation = Read10) => _snapshot.Failures.Add(new FailureDelta
    {
        Key = new FailureKey(id, lun, operation, kind, code),
        Connection = _connections[id],
        Engine = Engine,
        Count = count,
        Total = count,
        First = _snapshot.Time,
        Last = _snapshot.Time + Second,
    });

    public void Place(uint id, ulong lun, int aligned, int off)
    {
        var delta = new PatternDelta { Key = new PatternKey(id, lun, false), Connection = _connections[id], Engine = Engine };
        delta.Pattern.Count = aligned + off;
        delta.Pattern.Aligned[3] = aligned;
        delta.Pattern.Aligned[0] = off;
        _snapshot.Patterns.Add(delta);
    }

    /// <summary>The interval ends: it is examined, and the next begins.</summary>
    public Traffic Go(double seconds = 1, params ReadOnlySpan<(uint Connection, Fact Fact, long Count)> facts)
    {
        _snapshot.Time += (long)(seconds * Second);
        _snapshot.Seconds = Engine.Seconds = seconds;
        _snapshot.Engines.Clear();
        _snapshot.Engines.Add(Engine);
        _snapshot.Connections.Clear();
        foreach (ConnectionInfo info in _connections.Values)
        {
            var delta = new ConnectionDelta { Connection = info, Engine = Engine, Time = Now };
            delta.Facts.Begin();
            delta.Total.Begin();
            delta.Total.LastPdu = _lastPdus.GetValueOrDefault(info.Id, Now);
            foreach ((uint id, Fact fact, long count) in facts)
                if (id == info.Id)
                    delta.Facts[fact] = count;
            _snapshot.Connections.Add(delta);
        }
        Examiner.Examine(_snapshot);
        _snapshot.Cells.Clear();
        _snapshot.Failures.Clear();
        _snapshot.Patterns.Clear();
        _snapshot.Tasks.Clear();
        return this;
    }
}
