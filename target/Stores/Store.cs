using Iscsitop.Target.Server;

namespace Iscsitop.Target.Stores;

/// <summary>
/// Where a logical unit keeps its bytes. Offsets and lengths are bytes, checked against <see cref="Length"/> by the
/// caller. An <see cref="IOException"/> becomes a sense code; every call may come from several threads at once.
/// </summary>
internal abstract class Store : IDisposable
{
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

    /// <summary>MEDIUM ROTATION RATE (SBC-4 §6.6.2): 0 is not reported, 1 does not rotate.</summary>
    public virtual ushort RotationRate => 0;

    /// <summary>Reads without waiting, when the bytes are at hand.</summary>
    /// <returns>False when a worker has to call <see cref="Read(long, int, ScsiTask)"/>; nothing was added to the task.</returns>
    public abstract bool TryReadNow(long offset, int length, ScsiTask task);

    /// <summary>Adds the bytes to the task's Data-In, in place where they stand in memory, else in the task's own buffer.</summary>
    public abstract void Read(long offset, int length, ScsiTask task);

    /// <summary>Copies bytes out, for handlers that look at data.</summary>
    public abstract void Read(long offset, Span<byte> into);

    /// <summary>Writes bytes.</summary>
    public abstract void Write(long offset, ReadOnlySpan<byte> from);

    /// <summary>Returns when everything written is on stable storage.</summary>
    public abstract void Flush();

    /// <summary>Releases what it holds.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
