using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>
/// A command with its status and timing marks (docs/measures.md), as the correlator yields it and as the stream carries it.
/// Durations are ns; -1 is unknown or not applicable.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct CompletedCommand
{
    /// <summary>Bytes of the struct, in memory and in the stream.</summary>
    public const int Size = 184;

    /// <summary>Monotonic ns of the command's status.</summary>
    public long Time;

    /// <summary>LUN as a number.</summary>
    public ulong Lun;

    /// <summary>LAT: command to status.</summary>
    public long Latency;

    /// <summary>SVC: status minus the later of command and last data; for reads latency minus transfer.</summary>
    public long Service;

    /// <summary>R2W: command to first R2T.</summary>
    public long R2tWait;

    /// <summary>HST: union of the times in which an R2T waited for its data.</summary>
    public long HostData;

    /// <summary>RDX: first to last Data-In.</summary>
    public long Transfer;

    /// <summary>RD1: command to first Data-In.</summary>
    public long FirstByte;

    /// <summary>Bytes of Data-In payload.</summary>
    public long ReadBytes;

    /// <summary>Bytes of immediate and Data-Out payload.</summary>
    public long WriteBytes;

    /// <summary>Id of the connection.</summary>
    public uint Connection;

    /// <summary>Id of the target's name.</summary>
    public uint Target;

    /// <summary>Id of the initiator's name.</summary>
    public uint Initiator;

    /// <summary>Initiator task tag.</summary>
    public uint Itt;

    /// <summary>CmdSN of the command.</summary>
    public uint CmdSn;

    /// <summary>Expected Data Transfer Length.</summary>
    public uint ExpectedLength;

    /// <summary>Residual count; negative for overflow, positive for underflow, 0 for none.</summary>
    public long Residual;

    /// <summary>R2Ts the command needed.</summary>
    public uint R2ts;

    /// <summary>Valid bytes of <see cref="Sense"/>.</summary>
    public byte SenseLength;

    /// <summary>Bytes of the CDB, up to 32.</summary>
    public byte CdbLength;

    /// <summary>SCSI status; meaningless when <see cref="Response"/> is not 0.</summary>
    public ScsiStatus Status;

    /// <summary>iSCSI response: 0 completed at target, 1 target failure; 255 when it ended without a status (aborted, session ended).</summary>
    public byte Response;

    /// <summary>The CDB.</summary>
    public CdbBytes Cdb;

    /// <summary>The first bytes of the sense data.</summary>
    public SenseBytes Sense;

    /// <summary>What an UNMAP that ended GOOD asked for.</summary>
    public UnmapSum Unmapped;

    /// <summary>Whether it is an UNMAP that ended GOOD.</summary>
    public readonly bool HasUnmapped => CdbLength > 0 && Cdb[0] == Reclaimed.Opcode && Response == 0 && Status == ScsiStatus.Good;

    /// <summary>The valid part of the CDB.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> CdbSpan => ((ReadOnlySpan<byte>)Cdb)[..CdbLength];

    /// <summary>Up to 32 CDB bytes.</summary>
    [InlineArray(Length)]
    public struct CdbBytes
    {
        public const int Length = 32;
        private byte _first;
    }

    /// <summary>Fixed-format sense data's 18 bytes, padded.</summary>
    [InlineArray(Length)]
    public struct SenseBytes
    {
        public const int Length = 24;
        private byte _first;
    }
}
