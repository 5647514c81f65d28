using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine.Wire;

/// <summary>Whether 48 bytes can be a header: what must hold where one is expected, and what must hold where one is looked for.</summary>
internal static class Plausibility
{
    /// <summary>Longest data segment of a header that is looked for, while nobody told what was agreed; in use are up to 256 KiB.</summary>
    public const int MaxUnknownData = 1 << 20;

    /// <summary>The most a DataSegmentLength can say.</summary>
    public const int MaxData = (1 << 24) - 1;

    /// <summary>Room for sense data, which has at most 252 bytes, and what vendors add to it (RFC 7143 §11.4.7).</summary>
    private const int MaxResponseData = 8192;

    // 12 words hold a CDB of 60 bytes, more than any command in use has.
    private const int MaxAhsWords = 12;
    private const int MaxSnDistance = 65536;
    private const uint MaxTransfer = 1u << 31;

    /// <summary>What must hold where the last PDU says that a header begins. Lenient: peers get reserved fields wrong.</summary>
    public static bool IsPossible(ReadOnlySpan<byte> bhs, Direction direction, int maxData) =>
        IsOpcode(bhs[0], direction)
        && (bhs[4] == 0 || direction == Direction.ToTarget)
        && (bhs[5] << 16 | bhs[6] << 8 | bhs[7]) <= maxData
        && !(bhs[0] == 0 && BinaryPrimitives.ReadUInt64LittleEndian(bhs) == 0 && bhs[..Pdu.BhsLength].IndexOfAnyExcept((byte)0) < 0);

    /// <summary>Whether the first byte is that of a PDU of this direction.</summary>
    public static bool IsOpcode(byte first, Direction direction)
    {
        int opcode = first & 0x3f;
        bool immediate = (first & 0x40) != 0;
        if (direction == Direction.ToInitiator)
            return first < 0x40 && opcode >= 0x20 && (opcode is <= 0x26 or 0x31 or 0x32 or 0x3f || opcode is >= 0x3c and <= 0x3e);
        return first < 0x80 && (opcode <= 0x06 && !(immediate && opcode == 0x05) || opcode == 0x10 || opcode is >= 0x1c and <= 0x1e);
    }

    /// <summary>What must hold where nobody says that a header begins: everything the RFC lets us check (§11.3–§11.19).</summary>
    /// <param name="bhs">48 bytes or more.</param>
    /// <param name="direction">Which way they travel.</param>
    /// <param name="maxData">Longest data segment.</param>
    public static bool IsPlausible(ReadOnlySpan<byte> bhs, Direction direction, int maxData)
    {
        bhs = bhs[..Pdu.BhsLength];
        if (!IsOpcode(bhs[0], direction) || Repeats(bhs)) return false;
        var view = new Bhs(bhs);
        int length = view.DataLength;
        if (length > maxData || (view.AhsLength > 0 && (view.Opcode != Opcode.ScsiCommand || bhs[4] > MaxAhsWords))) return false;
        return direction == Direction.ToTarget ? IsRequest(view, length) : IsResponse(view, length);
    }

    /// <summary>
    /// Whether a numbering goes on from another header of the same direction. Bytes 28–31 hold ExpStatSN or ExpCmdSN in every PDU.
    /// </summary>
    public static bool IsNear(ReadOnlySpan<byte> bhs, uint known) =>
        Math.Abs((long)(int)(BinaryPrimitives.ReadUInt32BigEndian(bhs[28..]) - known)) <= MaxSnDistance;

    /// <summary>Whether a Login Request has the form of one (RFC 7143 §11.12), as a connection begins with.</summary>
    public static bool IsLogin(ReadOnlySpan<byte> bhs) =>
        (bhs[0] & 0xbf) == (int)Opcode.LoginRequest && bhs[2] == 0 && bhs[3] == 0 && AreStages(bhs[1]) && bhs[4] == 0
        && new Bhs(bhs) is { DataLength: > 0 and <= Text.MaxLength } view && view.U16(22) == 0 && AreZero(bhs, 32, 16);

    private static bool IsRequest(Bhs bhs, int length)
    {
        ReadOnlySpan<byte> b = bhs.Bytes;
        switch (bhs.Opcode)
        {
            case Opcode.NopOut:
                return b[1] == 0x80 && AreZero(b, 2, 2) && IsLun(b) && AreZero(b, 32, 16) && (bhs.Itt != Pdu.ReservedTag || bhs.Immediate)
                    && (bhs.Itt != 0 || bhs.Ttt != 0);
            case Opcode.ScsiCommand:
                return (b[1] & 0x18) == 0 && (b[1] & 7) <= 4 && (b[2] & 0xf0) == 0 && b[3] == 0 && IsLun(b) && bhs.Itt != Pdu.ReservedTag
                    && bhs.At20 < MaxTransfer && ((b[1] & 0x60) != 0 || bhs.At20 == 0) && (length == 0 || (b[1] & BhsFlags.Write) != 0) && length <= bhs.At20
                    && (bhs.Final || (b[1] & BhsFlags.Write) != 0);
            case Opcode.TaskManagementRequest:
                return b[1] is >= 0x81 and <= 0x8e && AreZero(b, 2, 2) && length == 0 && IsLun(b) && AreZero(b, 40, 8);
            case Opcode.LoginRequest:
                return b[2] == 0 && b[3] == 0 && AreStages(b[1]) && length <= Text.MaxLength && bhs.U16(22) == 0 && AreZero(b, 32, 16);
            case Opcode.TextRequest:
                return (b[1] & 0x3f) == 0 && (b[1] & 0xc0) != 0xc0 && AreZero(b, 2, 2) && IsLun(b) && AreZero(b, 32, 16);
            case Opcode.DataOut:
                return (b[1] & 0x7f) == 0 && AreZero(b, 2, 2) && IsLun(b) && AreZero(b, 24, 4) && AreZero(b, 32, 4) && AreZero(b, 44, 4)
                    && bhs.Itt != Pdu.ReservedTag && (ulong)bhs.BufferOffset + (uint)length < MaxTransfer && bhs.DataSn < MaxTransfer >> 9;
            case Opcode.LogoutRequest:
                return b[1] is >= 0x80 and <= 0x82 && AreZero(b, 2, 2) && length == 0 && AreZero(b, 8, 8) && bhs.U16(22) == 0 && AreZero(b, 32, 16);
            case Opcode.SnackRequest:
                return !bhs.Immediate && b[1] is >= 0x80 and <= 0x83 && AreZero(b, 2, 2) && length == 0 && IsLun(b) && AreZero(b, 24, 4) && AreZero(b, 32, 8);
            default:
                return false;
        }
    }

    private static bool IsResponse(Bhs bhs, int length)
    {
        ReadOnlySpan<byte> b = bhs.Bytes;
        if (bhs.Opcode != Opcode.LoginResponse && !IsWindow(bhs)) return false;
        switch (bhs.Opcode)
        {
            case Opcode.NopIn:
                return b[1] == 0x80 && AreZero(b, 2, 2) && IsLun(b) && AreZero(b, 36, 12) && (bhs.Itt != 0 || bhs.Ttt != 0);
            case Opcode.ScsiResponse:
                return (b[1] & 0xe1) == 0x80 && (b[2] <= 1 || b[2] >= 0x80) && IsStatus(b[3]) && AreZero(b, 10, 6) && length <= MaxResponseData
                    && bhs.Itt != Pdu.ReservedTag;
            case Opcode.TaskManagementResponse:
                return b[1] == 0x80 && (b[2] <= 6 || b[2] == 0xff) && b[3] == 0 && length == 0 && AreZero(b, 36, 12);
            case Opcode.LoginResponse:
                return b[2] == 0 && b[3] == 0 && AreStages(b[1]) && length <= Text.MaxLength && b[36] <= 3 && AreZero(b, 20, 4) && AreZero(b, 38, 10);
            case Opcode.TextResponse:
                return (b[1] & 0x3f) == 0 && (b[1] & 0xc0) != 0xc0 && AreZero(b, 2, 2) && IsLun(b) && AreZero(b, 36, 12);
            case Opcode.DataIn:
                return (b[1] & 0x38) == 0 && (b[1] & 0x81) != 1 && b[2] == 0 && IsStatus(b[3]) && IsLun(b) && bhs.Itt != Pdu.ReservedTag
                    && (ulong)bhs.BufferOffset + (uint)length < MaxTransfer && bhs.DataSn < MaxTransfer >> 9;
            case Opcode.LogoutResponse:
                return b[1] == 0x80 && b[2] <= 3 && b[3] == 0 && length == 0 && AreZero(b, 8, 8) && AreZero(b, 36, 4) && AreZero(b, 44, 4);
            case Opcode.ReadyToTransfer:
                return b[1] == 0x80 && AreZero(b, 2, 2) && length == 0 && IsLun(b) && bhs.Ttt != Pdu.ReservedTag && bhs.Itt != Pdu.ReservedTag
                    && bhs.At44 is > 0 and < 1 << 24 && (ulong)bhs.BufferOffset + bhs.At44 < MaxTransfer;
            case Opcode.AsyncMessage:
                return b[1] == 0x80 && AreZero(b, 2, 2) && bhs.Itt == Pdu.ReservedTag && IsLun(b) && AreZero(b, 20, 4) && AreZero(b, 44, 4);
            case Opcode.Reject:
                return b[1] == 0x80 && b[2] is > 1 and <= 0x0c && b[3] == 0 && bhs.Itt == Pdu.ReservedTag && AreZero(b, 8, 8) && length >= Pdu.BhsLength;
            default:
                return false;
        }
    }

    // MaxCmdSN may be one less than ExpCmdSN: the window is closed (RFC 7143 §4.2.2.1).
    private static bool IsWindow(Bhs bhs) => (int)(bhs.MaxCmdSn - bhs.CmdSn) is >= -1 and <= MaxSnDistance;

    private static bool AreStages(byte flags)
    {
        int csg = flags >> 2 & 3, nsg = flags & 3;
        bool transit = (flags & BhsFlags.Final) != 0;
        return csg != 2 && csg != 3 && (flags & 0x30) == 0 && !(transit && (flags & BhsFlags.Continue) != 0) && (!transit || (nsg != 2 && nsg > csg));
    }

    private static bool IsStatus(byte status) => status is 0x00 or 0x02 or 0x04 or 0x08 or 0x18 or 0x28 or 0x30 or 0x40;

    // A single level, or none; hierarchical LUNs do not occur where there is no bridge.
    private static bool IsLun(ReadOnlySpan<byte> b) => b[8] < 0x80 && AreZero(b, 10, 6);

    private static bool AreZero(ReadOnlySpan<byte> b, int at, int count) => b.Slice(at, count).IndexOfAnyExcept((byte)0) < 0;

    // Zeros, a filler, a pattern. A rule of so many equal bytes would take short answers with low numbers for one.
    private static bool Repeats(ReadOnlySpan<byte> bhs)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bhs);
        return words[1] == words[2] && words[2] == words[3] && words[3] == words[4] && words[4] == words[5];
    }
}
