using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>The patterns of one engine, as a viewer keeps them: what happened since the viewer last took.</summary>
internal sealed class PatternMirror
{
    /// <summary>Sums of initiators, targets and units at most that connections leave behind which nobody lists.</summary>
    public const int MostFolded = 4096;

    private const int Most = 1 << 17;

    private static readonly ConnectionInfo s_unknown = new(0, "", "");

    private readonly Dictionary<PatternKey, PatternDelta> _pending = [];
    private readonly Dictionary<(string Target, string Initiator, ulong Lun, bool Writes), PatternDelta> _folded = [];
    private readonly Shelf<PatternKey, PatternDelta> _shelf = new(d => d.Key);
    private readonly Pattern _scratch = new();
    private List<PatternDelta> _taken = [];

    /// <summary>Whether snapshots wait to be taken that were added up.</summary>
    public bool Waits => _pending.Count > 0;

    /// <summary>What was handed out is free again.</summary>
    public void Begin() => _shelf.PutBack(ref _taken);

    /// <summary>Reads a patterns frame of the only snapshot that waits: what it has once need not be added to anything.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="listed">Finds a connection that is open or listed.</param>
    /// <param name="engine">The engine.</param>
    /// <exception cref="StreamFormatException">There are more than an engine keeps.</exception>
    public void Read(FrameReader frame, Func<uint, ConnectionInfo?> listed, EngineStatus engine)
    {
        while (!frame.AtEnd)
        {
            if (_taken.Count >= Most) throw new StreamFormatException("more patterns than an engine keeps");
            PatternKey key = frame.PatternKey();
            PatternDelta delta = Rent(key, engine);
            _taken.Add(delta);
            delta.Key = key;
            frame.RestOfPattern(delta.Pattern);
            delta.Connection = listed(delta.Key.Connection) ?? s_unknown;
        }
    }

    /// <summary>Adds a patterns frame of a snapshot that nobody has taken to those before.</summary>
    /// <inheritdoc cref="Read"/>
    public void AddUp(FrameReader frame, Func<uint, ConnectionInfo?> listed, EngineStatus engine)
    {
        while (!frame.AtEnd)
        {
            PatternKey key = frame.Pattern(_scratch);
            if (!_pending.TryGetValue(key, out PatternDelta? delta))
            {
                if (_pending.Count >= Most) throw new StreamFormatException("more patterns than an engine keeps");
                _pending.Add(key, delta = Rent(key, engine));
                delta.Pattern.Clear();
                (delta.Key, delta.Connection) = (key, s_unknown);
            }
            delta.Connection = listed(key.Connection) ?? delta.Connection;
            delta.Pattern.Add(_scratch);
        }
    }

    /// <summary>Hands out what was read and added up since <see cref="Begin"/>.</summary>
    public void TakeInto(List<PatternDelta> into)
    {
        foreach (PatternDelta delta in _pending.Values) _taken.Add(delta);
        _pending.Clear();
        if (_folded.Count > 0) _taken.AddRange(_folded.Values);
        _folded.Clear();
        into.AddRange(_taken);
    }

    /// <summary>Gives back what was needed while snapshots waited.</summary>
    public void GiveBack()
    {
        _shelf.Trim(_taken.Count);
        if (_pending.Count == 0) _pending.TrimExcess();
    }

    /// <summary>Sums up what connections did that are neither open nor listed.</summary>
    /// <param name="listed">Finds a connection that is.</param>
    public void Fold(Func<uint, ConnectionInfo?> listed)
    {
        foreach ((PatternKey key, PatternDelta delta) in _pending)
        {
            if (listed(key.Connection) is not null) continue;
            _pending.Remove(key);
            if (!Fold(key, delta)) _shelf.PutBack(delta);
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

    private PatternDelta Rent(in PatternKey key, EngineStatus engine) => _shelf.Take(key) ?? new PatternDelta { Connection = s_unknown, Engine = engine };
}
