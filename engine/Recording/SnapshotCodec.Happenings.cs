using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

// Failures, task management, drop cards, reservations: told when they come or change.
internal sealed partial class SnapshotCodec
{
    private const int MostPdus = 32;
    private const int MostRegistrants = 4096;

    private long _lastId, _lastTime;

    private void CodeFailures(Snapshot snapshot)
    {
        _changed.Clear();
        foreach (Kept kept in _kept.Values)
            foreach (FailureDelta delta in kept.Failures.Values) delta.Count = 0;
        for (int i = 0; i < snapshot.Failures.Count; i++)
            if (TellsFailure(snapshot.Failures[i])) _changed.Add(i);
        if (!Decoding) FindGone(snapshot);
        int count = News(5, _changed.Count + _gone.Count, 0);
        for (int i = 0; i < count; i++) CodeFailure(Decoding ? null : i < _gone.Count ? _gone[i] : snapshot.Failures[_changed[i - _gone.Count]]);
        if (count > 0) HasNews = true;
    }

    private void CodeFailure(FailureDelta? delta)
    {
        ConnectionEntry connection = Refer(delta?.Engine, delta?.Connection);
        FailureKey k = delta?.Key ?? default;
        ulong lun = _coder.Number(Kinds.Lun, k.Lun);
        ushort operation = (ushort)_coder.Count(Kinds.Operation, k.Operation, ushort.MaxValue);
        var kind = (FailureKind)_coder.Count(Kinds.Failure, (int)k.Kind, byte.MaxValue);
        uint code = (uint)_coder.Number(Kinds.Failure + 1, k.Code);
        var key = new FailureKey(connection.Id, lun, operation, kind, code);
        // One that came never is one that is listed no more.
        if (Flag(14, delta is { Total: 0 }))
        {
            if (Decoding) DropFailure(connection, key);
            return;
        }
        _coder.Hold(256);
        delta ??= KeptFailure(connection, key);
        delta.Count = _coder.Signed(Kinds.Failure + 2, delta.Count);
        delta.Total = _coder.Near(Kinds.Failure + 3, delta.Total, delta.Count);
        delta.Last = _coder.Near(Kinds.Failure + 4, delta.Last, _time);
        delta.First = _coder.Near(Kinds.Failure + 5, delta.First, delta.Last);
    }

    private void CodeTasks(Snapshot snapshot)
    {
        _changed.Clear();
        for (int i = 0; i < snapshot.Tasks.Count; i++)
            if (TellsTask(snapshot.Tasks[i])) _changed.Add(i);
        int count = News(6, _changed.Count, 0);
        for (int i = 0; i < count; i++) CodeTask(Decoding ? null : snapshot.Tasks[_changed[i]]);
        if (count > 0) HasNews = true;
    }

    private void CodeTask(TaskRecord? t)
    {
        const int K = Kinds.Task;
        _coder.Hold(256);
        ConnectionEntry connection = Refer(t?.Engine, t?.Connection);
        long id = _lastId = _coder.Near(K, t?.Id ?? 0, _lastId + 1);
        long time = _coder.Near(K + 1, t?.Time ?? 0, _time);
        ulong lun = _coder.Number(Kinds.Lun, t?.Lun ?? 0);
        var function = (TaskFunction)_coder.Count(K + 2, (int)(t?.Function ?? 0), byte.MaxValue);
        uint tag = (uint)_coder.Number(K + 3, t?.ReferencedTag ?? 0);
        ushort operation = (ushort)_coder.Count(Kinds.Operation, t?.Operation ?? 0, ushort.MaxValue);
        long age = _coder.Signed(K + 4, t?.ReferencedAge ?? 0);
        int hit = (int)_coder.Signed(K + 5, t?.Hit ?? 0), response = (int)_coder.Signed(K + 6, t?.Response ?? 0);
        long elapsed = _coder.Signed(K + 7, t?.Elapsed ?? 0);
        var after = (TaskAftermath)_coder.Count(K + 8, (int)(t?.After ?? 0), byte.MaxValue);
        if (Decoding) Keep(new TaskRecord(id, time, connection.Info!, connection.Engine.Status, lun, function, tag, operation, age, hit, response, elapsed, after));
    }

    private void CodeEnds(Snapshot snapshot)
    {
        _changed.Clear();
        for (int i = 0; i < snapshot.Ends.Count; i++)
            if (TellsEnd(snapshot.Ends[i])) _changed.Add(i);
        int count = News(7, _changed.Count, 0);
        for (int i = 0; i < count; i++) CodeEnd(Decoding ? null : snapshot.Ends[_changed[i]]);
        if (count > 0) HasNews = true;
    }

    private void CodeEnd(SessionEnd? e)
    {
        const int K = Kinds.End;
        _coder.Hold(384);
        ConnectionEntry connection = Refer(e?.Engine, e?.Connection);
        // What was known at the end need not be what is known now.
        if (Changed(10, e is not null && e.Connection != connection.Info)) CodeInfo(Renamed(connection), e?.Connection);
        long time = _lastTime = _coder.Near(K, e?.Time ?? 0, _time);
        IReadOnlyList<KeptPdu> pdus = Pdus(e?.Pdus ?? []);
        IReadOnlyList<LeftCommand> commands = Commands(e?.Commands ?? []);
        int outstanding = _coder.Count(K + 1, e?.Outstanding ?? 0, int.MaxValue), pings = _coder.Count(K + 2, e?.UnansweredPings ?? 0, int.MaxValue);
        long oldest = _coder.Signed(K + 3, e?.OldestPing ?? 0), window = _coder.Signed(K + 4, e?.Window ?? 0);
        long quiet = _coder.Signed(K + 5, e?.Quiet ?? 0), quietTarget = _coder.Signed(K + 6, e?.QuietTarget ?? 0);
        int tasks = _coder.Count(K + 7, e?.Tasks ?? 0, int.MaxValue);
        long again = _coder.Signed(K + 8, e?.LoginAgain ?? 0);
        if (Decoding) Keep(new SessionEnd(connection.Info!, connection.Engine.Status, time, pdus, commands, outstanding, pings, oldest, window, quiet, quietTarget, tasks, again));
    }

    // Makes its facts told anew.
    private static ConnectionEntry Renamed(ConnectionEntry connection)
    {
        connection.Info = null;
        return connection;
    }

    private IReadOnlyList<KeptPdu> Pdus(IReadOnlyList<KeptPdu> pdus)
    {
        int count = _coder.Count(Kinds.End + 9, pdus.Count, MostPdus);
        _coder.Hold(count * 96);
        KeptPdu[] read = new KeptPdu[Decoding ? count : 0];
        byte[] before = new byte[Pdu.BhsLength];
        for (int i = 0; i < count; i++)
        {
            long time = _lastTime = _coder.Near(Kinds.End + 10, Decoding ? 0 : pdus[i].Time, _lastTime);
            byte[] header = new byte[Pdu.BhsLength];
            if (!Decoding) pdus[i].Header.AsSpan(0, Math.Min(Pdu.BhsLength, pdus[i].Header.Length)).CopyTo(header);
            for (int b = 0; b < header.Length; b++) header[b] = _coder.Byte(header[b], before[b]);
            if (Decoding) read[i] = new KeptPdu(time, header);
            before = header;
        }
        return Decoding ? read : pdus;
    }

    private IReadOnlyList<LeftCommand> Commands(IReadOnlyList<LeftCommand> commands)
    {
        const int K = Kinds.End + 11;
        int count = _coder.Count(K, commands.Count, MostPdus);
        _coder.Hold(count * 48);
        LeftCommand[] read = new LeftCommand[Decoding ? count : 0];
        for (int i = 0; i < count; i++)
        {
            LeftCommand c = Decoding ? default : commands[i];
            c = new LeftCommand(
                (uint)_coder.Number(K + 1, c.Tag), _coder.Number(Kinds.Lun, c.Lun), (ushort)_coder.Count(Kinds.Operation, c.Operation, ushort.MaxValue),
                _coder.Signed(K + 2, c.Lba), (uint)_coder.Number(K + 3, c.Length), _coder.Signed(K + 4, c.Age));
            if (Decoding) read[i] = c;
        }
        return Decoding ? read : commands;
    }

    private void CodeReservations(Snapshot snapshot)
    {
        _changed.Clear();
        for (int i = 0; i < snapshot.Reservations.Count; i++)
            if (TellsReservation(snapshot.Reservations[i])) _changed.Add(i);
        int count = News(8, _changed.Count, 0);
        for (int i = 0; i < count; i++) CodeReservation(Decoding ? null : snapshot.Reservations[_changed[i]]);
        if (count > 0) HasNews = true;
    }

    private void CodeReservation(ReservationState? r)
    {
        const int K = Kinds.Reservation;
        EngineEntry engine = Engine(r?.Engine);
        string target = Text(5, r?.Target ?? "");
        ulong lun = _coder.Number(Kinds.Lun, r?.Lun ?? 0);
        var kind = (ReservationKind)_coder.Count(K, (int)(r?.Kind ?? 0), byte.MaxValue);
        byte type = (byte)_coder.Count(K + 1, r?.Type ?? 0, byte.MaxValue);
        Registrant? holder = Flag(12, r?.Holder is not null) ? Registered(r?.Holder) : null;
        int count = _coder.Count(K + 2, r?.Registrants.Count ?? 0, MostRegistrants);
        _coder.Hold(256 + count * 48);
        var registrants = new Registrant[count];
        for (int i = 0; i < count; i++) registrants[i] = Registered(r?.Registrants[i]);
        long generation = _coder.Signed(K + 3, r?.Generation ?? 0);
        long changed = _coder.Near(K + 4, r?.Changed ?? 0, _time);
        bool complete = Flag(13, r?.Complete ?? false);
        if (Decoding) Keep(new ReservationState(target, lun, engine.Status, kind, type, holder, registrants, generation, changed, complete));
    }

    private Registrant Registered(Registrant? r) =>
        new(Text(6, r?.Initiator ?? ""), Text(7, r?.Isid ?? ""), _coder.Number(Kinds.Reservation + 5, r?.Key ?? 0));
}
