using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <content>Login, renegotiation, logout and the end: what a connection's record says.</content>
internal sealed partial class WireConnection
{
    /// <summary>How long before the end a digest error is taken for its cause.</summary>
    private const long DigestPatience = 10_000_000_000;

    private WireLogin? _login;
    private (string Initiator, string Isid, string Target)? _session;
    private int _portalGroup = -1;
    private int _maxToTarget = Plausibility.MaxData;
    private int _maxToInitiator = Plausibility.MaxData;
    private bool _identified;
    private bool _granted;
    private bool _rejected;
    private bool _loggedOut;
    private bool _reinstated;
    private long _damaged = long.MinValue;

    /// <summary>The connection is over, at least in TCP's eyes.</summary>
    public void Close(ConnectionEnd end, long time)
    {
        _toTarget.Close();
        _toInitiator.Close();
        TellReject(default);
        if (_info is not { Closed: 0 } info) return;
        _info = info with { Closed = time, End = EndOf(end, time) };
        Context.Provider.ConnectionChanges.Enqueue(_info);
        if (_session is { } session && Context.Sessions.TryGetValue(session, out List<WireConnection>? all) && all.Remove(this))
        {
            if (all.Count > 0) return;
            Context.Sessions.Remove(session);
        }
        Context.Reservations.NexusLost(_info.Target, Self, time);
    }

    private ConnectionEnd EndOf(ConnectionEnd tcp, long time)
    {
        if (_rejected) return ConnectionEnd.LoginRejected;
        if (_loggedOut) return ConnectionEnd.Logout;
        if (_damaged != long.MinValue && time - _damaged < DigestPatience) return ConnectionEnd.Digest;
        return _reinstated ? ConnectionEnd.Reinstated : tcp;
    }

    private void BeginLogin(Bhs view)
    {
        if (_granted) return; // a Login Request has no place in the full feature phase
        _login ??= new WireLogin(view.Bytes);
    }

    private void TakeLoginRequest(ReadOnlySpan<byte> bhs, ReadOnlySpan<byte> data, bool complete)
    {
        if (_login is not { } login) return;
        login.Take(Direction.ToTarget, data, (bhs[1] & BhsFlags.Continue) != 0, complete);
        // Until the answer is seen; login PDUs themselves never have any.
        if (login.OffersHeaderDigest || !complete) HeaderDigest = Digest.Unknown;
        if (login.OffersDataDigest || !complete) DataDigest = Digest.Unknown;
    }

    /// <summary>A Login Response is about to fire: with the names that the request brought, as far as the target took them.</summary>
    private void AnswerLogin(Bhs view)
    {
        var status = (LoginStatus)view.U16(36);
        _rejected |= status >= LoginStatus.InitiatorError;
        if (_login is not { } login) return;
        bool final = status == LoginStatus.Success && (view.Flags & 0x83) == 0x83;
        if (final) (_target, _initiator) = Names(login, proven: true);
        if (_identified || !login.Identifies || (status != LoginStatus.Success && !IscsiName.IsAcceptable(login.Initiator))) return;
        _identified = true;
        // A target refuses at once who may not come in; else it knows both from here on.
        bool refused = status is LoginStatus.NotFound or LoginStatus.AuthorizationFailure or LoginStatus.TargetRemoved
            or LoginStatus.TargetMovedTemporarily or LoginStatus.TargetMovedPermanently;
        if (!final) (_target, _initiator) = Names(login, proven: false);
        if (refused) _target = 0;
        string target = refused || login.Discovery ? "" : login.Target;
        _info = _info! with { Target = target, Initiator = login.Initiator, Cid = login.Cid, Discovery = login.Discovery, MidStream = false };
        Context.Provider.ConnectionChanges.Enqueue(_info);
    }

    private (uint Target, uint Initiator) Names(WireLogin login, bool proven) => login.Identifies
        ? (Context.Provider.Intern(login.Discovery ? "" : login.Target, proven), Context.Provider.Intern(login.Initiator, proven))
        : (_target, _initiator);

    private void TakeLoginResponse(ReadOnlySpan<byte> bhs, ReadOnlySpan<byte> data, bool complete)
    {
        var view = new Bhs(bhs);
        bool succeeds = view.U16(36) == 0;
        if (succeeds) _login?.Take(Direction.ToInitiator, data, (bhs[1] & BhsFlags.Continue) != 0, complete);
        if (succeeds && (view.Flags & 0x83) == 0x83) Grant(view.U16(14));
    }

    /// <summary>A PDU of the full feature phase came, but the end of the login was not seen.</summary>
    private void LoginEnded() => Grant(null);

    /// <summary>The full feature phase begins.</summary>
    /// <param name="tsih">The session's handle; null when the answer was not seen.</param>
    private void Grant(ushort? tsih)
    {
        if (_granted) return;
        _granted = true;
        if (_login is not { } login) return;
        _login = null;
        if (!login.Identifies)
        {
            if (!_info!.MidStream) StandIn();
            Context.Provider.ConnectionChanges.Enqueue(_info);
            return;
        }
        (_target, _initiator) = Names(login, proven: true);
        _info = _info! with
        {
            Target = login.Discovery ? "" : login.Target,
            Initiator = login.Initiator,
            Isid = login.Isid,
            Cid = login.Cid,
            Tsih = tsih ?? login.Tsih,
            Discovery = login.Discovery,
            PortalGroup = login.PortalGroup,
            MidStream = false,
        };
        bool known = tsih is not null && login.IsComplete;
        if (known) Agree(login.Agreed(Enter(login)));
        else Enter(login);
        Context.Provider.ConnectionChanges.Enqueue(_info);
    }

    private void Agree(SessionParameters parameters)
    {
        _info = _info! with { Parameters = parameters };
        HeaderDigest = parameters.HeaderDigest ? Digest.Crc32C : Digest.None;
        DataDigest = parameters.DataDigest ? Digest.Crc32C : Digest.None;
        Limit(parameters);
    }

    // Text goes to 64 KiB whatever was declared: peers are seen to send it so.
    private void Limit(SessionParameters parameters)
    {
        _maxToTarget = (int)Math.Max(parameters.TargetMaxRecv, Text.MaxLength);
        _maxToInitiator = (int)Math.Max(parameters.InitiatorMaxRecv, Text.MaxLength);
    }

    /// <summary>Takes its place among the connections of its ports; whose place it takes is over (RFC 7143 §6.3.1, §6.3.4).</summary>
    /// <returns>What the session it joins has agreed upon; null for a new session.</returns>
    private SessionParameters? Enter(WireLogin login)
    {
        if (login.Discovery) return null; // discovery sessions stand outside the ISID rule (RFC 7143 §7.4.2)
        _portalGroup = login.PortalGroup;
        var key = (login.Initiator, login.Isid, login.Target);
        _session = key;
        if (!Context.Sessions.TryGetValue(key, out List<WireConnection>? all)) Context.Sessions[key] = all = [];
        SessionParameters? joined = null;
        foreach (WireConnection other in all)
        {
            bool same = login.Tsih != 0 && other._info!.Tsih == login.Tsih;
            if (same) joined ??= other._info!.Parameters;
            bool replaced = login.Tsih == 0 && IsOfGroup(other);
            if (replaced) Context.Reservations.NexusLost(login.Target, other.Self, _opened);
            if ((same && other._info!.Cid == login.Cid) || replaced) other._reinstated = true;
        }
        all.Add(this);
        return joined;
    }

    private bool IsOfGroup(WireConnection other) => _portalGroup < 0 || other._portalGroup < 0 || _portalGroup == other._portalGroup;

    /// <summary>Text of the full feature phase: the one thing that both may declare anew is how long segments may be.</summary>
    private void TakeText(Direction direction, ReadOnlySpan<byte> data)
    {
        if (_info!.Parameters is not { } parameters || data.IndexOf("MaxRecvDataSegmentLength="u8) < 0) return;
        var pairs = new List<KeyValuePair<string, string>>();
        Text.Parse(data, pairs);
        KeyRow row = LoginKeys.Find("MaxRecvDataSegmentLength")!;
        foreach ((string key, string value) in pairs)
        {
            if (key != row.Name || !Text.TryNumber(value, out ulong length) || length < row.Low || length > row.High) continue;
            parameters = direction == Direction.ToTarget ? parameters with { InitiatorMaxRecv = (uint)length } : parameters with { TargetMaxRecv = (uint)length };
        }
        if (parameters == _info.Parameters) return;
        Limit(parameters);
        _info = _info with { Parameters = parameters };
        Context.Provider.ConnectionChanges.Enqueue(_info);
    }

    /// <summary>A Logout Request (RFC 7143 §11.14): of the session, of this connection or of another.</summary>
    private void AskLogout(Bhs view)
    {
        if (_login is not null) LoginEnded();
        int reason = view.Flags & 0x7f;
        ushort cid = view.U16(20);
        bool own = reason == 0 || cid == _info!.Cid || _info.Tsih == 0;
        if (own) _loggedOut = true;
        if (_session is not { } session || !Context.Sessions.TryGetValue(session, out List<WireConnection>? all)) return;
        foreach (WireConnection other in all)
            if (other != this && other._info!.Tsih == _info!.Tsih && (reason == 0 || (!own && other._info.Cid == cid)))
                other._loggedOut = true;
    }
}
