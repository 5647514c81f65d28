using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// What failed at one engine, as a viewer keeps it: by connection while that is open or listed, then summed by initiator and target, so
/// that totals stay whole. Bounded; beyond that sums are of their kind only.
/// </summary>
internal sealed class FailureMirror
{
    /// <summary>Sums of initiators and targets at most.</summary>
    public const int MostFolded = 4096;

    /// <summary>Others at most: an engine that keeps its bound is behind in forgetting by what its viewer has not folded yet.</summary>
    public const int Most = 4 * FailureTable.Capacity;

    private static readonly ConnectionInfo s_unknown = new(0, "", "");

    private readonly Dictionary<FailureKey, Entry> _entries = [];
    private readonly Dictionary<(string Target, string Initiator, FailureKey Key), Entry> _folded = [];

    /// <summary>Takes in a failures frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="wallOffset">ns since 1970 minus the engine's time.</param>
    /// <param name="listed">Finds a connection that is open or listed.</param>
    /// <exception cref="StreamFormatException">There are more than an engine keeps.</exception>
    public void Add(FrameReader frame, long wallOffset, Func<uint, ConnectionInfo?> listed)
    {
        while (!frame.AtEnd)
        {
            FailureRecord record = frame.Failure();
            if (record.Key.Kind > FailureKind.Async) continue; // a later program's
            if (!_entries.TryGetValue(record.Key, out Entry? entry))
            {
                if (_entries.Count >= Most) throw new StreamFormatException("more failures than an engine keeps");
                _entries.Add(record.Key, entry = new Entry { Key = record.Key, First = record.First + wallOffset });
            }
            entry.Connection = listed(record.Key.Connection) ?? entry.Connection;
            entry.Total = record.Count;
            entry.Last = record.Last + wallOffset;
        }
    }

    /// <summary>Hands out what is known.</summary>
    /// <param name="into">The viewer's list.</param>
    /// <param name="listed">Finds a connection that is open or listed.</param>
    /// <param name="engine">The engine.</param>
    public void TakeInto(List<FailureDelta> into, Func<uint, ConnectionInfo?> listed, EngineStatus engine)
    {
        foreach (Entry entry in _entries.Values) into.Add(entry.Take(listed(entry.Key.Connection), engine));
        foreach (Entry entry in _folded.Values) into.Add(entry.Take(null, engine));
    }

    /// <summary>Sums up those of connections that are neither open nor listed.</summary>
    /// <param name="listed">Finds a connection that is.</param>
    public void Fold(Func<uint, ConnectionInfo?> listed)
    {
        foreach ((FailureKey key, Entry entry) in _entries)
        {
            if ((key.Connection == 0 ? s_unknown : listed(key.Connection)) is { } found)
            {
                entry.Connection = found;
                continue;
            }
            _entries.Remove(key);
            Fold(entry);
        }
    }

    private void Fold(Entry entry)
    {
        ConnectionInfo connection = entry.Connection;
        FailureKey key = entry.Key with { Connection = 0 };
        bool room = _folded.Count < MostFolded || _folded.ContainsKey((connection.Target, connection.Initiator, key));
        if (!room) (connection, key) = (s_unknown, key.Folded());
        (entry.Key, entry.Connection) = (key, new ConnectionInfo(0, "", "", connection.Target, connection.Initiator));
        if (_folded.TryGetValue((connection.Target, connection.Initiator, key), out Entry? sum)) sum.Add(entry);
        else _folded.Add((connection.Target, connection.Initiator, key), entry);
    }

    private sealed class Entry
    {
        private FailureDelta? _delta;
        private long _taken;

        public FailureKey Key { get; set; }

        public ConnectionInfo Connection { get; set; } = s_unknown;

        public long Total { get; set; }

        public long First { get; set; }

        public long Last { get; set; }

        public void Add(Entry other)
        {
            Total += other.Total;
            _taken += other._taken;
            First = Math.Min(First, other.First);
            Last = Math.Max(Last, other.Last);
        }

        public FailureDelta Take(ConnectionInfo? connection, EngineStatus engine)
        {
            if (connection is not null) Connection = connection;
            _delta ??= new FailureDelta { Connection = Connection, Engine = engine };
            (_delta.Key, _delta.Connection, _delta.Total, _delta.Count) = (Key, Connection, Total, Total - _taken);
            (_delta.First, _delta.Last) = (First, Last);
            _taken = Total;
            return _delta;
        }
    }
}
