namespace Iscsitop.Engine.D;

/// <summary>A format of printf() or printa(), checked against what it is given when the program is compiled.</summary>
internal sealed class Format
{
    /// <summary>A format of printf.</summary>
    /// <param name="text">The format, escapes resolved.</param>
    /// <param name="arguments">Types of what follows.</param>
    /// <param name="line">For messages.</param>
    /// <exception cref="DCompileException">It is no format, or does not go with its arguments.</exception>
    public static Format OfPrintf(string text, IReadOnlyList<DType> arguments, int line) => throw new NotImplementedException();

    /// <summary>A format of printa.</summary>
    /// <exception cref="DCompileException">It is no format, or does not go with the aggregations, or their keys differ.</exception>
    public static Format OfPrinta(string text, IReadOnlyList<AggregationShape> aggregations, int line) => throw new NotImplementedException();

    /// <summary>Prints, once.</summary>
    /// <param name="output">Where.</param>
    /// <param name="record">The arguments' record.</param>
    public void Write(OutputBuffer output, ReadOnlySpan<byte> record) => throw new NotImplementedException();

    /// <summary>Prints, once for each key.</summary>
    public void Write(OutputBuffer output, IReadOnlyList<Aggregation> aggregations, DOptions options) => throw new NotImplementedException();
}

/// <summary>trace(), tracemem() and print().</summary>
internal static class Tracing
{
    /// <summary>trace(x): default widths, or bare when quiet; bytes as a dump.</summary>
    public static void Trace(OutputBuffer output, DType type, ReadOnlySpan<byte> record, DOptions options) => throw new NotImplementedException();

    /// <summary>tracemem(address, size): a dump with offsets, hex and characters.</summary>
    public static void Memory(OutputBuffer output, ReadOnlySpan<byte> bytes) => throw new NotImplementedException();

    /// <summary>print(x): type and value, members of a struct each on its line.</summary>
    public static void Print(OutputBuffer output, DType type, ReadOnlySpan<byte> record) => throw new NotImplementedException();
}
