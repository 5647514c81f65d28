using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What came after a task management request.</summary>
public enum TaskAftermath : byte
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>A command of the same initiator and unit ended GOOD.</summary>
    Recovered,

    /// <summary>A stronger request: a reset after an abort, a target reset after a LUN reset.</summary>
    Escalated,

    /// <summary>Its connection ended.</summary>
    ConnectionEnded,

    /// <summary>Its initiator logged in again.</summary>
    LoggedInAgain,
}

/// <summary>A task management request and what became of it. A new record for each change; the same <see cref="Id"/>.</summary>
/// <param name="Id">Number of the request in its engine, from 1.</param>
/// <param name="Time">When it came, ns since 1970.</param>
/// <param name="Connection">The connection.</param>
/// <param name="Engine">The engine that saw it.</param>
/// <param name="Lun">LUN as a number, all ones for those that have none.</param>
/// <param name="Function">What was asked for (RFC 7143 §11.5.1).</param>
/// <param name="ReferencedTag">Referenced Task Tag; all ones without one.</param>
/// <param name="Operation">Operation of the task referred to, of a reset the oldest task it hit, as in <see cref="CellKey"/>; 0 when there is none or it is not known.</param>
/// <param name="ReferencedAge">ns that task had been outstanding when the request came; of a reset, the oldest task it hit. -1 when not known.</param>
/// <param name="Hit">Outstanding tasks it was about: 0 or 1 for an abort; -1 when not known.</param>
/// <param name="Response">The response (RFC 7143 §11.6.1), -1 while there is none.</param>
/// <param name="Elapsed">ns from request to response, -1 while there is none.</param>
/// <param name="After">What happened next.</param>
public sealed record TaskRecord(
    long Id, long Time, ConnectionInfo Connection, EngineStatus Engine, ulong Lun, TaskFunction Function, uint ReferencedTag,
    ushort Operation, long ReferencedAge, int Hit, int Response = -1, long Elapsed = -1, TaskAftermath After = TaskAftermath.None);
