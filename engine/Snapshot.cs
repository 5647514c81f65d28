using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What an engine says of itself.</summary>
public sealed class EngineStatus
{
    private static int s_last;

    /// <summary>
    /// Tells engines apart, as one that comes later, or elsewhere, may have the same process id. What stands for the same engine, as in
    /// a sum of intervals or in the past of a screen, has the same.
    /// </summary>
    public int Number { get; internal init; } = Interlocked.Increment(ref s_last);

    /// <summary>Process id of the engine.</summary>
    public int Pid { get; set; }

    /// <summary>What its provider observes: "target", an interface, a file.</summary>
    public string Source { get; set; } = "";

    /// <summary>Version of the program that hosts it.</summary>
    public string Version { get; set; } = "";

    /// <summary>False once the engine has gone.</summary>
    public bool Alive { get; set; } = true;

    /// <summary>Why it went, when it did not simply stop; "" otherwise.</summary>
    public string Problem { get; set; } = "";

    /// <summary>Events the provider lost since the engine began, because the engine was behind.</summary>
    public long RingDrops { get; set; }

    /// <summary>Events and frames this subscriber lost since it attached, because it was behind.</summary>
    public long OutboxDrops { get; set; }

    /// <summary>Commands folded away because the table of cells was full.</summary>
    public long Folded { get; set; }

    /// <summary>Statuses whose command began before the engine looked, or was lost; they are counted nowhere else.</summary>
    public long Unmatched { get; set; }

    /// <summary>Commands given up because their status was lost or too many were outstanding; they are counted nowhere else.</summary>
    public long Lost { get; set; }

    /// <summary>Subscribers attached now.</summary>
    public int Subscribers { get; set; }

    /// <summary>Connections open now.</summary>
    public int Connections { get; set; }

    /// <summary>Sessions open now.</summary>
    public int Sessions { get; set; }

    /// <summary>Measured length of the last interval in seconds, 0 before the first.</summary>
    public double Seconds { get; set; }

    /// <summary>Highest number of commands begun in a 100 ms slot of the interval, all units together, times 10; -1 when unknown.</summary>
    public double PeakIops { get; set; } = -1;

    /// <summary>Highest number of commands outstanding at once in the interval, all units together.</summary>
    public long MaxOutstanding { get; set; }

    /// <summary>Time in ns of the interval during which at least one command was outstanding on any unit.</summary>
    public long BusyTime { get; set; }

    /// <summary>What the packets showed since the engine began, where it has its events from packets; else all 0, Dropped -1.</summary>
    public Coverage Coverage { get; set; } = new() { Dropped = -1 };

    /// <summary>Of a host of a fleet what its samples tell; null for an engine that is attached to.</summary>
    public HostStatus? Host { get; internal set; }
}

/// <summary>What a cell did in an interval, and whose it is.</summary>
public sealed class CellDelta
{
    /// <summary>The difference of the two states.</summary>
    public required Cell Cell { get; init; }

    /// <summary>The connection it happened on.</summary>
    public required ConnectionInfo Connection { get; set; }

    /// <summary>The engine that saw it.</summary>
    public required EngineStatus Engine { get; init; }

    /// <summary>What the connection belongs to, as a roll-up found it last.</summary>
    internal Nexus? Nexus { get; set; }

    /// <summary>Where findings sum it, as they found it last.</summary>
    internal Findings.PathTally? Path { get; set; }
}

/// <summary>
/// What belongs to a logical unit as a whole and cannot be summed from cells: maxima and busy time over all its
/// connections and operations.
/// </summary>
public sealed class UnitDelta
{
    /// <summary>Target name.</summary>
    public required string Target { get; init; }

    /// <summary>LUN as a number.</summary>
    public required ulong Lun { get; init; }

    /// <summary>What the unit calls itself, "" when not known.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its designator in VPD page 83h, by which paths to one unit are told to be that: <c>naa.6001...</c>, <c>eui....</c>; "" when not known.</summary>
    public string Identity { get; set; } = "";

    /// <summary>Bytes of a logical block, 0 when not known.</summary>
    public int BlockSize { get; set; }

    /// <summary>The engine that saw it.</summary>
    public required EngineStatus Engine { get; init; }

    /// <summary>Highest number of commands outstanding at once in the interval.</summary>
    public long MaxOutstanding { get; set; }

    /// <summary>Time in ns of the interval during which at least one command was outstanding.</summary>
    public long BusyTime { get; set; }

    /// <summary>Highest number of commands begun in a 100 ms slot of the interval, times 10; -1 when unknown.</summary>
    public double PeakIops { get; set; } = -1;
}

/// <summary>What belongs to an initiator as a whole, and to no unit and no session of it alone.</summary>
/// <param name="Initiator">Initiator name.</param>
/// <param name="Engine">The engine that saw it.</param>
/// <param name="MaxOutstanding">Highest number of commands outstanding at once in the interval, on all units; at least 1.</param>
public readonly record struct InitiatorDelta(string Initiator, EngineStatus Engine, long MaxOutstanding);

/// <summary>What a connection did in an interval beside its commands, and how it stands; those that ended stay for a while.</summary>
public sealed class ConnectionDelta
{
    /// <summary>The connection.</summary>
    public required ConnectionInfo Connection { get; set; }

    /// <summary>The engine that saw it.</summary>
    public required EngineStatus Engine { get; init; }

    /// <summary>End of the interval in ns of the engine's clock, which the connection's times are of; 0 before the first.</summary>
    public long Time { get; set; }

    /// <summary>What happened in the interval.</summary>
    public ConnectionFacts Facts { get; } = new();

    /// <summary>What happened since the engine began to look.</summary>
    public ConnectionFacts Total { get; } = new();
}

/// <summary>One interval as a viewer sees it, merged over all engines. Reused: valid until the next one is taken.</summary>
public sealed class Snapshot
{
    /// <summary>End of the interval, ns since 1970.</summary>
    public long Time { get; set; }

    /// <summary>Measured length in seconds: the longest of the engines'. 0 when nothing was measured yet.</summary>
    public double Seconds { get; set; }

    /// <summary>
    /// Whether the cells were made of the commands that a filter keeps, and so are those: nothing is known of their begin, of what is
    /// outstanding and of queue depths.
    /// </summary>
    public bool OfCommands { get; set; }

    /// <summary>The cells that changed or have commands outstanding.</summary>
    public List<CellDelta> Cells { get; } = [];

    /// <summary>The units known, changed or not.</summary>
    public List<UnitDelta> Units { get; } = [];

    /// <summary>The initiators that had a command outstanding, 4096 of each engine at most.</summary>
    public List<InitiatorDelta> Initiators { get; } = [];

    /// <summary>The connections that are open, and of each engine the last 1000 that ended.</summary>
    public List<ConnectionDelta> Connections { get; } = [];

    /// <summary>What failed since the engines began to look, 8192 kinds and places of each engine at most; those of the interval have a count.</summary>
    public List<FailureDelta> Failures { get; } = [];

    /// <summary>Sizes and places of the interval's reads and writes.</summary>
    public List<PatternDelta> Patterns { get; } = [];

    /// <summary>The last 256 task management requests of each engine, oldest first.</summary>
    public List<TaskRecord> Tasks { get; } = [];

    /// <summary>How the last 64 connections of each engine ended that did not log out, oldest first.</summary>
    public List<SessionEnd> Ends { get; } = [];

    /// <summary>The units that somebody has registered with or reserved, or had.</summary>
    public List<ReservationState> Reservations { get; } = [];

    /// <summary>The engines attached, and those that went during the interval.</summary>
    public List<EngineStatus> Engines { get; } = [];

    /// <summary>What is told of targets on hosts of a fleet beside their commands.</summary>
    public List<PlaceDelta> Places { get; } = [];

    /// <summary>Of a fleet what is known of the server that tells of it; else null.</summary>
    public FleetStatus? Fleet { get; set; }

    /// <summary>Makes it another, but for the cells and patterns, of which it has none.</summary>
    internal void CopyRest(Snapshot of)
    {
        Clear();
        Units.AddRange(of.Units);
        Initiators.AddRange(of.Initiators);
        Connections.AddRange(of.Connections);
        Failures.AddRange(of.Failures);
        Tasks.AddRange(of.Tasks);
        Ends.AddRange(of.Ends);
        Reservations.AddRange(of.Reservations);
        Engines.AddRange(of.Engines);
        (Time, Seconds) = (of.Time, of.Seconds);
    }

    /// <summary>Empties it.</summary>
    internal void Clear()
    {
        Cells.Clear();
        Units.Clear();
        Initiators.Clear();
        Connections.Clear();
        Failures.Clear();
        Patterns.Clear();
        Tasks.Clear();
        Ends.Clear();
        Reservations.Clear();
        Engines.Clear();
        Places.Clear();
        Fleet = null;
        (Time, Seconds) = (0, 0);
    }
}
