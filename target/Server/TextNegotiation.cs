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
    private IEnumerator<ServedTarget>? _targets;
    private uint _ttt;
    private bool _open;

    // libiscsi wants all targets in one PDU as far as its MaxRecvDataSegmentLength goes, and offers much of it;
    // Linux offers 32768 bytes for discovery and takes 8192 of text.
    private int MaxPart => connection.Parameters[Key.MaxRecvDataSegmentLength] switch
    {
        > 65536 => 65536,
        var length => (int)Math.Min(length, 8192),
    };

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
        if (_out.Length > 0)
        {
            Respond(bhs);
            return;
        }
        if (_in.Count + data.Length > connection.Server.Options.MaxText)
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
        _targets = null;
        _open = false;
    }

    private RejectReason? Compose()
    {
        string? wrong = Text.Parse(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_in), _pairs);
        _in.Clear();
        _out.Clear();
        _targets = null;
        if (wrong is not null || _pairs.DistinctBy(p => p.Key).Count() != _pairs.Count) return RejectReason.ProtocolError;
        foreach ((string key, string value) in _pairs)
            if (key == "SendTargets" && !SendTargets(value))
                return RejectReason.InvalidPduField;
        if (LoginKeys.Negotiate(_pairs, fullFeature: true, connection.Parameters, _out) is not null) return RejectReason.ProtocolError;
        connection.Renegotiated();
        return null;
    }

    /// <summary>
    /// SendTargets (RFC 7143 appendix C): the targets this initiator may know of. In a normal session All is answered
    /// with the session's own target, which the RFC forbids and libiscsi demands.
    /// </summary>
    private bool SendTargets(string value)
    {
        string own = session.Target;
        bool all = value == "All" || (value.Length == 0 && !session.Discovery);
        if (!all && (session.Discovery ? IscsiName.Check(value) is not null : value != own)) return false;
        string? only = !session.Discovery ? own : all ? null : value;
        _targets = (only is null ? connection.Server.TargetsFor(session.Initiator) : Only(only)).GetEnumerator();
        return true;
    }

    private IEnumerable<ServedTarget> Only(string name) => connection.Server.TargetFor(name, session.Initiator) is { } target ? [target] : [];

    /// <summary>Composes as many records as the next part takes: thousands of targets must not take memory for each who asks.</summary>
    private void Fill(int length)
    {
        while (_out.Length <= length && _targets is not null)
        {
            if (!_targets.MoveNext())
            {
                _targets = null;
                return;
            }
            _out.Add("TargetName", _targets.Current.Spec.Name);
            foreach (string address in connection.Server.PortalsOf(_targets.Current).Where(p => IsReachable(p.Portal)).Select(Reachable).Distinct())
                _out.Add("TargetAddress", address);
        }
    }

    private bool IsReachable(IPEndPoint portal) => !portal.IsWildcard() || portal.AddressFamily == connection.Local.AddressFamily;

    // A wildcard is no address to connect to: the one this initiator used is.
    private string Reachable((IPEndPoint Portal, ushort Tag) at)
    {
        IPAddress address = at.Portal.IsWildcard() ? connection.Local.Address : at.Portal.Address;
        if (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) address = new IPAddress(address.GetAddressBytes());
        return $"{new IPEndPoint(address, at.Portal.Port)},{at.Tag}";
    }

    private void Respond(Bhs request, bool more = false)
    {
        Fill(MaxPart);
        int part = Math.Min(_out.Length, MaxPart);
        bool rest = part < _out.Length;
        Span<byte> bhs = connection.Writer.Begin(Opcode.TextResponse, 0, part);
        bhs[1] = rest ? BhsFlags.Continue : more ? (byte)0 : BhsFlags.Final;
        _open = rest || more;
        if (_open && ++_ttt == Pdu.ReservedTag) _ttt = 1;
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], request.Itt);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[20..], _open ? _ttt : Pdu.ReservedTag);
        phase.Stamp(bhs, advance: true);
        connection.Writer.Data(bhs, _out.Span[..part]);
        _out.Drop(part);
    }
}
