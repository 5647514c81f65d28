using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// Whose it is that has no connection of its own, as what is left of those that are listed no more: names tell such apart, for their id is
/// the same. All others are told apart by id.
/// </summary>
internal readonly record struct Whose(string? Target, string? Initiator)
{
    /// <summary>Whose something of a connection is.</summary>
    public static Whose Of(ConnectionInfo connection) => connection.Local.Length == 0 ? new Whose(connection.Target, connection.Initiator) : default;
}

/// <summary>Something a block tells of more than once: named when it first comes, and by its place from then on.</summary>
internal abstract class Entry
{
    /// <summary>Whether the snapshot under way has it.</summary>
    public bool Present { get; set; }

    /// <summary>Whether the one before had it.</summary>
    public bool Was { get; set; }
}

/// <summary>An engine.</summary>
internal sealed class EngineEntry(EngineStatus status, int index) : Entry
{
    public EngineStatus Status => status;

    public int Index => index;

    /// <summary>Its counters when they were last told.</summary>
    public long[] Last { get; } = new long[Kinds.EngineCounts];

    public string Problem { get; set; } = "";

    /// <summary>End of the interval on its own clock.</summary>
    public long Time { get; set; }

    public int Generation { get; init; }
}

/// <summary>A connection, listed or only referred to.</summary>
internal sealed class ConnectionEntry(EngineEntry engine, uint id, int index) : Entry
{
    public EngineEntry Engine => engine;

    public uint Id => id;

    public int Index => index;

    /// <summary>What was told last; null before that.</summary>
    public ConnectionInfo? Info { get; set; }

    /// <summary>What it did, and where a reader puts it.</summary>
    public ConnectionDelta? Delta { get; set; }

    /// <summary>What had happened when it was last told.</summary>
    public ConnectionFacts Total { get; } = new();

    /// <summary>Pings of which was told.</summary>
    public Histogram? NopTime { get; set; }

    public long LastPdu { get; set; }

    public HistogramCoding.Memory? Nops { get; set; }
}

/// <summary>A unit.</summary>
internal sealed class UnitEntry : Entry
{
    public UnitDelta? Delta { get; set; }

    public string Name { get; set; } = "";

    public string Identity { get; set; } = "";

    public int BlockSize { get; set; }

    public long MaxOutstanding { get; set; }

    public long Peak { get; set; }
}

/// <summary>An initiator.</summary>
internal sealed class InitiatorEntry(string name, EngineEntry engine) : Entry
{
    public string Name => name;

    public EngineEntry Engine => engine;

    public long MaxOutstanding { get; set; }

    /// <summary>What it was when it was last told.</summary>
    public long Last { get; set; }
}

/// <summary>The reads or the writes of a connection on a unit: what was begun there, by which operation ever.</summary>
internal sealed class Place
{
    private long _begun;
    private long _snapshot;

    /// <summary>Commands begun in a snapshot.</summary>
    public long Begun(long snapshot) => snapshot == _snapshot ? _begun : 0;

    /// <summary>Adds to them.</summary>
    public void Begin(long commands, long snapshot) => (_begun, _snapshot) = (Begun(snapshot) + commands, snapshot);
}

/// <summary>A cell.</summary>
internal sealed class CellEntry(ConnectionEntry connection, CellKey key, CommandKind kind) : Entry
{
    public ConnectionEntry Connection => connection;

    public CellKey Key => key;

    public CommandKind Kind => kind;

    public CellDelta? Delta { get; set; }

    public Place Place { get; set; } = null!;

    /// <summary>Sixteen times the mean of the last intervals' completions.</summary>
    public long Mean { get; set; }

    public long Outstanding { get; set; }

    public long Size { get; set; }

    public int Shift { get; set; }

    public HistogramCoding.Memory?[] Phases { get; } = new HistogramCoding.Memory?[Cell.PhaseCount];
}

/// <summary>A pattern.</summary>
internal sealed class PatternEntry(ConnectionEntry connection, PatternKey key) : Entry
{
    public ConnectionEntry Connection => connection;

    public PatternKey Key => key;

    public PatternDelta? Delta { get; set; }

    public Place Place { get; set; } = null!;

    public long Mean { get; set; }

    /// <summary>The classes of each array as they were last.</summary>
    public long[][] Last { get; } = [new long[Pattern.SizeClasses], new long[Pattern.Alignments], new long[Pattern.SeekClasses]];

    public HistogramCoding.Memory Interarrival { get; } = new();
}
