using System.Buffers.Binary;
using System.Net;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Target.Server;

/// <summary>Text Requests of the full feature phase (RFC 7143 §11.10): SendTargets and renegotiation, in and out in parts.</summary>
internal sealed class TextNegotiation(Connection connection, Session session, FullFeature phase)
{
    private readonly List<byte> _in = [];
    private readonly TextBuilder _out = new();
    private readonly List<KeyValuePair<string, string>> _pairs = [];
    private int _sent;
    private uint _ttt;
    private bool _open;

    // Linux takes 8192 bytes of text whatever its MaxRecvDataSegmentLength is (protocol.md 3.1).
    private int MaxPart => (int)Math.Min(session.Parameters[Key.MaxRecvDataSegmentLength], 8192);

    /// <summary>Answers one request.</summary>
    public void Request(Bhs bhs, ReadOnlySpan<byte> data)
    {
        bool restart = bhs.Ttt == Pdu.ReservedTag;
        if (!restart && (!_open || bhs.Ttt != _ttt))
        {
            phase.Reject(bhs, default, RejectReason.InvalidPduField);
            return;
        }
        if (restart) Reset();
        if (_sent < _out.Length)
        {
            Respond(bhs);
            return;
        }
        if (_in.Count + data.Length > Text.MaxLength)
        {
            Reset();
            phase.Reject(bhs, default, RejectReason.OutOfResources);
            return;
        }
        _in.AddRange(data);
        if ((bhs.Flags & BhsFlags.Continue) == 0 && Compose() is { } wrong)
        {
            Reset();
            phase.Reject(bhs, default, wrong);
            return;
        }
        Respond(bhs, more: !bhs.Final);
    }

    private void Reset()
    {
        _in.Clear();
        _out.Clear();
        _sent = 0;
        _open = false;
    }

    private RejectReason? Compose()
    {
        string? wrong = Text.Parse(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_in), _pairs);
        _in.Clear();
        _out.Clear();
        _sent = 0;
        if (wrong is not null || _pairs.DistinctBy(p => p.Key).Count() != _pairs.Count) return RejectReason.ProtocolError;
        foreach ((string key, string value) in _pairs)
            if (key == "SendTargets" && !SendTargets(value))
                return RejectReason.InvalidPduField;
        return LoginKeys.Negotiate(_pairs, fullFeature: true, session.Parameters, _out) is null ? null : RejectReason.ProtocolError;
    }

    /// <summary>
    /// SendTargets (RFC 7143 appendix C). In a normal session All is answered with the session's own target, which the
    /// RFC forbids and libiscsi demands.
    /// </summary>
    private bool SendTargets(string value)
    {
        string own = connection.Server.Options.Name;
        bool wanted = value == own || value == "All" || (value.Length == 0 && !session.Discovery);
        if (!wanted) return session.Discovery && IscsiName.Check(value) is null;
        _out.Add("TargetName", own);
        foreach (string address in connection.Server.Portals.Where(IsReachable).Select(Reachable).Distinct())
            _out.Add("TargetAddress", $"{address},{TargetServer.PortalGroup}");
        return true;
    }

    private bool IsReachable(IPEndPoint portal) =>
        !(portal.Address.Equals(IPAddress.Any) || portal.Address.Equals(IPAddress.IPv6Any)) || portal.AddressFamily == connection.Local.AddressFamily;

    // A wildcard is no address to connect to: the one this initiator used is.
    private string Reachable(IPEndPoint portal)
    {
        IPAddress address = portal.Address.Equals(IPAddress.Any) || portal.Address.Equals(IPAddress.IPv6Any)
            ? connection.Local.Address
            : portal.Address;
        if (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) address = new IPAddress(address.GetAddressBytes());
        return new IPEndPoint(address, portal.Port).ToString();
    }

    private void Respond(Bhs request, bool more = false)
    {
        int part = Math.Min(_out.Length - _sent, MaxPart);
        bool last = !more && _sent + part == _out.Length;
        Span<byte> bhs = connection.Writer.Begin(Opcode.TextResponse, 0, part);
        bhs[1] = last ? BhsFlags.Final : _sent + part < _out.Length ? BhsFlags.Continue : (byte)0;
        if (!last && ++_ttt == Pdu.ReservedTag) _ttt = 1;
        _open = !last;
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], request.Itt);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[20..], last ? Pdu.ReservedTag : _ttt);
        phase.Stamp(bhs, advance: true);
        connection.Writer.Data(bhs, _out.Span.Slice(_sent, part));
        _sent += part;
    }
}
