using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Iscsitop.Target.Probes;

/// <summary>
/// A bounded ring of events: many producers, one consumer. A producer never waits: when the consumer is behind,
/// the event is dropped and counted. (The slot-sequence scheme is D. Vyukov's bounded queue.)
/// </summary>
public sealed class ProbeRing
{
    private readonly Slot[] _slots;
    private readonly int _mask;
    private Padded _head;
    private Padded _tail;
    private Padded _drops;

    /// <param name="capacity">Events held at most, a power of two.</param>
    public ProbeRing(int capacity)
    {
        if (capacity < 2 || !System.Numerics.BitOperations.IsPow2(capacity))
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "a power of two, 2 or more");
        _slots = new Slot[capacity];
        _mask = capacity - 1;
        for (int i = 0; i < capacity; i++) _slots[i].Sequence = i;
    }

    /// <summary>Events lost since the ring was made because it was full.</summary>
    public long Drops => Volatile.Read(ref _drops.Value);

    /// <summary>Events the ring holds at most.</summary>
    public int Capacity => _slots.Length;

    /// <summary>Claims a slot to be filled in place and then published.</summary>
    /// <returns>False when the ring is full; the drop has been counted.</returns>
    public bool TryClaim(out long position)
    {
        position = Volatile.Read(ref _head.Value);
        while (true)
        {
            long lag = Volatile.Read(ref _slots[position & _mask].Sequence) - position;
            if (lag == 0)
            {
                long seen = Interlocked.CompareExchange(ref _head.Value, position + 1, position);
                if (seen == position) return true;
                position = seen;
            }
            else if (lag < 0)
            {
                Interlocked.Increment(ref _drops.Value);
                return false;
            }
            else
            {
                position = Volatile.Read(ref _head.Value);
            }
        }
    }

    /// <summary>The claimed slot's event.</summary>
    public ref ProbeEvent Claimed(long position) => ref _slots[position & _mask].Event;

    /// <summary>Hands a filled slot to the consumer.</summary>
    public void Publish(long position) => Volatile.Write(ref _slots[position & _mask].Sequence, position + 1);

    /// <summary>The oldest event, in place. Only the one consumer calls this.</summary>
    /// <returns>A null reference when nothing is ready; else call <see cref="Release"/> when done with it.</returns>
    public ref ProbeEvent Peek()
    {
        long position = _tail.Value;
        ref Slot slot = ref _slots[position & _mask];
        if (Volatile.Read(ref slot.Sequence) != position + 1) return ref Unsafe.NullRef<ProbeEvent>();
        return ref slot.Event;
    }

    /// <summary>Gives the peeked slot back to the producers.</summary>
    public void Release()
    {
        long position = _tail.Value;
        _tail.Value = position + 1;
        Volatile.Write(ref _slots[position & _mask].Sequence, position + _slots.Length);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Slot
    {
        public long Sequence;
        public ProbeEvent Event;
        private readonly long _pad; // 128 bytes: two cache lines, never three
    }

    /// <summary>A counter alone on its cache lines, so that producers and consumer do not share one.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Padded
    {
        [FieldOffset(64)]
        public long Value;
    }
}
