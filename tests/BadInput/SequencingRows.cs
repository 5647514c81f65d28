using Iscsitop.Target.Iscsi;
using Iscsitop.Tests.Server;
using static Iscsitop.Tests.BadInput.FramingRows;
using P = Iscsitop.Tests.Server.RawPeer;

namespace Iscsitop.Tests.BadInput;

/// <summary>PDUs that are well formed and come at the wrong time, in the wrong order, or too often.</summary>
internal static class SequencingRows
{
    public static IEnumerable<Row> All => [.. s_numbers, .. DataOuts(), .. s_data, .. s_functions, .. Logouts()];

    private static readonly Row[] s_numbers =
    [
        new("S1 beyond MaxCmdSN, before ExpCmdSN, and twice", p =>
        {
            uint next = p.Login().CmdSn;
            p.Send(At(1, next + 128), At(2, next - 1), At(3, next), At(4, next));
        }, "status 00, lives"),
        new("S1 out of order", p =>
        {
            uint next = p.Login().CmdSn;
            p.Send(At(1, next + 2), At(2, next + 1), At(3, next));
        }, "status 00 x3, lives"),
        new("S1 a hole that is never filled", p =>
        {
            uint next = p.Login().CmdSn;
            byte[] write = P.WithData(P.ScsiCommand(Cdb.Ten(0x2a, 0, 512), 1, next, 0xa0, 262_144), new byte[262_144]);
            for (uint i = 1; i < 128; i++) p.Peer.Send(P.Put32(P.Put32(write, 16, i), 24, next + i));
        }, "lives") { AtOnceOnly = true, Memory = 16 << 20 }, // 31 MiB were sent
        new("S2 a tag that is in use", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p));
            uint tag = p.NextTag();
            p.Send(At(1, p.CmdSn), P.DataOut(1, tag, 0, 0, new byte[512], final: true));
        }, "r2t 512, reject 07, status 00, lives"),
        new("S2 the reserved tag", p => p.Login().Send(At(Pdu.ReservedTag, p.CmdSn)), "reject 09, lives"),
        new("S2 the same tag on two connections", p =>
        {
            p.Send(P.LoginRequest(Hostile.Names + "MaxConnections=2\0" + Hostile.Solicited, cid: 1)).Next();
            p.Send(At(9, 1)).Next();
            p.Send(P.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 1, 2, 0xa0, 512)).Next();
            p.Again().Send(P.LoginRequest(Hostile.Names, cid: 2, tsih: p.Tsih)).Next();
            p.Send(P.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 1, 3, 0xa0, 512));
            p.Send(P.DataOut(1, p.NextTag(), 0, 0, new byte[512], final: true));
        }, "login 0000, status 02 6/2900, r2t 512, login 0000, r2t 512, status 00, lives"),
        new("S3 immediate commands without end", p =>
        {
            p.Login(Hostile.Solicited);
            for (uint i = 0; i < 200; i++)
            {
                byte[] write = P.ScsiCommand(Cdb.Ten(0x2a, 0, 1), i, p.CmdSn, 0xa0, 512);
                write[0] |= 0x40;
                p.Send(write);
            }
        }, "r2t 512 x144, reject 06 x56, lives"),
        new("S3 ten thousand immediate pings", p =>
        {
            byte[] pings = [.. Enumerable.Repeat(P.Bhs(Opcode.NopOut, immediate: true), 1000).SelectMany(b => b)];
            p.Login();
            for (int i = 0; i < 10; i++)
            {
                p.Send(pings);
                for (int j = 0; j < 1000; j++) p.Next();
            }
        }, "ping 0 x10000, lives") { AtOnceOnly = true, Memory = 64 << 20 },
        new("S4 ExpStatSN far ahead and far behind", p => p.Login().Send(P.Put32(Ready(p, 1), 28, 0x7fff0000), P.Put32(Ready(p, 2), 28, 0x80000010)), "status 00 x2, lives"),
    ];

    // A write of 1024 bytes is asked for its data, and then this comes.
    private static IEnumerable<Row> DataOuts() =>
        from row in new (string Name, uint Sn, uint Offset, int Length, bool Final, string Expected)[]
        {
            ("DataSN begins at 1", 1, 0, 1024, true, "b/4705"),
            ("DataSN 27", 27, 0, 1024, true, "b/4705"),
            ("DataSN -1", 0xffffffff, 0, 1024, true, "b/4705"),
            ("a hole before it", 0, 512, 512, true, "b/4705"),
            ("beyond the expected length", 0, 4096, 1024, true, "b/4705"),
            ("an offset that wraps", 0, 0xfffffe00, 1024, true, "b/4705"),
            ("more than was asked for", 0, 0, 2048, true, "b/4705"),
            ("F too early", 0, 0, 512, true, "b/0c0d"),
            ("F missing", 0, 0, 1024, false, "b/0c0d"),
            ("no data", 0, 0, 0, true, "b/0c0d"),
        }
        select new Row($"S5 Data-Out: {row.Name}", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p, blocks: 2));
            p.Send(P.DataOut(1, p.NextTag(), row.Sn, row.Offset, Random(row.Length, 5), row.Final)).Next();
            // Nothing of it is on the medium.
            byte[] read = p.Scsi("28 00 00 00 00 28 00 00 02 00", read: 1024).Next().Data;
            p.Note(read.All(b => b == 0) ? "nothing written" : "WRITTEN");
        }, $"r2t 1024, status 02 {row.Expected}, data 1024, nothing written, lives");

    private static readonly Row[] s_data =
    [
        new("S5 Data-Out: an unknown task", p => p.Login().Send(P.DataOut(77, 5, 0, 0, new byte[512], final: true)), "reject 09, lives"),
        new("S5 Data-Out: a task that is over", p =>
        {
            p.Login().Send(Ready(p, 1)).Next();
            p.Send(P.DataOut(1, Pdu.ReservedTag, 0, 0, new byte[512], final: true));
        }, "status 00, reject 09, lives"),
        new("S5 Data-Out: a read that is under way", p =>
        {
            p.Login().Scsi("00", lun: 2).Next();
            using var held = new HeldUnit(p.Target, 2);
            p.Scsi("28 00 00 00 00 00 00 00 01 00", read: 512, lun: 2, itt: 5).Send(P.DataOut(5, 1, 0, 0, new byte[16], final: true)).Next();
            held.LetGo();
            p.Next();
        }, "status 02 6/2900, reject 09, data 512, lives"),
        .. from tag in new[] { 0u, 0x1234u, Pdu.ReservedTag }
           select new Row($"S5 Data-Out: the transfer tag {tag:x}", p =>
           {
               p.Login(Hostile.Solicited).Send(Write(p));
               uint right = p.NextTag();
               p.Send(P.DataOut(1, tag, 0, 0, new byte[512], final: true), P.DataOut(1, right, 0, 0, new byte[512], final: true));
           }, "r2t 512, reject 09, status 02 b/4705, lives"),
        new("S5 Data-Out: the same DataSN twice", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p));
            uint tag = p.NextTag();
            p.Send(P.DataOut(1, tag, 0, 0, new byte[256], final: false), P.DataOut(1, tag, 0, 256, new byte[256], final: true));
        }, "r2t 512, status 02 b/4705, lives"),
        new("S5 Data-Out: data twice", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p));
            uint tag = p.NextTag();
            p.Send(P.DataOut(1, tag, 0, 0, new byte[256], final: false), P.DataOut(1, tag, 1, 0, new byte[256], final: true));
        }, "r2t 512, status 02 b/4705, lives"),
        new("S5 Data-Out: another LUN in its header changes nothing", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p));
            byte[] data = P.DataOut(1, p.NextTag(), 0, 0, new byte[512], final: true);
            data[9] = 1; // the witness's
            p.Send(data);
        }, "r2t 512, status 00, lives"),
        new("S5 Data-Out: too much for nobody", p => p.Login().Send([.. Enumerable.Repeat(P.DataOut(77, 5, 0, 0, [], final: true), 65)]), "reject 09 x64, closed"),
        new("S6 unsolicited data that was not agreed upon", p => p.Login(Hostile.Solicited).Send(
            P.ScsiCommand(Cdb.Ten(0x2a, 9, 1), 1, p.CmdSn++, 0x20, 512), P.DataOut(1, Pdu.ReservedTag, 0, 0, new byte[512], final: true)), "status 02 b/0c0c, lives"),
        new("S6 immediate data that was not agreed upon", p => p.Login(Hostile.Solicited).Send(P.WithData(P.ScsiCommand(Cdb.Ten(0x2a, 9, 1), 1, p.CmdSn++, 0xa0, 512), new byte[512])), "status 02 b/0c0c, lives"),
        new("S6 more immediate data than FirstBurstLength", p => p.Login("FirstBurstLength=512\0").Send(P.WithData(P.ScsiCommand(Cdb.Ten(0x2a, 9, 2), 1, p.CmdSn++, 0xa0, 1024), new byte[1024])), "status 02 b/0c0d, lives"),
        new("S6 less unsolicited data than FirstBurstLength is asked for", p =>
        {
            p.Login("InitialR2T=No\0FirstBurstLength=1024\0").Send(P.ScsiCommand(Cdb.Ten(0x2a, 9, 4), 1, p.CmdSn++, 0x20, 2048), P.DataOut(1, Pdu.ReservedTag, 0, 0, new byte[512], final: true));
            p.Send(P.DataOut(1, p.NextTag(), 0, 512, new byte[1536], final: true));
        }, "r2t 1536, status 00, lives"),
        new("S6 more unsolicited data than FirstBurstLength", p => p.Login("InitialR2T=No\0FirstBurstLength=1024\0").Send(
            P.ScsiCommand(Cdb.Ten(0x2a, 9, 4), 1, p.CmdSn++, 0x20, 2048), P.DataOut(1, Pdu.ReservedTag, 0, 0, new byte[2048], final: true)), "status 02 b/4705, lives"),
        new("S7 a write that expects nothing", p => p.Login().Send(P.ScsiCommand(Cdb.Ten(0x2a, 9, 1), 1, p.CmdSn++, 0xa0, 0)), "status 00, lives"),
        new("S7 a block that expects 4 GiB", p =>
        {
            p.Login(Hostile.Solicited).Send(P.ScsiCommand(Cdb.Ten(0x2a, 9, 1), 1, p.CmdSn++, 0xa0, 0xffffffff));
            p.Send(P.DataOut(1, p.NextTag(), 0, 0, new byte[512], final: true));
        }, "r2t 512, status 00, lives"),
        new("S7 both ways", p => p.Login(Hostile.Solicited).Send(P.ScsiCommand(Cdb.Ten(0x28, 9, 1), 1, p.CmdSn++, 0xe0, 512)), "status 02 5/0e03, lives"),
        new("S7 a read that goes no way", p => p.Login().Send(P.ScsiCommand(Cdb.Ten(0x28, 9, 1), 1, p.CmdSn++, 0x80, 0)), "status 00, lives"),
        new("S7 a write that goes the other way", p => p.Login().Send(P.ScsiCommand(Cdb.Ten(0x2a, 9, 1), 1, p.CmdSn++, 0xc0, 512)), "status 02 5/0e03, lives"),
        new("S7 neither F nor W", p => p.Login().Send(P.ScsiCommand(new byte[6], 1, p.CmdSn, 0, 0)), "reject 09, lives"),
        new("S8 a ping without a tag that is not immediate", p => p.Login().Send(P.Put32(P.Bhs(Opcode.NopOut, itt: Pdu.ReservedTag), 24, p.CmdSn)), "reject 04, lives"),
        new("S8 an answer to no ping", p => p.Login().Send(P.Put32(P.Bhs(Opcode.NopOut, itt: Pdu.ReservedTag, immediate: true), 20, 55)), "lives"),
        new("S8 an answer to no ping that is one", p => p.Login().Send(P.Put32(P.Bhs(Opcode.NopOut, immediate: true), 20, 55)), "ping 0, lives"),
        new("S8 a ping longer than its sender takes", p => p.Login("MaxRecvDataSegmentLength=512\0").Send(P.WithData(P.Bhs(Opcode.NopOut, immediate: true), new byte[2000])), "ping 512, lives"),
        new("S9 SNACK with any run", p => p.Login().Send(P.Put32(P.Put32(P.Bhs(Opcode.SnackRequest, 0x83), 40, 0xfffffffe), 44, 0xffffffff)), "reject 05, lives"),
    ];

    private static readonly Row[] s_functions =
    [
        .. from function in new[] { 0, 3, 9, 13, 64, 127 } select new Row($"S10 function {function}", p => p.Login().Function(function), "function 5, lives"),
        new("S10 a reassignment", p => p.Login().Function(8), "function 4, lives"),
        new("S10 an abort of itself", p => p.Login().Function(1, reference: 0x900), "function 255, lives"),
        new("S10 an abort with any RefCmdSN", p => p.Login().Function(1, reference: 0x77, refCmdSn: 0xdeadbeef), "function 1, lives"),
        new("S10 an abort while data is asked for", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p));
            uint tag = p.NextTag();
            p.Function(1, reference: 1).Next();
            p.Send(P.DataOut(1, tag, 0, 0, new byte[512], final: true));
        }, "r2t 512, function 0, lives"),
        new("S10 an abort of what never came", p =>
        {
            uint lost = p.Login().CmdSn++;
            p.Function(1, reference: 0x77, refCmdSn: lost).Send(Ready(p, 1));
        }, "function 0, status 00, lives"),
        new("S10 a LUN reset while data is asked for", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p));
            uint tag = p.NextTag();
            p.Function(5).Next();
            p.Send(P.DataOut(1, tag, 0, 0, new byte[512], final: true), Ready(p, 2));
        }, "r2t 512, function 0, status 02 6/2903, lives"),
        new("S10 a hundred resets while a task hangs", p =>
        {
            p.Login().Scsi("00", lun: 2).Next();
            using var held = new HeldUnit(p.Target, 2);
            p.Scsi("28 00 00 00 00 00 00 00 01 00", read: 512, lun: 2, itt: 5);
            held.AwaitOne();
            for (uint i = 0; i < 100; i++) p.Function(5, lun: 2, itt: 0x900 + i);
            // Its answer says that all have come, and none is answered yet.
            p.Send(P.Bhs(Opcode.NopOut, immediate: true)).Next();
            held.LetGo();
            for (uint i = 0; i < 100; i++) p.Next();
        }, "status 02 6/2900, ping 0, function 0 x100, lives"),
        new("S10 resets without end while a task hangs", p =>
        {
            p.Login().Scsi("00", lun: 2).Next();
            using var held = new HeldUnit(p.Target, 2);
            p.Scsi("28 00 00 00 00 00 00 00 01 00", read: 512, lun: 2, itt: 5);
            held.AwaitOne();
            for (uint i = 0; i < 200; i++) p.Function(5, lun: 2, itt: 0x900 + i);
            for (uint i = 0; i < 72; i++) p.Next();
            held.LetGo();
            for (uint i = 0; i < 128; i++) p.Next();
        }, "status 02 6/2900, reject 06 x72, function 0 x128, lives"),
        new("S10 a warm reset", p => p.Login().Function(6), "function 0, lives") { ShakesTarget = true },
        new("S10 a cold reset", p => p.Login().Function(7), "function 0, closed") { ShakesTarget = true },
        new("S12 a storm of reinstatements", p =>
        {
            for (int i = 0; i < 30; i++) p.Again().Login(Hostile.Solicited).Send(Write(p, blocks: 64));
        }, "r2t 32768, lives") { Memory = 64 << 20 },
    ];

    private static IEnumerable<Row> Logouts()
    {
        foreach (byte reason in new byte[] { 3, 64, 127 })
            yield return new($"S11 a logout for reason {reason}", p => p.Login().Send(Logout(reason)), "reject 09, lives");
        yield return new("S11 a logout of a connection nobody has", p => p.Login().Send(Logout(1, cid: 7)), "logout 1, lives");
        yield return new("S11 a logout for recovery", p => p.Login().Send(Logout(2)), "logout 2, lives");
        yield return new("S11 two logouts", p => p.Login().Send(Logout(0), Logout(0)), "logout 0, closed") { Orderly = true };
        yield return new("S11 a logout while data is asked for", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p)).Next();
            p.Send(Logout(0));
        }, "r2t 512, logout 0, closed")
        { Orderly = true };
        yield return new("S13 a command after the logout", p => p.Login().Send(Logout(0), Ready(p, 1)), "logout 0, closed") { Orderly = true };
    }

    private static byte[] At(uint itt, uint cmdSn) => P.ScsiCommand(new byte[6], itt, cmdSn, 0x80, 0);

    private static byte[] Logout(byte reason, byte cid = 0)
    {
        byte[] bhs = P.Bhs(Opcode.LogoutRequest, (byte)(0x80 | reason), 0x500, immediate: true);
        (bhs[20], bhs[21], bhs[22], bhs[23]) = (0, cid, 0, 0);
        return bhs;
    }
}
