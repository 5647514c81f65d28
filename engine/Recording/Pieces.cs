namespace Iscsitop.Engine.Recording;

/// <summary>
/// Bytes in pieces that are used again by what is written later: megabytes that come and go every few seconds would else be garbage
/// which the runtime leaves lying for long.
/// </summary>
/// <param name="free">Pieces nobody uses, for all that share them. Any thread may take one.</param>
internal sealed class Pieces(Stack<byte[]> free) : Stream
{
    /// <summary>Bytes of a piece: small enough to be moved by the collector.</summary>
    public const int Size = 64 << 10;

    private readonly List<byte[]> _pieces = [];
    private int _used;

    /// <summary>Bytes they take.</summary>
    public long Bytes => (long)_pieces.Count * Size;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => _pieces.Count == 0 ? 0 : Bytes - Size + _used;

    /// <inheritdoc/>
    public override long Position
    {
        get => Length;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_pieces.Count == 0 || _used == Size) Extend();
            int n = Math.Min(buffer.Length, Size - _used);
            buffer[..n].CopyTo(_pieces[^1].AsSpan(_used));
            _used += n;
            buffer = buffer[n..];
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>What was written, as a stream of its own.</summary>
    public Stream ToRead()
    {
        var all = new MemoryStream((int)Length);
        for (int i = 0; i < _pieces.Count; i++) all.Write(_pieces[i], 0, i < _pieces.Count - 1 ? Size : _used);
        all.Position = 0;
        return all;
    }

    /// <summary>Gives the pieces to what is written next.</summary>
    public void Free()
    {
        lock (free)
            foreach (byte[] piece in _pieces)
                free.Push(piece);
        _pieces.Clear();
        _used = 0;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private void Extend()
    {
        lock (free)
            if (free.TryPop(out byte[]? piece))
            {
                _pieces.Add(piece);
                _used = 0;
                return;
            }
        _pieces.Add(GC.AllocateUninitializedArray<byte>(Size));
        _used = 0;
    }
}
