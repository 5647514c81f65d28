using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Initiator;

/// <summary>A SCSI command to send.</summary>
/// <param name="Lun">LUN as a number.</param>
/// <param name="Cdb">The CDB, up to 16 bytes.</param>
/// <param name="Data">
/// Data-Out to send, or where Data-In goes; pinned (<see cref="GC.AllocateArray{T}(int, bool)"/>). Its length is the Expected Data Transfer Length.
/// </param>
/// <param name="Write">Whether <paramref name="Data"/> goes to the target.</param>
public readonly record struct ScsiRequest(int Lun, ReadOnlyMemory<byte> Cdb, ArraySegment<byte> Data, bool Write);

/// <summary>What a command came to.</summary>
/// <param name="Tag">What <see cref="Initiator.Submit"/> returned.</param>
/// <param name="Status">SCSI status.</param>
/// <param name="Response">iSCSI response, 0 for completed at target.</param>
/// <param name="Received">Bytes of Data-In.</param>
/// <param name="Residual">Residual count, negative for overflow.</param>
/// <param name="Sense">Sense data, empty without.</param>
public readonly record struct ScsiResult(uint Tag, ScsiStatus Status, byte Response, int Received, long Residual, byte[] Sense);

/// <summary>A login that the target refused.</summary>
public sealed class LoginRefusedException(LoginStatus status) : IOException($"login refused with status {(int)status:x4} ({status})")
{
    /// <summary>The login status.</summary>
    public LoginStatus Status => status;
}

/// <summary>
/// A small initiator on the target's own framer: many commands per send, many answers per receive. The demo's load,
/// the benchmark's client, the tests' hands. One thread at a time.
/// </summary>
public class Initiator : IDisposable
{
    /// <summary>Commands outstanding at most.</summary>
    public const int MaxOutstanding = 128;

    private const int MaxLoginSteps = 8;

    private readonly Socket _socket;
    private readonly PduReader _reader;
    private readonly PduWriter _writer;
    private readonly Parameters _parameters = new();
    private readonly Slot[] _slots = new Slot[MaxOutstanding];
    private readonly Stack<int> _free = new(Enumerable.Range(0, MaxOutstanding).Reverse());
    private readonly string _name;
    private readonly byte[] _isid;
    private int _targetMaxData = 8192;

    /// <summary>Connects; <see cref="Login"/> is the next step.</summary>
    /// <param name="portal">The target's portal.</param>
    /// <param name="name">Our iSCSI name.</param>
    /// <param name="isid">Six bytes; a random ISID when null.</param>
    public Initiator(IPEndPoint portal, string name, byte[]? isid = null)
    {
        _name = name;
        // Type 10b: random (RFC 7143 §11.12.5).
        _isid = isid ?? [0x80, .. System.Security.Cryptography.RandomNumberGenerator.GetBytes(3), 0, 0];
        _socket = new Socket(portal.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(portal);
        _reader = new PduReader(_socket);
        _writer = new PduWriter(_socket, null);
    }

    /// <summary>CmdSN of the next command.</summary>
    public uint CmdSn { get; set; } = 1;

    /// <summary>ExpStatSN of the next request.</summary>
    public uint ExpStatSn { get; set; }

    /// <summary>Highest CmdSN the target takes.</summary>
    public uint MaxCmdSn { get; private set; }

    /// <summary>Session handle the login brought.</summary>
    public ushort Tsih { get; private set; }

    /// <summary>Commands outstanding.</summary>
    public int Outstanding => MaxOutstanding - _free.Count;

    /// <summary>Set when the target has asked for a logout or is about to drop the session.</summary>
    public bool LogoutRequested { get; private set; }

    internal Socket Socket => _socket;

    internal PduReader Reader => _reader;

    internal PduWriter Writer => _writer;

    internal Parameters Parameters => _parameters;

    /// <summary>Logs in.</summary>
    /// <param name="target">Target name; null for a discovery session.</param>
    /// <param name="keys">Keys to offer instead of our usual ones.</param>
    /// <exception cref="LoginRefusedException">The target said no.</exception>
    public void Login(string? target, params (string Key, string Value)[] keys)
    {
        var text = new TextBuilder();
        text.Add("InitiatorName", _name);
        text.Add("SessionType", target is null ? "Discovery" : "Normal");
        if (target is not null) text.Add("TargetName", target);
        if (keys.Length == 0)
            keys = [("HeaderDigest", "None"), ("DataDigest", "None"), ("InitialR2T", "No"), ("ImmediateData", "Yes"), ("MaxOutstandingR2T", "8"),
                ("MaxBurstLength", "1048576"), ("FirstBurstLength", "262144"), ("MaxRecvDataSegmentLength", "262144"), ("ErrorRecoveryLevel", "0")];
        foreach ((string key, string value) in keys) text.Add(key, value);
        // A target that has offers of its own answers without T: it wants to hear us once more.
        for (int step = 1; !LoginStep(text, keys); step++)
        {
            if (step == MaxLoginSteps) throw new IOException("the target does not end the login");
            text.Clear();
        }
        bool header = _parameters[Key.HeaderDigest] == LoginKeys.DigestCrc32C, data = _parameters[Key.DataDigest] == LoginKeys.DigestCrc32C;
        _reader.UseDigests(header, data);
        _writer.UseDigests(header, data);
    }

    private bool LoginStep(TextBuilder text, (string Key, string Value)[] keys)
    {
        Span<byte> bhs = _writer.Begin(Opcode.LoginRequest, dataLength: text.Length);
        bhs[0] |= 0x40;
        bhs[1] = BhsFlags.Final | (int)Stage.LoginOperationalNegotiation << 2 | (int)Stage.FullFeaturePhase;
        _isid.CopyTo(bhs[8..]);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[24..], CmdSn);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[28..], ExpStatSn);
        _writer.Data(bhs, text.Span);
        Send();
        NextPdu();
        Bhs answer = _reader.Bhs;
        var status = (LoginStatus)answer.U16(36);
        if (answer.Opcode != Opcode.LoginResponse) throw new IOException($"answered a login with opcode 0x{(int)answer.Opcode:x2}");
        if (status != LoginStatus.Success) throw new LoginRefusedException(status);
        Tsih = answer.U16(14);
        Agree(_reader.Data, keys);
        Note(answer);
        bool done = answer.Final;
        _reader.Advance();
        return done;
    }

    /// <summary>Queues a command; it leaves with the next <see cref="Send"/>.</summary>
    /// <returns>Its task tag.</returns>
    /// <exception cref="InvalidOperationException">As many commands as <see cref="CanSubmit"/> allows are outstanding.</exception>
    public uint Submit(in ScsiRequest request)
    {
        if (!CanSubmit) throw new InvalidOperationException("no free task, or the target's window is closed");
        int slot = _free.Pop();
        _slots[slot] = new Slot { Data = request.Data };
        int immediate = request.Write && _parameters[Key.ImmediateData] != 0
            ? (int)Math.Min(Math.Min((uint)request.Data.Count, _parameters[Key.FirstBurstLength]), (uint)_targetMaxData)
            : 0;
        Span<byte> bhs = _writer.Begin(Opcode.ScsiCommand);
        bool moves = request.Data.Count > 0;
        bhs[1] = (byte)(BhsFlags.Final | (!moves ? 0 : request.Write ? BhsFlags.Write : BhsFlags.Read) | 1);
        BinaryPrimitives.WriteUInt64BigEndian(bhs[8..], Lun.Encode(request.Lun));
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], (uint)slot);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[20..], (uint)request.Data.Count);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[24..], CmdSn++);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[28..], ExpStatSn);
        request.Cdb.Span.CopyTo(bhs[32..]);
        PduWriter.SetLength(bhs, immediate);
        if (immediate == 0) return (uint)slot;
        _writer.InPlace(request.Data[..immediate]);
        _writer.EndInPlace(immediate);
        return (uint)slot;
    }

    /// <summary>Whether another command may be queued now.</summary>
    public bool CanSubmit => _free.Count > 0 && !Sn.After(CmdSn, MaxCmdSn);

    /// <summary>Sends what was queued.</summary>
    /// <exception cref="IOException">The connection failed.</exception>
    public void Send()
    {
        _writer.Flush();
        if (_writer.Broken) throw new IOException("the target closed the connection");
    }

    /// <summary>Waits for the next completed command, serving R2Ts and pings meanwhile.</summary>
    /// <exception cref="IOException">The connection failed.</exception>
    public ScsiResult Complete()
    {
        while (true)
        {
            NextPdu();
            Bhs bhs = _reader.Bhs;
            Note(bhs);
            bool done = Handle(bhs, _reader.Data, out ScsiResult result);
            _reader.Advance();
            if (done) return result;
        }
    }

    /// <summary>Whether an answer, or part of one, has been received but not looked at.</summary>
    public bool HasMore => _reader.HasHeader && _reader.HasPdu;

    /// <summary>Sends one command and waits for it.</summary>
    public ScsiResult Execute(in ScsiRequest request)
    {
        uint tag = Submit(request);
        Send();
        ScsiResult result;
        do result = Complete();
        while (result.Tag != tag);
        return result;
    }

    /// <summary>Logs out and closes.</summary>
    public void Logout()
    {
        Span<byte> bhs = _writer.Begin(Opcode.LogoutRequest);
        bhs[0] |= 0x40;
        bhs[1] = BhsFlags.Final;
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], MaxOutstanding);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[24..], CmdSn);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[28..], ExpStatSn);
        Send();
        bool answered;
        do
        {
            NextPdu();
            answered = _reader.Bhs.Opcode == Opcode.LogoutResponse;
            _reader.Advance();
        }
        while (!answered);
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the connection.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing) _socket.Dispose();
    }

    /// <summary>Waits until a whole PDU is at hand.</summary>
    internal void NextPdu()
    {
        while (!HasMore)
        {
            Send();
            if (_reader.Receive() == Received.Closed) throw new IOException("the target closed the connection");
        }
        if (!_reader.HeaderIntact || !_reader.DataIntact) throw new IOException("a digest of the target's does not fit what it sent");
    }

    private void Agree(ReadOnlySpan<byte> text, (string Key, string Value)[] offered)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        if (Text.Parse(text, pairs) is { } wrong) throw new IOException($"the target's login text: {wrong}");
        foreach ((string name, string value) in pairs)
        {
            if (LoginKeys.Find(name) is not { } row || row.Key == Key.Other || !offered.Any(o => o.Key == name)) continue;
            if (Text.TryNumber(value, out ulong number)) _parameters[row.Key] = (uint)number;
            else if (row.Rule is Rule.And or Rule.Or) _parameters[row.Key] = value == "Yes" ? 1u : 0u;
            else if (row.Rule == Rule.List) _parameters[row.Key] = (uint)Math.Max(0, Array.IndexOf(row.Choices!, value));
        }
        if (pairs.Find(p => p.Key == "MaxRecvDataSegmentLength").Value is { } max && Text.TryNumber(max, out ulong length)) _targetMaxData = (int)length;
    }

    private void Note(Bhs bhs)
    {
        bool status = bhs.Opcode is not (Opcode.ReadyToTransfer or Opcode.DataIn) || (bhs.Opcode == Opcode.DataIn && (bhs.Flags & BhsFlags.Status) != 0);
        if (status && !(bhs.Opcode == Opcode.NopIn && bhs.Itt == Pdu.ReservedTag)) ExpStatSn = bhs.StatSn + 1;
        if (Sn.After(bhs.MaxCmdSn, MaxCmdSn) || MaxCmdSn == 0) MaxCmdSn = bhs.MaxCmdSn;
    }

    private bool Handle(Bhs bhs, ReadOnlySpan<byte> data, out ScsiResult result)
    {
        result = default;
        if (bhs.Opcode is Opcode.DataIn or Opcode.ScsiResponse or Opcode.ReadyToTransfer && bhs.Itt >= MaxOutstanding)
            throw new IOException($"the target answered a task we never sent, tag 0x{bhs.Itt:x}");
        switch (bhs.Opcode)
        {
            case Opcode.DataIn:
                ref Slot slot = ref _slots[bhs.Itt];
                if (slot.Data.Count > 0) data.CopyTo(slot.Data.AsSpan((int)bhs.BufferOffset));
                slot.Received += data.Length;
                if ((bhs.Flags & BhsFlags.Status) == 0) return false;
                result = Finish(bhs, 0, []);
                return true;
            case Opcode.ScsiResponse:
                result = Finish(bhs, bhs.Bytes[2], data.Length > 2 ? data[2..].ToArray() : []);
                return true;
            case Opcode.ReadyToTransfer:
                SendData(bhs);
                return false;
            case Opcode.NopIn when bhs.Ttt != Pdu.ReservedTag:
                Pong(bhs);
                return false;
            case Opcode.AsyncMessage:
                LogoutRequested = true;
                return false;
            case Opcode.Reject:
                throw new IOException($"the target rejected a PDU, reason 0x{bhs.Bytes[2]:x2}");
            default:
                return false;
        }
    }

    private ScsiResult Finish(Bhs bhs, byte response, byte[] sense)
    {
        int received = _slots[bhs.Itt].Received;
        _slots[bhs.Itt] = default;
        _free.Push((int)bhs.Itt);
        long residual = (bhs.Flags & BhsFlags.Overflow) != 0 ? -(long)bhs.At44 : (bhs.Flags & BhsFlags.Underflow) != 0 ? bhs.At44 : 0;
        return new ScsiResult(bhs.Itt, (ScsiStatus)bhs.Bytes[3], response, received, residual, sense);
    }

    private void SendData(Bhs r2t)
    {
        int offset = (int)r2t.BufferOffset;
        int end = offset + (int)r2t.At44;
        uint itt = r2t.Itt, ttt = r2t.Ttt;
        ulong lun = r2t.LunField;
        for (uint dataSn = 0; offset < end; dataSn++)
        {
            int length = Math.Min(_targetMaxData, end - offset);
            Span<byte> bhs = _writer.Begin(Opcode.DataOut);
            if (offset + length == end) bhs[1] = BhsFlags.Final;
            BinaryPrimitives.WriteUInt64BigEndian(bhs[8..], lun);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], itt);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[20..], ttt);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[28..], ExpStatSn);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[36..], dataSn);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[40..], (uint)offset);
            PduWriter.SetLength(bhs, length);
            _writer.InPlace(_slots[itt].Data.Slice(offset, length));
            _writer.EndInPlace(length);
            offset += length;
        }
    }

    private void Pong(Bhs ping)
    {
        uint ttt = ping.Ttt;
        ulong lun = ping.LunField;
        Span<byte> bhs = _writer.Begin(Opcode.NopOut);
        bhs[0] |= 0x40;
        bhs[1] = BhsFlags.Final;
        BinaryPrimitives.WriteUInt64BigEndian(bhs[8..], lun);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], Pdu.ReservedTag);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[20..], ttt);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[24..], CmdSn);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[28..], ExpStatSn);
    }

    private struct Slot
    {
        public ArraySegment<byte> Data;
        public int Received;
    }
}
