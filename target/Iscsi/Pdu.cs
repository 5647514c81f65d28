using System.Buffers.Binary;
using Iscsitop.Target.Probes;

namespace Iscsitop.Target.Iscsi;

/// <summary>One row of the PDU table.</summary>
/// <param name="Opcode">Bits 5–0 of byte 0.</param>
/// <param name="Name">The RFC's name of the PDU.</param>
/// <param name="Direction">Which way it travels.</param>
/// <param name="Probe">The probe it fires; <see cref="Probe.None"/> for SNACK and Reject.</param>
/// <param name="ProbeName">The provider's name of that probe, or "".</param>
/// <param name="Lun">Offset of the LUN field, 0 when the PDU has none.</param>
/// <param name="Ttt">Offset of the Target Transfer Tag, 0 when none.</param>
/// <param name="CmdSn">Offset of CmdSN (requests) or ExpCmdSN (responses), 0 when none.</param>
/// <param name="StatSn">Offset of ExpStatSN (requests) or StatSN (responses).</param>
/// <param name="DataSn">Offset of DataSN, R2TSN or ExpDataSN, 0 when none.</param>
/// <param name="Data">Whether the RFC gives it a data segment.</param>
public readonly record struct PduRow(
    Opcode Opcode, string Name, Direction Direction, Probe Probe, string ProbeName,
    byte Lun, byte Ttt, byte CmdSn, byte StatSn, byte DataSn, bool Data);

/// <summary>The PDU table of RFC 7143 §11: everything that names, decodes or counts PDUs loops over it.</summary>
public static class Pdu
{
    /// <summary>Bytes of a Basic Header Segment.</summary>
    public const int BhsLength = 48;

    /// <summary>The reserved task tag.</summary>
    public const uint ReservedTag = 0xffffffff;

    private const Direction T = Direction.ToTarget;
    private const Direction I = Direction.ToInitiator;

    private static readonly PduRow[] s_rows =
    [
        new(Opcode.NopOut, "NOP-Out", T, Probe.NopReceive, "nop-receive", 8, 20, 24, 28, 0, true),
        new(Opcode.ScsiCommand, "SCSI Command", T, Probe.ScsiCommand, "scsi-command", 8, 0, 24, 28, 0, true),
        new(Opcode.TaskManagementRequest, "Task Management Request", T, Probe.TaskCommand, "task-command", 8, 0, 24, 28, 0, false),
        new(Opcode.LoginRequest, "Login Request", T, Probe.LoginCommand, "login-command", 0, 0, 24, 28, 0, true),
        new(Opcode.TextRequest, "Text Request", T, Probe.TextCommand, "text-command", 8, 20, 24, 28, 0, true),
        new(Opcode.DataOut, "SCSI Data-Out", T, Probe.DataReceive, "data-receive", 8, 20, 0, 28, 36, true),
        new(Opcode.LogoutRequest, "Logout Request", T, Probe.LogoutCommand, "logout-command", 0, 0, 24, 28, 0, false),
        new(Opcode.SnackRequest, "SNACK Request", T, Probe.None, "", 8, 20, 0, 28, 0, false),
        new(Opcode.NopIn, "NOP-In", I, Probe.NopSend, "nop-send", 8, 20, 28, 24, 0, true),
        new(Opcode.ScsiResponse, "SCSI Response", I, Probe.ScsiResponse, "scsi-response", 0, 0, 28, 24, 36, true),
        new(Opcode.TaskManagementResponse, "Task Management Response", I, Probe.TaskResponse, "task-response", 0, 0, 28, 24, 0, false),
        new(Opcode.LoginResponse, "Login Response", I, Probe.LoginResponse, "login-response", 0, 0, 28, 24, 0, true),
        new(Opcode.TextResponse, "Text Response", I, Probe.TextResponse, "text-response", 8, 20, 28, 24, 0, true),
        new(Opcode.DataIn, "SCSI Data-In", I, Probe.DataSend, "data-send", 8, 20, 28, 24, 36, true),
        new(Opcode.LogoutResponse, "Logout Response", I, Probe.LogoutResponse, "logout-response", 0, 0, 28, 24, 0, false),
        new(Opcode.ReadyToTransfer, "R2T", I, Probe.DataRequest, "data-request", 8, 20, 28, 24, 36, false),
        new(Opcode.AsyncMessage, "Async Message", I, Probe.AsyncSend, "async-send", 8, 0, 28, 24, 0, true),
        new(Opcode.Reject, "Reject", I, Probe.None, "", 0, 0, 28, 24, 36, true),
    ];

    private static readonly PduRow[] s_byOpcode = BuildByOpcode();
    private static readonly uint[] s_probeBits = BuildProbeBits();

    /// <summary>All rows, by opcode.</summary>
    public static ReadOnlySpan<PduRow> Rows => s_rows;

    /// <summary>Finds the row of an opcode (bits 5–0; others are ignored).</summary>
    /// <returns>False for the reserved and vendor opcodes.</returns>
    public static bool TryGetRow(byte opcode, out PduRow row)
    {
        row = At(opcode);
        return row.Name is not null;
    }

    /// <summary>The row of a known opcode.</summary>
    public static ref readonly PduRow Row(Opcode opcode) => ref s_byOpcode[(int)opcode];

    /// <summary>The row of an opcode byte; all its fields are 0 where there is none.</summary>
    internal static ref readonly PduRow At(byte opcode) => ref s_byOpcode[opcode & 0x3f];

    /// <summary>The probe's bit of an opcode byte, 0 where no probe exists: the operand of the provider's one branch.</summary>
    public static uint ProbeBit(byte opcode) => s_probeBits[opcode & 0x3f];

    /// <summary>Rounds a length up to the 4-byte padding of RFC 7143 §11.2.</summary>
    public static int Pad(int length) => (length + 3) & ~3;

    /// <summary>The probe of an opcode byte, <see cref="Probe.None"/> where none exists.</summary>
    public static Probe ProbeOf(byte opcode) => At(opcode).Probe;

    /// <summary>The CDB bytes from 16 on of an Extended CDB AHS (RFC 7143 §11.2.2.3), empty when there is none or it is malformed.</summary>
    /// <param name="ahs">All Additional Header Segments of a PDU.</param>
    public static ReadOnlySpan<byte> ExtendedCdb(ReadOnlySpan<byte> ahs)
    {
        while (ahs.Length >= 4)
        {
            int length = ahs[0] << 8 | ahs[1];
            int whole = Pad(length + 3);
            if (length == 0 || whole > ahs.Length) return default;
            if ((ahs[2] & 0x3f) == 1) return ahs.Slice(4, length - 1);
            ahs = ahs[whole..];
        }
        return default;
    }

    private static PduRow[] BuildByOpcode()
    {
        var rows = new PduRow[64];
        Array.Fill(rows, default(PduRow) with { Probe = Probe.None });
        foreach (ref readonly PduRow row in s_rows.AsSpan()) rows[(int)row.Opcode] = row;
        return rows;
    }

    private static uint[] BuildProbeBits()
    {
        var bits = new uint[64];
        foreach (ref readonly PduRow row in s_rows.AsSpan()) bits[(int)row.Opcode] = row.Probe.Bit();
        return bits;
    }
}

/// <summary>A view over the 48 bytes of a Basic Header Segment; the table says where a field stands.</summary>
public readonly ref struct Bhs(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes[..Pdu.BhsLength];

    /// <summary>The 48 bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Bits 5–0 of byte 0; may be no known opcode.</summary>
    public Opcode Opcode => (Opcode)(_bytes[0] & 0x3f);

    /// <summary>The I bit: the request is immediate.</summary>
    public bool Immediate => (_bytes[0] & 0x40) != 0;

    /// <summary>Byte 1, whose meaning is the opcode's.</summary>
    public byte Flags => _bytes[1];

    /// <summary>F (T in the login phase).</summary>
    public bool Final => (_bytes[1] & BhsFlags.Final) != 0;

    /// <summary>Bytes of Additional Header Segments (the field counts 4-byte words).</summary>
    public int AhsLength => _bytes[4] * 4;

    /// <summary>DataSegmentLength in bytes, without padding and digest.</summary>
    public int DataLength => (_bytes[5] << 16) | (_bytes[6] << 8) | _bytes[7];

    /// <summary>The 8-byte LUN field as it stands, meaningful where the PDU has one.</summary>
    public ulong LunField => BinaryPrimitives.ReadUInt64BigEndian(_bytes[8..]);

    /// <summary>Initiator Task Tag.</summary>
    public uint Itt => U32(16);

    /// <summary>Target Transfer Tag, or the reserved tag where the PDU has none.</summary>
    public uint Ttt => Field(Row.Ttt, Pdu.ReservedTag);

    /// <summary>CmdSN of a request, ExpCmdSN of a response, 0 where the PDU has neither.</summary>
    public uint CmdSn => Field(Row.CmdSn, 0);

    /// <summary>ExpStatSN of a request, StatSN of a response.</summary>
    public uint StatSn => Field(Row.StatSn, 0);

    /// <summary>DataSN, R2TSN or ExpDataSN, 0 where the PDU has none.</summary>
    public uint DataSn => Field(Row.DataSn, 0);

    /// <summary>Expected Data Transfer Length of a SCSI Command; Referenced Task Tag of a TMF request.</summary>
    public uint At20 => U32(20);

    /// <summary>MaxCmdSN of a PDU to the initiator.</summary>
    public uint MaxCmdSn => U32(32);

    /// <summary>Buffer Offset of Data-In, Data-Out and R2T.</summary>
    public uint BufferOffset => U32(40);

    /// <summary>Desired Data Transfer Length of an R2T; Residual Count of a SCSI Response or Data-In with status.</summary>
    public uint At44 => U32(44);

    private ref readonly PduRow Row => ref Pdu.At(_bytes[0]);

    /// <summary>A big-endian 32-bit field.</summary>
    public uint U32(int offset) => BinaryPrimitives.ReadUInt32BigEndian(_bytes[offset..]);

    /// <summary>A big-endian 16-bit field.</summary>
    public ushort U16(int offset) => BinaryPrimitives.ReadUInt16BigEndian(_bytes[offset..]);

    private uint Field(byte offset, uint absent) => offset == 0 ? absent : U32(offset);
}
