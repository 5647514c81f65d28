namespace Iscsitop.Engine.D;

/// <summary>The aggregating functions.</summary>
internal enum AggregatingFunction
{
    Count,
    Sum,
    Avg,
    Min,
    Max,
    Stddev,
    Quantize,
    Lquantize,
    Llquantize,
}

/// <summary>What an aggregation is, the same wherever it is used.</summary>
/// <param name="Name">With its <c>@</c>; the anonymous one is <c>@_</c> and called <c>@</c> in messages.</param>
/// <param name="Id">Order of first appearance in the program, from 1.</param>
/// <param name="Function">What it does with values.</param>
/// <param name="Keys">Types of its keys, which lie in a record one after another (<see cref="RecordReader"/>).</param>
/// <param name="Parameters">lquantize: base, limit, step; llquantize: factor, low, high, steps; else empty.</param>
/// <param name="SignedValue">Whether values have a sign.</param>
internal sealed record AggregationShape(
    string Name, int Id, AggregatingFunction Function, IReadOnlyList<DType> Keys, IReadOnlyList<long> Parameters, bool SignedValue);

/// <summary>Memory that all aggregations of a program share; what does not fit is dropped and counted.</summary>
/// <param name="limit">Bytes at most (aggsize).</param>
internal sealed class AggregationBudget(long limit)
{
    /// <summary>Bytes at most.</summary>
    public long Limit { get; } = limit;

    /// <summary>Bytes in use.</summary>
    public long Used { get; set; }

    /// <summary>Additions that found no room.</summary>
    public long Drops { get; set; }
}

/// <summary>One aggregation: a value for each key that came. Adding to a key that is there allocates nothing.</summary>
internal sealed class Aggregation(AggregationShape shape, AggregationBudget budget)
{
    /// <summary>What it is.</summary>
    public AggregationShape Shape { get; } = shape;

    /// <summary>Whether a printa has printed it, so that the end does not again.</summary>
    public bool Printed { get; set; }

    /// <summary>Adds a value.</summary>
    /// <param name="key">The keys' record.</param>
    /// <param name="value">The value; ignored by count().</param>
    /// <param name="weight">How many of it: the optional increment of quantize and its kin, else 1.</param>
    public void Add(ReadOnlySpan<byte> key, long value, long weight) => _ = budget;

    /// <summary>clear(): values become 0, keys stay.</summary>
    public void Clear() => throw new NotImplementedException();

    /// <summary>trunc(): null or 0 forgets all keys; n keeps the n highest, -n the n lowest.</summary>
    public void Truncate(long? count) => throw new NotImplementedException();

    /// <summary>normalize(): values are divided when printed.</summary>
    /// <param name="by">Not 0.</param>
    public void Normalize(long by) => throw new NotImplementedException();

    /// <summary>denormalize().</summary>
    public void Denormalize() => throw new NotImplementedException();
}

/// <summary>Prints aggregations as dtrace(1M) does: docs/d.md has the layouts.</summary>
internal static class AggregationText
{
    /// <summary>printa(@a) and the end: one line a key in default widths, or a block of a distribution. Several of equal keys are joined.</summary>
    public static void Print(OutputBuffer output, IReadOnlyList<Aggregation> aggregations, DOptions options) => throw new NotImplementedException();

    /// <summary>One JSON object a line for each key: name, keys, value or buckets (-o ndjson).</summary>
    public static void PrintJson(OutputBuffer output, IReadOnlyList<Aggregation> aggregations, DOptions options) => throw new NotImplementedException();
}
