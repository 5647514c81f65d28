using System.Net.Sockets;
using System.Text;
using Iscsitop.Target.Iscsi;
using Iscsitop.Tests.Server;
using P = Iscsitop.Tests.Server.RawPeer;

namespace Iscsitop.Tests.BadInput;

/// <summary>What is wrong with the framing: lengths, additional headers, opcodes, digests, and peers that stop half-way.</summary>
internal static class FramingRows
{
    private const byte Both = 0xe0;

    public static IEnumerable<Row> All => [.. Lengths(), .. s_rows, .. AdditionalHeaders(), .. Opcodes(), LongOpcode()];

    private static readonly Row[] s_rows =
    [
        new("F1 random bytes", p => p.Send(Random(4096, seed: 3)), "closed"),
        new("F1 HTTP", p => p.Send("GET / HTTP/1.1\r\n"u8.ToArray()), "closed"),
        new("F1 TLS", p => p.Send([0x16, 0x03, 0x01, 0x02]), "closed"),
        new("F2 a hundred PDUs at once", p => p.Send([.. Enumerable.Range(0, 100).Select(i => Ready(p, (uint)i))]), "status 00 x100, lives"),
        new("F2 PDUs across 64 KiB", p => p.Login("MaxRecvDataSegmentLength=262144\0").Send(Ping(p, 100_001), Ping(p, 65_536), Ping(p, 262_144)), "ping 100001, ping 65536, ping 262144, lives"),
        new("F5 padding that is not zero", p =>
        {
            byte[] ping = Ping(p.Login(), 5);
            ping.AsSpan(^3).Fill(0xff);
            p.Send(ping);
        }, "ping 5, lives"),
        new("F7 I of a Data-Out", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p));
            byte[] data = P.DataOut(1, p.NextTag(), 0, 0, new byte[512], final: true);
            data[0] |= 0x40;
            p.Send(data);
        }, "r2t 512, status 00, lives"),
        new("F7 I of a SNACK", p => p.Login().Send(P.Bhs(Opcode.SnackRequest, immediate: true)), "reject 05, lives"),
        new("F7 no F of a NOP-Out", p => p.Login().Send(P.Bhs(Opcode.NopOut, 0, immediate: true)), "ping 0, lives"),
        new("F7 no F of a task management request", p => p.Login().Send(P.Put32(P.Bhs(Opcode.TaskManagementRequest, 1, immediate: true), 20, 77)), "function 1, lives"),
        new("F7 no F of a logout", p => p.Login().Send(P.Bhs(Opcode.LogoutRequest, 0, immediate: true)), "logout 0, closed") { Orderly = true },
        new("F8 header digest", p => p.LoginDigested().Send(Hostile.Digested(Ready(p, 1), badHeader: true)), "closed"),
        new("F9 data digest of a command", p => p.LoginDigested().Send(
            Hostile.Digested(P.WithData(P.ScsiCommand(Cdb.Ten(0x2a, 9, 1), 1, p.CmdSn, 0xa0, 512), new byte[512]), badData: true),
            Hostile.Digested(Ready(p, 2))), "reject 02, status 00, lives"),
        new("F9 data digest of a Text Request", p => p.LoginDigested().Send(
            Hostile.Digested(P.WithData(P.Put32(P.Bhs(Opcode.TextRequest), 24, p.CmdSn), "SendTargets=All\0"u8.ToArray()), badData: true),
            Hostile.Digested(Ready(p, 2))), "reject 02, status 00, lives"),
        new("F9 data digest of a NOP-Out", p => p.LoginDigested().Send(
            Hostile.Digested(P.WithData(P.Put32(P.Bhs(Opcode.NopOut), 24, p.CmdSn), new byte[40]), badData: true),
            Hostile.Digested(Ready(p, 2))), "reject 02, status 00, lives"),
        new("F9 data digest of a Data-Out", p =>
        {
            p.LoginDigested().Send(Hostile.Digested(Write(p)));
            p.Send(Hostile.Digested(P.DataOut(1, p.NextTag(), 0, 0, new byte[512], final: true), badData: true));
        }, "r2t 512, reject 02, status 02 b/4705, lives"),
        new("F9 data digest of padding that is not zero", p =>
        {
            byte[] ping = Ping(p.LoginDigested(), 5);
            ping.AsSpan(^3).Fill(0xff);
            p.Send(Hostile.Digested(ping));
        }, "ping 5, lives"),
        new("F10 no header digest", p => p.LoginDigested().Send(Ready(p, 1), new byte[4]), "closed"),
        new("F10 no data digest", p => p.LoginDigested(header: true).Send(
            Hostile.Digested(P.WithData(P.Bhs(Opcode.NopOut, immediate: true), [1, 2, 3, 4]))[..^4], Hostile.Digested(Ready(p, 1)), Hostile.Digested(Ready(p, 2))),
            "reject 02, closed"),
        new("F11 half of a PDU and no more", p =>
        {
            p.Login().Send(Ready(p, 1)[..30]);
            p.Peer.Socket.Shutdown(SocketShutdown.Send);
        }, "closed") { Orderly = true },
        new("F11 half of a login and silence", p => p.Send(P.LoginRequest(Hostile.Names)[..40]), "closed") { Stalls = true },
        new("F11 nothing at all", _ => { }, "closed") { Stalls = true },
        new("F11 half of a PDU and silence", p => p.Login().Send(Ready(p, 1)[..30]), "closed") { Stalls = true },
        new("F11 half of a Data-Out and silence", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p));
            uint tag = p.NextTag();
            p.LoseItsPatience().Send(P.DataOut(1, tag, 0, 0, new byte[512], final: true)[..300]);
        }, "r2t 512, closed") { Stalls = true },
        new("F11 half of data for nobody and silence", p => p.Login().Send(P.DataOut(1, 7, 0, 0, new byte[512], final: true)[..300]).Next(), "reject 09, closed") { Stalls = true },
        new("F11 a reset in a Data-Out", p =>
        {
            p.Login(Hostile.Solicited).Send(Write(p, blocks: 2048));
            p.Send(P.DataOut(1, p.NextTag(), 0, 0, new byte[65536], final: false)[..30_000]);
            p.Peer.Socket.Close(0);
            p.Again().Login(isid: 2);
        }, "r2t 262144, lives") { AtOnceOnly = true },
        new("F12 a peer that does not read", p =>
        {
            p.Login("MaxRecvDataSegmentLength=262144\0");
            for (uint i = 0; i < 60; i++) p.Peer.Send(P.ScsiCommand(Cdb.Ten(0x28, 0, 8192), i, p.CmdSn++, 0xc0, 4 << 20));
            // Until the target gives the connection up; what it has sent is more than is read here.
            p.Note(SpinWait.SpinUntil(() => p.Target.Server.Connections().Count == RowTests.Witnesses, 60_000) ? "given up" : "kept");
            p.Again().Login(isid: 2);
        }, "given up, lives") { AtOnceOnly = true, Stalls = true },
    ];

    private static IEnumerable<Row> Lengths()
    {
        foreach (Opcode opcode in new[] { Opcode.NopOut, Opcode.ScsiCommand, Opcode.TaskManagementRequest, Opcode.TextRequest, Opcode.DataOut, Opcode.LogoutRequest, Opcode.SnackRequest, (Opcode)0x07 })
        {
            yield return new($"F3 16 MiB of data with opcode {(int)opcode:x2}", p => p.Login().Send(Long(P.Bhs(opcode), 0xffffff)), "reject 04, closed");
            yield return new($"F3 a byte too much with opcode {(int)opcode:x2}", p => p.Login().Send(Long(P.Bhs(opcode), 262_145)), "reject 04, closed");
        }
        yield return new("F3 16 MiB of data in a login", p => p.Send(Long(P.LoginRequest("")[..48], 0xffffff)), "login 0200, closed");
        yield return new("F3 a byte too much in a login", p => p.Send(Long(P.LoginRequest("")[..48], 8193)), "login 0200, closed");
    }

    private static IEnumerable<Row> AdditionalHeaders()
    {
        foreach ((string what, byte flags, string ahs, string expected) in new[]
        {
            ("length 0", (byte)0x80, "0000010000000000", "reject 09"),
            ("length 1: a CDB of 16 bytes", (byte)0x80, "00010100", "status 00"),
            ("length 1 of bidirectional data", Both, "00010200", "reject 09"),
            ("length 0xffff", (byte)0x80, "ffff010000000000", "reject 09"),
            ("type 0", (byte)0x80, "0005000000000000", "reject 09"),
            ("type 3", (byte)0x80, "0005030000000000", "reject 09"),
            ("type 0x3f", (byte)0x80, "00053f0000000000", "reject 09"),
            ("two extended CDBs", (byte)0x80, "00050100000000000005010000000000", "reject 09"),
            ("two extended CDBs around another", Both, "00010100000502000000000000010100", "reject 09"),
            ("bidirectional data of a command that goes no way", (byte)0x80, "0005020000000200", "reject 09"),
            ("bidirectional data of a read", (byte)0xc0, "0005020000000200", "reject 09"),
            ("more than its parts", (byte)0x80, "000101000000", "reject 09"),
            ("less than its parts", (byte)0x80, "00090100", "reject 09"),
            ("a CDB of 261 bytes", (byte)0x80, "00f601" + new string('0', 2 * 245), "reject 09"),
        })
            yield return new($"F4 AHS {what}", p => p.Login().Send(WithAhs(P.ScsiCommand(new byte[6], 1, p.CmdSn, flags, 0), ahs), Ready(p, 2)),
                $"{expected}, {(expected == "reject 09" ? "status 00, " : "")}lives");
        yield return new("F4 AHS 255 words of nothing", p => p.Login().Send(WithAhs(P.ScsiCommand(new byte[6], 1, p.CmdSn, 0x80, 0), new string('0', 2040))), "reject 09, lives");
        foreach (Opcode opcode in new[] { Opcode.NopOut, Opcode.TaskManagementRequest, Opcode.TextRequest, Opcode.LogoutRequest, Opcode.DataOut })
            yield return new($"F4 AHS with opcode {(int)opcode:x2}", p => p.Login().Send(WithAhs(P.Put32(P.Bhs(opcode), 24, p.CmdSn), "0001010000010100")), "reject 09, lives");
    }

    private static IEnumerable<Row> Opcodes()
    {
        for (int opcode = 0; opcode < 64; opcode++)
        {
            byte first = (byte)opcode;
            bool ours = Pdu.TryGetRow(first, out PduRow row) && row.Direction == Direction.ToTarget;
            if (!ours) yield return new($"F6 opcode {opcode:x2}", p => p.Login().Send(Begin(first), Begin(first)), "reject 05 x2, closed");
            byte reserved = (byte)(0x80 | opcode);
            yield return new($"F6 opcode {reserved:x2}", p => p.Login().Send(Begin(reserved)), "reject 05, lives");
        }
    }

    // Its data is looked at once, however many receives it takes.
    private static Row LongOpcode() => new("F6 opcode 81 with 64 KiB", p =>
    {
        p.Login(Hostile.Solicited.Replace("ImmediateData=No", "ImmediateData=Yes", StringComparison.Ordinal));
        byte[] bhs = Write(p, blocks: 128);
        p.CmdSn--;
        bhs[0] |= 0x80;
        p.Send(P.WithData(bhs, new byte[65536]));
    }, "reject 05, lives");

    /// <summary>TEST UNIT READY, of the login's session if there was none yet.</summary>
    internal static byte[] Ready(Hostile p, uint itt)
    {
        if (p.CmdSn == 1) p.Login();
        return P.ScsiCommand(new byte[6], itt, p.CmdSn++, 0x80, 0);
    }

    internal static byte[] Write(Hostile p, uint itt = 1, int blocks = 1) => P.ScsiCommand(Cdb.Ten(0x2a, 40, blocks), itt, p.CmdSn++, 0xa0, (uint)blocks * 512);

    internal static byte[] WithAhs(byte[] bhs, string hex)
    {
        byte[] ahs = Convert.FromHexString(hex);
        Array.Resize(ref ahs, Pdu.Pad(ahs.Length));
        bhs[4] = (byte)(ahs.Length / 4);
        return [.. bhs, .. ahs];
    }

    internal static byte[] Random(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Ping(Hostile p, int length) => P.WithData(P.Put32(P.Bhs(Opcode.NopOut, itt: 77), 24, p.CmdSn++), Random(length, length));

    private static byte[] Begin(byte first)
    {
        byte[] bhs = P.Bhs(Opcode.NopOut, itt: 99);
        bhs[0] = first;
        return bhs;
    }

    private static byte[] Long(byte[] bhs, int length)
    {
        (bhs[5], bhs[6], bhs[7]) = ((byte)(length >> 16), (byte)(length >> 8), (byte)length);
        return bhs;
    }
}
