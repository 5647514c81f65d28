using System.Buffers.Binary;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>Rows and handlers of SBC-4: block commands. <see cref="Medium"/> moves the blocks.</summary>
internal static class Sbc
{
    private const CommandKind Read = CommandKind.Read;
    private const CommandKind Write = CommandKind.Write;
    private const CommandKind Other = CommandKind.Other;
    private const Transfer None = Transfer.None;
    private const Transfer In = Transfer.In;
    private const Transfer Out = Transfer.Out;
    private const Transfer Verify = Transfer.Verify;
    private const Transfer OneBlock = Transfer.OneBlock;
    private const Transfer TwoFold = Transfer.TwoFold;

    private static readonly CdbLayout s_compareAndWrite = new(2, 8, 13, 1, true);
    private static readonly CdbLayout s_writeAtomic = new(2, 8, 12, 2, true);
    private static readonly CdbLayout s_lba16 = new(2, 8, 10, 4, false);
    private static readonly CdbLayout s_long10 = new(2, 4, 7, 2, false);
    private static readonly CdbLayout s_long16 = new(2, 8, 12, 2, false);

    internal static readonly CommandRow[] Rows =
    [
        //  opcode and usage mask, name, kind, data, layout, access, handler
        new("04 FF FF 00 00 00", "FORMAT UNIT", Other, Out, CdbLayout.None, Access.Write, null),
        new("07 03 00 00 00 00", "REASSIGN BLOCKS", Other, Out, CdbLayout.None, Access.Write, null),
        new("08 1F FF FF FF 00", "READ(6)", Read, In, CdbLayout.Six, Access.Medium, Medium.Read),
        new("0A 1F FF FF FF 00", "WRITE(6)", Write, Out, CdbLayout.Six, Access.Write, Medium.Write),
        new("1B 01 00 0F F7 00", "START STOP UNIT", Other, None, CdbLayout.None, Access.Changes, RemovableMedium.StartStop),
        new("25 00 00 00 00 00 00 00 00 00", "READ CAPACITY(10)", Other, In, CdbLayout.None, Access.Medium | Access.PassesPersistent, ReadCapacity10),
        new("28 18 FF FF FF FF 00 FF FF 00", "READ(10)", Read, In, CdbLayout.Ten, Access.Medium, Medium.Read),
        new("2A 18 FF FF FF FF 00 FF FF 00", "WRITE(10)", Write, Out, CdbLayout.Ten, Access.Write, Medium.Write),
        new("2B 00 FF FF FF FF 00 00 00 00", "SEEK(10)", Other, None, new(2, 4, 0, 0, false), Access.Medium, null),
        new("2E 12 FF FF FF FF 00 FF FF 00", "WRITE AND VERIFY(10)", Write, Out, CdbLayout.Ten, Access.Write, Medium.WriteAndVerify),
        new("2F 16 FF FF FF FF 00 FF FF 00", "VERIFY(10)", Other, Verify, CdbLayout.Ten, Access.Medium, Medium.Verify),
        new("34 02 FF FF FF FF 00 FF FF 00", "PRE-FETCH(10)", Other, None, CdbLayout.Ten, Access.Medium, PreFetch),
        new("35 06 FF FF FF FF 00 FF FF 00", "SYNCHRONIZE CACHE(10)", Other, None, CdbLayout.Ten, Access.Medium, Medium.SynchronizeCache),
        new("36 02 FF FF FF FF 00 FF FF 00", "LOCK UNLOCK CACHE(10)", Other, None, CdbLayout.Ten, Access.Medium, null),
        new("37 00 1F 00 00 00 00 FF FF 00", "READ DEFECT DATA(10)", Other, In, CdbLayout.Bytes(7, 2), Access.Medium, ReadDefectData10),
        new("3E 06 FF FF FF FF 00 FF FF 00", "READ LONG(10)", Other, In, s_long10, Access.Medium, null),
        new("3F E0 FF FF FF FF 00 FF FF 00", "WRITE LONG(10)", Other, Out, s_long10, Access.Write, null),
        new("41 18 FF FF FF FF 00 FF FF 00", "WRITE SAME(10)", Other, OneBlock, CdbLayout.Ten, Access.Write, Provisioning.WriteSame),
        new("42 00 00 00 00 00 00 FF FF 00", "UNMAP", Other, Out, CdbLayout.Bytes(7, 2), Access.Write, Provisioning.Unmap, Feature.Thin),
        new("48 A1 00 00 00 00 00 FF FF 00", "SANITIZE OVERWRITE", Other, Out, CdbLayout.Bytes(7, 2), Access.Write, Sanitizer.Overwrite, Feature.Sanitize),
        new("48 A2 00 00 00 00 00 FF FF 00", "SANITIZE BLOCK ERASE", Other, Out, CdbLayout.Bytes(7, 2), Access.Write, Sanitizer.BlockErase, Feature.Thin | Feature.Sanitize),
        new("48 A3 00 00 00 00 00 FF FF 00", "SANITIZE CRYPTOGRAPHIC ERASE", Other, Out, CdbLayout.Bytes(7, 2), Access.Write, Sanitizer.CryptographicErase, Feature.Sanitize),
        new("48 9F 00 00 00 00 00 FF FF 00", "SANITIZE EXIT FAILURE MODE", Other, Out, CdbLayout.Bytes(7, 2), Access.Write, Sanitizer.ExitFailureMode, Feature.Sanitize),
        new("53 FC FF FF FF FF 00 FF FF 00", "XDWRITEREAD(10)", Other, Out, CdbLayout.Ten, Access.Write, null),
        new("7F 00 00 00 00 00 00 18 00 09 FA 00 FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF", "READ(32)", Read, In, CdbLayout.ThirtyTwo, Access.Medium, null),
        new("7F 00 00 00 00 00 00 18 00 0A F6 00 FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF", "VERIFY(32)", Other, Verify, CdbLayout.ThirtyTwo, Access.Medium, null),
        new("7F 00 00 00 00 00 00 18 00 0B FA 00 FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF", "WRITE(32)", Write, Out, CdbLayout.ThirtyTwo, Access.Write, null),
        new("7F 00 00 00 00 00 00 18 00 0C F6 00 FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF", "WRITE AND VERIFY(32)", Write, Out, CdbLayout.ThirtyTwo, Access.Write, null),
        new("7F 00 00 00 00 00 00 18 00 0D F9 00 FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF", "WRITE SAME(32)", Other, Out, CdbLayout.ThirtyTwo, Access.Write, null),
        new("7F 00 00 00 00 00 00 18 00 0E FA 00 FF FF FF FF FF FF FF FF 00 00 00 00 00 00 00 00 FF FF FF FF", "ORWRITE(32)", Other, Out, CdbLayout.ThirtyTwo, Access.Write, null),
        new("7F 00 00 00 00 00 00 18 00 0F FA 00 FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF", "WRITE ATOMIC(32)", Write, Out, CdbLayout.ThirtyTwo, Access.Write, null),
        new("85 FF FF FF FF FF FF FF FF FF FF FF FF FF FF 00", "ATA PASS-THROUGH(16)", Other, None, CdbLayout.None, Access.Medium, null),
        new("88 18 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "READ(16)", Read, In, CdbLayout.Sixteen, Access.Medium, Medium.Read),
        new("89 18 FF FF FF FF FF FF FF FF 00 00 00 FF 00 00", "COMPARE AND WRITE", Write, TwoFold, s_compareAndWrite, Access.Write, Uninterrupted.CompareAndWrite),
        new("8A 18 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "WRITE(16)", Write, Out, CdbLayout.Sixteen, Access.Write, Medium.Write),
        new("8B 18 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "ORWRITE(16)", Other, Out, CdbLayout.Sixteen, Access.Write, Uninterrupted.OrWrite),
        new("8E 12 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "WRITE AND VERIFY(16)", Write, Out, CdbLayout.Sixteen, Access.Write, Medium.WriteAndVerify),
        new("8F 16 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "VERIFY(16)", Other, Verify, CdbLayout.Sixteen, Access.Medium, Medium.Verify),
        new("90 02 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "PRE-FETCH(16)", Other, None, CdbLayout.Sixteen, Access.Medium, PreFetch),
        new("91 06 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "SYNCHRONIZE CACHE(16)", Other, None, CdbLayout.Sixteen, Access.Medium, Medium.SynchronizeCache),
        new("92 02 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "LOCK UNLOCK CACHE(16)", Other, None, CdbLayout.Sixteen, Access.Medium, null),
        new("93 19 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "WRITE SAME(16)", Other, OneBlock, CdbLayout.Sixteen, Access.Write, Provisioning.WriteSame),
        new("94 01 FF FF FF FF FF FF FF FF 00 00 00 00 01 00", "CLOSE ZONE", Other, None, new(2, 8, 0, 0, false), Access.Write, null),
        new("94 02 FF FF FF FF FF FF FF FF 00 00 00 00 01 00", "FINISH ZONE", Other, None, new(2, 8, 0, 0, false), Access.Write, null),
        new("94 03 FF FF FF FF FF FF FF FF 00 00 00 00 01 00", "OPEN ZONE", Other, None, new(2, 8, 0, 0, false), Access.Write, null),
        new("94 04 FF FF FF FF FF FF FF FF 00 00 00 00 01 00", "RESET WRITE POINTER", Other, None, new(2, 8, 0, 0, false), Access.Write, null),
        new("95 00 FF FF FF FF FF FF FF FF FF FF FF FF BF 00", "REPORT ZONES", Other, In, s_lba16, Access.Medium, null),
        new("9A 18 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "WRITE STREAM(16)", Write, Out, s_writeAtomic, Access.Write, null),
        new("9C 18 FF FF FF FF FF FF FF FF 00 00 FF FF 00 00", "WRITE ATOMIC(16)", Write, Out, s_writeAtomic, Access.Write, Uninterrupted.WriteAtomic, Feature.Atomic),
        new("9E 10 00 00 00 00 00 00 00 00 FF FF FF FF 00 00", "READ CAPACITY(16)", Other, In, CdbLayout.Bytes(10, 4), Access.Medium | Access.PassesPersistent, ReadCapacity16),
        new("9E 11 FF FF FF FF FF FF FF FF 00 00 FF FF 03 00", "READ LONG(16)", Other, In, s_long16, Access.Medium, null),
        new("9E 12 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", "GET LBA STATUS(16)", Other, In, s_lba16, Access.Medium, Provisioning.GetLbaStatus),
        new("9E 13 FF FF FF FF FF FF FF FF FF FF FF FF 01 00", "REPORT REFERRALS", Other, In, s_lba16, Access.Medium, null),
        new("9E 14 60 00 FF FF 00 00 00 00 FF FF FF FF 00 00", "STREAM CONTROL", Other, In, CdbLayout.Bytes(10, 4), Access.Medium, null),
        new("9E 15 C0 FF FF 00 00 00 00 00 00 00 00 00 00 00", "BACKGROUND CONTROL", Other, None, CdbLayout.None, Access.Medium, null),
        new("9E 17 00 00 00 00 00 00 00 00 FF FF FF FF 00 00", "GET PHYSICAL ELEMENT STATUS", Other, In, CdbLayout.Bytes(10, 4), Access.Medium, null),
        new("9F 11 FF FF FF FF FF FF FF FF 00 00 FF FF 00 00", "WRITE LONG(16)", Other, Out, s_long16, Access.Write, null),
        new("A1 FF FF FF FF FF FF FF FF FF 00 00", "ATA PASS-THROUGH(12)", Other, None, CdbLayout.None, Access.Medium, null),
        new("A8 18 FF FF FF FF FF FF FF FF 00 00", "READ(12)", Read, In, CdbLayout.Twelve, Access.Medium, Medium.Read),
        new("AA 18 FF FF FF FF FF FF FF FF 00 00", "WRITE(12)", Write, Out, CdbLayout.Twelve, Access.Write, Medium.Write),
        new("AE 12 FF FF FF FF FF FF FF FF 00 00", "WRITE AND VERIFY(12)", Write, Out, CdbLayout.Twelve, Access.Write, Medium.WriteAndVerify),
        new("AF 16 FF FF FF FF FF FF FF FF 00 00", "VERIFY(12)", Other, Verify, CdbLayout.Twelve, Access.Medium, Medium.Verify),
        new("B7 1F FF FF FF FF FF FF FF FF 00 00", "READ DEFECT DATA(12)", Other, In, CdbLayout.Bytes(6, 4), Access.Medium, ReadDefectData12),
    ];

    // SBC-4 §5.20. FFFFFFFFh sends the initiator to READ CAPACITY(16).
    private static ScsiStatus ReadCapacity10(ScsiTask task)
    {
        LogicalUnit unit = task.Unit!;
        Span<byte> data = task.ReplyArea();
        BinaryPrimitives.WriteUInt32BigEndian(data, (uint)Math.Min(unit.BlockCount - 1, uint.MaxValue));
        BinaryPrimitives.WriteUInt32BigEndian(data[4..], (uint)unit.BlockSize);
        return task.ReplyAll(8);
    }

    // SBC-4 §5.21: no protection; unmapped blocks read as zeros.
    private static ScsiStatus ReadCapacity16(ScsiTask task)
    {
        LogicalUnit unit = task.Unit!;
        Span<byte> data = task.ReplyArea();
        BinaryPrimitives.WriteUInt64BigEndian(data, unit.BlockCount - 1);
        BinaryPrimitives.WriteUInt32BigEndian(data[8..], (uint)unit.BlockSize);
        data[13] = (byte)unit.PhysicalBlockExponent;
        data[14] = (byte)(unit.Thin ? 0xc0 : 0); // LBPME, LBPRZ
        return task.Reply(32);
    }

    // SBC-4 §5.18, §5.19: a list without entries, in the format that was asked for.
    private static ScsiStatus ReadDefectData10(ScsiTask task)
    {
        task.ReplyArea()[1] = (byte)(task.Cdb[2] & 0x1f);
        return task.Reply(4);
    }

    private static ScsiStatus ReadDefectData12(ScsiTask task)
    {
        task.ReplyArea()[1] = (byte)(task.Cdb[1] & 0x1f);
        return task.Reply(8);
    }

    // GOOD says that not all of the blocks went to the cache, CONDITION MET that all did (SBC-4 §5.14): none do.
    private static ScsiStatus PreFetch(ScsiTask task) => ScsiStatus.Good;
}
