using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>What rows can be told apart by. Any combination is a view.</summary>
[Flags]
public enum Dimensions
{
    None = 0,
    Target = 1,
    Lun = 2,
    Initiator = 4,
    Session = 8,
    Operation = 16,
    Connection = 32,

    /// <summary>Address and port of the target; of a fleet the host, which is where a target is.</summary>
    Portal = 64,
}

/// <summary>The sums of one direction of one row.</summary>
public sealed class Sums
{
    /// <summary>Commands completed.</summary>
    public long Ops { get; set; }

    /// <summary>Bytes moved.</summary>
    public long Bytes { get; set; }

    /// <summary>Completions per second, over the measured time of the engines that saw them.</summary>
    public double OpsPerSecond { get; set; }

    /// <summary>Bytes per second.</summary>
    public double BytesPerSecond { get; set; }

    /// <summary>LAT.</summary>
    public Histogram Latency { get; } = new();

    internal void Add(Sums other)
    {
        Ops += other.Ops;
        Bytes += other.Bytes;
        OpsPerSecond += other.OpsPerSecond;
        BytesPerSecond += other.BytesPerSecond;
        if (other.Latency.Count > 0) Latency.Add(other.Latency);
    }
    private long _settledOps;
    private long _settledBytes;

    internal void Clear()
    {
        Ops = Bytes = _settledOps = _settledBytes = 0;
        OpsPerSecond = BytesPerSecond = 0;
        Latency.Clear();
    }

    // What was counted since the last time took so many seconds; 0 when nothing was measured.
    internal void Settle(double seconds)
    {
        if (seconds > 0) OpsPerSecond += (Ops - _settledOps) / seconds;
        if (seconds > 0) BytesPerSecond += (Bytes - _settledBytes) / seconds;
        (_settledOps, _settledBytes) = (Ops, Bytes);
    }
}

/// <summary>One row of a roll-up. Reused from interval to interval; fields of dimensions that were not asked for are empty.</summary>
public sealed class Row
{
    // Rows that are no sums of commands, of which there may be very many, have none: made when they are first wanted, then kept.
    private Commands? _commands;

    /// <summary>What it is told apart by, as far as that is known: what a drill into it narrows to.</summary>
    public Dimensions Group { get; internal set; }

    /// <summary>Target name, "" when unknown or not asked for.</summary>
    public string Target { get; internal set; } = "";

    /// <summary>LUN, <see cref="Iscsitop.Target.Iscsi.Lun.Unknown"/> when not asked for.</summary>
    public ulong Lun { get; internal set; }

    /// <summary>Initiator name.</summary>
    public string Initiator { get; internal set; } = "";

    /// <summary>ISID and TSIH of the session.</summary>
    public string Session { get; internal set; } = "";

    /// <summary>Address and port of the target.</summary>
    public string Portal { get; internal set; } = "";

    /// <summary>Opcode and service action.</summary>
    public ushort Operation { get; internal set; }

    /// <summary>Tells rows apart that are not by names: the number of a request, the kind and code of a failure.</summary>
    public long Item { get; internal set; }

    /// <summary>What is joined to it, or what it is, beside commands.</summary>
    public Extras Extras { get; } = new();

    /// <summary>Reads.</summary>
    public Sums Read => Ensure().Read ??= new Sums();

    /// <summary>Writes.</summary>
    public Sums Write => Ensure().Write ??= new Sums();

    /// <summary>Everything else.</summary>
    public Sums Other => Ensure().Other ??= new Sums();

    /// <summary>Completions whose status was neither GOOD nor CONDITION MET.</summary>
    public long Errors
    {
        get => _commands?.Errors ?? 0;
        internal set => Ensure().Errors = value;
    }

    /// <summary>What is unknown of it, and not 0: some host of a fleet does not tell it.</summary>
    public Untold Untold => (_commands?.Untold ?? Untold.None) | (Extras.Links?.Untold ?? Untold.None);

    /// <summary>Errors per second.</summary>
    public double ErrorsPerSecond
    {
        get => _commands?.ErrorsPerSecond ?? 0;
        internal set => Ensure().ErrorsPerSecond = value;
    }

    /// <summary>Commands that ended without a status.</summary>
    public long Aborted
    {
        get => _commands?.Aborted ?? 0;
        internal set => Ensure().Aborted = value;
    }

    /// <summary>Mean number of outstanding commands (time-integral over time); NaN when nothing was measured.</summary>
    public double QueueDepth
    {
        get => _commands?.QueueDepth ?? 0;
        internal set => Ensure().QueueDepth = value;
    }

    /// <summary>Commands outstanding at the end of the interval.</summary>
    public long Outstanding
    {
        get => _commands?.Outstanding ?? 0;
        internal set => Ensure().Outstanding = value;
    }

    /// <summary>Measured seconds behind the row, 0 when nothing was measured.</summary>
    public double Seconds { get; internal set; }

    /// <summary>Distinct initiator names that completed or began a command.</summary>
    public int Initiators => _commands?.Initiators?.Count ?? 0;

    /// <summary>Distinct I_T nexuses (sessions) that completed or began a command.</summary>
    public int Paths => _commands?.Sessions?.Count ?? 0;

    /// <summary>Share (0–1) of the snapshot's bytes; NaN when no bytes moved.</summary>
    public double ShareOfBytes
    {
        get => _commands?.ShareOfBytes ?? double.NaN;
        internal set => Ensure().ShareOfBytes = value;
    }

    /// <summary>Share (0–1) of the snapshot's completions; NaN when there were none.</summary>
    public double ShareOfOps
    {
        get => _commands?.ShareOfOps ?? double.NaN;
        internal set => Ensure().ShareOfOps = value;
    }

    /// <summary>The connection's own facts when the row is one; else null.</summary>
    public ConnectionDelta? Connection { get; internal set; }

    /// <summary>The unit's own facts when the row is one (target, LUN); else null.</summary>
    public UnitDelta? Unit { get; internal set; }

    /// <summary>What its UNMAPs that ended GOOD asked for.</summary>
    public Reclaimed Unmapped => Ensure().Unmapped ??= new Reclaimed();

    /// <summary>Blocks of them a second.</summary>
    public double UnmappedPerSecond
    {
        get => _commands?.UnmappedPerSecond ?? 0;
        internal set => Ensure().UnmappedPerSecond = value;
    }

    /// <summary>Where the time of its reads and writes went.</summary>
    public Decomposition Phases => Ensure().Phases ??= new Decomposition();

    /// <summary>All three directions' completions.</summary>
    public long Ops => _commands is { } c ? (c.Read?.Ops ?? 0) + (c.Write?.Ops ?? 0) + (c.Other?.Ops ?? 0) : 0;

    /// <summary>All three directions' bytes.</summary>
    public long Bytes => _commands is { } c ? (c.Read?.Bytes ?? 0) + (c.Write?.Bytes ?? 0) + (c.Other?.Bytes ?? 0) : 0;

    /// <summary>Whether it is of some commands only, of which nothing but their end is known (<see cref="Snapshot.OfCommands"/>).</summary>
    public bool OfCommands { get; internal set; }

    internal int Generation { get; set; }

    /// <summary>Makes it the head of rows that have something in common, with nothing added up yet.</summary>
    /// <param name="heads">What they have in common.</param>
    /// <param name="by">The dimensions they share.</param>
    /// <param name="like">One of them.</param>
    public void Head(string heads, Dimensions by, Row like)
    {
        ArgumentNullException.ThrowIfNull(like);
        Clear();
        Group = by;
        Target = (by & (Dimensions.Target | Dimensions.Session)) != 0 ? like.Target : "";
        Lun = (by & Dimensions.Lun) != 0 ? like.Lun : Iscsitop.Target.Iscsi.Lun.Unknown;
        Initiator = (by & (Dimensions.Initiator | Dimensions.Session)) != 0 ? like.Initiator : "";
        Session = (by & Dimensions.Session) != 0 ? like.Session : "";
        Operation = (by & Dimensions.Operation) != 0 ? like.Operation : (ushort)0;
        Extras.Heads = heads;
    }

    /// <summary>Adds a row that it heads.</summary>
    public void Merge(Row member)
    {
        ArgumentNullException.ThrowIfNull(member);
        Extras.Headed++;
        Read.Add(member.Read);
        Write.Add(member.Write);
        Other.Add(member.Other);
        Phases.Add(member.Phases);
        if (member.Untold != Untold.None) Ensure().Untold |= member.Untold;
        Errors += member.Errors;
        Aborted += member.Aborted;
        Outstanding += member.Outstanding;
        ErrorsPerSecond += member.ErrorsPerSecond;
        Seconds = Math.Max(Seconds, member.Seconds);
        if (!double.IsNaN(member.QueueDepth)) QueueDepth += member.QueueDepth;
        ShareOfBytes = double.IsNaN(ShareOfBytes) ? member.ShareOfBytes : ShareOfBytes + member.ShareOfBytes;
        ShareOfOps = double.IsNaN(ShareOfOps) ? member.ShareOfOps : ShareOfOps + member.ShareOfOps;
        Unmapped.Add(member.Unmapped);
        UnmappedPerSecond += member.UnmappedPerSecond;
        Extras.Miscompares += member.Extras.Miscompares;
        if (member.Extras.Failure is { } failure && failure.Count > (Extras.Failure?.Count ?? 0)) Extras.Failure = failure;
    }

    internal Sums Of(CommandKind kind) => kind switch
    {
        CommandKind.Read => Read,
        CommandKind.Write => Write,
        _ => Other,
    };

    internal void Clear()
    {
        _commands?.Clear();
        Seconds = 0;
        Unit = null;
        Connection = null;
        Extras.Clear();
    }

    internal void Finish()
    {
        Settle();
        if (Unit is not null) Seconds = Math.Max(Seconds, Unit.Engine.Seconds);
        if (Connection is not null) Seconds = Math.Max(Seconds, Connection.Engine.Seconds);
        // Whoever is connected and sent nothing did so for as long as was measured.
        if (Extras.Links is { } links) Seconds = Math.Max(Seconds, links.Seconds);
        // A status that is stamped before a snapshot which had its command outstanding takes back more than the interval had.
        QueueDepth = Seconds == 0 || OfCommands ? double.NaN : Math.Max(0, QueueDepth);
    }

    internal void Add(CellDelta delta, Nexus nexus)
    {
        Cell cell = delta.Cell;
        double seconds = delta.Engine.Seconds;
        Commands all = Ensure();
        // Cells of one engine come one after the other: their rates are one division.
        if (seconds != all.Settling) Settle();
        all.Settling = seconds;
        Sums sums = Of(cell.Kind);
        sums.Ops += cell.Completed;
        sums.Bytes += cell.ReadBytes + cell.WriteBytes;
        if (delta.Engine.Host is { } host) all.Untold |= host.Untold;
        all.Errors += cell.Errors;
        all.Aborted += cell.Aborted;
        if (cell.Reclaimed is { } reclaimed) Unmapped.Add(reclaimed);
        all.Outstanding += cell.Outstanding;
        if (cell.Of(Phase.Latency) is { Count: > 0 } latency) sums.Latency.Add(latency);
        if (cell.Kind != CommandKind.Other) Phases.Add(cell);
        all.Time += cell.OutstandingTime;
        if (cell.Completed + cell.Started == 0 || nexus.Id == all.LastSession) return;
        all.LastSession = nexus.Id;
        (all.Initiators ??= []).Add(nexus.Initiator);
        (all.Sessions ??= []).Add(nexus.Id);
    }

    private void Settle()
    {
        if (_commands is not { } all) return;
        double seconds = all.Settling;
        all.Read?.Settle(seconds);
        all.Write?.Settle(seconds);
        all.Other?.Settle(seconds);
        long blocks = all.Unmapped?.Blocks ?? 0;
        if (seconds > 0)
        {
            all.ErrorsPerSecond += (all.Errors - all.SettledErrors) / seconds;
            all.UnmappedPerSecond += (blocks - all.SettledBlocks) / seconds;
            all.QueueDepth += all.Time / (seconds * 1e9);
            Seconds = Math.Max(Seconds, seconds);
        }
        (all.SettledErrors, all.SettledBlocks, all.Time) = (all.Errors, blocks, 0);
    }

    private Commands Ensure() => _commands ??= new Commands();

    private sealed class Commands
    {
        public HashSet<int>? Initiators, Sessions;
        public Sums? Read, Write, Other;
        public Reclaimed? Unmapped;
        public Decomposition? Phases;
        public int LastSession;
        public Untold Untold;
        public long Errors, Aborted, Outstanding, SettledErrors, SettledBlocks, Time;
        public double ErrorsPerSecond, UnmappedPerSecond, QueueDepth, Settling;
        public double ShareOfBytes = double.NaN, ShareOfOps = double.NaN;

        public void Clear()
        {
            Initiators?.Clear();
            Sessions?.Clear();
            Read?.Clear();
            Write?.Clear();
            Other?.Clear();
            Unmapped?.Clear();
            Phases?.Clear();
            LastSession = 0;
            Untold = Untold.None;
            Errors = Aborted = Outstanding = SettledErrors = SettledBlocks = Time = 0;
            ErrorsPerSecond = UnmappedPerSecond = QueueDepth = Settling = 0;
            ShareOfBytes = ShareOfOps = double.NaN;
        }
    }
}
