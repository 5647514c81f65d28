using Iscsitop.Engine.Filtering;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Checking;

/// <summary>The sums of one interval over what a selector keeps.</summary>
internal sealed class Measured
{
    private const uint BusyStatus = (uint)ScsiStatus.Busy, ConflictStatus = (uint)ScsiStatus.ReservationConflict, FullStatus = (uint)ScsiStatus.TaskSetFull;

    private readonly Sums[] _sums = [new(), new(), new()];
    private readonly HashSet<(int Engine, string Target, string Initiator, string Session, ushort Tsih)> _sessions = [];

    private Measured(double seconds, bool ofCommands, double drops) => (Seconds, OfCommands, Drops) = (seconds, ofCommands, drops);

    public double Seconds { get; }

    public bool OfCommands { get; }

    /// <summary>Whether anything was kept, busy or not.</summary>
    public bool Found { get; private set; }

    /// <summary>What of it is unknown, and not 0.</summary>
    public Untold Untold { get; private set; }

    public double Errors { get; private set; }

    public double Aborted { get; private set; }

    public double Conflicts { get; private set; }

    public double QueueFull { get; private set; }

    public double Rejects { get; private set; }

    public double DigestErrors { get; private set; }

    public double LoginFailures { get; private set; }

    public double PingsLost { get; private set; }

    public double Outstanding { get; private set; }

    public double QueueDepth { get; private set; }

    /// <summary>Percent; NaN when no unit was kept.</summary>
    public double Busy { get; private set; } = double.NaN;

    public double Sessions => _sessions.Count;

    public double Connections { get; private set; }

    public double Drops { get; }

    /// <summary>Percent; NaN when nobody counts.</summary>
    public double Coverage { get; private set; } = double.NaN;

    /// <summary>What a snapshot says.</summary>
    /// <param name="snapshot">The interval.</param>
    /// <param name="selector">Which part of it; null for all.</param>
    /// <param name="by">What counts at all.</param>
    /// <param name="drops">What was lost in the interval.</param>
    public static Measured Of(Snapshot snapshot, Filter? selector, Narrowing by, double drops)
    {
        var all = new Measured(snapshot.Seconds, snapshot.OfCommands, drops) { Found = selector is null && snapshot.Engines.Count > 0 };
        foreach (CellDelta delta in snapshot.Cells)
            if (selector?.Keeps(delta) != false && by.Cells?.Invoke(delta) != false)
                all.Add(delta);
        foreach (UnitDelta unit in snapshot.Units)
            if (selector?.Keeps(unit) != false && by.Keeps(new Scope(unit.Target, "", unit.Lun, -1, null, unit.Engine.Number) { Item = unit }))
                all.Add(unit);
        foreach (ConnectionDelta connection in snapshot.Connections)
            if (selector?.Keeps(connection) != false && by.Keeps(Scope.Of(connection.Connection, connection.Engine) with { Item = connection }))
                all.Add(connection);
        foreach (FailureDelta failure in snapshot.Failures)
            if (failure.Count > 0 && selector?.Keeps(failure) != false && by.Keeps(Scope.Of(failure)))
                all.Add(failure);
        foreach (EngineStatus engine in snapshot.Engines)
            if (engine.Host is { } host)
                all.Untold |= host.Untold & Untold.Rest;
        long packets = snapshot.Engines.Sum(e => e.Coverage.Packets), lost = snapshot.Engines.Sum(e => Math.Max(0, e.Coverage.Dropped));
        if (packets > 0 && snapshot.Engines.All(e => e.Coverage.Packets == 0 || e.Coverage.Dropped >= 0)) all.Coverage = 100.0 * packets / (packets + lost);
        return all;
    }

    /// <summary>A sum of one direction, or of all.</summary>
    public double Sum(CommandKind? direction, Func<Sums, double> of) => direction is { } one ? of(_sums[(int)one]) : _sums.Sum(of);

    /// <summary>A value, where what it is made of is told.</summary>
    public double Told(Untold of, double value) => (Untold & of) == 0 ? value : double.NaN;

    /// <summary>A rate, where time was measured.</summary>
    public double Rate(double value) => Seconds > 0 ? value : double.NaN;

    /// <summary>The latencies of one direction, or of all.</summary>
    public Histogram Latency(CommandKind? direction)
    {
        if (direction is { } one) return _sums[(int)one].Latency;
        var all = new Histogram();
        foreach (Sums sums in _sums) all.Add(sums.Latency);
        return all;
    }

    private void Add(CellDelta delta)
    {
        Found = true;
        Cell cell = delta.Cell;
        double seconds = delta.Engine.Seconds;
        if (delta.Engine.Host is { } host) Untold |= host.Untold;
        Sums sums = _sums[(int)cell.Kind];
        sums.Ops += cell.Completed;
        sums.Bytes += cell.ReadBytes + cell.WriteBytes;
        if (cell.Of(Phase.Latency) is { Count: > 0 } latency) sums.Latency.Add(latency);
        Errors += cell.Errors;
        Aborted += cell.Aborted;
        Outstanding += cell.Outstanding;
        if (seconds <= 0) return;
        sums.OpsPerSecond += cell.Completed / seconds;
        sums.BytesPerSecond += (cell.ReadBytes + cell.WriteBytes) / seconds;
        QueueDepth += cell.OutstandingTime / (seconds * 1e9);
    }

    private void Add(UnitDelta unit)
    {
        Found = true;
        if (unit.Engine.Seconds > 0) Busy = Math.Max(double.IsNaN(Busy) ? 0 : Busy, unit.BusyTime / (unit.Engine.Seconds * 1e7));
    }

    private void Add(ConnectionDelta delta)
    {
        Found = true;
        ConnectionInfo c = delta.Connection;
        PingsLost += Math.Max(0, delta.Facts[Fact.NopsLost]);
        if (c.Closed != 0) return;
        Connections++;
        if (!c.Discovery && (c.Tsih != 0 || c.MidStream)) _sessions.Add((delta.Engine.Number, c.Target, c.Initiator, Nexuses.SessionName(c), c.Tsih));
    }

    private void Add(FailureDelta failure)
    {
        long count = failure.Count;
        bool known = failure.Key.Code != FailureKey.Others;
        switch (failure.Key.Kind)
        {
            case FailureKind.Status when known && failure.Key.Code >> 24 == ConflictStatus: Conflicts += count; break;
            case FailureKind.Status when known && failure.Key.Code >> 24 is FullStatus or BusyStatus: QueueFull += count; break;
            case FailureKind.Reject: Rejects += count; break;
            case FailureKind.Digest: DigestErrors += count; break;
            case FailureKind.Login: LoginFailures += count; break;
        }
    }
}
