using Iscsitop.Target.Server;

namespace Iscsitop.Target.Stores;

/// <summary>Another store made slow: every read and write waits first, on its worker. For demos, and for trying monitors.</summary>
/// <param name="inner">The store that has the bytes; disposed with this one.</param>
/// <param name="delay">The wait, whole milliseconds.</param>
internal sealed class DelayStore(Store inner, TimeSpan delay) : Store
{
    /// <summary>What every read and write waits for: the delay, until it is told something else.</summary>
    public Action Wait { get; set; } = () => Thread.Sleep(delay);

    public override long Length => inner.Length;

    public override long Grow() => inner.Grow();

    public override bool ReadOnly => inner.ReadOnly;

    public override bool MayBlock => true;

    public override bool WriteCache => inner.WriteCache;

    public override bool OutlivesProcess => inner.OutlivesProcess;

    public override string Identity => inner.Identity;

    public override ushort RotationRate => inner.RotationRate;

    public override bool Atomic => inner.Atomic;

    public override int UnmapGranularity => inner.UnmapGranularity;

    public override bool TryReadNow(long offset, int length, ScsiTask task) => false;

    public override void Read(long offset, int length, ScsiTask task)
    {
        Wait();
        inner.Read(offset, length, task);
    }

    public override void Read(long offset, Span<byte> into)
    {
        Wait();
        inner.Read(offset, into);
    }

    public override void Put(long offset, ReadOnlySpan<byte> from)
    {
        Wait();
        inner.Put(offset, from);
    }

    public override void Unmap(long offset, long length)
    {
        Wait();
        using (Alone()) inner.Unmap(offset, length);
    }

    public override long Extent(long offset, out bool mapped) => inner.Extent(offset, out mapped);

    public override void Flush() => inner.Flush();

    public override void Dispose()
    {
        inner.Dispose();
        base.Dispose();
    }
}
