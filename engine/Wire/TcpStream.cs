using System.Runtime.CompilerServices;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// One direction of a TCP connection: puts its segments in order, drops what was sent again, and says what the capture lacks.
/// Places are 64-bit offsets from the first byte expected; sequence numbers wrap around below them.
/// </summary>
internal sealed class TcpStream<TReceiver>(TReceiver receiver, Direction direction, HeldMemory memory, int maxHeld)
    where TReceiver : struct, IReceiver
{
    /// <summary>ns that packets may be captured out of the order they were sent in, on different queues for instance.</summary>
    public const long Grace = 1_000_000;

    /// <summary>ns after which what nobody acknowledged is given up too.</summary>
    public const long Patience = 1_000_000_000;

    // A segment this far back is no retransmission. When only such come, it is us who are wrong: more than 3 GiB were lost.
    private const long OldestSane = 64 << 20;
    private const int MaxInsane = 8;
    // An ACK this far ahead of all that was seen is damaged, or another connection's.
    private const long MaxLead = 16 << 20;
    private const long Endless = long.MaxValue;

    private readonly HeldSegments _held = new(memory, maxHeld);
    private RecentSegments _recent;
    private bool _based;
    private uint _nextSequence;
    private long _next;
    private long _deliveredAt;
    private long _sentEnd;
    private long _sentAt;
    private long _acknowledged;
    private long _acknowledgedAt;
    private long _fin = Endless;
    private long _finAt;
    private int _insane;

    /// <summary>Whether it is known where it begins.</summary>
    public bool Based => _based;

    /// <summary>Whether a packet of this direction was seen.</summary>
    public bool Heard => _recent.Any;

    /// <summary>Whether all up to its FIN was delivered.</summary>
    public bool Finished => _next >= _fin;

    /// <summary>Whether it waits for something, so that <see cref="Settle"/> has to be called now and then.</summary>
    public bool Waits => _held.Count > 0 || (_fin != Endless ? _next < _fin : _acknowledged > _next + 1);

    /// <summary>Whether the receiver's window is closed, so that single bytes sent are probes.</summary>
    public bool Closed { get; set; }

    /// <summary>The sequence number of its first byte.</summary>
    public void Base(uint sequence) => (_based, _nextSequence) = (true, sequence);

    /// <summary>Whether a packet was captured twice. Remembers it.</summary>
    public bool IsDuplicate(in Segment segment, long time)
    {
        ulong signature = RecentSegments.Signature(segment);
        // What comes in order cannot have been seen.
        if ((segment.Length == 0 || segment.First != _nextSequence) && _recent.Contains(signature, time)) return true;
        _recent.Add(signature, time);
        return false;
    }

    /// <summary>Takes a segment with payload.</summary>
    public void Take(in Segment segment, long time)
    {
        if (!_based) Base(segment.First);
        if (segment.First == _nextSequence && _held.Count == 0 && _fin - _next >= segment.Length)
        {
            _insane = 0;
            Deliver(segment.Payload, segment.Length, time);
            if (_next > _sentEnd) (_sentEnd, _sentAt) = (_next, time);
        }
        else
        {
            TakeOther(segment, time);
        }
    }

    /// <summary>The other end has acknowledged a sequence number.</summary>
    /// <param name="sequence">The number.</param>
    /// <param name="alone">Whether its segment had no other purpose.</param>
    /// <param name="time">When.</param>
    public void Acknowledge(uint sequence, bool alone, long time)
    {
        long at = _next + (int)(sequence - _nextSequence);
        if (at <= _acknowledged || !_based || at > Math.Max(_sentEnd, _next) + MaxLead) return;
        if (alone && at >= _sentEnd && _sentEnd > _acknowledged && IsDelay(time - _sentAt)) receiver.Facts.DelayedAcks++;
        _acknowledged = at;
        _acknowledgedAt = time;
    }

    /// <summary>Its sender sends no more after a place.</summary>
    /// <param name="sequence">The sequence number of the FIN.</param>
    /// <param name="time">When.</param>
    public void Finish(uint sequence, long time)
    {
        if (!_based) Base(sequence);
        long at = PlaceOf(sequence);
        if (_fin == Endless && at >= _next && at <= Math.Max(_sentEnd, _next) + MaxLead) (_fin, _finAt) = (at, time);
    }

    /// <summary>Whether a RST with this sequence number can be the sender's (RFC 5961 §3), as far as we know what it has sent.</summary>
    /// <param name="sequence">The number.</param>
    /// <param name="window">The other end's window.</param>
    public bool CanReset(uint sequence, long window)
    {
        if (!_based) return true;
        long ahead = (int)(sequence - _nextSequence);
        return ahead >= -65536 && ahead <= Math.Max(window, 65536) + (_sentEnd - _next);
    }

    /// <summary>Whether a sequence number is near what comes next, so that after a long time it is still the same connection's.</summary>
    public bool Continues(uint sequence) => !_based || (int)(sequence - _nextSequence) is >= -(int)MaxLead and <= (int)MaxLead;

    /// <summary>Gives up holes that will not be filled: acknowledged, or too old.</summary>
    public void Settle(long time)
    {
        while (Edge(out long edge, out long since))
        {
            long waited = time - Math.Max(since, _deliveredAt);
            if (waited < Grace || (waited < Patience && _acknowledged < edge)) return;
            Skip(edge, since);
        }
    }

    /// <summary>Gives up all holes: no more will come.</summary>
    public void Flush()
    {
        while (Edge(out long edge, out long since)) Skip(edge, since);
    }

    /// <summary>Gives back what it holds and forgets it.</summary>
    public void Drop()
    {
        while (_held.Count > 0) _held.RemoveFirst();
    }

    // Between so many ns a receiver's timer for delayed ACKs has run out (views: DACK).
    private static bool IsDelay(long gap) => gap is >= 35_000_000 and <= 45_000_000 or >= 190_000_000 and <= 210_000_000;

    // Less than 1 GiB, the largest window there is, lies behind; what lies further back is ahead.
    private long PlaceOf(uint sequence)
    {
        uint ahead = sequence - _nextSequence;
        return ahead < 0xc000_0000 ? _next + ahead : _next + ahead - (1L << 32);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeOther(in Segment segment, long time)
    {
        long at = PlaceOf(segment.First);
        if (segment.Length == 1 && at == _next - 1) return; // keep-alive (RFC 9293 §3.8.4), or a window probe seen again
        _sentAt = time; // sent again counts: the answer to that is no delayed ACK
        long resent = receiver.Facts.ResentToTarget + receiver.Facts.ResentToInitiator;
        if (at >= _next - OldestSane) _insane = 0;
        else if (++_insane >= MaxInsane) at += 1L << 32;
        int length = (int)Math.Min(segment.Length, Math.Max(0, _fin - at));
        ReadOnlySpan<byte> bytes = segment.Payload[..Math.Min(length, segment.Payload.Length)];
        if (at < _next)
        {
            int old = (int)Math.Min(length, _next - at);
            if (at >= 0 && !(Closed && segment.Length == 1)) Resent(old);
            at += old;
            length -= old;
            bytes = bytes[Math.Min(old, bytes.Length)..];
        }
        if (length > 0) Place(at, bytes, length, time);
        if (receiver.Facts.ResentToTarget + receiver.Facts.ResentToInitiator > resent) receiver.Facts.Retransmits++;
    }

    private void Place(long at, ReadOnlySpan<byte> bytes, int length, long time)
    {
        _sentEnd = Math.Max(_sentEnd, at + length);
        while (at > _next)
        {
            long again = 0;
            bool held = _held.TryAdd(ref at, ref bytes, ref length, time, ref again);
            Resent(again);
            if (held) return;
            // Too much waits: the first hole is given up, or what is before this segment.
            if (_held.Count == 0) Skip(at, time);
            else Skip(Math.Min(_held.First.At, at), _held.First.Time);
        }
        int old = (int)Math.Min(length, _next - at);
        Resent(old);
        if (old == length) return;
        Deliver(bytes[Math.Min(old, bytes.Length)..], length - old, time);
        Drain(time);
    }

    // A place up to which nothing is held, with something beyond it; and when that was seen.
    private bool Edge(out long edge, out long since)
    {
        if (_held.Count > 0) (edge, since) = (_held.First.At, _held.First.Time);
        else if (_fin != Endless) (edge, since) = (_fin, _finAt);
        else if (_acknowledged > _next + 1) (edge, since) = (_acknowledged, _acknowledgedAt); // 1 more: a FIN that was not captured
        else (edge, since) = (_next, 0);
        return edge > _next;
    }

    private void Skip(long edge, long time)
    {
        time = Math.Max(time, _deliveredAt);
        receiver.Missing(direction, edge - _next, time);
        Advance(edge - _next, time);
        Drain(0);
    }

    // Delivers what has come to its turn: now that a hole was filled, or else when it was seen.
    private void Drain(long time)
    {
        while (_held.Count > 0 && _held.First.At <= _next)
        {
            Held first = _held.First;
            int old = (int)Math.Min(first.Length, _next - first.At);
            Resent(old);
            if (old < first.Length)
                Deliver(first.Bytes[Math.Min(old, first.Captured)..], first.Length - old, Math.Max(time, Math.Max(first.Time, _deliveredAt)));
            _held.RemoveFirst();
        }
    }

    private void Deliver(ReadOnlySpan<byte> bytes, int length, long time)
    {
        Advance(length, time);
        if (direction == Direction.ToTarget) receiver.Facts.BytesToTarget += length;
        else receiver.Facts.BytesToInitiator += length;
        if (bytes.Length > 0) receiver.Bytes(direction, bytes, time);
        if (bytes.Length < length) receiver.Missing(direction, length - bytes.Length, time);
    }

    private void Advance(long count, long time)
    {
        _next += count;
        _nextSequence += (uint)count;
        _deliveredAt = time;
    }

    private void Resent(long count)
    {
        if (direction == Direction.ToTarget) receiver.Facts.ResentToTarget += count;
        else receiver.Facts.ResentToInitiator += count;
    }
}
