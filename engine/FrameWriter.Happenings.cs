using System.Buffers.Binary;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <content>Task management, session ends and reservations: one to a frame, and all that is known of it.</content>
public sealed partial class FrameWriter
{
    /// <summary>task.</summary>
    internal void Write(in TaskEntry task)
    {
        Begin(FrameType.Task);
        I64(task.Id);
        I64(task.Time);
        I64((long)task.Lun);
        I64(task.Age);
        I64(task.Elapsed);
        U32(task.Referenced);
        U32((uint)task.Hit);
        U32((uint)task.Response);
        U16(task.Operation);
        U8((int)task.Function);
        U8((int)task.After);
        Add(task.Connection);
    }

    /// <summary>session end.</summary>
    /// <param name="end">The end; its times are the engine's.</param>
    /// <param name="place">Its place among those kept: what was there before is forgotten.</param>
    public void Write(SessionEnd end, int place)
    {
        ArgumentNullException.ThrowIfNull(end);
        Begin(FrameType.SessionEnd);
        U8(place);
        U8(end.Pdus.Count);
        U8(end.Commands.Count);
        U8(0);
        U32((uint)end.Outstanding);
        I64(end.Time);
        I64(end.Window);
        I64(end.Quiet);
        I64(end.QuietTarget);
        I64(end.LoginAgain);
        I64(end.OldestPing);
        U32((uint)end.UnansweredPings);
        U32((uint)end.Tasks);
        foreach (KeptPdu pdu in end.Pdus)
        {
            I64(pdu.Time);
            Raw(pdu.Header);
        }
        foreach (LeftCommand command in end.Commands)
        {
            I64((long)command.Lun);
            I64(command.Lba);
            I64(command.Age);
            U32(command.Tag);
            U32(command.Length);
            U16(command.Operation);
            U16(0);
        }
        Add(end.Connection);
    }

    /// <summary>reservation.</summary>
    public void Write(ReservationInfo reservation)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        Begin(FrameType.Reservation);
        I64((long)reservation.Lun);
        I64(reservation.Generation);
        I64(reservation.Changed);
        int flagsAt = _length;
        U8((reservation.Legacy ? 1 : 0) | (reservation.Complete ? 2 : 0) | (reservation.Holder is null ? 0 : 4));
        U8(reservation.Type);
        int countAt = _length;
        U16(0);
        Text(reservation.Target);
        if (reservation.Holder is { } holder) Add(holder);
        int count = 0;
        while (count < reservation.Registrants.Count && Room >= MaxRegistrant) Add(reservation.Registrants[count++]);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(countAt), (ushort)count);
        if (count < reservation.Registrants.Count) _bytes[flagsAt] &= 0xfd;
    }

    private const int MaxRegistrant = 2 * (2 + StreamFormat.MaxString) + 8;

    private void Add(RegistrantInfo registrant)
    {
        Text(registrant.Initiator);
        Text(registrant.Isid);
        I64((long)registrant.Key);
    }
}
