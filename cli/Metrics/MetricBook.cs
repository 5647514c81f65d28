using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// What all metrics have come to. One thread takes snapshots in; who reads holds <see cref="Gate"/>. Nothing is kept of an interval, so that it
/// costs the same whether anybody reads or not.
/// </summary>
internal sealed class MetricBook
{
    private readonly Observed _observed;
    private readonly SeriesBudget _budget;
    private readonly Dictionary<(string Target, Probe Probe), long> _pdus = [];
    private readonly Lock _pduGate = new();
    private long _folds;

    /// <param name="mostSeries">Series at most, as Prometheus counts them.</param>
    /// <param name="byInitiator">Whether initiators are told apart.</param>
    public MetricBook(int mostSeries = DefaultSeries, bool byInitiator = false)
    {
        _observed = new Observed(byInitiator);
        _budget = new SeriesBudget(mostSeries);
        Series = [.. MetricTable.Rows.Select(r => new MetricSeries(r, _budget, byInitiator))];
    }

    /// <summary>Series at most unless told otherwise.</summary>
    public const int DefaultSeries = 10_000;

    /// <summary>Fewest that leave each metric the series of what is too much.</summary>
    public static int FewestSeries { get; } = MetricTable.Rows.Sum(r => r.Cost);

    /// <summary>Guards the series.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The series of each row of the table, in its order.</summary>
    public IReadOnlyList<MetricSeries> Series { get; }

    /// <summary>Series there are, with those kept for what is too much.</summary>
    public int Used => _budget.Used;

    /// <summary>Grows with every interval.</summary>
    public long Version { get; private set; }

    /// <summary>
    /// Takes an interval in. What takes long with very many cells is done before anybody has to wait; what is pushed by OTLP is told to the SDK
    /// meanwhile, each duration once a command.
    /// </summary>
    public void Take(Snapshot snapshot)
    {
        _observed.Take(snapshot);
        lock (Gate)
        {
            Version++;
            TakePdus();
            foreach (MetricSeries series in Series)
            {
                if (series.Row.Read is not { } read) continue;
                series.Begin();
                // What was folded before this row's turn, those after it the next time.
                _observed.Folds = _budget.Folds - _folds;
                read(_observed, series);
                if (read == EngineReadings.Folds) _folds = _budget.Folds;
            }
        }
    }

    /// <summary>Counts a PDU. Any thread.</summary>
    public void Count(in ProbeEvent e, in EventContext context)
    {
        lock (_pduGate) System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_pdus, (context.Target, e.Probe), out _)++;
    }

    /// <summary>Says how something is that no snapshot tells.</summary>
    public void Set(MetricRow row, double value)
    {
        ArgumentNullException.ThrowIfNull(row);
        lock (Gate)
            foreach (MetricSeries series in Series)
                if (series.Row == row)
                {
                    series.Begin();
                    series.Add(value, SeriesKey.None);
                }
    }

    private void TakePdus()
    {
        _observed.Pdus.Clear();
        lock (_pduGate)
        {
            foreach (((string target, Probe probe), long count) in _pdus) _observed.Pdus.Add((target, probe, count));
            _pdus.Clear();
        }
    }
}
