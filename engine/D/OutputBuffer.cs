using System.Text;

namespace Iscsitop.Engine.D;

/// <summary>What a program prints, as UTF-8, until somebody writes it out. A clause that faults takes back what it printed.</summary>
public sealed class OutputBuffer
{
    private byte[] _bytes = new byte[4096];
    private int _length;

    /// <summary>What is there.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>Bytes there are; what <see cref="TakeBack"/> goes back to.</summary>
    public int Length => _length;

    /// <summary>All was written out.</summary>
    public void Clear() => _length = 0;

    /// <summary>Forgets what came after a length.</summary>
    public void TakeBack(int length) => _length = length;

    /// <summary>Room for bytes that are then <see cref="Advance"/>d.</summary>
    public Span<byte> Room(int atLeast)
    {
        if (_bytes.Length - _length < atLeast) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + atLeast));
        return _bytes.AsSpan(_length);
    }

    /// <summary>So many bytes of the room were filled.</summary>
    public void Advance(int count) => _length += count;

    /// <summary>Bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    /// <summary>Text.</summary>
    public void Write(ReadOnlySpan<char> text) => _length += Encoding.UTF8.GetBytes(text, Room(text.Length * 3));

    /// <summary>A byte, so many times.</summary>
    public void Fill(byte b, int count)
    {
        if (count <= 0) return;
        Room(count)[..count].Fill(b);
        _length += count;
    }
}
