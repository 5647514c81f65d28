using Iscsitop.Engine.Filtering;

namespace Iscsitop.Engine.Checking;

/// <summary>What was seen of a comparison: where the condition was true, else where it was nearest to that.</summary>
public sealed class Seen
{
    internal Seen(Term comparison) => Term = comparison;

    /// <summary>The comparison.</summary>
    public Term Term { get; }

    /// <summary>The figure in ns, bytes, a number or percent; NaN when it was never known.</summary>
    public double Value { get; internal set; } = double.NaN;

    /// <summary>Commands it is of, -1 where that says nothing.</summary>
    public long Commands { get; internal set; } = -1;

    /// <summary>End of its interval, ns since 1970; 0 for none.</summary>
    public long Time { get; internal set; }

    /// <summary>Whether the comparison was true there, and for as long as it has to be; null when that is not known.</summary>
    public bool? Holds { get; internal set; }

    /// <summary>How long it had been true without a break.</summary>
    public TimeSpan Held { get; internal set; }

    /// <summary>Why the figure is not known, "" when it is.</summary>
    public string Why { get; internal set; } = "";
}

/// <summary>Asks a condition of one interval after the other.</summary>
/// <param name="check">The condition.</param>
/// <param name="by">What counts at all.</param>
/// <param name="needs">Commands that a latency needs; null for what each metric needs.</param>
public sealed class Watch(Check check, Narrowing by, int? needs = null)
{
    private readonly Dictionary<Term, Run> _runs = check.Comparisons.ToDictionary(c => c, c => new Run(c));
    private readonly Dictionary<string, Measured> _measured = new(StringComparer.Ordinal);
    private readonly Dictionary<int, double> _lost = [];
    private double _watched;
    private bool _anyNo;

    /// <summary>The condition.</summary>
    public Check Check => check;

    /// <summary>Whether it was true at any time; null when nobody knows.</summary>
    public bool? Verdict { get; private set; }

    /// <summary>Each comparison, where the condition was first true, else where it came nearest.</summary>
    public IReadOnlyList<Seen> Seen => [.. check.Comparisons.Select(c => _runs[c].Seen)];

    /// <summary>How long was watched.</summary>
    public TimeSpan Watched => TimeSpan.FromSeconds(_watched);

    /// <summary>What was lost before is not lost now.</summary>
    public void Begin(Snapshot snapshot) => Drops(snapshot);

    /// <summary>The next interval.</summary>
    /// <returns>Whether the condition is true at its end; null when nobody knows.</returns>
    public bool? Add(Snapshot snapshot) => Add(snapshot, null);

    /// <summary>The next interval, and one to which changes are told.</summary>
    /// <returns>Whether the condition is true at its end; null when nobody knows.</returns>
    public bool? Add(Snapshot snapshot, Snapshot? before)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        _measured.Clear();
        _watched += snapshot.Seconds;
        double drops = Drops(snapshot);
        Truth truth = check.Of(c => _runs[c].Next(snapshot, Value(c, snapshot, before, drops), _watched));
        if (truth == Truth.Yes && Verdict != true)
            foreach (Run run in _runs.Values) run.Keep();
        else if (Verdict != true)
            foreach (Run run in _runs.Values) run.KeepWorse();
        _anyNo |= truth == Truth.No;
        Verdict = Verdict == true || truth == Truth.Yes ? true : _anyNo ? false : null;
        return truth == Truth.Unknown ? null : truth == Truth.Yes;
    }

    private Figure Value(Term c, Snapshot snapshot, Snapshot? before, double drops)
    {
        Figure figure = Value(c, snapshot, "", drops);
        if (!c.IsChange || double.IsNaN(figure.Value) || before is null) return figure;
        Figure was = Value(c, before, "before ", 0);
        if (double.IsNaN(was.Value)) return figure with { Value = double.NaN, Why = was.Why + " before" };
        double change = was.Value > 0 ? 100 * (figure.Value - was.Value) / was.Value : figure.Value == 0 ? 0 : double.NaN;
        return figure with { Value = change, Why = double.IsNaN(change) ? "it was 0 before" : "" };
    }

    private Figure Value(Term c, Snapshot snapshot, string which, double drops)
    {
        string key = which + c.Selector?.Text;
        if (!_measured.TryGetValue(key, out Measured? m)) _measured[key] = m = Measured.Of(snapshot, c.Selector, by, drops);
        if (!m.Found) return new Figure(double.NaN, -1, snapshot.Engines.Count == 0 ? "no engine" : $"nothing that is {c.Selector?.Text ?? "there"}");
        long n = c.Metric.Needs == 0 ? -1 : m.Latency(c.Direction).Count, least = c.Metric.Needs == 0 ? 0 : Math.Max(1, needs ?? c.Metric.Needs);
        if (n >= 0 && n < least) return new Figure(double.NaN, n, $"{n} commands, {least} are needed");
        double value = c.Metric.Value(m, c.Direction);
        return new Figure(value, n, double.IsNaN(value) ? "not known here" : "");
    }

    // Lost since the snapshot before; an engine that is new has lost since it began.
    private double Drops(Snapshot snapshot)
    {
        double drops = 0;
        foreach (EngineStatus engine in snapshot.Engines)
        {
            double lost = engine.RingDrops + engine.OutboxDrops + Math.Max(0, engine.Coverage.Dropped);
            drops += Math.Max(0, lost - _lost.GetValueOrDefault(engine.Number));
            _lost[engine.Number] = lost;
        }
        return drops;
    }

    private readonly record struct Figure(double Value, long Commands, string Why);

    /// <summary>How long a comparison has been true, and may have been.</summary>
    private sealed class Run(Term comparison)
    {
        // Intervals are measured, so that thirty of them are not exactly 30 s.
        private const double Slack = 0.05;

        private double _true, _maybe;
        private Seen _now = new(comparison);

        public Seen Seen { get; private set; } = new(comparison);

        public Truth Next(Snapshot snapshot, Figure figure, double watched)
        {
            Truth now = comparison.Of(figure.Value);
            _true = now == Truth.Yes ? _true + snapshot.Seconds : 0;
            _maybe = now != Truth.No ? _maybe + snapshot.Seconds : 0;
            double enough = comparison.For.TotalSeconds - Slack * snapshot.Seconds;
            Truth held = comparison.For == TimeSpan.Zero ? now
                : _true > 0 && _true >= enough ? Truth.Yes
                : _maybe > 0 && (_maybe >= enough || _maybe >= watched) ? Truth.Unknown : Truth.No;
            _now = new Seen(comparison)
            {
                Value = figure.Value,
                Commands = figure.Commands,
                Why = figure.Why,
                Time = snapshot.Time,
                Held = TimeSpan.FromSeconds(_true),
                Holds = held == Truth.Unknown ? null : held == Truth.Yes,
            };
            return held;
        }

        public void Keep() => Seen = _now;

        public void KeepWorse()
        {
            if (Seen.Time != 0 && !double.IsNaN(Seen.Value) && !(comparison.Badness(_now.Value) > comparison.Badness(Seen.Value))) return;
            if (Seen.Time != 0 && double.IsNaN(_now.Value) && Seen.Commands >= _now.Commands) return;
            Seen = _now;
        }
    }
}
