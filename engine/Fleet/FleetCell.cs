using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Fleet;

/// <summary>Whose a series is, and of what.</summary>
internal readonly record struct FleetKey(FleetHost Host, string Target, ulong Lun, string Initiator, CommandKind Kind);

/// <summary>What is told of the reads, writes or other commands of a unit on a host, together or of one initiator.</summary>
internal sealed class FleetCell
{
    private static readonly (string Word, Phase Phase)[] s_phases =
        [("service", Phase.Service), ("r2t_wait", Phase.R2tWait), ("host_data", Phase.HostData), ("transfer", Phase.Transfer), ("first_byte", Phase.FirstByte)];

    private readonly FleetKey _key;
    private readonly CellDelta _delta;
    private readonly Dictionary<Phase, (List<Track> Sums, List<Track> Counts)> _phases = [];

    private bool _stood = true;

    public FleetCell(FleetKey key)
    {
        _key = key;
        ushort operation = key.Kind switch { CommandKind.Read => FleetOperations.Read, CommandKind.Write => FleetOperations.Write, _ => FleetOperations.Other };
        var connection = key.Host.ConnectionOf(key.Target, key.Initiator);
        _delta = new CellDelta { Cell = new Cell { Key = new CellKey(connection.Id, key.Lun, operation), Kind = key.Kind }, Connection = connection, Engine = key.Host.Status };
    }

    public FleetHost Host => _key.Host;

    public List<Track> Commands { get; } = [];

    public List<Track> Bytes { get; } = [];

    public List<Track> Errors { get; } = [];

    public List<Track> Outstanding { get; } = [];

    public List<Track> Sums { get; } = [];

    public List<Track> Buckets { get; } = [];

    /// <summary>What its buckets and their sum have in common.</summary>
    public ResetGroup Resets { get; } = new();

    /// <summary>The phase of a label's value.</summary>
    public static Phase? PhaseOf(string word)
    {
        foreach ((string known, Phase phase) in s_phases)
            if (known == word)
                return phase;
        return null;
    }

    public (List<Track> Sums, List<Track> Counts) OfPhase(Phase phase) =>
        _phases.TryGetValue(phase, out (List<Track>, List<Track>) tracks) ? tracks : _phases[phase] = ([], []);

    /// <summary>What came since the last time; null when the host goes on without it. A host that told nothing new has a cell without anything.</summary>
    public CellDelta? Take(bool silent)
    {
        Cell cell = _delta.Cell;
        cell.Clear();
        _delta.Connection = Host.ConnectionOf(_key.Target, _key.Initiator);
        if (silent || !Host.Fresh) return _stood ? _delta : null;
        bool current = false;
        cell.Completed = Whole(Commands, ref current);
        cell.Errors = Whole(Errors, ref current);
        long bytes = Whole(Bytes, ref current);
        if (_key.Kind == CommandKind.Write) cell.WriteBytes = bytes;
        else cell.ReadBytes = bytes;
        foreach (Track gauge in Outstanding)
        {
            current |= gauge.Current;
            if (gauge.Now is >= 0 and < long.MaxValue and var now) cell.Outstanding += (long)Math.Round(now);
        }
        ClassicBuckets.Add(cell, Buckets, Sums, ref current);
        foreach ((Phase phase, (List<Track> sums, List<Track> counts)) in _phases)
        {
            long count = Whole(counts, ref current);
            long sum = Nanoseconds(sums, ref current);
            if (count <= 0) continue;
            Histogram durations = cell.Ensure(phase);
            durations.AddBucket(Histogram.BucketOf(sum / count), count);
            durations.AddSum(sum);
        }
        return (_stood = current) ? _delta : null;
    }

    /// <summary>Forgets series that are older than a time; whether any is left.</summary>
    public bool Forget(long before)
    {
        IEnumerable<List<Track>> all = _phases.Values.SelectMany(p => new[] { p.Sums, p.Counts }).Concat([Commands, Bytes, Errors, Outstanding, Sums, Buckets]);
        bool any = false;
        foreach (List<Track> tracks in all)
        {
            tracks.RemoveAll(t => t.Last < before);
            any |= tracks.Count > 0;
        }
        return any;
    }

    /// <summary>What counters came to together, as a whole number.</summary>
    public static long Whole(List<Track> tracks, ref bool current)
    {
        double sum = 0;
        foreach (Track track in tracks)
        {
            current |= track.Current;
            sum += track.Take();
        }
        return sum is > 0 and < long.MaxValue ? (long)Math.Round(sum) : 0;
    }

    /// <summary>The same of seconds, in ns.</summary>
    public static long Nanoseconds(List<Track> tracks, ref bool current)
    {
        double sum = 0;
        foreach (Track track in tracks)
        {
            current |= track.Current;
            sum += track.Take();
        }
        return sum * 1e9 is > 0 and < long.MaxValue and var ns ? (long)ns : 0;
    }
}
