namespace Iscsitop.Target.Probes;

/// <summary>What the parameter list of an UNMAP asks for (SBC-4 §5.35), as one number: most lists are not known, and most commands have none.</summary>
public readonly record struct UnmapSum
{
    private const int BlockBits = 48;

    // Descriptors and one in the highest 16 bits, 0 for nothing known; blocks below.
    private readonly ulong _both;

    /// <param name="blocks">Blocks of all descriptors together, below 2^48: 4095 descriptors of 2^32 - 1 blocks each are fewer.</param>
    /// <param name="descriptors">Descriptors, 0 to 4095.</param>
    public UnmapSum(long blocks, int descriptors) => _both = (ulong)(descriptors + 1) << BlockBits | (ulong)blocks;

    /// <summary>As it stands in the stream.</summary>
    /// <param name="both">0 when nothing is known; else blocks, and 2^48 times one more than there are descriptors.</param>
    public UnmapSum(ulong both) => _both = both;

    /// <summary>Whether the list was seen to its end.</summary>
    public bool IsKnown => _both >> BlockBits != 0;

    /// <summary>Blocks of all descriptors together; 0 when not known.</summary>
    public long Blocks => (long)(_both & (1UL << BlockBits) - 1);

    /// <summary>Descriptors; -1 when not known.</summary>
    public int Descriptors => (int)(_both >> BlockBits) - 1;
}
