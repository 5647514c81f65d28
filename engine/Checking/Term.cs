using Iscsitop.Engine.Filtering;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Checking;

/// <summary>A figure and what it is compared with: <c>p99.read(lun==3) &gt; 20ms for 30s</c>.</summary>
public sealed class Term
{
    internal Term(Metric metric) => Metric = metric;

    /// <summary>The metric.</summary>
    public Metric Metric { get; }

    /// <summary>The direction, null for all.</summary>
    public CommandKind? Direction { get; internal init; }

    /// <summary>What part of the load it is of, null for all.</summary>
    public Filter? Selector { get; internal init; }

    /// <summary>&gt; &gt;= &lt; &lt;= == or !=.</summary>
    public string Sign { get; internal init; } = "";

    /// <summary>What it is compared with: ns, bytes, a number; or percent of change.</summary>
    public double Limit { get; internal init; }

    /// <summary>The limit as it was written.</summary>
    public string LimitText { get; internal init; } = "";

    /// <summary>Whether the limit is a change in percent between two spans of time.</summary>
    public bool IsChange { get; internal init; }

    /// <summary>How long it has to hold, zero for one interval.</summary>
    public TimeSpan For { get; internal init; }

    /// <summary>The time as it was written, "" for none.</summary>
    public string ForText { get; internal init; } = "";

    /// <summary>The figure: metric, direction and selector.</summary>
    public string Figure => Metric.Name + (Direction is { } d ? "." + d.ToString().ToLowerInvariant() : "") + (Selector is null ? "" : $"({Selector.Text})");

    /// <inheritdoc/>
    public override string ToString() => $"{Figure} {Sign} {LimitText}{(ForText.Length > 0 ? " for " + ForText : "")}";

    /// <summary>Whether a value is beyond the limit.</summary>
    internal Truth Of(double value)
    {
        if (double.IsNaN(value)) return Truth.Unknown;
        return Sign switch
        {
            ">" => value > Limit,
            ">=" => value >= Limit,
            "<" => value < Limit,
            "<=" => value <= Limit,
            "==" => value == Limit,
            _ => value != Limit,
        } ? Truth.Yes : Truth.No;
    }

    /// <summary>How much a value is on the side of the limit that matters; more is worse.</summary>
    internal double Badness(double value) => Sign[0] switch { '>' => value, '<' => -value, '=' => -Math.Abs(value - Limit), _ => Math.Abs(value - Limit) };
}
