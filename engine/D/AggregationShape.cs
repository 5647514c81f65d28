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
    string Name, int Id, AggregatingFunction Function, IReadOnlyList<DType> Keys, IReadOnlyList<long> Parameters, bool SignedValue)
{
    /// <summary>Its keys as they were written where it was first assigned.</summary>
    public IReadOnlyList<string> KeyTexts { get; init; } = [];

    /// <summary>The buckets of a distribution; null for a single value.</summary>
    public Buckets? Buckets { get; } = Buckets.Of(Function, Parameters);

    /// <summary>Whether its value is a distribution, printed as a block.</summary>
    public bool IsDistribution => Function >= AggregatingFunction.Quantize;

    /// <summary>Numbers of 64 bits that the value of a key takes.</summary>
    public int Width => Function switch
    {
        AggregatingFunction.Count or AggregatingFunction.Sum => 1,
        AggregatingFunction.Avg or AggregatingFunction.Min or AggregatingFunction.Max => 2,
        AggregatingFunction.Stddev => 4,
        _ => Buckets!.Count,
    };
}

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
