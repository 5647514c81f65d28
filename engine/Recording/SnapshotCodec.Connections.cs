using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

// Connections: who they are, and what is counted of them.
internal sealed partial class SnapshotCodec
{
    // An age is told in steps of 2^20 ns, about a millisecond.
    private const int AgeBits = 20;

    private readonly Dictionary<(int Engine, uint Id, Whose Whose), ConnectionEntry> _connectionIndex = [];
    private readonly List<ConnectionEntry> _connections = [];
    private readonly Histogram _pings = new();
    private SessionParameters _parameters = new();
    private int _named;
    private long _opened;
    private uint _lastConnection;

    private void CodeConnections(Snapshot snapshot)
    {
        int known = _connections.Count;
        foreach (ConnectionEntry entry in _connections) entry.Present = false;
        foreach (ConnectionDelta delta in snapshot.Connections)
        {
            if (delta.Connection.Closed != 0 && !TellsEnded(delta)) continue;
            ConnectionEntry entry = EntryOf(delta.Engine, delta.Connection);
            (entry.Present, entry.Delta) = (true, delta);
        }
        int news = _connections.Count - known;
        for (int i = 0; i < known; i++) Presence(1, _connections[i]);
        news = News(1, news, known);
        for (int i = 0; i < news; i++) Define(Decoding ? null : _connections[known + i]).Was = true;
        foreach (EngineEntry engine in _engines)
            if (engine.Present)
                engine.Time = _coder.Near(Kinds.Reference, Decoding ? 0 : TimeOf(snapshot, engine), engine.Time + _interval);
        foreach (ConnectionEntry entry in _connections)
        {
            if (!entry.Present) continue;
            if (Decoding) entry.Delta = DeltaOf(entry);
            CodeInfo(entry, entry.Delta!.Connection);
            entry.Delta.Connection = entry.Info!;
            entry.Delta.Time = entry.Engine.Time;
            CodeFacts(entry, entry.Delta);
            if (Decoding) Listed(snapshot, entry.Delta);
        }
    }

    private static long TimeOf(Snapshot snapshot, EngineEntry engine)
    {
        foreach (ConnectionDelta delta in snapshot.Connections)
            if (ReferenceEquals(delta.Engine, engine.Status))
                return delta.Time;
        return 0;
    }

    // Those that cells and others belong to need not be listed, and what has no name may have the id of another.
    private ConnectionEntry EntryOf(EngineStatus engine, ConnectionInfo info)
    {
        EngineEntry of = EntryOf(engine);
        (int, uint, Whose) key = (of.Index, info.Id, Whose.Of(info));
        if (_connectionIndex.TryGetValue(key, out ConnectionEntry? entry)) return entry;
        entry = new ConnectionEntry(of, info.Id, _connections.Count);
        _connectionIndex.Add(key, entry);
        _connections.Add(entry);
        return entry;
    }

    private ConnectionEntry Define(ConnectionEntry? entry)
    {
        int engine = _coder.Count(Kinds.Reference + 1, entry?.Engine.Index ?? 0, int.MaxValue);
        uint id = (uint)_coder.Near(Kinds.Reference + 2, entry?.Id ?? 0, _lastConnection + 1L);
        _lastConnection = id;
        _named++;
        if (entry is not null) return entry;
        if (engine >= _engines.Count) throw new RecordingFormatException("a connection of no engine");
        _coder.Hold(1536);
        entry = new ConnectionEntry(_engines[engine], id, _connections.Count) { Present = true };
        _connections.Add(entry);
        return entry;
    }

    // The connection of a cell, a pattern: one that was named, or a new one. They are named in the order in which they came.
    private ConnectionEntry Refer(EngineStatus? engine, ConnectionInfo? info)
    {
        int known = _named;
        ConnectionEntry? entry = Decoding ? null : EntryOf(engine!, info!);
        int index = _coder.Count(Kinds.Reference + 3, entry?.Index ?? 0, known);
        if (index < known) entry = _connections[index];
        else
        {
            if (known >= MostEntries) throw new RecordingFormatException("too many connections");
            entry = Define(entry);
            entry.Present = false;
        }
        if (entry.Info is null) CodeInfo(entry, info);
        return entry;
    }

    private void CodeInfo(ConnectionEntry entry, ConnectionInfo? info)
    {
        ConnectionInfo? last = entry.Info;
        if (last is not null && !Changed(1, !ReferenceEquals(info, last) && info != last)) return;
        _coder.Hold(256);
        ConnectionInfo c = info ?? last ?? new ConnectionInfo(entry.Id, "", "");
        string local = Text(3, c.Local), remote = Text(4, c.Remote), target = Text(5, c.Target), initiator = Text(6, c.Initiator), isid = Text(7, c.Isid);
        ushort tsih = (ushort)_coder.Count(Kinds.Info, c.Tsih, ushort.MaxValue), cid = (ushort)_coder.Count(Kinds.Info + 1, c.Cid, ushort.MaxValue);
        _opened = _coder.Near(Kinds.Info + 2, c.Opened, _opened);
        long closed = Flag(1, c.Closed != 0) ? _coder.Near(Kinds.Info + 3, c.Closed, _opened) : 0;
        bool discovery = Flag(2, c.Discovery), midStream = Flag(3, c.MidStream), oneSided = Flag(4, c.OneSided);
        var end = (ConnectionEnd)_coder.Count(Kinds.Info + 4, (int)c.End, byte.MaxValue);
        int portalGroup = _coder.Count(Kinds.Info + 12, c.PortalGroup + 1, ushort.MaxValue + 1) - 1;
        SessionParameters? parameters = Flag(5, c.Parameters is not null) ? Parameters(c.Parameters ?? _parameters) : null;
        entry.Info = Decoding
            ? new ConnectionInfo(entry.Id, local, remote, target, initiator, isid, tsih, cid, _opened, closed)
            {
                Discovery = discovery,
                MidStream = midStream,
                OneSided = oneSided,
                PortalGroup = portalGroup,
                End = end,
                Parameters = parameters,
            }
            : c;
    }

    // Most sessions agree on the same.
    private SessionParameters Parameters(SessionParameters p)
    {
        if (!Changed(2, p != _parameters)) return _parameters;
        return _parameters = new SessionParameters(
            Flag(6, p.HeaderDigest), Flag(7, p.DataDigest), Flag(8, p.ImmediateData), Flag(9, p.InitialR2T),
            (ushort)_coder.Count(Kinds.Info + 5, p.MaxConnections, ushort.MaxValue), (byte)_coder.Count(Kinds.Info + 6, p.ErrorRecoveryLevel, byte.MaxValue),
            (ushort)_coder.Count(Kinds.Info + 7, p.MaxOutstandingR2T, ushort.MaxValue), (uint)_coder.Number(Kinds.Info + 8, p.FirstBurstLength),
            (uint)_coder.Number(Kinds.Info + 9, p.MaxBurstLength), (uint)_coder.Number(Kinds.Info + 10, p.TargetMaxRecv), (uint)_coder.Number(Kinds.Info + 11, p.InitiatorMaxRecv));
    }

    private void CodeFacts(ConnectionEntry entry, ConnectionDelta delta)
    {
        ConnectionFacts facts = delta.Facts, total = delta.Total, last = entry.Total;
        if (!Changed(3, !Decoding && Differ(entry, delta)))
        {
            if (!Decoding) return;
            total.CopyFrom(last);
            facts.CopyFrom(last);
            for (int i = 0; i < ConnectionFacts.Count; i++) facts[(Fact)i] = last[(Fact)i] < 0 ? -1 : 0;
            CopyPings(entry, total);
            return;
        }
        for (int i = 0; i < ConnectionFacts.Count; i++)
        {
            long before = last[(Fact)i];
            long happened = _coder.Near(Kinds.Facts + i, facts[(Fact)i], before < 0 ? -1 : 0);
            last[(Fact)i] = _coder.Near(Kinds.Totals, total[(Fact)i], before < 0 ? happened : before + Math.Max(0, happened));
            if (Decoding) facts[(Fact)i] = happened;
        }
        last.Window = _coder.Near(Kinds.Facts + ConnectionFacts.Count, total.Window, last.Window);
        last.Outstanding = _coder.Near(Kinds.Facts + ConnectionFacts.Count + 1, total.Outstanding, last.Outstanding);
        CodeLastPdu(entry, delta);
        CodePings(entry, total);
        if (!Decoding) return;
        total.CopyFrom(last);
        (facts.Window, facts.Outstanding, facts.LastPdu) = (last.Window, last.Outstanding, last.LastPdu);
        CopyPings(entry, total);
    }

    private static bool Differ(ConnectionEntry entry, ConnectionDelta delta)
    {
        ConnectionFacts facts = delta.Facts, total = delta.Total, last = entry.Total;
        if (total.Window != last.Window || total.Outstanding != last.Outstanding || total.LastPdu != entry.LastPdu) return true;
        for (int i = 0; i < ConnectionFacts.Count; i++)
            if (total[(Fact)i] != last[(Fact)i] || facts[(Fact)i] != (last[(Fact)i] < 0 ? -1 : 0))
                return true;
        return (total.NopTime?.Count ?? 0) > (entry.NopTime?.Count ?? 0);
    }

    // Exact where it was told before in this block; else as old as it is, to a millisecond.
    private void CodeLastPdu(ConnectionEntry entry, ConnectionDelta delta)
    {
        ConnectionFacts total = delta.Total, last = entry.Total;
        if (!Changed(4, total.LastPdu != entry.LastPdu)) return;
        entry.LastPdu = total.LastPdu;
        last.LastPdu = Flag(10, total.LastPdu != 0)
            ? delta.Time - (_coder.Signed(Kinds.Facts + ConnectionFacts.Count + 2, delta.Time - total.LastPdu >> AgeBits) << AgeBits)
            : 0;
    }

    private void CodePings(ConnectionEntry entry, ConnectionFacts total)
    {
        long before = entry.NopTime?.Count ?? 0;
        if (Changed(5, (total.NopTime?.Count ?? 0) > before))
        {
            _pings.Clear();
            if (!Decoding)
            {
                if (entry.NopTime is { } last) _pings.SetDifference(total.NopTime!, last);
                else _pings.CopyFrom(total.NopTime!);
            }
            HistogramCoding.Memory? nops = entry.Nops;
            _histograms.Code(Cell.PhaseCount, _pings, _makePings, 1, null, ref nops);
            entry.Nops = nops;
            (entry.NopTime ??= new Histogram()).Add(_pings);
        }
    }

    private static void CopyPings(ConnectionEntry entry, ConnectionFacts total)
    {
        if (entry.NopTime is { } times) (total.NopTime ??= new Histogram()).CopyFrom(times);
        else total.NopTime = null;
    }
}
