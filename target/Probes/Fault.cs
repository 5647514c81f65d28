using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Probes;

/// <summary>What no probe tells of.</summary>
public enum FaultKind : byte
{
    /// <summary>A Reject PDU was sent.</summary>
    Reject,

    /// <summary>A header did not match its digest.</summary>
    HeaderDigest,

    /// <summary>A data segment did not match its digest.</summary>
    DataDigest,
}

/// <summary>Something that went wrong with a PDU, and that no probe tells of.</summary>
/// <param name="Kind">What.</param>
/// <param name="Connection">The connection's id.</param>
/// <param name="Time">Monotonic ns.</param>
/// <param name="Reason">Of a Reject: its reason (RFC 7143 §11.17.1).</param>
/// <param name="LunNumber">The LUN of the PDU rejected as a number, <see cref="Lun.Unknown"/> when it has none or it is not known.</param>
/// <param name="Operation">Opcode and service action of the SCSI command rejected, 0 when it was none or it is not known.</param>
public readonly record struct Fault(FaultKind Kind, uint Connection, long Time, byte Reason = 0, ulong LunNumber = Lun.Unknown, ushort Operation = 0)
{
    /// <summary>How many kinds there are.</summary>
    public const int Kinds = (int)FaultKind.DataDigest + 1;

    /// <summary>A Reject.</summary>
    /// <param name="connection">The connection's id.</param>
    /// <param name="time">Monotonic ns.</param>
    /// <param name="reason">Its reason.</param>
    /// <param name="rejected">The header that it sends back, or less when that is not known.</param>
    public static Fault Reject(uint connection, long time, byte reason, ReadOnlySpan<byte> rejected)
    {
        var fault = new Fault(FaultKind.Reject, connection, time, reason);
        if (rejected.Length < Pdu.BhsLength) return fault;
        var bhs = new Bhs(rejected);
        return fault with { LunNumber = Lun.Of(bhs), Operation = bhs.Opcode == Opcode.ScsiCommand ? Command.Operation(bhs.Bytes[32..]) : (ushort)0 };
    }
}
