using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Server;

/// <summary>A peer that sends any bytes it likes and reads PDUs: what a broken or hostile initiator can do.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly Socket _socket;

    public RawPeer(IPEndPoint portal)
    {
        _socket = new Socket(portal.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
        _socket.Connect(portal);
    }

    public Socket Socket => _socket;

    public uint CmdSn { get; set; } = 1;

    /// <summary>Bytes of the digests that the target's PDUs carry.</summary>
    public int HeaderDigest { get; set; }

    /// <inheritdoc cref="HeaderDigest"/>
    public int DataDigest { get; set; }

    /// <summary>A header.</summary>
    public static byte[] Bhs(Opcode opcode, byte flags = 0x80, uint itt = 1, bool immediate = false)
    {
        byte[] bhs = new byte[48];
        bhs[0] = (byte)((int)opcode | (immediate ? 0x40 : 0));
        bhs[1] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(16), itt);
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(20), opcode is Opcode.NopOut or Opcode.TextRequest ? Pdu.ReservedTag : 0);
        return bhs;
    }

    public static byte[] LoginRequest(string text, byte flags = 0x87, uint itt = 1, ushort tsih = 0, ushort cid = 0, byte isid = 1)
    {
        byte[] bhs = Bhs(Opcode.LoginRequest, flags, itt, immediate: true);
        bhs[8] = 0x80;
        bhs[13] = isid;
        BinaryPrimitives.WriteUInt16BigEndian(bhs.AsSpan(14), tsih);
        BinaryPrimitives.WriteUInt16BigEndian(bhs.AsSpan(20), cid);
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(24), 1);
        return WithData(bhs, Encoding.Latin1.GetBytes(text));
    }

    public static byte[] ScsiCommand(byte[] cdb, uint itt, uint cmdSn, byte flags, uint length, int lun = 0)
    {
        byte[] bhs = Bhs(Opcode.ScsiCommand, flags, itt);
        BinaryPrimitives.WriteUInt64BigEndian(bhs.AsSpan(8), Lun.Encode(lun));
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(20), length);
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(24), cmdSn);
        cdb.CopyTo(bhs, 32);
        return bhs;
    }

    public static byte[] DataOut(uint itt, uint ttt, uint dataSn, uint offset, byte[] data, bool final)
    {
        byte[] bhs = Bhs(Opcode.DataOut, final ? (byte)0x80 : (byte)0, itt);
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(20), ttt);
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(36), dataSn);
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(40), offset);
        return WithData(bhs, data);
    }

    public static byte[] WithData(byte[] bhs, byte[] data)
    {
        byte[] pdu = new byte[bhs.Length + Pdu.Pad(data.Length)];
        bhs.CopyTo(pdu, 0);
        data.CopyTo(pdu, bhs.Length);
        pdu[5] = (byte)(data.Length >> 16);
        pdu[6] = (byte)(data.Length >> 8);
        pdu[7] = (byte)data.Length;
        return pdu;
    }

    public static byte[] Put32(byte[] bhs, int at, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(at), value);
        return bhs;
    }

    public void Send(params byte[][] pdus)
    {
        try
        {
            foreach (byte[] pdu in pdus) _socket.Send(pdu);
        }
        catch (SocketException)
        {
            // The target may close while we still talk; what it did is seen by reading.
        }
    }

    /// <summary>Reads a PDU.</summary>
    /// <returns>Header and data; null when the target closed the connection.</returns>
    public (byte[] Bhs, byte[] Data)? Read()
    {
        byte[] bhs = new byte[48];
        if (!Fill(bhs) || !Fill(new byte[HeaderDigest])) return null;
        byte[] data = new byte[bhs[5] << 16 | bhs[6] << 8 | bhs[7]];
        byte[] padded = new byte[Pdu.Pad(data.Length)];
        if (!Fill(padded) || (data.Length > 0 && !Fill(new byte[DataDigest]))) return null;
        padded.AsSpan(0, data.Length).CopyTo(data);
        return (bhs, data);
    }

    /// <summary>Reads a PDU of this opcode, and it must be the next one.</summary>
    public (byte[] Bhs, byte[] Data) Expect(Opcode opcode)
    {
        (byte[] Bhs, byte[] Data)? pdu = Read();
        Assert.That(pdu, Is.Not.Null, $"closed where {opcode} was expected");
        Assert.That((Opcode)(pdu!.Value.Bhs[0] & 0x3f), Is.EqualTo(opcode));
        return pdu.Value;
    }

    public void ExpectClosed() => Assert.That(Read(), Is.Null, "the target was to close");

    /// <summary>Logs in to the test target with the given keys besides the names.</summary>
    public RawPeer LoginOnly(string keys = "", string host = "raw", byte isid = 1)
    {
        Send(LoginRequest($"InitiatorName=iqn.2026-01.test.example:{host}\0TargetName={TestTarget.Name}\0{keys}", isid: isid));
        (byte[] bhs, _) = Expect(Opcode.LoginResponse);
        Assert.That(bhs[36] << 8 | bhs[37], Is.Zero, "login status");
        return this;
    }

    /// <summary>Logs in and takes the unit attention.</summary>
    public RawPeer Login(string keys = "", string host = "raw", byte isid = 1)
    {
        LoginOnly(keys, host, isid);
        for (int i = 0; i < 2; i++)
        {
            // The first answer is the power-on unit attention.
            Send(ScsiCommand(new byte[6], 0x7000 + (uint)i, CmdSn++, 0x80, 0));
            Expect(Opcode.ScsiResponse);
        }
        return this;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Reads as many bytes as were asked for.</summary>
    public byte[] ReadBytes(int count)
    {
        byte[] bytes = new byte[count];
        Assert.That(Fill(bytes), $"closed where {count} bytes were expected");
        return bytes;
    }

    private bool Fill(byte[] into)
    {
        for (int done = 0; done < into.Length;)
        {
            int count;
            try
            {
                count = _socket.Receive(into.AsSpan(done));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                return false;
            }
            if (count == 0) return false;
            done += count;
        }
        return true;
    }
}
