using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <content>What went wrong, and which commands have a pattern.</content>
internal sealed partial class Correlator
{
    // Codes of FailureKind.NoStatus.
    private const uint AbortedByFunction = 0, SessionEnded = 1, StatusNotSeen = 2;

    /// <summary>What went wrong.</summary>
    public FailureTable Failures { get; } = new(cells);

    /// <summary>Sizes and places of reads and writes.</summary>
    public PatternTable Patterns { get; } = new(cells);

    /// <summary>A connection's login took the place of a session there was.</summary>
    public void Reinstates(uint connection)
    {
        if (!_connections.TryGetValue(connection, out TaskSet? set)) return;
        set.Tracker.Facts.Add(Fact.Reinstatements);
        set.Tracker.Version = cells.Advance();
    }

    /// <summary>Something went wrong that no event tells.</summary>
    public void Take(in Fault fault)
    {
        (FailureKind kind, uint code) = fault.Kind switch
        {
            FaultKind.HeaderDigest => (FailureKind.Digest, 0u),
            FaultKind.DataDigest => (FailureKind.Digest, 1u),
            _ => (FailureKind.Reject, fault.Reason),
        };
        Failures.Add(new FailureKey(fault.Connection, fault.LunNumber, fault.Operation, kind, code), fault.Time);
    }

    /// <summary>More of a kind went wrong than could be told one by one.</summary>
    public void TakeLost(FaultKind kind, long count, long time)
    {
        if (count == 0) return;
        FailureKind failure = kind == FaultKind.Reject ? FailureKind.Reject : FailureKind.Digest;
        Failures.Add(new FailureKey(0, Lun.Unknown, 0, failure, FailureKey.Others), time, count);
    }

    private static bool HasPattern(CommandRow? row) => row is { Kind: not CommandKind.Other, Layout: { Blocks: true, LbaBytes: > 0 } };

    private void Failed(in CompletedCommand command)
    {
        if (command.Response != 0) Fail(in command, FailureKind.Response, command.Response, command.Time);
        else if (command.Status is not (ScsiStatus.Good or ScsiStatus.ConditionMet)) Fail(in command, FailureKind.Status, CodeOf(in command), command.Time);
        else if (command.Status == ScsiStatus.Good) Fail(in command, FailureKind.Residual, command.Residual < 0 ? 1u : 0, command.Time);
    }

    private static uint CodeOf(in CompletedCommand command) =>
        (uint)command.Status << 24 | SenseData.Code(((ReadOnlySpan<byte>)command.Sense)[..command.SenseLength]);

    private void Fail(in CompletedCommand command, FailureKind kind, uint code, long time) =>
        Failures.Add(new FailureKey(command.Connection, command.Lun, Command.Operation(command.CdbSpan), kind, code), time);

    // Class 1 sends the initiator elsewhere, which is no failure (RFC 7143 §11.13.5).
    private void CountRejected(in ProbeEvent e)
    {
        ushort status = e.Bhs.U16(36);
        if (status >= (ushort)LoginStatus.InitiatorError) Failures.Add(new FailureKey(e.Connection, Lun.Unknown, 0, FailureKind.Login, status), e.Time);
    }

    // Only a SCSI event is of a unit, and has sense data (RFC 7143 §11.9.1).
    private void AsyncMessage(in ProbeEvent e)
    {
        byte what = e.Bhs.Bytes[36];
        bool scsi = what == (byte)AsyncEvent.ScsiEvent;
        uint code = (uint)what << 16 | (scsi ? SenseData.Code(e.TailSpan) & 0xffff : 0);
        Failures.Add(new FailureKey(e.Connection, scsi ? e.LunNumber : Lun.Unknown, 0, FailureKind.Async, code), e.Time);
    }
}
