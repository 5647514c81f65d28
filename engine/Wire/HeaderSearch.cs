using System.Runtime.CompilerServices;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// Looks for a header in a stream whose framing is not known: what has the form of one says where the next must be, and is believed
/// when there is one there. Segments begin with headers more often than not, and are preferred. Once a header's place was known only
/// every fourth byte can be one's first, since everything in a PDU is a multiple of four long. Holds a bounded number of candidates with the PDUs they would be, and no payload.
/// </summary>
internal sealed class HeaderSearch
{
    /// <summary>Bytes of a header whose rest has not come.</summary>
    public const int MaxCarry = Pdu.BhsLength - 1;

    private const int MaxCandidates = 8;
    private const int MaxHeld = 4;
    private const int MaxExtra = 64;

    /// <summary>After so much in vain what was known of the stream is not trusted any more.</summary>
    private const long Patience = 1 << 18;

    private readonly Candidate[] _candidates = new Candidate[MaxCandidates];
    private readonly byte[] _carry = new byte[MaxCarry];
    private WireConnection _connection = null!;
    private Direction _direction;
    private Candidate? _found;
    private bool _residueKnown;
    private int _align;
    private uint? _sn;
    private int _carried;
    private long _cursor;
    private long _segment;
    private int _maxData;

    /// <summary>Where the header found begins, as an offset in the stream.</summary>
    public long Found { get; private set; }

    /// <summary>Time of the carried bytes.</summary>
    public long CarryTime { get; private set; }

    /// <summary>Bytes looked through.</summary>
    public long Searched { get; private set; }

    /// <summary>Candidates that wait for their next header.</summary>
    public int Count { get; private set; }

    /// <summary>PDUs that come before the header found.</summary>
    public int HeldCount => _found is { } c ? Math.Min(c.Headers - 1, MaxHeld) : 0;

    /// <summary>What the header found and those before it say of digests.</summary>
    public (Digest Header, Digest Data) Digests => _found is { } c ? (c.HeaderDigest, c.DataDigest) : (Digest.Unknown, Digest.Unknown);

    /// <summary>Begins.</summary>
    /// <param name="connection">Whose stream it is.</param>
    /// <param name="direction">Which.</param>
    /// <param name="residue">The remainder by four of every header's offset, -1 when not known.</param>
    /// <param name="sn">ExpStatSN or ExpCmdSN of the last header, when known.</param>
    public void Begin(WireConnection connection, Direction direction, int residue, uint? sn)
    {
        _connection = connection;
        _direction = direction;
        _found = null;
        _residueKnown = residue >= 0;
        _align = Math.Max(residue, 0);
        _sn = sn;
        _carried = 0;
        _cursor = 0;
        Searched = 0;
        Count = 0;
    }

    /// <summary>A PDU before the header found, oldest first.</summary>
    public ref HeldPdu Held(int index) => ref _found!.Held[(_found.Headers - 1 - HeldCount + index) % MaxHeld];

    /// <summary>What belongs to the header found and came before the bytes that <see cref="Take"/> had last.</summary>
    public ReadOnlySpan<byte> Carried(long start) => Found >= start ? default : _carry.AsSpan(_carried - (int)(start - Found), (int)(start - Found));

    /// <summary>Looks through a segment.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="start">Their offset in the stream.</param>
    /// <param name="time">When they came.</param>
    /// <returns>Whether a header was found.</returns>
    public bool Take(ReadOnlySpan<byte> bytes, long start, long time)
    {
        Searched += bytes.Length;
        if (Searched > Patience) (_sn, _residueKnown) = (null, false);
        _maxData = _connection.MaxSearchedData(_direction);
        Reach(start + bytes.Length, time);
        if (_carried > 0)
        {
            Span<byte> joint = stackalloc byte[2 * MaxCarry + MaxExtra];
            int more = Math.Min(joint.Length - _carried, bytes.Length);
            _carry.AsSpan(0, _carried).CopyTo(joint);
            bytes[..more].CopyTo(joint[_carried..]);
            joint = joint[..(_carried + more)];
            if (Walk(joint, start - _carried, start, CarryTime)) return true;
            if (_cursor < start)
            {
                Carry(joint, start - _carried, CarryTime);
                return false;
            }
        }
        _carried = 0;
        _segment = start;
        _cursor = Math.Max(_cursor, start);
        if (Walk(bytes, start, start + bytes.Length, time)) return true;
        Carry(bytes, start, time);
        return false;
    }

    /// <summary>Bytes up to <paramref name="end"/> are missing: a header in there proves nothing.</summary>
    public void Missing(long end, long time)
    {
        Reach(end, time);
        _carried = 0;
        _cursor = end;
        for (int i = Count - 1; i >= 0; i--)
            while (_candidates[i].Due < end && !_candidates[i].TryOther())
            {
                Remove(i);
                break;
            }
    }

    // What is not examined yet waits for the rest of its header.
    private void Carry(ReadOnlySpan<byte> bytes, long start, long time)
    {
        ReadOnlySpan<byte> rest = bytes[(int)(Math.Min(_cursor, start + bytes.Length) - start)..];
        rest.CopyTo(_carry);
        _carried = rest.Length;
        CarryTime = time;
    }

    // PDUs whose last byte has come now.
    private void Reach(long end, long time)
    {
        for (int i = 0; i < Count; i++) _candidates[i].Reach(end, time);
    }

    /// <summary>Examines offsets from the cursor on that are below <paramref name="until"/> and have a header's length of bytes.</summary>
    private bool Walk(ReadOnlySpan<byte> bytes, long start, long until, long time)
    {
        long last = Math.Min(until, start + bytes.Length - Pdu.BhsLength + 1);
        while (true)
        {
            long due = NextDue();
            long at = _residueKnown ? _cursor + (_align - _cursor & 3) : _cursor;
            for (int step = _residueKnown ? 4 : 1; at < last && at < due; at += step)
                if (Plausibility.IsOpcode(bytes[(int)(at - start)], _direction) && IsPlausible(bytes[(int)(at - start)..]))
                    break;
            at = Math.Min(at, due);
            if (at >= last)
            {
                _cursor = Math.Max(_cursor, Math.Min(at, start + bytes.Length));
                return false;
            }
            _cursor = at + 1;
            if (Examine(bytes[(int)(at - start)..], at, start + bytes.Length, time)) return true;
        }
    }

    private long NextDue()
    {
        long due = long.MaxValue;
        for (int i = 0; i < Count; i++)
            if (_candidates[i].Due >= _cursor)
                due = Math.Min(due, _candidates[i].Due);
        return due;
    }

    private bool IsPlausible(ReadOnlySpan<byte> bytes) =>
        Plausibility.IsPlausible(bytes, _direction, _maxData)
        && (_sn is not { } sn || (bytes[0] & 0x1f) == (int)Opcode.LoginRequest || Plausibility.IsNear(bytes, sn));

    private bool Examine(ReadOnlySpan<byte> bytes, long at, long end, long time)
    {
        bool plausible = IsPlausible(bytes);
        bool claimed = false;
        for (int i = 0; i < Count; i++)
        {
            Candidate candidate = _candidates[i];
            if (candidate.Due != at) continue;
            if (plausible && Plausibility.IsNear(bytes, candidate.Sn))
            {
                candidate.Extend(bytes, _connection, end, time);
                claimed = true;
            }
            else if (!candidate.TryOther())
            {
                Remove(i--);
            }
        }
        if (plausible && !claimed && (!_residueKnown || (at - _align & 3) == 0)) claimed = Add(bytes, at, end, time);
        return claimed && Decide(at);
    }

    private bool Add(ReadOnlySpan<byte> bytes, long at, long end, long time)
    {
        bool begins = at == _segment;
        if (Count == MaxCandidates)
        {
            // One that begins a segment is more likely than one within.
            int victim = begins ? Array.FindLastIndex(_candidates, c => !c.BeginsSegment) : -1;
            if (victim < 0) return false;
            Remove(victim);
        }
        Candidate candidate = _candidates[Count] ??= new Candidate();
        Count++;
        candidate.Begin(at, begins);
        candidate.Extend(bytes, _connection, end, time);
        return true;
    }

    /// <summary>Whether the candidate that has a header here is to be believed. Not while an older one may prove that it lies in its data.</summary>
    private bool Decide(long at)
    {
        Candidate oldest = _candidates[0];
        if (oldest.LastHeader != at) return false;
        if (oldest.Headers < (_connection.IsExpected(oldest.LastHeld, at) ? 1 : _connection.HeadersNeeded)) return false;
        _found = oldest;
        Found = at;
        return true;
    }

    private void Remove(int index)
    {
        Candidate gone = _candidates[index];
        for (int i = index; i < Count - 1; i++) _candidates[i] = _candidates[i + 1];
        _candidates[--Count] = gone;
    }

    /// <summary>A PDU of a candidate: its header, and what was there behind it of AHS, digest and data.</summary>
    public struct HeldPdu
    {
        private Room _room;

        /// <summary>Bytes held.</summary>
        public int Length;

        /// <summary>When its first byte came, and its last.</summary>
        public long HeadTime, EndTime;

        /// <summary>The bytes.</summary>
        [System.Diagnostics.CodeAnalysis.UnscopedRef]
        public Span<byte> Bytes => _room;

        [InlineArray(Pdu.BhsLength + MaxExtra)]
        private struct Room
        {
            private byte _first;
        }
    }

    /// <summary>Headers that follow from one another.</summary>
    private sealed class Candidate
    {
        private long _next;
        private long _reached;
        private int _alternatives;
        private int _alternative;
        private bool _hasData;

        public HeldPdu[] Held { get; } = new HeldPdu[MaxHeld];

        public int Headers { get; private set; }

        public long LastHeader { get; private set; }

        public bool BeginsSegment { get; private set; }

        public uint Sn { get; private set; }

        public Digest HeaderDigest { get; private set; }

        public Digest DataDigest { get; private set; }

        /// <summary>Where the next header must be.</summary>
        public long Due => _next + _alternative * Crc32C.Length;

        public ReadOnlySpan<byte> LastHeld => Held[(Headers - 1) % MaxHeld].Bytes;

        public void Begin(long at, bool beginsSegment)
        {
            Headers = 0;
            BeginsSegment = beginsSegment;
            HeaderDigest = DataDigest = Digest.Unknown;
            (_next, _alternative, _alternatives, _reached) = (at, 0, 0, long.MaxValue);
        }

        /// <summary>There is none there: with a digest it would be four bytes on.</summary>
        public bool TryOther() => ++_alternative <= _alternatives;

        /// <summary>There is a header where it must be.</summary>
        public void Extend(ReadOnlySpan<byte> bytes, WireConnection connection, long end, long time)
        {
            LastHeader = Due;
            if (Headers == 0) (HeaderDigest, DataDigest) = (connection.HeaderDigest, connection.DataDigest);
            else Learn();
            Reach(LastHeader, time);
            ref HeldPdu held = ref Held[Headers++ % MaxHeld];
            held.Length = Math.Min(bytes.Length, held.Bytes.Length);
            bytes[..held.Length].CopyTo(held.Bytes);
            held.HeadTime = time;
            held.EndTime = 0;
            var bhs = new Bhs(bytes);
            Sn = bhs.U32(28);
            int header = Pdu.BhsLength + bhs.AhsLength;
            bool login = (bytes[0] & 0x1f) == (int)Opcode.LoginRequest;
            if (!login && HeaderDigest == Digest.Unknown && bytes.Length >= header + Crc32C.Length)
                HeaderDigest = Crc32C.Matches(bytes[header..], Crc32C.Add(Crc32C.Start, bytes[..header])) ? Digest.Crc32C : Digest.None;
            _hasData = bhs.DataLength > 0;
            _alternative = 0;
            _alternatives = login ? 0 : (HeaderDigest == Digest.Unknown ? 1 : 0) + (_hasData && DataDigest == Digest.Unknown ? 1 : 0);
            _next = LastHeader + header + Pdu.Pad(bhs.DataLength)
                + (login ? 0 : (HeaderDigest == Digest.Crc32C ? Crc32C.Length : 0) + (_hasData && DataDigest == Digest.Crc32C ? Crc32C.Length : 0));
            _reached = _next;
            Reach(end, time);
        }

        public void Reach(long end, long time)
        {
            if (_reached > end) return;
            _reached = long.MaxValue;
            Held[(Headers - 1) % MaxHeld].EndTime = time;
        }

        // Which digests the place of this header shows.
        private void Learn()
        {
            if (_alternatives == 0) return;
            bool none = _alternative == 0, all = _alternative == _alternatives;
            if (!none && !all) return;
            if (HeaderDigest == Digest.Unknown) HeaderDigest = all ? Digest.Crc32C : Digest.None;
            if (_hasData && DataDigest == Digest.Unknown) DataDigest = all ? Digest.Crc32C : Digest.None;
        }
    }
}
