using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Iscsitop.Engine.D;

/// <summary>
/// One aggregation: a value for each key that came. Adding to a key that is there allocates nothing. Keys lie one after another in a slab,
/// their numbers in another; a table of open addressing finds them.
/// </summary>
internal sealed class Aggregation(AggregationShape shape, AggregationBudget budget)
{
    /// <summary>What a key takes of the budget beside its bytes and its numbers: its place in the tables.</summary>
    public const int Overhead = 40;

    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64() | 1;

    private readonly int _width = shape.Width;
    private ulong[] _slots = new ulong[16]; // hash in the upper half, entry + 1 in the lower; 0 is free
    private Entry[] _entries = [];
    private byte[] _keys = [];
    private long[] _numbers = [];
    private int _keysUsed;

    /// <summary>What it is.</summary>
    public AggregationShape Shape { get; } = shape;

    /// <summary>Whether a printa has printed it, so that the end does not again. Printing sets it, if there was a key.</summary>
    public bool Printed { get; set; }

    /// <summary>Keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>The record of a key, from 0 in the order they came.</summary>
    public ReadOnlySpan<byte> Key(int entry) => _keys.AsSpan(_entries[entry].Offset, _entries[entry].Length);

    /// <summary>The numbers of a key; none for entry -1, a key that is not there.</summary>
    public ReadOnlySpan<long> Numbers(int entry) => entry < 0 ? default : _numbers.AsSpan(entry * _width, _width);

    /// <summary>What the numbers of a key are divided by when printed.</summary>
    public long Normal(int entry) => entry < 0 ? 1 : _entries[entry].Normal;

    /// <summary>The number of a key as it is printed.</summary>
    public long Result(int entry) => Aggregates.Result(Shape, Numbers(entry), Normal(entry));

    /// <summary>Adds a value.</summary>
    /// <param name="key">The keys' record.</param>
    /// <param name="value">The value; ignored by count().</param>
    /// <param name="weight">How many of it: the optional increment of quantize and its kin, else 1.</param>
    public void Add(ReadOnlySpan<byte> key, long value, long weight)
    {
        uint hash = Hash(key);
        int entry = Find(key, hash);
        if (entry < 0 && (entry = Make(key, hash)) < 0) return;
        Aggregates.Add(Shape, _numbers.AsSpan(entry * _width, _width), value, weight);
    }

    /// <summary>The entry of a key, -1 when it is not there.</summary>
    public int Find(ReadOnlySpan<byte> key) => Find(key, Hash(key));

    /// <summary>clear(): values become 0, keys stay.</summary>
    public void Clear() => _numbers.AsSpan(0, Count * _width).Clear();

    /// <summary>trunc(): null or 0 forgets all keys; n keeps the n highest, -n the n lowest.</summary>
    public void Truncate(long? count)
    {
        long keep = count ?? 0;
        ulong most = (ulong)(keep < 0 ? -(keep + 1) + 1 : keep);
        if (most >= (ulong)Count) return;
        int[] order = AggregationOrder.ByValue(this);
        if (keep > 0) Array.Reverse(order);
        Keep(order.AsSpan(0, (int)most));
    }

    /// <summary>normalize(): the values there are are divided when printed; those of keys that come later are not, as in the original.</summary>
    /// <param name="by">By what; 0 leaves them whole.</param>
    public void Normalize(long by)
    {
        if (by == 0) by = 1;
        foreach (ref Entry entry in _entries.AsSpan(0, Count)) entry.Normal = by;
    }

    /// <summary>denormalize().</summary>
    public void Denormalize() => Normalize(1);

    private int Find(ReadOnlySpan<byte> key, uint hash)
    {
        ulong[] slots = _slots;
        uint mask = (uint)slots.Length - 1;
        for (uint at = hash & mask; ; at = (at + 1) & mask)
        {
            ulong slot = slots[at];
            if (slot == 0) return -1;
            if ((uint)(slot >> 32) != hash) continue;
            int entry = (int)(uint)slot - 1;
            if (Key(entry).SequenceEqual(key)) return entry;
        }
    }

    private int Make(ReadOnlySpan<byte> key, uint hash)
    {
        long cost = Cost(key.Length);
        if (budget.Used + cost > budget.Limit)
        {
            budget.Drops++;
            return -1;
        }
        budget.Used += cost;
        int entry = Count;
        if (entry == _entries.Length)
        {
            int room = Math.Max(entry * 2, 1);
            Array.Resize(ref _entries, room);
            Array.Resize(ref _numbers, room * _width);
            if (room * 2 > _slots.Length) Rehash(room * 2);
        }
        if (_keys.Length - _keysUsed < key.Length) Array.Resize(ref _keys, Math.Max(_keys.Length * 2, _keysUsed + key.Length));
        key.CopyTo(_keys.AsSpan(_keysUsed));
        _entries[entry] = new Entry { Hash = hash, Offset = _keysUsed, Length = key.Length, Normal = 1 };
        _numbers.AsSpan(entry * _width, _width).Clear();
        _keysUsed += key.Length;
        Count++;
        Place(entry);
        return entry;
    }

    private long Cost(int keyLength) => keyLength + _width * sizeof(long) + Overhead;

    private void Rehash(int slots)
    {
        _slots = new ulong[slots];
        for (int entry = 0; entry < Count; entry++) Place(entry);
    }

    private void Place(int entry)
    {
        uint hash = _entries[entry].Hash;
        uint mask = (uint)_slots.Length - 1;
        uint at = hash & mask;
        while (_slots[at] != 0) at = (at + 1) & mask;
        _slots[at] = (ulong)hash << 32 | (uint)(entry + 1);
    }

    // Those that stay move together, in the order they came, so that the slabs have no holes.
    private void Keep(Span<int> entries)
    {
        entries.Sort();
        int count = 0;
        int used = 0;
        foreach (int from in entries)
        {
            Entry entry = _entries[from];
            _keys.AsSpan(entry.Offset, entry.Length).CopyTo(_keys.AsSpan(used));
            _numbers.AsSpan(from * _width, _width).CopyTo(_numbers.AsSpan(count * _width));
            entry.Offset = used;
            used += entry.Length;
            _entries[count++] = entry;
        }
        budget.Used -= _keysUsed - used + (Count - count) * Cost(0);
        Count = count;
        _keysUsed = used;
        Array.Clear(_slots);
        for (int entry = 0; entry < count; entry++) Place(entry);
    }

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        ulong hash = Seed ^ (ulong)key.Length;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(key);
        foreach (ulong word in words) hash = Mix(hash, word);
        ReadOnlySpan<byte> rest = key[(words.Length * sizeof(ulong))..];
        if (rest.Length >= sizeof(uint))
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt32LittleEndian(rest));
            rest = rest[sizeof(uint)..];
        }
        foreach (byte b in rest) hash = Mix(hash, b);
        return (uint)((hash * Multiplier) >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong hash, ulong word) => BitOperations.RotateLeft((hash ^ word) * Multiplier, 29);

    private struct Entry
    {
        public uint Hash;
        public int Offset;
        public int Length;
        public long Normal;
    }
}
