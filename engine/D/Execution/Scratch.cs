namespace Iscsitop.Engine.D.Execution;

/// <summary>Memory of a clause, begun anew with each: what string functions make, and alloca(). It never moves.</summary>
internal sealed class Scratch(int strsize)
{
    /// <summary>The address of its first byte.</summary>
    public const long Address = 0x0000_7d00_0000_0000;

    private const int Least = 1 << 16;

    private readonly byte[] _bytes = new byte[Math.Max(Least, (int)Math.Min(8L * strsize, 1 << 28))];
    private int _used;

    /// <summary>A clause begins.</summary>
    public void Clear() => _used = 0;

    /// <summary>Bytes, not cleared.</summary>
    /// <exception cref="DFault">There are not so many left.</exception>
    public Span<byte> Take(int count)
    {
        if (count < 0 || count > _bytes.Length - _used) throw DFault.Scratch;
        Span<byte> taken = _bytes.AsSpan(_used, count);
        _used += count;
        return taken;
    }

    /// <summary>Gives back the end of what was taken last.</summary>
    public void GiveBack(int count) => _used -= count;

    /// <summary>alloca(): the address of so many bytes of 0, aligned to 8.</summary>
    public long Allocate(long count)
    {
        _used = Math.Min(_bytes.Length, _used + 7 & ~7);
        long address = Address + _used;
        if (count < 0 || count > _bytes.Length - _used) throw DFault.Scratch;
        Take((int)count).Clear();
        return address;
    }

    /// <summary>A copy of a string with its NUL.</summary>
    /// <returns>Its address.</returns>
    public long Keep(ReadOnlySpan<byte> text)
    {
        long address = Address + _used;
        Span<byte> copy = Take(text.Length + 1);
        text.CopyTo(copy);
        copy[^1] = 0;
        return address;
    }

    /// <summary>What is at an address.</summary>
    public bool TryFind(long address, int count, out Span<byte> found)
    {
        ulong offset = (ulong)(address - Address);
        bool inside = offset <= (ulong)_used && count >= 0 && (ulong)count <= (ulong)_used - offset;
        found = inside ? _bytes.AsSpan((int)offset, count) : default;
        return inside;
    }

    /// <summary>All from an address on that was found.</summary>
    public ReadOnlySpan<byte> From(long address) => _bytes.AsSpan((int)(address - Address).._used);
}
