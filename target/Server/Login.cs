using System.Buffers.Binary;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Target.Server;

/// <summary>The login phase of one connection, read top to bottom like RFC 7143 §6.3.</summary>
internal sealed class Login(Connection connection)
{
    /// <summary>The default MaxRecvDataSegmentLength rules the login phase in both directions (RFC 7143 §13.12).</summary>
    private const int MaxDataLength = 8192;

    /// <summary>1024 bytes as hex digits (RFC 7143 §12.1.3).</summary>
    private const int MaxBinaryValue = 2 + 2 * 1024;

    /// <summary>Requests of one login at most: a peer that never transits must not keep us for ever.</summary>
    private const int MaxRequests = 64;

    private static readonly string[] s_names = ["InitiatorName", "InitiatorAlias", "TargetName", "SessionType"];

    private readonly long _began = Environment.TickCount64;
    private readonly int _depth = connection.Server.Options.MaxCommands; // a reload must not narrow the window under way
    private readonly byte[] _isid = new byte[6];
    private readonly List<byte> _text = [];
    private readonly List<KeyValuePair<string, string>> _pairs = [];
    private readonly Dictionary<string, string> _seen = new(StringComparer.Ordinal);
    private readonly TextBuilder _answer = new();
    private Parameters _parameters = new() { MaxConnections = (uint)connection.Server.Options.MaxConnectionsPerSession };
    private Session? _joins;
    private uint _itt;
    private uint _cmdSn;
    private ushort _tsih;
    private Stage _stage;
    private string _initiator = "";
    private string _target = "";
    private bool _discovery;
    private bool _declared;
    private Chap? _chap;

    /// <summary>Runs the phase.</summary>
    /// <returns>The session, in full feature phase; null when the login failed and the connection is to be closed.</returns>
    public Session? Run()
    {
        try
        {
            return ServeRequests();
        }
        finally
        {
            _chap?.End();
        }
    }

    private Session? ServeRequests()
    {
        for (int request = 0; request < MaxRequests; request++)
        {
            if (!Receive()) return null;
            Bhs bhs = connection.Reader.Bhs;
            connection.FireReceived(Lun.Unknown);
            if (request == 0) Begin(bhs);
            if (Malformed(bhs, first: request == 0) is { } wrong)
                return Refuse(StatusOf(bhs), wrong);
            bool transit = bhs.Final;
            bool more = (bhs.Flags & BhsFlags.Continue) != 0;
            _stage = (Stage)(bhs.Flags >> 2 & 3);
            var next = (Stage)(bhs.Flags & 3);
            if (_text.Count + bhs.DataLength > connection.Server.Options.MaxText) return Refuse(LoginStatus.OutOfResources, "too much text");
            _text.AddRange(connection.Reader.Data);
            connection.Reader.Advance();
            _answer.Clear();
            if (!more)
            {
                if (ParseText() is { } bad) return Refuse(bad.Status, bad.Reason);
                if (_initiator.Length == 0 && Identify() is { } status) return Refuse(status.Status, status.Reason);
                if (Negotiate(next, transit) is { } failure) return Refuse(failure.Status, failure.Reason);
                // While the initiator has proved nothing it stays where it is, whatever it asks for (iPXE always asks).
                transit &= Proven;
                if (transit && next == Stage.FullFeaturePhase) return Establish();
            }
            bool granted = transit && !more;
            if (!Answer(granted, next)) return null;
            if (granted) _stage = next;
        }
        return Refuse(LoginStatus.InitiatorError, $"no end after {MaxRequests} requests");
    }

    private void Begin(Bhs bhs)
    {
        bhs.Bytes[8..14].CopyTo(_isid);
        _tsih = bhs.U16(14);
        _itt = bhs.Itt;
        _cmdSn = bhs.CmdSn;
        _stage = (Stage)(bhs.Flags >> 2 & 3);
        connection.Cid = bhs.U16(20);
        connection.StatSn = bhs.StatSn;
    }

    /// <summary>The rules on a Login Request's header (RFC 7143 §11.12).</summary>
    private string? Malformed(Bhs bhs, bool first)
    {
        int csg = bhs.Flags >> 2 & 3;
        int nsg = bhs.Flags & 3;
        bool transit = bhs.Final;
        if (bhs.Bytes[3] > 0) return $"its lowest version is {bhs.Bytes[3]}, ours is 0";
        if (transit && (bhs.Flags & BhsFlags.Continue) != 0) return "T and C are both set";
        if (csg > 1 || (transit && (nsg == 2 || nsg <= csg))) return $"stage {csg} to {nsg} is not a login's";
        if (first) return null;
        if (csg != (int)_stage) return $"stage {csg} where {(int)_stage} was agreed";
        return bhs.Itt == _itt && bhs.U16(20) == connection.Cid && bhs.U16(14) == _tsih && bhs.Bytes[8..14].SequenceEqual(_isid)
            ? null
            : "ITT, CID, ISID or TSIH changed during the login";
    }

    // Going on to the operational stage with nothing proved is a matter of security first.
    private LoginStatus StatusOf(Bhs malformed) =>
        malformed.Bytes[3] > 0 ? LoginStatus.UnsupportedVersion : !Proven && (malformed.Flags >> 2 & 3) == 1 ? LoginStatus.AuthenticationFailure : LoginStatus.InitiatorError;

    private (LoginStatus Status, string Reason)? ParseText()
    {
        string? wrong = Text.Parse(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_text), _pairs);
        _text.Clear();
        if (wrong is not null) return (LoginStatus.InitiatorError, wrong);
        if (_pairs.DistinctBy(p => p.Key).Count() != _pairs.Count) return (LoginStatus.InitiatorError, "a key was sent twice at once");
        foreach ((string key, string value) in _pairs)
        {
            // libiscsi says again who it is when the operational stage follows the security stage.
            if (!_seen.TryAdd(key, value) && !(s_names.Contains(key) && _seen[key] == value))
                return (key.StartsWith("CHAP_", StringComparison.Ordinal) ? LoginStatus.AuthenticationFailure : LoginStatus.InitiatorError, $"{key} was sent twice");
            int longest = key is "CHAP_C" or "CHAP_R" ? MaxBinaryValue : LoginKeys.MaxValueLength;
            if (value.Length > longest) return (LoginStatus.InitiatorError, $"the value of {key} is longer than {longest} bytes");
        }
        return _seen.Count > Text.MaxPairs ? (LoginStatus.InitiatorError, "too many keys") : null;
    }

    /// <summary>Who wants to log in to what: the keys that must come first (RFC 7143 §6.3, §13).</summary>
    private (LoginStatus Status, string Reason)? Identify()
    {
        string? initiator = Value("InitiatorName");
        if (initiator is null) return (LoginStatus.MissingParameter, "no InitiatorName");
        if (!IscsiName.IsAcceptable(initiator)) return (LoginStatus.InitiatorError, "its InitiatorName is no iSCSI name");
        string type = Value("SessionType") ?? "Normal";
        if (type is not ("Normal" or "Discovery")) return (LoginStatus.SessionTypeNotSupported, "SessionType is neither Normal nor Discovery");
        _initiator = initiator;
        _discovery = type == "Discovery";
        PortalGroup group = connection.Server.GroupOf(connection.Local);
        _answer.Add("TargetPortalGroupTag", group.Tag);
        if (_discovery)
        {
            connection.Identify("", _initiator, discovery: true);
            return null;
        }
        string? target = Value("TargetName");
        if (target is null) return (LoginStatus.MissingParameter, "no TargetName");
        if (connection.Server.Refuse(target, _initiator, group, _answer) is { } refusal)
        {
            connection.Identify("", _initiator, discovery: false);
            return refusal;
        }
        _target = target;
        connection.Identify(_target, _initiator, discovery: false);
        if (_tsih != 0) _joins = connection.Server.FindShared(_initiator, Convert.ToHexStringLower(_isid), _tsih, _target, group);
        if (_joins is not null) _parameters = new Parameters(_joins.Parameters);
        return null;
    }

    private (LoginStatus Status, string Reason)? Negotiate(Stage next, bool transit)
    {
        if (LoginKeys.Negotiate(_pairs, fullFeature: false, _parameters, _answer) is { } wrong) return (LoginStatus.InitiatorError, wrong);
        if (Authenticate(transit) is { } failure) return failure;
        if (!_declared && (_stage == Stage.LoginOperationalNegotiation || (transit && next == Stage.FullFeaturePhase)))
        {
            _declared = true;
            _answer.Add("MaxRecvDataSegmentLength", LoginKeys.MaxRecvDataSegmentLength);
        }
        return null;
    }

    private bool Proven => _chap is null or { Done: true };

    /// <summary>The security negotiation (RFC 7143 §6.3.2, §12.1).</summary>
    private (LoginStatus Status, string Reason)? Authenticate(bool transit)
    {
        if (_chap is null && connection.Server.AuthenticationFor(_discovery ? null : _target) is { Required: true } required) _chap = new Chap(required);
        string[]? methods = Value("AuthMethod")?.Split(',');
        if (_chap is null)
        {
            if (methods is null) return null;
            if (!methods.Contains("None")) return (LoginStatus.AuthenticationFailure, "it does not offer AuthMethod None");
            _answer.Add("AuthMethod", "None");
            return null;
        }
        if (_chap.Done) return null;
        if (_stage != Stage.SecurityNegotiation) return (LoginStatus.AuthenticationFailure, "it skips the authentication");
        if (methods is not null)
        {
            if (!methods.Contains("CHAP")) return (LoginStatus.AuthenticationFailure, "it does not offer AuthMethod CHAP");
            _answer.Add("AuthMethod", "CHAP");
            _chap.Begun = true;
        }
        if (!_chap.Begun) return transit ? (LoginStatus.AuthenticationFailure, "it skips the authentication") : null;
        return _chap.Step(Value, _answer);
    }

    private Session? Establish()
    {
        // What comes before our final response cannot have been sent by a peer that keeps to the RFC.
        if (connection.Reader.HasMore) return Refuse(LoginStatus.InvalidDuringLogin, "it sent PDUs before the login had ended");
        connection.Parameters = _parameters;
        Session session = _joins ?? NewSession();
        LoginStatus status = _joins is null ? connection.Server.Establish(session, connection) : connection.Server.Join(_joins, connection);
        if (status != LoginStatus.Success) return Refuse(status, WhyNot(status));
        _tsih = session.Tsih;
        connection.Identify(_target, _initiator, _discovery, session.Isid, session.Tsih);
        connection.LoggedIn = true;
        if (Answer(granted: true, Stage.FullFeaturePhase))
        {
            bool header = _parameters[Key.HeaderDigest] == LoginKeys.DigestCrc32C, data = _parameters[Key.DataDigest] == LoginKeys.DigestCrc32C;
            connection.Reader.UseDigests(header, data);
            connection.Writer.UseDigests(header, data);
            if (connection.Server.MayLog(connection.Remote.Address))
                Log.LoggedIn(connection.Server.Logger, connection.Remote, Text.Escape(_initiator), _discovery ? "(discovery)" : _target, session.Isid, session.Tsih);
            return session;
        }
        connection.Server.Leave(session, connection, null);
        return null;
    }

    private Session NewSession()
    {
        var session = new Session(connection, _parameters, _depth)
        {
            Initiator = _initiator,
            Target = _target,
            Isid = Convert.ToHexStringLower(_isid),
            Tsih = _tsih,
            Nexus = _discovery ? null : connection.Server.NexusOf(_target, _initiator, _isid, connection.Local),
        };
        session.Numbering.Start(_cmdSn);
        return session;
    }

    private static string WhyNot(LoginStatus status) => status switch
    {
        LoginStatus.OutOfResources => "it has too many sessions",
        LoginStatus.TargetRemoved => "its target was removed meanwhile",
        _ => "its ISID, TSIH and CID fit no session",
    };

    /// <summary>Sends the composed answer, in several responses when it is longer than one may carry.</summary>
    private bool Answer(bool granted, Stage next)
    {
        ReadOnlySpan<byte> text = _answer.Span;
        while (text.Length > MaxDataLength)
        {
            Respond(LoginStatus.Success, (byte)(BhsFlags.Continue | (int)_stage << 2), text[..MaxDataLength]);
            text = text[MaxDataLength..];
            if (connection.Writer.Broken || !Receive()) return false;
            connection.FireReceived(Lun.Unknown);
            bool empty = connection.Reader.Bhs.DataLength == 0;
            connection.Reader.Advance();
            if (empty) continue;
            Refuse(LoginStatus.InitiatorError, "it sent text while ours was not complete");
            return false;
        }
        Respond(LoginStatus.Success, (byte)((granted ? BhsFlags.Final | (int)next : 0) | (int)_stage << 2), text);
        return !connection.Writer.Broken;
    }

    private Session? Refuse(LoginStatus status, string reason)
    {
        if (connection.Server.MayLog(connection.Remote.Address))
            Log.LoginRefused(connection.Server.Logger, connection.Remote, reason, $"{(int)status:x4}");
        if (status >= LoginStatus.InitiatorError) connection.EndsBy(ConnectionEnd.LoginRejected);
        // A redirection says where to go (RFC 7143 §11.13.5); no other refusal has text.
        Respond(status, 0, status is LoginStatus.TargetMovedTemporarily or LoginStatus.TargetMovedPermanently ? _answer.Span : default);
        return null;
    }

    private void Respond(LoginStatus status, byte flags, ReadOnlySpan<byte> text)
    {
        Span<byte> bhs = connection.Writer.Begin(Opcode.LoginResponse, Lun.Unknown, text.Length);
        bhs[1] = flags;
        _isid.CopyTo(bhs[8..]);
        BinaryPrimitives.WriteUInt16BigEndian(bhs[14..], _tsih);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], _itt);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[24..], connection.StatSn++);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[28..], _joins?.Numbering.ExpCmdSn ?? _cmdSn);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[32..], _joins?.Numbering.MaxCmdSn ?? _cmdSn + (uint)_depth - 1);
        BinaryPrimitives.WriteUInt16BigEndian(bhs[36..], (ushort)status);
        connection.Writer.Data(bhs, text);
        connection.Writer.Flush();
    }

    private string? Value(string key)
    {
        foreach ((string name, string value) in _pairs)
            if (name == key)
                return value;
        return null;
    }

    /// <summary>Waits for a whole Login Request; its length is checked before anything is kept of it.</summary>
    private bool Receive()
    {
        PduReader reader = connection.Reader;
        while (true)
        {
            // What cannot become a Login Request is not waited for.
            if (reader.HasMore && !IsRequest(reader.First)) return NotIscsi();
            if (reader.HasBhs)
            {
                Bhs bhs = reader.Bhs;
                if (bhs.Bytes[0] != 0x43) return NotALogin(bhs);
                if (bhs.DataLength > MaxDataLength || bhs.AhsLength > 0)
                {
                    Begin(bhs);
                    Refuse(LoginStatus.InitiatorError, $"a Login Request of {bhs.DataLength} bytes of text and {bhs.AhsLength} of AHS");
                    return false;
                }
                if (reader.HasPdu) return true;
            }
            if (connection.Doomed) return false;
            if (Environment.TickCount64 - _began > connection.Server.Options.LoginTimeout.TotalMilliseconds)
            {
                connection.EndsBy(ConnectionEnd.Silence);
                if (connection.Server.MayLog(connection.Remote.Address)) Log.Dropped(connection.Server.Logger, connection.Remote, "no login in time");
                return false;
            }
            if (reader.Receive() != Received.Closed) continue;
            connection.EndsByPeer();
            return false;
        }
    }

    // An initiator that begins with another PDU is told (RFC 7143 §6.3); what is no iSCSI at all is not.
    private bool NotALogin(Bhs bhs)
    {
        if (bhs.AhsLength > 0 && bhs.Opcode != Opcode.ScsiCommand) return NotIscsi();
        _itt = bhs.Itt;
        Refuse(LoginStatus.InvalidDuringLogin, $"a {Pdu.Row(bhs.Opcode).Name} before the login");
        return false;
    }

    private bool NotIscsi()
    {
        if (connection.Server.MayLog(connection.Remote.Address)) Log.Dropped(connection.Server.Logger, connection.Remote, "what it sent is not iSCSI");
        return false;
    }

    private static bool IsRequest(byte first) => first < 0x80 && Pdu.TryGetRow(first, out PduRow row) && row.Direction == Direction.ToTarget;
}
