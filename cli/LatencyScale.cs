using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>
/// The steps of a map's axis: those of <see cref="LatencySteps"/>, each cut into so many that are equally long on the logarithmic axis. Edges of
/// the coarse steps are edges of the fine ones, so that a label says where its line begins.
/// </summary>
internal sealed class LatencyScale
{
    // How often from 1 to 2, from 2 to 5, and from 5 to 10. Finer than the last, lines would have buckets of an engine unequally.
    private static readonly int[][] s_cuts = [[1, 1, 1], [1, 2, 1], [2, 2, 2], [2, 3, 2], [3, 4, 3], [4, 5, 4]];

    private readonly byte[] _stepOf;
    private readonly byte[] _coarse;
    private readonly bool[] _begins;

    private LatencyScale(int[] cuts)
    {
        List<double> edges = [0];
        List<byte> coarse = [0];
        for (int step = 1; step < LatencySteps.Count; step++)
        {
            double begin = LatencySteps.Begin(step), end = step == LatencySteps.Count - 1 ? begin : LatencySteps.Begin(step + 1);
            int parts = step == LatencySteps.Count - 1 ? 1 : cuts[(step - 1) % cuts.Length];
            for (int i = 0; i < parts; i++)
            {
                edges.Add(begin * Math.Pow(end / begin, (double)i / parts));
                coarse.Add((byte)step);
            }
        }
        Count = edges.Count;
        _coarse = [.. coarse];
        _begins = [.. Enumerable.Range(0, Count).Select(i => i == 0 || coarse[i] != coarse[i - 1])];
        _stepOf = [.. Enumerable.Range(0, Histogram.BucketCount).Select(b => (byte)LatencySteps.StepOf(b, edges))];
    }

    /// <summary>All there are, the coarsest first.</summary>
    public static IReadOnlyList<LatencyScale> All { get; } = [.. s_cuts.Select(c => new LatencyScale(c))];

    /// <summary>Steps of the finest.</summary>
    public static int MostSteps { get; } = All[^1].Count;

    /// <summary>Steps: the first is what takes less than 1 us, the last begins at 100 s.</summary>
    public int Count { get; }

    /// <summary>The step of an engine's bucket.</summary>
    public int Of(int bucket) => _stepOf[bucket];

    /// <summary>The coarse step a step lies in.</summary>
    public int CoarseOf(int step) => _coarse[step];

    /// <summary>Whether a coarse step begins where a step does.</summary>
    public bool BeginsCoarse(int step) => _begins[step];

    /// <summary>The finest whose steps from one bucket to another are no more than so many; the coarsest where none is so.</summary>
    public static LatencyScale For(int low, int high, int steps)
    {
        for (int i = All.Count - 1; i > 0; i--)
            if (All[i].Of(high) - All[i].Of(low) < steps)
                return All[i];
        return All[0];
    }
}
