using Iscsitop.Target.Server;

namespace Iscsitop.Target.Stores;

/// <summary>
/// Where a logical unit keeps its bytes. Offsets and lengths are bytes, checked against <see cref="Length"/> by the
/// caller. An <see cref="IOException"/> becomes a sense code; every call may come from several threads at once.
/// </summary>
internal abstract class Store : IDisposable
{
    private static readonly byte[] s_zeros = GC.AllocateArray<byte>(1 << 20, pinned: true);

    private readonly WriteGate _gate = new();

    /// <summary>Bytes it holds.</summary>
    public abstract long Length { get; }

    /// <summary>Takes notice of bytes that were added at its end.</summary>
    /// <returns>The length it has now; never less than before.</returns>
    public virtual long Grow() => Length;

    /// <summary>Whether it refuses writes.</summary>
    public virtual bool ReadOnly => false;

    /// <summary>Whether calls may wait for a device: such calls are made on a worker, never on a connection's thread.</summary>
    public abstract bool MayBlock { get; }

    /// <summary>Whether what was written may be lost with power until <see cref="Flush"/> (WCE of the caching mode page).</summary>
    public virtual bool WriteCache => false;

    /// <summary>Whether what it holds is there when the target is started again.</summary>
    public virtual bool OutlivesProcess => false;

    /// <summary>What tells its medium from any other that stands in its place one day; "" where it does not outlive the process.</summary>
    public virtual string Identity => "";

    /// <summary>MEDIUM ROTATION RATE (SBC-4 §6.6.2): 0 is not reported, 1 does not rotate.</summary>
    public virtual ushort RotationRate => 0;

    /// <summary>Whether a write of a moderate length is done or not done, never half: no power cut outlives it.</summary>
    public virtual bool Atomic => false;

    /// <summary>Bytes whose space is given back together (OPTIMAL UNMAP GRANULARITY, SBC-4 §6.6.4).</summary>
    public virtual int UnmapGranularity => 4096;

    /// <summary>Reads without waiting, when the bytes are at hand.</summary>
    /// <returns>False when a worker has to call <see cref="Read(long, int, ScsiTask)"/>; nothing was added to the task.</returns>
    public abstract bool TryReadNow(long offset, int length, ScsiTask task);

    /// <summary>Adds the bytes to the task's Data-In, in place where they stand in memory, else in the task's own buffer.</summary>
    public abstract void Read(long offset, int length, ScsiTask task);

    /// <summary>Copies bytes out, for handlers that look at data.</summary>
    public abstract void Read(long offset, Span<byte> into);

    /// <summary>Writes bytes; waits while somebody is <see cref="Alone"/>.</summary>
    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        int stripe = Enter();
        try
        {
            Put(offset, from);
        }
        finally
        {
            Leave(stripe);
        }
    }

    /// <summary>Enters as a writer to <see cref="Memory"/>, for a moment: whoever wants to be <see cref="Alone"/> waits.</summary>
    /// <returns>What <see cref="Leave"/> wants back.</returns>
    public int Enter() => _gate.Enter();

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    public void Leave(int stripe) => _gate.Leave(stripe);

    /// <summary>Whether it has <see cref="Memory"/>.</summary>
    public virtual bool IsMemory => false;

    /// <summary>The bytes themselves, to be written by who has entered.</summary>
    /// <returns>As many of them as lie together, one or more.</returns>
    /// <exception cref="StoreException">No memory is left for them.</exception>
    public virtual Span<byte> Memory(long offset, int length) => throw new NotSupportedException();

    /// <summary>Writes bytes, for <see cref="Write"/> and for who is <see cref="Alone"/>.</summary>
    public abstract void Put(long offset, ReadOnlySpan<byte> from);

    /// <summary>Keeps all writers out until the result is disposed; then only <see cref="Put"/> may write.</summary>
    public WriteGate.Solitude Alone() => _gate.Alone();

    /// <summary>Makes bytes read as zeros, and gives their space back where it can. This one can only write zeros.</summary>
    public virtual void Unmap(long offset, long length) => WriteZeros(offset, length);

    /// <summary>Whether the byte at an offset has space of its own, and for how many bytes that is so.</summary>
    public virtual long Extent(long offset, out bool mapped)
    {
        mapped = true;
        return Length - offset;
    }

    /// <summary>Returns when everything written is on stable storage.</summary>
    public abstract void Flush();

    /// <summary>Writes zeros, a piece at a time.</summary>
    protected void WriteZeros(long offset, long length)
    {
        for (long end = offset + length; offset < end; offset += s_zeros.Length)
            Write(offset, s_zeros.AsSpan(0, (int)Math.Min(s_zeros.Length, end - offset)));
    }

    /// <summary>Releases what it holds.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
