using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Numerics;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>What kind of work a command is, as tables split it: reads, writes, everything else.</summary>
public enum CommandKind : byte
{
    Read,
    Write,
    Other,
}

/// <summary>
/// Which way a command's data goes; <see cref="Transfer.Verify"/> is Data-Out only when BYTCHK asks for it,
/// <see cref="Transfer.OneBlock"/> is Data-Out of one block, none with NDOB, <see cref="Transfer.TwoFold"/> of twice the blocks.
/// </summary>
public enum Transfer : byte
{
    None,
    In,
    Out,
    Verify,
    OneBlock,
    TwoFold,
}

/// <summary>What of a logical unit a command touches, and so what may stand in its way.</summary>
[Flags]
public enum Access : byte
{
    /// <summary>Nothing of the medium.</summary>
    None = 0,

    /// <summary>Reads the medium: needs one, may block.</summary>
    Medium = 1,

    /// <summary>Changes the medium: also refused when it is write-protected.</summary>
    Write = 2 | Medium,

    /// <summary>Answers for a LUN that does not exist (SPC-4 §5.6).</summary>
    AnyLun = 4,

    /// <summary>Does not report a pending unit attention (SAM-5 §5.14).</summary>
    IgnoresAttention = 8,

    /// <summary>Changes what others see, though not the medium: a reservation stops it as it stops a write.</summary>
    Changes = 16,

    /// <summary>No persistent reservation stands in its way (SPC-4 §5.13.1, SBC-4 §4.17).</summary>
    PassesPersistent = 32,

    /// <summary>Nor does RESERVE of another nexus (SPC-2 §5.5.1).</summary>
    PassesAny = 64 | PassesPersistent,
}

/// <summary>What a unit must be for a command to exist on it.</summary>
[Flags]
internal enum Feature : byte
{
    /// <summary>A direct access device.</summary>
    None = 0,

    /// <summary>Thin provisioned: blocks can be unmapped (LBPME).</summary>
    Thin = 1,

    /// <summary>Its store writes all or nothing.</summary>
    Atomic = 2,

    /// <summary>What it was ordered to erase is not forgotten by a restart.</summary>
    Sanitize = 4,
}

/// <summary>Where a CDB keeps its LBA and its length.</summary>
/// <param name="Lba">Offset of the LBA, 0 when there is none.</param>
/// <param name="LbaBytes">Its bytes: 3 (21 bits of a 6-byte CDB), 4 or 8.</param>
/// <param name="Length">Offset of the transfer, allocation or parameter list length, 0 when there is none.</param>
/// <param name="LengthBytes">Its bytes.</param>
/// <param name="Blocks">Whether the length counts logical blocks rather than bytes.</param>
public readonly record struct CdbLayout(byte Lba, byte LbaBytes, byte Length, byte LengthBytes, bool Blocks)
{
    internal static readonly CdbLayout None;
    internal static readonly CdbLayout Six = new(1, 3, 4, 1, true);
    internal static readonly CdbLayout Ten = new(2, 4, 7, 2, true);
    internal static readonly CdbLayout Twelve = new(2, 4, 6, 4, true);
    internal static readonly CdbLayout Sixteen = new(2, 8, 10, 4, true);
    internal static readonly CdbLayout ThirtyTwo = new(12, 8, 28, 4, true);

    internal static CdbLayout Bytes(byte at, byte bytes) => new(0, 0, at, bytes, false);
}

internal delegate ScsiStatus CommandHandler(ScsiTask task);

/// <summary>
/// One row of the SCSI command table. A row without a handler names a command that other targets have; ours answers it
/// INVALID COMMAND OPERATION CODE.
/// </summary>
public sealed class CommandRow
{
    private const byte DpoFua = 0x18;
    private const byte Unmap = 0x42;

    private readonly ulong _refusedFirst;
    private readonly ulong _refusedSecond;

    internal CommandRow(string cdb, string name, CommandKind kind, Transfer transfer, CdbLayout layout, Access access, CommandHandler? handler, Feature needs = Feature.None)
    {
        Usage = Convert.FromHexString(cdb.Replace(" ", "", StringComparison.Ordinal));
        Name = name;
        Kind = kind;
        Transfer = transfer;
        Layout = layout;
        Access = access;
        Handler = handler;
        Needs = needs;
        Operation = Command.Operation(Usage);
        HasServiceAction = Command.HasServiceActions(Usage[0]);
        ServiceAction = (byte)Operation;
        (_refusedFirst, _refusedSecond) = Refused();
    }

    /// <summary>The operation code.</summary>
    public byte Opcode => Usage[0];

    /// <summary>Whether the opcode is shared by service actions.</summary>
    public bool HasServiceAction { get; }

    /// <summary>The service action, 0 where there is none.</summary>
    public byte ServiceAction { get; }

    /// <summary>Opcode in the high byte, service action in the low byte.</summary>
    public ushort Operation { get; }

    /// <summary>The standard's name: <c>READ(10)</c>.</summary>
    public string Name { get; }

    /// <summary>Read, write or other.</summary>
    public CommandKind Kind { get; }

    /// <summary>Which way its data goes.</summary>
    public Transfer Transfer { get; }

    /// <summary>Where its LBA and length stand.</summary>
    public CdbLayout Layout { get; }

    /// <summary>What of the unit it touches.</summary>
    public Access Access { get; }

    /// <summary>The CDB usage data of REPORT SUPPORTED OPERATION CODES (SPC-4 §6.35): the opcode, then a mask of evaluated bits.</summary>
    internal byte[] Usage { get; }

    /// <summary>What our target does; null when it does not support the command.</summary>
    internal CommandHandler? Handler { get; }

    /// <summary>What of a unit the handler needs.</summary>
    internal Feature Needs { get; }

    /// <summary>The logical block address, null where the CDB has none.</summary>
    public ulong? Lba(ReadOnlySpan<byte> cdb) => Layout.LbaBytes switch
    {
        _ when cdb.Length < Layout.Lba + Layout.LbaBytes => null,
        3 => (ulong)((cdb[1] & 0x1f) << 16 | cdb[2] << 8 | cdb[3]),
        4 => BinaryPrimitives.ReadUInt32BigEndian(cdb[Layout.Lba..]),
        8 => BinaryPrimitives.ReadUInt64BigEndian(cdb[Layout.Lba..]),
        _ => null,
    };

    /// <summary>Transfer length in blocks, null where the length is no number of blocks. READ(6) and WRITE(6): 0 means 256.</summary>
    public uint? Blocks(ReadOnlySpan<byte> cdb)
    {
        if (!Layout.Blocks) return null;
        uint length = Length(cdb);
        return length == 0 && Layout.LbaBytes == 3 ? 256 : length;
    }

    /// <summary>The length field as it stands, 0 where there is none.</summary>
    public uint Length(ReadOnlySpan<byte> cdb) => Layout.LengthBytes switch
    {
        _ when cdb.Length < Layout.Length + Layout.LengthBytes => 0,
        1 => cdb[Layout.Length],
        2 => BinaryPrimitives.ReadUInt16BigEndian(cdb[Layout.Length..]),
        3 => (uint)(cdb[Layout.Length] << 16 | cdb[Layout.Length + 1] << 8 | cdb[Layout.Length + 2]),
        4 => BinaryPrimitives.ReadUInt32BigEndian(cdb[Layout.Length..]),
        _ => 0,
    };

    /// <summary>Whether every bit that is set in a CDB of 16 bytes or more is one the command evaluates, or may ignore.</summary>
    /// <param name="cdb">The CDB.</param>
    /// <param name="atByte">The byte of the first bit that is neither (SPC-4 §4.5.2.4.2, field pointer).</param>
    /// <param name="bit">That bit, 7 is the leftmost.</param>
    internal bool Accepts(ReadOnlySpan<byte> cdb, out int atByte, out int bit)
    {
        ulong first = BinaryPrimitives.ReadUInt64BigEndian(cdb) & _refusedFirst;
        ulong second = BinaryPrimitives.ReadUInt64BigEndian(cdb[8..]) & _refusedSecond;
        int ahead = first != 0 ? BitOperations.LeadingZeroCount(first) : 64 + BitOperations.LeadingZeroCount(second);
        (atByte, bit) = (ahead / 8, 7 - ahead % 8);
        return (first | second) == 0;
    }

    private (ulong First, ulong Second) Refused()
    {
        Span<byte> refused = stackalloc byte[16];
        int length = Math.Min(Usage.Length, refused.Length);
        for (int i = 0; i < length; i++) refused[i] = (byte)~Usage[i];
        refused[0] = 0;
        refused[1] &= (byte)~Command.ServiceActionMask(Opcode);
        if (Opcode == Unmap) refused[6] &= 0xc0;
        if (Layout.Blocks && length > 6)
        {
            // GROUP NUMBER is not evaluated, and not refused: it is a hint (SBC-4 §4.23). UNMAP above has one too.
            refused[length == 10 ? 6 : length - 2] &= 0xc0;
            // FUA_NV (SBC-3) asked for less than FUA does.
            if ((Usage[1] & DpoFua) == DpoFua && Transfer != Transfer.OneBlock) refused[1] &= 0xfd;
        }
        return (BinaryPrimitives.ReadUInt64BigEndian(refused), BinaryPrimitives.ReadUInt64BigEndian(refused[8..]));
    }
}

/// <summary>The lookup over all rows of the command table.</summary>
public static class Command
{
    private const byte VariableLength = 0x7f;

    private static readonly CommandRow[] s_rows = [.. Spc.Rows.Concat(Sbc.Rows).Concat(OtherTypes.Rows).OrderBy(r => r.Operation)];
    private static readonly FrozenDictionary<ushort, CommandRow> s_byOperation = s_rows.ToFrozenDictionary(r => r.Operation);
    private static readonly CommandRow?[] s_byOpcode = BuildByOpcode();

    /// <summary>All rows, by operation.</summary>
    public static ReadOnlySpan<CommandRow> Rows => s_rows;

    /// <summary>Opcode and service action of a CDB as one number.</summary>
    public static ushort Operation(ReadOnlySpan<byte> cdb) => (ushort)(cdb[0] << 8 | ServiceAction(cdb));

    /// <summary>The row of a CDB, null when the table has none.</summary>
    public static CommandRow? Find(ReadOnlySpan<byte> cdb)
    {
        CommandRow? row = s_byOpcode[cdb[0]];
        return row is { HasServiceAction: true } ? Find(Operation(cdb)) : row;
    }

    /// <summary>The row of an operation, null when the table has none.</summary>
    public static CommandRow? Find(ushort operation) => s_byOperation.GetValueOrDefault(operation);

    /// <summary>Whether a unit supports any command of this opcode.</summary>
    internal static bool Supports(LogicalUnit? unit, byte opcode) => Array.Exists(s_rows, r => r.Opcode == opcode && Supports(unit, r));

    /// <summary>Whether a unit supports a command.</summary>
    internal static bool Supports(LogicalUnit? unit, CommandRow row) =>
        row.Handler is not null && (unit is null || (row.Needs & ~unit.Features) == 0);

    /// <summary>The name people read: <c>READ(10)</c>, or <c>0x85</c>, <c>0xa3/0x1f</c> for what the table does not know.</summary>
    public static string Name(ushort operation) => Find(operation)?.Name ?? Hex(operation);

    /// <summary>The number scripts read: <c>0x28</c>, with service action <c>0x9e/0x10</c>.</summary>
    public static string Hex(ushort operation) => HasServiceActions((byte)(operation >> 8))
        ? $"0x{operation >> 8:x2}/0x{operation & 0xff:x2}"
        : $"0x{operation >> 8:x2}";

    /// <summary>Whether commands of this opcode are told apart by a service action.</summary>
    internal static bool HasServiceActions(byte opcode) => opcode == VariableLength || ServiceActionMask(opcode) != 0;

    /// <summary>The bits of byte 1 that are a service action: 1Fh for the opcodes that have one, else 0.</summary>
    internal static int ServiceActionMask(byte opcode) => opcode switch
    {
        0x48 or 0x5e or 0x5f or 0x83 or 0x84 or 0x94 or 0x95 or 0x9d or 0x9e or 0x9f or 0xa3 or 0xa4 or 0xa9 or 0xab => 0x1f,
        _ => 0,
    };

    // A 32-byte CDB has 16 bits of service action at byte 8, of which the standards use the low byte (SPC-4 §4.2.3.3).
    private static int ServiceAction(ReadOnlySpan<byte> cdb) => cdb[0] == VariableLength
        ? cdb.Length < 10 || cdb[8] != 0 ? 0xff : cdb[9]
        : cdb[1] & ServiceActionMask(cdb[0]);

    private static CommandRow?[] BuildByOpcode()
    {
        var rows = new CommandRow?[256];
        foreach (CommandRow row in s_rows) rows[row.Opcode] ??= row;
        return rows;
    }
}
