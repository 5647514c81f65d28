using Iscsitop.Engine;
using Iscsitop.Engine.Checking;
using LunNumber = Iscsitop.Target.Iscsi.Lun;

namespace Iscsitop.Cli.Checking;

/// <summary>States of a monitoring plugin, which are its exit codes.</summary>
internal enum State
{
    Ok,
    Warning,
    Critical,
    Unknown,
}

/// <summary>What a check found.</summary>
/// <param name="warning">The condition of a warning, null for none.</param>
/// <param name="critical">The condition of what is worse, null for none.</param>
/// <param name="dated">Whether it matters when: a file may be of any time.</param>
internal sealed class Result(Watch? warning, Watch? critical, bool dated)
{
    private const int Named = 12;

    private readonly SortedSet<(string Target, ulong Lun)> _units = [];
    private readonly SortedSet<string> _initiators = [];
    private bool _engines;

    /// <summary>Both conditions, the worse first.</summary>
    public IEnumerable<(State State, Watch Watch)> Watches
    {
        get
        {
            if (critical is not null) yield return (State.Critical, critical);
            if (warning is not null) yield return (State.Warning, warning);
        }
    }

    /// <summary>What is to be said of it all.</summary>
    public State State
    {
        get
        {
            foreach ((State state, Watch watch) in Watches)
                if (watch.Verdict == true)
                    return state;
            return Watches.Any(w => w.Watch.Verdict is null) ? State.Unknown : State.Ok;
        }
    }

    /// <summary>End of the last interval, ns since 1970.</summary>
    public long Time { get; private set; }

    /// <summary>One sentence.</summary>
    public string Message
    {
        get
        {
            if (!_engines) return "no engine is running here (see iscsitop list)";
            State state = State;
            string said = string.Join(", ", (state switch
            {
                State.Unknown => Watches.Where(w => w.Watch.Verdict is null),
                State.Ok => Watches,
                _ => Watches.Where(w => w.State == state),
            }).Select(w => Words.Of(w.Watch, dated)).Distinct());
            return state == State.Unknown && said.Contains("nothing that is ", StringComparison.Ordinal) ? $"{said} ({Here})" : said;
        }
    }

    private string Here => $"LUNs here: {List(_units.Select(u => $"{u.Lun} of {u.Target}"))}; initiators: {List(_initiators)}";

    /// <summary>The state before a first interval: what was lost before does not count.</summary>
    public void Begin(Snapshot snapshot)
    {
        Note(snapshot);
        foreach ((_, Watch watch) in Watches) watch.Begin(snapshot);
    }

    /// <summary>The next interval.</summary>
    public void Add(Snapshot snapshot)
    {
        Note(snapshot);
        foreach ((_, Watch watch) in Watches) watch.Add(snapshot);
    }

    private void Note(Snapshot snapshot)
    {
        Time = snapshot.Time;
        _engines |= snapshot.Engines.Count > 0;
        foreach (UnitDelta unit in snapshot.Units)
            if (unit.Lun != LunNumber.Unknown)
                _units.Add((unit.Target, unit.Lun));
        foreach (ConnectionDelta connection in snapshot.Connections)
            if (connection.Connection.Initiator.Length > 0)
                _initiators.Add(connection.Connection.Initiator);
    }

    private static string List(IEnumerable<string> all)
    {
        string[] some = [.. all.Take(Named + 1)];
        return some.Length == 0 ? "none" : string.Join(", ", some.Take(Named)) + (some.Length > Named ? " ..." : "");
    }
}
