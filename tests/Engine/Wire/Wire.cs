using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Wire;

/// <summary>Composes PDUs as they are on the wire.</summary>
internal static class Pdus
{
    public const string Initiator = "iqn.2026-01.test.example:i";
    public const string Target = "iqn.2026-01.test.example:t";
    public const string Names = $"InitiatorName={Initiator}\0TargetName={Target}\0SessionType=Normal\0";

    public static byte[] Make(Opcode opcode, byte flags = 0x80, uint itt = 1, uint sn = 100, ulong lun = 0, byte[]? data = null, bool immediate = false, byte[]? ahs = null)
    {
        byte[] bhs = new byte[48];
        bhs[0] = (byte)((int)opcode | (immediate ? 0x40 : 0));
        bhs[1] = flags;
        if (Pdu.Row(opcode).Lun != 0) BinaryPrimitives.WriteUInt64BigEndian(bhs.AsSpan(8), Lun.ToField(lun));
        Put(bhs, 16, itt);
        if (Pdu.Row(opcode).Ttt != 0) Put(bhs, 20, Pdu.ReservedTag);
        if (opcode is not (Opcode.DataOut or Opcode.SnackRequest)) Put(bhs, 24, sn);
        Put(bhs, 28, sn);
        if (Pdu.Row(opcode).Direction == Direction.ToInitiator) Put(bhs, 32, sn + 31);
        return With(bhs, data ?? [], ahs ?? []);
    }

    public static byte[] With(byte[] bhs, byte[] data, byte[] ahs)
    {
        byte[] pdu = new byte[48 + ahs.Length + Pdu.Pad(data.Length)];
        bhs.CopyTo(pdu, 0);
        ahs.CopyTo(pdu, 48);
        data.CopyTo(pdu, 48 + ahs.Length);
        pdu[4] = (byte)(ahs.Length / 4);
        pdu[5] = (byte)(data.Length >> 16);
        pdu[6] = (byte)(data.Length >> 8);
        pdu[7] = (byte)data.Length;
        return pdu;
    }

    public static void Put(byte[] bhs, int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(at), value);

    public static byte[] Command(uint itt, uint sn, byte opcode = 0x28, ulong lun = 0, uint length = 4096, byte flags = 0xc1, byte[]? data = null, byte[]? ahs = null, string cdb = "")
    {
        byte[] pdu = Make(Opcode.ScsiCommand, flags, itt, sn, lun, data, ahs: ahs);
        Put(pdu, 20, length);
        pdu[32] = opcode;
        Convert.FromHexString(cdb).CopyTo(pdu, 32);
        return pdu;
    }

    public static byte[] DataIn(uint itt, uint sn, byte[] data, byte flags = 0x81, uint offset = 0)
    {
        byte[] pdu = Make(Opcode.DataIn, flags, itt, sn, data: data);
        Put(pdu, 40, offset);
        return pdu;
    }

    public static byte[] DataOut(uint itt, uint sn, uint ttt, byte[] data, ulong lun = 0)
    {
        byte[] pdu = Make(Opcode.DataOut, 0x80, itt, sn, lun, data);
        Put(pdu, 20, ttt);
        return pdu;
    }

    public static byte[] R2t(uint itt, uint sn, uint ttt, uint length, ulong lun = 0)
    {
        byte[] pdu = Make(Opcode.ReadyToTransfer, 0x80, itt, sn, lun);
        Put(pdu, 20, ttt);
        Put(pdu, 44, length);
        return pdu;
    }

    public static byte[] Response(uint itt, uint sn, byte status = 0, byte[]? sense = null)
    {
        byte[] pdu = Make(Opcode.ScsiResponse, 0x80, itt, sn, data: sense is null ? null : [(byte)(sense.Length >> 8), (byte)sense.Length, .. sense]);
        pdu[3] = status;
        return pdu;
    }

    public static byte[] Login(string text, byte flags = 0x87, ushort tsih = 0, ushort cid = 0, byte isid = 1, uint itt = 7)
    {
        byte[] pdu = Make(Opcode.LoginRequest, flags, itt, 1, data: Encoding.UTF8.GetBytes(text), immediate: true);
        pdu[8] = 0x80;
        pdu[13] = isid;
        pdu[14] = (byte)(tsih >> 8);
        pdu[15] = (byte)tsih;
        pdu[20] = (byte)(cid >> 8);
        pdu[21] = (byte)cid;
        return pdu;
    }

    public static byte[] LoggedIn(string text = "", byte flags = 0x87, ushort tsih = 5, ushort status = 0, byte isid = 1, uint itt = 7)
    {
        byte[] pdu = Make(Opcode.LoginResponse, flags, itt, 1, data: Encoding.UTF8.GetBytes(text));
        pdu[8] = 0x80;
        pdu[13] = isid;
        pdu[14] = (byte)(tsih >> 8);
        pdu[15] = (byte)tsih;
        pdu[36] = (byte)(status >> 8);
        pdu[37] = (byte)status;
        return pdu;
    }

    public static byte[] Random(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The same PDU with digests.</summary>
    public static byte[] Digested(byte[] pdu, bool header = true, bool data = true)
    {
        int head = 48 + pdu[4] * 4;
        var all = new List<byte>(pdu[..head]);
        byte[] four = new byte[4];
        Crc32C.Write(four, Crc32C.Add(Crc32C.Start, pdu.AsSpan(0, head)));
        if (header) all.AddRange(four);
        all.AddRange(pdu[head..]);
        Crc32C.Write(four, Crc32C.Add(Crc32C.Start, pdu.AsSpan(head)));
        if (data && pdu.Length > head) all.AddRange(four);
        return [.. all];
    }

    /// <summary>Each kind of PDU, of both directions.</summary>
    public static IEnumerable<(Direction Direction, byte[] Pdu)> Kinds()
    {
        byte[] ahs = [0, 17, 1, 0, .. Enumerable.Range(16, 16).Select(i => (byte)i)];
        (Direction, byte[]) T(byte[] pdu) => (Direction.ToTarget, pdu);
        (Direction, byte[]) I(byte[] pdu) => (Direction.ToInitiator, pdu);
        yield return T(Command(10, 101, lun: 3));
        yield return I(DataIn(10, 101, Random(61, 1), flags: 0));
        yield return I(DataIn(10, 101, Random(64, 2)));
        yield return T(Command(11, 102, 0x2a, 1, 96, 0xa1, Random(33, 3)));
        yield return I(R2t(11, 102, 9, 63, 1));
        yield return T(DataOut(11, 102, 9, Random(63, 4), 1));
        yield return I(Response(11, 103));
        yield return T(Command(12, 103, 0x7f, 2, 0, 0x81, ahs: ahs));
        yield return I(Response(12, 104, 2, Random(18, 5)));
        yield return T(Command(13, 104, 0x2a, 2, 0, 0x81));
        yield return I(Response(13, 105, 2, Random(90, 6)));
        yield return T(Make(Opcode.NopOut, itt: 14, sn: 105, data: Random(7, 7), immediate: true));
        yield return I(Make(Opcode.NopIn, itt: 14, sn: 106, data: Random(7, 7)));
        yield return T(Make(Opcode.TaskManagementRequest, 0x82, 15, 106, 2));
        yield return I(Make(Opcode.TaskManagementResponse, itt: 15, sn: 107));
        yield return T(Make(Opcode.TextRequest, itt: 16, sn: 107, data: "SendTargets=All\0"u8.ToArray()));
        yield return I(Make(Opcode.TextResponse, itt: 16, sn: 108, data: "TargetName=iqn.2026-01.test.example:t\0"u8.ToArray()));
        yield return I(Make(Opcode.AsyncMessage, itt: Pdu.ReservedTag, sn: 109));
        yield return T(Make(Opcode.SnackRequest, itt: 17, sn: 108));
        byte[] reject = Make(Opcode.Reject, itt: Pdu.ReservedTag, sn: 109, data: Random(48, 9));
        reject[2] = 4;
        yield return I(reject);
        yield return T(Make(Opcode.LogoutRequest, 0x80, 18, 109));
        yield return I(Make(Opcode.LogoutResponse, itt: 18, sn: 110));
    }
}

/// <summary>A connection and what became of it.</summary>
internal sealed class WireRig
{
    private readonly List<string> _names = [];

    public WireRig(bool sawStart = true, WireOptions? options = null, WireContext? context = null)
    {
        Context = context ?? new WireContext(new Provider("test", 1 << 14) { Enabled = ProbeSet.All }, options ?? new WireOptions());
        Connection = new WireConnection(Context, "192.0.2.1:3260", "192.0.2.2:4711", 1000, sawStart);
        Connection.HearBoth();
    }

    public WireContext Context { get; }

    public Provider Provider => Context.Provider;

    public WireConnection Connection { get; }

    public long Now { get; set; } = 2000;

    /// <summary>A rig whose login is done and looked at.</summary>
    public static WireRig LoggedIn(string offer = "", string answer = "")
    {
        var rig = new WireRig();
        rig.Login(offer, answer);
        rig.Events();
        return rig;
    }

    public WireRig Login(string offer = "", string answer = "", ushort tsih = 0, ushort cid = 0)
    {
        ToTarget(Pdus.Login(Pdus.Names + offer, tsih: tsih, cid: cid));
        ToInitiator(Pdus.LoggedIn("TargetPortalGroupTag=1\0" + answer));
        return this;
    }

    public WireRig Send(Direction direction, ReadOnlySpan<byte> bytes)
    {
        Connection.Bytes(direction, bytes, Now++);
        return this;
    }

    public WireRig ToTarget(params byte[][] pdus)
    {
        foreach (byte[] pdu in pdus) Send(Direction.ToTarget, pdu);
        return this;
    }

    public WireRig ToInitiator(params byte[][] pdus)
    {
        foreach (byte[] pdu in pdus) Send(Direction.ToInitiator, pdu);
        return this;
    }

    /// <summary>The events since the last look: all of each but its time.</summary>
    public List<string> Events(bool times = false) => Drain(Provider, _names, times);

    public static List<string> Drain(Provider provider, List<string> names, bool times = false)
    {
        provider.NamesSince(names.Count, names);
        var events = new List<string>();
        while (true)
        {
            ref ProbeEvent e = ref provider.Ring!.Peek();
            if (Unsafe.IsNullRef(ref e)) return events;
            string time = times ? $"{e.Time} " : "";
            events.Add($"{time}{e.Probe.Name()} {(long)e.LunNumber} {names[(int)e.Target]} {names[(int)e.Initiator]} {Convert.ToHexString(e.Header)} {Convert.ToHexString(e.TailSpan)}{(e.Unmapped.IsKnown ? $" unmaps {e.Unmapped.Blocks} in {e.Unmapped.Descriptors}" : "")}");
            provider.Ring.Release();
        }
    }

    public List<ConnectionInfo> Changes()
    {
        var all = new List<ConnectionInfo>();
        while (Provider.ConnectionChanges.TryDequeue(out ConnectionInfo? info)) all.Add(info);
        return all;
    }

    public ConnectionInfo LastChange() => Changes()[^1];
}
