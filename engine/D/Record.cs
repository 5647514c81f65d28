using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Iscsitop.Engine.D;

/// <summary>
/// How values lie one after another, in the keys of an aggregation or an associative array and in what printf is given: an integer or
/// pointer takes its type's size, little-endian; a string a u16 of its length and its bytes without NUL; an array or struct its size.
/// So equal keys are equal bytes, and one reader serves all.
/// </summary>
internal ref struct RecordReader(ReadOnlySpan<byte> record)
{
    private ReadOnlySpan<byte> _rest = record;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>The next value, an integer or pointer, extended to 64 bits by its sign.</summary>
    public long Number(DType type)
    {
        ReadOnlySpan<byte> at = Bytes(type.Size);
        return Numbers.Load(at, type.Signed);
    }

    /// <summary>The next value, a string.</summary>
    public ReadOnlySpan<byte> Text() => Bytes(Bytes(2) is var length ? BinaryPrimitives.ReadUInt16LittleEndian(length) : 0);

    /// <summary>The bytes of the next value, whatever it is.</summary>
    public ReadOnlySpan<byte> Datum(DType type) => type.IsString ? Text() : Bytes(type.Size);

    /// <summary>The next bytes: an array or struct.</summary>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        ReadOnlySpan<byte> bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }
}

/// <summary>Writes a record into a buffer that is used again and again.</summary>
internal sealed class RecordWriter
{
    private byte[] _buffer = new byte[512];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <summary>Begins anew.</summary>
    public void Clear() => Length = 0;

    /// <summary>An integer or pointer of so many bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Number(long value, int size)
    {
        if (_buffer.Length - Length < 8) Grow(8);
        Unsafe.WriteUnaligned(ref _buffer[Length], value);
        Length += size;
    }

    /// <summary>A string, without NUL.</summary>
    public void Text(ReadOnlySpan<byte> text)
    {
        if (_buffer.Length - Length < text.Length + 8) Grow(text.Length + 8);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(Length), (ushort)text.Length);
        text.CopyTo(_buffer.AsSpan(Length + 2));
        Length += 2 + text.Length;
    }

    /// <summary>Bytes as they are.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length - Length < bytes.Length) Grow(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    private void Grow(int more) => Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + more));
}

/// <summary>Integers of memory.</summary>
internal static class Numbers
{
    /// <summary>The integer of 1, 2, 4 or 8 bytes, extended by its sign or by zeroes.</summary>
    public static long Load(ReadOnlySpan<byte> bytes, bool signed) => bytes.Length switch
    {
        1 => signed ? (sbyte)bytes[0] : bytes[0],
        2 => signed ? BinaryPrimitives.ReadInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        4 => signed ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
    };

    /// <summary>A value as a type of so many bytes would hold it, extended again.</summary>
    public static long Fit(long value, DType type) => (type.Size, type.Signed) switch
    {
        (1, true) => (sbyte)value,
        (1, false) => (byte)value,
        (2, true) => (short)value,
        (2, false) => (ushort)value,
        (4, true) => (int)value,
        (4, false) => (uint)value,
        _ => value,
    };
}
