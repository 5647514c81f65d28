using System.Buffers.Binary;
using System.Globalization;
using Iscsitop.Target.Iscsi;
using Iscsitop.Tests.Server;
using P = Iscsitop.Tests.Server.RawPeer;

namespace Iscsitop.Tests.BadInput;

/// <summary>Commands with wrong LUNs, ranges, lists and lengths. The tests of each command have more of its fields.</summary>
internal static class ScsiRows
{
    public static IEnumerable<Row> All => [.. Luns(), .. Commands(), .. Lengths(), .. s_more];

    // The LUN field as it stands.
    private static IEnumerable<Row> Luns() =>
        from field in new ulong[] { 0xffffffffffffffff, 0x0100000000000001, 0xc101000000000000, 0x0000000000000001, 0x0001000100000000, 0x4100000000000000, 0x7fff000000000000, 0x8000000000000000 }
        select new Row($"C2 LUN {field:x16}", p =>
        {
            byte[] bhs = P.ScsiCommand(new byte[6], 1, p.Login().CmdSn++, 0x80, 0);
            BinaryPrimitives.WriteUInt64BigEndian(bhs.AsSpan(8), field);
            p.Send(bhs);
        }, "status 02 5/2500, lives");

    // CDB, bytes of zeros or a list in hex, what it comes to.
    private static IEnumerable<Row> Commands() =>
        from row in new (string Name, string Cdb, string Data, string Expected)[]
        {
            ("C3 READ(16) at 2^64-1", "88 00 FFFFFFFFFFFFFFFF 00000002 00 00", "", "02 5/2100"),
            ("C3 READ(16) whose offset wraps", "88 00 0080000000000000 00000001 00 00", "", "02 5/2100"),
            ("C3 READ(10) at 2^32-1", "28 00 FFFFFFFF 00 0002 00", "", "02 5/2100"),
            ("C3 WRITE(16) at 2^64-1", "8A 00 FFFFFFFFFFFFFFFF 00000001 00 00", "512", "02 5/2100"),
            ("C3 VERIFY(16) at 2^63", "8F 00 8000000000000000 00000001 00 00", "", "02 5/2100"),
            ("C3 SYNCHRONIZE CACHE(16) at 2^64-1", "91 00 FFFFFFFFFFFFFFFF 00000002 00 00", "", "02 5/2100"),
            ("C3 PRE-FETCH(16) at 2^64-1", "90 00 FFFFFFFFFFFFFFFF 00000002 00 00", "", "02 5/2100"),
            ("C3 GET LBA STATUS at 2^64-1", "9E 12 FFFFFFFFFFFFFFFF 00000018 00 00", "", "02 5/2100"),
            ("C4 WRITE SAME(16) of 2^32-1 blocks", "93 00 0000000000000000 FFFFFFFF 00 00", "512", "02 5/2100"),
            ("C4 WRITE SAME(16) of no blocks", "93 00 0000000000000000 00000000 00 00", "512", "02 5/2400"),
            ("C4 WRITE SAME(16) ANCHOR", "93 10 0000000000000000 00000001 00 00", "512", "02 5/2400"),
            ("C4 WRITE SAME(16) half a block", "93 00 0000000000000000 00000001 00 00", "256", "02 5/0e03"),
            ("C4 WRITE SAME(16) NDOB and UNMAP", "93 09 0000000000000000 00000010 00 00", "", "00"),
            ("C4 WRITE SAME(16) at 2^64-1", "93 00 FFFFFFFFFFFFFFFF 00000002 00 00", "512", "02 5/2100"),
            ("C5 UNMAP of 2 blocks at 2^64-1", "42 00 00000000 00 0018 00", "0016 0010 00000000 FFFFFFFFFFFFFFFF 00000002 00000000", "02 5/2100"),
            ("C5 UNMAP list of 7 bytes", "42 00 00000000 00 0007 00", "00050000000000", "02 5/1a00"),
            ("C5 UNMAP list of 9 bytes", "42 00 00000000 00 0009 00", "000700000000000000", "00"),
            ("C5 UNMAP of more descriptors than came", "42 00 00000000 00 0018 00", "0016 FFF0 00000000 0000000000000000 00000001 00000000", "00"),
            ("C5 UNMAP of 4096 descriptors", "42 00 00000000 00 FFFF 00", "65535", "00"),
            ("C5 UNMAP of ranges that overlap", "42 00 00000000 00 0028 00", "0026 0020 00000000 0000000000000000 00000008 00000000 0000000000000004 00000008 00000000", "00"),
            ("C6 COMPARE AND WRITE of nothing", "89 00 0000000000000000 00 00 00 00 00 00", "", "00"),
            ("C6 COMPARE AND WRITE of 255 blocks and too little", "89 00 0000000000000000 00 00 00 FF 00 00", "512", "02 5/0e03"),
            ("C6 COMPARE AND WRITE with data too short", "89 00 0000000000000000 00 00 00 01 00 00", "512", "02 5/0e03"),
            ("C6 COMPARE AND WRITE at 2^64-1", "89 00 FFFFFFFFFFFFFFFF 00 00 00 01 00 00", "1024", "02 5/2100"),
            ("C7 PERSISTENT RESERVE OUT list of 23", "5F 00 00 00 00 00000017 00", "23", "02 5/1a00"),
            ("C7 PERSISTENT RESERVE OUT list of 25", "5F 00 00 00 00 00000019 00", "25", "02 5/1a00"),
            ("C7 PERSISTENT RESERVE OUT list of 24 with SPEC_I_PT", "5F 00 00 00 00 00000018 00", "0000000000000000 0000000000000001 00000000 08 00 0000", "02 5/1a00"),
            ("C7 a TransportID of 65535 bytes", "5F 00 00 00 00 00000020 00", "0000000000000000 0000000000000001 00000000 08 00 0000 0000FFFF 4500FFFF", "02 5/1a00"),
            ("C8 EXTENDED COPY list of 15", "83 00 0000000000000000 0000000F 00 00", "15", "02 5/1a00"),
            ("C8 inline data of 2^32-1 bytes", "83 00 0000000000000000 00000010 00 00", "00000000 00000000 00000000 FFFFFFFF", "02 5/2600"),
            ("C8 65535 bytes of descriptors", "83 00 0000000000000000 00000010 00 00", "0000FFFF 00000000 00000000 00000000", "02 5/1a00"),
            ("C9 MODE SELECT(6) of a byte", "15 10 0000 01 00", "00", "02 5/1a00"),
            ("C9 MODE SELECT(6) of another block size", "15 10 0000 0C 00", "00000008 00008000 00001000", "02 5/2600"),
            ("C9 MODE SELECT(6) of a page of a wrong length", "15 10 0000 0A 00", "00000000 0A04 00000000", "02 5/2600"),
            ("C9 MODE SELECT(10) of a page that is cut", "55 10 0000000000 000A 00", "0000000000000000 0A0A", "02 5/1a00"),
            ("C9 MODE SELECT(6) of 255 bytes of nothing", "15 10 0000 FF 00", "255", "02 5/2600"),
            ("C12 FORMAT UNIT with a list", "04 10 00 00 00 00", "", "02 5/2000"),
            ("C12 START STOP UNIT with a power condition nobody has changes nothing", "1B 00 00 00 F0 00", "", "00"),
            ("C12 START STOP UNIT ejects what is fixed", "1B 00 00 00 02 00", "", "02 5/2400"),
            ("C15 NACA", "00 00 00 00 00 04", "", "02 5/2400"),
            ("C15 a GROUP NUMBER", "28 00 00000000 1F 0001 00", "", "00"),
            ("C15 FUA, DPO and a GROUP NUMBER of a write", "2A 18 00000000 1F 0001 00", "512", "00"),
        }
        select new Row(row.Name, p => p.Login().Scsi(row.Cdb, Data(row.Data)).Next(), $"status {row.Expected}, lives");

    // However much room there is said to be, no more comes than there is, and no memory is taken for it.
    private static IEnumerable<Row> Lengths() =>
        from row in new (string Name, string Cdb, int Whole)[]
        {
            ("INQUIRY", "12 00 00 {0:X4} 00", 96),
            ("MODE SENSE(10)", "5A 08 3F 00 000000 {0:X4} 00", -1),
            ("REPORT LUNS", "A0 00 00 000000 {0:X8} 00 00", 40),
            ("REPORT SUPPORTED OPERATION CODES", "A3 0C 00 00 0000 {0:X8} 00 00", -1),
            ("GET LBA STATUS", "9E 12 0000000000000000 {0:X8} 00 00", -1),
            ("REPORT TARGET PORT GROUPS", "A3 0A 0000 0000 {0:X8} 00 00", -1),
        }
        from allocation in new uint[] { 0, 1, 2, 65535, uint.MaxValue }
        where allocation <= ushort.MaxValue || row.Cdb.Contains("X8", StringComparison.Ordinal)
        select new Row($"C10 {row.Name} allocation length {allocation}", p =>
        {
            string cdb = string.Format(CultureInfo.InvariantCulture, row.Cdb, allocation);
            int room = (int)Math.Min(allocation, 1 << 20);
            p.Login("MaxRecvDataSegmentLength=1048576\0").Scsi(cdb, read: room);
            int came = (p.Peer.Read() ?? throw new AssertionException("closed")).Data.Length;
            p.Note(came <= room && came < 32768 && (row.Whole < 0 || came == Math.Min(row.Whole, room)) ? "as much as fits" : $"{came} bytes");
        }, "as much as fits, lives");

    private static readonly Row[] s_more =
    [
        new("C9 16 pages", p => p.Login().Scsi("15 10 0000 C4 00", [0, 0, 0, 0, .. Enumerable.Repeat<byte[]>([0x0a, 0x0a, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0], 16).SelectMany(b => b)]), "status 00, lives"),
        new("C13 REQUEST SENSE in descriptors with a unit attention", p =>
        {
            byte[] sense = p.Login().Scsi("03 01 0000 FC 00", read: 252, lun: 1).Next().Data;
            p.Note(Convert.ToHexString(sense.AsSpan(0, Math.Min(sense.Length, 4)))).Scsi("00", lun: 1);
        }, "data 8, 72062900, status 00, lives"),
        new("C14 ten thousand ordered and head of queue commands", p =>
        {
            p.Login();
            for (int i = 0; i < 100; i++)
            {
                byte[][] some = [.. Enumerable.Range(0, 100).Select(j => P.ScsiCommand(new byte[6], (uint)j, p.CmdSn++, (byte)(0x80 | j % 5), 0))];
                p.Send(some);
                foreach (byte[] _ in some) p.Next();
            }
        }, "status 00 x10000, lives") { AtOnceOnly = true, Memory = 128 << 20 },
        new("C8 a copy of 4 GiB of nothing there is", p => p.Login().Scsi("83 00 0000000000000000 00000010 00 00", Data("01 10 0000 00000000 00000000 00000000")).Next(), "status 00, lives"),
    ];

    // Bytes in hex, or how many zeros.
    private static byte[]? Data(string data) =>
        data.Length == 0 ? null : data.Length <= 5 && int.TryParse(data, CultureInfo.InvariantCulture, out int zeros) && data != "00" ? new byte[zeros] : Script.Bytes(data);
}
