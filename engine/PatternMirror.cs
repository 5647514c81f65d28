using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>The patterns of one engine, as a viewer keeps them: what they were, and what happened since the viewer last took.</summary>
internal sealed class PatternMirror
{
    /// <summary>Sums of initiators, targets and units at most that connections leave behind which nobody lists.</summary>
    public const int MostFolded = 4096;

    private const int Most = 1 << 17;
    private const int MostSpare = 4096;

    private static readonly ConnectionInfo s_unknown = new(0, "", "");

    private readonly Dictionary<PatternKey, Pattern> _latest = [];
    private readonly Dictionary<PatternKey, PatternDelta> _pending = [];
    private readonly Dictionary<(string Target, string Initiator, ulong Lun, bool Writes), PatternDelta> _folded = [];
    private readonly List<PatternDelta> _taken = [];
    private readonly Stack<PatternDelta> _free = new();
    private readonly Stack<Pattern> _spare = new();
    private Pattern _scratch = new();

    /// <summary>Takes in a patterns frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="listed">Finds a connection that is open or listed.</param>
    /// <param name="engine">The engine.</param>
    /// <exception cref="StreamFormatException">There are more than an engine keeps.</exception>
    public void Add(FrameReader frame, Func<uint, ConnectionInfo?> listed, EngineStatus engine)
    {
        while (!frame.AtEnd)
        {
            PatternKey key = frame.Pattern(_scratch);
            if (!_latest.TryGetValue(key, out Pattern? latest))
            {
                if (_latest.Count >= Most) throw new StreamFormatException("more patterns than an engine keeps");
                if (!_spare.TryPop(out latest)) latest = new Pattern();
                latest.Clear();
            }
            if (!_pending.TryGetValue(key, out PatternDelta? delta)) _pending.Add(key, delta = Rent(key, engine));
            delta.Connection = listed(key.Connection) ?? delta.Connection;
            delta.Pattern.AddDifference(_scratch, latest);
            _latest[key] = _scratch;
            _scratch = latest;
        }
    }

    /// <summary>Hands out what happened since the last call, whose deltas are free again.</summary>
    public void TakeInto(List<PatternDelta> into)
    {
        foreach (PatternDelta delta in _taken) _free.Push(delta);
        _taken.Clear();
        foreach (PatternDelta delta in _pending.Values) _taken.Add(delta);
        _pending.Clear();
        if (_folded.Count > 0) _taken.AddRange(_folded.Values);
        _folded.Clear();
        into.AddRange(_taken);
    }

    /// <summary>Forgets what patterns of connections were that are over.</summary>
    public void Forget(HashSet<uint> over)
    {
        foreach (PatternKey key in _latest.Keys)
            if (over.Contains(key.Connection) && _latest.Remove(key, out Pattern? pattern) && _spare.Count < MostSpare)
                _spare.Push(pattern);
    }

    /// <summary>Sums up what connections did that are neither open nor listed.</summary>
    /// <param name="listed">Finds a connection that is.</param>
    public void Fold(Func<uint, ConnectionInfo?> listed)
    {
        foreach ((PatternKey key, PatternDelta delta) in _pending)
        {
            if (listed(key.Connection) is not null) continue;
            _pending.Remove(key);
            if (!Fold(key, delta)) _free.Push(delta);
        }
    }

    // Whether the delta itself is kept.
    private bool Fold(PatternKey key, PatternDelta delta)
    {
        (string target, string initiator, ulong lun) = (delta.Connection.Target, delta.Connection.Initiator, key.Lun);
        if (_folded.Count >= MostFolded && !_folded.ContainsKey((target, initiator, lun, key.Writes))) (target, initiator, lun) = ("", "", Lun.Unknown);
        if (_folded.TryGetValue((target, initiator, lun, key.Writes), out PatternDelta? sum))
        {
            sum.Pattern.Add(delta.Pattern);
            return false;
        }
        delta.Key = new PatternKey(0, lun, key.Writes);
        delta.Connection = new ConnectionInfo(0, "", "", target, initiator);
        _folded.Add((target, initiator, lun, key.Writes), delta);
        return true;
    }

    private PatternDelta Rent(PatternKey key, EngineStatus engine)
    {
        if (!_free.TryPop(out PatternDelta? delta)) delta = new PatternDelta { Connection = s_unknown, Engine = engine };
        delta.Pattern.Clear();
        delta.Key = key;
        delta.Connection = s_unknown;
        return delta;
    }
}
