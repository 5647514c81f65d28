using System.Buffers.Binary;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// The parameter list of an UNMAP (SBC-4 §5.35), added up as it passes: nothing of it is kept, so that no length that a peer announces
/// takes memory. What did not come in order, or not at all, leaves the sum unknown.
/// </summary>
internal struct UnmapList
{
    /// <summary>UNMAP.</summary>
    public const byte Opcode = 0x42;

    private const int HeaderLength = 8;
    private const int DescriptorLength = 16;

    private readonly int _length;
    private int _at;
    private int _dataLength;
    private int _described;
    private int _descriptors;
    private uint _count;
    private long _blocks;

    /// <param name="cdb">Its CDB.</param>
    /// <param name="expected">Expected Data Transfer Length.</param>
    public UnmapList(ReadOnlySpan<byte> cdb, uint expected) => _length = (int)Math.Min(BinaryPrimitives.ReadUInt16BigEndian(cdb[7..]), expected);

    /// <summary>What is asked for, as far as all that matters of it was seen.</summary>
    public readonly UnmapSum Sum
    {
        get
        {
            if (_length == 0) return new UnmapSum(0, 0);
            if (_at < Math.Min(_length, HeaderLength + _described) || _at < HeaderLength) return default;
            // Zeros stand where user data was left out (docs/captures.md); a list says how long it is.
            return _dataLength == 0 && _length > HeaderLength ? default : new UnmapSum(_blocks, _descriptors);
        }
    }

    /// <summary>The next bytes.</summary>
    /// <param name="offset">Where they stand in the list.</param>
    /// <param name="bytes">The bytes.</param>
    public void Add(long offset, ReadOnlySpan<byte> bytes)
    {
        if (offset > _at || offset + bytes.Length <= _at) return; // a gap, which leaves the end unreached, or what was there before
        foreach (byte b in bytes[(int)(_at - offset)..])
        {
            if (_at >= _length) return;
            Take(b);
            _at++;
        }
    }

    private void Take(byte b)
    {
        if (_at < 2) _dataLength = _dataLength << 8 | b;
        else if (_at < 4) _described = _described << 8 | b;
        if (_at == HeaderLength - 1) _described = Math.Min(_described, _length - HeaderLength) / DescriptorLength * DescriptorLength;
        if (_at < HeaderLength || _at >= HeaderLength + _described) return;
        int within = (_at - HeaderLength) % DescriptorLength;
        if (within is >= 8 and < 12) _count = _count << 8 | b;
        if (within != DescriptorLength - 1) return;
        _blocks += _count;
        _count = 0;
        _descriptors++;
    }
}
