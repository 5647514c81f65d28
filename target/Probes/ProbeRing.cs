using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Iscsitop.Target.Probes;

/// <summary>
/// A bounded ring of events: many producers, one consumer. A producer never waits: when the consumer is behind,
/// the event is dropped and counted. A slot is written by producers only and tells by its sequence when its event is whole;
/// the consumer tells how far it is now and then, so that the two seldom take memory from each other's cache.
/// </summary>
public sealed class ProbeRing
{
    private readonly Slot[] _slots;
    private readonly int _mask;
    private readonly int _step;
    private Padded _head;
    private Padded _tail;
    private Padded _next;
    private Padded _drops;

    /// <param name="capacity">Events held at most, a power of two.</param>
    public ProbeRing(int capacity)
    {
        if (capacity < 2 || !System.Numerics.BitOperations.IsPow2(capacity))
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "a power of two, 2 or more");
        _slots = new Slot[capacity];
        _mask = capacity - 1;
        _step = Math.Max(1, Math.Min(64, capacity / 16));
    }

    /// <summary>Events lost since the ring was made because it was full.</summary>
    public long Drops => Volatile.Read(ref _drops.Value);

    /// <summary>Events the ring holds at most.</summary>
    public int Capacity => _slots.Length;

    /// <summary>Whether the next claim would drop.</summary>
    public bool IsFull => Volatile.Read(ref _head.Value) - Volatile.Read(ref _tail.Value) >= _slots.Length;

    /// <summary>Claims a slot to be filled in place and then published.</summary>
    /// <returns>False when the ring is full; the drop has been counted.</returns>
    public bool TryClaim(out long position)
    {
        position = Volatile.Read(ref _head.Value);
        while (position - Volatile.Read(ref _tail.Value) < _slots.Length)
        {
            long seen = Interlocked.CompareExchange(ref _head.Value, position + 1, position);
            if (seen == position) return true;
            position = seen;
        }
        Interlocked.Increment(ref _drops.Value);
        return false;
    }

    /// <summary>The claimed slot's event.</summary>
    public ref ProbeEvent Claimed(long position) => ref _slots[position & _mask].Event;

    /// <summary>Hands a filled slot to the consumer.</summary>
    public void Publish(long position) => Volatile.Write(ref _slots[position & _mask].Sequence, position + 1);

    /// <summary>The oldest event, in place. Only the one consumer calls this.</summary>
    /// <returns>A null reference when nothing is ready; else call <see cref="Release"/> when done with it.</returns>
    public ref ProbeEvent Peek()
    {
        ref Slot slot = ref _slots[_next.Value & _mask];
        if (Volatile.Read(ref slot.Sequence) == _next.Value + 1) return ref slot.Event;
        Volatile.Write(ref _tail.Value, _next.Value);
        return ref Unsafe.NullRef<ProbeEvent>();
    }

    /// <summary>Gives the peeked slot back; producers get it with its neighbours, or at the next <see cref="Peek"/> that finds nothing.</summary>
    public void Release()
    {
        if (++_next.Value % _step == 0) Volatile.Write(ref _tail.Value, _next.Value);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Slot
    {
        public long Sequence;
        public ProbeEvent Event; // with it 128 bytes: two cache lines, never three
    }

    /// <summary>A counter alone on its cache lines, so that producers and consumer do not share one.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Padded
    {
        [FieldOffset(64)]
        public long Value;
    }
}
