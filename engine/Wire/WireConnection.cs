using System.Text;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Text = Iscsitop.Target.Iscsi.Text;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// One TCP connection that is, or may be, iSCSI: makes events of its PDUs, with the names, LUNs and tails that a target's own would
/// have. Makes nothing known until a login was seen, or PDUs that follow from one another.
/// </summary>
internal sealed partial class WireConnection
{
    /// <summary>SenseLength and what an event keeps of sense data (RFC 7143 §11.4.7).</summary>
    public const int MaxSense = 2 + ProbeEvent.TailBytes.Length;

    /// <summary>Captured bytes without a plausible header after which it is no iSCSI, and the same with one that waits for its successor.</summary>
    private const long ForeignAfter = 1 << 18, ForeignInAnyCase = 1 << 22;

    private readonly string _local;
    private readonly string _remote;
    private readonly long _opened;
    private readonly bool _sawStart;
    private readonly PduStream _toTarget;
    private readonly PduStream _toInitiator;
    private readonly TagTable _tags = new();
    private readonly UnmapLists _unmaps = new();
    private ConnectionInfo? _info;
    private bool _heardBoth;
    private uint _target;
    private uint _initiator;
    private int _facts;
    private TagTable.Entry _factAtHand;
    private long _rejectedAt = long.MinValue;
    private byte _rejectReason;

    /// <param name="context">What it shares with others.</param>
    /// <param name="local">The target's address and port.</param>
    /// <param name="remote">The initiator's.</param>
    /// <param name="time">When its first packet was seen.</param>
    /// <param name="sawStart">Whether the SYN was seen, so that the first bytes are a PDU's.</param>
    public WireConnection(WireContext context, string local, string remote, long time, bool sawStart)
    {
        Context = context;
        _local = local;
        _remote = remote;
        _opened = time;
        _sawStart = sawStart;
        HeaderDigest = DataDigest = sawStart ? Digest.None : Digest.Unknown;
        _toTarget = new PduStream(this, Direction.ToTarget, sawStart);
        _toInitiator = new PduStream(this, Direction.ToInitiator, sawStart);
    }

    /// <summary>What it shares with others.</summary>
    public WireContext Context { get; }

    /// <summary>It turned out not to be iSCSI; nothing more need be delivered.</summary>
    public bool Foreign { get; private set; }

    /// <summary>What packets tell and no probe does.</summary>
    public WireFacts Facts { get; } = new();

    /// <summary>The provider's id, 0 while it is not known to be iSCSI.</summary>
    public uint Id { get; private set; }

    /// <summary>Whether headers have a digest.</summary>
    public Digest HeaderDigest { get; set; }

    /// <summary>Whether data segments have a digest.</summary>
    public Digest DataDigest { get; set; }

    /// <summary>Headers that must follow from one another to be believed.</summary>
    public int HeadersNeeded => Id != 0 ? 2 : 3;

    /// <summary>Whether first bytes of an initiator, on any port, begin a login: a Login Request whose text begins with a key of login.</summary>
    public static bool LooksLikeLogin(ReadOnlySpan<byte> firstBytes)
    {
        if (firstBytes.Length < Pdu.BhsLength || !Plausibility.IsLogin(firstBytes)) return false;
        ReadOnlySpan<byte> text = firstBytes[Pdu.BhsLength..Math.Min(firstBytes.Length, Pdu.BhsLength + 64)];
        if (text.IsEmpty) return true; // some send the text by itself
        int equals = text.IndexOf((byte)'=');
        ReadOnlySpan<byte> key = equals >= 0 ? text[..equals] : text;
        if (key.StartsWith("X-"u8)) return true;
        foreach (KeyRow row in LoginKeys.Rows)
            if (equals >= 0 ? Ascii.Equals(key, row.Name) : key.Length <= row.Name.Length && Ascii.Equals(key, row.Name.AsSpan(0, key.Length)))
                return true;
        return false;
    }

    /// <summary>Packets of both directions were captured.</summary>
    public void HearBoth()
    {
        if (_heardBoth) return;
        _heardBoth = true;
        if (_info is not { Closed: 0 }) return;
        _info = _info with { OneSided = false };
        Context.Provider.ConnectionChanges.Enqueue(_info);
    }

    /// <summary>The next bytes of a direction, in order.</summary>
    public void Bytes(Direction direction, ReadOnlySpan<byte> bytes, long time)
    {
        if (Foreign) return;
        (direction == Direction.ToTarget ? _toTarget : _toInitiator).Bytes(bytes, time);
        if (Id == 0) JudgeForeign();
    }

    /// <summary>The next bytes of a direction were not captured.</summary>
    public void Missing(Direction direction, long count, long time)
    {
        if (count <= 0 || Foreign) return;
        Facts.MissingBytes += count;
        Context.Coverage.MissingBytes += count;
        (direction == Direction.ToTarget ? _toTarget : _toInitiator).Missing(count, time);
    }

    /// <summary>The longest data segment a header may announce, where one is expected.</summary>
    public int MaxData(Direction direction) => direction == Direction.ToTarget ? _maxToTarget : _maxToInitiator;

    /// <summary>The same where one is looked for.</summary>
    public int MaxSearchedData(Direction direction) =>
        Math.Min(_info?.Parameters is null ? Plausibility.MaxUnknownData : Plausibility.MaxData, MaxData(direction));

    /// <summary>A direction lost its place.</summary>
    /// <param name="implausible">Whether because of what was there, not because something was missing.</param>
    public void Lost(bool implausible)
    {
        if (Id == 0)
        {
            if (_sawStart && implausible) Disown();
            else HeaderDigest = DataDigest = Digest.Unknown; // what is missing may have been the login
            return;
        }
        Facts.Resyncs++;
        Context.Coverage.Resyncs++;
    }

    /// <summary>A direction found its place.</summary>
    public void Found(Direction direction, HeaderSearch search, long time)
    {
        // A login makes itself known; what was joined later does so here.
        if (Id == 0 && search.HeldCount > 0) Announce(midStream: true);
        if (HeaderDigest == Digest.Unknown) HeaderDigest = search.Digests.Header;
        if (DataDigest == Digest.Unknown) DataDigest = search.Digests.Data;
    }

    /// <summary>Whether one header alone is to be believed: the login that a connection begins with, and its answer.</summary>
    public bool IsExpected(ReadOnlySpan<byte> bytes, long at) => (bytes[0] & 0x3f) switch
    {
        (int)Opcode.LoginRequest => Id == 0 && at == 0 && LooksLikeLogin(bytes),
        (int)Opcode.LoginResponse => _login is { } login && new Bhs(bytes).Itt == login.Itt,
        _ => false,
    };

    /// <summary>Whether a connection that was not joined later is iSCSI by its first header: only a login makes it known.</summary>
    public bool MayBeginWith(Direction direction, ReadOnlySpan<byte> bhs)
    {
        bool login = (bhs[0] & 0x3f) == (direction == Direction.ToTarget ? (int)Opcode.LoginRequest : (int)Opcode.LoginResponse)
            && Plausibility.IsPlausible(bhs, direction, Text.MaxLength);
        if (!login) Disown();
        return login;
    }

    /// <summary>A header's digest did not fit.</summary>
    public void HeaderDamaged(long time)
    {
        Facts.HeaderDigestErrors++;
        Damaged(FaultKind.HeaderDigest, time);
    }

    /// <summary>A data segment's digest did not fit.</summary>
    public void DataDamaged(long time)
    {
        Facts.DataDigestErrors++;
        Damaged(FaultKind.DataDigest, time);
    }

    private void Damaged(FaultKind kind, long time)
    {
        _damaged = time;
        if (Id != 0) Context.Provider.Tell(new Fault(kind, Id, time));
    }

    /// <summary>How many bytes of a PDU's data segment are to be gathered, from its begin.</summary>
    public int Wants(Direction direction, ReadOnlySpan<byte> bhs, int length)
    {
        if (length == 0) return 0;
        switch ((Opcode)(bhs[0] & 0x3f))
        {
            case Opcode.ScsiResponse or Opcode.AsyncMessage:
                return Math.Min(length, MaxSense);
            case Opcode.Reject:
                return Math.Min(length, Pdu.BhsLength);
            case Opcode.LoginRequest or Opcode.LoginResponse or Opcode.TextRequest or Opcode.TextResponse:
                return Math.Min(length, Text.MaxLength);
            case Opcode.DataIn when _facts > 0:
                var view = new Bhs(bhs);
                bool wanted = view.BufferOffset == 0 && _tags.TryGet(view.Itt, out _factAtHand) && _factAtHand.Fact != UnitFact.None;
                return wanted ? Math.Min(length, _factAtHand.Fact >= UnitFact.ReadKeys ? Text.MaxLength : UnitAnswer.MaxLength) : 0;
            case Opcode.ScsiCommand:
                return WantsOf(bhs, length);
            case Opcode.DataOut when _reserves.Count > 0:
                return WantsOf(new Bhs(bhs), length);
            default:
                return 0;
        }
    }

    /// <summary>Whether the bytes of a PDU's data segment are to be shown as they pass (<see cref="TakePart"/>): then all of them are wanted.</summary>
    public bool Watches(Direction direction, ReadOnlySpan<byte> bhs)
    {
        if (direction != Direction.ToTarget) return false;
        var view = new Bhs(bhs);
        if (view.Opcode == Opcode.DataOut) return _unmaps.Has(view.Itt);
        if (view.Opcode != Opcode.ScsiCommand || bhs[32] != UnmapList.Opcode) return false;
        _unmaps.Announce(view);
        return true;
    }

    /// <summary>The next bytes of a data segment that is watched.</summary>
    public void TakePart(ReadOnlySpan<byte> bhs, int at, ReadOnlySpan<byte> bytes) => _unmaps.Add(new Bhs(bhs), at, bytes);

    /// <summary>A data segment that was watched has ended, and its PDU was taken.</summary>
    public void TakeWatched(ReadOnlySpan<byte> bhs, bool complete)
    {
        if (!complete) _unmaps.Damage(new Bhs(bhs).Itt);
    }

    /// <summary>A PDU came: its event.</summary>
    /// <param name="direction">Which way it travelled.</param>
    /// <param name="bhs">Its header, and maybe more.</param>
    /// <param name="ahs">Its Additional Header Segments.</param>
    /// <param name="data">Of a SCSI Response and an Asynchronous Message: the begin of its data segment.</param>
    /// <param name="time">Its time.</param>
    public void Take(Direction direction, ReadOnlySpan<byte> bhs, ReadOnlySpan<byte> ahs, ReadOnlySpan<byte> data, long time)
    {
        bhs = bhs[..Pdu.BhsLength];
        if (Foreign) return;
        if (Id == 0) Admit(direction);
        Context.Coverage.Pdus++;
        if (_rejectedAt != long.MinValue) TellReject(default);
        ulong lun;
        ReadOnlySpan<byte> tail = default;
        UnmapSum unmapped = default;
        var view = new Bhs(bhs);
        switch (view.Opcode)
        {
            case Opcode.ScsiCommand:
                if (_login is not null) LoginEnded();
                lun = Lun.Of(view);
                UnitFact fact = UnitAnswer.Of(bhs[32..]);
                if (fact != UnitFact.None) _facts++;
                _tags.Add(view.Itt, lun, fact);
                if (fact >= UnitFact.ReserveOut) BeginReserve(view, lun, fact);
                if (bhs[32] == UnmapList.Opcode) _unmaps.Begin(view);
                else if (_unmaps.Has(view.Itt)) _unmaps.End(view.Itt); // the tag is another command's
                if (ahs.Length > 0) tail = Pdu.ExtendedCdb(ahs);
                break;
            case Opcode.DataOut:
            case Opcode.ReadyToTransfer:
                lun = LunOf(view, known: true);
                break;
            case Opcode.DataIn:
                lun = LunOf(view, known: view.Ttt != Pdu.ReservedTag);
                if ((bhs[1] & BhsFlags.Status) != 0) Forget(view.Itt);
                break;
            case Opcode.ScsiResponse:
                lun = LunOf(view, known: false);
                Forget(view.Itt);
                if (_reserves.Count > 0) EndReserve(view, time);
                tail = Sense(data);
                if (_unmaps.Count > 0 && _unmaps.End(view.Itt) is var sum && bhs[2] == 0 && bhs[3] == (byte)ScsiStatus.Good) unmapped = sum;
                break;
            case Opcode.AsyncMessage:
                if (_login is not null) LoginEnded();
                lun = Lun.Of(view);
                tail = Sense(data);
                break;
            default:
                lun = Lun.Of(view);
                TakeOther(view, time);
                break;
        }
        if (Context.Provider.Wants(bhs[0])) Context.Provider.Fire(bhs, tail, lun, Id, _target, _initiator, time, unmapped);
    }

    /// <summary>The data segment that was asked for by <see cref="Wants"/>, or as much as there was; of Login PDUs also none.</summary>
    public void TakeData(Direction direction, ReadOnlySpan<byte> bhs, ReadOnlySpan<byte> data, bool complete, long time)
    {
        if (Id == 0) return;
        switch ((Opcode)(bhs[0] & 0x3f))
        {
            case Opcode.LoginRequest:
                TakeLoginRequest(bhs, data, complete);
                break;
            case Opcode.LoginResponse:
                TakeLoginResponse(bhs, data, complete);
                break;
            case Opcode.TextRequest or Opcode.TextResponse:
                if (complete) TakeText(direction, data);
                break;
            case Opcode.Reject:
                TellReject(data);
                break;
            case Opcode.ScsiCommand:
                TakeReserveList(new Bhs(bhs), 0, data);
                break;
            case Opcode.DataOut:
                TakeReserveList(new Bhs(bhs), new Bhs(bhs).BufferOffset, data);
                break;
            case Opcode.DataIn when _factAtHand.Fact >= UnitFact.ReadKeys:
                if (_info is { Target.Length: > 0 } reader && _factAtHand.Lun != Lun.Unknown)
                    Context.Reservations.Answered(reader.Target, _factAtHand.Lun, _factAtHand.Fact, data, time);
                break;
            case Opcode.DataIn:
                if (_target > 1 && _info is { Target: var target } && _factAtHand.Lun != Lun.Unknown)
                    Context.Learn(target, _target, _factAtHand.Lun, UnitAnswer.Read(_factAtHand.Fact, data));
                break;
        }
    }

    /// <summary>A Reject waits for the header it sends back: there it is, or as much as there will be of it.</summary>
    private void TellReject(ReadOnlySpan<byte> rejected)
    {
        if (_rejectedAt != long.MinValue) Context.Provider.Tell(Fault.Reject(Id, _rejectedAt, _rejectReason, rejected));
        _rejectedAt = long.MinValue;
    }

    /// <summary>SenseLength bytes of what follows it.</summary>
    private static ReadOnlySpan<byte> Sense(ReadOnlySpan<byte> data) =>
        data.Length < 2 ? default : data.Slice(2, Math.Min(data.Length - 2, data[0] << 8 | data[1]));

    /// <summary>The LUN of the command; when that was not seen and the PDU says its LUN, it is remembered for others.</summary>
    private ulong LunOf(Bhs view, bool known)
    {
        if (_tags.TryGet(view.Itt, out TagTable.Entry entry)) return entry.Lun;
        if (!known) return Lun.Unknown;
        ulong lun = Lun.Of(view);
        _tags.Add(view.Itt, lun);
        return lun;
    }

    private void Forget(uint itt)
    {
        if (_facts > 0 && _tags.TryGet(itt, out TagTable.Entry entry) && entry.Fact != UnitFact.None) _facts--;
        _tags.Remove(itt);
    }

    private void TakeOther(Bhs view, long time)
    {
        switch (view.Opcode)
        {
            case Opcode.LoginRequest:
                BeginLogin(view);
                break;
            case Opcode.LoginResponse:
                AnswerLogin(view);
                break;
            case Opcode.LogoutRequest:
                AskLogout(view);
                break;
            case Opcode.LogoutResponse:
                if (view.Bytes[2] != 0) _loggedOut = false;
                break;
            case Opcode.TaskManagementRequest:
                if (_login is not null) LoginEnded();
                AskFunction(view);
                break;
            case Opcode.TaskManagementResponse:
                AnswerFunction(view, time);
                break;
            case Opcode.Reject:
                Facts.Rejects++;
                (_rejectedAt, _rejectReason) = (time, view.Bytes[2]);
                break;
            case Opcode.SnackRequest:
                Facts.Snacks++;
                break;
            default:
                if (_login is not null) LoginEnded();
                break;
        }
    }

    private void Admit(Direction direction)
    {
        // An answer alone says not who it is, and not what was offered.
        HeaderDigest = DataDigest = direction == Direction.ToTarget ? Digest.None : Digest.Unknown;
        Announce(midStream: direction == Direction.ToInitiator);
    }

    private void Announce(bool midStream)
    {
        Id = Context.Provider.NextConnection();
        Context.Connections[Id] = this;
        _info = new ConnectionInfo(Id, _local, _remote, Opened: _opened) { OneSided = !_heardBoth };
        if (midStream) StandIn();
        Context.Provider.ConnectionChanges.Enqueue(_info);
    }

    /// <summary>Names of its own for a connection whose login was not seen.</summary>
    private void StandIn()
    {
        string target = Context.Options.Aliases.GetValueOrDefault(_local) ?? Context.Options.Aliases.GetValueOrDefault(AddressOf(_local)) ?? "?" + _local;
        string initiator = Context.Options.Aliases.GetValueOrDefault(_remote) ?? Context.Options.Aliases.GetValueOrDefault(AddressOf(_remote)) ?? "?" + AddressOf(_remote);
        _target = Context.Provider.Intern(target, proven: false);
        _initiator = Context.Provider.Intern(initiator, proven: false);
        _info = _info! with { Target = target, Initiator = initiator, MidStream = true };
        Context.Coverage.MidStream++;
    }

    private static string AddressOf(string endpoint) => endpoint[..endpoint.LastIndexOf(':')].Trim('[', ']');

    private void JudgeForeign()
    {
        if (Foreign) return;
        long searched = Math.Max(_toTarget.Searched, _toInitiator.Searched);
        bool hope = _toTarget.HasCandidates || _toInitiator.HasCandidates;
        if (searched > (hope ? ForeignInAnyCase : ForeignAfter)) Disown();
    }

    private void Disown()
    {
        Foreign = true;
        _toTarget?.Close();
        _toInitiator?.Close();
    }
}
