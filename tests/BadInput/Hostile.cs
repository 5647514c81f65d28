using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Iscsitop.Target.Iscsi;
using P = Iscsitop.Tests.Server.RawPeer;

namespace Iscsitop.Tests.BadInput;

/// <summary>A peer that means no good: sends whole PDUs at once or in single bytes, and notes in a few words what it is answered.</summary>
internal sealed class Hostile : IDisposable
{
    /// <summary>Keys with which every write's data is asked for.</summary>
    public const string Solicited = "InitialR2T=Yes\0ImmediateData=No\0";

    public const string Initiator = "iqn.2026-01.test.example:hostile";

    public const string Names = "InitiatorName=" + Initiator + "\0TargetName=" + Server.TestTarget.Name + "\0";

    /// <summary>How long a target waits that has lost its patience.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private const uint Marker = 0xfeedbeef;

    private readonly IPEndPoint _portal;
    private readonly bool _byteByByte;
    private readonly List<string> _seen = [];
    private readonly List<P> _peers = [];
    private bool _loggedIn;
    private byte[] _text = [];

    public Hostile(IPEndPoint portal, bool byteByByte)
    {
        (_portal, _byteByByte) = (portal, byteByByte);
        Peer = Connect();
    }

    /// <summary>The connection that is in use.</summary>
    public P Peer { get; private set; }

    public uint CmdSn
    {
        get => Peer.CmdSn;
        set => Peer.CmdSn = value;
    }

    /// <summary>The target this is about.</summary>
    public required Server.TestTarget Target { get; init; }

    /// <summary>The TSIH that the last login brought.</summary>
    public ushort Tsih { get; private set; }

    /// <summary>Goes on with a new connection; the old one stays.</summary>
    public Hostile Again()
    {
        Peer = Connect();
        _loggedIn = false;
        return this;
    }

    /// <summary>From now on the target waits a moment only for logins, and for data segments that begin after this.</summary>
    public Hostile LoseItsPatience()
    {
        Target.Server.Reload(Target.Server.Options with { LoginTimeout = Moment, DataTimeout = Moment });
        return this;
    }

    /// <summary>Logs in as one should and takes the unit attention of LUN 0.</summary>
    public Hostile Login(string keys = "", byte isid = 1)
    {
        Peer.Login(keys, "hostile", isid);
        _loggedIn = true;
        return this;
    }

    /// <summary>Logs in with digests.</summary>
    public Hostile LoginDigested(bool header = true)
    {
        Peer.LoginOnly((header ? "HeaderDigest=CRC32C\0" : "") + "DataDigest=CRC32C\0" + Solicited.Replace("ImmediateData=No", "ImmediateData=Yes", StringComparison.Ordinal), "hostile");
        (Peer.HeaderDigest, Peer.DataDigest) = (header ? 4 : 0, 4);
        for (int i = 0; i < 2; i++)
        {
            Peer.Send(Digested(P.ScsiCommand(new byte[6], 0x7000, CmdSn++, 0x80, 0)));
            Peer.Expect(Opcode.ScsiResponse);
        }
        _loggedIn = true;
        return this;
    }

    /// <summary>A discovery session.</summary>
    public Hostile Discover(string keys = "")
    {
        Peer.Send(P.LoginRequest($"InitiatorName={Initiator}\0SessionType=Discovery\0{keys}"));
        Peer.Expect(Opcode.LoginResponse);
        _loggedIn = true;
        return this;
    }

    /// <summary>Sends, all of it at once or byte by byte.</summary>
    public Hostile Send(params byte[][] pdus)
    {
        byte[] all = [.. pdus.SelectMany(p => p)];
        // Long data goes in odd pieces: its single bytes would be the same again.
        int alone = _byteByByte ? Math.Min(all.Length, 4096) : 0;
        for (int i = 0; i < alone; i++) Peer.Send([all[i]]);
        int piece = _byteByByte ? 1021 : Math.Max(all.Length, 1);
        for (int i = alone; i < all.Length; i += piece) Peer.Send(all[i..Math.Min(i + piece, all.Length)]);
        return this;
    }

    /// <summary>Sends a login request with this text.</summary>
    public Hostile SendLogin(string text, byte flags = 0x87) => Send(P.LoginRequest(text, flags));

    /// <summary>Sends a SCSI command with its data, if it has some, as immediate data.</summary>
    public Hostile Scsi(string cdb, byte[]? data = null, int read = 0, int lun = 0, uint itt = 0x100)
    {
        byte flags = data is { Length: > 0 } ? (byte)0xa0 : read > 0 ? (byte)0xc0 : (byte)0x80;
        byte[] bhs = P.ScsiCommand(Server.Script.Bytes(cdb), itt, CmdSn++, flags, (uint)(data?.Length ?? read), lun);
        return Send(data is null ? bhs : P.WithData(bhs, data));
    }

    /// <summary>Sends a Text Request.</summary>
    public Hostile Text(string text, byte flags = 0x80, uint ttt = Pdu.ReservedTag) =>
        Send(P.WithData(P.Put32(P.Put32(P.Bhs(Opcode.TextRequest, flags), 20, ttt), 24, CmdSn++), Encoding.Latin1.GetBytes(text)));

    /// <summary>Sends an immediate task management request.</summary>
    public Hostile Function(int function, uint reference = Pdu.ReservedTag, int lun = 0, uint refCmdSn = 0, uint itt = 0x900)
    {
        byte[] bhs = P.Bhs(Opcode.TaskManagementRequest, (byte)(0x80 | function), itt, immediate: true);
        BinaryPrimitives.WriteUInt64BigEndian(bhs.AsSpan(8), Lun.Encode(lun));
        return Send(P.Put32(P.Put32(P.Put32(bhs, 20, reference), 24, CmdSn), 32, refCmdSn));
    }

    /// <summary>Reads a PDU and notes it.</summary>
    public (byte[] Bhs, byte[] Data) Next()
    {
        (byte[] Bhs, byte[] Data)? pdu = Peer.Read();
        _seen.Add(pdu is { } p ? Word(p.Bhs, p.Data) : "closed");
        if (pdu?.Bhs is { } bhs && (Opcode)bhs[0] == Opcode.LoginResponse) Took(bhs, pdu.Value.Data);
        return pdu ?? (new byte[48], []);
    }

    /// <summary>Reads a PDU with a Target Transfer Tag, and notes it.</summary>
    public uint NextTag() => BinaryPrimitives.ReadUInt32BigEndian(Next().Bhs.AsSpan(20));

    /// <summary>Notes what the last login response said of a key.</summary>
    public Hostile NoteAnswer(string key)
    {
        _seen.Add(Encoding.UTF8.GetString(_text).Split('\0').FirstOrDefault(p => p.StartsWith(key + "=", StringComparison.Ordinal)) ?? $"no {key}");
        return this;
    }

    /// <summary>Notes what a script has found out by itself.</summary>
    public Hostile Note(string what)
    {
        _seen.Add(what);
        return this;
    }

    /// <summary>What a peer was answered, in order, and whether its connection lives.</summary>
    /// <param name="closes">Whether the target is expected to close the connection by itself.</param>
    public string Outcome(bool closes)
    {
        if (closes)
            while (_seen is not [.., "closed"])
                Next();
        else if (_loggedIn && _seen is not [.., "closed"]) Sync();
        var words = new List<string>();
        for (int i = 0, n; i < _seen.Count; i += n)
        {
            n = _seen.Skip(i).TakeWhile(w => w == _seen[i]).Count();
            words.Add(n == 1 ? _seen[i] : $"{_seen[i]} x{n.ToString(CultureInfo.InvariantCulture)}");
        }
        return string.Join(", ", words);
    }

    public void Dispose() => _peers.ForEach(p => p.Dispose());

    /// <summary>A PDU with its digests.</summary>
    public static byte[] Digested(byte[] pdu, bool header = true, bool badHeader = false, bool badData = false)
    {
        byte[] bhs = pdu[..48], data = pdu[48..];
        byte[] headerDigest = header ? Digest(bhs, badHeader) : [];
        return data.Length == 0 ? [.. bhs, .. headerDigest] : [.. bhs, .. headerDigest, .. data, .. Digest(data, badData)];
    }

    private static byte[] Digest(byte[] bytes, bool bad)
    {
        byte[] digest = new byte[4];
        Crc32C.Write(digest, Crc32C.Add(Crc32C.Start, bytes));
        if (bad) digest[2] ^= 0x10;
        return digest;
    }

    private void Sync()
    {
        byte[] ping = P.Bhs(Opcode.NopOut, itt: Marker, immediate: true);
        Peer.Send(Peer.HeaderDigest > 0 ? Digested(ping) : ping);
        while (Peer.Read() is { } pdu)
        {
            if ((Opcode)pdu.Bhs[0] == Opcode.NopIn && BinaryPrimitives.ReadUInt32BigEndian(pdu.Bhs.AsSpan(16)) == Marker)
            {
                _seen.Add("lives");
                return;
            }
            _seen.Add(Word(pdu.Bhs, pdu.Data));
        }
        _seen.Add("closed");
    }

    private void Took(byte[] bhs, byte[] data)
    {
        Tsih = BinaryPrimitives.ReadUInt16BigEndian(bhs.AsSpan(14));
        _text = data;
        _loggedIn = bhs[36] == 0 && (bhs[1] & 0x83) == 0x83;
    }

    private P Connect()
    {
        var peer = new P(_portal);
        _peers.Add(peer);
        return peer;
    }

    private static string Word(byte[] bhs, byte[] data) => (Opcode)(bhs[0] & 0x3f) switch
    {
        Opcode.LoginResponse => $"login {bhs[36]:x2}{bhs[37]:x2}",
        Opcode.Reject => $"reject {bhs[2]:x2}",
        Opcode.ScsiResponse when data.Length > 14 => $"status {bhs[3]:x2} {data[4] & 0x0f:x}/{data[14]:x2}{data[15]:x2}",
        Opcode.ScsiResponse => $"status {bhs[3]:x2}",
        Opcode.DataIn => $"data {data.Length}",
        Opcode.ReadyToTransfer => $"r2t {BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(44))}",
        Opcode.TaskManagementResponse => $"function {bhs[2]}",
        Opcode.LogoutResponse => $"logout {bhs[2]}",
        Opcode.TextResponse => (bhs[1] & 0x80) != 0 ? $"text {data.Length}" : $"text {data.Length}+",
        Opcode.NopIn => $"ping {data.Length}",
        Opcode.AsyncMessage => $"async {bhs[36]}",
        var opcode => opcode.ToString(),
    };
}
