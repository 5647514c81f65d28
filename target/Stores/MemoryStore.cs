using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Stores;

/// <summary>
/// Bytes in memory, in pinned chunks of 1 MiB that exist from their first write on; all that was never written is
/// one chunk of zeros. A read is answered in place, so a write to the same blocks may overtake one that is being sent.
/// </summary>
internal sealed class MemoryStore : Store
{
    /// <summary>Bytes of a chunk.</summary>
    public const int ChunkLength = 1 << ChunkShift;

    /// <summary>Longest store.</summary>
    public const long MaxLength = 1L << 44;

    private const int ChunkShift = 20;

    private static readonly byte[] s_zeros = GC.AllocateArray<byte>(ChunkLength, pinned: true);

    private readonly byte[]?[] _chunks;

    /// <param name="length">Bytes it holds, 1 to <see cref="MaxLength"/>.</param>
    public MemoryStore(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        Length = length;
        _chunks = new byte[]?[(length + ChunkLength - 1) >> ChunkShift];
    }

    public override long Length { get; }

    public override bool MayBlock => false;

    public override ushort RotationRate => 1;

    public override bool Atomic => true;

    public override int UnmapGranularity => ChunkLength;

    /// <summary>Bytes of memory its chunks take.</summary>
    public long Allocated => _chunks.LongCount(c => c is not null) * ChunkLength;

    public override bool TryReadNow(long offset, int length, ScsiTask task)
    {
        Read(offset, length, task);
        return true;
    }

    public override void Read(long offset, int length, ScsiTask task)
    {
        while (length > 0)
        {
            int count = Count(offset, length);
            task.AddDataIn(new ArraySegment<byte>(Chunk(offset), At(offset), count));
            offset += count;
            length -= count;
        }
    }

    public override void Read(long offset, Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            int count = Count(offset, into.Length);
            Chunk(offset).AsSpan(At(offset), count).CopyTo(into);
            offset += count;
            into = into[count..];
        }
    }

    public override void Put(long offset, ReadOnlySpan<byte> from)
    {
        while (!from.IsEmpty)
        {
            int count = Count(offset, from.Length);
            from[..count].CopyTo(Memory(offset, count));
            offset += count;
            from = from[count..];
        }
    }

    public override bool IsMemory => true;

    public override Span<byte> Memory(long offset, int length) => WritableChunk(offset).AsSpan(At(offset), Count(offset, length));

    // Alone, for a chunk that is dropped must have no writer in it. A read that is being sent keeps its own.
    public override void Unmap(long offset, long length)
    {
        using WriteGate.Solitude _ = Alone();
        for (long end = offset + length; offset < end;)
        {
            int count = (int)Math.Min(ChunkLength - At(offset), end - offset);
            ref byte[]? slot = ref _chunks[offset >> ChunkShift];
            if (slot is { } chunk)
            {
                if (count < ChunkLength) chunk.AsSpan(At(offset), count).Clear();
                if (count == ChunkLength || !chunk.AsSpan().ContainsAnyExcept((byte)0)) Volatile.Write(ref slot, null);
            }
            offset += count;
        }
    }

    public override long Extent(long offset, out bool mapped)
    {
        long chunk = offset >> ChunkShift;
        mapped = Volatile.Read(ref _chunks[chunk]) is not null;
        do chunk++;
        while (chunk < _chunks.LongLength && Volatile.Read(ref _chunks[chunk]) is not null == mapped);
        return Math.Min(chunk << ChunkShift, Length) - offset;
    }

    /// <summary>Nothing to do: there is no stabler place than this one.</summary>
    public override void Flush()
    {
    }

    private static int At(long offset) => (int)(offset & (ChunkLength - 1));

    private static int Count(long offset, int length) => Math.Min(length, ChunkLength - At(offset));

    private byte[] Chunk(long offset) => Volatile.Read(ref _chunks[offset >> ChunkShift]) ?? s_zeros;

    private byte[] WritableChunk(long offset)
    {
        ref byte[]? slot = ref _chunks[offset >> ChunkShift];
        if (Volatile.Read(ref slot) is { } chunk) return chunk;
        try
        {
            byte[] fresh = GC.AllocateArray<byte>(ChunkLength, pinned: true);
            return Interlocked.CompareExchange(ref slot, fresh, null) ?? fresh;
        }
        catch (OutOfMemoryException e)
        {
            throw new StoreException(SenseCode.SpaceAllocationFailed, "no memory is left", offset, e);
        }
    }
}
