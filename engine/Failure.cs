using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What went wrong; says what <see cref="FailureKey.Code"/> means.</summary>
public enum FailureKind : byte
{
    /// <summary>A SCSI status that is neither GOOD nor CONDITION MET: status &lt;&lt; 24 | sense key &lt;&lt; 16 | ASC &lt;&lt; 8 | ASCQ; the last three 0 without sense data.</summary>
    Status,

    /// <summary>An iSCSI response other than "command completed at target" (RFC 7143 §11.4.3): the response.</summary>
    Response,

    /// <summary>Residual underflow or overflow of a command that ended GOOD: 0 underflow, 1 overflow.</summary>
    Residual,

    /// <summary>A command that ended without a status: 0 aborted by task management, 1 its session ended, 2 its status was not seen.</summary>
    NoStatus,

    /// <summary>A Reject PDU: its reason (RFC 7143 §11.17.1).</summary>
    Reject,

    /// <summary>A digest that did not match: 0 header, 1 data.</summary>
    Digest,

    /// <summary>A login that was rejected: status class &lt;&lt; 8 | detail (RFC 7143 §11.13.5).</summary>
    Login,

    /// <summary>An Asynchronous Message: event &lt;&lt; 16 | ASC &lt;&lt; 8 | ASCQ of its sense data; the event alone without any (RFC 7143 §11.9).</summary>
    Async,
}

/// <summary>Where a failure belongs and what it is.</summary>
/// <param name="Connection">Id of the connection.</param>
/// <param name="Lun">LUN as a number, all ones where it has none.</param>
/// <param name="Operation">As in <see cref="CellKey"/>; 0 where there is no command.</param>
/// <param name="Kind">What kind it is.</param>
/// <param name="Code">Which, by its kind.</param>
public readonly record struct FailureKey(uint Connection, ulong Lun, ushort Operation, FailureKind Kind, uint Code)
{
    /// <summary>The code of what is beyond the bound: any of its kind, on any unit of its connection, or of all connections where that is 0.</summary>
    public const uint Others = uint.MaxValue;

    /// <summary>Whether it is a CHECK CONDITION with sense key MISCOMPARE.</summary>
    public bool IsMiscompare => Kind == FailureKind.Status && Code >> 16 == 0x020e;

    /// <summary>The key it has beyond the bound.</summary>
    internal FailureKey Folded() => new(Connection, Target.Iscsi.Lun.Unknown, 0, Kind, Others);
}

/// <summary>A failure of one kind in one place: how often it came in the interval and since the engine began to look.</summary>
public sealed class FailureDelta
{
    /// <summary>Where and what.</summary>
    public FailureKey Key { get; set; }

    /// <summary>The connection it happened on.</summary>
    public required ConnectionInfo Connection { get; set; }

    /// <summary>The engine that saw it.</summary>
    public required EngineStatus Engine { get; set; }

    /// <summary>How often in the interval; may be 0.</summary>
    public long Count { get; set; }

    /// <summary>How often since the engine began to look.</summary>
    public long Total { get; set; }

    /// <summary>Wall time of the first, ns since 1970.</summary>
    public long First { get; set; }

    /// <summary>Wall time of the last, ns since 1970.</summary>
    public long Last { get; set; }
}
