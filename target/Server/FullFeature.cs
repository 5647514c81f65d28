using System.Buffers.Binary;
using System.Collections.Concurrent;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Server;

/// <summary>
/// The full feature phase of a connection: many PDUs per receive, all their answers in one send. Reads commands in
/// CmdSN order, answers pings, text, logout, and rejects what the RFC says to reject.
/// </summary>
internal sealed class FullFeature : IDisposable
{
    /// <summary>Immediate tasks at most (RFC 7143 §4.2.2.1 asks for two).</summary>
    private const int MaxImmediate = 16;

    /// <summary>AHSLength of the longest CDB, 260 bytes (RFC 7143 §11.2.2.3, SPC-4 §4.2.3).</summary>
    private const int MaxExtendedCdb = 245;

    private readonly Connection _connection;
    private readonly Session _session;
    private readonly PduReader _reader;
    private readonly PduWriter _writer;
    private readonly ScsiCommands _commands;
    private readonly TaskManagement _functions;
    private readonly TextNegotiation _text;
    private readonly ConcurrentQueue<byte[]> _ready = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private volatile bool _ended;
    private int _unknown;
    private string? _closing;
    private long _lastTick = Environment.TickCount64;
    private long _lastReceived = Environment.TickCount64;
    private long _pduSince = Environment.TickCount64;
    private uint _ping;
    private bool _pingOutstanding;
    private long _logoutDeadline;

    public FullFeature(Connection connection, Session session)
    {
        _connection = connection;
        _session = session;
        _reader = connection.Reader;
        _writer = connection.Writer;
        _commands = new ScsiCommands(connection, session, this);
        _functions = new TaskManagement(connection, session, this, _commands);
        _text = new TextNegotiation(connection, session, this);
        if (session.Shared) _commands.EnsureWaker();
        session.Add(this);
    }

    /// <summary>Tasks in hand.</summary>
    public int TaskCount => _commands.Count + _functions.Count;

    /// <summary>Runs the phase until the connection is to be closed.</summary>
    public void Run()
    {
        try
        {
            while (Serve())
            {
            }
            Flush();
            if (_closing is { Length: > 0 } why && _connection.Server.MayLog(_connection.Remote.Address))
                Log.Dropped(_connection.Server.Logger, _connection.Remote, why);
        }
        finally
        {
            End();
        }
    }

    private void End()
    {
        try
        {
            _commands.Drain();
            _ended = true;
            while (_posted.TryDequeue(out Action? action)) action();
            _functions.TellOthers();
        }
        finally
        {
            _connection.Server.Leave(_session, _connection, this);
        }
    }

    public void Dispose() => _commands.Dispose();

    /// <summary>Sends what was gathered.</summary>
    public void Flush()
    {
        _writer.Flush();
        _commands.RecycleSent();
    }

    /// <summary>Sets StatSN, ExpCmdSN and MaxCmdSN of a response.</summary>
    public void Stamp(Span<byte> bhs, bool advance)
    {
        _session.Numbering.Open(_session.Shared ? _session.TaskCount : TaskCount);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[24..], _connection.StatSn);
        if (advance) _connection.StatSn++;
        BinaryPrimitives.WriteUInt32BigEndian(bhs[28..], _session.Numbering.ExpCmdSn);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[32..], _session.Numbering.MaxCmdSn);
    }

    /// <summary>Rejects a PDU: its header goes back as data (RFC 7143 §11.17).</summary>
    public void Reject(Bhs bad, ReadOnlySpan<byte> ahs, RejectReason reason)
    {
        Span<byte> copy = stackalloc byte[Pdu.BhsLength + ahs.Length];
        bad.Bytes.CopyTo(copy);
        ahs.CopyTo(copy[Pdu.BhsLength..]);
        Span<byte> bhs = _writer.Begin(Opcode.Reject, Lun.Unknown, copy.Length);
        bhs[1] = BhsFlags.Final;
        bhs[2] = (byte)reason;
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], Pdu.ReservedTag);
        Stamp(bhs, advance: true);
        _writer.Data(bhs, copy);
        if (reason == RejectReason.DataDigestError) _connection.Provider.Tell(new Fault(FaultKind.DataDigest, _connection.Id, Clock.Now));
        _connection.Provider.Tell(Fault.Reject(_connection.Id, Clock.Now, (byte)reason, bad.Bytes));
    }

    /// <summary>Has the connection closed once what is gathered has been sent.</summary>
    /// <param name="reason">For the log.</param>
    /// <param name="end">For observers.</param>
    public void CloseBecause(string reason, ConnectionEnd end = ConnectionEnd.TargetFin)
    {
        _closing ??= reason;
        _connection.EndsBy(end);
    }

    /// <summary>From any connection of the session: a command that came too early has its turn now.</summary>
    public void Ready(byte[] pdu)
    {
        _ready.Enqueue(pdu);
        if (_session.Shared) _commands.EnsureWaker().Wake();
    }

    /// <summary>From another connection of the session: something to be done by this one's thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        _commands.EnsureWaker().Wake();
    }

    /// <summary>From another connection of the session: aborts this one's tasks of a unit.</summary>
    public void AbortTaskSet(LogicalUnit unit, Action whenDone)
    {
        Post(() => _functions.AbortTaskSet(unit, whenDone));
        // It may have ended just now, without a look at what was posted: it has no tasks then.
        if (_ended) whenDone();
    }

    /// <summary>One turn: send, wait, receive, handle.</summary>
    private bool Serve()
    {
        if (_session.Shared) ServeOthers();
        if (_commands.HandedOff > 0) _commands.Collect();
        if (_functions.Pending) _functions.AnswerDone();
        long now = Environment.TickCount64;
        if (now - _lastTick >= Connection.TickMilliseconds) Tick(now);
        Flush();
        if (_writer.Broken || _connection.Doomed || _closing is not null) return false;
        if (_commands.HandedOff > 0 || _functions.Pending || _session.Shared)
        {
            int patience = _functions.Pending ? 10 : Connection.TickMilliseconds;
            if (!_commands.EnsureWaker().Wait(_connection.Socket, patience)) return true;
        }
        bool begins = !_reader.HasMore;
        switch (_reader.Receive())
        {
            case Received.Closed:
                _connection.EndsByPeer();
                return false;
            case Received.Data:
                _lastReceived = Environment.TickCount64;
                if (HandleAll() || begins) _pduSince = _lastReceived;
                break;
        }
        return true;
    }

    /// <summary>Handles what has come of PDUs.</summary>
    /// <returns>Whether there was one at least.</returns>
    private bool HandleAll()
    {
        bool any = false;
        for (; _closing is null && !_writer.Broken && _reader.HasHeader; any = true)
        {
            Bhs bhs = _reader.Bhs;
            if (!_reader.HeaderIntact)
            {
                // Where the next PDU begins cannot be known any more (RFC 7143 §7.8).
                _connection.Provider.Tell(new Fault(FaultKind.HeaderDigest, _connection.Id, Clock.Now));
                CloseBecause("a header that its digest does not fit", ConnectionEnd.Digest);
                break;
            }
            if (bhs.DataLength > LoginKeys.MaxRecvDataSegmentLength)
            {
                Reject(bhs, _reader.Ahs, RejectReason.ProtocolError);
                CloseBecause($"a data segment of {bhs.DataLength} bytes where {LoginKeys.MaxRecvDataSegmentLength} were agreed");
                break;
            }
            if ((bhs.Bytes[0] & 0xbf) == (byte)Opcode.DataOut && !_session.Discovery)
            {
                if (!_commands.DataOut())
                {
                    if (_reader.Ended) _connection.EndsByPeer();
                    CloseBecause("its data stalled, or was for commands we do not know");
                }
                continue;
            }
            if (!_reader.HasPdu)
            {
                if (!TakeEarly(bhs)) break;
                continue;
            }
            _connection.FireReceived(Lun.Of(bhs));
            // As if it had never come: its CmdSN is not used up (RFC 7143 §7.8).
            if (!_reader.DataIntact) Reject(bhs, _reader.Ahs, RejectReason.DataDigestError);
            else Number(bhs, _reader.Ahs, _reader.Data);
            _reader.Advance();
        }
        return any;
    }

    /// <summary>Puts requests into CmdSN order (RFC 7143 §4.2.2.1).</summary>
    private void Number(Bhs bhs, ReadOnlySpan<byte> ahs, ArraySegment<byte> data)
    {
        if (Wrong(bhs, ahs) is { } reason)
        {
            Reject(bhs, ahs, reason);
            return;
        }
        if (_closing is not null) return;
        if (!bhs.Immediate && !_session.Numbering.IsTurn(bhs.CmdSn, this, bhs, ahs, data)) return;
        // Another connection may have given us the one before.
        if (_session.Shared) DoReady();
        if (_closing is null) Execute(bhs, ahs, data);
        _session.Numbering.Advance();
        DoReady();
    }

    /// <summary>A long write whose turn it is begins before its immediate data has come.</summary>
    private bool TakeEarly(Bhs bhs)
    {
        bool suits = bhs.Bytes[0] == (byte)Opcode.ScsiCommand && bhs.DataLength >= WriteInPlace.MinLength && bhs.AhsLength == 0;
        if (!suits || _commands.DataDigest || _session.Shared || _session.Discovery) return false;
        if (bhs.CmdSn != _session.Numbering.ExpCmdSn || Wrong(bhs, default) is not null) return false;
        if (!_session.Numbering.IsTurn(bhs.CmdSn, this, bhs, default, default)) return false;
        if (!_commands.CommandBeforeItsData())
        {
            if (_reader.Ended) _connection.EndsByPeer();
            CloseBecause("its data stalled");
        }
        _session.Numbering.Advance();
        DoReady();
        return true;
    }

    private void DoReady()
    {
        while (_closing is null && _ready.TryDequeue(out byte[]? held))
        {
            var bhs = new Bhs(held);
            Span<byte> ahs = held.AsSpan(Pdu.BhsLength, bhs.AhsLength);
            // What was right when it came may be wrong by now: its tag may have been taken.
            if (Wrong(bhs, ahs) is { } reason) Reject(bhs, ahs, reason);
            else Execute(bhs, ahs, new ArraySegment<byte>(held, Pdu.BhsLength + ahs.Length, bhs.DataLength));
            _session.Numbering.Advance();
        }
    }

    private void ServeOthers()
    {
        DoReady();
        while (_posted.TryDequeue(out Action? action)) action();
    }

    /// <summary>Takes the SCSI commands that wait for their turn as received and aborted: those of a LUN, or all.</summary>
    public void AbortHeld(ulong? lun) =>
        _session.Numbering.PlugWhere((_, bhs) => bhs.Opcode == Opcode.ScsiCommand && (lun is null || Lun.Of(bhs) == lun));

    /// <summary>What makes a request one to reject; a rejected one does not use its CmdSN up (RFC 7143 §7.3).</summary>
    private RejectReason? Wrong(Bhs bhs, ReadOnlySpan<byte> ahs)
    {
        Opcode opcode = bhs.Opcode;
        bool known = bhs.Bytes[0] < 0x80 && Pdu.TryGetRow(bhs.Bytes[0], out PduRow row) && row.Direction == Direction.ToTarget;
        if (!known || opcode == Opcode.SnackRequest)
        {
            if (++_unknown > 1) CloseBecause($"opcode 0x{(int)opcode:x2}, again");
            return RejectReason.CommandNotSupported;
        }
        if (opcode == Opcode.LoginRequest)
        {
            CloseBecause("a Login Request in the full feature phase");
            return RejectReason.ProtocolError;
        }
        if (_session.Discovery && opcode is Opcode.ScsiCommand or Opcode.TaskManagementRequest or Opcode.DataOut) return RejectReason.ProtocolError;
        if (ahs.Length > 0 && (opcode != Opcode.ScsiCommand || !AhsFits(ahs, bhs.Flags))) return RejectReason.InvalidPduField;
        return opcode switch
        {
            Opcode.ScsiCommand => WrongCommand(bhs),
            Opcode.NopOut when bhs.Itt == Pdu.ReservedTag && !bhs.Immediate => RejectReason.ProtocolError,
            Opcode.TextRequest when (bhs.Flags & (BhsFlags.Final | BhsFlags.Continue)) == (BhsFlags.Final | BhsFlags.Continue) => RejectReason.InvalidPduField,
            Opcode.TaskManagementRequest when bhs.Immediate && _functions.Count >= _session.Numbering.Depth => RejectReason.TooManyImmediateCommands,
            Opcode.LogoutRequest when (bhs.Flags & 0x7f) > 2 => RejectReason.InvalidPduField,
            _ => null,
        };
    }

    private RejectReason? WrongCommand(Bhs bhs)
    {
        if (bhs.Itt == Pdu.ReservedTag || (!bhs.Final && (bhs.Flags & BhsFlags.Write) == 0)) return RejectReason.InvalidPduField;
        if (_commands.Find(bhs.Itt) is { } task)
        {
            // A tag that a reset has freed may be used again at once.
            if (task.HandedOff || !task.IsVoid) return RejectReason.TaskInProgress;
            _commands.Abort(task);
        }
        return bhs.Immediate && _commands.Count >= _session.Numbering.Depth + MaxImmediate ? RejectReason.TooManyImmediateCommands : null;
    }

    // Each AHS says its length; together they must be what the header said (RFC 7143 §11.2.2). One of a type, and the expected
    // length of bidirectional data (§11.2.2.4) with a command that goes both ways only.
    private static bool AhsFits(ReadOnlySpan<byte> ahs, byte flags)
    {
        const int extendedCdb = 1, bidirectional = 2, bothWays = BhsFlags.Read | BhsFlags.Write;
        int seen = 0;
        while (ahs.Length >= 4)
        {
            int length = ahs[0] << 8 | ahs[1];
            int whole = Pdu.Pad(length + 3);
            int type = ahs[2] & 0x3f;
            bool proper = type switch
            {
                extendedCdb => length is > 0 and <= MaxExtendedCdb,
                bidirectional => length == 5 && (flags & bothWays) == bothWays,
                _ => false,
            };
            if (!proper || (seen & 1 << type) != 0 || whole > ahs.Length) return false;
            seen |= 1 << type;
            ahs = ahs[whole..];
        }
        return ahs.IsEmpty;
    }

    private void Execute(Bhs bhs, ReadOnlySpan<byte> ahs, ArraySegment<byte> data)
    {
        switch (bhs.Opcode)
        {
            case Opcode.ScsiCommand:
                _commands.Command(bhs, ahs, data, Lun.Of(bhs));
                break;
            case Opcode.NopOut:
                Nop(bhs, data);
                break;
            case Opcode.TextRequest:
                _text.Request(bhs, data);
                break;
            case Opcode.TaskManagementRequest:
                _functions.Request(bhs);
                break;
            case Opcode.LogoutRequest:
                Logout(bhs);
                break;
        }
    }

    /// <summary>NOP-Out (RFC 7143 §11.18): an answer to our ping, a ping to answer, or both.</summary>
    private void Nop(Bhs bhs, ArraySegment<byte> data)
    {
        if (bhs.Ttt != Pdu.ReservedTag && _pingOutstanding && bhs.Ttt == _ping) _pingOutstanding = false;
        if (bhs.Itt == Pdu.ReservedTag) return;
        int echo = (int)Math.Min((uint)data.Count, _connection.Parameters[Key.MaxRecvDataSegmentLength]);
        Span<byte> nop = _writer.Begin(Opcode.NopIn, 0);
        nop[1] = BhsFlags.Final;
        BinaryPrimitives.WriteUInt32BigEndian(nop[16..], bhs.Itt);
        BinaryPrimitives.WriteUInt32BigEndian(nop[20..], Pdu.ReservedTag);
        Stamp(nop, advance: true);
        PduWriter.SetLength(nop, echo);
        if (echo == 0) return;
        _writer.InPlace(data[..echo]);
        _writer.EndInPlace(echo);
    }

    /// <summary>Logout Request (RFC 7143 §11.14): of the session, or of one of its connections.</summary>
    private void Logout(Bhs bhs)
    {
        int reason = bhs.Flags & 0x7f;
        ushort cid = bhs.U16(20);
        Connection? other = reason == 1 ? _session.Connections.FirstOrDefault(c => c.Cid == cid && c != _connection) : null;
        byte response = reason switch
        {
            1 when cid != _connection.Cid && other is null => 1,
            2 => 2,
            _ => 0,
        };
        bool leaves = response == 0 && other is null;
        if (leaves)
            foreach (IscsiTask task in _commands.All.ToArray())
                _commands.Abort(task);
        if (other is not null)
        {
            other.Leaves = true;
            other.Abort(ConnectionEnd.Logout);
        }
        Span<byte> answer = _writer.Begin(Opcode.LogoutResponse);
        answer[1] = BhsFlags.Final;
        answer[2] = response;
        BinaryPrimitives.WriteUInt32BigEndian(answer[16..], bhs.Itt);
        Stamp(answer, advance: true);
        if (response != 0) return;
        BinaryPrimitives.WriteUInt16BigEndian(answer[40..], (ushort)_connection.Parameters[Key.DefaultTime2Wait]);
        if (!leaves) return;
        _connection.Leaves = reason == 1;
        _connection.EndsBy(ConnectionEnd.Logout);
        _session.LoggedOut |= reason == 0;
        if (_connection.Server.MayLog(_connection.Remote.Address)) Log.LoggedOut(_connection.Server.Logger, _connection.Remote, Text.Escape(_session.Initiator));
        _closing = "";
    }

    /// <summary>Once a second: pings, timeouts, shutdown.</summary>
    private void Tick(long now)
    {
        _lastTick = now;
        TargetOptions options = _connection.Server.Options;
        if (_commands.Sweep()) CloseBecause($"data we asked for did not come in {options.DataTimeout.TotalSeconds:0} s", ConnectionEnd.Silence);
        if (_reader.HasMore && now - _pduSince > options.DataTimeout.TotalMilliseconds) CloseBecause($"a PDU that did not end in {options.DataTimeout.TotalSeconds:0} s", ConnectionEnd.Silence);
        if (_connection.Server.AsksToLeave(_session)) AskForLogout(now);
        if (_session.Discovery || options.NopInterval == TimeSpan.Zero) return;
        double idle = now - _lastReceived;
        if (_pingOutstanding)
        {
            if (idle > (options.NopInterval + options.NopTimeout).TotalMilliseconds) CloseBecause("it does not answer pings (NOP-In)", ConnectionEnd.NopUnanswered);
        }
        else if (idle > options.NopInterval.TotalMilliseconds)
        {
            Ping();
        }
    }

    private void Ping()
    {
        if (++_ping == Pdu.ReservedTag) _ping = 1;
        _pingOutstanding = true;
        Span<byte> nop = _writer.Begin(Opcode.NopIn, 0);
        nop[1] = BhsFlags.Final;
        BinaryPrimitives.WriteUInt32BigEndian(nop[16..], Pdu.ReservedTag);
        BinaryPrimitives.WriteUInt32BigEndian(nop[20..], _ping);
        Stamp(nop, advance: false);
    }

    /// <summary>Shutdown, or the end of its target: asks the initiator to log out, and tells it goodbye when it did not (RFC 7143 §11.9).</summary>
    private void AskForLogout(long now)
    {
        if (_logoutDeadline == 0)
        {
            _logoutDeadline = now + _connection.Server.LogoutSeconds * 1000;
            Async(AsyncEvent.LogoutRequest, parameter3: _connection.Server.LogoutSeconds);
        }
        else if (now > _logoutDeadline)
        {
            Async(AsyncEvent.SessionDrop, parameter3: 0);
            _closing = "";
        }
    }

    private void Async(AsyncEvent what, ushort parameter3)
    {
        Span<byte> bhs = _writer.Begin(Opcode.AsyncMessage, 0);
        bhs[1] = BhsFlags.Final;
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], Pdu.ReservedTag);
        Stamp(bhs, advance: true);
        bhs[36] = (byte)what;
        BinaryPrimitives.WriteUInt16BigEndian(bhs[42..], parameter3);
    }
}
