using System.Buffers.Binary;

namespace Iscsitop.Engine;

/// <summary>Frames of a snapshot as bytes, in pieces of a frame's greatest length; the pieces are used again.</summary>
internal sealed class KeptFrames
{
    /// <summary>Bytes of one snapshot at most.</summary>
    public const int MostBytes = 256 << 20;

    private const int Head = 5;
    private const int Piece = StreamFormat.MaxFrame + Head;

    private readonly List<(byte[] Bytes, int Length)> _pieces = [];
    private int _used;
    private int _piece;
    private int _at;

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _used == 0;

    /// <summary>Pieces there is memory for.</summary>
    public int Pieces => _pieces.Count;

    /// <summary>Keeps a frame.</summary>
    /// <exception cref="StreamFormatException">There are too many to be one snapshot.</exception>
    public void Add(FrameType type, ReadOnlySpan<byte> payload)
    {
        int length = Head + payload.Length;
        if (_used == 0 || _pieces[_used - 1].Length + length > Piece) Extend();
        (byte[] bytes, int at) = _pieces[_used - 1];
        bytes[at] = (byte)type;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at + 1), payload.Length);
        payload.CopyTo(bytes.AsSpan(at + Head));
        _pieces[_used - 1] = (bytes, at + length);
    }

    /// <summary>The next frame from <see cref="Begin"/> on.</summary>
    public bool Next(out FrameType type, out ReadOnlySpan<byte> payload)
    {
        if (_piece < _used && _at == _pieces[_piece].Length) (_piece, _at) = (_piece + 1, 0);
        type = FrameType.None;
        payload = default;
        if (_piece >= _used) return false;
        ReadOnlySpan<byte> rest = _pieces[_piece].Bytes.AsSpan(_at);
        type = (FrameType)rest[0];
        payload = rest.Slice(Head, BinaryPrimitives.ReadInt32LittleEndian(rest[1..]));
        _at += Head + payload.Length;
        return true;
    }

    /// <summary>Goes back to the first.</summary>
    public void Begin() => (_piece, _at) = (0, 0);

    /// <summary>Forgets them. What one snapshot in a while needed is given back.</summary>
    public void Clear()
    {
        int keep = Math.Max(4, 2 * _used);
        if (_pieces.Count > keep) _pieces.RemoveRange(keep, _pieces.Count - keep);
        for (int i = 0; i < _used; i++) _pieces[i] = (_pieces[i].Bytes, 0);
        _used = 0;
        Begin();
    }

    private void Extend()
    {
        if (_used >= MostBytes / Piece) throw new StreamFormatException("a snapshot without end");
        if (_used == _pieces.Count) _pieces.Add((GC.AllocateUninitializedArray<byte>(Piece), 0));
        _used++;
    }
}
