using System.Runtime.CompilerServices;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// Frames the PDUs of one direction of a connection out of bytes and gaps (RFC 7143 §11.2). Data is counted, not touched, unless
/// somebody wants it or a digest is to be checked; a gap in it costs nothing. A gap in a header, or what cannot be a header, has the
/// next one looked for (<see cref="HeaderSearch"/>).
/// </summary>
internal sealed class PduStream
{
    /// <summary>Longer text is seldom, and not worth keeping room for.</summary>
    private const int MaxKeptBody = 1024;

    private readonly WireConnection _connection;
    private readonly Direction _direction;
    private readonly byte[] _four = new byte[Crc32C.Length];
    private byte[] _head = new byte[Pdu.BhsLength + Crc32C.Length];
    private byte[] _body = [];
    private HeaderSearch? _search;
    private State _state;
    private long _end;
    private int _filled;
    private int _fours;
    private long _headTime;
    private int _rest;
    private int _want;
    private int _got;
    private bool _fired;
    private bool _digestFollows;
    private bool _intact;
    private bool _complete;
    private bool _kept;
    private bool _watched;
    private bool _textGoesOn;
    private bool _userData;
    private int _ahs;
    private long _fourTime;
    private uint _crc;
    private uint _headCrc;
    private uint _sn;
    private bool _snKnown;
    private int _residue = -1;

    /// <param name="connection">Whose direction it is, and who gets its PDUs.</param>
    /// <param name="direction">Which.</param>
    /// <param name="atStart">Whether the first byte is a PDU's; else the first header is looked for.</param>
    public PduStream(WireConnection connection, Direction direction, bool atStart)
    {
        _connection = connection;
        _direction = direction;
        if (atStart) _residue = 0;
        else Lose(false);
    }

    private enum State : byte
    {
        Header,
        HeaderProbe,
        Data,
        DataDigest,
        DataProbe,
        Lost,
    }

    /// <summary>Whether the next header is being looked for.</summary>
    public bool IsLost => _state == State.Lost;

    /// <summary>Bytes looked through since a header was last found.</summary>
    public long Searched => _search?.Searched ?? 0;

    /// <summary>Whether what may be headers waits for the next one to prove it.</summary>
    public bool HasCandidates => _search is { Count: > 0 };

    /// <summary>Whether nothing of it was seen yet.</summary>
    public bool IsUntouched => _end == 0;

    /// <summary>Gives back what a search holds.</summary>
    public void Close()
    {
        if (_search is not null) _connection.Context.Searches.Push(_search);
        _search = null;
        _state = State.Lost;
    }

    /// <summary>The next bytes. They begin a segment.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes, long time) => Feed(bytes, time, _end + bytes.Length);

    /// <summary>The next <paramref name="count"/> bytes are not to be had.</summary>
    public void Missing(long count, long time)
    {
        _end += count;
        while (count > 0)
        {
            switch (_state)
            {
                case State.Header:
                    if (!GoOnWithoutHeader()) Lose(false);
                    break;
                case State.Data:
                    count -= MissData((int)Math.Min(count, _rest), time);
                    break;
                case State.DataDigest:
                    int four = (int)Math.Min(count, Crc32C.Length - _fours);
                    _fours += four;
                    count -= four;
                    _intact = false;
                    if (_fours == Crc32C.Length) Finish(time, State.Header);
                    break;
                case State.HeaderProbe or State.DataProbe:
                    if (_state == State.HeaderProbe) Finish(time, State.Header);
                    Lose(false);
                    break;
                default:
                    _search?.Missing(_end, time);
                    return;
            }
        }
    }

    private void Feed(ReadOnlySpan<byte> bytes, long time, long end)
    {
        _end = end;
        while (!bytes.IsEmpty)
        {
            bytes = _state switch
            {
                State.Header => Header(bytes, time),
                State.Data => Data(bytes, time),
                State.Lost => Search(bytes, time),
                _ => Four(bytes, time),
            };
        }
    }

    private ReadOnlySpan<byte> Header(ReadOnlySpan<byte> bytes, long time)
    {
        if (_filled == 0)
        {
            _headTime = time;
            if (bytes.Length >= Pdu.BhsLength)
            {
                if (!IsPossible(bytes)) return LoseAt(bytes, time);
                int length = HeaderLength(bytes);
                if (bytes.Length >= length) return Begin(bytes[..length], bytes[length..], time);
            }
        }
        int need = _filled < Pdu.BhsLength ? Pdu.BhsLength : HeaderLength(_head);
        if (_head.Length < need) Array.Resize(ref _head, need);
        int count = Math.Min(need - _filled, bytes.Length);
        bytes[..count].CopyTo(_head.AsSpan(_filled));
        if (_connection.Id != 0 && Plausibility.IsOpcode(_head[0], _direction)) _connection.Context.Kept?.Keep(bytes[..count]);
        _filled += count;
        bytes = bytes[count..];
        if (_filled < need) return bytes;
        if (need == Pdu.BhsLength)
        {
            if (!IsPossible(_head)) return LoseWithHeader(bytes, time);
            if (HeaderLength(_head) > need) return bytes;
        }
        _filled = 0;
        return Begin(_head.AsSpan(0, need), bytes, time);
    }

    private bool IsPossible(ReadOnlySpan<byte> bhs) => Plausibility.IsPossible(bhs, _direction, _connection.MaxData(_direction));

    private int HeaderLength(ReadOnlySpan<byte> bhs) =>
        Pdu.BhsLength + bhs[4] * 4 + (_connection.HeaderDigest == Digest.Crc32C && !IsLogin(bhs[0]) ? Crc32C.Length : 0);

    private static bool IsText(byte first) =>
        (Opcode)(first & 0x3f) is Opcode.LoginRequest or Opcode.LoginResponse or Opcode.TextRequest or Opcode.TextResponse;

    // What their events carry of their data.
    private static bool BringsSense(byte first) => (Opcode)(first & 0x3f) is Opcode.ScsiResponse or Opcode.AsyncMessage;

    private static bool IsLogin(byte first) => (first & 0x1f) == (int)Opcode.LoginRequest;

    /// <summary>A whole header is there: what becomes of its PDU.</summary>
    private ReadOnlySpan<byte> Begin(ReadOnlySpan<byte> header, ReadOnlySpan<byte> rest, long time)
    {
        bool login = IsLogin(header[0]);
        if (_connection.Id == 0 && !_connection.MayBeginWith(_direction, header)) return default;
        _connection.Context.Kept?.Keep(header);
        Digest headerDigest = login ? Digest.None : _connection.HeaderDigest;
        if (headerDigest == Digest.Crc32C && !Crc32C.Matches(header[^Crc32C.Length..], Crc32C.Add(Crc32C.Start, header[..^Crc32C.Length])))
        {
            // Nothing in it can be believed, its lengths neither (RFC 7143 §7.8).
            _connection.HeaderDamaged(time);
            Lose(false);
            return rest;
        }
        int length = new Bhs(header).DataLength;
        Digest dataDigest = login || length == 0 ? Digest.None : _connection.DataDigest;
        int whole = Pdu.Pad(length) + (dataDigest == Digest.Crc32C ? Crc32C.Length : 0);
        bool watched = length > 0 && _connection.Watches(_direction, header);
        int want = watched ? length : _connection.Wants(_direction, header, length);
        if (!login) (_sn, _snKnown) = (new Bhs(header).U32(28), true);
        _userData = !IsText(header[0]);
        ReadOnlySpan<byte> ahs = header.Slice(Pdu.BhsLength, header[4] * 4);
        if (headerDigest != Digest.Unknown && dataDigest == Digest.None && want == 0 && !login && (rest.Length >= whole || _direction == Direction.ToInitiator))
        {
            _connection.Take(_direction, header, ahs, default, _direction == Direction.ToInitiator ? _headTime : time);
            if (rest.Length >= whole) return PassData(rest, whole);
            Skip(whole);
            return rest;
        }
        return Keep(header, length, want, watched, headerDigest, dataDigest, rest, time);
    }

    private ReadOnlySpan<byte> PassData(ReadOnlySpan<byte> rest, int whole)
    {
        if (_userData) _connection.Context.Kept?.KeepData(rest[..whole]);
        return rest[whole..];
    }

    // What is left of a PDU that has fired.
    private void Skip(int length)
    {
        _rest = length;
        _want = _got = 0;
        _fired = true;
        _digestFollows = _complete = _intact = _kept = _watched = false;
        _state = State.Data;
    }

    /// <summary>A PDU whose header is needed until more of it has come.</summary>
    private ReadOnlySpan<byte> Keep(ReadOnlySpan<byte> header, int length, int want, bool watched, Digest headerDigest, Digest dataDigest, ReadOnlySpan<byte> rest, long time)
    {
        if (_head.Length < header.Length) _head = new byte[header.Length];
        header.CopyTo(_head);
        Skip(Pdu.Pad(length));
        if (!watched && _body.Length < want) _body = new byte[Math.Max(want, 64)];
        (_want, _fired, _complete, _kept, _watched, _ahs) = (want, false, true, true, watched, header[4] * 4);
        _digestFollows = dataDigest != Digest.None;
        _intact = _digestFollows;
        _crc = Crc32C.Start;
        bool early = length == 0 || (_direction == Direction.ToInitiator && !BringsSense(header[0]));
        if (early) Fire(_direction == Direction.ToInitiator ? _headTime : time);
        if (headerDigest == Digest.Unknown)
        {
            _headCrc = Crc32C.Add(Crc32C.Start, header);
            (_fours, _state) = (0, State.HeaderProbe);
        }
        else if (_rest == 0)
        {
            Finish(time, State.Header);
        }
        return rest;
    }

    private ReadOnlySpan<byte> Data(ReadOnlySpan<byte> bytes, long time)
    {
        int count = Math.Min(_rest, bytes.Length);
        int gathered = Math.Min(_want - _got, count);
        bool sense = gathered > 0 && BringsSense(_head[0]);
        if (gathered > 0) Gather(bytes[..gathered]);
        if (_userData) _connection.Context.Kept?.KeepData(bytes[(sense ? gathered : 0)..count]);
        if (_intact) _crc = Crc32C.Add(_crc, bytes[..count]);
        _rest -= count;
        if (_rest == 0) EndData(time);
        return bytes[count..];
    }

    private void Gather(ReadOnlySpan<byte> bytes)
    {
        if (_connection.Context.Kept is { } kept) Keep(kept, bytes);
        if (_watched) _connection.TakePart(_head, _got, bytes);
        else bytes.CopyTo(_body.AsSpan(_got));
        _got += bytes.Length;
        if (_got == _want && !_fired && _direction == Direction.ToInitiator) Fire(_headTime);
    }

    // Sense data and the text of logins are no user data; what an INQUIRY or a parameter list tells is.
    private void Keep(KeptBytes kept, ReadOnlySpan<byte> bytes)
    {
        if (BringsSense(_head[0])) kept.Keep(bytes);
        else if (IsText(_head[0])) kept.KeepText(bytes, _got > 0 || _textGoesOn);
    }

    private int MissData(int count, long time)
    {
        _rest -= count;
        _intact = false;
        if (_got < _want)
        {
            _want = _got;
            _complete = false;
            if (!_fired && _direction == Direction.ToInitiator) Fire(_headTime);
        }
        if (_rest == 0) EndData(time);
        return count;
    }

    private void EndData(long time)
    {
        _fours = 0;
        if (!_digestFollows) Finish(time, State.Header);
        else if (_connection.DataDigest == Digest.Crc32C) _state = State.DataDigest;
        else Finish(time, State.DataProbe);
    }

    private void Fire(long time)
    {
        _fired = true;
        ReadOnlySpan<byte> head = _head;
        ReadOnlySpan<byte> tail = BringsSense(head[0]) ? _body.AsSpan(0, _got) : default;
        _connection.Take(_direction, head, head.Slice(Pdu.BhsLength, _ahs), tail, time);
    }

    /// <summary>The PDU is over.</summary>
    private void Finish(long time, State next)
    {
        if (!_fired) Fire(_direction == Direction.ToInitiator ? _headTime : time);
        _state = next;
        _filled = 0;
        if (_kept && IsText(_head[0]))
            _textGoesOn = (_head[1] & BhsFlags.Continue) != 0;
        if (_watched) _connection.TakeWatched(_head, _complete);
        else if (_kept && (_got > 0 || IsLogin(_head[0]))) _connection.TakeData(_direction, _head, _body.AsSpan(0, _got), _complete, time);
        if (IsLogin(_head[0])) _body.AsSpan(0, _got).Clear(); // there may be secrets in it
        if (_body.Length > MaxKeptBody) _body = [];
        _complete = _kept = _watched = false;
        _got = _want = 0;
    }

    /// <summary>Four bytes that are a digest, or may be one (RFC 7143 §11.2.3, §11.2.4).</summary>
    private ReadOnlySpan<byte> Four(ReadOnlySpan<byte> bytes, long time)
    {
        int count = Math.Min(Crc32C.Length - _fours, bytes.Length);
        bytes[..count].CopyTo(_four.AsSpan(_fours));
        if (_fours == 0) _fourTime = time;
        _fours += count;
        ReadOnlySpan<byte> part = bytes[..count];
        bytes = bytes[count..];
        // Either a header's digest or the begin of the next header: no user data.
        if (_state == State.HeaderProbe && _rest == 0) _connection.Context.Kept?.Keep(part);
        else if (_userData) _connection.Context.Kept?.KeepData(part);
        if (_fours < Crc32C.Length) return bytes;
        switch (_state)
        {
            case State.DataDigest:
                // What is written without user data has nothing where the digest was (docs/captures.md).
                if (_intact && !Crc32C.Matches(_four, _crc) && _four.AsSpan().ContainsAnyExcept((byte)0))
                {
                    _complete = false;
                    _connection.DataDamaged(time);
                }
                Finish(time, State.Header);
                break;
            case State.HeaderProbe:
                bool digest = Crc32C.Matches(_four, _headCrc);
                _connection.HeaderDigest = digest ? Digest.Crc32C : Digest.None;
                if (_rest > 0) _state = State.Data;
                else Finish(time, State.Header);
                if (!digest) GiveBack(bytes.Length);
                break;
            default:
                if (_intact) _connection.DataDigest = Crc32C.Matches(_four, _crc) ? Digest.Crc32C : Digest.None;
                _state = State.Header;
                if (_connection.DataDigest == Digest.None || (!_intact && Plausibility.IsOpcode(_four[0], _direction)))
                {
                    if (_connection.DataDigest == Digest.None) _connection.Context.Kept?.Keep(part);
                    GiveBack(bytes.Length);
                }
                break;
        }
        return bytes;
    }

    // They were none: they are what comes next.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GiveBack(int after)
    {
        long end = _end;
        Span<byte> four = stackalloc byte[Crc32C.Length];
        _four.CopyTo(four);
        Feed(four, _fourTime, end - after);
        _end = end;
    }

    /// <summary>A header was cut by a gap. Its first 8 bytes have its lengths, so that the next one's place is known; its fields are not.</summary>
    private bool GoOnWithoutHeader()
    {
        bool lengths = _filled >= 8 && _connection.HeaderDigest != Digest.Unknown && _connection.DataDigest != Digest.Unknown
            && Plausibility.IsOpcode(_head[0], _direction) && (_filled >= Pdu.BhsLength || !IsLogin(_head[0]));
        if (!lengths) return false;
        int length = _head[5] << 16 | _head[6] << 8 | _head[7];
        if (length > _connection.MaxData(_direction)) return false;
        int missing = HeaderLength(_head) - _filled;
        bool known = _filled >= Pdu.BhsLength;
        Skip(missing + Pdu.Pad(length));
        _filled = 0;
        _fired = !known;
        _userData = false; // it begins with a header
        _digestFollows = length > 0 && _connection.DataDigest == Digest.Crc32C && !IsLogin(_head[0]);
        if (!known) return true;
        _ahs = 0; // what there was of it is no use
        if (_direction == Direction.ToInitiator) Fire(_headTime);
        return true;
    }

    /// <summary>The place of the next header is not known any more.</summary>
    private void Lose(bool implausible)
    {
        _state = State.Lost;
        _filled = 0;
        _search = _connection.Context.Searches.TryPop(out HeaderSearch? search) ? search : new HeaderSearch();
        _search.Begin(_connection, _direction, _residue, _snKnown ? _sn : null);
        _connection.Lost(implausible);
    }

    private ReadOnlySpan<byte> LoseAt(ReadOnlySpan<byte> bytes, long time)
    {
        Lose(true);
        return Search(bytes, time);
    }

    // The header was gathered: what it really is may begin within.
    private ReadOnlySpan<byte> LoseWithHeader(ReadOnlySpan<byte> rest, long time)
    {
        long end = _end;
        Span<byte> header = stackalloc byte[Pdu.BhsLength];
        _head.AsSpan(0, Pdu.BhsLength).CopyTo(header);
        Lose(true);
        Feed(header, _headTime, end - rest.Length);
        _end = end;
        return rest;
    }

    private ReadOnlySpan<byte> Search(ReadOnlySpan<byte> bytes, long time)
    {
        if (_search is not { } search) return default;
        long end = _end, start = end - bytes.Length;
        if (!search.Take(bytes, start, time)) return default;
        _search = null;
        _state = State.Header;
        _residue = (int)(search.Found & 3);
        _snKnown = false;
        _connection.Found(_direction, search, time);
        for (int i = 0; i < search.HeldCount; i++) Replay(ref search.Held(i));
        ReadOnlySpan<byte> carried = search.Carried(start);
        if (!carried.IsEmpty)
        {
            Span<byte> copy = stackalloc byte[HeaderSearch.MaxCarry];
            copy = copy[..carried.Length];
            carried.CopyTo(copy);
            Feed(copy, search.CarryTime, start);
            _end = end;
        }
        int skip = (int)Math.Max(0, search.Found - start);
        _connection.Context.Searches.Push(search);
        return bytes[skip..];
    }

    private void Replay(ref HeaderSearch.HeldPdu held)
    {
        ReadOnlySpan<byte> all = held.Bytes;
        ReadOnlySpan<byte> after = all[Pdu.BhsLength..held.Length];
        int ahs = all[4] * 4, digest = _connection.HeaderDigest == Digest.Crc32C ? Crc32C.Length : 0;
        ReadOnlySpan<byte> tail = BringsSense(all[0]) && after.Length > digest ? after[digest..] : default;
        tail = tail[..Math.Min(tail.Length, Math.Min(new Bhs(all).DataLength, WireConnection.MaxSense))];
        _connection.Take(_direction, all, ahs <= after.Length ? after[..ahs] : default, tail, _direction == Direction.ToTarget ? held.EndTime : held.HeadTime);
    }
}
