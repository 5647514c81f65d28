using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What the UNMAPs of a cell that ended GOOD asked for.</summary>
public sealed class Reclaimed
{
    internal const byte Opcode = 0x42;

    /// <summary>The operation of their cells.</summary>
    public const ushort Operation = Opcode << 8;

    /// <summary>Bytes of one.</summary>
    internal const int Size = 40;

    /// <summary>Blocks, of those whose parameter list was seen.</summary>
    public long Blocks { get; set; }

    /// <summary>Descriptors of these.</summary>
    public long Descriptors { get; set; }

    /// <summary>UNMAPs whose parameter list was not seen to its end.</summary>
    public long Unseen { get; set; }

    internal void Add(UnmapSum sum)
    {
        Blocks += sum.Blocks;
        if (sum.IsKnown) Descriptors += sum.Descriptors;
        else Unseen++;
    }

    internal void Add(Reclaimed other, int sign = 1)
    {
        Blocks += sign * other.Blocks;
        Descriptors += sign * other.Descriptors;
        Unseen += sign * other.Unseen;
    }

    internal void Clear() => Blocks = Descriptors = Unseen = 0;
}
