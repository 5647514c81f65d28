using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Iscsitop.Engine.D.Execution;

/// <summary>
/// All dynamic variables of a program: elements of associative arrays and what self-&gt; has. An open-addressing table; keys and strings lie
/// in blocks of one store, so that in steady state nothing is allocated. Bounded by dynvarsize: what finds no room is dropped and counted.
/// </summary>
internal sealed class DynamicTable(long limit)
{
    // What an element takes beside its block, at the table's usual load.
    private const int PerElement = 40;

    private BlockStore _store = new();
    private Slot[] _slots = new Slot[64];
    private int _count;
    private long _used;

    /// <summary>Elements that found no room.</summary>
    public long Drops { get; private set; }

    /// <summary>Elements there are.</summary>
    public int Count => _count;

    /// <summary>The number of a key, 0 when it is not there.</summary>
    public long Number(ReadOnlySpan<byte> key)
    {
        int at = Find(key, Hashing.Of(key));
        return at >= 0 ? _slots[at].Number : 0;
    }

    /// <summary>The string of a key, empty when it is not there.</summary>
    public ReadOnlySpan<byte> Text(ReadOnlySpan<byte> key)
    {
        int at = Find(key, Hashing.Of(key));
        return at >= 0 ? _store.At(_slots[at].Block)[_slots[at].KeyLength..][..(int)_slots[at].Number] : default;
    }

    /// <summary>Stores a number; 0 frees the element.</summary>
    public void Store(ReadOnlySpan<byte> key, long value)
    {
        uint hash = Hashing.Of(key);
        int at = Find(key, hash);
        if (value == 0) Remove(at);
        else if (at >= 0) _slots[at].Number = value;
        else if (Add(key, hash, key.Length) is >= 0 and var added) _slots[added].Number = value;
    }

    /// <summary>Stores a string; an empty one frees the element.</summary>
    public void Store(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        uint hash = Hashing.Of(key);
        int at = Find(key, hash), needed = key.Length + value.Length;
        if (value.IsEmpty)
        {
            Remove(at);
            return;
        }
        if (at >= 0 && BlockStore.Rounded(needed) != _store.SizeOf(_slots[at].Block))
        {
            // The value may lie in the block that goes: the store leaves its bytes as they are until it is asked for the next.
            Remove(at);
            at = -1;
        }
        if (at < 0) at = Add(key, hash, needed, value);
        else value.CopyTo(_store.At(_slots[at].Block)[key.Length..]);
        if (at >= 0) _slots[at].Number = value.Length;
    }

    private int Add(ReadOnlySpan<byte> key, uint hash, int needed, ReadOnlySpan<byte> value = default)
    {
        int size = BlockStore.Rounded(needed);
        if (_used + size + PerElement > limit || !HasRoom(size))
        {
            Drops++;
            return -1;
        }
        _used += size + PerElement;
        if ((_count + 1) * 4 > _slots.Length * 3) Grow();
        int block = _store.Rent(size, key, value);
        int at = (int)(hash & (uint)(_slots.Length - 1));
        while (_slots[at].Hash != 0) at = (at + 1) & (_slots.Length - 1);
        _slots[at] = new Slot { Hash = hash, Block = block, KeyLength = key.Length };
        _count++;
        return at;
    }

    // What was given back may be of sizes that nobody asks for any more: then all that is there moves together.
    private bool HasRoom(int size)
    {
        if (_store.HasRoom(size, limit * 2)) return true;
        var store = new BlockStore();
        foreach (ref Slot slot in _slots.AsSpan())
            if (slot.Hash != 0) slot.Block = store.Rent(_store.SizeOf(slot.Block), _store.Content(slot.Block), default);
        _store = store;
        return _store.HasRoom(size, limit * 2);
    }

    // Those behind move up, so that a search may end at the first free slot.
    private void Remove(int at)
    {
        if (at < 0) return;
        _used -= _store.SizeOf(_slots[at].Block) + PerElement;
        _store.Return(_slots[at].Block);
        _count--;
        int mask = _slots.Length - 1, free = at;
        for (int i = (at + 1) & mask; _slots[i].Hash != 0; i = (i + 1) & mask)
        {
            int home = (int)(_slots[i].Hash & (uint)mask);
            if (((i - home) & mask) < ((i - free) & mask)) continue;
            _slots[free] = _slots[i];
            free = i;
        }
        _slots[free] = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(ReadOnlySpan<byte> key, uint hash)
    {
        Slot[] slots = _slots;
        int mask = slots.Length - 1;
        for (int at = (int)(hash & (uint)mask); ; at = (at + 1) & mask)
        {
            ref Slot slot = ref slots[at];
            if (slot.Hash == 0) return -1;
            if (slot.Hash == hash && slot.KeyLength == key.Length && _store.At(slot.Block)[..key.Length].SequenceEqual(key)) return at;
        }
    }

    private void Grow()
    {
        Slot[] old = _slots;
        _slots = new Slot[old.Length * 2];
        int mask = _slots.Length - 1;
        foreach (Slot slot in old)
        {
            if (slot.Hash == 0) continue;
            int at = (int)(slot.Hash & (uint)mask);
            while (_slots[at].Hash != 0) at = (at + 1) & mask;
            _slots[at] = slot;
        }
    }

    private struct Slot
    {
        // 0 is a free slot.
        public uint Hash;
        public int KeyLength;
        public int Block;
        // Of a string its length.
        public long Number;
    }
}

/// <summary>Hashes of records.</summary>
internal static class Hashing
{
    /// <summary>Never 0.</summary>
    public static uint Of(ReadOnlySpan<byte> key)
    {
        ulong hash = (ulong)key.Length * 0x9e3779b97f4a7c15;
        while (key.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key));
            key = key[8..];
        }
        if (key.Length >= 4)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt32LittleEndian(key));
            key = key[4..];
        }
        foreach (byte b in key) hash = (hash ^ b) * 0x100000001b3;
        hash = Mix(hash);
        uint folded = (uint)(hash ^ hash >> 32);
        return folded == 0 ? 1 : folded;
    }

    private static ulong Mix(ulong x)
    {
        ulong high = Math.BigMul(x ^ 0x2d358dccaa6c78a5, 0x8bb84b93962eacc9, out ulong low);
        return high ^ low;
    }
}
