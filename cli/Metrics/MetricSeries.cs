using System.Diagnostics.CodeAnalysis;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Metrics;

/// <summary>One series: its labels' values in the order of the row's, "" for none.</summary>
internal readonly record struct SeriesKey(string A = "", string B = "", string C = "", string D = "", string E = "")
{
    /// <summary>Of a metric that has no labels.</summary>
    public static SeriesKey None { get; } = new("");

    /// <summary>The value of a label by its place.</summary>
    public string this[int i] => i switch { 0 => A, 1 => B, 2 => C, 3 => D, _ => E };

    /// <summary>The same with another value at a place.</summary>
    public SeriesKey With(int i, string value) => i switch
    {
        0 => this with { A = value },
        1 => this with { B = value },
        2 => this with { C = value },
        3 => this with { D = value },
        _ => this with { E = value },
    };
}

/// <summary>A series and what it has come to.</summary>
/// <param name="tags">Attributes that have a value.</param>
/// <param name="text">The same as labels of Prometheus.</param>
/// <param name="buckets">How many buckets a histogram has; 0 for what is none.</param>
internal sealed class SeriesPoint(KeyValuePair<string, object?>[] tags, byte[] text, int buckets)
{
    private readonly long[] _buckets = buckets == 0 ? [] : new long[buckets];

    /// <summary>Its labels as Prometheus has them, without braces.</summary>
    public ReadOnlySpan<byte> Text => text;

    /// <summary>Of a histogram the counts of its buckets, not added up; the last has what is beyond all bounds.</summary>
    public Span<long> Buckets => _buckets;

    /// <summary>Of a histogram the sum of its values.</summary>
    public double Sum { get; set; }

    /// <summary>Attributes that have a value.</summary>
    public KeyValuePair<string, object?>[] Tags => tags;

    /// <summary>The sum, or how it is; of a histogram how many values.</summary>
    public double Value { get; set; }

    /// <summary>The snapshot that it was set by: what is no sum is gone when it was another.</summary>
    public long Turn { get; set; }
}

/// <summary>How many series there may be, over all metrics, and how many there are, as Prometheus counts them.</summary>
/// <param name="most">At most so many.</param>
internal sealed class SeriesBudget(int most)
{
    // What is told apart by units or initiators leaves so much for what is not, and for what nobody expects: the first error.
    private const double ForWide = 0.95;

    private int _wide;

    /// <summary>At most so many.</summary>
    public int Most => most;

    /// <summary>Series there are.</summary>
    public int Used { get; private set; }

    /// <summary>Times a value went to another series because there were too many.</summary>
    public long Folds { get; set; }

    /// <summary>Keeps a place for the last resort of a metric.</summary>
    public void Keep(int cost) => Used += cost;

    /// <summary>Takes a place, if there is one.</summary>
    public bool TryTake(int cost, bool wide)
    {
        if (Used + cost > most || wide && _wide + cost > most * ForWide) return false;
        Used += cost;
        if (wide) _wide += cost;
        return true;
    }
}

/// <summary>The series of one metric. They are bounded: values of labels that are too many become <c>_OTHER</c>.</summary>
internal sealed class MetricSeries
{
    // Of each bucket of durations the first, the typical and the last ns.
    private static readonly (double First, double Middle, double Last)[] s_spans = [.. Enumerable.Range(0, Histogram.BucketCount).Select(Span)];

    private readonly Dictionary<SeriesKey, SeriesPoint> _points = [];

    // Initiators leave room for the sums of units.
    private const double ForInitiators = 0.4;

    private readonly SeriesBudget _budget;
    private readonly int[] _folding;
    private readonly int _most;
    private readonly int _mostExact;
    private long _turn;

    /// <param name="row">The metric.</param>
    /// <param name="budget">What all metrics share.</param>
    /// <param name="byInitiator">Whether initiators are told apart where they can be.</param>
    public MetricSeries(MetricRow row, SeriesBudget budget, bool byInitiator)
    {
        (Row, _budget) = (row, budget);
        ByInitiator = byInitiator && row.ByInitiator;
        Labels = ByInitiator ? [.. row.Labels, MetricLabels.InitiatorName] : row.Labels;
        // The last label that others make up gives way first.
        _folding = [.. Enumerable.Range(0, Labels.Count).Where(i => Labels[i] is MetricLabels.Lun or MetricLabels.InitiatorName).Reverse()];
        _most = Math.Max(row.Cost, (int)(budget.Most * row.Share));
        _mostExact = ByInitiator ? (int)(_most * ForInitiators) : _most;
        budget.Keep(row.Cost);
    }

    /// <summary>The metric.</summary>
    public MetricRow Row { get; }

    /// <summary>Whether the last label is the initiator's name.</summary>
    public bool ByInitiator { get; }

    /// <summary>The labels.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The series there are.</summary>
    public IReadOnlyDictionary<SeriesKey, SeriesPoint> Points => _points;

    /// <summary>Sets of labels at most, and the one that takes the rest.</summary>
    public int Most => _most / Row.Cost + 1;

    /// <summary>Gets the values of a histogram: how large, how often, whose.</summary>
    public Action<double, long, KeyValuePair<string, object?>[]>? OnValues { get; set; }

    /// <summary>Whether a series says something: sums always do, what is not one when the last snapshot said so.</summary>
    public bool Says(SeriesPoint point) => Row.Kind is InstrumentKind.Counter or InstrumentKind.Histogram || point.Turn == _turn;

    /// <summary>A snapshot begins.</summary>
    public void Begin() => _turn++;

    /// <summary>Adds to a sum, or to what this snapshot says of how many there are. 0 is said, too: it was measured.</summary>
    public void Add(double value, in SeriesKey key) => AddTo(PointOf(key), value);

    /// <summary>Adds so many sizes, each as large.</summary>
    public void Add(double value, long count, in SeriesKey key)
    {
        if (count > 0) Add(value, count, PointOf(key));
    }

    /// <summary>Adds durations. Each stands for its bucket, moved within it so that they add up to what was measured.</summary>
    public void Add(Histogram durations, in SeriesKey key)
    {
        SeriesPoint point = PointOf(key);
        double sum = 0;
        for (int at = 0; durations.Next(ref at, out int bucket, out long count);) sum += count * s_spans[bucket].Middle;
        double moved = sum > 0 ? durations.Sum / sum : 1;
        for (int at = 0; durations.Next(ref at, out int bucket, out long count);)
        {
            (double first, double middle, double last) = s_spans[bucket];
            Add(Math.Clamp(middle * moved, first, last) / 1e9, count, point);
        }
    }

    private void Add(double value, long count, SeriesPoint point)
    {
        point.Value += count;
        point.Sum += value * count;
        int i = 0;
        while (i < Row.Bounds.Count && value > Row.Bounds[i]) i++;
        point.Buckets[i] += count;
        OnValues?.Invoke(value, count, point.Tags);
    }

    private static (double First, double Middle, double Last) Span(int bucket)
    {
        double first = Histogram.LowerBound(bucket), next = Histogram.UpperBound(bucket);
        double middle = bucket == 0 ? next / 2 : bucket == Histogram.BucketCount - 1 ? first : Math.Sqrt(first * next);
        return (first, middle, next - 1);
    }

    private void AddTo(SeriesPoint point, double value)
    {
        bool sums = Row.Kind == InstrumentKind.Counter;
        point.Value = sums || point.Turn == _turn ? point.Value + value : value;
        point.Turn = _turn;
    }

    private SeriesPoint PointOf(SeriesKey key)
    {
        if (TryPoint(key, _mostExact, out SeriesPoint? point)) return point;
        _budget.Folds++;
        foreach (int i in _folding)
        {
            key = key.With(i, MetricLabels.Other);
            if (TryPoint(key, _most, out point)) return point;
        }
        for (int i = 0; i < Labels.Count; i++) key = key.With(i, MetricLabels.Other);
        if (!_points.TryGetValue(key, out point)) _points.Add(key, point = Point(key));
        return point;
    }

    private bool TryPoint(in SeriesKey key, int most, [NotNullWhen(true)] out SeriesPoint? point)
    {
        if (_points.TryGetValue(key, out point)) return true;
        if ((_points.Count + 1) * Row.Cost > most || !_budget.TryTake(Row.Cost, Row.Wide)) return false;
        _points.Add(key, point = Point(key));
        return true;
    }

    private SeriesPoint Point(in SeriesKey key)
    {
        var tags = new List<KeyValuePair<string, object?>>(Labels.Count);
        for (int i = 0; i < Labels.Count; i++)
            if (key[i].Length > 0)
                tags.Add(new KeyValuePair<string, object?>(Labels[i], key[i]));
        return new SeriesPoint([.. tags], PrometheusText.Labels(tags), Row.Bounds.Count == 0 ? 0 : Row.Bounds.Count + 1);
    }
}
