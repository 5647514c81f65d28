using System.Numerics;

namespace Iscsitop.Engine.D.Execution;

/// <summary>
/// Blocks of bytes in one array, in steps of 16 up to 128 and of an eighth beyond; what is given back is handed out again. A block begins
/// with its size.
/// </summary>
internal sealed class BlockStore
{
    private const int Header = 4;

    private readonly Dictionary<int, int> _free = [];
    private readonly int[] _small = new int[9];
    private byte[] _bytes = new byte[4096];
    private int _used = Header;

    /// <summary>What a block of so many bytes takes.</summary>
    public static int Rounded(int bytes)
    {
        int step = Math.Max(16, 1 << Math.Max(0, BitOperations.Log2((uint)(bytes + Header)) - 3));
        return (bytes + Header + step - 1) / step * step;
    }

    /// <summary>Bytes of a block, its header among them.</summary>
    public int SizeOf(int block) => BitConverter.ToInt32(_bytes, block - Header);

    /// <summary>All of a block but its header.</summary>
    public ReadOnlySpan<byte> Content(int block) => _bytes.AsSpan(block, SizeOf(block) - Header);

    /// <summary>From a block on.</summary>
    public Span<byte> At(int block) => _bytes.AsSpan(block);

    /// <summary>A block that has these bytes one after another.</summary>
    /// <param name="size">As <see cref="Rounded"/> says.</param>
    /// <param name="first">Come first.</param>
    /// <param name="second">Come then; may lie in this store.</param>
    public int Rent(int size, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        int block = Free(size);
        if (block != 0)
        {
            SetFree(size, BitConverter.ToInt32(_bytes, block));
        }
        else
        {
            if (_used + size > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + size));
            block = _used + Header;
            _used += size;
            BitConverter.TryWriteBytes(_bytes.AsSpan(block - Header), size);
        }
        // The second first: it may be this very block's old content.
        second.CopyTo(_bytes.AsSpan(block + first.Length));
        first.CopyTo(_bytes.AsSpan(block));
        return block;
    }

    /// <summary>Whether a block can be had without the store's growing beyond a limit, given back blocks of other sizes among it.</summary>
    public bool HasRoom(int size, long limit) => _used + size <= limit || Free(size) != 0;

    /// <summary>Gives a block back.</summary>
    public void Return(int block)
    {
        int size = SizeOf(block);
        BitConverter.TryWriteBytes(_bytes.AsSpan(block), Free(size));
        SetFree(size, block);
    }

    private int Free(int size) => size <= 128 ? _small[size / 16] : _free.GetValueOrDefault(size);

    private void SetFree(int size, int block)
    {
        if (size <= 128) _small[size / 16] = block;
        else _free[size] = block;
    }
}
