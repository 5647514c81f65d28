using System.Diagnostics.Metrics;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// The metrics as instruments. Sums are asked for when somebody collects them. Durations cannot be, for .NET has no observable histogram:
/// each is recorded when its snapshot is taken.
/// </summary>
internal sealed class Instruments : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "iscsitop";

    private readonly Meter _meter = new(Name, CommandLine.Version);
    private readonly MetricBook _book;

    /// <param name="book">What they tell.</param>
    public Instruments(MetricBook book)
    {
        _book = book;
        foreach (MetricSeries series in book.Series) Create(series);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void Create(MetricSeries series)
    {
        MetricRow row = series.Row;
        string? unit = row.Unit.Length == 0 ? null : row.Unit;
        switch (row.Kind)
        {
            case InstrumentKind.Histogram:
                Histogram<double> histogram = _meter.CreateHistogram<double>(row.Name, unit, row.Help);
                series.OnValues = (value, count, tags) => Record(histogram, value, count, tags);
                break;
            case InstrumentKind.Counter when row.Unit == "s":
                _meter.CreateObservableCounter(row.Name, () => Observe(series, static v => v), unit, row.Help);
                break;
            case InstrumentKind.Counter:
                _meter.CreateObservableCounter(row.Name, () => Observe(series, static v => (long)v), unit, row.Help);
                break;
            case InstrumentKind.UpDownCounter:
                _meter.CreateObservableUpDownCounter(row.Name, () => Observe(series, static v => (long)v), unit, row.Help);
                break;
            default:
                _meter.CreateObservableGauge(row.Name, () => Observe(series, static v => v), unit, row.Help);
                break;
        }
    }

    private static void Record(Histogram<double> histogram, double value, long count, KeyValuePair<string, object?>[] tags)
    {
        for (long i = 0; i < count; i++) histogram.Record(value, tags);
    }

    private List<Measurement<T>> Observe<T>(MetricSeries series, Func<double, T> convert) where T : struct
    {
        lock (_book.Gate)
        {
            var measured = new List<Measurement<T>>(series.Points.Count);
            foreach (SeriesPoint point in series.Points.Values)
                if (series.Says(point))
                    measured.Add(new Measurement<T>(convert(point.Value), point.Tags));
            return measured;
        }
    }
}
