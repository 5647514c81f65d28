using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Wire;

/// <content>Commands that reserve, and what ends a reservation of old: what <see cref="WireReservations"/> is told.</content>
internal sealed partial class WireConnection
{
    // Outstanding ones that are followed; nobody has more than a few.
    private const int MostReserves = 32;

    private readonly List<PendingReserve> _reserves = [];
    private readonly List<(uint Itt, ulong Lun)> _resets = [];

    private RegistrantInfo Self => new(_info!.Initiator, _info.Isid, 0);

    private void BeginReserve(Bhs view, ulong lun, UnitFact fact)
    {
        if (fact is not (UnitFact.ReserveOut or UnitFact.Reserve or UnitFact.Release)) return;
        if (FindReserve(view.Itt) is { } reused) _reserves.Remove(reused);
        if (_reserves.Count == MostReserves) _reserves.RemoveAt(0);
        _reserves.Add(new PendingReserve(view.Itt, lun, fact, view.Bytes[32..]));
    }

    // The command is not known yet when the data that comes with it is asked about.
    private static int WantsOf(ReadOnlySpan<byte> command, int length) =>
        UnitAnswer.Of(command[32..]) == UnitFact.ReserveOut ? Math.Min(length, PendingReserve.MaxList) : 0;

    private int WantsOf(Bhs dataOut, int length) => FindReserve(dataOut.Itt)?.Wants(dataOut.BufferOffset, length) ?? 0;

    private void TakeReserveList(Bhs view, uint offset, ReadOnlySpan<byte> data) => FindReserve(view.Itt)?.Add(offset, data);

    private PendingReserve? FindReserve(uint itt)
    {
        foreach (PendingReserve reserve in _reserves)
            if (reserve.Itt == itt) return reserve;
        return null;
    }

    private void EndReserve(Bhs response, long time)
    {
        if (FindReserve(response.Itt) is not { } command) return;
        _reserves.Remove(command);
        bool good = response.Bytes[2] == 0 && response.Bytes[3] == (byte)ScsiStatus.Good;
        if (good && _info is { Target.Length: > 0 } info && command.Lun != Lun.Unknown) Context.Reservations.Ended(info.Target, command.Lun, Self, command, time);
    }

    // RFC 7143 §11.5.1; a reset of the target is one of all its units.
    private void AskFunction(Bhs view)
    {
        var function = (TaskFunction)(view.Flags & 0x7f);
        if (function is not (TaskFunction.LogicalUnitReset or TaskFunction.TargetWarmReset or TaskFunction.TargetColdReset)) return;
        if (_resets.Count == MostReserves) _resets.RemoveAt(0);
        _resets.Add((view.Itt, function == TaskFunction.LogicalUnitReset ? Lun.Of(view) : Lun.Unknown));
    }

    private void AnswerFunction(Bhs view, long time)
    {
        uint itt = view.Itt;
        int at = _resets.FindIndex(r => r.Itt == itt);
        if (at < 0) return;
        if (view.Bytes[2] == (byte)TaskFunctionResponse.Complete) Context.Reservations.Reset(_info!.Target, _resets[at].Lun, time);
        _resets.RemoveAt(at);
    }
}
