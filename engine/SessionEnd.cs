using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>A PDU as the last of a connection are kept.</summary>
/// <param name="Time">ns since 1970.</param>
/// <param name="Header">Its basic header segment, 48 bytes.</param>
public readonly record struct KeptPdu(long Time, byte[] Header);

/// <summary>A command that was outstanding when its connection ended.</summary>
/// <param name="Tag">Initiator task tag.</param>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Operation">As in <see cref="CellKey"/>.</param>
/// <param name="Lba">First block, -1 when it has none.</param>
/// <param name="Length">Expected Data Transfer Length.</param>
/// <param name="Age">ns it had been outstanding.</param>
public readonly record struct LeftCommand(uint Tag, ulong Lun, ushort Operation, long Lba, uint Length, long Age);

/// <summary>What happened before a connection ended: the session-drop card. Kept for those that did not end by logout.</summary>
/// <param name="Connection">The connection, with the cause.</param>
/// <param name="Engine">The engine that saw it.</param>
/// <param name="Time">When it ended, ns since 1970.</param>
/// <param name="Pdus">Its last PDUs, oldest first; 32 at most.</param>
/// <param name="Commands">Commands outstanding at the end, oldest first; 32 at most.</param>
/// <param name="Outstanding">How many there were in all.</param>
/// <param name="UnansweredPings">Pings without an answer at the end.</param>
/// <param name="OldestPing">ns the oldest of them had waited, -1 without any.</param>
/// <param name="Window">MaxCmdSN - ExpCmdSN + 1 at the end, -1 when not known.</param>
/// <param name="Quiet">ns from the last PDU of the initiator to the end, -1 when there was none.</param>
/// <param name="QuietTarget">The same of the target.</param>
/// <param name="Tasks">Task management requests in its last 60 s.</param>
/// <param name="LoginAgain">ns until the same initiator logged in again to the same target, -1 while it has not.</param>
public sealed record SessionEnd(
    ConnectionInfo Connection, EngineStatus Engine, long Time, IReadOnlyList<KeptPdu> Pdus, IReadOnlyList<LeftCommand> Commands,
    int Outstanding, int UnansweredPings, long OldestPing, long Window, long Quiet, long QuietTarget, int Tasks, long LoginAgain = -1);
