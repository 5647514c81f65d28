namespace Iscsitop.Engine.Sources;

/// <summary>What became of an attempt to move to the next packet.</summary>
public enum Moved : byte
{
    /// <summary><see cref="PacketSource.Current"/> is the next packet.</summary>
    Packet,

    /// <summary>None came in time; there may be more.</summary>
    Nothing,

    /// <summary>There will be no more.</summary>
    End,
}

/// <summary>Where packets come from: a file, a stream, an interface. Used by one thread; allocates nothing for a packet.</summary>
public abstract class PacketSource : IDisposable
{
    /// <summary>What is read, for people: a path, "-", the interface's name.</summary>
    public abstract string Name { get; }

    /// <summary>Whether packets come as they happen, rather than from the past.</summary>
    public abstract bool Live { get; }

    /// <summary>The packet moved to; valid until the next move.</summary>
    public abstract Packet Current { get; }

    /// <summary>Moves to the next packet, waiting for one at most so long.</summary>
    /// <param name="milliseconds">0 not to wait; a file always has its bytes.</param>
    /// <exception cref="IOException">It can no longer be read; the message names it and why.</exception>
    public abstract Moved MoveNext(int milliseconds);

    /// <summary>Packets the kernel or the interface lost, since the source was opened; -1 when there is no such number.</summary>
    public virtual long Dropped => -1;

    /// <summary>What was wrong with the input but could be got over, for people ("" for nothing): a record cut short, a damaged block.</summary>
    public virtual string Problem => "";

    /// <summary>How far it has been read in bytes, with <see cref="Length"/> for a progress bar; -1 when not known.</summary>
    public virtual long Position => -1;

    /// <summary>Bytes there are in all; -1 when not known.</summary>
    public virtual long Length => -1;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what it holds.</summary>
    protected abstract void Dispose(bool disposing);
}
