using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <content>Task management, session ends and reservations.</content>
public ref partial struct FrameReader
{
    /// <summary>task.</summary>
    /// <param name="engine">Whose it is.</param>
    /// <param name="wallOffset">ns since 1970 minus its time.</param>
    /// <exception cref="StreamFormatException">What came after it is nothing we know.</exception>
    public TaskRecord Task(EngineStatus engine, long wallOffset)
    {
        long id = I64(), time = I64();
        ulong lun = (ulong)I64();
        long age = I64(), elapsed = I64();
        uint referenced = U32();
        int hit = (int)U32(), response = (int)U32();
        ushort operation = U16();
        var function = (TaskFunction)U8();
        var after = (TaskAftermath)U8();
        if (after > TaskAftermath.LoggedInAgain || id < 1) throw new StreamFormatException("a task management request has an unknown outcome or no number");
        return new TaskRecord(id, time + wallOffset, Connection(), engine, lun, function, referenced, operation, age, hit, response, elapsed, after);
    }

    /// <summary>session end, and its place.</summary>
    /// <param name="engine">Whose it is.</param>
    /// <param name="wallOffset">ns since 1970 minus its time.</param>
    /// <exception cref="StreamFormatException">There are more PDUs, commands or ends than are kept.</exception>
    public (SessionEnd End, int Place) SessionEnd(EngineStatus engine, long wallOffset)
    {
        int place = U8(), pdus = U8(), commands = U8();
        U8();
        if (place >= EndLog.Most || pdus > LastPdus.Count || commands > Trail.MostCommands)
            throw new StreamFormatException("the end of a session has more of something than is kept");
        int outstanding = (int)U32();
        long time = I64(), window = I64(), quiet = I64(), quietTarget = I64(), again = I64(), oldest = I64();
        int pings = (int)U32(), tasks = (int)U32();
        var kept = new KeptPdu[pdus];
        for (int i = 0; i < pdus; i++) kept[i] = new KeptPdu(I64() + wallOffset, Raw(Pdu.BhsLength).ToArray());
        var left = new LeftCommand[commands];
        for (int i = 0; i < commands; i++) left[i] = LeftCommand();
        return (new SessionEnd(
            Connection(), engine, time + wallOffset, kept, left, outstanding, pings, oldest, window, quiet, quietTarget, tasks, again), place);
    }

    /// <summary>reservation.</summary>
    /// <param name="engine">Whose it is.</param>
    /// <param name="wallOffset">ns since 1970 minus its time.</param>
    /// <exception cref="StreamFormatException">There are more registrants than are told of.</exception>
    public ReservationState Reservation(EngineStatus engine, long wallOffset)
    {
        ulong lun = (ulong)I64();
        long generation = I64(), changed = I64();
        int flags = U8();
        byte type = U8();
        int count = U16();
        if (count > ReservationInfo.MostRegistrants) throw new StreamFormatException($"{count} registrants of a unit");
        string target = Text();
        Registrant? holder = (flags & 4) != 0 ? Registrant() : null;
        var registrants = new Registrant[count];
        for (int i = 0; i < count; i++) registrants[i] = Registrant();
        ReservationKind kind = (flags & 1) != 0 ? ReservationKind.Legacy : type != 0 ? ReservationKind.Persistent : ReservationKind.None;
        return new ReservationState(target, lun, engine, kind, type, holder, registrants, generation, changed + wallOffset, (flags & 2) != 0);
    }

    private LeftCommand LeftCommand()
    {
        ulong lun = (ulong)I64();
        long lba = I64(), age = I64();
        uint tag = U32(), length = U32();
        ushort operation = U16();
        U16();
        return new LeftCommand(tag, lun, operation, lba, length, age);
    }

    private Registrant Registrant() => new(Text(), Text(), (ulong)I64());
}
